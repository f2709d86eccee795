#include "diagnose/likeness.h"

#include <string.h>

#define PROXY_ADDRESSES 3u /* ASSUMPTION: hardly a host has more addresses on one adapter; a router answers for many */

static bool is_group(const struct nbstat_entry *entry)
{
        return entry->name_flags & NBSTAT_GROUP;
}

/* Every unique name of A is a unique name of B. */
static bool table_within(const struct nbstat_table *a, const struct nbstat_table *b)
{
        for (size_t i = 0; i < a->count; i++)
                if (!is_group(&a->entries[i]) && !snapshot_table_holds(b, &a->entries[i].name))
                        return false;
        return true;
}

static void compare_tables(struct likeness *ret, const struct nbstat_table *a, const struct nbstat_table *b)
{
        if (!a || !b || a->count == 0 || b->count == 0)
                return;
        ret->same_table = table_within(a, b) && table_within(b, a);
        ret->table_differs = !ret->same_table;
}

/* Do the name tables' own packets tell two MACs? */
static bool status_macs_differ(const struct nbstat_table *a, const struct nbstat_table *b)
{
        return a && b && !mac_is_zero(a->statistics.unit_id) && !mac_is_zero(b->statistics.unit_id) &&
               memcmp(a->statistics.unit_id, b->statistics.unit_id, 6) != 0;
}

/* How many neighbours answer for their addresses by MAC. */
static size_t count_neighbours(const struct snapshot *snapshot, const uint8_t mac[6])
{
        size_t count = 0;

        for (size_t i = 0; i < snapshot->neighbour_count; i++)
                count += memcmp(snapshot->neighbours[i].mac, mac, 6) == 0;
        return count;
}

/*
 * One MAC for two addresses is a router's that answers ARP for others (proxy ARP, RFC 1027) when the hosts themselves tell two
 * MACs, or when it stands for a whole crowd of addresses.
 */
static void compare_macs(const struct snapshot *snapshot, struct likeness *ret, const uint8_t a[6], const uint8_t b[6],
                         bool hosts_differ)
{
        if (memcmp(a, b, 6) != 0 || hosts_differ)
                ret->different_mac = true;
        else
                ret->same_mac = true;
        if (memcmp(a, b, 6) == 0 && (hosts_differ || count_neighbours(snapshot, a) > PROXY_ADDRESSES)) {
                ret->proxied = true;
                ret->same_mac = false;
        }
}

/* A WINS server's answer does not count: it merges two machines of one name into one record (observed of Samba), and may answer
 * from its records whoever asks it. */
static bool is_hearsay(const struct snapshot *snapshot, const struct snapshot_query *query)
{
        return query->kind == SNAPSHOT_ASKED_WINS ||
               (query->kind == SNAPSHOT_ASKED_HOST && snapshot_is_wins(snapshot, query->destination));
}

/* A host's own answer that lists both addresses, or what a capture shows of that. */
static bool lists_both(const struct snapshot *snapshot, uint32_t a, uint32_t b)
{
        if (capture_is_linked(&snapshot->captures, a, b))
                return true;
        for (size_t i = 0; i < snapshot->query_count; i++) {
                const struct snapshot_query *query = &snapshot->queries[i];

                if (is_hearsay(snapshot, query))
                        continue;
                for (size_t j = 0; j < query->answer_count; j++) {
                        const struct snapshot_answer *answer = &query->answers[j];
                        bool has_a = false;
                        bool has_b = false;

                        for (size_t k = 0; k < answer->address_count; k++) {
                                has_a |= answer->addresses[k] == a;
                                has_b |= answer->addresses[k] == b;
                        }
                        if (has_a && has_b && !answer->group && (answer->source == a || answer->source == b))
                                return true;
                }
        }
        return false;
}

/* Was the host at A asked for the name itself, and did it list its address and not B? */
static bool answers_alone(const struct rule_input *in, uint32_t a, uint32_t b)
{
        bool alone = false;

        for (size_t i = 0; in->c->has_name && i < in->snapshot->query_count; i++) {
                const struct snapshot_query *query = &in->snapshot->queries[i];

                if (query->kind != SNAPSHOT_ASKED_HOST || query->destination != a || is_hearsay(in->snapshot, query) ||
                    !nb_name_equal(&query->name, &in->c->name) || query->answer_count == 0)
                        continue;
                const struct snapshot_answer *answer = &query->answers[0];

                for (size_t j = 0; j < answer->address_count; j++) {
                        if (answer->addresses[j] == b)
                                return false;
                        alone |= answer->addresses[j] == a && !answer->group;
                }
        }
        return alone;
}

static const struct nbstat_table *table_of(const struct rule_input *in, uint32_t address)
{
        const struct snapshot_host *host = snapshot_find_host(in->snapshot, address);
        const struct capture_machine *machine = capture_find_machine(&in->snapshot->captures, address);

        if (host && host->table)
                return host->table;
        return machine && machine->complete ? machine->names : NULL;
}

struct likeness likeness_between(const struct rule_input *in, uint32_t a, uint32_t b)
{
        struct likeness ret = {0};
        enum snapshot_mac from = SNAPSHOT_MAC_MAX;
        uint8_t mac_a[6];
        uint8_t mac_b[6];

        if (a == 0 || b == 0)
                return ret;
        ret.own_address = a == b;
        if (snapshot_find_mac(in->snapshot, a, mac_a, NULL) && snapshot_find_mac(in->snapshot, b, mac_b, &from))
                compare_macs(in->snapshot, &ret, mac_a, mac_b, status_macs_differ(table_of(in, a), table_of(in, b)));
        ret.by_own_word = from == SNAPSHOT_MAC_STATUS;
        compare_tables(&ret, table_of(in, a), table_of(in, b));
        ret.each_alone = a != b && answers_alone(in, a, b) && answers_alone(in, b, a);
        ret.lists_both = a != b && lists_both(in->snapshot, a, b);
        return ret;
}

/* This machine's names against OTHER's table: does it list nothing that we do not hold? */
static void compare_with_node(const struct rule_input *in, struct likeness *ret, const struct nbstat_table *table)
{
        const struct node_view *node = in->snapshot->node;

        if (!node || !table)
                return;
        for (size_t i = 0; i < table->count; i++) {
                bool found = is_group(&table->entries[i]);

                for (size_t j = 0; j < node->name_count && !found; j++)
                        found = nb_name_equal(&node->names[j].name, &table->entries[i].name);
                if (!found) {
                        ret->table_differs = true;
                        return;
                }
        }
        ret->same_table = table->count > 0;
}

/* All of this machine's MACs are known, so that a MAC which is none of them is another machine's. */
static struct likeness likeness_to_us(const struct rule_input *in, uint32_t other)
{
        struct likeness ret = {.own_address = snapshot_find_iface(in->snapshot, other) != NULL};
        enum snapshot_mac from = SNAPSHOT_MAC_MAX;
        uint8_t mac[6];
        bool seen = false;

        if (!ret.own_address && snapshot_find_mac(in->snapshot, other, mac, &from))
                for (size_t i = 0; i < in->snapshot->iface_count; i++) {
                        const struct snapshot_iface *iface = &in->snapshot->ifaces[i];

                        seen |= iface->has_mac;
                        ret.same_mac |= iface->has_mac && memcmp(iface->mac, mac, 6) == 0;
                }
        ret.by_own_word = from == SNAPSHOT_MAC_STATUS;
        ret.different_mac = seen && !ret.same_mac;
        compare_with_node(in, &ret, table_of(in, other));
        for (size_t i = 0; i < in->snapshot->iface_count; i++)
                ret.lists_both |= !ret.own_address && lists_both(in->snapshot, in->snapshot->ifaces[i].address, other);
        return ret;
}

struct likeness likeness_to_loser(const struct rule_input *in, uint32_t other)
{
        if (other == 0)
                return (struct likeness){0};
        if (in->c->here)
                return likeness_to_us(in, other);
        struct likeness ret = likeness_between(in, in->c->address, other);

        ret.own_address |= case_is_own(in->snapshot, in->c, other);
        return ret;
}

bool likeness_is_doubtful(const struct likeness *likeness)
{
        return likeness->same_mac && !likeness->table_differs && likeness->each_alone && !likeness->own_address &&
               !likeness->lists_both;
}

bool likeness_is_one(const struct likeness *likeness)
{
        return likeness->own_address || likeness->lists_both || (likeness->same_mac && !likeness->table_differs);
}
