#pragma once
/*
 * What a report on a diagnosis shows, whatever its form: the findings gathered into stories, what was looked at, the timeline with the
 * clocks, and who holds what. Plain data in an arena; report_html.c and report_md.c write it.
 */
#include "cli/diagnose_story.h"

#include "cli/collect.h"
#include "cli/diagnose_fix.h"
#include "diagnose/skew.h"
#include "diagnose/timeline.h"

#define REPORT_MAX_NAMES 12
#define REPORT_MAX_MACHINES 12
#define REPORT_MAX_LINKS 48
#define REPORT_MAX_ROWS 200 /* of the timeline: the newest */

/* What a machine has to do with a name; the first that applies. */
enum report_link_kind {
        LINK_HOLDS,   /* it said itself that it has the name, in its name table or by its answer */
        LINK_LOST,    /* it wanted the name, and did not get or keep it */
        LINK_SAID,    /* another's word gives it the name */
        LINK_DEMANDS, /* it sent a demand or a refusal, and is not seen to hold the name */
        LINK_KIND_MAX,
};

struct report_machine {
        uint32_t address;  /* 0: the loser, whose address is not known */
        bool is_here;      /* this machine */
        const char *label; /* "OLDSRV", "this machine"; or its address, or "the logging machine" */
        const char *ip;    /* "" if unknown, or the label */
        const char *mac;   /* "" if unknown */
};

struct report_link {
        size_t name, machine;
        enum report_link_kind kind;
};

struct report_picture {
        size_t name_count;
        struct nb_name names[REPORT_MAX_NAMES];
        size_t machine_count;
        struct report_machine machines[REPORT_MAX_MACHINES];
        size_t link_count;
        struct report_link links[REPORT_MAX_LINKS];
        bool is_cut; /* there was more than it holds */
};

struct report {
        const struct cli_context *ctx;
        const struct collect_request *request;
        const struct collection *collection;
        const struct diagnose_report *diagnosis;
        const struct fix *fix; /* NULL: none was asked for */
        struct arena *arena;
        char host[64];        /* where it was made */
        const char *title;    /* "FILESRV<00>, FILESRV<20>: two computers with one name"; from outside in parts */
        struct texts sources; /* what was looked at */
        size_t story_count;
        struct story stories[CASE_MAX];
        struct report_picture picture;
        struct skew skew;
        struct timeline timeline;
        size_t rows_left_out; /* earlier ones */
};

/* Fills the rest from ctx, request, collection, diagnosis, fix and arena. NBT_ERR_NOMEM. */
int report_build(struct report *report) NBT_MUST_CHECK;

/* "lost it", "holds it", "is said to hold it", "demands it". */
const char *report_link_str(enum report_link_kind kind);

/*
 * Texts hold commands between backquotes. The piece of *TEXT up to the next one, or its end, and moves behind it: the first is no command,
 * and then every other. In ARENA; "" if memory ran out.
 */
const char *report_next_piece(struct arena *arena, const char **text);

/* One self-contained page. NBT_ERR_NOMEM. */
int report_html(const struct report *report) NBT_MUST_CHECK;

/* The same in Markdown. NBT_ERR_NOMEM. */
int report_md(const struct report *report) NBT_MUST_CHECK;

/* The picture of who holds what, as an SVG element. */
void report_svg(struct strbuf *out, const struct report_picture *picture);
