/*
 * Sends the Ethernet frames of a pcap (of this machine's byte order) out of an interface at a steady rate: load for `netbt watch -i`.
 *
 * usage: watch_load IFACE FILE RATE SECONDS      the file is sent over and over
 *
 * Prints: sent N, seconds S, per second R.
 */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define BATCH 64u
#define RECORD_AT 24 /* behind the header of the file */
#define RECORD_BYTES 16

static struct iovec *frames;
static size_t frame_count;

static double now_s(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The file stays in memory: the frames point into it. */
static int read_frames(const char *path)
{
        FILE *file = fopen(path, "rb");
        struct stat st;

        if (!file || fstat(fileno(file), &st) < 0)
                return -1;
        const size_t size = (size_t)st.st_size;
        uint8_t *bytes = malloc(size + 1);
        if (!bytes || fread(bytes, 1, size, file) != size)
                return -1;
        fclose(file);
        frames = calloc(size / RECORD_BYTES + 1, sizeof(*frames));
        for (size_t at = RECORD_AT; frames && at + RECORD_BYTES <= size;) {
                uint32_t len;

                memcpy(&len, bytes + at + 8, sizeof(len));
                at += RECORD_BYTES;
                if (len > size - at)
                        break;
                frames[frame_count++] = (struct iovec){bytes + at, len};
                at += len;
        }
        return frame_count ? 0 : -1;
}

static int open_socket(const char *interface)
{
        const struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
        const int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1, size = 16 << 20;

        if (fd < 0 || address.sll_ifindex == 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -1;
        setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
        setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
        return fd;
}

static unsigned send_batch(int fd, size_t first)
{
        struct mmsghdr messages[BATCH] = {0};

        for (unsigned i = 0; i < BATCH; i++)
                messages[i].msg_hdr = (struct msghdr){.msg_iov = &frames[(first + i) % frame_count], .msg_iovlen = 1};
        const int sent = sendmmsg(fd, messages, BATCH, 0);
        return sent > 0 ? (unsigned)sent : 0;
}

/* Behind the pace it sends as fast as it can, ahead of it it spins: a timer is too coarse for so many. */
static uint64_t load(int fd, double rate, double seconds)
{
        const double start = now_s();
        uint64_t sent = 0;

        for (double spent = 0; spent < seconds; spent = now_s() - start)
                if ((double)sent <= spent * rate)
                        sent += send_batch(fd, (size_t)(sent % frame_count));
        return sent;
}

int main(int argc, char **argv)
{
        if (argc != 5) {
                fprintf(stderr, "usage: watch_load IFACE FILE RATE SECONDS\n");
                return 2;
        }
        const int fd = open_socket(argv[1]);
        if (fd < 0 || read_frames(argv[2]) < 0) {
                perror("watch_load");
                return 1;
        }
        const double start = now_s();
        const uint64_t sent = load(fd, atof(argv[3]), atof(argv[4]));
        printf("sent %llu seconds %.3f rate %.0f\n", (unsigned long long)sent, now_s() - start,
               (double)sent / (now_s() - start));
        return 0;
}
