#include "cli/query.h"

#include "cli/name_json.h"

#include "base/ip4.h"

#include <string.h>

const struct ask_answer *query_choose(const struct query_report *report, enum query_via *ret_via)
{
        static const enum query_via orders[][2] = {
                {QUERY_VIA_BROADCAST, QUERY_VIA_WINS},
                {QUERY_VIA_WINS, QUERY_VIA_BROADCAST},
        };
        const bool wins_first = report->type == NODE_TYPE_P || report->type == NODE_TYPE_H;

        for (size_t turn = 0; turn < 2; turn++)
                for (size_t i = 0; i < report->asked_count; i++) {
                        if (report->asked[i].via != orders[wins_first][turn])
                                continue;
                        for (size_t j = 0; j < report->results[i].answer_count; j++)
                                if (report->results[i].answers[j].address_count) {
                                        *ret_via = report->asked[i].via;
                                        return &report->results[i].answers[j];
                                }
                }
        return NULL;
}

static void print_asked(FILE *out, const struct query_asked *asked)
{
        char address[IP4_TEXT_BYTES];

        ip4_format(asked->destination, address);
        if (asked->via == QUERY_VIA_WINS)
                fprintf(out, "WINS server %s", address);
        else
                fprintf(out, "broadcast to %s%s%s", address, asked->label[0] ? " on " : "", asked->label);
}

static const char *rcode_words(uint8_t rcode)
{
        switch (rcode) {
        case NBNS_RCODE_NAM_ERR:
                return "it knows no such name";
        case NBNS_RCODE_CFT_ERR:
                return "the name is in conflict";
        case NBNS_RCODE_SRV_ERR:
                return "it cannot answer now";
        default:
                return "it refuses to answer";
        }
}

static void print_answer(FILE *out, const struct query_asked *asked, const struct ask_answer *answer)
{
        char text[IP4_TEXT_BYTES];

        if (answer->rcode != NBNS_RCODE_OK) {
                fprintf(out, "    %-15s  from ", "-");
                print_asked(out, asked);
                fprintf(out, ": %s (%s)\n", rcode_words(answer->rcode), nbns_rcode_str(answer->rcode));
                return;
        }
        for (size_t i = 0; i < answer->address_count; i++) {
                ip4_format(answer->addresses[i].address, text);
                fprintf(out, "    %-15s  %s, ", text,
                        answer->addresses[i].nb_flags & NBNS_NB_GROUP ? "group" : "unique");
                ip4_format(answer->source, text);
                fprintf(out, "says %s to ", text);
                print_asked(out, asked);
                fprintf(out, ", %u.%u ms\n", answer->rtt_us / 1000, answer->rtt_us / 100 % 10);
        }
}

static void print_answers(FILE *out, const struct query_report *report)
{
        for (size_t i = 0; i < report->asked_count; i++) {
                const struct ask_result *result = &report->results[i];
                for (size_t j = 0; j < result->answer_count; j++)
                        print_answer(out, &report->asked[i], &result->answers[j]);
                if (!result->answer_count) {
                        fprintf(out, "    %-15s  no answer to ", "-");
                        print_asked(out, &report->asked[i]);
                        fputc('\n', out);
                }
                if (result->dropped_count)
                        fprintf(out, "    %zu more answers were not kept\n", result->dropped_count);
        }
}

static void print_owner(FILE *out, const struct owner *owner, const struct query_holder *holder)
{
        char text[MAC_TEXT_BYTES];

        fputs("   ", out);
        for (size_t i = 0; i < owner->address_count; i++) {
                ip4_format(owner->addresses[i], text);
                fprintf(out, " %s", text);
        }
        if (owner->is_group)
                fputs("  (as a group name)", out);
        if (owner->is_local)
                fputs("  (this machine)", out);
        if (holder->computer[0])
                fprintf(out, "  computer %s", holder->computer);
        if (holder->answered && !mac_is_zero(holder->mac)) {
                mac_format(holder->mac, text);
                fprintf(out, "  MAC %s", text);
        }
        fputc('\n', out);
}

static void print_conflict(FILE *out, const struct query_report *report, const char *name)
{
        fprintf(out, "%s is in CONFLICT: %zu owners hold it\n", name, report->owners.count);
        for (size_t i = 0; i < report->owners.count; i++)
                print_owner(out, &report->owners.rows[i], &report->holders[i]);
        fputs("Answers:\n", out);
        print_answers(out, report);
        fputs("'netbt diagnose' says why, and what to do.\n", out);
}

void query_print(FILE *out, const struct query_report *report)
{
        char name[NB_NAME_TEXT_BYTES], address[IP4_TEXT_BYTES];
        enum query_via via = QUERY_VIA_BROADCAST;
        const struct ask_answer *chosen = query_choose(report, &via);

        nb_name_format(&report->name, name);
        if (owners_conflict(&report->owners)) {
                print_conflict(out, report, name);
                return;
        }
        if (chosen) {
                const bool is_group = (chosen->addresses[0].nb_flags & NBNS_NB_GROUP) != 0;
                const char *service = nb_name_service(&report->name, is_group);
                ip4_format(chosen->addresses[0].address, address);
                fprintf(out, "%s is %s (%s%s%s), by %s\n", name, address, is_group ? "group" : "unique",
                        service[0] ? ", " : "", service, via == QUERY_VIA_WINS ? "WINS" : "broadcast");
        } else if (report->owners.count) {
                ip4_format(report->owners.rows[0].addresses[0], address);
                fprintf(out, "%s is %s (this machine)\n", name, address);
        } else if (report->known.from) {
                ip4_format(report->known.address.address, address);
                fprintf(out, "%s is %s, by %s of netbtd alone: nobody on the network answers for it\n", name, address,
                        report->known.from);
        } else {
                fprintf(out, "%s: not found\n", name);
        }
        if (report->local_state == NODE_STATE_CONFLICT)
                fputs("This machine wants that name too, and has it in Conflict: 'netbt diagnose' says why.\n", out);
        print_answers(out, report);
}

/* ---- JSON --------------------------------------------------------------------------------------------------------- */

static const char *node_type_letter(uint16_t nb_flags)
{
        switch (nb_flags & NBNS_NB_ONT_MASK) {
        case NBNS_NB_ONT_B:
                return "b";
        case NBNS_NB_ONT_P:
                return "p";
        case NBNS_NB_ONT_M:
                return "m";
        default:
                return "h";
        }
}

static json_t *answer_json(const struct query_asked *asked, const struct ask_answer *answer)
{
        json_t *addresses = json_array();

        for (size_t i = 0; i < answer->address_count; i++) {
                const struct nbns_address *entry = &answer->addresses[i];
                json_array_append_new(addresses, json_pack("{s:o, s:s, s:s}", "address", json_from_ip4(entry->address),
                                                           "type", entry->nb_flags & NBNS_NB_GROUP ? "group" : "unique",
                                                           "node_type", node_type_letter(entry->nb_flags)));
        }
        return json_pack("{s:s, s:o, s:o, s:o, s:s, s:f, s:o}", "via",
                         asked->via == QUERY_VIA_WINS ? "wins" : "broadcast", "asked",
                         json_from_ip4(asked->destination), "interface", json_from_text(asked->label), "source",
                         json_from_ip4(answer->source), "rcode", nbns_rcode_str(answer->rcode), "rtt_ms",
                         answer->rtt_us / 1000.0, "addresses", addresses);
}

static json_t *owner_json(const struct owner *owner, const struct query_holder *holder)
{
        json_t *addresses = json_array();
        char mac[MAC_TEXT_BYTES];

        for (size_t i = 0; i < owner->address_count; i++)
                json_array_append_new(addresses, json_from_ip4(owner->addresses[i]));
        json_t *object = json_pack("{s:o, s:s, s:b}", "addresses", addresses, "type",
                                   owner->is_group ? "group" : "unique", "local", owner->is_local);
        if (holder->computer[0])
                json_object_set_new(object, "computer", json_string(holder->computer));
        if (holder->answered && !mac_is_zero(holder->mac)) {
                mac_format(holder->mac, mac);
                json_object_set_new(object, "mac", json_string(mac));
        }
        return object;
}

json_t *query_json(const struct query_report *report)
{
        json_t *answers = json_array(), *owners = json_array(), *silent = json_array();
        enum query_via via = QUERY_VIA_BROADCAST;
        const struct ask_answer *chosen = query_choose(report, &via);

        for (size_t i = 0; i < report->asked_count; i++) {
                const struct query_asked *asked = &report->asked[i];
                for (size_t j = 0; j < report->results[i].answer_count; j++)
                        json_array_append_new(answers, answer_json(asked, &report->results[i].answers[j]));
                if (!report->results[i].answer_count)
                        json_array_append_new(silent, json_pack("{s:s, s:o, s:o}", "via",
                                                                asked->via == QUERY_VIA_WINS ? "wins" : "broadcast",
                                                                "asked", json_from_ip4(asked->destination), "interface",
                                                                json_from_text(asked->label)));
        }
        for (size_t i = 0; i < report->owners.count; i++)
                json_array_append_new(owners, owner_json(&report->owners.rows[i], &report->holders[i]));
        json_t *object = json_from_name(&report->name);
        json_object_set_new(object, "found", json_boolean(report->owners.count || report->known.from));
        json_object_set_new(object, "conflict", json_boolean(owners_conflict(&report->owners)));
        json_object_set_new(object, "address",
                            chosen               ? json_from_ip4(chosen->addresses[0].address)
                            : report->known.from ? json_from_ip4(report->known.address.address)
                                                 : json_null());
        json_object_set_new(object, "known_from", report->known.from ? json_string(report->known.from) : json_null());
        json_object_set_new(object, "node_type", json_from_word(node_type_str(report->type)));
        json_object_set_new(object, "local_state",
                            report->local_state == NODE_STATE_MAX
                                    ? json_null()
                                    : json_from_word(node_state_str(report->local_state)));
        json_object_set_new(object, "owners", owners);
        json_object_set_new(object, "answers", answers);
        json_object_set_new(object, "silent", silent);
        json_object_set_new(object, "source_port", json_integer(report->source_port));
        return object;
}
