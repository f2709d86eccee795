#pragma once
/*
 * Alerts of `netbt watch`: a command run, and lines to syslog, once for each conflict and each spoofer (and each time more is known
 * of one); never for packets.
 *
 * The command gets what happened in its environment: NETBT_EVENT ("conflict" or "spoofer"), NETBT_TIME, NETBT_NAME, NETBT_ADDRESS,
 * NETBT_MAC, NETBT_PEER, NETBT_CONFIDENCE and NETBT_TEXT (the line). Nothing that a stranger chose stands in the command itself. At most
 * WATCH_EXEC_MAX run at a time; beyond that an alert is counted and skipped.
 */
#include "cli/cli.h"

#include "watch/watch.h"

#define WATCH_EXEC_MAX 8

struct watch_alerts;

/* COMMAND (lent; NULL: none) is for the shell. NULL: no memory. */
struct watch_alerts *watch_alerts_new(const struct cli_context *ctx, const char *command, bool to_syslog);
void watch_alerts_tell(struct watch_alerts *alerts, const struct watch_event *event);
/* Collects commands that ended. */
void watch_alerts_reap(struct watch_alerts *alerts);
/* Waits for the commands that run, and frees. Accepts NULL, returns NULL. */
struct watch_alerts *watch_alerts_free(struct watch_alerts *alerts);
