#include "cli/watch_ui.h"

#include "base/ip4.h"
#include "cli/watch_print.h"

#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES_KEPT 500u
#define ROWS_MAX 5000u /* of one page; a filter shows the others */
#define FILTER_BYTES 32
#define LINE_BYTES 320
#define CTRL_L 12

enum page { PAGE_NAMES, PAGE_CONFLICTS, PAGE_MACHINES, PAGE_SPOOFERS, PAGE_CHANGES, PAGE_MAX };

/* What one line of a page shows, and sorts by. */
struct ui_line {
        uint64_t key;
        bool alarm;
        char text[LINE_BYTES];
};

struct watch_ui {
        struct watch_session *session;
        SCREEN *screen;
        enum page page;
        size_t top;  /* first line shown */
        bool asking; /* the filter is being typed */
        char filter[FILTER_BYTES];
        size_t count;
        struct ui_line *lines; /* ROWS_MAX */
        size_t change_count;   /* ever; the newest LINES_KEPT are there */
        char (*changes)[LINE_BYTES];
        bool *alarms;
};

/* ---- life --------------------------------------------------------------------------------------------------------- */

int watch_ui_new(struct watch_ui **ret, struct watch_session *session)
{
        struct watch_ui *ui = calloc(1, sizeof(*ui));

        if (!ui)
                return NBT_ERR_NOMEM;
        ui->session = session;
        ui->lines = calloc(ROWS_MAX, sizeof(*ui->lines));
        ui->changes = calloc(LINES_KEPT, sizeof(*ui->changes));
        ui->alarms = calloc(LINES_KEPT, sizeof(*ui->alarms));
        if (!ui->lines || !ui->changes || !ui->alarms) {
                watch_ui_free(ui);
                return NBT_ERR_NOMEM;
        }
        setlocale(LC_CTYPE, "");
        ui->screen = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? newterm(NULL, stdout, stdin) : NULL;
        if (!ui->screen) {
                watch_ui_free(ui);
                return NBT_ERR_UNSUPPORTED;
        }
        cbreak();
        noecho();
        keypad(stdscr, TRUE);
        nodelay(stdscr, TRUE);
        curs_set(0);
        *ret = ui;
        return 0;
}

struct watch_ui *watch_ui_free(struct watch_ui *ui)
{
        if (!ui)
                return NULL;
        if (ui->screen) {
                endwin();
                delscreen(ui->screen);
        }
        free(ui->lines);
        free(ui->changes);
        free(ui->alarms);
        free(ui);
        return NULL;
}

/* What others wrote may hold anything; the terminal gets letters only. */
static void copy_clean(char *to, const char *from)
{
        size_t at = 0;

        for (; from[at] && at + 1 < LINE_BYTES; at++)
                to[at] = from[at] >= ' ' && from[at] < 127 ? from[at] : '.';
        to[at] = '\0';
}

void watch_ui_tell(struct watch_ui *ui, const struct watch_event *event)
{
        struct strbuf line = STRBUF_INIT;
        const size_t at = ui->change_count++ % LINES_KEPT;

        watch_print_event(&line, event);
        copy_clean(ui->changes[at], strbuf_str(&line));
        ui->alarms[at] = watch_is_alarm(event);
        strbuf_done(&line);
}

/* ---- pages -------------------------------------------------------------------------------------------------------- */

static struct ui_line *new_line(struct watch_ui *ui)
{
        return ui->count < ROWS_MAX ? &ui->lines[ui->count] : NULL;
}

/* Keeps the line if the filter lets it pass. */
static void keep_line(struct watch_ui *ui, struct ui_line *line)
{
        char wanted[FILTER_BYTES], text[LINE_BYTES];

        for (size_t i = 0; i < sizeof(wanted); i++)
                wanted[i] = (char)(ui->filter[i] >= 'a' && ui->filter[i] <= 'z' ? ui->filter[i] - 32 : ui->filter[i]);
        for (size_t i = 0; i < sizeof(text); i++)
                text[i] = (char)(line->text[i] >= 'a' && line->text[i] <= 'z' ? line->text[i] - 32 : line->text[i]);
        if (!wanted[0] || strstr(text, wanted))
                ui->count++;
}

static void format_clock(wall_t time, char ret[9])
{
        char text[WALL_TEXT_BYTES];

        wall_format(time, text);
        memcpy(ret, text + 11, 8);
        ret[8] = '\0';
}

static void format_machine(uint32_t address, bool has_mac, const uint8_t mac[6], char ip[IP4_TEXT_BYTES],
                           char mac_text[MAC_TEXT_BYTES])
{
        ip4_format(address, ip);
        memcpy(mac_text, "-", 2);
        if (has_mac)
                mac_format(mac, mac_text);
}

static void name_line(struct ui_line *line, const struct watch_row *row)
{
        const struct watch_holder *holder = &row->holder;
        char name[NB_NAME_TEXT_BYTES], ip[IP4_TEXT_BYTES], mac[MAC_TEXT_BYTES], last[9];

        nb_name_format(&row->name, name);
        format_machine(holder->address, holder->has_mac, holder->mac, ip, mac);
        format_clock(holder->last, last);
        line->alarm = holder->conflict;
        line->key = 0;
        for (size_t i = 0; i < 8; i++) /* by name: its first letters, as a number */
                line->key = line->key << 8 | row->name.bytes[i];
        snprintf(line->text, sizeof(line->text), "%-19.19s %-6s %-8s %-15s %-17s %s", name,
                 holder->group ? "group" : "unique", holder->conflict ? "CONFLICT" : watch_state_str(holder->state), ip,
                 mac, last);
}

static void fill_names(struct watch_ui *ui, bool conflicts_only)
{
        struct watch_row row;
        uint32_t cursor = 0;
        struct ui_line *line;

        while ((line = new_line(ui)) && watch_row_next(ui->session->watch, &cursor, false, &row)) {
                if (conflicts_only && !row.holder.conflict)
                        continue;
                name_line(line, &row);
                keep_line(ui, line);
        }
}

static void fill_machines(struct watch_ui *ui)
{
        struct watch_station station;
        uint32_t cursor = 0;
        struct ui_line *line;

        while ((line = new_line(ui)) && watch_station_next(ui->session->watch, &cursor, &station)) {
                char ip[IP4_TEXT_BYTES], mac[MAC_TEXT_BYTES];

                format_machine(station.address, station.has_mac, station.mac, ip, mac);
                line->alarm = false;
                line->key = UINT64_MAX - station.packets; /* the busiest first */
                snprintf(line->text, sizeof(line->text), "%-15s %-17s %8u %7u %6u %7u %6u %s", ip, mac, station.packets,
                         station.queries, station.claims, station.answers, station.refusals + station.demands,
                         station.server  ? "server"
                         : station.proxy ? "proxy"
                                         : "");
                keep_line(ui, line);
        }
}

static void fill_spoofers(struct watch_ui *ui)
{
        struct watch_finding finding;
        uint32_t cursor = 0;
        struct ui_line *line;

        while ((line = new_line(ui)) && watch_finding_next(ui->session->watch, &cursor, &finding)) {
                char ip[IP4_TEXT_BYTES], mac[MAC_TEXT_BYTES];
                struct strbuf text = STRBUF_INIT;

                format_machine(finding.address, finding.has_mac, finding.mac, ip, mac);
                strbuf_printf(&text, "%-15s %-17s %-9s ", ip, mac, watch_confidence_str(finding.confidence));
                for (size_t i = 0; i < finding.evidence_count; i++)
                        strbuf_printf(&text, "%s%s", i ? ", " : "", watch_rule_str(finding.evidence[i].rule));
                line->alarm = finding.confidence >= WATCH_CONFIDENCE_LIKELY;
                line->key = WATCH_CONFIDENCE_CONFIRMED - (uint64_t)finding.confidence;
                copy_clean(line->text, strbuf_str(&text));
                strbuf_done(&text);
                keep_line(ui, line);
        }
}

static void fill_changes(struct watch_ui *ui)
{
        const size_t kept = ui->change_count < LINES_KEPT ? ui->change_count : LINES_KEPT;

        for (size_t i = 0; i < kept; i++) {
                const size_t at = (ui->change_count - 1 - i) % LINES_KEPT;
                struct ui_line *line = new_line(ui);

                if (!line)
                        return;
                memcpy(line->text, ui->changes[at], LINE_BYTES);
                memmove(line->text, line->text + 11, LINE_BYTES - 11); /* the date is today's */
                line->alarm = ui->alarms[at];
                line->key = i;
                keep_line(ui, line);
        }
}

static int compare_lines(const void *a, const void *b)
{
        const struct ui_line *x = a, *y = b;

        if (x->key != y->key)
                return x->key < y->key ? -1 : 1;
        return strcmp(x->text, y->text);
}

static void fill(struct watch_ui *ui)
{
        ui->count = 0;
        switch (ui->page) {
        case PAGE_NAMES:
                fill_names(ui, false);
                break;
        case PAGE_CONFLICTS:
                fill_names(ui, true);
                break;
        case PAGE_MACHINES:
                fill_machines(ui);
                break;
        case PAGE_SPOOFERS:
                fill_spoofers(ui);
                break;
        case PAGE_CHANGES:
        case PAGE_MAX:
        default:
                fill_changes(ui);
                break;
        }
        qsort(ui->lines, ui->count, sizeof(*ui->lines), compare_lines);
}

/* ---- drawing ------------------------------------------------------------------------------------------------------ */

static const char *const titles[PAGE_MAX] = {"names", "conflicts", "machines", "spoofers", "changes"};
static const char *const heads[PAGE_MAX] = {
        "NAME                KIND   STATE    ADDRESS         MAC               LAST",
        "NAME                KIND   STATE    ADDRESS         MAC               LAST",
        "ADDRESS         MAC                PACKETS QUERIES CLAIMS ANSWERS DENIES",
        "ADDRESS         MAC               SURE      WHY",
        "TIME            CHANGE",
};

/* One row of the screen, blank to its end. */
static void put(int y, int attribute, const char *text)
{
        attron(attribute);
        mvprintw(y, 0, "%-*.*s", COLS, COLS, text);
        attroff(attribute);
}

static void draw_head(const struct watch_ui *ui)
{
        const struct watch_counters counters = watch_counters(ui->session->watch);
        char line[LINE_BYTES];
        size_t at = 0;

        snprintf(line, sizeof(line),
                 "netbt watch  %llu packets  %zu names  %zu machines  %llu conflicts  dropped %llu%s",
                 (unsigned long long)counters.packets, watch_name_count(ui->session->watch),
                 watch_station_count(ui->session->watch), (unsigned long long)counters.conflicts,
                 (unsigned long long)capture_file_drops(&ui->session->capture),
                 ui->session->capture.ended ? "  (end of file)" : "");
        put(0, A_BOLD, line);
        for (unsigned i = 0; i < PAGE_MAX; i++)
                at += (size_t)snprintf(line + at, sizeof(line) - at, i == (unsigned)ui->page ? "[%u %s] " : " %u %s  ",
                                       i + 1, titles[i]);
        put(1, A_NORMAL, line);
        put(2, A_REVERSE, heads[ui->page]);
}

static void draw_foot(const struct watch_ui *ui, size_t room)
{
        char line[LINE_BYTES];

        if (ui->asking)
                snprintf(line, sizeof(line), "filter: %s_   (Enter: take it, Esc: none)", ui->filter);
        else
                snprintf(line, sizeof(line), "%zu-%zu of %zu%s  filter: %s   1-5 page  / filter  arrows scroll  q quit",
                         ui->count ? ui->top + 1 : 0, ui->top + room < ui->count ? ui->top + room : ui->count,
                         ui->count, ui->count == ROWS_MAX ? " or more" : "", ui->filter[0] ? ui->filter : "none");
        put(LINES - 1, A_REVERSE, line);
}

void watch_ui_draw(struct watch_ui *ui)
{
        const size_t room = LINES > 4 ? (size_t)LINES - 4 : 0;

        fill(ui);
        if (ui->top + room > ui->count)
                ui->top = ui->count > room ? ui->count - room : 0;
        erase();
        draw_head(ui);
        for (size_t i = 0; i < room && ui->top + i < ui->count; i++)
                put((int)i + 3, ui->lines[ui->top + i].alarm ? A_BOLD : A_NORMAL, ui->lines[ui->top + i].text);
        draw_foot(ui, room);
        refresh();
}

/* ---- keys --------------------------------------------------------------------------------------------------------- */

static void type_filter(struct watch_ui *ui, int key)
{
        const size_t len = strlen(ui->filter);

        if (key == '\n' || key == KEY_ENTER) {
                ui->asking = false;
        } else if (key == 27) {
                ui->asking = false;
                ui->filter[0] = '\0';
        } else if ((key == KEY_BACKSPACE || key == 127 || key == 8) && len) {
                ui->filter[len - 1] = '\0';
        } else if (key >= ' ' && key < 127 && len + 1 < sizeof(ui->filter)) {
                ui->filter[len] = (char)key;
                ui->filter[len + 1] = '\0';
        }
}

static void scroll_by(struct watch_ui *ui, int key)
{
        const size_t room = LINES > 4 ? (size_t)LINES - 4 : 1;

        switch (key) {
        case KEY_DOWN:
                ui->top++;
                break;
        case KEY_UP:
                ui->top -= ui->top > 0;
                break;
        case KEY_NPAGE:
                ui->top += room;
                break;
        case KEY_PPAGE:
                ui->top -= ui->top < room ? ui->top : room;
                break;
        case KEY_HOME:
                ui->top = 0;
                break;
        case KEY_END:
                ui->top = ui->count;
                break;
        default:
                break;
        }
}

static bool take_key(struct watch_ui *ui, int key)
{
        if (ui->asking) {
                type_filter(ui, key);
        } else if (key == 'q' || key == 'Q') {
                return false;
        } else if (key == '/') {
                ui->asking = true;
        } else if (key >= '1' && key < '1' + PAGE_MAX) {
                ui->page = (enum page)(key - '1');
                ui->top = 0;
        } else if (key == CTRL_L) {
                clearok(stdscr, TRUE); /* another program wrote over the screen */
        } else if (key == '\t') {
                ui->page = (enum page)((ui->page + 1) % PAGE_MAX);
                ui->top = 0;
        } else {
                scroll_by(ui, key);
        }
        return true;
}

bool watch_ui_keys(struct watch_ui *ui)
{
        bool any = false;

        for (int key = getch(); key != ERR; key = getch()) {
                if (!take_key(ui, key))
                        return false;
                any = true;
        }
        if (any)
                watch_ui_draw(ui);
        return true;
}
