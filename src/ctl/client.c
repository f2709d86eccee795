#include "ctl/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

struct ctl_client {
        int fd;
};

static int connect_error(int error)
{
        switch (error) {
        case ENOENT:
        case ENOTDIR:
        case ECONNREFUSED: /* the file is left over, its daemon gone */
                return NBT_ERR_NOT_FOUND;
        case EACCES:
        case EPERM:
                return NBT_ERR_DENIED;
        case EAGAIN:
                return NBT_ERR_TIMEOUT;
        default:
                return NBT_ERR_IO;
        }
}

/* The kernel keeps the time: each wait for bytes is bounded, and so is the number of pieces. */
static void bound_waits(int fd)
{
        const struct timeval limit = {.tv_sec = CTL_TIMEOUT_S};

        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

int ctl_connect(const char *runtime_dir, struct ctl_client **ret)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        const int len = snprintf(address.sun_path, sizeof address.sun_path, "%s/" CTL_SOCKET_NAME, runtime_dir);

        if (len < 0 || (size_t)len >= sizeof address.sun_path)
                return NBT_ERR_RANGE;
        struct ctl_client *client = calloc(1, sizeof *client);
        if (!client)
                return NBT_ERR_NOMEM;
        client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (client->fd < 0) {
                free(client);
                return NBT_ERR_IO;
        }
        bound_waits(client->fd);
        if (connect(client->fd, (const struct sockaddr *)&address, sizeof address) < 0) {
                const int error = errno;

                ctl_close(client);
                errno = error;
                return connect_error(error);
        }
        *ret = client;
        return 0;
}

struct ctl_client *ctl_close(struct ctl_client *client)
{
        if (client) {
                close(client->fd);
                free(client);
        }
        return NULL;
}

static int send_all(int fd, const char *bytes, size_t len_bytes)
{
        while (len_bytes > 0) {
                const ssize_t sent = send(fd, bytes, len_bytes, MSG_NOSIGNAL);

                if (sent < 0 && errno == EINTR)
                        continue;
                if (sent < 0)
                        return errno == EAGAIN ? NBT_ERR_TIMEOUT : NBT_ERR_IO;
                bytes += sent;
                len_bytes -= (size_t)sent;
        }
        return 0;
}

static int receive_some(int fd, struct strbuf *in)
{
        char piece[16384];
        ssize_t got;

        do {
                got = recv(fd, piece, sizeof piece, 0);
        } while (got < 0 && errno == EINTR);
        if (got < 0)
                return errno == EAGAIN ? NBT_ERR_TIMEOUT : NBT_ERR_IO;
        if (got == 0)
                return NBT_ERR_IO;
        strbuf_add_bytes(in, piece, (size_t)got);
        return strbuf_ok(in) ? 0 : NBT_ERR_NOMEM;
}

static int receive_frame(int fd, struct strbuf *in, size_t *ret_payload_bytes)
{
        for (;;) {
                int r = ctl_frame_look(in->text, in->len_bytes, CTL_MAX_REPLY_BYTES, ret_payload_bytes);

                if (r != 0)
                        return r == 1 ? 0 : NBT_ERR_MALFORMED;
                r = receive_some(fd, in);
                if (r < 0)
                        return r;
        }
}

int ctl_call(struct ctl_client *client, const struct ctl_request *request, struct arena *arena, struct ctl_reply *ret)
{
        struct strbuf buffer = STRBUF_INIT;
        size_t payload_bytes = 0;
        int r = ctl_request_encode(request, &buffer);

        if (r == 0)
                r = send_all(client->fd, buffer.text, buffer.len_bytes);
        strbuf_reset(&buffer);
        if (r == 0)
                r = receive_frame(client->fd, &buffer, &payload_bytes);
        if (r == 0)
                r = ctl_reply_decode(buffer.text + CTL_FRAME_HEADER_BYTES, payload_bytes, arena, ret);
        strbuf_done(&buffer);
        return r;
}

const char *ctl_error_why(int code)
{
        switch (code) {
        case NBT_ERR_NOT_FOUND:
                return "no netbt daemon answers there";
        case NBT_ERR_DENIED:
                return "only the daemon's own user and group, and root, may use its control socket";
        case NBT_ERR_RANGE:
                return "the path of the control socket is too long";
        case NBT_ERR_TIMEOUT:
                return "the daemon did not answer in time";
        case NBT_ERR_MALFORMED:
                return "the daemon's answer cannot be read";
        case NBT_ERR_IO:
                return "the connection to the daemon broke";
        default:
                return nbt_err_str(code);
        }
}

const char *ctl_error_todo(int code)
{
        switch (code) {
        case NBT_ERR_NOT_FOUND:
                return "start netbtd (systemctl start netbtd), or name its directory with --runtime-dir";
        case NBT_ERR_DENIED:
                return "run this as root, or as a member of the group netbt";
        case NBT_ERR_RANGE:
                return "choose a shorter --runtime-dir";
        case NBT_ERR_TIMEOUT:
        case NBT_ERR_IO:
                return "see the daemon's log (journalctl -u netbtd)";
        case NBT_ERR_MALFORMED:
                return "check that daemon and tools are of one version (--version)";
        default:
                return "try again";
        }
}
