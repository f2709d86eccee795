/*
 * Asks as fast as the answers come: keeps WINDOW requests on their way, and counts answers a second.
 *
 * usage: udp_load ADDRESS PORT WINDOW SECONDS HEX        HEX is the request; its first two bytes are replaced by a running id.
 *
 * Prints: answers a second, bytes of the last answer, requests lost (no answer within 0.2 s).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define ROOM 2048

static uint8_t request[512];
static size_t request_bytes;
static uint16_t next_id;
static uint64_t answers, lost;
static unsigned last_bytes;

static double now_s(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int read_hex(const char *hex)
{
        for (; hex[0] && hex[1] && request_bytes < sizeof(request); hex += 2) {
                unsigned byte;

                if (sscanf(hex, "%2x", &byte) != 1)
                        return -1;
                request[request_bytes++] = (uint8_t)byte;
        }
        return request_bytes >= 12 && !hex[0] ? 0 : -1;
}

static void send_some(int fd, unsigned count)
{
        static uint8_t copies[BATCH][512];
        struct mmsghdr messages[BATCH] = {0};
        struct iovec vectors[BATCH];

        while (count) {
                const unsigned now = count < BATCH ? count : BATCH;

                for (unsigned i = 0; i < now; i++) {
                        memcpy(copies[i], request, request_bytes);
                        copies[i][0] = (uint8_t)(next_id >> 8);
                        copies[i][1] = (uint8_t)next_id++;
                        vectors[i] = (struct iovec){copies[i], request_bytes};
                        messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
                }
                if (sendmmsg(fd, messages, now, 0) < 0)
                        return;
                count -= now;
        }
}

static unsigned receive_some(int fd)
{
        static uint8_t buffers[BATCH][ROOM];
        struct mmsghdr messages[BATCH] = {0};
        struct iovec vectors[BATCH];

        for (int i = 0; i < BATCH; i++) {
                vectors[i] = (struct iovec){buffers[i], ROOM};
                messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
        }
        const int count = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
        if (count <= 0)
                return 0;
        last_bytes = messages[count - 1].msg_len;
        return (unsigned)count;
}

static void load(int fd, unsigned window, double seconds)
{
        const double end = now_s() + seconds;
        unsigned pending = 0;

        while (now_s() < end) {
                struct pollfd wait = {.fd = fd, .events = POLLIN};

                send_some(fd, window - pending);
                pending = window;
                if (poll(&wait, 1, 200) == 0) {
                        lost += pending;
                        pending = 0;
                        continue;
                }
                const unsigned count = receive_some(fd);
                answers += count;
                pending -= count < pending ? count : pending;
        }
}

int main(int argc, char **argv)
{
        struct sockaddr_in address = {.sin_family = AF_INET};
        const int size = 8 << 20;

        if (argc != 6 || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1 || read_hex(argv[5]) < 0) {
                fprintf(stderr, "usage: udp_load ADDRESS PORT WINDOW SECONDS HEX\n");
                return 2;
        }
        address.sin_port = htons((uint16_t)atoi(argv[2]));
        const unsigned window = (unsigned)atoi(argv[3]);
        const double seconds = atof(argv[4]);
        const int fd = socket(AF_INET, SOCK_DGRAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                perror("udp_load");
                return 1;
        }
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
        load(fd, window ? window : 1, seconds);
        printf("answers_per_second %.0f bytes %u lost %llu\n", (double)answers / seconds, last_bytes,
               (unsigned long long)lost);
        return 0;
}
