#include "cli/watch_alert.h"

#include "base/ip4.h"
#include "base/strbuf.h"
#include "cli/watch_print.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

struct watch_alerts {
        const struct cli_context *ctx;
        const char *command;
        bool to_syslog;
        unsigned running;
        pid_t pids[WATCH_EXEC_MAX]; /* the capture process is a child too: only ours are collected */
        unsigned long skipped;
};

struct watch_alerts *watch_alerts_new(const struct cli_context *ctx, const char *command, bool to_syslog)
{
        struct watch_alerts *alerts = calloc(1, sizeof(*alerts));

        if (!alerts)
                return NULL;
        *alerts = (struct watch_alerts){.ctx = ctx, .command = command, .to_syslog = to_syslog};
        if (to_syslog)
                openlog("netbt-watch", LOG_PID | LOG_NDELAY, LOG_DAEMON);
        return alerts;
}

static void set_machine(const char *address_key, const char *mac_key, uint32_t address, bool has_mac,
                        const uint8_t mac[6])
{
        char ip[IP4_TEXT_BYTES], text[MAC_TEXT_BYTES] = "";

        ip4_format(address, ip);
        if (has_mac)
                mac_format(mac, text);
        setenv(address_key, address ? ip : "", 1);
        setenv(mac_key, text, 1);
}

/* In the child: what happened, into its environment. */
static void set_environment(const struct watch_event *event, const char *line)
{
        char time[WALL_TEXT_BYTES], name[NB_NAME_TEXT_BYTES];

        wall_format(event->time, time);
        nb_name_format(&event->name, name);
        setenv("NETBT_EVENT", watch_event_str(event->type), 1);
        setenv("NETBT_TIME", time, 1);
        setenv("NETBT_NAME", name, 1);
        setenv("NETBT_TEXT", line, 1);
        setenv("NETBT_CONFIDENCE", event->finding ? watch_confidence_str(event->finding->confidence) : "", 1);
        if (event->finding)
                set_machine("NETBT_ADDRESS", "NETBT_MAC", event->finding->address, event->finding->has_mac,
                            event->finding->mac);
        else
                set_machine("NETBT_ADDRESS", "NETBT_MAC", event->holder.address, event->holder.has_mac,
                            event->holder.mac);
        set_machine("NETBT_PEER", "NETBT_PEER_MAC", event->peer.address, event->peer.has_mac, event->peer.mac);
}

static void run_command(struct watch_alerts *alerts, const struct watch_event *event, const char *line)
{
        watch_alerts_reap(alerts);
        if (alerts->running == WATCH_EXEC_MAX) {
                alerts->skipped++;
                return;
        }
        fflush(alerts->ctx->out);
        const pid_t pid = fork();
        if (pid == 0) {
                set_environment(event, line);
                execl("/bin/sh", "sh", "-c", alerts->command, (char *)NULL);
                _exit(127);
        }
        if (pid < 0)
                alerts->skipped++;
        else
                alerts->pids[alerts->running++] = pid;
}

void watch_alerts_tell(struct watch_alerts *alerts, const struct watch_event *event)
{
        struct strbuf line = STRBUF_INIT;

        if (!watch_is_alarm(event))
                return;
        watch_print_event(&line, event);
        if (alerts->to_syslog)
                syslog(LOG_WARNING, "%s", strbuf_str(&line));
        if (alerts->command)
                run_command(alerts, event, strbuf_str(&line));
        strbuf_done(&line);
}

static void reap(struct watch_alerts *alerts, int options)
{
        for (unsigned i = alerts->running; i-- > 0;)
                if (waitpid(alerts->pids[i], NULL, options) != 0)
                        alerts->pids[i] = alerts->pids[--alerts->running];
}

void watch_alerts_reap(struct watch_alerts *alerts)
{
        reap(alerts, WNOHANG);
}

struct watch_alerts *watch_alerts_free(struct watch_alerts *alerts)
{
        if (!alerts)
                return NULL;
        reap(alerts, 0);
        if (alerts->skipped)
                cli_failf(alerts->ctx, CLI_EXIT_FAILED, "%lu alerts were not run: too many at a time", alerts->skipped);
        if (alerts->to_syslog)
                closelog();
        free(alerts);
        return NULL;
}
