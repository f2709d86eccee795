/*
 * Names on the left, machines on the right, a line for each that has to do with a name. What a line means is in its colour, its dashes and
 * the mark it ends in, so that it is read in grey and without seeing colours too. Colours are classes of the page's style; where that is
 * gone, everything has the colour of the text.
 */
#include "cli/escape.h"
#include "cli/report.h"

#include "base/utf8.h"

#include <string.h>

#define WIDTH 400
#define MARGIN 4
#define NAME_WIDTH 150
#define NAME_HEIGHT 30
#define NAME_STEP 44
#define MACHINE_LEFT 244
#define MACHINE_WIDTH 152
#define LINE_HEIGHT 15
#define MACHINE_GAP 22
#define PORT_STEP 13
#define LEGEND_STEP 20
#define LABEL_CHARS 20 /* as wide as a machine's box */

struct look {
        const char *class;
        const char *dashes; /* "": solid */
        const char *width;
};

static const struct look looks[LINK_KIND_MAX] = {
        [LINK_LOST] = {"lost", "7 4", "2.2"},
        [LINK_HOLDS] = {"holds", "", "2.2"},
        [LINK_SAID] = {"said", "2 4", "1.8"},
        [LINK_DEMANDS] = {"demands", "10 3 2 3", "1.8"},
};

static void begin_line(struct strbuf *out, enum report_link_kind kind)
{
        const struct look *look = &looks[kind];

        strbuf_printf(out, "<path class=\"l %s\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"%s\"",
                      look->class, look->width);
        if (look->dashes[0])
                strbuf_printf(out, " stroke-dasharray=\"%s\"", look->dashes);
}

/* The mark at X, Y: a cross, a full circle, an empty one, an arrow's head towards the name. */
static void add_mark(struct strbuf *out, enum report_link_kind kind, int x, int y)
{
        switch (kind) {
        case LINK_LOST:
                strbuf_printf(
                        out,
                        "<path class=\"l lost\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.6\" d=\"M%d "
                        "%dl8 8m0 -8l-8 8\"/>\n",
                        x - 4, y - 4);
                break;
        case LINK_HOLDS:
                strbuf_printf(out, "<circle class=\"f holds\" cx=\"%d\" cy=\"%d\" r=\"4.5\" fill=\"currentColor\"/>\n",
                              x, y);
                break;
        case LINK_SAID:
                strbuf_printf(
                        out,
                        "<circle class=\"l said\" cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"none\" stroke=\"currentColor\" "
                        "stroke-width=\"1.8\"/>\n",
                        x, y);
                break;
        case LINK_DEMANDS:
        case LINK_KIND_MAX:
                strbuf_printf(out, "<path class=\"f demands\" fill=\"currentColor\" d=\"M%d %dl9 -5v10z\"/>\n", x - 5,
                              y);
                break;
        }
}

/* TEXT cut to COUNT characters. */
static void add_cut(struct strbuf *out, const char *text, size_t count)
{
        const char *at = text, *end = text + strlen(text);
        struct strbuf cut = STRBUF_INIT;

        while (at < end && count-- > 0)
                (void)utf8_next(&at, end);
        strbuf_add_bytes(&cut, text, (size_t)(at - text));
        escape_html(out, strbuf_str(&cut));
        if (at < end)
                strbuf_add(out, "…");
        strbuf_done(&cut);
}

struct layout {
        const struct report_picture *picture;
        int height, names_top;
        int middles[REPORT_MAX_MACHINES], heights[REPORT_MAX_MACHINES]; /* of the machines' boxes */
};

static int name_middle(const struct layout *layout, size_t i)
{
        return layout->names_top + (int)i * NAME_STEP + NAME_STEP / 2;
}

static int line_count(const struct report_machine *machine)
{
        return 1 + (machine->ip[0] != '\0') + (machine->mac[0] != '\0');
}

/* Room for the machine's lines of text, and for the marks of the links that end there. */
static int box_height(const struct report_picture *picture, size_t machine)
{
        const int text = line_count(&picture->machines[machine]) * LINE_HEIGHT + 12;
        int ports = 0;

        for (size_t i = 0; i < picture->link_count; i++)
                ports += picture->links[i].machine == machine ? PORT_STEP : 0;
        return text > ports + 4 ? text : ports + 4;
}

static struct layout lay_out(const struct report_picture *picture)
{
        struct layout layout = {.picture = picture};
        const int names = (int)picture->name_count * NAME_STEP;
        int machines = 0;

        for (size_t i = 0; i < picture->machine_count; i++) {
                layout.heights[i] = box_height(picture, i);
                layout.middles[i] = machines + (layout.heights[i] + MACHINE_GAP) / 2;
                machines += layout.heights[i] + MACHINE_GAP;
        }
        layout.height = names > machines ? names : machines;
        layout.names_top = (layout.height - names) / 2;
        for (size_t i = 0; i < picture->machine_count; i++)
                layout.middles[i] += (layout.height - machines) / 2;
        return layout;
}

static bool is_lost(const struct report_picture *picture, size_t name)
{
        for (size_t i = 0; i < picture->link_count; i++)
                if (picture->links[i].name == name && picture->links[i].kind == LINK_LOST)
                        return true;
        return false;
}

static void add_box(struct strbuf *out, const char *class, int x, int y, int width, int height)
{
        strbuf_printf(out,
                      "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\" fill=\"none\" "
                      "stroke=\"currentColor\"/>\n",
                      class, x, y, width, height);
}

/* A name in conflict has a second frame. */
static void add_name(struct strbuf *out, const struct layout *layout, size_t i)
{
        const int y = name_middle(layout, i);
        char text[NB_NAME_TEXT_BYTES];

        nb_name_format(&layout->picture->names[i], text);
        add_box(out, "box", MARGIN, y - NAME_HEIGHT / 2, NAME_WIDTH, NAME_HEIGHT);
        if (is_lost(layout->picture, i))
                add_box(out, "l lost", MARGIN + 3, y - NAME_HEIGHT / 2 + 3, NAME_WIDTH - 6, NAME_HEIGHT - 6);
        strbuf_printf(out, "<text class=\"name\" x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"currentColor\">",
                      MARGIN + NAME_WIDTH / 2, y + 4);
        escape_html(out, text);
        strbuf_add(out, "</text>\n");
}

static void add_machine(struct strbuf *out, const struct layout *layout, size_t i)
{
        const struct report_machine *machine = &layout->picture->machines[i];
        const char *lines[] = {machine->label, machine->ip, machine->mac};
        const int count = line_count(machine), y = layout->middles[i];
        int baseline = y - (count - 1) * LINE_HEIGHT / 2 + 4;

        add_box(out, machine->is_here ? "box here" : "box", MACHINE_LEFT, y - layout->heights[i] / 2, MACHINE_WIDTH,
                layout->heights[i]);
        for (size_t j = 0; j < NBT_ARRAY_SIZE(lines); j++) {
                if (!lines[j][0])
                        continue;
                strbuf_printf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"currentColor\">",
                              j == 0 ? "machine" : "small", MACHINE_LEFT + MACHINE_WIDTH / 2, baseline);
                add_cut(out, lines[j], LABEL_CHARS);
                strbuf_add(out, "</text>\n");
                baseline += LINE_HEIGHT;
        }
}

/* Where a line ends at its machine: the lines of one machine stand below each other, so that each shows its mark. */
static int port(const struct layout *layout, const struct report_link *link)
{
        const struct report_picture *picture = layout->picture;
        int count = 0, before = 0;

        for (size_t i = 0; i < picture->link_count; i++) {
                before += picture->links[i].machine == link->machine && &picture->links[i] < link;
                count += picture->links[i].machine == link->machine;
        }
        return layout->middles[link->machine] + (2 * before - count + 1) * PORT_STEP / 2;
}

static void add_link(struct strbuf *out, const struct layout *layout, const struct report_link *link)
{
        const int x1 = MARGIN + NAME_WIDTH, y1 = name_middle(layout, link->name);
        const int x2 = MACHINE_LEFT, y2 = port(layout, link);
        const int bend = (x2 - x1) / 2;

        begin_line(out, link->kind);
        strbuf_printf(out, " d=\"M%d %dC%d %d %d %d %d %d\"/>\n", x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2);
        /* near the machine the lines of one name have parted */
        add_mark(out, link->kind, x2 - 12, y2);
}

static bool is_used(const struct report_picture *picture, enum report_link_kind kind)
{
        for (size_t i = 0; i < picture->link_count; i++)
                if (picture->links[i].kind == kind)
                        return true;
        return false;
}

/* What the lines mean, as far as there are such. */
static void add_legend(struct strbuf *out, const struct report_picture *picture, int y)
{
        for (enum report_link_kind kind = 0; kind < LINK_KIND_MAX; kind++) {
                if (!is_used(picture, kind))
                        continue;
                y += LEGEND_STEP;
                begin_line(out, kind);
                strbuf_printf(out, " d=\"M%d %dh46\"/>\n", MARGIN, y);
                add_mark(out, kind, MARGIN + 36, y);
                strbuf_printf(out,
                              "<text class=\"small\" x=\"%d\" y=\"%d\" fill=\"currentColor\">the machine %s</text>\n",
                              MARGIN + 56, y + 4, report_link_str(kind));
        }
}

static int legend_height(const struct report_picture *picture)
{
        int height = LEGEND_STEP;

        for (enum report_link_kind kind = 0; kind < LINK_KIND_MAX; kind++)
                height += is_used(picture, kind) ? LEGEND_STEP : 0;
        return height;
}

void report_svg(struct strbuf *out, const struct report_picture *picture)
{
        const struct layout layout = lay_out(picture);

        strbuf_printf(
                out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
                "aria-labelledby=\"picture-title picture-text\" font-family=\"sans-serif\" font-size=\"13\">\n"
                "<title id=\"picture-title\">Who holds what</title>\n"
                "<desc id=\"picture-text\">Names on the left, machines on the right, and lines between them; the table "
                "below says the same.</desc>\n",
                WIDTH, layout.height + legend_height(picture));
        for (size_t i = 0; i < picture->link_count; i++)
                add_link(out, &layout, &picture->links[i]);
        for (size_t i = 0; i < picture->name_count; i++)
                add_name(out, &layout, i);
        for (size_t i = 0; i < picture->machine_count; i++)
                add_machine(out, &layout, i);
        add_legend(out, picture, layout.height);
        strbuf_add(out, "</svg>\n");
}
