#include "cli/watch_print.h"

#include "base/ip4.h"

bool watch_is_alarm(const struct watch_event *event)
{
        return event->type == WATCH_EVENT_CONFLICT || event->type == WATCH_EVENT_SPOOFER;
}

static void add_address(struct strbuf *sb, uint32_t address)
{
        char ip[IP4_TEXT_BYTES];

        ip4_format(address, ip);
        strbuf_add(sb, ip);
}

static void add_machine(struct strbuf *sb, uint32_t address, bool has_mac, const uint8_t mac[6])
{
        char text[MAC_TEXT_BYTES];

        add_address(sb, address);
        if (!has_mac)
                return;
        mac_format(mac, text);
        strbuf_printf(sb, " (%s)", text);
}

static void add_holder(struct strbuf *sb, const struct watch_holder *holder)
{
        if (holder->address)
                add_machine(sb, holder->address, holder->has_mac, holder->mac);
        else
                strbuf_add(sb, "a holder not seen");
}

static void add_proof(struct strbuf *sb, const struct watch_holder *holder)
{
        char time[WALL_TEXT_BYTES];

        add_holder(sb, holder);
        if (holder->proof.kind == WATCH_PROOF_NONE)
                return;
        strbuf_printf(sb, " [%s", watch_proof_str(holder->proof.kind));
        if (holder->proof.frame) {
                strbuf_printf(sb, ", frame %llu, id 0x%04x, ", (unsigned long long)holder->proof.frame,
                              (unsigned)holder->proof.id);
                add_address(sb, holder->proof.source);
                strbuf_add(sb, " to ");
                add_address(sb, holder->proof.destination);
        }
        wall_format(holder->proof.time, time);
        strbuf_printf(sb, ", %s]", time);
}

static void add_name(struct strbuf *sb, const struct nb_name *name, const struct nb_scope *scope)
{
        char text[NB_NAME_TEXT_BYTES], dotted[NB_SCOPE_MAX_BYTES + 1];

        nb_name_format(name, text);
        strbuf_add(sb, text);
        if (!scope || scope->len_bytes == 0)
                return;
        nb_scope_format(scope, dotted);
        strbuf_printf(sb, ".%s", dotted);
}

void watch_print_evidence(struct strbuf *sb, const struct watch_evidence *evidence)
{
        char name[NB_NAME_TEXT_BYTES], peer[IP4_TEXT_BYTES];
        const unsigned count = evidence->count;

        nb_name_format(&evidence->name, name);
        ip4_format(evidence->peer, peer);
        switch (evidence->rule) {
        case WATCH_RULE_BAIT:
                strbuf_printf(sb, "answered for %s, a name that we made up", name);
                break;
        case WATCH_RULE_BAIT_OTHER:
                strbuf_printf(sb, "answered by LLMNR or mDNS for %s, a name that we made up", name);
                break;
        case WATCH_RULE_MANY:
                strbuf_printf(sb, "answers for %u%s names, none of which it registered (%s)", count,
                              count >= 16 ? " or more" : "", name);
                break;
        case WATCH_RULE_NOBODY:
                strbuf_printf(sb, "answered for %s, which nobody registered and %u questions had asked for in vain",
                              name, count);
                break;
        case WATCH_RULE_WPAD:
                strbuf_printf(sb, "answered for %s without having registered it", name);
                break;
        case WATCH_RULE_NOTHING:
                strbuf_printf(sb, "answers for names, and was never seen to register one");
                break;
        case WATCH_RULE_TWIN:
                strbuf_printf(sb,
                              "answers for %s beside its registered holder, and was never seen to claim or defend it",
                              name);
                break;
        case WATCH_RULE_DEMAND:
                strbuf_printf(sb, "demanded of %s to give up %s, which it does not hold (%u demand%s)", peer, name,
                              count, count == 1 ? "" : "s");
                break;
        case WATCH_RULE_NEGATIVE:
                strbuf_printf(sb, "denied or refused names that are not its own (%s, to %s)", name, peer);
                break;
        case WATCH_RULE_UNMATCHED:
                strbuf_printf(sb, "sent %s answers for %s with %u ids that were not asked with", peer, name, count);
                break;
        case WATCH_RULE_MAX:
        default:
                break;
        }
        strbuf_printf(sb, " [frame %llu]", (unsigned long long)evidence->frame);
}

static void add_finding(struct strbuf *sb, const struct watch_finding *finding)
{
        add_machine(sb, finding->address, finding->has_mac, finding->mac);
        strbuf_printf(sb, ": %s", watch_confidence_str(finding->confidence));
        for (size_t i = 0; i < finding->evidence_count; i++) {
                strbuf_add(sb, i ? "; " : ": ");
                watch_print_evidence(sb, &finding->evidence[i]);
        }
}

static const char *demand_word(const struct watch_event *event)
{
        return event->opcode == NBNS_OPCODE_RELEASE ? "release demand" : "conflict demand";
}

static void add_server(struct strbuf *sb, uint32_t server, const char *before)
{
        if (!server)
                return;
        strbuf_add(sb, before);
        add_address(sb, server);
}

static void add_conflict(struct strbuf *sb, const struct watch_event *event)
{
        strbuf_add(sb, ": ");
        add_proof(sb, &event->holder);
        strbuf_add(sb, " and ");
        add_proof(sb, &event->peer);
        add_server(sb, event->server, "; told by the name server ");
}

static void add_change(struct strbuf *sb, const struct watch_event *event)
{
        switch (event->type) {
        case WATCH_EVENT_CLAIM:
        case WATCH_EVENT_HOLDER:
        case WATCH_EVENT_RELEASE:
                strbuf_add(sb, event->holder.group ? " (group) by " : " by ");
                add_holder(sb, &event->holder);
                if (event->type == WATCH_EVENT_HOLDER)
                        strbuf_printf(sb, ": %s", watch_proof_str(event->holder.proof.kind));
                break;
        case WATCH_EVENT_REFUSE:
                strbuf_add(sb, " to ");
                add_holder(sb, &event->holder);
                strbuf_add(sb, event->server ? " by the name server " : " by ");
                add_holder(sb, &event->peer);
                break;
        case WATCH_EVENT_DEMAND:
                strbuf_add(sb, " of ");
                add_holder(sb, &event->holder);
                strbuf_add(sb, event->server ? " by the name server " : " by ");
                add_holder(sb, &event->peer);
                strbuf_printf(sb, ": %s", demand_word(event));
                break;
        case WATCH_EVENT_CONFLICT:
                add_conflict(sb, event);
                break;
        case WATCH_EVENT_OVER:
                if (event->holder.address) {
                        strbuf_add(sb, ": left to ");
                        add_holder(sb, &event->holder);
                }
                break;
        case WATCH_EVENT_SPOOFER: /* told otherwise */
        case WATCH_EVENT_PACKET:  /* follows nothing */
        case WATCH_EVENT_MAX:
        default:
                break;
        }
}

void watch_print_event(struct strbuf *sb, const struct watch_event *event)
{
        char time[WALL_TEXT_BYTES];

        wall_format(event->time, time);
        strbuf_printf(sb, "%s %s ", time, watch_event_str(event->type));
        if (event->type == WATCH_EVENT_SPOOFER) {
                add_finding(sb, event->finding);
                return;
        }
        add_name(sb, &event->name, event->scope);
        add_change(sb, event);
}

void watch_print_row(struct strbuf *sb, const struct watch_row *row)
{
        const struct watch_holder *holder = &row->holder;
        struct strbuf name = STRBUF_INIT;
        char ip[IP4_TEXT_BYTES], mac[MAC_TEXT_BYTES] = "-", first[WALL_TEXT_BYTES], last[WALL_TEXT_BYTES];

        add_name(&name, &row->name, row->scope);
        ip4_format(holder->address, ip);
        if (holder->has_mac)
                mac_format(holder->mac, mac);
        wall_format(holder->first, first);
        wall_format(holder->last, last);
        strbuf_printf(sb, "%-19s %-6s %-8s %-15s %-17s %.19sZ %.19sZ", strbuf_str(&name),
                      holder->group ? "group" : "unique",
                      holder->conflict ? "CONFLICT" : watch_state_str(holder->state), ip, mac, first, last);
        strbuf_done(&name);
}

void watch_print_summary(struct strbuf *sb, const struct watch *watch, uint64_t drops)
{
        const struct watch_counters c = watch_counters(watch);

        strbuf_printf(
                sb,
                "%llu frames, %llu of the name service: %zu names, %zu machines, %llu conflicts, %llu spoofer findings",
                (unsigned long long)c.frames, (unsigned long long)c.datagrams, watch_name_count(watch),
                watch_station_count(watch), (unsigned long long)c.conflicts, (unsigned long long)c.spoofers);
        strbuf_printf(
                sb,
                "; not whole or unreadable: %llu malformed, %llu truncated, %llu fragments, %llu of unknown link types",
                (unsigned long long)c.malformed, (unsigned long long)c.truncated, (unsigned long long)c.fragments,
                (unsigned long long)c.unsupported);
        strbuf_printf(sb, "; dropped %llu", (unsigned long long)drops);
        if (c.evicted_names || c.evicted_stations || c.lost_events)
                strbuf_printf(sb, "; for want of room forgot %llu names, %llu machines, %llu lines",
                              (unsigned long long)c.evicted_names, (unsigned long long)c.evicted_stations,
                              (unsigned long long)c.lost_events);
}
