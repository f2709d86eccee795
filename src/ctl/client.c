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
        struct strbuf ahead; /* what came of the next reply */
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
        char path[sizeof((struct sockaddr_un){0}.sun_path)];
        const int len = snprintf(path, sizeof path, "%s/" CTL_SOCKET_NAME, runtime_dir);

        return len < 0 || (size_t)len >= sizeof path ? NBT_ERR_RANGE : ctl_connect_socket(path, ret);
}

int ctl_connect_socket(const char *path, struct ctl_client **ret)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        const int len = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);

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
                strbuf_done(&client->ahead);
                if (client->fd >= 0)
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

/* Takes one reply off the stream; what follows it stays for the next. */
static int receive_reply(struct ctl_client *client, struct arena *arena, struct ctl_reply *ret)
{
        struct strbuf *in = &client->ahead;
        size_t payload_bytes = 0;
        int r = receive_frame(client->fd, in, &payload_bytes);

        if (r < 0)
                return r;
        const size_t frame_bytes = CTL_FRAME_HEADER_BYTES + payload_bytes;
        r = ctl_reply_decode(in->text + CTL_FRAME_HEADER_BYTES, payload_bytes, arena, ret);
        memmove(in->text, in->text + frame_bytes, in->len_bytes - frame_bytes);
        in->len_bytes -= frame_bytes;
        return r;
}

int ctl_call(struct ctl_client *client, const struct ctl_request *request, struct arena *arena, struct ctl_reply *ret)
{
        struct strbuf buffer = STRBUF_INIT;
        int r = ctl_request_encode(request, &buffer);

        if (r == 0)
                r = send_all(client->fd, buffer.text, buffer.len_bytes);
        strbuf_done(&buffer);
        return r == 0 ? receive_reply(client, arena, ret) : r;
}

int ctl_next(struct ctl_client *client, struct arena *arena, struct ctl_reply *ret)
{
        int r;

        /* Each wait is bounded, all together are not. */
        do {
                r = receive_reply(client, arena, ret);
        } while (r == NBT_ERR_TIMEOUT);
        return r;
}

int ctl_client_fd(const struct ctl_client *client)
{
        return client->fd;
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
