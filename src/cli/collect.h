#pragma once
/*
 * Collecting what netbt diagnose looks at: the local node, its events, the settings, interfaces and neighbours, pasted
 * events; and then, over the network, the name tables and answers of everyone who has to do with it.
 *
 * Life: collect_init → collect_local, collect_events → collect_ask → the snapshot may be used → collect_done. Nothing is
 * ever claimed, demanded or changed: only queries and node status requests are sent, and none with OFFLINE.
 */
#include "cli/cli.h"

#include "base/arena.h"
#include "diagnose/snapshot.h"
#include "diagnose/texts.h"

#define COLLECT_MAX_NAMES 24
#define COLLECT_MAX_WINS 12

struct collect_request {
        const char *event_path; /* --event; NULL: this machine's own events */
        const char *reg_path;   /* --reg: settings of the machine in trouble; NULL: ctx->config_path for this machine */
        bool offline;
};

struct collection {
        struct arena arena;
        struct snapshot snapshot;
        struct texts notes; /* what could not be looked at, one sentence each */
        bool node_runs;
        struct node_view node;
        struct nb_scope scope;
        char computer[16];
        size_t wins_count;
        uint32_t wins[COLLECT_MAX_WINS];
        size_t event_count;
        struct event *event_values;    /* SNAPSHOT_MAX_EVENTS, newest first */
        struct snapshot_event *events; /* beside them */
        size_t host_count;
        struct snapshot_host *hosts; /* SNAPSHOT_MAX_HOSTS */
        size_t query_count;
        struct snapshot_query *queries; /* SNAPSHOT_MAX_QUERIES */
        size_t name_count;
        struct nb_name names[COLLECT_MAX_NAMES]; /* asked for */
};

/* NBT_ERR_NOMEM. */
int collect_init(struct collection *collection) NBT_MUST_CHECK;
void collect_done(struct collection *collection);

/* Interfaces, local node, settings and (without REQUEST's event_path) the event log. What is not there becomes a note. An unreadable
 * --reg file was told on ctx->err and gives CLI_EXIT_USAGE; otherwise CLI_EXIT_OK. */
int collect_local(struct collection *collection, const struct cli_context *ctx, const struct collect_request *request);

/* The pasted events. CLI_EXIT_USAGE, told on ctx->err, if they cannot be read. */
int collect_events(struct collection *collection, const struct cli_context *ctx, const char *path);

/* Decides whether the events are this machine's, and fills the snapshot with what was collected. */
void collect_finish(struct collection *collection, const struct collect_request *request);

/* Asks the network: first for names and of senders, then of everyone who turned up. NBT_ERR_NOMEM; whatever else fails
 * becomes a note. */
int collect_ask(struct collection *collection, const struct collect_request *request) NBT_MUST_CHECK;
