#include "daemon/host.h"

#include "daemon/control.h"
#include "daemon/driver.h"
#include "daemon/hosts.h"
#include "daemon/log.h"
#include "daemon/notices.h"
#include "io/clock.h"
#include "io/notify.h"
#include "io/sandbox.h"
#include "io/streams.h"

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
#define UDP_RECEIVE_BUFFER_BYTES (4u << 20)
#define SOCKET_NAME "nbns"
/* An address that is replaced, or a DHCP client that is about to set one, is no lack of interfaces. */
#define NO_IFACE_GRACE_MS 5000u

struct host {
        const struct host_service *service; /* NULL: none */
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

static const char *program(const struct host *host)
{
        return host->switches.program->name;
}

static int NBT_PRINTF(3, 4) fail(struct host *host, uint16_t event_id, const char *format, ...)
{
        va_list args;

        host->failure_id = event_id;
        va_start(args, format);
        vsnprintf(host->failure, sizeof host->failure, format, args);
        va_end(args);
        return NBT_ERR_STATE;
}

/* ---- what may need root ------------------------------------------------------------------------------------------- */

static int make_directory(struct host *host, const char *path)
{
        const mode_t mode = 0755; /* whatever the umask: the group comes to the socket */
        struct stat there;

        if (mkdir(path, mode) == 0 ? chmod(path, mode) < 0 : errno != EEXIST)
                return fail(host, 4300, "directory %s cannot be made: %s; make it, or name another", path,
                            strerror(errno));
        if (stat(path, &there) == 0 && !S_ISDIR(there.st_mode))
                return fail(host, 4300, "%s is not a directory; name another (--state-dir, --runtime-dir)", path);
        if (host->has_user && sandbox_own(path, &host->user) < 0)
                return fail(host, 4300, "directory %s cannot be given to user %s: %s", path, host->user.name,
                            strerror(errno));
        return 0;
}

static int explain_bind(struct host *host, uint16_t port, int r)
{
        char owner[64];

        if (r == NBT_ERR_BUSY && udp_port_owner(port, owner, sizeof owner) == 0)
                return fail(host, 4307,
                            "UDP port %u is in use by %s; stop that program (nmbd: systemctl stop nmbd), then start "
                            "%s again",
                            (unsigned)port, owner, program(host));
        if (r == NBT_ERR_BUSY)
                return fail(host, 4307, "UDP port %u is in use by another program; stop it (nmbd: systemctl stop nmbd)",
                            (unsigned)port);
        if (r == NBT_ERR_DENIED)
                return fail(host, 4307,
                            "UDP port %u cannot be opened: no permission; start as root, or by the service manager",
                            (unsigned)port);
        return fail(host, 4307, "UDP port %u cannot be opened: %s", (unsigned)port, strerror(errno));
}

static int open_udp(struct host *host)
{
        const struct udp_options options = {.port = NBNS_PORT, .receive_buffer_bytes = UDP_RECEIVE_BUFFER_BYTES};
        const int handed = notify_listen_datagram(SOCKET_NAME);

        if (handed >= 0) {
                const int r = udp_adopt(&host->udp, handed);

                return r < 0 ? fail(host, 4307, "the socket from the service manager cannot be used: %s",
                                    nbt_err_str(r))
                             : 0;
        }
        const int r = udp_open(&host->udp, &options);
        return r < 0 ? explain_bind(host, options.port, r) : 0;
}

static int open_control(struct host *host)
{
        const char *directory = host->switches.runtime_dir;

        host->control_fd = control_listen(directory, host->has_user ? &host->user : NULL);
        if (host->control_fd >= 0)
                return 0;
        if (host->control_fd == NBT_ERR_BUSY)
                return fail(host, 4300, "another netbt daemon runs with %s; stop it, or name another --runtime-dir",
                            directory);
        return fail(host, 4300, "control socket %s/" CTL_SOCKET_NAME " cannot be made: %s", directory,
                    host->control_fd == NBT_ERR_RANGE ? "the path is too long" : strerror(errno));
}

static int open_privileged(struct host *host)
{
        int r = make_directory(host, host->switches.state_dir);

        if (r == 0)
                r = make_directory(host, host->switches.runtime_dir);
        if (r == 0)
                r = open_udp(host);
        if (r == 0 && host->service)
                udp_make_spares(host->udp, UDP_RECEIVE_BUFFER_BYTES);
        if (r == 0 && netif_monitor_open(&host->monitor) < 0)
                r = fail(host, 4314, "the kernel's list of interfaces cannot be watched: %s", strerror(errno));
        return r == 0 ? open_control(host) : r;
}

/* ---- commands, settings, changes ---------------------------------------------------------------------------------- */

static int give_hosts(struct host *host, uint64_t id, uint64_t *ret_count)
{
        struct node_event event = {.type = NODE_EVENT_COMMAND, .command = {.id = id, .type = NODE_COMMAND_RELOAD}};
        struct lmhosts_load *load = NULL;

        if (host->setup.config.node.lmhosts_enabled) {
                const int r = hosts_load(host->server.lmhosts, &load);

                if (r < 0)
                        return r;
                event.command.lmhosts = lmhosts_load_entries(load, &event.command.lmhosts_count);
        }
        *ret_count = event.command.lmhosts_count;
        driver_event(host->driver, &event);
        lmhosts_load_free(load);
        return 0;
}

static int on_reload(void *context, uint64_t id, uint64_t *ret_count)
{
        return give_hosts(context, id, ret_count);
}

static void load_hosts(struct host *host)
{
        uint64_t count = 0;
        const int r = give_hosts(host, 0, &count);

        if (r < 0)
                log_line(0, "LMHOSTS cannot be read: %s", nbt_err_str(r));
        else if (count)
                log_line(0, "%llu entries from %s", (unsigned long long)count, host->server.lmhosts);
}

static void report(struct host *host, uint16_t id, const char *note)
{
        struct event event;

        notice_make_failure(&event, id, NULL, 0, NULL, note, style_of(&host->setup));
        driver_report(host->driver, &event);
}

/* Complaints that Windows has an event for, each kind once; and 4306 where no server is left of what was given. */
static void report_complaints(struct host *host)
{
        const struct settings_effective *settings = &host->setup.settings;
        bool bad_wins = false;

        for (size_t i = 0; i < settings->complaint_count; i++) {
                const struct settings_complaint *complaint = &settings->complaints[i];
                char note[160];

                if (!complaint->event_id)
                        continue;
                snprintf(note, sizeof note, "Line %u: %.60s: %.80s", complaint->line, complaint->what, complaint->why);
                report(host, complaint->event_id, note);
                bad_wins = bad_wins || complaint->event_id == 4304 || complaint->event_id == 4305;
        }
        for (size_t i = 0; bad_wins && i < settings->iface_count; i++)
                bad_wins = settings->ifaces[i].wins_count == 0;
        if (bad_wins && settings->wins_count == 0 && host->switches.wins_count == 0)
                report(host, 4306, "No WINS server is left of those that the settings name.");
}

static void on_no_iface(void *context)
{
        struct host *host = context;

        log_line(0, "no interface to serve; waiting for one");
        report(host, 4312,
               host->switches.iface_count ? "None that -i names has an IPv4 address."
                                          : "No interface but loopback has an IPv4 address.");
}

static void update_ifaces(struct host *host)
{
        const int count = driver_update_ifaces(host->driver, &host->setup.config);
        const mono_t now = clock_mono();

        if (count < 0) {
                log_line(0, "interfaces cannot be listed: %s", nbt_err_str(count));
                report(host, 4314, "The kernel's list of interfaces cannot be read.");
                return;
        }
        if (host->lacks_iface == (count == 0))
                return;
        host->lacks_iface = count == 0;
        loop_timer_set(host->no_iface_timer, now, count ? MONO_NEVER : mono_add_ms(now, NO_IFACE_GRACE_MS));
}

static void on_ifaces_changed(void *context, unsigned events)
{
        struct host *host = context;

        (void)events;
        if (netif_monitor_drain(host->monitor))
                update_ifaces(host);
}

static void on_clock_jump(void *context, unsigned events)
{
        struct host *host = context;
        struct node_event event = {.type = NODE_EVENT_RESUMED};
        const int64_t slept_ns = clock_slept_ns();

        (void)events;
        clock_jump_drain(host->jump_fd);
        if (slept_ns - host->slept_ns < SLEEP_MIN_NS)
                return;
        log_line(0, "the machine slept for %lld s: names are refreshed",
                 (long long)((slept_ns - host->slept_ns) / 1000000000));
        host->slept_ns = slept_ns;
        update_ifaces(host);
        driver_event(host->driver, &event);
}

static int reload_settings(struct host *host, struct strbuf *error)
{

        notify_reloading();
        const int r = setup_load(&host->switches, &host->setup, error);
        if (r < 0) {
                log_line(0, "%s; the settings stay as they were", strbuf_str(error));
                if (host->setup.event_id)
                        report(host, host->setup.event_id, "The settings stay as they were.");
        } else {
                struct node_event event = {.type = NODE_EVENT_RECONFIGURE, .config = &host->setup.config.node};

                log_line(0, "settings read again from %s", host->switches.config_path);
                setup_log(&host->setup);
                if (host->service)
                        host->service->settings(host->service->context, &host->setup);
                events_set_computer(host->events, host->setup.config.node.computer);
                driver_set_style(host->driver, style_of(&host->setup));
                report_complaints(host);
                update_ifaces(host);
                driver_event(host->driver, &event);
                load_hosts(host);
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
        struct host *host = context;
        struct node_event event = {.type = NODE_EVENT_STOP};

        if (number == SIGHUP && !host->stopping) {
                struct strbuf error = STRBUF_INIT;

                (void)!reload_settings(host, &error); /* which has said in the log what was wrong */
                strbuf_done(&error);
                return;
        }
        if (number == SIGHUP)
                return;
        if (host->stopping) { /* asked twice: at once */
                loop_stop(host->loop);
                return;
        }
        host->stopping = true;
        log_line(0, "stopping: names are released");
        notify_stopping("Releasing names");
        driver_event(host->driver, &event);
}

static void on_complete(void *context, const struct node_completion *completion)
{
        control_complete(((struct host *)context)->control, completion);
}

/* Every name is released: what else there is may end too. */
static void on_stopped(void *context)
{
        struct host *host = context;

        if (host->service)
                host->service->stop(host->service->context);
        else
                loop_stop(host->loop);
}

void host_stopped(struct host *host)
{
        loop_stop(host->loop);
}

/* ---- start -------------------------------------------------------------------------------------------------------- */

static int choose_user(struct host *host)
{
        if (host->switches.no_sandbox || geteuid() != 0)
                return 0;
        if (sandbox_user_find(NULL, &host->user) < 0)
                return fail(host, 4300,
                            "neither user netbt nor nobody exists; make one, so that %s need not run as root",
                            program(host));
        host->has_user = true;
        return 0;
}

/* Also when the start has failed already, so that whatever comes, the log is opened as the user who owns it. A service goes on
 * binding port 137, at each address that comes (driver.c). */
static int drop_privilege(struct host *host)
{
        if (host->switches.no_sandbox)
                return 0;
        if (geteuid() == 0 && !host->has_user)
                return NBT_ERR_STATE; /* choose_user() has said why */
        if (sandbox_drop(&host->user, host->service != NULL) < 0)
                return fail(host, 4300,
                            "privilege cannot be given up: %s; start it as an ordinary user, or with --no-sandbox",
                            strerror(errno));
        return 0;
}

static int start_loop(struct host *host)
{
        static const int SIGNALS[] = {SIGTERM, SIGINT, SIGHUP};
        int r = loop_new(&host->loop);

        for (size_t i = 0; i < NBT_ARRAY_SIZE(SIGNALS) && r == 0; i++)
                r = loop_signal(host->loop, SIGNALS[i], on_signal, host);
        if (r == 0)
                r = loop_fd_open(host->loop, netif_monitor_fd(host->monitor), LOOP_READABLE, on_ifaces_changed, host,
                                 &host->monitor_handle);
        if (r == 0)
                r = loop_timer_new(host->loop, on_no_iface, host, &host->no_iface_timer);
        host->jump_fd = clock_jump_open();
        host->slept_ns = clock_slept_ns();
        if (r == 0 && host->jump_fd >= 0)
                r = loop_fd_open(host->loop, host->jump_fd, LOOP_READABLE, on_clock_jump, host, &host->jump_handle);
        return r < 0 ? fail(host, 4310, "the event loop cannot be started: %s", nbt_err_str(r)) : 0;
}

static int start_node(struct host *host)
{
        const struct driver_setup setup = {.loop = host->loop,
                                           .udp = host->udp,
                                           .events = host->events,
                                           .config = &host->setup.config.node,
                                           .style = style_of(&host->setup),
                                           .guest = host->service ? host->service->guest : NULL,
                                           .on_complete = on_complete,
                                           .on_stopped = on_stopped,
                                           .context = host};
        const int r = driver_new(&host->driver, &setup);

        return r < 0 ? fail(host, 4309, "the node cannot be set up: %s", nbt_err_str(r)) : 0;
}

static void fill_server(struct host *host)
{
        struct ctl_server *server = &host->server;
        const char *slash = strrchr(host->switches.config_path, '/');

        snprintf(server->program, sizeof server->program, "%s", program(host));
        snprintf(server->version, sizeof server->version, "%s", NETBT_VERSION);
        snprintf(server->user, sizeof server->user, "%s", host->has_user ? host->user.name : "");
        if (!server->user[0])
                snprintf(server->user, sizeof server->user, "uid %u", (unsigned)geteuid());
        snprintf(server->config, sizeof server->config, "%s", host->switches.config_path);
        snprintf(server->state_dir, sizeof server->state_dir, "%s", host->switches.state_dir);
        /* Beside the settings file, so that --config moves both. */
        snprintf(server->lmhosts, sizeof server->lmhosts, "%.*slmhosts",
                 slash ? (int)(slash - host->switches.config_path) + 1 : 0, host->switches.config_path);
        server->pid = (uint32_t)getpid();
        server->started_us = clock_wall().us;
}

static int start_control(struct host *host)
{
        const struct control_setup setup = {.loop = host->loop,
                                            .driver = host->driver,
                                            .events = host->events,
                                            .server = &host->server,
                                            .started = clock_mono(),
                                            .reload = on_reload,
                                            .reload_settings = on_reload_settings,
                                            .context = host,
                                            .wins = host->service ? host->service->request : NULL,
                                            .wins_context = host->service ? host->service->context : NULL};
        const int r = control_new(&host->control, host->control_fd, &setup);

        if (r < 0)
                return fail(host, 4300, "the control socket cannot be served: %s", nbt_err_str(r));
        host->control_fd = -1; /* the control's from here */
        return 0;
}

static int begin_service(struct host *host)
{
        const struct host_parts parts = {.host = host,
                                         .loop = host->loop,
                                         .driver = host->driver,
                                         .control = host->control,
                                         .setup = &host->setup,
                                         .server = &host->server};
        struct strbuf why = STRBUF_INIT;
        const int r = host->service->begin(host->service->context, &parts, &why);

        if (r < 0)
                (void)!fail(host, 4300, "%s", strbuf_str(&why));
        strbuf_done(&why);
        return r;
}

static int begin(struct host *host)
{
        struct node_event event = {.type = NODE_EVENT_START};
        const struct node_config *node = &host->setup.config.node;

        log_line(0, "netbt %s: %s, workgroup %s, %s node, as %s", NETBT_VERSION, node->computer, node->workgroup,
                 node_type_str(node->type), host->server.user);
        report_complaints(host);
        update_ifaces(host);
        if (host->service && begin_service(host) < 0)
                return NBT_ERR_STATE;
        driver_event(host->driver, &event);
        load_hosts(host);
        notify_ready(host->service ? host->service->status : "Serving NetBIOS names");
        return 0;
}

/* An event of a start that failed: there is no driver then to report it. */
static void report_failure(struct host *host)
{
        struct event event;

        log_line(0, "%s", host->failure);
        if (!host->events)
                return;
        notice_make_failure(&event, host->failure_id, NULL, 0, NULL, host->failure, style_of(&host->setup));
        events_append(host->events, &event, EVENTS_SAID, clock_mono(), clock_wall());
}

static int start(struct host *host)
{
        int r = choose_user(host);

        if (r == 0)
                r = open_privileged(host);
        const int dropped = drop_privilege(host);
        /* a start that failed has its own line to say; that there is no log either is no news then */
        const bool has_log = r == 0 || access(host->switches.state_dir, W_OK) == 0;
        if (dropped == 0 && has_log && events_new(&host->events, host->switches.state_dir) == 0)
                events_set_computer(host->events, host->setup.config.node.computer);
        fill_server(host);
        if (r < 0 || dropped < 0)
                return NBT_ERR_STATE;
        if (host->service)
                host->service->prepare(host->service->context, &host->setup, !host->switches.no_sandbox);
        r = start_loop(host);
        if (r == 0)
                r = start_node(host);
        if (r == 0)
                r = start_control(host);
        if (r == 0 && !host->switches.no_sandbox && sandbox_filter() < 0)
                log_line(0, "this kernel cannot filter system calls; running without");
        return r;
}

static void finish(struct host *host)
{
        host->control = control_free(host->control);
        if (host->service)
                host->service->finish(host->service->context);
        host->driver = driver_free(host->driver);
        loop_fd_close(host->monitor_handle);
        loop_fd_close(host->jump_handle);
        loop_timer_free(host->no_iface_timer);
        loop_free(host->loop);
        netif_monitor_close(host->monitor);
        udp_close(host->udp);
        events_free(host->events);
        if (host->jump_fd >= 0)
                close(host->jump_fd);
        if (host->control_fd >= 0)
                close(host->control_fd);
        setup_done(&host->setup);
}

/* Settings that cannot be read end the start; where there is a log, it is told all the same (4301). */
static void report_bad_settings(struct host *host, const char *error)
{
        const char *directory = host->switches.state_dir;

        if (host->setup.event_id && choose_user(host) == 0 && make_directory(host, directory) == 0 &&
            drop_privilege(host) == 0 && access(directory, W_OK) == 0 && events_new(&host->events, directory) == 0)
                events_set_computer(host->events, host->switches.name ? host->switches.name : "");
        (void)fail(host, host->setup.event_id, "%s", error);
        report_failure(host);
        finish(host);
}

static int run(struct host *host)
{
        struct strbuf error = STRBUF_INIT;

        umask(0027); /* as its unit: what it writes is for its group, not for all */
        const int r = setup_load(&host->switches, &host->setup, &error);

        if (r < 0)
                report_bad_settings(host, strbuf_str(&error));
        strbuf_done(&error);
        if (r < 0)
                return EXIT_USAGE;
        setup_log(&host->setup);
        const bool started = start(host) == 0 && begin(host) == 0;
        if (started) {
                loop_run(host->loop);
                control_unlink(host->switches.runtime_dir);
                log_line(0, "stopped");
        } else {
                report_failure(host);
        }
        finish(host);
        return started ? EXIT_SUCCESS : EXIT_FAILED;
}

int host_main(const struct daemon_program *which, const struct host_service *service, int argc, char **argv)
{
        struct host host = {.service = service, .jump_fd = -1, .control_fd = -1};
        struct strbuf error = STRBUF_INIT;

        streams_guard();
        const int r = daemon_switches_parse(which, argc, argv, &host.switches, &error);

        log_init(which->name, host.switches.verbosity);
        if (r < 0)
                log_line(0, "%s", strbuf_str(&error));
        strbuf_done(&error);
        if (r < 0)
                return EXIT_USAGE;
        if (host.switches.help)
                fputs(which->help, stdout);
        else if (host.switches.version)
                printf("%s %s\n", which->name, NETBT_VERSION);
        else
                return run(&host);
        if (fflush(stdout) == 0 && !ferror(stdout))
                return EXIT_SUCCESS;
        log_line(0, "cannot write the output: the disk is full or the reader left");
        return EXIT_FAILED;
}
