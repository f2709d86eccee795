#pragma once
/*
 * Collecting what netbt diagnose looks at: the local node, its events, the settings, interfaces and neighbours, pasted
 * events; and then, over the network, the name tables and answers of everyone who has to do with it.
 *
 * Life: collect_init → collect_local (which reads captures first), collect_events → collect_ask → the snapshot may be used →
 * collect_done. Nothing is
 * ever claimed, demanded or changed: only queries and node status requests are sent, and none with OFFLINE.
 */
#include "cli/cli.h"

#include "base/arena.h"
#include "cli/log_file.h"
#include "diagnose/snapshot.h"
#include "diagnose/texts.h"

#define COLLECT_MAX_NAMES 24
#define COLLECT_MAX_WINS 12
#define COLLECT_MAX_PLACES 8
#define COLLECT_MAX_CAPTURES 16

struct capture_reading;
struct checker;
struct ctl_client;

enum diagnose_format { DIAGNOSE_TEXT, DIAGNOSE_HTML, DIAGNOSE_MD, DIAGNOSE_JSON };

struct collect_request {
        const char *event_path; /* --event; NULL: this machine's own events */
        const char *reg_path;   /* --reg: settings of the machine in trouble; NULL: ctx->config_path for this machine */
        bool reg_is_hive;       /* --hive: reg_path is a binary hive */
        size_t log_count;
        struct {
                enum log_file_kind kind;
                const char *path;
        } logs[COLLECT_MAX_PLACES]; /* --evtx, --evt: event logs of any machines */
        bool offline;
        bool fix, dry_run; /* --fix; --dry-run means both */
        enum diagnose_format format;
        size_t wins_count;
        const char *wins[COLLECT_MAX_PLACES]; /* --wins: addresses of servers, and control sockets of winsd */
        size_t lease_count;
        const char *leases[COLLECT_MAX_PLACES]; /* --leases: lease databases of DHCP servers */
        size_t capture_count;
        const char *captures[COLLECT_MAX_CAPTURES]; /* --pcap */
        bool has_name, any_suffix;
        struct nb_name name; /* --name: only this one */
};

/* A WINS database that can be read, and where. */
struct collect_database {
        const char *place; /* its socket; IS_LOCAL: may be the runtime directory of this machine's */
        bool is_local;     /* this machine's own server */
        struct ctl_client *client;
        struct snapshot_database snapshot;
};

struct collection {
        struct arena arena;
        struct snapshot snapshot;
        struct texts notes;  /* what could not be looked at, one sentence each */
        struct texts denied; /* what was not, for want of permission: collect_tell_denied() makes one note of them */
        bool is_given;       /* what is looked at are files of some machine, and not this one's own log */
        bool node_runs;
        struct node_view node;
        struct nb_scope scope;
        char computer[16];
        size_t wins_count;
        uint32_t wins[COLLECT_MAX_WINS];
        size_t event_count;
        struct event *event_values;    /* SNAPSHOT_MAX_EVENTS, newest first */
        struct snapshot_event *events; /* beside them */
        size_t companion_count;        /* seen; the newest SNAPSHOT_MAX_COMPANIONS are kept, in a ring */
        struct snapshot_companion *companions;
        size_t relay_count;
        struct snapshot_relay relays[SNAPSHOT_MAX_RELAYS];
        size_t host_count;
        struct snapshot_host *hosts; /* SNAPSHOT_MAX_HOSTS */
        size_t query_count;
        struct snapshot_query *queries; /* SNAPSHOT_MAX_QUERIES */
        size_t name_count;
        struct nb_name names[COLLECT_MAX_NAMES]; /* asked for */
        bool is_wins_host;                       /* the local daemon is winsd */
        size_t database_count;
        struct collect_database databases[SNAPSHOT_MAX_DATABASES];
        struct snapshot_database read[SNAPSHOT_MAX_DATABASES]; /* the same for the snapshot */
        struct checker *checker;                               /* of --leases; lends to the snapshot */
        struct capture_reading *capture;                       /* of --pcap; NULL: none */
};

/* NBT_ERR_NOMEM. */
int collect_init(struct collection *collection) NBT_MUST_CHECK;
void collect_done(struct collection *collection);

/* Interfaces, local node, settings and (without REQUEST's event_path) the event log. What is not there becomes a note. An unreadable
 * --reg file was told on ctx->err and gives CLI_EXIT_USAGE; otherwise CLI_EXIT_OK. */
int collect_local(struct collection *collection, const struct cli_context *ctx, const struct collect_request *request);

/* One note of all that root, or a member of the group netbt, would see beside. */
void collect_tell_denied(struct collection *collection);

/* The pasted events. CLI_EXIT_USAGE, told on ctx->err, if they cannot be read. */
int collect_events(struct collection *collection, const struct cli_context *ctx, const char *path);

/* One more name that is to be asked for; each once, at most COLLECT_MAX_NAMES. */
void collect_want_name(struct collection *collection, const struct nb_name *name);

/* The event log files. CLI_EXIT_USAGE, told on ctx->err, if one cannot be read at all; damage within one becomes a note. */
int collect_logs(struct collection *collection, const struct cli_context *ctx, const struct collect_request *request);

/* One more event from SOURCE (lent); if there are too many, the oldest is left out. */
void collect_add_event(struct collection *collection, const struct event *event, const char *source);
/* One more event of another source. */
void collect_add_companion(struct collection *collection, const struct companion *companion, const char *source);
/* Newest first; those of unknown time stay as they stand. */
void collect_sort_events(struct collection *collection);

/* One more WINS server that is known; each once. */
void collect_add_wins(struct collection *collection, uint32_t address);

/* The WINS servers and databases that were named, and the one of this machine. CLI_EXIT_USAGE or CLI_EXIT_FAILED, told on ctx->err, if
 * a named one cannot be had. */
int collect_wins(struct collection *collection, const struct cli_context *ctx, const struct collect_request *request);
/* The databases' records of the names in question; closes them. NBT_ERR_NOMEM; whatever else fails becomes a note. */
int collect_wins_records(struct collection *collection) NBT_MUST_CHECK;

/* A note of each WINS server that was asked and did not answer. */
void collect_wins_silence(struct collection *collection);

/* The captures: conflicts and demands, and what could not be read as notes. An exit code other than CLI_EXIT_OK was told. */
int collect_captures(struct collection *collection, const struct cli_context *ctx,
                     const struct collect_request *request);
/* What they show of all names and machines collected so far. Nothing without captures. NBT_ERR_NOMEM. */
int collect_captured(struct collection *collection) NBT_MUST_CHECK;
void collect_captures_done(struct collection *collection);

/* Decides whether the events are this machine's, and fills the snapshot with what was collected. */
void collect_finish(struct collection *collection, const struct collect_request *request);

/* Asks the network: first for names and of senders, then of everyone who turned up. NBT_ERR_NOMEM; whatever else fails
 * becomes a note. */
int collect_ask(struct collection *collection, const struct collect_request *request) NBT_MUST_CHECK;

/* Last: what the lease databases of --leases say of all names and addresses collected. An exit code other than CLI_EXIT_OK was told. */
int collect_leases(struct collection *collection, const struct cli_context *ctx, const struct collect_request *request);
