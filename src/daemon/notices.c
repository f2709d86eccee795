#include "daemon/notices.h"

#include "base/ip4.h"
#include "eventlog/note.h"

#include <stdio.h>
#include <string.h>

static const char *address_text(uint32_t address, char text[IP4_TEXT_BYTES])
{
        ip4_format(address, text);
        return text;
}

/* ---- events ------------------------------------------------------------------------------------------------------- */

static enum event_note_kind kind_of_note(const struct node_notice *notice)
{
        switch (notice->verdict) {
        case NODE_DEMAND_NOT_VERIFIED:
                return EVENT_NOTE_OBEYED;
        case NODE_DEMAND_PENDING:
                return EVENT_NOTE_PENDING;
        case NODE_DEMAND_CONFIRMED:
                return EVENT_NOTE_HELD;
        case NODE_DEMAND_UNFOUNDED:
                return EVENT_NOTE_UNFOUNDED;
        case NODE_DEMAND_IGNORED:
                return notice->kind == NODE_NAME_GROUP ? EVENT_NOTE_IGNORED_GROUP : EVENT_NOTE_IGNORED;
        }
        return EVENT_NOTE_NONE;
}

/* What verification of a demand found, in words that an administrator can act on. */
static void note_demand(const struct node_notice *notice, char *text, size_t size_bytes)
{
        const struct event_note note = {.kind = kind_of_note(notice),
                                        .peer = notice->peer,
                                        .holder = notice->holder ? notice->holder : notice->peer,
                                        .by_wins = notice->by_wins};

        event_note_format(&note, text, size_bytes);
}

static void note_refused(const struct node_notice *notice, char *text, size_t size_bytes)
{
        const struct event_note note = {.kind = EVENT_NOTE_REFUSED,
                                        .holder = notice->holder != notice->peer ? notice->holder : 0,
                                        .by_wins = notice->by_wins,
                                        .rcode = nbns_rcode_str(notice->rcode)};

        event_note_format(&note, text, size_bytes);
}

bool notice_to_event(const struct node_notice *notice, enum event_record_style style, struct event *ret)
{
        switch (notice->type) {
        case NODE_NOTICE_DUPLICATE:
                event_make_duplicate(ret, notice->peer, style);
                note_demand(notice, ret->note, sizeof ret->note);
                break;
        case NODE_NOTICE_RELEASE_DEMAND:
                event_make_release(ret, notice->peer, style);
                note_demand(notice, ret->note, sizeof ret->note);
                break;
        case NODE_NOTICE_REFUSED:
                event_make_refused(ret, notice->name.bytes, notice->iface_address, notice->peer, style);
                note_refused(notice, ret->note, sizeof ret->note);
                break;
        case NODE_NOTICE_RESOURCES:
                notice_make_failure(ret, EVENT_ID_NO_RESOURCES, NULL, 0, NULL,
                                    "A bound of the name service was reached and a request was refused.", style);
                break;
        case NODE_NOTICE_STATE:
        case NODE_NOTICE_DEFENDED:
        case NODE_NOTICE_CONFLICT_SENT: /* an event for the machine that gets it, not for us */
        case NODE_NOTICE_WINS_DOWN:
        case NODE_NOTICE_WINS_UP:
                return false;
        }
        if (notice->name.bytes[0])
                event_set_name(ret, notice->name.bytes);
        snprintf(ret->interface, sizeof ret->interface, "%s", notice->iface_label);
        ret->repeated = notice->repeated;
        return true;
}

void notice_make_failure(struct event *ret, uint16_t id, const char *string, uint32_t status, const char *iface,
                         const char *note, enum event_record_style style)
{
        /* The ids are constants of the catalogue, with one string at most: this cannot fail. */
        if (event_make_simple(ret, id, status, &string, string ? 1 : 0, style) < 0)
                *ret = (struct event){.id = id, .level = EVENT_LEVEL_ERROR};
        if (iface)
                snprintf(ret->interface, sizeof ret->interface, "%s", iface);
        if (note)
                snprintf(ret->note, sizeof ret->note, "%s", note);
}

uint16_t notice_wins_event(enum node_type type, const struct node_iface *iface)
{
        if (type == NODE_TYPE_B || !iface->netbios_enabled || !iface->up)
                return 0;
        return iface->wins_count == 0 ? 4303 : iface->wins_count == 1 ? 4302 : 0;
}

/* ---- lines of the log --------------------------------------------------------------------------------------------- */

unsigned notice_verbosity(const struct node_notice *notice)
{
        switch (notice->type) {
        case NODE_NOTICE_DEFENDED: /* what a server asks about is hardly seen on the segment: nobody else will tell */
                return notice->opcode != NBNS_OPCODE_QUERY;
        case NODE_NOTICE_STATE:
                /* A refresh takes a name through no state; what passes here is news, but for the steps between. */
                return notice->new_state == NODE_STATE_REGISTERING || notice->new_state == NODE_STATE_RELEASING ||
                       notice->new_state == NODE_STATE_IDLE;
        case NODE_NOTICE_DUPLICATE:
        case NODE_NOTICE_RELEASE_DEMAND:
        case NODE_NOTICE_REFUSED:
        case NODE_NOTICE_CONFLICT_SENT:
        case NODE_NOTICE_WINS_DOWN:
        case NODE_NOTICE_WINS_UP:
        case NODE_NOTICE_RESOURCES:
                break;
        }
        return 0;
}

static void format_demand(const struct node_notice *notice, const char *kind, const char *peer, struct strbuf *sb)
{
        char note[160] = "";

        note_demand(notice, note, sizeof note);
        strbuf_printf(sb, "name %s demand from %s%s: %s", kind, peer, notice->by_wins ? " (a WINS server)" : "", note);
}

static void format_what(const struct node_notice *notice, const char *peer, struct strbuf *sb)
{
        char note[160] = "";

        switch (notice->type) {
        case NODE_NOTICE_STATE:
                strbuf_printf(sb, "%s -> %s", node_state_str(notice->old_state), node_state_str(notice->new_state));
                if (notice->new_state == NODE_STATE_CONFLICT && notice->peer)
                        strbuf_printf(sb, " with %s", peer);
                break;
        case NODE_NOTICE_DUPLICATE:
                format_demand(notice, "conflict", peer, sb);
                break;
        case NODE_NOTICE_RELEASE_DEMAND:
                format_demand(notice, "release", peer, sb);
                break;
        case NODE_NOTICE_REFUSED:
                note_refused(notice, note, sizeof note);
                strbuf_printf(sb, "%s refused the name: %s", peer, note);
                break;
        case NODE_NOTICE_DEFENDED:
                if (notice->opcode == NBNS_OPCODE_QUERY)
                        strbuf_printf(sb,
                                      "another computer claims this name at WINS server %s; told it that the name is "
                                      "held here",
                                      peer);
                else
                        strbuf_printf(sb, "defended against %s", peer);
                break;
        case NODE_NOTICE_CONFLICT_SENT:
                strbuf_printf(sb, "two computers hold this name; told %s so", peer);
                break;
        case NODE_NOTICE_WINS_DOWN:
                strbuf_printf(sb, "WINS server %s does not answer", peer);
                break;
        case NODE_NOTICE_WINS_UP:
                strbuf_printf(sb, "WINS server %s answers", peer);
                break;
        case NODE_NOTICE_RESOURCES:
                strbuf_add(sb, "a bound was reached, a request was refused");
                break;
        }
}

void notice_format(const struct node_notice *notice, struct strbuf *sb)
{
        char name[NB_NAME_TEXT_BYTES], peer[IP4_TEXT_BYTES];

        address_text(notice->peer, peer);
        if (notice->name.bytes[0]) {
                nb_name_format(&notice->name, name);
                strbuf_printf(sb, "%s ", name);
        }
        if (notice->iface_label[0])
                strbuf_printf(sb, "on %s: ", notice->iface_label);
        format_what(notice, peer, sb);
        if (notice->repeated)
                strbuf_printf(sb, " (repeated %u times)", (unsigned)notice->repeated);
}
