#include "io/udp.h"

#include "io/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for IP_PKTINFO and SO_RXQ_OVFL. */
#define CONTROL_BYTES (CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint32_t)))

struct control {
        _Alignas(struct cmsghdr) uint8_t bytes[CONTROL_BYTES];
};

struct lane {
        struct mmsghdr messages[UDP_BATCH];
        struct iovec vectors[UDP_BATCH];
        struct sockaddr_in peers[UDP_BATCH];
        struct control controls[UDP_BATCH];
};

struct udp {
        int fd;
        uint16_t port;
        uint32_t address; /* bound to it alone; 0: to all */
        size_t spare_count;
        int spares[UDP_MAX_SPARES];
        size_t used;             /* messages of `in` that the last call filled */
        uint32_t kernel_dropped; /* SO_RXQ_OVFL counts from the socket's birth and wraps */
        struct udp_counters counters;
        struct lane in, out;
        size_t queued;
        struct udp_datagram datagrams[UDP_BATCH];
        uint8_t buffers[UDP_BATCH][UDP_MAX_BYTES];
};

static int set_int(int fd, int level, int option, int value)
{
        return setsockopt(fd, level, option, &value, sizeof value);
}

/* Past the system's limit if we may: a network whose machines all start at once sends thousands of claims in a moment. */
static void ask_room(int fd, size_t bytes)
{
        if (set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, (int)bytes) < 0)
                (void)set_int(fd, SOL_SOCKET, SO_RCVBUF, (int)bytes);
}

static int prepare(int fd, const struct udp_options *options)
{
        if (set_int(fd, SOL_SOCKET, SO_BROADCAST, 1) < 0 || set_int(fd, IPPROTO_IP, IP_PKTINFO, 1) < 0)
                return NBT_ERR_IO; /* udp_open_beside() takes IP_PKTINFO back */
        /* Both only help: the first counts losses, the second asks for more room than the system may grant. */
        (void)set_int(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
        if (options && options->receive_buffer_bytes)
                ask_room(fd, options->receive_buffer_bytes);
        return 0;
}

static int bind_error(int error)
{
        switch (error) {
        case EADDRINUSE:
                return NBT_ERR_BUSY;
        case EACCES:
        case EPERM:
                return NBT_ERR_DENIED;
        case EADDRNOTAVAIL:
                return NBT_ERR_RANGE;
        default:
                return NBT_ERR_IO;
        }
}

static void point_lanes(struct udp *udp)
{
        for (size_t i = 0; i < UDP_BATCH; i++) {
                udp->in.vectors[i] = (struct iovec){.iov_base = udp->buffers[i], .iov_len = UDP_MAX_BYTES};
                udp->in.messages[i].msg_hdr = (struct msghdr){.msg_name = &udp->in.peers[i],
                                                              .msg_iov = &udp->in.vectors[i],
                                                              .msg_iovlen = 1,
                                                              .msg_control = udp->in.controls[i].bytes};
                udp->out.messages[i].msg_hdr = (struct msghdr){.msg_name = &udp->out.peers[i],
                                                               .msg_namelen = sizeof udp->out.peers[i],
                                                               .msg_iov = &udp->out.vectors[i],
                                                               .msg_iovlen = 1};
        }
}

/* Takes FD over only when all went well. */
static int wrap(struct udp **ret, int fd)
{
        struct sockaddr_in bound = {0};
        socklen_t len = sizeof bound;

        if (getsockname(fd, (struct sockaddr *)&bound, &len) < 0)
                return NBT_ERR_IO;
        struct udp *udp = calloc(1, sizeof *udp);
        if (!udp)
                return NBT_ERR_NOMEM;
        udp->fd = fd;
        udp->port = ntohs(bound.sin_port);
        udp->used = UDP_BATCH;
        point_lanes(udp);
        *ret = udp;
        return 0;
}

int udp_open(struct udp **ret, const struct udp_options *options)
{
        const struct sockaddr_in local = {
                .sin_family = AF_INET, .sin_port = htons(options->port), .sin_addr.s_addr = htonl(options->address)};
        const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int r;

        if (fd < 0)
                return bind_error(errno);
        r = prepare(fd, options);
        if (r == 0 && bind(fd, (const struct sockaddr *)&local, sizeof local) < 0)
                r = bind_error(errno);
        if (r == 0)
                r = wrap(ret, fd);
        if (r < 0) {
                const int saved = errno;
                close(fd);
                errno = saved;
        }
        return r;
}

static int make_socket(void)
{
        return socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void udp_make_spares(struct udp *wildcard, size_t receive_buffer_bytes)
{
        while (wildcard->spare_count < UDP_MAX_SPARES) {
                const int fd = make_socket();

                if (fd < 0)
                        return;
                ask_room(fd, receive_buffer_bytes);
                wildcard->spares[wildcard->spare_count++] = fd;
        }
}

int udp_open_beside(struct udp **ret, struct udp *wildcard, uint32_t address)
{
        const struct sockaddr_in local = {
                .sin_family = AF_INET, .sin_port = htons(wildcard->port), .sin_addr.s_addr = htonl(address)};
        const int fd = wildcard->spare_count ? wildcard->spares[--wildcard->spare_count] : make_socket();
        int r;

        if (fd < 0)
                return bind_error(errno);
        r = prepare(fd, NULL);
        /* What comes beside each datagram costs time; losses are asked for instead. */
        (void)set_int(fd, IPPROTO_IP, IP_PKTINFO, 0);
        (void)set_int(fd, SOL_SOCKET, SO_RXQ_OVFL, 0);
        /* Both must agree to share the port, for the moment in which the second is bound. */
        (void)set_int(wildcard->fd, SOL_SOCKET, SO_REUSEADDR, 1);
        (void)set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
        if (r == 0 && bind(fd, (const struct sockaddr *)&local, sizeof local) < 0)
                r = bind_error(errno);
        (void)set_int(fd, SOL_SOCKET, SO_REUSEADDR, 0);
        (void)set_int(wildcard->fd, SOL_SOCKET, SO_REUSEADDR, 0);
        if (r == 0)
                r = wrap(ret, fd);
        if (r < 0) {
                const int saved = errno;
                close(fd);
                errno = saved;
                return r;
        }
        (*ret)->address = address;
        return 0;
}

int udp_adopt(struct udp **ret, int fd)
{
        int domain = 0, type = 0;
        socklen_t len = sizeof domain;

        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 || domain != AF_INET)
                return NBT_ERR_UNSUPPORTED;
        len = sizeof type;
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_DGRAM)
                return NBT_ERR_UNSUPPORTED;
        const int r = prepare(fd, NULL);
        return r < 0 ? r : wrap(ret, fd);
}

struct udp *udp_close(struct udp *udp)
{
        if (udp) {
                for (size_t i = 0; i < udp->spare_count; i++)
                        close(udp->spares[i]);
                close(udp->fd);
                free(udp);
        }
        return NULL;
}

int udp_fd(const struct udp *udp)
{
        return udp->fd;
}

uint16_t udp_port(const struct udp *udp)
{
        return udp->port;
}

static void read_control(struct udp *udp, struct msghdr *header, struct udp_datagram *datagram)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
                if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
                        struct in_pktinfo info;

                        memcpy(&info, CMSG_DATA(c), sizeof info);
                        datagram->ifindex = (uint32_t)info.ipi_ifindex;
                        datagram->destination = ntohl(info.ipi_addr.s_addr);
                } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
                        uint32_t dropped;

                        memcpy(&dropped, CMSG_DATA(c), sizeof dropped);
                        udp->counters.receive_dropped += (uint32_t)(dropped - udp->kernel_dropped);
                        udp->kernel_dropped = dropped;
                }
        }
}

static void read_message(struct udp *udp, size_t i)
{
        struct mmsghdr *message = &udp->in.messages[i];

        udp->datagrams[i] = (struct udp_datagram){
                .source = ntohl(udp->in.peers[i].sin_addr.s_addr),
                .source_port = ntohs(udp->in.peers[i].sin_port),
                .truncated = (message->msg_hdr.msg_flags & MSG_TRUNC) != 0,
                .bytes = udp->buffers[i],
                .len_bytes = message->msg_len,
                .destination = udp->address,
        };
        if (message->msg_hdr.msg_controllen)
                read_control(udp, &message->msg_hdr, &udp->datagrams[i]);
}

int udp_receive(struct udp *udp, const struct udp_datagram **ret)
{
        int count;

        for (size_t i = 0; i < udp->used; i++) {
                udp->in.messages[i].msg_hdr.msg_namelen = sizeof udp->in.peers[i];
                udp->in.messages[i].msg_hdr.msg_controllen = sizeof udp->in.controls[i].bytes;
        }
        do {
                count = recvmmsg(udp->fd, udp->in.messages, UDP_BATCH, MSG_DONTWAIT, NULL);
        } while (count < 0 && errno == EINTR);
        if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
                return NBT_ERR_IO;
        for (int i = 0; i < count; i++)
                read_message(udp, (size_t)i);
        *ret = udp->datagrams;
        if (count < 0)
                count = 0;
        udp->used = (size_t)count;
        udp->counters.received += (uint64_t)count;
        return count;
}

int udp_wait(const struct udp *udp, mono_t deadline)
{
        struct pollfd pfd = {.fd = udp->fd, .events = POLLIN};
        const mono_t now = clock_mono();
        const uint64_t left_ms = mono_is_due(deadline, now) ? 0 : mono_elapsed_ms(now, deadline) + 1;
        const int r = poll(&pfd, 1, left_ms > INT32_MAX ? -1 : (int)left_ms);

        return r < 0 ? NBT_ERR_IO : r > 0;
}

/* The routing hint of message I: device and source address, where the caller chose them. */
static void write_control(struct udp *udp, size_t i, uint32_t ifindex, uint32_t source)
{
        struct msghdr *header = &udp->out.messages[i].msg_hdr;
        const struct in_pktinfo info = {.ipi_ifindex = (int)ifindex, .ipi_spec_dst.s_addr = htonl(source)};

        header->msg_control = NULL;
        header->msg_controllen = 0;
        if (udp->address || (!ifindex && !source))
                return;
        memset(&udp->out.controls[i], 0, sizeof udp->out.controls[i]);
        header->msg_control = udp->out.controls[i].bytes;
        header->msg_controllen = CMSG_SPACE(sizeof info);
        struct cmsghdr *c = CMSG_FIRSTHDR(header);
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
}

void udp_send(struct udp *udp, uint32_t ifindex, uint32_t source, uint32_t destination, uint16_t port,
              const void *bytes, size_t len_bytes)
{
        const size_t i = udp->queued++;
        union {
                const void *borrowed;
                void *base;
        } u = {.borrowed = bytes}; /* iovec has no const, and sendmmsg does not write */

        udp->out.peers[i] = (struct sockaddr_in){
                .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(destination)};
        udp->out.vectors[i] = (struct iovec){.iov_base = u.base, .iov_len = len_bytes};
        write_control(udp, i, ifindex, source);
        if (udp->queued == UDP_BATCH)
                udp_flush(udp);
}

void udp_flush(struct udp *udp)
{
        size_t done = 0;

        /* Each turn sends some or gives one up, so this ends. */
        while (done < udp->queued) {
                const int sent = sendmmsg(udp->fd, udp->out.messages + done, (unsigned)(udp->queued - done), 0);

                if (sent > 0) {
                        done += (size_t)sent;
                        udp->counters.sent += (uint64_t)sent;
                        continue;
                }
                if (sent < 0 && errno == EINTR)
                        continue;
                udp->counters.send_failed++;
                udp->counters.send_errno = errno;
                done++;
        }
        udp->queued = 0;
}

struct udp_counters udp_counters(const struct udp *udp)
{
        struct udp_counters counters = udp->counters;
        uint32_t memory[SK_MEMINFO_VARS] = {0};
        socklen_t len = sizeof memory;

        if (udp->address && getsockopt(udp->fd, SOL_SOCKET, SO_MEMINFO, memory, &len) == 0)
                counters.receive_dropped = memory[SK_MEMINFO_DROPS];
        return counters;
}
