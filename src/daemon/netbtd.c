/*
 * netbtd: the NetBT end node as a daemon. This file composes it: settings, sockets, privilege, node, control socket, signals.
 *
 * Order of the start: what may need root (port 137, directories, control socket) comes first, then privilege is given up, then
 * the event log is opened, as the user who will write it; so that a failure of the first part can still be logged.
 */
#include "daemon/control.h"
#include "daemon/driver.h"
#include "daemon/hosts.h"
#include "daemon/log.h"
#include "daemon/notices.h"
#include "daemon/setup.h"
#include "io/clock.h"
#include "io/notify.h"
#include "io/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define EXIT_FAILED 3
/* A jump of the clock with less sleep than this is somebody setting the time. */
#define SLEEP_MIN_NS INT64_C(1000000000)
#define UDP_RECEIVE_BUFFER_BYTES (1u << 20)
#define SOCKET_NAME "nbns"
/* An address that is replaced, or a DHCP client that is about to set one, is no lack of interfaces. */
#define NO_IFACE_GRACE_MS 5000u

struct app {
        struct daemon_switches switches;
        struct setup setup;
        struct sandbox_user user;
        bool has_user; /* privilege is dropped to it */
        struct ctl_server server;
        struct loop *loop;
        struct udp *udp;
        struct netif_monitor *monitor;
        struct loop_fd *monitor_handle, *jump_handle;
        struct loop_timer *no_iface_timer;
        bool lacks_iface;
        int jump_fd, control_fd;
        int64_t slept_ns;
        struct events *events;
        struct driver *driver;
        struct control *control;
        bool stopping;
        /* A failure of the part that comes before the log: told once there is one. */
        uint16_t failure_id;
        char failure[256];
};

static enum event_record_style style_of(const struct setup *setup)
{
        return setup->config.event_style_modern ? EVENT_RECORD_MODERN : EVENT_RECORD_LEGACY;
}

static int NBT_PRINTF(3, 4) fail(struct app *app, uint16_t event_id, const char *format, ...)
{
        va_list args;

        app->failure_id = event_id;
        va_start(args, format);
        vsnprintf(app->failure, sizeof app->failure, format, args);
        va_end(args);
        return NBT_ERR_STATE;
}

/* ---- what may need root ------------------------------------------------------------------------------------------- */

static int make_directory(struct app *app, const char *path)
{
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
                return fail(app, 4300, "directory %s cannot be made: %s; make it, or name another", path,
                            strerror(errno));
        if (app->has_user && sandbox_own(path, &app->user) < 0)
                return fail(app, 4300, "directory %s cannot be given to user %s: %s", path, app->user.name,
                            strerror(errno));
        return 0;
}

static int explain_bind(struct app *app, uint16_t port, int r)
{
        char owner[64];

        if (r == NBT_ERR_BUSY && udp_port_owner(port, owner, sizeof owner) == 0)
                return fail(app, 4307,
                            "UDP port %u is in use by %s; stop that program (nmbd: systemctl stop nmbd), then start "
                            "netbtd again",
                            (unsigned)port, owner);
        if (r == NBT_ERR_BUSY)
                return fail(app, 4307, "UDP port %u is in use by another program; stop it (nmbd: systemctl stop nmbd)",
                            (unsigned)port);
        if (r == NBT_ERR_DENIED)
                return fail(app, 4307,
                            "UDP port %u cannot be opened: no permission; start as root, or by the service manager",
                            (unsigned)port);
        return fail(app, 4307, "UDP port %u cannot be opened: %s", (unsigned)port, strerror(errno));
}

static int open_udp(struct app *app)
{
        const struct udp_options options = {.port = app->setup.config.node.name_server_port,
                                            .receive_buffer_bytes = UDP_RECEIVE_BUFFER_BYTES};
        const int handed = notify_listen_datagram(SOCKET_NAME);

        if (handed >= 0) {
                const int r = udp_adopt(&app->udp, handed);

                return r < 0 ? fail(app, 4307, "the socket from the service manager cannot be used: %s", nbt_err_str(r))
                             : 0;
        }
        const int r = udp_open(&app->udp, &options);
        return r < 0 ? explain_bind(app, options.port, r) : 0;
}

static int open_control(struct app *app)
{
        const char *directory = app->switches.runtime_dir;

        app->control_fd = control_listen(directory, app->has_user ? &app->user : NULL);
        if (app->control_fd >= 0)
                return 0;
        if (app->control_fd == NBT_ERR_BUSY)
                return fail(app, 4300, "another netbt daemon runs with %s; stop it, or name another --runtime-dir",
                            directory);
        return fail(app, 4300, "control socket %s/" CTL_SOCKET_NAME " cannot be made: %s", directory,
                    app->control_fd == NBT_ERR_RANGE ? "the path is too long" : strerror(errno));
}

static int open_privileged(struct app *app)
{
        int r = make_directory(app, app->switches.state_dir);

        if (r == 0)
                r = make_directory(app, app->switches.runtime_dir);
        if (r == 0)
                r = open_udp(app);
        if (r == 0 && netif_monitor_open(&app->monitor) < 0)
                r = fail(app, 4314, "the kernel's list of interfaces cannot be watched: %s", strerror(errno));
        return r == 0 ? open_control(app) : r;
}

/* ---- commands, settings, changes ---------------------------------------------------------------------------------- */

static int give_hosts(struct app *app, uint64_t id, uint64_t *ret_count)
{
        struct node_event event = {.type = NODE_EVENT_COMMAND, .command = {.id = id, .type = NODE_COMMAND_RELOAD}};
        struct lmhosts_load *load = NULL;

        if (app->setup.config.node.lmhosts_enabled) {
                const int r = hosts_load(app->server.lmhosts, &load);

                if (r < 0)
                        return r;
                event.command.lmhosts = lmhosts_load_entries(load, &event.command.lmhosts_count);
        }
        *ret_count = event.command.lmhosts_count;
        driver_event(app->driver, &event);
        lmhosts_load_free(load);
        return 0;
}

static int on_reload(void *context, uint64_t id, uint64_t *ret_count)
{
        return give_hosts(context, id, ret_count);
}

static void load_hosts(struct app *app)
{
        uint64_t count = 0;
        const int r = give_hosts(app, 0, &count);

        if (r < 0)
                log_line(0, "LMHOSTS cannot be read: %s", nbt_err_str(r));
        else if (count)
                log_line(0, "%llu entries from %s", (unsigned long long)count, app->server.lmhosts);
}

static void report(struct app *app, uint16_t id, const char *note)
{
        struct event event;

        notice_make_failure(&event, id, NULL, 0, NULL, note, style_of(&app->setup));
        driver_report(app->driver, &event);
}

/* Complaints that Windows has an event for, each kind once; and 4306 where no server is left of what was given. */
static void report_complaints(struct app *app)
{
        const struct settings_effective *settings = &app->setup.settings;
        bool bad_wins = false;

        for (size_t i = 0; i < settings->complaint_count; i++) {
                const struct settings_complaint *complaint = &settings->complaints[i];
                char note[160];

                if (!complaint->event_id)
                        continue;
                snprintf(note, sizeof note, "Line %u: %.60s: %.80s", complaint->line, complaint->what, complaint->why);
                report(app, complaint->event_id, note);
                bad_wins = bad_wins || complaint->event_id == 4304 || complaint->event_id == 4305;
        }
        for (size_t i = 0; bad_wins && i < settings->iface_count; i++)
                bad_wins = settings->ifaces[i].wins_count == 0;
        if (bad_wins && settings->wins_count == 0 && app->switches.wins_count == 0)
                report(app, 4306, "No WINS server is left of those that the settings name.");
}

static void on_no_iface(void *context)
{
        struct app *app = context;

        log_line(0, "no interface to serve; waiting for one");
        report(app, 4312,
               app->switches.iface_count ? "None that -i names has an IPv4 address."
                                         : "No interface but loopback has an IPv4 address.");
}

static void update_ifaces(struct app *app)
{
        const int count = driver_update_ifaces(app->driver, &app->setup.config);
        const mono_t now = clock_mono();

        if (count < 0) {
                log_line(0, "interfaces cannot be listed: %s", nbt_err_str(count));
                report(app, 4314, "The kernel's list of interfaces cannot be read.");
                return;
        }
        if (app->lacks_iface == (count == 0))
                return;
        app->lacks_iface = count == 0;
        loop_timer_set(app->no_iface_timer, now, count ? MONO_NEVER : mono_add_ms(now, NO_IFACE_GRACE_MS));
}

static void on_ifaces_changed(void *context, unsigned events)
{
        struct app *app = context;

        (void)events;
        if (netif_monitor_drain(app->monitor))
                update_ifaces(app);
}

static void on_clock_jump(void *context, unsigned events)
{
        struct app *app = context;
        struct node_event event = {.type = NODE_EVENT_RESUMED};
        const int64_t slept_ns = clock_slept_ns();

        (void)events;
        clock_jump_drain(app->jump_fd);
        if (slept_ns - app->slept_ns < SLEEP_MIN_NS)
                return;
        log_line(0, "the machine slept for %lld s: names are refreshed",
                 (long long)((slept_ns - app->slept_ns) / 1000000000));
        app->slept_ns = slept_ns;
        update_ifaces(app);
        driver_event(app->driver, &event);
}

static int reload_settings(struct app *app, struct strbuf *error)
{
        const uint16_t port = app->setup.config.node.name_server_port;

        notify_reloading();
        const int r = setup_load(&app->switches, &app->setup, error);
        if (r < 0) {
                log_line(0, "%s; the settings stay as they were", strbuf_str(error));
                if (app->setup.event_id)
                        report(app, app->setup.event_id, "The settings stay as they were.");
        } else {
                struct node_event event = {.type = NODE_EVENT_RECONFIGURE, .config = &app->setup.config.node};

                log_line(0, "settings read again from %s", app->switches.config_path);
                setup_log(&app->setup);
                if (app->setup.config.node.name_server_port != port)
                        log_line(0, "NameServerPort takes effect when netbtd is started anew");
                events_set_computer(app->events, app->setup.config.node.computer);
                driver_set_style(app->driver, style_of(&app->setup));
                report_complaints(app);
                update_ifaces(app);
                driver_event(app->driver, &event);
                load_hosts(app);
        }
        notify_ready(NULL);
        return r;
}

static int on_reload_settings(void *context, struct strbuf *error)
{
        return reload_settings(context, error);
}

static void on_signal(void *context, int number)
{
        struct app *app = context;
        struct node_event event = {.type = NODE_EVENT_STOP};

        if (number == SIGHUP && !app->stopping) {
                struct strbuf error = STRBUF_INIT;

                (void)!reload_settings(app, &error); /* which has said in the log what was wrong */
                strbuf_done(&error);
                return;
        }
        if (number == SIGHUP)
                return;
        if (app->stopping) { /* asked twice: at once */
                loop_stop(app->loop);
                return;
        }
        app->stopping = true;
        log_line(0, "stopping: names are released");
        notify_stopping("Releasing names");
        driver_event(app->driver, &event);
}

static void on_complete(void *context, const struct node_completion *completion)
{
        control_complete(((struct app *)context)->control, completion);
}

static void on_stopped(void *context)
{
        loop_stop(((struct app *)context)->loop);
}

/* ---- start -------------------------------------------------------------------------------------------------------- */

static int choose_user(struct app *app)
{
        if (app->switches.no_sandbox || geteuid() != 0)
                return 0;
        if (sandbox_user_find(NULL, &app->user) < 0)
                return fail(app, 4300,
                            "neither user netbt nor nobody exists; make one, so that netbtd need not run as root");
        app->has_user = true;
        return 0;
}

/* Also when the start has failed already, so that whatever comes, the log is opened as the user who owns it. */
static int drop_privilege(struct app *app)
{
        if (app->switches.no_sandbox)
                return 0;
        if (geteuid() == 0 && !app->has_user)
                return NBT_ERR_STATE; /* choose_user() has said why */
        if (sandbox_drop(&app->user, false) < 0)
                return fail(app, 4300, "privilege cannot be given up: %s", strerror(errno));
        return 0;
}

static int start_loop(struct app *app)
{
        static const int SIGNALS[] = {SIGTERM, SIGINT, SIGHUP};
        int r = loop_new(&app->loop);

        for (size_t i = 0; i < NBT_ARRAY_SIZE(SIGNALS) && r == 0; i++)
                r = loop_signal(app->loop, SIGNALS[i], on_signal, app);
        if (r == 0)
                r = loop_fd_open(app->loop, netif_monitor_fd(app->monitor), LOOP_READABLE, on_ifaces_changed, app,
                                 &app->monitor_handle);
        if (r == 0)
                r = loop_timer_new(app->loop, on_no_iface, app, &app->no_iface_timer);
        app->jump_fd = clock_jump_open();
        app->slept_ns = clock_slept_ns();
        if (r == 0 && app->jump_fd >= 0)
                r = loop_fd_open(app->loop, app->jump_fd, LOOP_READABLE, on_clock_jump, app, &app->jump_handle);
        return r < 0 ? fail(app, 4310, "the event loop cannot be started: %s", nbt_err_str(r)) : 0;
}

static int start_node(struct app *app)
{
        const struct driver_setup setup = {.loop = app->loop,
                                           .udp = app->udp,
                                           .events = app->events,
                                           .config = &app->setup.config.node,
                                           .style = style_of(&app->setup),
                                           .on_complete = on_complete,
                                           .on_stopped = on_stopped,
                                           .context = app};
        const int r = driver_new(&app->driver, &setup);

        return r < 0 ? fail(app, 4309, "the node cannot be set up: %s", nbt_err_str(r)) : 0;
}

static void fill_server(struct app *app)
{
        struct ctl_server *server = &app->server;
        const char *slash = strrchr(app->switches.config_path, '/');

        snprintf(server->program, sizeof server->program, "netbtd");
        snprintf(server->version, sizeof server->version, "%s", NETBT_VERSION);
        snprintf(server->user, sizeof server->user, "%s", app->has_user ? app->user.name : "");
        if (!server->user[0])
                snprintf(server->user, sizeof server->user, "uid %u", (unsigned)geteuid());
        snprintf(server->config, sizeof server->config, "%s", app->switches.config_path);
        snprintf(server->state_dir, sizeof server->state_dir, "%s", app->switches.state_dir);
        /* Beside the settings file, so that --config moves both. */
        snprintf(server->lmhosts, sizeof server->lmhosts, "%.*slmhosts",
                 slash ? (int)(slash - app->switches.config_path) + 1 : 0, app->switches.config_path);
        server->pid = (uint32_t)getpid();
        server->started_us = clock_wall().us;
}

static int start_control(struct app *app)
{
        const struct control_setup setup = {.loop = app->loop,
                                            .driver = app->driver,
                                            .events = app->events,
                                            .server = &app->server,
                                            .started = clock_mono(),
                                            .reload = on_reload,
                                            .reload_settings = on_reload_settings,
                                            .context = app};
        const int r = control_new(&app->control, app->control_fd, &setup);

        if (r < 0)
                return fail(app, 4300, "the control socket cannot be served: %s", nbt_err_str(r));
        app->control_fd = -1; /* the control's from here */
        return 0;
}

static void begin(struct app *app)
{
        struct node_event event = {.type = NODE_EVENT_START};
        const struct node_config *node = &app->setup.config.node;

        log_line(0, "netbt %s: %s, workgroup %s, %s node, as %s", NETBT_VERSION, node->computer, node->workgroup,
                 node_type_str(node->type), app->server.user);
        report_complaints(app);
        update_ifaces(app);
        driver_event(app->driver, &event);
        load_hosts(app);
        notify_ready("Serving NetBIOS names");
}

/* An event of a start that failed: there is no driver then to report it. */
static void report_failure(struct app *app)
{
        struct event event;

        log_line(0, "%s", app->failure);
        if (!app->events)
                return;
        notice_make_failure(&event, app->failure_id, NULL, 0, NULL, app->failure, style_of(&app->setup));
        events_append(app->events, &event, EVENTS_SAID, clock_mono(), clock_wall());
}

static int start(struct app *app)
{
        int r = choose_user(app);

        if (r == 0)
                r = open_privileged(app);
        const int dropped = drop_privilege(app);
        if (dropped == 0 && events_new(&app->events, app->switches.state_dir) == 0)
                events_set_computer(app->events, app->setup.config.node.computer);
        fill_server(app);
        if (r < 0 || dropped < 0)
                return NBT_ERR_STATE;
        r = start_loop(app);
        if (r == 0)
                r = start_node(app);
        if (r == 0)
                r = start_control(app);
        if (r == 0 && !app->switches.no_sandbox && sandbox_filter() < 0)
                log_line(0, "this kernel cannot filter system calls; running without");
        return r;
}

static void finish(struct app *app)
{
        app->control = control_free(app->control);
        app->driver = driver_free(app->driver);
        loop_fd_close(app->monitor_handle);
        loop_fd_close(app->jump_handle);
        loop_timer_free(app->no_iface_timer);
        loop_free(app->loop);
        netif_monitor_close(app->monitor);
        udp_close(app->udp);
        events_free(app->events);
        if (app->jump_fd >= 0)
                close(app->jump_fd);
        if (app->control_fd >= 0)
                close(app->control_fd);
        setup_done(&app->setup);
}

/* Settings that cannot be read end the start; where there is a log, it is told all the same (4301). */
static void report_bad_settings(struct app *app, const char *error)
{
        const char *directory = app->switches.state_dir;

        if (app->setup.event_id && choose_user(app) == 0 && make_directory(app, directory) == 0 &&
            drop_privilege(app) == 0 && access(directory, W_OK) == 0 && events_new(&app->events, directory) == 0)
                events_set_computer(app->events, app->switches.name ? app->switches.name : "");
        (void)fail(app, app->setup.event_id, "%s", error);
        report_failure(app);
        finish(app);
}

static int run(struct app *app)
{
        struct strbuf error = STRBUF_INIT;
        const int r = setup_load(&app->switches, &app->setup, &error);

        if (r < 0)
                report_bad_settings(app, strbuf_str(&error));
        strbuf_done(&error);
        if (r < 0)
                return EXIT_USAGE;
        setup_log(&app->setup);
        const bool started = start(app) == 0;
        if (started) {
                begin(app);
                loop_run(app->loop);
                control_unlink(app->switches.runtime_dir);
                log_line(0, "stopped");
        } else {
                report_failure(app);
        }
        finish(app);
        return started ? EXIT_SUCCESS : EXIT_FAILED;
}

int main(int argc, char **argv)
{
        struct app app = {.jump_fd = -1, .control_fd = -1};
        struct strbuf error = STRBUF_INIT;
        const int r = daemon_switches_parse(argc, argv, &app.switches, &error);

        log_init("netbtd", app.switches.verbosity);
        if (r < 0)
                log_line(0, "%s", strbuf_str(&error));
        strbuf_done(&error);
        if (r < 0)
                return EXIT_USAGE;
        if (app.switches.help)
                fputs(daemon_switches_help, stdout);
        else if (app.switches.version)
                puts("netbtd " NETBT_VERSION);
        else
                return run(&app);
        return EXIT_SUCCESS;
}
