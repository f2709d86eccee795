#include "cli/diagnose_out.h"
#include "cli/diagnose_story.h"
#include "cli/diagnose_timeline.h"
#include "cli/escape.h"

#include <string.h>

#define WIDTH 100
#define INDENT_MAX 32
#define ROWS_MAX 40 /* of a timeline that nobody asked for */

/* The length of the first word of TEXT; a command between backquotes is one word, so that it can be copied whole. */
static size_t word_len(const char *text)
{
        bool quoted = false;
        size_t len = 0;

        for (; text[len] && (quoted || text[len] != ' '); len++)
                quoted ^= text[len] == '`';
        return len;
}

static size_t print_word(FILE *out, const char *word, size_t len)
{
        size_t columns = 0;

        for (size_t i = 0; i < len; i++) {
                if (word[i] == '`')
                        continue;
                fputc(word[i], out);
                columns++;
        }
        return columns;
}

static void print_plain(FILE *out, const char *text)
{
        struct strbuf plain = STRBUF_INIT;

        escape_plain(&plain, text);
        fputs(strbuf_str(&plain), out);
        strbuf_done(&plain);
}

/* Prints TEXT, broken between words; the first line stands behind what was printed already, others are indented. */
static void print_wrapped(FILE *out, size_t indent, const char *from_outside)
{
        struct strbuf plain = STRBUF_INIT;
        size_t column = indent;

        escape_plain(&plain, from_outside);
        const char *text = strbuf_str(&plain);

        while (*text) {
                const size_t len = word_len(text);

                if (column > indent && column + 1 + len > WIDTH) {
                        fprintf(out, "\n%*s", (int)indent, "");
                        column = indent;
                } else if (column > indent) {
                        fputc(' ', out);
                        column++;
                }
                column += print_word(out, text, len);
                text += len;
                text += strspn(text, " ");
        }
        fputc('\n', out);
        strbuf_done(&plain);
}

/* ---- findings ----------------------------------------------------------------------------------------------------- */

static void print_lines(FILE *out, const char *heading, const struct texts *texts)
{
        if (texts->count == 0)
                return;
        fprintf(out, "\n  %s\n", heading);
        for (size_t i = 0; i < texts->count; i++) {
                fputs("    - ", out);
                print_wrapped(out, 6, texts->lines[i]);
        }
}

static void print_story(const struct cli_context *ctx, const struct story *story)
{
        const struct diagnose_finding *f = story->finding;
        struct strbuf names = STRBUF_INIT;

        story_names(story, &names);
        fprintf(ctx->out, "%s%s: %s (%s, %s)%s\n  ", ctx->colour ? "\033[1m" : "", strbuf_str(&names),
                story_title(story), diagnose_cause_str(f->cause), diagnose_verdict_str(f->verdict),
                ctx->colour ? "\033[0m" : "");
        strbuf_done(&names);
        print_wrapped(ctx->out, 2, f->headline);
        print_lines(ctx->out, "Why we think so:", &f->evidence);
        print_lines(ctx->out, "What to do:", &f->remedy);
        fputc('\n', ctx->out);
}

/* ---- the rest ----------------------------------------------------------------------------------------------------- */

static void print_notes(FILE *out, const char *heading, const struct diagnose_note *notes, size_t count)
{
        if (count == 0)
                return;
        fprintf(out, "%s:\n", heading);
        for (size_t i = 0; i < count; i++) {
                const int used = fprintf(out, "  %-22s ", diagnose_cause_str(notes[i].cause));

                print_wrapped(out, used > 0 ? (size_t)used : INDENT_MAX, notes[i].why);
        }
}

static void print_list(FILE *out, const char *heading, const struct texts *texts)
{
        if (texts->count == 0)
                return;
        fprintf(out, "%s:\n", heading);
        for (size_t i = 0; i < texts->count; i++) {
                fputs("  - ", out);
                print_wrapped(out, 4, texts->lines[i]);
        }
}

static void print_nothing(const struct cli_context *ctx, const struct collection *collection)
{
        const bool is_foreign = collection->is_given && collection->event_count == 0;

        if (collection->snapshot.node && !is_foreign)
                fprintf(ctx->out, "Nothing is wrong: no name of %s is in conflict.\n\n",
                        collection->node.computer[0] ? collection->node.computer : "this machine");
        else
                fputs("No conflict was found.\n\n", ctx->out);
}

/* What the captures were: whoever knows them can tell whether all of it was read. */
static void print_captures(FILE *out, const struct captures *captures)
{
        for (size_t i = 0; i < captures->file_count; i++)
                fprintf(out, "%s%s (frames: %llu)", i == 0 ? "Read: " : ", ", captures->files[i].name,
                        (unsigned long long)captures->files[i].frames);
        if (captures->file_count > 0)
                fprintf(out, "\n  packets of the name service: %llu, names: %zu, machines: %zu\n",
                        (unsigned long long)captures->name_service, captures->names, captures->all_machines);
}

/* The name that was asked for, or all names. */
static void print_timeline_head(const struct cli_context *ctx, const struct snapshot *snapshot, size_t count)
{
        char name[NB_NAME_TEXT_BYTES];

        if (!snapshot->has_only) {
                fputs("What happened, in order:\n", ctx->out);
                return;
        }
        if (snapshot->only_stem)
                nb_name_format_stem(&snapshot->only, name);
        else
                nb_name_format(&snapshot->only, name);
        fprintf(ctx->out, "Timeline of %s:%s\n", name, count == 0 ? " nothing was seen of it" : "");
}

static void print_clocks(FILE *out, const struct skew *skew, struct arena *arena)
{
        for (size_t i = 0; skew->count > 1 && i < skew->count; i++) {
                fputs(i == 0 ? "The machines' clocks:\n  " : "  ", out);
                print_plain(out, skew->machines[i].label);
                fputs(": ", out);
                print_wrapped(out, 4, skew_describe(skew, &skew->machines[i], arena));
        }
}

/* Of one name all there is; of several machines the last. One machine's few events are evidence already. */
static int print_timeline(const struct cli_context *ctx, const struct snapshot *snapshot, struct arena *arena)
{
        struct timeline timeline;
        struct skew skew;
        struct strbuf line = STRBUF_INIT;

        if (diagnose_timeline_build(snapshot, arena, &timeline, &skew) < 0)
                return NBT_ERR_NOMEM;
        if (!snapshot->has_only && skew.count < 2)
                return 0;
        const size_t first = !snapshot->has_only && timeline.count > ROWS_MAX ? timeline.count - ROWS_MAX : 0;

        print_timeline_head(ctx, snapshot, timeline.count);
        if (first > 0)
                fprintf(ctx->out, "  (%zu earlier ones are left out)\n", first);
        for (size_t i = first; i < timeline.count; i++) {
                strbuf_reset(&line);
                diagnose_timeline_format(&line, &timeline.rows[i]);
                fputs("  ", ctx->out);
                print_plain(ctx->out, strbuf_str(&line));
                fputc('\n', ctx->out);
        }
        if (snapshot->captures.omitted > 0)
                fprintf(ctx->out, "  %llu packets of its middle are left out\n",
                        (unsigned long long)snapshot->captures.omitted);
        print_clocks(ctx->out, &skew, arena);
        fputc('\n', ctx->out);
        const bool good = strbuf_ok(&line);

        strbuf_done(&line);
        return good ? 0 : NBT_ERR_NOMEM;
}

int diagnose_print(const struct cli_context *ctx, const struct collection *collection,
                   const struct diagnose_report *report, struct arena *arena)
{
        struct story stories[CASE_MAX];
        const size_t count = story_gather(report, stories);

        if (count == 0)
                print_nothing(ctx, collection);
        for (size_t i = 0; i < count; i++)
                print_story(ctx, &stories[i]);
        if (print_timeline(ctx, &collection->snapshot, arena) < 0)
                return NBT_ERR_NOMEM;
        print_captures(ctx->out, &collection->snapshot.captures);
        print_list(ctx->out, "Over by now", &report->settled);
        print_notes(ctx->out, "Ruled out", report->ruled_out, report->ruled_out_count);
        print_notes(ctx->out, "Not checked", report->not_checked, report->not_checked_count);
        print_list(ctx->out, "Please note", &collection->notes);
        return 0;
}
