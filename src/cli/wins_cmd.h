#pragma once
/*
 * What the verbs of `netbt wins` share: the talk with winsd, the filters of the command line, and how records are shown.
 *
 * cmd_wins.c finds the verb and parses all options into struct wins_args; each verb is a function over those. Texts go to
 * ctx->out as they come, page by page, so that a database of millions of records needs no memory here.
 */
#include "cli/cli.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "ctl/wins.h"

#include <jansson.h>

#define WINS_ARGS_MAX_WORDS 64
#define WINS_SPAN_TEXT_BYTES 64
#define WINS_TIME_TEXT_BYTES (WALL_TEXT_BYTES + WINS_SPAN_TEXT_BYTES + 16)

enum wins_format { WINS_FORMAT_TEXT, WINS_FORMAT_CSV, WINS_FORMAT_JSON, WINS_FORMAT_LMHOSTS };

struct wins_args {
        const char *verb; /* "show", "static add" */
        size_t word_count;
        char *words[WINS_ARGS_MAX_WORDS]; /* what follows the verb and is no option */
        struct wins_filter filter;
        bool has_filter; /* an option narrowed FILTER */
        uint32_t given;  /* WINS_OPT_BIT() of every option */
        uint64_t limit;  /* rows in all; 0: no limit */
        bool all, tombstone, dry_run, offline, replace, is_static, empty, salvage;
        const char *kind;   /* --type as given; NULL: not given */
        const char *node;   /* --node */
        const char *output; /* --output; NULL or "-": ctx->out */
        enum wins_format format;
};

/* ---- the daemon --------------------------------------------------------------------------------------------------- */

struct wins_talk {
        const struct cli_context *ctx;
        struct ctl_client *client;
};

/* CLI_EXIT_OK, or the failure was told on ctx->err. Close in any case. */
int wins_talk_open(const struct cli_context *ctx, struct wins_talk *ret);
void wins_talk_close(struct wins_talk *talk);

/* One request, one reply. CLI_EXIT_OK whatever the reply's result says; otherwise the failure was told. WINS may be NULL. */
int wins_talk_call(struct wins_talk *talk, enum ctl_request_type type, const struct ctl_wins_request *wins,
                   struct arena *arena, struct ctl_reply *ret);

/* What to do, for an error line, about what ctl_connect() or ctl_call() returned. */
const char *wins_talk_todo(int code);

/* Tells why REPLY refuses what was asked for (DOING: "the records cannot be listed"), and returns the exit code. */
int wins_talk_refused(const struct wins_talk *talk, const struct ctl_reply *reply, const char *doing);
/* The same with what to do; NULL: what wins_talk_refused() would say. */
int wins_talk_failed(const struct wins_talk *talk, const struct ctl_reply *reply, const char *doing, const char *todo);

/* What a page is handed to; a negative result ends the walk. */
typedef int (*wins_page_fn)(void *context, const struct ctl_wins_reply *page);

/* All pages of REQUEST (SHOW, DELETE, CHECK), at most LIMIT rows or findings in all (0: no limit). CLI_EXIT_OK, or the failure
 * was told. */
int wins_talk_pages(struct wins_talk *talk, enum ctl_request_type type, const struct ctl_wins_request *request,
                    uint64_t limit, wins_page_fn take, void *context);

/* ---- the command line --------------------------------------------------------------------------------------------- */

/* CLI_EXIT_USAGE, told, if words follow a verb that takes none. */
int wins_take_nothing(const struct cli_context *ctx, const struct wins_args *args);

/* Takes NAME or NAME<XX> into FILTER: without <XX>, all sixteen-byte names of that computer. Usage faults are told. */
int wins_filter_name(const struct cli_context *ctx, const char *text, struct wins_filter *filter);
/* One option of a filter (--owner and so on); LETTER is its WINS_OPT_…. */
int wins_filter_option(const struct cli_context *ctx, int option, const char *value, struct wins_filter *filter);

enum wins_option {
        WINS_OPT_OWNER = 0x101,
        WINS_OPT_TYPE,
        WINS_OPT_STATE,
        WINS_OPT_STATIC,
        WINS_OPT_DYNAMIC,
        WINS_OPT_ADDRESS,
        WINS_OPT_PREFIX,
        WINS_OPT_SUFFIX,
        WINS_OPT_SCOPE,
        WINS_OPT_MIN_VERSION,
        WINS_OPT_MAX_VERSION,
        WINS_OPT_LIMIT,
        WINS_OPT_ALL,
        WINS_OPT_TOMBSTONE,
        WINS_OPT_DRY_RUN,
        WINS_OPT_OFFLINE,
        WINS_OPT_REPLACE,
        WINS_OPT_NODE,
        WINS_OPT_FORMAT,
        WINS_OPT_OUTPUT,
        WINS_OPT_EMPTY,
        WINS_OPT_SALVAGE,
};
#define WINS_OPT_BIT(option) (UINT32_C(1) << ((option)-WINS_OPT_OWNER))

/* ---- how things are shown ----------------------------------------------------------------------------------------- */

/* "5 days 23 hours", "40 minutes", "1 second", "0 seconds": the two greatest units that are not zero. */
void wins_span_format(uint64_t seconds, char ret_text[WINS_SPAN_TEXT_BYTES]);

/* "2026-11-29T06:14:04Z (in 5 days 23 hours)", "… (3 hours ago)", "never". */
void wins_time_format(int64_t when_s, int64_t now_s, char ret_text[WINS_TIME_TEXT_BYTES]);

/* A line for the heading, then one or more for each record: all that it holds. NOW in wall seconds. */
void wins_print_heading(FILE *out);
void wins_print_record(FILE *out, const struct wins_record *record, int64_t now_s);
/* "FILESRV<20> (unique, active, dynamic, 10.77.0.3)": for one sentence. */
void wins_describe_record(const struct wins_record *record, struct strbuf *out);
void wins_format_name(const struct nb_name *name, const struct nb_scope *scope, struct strbuf *out);

json_t *wins_record_json(const struct wins_record *record, int64_t now_s);
json_t *wins_view_json(const struct ctl_reply *reply);
json_t *wins_statistics_json(const struct wins_statistics *statistics);
json_t *wins_time_json(int64_t when_us); /* ISO text, or null for 0 */
/* One document on ctx->out; takes JSON over. */
void wins_print_json(const struct cli_context *ctx, json_t *json);

/* One record as a line of CSV or LMHOSTS; SCOPE is the one that the file is about: lines have none. */
void wins_export_csv_heading(FILE *out);
void wins_export_csv(FILE *out, const struct wins_record *record);
void wins_export_lmhosts(FILE *out, const struct wins_record *record, const struct nb_scope *scope);

/* ---- verbs -------------------------------------------------------------------------------------------------------- */

int wins_run_status(const struct cli_context *ctx, const struct wins_args *args);
int wins_run_stats(const struct cli_context *ctx, const struct wins_args *args);
int wins_run_show(const struct cli_context *ctx, const struct wins_args *args);
int wins_run_search(const struct cli_context *ctx, const struct wins_args *args);
int wins_run_export(const struct cli_context *ctx, const struct wins_args *args);
int wins_run_add(const struct cli_context *ctx, const struct wins_args *args);
int wins_run_delete(const struct cli_context *ctx, const struct wins_args *args);
int wins_run_import(const struct cli_context *ctx, const struct wins_args *args);
int wins_run_scavenge(const struct cli_context *ctx, const struct wins_args *args);
int wins_run_check(const struct cli_context *ctx, const struct wins_args *args);
int wins_run_backup(const struct cli_context *ctx, const struct wins_args *args);
int wins_run_restore(const struct cli_context *ctx, const struct wins_args *args);
int wins_run_watch(const struct cli_context *ctx, const struct wins_args *args);
