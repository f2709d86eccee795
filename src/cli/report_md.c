/*
 * The report in Markdown, for a ticket or a wiki. All that came from outside goes through escape_markdown() or stands in code.
 */
#include "cli/escape.h"
#include "cli/report.h"

/* Commands stand between backquotes. */
static void with_commands(struct strbuf *out, struct arena *arena, const char *text)
{
        for (bool is_command = false; *text; is_command = !is_command) {
                const char *piece = report_next_piece(arena, &text);

                if (is_command)
                        escape_markdown_code(out, piece, false);
                else
                        escape_markdown(out, piece);
        }
}

static void list(struct strbuf *out, const struct report *report, const char *heading, const struct texts *texts,
                 bool has_commands)
{
        if (texts->count == 0)
                return;
        strbuf_printf(out, "%s\n\n", heading);
        for (size_t i = 0; i < texts->count; i++) {
                strbuf_add(out, "- ");
                if (has_commands)
                        with_commands(out, report->arena, texts->lines[i]);
                else
                        escape_markdown(out, texts->lines[i]);
                strbuf_add_char(out, '\n');
        }
        strbuf_add_char(out, '\n');
}

static void name_code(struct strbuf *out, const struct nb_name *name, bool in_cell)
{
        char text[NB_NAME_TEXT_BYTES];

        nb_name_format(name, text);
        escape_markdown_code(out, text, in_cell);
}

static void masthead(struct strbuf *out, const struct report *report)
{
        char time[WALL_TEXT_BYTES];

        wall_format(report->collection->snapshot.now, time);
        strbuf_add(out, "# ");
        escape_markdown(out, report->title);
        strbuf_printf(out, "\n\nMade by netbt diagnose %s at %.19sZ", NETBT_VERSION, time);
        if (report->host[0]) {
                strbuf_add(out, " on ");
                escape_markdown(out, report->host);
        }
        strbuf_add(out, ".\n\n");
        list(out, report, "Looked at:", &report->sources, false);
}

static void story(struct strbuf *out, const struct report *report, const struct story *s)
{
        const struct diagnose_finding *f = s->finding;

        strbuf_add(out, "## ");
        for (size_t i = 0; i < s->name_count; i++) {
                strbuf_add(out, i ? ", " : "");
                name_code(out, s->names[i], false);
        }
        strbuf_printf(out, "%s: %s\n\n**%s** (`%s`)%s\n\n", s->name_count ? "" : "An unknown name", story_title(s),
                      diagnose_verdict_str(f->verdict), diagnose_cause_str(f->cause), f->benign ? ", harmless" : "");
        escape_markdown(out, f->headline);
        strbuf_add(out, "\n\n");
        list(out, report, "**Why we think so**", &f->evidence, false);
        list(out, report, "**What to do**", &f->remedy, true);
}

static void fix_left(struct strbuf *out, const struct report *report)
{
        const struct fix *fix = report->fix;

        for (size_t i = 0; i < fix->left_count; i++) {
                strbuf_add(out, i ? "" : "Left to you:\n\n");
                strbuf_add(out, "- ");
                if (fix->left[i].finding->c->has_name)
                        name_code(out, &fix->left[i].finding->c->name, false);
                else
                        strbuf_add(out, "an unknown name");
                strbuf_add(out, ": ");
                with_commands(out, report->arena, fix->left[i].why);
                strbuf_add(out, i + 1 == fix->left_count ? "\n\n" : "\n");
        }
}

static void fix(struct strbuf *out, const struct report *report)
{
        const struct fix *fix = report->fix;

        if (!fix)
                return;
        strbuf_printf(out, "## What --fix %s\n\n%s", fix->dry_run ? "would do" : "did",
                      fix->step_count ? "" : "Nothing.\n");
        for (size_t i = 0; i < fix->step_count; i++) {
                strbuf_printf(out, "%zu. %s", i + 1, fix->steps[i].failed ? "**Failed:** " : "");
                with_commands(out, report->arena, fix->steps[i].text);
                if (fix->steps[i].undo) {
                        strbuf_add(out, "  \n   To undo: ");
                        escape_markdown_code(out, fix->steps[i].undo, false);
                }
                strbuf_add_char(out, '\n');
        }
        strbuf_add_char(out, '\n');
        if (fix->not_done_count)
                strbuf_printf(out, "%zu more step%s not done after that.\n\n", fix->not_done_count,
                              fix->not_done_count == 1 ? " was" : "s were");
        fix_left(out, report);
}

static void picture(struct strbuf *out, const struct report_picture *picture)
{
        if (picture->link_count == 0)
                return;
        strbuf_add(out, "## Who holds what\n\n| Name | Machine | What it does |\n|---|---|---|\n");
        for (size_t i = 0; i < picture->link_count; i++) {
                const struct report_link *link = &picture->links[i];
                const struct report_machine *machine = &picture->machines[link->machine];
                const char *strong = link->kind == LINK_LOST ? "**" : "";

                strbuf_add(out, "| ");
                name_code(out, &picture->names[link->name], true);
                strbuf_add(out, " | ");
                escape_markdown(out, machine->label);
                strbuf_printf(out, "%s%s%s%s%s | %s%s%s |\n", machine->ip[0] ? ", " : "", machine->ip,
                              machine->mac[0] ? ", " : "", machine->mac, machine->is_here ? " (here)" : "", strong,
                              report_link_str(link->kind), strong);
        }
        strbuf_add(out, picture->is_cut ? "\nThere are more; only the first are listed.\n\n" : "\n");
}

static void clocks(struct strbuf *out, const struct report *report)
{
        const struct skew *skew = &report->skew;

        if (skew->count < 2)
                return;
        strbuf_add(out, "The machines' clocks:\n\n");
        for (size_t i = 0; i < skew->count; i++) {
                strbuf_add(out, "- ");
                escape_markdown(out, skew->machines[i].label);
                strbuf_add(out, ": ");
                escape_markdown(out, skew_describe(skew, &skew->machines[i], report->arena));
                strbuf_add_char(out, '\n');
        }
        strbuf_add_char(out, '\n');
}

static void row_time(struct strbuf *out, const struct report *report, const struct timeline_row *row)
{
        char time[WALL_TEXT_BYTES] = "";

        if (row->has_time)
                wall_format(row->time, time);
        strbuf_printf(out, "| %.23s%s", time, time[0] ? "Z" : "unknown");
        if (row->ahead_us) {
                wall_format(timeline_row_time(row), time);
                strbuf_printf(out, " (= %.19sZ by the clock of ", time);
                escape_markdown(out, skew_reference(&report->skew));
                strbuf_add_char(out, ')');
        }
        strbuf_add(out, " | ");
}

static void row_what(struct strbuf *out, const struct timeline_row *row)
{
        char from[IP4_TEXT_BYTES] = "?", to[IP4_TEXT_BYTES] = "?";

        escape_markdown(out, row->what);
        if (row->has_name) {
                strbuf_add(out, ": ");
                name_code(out, &row->name, true);
        }
        if (row->from)
                ip4_format(row->from, from);
        if (row->to)
                ip4_format(row->to, to);
        if (row->from || row->to)
                strbuf_printf(out, ", %s → %s", from, to);
        if (row->naming) {
                ip4_format(row->naming, from);
                strbuf_printf(out, ", naming %s", from);
        }
        if (row->repeated)
                strbuf_printf(out, " (and %llu more)", (unsigned long long)row->repeated);
        strbuf_add(out, " | ");
}

static void row_place(struct strbuf *out, const struct timeline_row *row)
{
        if (row->computer) {
                escape_markdown(out, row->computer);
                strbuf_add(out, ", ");
        }
        escape_markdown(out, row->source);
        if (row->number)
                strbuf_printf(out, ", %s %llu", row->kind == TIMELINE_PACKET ? "packet" : "record",
                              (unsigned long long)row->number);
        strbuf_add(out, " |\n");
}

static void timeline(struct strbuf *out, const struct report *report)
{
        if (report->timeline.count == 0)
                return;
        strbuf_add(out, "## What happened, in order\n\n");
        clocks(out, report);
        if (report->rows_left_out)
                strbuf_printf(out, "%zu earlier ones are left out.\n\n", report->rows_left_out);
        strbuf_add(out, "| Time | What | Source |\n|---|---|---|\n");
        for (size_t i = 0; i < report->timeline.count; i++) {
                row_time(out, report, &report->timeline.rows[i]);
                row_what(out, &report->timeline.rows[i]);
                row_place(out, &report->timeline.rows[i]);
        }
        strbuf_add_char(out, '\n');
}

static void notes(struct strbuf *out, const struct report *report, const char *heading,
                  const struct diagnose_note *notes, size_t count)
{
        if (count == 0)
                return;
        strbuf_printf(out, "## %s\n\n", heading);
        for (size_t i = 0; i < count; i++) {
                strbuf_printf(out, "- `%s`: ", diagnose_cause_str(notes[i].cause));
                with_commands(out, report->arena, notes[i].why);
                strbuf_add_char(out, '\n');
        }
        strbuf_add_char(out, '\n');
}

int report_md(const struct report *report)
{
        const struct diagnose_report *diagnosis = report->diagnosis;
        struct strbuf out = STRBUF_INIT;

        masthead(&out, report);
        picture(&out, &report->picture);
        if (report->story_count == 0)
                strbuf_add(&out, "Nothing that was looked at tells of a name held twice.\n\n");
        for (size_t i = 0; i < report->story_count; i++)
                story(&out, report, &report->stories[i]);
        list(&out, report, "## Over by now", &diagnosis->settled, false);
        fix(&out, report);
        timeline(&out, report);
        notes(&out, report, "Ruled out", diagnosis->ruled_out, diagnosis->ruled_out_count);
        notes(&out, report, "Not checked", diagnosis->not_checked, diagnosis->not_checked_count);
        list(&out, report, "## Please note", &report->collection->notes, true);
        const bool good = strbuf_ok(&out);

        if (good)
                fputs(strbuf_str(&out), report->ctx->out);
        strbuf_done(&out);
        return good ? 0 : NBT_ERR_NOMEM;
}
