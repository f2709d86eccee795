#include "cli/cli.h"

#include "cli/event_json.h"
#include "cli/explain_print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
        "Usage: netbt explain [FILE|-]...\n"
        "\n"
        "Decodes NetBT events (4300 to 4322) from text: every field, the address in the data, the meaning. Sends "
        "nothing.\n"
        "\n"
        "FILE, or what is pasted on standard input, may hold, once or many times and mixed with other text:\n"
        "  the data of an event as Event Viewer's Bytes or Words view, or as plain hexadecimal\n"
        "  an event copied from Event Viewer as text or XML, or from Get-WinEvent, Get-EventLog, wevtutil or dcdiag\n"
        "  the sentence of event 4319, 4320 or 4321 alone, in the wording of any Windows\n"
        "\n"
        "      --json             print one JSON document\n"
        "      --help, --version\n"
        "\n"
        "Exit status: 0 explained; 2 wrong usage, or something that cannot be read; 3 could not be done.\n"
        "Examples:  netbt explain event.txt        wl-paste | netbt explain --json\n";

struct explanation {
        struct cli_context *ctx;
        struct arena arena;
        json_t *events, *problems;
        size_t count, foreign;
        bool failed;
};

static void tell_problem(struct explanation *e, const char *file, const struct event_problem *problem)
{
        e->failed = true;
        if (e->ctx->json)
                json_array_append_new(e->problems, json_pack("{s:s, s:i, s:s}", "file", file, "line",
                                                             (int)problem->line, "text", problem->text));
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
        e->foreign += readings.foreign_count;
        if (readings.count && readings.foreign_count)
                cli_failf(e->ctx, CLI_EXIT_OK, "%s: %zu event%s of other sources left out", file,
                          readings.foreign_count, readings.foreign_count == 1 ? "" : "s");
}

static bool read_file(FILE *in, struct strbuf *text)
{
        char buffer[16384];
        size_t len;

        while (text->len_bytes <= EVENT_TEXT_MAX_BYTES && (len = fread(buffer, 1, sizeof(buffer), in)) > 0)
                strbuf_add_bytes(text, buffer, len);
        return !ferror(in) && strbuf_ok(text);
}

static void explain_file(struct explanation *e, const char *path)
{
        const bool is_stdin = strcmp(path, "-") == 0;
        const char *name = is_stdin ? "standard input" : path;
        struct strbuf text = STRBUF_INIT;
        FILE *in = is_stdin ? stdin : fopen(path, "rb");

        if (is_stdin && isatty(STDIN_FILENO))
                fprintf(e->ctx->err, "Paste the event, then press Ctrl-D.\n");
        if (!in || !read_file(in, &text)) {
                e->failed = true;
                cli_fail(e->ctx, CLI_EXIT_USAGE, name, strerror(errno), NULL);
        } else {
                explain_text(e, name, &text);
        }
        if (in && !is_stdin)
                fclose(in);
        strbuf_done(&text);
}

static void print_json(struct explanation *e)
{
        json_t *document = json_pack("{s:O, s:O, s:I}", "events", e->events, "problems", e->problems, "foreign",
                                     (json_int_t)e->foreign);

        json_dumpf(document, e->ctx->out, JSON_INDENT(2));
        fputc('\n', e->ctx->out);
        json_decref(document);
}

static int run(struct cli_context *ctx, int argc, char **argv)
{
        struct explanation e = {.ctx = ctx, .arena = ARENA_INIT, .events = json_array(), .problems = json_array()};
        int exit = CLI_EXIT_OK;

        const int option = cli_getopt(ctx, argc, argv, "", NULL, &exit);
        if (option == CLI_OPT_DONE && optind == argc)
                explain_file(&e, "-");
        for (int i = optind; option == CLI_OPT_DONE && i < argc; i++)
                explain_file(&e, argv[i]);
        if (option == CLI_OPT_DONE && ctx->json)
                print_json(&e);
        json_decref(e.events);
        json_decref(e.problems);
        arena_done(&e.arena);
        return option == CLI_OPT_DONE && e.failed ? CLI_EXIT_USAGE : exit;
}

const struct cli_command cli_cmd_explain = {"explain", "decode a pasted event: every field, the address, the meaning",
                                            help, run};
