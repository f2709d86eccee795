/* packet(7); Documentation/networking/packet_mmap.rst and filter.rst of the Linux kernel; draft-ietf-opsawg-pcapng. */
#include "io/capture.h"

#include "base/wr.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK_BYTES (1u << 20)
#define BLOCK_COUNT 64u
#define FRAME_BYTES 2048u
#define SNAP_BYTES 2048u
#define RETIRE_MS 20u /* how long a frame may wait for its block to fill */
#define PIPE_BYTES (1 << 20)
#define OUT_BYTES (256u * 1024)
#define POLL_MS 1000
#define LINK_ETHERNET 1u
#define LINK_RAW 101u

struct ring {
        int fd;
        uint32_t link;
        uint8_t *blocks;
        unsigned next;  /* block */
        uint64_t drops; /* all so far */
};

struct capture {
        pid_t child;
        int fd; /* the pipe's reading end */
        size_t count;
        struct ring rings[CAPTURE_MAX_INTERFACES];
};

/* ---- opening, with privilege -------------------------------------------------------------------------------------- */

/* Accepts IPv4 datagrams, not later fragments, of our ports; NET is where the IP header begins. */
static int attach_filter(int fd, uint32_t net)
{
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 14),
                BPF_STMT(BPF_LD | BPF_B | BPF_ABS, net + 9),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 12),
                BPF_STMT(BPF_LD | BPF_H | BPF_ABS, net + 6),
                BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1FFF, 10, 0),
                BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, net),
                BPF_STMT(BPF_LD | BPF_H | BPF_IND, net), /* source port */
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 137, 6, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5353, 5, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5355, 4, 0),
                BPF_STMT(BPF_LD | BPF_H | BPF_IND, net + 2), /* destination port */
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 137, 2, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5353, 1, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5355, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SNAP_BYTES),
                BPF_STMT(BPF_RET | BPF_K, 0),
        };
        const struct sock_fprog program = {.len = NBT_ARRAY_SIZE(code), .filter = code};

        return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int make_ring(struct ring *ring)
{
        const int version = TPACKET_V3;
        const struct tpacket_req3 request = {.tp_block_size = BLOCK_BYTES,
                                             .tp_block_nr = BLOCK_COUNT,
                                             .tp_frame_size = FRAME_BYTES,
                                             .tp_frame_nr = BLOCK_BYTES / FRAME_BYTES * BLOCK_COUNT,
                                             .tp_retire_blk_tov = RETIRE_MS};

        if (setsockopt(ring->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
            setsockopt(ring->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) < 0)
                return -1;
        void *blocks = mmap(NULL, (size_t)BLOCK_BYTES * BLOCK_COUNT, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
        if (blocks == MAP_FAILED)
                return -1;
        ring->blocks = blocks;
        return 0;
}

/* The kind of link headers that INTERFACE has. */
static int find_link(const char *interface, unsigned *ret_index, unsigned *ret_hardware)
{
        const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = {0};

        if (fd < 0 || strlen(interface) >= sizeof(request.ifr_name)) {
                if (fd >= 0)
                        close(fd);
                return NBT_ERR_NOT_FOUND;
        }
        memcpy(request.ifr_name, interface, strlen(interface));
        int r = ioctl(fd, SIOCGIFHWADDR, &request);
        *ret_hardware = request.ifr_hwaddr.sa_family;
        if (r == 0)
                r = ioctl(fd, SIOCGIFINDEX, &request);
        *ret_index = (unsigned)request.ifr_ifindex;
        close(fd);
        return r < 0 ? NBT_ERR_NOT_FOUND : 0;
}

static int configure(struct ring *ring, unsigned index, unsigned hardware, bool promiscuous)
{
        const struct sockaddr_ll address = {
                .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
        const struct packet_mreq member = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};
        const int one = 1;

        if (attach_filter(ring->fd, ring->link == LINK_ETHERNET ? ETH_HLEN : 0) < 0 || make_ring(ring) < 0)
                return -1;
        /* on loopback all would be seen twice */
        if (hardware == ARPHRD_LOOPBACK &&
            setsockopt(ring->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0)
                return -1;
        if (promiscuous && hardware == ARPHRD_ETHER &&
            setsockopt(ring->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &member, sizeof(member)) < 0)
                return -1;
        return bind(ring->fd, (const struct sockaddr *)&address, sizeof(address));
}

static int fail(struct strbuf *why, const char *interface, int r, const char *what)
{
        strbuf_printf(why, "%s: %s", interface, what);
        return r;
}

static int open_ring(struct ring *ring, const char *interface, bool promiscuous, struct strbuf *why)
{
        unsigned index, hardware;
        const int r = find_link(interface, &index, &hardware);

        if (r < 0)
                return fail(why, interface, r, "there is no such interface");
        const bool ethernet = hardware == ARPHRD_ETHER || hardware == ARPHRD_LOOPBACK;
        ring->link = ethernet ? LINK_ETHERNET : LINK_RAW;
        /* no protocol yet: nothing arrives before the filter is there */
        ring->fd = socket(AF_PACKET, (ethernet ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
        if (ring->fd < 0)
                return errno == EPERM ? fail(why, interface, NBT_ERR_DENIED, "no permission to capture")
                                      : fail(why, interface, NBT_ERR_IO, strerror(errno));
        if (configure(ring, index, hardware, promiscuous) < 0)
                return fail(why, interface, NBT_ERR_IO, strerror(errno));
        return 0;
}

static void close_rings(struct capture *capture)
{
        for (size_t i = 0; i < capture->count; i++) {
                struct ring *ring = &capture->rings[i];

                if (ring->blocks)
                        munmap(ring->blocks, (size_t)BLOCK_BYTES * BLOCK_COUNT);
                if (ring->fd >= 0)
                        close(ring->fd);
                *ring = (struct ring){.fd = -1};
        }
}

/* ---- the child ---------------------------------------------------------------------------------------------------- */

struct writer {
        int fd;
        struct wr wr;
        uint8_t out[OUT_BYTES];
};

/* Ends the process when nobody reads any more: there is nothing else to do. */
static void flush(struct writer *writer)
{
        for (size_t at = 0; at < writer->wr.pos;) {
                const ssize_t n = write(writer->fd, writer->out + at, writer->wr.pos - at);

                if (n < 0 && errno != EINTR)
                        _exit(0);
                at += n > 0 ? (size_t)n : 0;
        }
        writer->wr = wr_init(writer->out, sizeof(writer->out));
}

static void reserve(struct writer *writer, size_t len)
{
        if (writer->wr.size_bytes - writer->wr.pos < len)
                flush(writer);
}

static void write_start(struct writer *writer, const struct capture *capture)
{
        struct wr *wr = &writer->wr;

        wr_le32(wr, 0x0A0D0D0A); /* section header: no options, length not told */
        wr_le32(wr, 28);
        wr_le32(wr, 0x1A2B3C4D);
        wr_le32(wr, 1);
        wr_le32(wr, UINT32_MAX);
        wr_le32(wr, UINT32_MAX);
        wr_le32(wr, 28);
        for (size_t i = 0; i < capture->count; i++) {
                wr_le32(wr, 1); /* interface: microseconds, as is the default */
                wr_le32(wr, 20);
                wr_le16(wr, (uint16_t)capture->rings[i].link);
                wr_le16(wr, 0);
                wr_le32(wr, SNAP_BYTES);
                wr_le32(wr, 20);
        }
        flush(writer);
}

static void write_frame(struct writer *writer, size_t interface, const struct tpacket3_hdr *frame)
{
        const uint64_t us = (uint64_t)frame->tp_sec * 1000000 + frame->tp_nsec / 1000;
        const uint32_t padded = (frame->tp_snaplen + 3) & ~3u;
        struct wr *wr = &writer->wr;

        reserve(writer, padded + 32);
        wr_le32(wr, 6);
        wr_le32(wr, padded + 32);
        wr_le32(wr, (uint32_t)interface);
        wr_le32(wr, (uint32_t)(us >> 32));
        wr_le32(wr, (uint32_t)us);
        wr_le32(wr, frame->tp_snaplen);
        wr_le32(wr, frame->tp_len);
        wr_bytes(wr, (const uint8_t *)frame + frame->tp_mac, frame->tp_snaplen);
        wr_bytes(wr, "\0\0\0", padded - frame->tp_snaplen);
        wr_le32(wr, padded + 32);
}

/* Interface statistics with isb_ifdrop, if there is anything to tell. */
static void write_drops(struct writer *writer, size_t interface, struct ring *ring)
{
        struct tpacket_stats_v3 stats = {0};
        socklen_t len = sizeof(stats);
        struct wr *wr = &writer->wr;

        if (getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) < 0 || stats.tp_drops == 0)
                return;
        ring->drops += stats.tp_drops;
        reserve(writer, 40);
        wr_le32(wr, 5);
        wr_le32(wr, 40);
        wr_le32(wr, (uint32_t)interface);
        wr_le32(wr, 0);
        wr_le32(wr, 0);
        wr_le16(wr, 5);
        wr_le16(wr, 8);
        wr_le32(wr, (uint32_t)ring->drops);
        wr_le32(wr, (uint32_t)(ring->drops >> 32));
        wr_le32(wr, 0);
        wr_le32(wr, 40);
}

/* All blocks that the kernel has handed over, at most a whole turn of the ring. */
static void drain(struct writer *writer, size_t interface, struct ring *ring)
{
        for (unsigned turn = 0; turn < BLOCK_COUNT; turn++) {
                struct tpacket_block_desc *block = (void *)(ring->blocks + (size_t)ring->next * BLOCK_BYTES);

                if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
                        return;
                const uint8_t *at = (const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
                for (uint32_t i = 0; i < block->hdr.bh1.num_pkts; i++) {
                        const struct tpacket3_hdr *frame = (const void *)at;

                        write_frame(writer, interface, frame);
                        at += frame->tp_next_offset;
                }
                __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
                ring->next = (ring->next + 1) % BLOCK_COUNT;
        }
}

/* An interface that went down leaves an error at its socket, and until it is taken poll() returns at once. The socket hears again when the
 * interface is up again. */
static void take_error(const struct ring *ring)
{
        socklen_t len = sizeof(int);
        int error;

        (void)getsockopt(ring->fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

static _Noreturn void pass_frames(struct capture *capture, int out)
{
        static struct writer writer;
        struct pollfd fds[CAPTURE_MAX_INTERFACES + 1];

        writer.fd = out;
        writer.wr = wr_init(writer.out, sizeof(writer.out));
        write_start(&writer, capture);
        for (size_t i = 0; i < capture->count; i++)
                fds[i] = (struct pollfd){.fd = capture->rings[i].fd, .events = POLLIN};
        fds[capture->count] = (struct pollfd){.fd = out}; /* an error: the reader has gone */
        for (;;) {
                (void)poll(fds, capture->count + 1, POLL_MS);
                if (fds[capture->count].revents & POLLERR)
                        _exit(0);
                for (size_t i = 0; i < capture->count; i++) {
                        if (fds[i].revents & POLLERR)
                                take_error(&capture->rings[i]);
                        drain(&writer, i, &capture->rings[i]);
                        write_drops(&writer, i, &capture->rings[i]);
                }
                flush(&writer);
        }
}

/* Keeps the rings, the pipe and the standard descriptors. */
static void close_others(const struct capture *capture, int out)
{
        const long limit = sysconf(_SC_OPEN_MAX);

        for (int fd = 3; fd < (limit > 0 && limit < 4096 ? limit : 4096); fd++) {
                bool keep = fd == out;

                for (size_t i = 0; i < capture->count; i++)
                        keep |= fd == capture->rings[i].fd;
                if (!keep)
                        close(fd);
        }
}

static _Noreturn void be_child(struct capture *capture, int out, const struct sandbox_user *user, pid_t parent)
{
        prctl(PR_SET_NAME, "netbt-capture");
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(0);
        /* Ctrl-C reaches the whole group; the parent decides when it is over */
        signal(SIGINT, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        signal(SIGPIPE, SIG_IGN);
        signal(SIGTERM, SIG_DFL);
        close_others(capture, out);
        if (user && sandbox_drop(user, false) < 0)
                _exit(1);
        /* dropping the user may have cleared it */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (sandbox_filter() < 0)
                _exit(1);
        pass_frames(capture, out);
}

/* ---- the parent --------------------------------------------------------------------------------------------------- */

static int start_child(struct capture *capture, const struct sandbox_user *user, struct strbuf *why)
{
        const pid_t parent = getpid();
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
                return fail(why, "capture", NBT_ERR_IO, strerror(errno));
        (void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* a smaller one only costs more system calls */
        capture->child = fork();
        if (capture->child == 0)
                be_child(capture, ends[1], user, parent);
        close(ends[1]);
        if (capture->child < 0) {
                close(ends[0]);
                return fail(why, "capture", NBT_ERR_IO, strerror(errno));
        }
        capture->fd = ends[0];
        (void)fcntl(capture->fd, F_SETFL, O_NONBLOCK);
        return 0;
}

int capture_start(struct capture **ret, const struct capture_options *options, struct strbuf *why)
{
        struct capture *capture = calloc(1, sizeof(*capture));
        int r = 0;

        if (!capture)
                return NBT_ERR_NOMEM;
        capture->fd = -1;
        for (size_t i = 0; i < CAPTURE_MAX_INTERFACES; i++)
                capture->rings[i].fd = -1;
        for (size_t i = 0; r == 0 && i < options->interface_count && i < CAPTURE_MAX_INTERFACES; i++) {
                capture->count++;
                r = open_ring(&capture->rings[i], options->interfaces[i], options->promiscuous, why);
        }
        if (r == 0)
                r = start_child(capture, options->user, why);
        close_rings(capture);
        if (r < 0) {
                free(capture);
                return r;
        }
        *ret = capture;
        return 0;
}

int capture_fd(const struct capture *capture)
{
        return capture->fd;
}

struct capture *capture_stop(struct capture *capture)
{
        if (!capture)
                return NULL;
        close(capture->fd);
        kill(capture->child, SIGTERM);
        while (waitpid(capture->child, NULL, 0) < 0 && errno == EINTR)
                continue;
        free(capture);
        return NULL;
}
