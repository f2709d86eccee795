#include "diagnose/describe.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MEMORY_OUT "…"

static const char *or_dots(const char *text)
{
        return text ? text : MEMORY_OUT;
}

const char *describe_name(const struct rule_input *in)
{
        char text[NB_NAME_TEXT_BYTES];

        if (!in->c->has_name)
                return "an unknown name";
        nb_name_format(&in->c->name, text);
        return or_dots(arena_strdup(in->arena, text));
}

/* TEXT (that nb_name_format_exact() wrote) in single quotes; what would end them is written as its escapes are. */
static const char *quote(const struct rule_input *in, const char *text)
{
        char quoted[4 * NB_NAME_TEXT_BYTES + 3] = "'";
        size_t len = 1;

        for (; *text; text++) {
                if (*text == '\'' || *text == '`')
                        len += (size_t)snprintf(quoted + len, sizeof quoted - len, "\\x%02X", (unsigned char)*text);
                else
                        quoted[len++] = *text;
        }
        quoted[len] = '\'';
        quoted[len + 1] = '\0';
        return or_dots(arena_strdup(in->arena, quoted));
}

const char *describe_word(const struct rule_input *in)
{
        char text[NB_NAME_TEXT_BYTES];

        nb_name_format_exact(&in->c->name, text);
        return quote(in, text);
}

const char *describe_stem_word(const struct rule_input *in)
{
        char text[NB_NAME_TEXT_BYTES];

        nb_name_format_exact(&in->c->name, text);
        text[strcspn(text, "<")] = '\0'; /* one within the name is escaped */
        return quote(in, text);
}

static bool is_plain(const char *text, const char *more)
{
        for (; *text; text++)
                if (!isalnum((unsigned char)*text) && !strchr(more, *text))
                        return false;
        return true;
}

const char *describe_bare(const struct rule_input *in)
{
        char text[NB_NAME_TEXT_BYTES];

        nb_name_format_exact(&in->c->name, text);
        text[strcspn(text, "<")] = '\0';
        return text[0] && text[0] != '-' && is_plain(text, "-_.$") ? or_dots(arena_strdup(in->arena, text)) : "NAME";
}

const char *describe_stem(const struct rule_input *in)
{
        char text[NB_NAME_TEXT_BYTES];

        nb_name_format_stem(&in->c->name, text);
        for (char *at = text; *at; at++)
                if (*at == '`')
                        *at = '\'';
        return or_dots(arena_strdup(in->arena, text));
}

const char *describe_path(const struct rule_input *in, const char *path)
{
        char *quoted = arena_alloc(in->arena, 4 * strlen(path) + 4);
        size_t len = 2;

        if (path[0] != '-' && is_plain(path, "-_./,+:=@%"))
                return path;
        if (!quoted)
                return MEMORY_OUT;
        memcpy(quoted, "$'", len);
        for (; *path; path++) {
                if (isalnum((unsigned char)*path) || strchr(" -_./,+:=@%()", *path))
                        quoted[len++] = *path;
                else
                        len += (size_t)sprintf(quoted + len, "\\x%02x", (unsigned char)*path);
        }
        quoted[len] = '\'';
        return quoted;
}

const char *describe_address(const struct rule_input *in, uint32_t address)
{
        char text[IP4_TEXT_BYTES];

        ip4_format(address, text);
        return or_dots(arena_strdup(in->arena, text));
}

const char *describe_computer(const struct rule_input *in, uint32_t address)
{
        const struct nbstat_table *names = snapshot_names(in->snapshot, address);
        const int at = names ? nbstat_table_computer(names) : NBT_ERR_NOT_FOUND;
        char text[NB_NAME_TEXT_BYTES];

        if (at < 0)
                return NULL;
        nb_name_format_stem(&names->entries[at].name, text);
        return or_dots(arena_strdup(in->arena, text));
}

const char *describe_host(const struct rule_input *in, uint32_t address)
{
        const struct snapshot_host *host = snapshot_find_host(in->snapshot, address);
        const char *computer = describe_computer(in, address);
        const char *ip = describe_address(in, address);
        char mac_text[MAC_TEXT_BYTES] = "";
        uint8_t mac[6];

        if (snapshot_find_mac(in->snapshot, address, mac, NULL))
                mac_format(mac, mac_text);
        if (!computer && !mac_text[0])
                return ip;
        return or_dots(arena_printf(in->arena, "%s (%s%s%s%s%s%s%s)", ip, computer ? "computer " : "",
                                    computer ? computer : "", computer && mac_text[0] ? ", " : "",
                                    mac_text[0] ? "MAC " : "", mac_text, host && host->vendor ? ", " : "",
                                    host && host->vendor ? host->vendor : ""));
}

const char *describe_loser(const struct rule_input *in)
{
        const struct diagnose_case *c = in->c;
        const char *ip = c->address ? describe_address(in, c->address) : "";

        if (c->here && c->address && c->iface)
                return or_dots(arena_printf(in->arena, "this machine (%s, %s)", c->iface, ip));
        if (c->here)
                return "this machine";
        if (c->address)
                return or_dots(arena_printf(in->arena, "the machine at %s", ip));
        return "the machine that logged the event";
}

const char *describe_ours(const struct rule_input *in)
{
        return in->c->here ? "This host" : "A host with netbtd";
}

const char *describe_event(const struct rule_input *in, const struct snapshot_event *event)
{
        const struct event *e = event->event;
        char time[WALL_TEXT_BYTES] = "";
        char record[40] = "";

        if (e->time.us != 0)
                wall_format(e->time, time);
        if (e->record != 0)
                (void)snprintf(record, sizeof record, ", record %llu", (unsigned long long)e->record);
        return or_dots(arena_printf(in->arena, "event %u%s%s%s (%s)", e->id, record, time[0] ? ", " : "", time,
                                    event->source ? event->source : "source unknown"));
}

const char *describe_packet(const struct rule_input *in, const struct capture_packet *packet)
{
        char time[WALL_TEXT_BYTES] = "time unknown", name[NB_NAME_TEXT_BYTES], more[80] = "";
        const char *naming = "", *address = "";

        if (packet->time.us != 0)
                wall_format(packet->time, time);
        nb_name_format(&packet->name, name);
        if (packet->address != 0 && packet->address != packet->from && packet->kind != WATCH_PACKET_REFUSAL) {
                naming = ", naming ";
                address = describe_address(in, packet->address);
        }
        if (packet->repeated > 0)
                (void)snprintf(more, sizeof more, " (%u more like it, the last is packet %llu)", packet->repeated,
                               (unsigned long long)packet->last_frame);
        return or_dots(arena_printf(in->arena, "%s, packet %llu, %s: %s from %s to %s for %s%s%s%s", packet->source,
                                    (unsigned long long)packet->frame, time, watch_packet_str(packet->kind),
                                    describe_address(in, packet->from), describe_address(in, packet->to), name, naming,
                                    address, more));
}

/* ---- evidence ----------------------------------------------------------------------------------------------------- */

static void evidence_event(const struct rule_input *in, const struct snapshot_event *event, struct texts *evidence)
{
        const char *who = describe_event(in, event);
        const char *sender = event->sender ? describe_address(in, event->sender) : "an unknown address";

        if (event->event->id == EVENT_ID_DUPLICATE_NAME_ERROR)
                texts_add(evidence, "%s: %s did not allow %s to be claimed", who, sender, describe_name(in));
        else if (event->event->id == EVENT_ID_NAME_RELEASE)
                texts_add(evidence, "%s: a name release demand came from %s", who, sender);
        else
                texts_add(evidence, "%s: %s reported a duplicate name", who, sender);
        if (event->event->repeated > 0)
                texts_add(evidence, "the same happened %llu times more", (unsigned long long)event->event->repeated);
        if (event->event->note[0])
                texts_add(evidence, "the node noted: %s", event->event->note);
}

#define COMPANION_LINES 4

/* "record 405, 2018-07-12T00:42:03.9Z, System.evtx": as much of it as is known. */
static const char *describe_place(const struct rule_input *in, const struct snapshot_companion *at)
{
        char time[WALL_TEXT_BYTES] = "", record[40] = "";

        if (at->companion.record != 0)
                (void)snprintf(record, sizeof record, "record %llu, ", (unsigned long long)at->companion.record);
        if (at->companion.time.us != 0)
                wall_format(at->companion.time, time);
        return or_dots(arena_printf(in->arena, "%s%s%s%s", record, time, time[0] ? ", " : "", at->source));
}

static void evidence_companions(const struct rule_input *in, struct texts *evidence)
{
        size_t count = 0;

        for (size_t i = 0; i < in->snapshot->companion_count; i++) {
                const struct snapshot_companion *at = &in->snapshot->companions[i];

                if (case_has_companion(in->c, &at->companion) && ++count <= COMPANION_LINES)
                        texts_add(evidence, "%s (%s)", at->companion.text, describe_place(in, at));
        }
        if (count > COMPANION_LINES)
                texts_add(evidence, "%zu more events of other sources speak of it", count - COMPANION_LINES);
}

void evidence_events(const struct rule_input *in, struct texts *evidence)
{
        const struct diagnose_case *c = in->c;

        if (c->in_conflict)
                texts_add(evidence, "local name table: %s is in the state Conflict%s%s%s%s", describe_name(in),
                          c->iface ? " on " : "", c->iface ? c->iface : "", c->sender ? ", put there by " : "",
                          c->sender ? describe_address(in, c->sender) : "");
        else if (c->registered)
                texts_add(evidence, "local name table: %s is Registered", describe_name(in));
        if (c->event_count > 0)
                evidence_event(in, c->events[0], evidence);
        if (c->event_count > 1)
                texts_add(evidence, "%zu earlier events concern the same name", c->event_count - 1);
        evidence_companions(in, evidence);
        evidence_disputes(in, evidence);
}

/* "; it was seen in site.pcap, last at …", or "". */
static const char *describe_last_seen(const struct rule_input *in, uint32_t address)
{
        const struct capture_machine *machine = capture_find_machine(&in->snapshot->captures, address);
        char time[WALL_TEXT_BYTES] = "a time unknown";

        if (!machine)
                return "";
        if (machine->last.us != 0)
                wall_format(machine->last, time);
        return or_dots(
                arena_printf(in->arena, "; but it was seen in %s, last at %s", in->snapshot->captures.label, time));
}

void evidence_silence(const struct rule_input *in, uint32_t address, struct texts *evidence)
{
        const struct snapshot_host *host = snapshot_find_host(in->snapshot, address);
        const char *ip = describe_address(in, address);

        if (address == 0 || (host && host->reply == SNAPSHOT_ANSWERED))
                return;
        if (host && host->reply == SNAPSHOT_SILENT)
                texts_add(evidence,
                          "%s was asked for its name table and did not answer (off, gone, or filtered): that proves "
                          "nothing either way%s",
                          ip, describe_last_seen(in, address));
        else
                texts_add(evidence, "%s was not asked for its name table%s%s", ip, host && host->why_not ? ": " : "",
                          host && host->why_not ? host->why_not : "");
}

/* Whom a DHCP server's database says an address is leased to. */
static void evidence_leases(const struct rule_input *in, uint32_t address, struct texts *evidence)
{
        const struct snapshot_leases *leases = &in->snapshot->leases;

        for (size_t i = 0; i < leases->lease_count; i++) {
                const struct check_ref *ref = &leases->leases[i];
                char mac[MAC_TEXT_BYTES] = "";

                if (ref->lease.address != address || ref->lease.state != LEASE_ACTIVE)
                        continue;
                if (ref->lease.has_mac)
                        mac_format(ref->lease.mac, mac);
                texts_add(evidence, "%s: %s is leased to %s%s%s", leases->files[ref->file],
                          describe_address(in, address), *ref->lease.name ? ref->lease.name : "a client without a name",
                          *mac ? ", MAC " : "", mac);
        }
}

void evidence_mac(const struct rule_input *in, uint32_t address, struct texts *evidence)
{
        const char *ip = describe_address(in, address);
        uint8_t mac[6], now[6];
        enum snapshot_mac from;
        char text[MAC_TEXT_BYTES];

        if (!snapshot_find_mac(in->snapshot, address, mac, &from))
                return;
        mac_format(mac, text);
        texts_add(evidence, "%s: %s has the MAC address %s",
                  from == SNAPSHOT_MAC_CAPTURE ? in->snapshot->captures.label : snapshot_mac_str(from), ip, text);
        if (from != SNAPSHOT_MAC_CAPTURE || !snapshot_find_mac_in(in->snapshot, address, SNAPSHOT_MAC_NEIGHBOUR, now) ||
            memcmp(mac, now, 6) == 0)
                return;
        mac_format(now, text);
        texts_add(evidence, "neighbour table: %s has the MAC address %s by now: another machine may have the address",
                  ip, text);
}

/* Did a question of ours show that others name it? */
static bool was_told(const struct rule_input *in, const struct case_holder *holder)
{
        const struct capture_claimant *seen =
                capture_find_claimant(&in->snapshot->captures, &in->c->name, holder->address);

        return holder->told_by_wins && !(seen && seen->holder.hearsay);
}

void evidence_holder(const struct rule_input *in, const struct case_holder *holder, struct texts *evidence)
{
        const char *ip = describe_address(in, holder->address);
        const char *name = describe_name(in);

        if (holder->in_table)
                texts_add(evidence, "node status of %s: its own name table lists %s as UNIQUE, %s", ip, name,
                          nbstat_status_str(snapshot_table_holds(holder->host->table, &in->c->name)->name_flags));
        else if (holder->host && holder->host->table)
                texts_add(evidence, "node status of %s: its own name table does not list %s", ip, name);
        if (holder->answered)
                texts_add(evidence, "name query: %s answers for %s with its own address", ip, name);
        if (was_told(in, holder))
                texts_add(evidence, "name query: another (a WINS server or proxy) gives %s as the address of %s", ip,
                          name);
        evidence_seen(in, holder, evidence);
        evidence_mac(in, holder->address, evidence);
        evidence_leases(in, holder->address, evidence);
        evidence_silence(in, holder->address, evidence);
}
