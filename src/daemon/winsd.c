/* winsd: the WINS server, as a service beside the node that every NetBT host has (daemon/host.h). */
#include "daemon/winsd.h"

#include "daemon/log.h"
#include "io/clock.h"

#include <stdio.h>
#include <string.h>

static void take_settings(struct winsd *winsd, const struct setup *setup)
{
        if (!winsd_config_make(&setup->settings.wins_server, &winsd->settings))
                log_line(0,
                         "the extinction timers were raised to what the renewal interval asks for (events 4137, 4138)");
}

static void prepare(void *context, const struct setup *setup, bool dropped)
{
        winsd_hook_prepare(context, setup, dropped);
}

static int begin(void *context, const struct host_parts *parts, struct strbuf *why)
{
        struct winsd *winsd = context;
        struct wins_event event = {.type = WINS_EVENT_START};

        winsd->parts = *parts;
        snprintf(winsd->db_path, sizeof winsd->db_path, "%.230s/" WINSDB_FILE, parts->server->state_dir);
        take_settings(winsd, parts->setup);
        int r = winsd_open(winsd, driver_first_address(parts->driver), why);
        if (r < 0)
                return r;
        r = loop_fd_open(parts->loop, keeper_fd(winsd->keeper), LOOP_READABLE, winsd_on_keeper, winsd,
                         &winsd->keeper_handle);
        if (r < 0) {
                strbuf_printf(why, "the event loop cannot be set up: %s", nbt_err_str(r));
                return r;
        }
        winsd_hook_begin(winsd);
        winsd_choose_notices(winsd);
        winsd->line_at = clock_mono();
        winsd->line_tokens = WINSD_MAX_LINES;
        winsd->started = true;
        driver_turn_begin(parts->driver);
        winsd_step(winsd, &event);
        winsd_guest_functions.node_changed(winsd); /* our names are known before anybody's first claim */
        driver_turn_end(parts->driver);
        return 0;
}

static void settings(void *context, const struct setup *setup)
{
        struct winsd *winsd = context;
        struct wins_event event = {.type = WINS_EVENT_COMMAND, .command = {.type = WINS_COMMAND_SETTINGS}};

        take_settings(winsd, setup);
        winsd_hook_settings(winsd, setup);
        event.command.settings = &winsd->settings;
        winsd_event(winsd, &event);
}

/* Within the turn in which the node's last name was released. */
static void stop(void *context)
{
        struct wins_event event = {.type = WINS_EVENT_STOP};

        winsd_step(context, &event);
}

static void finish(void *context)
{
        struct winsd *winsd = context;

        winsd_hook_finish(winsd);
        loop_fd_close(winsd->keeper_handle);
        winsd->started = false;
        winsd->keeper = keeper_free(winsd->keeper); /* before the core, whose batch it may hold */
        winsd->wins = wins_free(winsd->wins);
}

int main(int argc, char **argv)
{
        static struct winsd winsd;
        struct driver_guest guest = winsd_guest_functions;

        guest.context = &winsd;
        const struct host_service service = {.context = &winsd,
                                             .status = "Serving WINS and this machine's NetBIOS names",
                                             .guest = &guest,
                                             .prepare = prepare,
                                             .begin = begin,
                                             .settings = settings,
                                             .request = winsd_request,
                                             .stop = stop,
                                             .finish = finish};

        return host_main(&DAEMON_WINSD, &service, argc, argv);
}
