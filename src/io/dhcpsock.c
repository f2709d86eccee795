#include "io/dhcpsock.h"

#include "io/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER_PORT 67
#define CLIENT_PORT 68

static int code_of_errno(void)
{
        switch (errno) {
        case EACCES:
        case EPERM:
                return NBT_ERR_DENIED;
        case EADDRINUSE:
                return NBT_ERR_BUSY;
        case ENODEV:
                return NBT_ERR_NOT_FOUND;
        default:
                return NBT_ERR_IO;
        }
}

static struct sockaddr_in place(uint32_t address, uint16_t port)
{
        return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
}

static int set_up(int fd, const char *device)
{
        const struct sockaddr_in all = place(INADDR_ANY, CLIENT_PORT);
        const int on = 1;

        if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device) + 1) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
            bind(fd, (const struct sockaddr *)&all, sizeof all) < 0)
                return code_of_errno();
        return 0;
}

int dhcpsock_open(const char *device)
{
        const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return code_of_errno();
        const int rc = set_up(fd, device);

        if (rc == 0)
                return fd;
        const int saved = errno;
        (void)close(fd);
        errno = saved;
        return rc;
}

void dhcpsock_close(int fd)
{
        if (fd >= 0)
                (void)close(fd);
}

int dhcpsock_send(int fd, const void *bytes, size_t len_bytes)
{
        const struct sockaddr_in all = place(INADDR_BROADCAST, SERVER_PORT);

        return sendto(fd, bytes, len_bytes, 0, (const struct sockaddr *)&all, sizeof all) < 0 ? NBT_ERR_IO : 0;
}

int dhcpsock_receive(int fd, mono_t until, void *ret_bytes, size_t size_bytes, uint32_t *ret_source)
{
        struct sockaddr_in from = {0};
        socklen_t from_len = sizeof from;

        for (;;) {
                const mono_t now = clock_mono();

                if (mono_is_due(until, now))
                        return NBT_ERR_TIMEOUT;
                struct pollfd readable = {.fd = fd, .events = POLLIN};
                const int count = poll(&readable, 1, (int)mono_elapsed_ms(now, until) + 1);
                if (count < 0 && errno != EINTR)
                        return NBT_ERR_IO;
                if (count <= 0)
                        continue;
                const ssize_t got =
                        recvfrom(fd, ret_bytes, size_bytes, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
                if (got < 0 && errno != EAGAIN && errno != EINTR)
                        return NBT_ERR_IO;
                if (got < 0)
                        continue;
                *ret_source = ntohl(from.sin_addr.s_addr);
                return (int)got;
        }
}
