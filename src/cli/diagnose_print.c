#include "cli/diagnose_out.h"
#include "cli/diagnose_timeline.h"

#include <string.h>

#define WIDTH 100
#define INDENT_MAX 32

static const char *title_of(const struct diagnose_finding *finding)
{
        static const char *const titles[CAUSE_MAX] = {
                [CAUSE_SAME_COMPUTER_NAME] = "two computers with one name",
                [CAUSE_SAME_USER_NAME] = "one user on two computers",
                [CAUSE_WINS_STATIC_MAPPING] = "a static mapping in WINS",
                [CAUSE_WINS_STALE_RECORD] = "a stale record in WINS",
                [CAUSE_WINS_REPLICATION] = "WINS replication",
                [CAUSE_DHCP_DATABASE] = "a damaged DHCP database",
                [CAUSE_DHCP_LEFTOVER_SETTINGS] = "settings left over from DHCP",
                [CAUSE_MULTIHOMED_ADAPTERS] = "one computer with several adapters",
                [CAUSE_WRONG_HOST_NAME] = "a wrong host name",
                [CAUSE_BROWSER_ELECTION] = "a browser election, harmless",
                [CAUSE_SPOOFED_DEMAND] = "a forged demand",
                [CAUSE_UNKNOWN] = "cause not known yet",
        };

        return titles[finding->cause];
}

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

/* Prints TEXT, broken between words; the first line stands behind what was printed already, others are indented. */
static void print_wrapped(FILE *out, size_t indent, const char *text)
{
        size_t column = indent;

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
}

/* ---- findings ----------------------------------------------------------------------------------------------------- */

/* Do A and B tell one story: the same cause and machines, and one name but for its suffix? */
static bool one_story(const struct diagnose_finding *a, const struct diagnose_finding *b)
{
        const uint32_t culprit_a = a->culprit ? a->culprit->address : 0;
        const uint32_t culprit_b = b->culprit ? b->culprit->address : 0;

        return a->cause == b->cause && a->verdict == b->verdict && culprit_a == culprit_b && a->c->has_name &&
               b->c->has_name && nb_name_same_stem(&a->c->name, &b->c->name) && a->c->here == b->c->here &&
               (a->c->here || a->c->address == b->c->address);
}

static bool was_told(const struct diagnose_report *report, size_t i)
{
        for (size_t j = 0; j < i; j++)
                if (one_story(&report->findings[j], &report->findings[i]))
                        return true;
        return false;
}

/* A name in conflict on two adapters is named once. */
static bool name_was_told(const struct diagnose_report *report, size_t first, size_t i)
{
        for (size_t j = first; j < i; j++)
                if (report->findings[j].c->has_name &&
                    nb_name_equal(&report->findings[j].c->name, &report->findings[i].c->name))
                        return true;
        return false;
}

static void print_names(FILE *out, const struct diagnose_report *report, size_t first)
{
        char text[NB_NAME_TEXT_BYTES];

        if (!report->findings[first].c->has_name) {
                fputs("An unknown name", out);
                return;
        }
        for (size_t i = first; i < report->finding_count; i++) {
                const struct diagnose_finding *f = &report->findings[i];

                if (i != first && (!one_story(&report->findings[first], f) || name_was_told(report, first, i)))
                        continue;
                nb_name_format(&report->findings[i].c->name, text);
                fprintf(out, "%s%s", i == first ? "" : ", ", text);
        }
}

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

static void print_finding(const struct cli_context *ctx, const struct diagnose_report *report, size_t i)
{
        const struct diagnose_finding *f = &report->findings[i];

        fputs(ctx->colour ? "\033[1m" : "", ctx->out);
        print_names(ctx->out, report, i);
        fprintf(ctx->out, ": %s (%s, %s)%s\n  ", title_of(f), diagnose_cause_str(f->cause),
                diagnose_verdict_str(f->verdict), ctx->colour ? "\033[0m" : "");
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
        if (collection->snapshot.node)
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

static int print_timeline(const struct cli_context *ctx, const struct snapshot *snapshot, struct arena *arena)
{
        struct timeline timeline;
        struct strbuf line = STRBUF_INIT;
        char name[NB_NAME_TEXT_BYTES];

        if (!snapshot->has_only)
                return 0;
        if (timeline_of_all(snapshot, arena, &timeline) < 0)
                return NBT_ERR_NOMEM;
        if (snapshot->only_stem)
                nb_name_format_stem(&snapshot->only, name);
        else
                nb_name_format(&snapshot->only, name);
        fprintf(ctx->out, "Timeline of %s:%s\n", name, timeline.count == 0 ? " nothing was seen of it" : "");
        for (size_t i = 0; i < timeline.count; i++) {
                strbuf_reset(&line);
                diagnose_timeline_format(&line, &timeline.rows[i]);
                fprintf(ctx->out, "  %s\n", strbuf_str(&line));
        }
        if (snapshot->captures.omitted > 0)
                fprintf(ctx->out, "  %llu packets of its middle are left out\n",
                        (unsigned long long)snapshot->captures.omitted);
        fputc('\n', ctx->out);
        const bool good = strbuf_ok(&line);

        strbuf_done(&line);
        return good ? 0 : NBT_ERR_NOMEM;
}

int diagnose_print(const struct cli_context *ctx, const struct collection *collection,
                   const struct diagnose_report *report, struct arena *arena)
{
        if (report->finding_count == 0)
                print_nothing(ctx, collection);
        for (size_t i = 0; i < report->finding_count; i++)
                if (!was_told(report, i))
                        print_finding(ctx, report, i);
        if (print_timeline(ctx, &collection->snapshot, arena) < 0)
                return NBT_ERR_NOMEM;
        print_captures(ctx->out, &collection->snapshot.captures);
        print_list(ctx->out, "Over by now", &report->settled);
        print_notes(ctx->out, "Ruled out", report->ruled_out, report->ruled_out_count);
        print_notes(ctx->out, "Not checked", report->not_checked, report->not_checked_count);
        print_list(ctx->out, "Please note", &collection->notes);
        return 0;
}
