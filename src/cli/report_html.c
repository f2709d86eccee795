/*
 * The report as one page: nothing is loaded, nothing runs, and a policy of its own forbids both. All that came from outside goes through
 * escape_html().
 */
#include "cli/escape.h"
#include "cli/report.h"

#include <string.h>

/* The style, and its digest for the page's policy (tests/cli/test_report.py compares them). */
static const char style[] =
        ":root{color-scheme:light "
        "dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d0d7de;--soft:#f6f8fa;--bad:#b3261e;"
        "--good:#1a7f37;--warn:#8a5a00;--said:#3b5b8c}\n"
        "@media(prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e6e8eb;--dim:#a0a8b2;--line:#3a414a;--soft:#1d2228;"
        "--bad:#ff8f86;--good:#5fd27c;--warn:#e8b04a;--said:#9db9e8}}\n"
        "*{box-sizing:border-box}\n"
        "body{margin:0 auto;max-width:62rem;padding:1rem;background:var(--bg);color:var(--fg);font:1rem/1.5 "
        "system-ui,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif;overflow-wrap:anywhere}\n"
        "h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}\n"
        "h2{font-size:1.2rem;margin:2rem 0 .5rem;padding-top:.5rem;border-top:1px solid var(--line)}\n"
        "h3{font-size:1rem;margin:1rem 0 .25rem}\n"
        "ul,ol{margin:.25rem 0;padding-left:1.4rem}\n"
        "li{margin:.25rem 0}\n"
        "code,time,.mono{font-family:ui-monospace,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;font-size:.9em}\n"
        "code{background:var(--soft);border:1px solid var(--line);border-radius:4px;padding:0 .25em}\n"
        ".dim{color:var(--dim)}\n"
        "dl{margin:.5rem 0}\n"
        "dt{font-weight:600}\n"
        "dd{margin:0 0 .5rem}\n"
        "article{border:1px solid var(--line);border-left:6px solid var(--bad);border-radius:6px;padding:.5rem "
        "1rem;margin:1rem "
        "0}\n"
        "article.benign{border-left-color:var(--good)}\n"
        "article h2,header h2{border:0;margin:0;padding:0}header h2{font-size:1rem}\n"
        ".verdict{display:inline-block;border:2px solid;border-radius:1em;padding:0 "
        ".6em;font-size:.85rem;font-weight:600}\n"
        ".confirmed{color:var(--bad)}\n"
        ".likely{color:var(--warn);border-style:dashed}\n"
        ".possible{color:var(--dim);border-style:dotted}\n"
        "figure{margin:1rem 0}\n"
        "svg{display:block;width:100%;max-width:34rem;height:auto}\n"
        "svg .box{stroke:var(--dim);fill:var(--soft)}\n"
        "svg .here{stroke-width:2.5;stroke:var(--fg)}\n"
        "svg text{fill:var(--fg)}\n"
        "svg .name{font-family:ui-monospace,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;font-size:12px}\n"
        "svg .machine{font-weight:600}\n"
        "svg .small{font-size:12px}\n"
        "svg .l.lost{stroke:var(--bad)}svg .l.holds{stroke:var(--good)}svg .l.said{stroke:var(--said)}svg "
        ".l.demands{stroke:var(--warn)}\n"
        "svg .f.holds{fill:var(--good)}svg .f.demands{fill:var(--warn)}\n"
        "table{border-collapse:collapse;table-layout:fixed;width:100%;margin:.5rem 0}\n"
        "th,td{text-align:left;vertical-align:top;padding:.3rem .25rem;border-bottom:1px solid "
        "var(--line);overflow-wrap:break-word}\n"
        "th:nth-child(1){width:35%}th:nth-child(2){width:39%}td "
        ".mono,th.mono{font-size:.72rem}td:last-child{font-size:.9rem}@media(min-width:44rem){td "
        ".mono,th.mono{font-size:.85rem}}\n"
        "caption{text-align:left;color:var(--dim);padding:.25rem 0}\n"
        "tr.lost td:last-child{color:var(--bad);font-weight:600}\n"
        ".timeline{list-style:none;padding:0}\n"
        ".timeline li{border-bottom:1px solid var(--line);padding:.35rem 0;margin:0}\n"
        ".timeline span,.timeline time{display:block}\n"
        "@media(min-width:44rem){.timeline li{display:grid;grid-template-columns:14rem 1fr 15rem;gap:0 1rem}"
        ".pairs{display:grid;grid-template-columns:13rem 1fr;gap:0 1rem}}\n"
        "@media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--dim:#444;--line:#999;--soft:#fff;--bad:#b3261e;"
        "--good:#1a7f37;--warn:#8a5a00;--said:#3b5b8c}body{max-width:none;padding:0;font-size:10pt}li,tr,figure,dd{"
        "break-inside:avoid}h2,h3,dt{break-after:avoid}}\n";

#define STYLE_DIGEST "sha256-MMOfNGQue995KHyQKu6SLZ1vqlH+NfhHZD2+MeUkCSI="

/* ---- pieces ------------------------------------------------------------------------------------------------------- */

/* <TAG>TEXT</TAG>; TAG may have attributes. */
static void element(struct strbuf *out, const char *tag, const char *text)
{
        strbuf_printf(out, "<%s>", tag);
        escape_html(out, text);
        strbuf_printf(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

/* Commands stand between backquotes. */
static void with_commands(struct strbuf *out, struct arena *arena, const char *text)
{
        for (bool is_command = false; *text; is_command = !is_command) {
                const char *piece = report_next_piece(arena, &text);

                strbuf_add(out, is_command ? "<code>" : "");
                escape_html(out, piece);
                strbuf_add(out, is_command ? "</code>" : "");
        }
}

static void list(struct strbuf *out, const struct report *report, const char *heading, const struct texts *texts,
                 bool has_commands)
{
        if (texts->count == 0)
                return;
        if (heading)
                element(out, "h3", heading);
        strbuf_add(out, "<ul>\n");
        for (size_t i = 0; i < texts->count; i++) {
                strbuf_add(out, "<li>");
                if (has_commands)
                        with_commands(out, report->arena, texts->lines[i]);
                else
                        escape_html(out, texts->lines[i]);
                strbuf_add(out, "</li>\n");
        }
        strbuf_add(out, "</ul>\n");
}

/* ---- parts -------------------------------------------------------------------------------------------------------- */

static void head(struct strbuf *out, const struct report *report)
{
        strbuf_add(out,
                   "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '" STYLE_DIGEST
                   "'; base-uri 'none'; form-action 'none'\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta name=\"generator\" content=\"netbt " NETBT_VERSION "\">\n");
        element(out, "title", report->title);
        strbuf_printf(out, "<style>%s</style>\n</head>\n<body>\n", style);
}

static void masthead(struct strbuf *out, const struct report *report)
{
        char time[WALL_TEXT_BYTES];

        wall_format(report->collection->snapshot.now, time);
        strbuf_add(out, "<header>\n");
        element(out, "h1", report->title);
        strbuf_printf(out, "<p class=\"dim\">Made by netbt diagnose %s at <time datetime=\"%s\">%.19sZ</time>",
                      NETBT_VERSION, time, time);
        if (report->host[0]) {
                strbuf_add(out, " on <span class=\"mono\">");
                escape_html(out, report->host);
                strbuf_add(out, "</span>");
        }
        strbuf_add(out, ".</p>\n");
        element(out, "h2", "Looked at");
        list(out, report, NULL, &report->sources, false);
        strbuf_add(out, "</header>\n");
}

static void story(struct strbuf *out, const struct report *report, const struct story *s)
{
        const struct diagnose_finding *f = s->finding;
        const char *verdict = diagnose_verdict_str(f->verdict);
        struct strbuf names = STRBUF_INIT;

        story_names(s, &names);
        strbuf_printf(out, "<article%s>\n<h2>", f->benign ? " class=\"benign\"" : "");
        escape_html(out, strbuf_str(&names));
        strbuf_printf(out, ": %s</h2>\n<p><span class=\"verdict %s\">%s</span> <code>%s</code>%s</p>\n", story_title(s),
                      verdict, verdict, diagnose_cause_str(f->cause), f->benign ? " harmless" : "");
        element(out, "p", f->headline);
        list(out, report, "Why we think so", &f->evidence, false);
        list(out, report, "What to do", &f->remedy, true);
        strbuf_add(out, "</article>\n");
        strbuf_done(&names);
}

static void stories(struct strbuf *out, const struct report *report)
{
        if (report->story_count == 0)
                element(out, "p", "Nothing that was looked at tells of a name held twice.");
        for (size_t i = 0; i < report->story_count; i++)
                story(out, report, &report->stories[i]);
        list(out, report, "Over by now", &report->diagnosis->settled, false);
}

static void fix_step(struct strbuf *out, const struct report *report, const struct fix_step *step)
{
        strbuf_printf(out, "<li>%s", step->failed ? "<strong>Failed:</strong> " : "");
        with_commands(out, report->arena, step->text);
        if (step->undo) {
                strbuf_add(out, "<br>To undo: <code>");
                escape_html(out, step->undo);
                strbuf_add(out, "</code>");
        }
        strbuf_add(out, "</li>\n");
}

/* The findings that nothing was done about. */
static void fix_left(struct strbuf *out, const struct report *report)
{
        const struct fix *fix = report->fix;

        if (fix->left_count == 0)
                return;
        strbuf_add(out, "<h3>Left to you</h3>\n<dl class=\"pairs\">\n");
        for (size_t i = 0; i < fix->left_count; i++) {
                char name[NB_NAME_TEXT_BYTES] = "an unknown name";

                if (fix->left[i].finding->c->has_name)
                        nb_name_format(&fix->left[i].finding->c->name, name);
                element(out, "dt", name);
                strbuf_add(out, "<dd>");
                with_commands(out, report->arena, fix->left[i].why);
                strbuf_add(out, "</dd>\n");
        }
        strbuf_add(out, "</dl>\n");
}

static void fix(struct strbuf *out, const struct report *report)
{
        const struct fix *fix = report->fix;

        if (!fix)
                return;
        element(out, "h2", fix->dry_run ? "What --fix would do" : "What --fix did");
        if (fix->step_count == 0)
                element(out, "p", "Nothing.");
        strbuf_add(out, fix->step_count ? "<ol>\n" : "");
        for (size_t i = 0; i < fix->step_count; i++)
                fix_step(out, report, &fix->steps[i]);
        strbuf_add(out, fix->step_count ? "</ol>\n" : "");
        if (fix->not_done_count)
                strbuf_printf(out, "<p>%zu more step%s not done after that.</p>\n", fix->not_done_count,
                              fix->not_done_count == 1 ? " was" : "s were");
        fix_left(out, report);
}

/* A narrow page may break the name before its suffix. */
static void name_cell(struct strbuf *out, const struct nb_name *name)
{
        char stem[NB_NAME_TEXT_BYTES];

        nb_name_format_stem(name, stem);
        escape_html(out, stem);
        strbuf_printf(out, "<wbr>&lt;%02X&gt;", nb_name_suffix(name));
}

static void machine_cell(struct strbuf *out, const struct report_machine *machine)
{
        escape_html(out, machine->label);
        if (machine->ip[0])
                strbuf_printf(out, "<br><span class=\"mono\">%s</span>", machine->ip);
        if (machine->mac[0])
                strbuf_printf(out, "<br><span class=\"mono\">%s</span>", machine->mac);
        strbuf_add(out, machine->is_here ? "<br><span class=\"dim\">(here)</span>" : "");
}

static void picture(struct strbuf *out, const struct report_picture *picture)
{
        if (picture->link_count == 0)
                return;
        strbuf_add(out, "<h2>Who holds what</h2>\n<figure>\n");
        report_svg(out, picture);
        strbuf_add(out, "</figure>\n<table>\n<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Machine</th><th "
                        "scope=\"col\">What it does</th></tr></thead>\n<tbody>\n");
        for (size_t i = 0; i < picture->link_count; i++) {
                const struct report_link *link = &picture->links[i];

                strbuf_printf(out, "<tr%s><th scope=\"row\" class=\"mono\">",
                              link->kind == LINK_LOST ? " class=\"lost\"" : "");
                name_cell(out, &picture->names[link->name]);
                strbuf_add(out, "</th><td>");
                machine_cell(out, &picture->machines[link->machine]);
                strbuf_printf(out, "</td><td>%s</td></tr>\n", report_link_str(link->kind));
        }
        strbuf_add(out, "</tbody>\n</table>\n");
        if (picture->is_cut)
                element(out, "p class=\"dim\"", "There are more; only the first are drawn.");
}

static void clocks(struct strbuf *out, const struct report *report)
{
        const struct skew *skew = &report->skew;

        if (skew->count < 2)
                return;
        strbuf_add(out, "<h3>The machines' clocks</h3>\n<dl class=\"pairs\">\n");
        for (size_t i = 0; i < skew->count; i++) {
                element(out, "dt", skew->machines[i].label);
                element(out, "dd", skew_describe(skew, &skew->machines[i], report->arena));
        }
        strbuf_add(out, "</dl>\n");
}

/* By the clock of its log; where that one is known to be wrong, by the reference's too. */
static void row_time(struct strbuf *out, const struct report *report, const struct timeline_row *row)
{
        char time[WALL_TEXT_BYTES];

        if (!row->has_time) {
                strbuf_add(out, "<span class=\"dim\">time unknown</span>");
                return;
        }
        wall_format(row->time, time);
        strbuf_printf(out, "<time datetime=\"%s\">%.23sZ", time, time);
        if (row->ahead_us) {
                wall_format(timeline_row_time(row), time);
                strbuf_printf(out, "<br><span class=\"dim\">= %.19sZ by the clock of ", time);
                escape_html(out, skew_reference(&report->skew));
                strbuf_add(out, "</span>");
        }
        strbuf_add(out, "</time>");
}

static void row_parties(struct strbuf *out, const struct timeline_row *row)
{
        char from[IP4_TEXT_BYTES] = "?", to[IP4_TEXT_BYTES] = "?";

        if (row->from == 0 && row->to == 0)
                return;
        if (row->from)
                ip4_format(row->from, from);
        if (row->to)
                ip4_format(row->to, to);
        strbuf_printf(out, " <span class=\"mono\">%s → %s</span>", from, to);
}

/* What a packet says beside. */
static void row_more(struct strbuf *out, const struct timeline_row *row)
{
        char naming[IP4_TEXT_BYTES];

        if (row->naming) {
                ip4_format(row->naming, naming);
                strbuf_printf(out, " naming <b class=\"mono\">%s</b>", naming);
        }
        if (row->repeated)
                strbuf_printf(out, " (and %llu more)", (unsigned long long)row->repeated);
}

static void row_what(struct strbuf *out, const struct timeline_row *row)
{
        char name[NB_NAME_TEXT_BYTES];

        strbuf_add(out, "<span>");
        escape_html(out, row->what);
        if (row->has_name) {
                nb_name_format(&row->name, name);
                strbuf_add(out, ": <b class=\"mono\">");
                escape_html(out, name);
                strbuf_add(out, "</b>");
        }
        row_parties(out, row);
        row_more(out, row);
        strbuf_add(out, "</span>");
}

static void row_place(struct strbuf *out, const struct timeline_row *row)
{
        strbuf_add(out, "<span class=\"dim\">");
        if (row->computer) {
                escape_html(out, row->computer);
                strbuf_add(out, ", ");
        }
        escape_html(out, row->source);
        if (row->number)
                strbuf_printf(out, ", %s %llu", row->kind == TIMELINE_PACKET ? "packet" : "record",
                              (unsigned long long)row->number);
        strbuf_add(out, "</span>");
}

static void timeline(struct strbuf *out, const struct report *report)
{
        if (report->timeline.count == 0)
                return;
        strbuf_add(out, "<h2>What happened, in order</h2>\n");
        clocks(out, report);
        if (report->rows_left_out)
                strbuf_printf(out, "<p class=\"dim\">%zu earlier ones are left out.</p>\n", report->rows_left_out);
        strbuf_add(out, "<ol class=\"timeline\">\n");
        for (size_t i = 0; i < report->timeline.count; i++) {
                strbuf_add(out, "<li>");
                row_time(out, report, &report->timeline.rows[i]);
                row_what(out, &report->timeline.rows[i]);
                row_place(out, &report->timeline.rows[i]);
                strbuf_add(out, "</li>\n");
        }
        strbuf_add(out, "</ol>\n");
}

static void notes(struct strbuf *out, const struct report *report, const char *heading,
                  const struct diagnose_note *notes, size_t count)
{
        if (count == 0)
                return;
        element(out, "h2", heading);
        strbuf_add(out, "<dl class=\"pairs\">\n");
        for (size_t i = 0; i < count; i++) {
                strbuf_printf(out, "<dt><code>%s</code></dt>\n<dd>", diagnose_cause_str(notes[i].cause));
                with_commands(out, report->arena, notes[i].why);
                strbuf_add(out, "</dd>\n");
        }
        strbuf_add(out, "</dl>\n");
}

int report_html(const struct report *report)
{
        const struct diagnose_report *diagnosis = report->diagnosis;
        struct strbuf out = STRBUF_INIT;

        head(&out, report);
        masthead(&out, report);
        strbuf_add(&out, "<main>\n");
        picture(&out, &report->picture);
        stories(&out, report);
        fix(&out, report);
        timeline(&out, report);
        notes(&out, report, "Ruled out", diagnosis->ruled_out, diagnosis->ruled_out_count);
        notes(&out, report, "Not checked", diagnosis->not_checked, diagnosis->not_checked_count);
        if (report->collection->notes.count) {
                strbuf_add(&out, "<h2>Please note</h2>\n");
                list(&out, report, NULL, &report->collection->notes, true);
        }
        strbuf_add(&out, "</main>\n</body>\n</html>\n");
        const bool good = strbuf_ok(&out);

        if (good)
                fputs(strbuf_str(&out), report->ctx->out);
        strbuf_done(&out);
        return good ? 0 : NBT_ERR_NOMEM;
}
