/*
 * A farm of hosts: one program that answers for every address of a network, as that address, so that scanners have something to scan.
 *
 * usage: farm NETWORK/BITS PRESENT LOSS [SEED]
 *
 * NETWORK/BITS must be local to this namespace (ip route add local NETWORK/BITS dev lo). PRESENT percent of the addresses are a
 * computer; which, is drawn from SEED (default 1). LOSS percent of the questions are not heard, and of the answers not sent. Each
 * computer HOST-xxxxxxxx (its address) holds <00>, <03> and <20>, is in the group FARM, and answers node status and the query of its own
 * names. Prints "ready N", N being how many are present.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH 64
#define ROOM 512
#define QUESTION_BYTES 50 /* header, a name without scope, type and class */
#define NAME_AT 13
#define TYPE_AT 46
#define NAMES 5

struct control {
        _Alignas(struct cmsghdr) uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static struct mmsghdr in[BATCH], out[BATCH];
static struct iovec in_vectors[BATCH], out_vectors[BATCH];
static struct sockaddr_in peers[BATCH];
static struct control in_controls[BATCH], out_controls[BATCH];
static uint8_t in_buffers[BATCH][ROOM], out_buffers[BATCH][ROOM];

static uint32_t network, last, present_limit, loss_limit;
static uint64_t seed = 1;
static uint16_t *drawn; /* for each address: how often its luck was asked for */

/* splitmix64: the same address is always present or absent, whoever asks and when. */
static uint32_t mix(uint64_t x)
{
        x += UINT64_C(0x9E3779B97F4A7C15);
        x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
        return (uint32_t)((x ^ x >> 31) >> 32);
}

static bool is_present(uint32_t address)
{
        return address > network && address < last && mix(seed << 32 | address) <= present_limit && present_limit;
}

/* Each address has luck of its own, so that what a scan of so many rounds finds does not depend on who answers first. */
static bool is_lost(uint32_t address)
{
        if (!loss_limit || address < network || address > last)
                return false;
        return mix(seed * 31 + ((uint64_t)address << 16) + ++drawn[address - network]) <= loss_limit;
}

static uint32_t limit_of(const char *percent)
{
        const double share = atof(percent) / 100;

        return share >= 1 ? UINT32_MAX : (uint32_t)(share * UINT32_MAX);
}

static void make_name(uint32_t address, uint8_t suffix, uint8_t ret[16])
{
        char text[17];

        snprintf(text, sizeof(text), "HOST-%08X  ", address);
        memcpy(ret, text, 15);
        ret[15] = suffix;
}

static uint8_t *put16(uint8_t *at, unsigned value)
{
        at[0] = (uint8_t)(value >> 8);
        at[1] = (uint8_t)value;
        return at + 2;
}

/* The answer's head: that of the question, with its name and type again in place of it. */
static uint8_t *put_head(uint8_t *at, const uint8_t *question, unsigned rdata_bytes)
{
        memcpy(at, question, 2);
        at = put16(at + 2, 0x8400);
        at = put16(at, 0);
        at = put16(at, 1);
        at = put16(at, 0);
        at = put16(at, 0);
        memcpy(at, question + 12, QUESTION_BYTES - 12);
        memset(at + QUESTION_BYTES - 12, 0, 4);
        return put16(at + QUESTION_BYTES - 12 + 4, rdata_bytes);
}

static size_t answer_status(uint32_t address, const uint8_t *question, uint8_t *ret)
{
        static const struct {
                uint8_t suffix;
                unsigned flags;
        } names[NAMES] = {{0x00, 0x0400}, {0x03, 0x0400}, {0x20, 0x0400}, {0x00, 0x8400}, {0x1E, 0x8400}};
        uint8_t *at = put_head(ret, question, 1 + NAMES * 18 + 46);

        *at++ = NAMES;
        for (size_t i = 0; i < NAMES; i++) {
                if (names[i].flags & 0x8000) {
                        memcpy(at, "FARM           ", 15);
                        at[15] = names[i].suffix;
                } else {
                        make_name(address, names[i].suffix, at);
                }
                at = put16(at + 16, names[i].flags);
        }
        memset(at, 0, 46);
        at[0] = 0x02;
        at[1] = 0xFA;
        const uint32_t wire = htonl(address);
        memcpy(at + 2, &wire, 4);
        return (size_t)(at + 46 - ret);
}

static size_t answer_query(uint32_t address, const uint8_t *question, uint8_t *ret)
{
        uint8_t name[16], wanted[16];
        const uint32_t wire = htonl(address);

        for (size_t i = 0; i < 16; i++)
                wanted[i] = (uint8_t)((question[NAME_AT + 2 * i] - 'A') << 4 |
                                      ((question[NAME_AT + 2 * i + 1] - 'A') & 15));
        make_name(address, wanted[15], name);
        if (memcmp(name, wanted, 16) != 0)
                return 0;
        uint8_t *at = put16(put_head(ret, question, 6), 0);
        memcpy(at, &wire, 4);
        return (size_t)(at + 4 - ret);
}

static uint32_t asked_address(struct msghdr *header)
{
        struct in_pktinfo info;

        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c))
                if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
                        memcpy(&info, CMSG_DATA(c), sizeof(info));
                        return ntohl(info.ipi_addr.s_addr);
                }
        return 0;
}

static void queue(size_t to, size_t from, uint32_t address, size_t len_bytes)
{
        const struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(address)};
        struct msghdr *header = &out[to].msg_hdr;

        out_vectors[to] = (struct iovec){out_buffers[to], len_bytes};
        *header = (struct msghdr){.msg_name = &peers[from],
                                  .msg_namelen = sizeof(peers[from]),
                                  .msg_iov = &out_vectors[to],
                                  .msg_iovlen = 1,
                                  .msg_control = out_controls[to].bytes,
                                  .msg_controllen = CMSG_SPACE(sizeof(info))};
        struct cmsghdr *c = CMSG_FIRSTHDR(header);
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(c), &info, sizeof(info));
}

static void prepare(void)
{
        for (size_t i = 0; i < BATCH; i++) {
                in_vectors[i] = (struct iovec){in_buffers[i], ROOM};
                in[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
                                                .msg_namelen = sizeof(peers[i]),
                                                .msg_iov = &in_vectors[i],
                                                .msg_iovlen = 1,
                                                .msg_control = in_controls[i].bytes,
                                                .msg_controllen = sizeof(in_controls[i].bytes)};
        }
}

static size_t answer(uint32_t address, const uint8_t *question, size_t len_bytes, uint8_t *ret)
{
        if (len_bytes < QUESTION_BYTES || question[2] & 0x80 || question[12] != 32 || !is_present(address))
                return 0;
        if (question[TYPE_AT + 1] == 0x21)
                return answer_status(address, question, ret);
        return question[TYPE_AT + 1] == 0x20 ? answer_query(address, question, ret) : 0;
}

static void serve(int fd)
{
        for (;;) {
                size_t count = 0;

                prepare();
                const int received = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
                if (received <= 0)
                        return;
                for (int i = 0; i < received; i++) {
                        const uint32_t address = asked_address(&in[i].msg_hdr);
                        const size_t len = is_lost(address)
                                                   ? 0
                                                   : answer(address, in_buffers[i], in[i].msg_len, out_buffers[count]);

                        if (len && !is_lost(address))
                                queue(count++, (size_t)i, address, len);
                }
                for (size_t done = 0; done < count;) {
                        const int sent = sendmmsg(fd, out + done, (unsigned)(count - done), 0);
                        done += sent > 0 ? (size_t)sent : 1;
                }
        }
}

static int open_socket(void)
{
        const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(137)};
        const int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 32 << 20, yes = 1;

        if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
            setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof(yes)) < 0) {
                perror("farm");
                exit(1);
        }
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
        return fd;
}

int main(int argc, char **argv)
{
        char address[32] = {0};
        const char *slash = argc > 1 ? strchr(argv[1], '/') : NULL;
        struct in_addr parsed;
        uint32_t present = 0;

        if (argc < 4 || argc > 5 || !slash || slash - argv[1] >= (long)sizeof(address))
                goto usage;
        memcpy(address, argv[1], (size_t)(slash - argv[1]));
        const int bits = atoi(slash + 1);
        if (inet_pton(AF_INET, address, &parsed) != 1 || bits < 8 || bits > 30)
                goto usage;
        network = ntohl(parsed.s_addr) & UINT32_MAX << (32 - bits);
        last = network | ~(UINT32_MAX << (32 - bits));
        present_limit = limit_of(argv[2]);
        loss_limit = limit_of(argv[3]);
        seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
        drawn = calloc(last - network + 1, sizeof(*drawn));
        if (!drawn)
                return 1;
        const int fd = open_socket();
        for (uint32_t at = network; at < last; at++)
                present += is_present(at);
        printf("ready %u\n", present);
        fflush(stdout);
        serve(fd);
        return 1;
usage:
        fprintf(stderr, "usage: farm NETWORK/BITS PRESENT LOSS [SEED]\n");
        return 2;
}
