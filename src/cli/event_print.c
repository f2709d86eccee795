#include "cli/event_print.h"

#include "base/ip4.h"
#include "cli/event_json.h"
#include "cli/name_json.h"
#include "eventlog/render.h"

#include <string.h>

#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"
#define SECONDS_CHARS 19 /* "2026-11-23T06:14:04" */

static const char *const format_names[EVENT_FORMAT_MAX] = {
        [EVENT_FORMAT_LIST] = "list",   [EVENT_FORMAT_TEXT] = "text", [EVENT_FORMAT_BYTES] = "bytes",
        [EVENT_FORMAT_WORDS] = "words", [EVENT_FORMAT_XML] = "xml",   [EVENT_FORMAT_JSON] = "json",
};

int event_format_parse(const char *name, enum event_format *ret)
{
        for (unsigned i = 0; i < EVENT_FORMAT_MAX; i++)
                if (strcmp(name, format_names[i]) == 0) {
                        *ret = (enum event_format)i;
                        return 0;
                }
        return NBT_ERR_MALFORMED;
}

void event_print_head(const struct cli_context *ctx, enum event_format format)
{
        if (format == EVENT_FORMAT_LIST)
                fprintf(ctx->out, "%6s  %-20s  %-11s  %4s  %-19s  %-15s  %-10s  %7s  %s\n", "Record", "Time", "Level",
                        "ID", "Name", "Other side", "Interface", "Repeats", "Note");
}

static void print_level(const struct cli_context *ctx, enum event_level level)
{
        const char *on = !ctx->colour                   ? ""
                         : level == EVENT_LEVEL_ERROR   ? RED
                         : level == EVENT_LEVEL_WARNING ? YELLOW
                                                        : "";

        fprintf(ctx->out, "%s%-11s%s", on, event_level_str(level), on[0] ? PLAIN : "");
}

/* Whole seconds are enough to look through a list; the other formats have them all. */
static void print_row(const struct cli_context *ctx, const struct event *event)
{
        char time[WALL_TEXT_BYTES], address[IP4_TEXT_BYTES] = "-";
        uint32_t ip;

        wall_format(event->time, time);
        if (event_find_address(event, &ip))
                ip4_format(ip, address);
        fprintf(ctx->out, "%6llu  %.*sZ  ", (unsigned long long)event->record, SECONDS_CHARS, time);
        print_level(ctx, event->level);
        fprintf(ctx->out, "  %4u  %-19s  %-15s  %-10s  %7llu  %s\n", event->id, event->name[0] ? event->name : "-",
                address, event->interface[0] ? event->interface : "-", (unsigned long long)event->repeated,
                event->note);
}

static int print_json_line(const struct cli_context *ctx, const struct event *event)
{
        json_t *object = json_from_event(event);

        if (!object)
                return NBT_ERR_NOMEM;
        json_print(ctx->out, object, JSON_COMPACT);
        return 0;
}

/* What a dump alone would not tell: of which event it is. */
static void render_dump_head(const struct event *event, struct strbuf *sb)
{
        char time[WALL_TEXT_BYTES];

        wall_format(event->time, time);
        strbuf_printf(sb, "Record %llu, event %u, %s\n", (unsigned long long)event->record, event->id, time);
}

static void render(enum event_format format, const struct event *event, struct strbuf *sb)
{
        if (format == EVENT_FORMAT_TEXT)
                event_render_text(event, EVENT_DATA_VIEW_BYTES, sb);
        else if (format == EVENT_FORMAT_XML)
                event_render_xml(event, sb);
        else
                render_dump_head(event, sb);
        if (format == EVENT_FORMAT_BYTES)
                event_render_bytes(event->data, event->data_len_bytes, false, sb);
        else if (format == EVENT_FORMAT_WORDS)
                event_render_words(event->data, event->data_len_bytes, sb);
}

int event_print(const struct cli_context *ctx, enum event_format format, const struct event *event, bool first)
{
        struct strbuf sb = STRBUF_INIT;

        if (format == EVENT_FORMAT_JSON)
                return print_json_line(ctx, event);
        if (format == EVENT_FORMAT_LIST) {
                print_row(ctx, event);
                return 0;
        }
        if (!first && format != EVENT_FORMAT_XML)
                strbuf_add_char(&sb, '\n');
        render(format, event, &sb);
        const int r = strbuf_ok(&sb) ? 0 : NBT_ERR_NOMEM;
        if (r == 0)
                fputs(strbuf_str(&sb), ctx->out);
        strbuf_done(&sb);
        return r;
}
