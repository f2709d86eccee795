#include "cli/cli.h"

#include "cli/event_json.h"
#include "cli/event_print.h"
#include "cli/log_events.h"
#include "cli/name_json.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FOLLOW_POLL_MS 250
#define FOLLOW_BEFORE 10 /* events shown before following begins, unless --since or --lines say otherwise */
#define PATH_BYTES 4096

enum { OPT_ID = 0x101, OPT_SINCE, OPT_UNTIL, OPT_LEVEL, OPT_NAME, OPT_FOLLOW, OPT_FORMAT, OPT_EVTX, OPT_EVT };

static const char help[] =
        "Usage: netbt events [OPTION]...\n"
        "       netbt events [OPTION]... show RECORD\n"
        "       netbt events [OPTION]... clear\n"
        "\n"
        "The event log of this computer's NetBT node, as Windows' Event Viewer shows source NetBT of its System log;\n"
        "or the same events of a log file of any Windows machine.\n"
        "\n"
        "      --evtx FILE          a log as Event Viewer saves it (.evtx); --evt FILE: a classic one (NT to 2003). "
        "It is\n"
        "                           only read\n"
        "      --id N               only events N (4300 to 4322)\n"
        "      --level LEVEL        only error, warning or information; several with commas\n"
        "      --name NAME[<XX>]    only of this NetBIOS name\n"
        "      --since TIME         only from TIME on: 2026-11-23T06:00Z, 2026-11-23, or an age: 90s, 15m, 6h, 2d\n"
        "      --until TIME         only before TIME\n"
        "  -n, --lines N            only the newest N\n"
        "  -f, --follow             go on, and print events as they are written\n"
        "      --format FORMAT      list (default), text, bytes, words, xml or json\n"
        "      --json               the same as --format json; with --follow one object a line\n"
        "      --state-dir DIR      where events.db is (default /var/lib/netbt)\n"
        "      --help, --version\n"
        "\n"
        "show prints one event, as text unless told otherwise. clear first copies the log to events-TIME.db beside "
        "it.\n"
        "\n"
        "Exit status: 0 done; 1 there is no such record; 2 wrong usage, or a log that cannot be read; 3 could not be "
        "done.\n"
        "Examples:  netbt events --id 4320 --since 1d        netbt events show 17 --format words\n"
        "           netbt events --evtx System.evtx --id 4321\n";

struct options {
        struct eventdb_filter filter;
        enum event_format format;
        bool has_format;
        bool follow;
        const char *verb; /* NULL, "show" or "clear" */
        const char *log_path;
        enum log_file_kind log_kind; /* NONE: the node's own log */
};

/* ---- options ------------------------------------------------------------------------------------------------------ */

static wall_t now_wall(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_REALTIME, &ts);
        return (wall_t){(int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000};
}

/* "90s", "15m", "6h", "2d": so long ago. */
static bool parse_age(const char *text, wall_t *ret)
{
        static const struct {
                char unit;
                int64_t seconds;
        } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
        char *end;
        const unsigned long number = strtoul(text, &end, 10);

        if (end == text || text[0] < '0' || text[0] > '9' || number > 1000000 || !end[0] || end[1])
                return false;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(units); i++)
                if (*end == units[i].unit) {
                        *ret = (wall_t){now_wall().us - (int64_t)number * units[i].seconds * 1000000};
                        return true;
                }
        return false;
}

static int parse_time(const struct cli_context *ctx, const char *option, const char *text, wall_t *ret)
{
        if (parse_age(text, ret) || wall_parse(text, ret) == 0)
                return CLI_EXIT_OK;
        return cli_failf(ctx, CLI_EXIT_USAGE,
                         "%s %s: not a time; write 2026-11-23T06:00:00Z, 2026-11-23, or an age as 6h", option, text);
}

static int parse_number(const struct cli_context *ctx, const char *what, const char *text, uint64_t max, uint64_t *ret)
{
        char *end;

        errno = 0;
        const unsigned long long number = strtoull(text, &end, 10);
        if (errno || end == text || *end || text[0] == '-' || number == 0 || number > max)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s %s: not a number from 1 to %llu", what, text,
                                 (unsigned long long)max);
        *ret = number;
        return CLI_EXIT_OK;
}

static int parse_id(const struct cli_context *ctx, const char *text, uint16_t *ret)
{
        uint64_t number;
        const int exit = parse_number(ctx, "--id", text, UINT16_MAX, &number);

        if (exit != CLI_EXIT_OK)
                return exit;
        if (!event_kind_find((uint16_t)number))
                return cli_failf(ctx, CLI_EXIT_USAGE, "--id %s: NetBT's events are %d to %d", text, EVENT_ID_FIRST,
                                 EVENT_ID_LAST);
        *ret = (uint16_t)number;
        return CLI_EXIT_OK;
}

static int parse_levels(const struct cli_context *ctx, const char *text, unsigned *ret)
{
        char word[24];
        unsigned mask = 0;

        for (const char *at = text; *at;) {
                const size_t len = strcspn(at, ",");
                enum event_level level;

                snprintf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : sizeof(word) - 1), at);
                if (event_level_parse(word, &level) < 0)
                        return cli_failf(ctx, CLI_EXIT_USAGE,
                                         "--level %s: not a level; use error, warning, information", word);
                mask |= 1u << level;
                at += len;
                at += *at == ',';
        }
        *ret = mask;
        return CLI_EXIT_OK;
}

static int parse_format(const struct cli_context *ctx, const char *text, struct options *options)
{
        if (event_format_parse(text, &options->format) < 0)
                return cli_failf(ctx, CLI_EXIT_USAGE,
                                 "--format %s: not a format; use list, text, bytes, words, xml or json", text);
        options->has_format = true;
        return CLI_EXIT_OK;
}

static int take_log(const struct cli_context *ctx, int option, struct options *options)
{
        if (options->log_path)
                return cli_fail(ctx, CLI_EXIT_USAGE, optarg, "one log at a time",
                                "netbt diagnose reads several as one");
        options->log_path = optarg;
        options->log_kind = option == OPT_EVTX ? LOG_FILE_EVTX : LOG_FILE_EVT;
        return CLI_EXIT_OK;
}

/* What only the node's own log can do. */
static int check_log(const struct cli_context *ctx, const struct options *options)
{
        if (!options->log_path)
                return CLI_EXIT_OK;
        if (options->follow)
                return cli_fail(ctx, CLI_EXIT_USAGE, "--follow", "a log file does not grow", "leave it out");
        if (options->verb && strcmp(options->verb, "clear") == 0)
                return cli_fail(ctx, CLI_EXIT_USAGE, "clear", "a log file is only read", NULL);
        return CLI_EXIT_OK;
}

static int take_option(const struct cli_context *ctx, int option, struct options *options)
{
        uint64_t number = 0;
        int exit = CLI_EXIT_OK;

        switch (option) {
        case OPT_ID:
                return parse_id(ctx, optarg, &options->filter.id);
        case OPT_SINCE:
                return parse_time(ctx, "--since", optarg, &options->filter.since);
        case OPT_UNTIL:
                return parse_time(ctx, "--until", optarg, &options->filter.until);
        case OPT_LEVEL:
                return parse_levels(ctx, optarg, &options->filter.level_mask);
        case OPT_NAME:
                options->filter.name = optarg;
                return CLI_EXIT_OK;
        case OPT_FORMAT:
                return parse_format(ctx, optarg, options);
        case OPT_EVTX:
        case OPT_EVT:
                return take_log(ctx, option, options);
        case 'n':
                exit = parse_number(ctx, "--lines", optarg, 1000000, &number);
                options->filter.limit = (size_t)number;
                options->filter.newest = true;
                return exit;
        default: /* -f: the table holds no other */
                options->follow = true;
                return CLI_EXIT_OK;
        }
}

static int parse_verb(const struct cli_context *ctx, int argc, char **argv, struct options *options)
{
        const int count = argc - optind;

        if (count == 0)
                return CLI_EXIT_OK;
        options->verb = argv[optind];
        if (strcmp(options->verb, "clear") == 0 && count == 1)
                return CLI_EXIT_OK;
        if (strcmp(options->verb, "show") == 0 && count == 2)
                return parse_number(ctx, "show", argv[optind + 1], INT64_MAX, &options->filter.record);
        if (strcmp(options->verb, "show") == 0)
                return cli_fail(ctx, CLI_EXIT_USAGE, "show", "one record number is needed",
                                "'netbt events' lists them");
        return cli_failf(ctx, CLI_EXIT_USAGE, "%s: not something to do with events; see 'netbt events --help'",
                         argv[argc - 1]);
}

/* CLI_OPT_DONE, or CLI_OPT_EXIT with *ret_exit. */
static int parse(struct cli_context *ctx, int argc, char **argv, struct options *options, int *ret_exit)
{
        static const struct option own[] = {{"id", required_argument, NULL, OPT_ID},
                                            {"since", required_argument, NULL, OPT_SINCE},
                                            {"until", required_argument, NULL, OPT_UNTIL},
                                            {"level", required_argument, NULL, OPT_LEVEL},
                                            {"name", required_argument, NULL, OPT_NAME},
                                            {"format", required_argument, NULL, OPT_FORMAT},
                                            {"lines", required_argument, NULL, 'n'},
                                            {"follow", no_argument, NULL, 'f'},
                                            {"evtx", required_argument, NULL, OPT_EVTX},
                                            {"evt", required_argument, NULL, OPT_EVT},
                                            {0}};

        *ret_exit = CLI_EXIT_OK;
        while (*ret_exit == CLI_EXIT_OK) {
                const int option = cli_getopt(ctx, argc, argv, "n:f", own, ret_exit);

                if (option == CLI_OPT_EXIT)
                        return CLI_OPT_EXIT;
                if (option == CLI_OPT_DONE)
                        break;
                *ret_exit = take_option(ctx, option, options);
        }
        if (*ret_exit == CLI_EXIT_OK)
                *ret_exit = parse_verb(ctx, argc, argv, options);
        if (*ret_exit == CLI_EXIT_OK)
                *ret_exit = check_log(ctx, options);
        if (ctx->json)
                options->format = EVENT_FORMAT_JSON;
        else if (options->verb && !options->has_format)
                options->format = EVENT_FORMAT_TEXT;
        return *ret_exit == CLI_EXIT_OK ? CLI_OPT_DONE : CLI_OPT_EXIT;
}

/* ---- printing ----------------------------------------------------------------------------------------------------- */

static int fail_query(const struct cli_context *ctx, const struct eventdb *db, int r)
{
        return cli_fail(ctx, CLI_EXIT_FAILED, "cannot read the event log",
                        r == NBT_ERR_NOMEM ? "out of memory" : eventdb_error(db), NULL);
}

static int print_document(const struct cli_context *ctx, const struct event *events, size_t count)
{
        json_t *list = json_array();

        for (size_t i = 0; i < count; i++)
                json_array_append_new(list, json_from_event(&events[i]));
        json_t *document = json_pack("{s:o}", "events", list);
        if (!document)
                return cli_fail(ctx, CLI_EXIT_FAILED, "out of memory", NULL, NULL);
        json_print(ctx->out, document, JSON_INDENT(2));
        return CLI_EXIT_OK;
}

static int print_events(const struct cli_context *ctx, enum event_format format, const struct event *events,
                        size_t count, bool first)
{
        for (size_t i = 0; i < count; i++)
                if (event_print(ctx, format, &events[i], first && i == 0) < 0)
                        return cli_fail(ctx, CLI_EXIT_FAILED, "out of memory", NULL, NULL);
        return CLI_EXIT_OK;
}

/* A list, or the one event of `show`. */
static int print_result(const struct cli_context *ctx, const struct options *options, const struct event *events,
                        size_t count)
{
        if (options->verb && count == 0)
                return cli_failf(ctx, CLI_EXIT_FOUND, "record %llu: not in the log; 'netbt events%s%s' lists what is",
                                 (unsigned long long)options->filter.record, options->log_path ? " --evtx " : "",
                                 options->log_path ? options->log_path : "");
        if (options->format == EVENT_FORMAT_JSON && !options->verb)
                return print_document(ctx, events, count);
        event_print_head(ctx, options->format);
        if (options->verb)
                return print_events(ctx, options->format, events, 1, true);
        if (options->format == EVENT_FORMAT_XML)
                fputs("<Events>\n", ctx->out);
        const int exit = print_events(ctx, options->format, events, count, true);
        if (options->format == EVENT_FORMAT_XML)
                fputs("</Events>\n", ctx->out);
        return exit;
}

static int query(const struct cli_context *ctx, struct eventdb *db, const struct options *options, struct arena *arena)
{
        const struct event *events = NULL;
        size_t count = 0;
        const int r = eventdb_query(db, &options->filter, arena, &events, &count);

        return r < 0 ? fail_query(ctx, db, r) : print_result(ctx, options, events, count);
}

/* ---- log files ---------------------------------------------------------------------------------------------------- */

static int read_log(const struct cli_context *ctx, const struct options *options)
{
        struct arena arena = ARENA_INIT;
        struct texts notes = texts_init(&arena);
        const struct event *events = NULL;
        size_t count = 0;
        int exit = log_events_query(ctx, options->log_path, options->log_kind, &options->filter, &arena, &notes,
                                    &events, &count);

        for (size_t i = 0; i < notes.count; i++)
                cli_failf(ctx, CLI_EXIT_OK, "%s", notes.lines[i]);
        if (exit == CLI_EXIT_OK)
                exit = print_result(ctx, options, events, count);
        arena_done(&arena);
        return exit;
}

/* ---- following ---------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
        (void)signal;
        stopped = 1;
}

static void catch_signals(void)
{
        struct sigaction action = {.sa_handler = stop};

        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
}

static int follow(const struct cli_context *ctx, struct eventdb *db, const struct options *options, struct arena *arena)
{
        struct eventdb_filter filter = options->filter;
        bool first = true;

        catch_signals();
        if (!filter.limit && !filter.since.us) {
                filter.limit = FOLLOW_BEFORE;
                filter.newest = true;
        }
        event_print_head(ctx, options->format);
        while (!stopped && !ferror(ctx->out)) {
                const struct event *events = NULL;
                size_t count = 0;

                arena_reset(arena);
                const int r = eventdb_query(db, &filter, arena, &events, &count);
                /* the writer may hold the log for a moment; it is asked again */
                if (r < 0 && r != NBT_ERR_BUSY)
                        return fail_query(ctx, db, r);
                const int exit = print_events(ctx, options->format, events, count, first);
                if (exit != CLI_EXIT_OK)
                        return exit;
                if (count) {
                        filter.after = events[count - 1].record;
                        first = false;
                }
                if (r == 0)
                        filter.limit = 0;
                fflush(ctx->out);
                (void)poll(NULL, 0, FOLLOW_POLL_MS);
        }
        return CLI_EXIT_OK;
}

/* ---- clearing ----------------------------------------------------------------------------------------------------- */

static void make_backup_path(const struct cli_context *ctx, char ret[PATH_BYTES])
{
        const time_t now = (time_t)(now_wall().us / 1000000);
        char stamp[24] = "";
        struct tm tm;

        if (gmtime_r(&now, &tm))
                strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
        snprintf(ret, PATH_BYTES, "%s/events-%s.db", ctx->state_dir, stamp);
}

static int print_cleared(const struct cli_context *ctx, uint64_t count, const char *path)
{
        if (!ctx->json) {
                fprintf(ctx->out, "%llu event%s removed; backup: %s\n", (unsigned long long)count,
                        count == 1 ? "" : "s", path);
                return CLI_EXIT_OK;
        }
        json_t *document = json_pack("{s:I, s:o}", "cleared", (json_int_t)count, "backup", json_from_text(path));
        json_print(ctx->out, document, JSON_INDENT(2));
        return CLI_EXIT_OK;
}

static int clear(const struct cli_context *ctx, struct eventdb *db)
{
        char path[PATH_BYTES];
        uint64_t count = 0;

        make_backup_path(ctx, path);
        const int r = eventdb_clear(db, path, &count);
        if (r == NBT_ERR_EXISTS)
                return cli_fail(ctx, CLI_EXIT_FAILED, path, "a backup of this second exists already", "try again");
        if (r < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "cannot clear the event log",
                                eventdb_error(db)[0] ? eventdb_error(db) : nbt_err_str(r), "nothing was removed");
        return print_cleared(ctx, count, path);
}

/* ---- the command -------------------------------------------------------------------------------------------------- */

static int fail_open(const struct cli_context *ctx, const char *path, int r, const char *why)
{
        const char *todo = r == NBT_ERR_NOT_FOUND   ? "has netbtd run with this --state-dir?"
                           : r == NBT_ERR_DENIED    ? "run it as root or a member of the group netbt"
                           : r == NBT_ERR_MALFORMED ? "netbtd sets a damaged log aside when it starts"
                                                    : NULL;

        return cli_fail(ctx, CLI_EXIT_FAILED, path, why[0] ? why : nbt_err_str(r), todo);
}

static int run_with(const struct cli_context *ctx, struct eventdb *db, const struct options *options)
{
        struct arena arena = ARENA_INIT;
        int exit;

        if (options->verb && strcmp(options->verb, "clear") == 0)
                exit = clear(ctx, db);
        else if (options->follow && !options->verb)
                exit = follow(ctx, db, options, &arena);
        else
                exit = query(ctx, db, options, &arena);
        arena_done(&arena);
        return exit;
}

static int run_own(const struct cli_context *ctx, const struct options *options)
{
        const bool clears = options->verb && strcmp(options->verb, "clear") == 0;
        struct strbuf why = STRBUF_INIT;
        struct eventdb *db = NULL;
        char path[PATH_BYTES];

        snprintf(path, sizeof(path), "%s/%s", ctx->state_dir, EVENTDB_FILE);
        /* opening for writing would make a new log where there is none */
        const int r = clears && access(path, F_OK) < 0
                              ? NBT_ERR_NOT_FOUND
                              : eventdb_open(&db, path, clears ? EVENTDB_WRITE : EVENTDB_READ, NULL, &why);
        const int exit = r < 0 ? fail_open(ctx, path, r, strbuf_str(&why)) : run_with(ctx, db, options);

        eventdb_close(db);
        strbuf_done(&why);
        return exit;
}

static int run(struct cli_context *ctx, int argc, char **argv)
{
        struct options options = {0};
        int exit;

        if (parse(ctx, argc, argv, &options, &exit) == CLI_OPT_EXIT)
                return exit;
        return options.log_path ? read_log(ctx, &options) : run_own(ctx, &options);
}

const struct cli_command cli_cmd_events = {"events", "the event log, as Event Viewer shows it", help, run};
