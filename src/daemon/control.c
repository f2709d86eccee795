#include "daemon/control.h"

#include "daemon/log.h"
#include "io/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PIECE_BYTES 16384
/* A command's id: which client (from 1, so that it is never 0) below, how often that place was used above. */
#define SLOT_BITS 8

/* What waits for one who watches; more is counted instead of sent. */
#define WATCH_MAX_BYTES (1u << 20)

struct client {
        struct control *control;
        int fd; /* -1: the place is free */
        uid_t uid;
        bool may_change; /* root, or of our own user or group */
        bool watching;
        uint64_t missed;    /* changes not sent to it since the last that was */
        struct arena arena; /* what the request under way points to */
        struct loop_fd *handle;
        struct strbuf in, out;
        size_t sent_bytes;
        bool busy; /* a command is under way */
        uint64_t generation;
        enum ctl_request_type type;
        uint64_t lmhosts_count;
};

struct control {
        struct control_setup setup;
        int fd;
        struct loop_fd *handle;
        struct client clients[CONTROL_MAX_CLIENTS];
};

/* ---- the socket --------------------------------------------------------------------------------------------------- */

static int socket_address(const char *runtime_dir, struct sockaddr_un *ret)
{
        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        const int len = snprintf(ret->sun_path, sizeof ret->sun_path, "%s/" CTL_SOCKET_NAME, runtime_dir);

        return len > 0 && (size_t)len < sizeof ret->sun_path ? 0 : NBT_ERR_RANGE;
}

/* Does somebody serve the socket that is there already? */
static bool is_served(const struct sockaddr_un *address)
{
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const bool served = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;

        if (fd >= 0)
                close(fd);
        return served;
}

/* The socket that was made at PATH becomes USER's. The directory is theirs: they may have put something else there meanwhile. */
static int give_socket(const char *path, const struct sandbox_user *user)
{
        const int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        int r = fd < 0 ? -1 : fstat(fd, &st);

        if (r == 0 && (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)) {
                errno = EEXIST;
                r = -1;
        }
        if (r == 0)
                r = fchownat(fd, "", user->uid, user->gid, AT_EMPTY_PATH);
        const int error = errno;

        if (fd >= 0)
                close(fd);
        errno = error;
        return r;
}

static int bind_and_listen(int fd, const struct sockaddr_un *address, const struct sandbox_user *user)
{
        /* Mode 0660 from the start; nobody can connect before listen(). */
        const mode_t mask = umask(0117);
        int r = bind(fd, (const struct sockaddr *)address, sizeof *address);

        umask(mask);
        if (r == 0 && user)
                r = give_socket(address->sun_path, user);
        if (r == 0)
                r = listen(fd, CONTROL_MAX_CLIENTS);
        return r < 0 ? NBT_ERR_IO : 0;
}

int control_listen(const char *runtime_dir, const struct sandbox_user *user)
{
        struct sockaddr_un address;
        int r = socket_address(runtime_dir, &address);

        if (r < 0)
                return r;
        if (is_served(&address))
                return NBT_ERR_BUSY;
        if (unlink(address.sun_path) < 0 && errno != ENOENT)
                return NBT_ERR_IO;
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return NBT_ERR_IO;
        r = bind_and_listen(fd, &address, user);
        if (r < 0) {
                const int error = errno;

                close(fd);
                errno = error;
                return r;
        }
        return fd;
}

void control_unlink(const char *runtime_dir)
{
        struct sockaddr_un address;

        if (socket_address(runtime_dir, &address) == 0)
                (void)!unlink(address.sun_path);
}

/* ---- clients ------------------------------------------------------------------------------------------------------ */

static void client_close(struct client *client)
{
        loop_fd_close(client->handle);
        close(client->fd);
        strbuf_done(&client->in);
        strbuf_done(&client->out);
        arena_done(&client->arena);
        *client = (struct client){.control = client->control, .fd = -1, .generation = client->generation + 1};
}

static uint64_t command_id(const struct client *client)
{
        const size_t slot = (size_t)(client - client->control->clients);

        return client->generation << SLOT_BITS | (slot + 1);
}

static const char *failure_text(enum ctl_request_type type, int result)
{
        switch (result) {
        case NBT_ERR_CONFLICT:
                return type == CTL_REQUEST_NAME_ADD ? "another computer holds the name" : "the name is in conflict";
        case NBT_ERR_LIMITED:
                return type == CTL_REQUEST_RELEASE_REFRESH
                               ? "names were released and refreshed less than two minutes ago"
                               : "too many requests; try again later";
        case NBT_ERR_EXISTS:
                return type == CTL_REQUEST_WINS_BACKUP ? "there is a file of that name"
                                                       : "the name is registered already";
        case NBT_ERR_NOT_FOUND:
                return type == CTL_REQUEST_NAME_RELEASE ? "this node has no such name" : "nobody answered for the name";
        case NBT_ERR_TIMEOUT:
                return "nobody answered";
        case NBT_ERR_FULL:
                return "the node's table is full";
        case NBT_ERR_STATE:
                return ctl_request_is_wins(type) ? "the server is stopping" : "the node has no interface to do this on";
        default:
                return nbt_err_str(result);
        }
}

static void client_reply(struct client *client, struct ctl_reply *reply)
{
        reply->type = client->type;
        reply->lmhosts_count = client->lmhosts_count;
        if (reply->result < 0 && !reply->message[0])
                snprintf(reply->message, sizeof reply->message, "%s", failure_text(reply->type, reply->result));
        client->busy = false;
        if (ctl_reply_encode(reply, &client->out) < 0) {
                log_line(0, "control: a reply was too long or memory ran out");
                strbuf_done(&client->out);
                strbuf_reset(&client->in);
                shutdown(client->fd, SHUT_RDWR); /* the next read ends it; here its caller still needs it */
                loop_fd_set(client->handle, LOOP_READABLE);
                return;
        }
        loop_fd_set(client->handle, LOOP_WRITABLE);
}

static void fill_server(const struct control *control, struct ctl_server *ret)
{
        *ret = *control->setup.server;
        ret->uptime_s = mono_elapsed_ms(control->setup.started, clock_mono()) / 1000;
        ret->events_written = events_written(control->setup.events);
        ret->datagrams_dropped = driver_counters(control->setup.driver).receive_dropped;
}

static struct client *client_of(struct control *control, uint64_t id)
{
        const size_t slot = id & ((1u << SLOT_BITS) - 1);

        if (slot == 0 || slot > CONTROL_MAX_CLIENTS)
                return NULL;
        struct client *client = &control->clients[slot - 1];
        return client->fd >= 0 && client->busy && command_id(client) == id ? client : NULL;
}

void control_reply(struct control *control, uint64_t id, struct ctl_reply *reply)
{
        struct client *client = client_of(control, id);

        if (!client)
                return;
        if (client->type == CTL_REQUEST_WINS_STATUS)
                fill_server(control, &reply->server);
        client_reply(client, reply);
}

void control_complete(struct control *control, const struct node_completion *completion)
{
        struct ctl_reply reply = {.result = completion->result, .completion = *completion};

        control_reply(control, completion->id, &reply);
}

/* ---- who watches -------------------------------------------------------------------------------------------------- */

void control_watch(struct control *control, uint64_t id)
{
        struct client *client = client_of(control, id);

        if (client)
                client->watching = true;
}

size_t control_watcher_count(const struct control *control)
{
        size_t count = 0;

        for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++)
                count += control->clients[i].fd >= 0 && control->clients[i].watching;
        return count;
}

static void tell_watcher(struct client *client, const struct ctl_wins_change *change)
{
        struct ctl_wins_change told = *change;

        told.missed = client->missed;
        if (client->out.len_bytes - client->sent_bytes > WATCH_MAX_BYTES ||
            ctl_wins_change_encode(&told, &client->out) < 0) {
                client->missed++;
                return;
        }
        client->missed = 0;
        loop_fd_set(client->handle, LOOP_READABLE | LOOP_WRITABLE);
}

void control_publish(struct control *control, const struct ctl_wins_change *change)
{
        for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++)
                if (control->clients[i].fd >= 0 && control->clients[i].watching && !control->clients[i].busy)
                        tell_watcher(&control->clients[i], change);
}

/* ---- requests ----------------------------------------------------------------------------------------------------- */

static void serve_view(struct client *client, bool with_view)
{
        struct ctl_reply reply = {0};

        fill_server(client->control, &reply.server);
        if (with_view)
                reply.result = driver_view(client->control->setup.driver, &reply.view);
        client_reply(client, &reply);
}

static void serve_command(struct client *client, enum node_command_type type, const struct ctl_request *request)
{
        struct node_event event = {.type = NODE_EVENT_COMMAND,
                                   .command = {.id = command_id(client),
                                               .type = type,
                                               .name = request->name,
                                               .kind = request->kind,
                                               .address = request->address,
                                               .bypass_cache = request->bypass_cache}};

        driver_event(client->control->setup.driver, &event);
}

static void serve_reload(struct client *client)
{
        const struct control_setup *setup = &client->control->setup;
        const int r = setup->reload(setup->context, command_id(client), &client->lmhosts_count);

        if (r < 0) {
                struct ctl_reply reply = {.result = r};

                client_reply(client, &reply);
        }
}

static void serve_settings(struct client *client)
{
        const struct control_setup *setup = &client->control->setup;
        struct strbuf error = STRBUF_INIT;
        struct ctl_reply reply = {.result = setup->reload_settings(setup->context, &error)};

        if (reply.result < 0)
                snprintf(reply.message, sizeof reply.message, "%s", strbuf_str(&error));
        strbuf_done(&error);
        client_reply(client, &reply);
}

static void refuse(struct client *client, int result, const char *why)
{
        struct ctl_reply reply = {.result = result};

        snprintf(reply.message, sizeof reply.message, "%s", why);
        client_reply(client, &reply);
}

static void serve_wins(struct client *client, const struct ctl_request *request)
{
        const struct control_setup *setup = &client->control->setup;

        if (setup->wins)
                setup->wins(setup->wins_context, command_id(client), request);
        else
                refuse(client, NBT_ERR_UNSUPPORTED, "this is no WINS server: netbtd runs here, not winsd");
}

/* The command of the node that a request is; false if it is none. */
static bool command_of(enum ctl_request_type type, enum node_command_type *ret)
{
        static const struct {
                enum ctl_request_type request;
                enum node_command_type command;
        } COMMANDS[] = {
                {CTL_REQUEST_NAME_ADD, NODE_COMMAND_NAME_ADD},
                {CTL_REQUEST_NAME_RELEASE, NODE_COMMAND_NAME_RELEASE},
                {CTL_REQUEST_RELEASE_REFRESH, NODE_COMMAND_RELEASE_REFRESH},
                {CTL_REQUEST_QUERY, NODE_COMMAND_QUERY},
                {CTL_REQUEST_STATUS, NODE_COMMAND_STATUS},
        };

        for (size_t i = 0; i < NBT_ARRAY_SIZE(COMMANDS); i++)
                if (COMMANDS[i].request == type) {
                        *ret = COMMANDS[i].command;
                        return true;
                }
        return false;
}

static void serve(struct client *client, const struct ctl_request *request)
{
        const bool is_change = ctl_request_is_change(request->type);
        enum node_command_type command;

        client->busy = true;
        client->type = request->type;
        client->lmhosts_count = 0;
        loop_fd_set(client->handle, LOOP_HANGUP); /* who leaves meanwhile makes room for others */
        log_line(is_change && ctl_request_is_wins(request->type) ? 0 : 1, "control: %s by uid %u",
                 ctl_request_str(request->type), (unsigned)client->uid);
        if (is_change && !client->may_change)
                refuse(client, NBT_ERR_DENIED, "only root and members of the daemon's group may change anything");
        else if (ctl_request_is_wins(request->type))
                serve_wins(client, request);
        else if (command_of(request->type, &command))
                serve_command(client, command, request);
        else if (request->type == CTL_REQUEST_RELOAD)
                serve_reload(client);
        else if (request->type == CTL_REQUEST_SETTINGS_RELOAD)
                serve_settings(client);
        else
                serve_view(client, request->type == CTL_REQUEST_VIEW);
}

/* Takes a whole request out of what came in, if there is one. False: hang up. */
static bool take_request(struct client *client)
{
        struct ctl_request request;
        size_t payload_bytes = 0;
        const size_t max_bytes = client->control->setup.wins ? CTL_MAX_WINS_REQUEST_BYTES : CTL_MAX_REQUEST_BYTES;
        const int r = ctl_frame_look(client->in.text, client->in.len_bytes, max_bytes, &payload_bytes);

        if (r <= 0)
                return r == 0;
        const size_t frame_bytes = CTL_FRAME_HEADER_BYTES + payload_bytes;
        arena_reset(&client->arena);
        const int decoded =
                ctl_request_decode(client->in.text + CTL_FRAME_HEADER_BYTES, payload_bytes, &client->arena, &request);
        memmove(client->in.text, client->in.text + frame_bytes, client->in.len_bytes - frame_bytes);
        client->in.len_bytes -= frame_bytes;
        if (decoded < 0)
                return false;
        serve(client, &request);
        return true;
}

/* False: the connection has ended. */
static bool read_some(struct client *client)
{
        char piece[PIECE_BYTES];
        const ssize_t got = recv(client->fd, piece, sizeof piece, MSG_DONTWAIT);

        if (got < 0)
                return errno == EAGAIN || errno == EINTR;
        if (got == 0)
                return false;
        strbuf_add_bytes(&client->in, piece, (size_t)got);
        return strbuf_ok(&client->in);
}

static bool write_some(struct client *client)
{
        const ssize_t sent = send(client->fd, client->out.text + client->sent_bytes,
                                  client->out.len_bytes - client->sent_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0)
                return errno == EAGAIN || errno == EINTR;
        client->sent_bytes += (size_t)sent;
        if (client->sent_bytes < client->out.len_bytes)
                return true;
        strbuf_done(&client->out);
        client->sent_bytes = 0;
        loop_fd_set(client->handle, LOOP_READABLE);
        return client->watching || take_request(client); /* one that came together with the last */
}

static void on_client(void *context, unsigned events)
{
        struct client *client = context;
        bool alive = true;

        if (client->busy)
                alive = false;
        else if (client->watching && events & LOOP_READABLE)
                alive = false; /* it has nothing more to say: it has left */
        else if (events & LOOP_WRITABLE)
                alive = write_some(client);
        else if (events & LOOP_READABLE)
                alive = read_some(client) && take_request(client);
        if (!alive)
                client_close(client);
}

/* Is GROUP one of the other end's further groups? There may be as many as the kernel allows. */
static bool peer_is_in(int fd, gid_t group)
{
        gid_t none;
        socklen_t len = 0;
        bool found = false;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, &none, &len) == 0 || errno != ERANGE)
                return false;
        gid_t *groups = malloc(len);
        if (groups && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0)
                for (size_t i = 0; i < len / sizeof groups[0]; i++)
                        found = found || groups[i] == group;
        free(groups);
        return found;
}

/* SO_PEERCRED and SO_PEERGROUPS: who the other end was when it connected. */
static void look_at_peer(int fd, struct client *client)
{
        struct ucred peer = {.uid = (uid_t)-1, .gid = (gid_t)-1};
        socklen_t len = sizeof peer;

        client->may_change = false;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
                return;
        client->uid = peer.uid;
        client->may_change =
                peer.uid == 0 || peer.uid == geteuid() || peer.gid == getegid() || peer_is_in(fd, getegid());
}

static void on_connect(void *context, unsigned events)
{
        struct control *control = context;
        const int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        (void)events;
        if (fd < 0)
                return;
        for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
                struct client *client = &control->clients[i];

                if (client->fd >= 0)
                        continue;
                if (loop_fd_open(control->setup.loop, fd, LOOP_READABLE, on_client, client, &client->handle) < 0)
                        break;
                client->fd = fd;
                look_at_peer(fd, client);
                return;
        }
        close(fd); /* no room: the client is told that we hung up */
}

/* ---- life --------------------------------------------------------------------------------------------------------- */

int control_new(struct control **ret, int fd, const struct control_setup *setup)
{
        struct control *control = calloc(1, sizeof *control);

        if (!control)
                return NBT_ERR_NOMEM;
        control->setup = *setup;
        control->fd = fd;
        for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++)
                control->clients[i] = (struct client){.control = control, .fd = -1};
        const int r = loop_fd_open(setup->loop, fd, LOOP_READABLE, on_connect, control, &control->handle);
        if (r < 0) {
                free(control);
                return r;
        }
        *ret = control;
        return 0;
}

struct control *control_free(struct control *control)
{
        if (!control)
                return NULL;
        for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++)
                if (control->clients[i].fd >= 0)
                        client_close(&control->clients[i]);
        loop_fd_close(control->handle);
        close(control->fd);
        free(control);
        return NULL;
}
