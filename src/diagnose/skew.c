#include "diagnose/skew.h"

#include "settings/hostname.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * RFC 1002 §6: a claim is repeated three times by broadcast (BCAST_REQ_RETRY_TIMEOUT 250 ms), or to a server (UCAST_REQ_RETRY_TIMEOUT 5 s):
 * between the first packet of a conflict and its last answer lie no more than these 15 s.
 */
#define CONFLICT_US (INT64_C(15) * 1000000)
#define DAY_US (INT64_C(86400) * 1000000) /* ASSUMPTION: clocks a day apart, and only once, are rather two conflicts */
#define DISPUTES_MAX 128                  /* of captures: the first */
#define SIGHTINGS_MAX (SNAPSHOT_MAX_EVENTS + SNAPSHOT_MAX_COMPANIONS + DISPUTES_MAX * CAPTURE_PROOFS)
#define PAIRS_MAX 4096
#define ADDRESSES_MAX 8
#define TOLD_PAIRS 2 /* how many are named */
#define NODES_MAX (SKEW_MAX_MACHINES + SNAPSHOT_MAX_RELAYS)

enum sighting_kind { SIGHTING_NAME, SIGHTING_ADDRESS, SIGHTING_RIVAL, SIGHTING_PACKET };

/* One record that may have its counterpart in another machine's log. */
struct sighting {
        enum sighting_kind kind;
        size_t machine;
        int64_t us;
        uint16_t id;
        uint64_t record;
        bool has_name;
        struct nb_name name;
        uint32_t address;  /* NAME, PACKET: who refused or demanded; ADDRESS: the one in two places */
        uint32_t loser;    /* NAME, PACKET: to whom; 0: not told */
        const char *rival; /* RIVAL: the other's computer name */
};

struct pair {
        int64_t us; /* B's time less A's */
        const struct sighting *a, *b;
};

/* What is known of a machine beside what is told. */
struct node {
        size_t address_count;
        uint32_t addresses[ADDRESSES_MAX];
        char netbios[HOSTNAME_NETBIOS_BYTES];
        int64_t ahead_us, within_us; /* within -1: not reached yet */
        size_t from;                 /* by which other it was reached */
};

/* The distance of two clocks: B's less A's. */
struct edge {
        size_t a, b;
        int64_t ahead_us, within_us;
        const char *how;
};

struct run {
        const struct snapshot *snapshot;
        struct arena *arena;
        struct skew *skew;
        struct node nodes[NODES_MAX]; /* the machines, then whoever kept a log of several */
        size_t node_count;
        size_t sighting_count;
        struct sighting *sightings; /* SIGHTINGS_MAX */
        struct pair *pairs;         /* PAIRS_MAX */
        uint32_t counting;          /* the number of the present count, which marks whom it has seen */
        uint32_t counted[SIGHTINGS_MAX];
        const char *why[SKEW_MAX_MACHINES];
        size_t edge_count;
        struct edge edges[SKEW_MAX_MACHINES * SKEW_MAX_MACHINES + SNAPSHOT_MAX_RELAYS];
};

/* ---- machines ----------------------------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
        return a && b ? strcasecmp(a, b) == 0 : a == b;
}

static bool is_machine(const struct skew_machine *machine, const char *source, const char *computer)
{
        return strcmp(machine->source, source) == 0 && same_text(machine->computer, computer);
}

const struct skew_machine *skew_find(const struct skew *skew, const char *source, const char *computer)
{
        for (size_t i = 0; i < skew->count; i++)
                if (is_machine(&skew->machines[i], source, computer && computer[0] ? computer : NULL))
                        return &skew->machines[i];
        return NULL;
}

/* The machine's number; SKEW_MAX_MACHINES if there is no room for one more. */
static size_t find_machine(struct run *run, const char *source, const char *computer)
{
        struct skew *skew = run->skew;
        const struct skew_machine *found = skew_find(skew, source, computer);

        if (found)
                return (size_t)(found - skew->machines);
        if (skew->count == SKEW_MAX_MACHINES)
                return SKEW_MAX_MACHINES;
        skew->machines[skew->count] =
                (struct skew_machine){.source = source, .computer = computer[0] ? computer : NULL, .how = ""};
        hostname_netbios(computer, run->nodes[skew->count].netbios);
        return skew->count++;
}

static void add_address(struct node *node, uint32_t address)
{
        for (size_t i = 0; i < node->address_count; i++)
                if (node->addresses[i] == address)
                        return;
        if (address && node->address_count < ADDRESSES_MAX)
                node->addresses[node->address_count++] = address;
}

static bool has_address(const struct node *node, uint32_t address)
{
        for (size_t i = 0; i < node->address_count; i++)
                if (node->addresses[i] == address)
                        return true;
        return false;
}

static bool is_this_machine(const struct run *run, size_t machine)
{
        const struct snapshot *s = run->snapshot;
        const char *here = s->node && s->node->computer[0] ? s->node->computer : s->computer;

        return s->events_are_ours && here && strcasecmp(run->nodes[machine].netbios, here) == 0;
}

/* Addresses by what machines say of themselves: their own interfaces and name tables. Of two machines with one name nothing is learnt. */
static void learn_addresses(struct run *run)
{
        const struct snapshot *s = run->snapshot;

        for (size_t i = 0; i < run->skew->count; i++) {
                struct node *node = &run->nodes[i];
                bool unique = node->netbios[0] != '\0';

                for (size_t j = 0; j < run->skew->count; j++)
                        unique = unique && (i == j || strcmp(node->netbios, run->nodes[j].netbios) != 0);
                if (!unique)
                        continue;
                for (size_t j = 0; is_this_machine(run, i) && j < s->iface_count; j++)
                        add_address(node, s->ifaces[j].address);
                for (size_t j = 0; j < s->host_count; j++) {
                        const struct nbstat_table *table = s->hosts[j].table;
                        const struct nb_name name = nb_name_make(node->netbios, 0);
                        const int at = table ? nbstat_table_computer(table) : NBT_ERR_NOT_FOUND;

                        if (at >= 0 && nb_name_same_stem(&table->entries[at].name, &name))
                                add_address(node, s->hosts[j].address);
                }
        }
}

static void add_sighting(struct run *run, const struct sighting *sighting)
{
        run->skew->machines[sighting->machine].event_count += sighting->kind != SIGHTING_PACKET;
        if (sighting->us != 0)
                run->sightings[run->sighting_count++] = *sighting;
}

static void take_event(struct run *run, const struct snapshot_event *event)
{
        const struct event *e = event->event;
        const size_t machine = find_machine(run, event->source ? event->source : "", e->computer);

        if (machine == SKEW_MAX_MACHINES)
                return;
        add_address(&run->nodes[machine], event->own);
        add_sighting(run, &(struct sighting){.kind = SIGHTING_NAME,
                                             .machine = machine,
                                             .us = e->time.us,
                                             .id = e->id,
                                             .record = e->record,
                                             .has_name = event->has_name,
                                             .name = event->name,
                                             .address = event->sender,
                                             .loser = event->own});
}

static void take_companion(struct run *run, const struct snapshot_companion *from)
{
        const struct companion *c = &from->companion;
        const size_t machine = find_machine(run, from->source, c->computer);
        struct sighting sighting = {
                .machine = machine, .us = c->time.us, .id = c->id, .record = c->record, .address = c->address};

        if (machine == SKEW_MAX_MACHINES)
                return;
        if (c->concern == COMPANION_BROWSER && c->name[0][0]) {
                sighting.kind = SIGHTING_RIVAL;
                sighting.rival = c->name[0];
        } else if (c->concern == COMPANION_ADDRESS) {
                sighting.kind = SIGHTING_ADDRESS;
        } else {
                sighting.us = 0; /* it has no counterpart, but its machine is one of those in the timeline */
        }
        add_sighting(run, &sighting);
}

/* The packets that a loser's machine logs: a refusal of its claim, a demand of its name. */
static void take_dispute(struct run *run, const struct capture_dispute *dispute)
{
        for (size_t i = 0; i < dispute->packet_count && i < CAPTURE_PROOFS; i++) {
                const struct capture_packet *packet = &dispute->packets[i];

                if (packet->kind != WATCH_PACKET_REFUSAL && packet->kind != WATCH_PACKET_CONFLICT_DEMAND &&
                    packet->kind != WATCH_PACKET_RELEASE_DEMAND)
                        continue;
                const size_t machine = find_machine(run, packet->source, "");

                if (machine < SKEW_MAX_MACHINES)
                        add_sighting(run, &(struct sighting){.kind = SIGHTING_PACKET,
                                                             .machine = machine,
                                                             .us = packet->time.us,
                                                             .record = packet->frame,
                                                             .has_name = true,
                                                             .name = packet->name,
                                                             .address = packet->from,
                                                             .loser = packet->to});
        }
}

/* ---- pairs -------------------------------------------------------------------------------------------------------- */

/* May ADDRESS be B's, of whom none is known? Not if it is another's. */
static bool may_be(const struct run *run, size_t b, uint32_t address)
{
        for (size_t i = 0; i < run->skew->count; i++)
                if (has_address(&run->nodes[i], address))
                        return false;
        return address != 0 && run->nodes[b].address_count == 0;
}

/* Each must name the other's address, or one that may be the other's; one of the two must be known. */
static bool name_each_other(const struct run *run, const struct sighting *a, const struct sighting *b)
{
        const bool a_names_b = has_address(&run->nodes[b->machine], a->address);
        const bool b_names_a = has_address(&run->nodes[a->machine], b->address);

        if (a->has_name && b->has_name && !nb_name_same_stem(&a->name, &b->name))
                return false;
        return (a_names_b || b_names_a) && (a_names_b || may_be(run, b->machine, a->address)) &&
               (b_names_a || may_be(run, a->machine, b->address));
}

/* Did PACKET make the event? */
static bool made(const struct sighting *packet, const struct sighting *event)
{
        return packet->address == event->address && (!event->loser || packet->loser == event->loser) &&
               (!event->has_name || nb_name_equal(&packet->name, &event->name));
}

static bool are_counterparts(const struct run *run, const struct sighting *a, const struct sighting *b)
{
        if (a->kind == SIGHTING_NAME && b->kind == SIGHTING_PACKET)
                return made(b, a);
        if (a->kind != b->kind || a->kind == SIGHTING_PACKET)
                return false;
        if (a->kind == SIGHTING_NAME)
                return name_each_other(run, a, b);
        if (a->kind == SIGHTING_ADDRESS)
                return a->address == b->address;
        return strcmp(a->rival, run->nodes[b->machine].netbios) == 0 &&
               strcmp(b->rival, run->nodes[a->machine].netbios) == 0;
}

static int by_distance(const void *a, const void *b)
{
        const struct pair *x = a, *y = b;

        return x->us < y->us ? -1 : x->us > y->us;
}

static size_t find_pairs(struct run *run, size_t a, size_t b)
{
        size_t count = 0;

        for (size_t i = 0; i < run->sighting_count; i++)
                for (size_t j = 0; run->sightings[i].machine == a && j < run->sighting_count && count < PAIRS_MAX;
                     j++) {
                        const struct sighting *x = &run->sightings[i], *y = &run->sightings[j];

                        if (y->machine == b && are_counterparts(run, x, y))
                                run->pairs[count++] = (struct pair){y->us - x->us, x, y};
                }
        qsort(run->pairs, count, sizeof *run->pairs, by_distance);
        return count;
}

static bool is_new(struct run *run, const struct sighting *sighting)
{
        uint32_t *mark = &run->counted[sighting - run->sightings];
        const bool seen = *mark == run->counting;

        *mark = run->counting;
        return !seen;
}

/* How many conflicts PAIRS[0..count) stand for: a record counts once, on either side. */
static size_t count_conflicts(struct run *run, const struct pair *pairs, size_t count)
{
        size_t a = 0, b = 0;

        run->counting++;
        for (size_t i = 0; i < count; i++) {
                a += is_new(run, pairs[i].a);
                b += is_new(run, pairs[i].b);
        }
        return a < b ? a : b;
}

/* Pairs that agree on one distance. */
struct agreement {
        size_t first, count, conflicts;
};

static struct agreement agreement_at(struct run *run, size_t count, size_t first)
{
        const struct pair *pairs = run->pairs;
        size_t end = first;

        while (end < count && pairs[end].us - pairs[first].us <= 2 * CONFLICT_US)
                end++;
        return (struct agreement){first, end - first, count_conflicts(run, pairs + first, end - first)};
}

static int64_t middle_of(const struct pair *pairs, const struct agreement *at)
{
        return pairs[at->first].us / 2 + pairs[at->first + at->count - 1].us / 2;
}

/* The distance that most conflicts agree on; RET_RIVALLED: another one has as many. */
static struct agreement best_agreement(struct run *run, size_t count, bool *ret_rivalled)
{
        struct agreement best = {0};

        for (size_t i = 0; i < count; i++) {
                const struct agreement at = agreement_at(run, count, i);

                if (at.conflicts > best.conflicts || (at.conflicts == best.conflicts && at.count > best.count))
                        best = at;
        }
        *ret_rivalled = false;
        for (size_t i = 0; i < count; i++) {
                const struct agreement at = agreement_at(run, count, i);

                *ret_rivalled |= at.conflicts == best.conflicts &&
                                 llabs(middle_of(run->pairs, &at) - middle_of(run->pairs, &best)) > 2 * CONFLICT_US;
        }
        return best;
}

/* ---- distances ---------------------------------------------------------------------------------------------------- */

static const char *describe_sighting(struct run *run, const struct sighting *sighting)
{
        const unsigned long long number = sighting->record;
        const char *text = sighting->kind == SIGHTING_PACKET
                                   ? arena_printf(run->arena, "packet %llu", number)
                                   : arena_printf(run->arena, "event %u, record %llu", sighting->id, number);

        return text ? text : "…";
}

static const char *describe_pairs(struct run *run, const struct pair *pairs, const struct agreement *at)
{
        const struct skew_machine *a = &run->skew->machines[pairs->a->machine];
        const struct skew_machine *b = &run->skew->machines[pairs->b->machine];
        char *text = arena_printf(run->arena, "from %zu conflict%s that both logged: ", at->conflicts,
                                  at->conflicts == 1 ? "" : "s");

        for (size_t i = 0; text && i < at->count && i < TOLD_PAIRS; i++) {
                const struct pair *pair = &pairs[at->first + i];

                text = arena_printf(run->arena, "%s%s%s of %s, and %s of %s", text, i ? "; " : "",
                                    describe_sighting(run, pair->a), a->label, describe_sighting(run, pair->b),
                                    b->label);
        }
        return text && at->count > TOLD_PAIRS ? arena_printf(run->arena, "%s; and others", text) : text;
}

static void set_why(struct run *run, size_t a, size_t b, const char *why)
{
        run->why[a] = why;
        run->why[b] = why;
}

/* NBT_ERR_NOMEM. */
static int compare(struct run *run, size_t a, size_t b)
{
        bool rivalled;
        const size_t count = find_pairs(run, a, b);
        const struct agreement best = best_agreement(run, count, &rivalled);

        if (count == 0)
                return 0;
        const int64_t first = run->pairs[best.first].us, last = run->pairs[best.first + best.count - 1].us;
        const int64_t low = last - CONFLICT_US, high = first + CONFLICT_US;

        if (rivalled)
                set_why(run, a, b,
                        "conflicts are logged on both sides, but which records belong together cannot be told");
        else if (best.conflicts == 1 && llabs(first) > DAY_US)
                set_why(run, a, b,
                        "one conflict is logged on both sides, but more than a day apart: these may be two conflicts");
        else
                run->edges[run->edge_count++] = (struct edge){.a = a,
                                                              .b = b,
                                                              .ahead_us = low + (high - low) / 2,
                                                              .within_us = (high - low) / 2,
                                                              .how = describe_pairs(run, run->pairs, &best)};
        return run->edge_count && !run->edges[run->edge_count - 1].how ? NBT_ERR_NOMEM : 0;
}

/* Do the records of several computers stand in SOURCE? */
static bool is_shared(const struct snapshot *s, const char *source)
{
        size_t count = 0;

        for (size_t i = 0; i < s->relay_count; i++)
                count += strcmp(s->relays[i].source, source) == 0;
        return count > 1;
}

/* The number of whoever kept SOURCE, behind the machines. */
static size_t keeper_of(struct run *run, const char *source)
{
        for (size_t i = 0; i < run->snapshot->relay_count; i++)
                if (strcmp(run->snapshot->relays[i].source, source) == 0)
                        return run->skew->count + i;
        return run->skew->count;
}

/* A log of several machines: between what happened and its record lies from nothing to the longest delay. */
static int compare_relayed(struct run *run)
{
        const struct snapshot *s = run->snapshot;

        for (size_t i = 0; i < s->relay_count; i++) {
                const struct snapshot_relay *relay = &s->relays[i];
                const struct skew_machine *machine = skew_find(run->skew, relay->source, relay->computer);

                if (!machine || !is_shared(s, relay->source))
                        continue;
                const char *how =
                        arena_printf(run->arena, "from %zu record%s of %s in %s, which has both clocks' times",
                                     relay->count, relay->count == 1 ? "" : "s", machine->label, relay->source);
                if (!how)
                        return NBT_ERR_NOMEM;
                run->edges[run->edge_count++] = (struct edge){.a = keeper_of(run, relay->source),
                                                              .b = (size_t)(machine - run->skew->machines),
                                                              .ahead_us = relay->delay_us / 2 - relay->least_us,
                                                              .within_us = relay->delay_us / 2,
                                                              .how = how};
        }
        return 0;
}

/* ---- the reference, and the way from it --------------------------------------------------------------------------- */

/* This machine, or else the one with most events; of equals the first by name. */
static size_t choose_reference(const struct run *run)
{
        const struct skew_machine *machines = run->skew->machines;
        size_t best = 0;

        for (size_t i = 0; i < run->skew->count; i++) {
                if (is_this_machine(run, i))
                        return i;
                if (machines[i].event_count > machines[best].event_count ||
                    (machines[i].event_count == machines[best].event_count &&
                     strcasecmp(machines[i].label, machines[best].label) < 0))
                        best = i;
        }
        return best;
}

/* Goes from known nodes over the surest edge to unknown ones until there is none. */
static bool reach_next(struct run *run, size_t *ret, const struct edge **ret_edge)
{
        const struct edge *best = NULL;
        int64_t best_within = INT64_MAX;

        for (size_t i = 0; i < run->edge_count; i++) {
                const struct edge *edge = &run->edges[i];
                const int64_t a = run->nodes[edge->a].within_us, b = run->nodes[edge->b].within_us;

                if ((a < 0) == (b < 0) || edge->within_us + (a < 0 ? b : a) >= best_within)
                        continue;
                best = edge;
                best_within = edge->within_us + (a < 0 ? b : a);
        }
        if (!best)
                return false;
        const bool forward = run->nodes[best->b].within_us < 0;
        const size_t to = forward ? best->b : best->a, from = forward ? best->a : best->b;

        run->nodes[to].ahead_us = run->nodes[from].ahead_us + (forward ? best->ahead_us : -best->ahead_us);
        run->nodes[to].within_us = best_within;
        run->nodes[to].from = from;
        *ret = to;
        *ret_edge = best;
        return true;
}

static int spread(struct run *run, size_t reference)
{
        struct skew *skew = run->skew;
        const struct edge *edge;
        size_t to;

        for (size_t i = 0; i < NODES_MAX; i++)
                run->nodes[i].within_us = -1;
        run->nodes[reference].within_us = 0;
        skew->machines[reference].is_reference = true;
        skew->machines[reference].is_known = true;
        skew->machines[reference].how = "the others' clocks are compared with this one's";
        while (reach_next(run, &to, &edge)) {
                if (to >= skew->count)
                        continue;
                struct skew_machine *machine = &skew->machines[to];
                const size_t from = run->nodes[to].from;

                machine->is_known = true;
                machine->ahead_us = run->nodes[to].ahead_us;
                machine->within_us = run->nodes[to].within_us;
                machine->how =
                        from == reference || from >= skew->count
                                ? edge->how
                                : arena_printf(run->arena, "by way of %s, %s", skew->machines[from].label, edge->how);
                if (!machine->how)
                        return NBT_ERR_NOMEM;
        }
        for (size_t i = 0; i < skew->count; i++)
                if (!skew->machines[i].is_known)
                        skew->machines[i].how = run->why[i] ? run->why[i] : "no conflict is logged on both sides";
        return 0;
}

/* ---- all together ------------------------------------------------------------------------------------------------- */

static int label_machines(struct run *run)
{
        struct skew *skew = run->skew;

        for (size_t i = 0; i < skew->count; i++) {
                struct skew_machine *m = &skew->machines[i];
                bool alone = true;

                for (size_t j = 0; j < skew->count; j++)
                        alone = alone && (i == j || !same_text(m->computer, skew->machines[j].computer));
                m->label = !m->computer ? m->source
                           : alone      ? m->computer
                                        : arena_printf(run->arena, "%s (%s)", m->computer, m->source);
                if (!m->label)
                        return NBT_ERR_NOMEM;
        }
        return 0;
}

static int estimate(struct run *run)
{
        const struct snapshot *s = run->snapshot;

        for (size_t i = s->event_count; i > 0; i--)
                take_event(run, &s->events[i - 1]);
        for (size_t i = 0; i < s->companion_count; i++)
                take_companion(run, &s->companions[i]);
        if (run->skew->count == 0)
                return 0; /* captures of one network have one clock, as far as is known */
        for (size_t i = 0; i < s->captures.dispute_count && i < DISPUTES_MAX; i++)
                take_dispute(run, &s->captures.disputes[i]);
        learn_addresses(run);
        int r = label_machines(run);

        for (size_t a = 0; a < run->skew->count && r == 0; a++)
                for (size_t b = a + 1; b < run->skew->count && r == 0; b++)
                        r = compare(run, a, b);
        if (r == 0)
                r = compare_relayed(run);
        return r < 0 ? r : spread(run, choose_reference(run));
}

int skew_estimate(const struct snapshot *snapshot, struct arena *arena, struct skew *ret)
{
        struct run *run = arena_alloc(arena, sizeof *run);
        struct skew *skew = arena_alloc(arena, sizeof *skew);

        if (!run || !skew)
                return NBT_ERR_NOMEM;
        *run = (struct run){.snapshot = snapshot, .arena = arena, .skew = skew};
        run->sightings = arena_alloc(arena, SIGHTINGS_MAX * sizeof *run->sightings);
        run->pairs = arena_alloc(arena, PAIRS_MAX * sizeof *run->pairs);
        if (!run->sightings || !run->pairs)
                return NBT_ERR_NOMEM;
        const int r = estimate(run);

        if (r == 0)
                *ret = *skew;
        return r;
}

/* ---- words -------------------------------------------------------------------------------------------------------- */

/* "4 min 58 s", "1 h 2 min", "3 d 4 h": its two greatest units. */
static const char *describe_span(int64_t us, struct arena *arena)
{
        const long long s = (llabs(us) + 500000) / 1000000;

        if (s < 60)
                return arena_printf(arena, "%lld s", s);
        if (s < 3600)
                return arena_printf(arena, "%lld min %lld s", s / 60, s % 60);
        if (s < 86400)
                return arena_printf(arena, "%lld h %lld min", s / 3600, s % 3600 / 60);
        return arena_printf(arena, "%lld d %lld h", s / 86400, s % 86400 / 3600);
}

const char *skew_reference(const struct skew *skew)
{
        for (size_t i = 0; i < skew->count; i++)
                if (skew->machines[i].is_reference)
                        return skew->machines[i].label;
        return "…";
}

const char *skew_describe(const struct skew *skew, const struct skew_machine *m, struct arena *arena)
{
        const char *within = describe_span(m->within_us, arena), *ahead = describe_span(m->ahead_us, arena);
        const char *text;

        if (m->is_reference)
                text = m->how;
        else if (!m->is_known)
                text = arena_printf(arena, "unknown: %s", m->how);
        else if (within && llabs(m->ahead_us) <= m->within_us)
                text = arena_printf(arena, "its clock agrees with %s's within %s: %s", skew_reference(skew),
                                    describe_span(llabs(m->ahead_us) + m->within_us, arena), m->how);
        else
                text = !within || !ahead ? NULL
                                         : arena_printf(arena, "its clock is %s %s %s's, give or take %s: %s", ahead,
                                                        m->ahead_us > 0 ? "ahead of" : "behind", skew_reference(skew),
                                                        within, m->how);
        return text ? text : "…";
}
