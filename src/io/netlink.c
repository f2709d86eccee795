#include "io/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <sys/socket.h>

#define BUFFER_BYTES 32768 /* what the kernel fills at most at a time */
#define MAX_PIECES 65536

/* True when the messages end with DONE or an error. */
static bool is_last(const void *bytes, size_t len_bytes)
{
        int left = (int)len_bytes;

        for (const struct nlmsghdr *nlh = bytes; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
                if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR)
                        return true;
        return false;
}

static int send_request(struct mnl_socket *socket, uint16_t type, uint8_t family)
{
        uint32_t buffer[64] = {0};
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

        nlh->nlmsg_type = type;
        nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        nlh->nlmsg_seq = 1;
        /* All four families of requests begin with the family, and are otherwise zero; ifinfomsg is the longest. */
        struct ifinfomsg *header = mnl_nlmsg_put_extra_header(nlh, sizeof *header);
        header->ifi_family = family;
        return mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0 ? NBT_ERR_IO : 0;
}

static int receive_answers(struct mnl_socket *socket, netlink_feed_fn *fn, void *context)
{
        static _Thread_local uint32_t buffer[BUFFER_BYTES / sizeof(uint32_t)];

        for (unsigned i = 0; i < MAX_PIECES; i++) {
                const ssize_t len = mnl_socket_recvfrom(socket, buffer, sizeof buffer);

                if (len < 0 && errno == EINTR)
                        continue;
                if (len <= 0)
                        return NBT_ERR_IO;
                const int r = fn(context, buffer, (size_t)len);
                if (r < 0)
                        return r;
                if (is_last(buffer, (size_t)len))
                        return 0;
        }
        return NBT_ERR_FULL;
}

int netlink_dump(uint16_t type, uint8_t family, netlink_feed_fn *fn, void *context)
{
        struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
        int r;

        if (!socket)
                return NBT_ERR_IO;
        r = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ? NBT_ERR_IO : 0;
        if (r == 0)
                r = send_request(socket, type, family);
        if (r == 0)
                r = receive_answers(socket, fn, context);
        mnl_socket_close(socket);
        return r;
}
