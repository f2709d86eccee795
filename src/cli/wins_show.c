/* netbt wins show, search, static list and export: records, page by page. */
#include "cli/wins_cmd.h"

#include "io/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct listing {
        const struct cli_context *ctx;
        enum wins_format format;
        const struct nb_scope *scope; /* that the filter names, or the empty one */
        FILE *out;
        int64_t now_s;
        uint64_t count;
        bool more; /* the limit came before the end */
};

/* ---- one page ----------------------------------------------------------------------------------------------------- */

/* A document of any length, record by record: jansson would want all of it in memory. */
static int print_json_row(struct listing *l, const struct wins_record *record)
{
        json_t *json = wins_record_json(record, l->now_s);

        fputs(l->count == 0 ? "{\n  \"records\": [\n" : ",\n", l->out);
        const int r = json ? json_dumpf(json, l->out, JSON_COMPACT) : NBT_ERR_NOMEM;

        json_decref(json);
        return r < 0 ? NBT_ERR_NOMEM : 0;
}

static int print_row(struct listing *l, const struct wins_record *record)
{
        switch (l->format) {
        case WINS_FORMAT_JSON:
                return print_json_row(l, record);
        case WINS_FORMAT_CSV:
                wins_export_csv(l->out, record);
                return 0;
        case WINS_FORMAT_LMHOSTS:
                wins_export_lmhosts(l->out, record, l->scope);
                return 0;
        case WINS_FORMAT_TEXT:
                if (l->count == 0)
                        wins_print_heading(l->out);
                wins_print_record(l->out, record, l->now_s);
                return 0;
        }
        return 0;
}

static int take_page(void *context, const struct ctl_wins_reply *page)
{
        struct listing *l = context;

        for (size_t i = 0; i < page->row_count; i++) {
                const int r = print_row(l, &page->rows[i]);

                if (r < 0)
                        return r;
                l->count++;
        }
        l->more = page->more;
        /* a reader that left (| head) ends the walk: its error is told at the end */
        return ferror(l->out) ? NBT_ERR_IO : 0;
}

static void finish(const struct listing *l)
{
        if (l->format == WINS_FORMAT_JSON)
                fputs(l->count == 0 ? "{\n  \"records\": []\n}\n" : "\n  ]\n}\n", l->out);
}

/* ---- the walk ----------------------------------------------------------------------------------------------------- */

static int walk(const struct cli_context *ctx, const struct wins_args *args, const struct wins_filter *filter,
                struct listing *l)
{
        const struct ctl_wins_request request = {.filter = *filter};
        struct wins_talk talk;
        int exit = wins_talk_open(ctx, &talk);

        l->ctx = ctx;
        l->scope = &filter->scope;
        l->now_s = clock_wall().us / 1000000;
        if (l->format == WINS_FORMAT_CSV)
                wins_export_csv_heading(l->out);
        if (exit == CLI_EXIT_OK)
                exit = wins_talk_pages(&talk, CTL_REQUEST_WINS_SHOW, &request, args->limit, take_page, l);
        wins_talk_close(&talk);
        if (exit == CLI_EXIT_OK || l->count > 0)
                finish(l);
        return exit;
}

static int list(const struct cli_context *ctx, const struct wins_args *args, const struct wins_filter *filter,
                const char *what)
{
        struct listing l = {.format = ctx->json ? WINS_FORMAT_JSON : WINS_FORMAT_TEXT, .out = ctx->out};
        const int exit = walk(ctx, args, filter, &l);

        if (exit != CLI_EXIT_OK)
                return exit;
        if (l.count == 0 && what)
                return cli_failf(ctx, CLI_EXIT_FOUND,
                                 "%s: no such record; 'netbt wins search' looks for parts of names", what);
        if (l.more)
                cli_failf(ctx, CLI_EXIT_OK, "there are more records than the %llu of --limit",
                          (unsigned long long)args->limit);
        return CLI_EXIT_OK;
}

int wins_run_show(const struct cli_context *ctx, const struct wins_args *args)
{
        struct wins_filter filter = args->filter;
        const char *what = args->word_count > 0 ? args->words[0] : args->has_filter ? "the filter" : NULL;

        if (args->is_static) {
                filter.has_static = filter.is_static = true;
                what = args->word_count > 0 ? args->words[0] : NULL;
        }
        if (args->word_count > 1)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s takes one name; see 'netbt wins --help'", args->verb);
        if (args->word_count == 1) {
                const int exit = wins_filter_name(ctx, args->words[0], &filter);

                if (exit != CLI_EXIT_OK)
                        return exit;
        }
        return list(ctx, args, &filter, what);
}

/* ---- search ------------------------------------------------------------------------------------------------------- */

/* PATTERN or PATTERN<XX>; without '*' and '?' it may stand anywhere in the name. */
static int take_pattern(const struct cli_context *ctx, const char *text, struct wins_filter *filter)
{
        const char *angle = strchr(text, '<');
        const size_t len = angle ? (size_t)(angle - text) : strlen(text);
        const bool anywhere = strcspn(text, "*?") >= len;

        if (len == 0 || len + 3 > sizeof filter->pattern)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: %s; write a part of a name, with * and ? as needed", text,
                                 len == 0 ? "nothing to search for" : "too long for a pattern");
        (void)snprintf(filter->pattern, sizeof filter->pattern, "%s%.*s%s", anywhere ? "*" : "", (int)len, text,
                       anywhere ? "*" : "");
        if (!angle)
                return CLI_EXIT_OK;
        char digits[3] = "";

        if (strlen(angle) != 4 || angle[3] != '>')
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: not a pattern; write PATTERN or PATTERN<XX>", text);
        memcpy(digits, angle + 1, 2);
        return wins_filter_option(ctx, WINS_OPT_SUFFIX, digits, filter);
}

int wins_run_search(const struct cli_context *ctx, const struct wins_args *args)
{
        struct wins_filter filter = args->filter;

        if (args->word_count != 1)
                return cli_fail(ctx, CLI_EXIT_USAGE, "search takes one pattern", NULL, "see 'netbt wins --help'");
        const int exit = take_pattern(ctx, args->words[0], &filter);

        return exit == CLI_EXIT_OK ? list(ctx, args, &filter, args->words[0]) : exit;
}

/* ---- export ------------------------------------------------------------------------------------------------------- */

int wins_run_export(const struct cli_context *ctx, const struct wins_args *args)
{
        const bool to_file = args->output && strcmp(args->output, "-") != 0;
        struct wins_filter filter = args->filter;
        struct listing l = {.out = ctx->out};
        int exit = CLI_EXIT_OK;

        if (ctx->json && args->given & WINS_OPT_BIT(WINS_OPT_FORMAT) && args->format != WINS_FORMAT_JSON)
                return cli_fail(ctx, CLI_EXIT_USAGE, "--json and another --format", "one document has one form",
                                "leave one of them out");
        l.format = ctx->json ? WINS_FORMAT_JSON : args->format;
        if (args->word_count > 1)
                return cli_fail(ctx, CLI_EXIT_USAGE, "export takes one name", NULL, "see 'netbt wins --help'");
        if (args->word_count == 1)
                exit = wins_filter_name(ctx, args->words[0], &filter);
        if (exit != CLI_EXIT_OK)
                return exit;
        if (to_file && !(l.out = fopen(args->output, "w")))
                return cli_fail(ctx, CLI_EXIT_FAILED, args->output, strerror(errno), NULL);
        exit = walk(ctx, args, &filter, &l);
        const bool failed = fflush(l.out) != 0 || ferror(l.out);

        if (to_file && fclose(l.out) != 0)
                exit = CLI_EXIT_FAILED;
        if (to_file && exit == CLI_EXIT_OK && failed)
                exit = cli_fail(ctx, CLI_EXIT_FAILED, args->output, "it could not be written", NULL);
        if (to_file && exit == CLI_EXIT_OK && !ctx->json)
                cli_failf(ctx, CLI_EXIT_OK, "%llu records written to %s", (unsigned long long)l.count, args->output);
        return exit;
}
