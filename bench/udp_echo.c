/*
 * The limit: answers every datagram with REPLY_BYTES bytes (its own first bytes, zeros after), in recvmmsg/sendmmsg batches, and does
 * nothing else. No name server can be faster than this on the same machine with the same packet sizes.
 *
 * usage: udp_echo ADDRESS PORT REPLY_BYTES
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH 64
#define ROOM 2048

static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];
static struct sockaddr_in peers[BATCH];
static char buffers[BATCH][ROOM];

static void prepare(void)
{
        for (int i = 0; i < BATCH; i++) {
                vectors[i] = (struct iovec){buffers[i], ROOM};
                messages[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
                                                      .msg_namelen = sizeof(peers[i]),
                                                      .msg_iov = &vectors[i],
                                                      .msg_iovlen = 1};
        }
}

static void serve(int fd, size_t reply_bytes)
{
        for (;;) {
                prepare();
                const int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
                if (count <= 0)
                        return;
                for (int i = 0; i < count; i++) {
                        if (messages[i].msg_len < reply_bytes)
                                memset(buffers[i] + messages[i].msg_len, 0, reply_bytes - messages[i].msg_len);
                        buffers[i][2] |= (char)0x80;
                        vectors[i].iov_len = reply_bytes;
                }
                if (sendmmsg(fd, messages, (unsigned)count, 0) < 0)
                        return;
        }
}

int main(int argc, char **argv)
{
        struct sockaddr_in address = {.sin_family = AF_INET};
        const int size = 8 << 20;

        if (argc != 4 || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) {
                fprintf(stderr, "usage: udp_echo ADDRESS PORT REPLY_BYTES\n");
                return 2;
        }
        address.sin_port = htons((uint16_t)atoi(argv[2]));
        const int reply_bytes = atoi(argv[3]);
        const int fd = socket(AF_INET, SOCK_DGRAM, 0);
        if (fd < 0 || reply_bytes < 12 || reply_bytes > ROOM ||
            bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                perror("udp_echo");
                return 1;
        }
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
        puts("ready");
        fflush(stdout);
        serve(fd, (size_t)reply_bytes);
        return 1;
}
