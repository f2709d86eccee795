#include "cli/cli.h"

#include "cli/event_json.h"
#include "cli/explain_print.h"
#include "cli/log_file.h"
#include "cli/name_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
        "Usage: netbt explain [--evtx FILE|--evt FILE|FILE|-]...\n"
        "\n"
        "Decodes NetBT events (4300 to 4322) from text or from Windows' log files: every field, the address in the "
        "data,\n"
        "the meaning. Sends nothing.\n"
        "\n"
        "FILE, or what is pasted on standard input, may hold, once or many times and mixed with other text:\n"
        "  the data of an event as Event Viewer's Bytes or Words view, or as plain hexadecimal\n"
        "  an event copied from Event Viewer as text or XML, or from Get-WinEvent, Get-EventLog, wevtutil or dcdiag\n"
        "  a table that Event Viewer or PowerShell saved as CSV or as text\n"
        "  the sentence of event 4319, 4320 or 4321 alone, in the wording of any Windows\n"
        "or it is an event log: .evtx as Event Viewer saves it, or a classic .evt (NT to 2003); files are only read.\n"
        "\n"
        "      --evtx FILE, --evt FILE   a log file; FILE alone is recognised as one, too\n"
        "      --json             print one JSON document\n"
        "      --help, --version\n"
        "\n"
        "Exit status: 0 explained; 2 wrong usage, or something that cannot be read; 3 could not be done.\n"
        "Examples:  netbt explain event.txt        wl-paste | netbt explain --json\n";

enum { OPT_EVTX = 0x101, OPT_EVT };

struct explanation {
        struct cli_context *ctx;
        struct arena arena;
        json_t *events, *problems;
        size_t count, foreign;
        bool failed;
};

static void keep_problem(struct explanation *e, const char *file, json_t *line, const char *text)
{
        json_array_append_new(e->problems, json_pack("{s:s, s:o, s:s}", "file", file, "line", line, "text", text));
}

static void tell_problem(struct explanation *e, const char *file, const struct event_problem *problem)
{
        e->failed = true;
        keep_problem(e, file, json_integer((int)problem->line), problem->text);
        cli_failf(e->ctx, CLI_EXIT_USAGE, "%s: line %u: %s", file, problem->line, problem->text);
}

static void tell_reading(struct explanation *e, const struct event_reading *reading, bool several)
{
        if (e->ctx->json)
                json_array_append_new(e->events, json_from_reading(reading));
        else {
                if (e->count)
                        fputc('\n', e->ctx->out);
                explain_print(e->ctx->out, reading, several);
        }
        e->count++;
}

static void tell_foreign(struct explanation *e, const char *file, size_t count, bool has_others)
{
        e->foreign += count;
        if (has_others && count)
                cli_failf(e->ctx, CLI_EXIT_OK, "%s: %zu event%s of other sources left out", file, count,
                          count == 1 ? "" : "s");
}

static void explain_text(struct explanation *e, const char *file, const struct strbuf *text)
{
        struct event_readings readings = {0};
        const int r = event_text_parse(strbuf_str(text), text->len_bytes, &e->arena, &readings);

        if (r == NBT_ERR_NOMEM) {
                e->failed = true;
                cli_fail(e->ctx, CLI_EXIT_FAILED, file, "out of memory", NULL);
                return;
        }
        for (size_t i = 0; i < readings.count; i++)
                tell_reading(e, &readings.items[i], readings.count > 1);
        for (size_t i = 0; i < readings.problem_count; i++)
                tell_problem(e, file, &readings.problems[i]);
        tell_foreign(e, file, readings.foreign_count, readings.count > 0);
}

/* ---- log files ---------------------------------------------------------------------------------------------------- */

struct log_explanation {
        struct explanation *e;
        const char *path;
        size_t count, foreign;
};

static int explain_record(void *context, const struct log_record *record)
{
        struct log_explanation *log = context;
        struct event_reading reading;
        struct event_problem problem;
        const int r = event_reading_from_record(record, &reading, &problem);

        if (r == 0) {
                tell_reading(log->e, &reading, false);
                log->count++;
        } else if (r == NBT_ERR_UNSUPPORTED) {
                log->foreign++;
        } else {
                char text[EVENT_WARNING_BYTES + 48];

                snprintf(text, sizeof(text), "record %llu: %s", (unsigned long long)record->record, problem.text);
                log->e->failed = true;
                keep_problem(log->e, log->path, json_null(), text);
                cli_fail(log->e->ctx, CLI_EXIT_USAGE, log->path, text, NULL);
        }
        return 0;
}

/* Damage is told beside what could be read. */
static void explain_log(struct explanation *e, const char *path, enum log_file_kind kind)
{
        struct log_explanation log = {.e = e, .path = path};
        struct texts notes = texts_init(&e->arena);
        struct log_file_report report = {0};

        if (log_file_read(e->ctx, path, kind, explain_record, &log, &notes, &report) != CLI_EXIT_OK) {
                e->failed = true;
                return;
        }
        e->failed |= report.has_loss;
        for (size_t i = 0; i < notes.count; i++) {
                keep_problem(e, path, json_null(), notes.lines[i]);
                cli_failf(e->ctx, CLI_EXIT_OK, "%s", notes.lines[i]);
        }
        tell_foreign(e, path, log.foreign, log.count > 0);
        if (log.count == 0) {
                e->failed = true;
                keep_problem(e, path, json_null(), "no event of NetBT is in this log");
                cli_failf(e->ctx, CLI_EXIT_USAGE, "%s: no event of NetBT is among its %zu records", path,
                          report.record_count);
        }
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static void explain_file(struct explanation *e, const char *path)
{
        const bool is_stdin = strcmp(path, "-") == 0;
        struct strbuf text = STRBUF_INIT;

        if (is_stdin && isatty(STDIN_FILENO))
                fprintf(e->ctx->err, "Paste the event, then press Ctrl-D.\n");
        if (cli_read_file(e->ctx, path, EVENT_TEXT_MAX_BYTES, &text) != CLI_EXIT_OK)
                e->failed = true;
        else
                explain_text(e, is_stdin ? "standard input" : path, &text);
        strbuf_done(&text);
}

static void print_json(struct explanation *e)
{
        json_t *document = json_pack("{s:O, s:O, s:I}", "events", e->events, "problems", e->problems, "foreign",
                                     (json_int_t)e->foreign);

        json_print(e->ctx->out, document, JSON_INDENT(2));
}

/* What is to be read, in the order of the command line but for log files, which options come first. */
struct inputs {
        size_t count;
        struct {
                const char *path;
                enum log_file_kind kind; /* NONE: text, unless it turns out to be a log */
        } * items;
};

static int parse(struct cli_context *ctx, int argc, char **argv, struct inputs *ret, int *ret_exit)
{
        static const struct option own[] = {
                {"evtx", required_argument, NULL, OPT_EVTX}, {"evt", required_argument, NULL, OPT_EVT}, {0}};
        int option;

        while ((option = cli_getopt(ctx, argc, argv, "", own, ret_exit)) >= 0) {
                ret->items[ret->count].kind = option == OPT_EVTX ? LOG_FILE_EVTX : LOG_FILE_EVT;
                ret->items[ret->count++].path = optarg;
        }
        for (int i = optind; option == CLI_OPT_DONE && i < argc; i++) {
                ret->items[ret->count].kind = strcmp(argv[i], "-") == 0 ? LOG_FILE_NONE : log_file_recognise(argv[i]);
                ret->items[ret->count++].path = argv[i];
        }
        if (ret->count == 0)
                ret->items[ret->count++].path = "-";
        return option;
}

static void explain(struct explanation *e, const struct inputs *inputs)
{
        for (size_t i = 0; i < inputs->count; i++)
                if (inputs->items[i].kind != LOG_FILE_NONE)
                        explain_log(e, inputs->items[i].path, inputs->items[i].kind);
                else
                        explain_file(e, inputs->items[i].path);
        if (e->ctx->json)
                print_json(e);
}

static int run(struct cli_context *ctx, int argc, char **argv)
{
        struct explanation e = {.ctx = ctx, .arena = ARENA_INIT, .events = json_array(), .problems = json_array()};
        struct inputs inputs = {.items = arena_alloc(&e.arena, ((size_t)argc + 1) * sizeof(*inputs.items))};
        int exit = CLI_EXIT_OK;

        if (!inputs.items)
                exit = cli_fail(ctx, CLI_EXIT_FAILED, "out of memory", NULL, NULL);
        else if (parse(ctx, argc, argv, &inputs, &exit) == CLI_OPT_DONE)
                explain(&e, &inputs);
        json_decref(e.events);
        json_decref(e.problems);
        arena_done(&e.arena);
        return e.failed ? CLI_EXIT_USAGE : exit;
}

const struct cli_command cli_cmd_explain = {"explain", "decode an event: every field, the address, the meaning", help,
                                            run};
