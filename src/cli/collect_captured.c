/* What captures show of the names and machines that turned out to matter: read out of the tracker when all names are known. */
#include "cli/collect.h"

#include "cli/collect_capture.h"
#include "cli/watch_print.h"

#include <string.h>

#define MAX_CLAIMANTS 512
#define MAX_CLAIMANTS_A_NAME 32
#define MAX_MACHINES SNAPSHOT_MAX_HOSTS
#define MAX_SPOOFERS 64
#define NAMES_OF_A_MACHINE 64

struct gathering {
        struct capture_reading *reading;
        struct collection *c;
        size_t claimant_count, machine_count;
        struct capture_claimant *claimants; /* MAX_CLAIMANTS */
        struct capture_machine *machines;   /* MAX_MACHINES */
};

/* ---- claimants ---------------------------------------------------------------------------------------------------- */

static bool is_known(const struct gathering *g, const struct nb_name *name)
{
        for (size_t i = 0; i < g->claimant_count; i++)
                if (nb_name_equal(&g->claimants[i].name, name))
                        return true;
        return false;
}

/* Those who contend for the name first, then those who say themselves that they hold it. */
static unsigned rank_of(const struct watch_holder *holder)
{
        return holder->conflict ? 0 : holder->own_word ? 1 : 2;
}

static void add_claimants(struct gathering *g, const struct nb_name *name)
{
        static struct watch_row rows[WATCH_MAX_MEMBERS];
        const size_t found = watch_name_rows(g->reading->watch, name, rows, WATCH_MAX_MEMBERS);
        const size_t count = found < WATCH_MAX_MEMBERS ? found : WATCH_MAX_MEMBERS;
        size_t of_name = 0;

        if (is_known(g, name))
                return;
        for (unsigned rank = 0; rank < 3; rank++)
                for (size_t i = 0; i < count; i++) {
                        if (rank_of(&rows[i].holder) != rank || rows[i].holder.group ||
                            of_name == MAX_CLAIMANTS_A_NAME || g->claimant_count == MAX_CLAIMANTS)
                                continue;
                        of_name++;
                        g->claimants[g->claimant_count++] = (struct capture_claimant){
                                .name = *name,
                                .holder = rows[i].holder,
                                .proof = capture_proof_packet(g->reading, name, &rows[i].holder),
                        };
                }
}

/* ---- machines ----------------------------------------------------------------------------------------------------- */

static void add_machine(struct gathering *g, uint32_t address)
{
        struct watch_station station;

        for (size_t i = 0; i < g->machine_count; i++)
                if (g->machines[i].address == address)
                        return;
        if (address == 0 || g->machine_count == MAX_MACHINES ||
            !watch_station_find(g->reading->watch, address, &station))
                return;
        struct capture_machine *machine = &g->machines[g->machine_count++];
        *machine = (struct capture_machine){
                .address = address,
                .has_mac = station.has_mac && station.local && !station.router,
                .server = station.server,
                .proxy = station.proxy,
                .last = station.last,
        };
        memcpy(machine->mac, station.mac, sizeof machine->mac);
}

static void add_machines(struct gathering *g)
{
        const struct collection *c = g->c;

        for (size_t i = 0; i < g->reading->dispute_count; i++) {
                add_machine(g, g->reading->disputes[i].loser);
                add_machine(g, g->reading->disputes[i].sender);
                add_machine(g, g->reading->disputes[i].other);
        }
        for (size_t i = 0; i < c->event_count; i++) {
                add_machine(g, c->events[i].sender);
                add_machine(g, c->events[i].own);
                add_machine(g, c->events[i].holder);
        }
        for (size_t i = 0; i < g->claimant_count; i++) {
                add_machine(g, g->claimants[i].holder.address);
                add_machine(g, g->claimants[i].holder.server);
        }
        for (size_t i = 0; i < c->host_count; i++)
                add_machine(g, c->hosts[i].address);
}

static struct capture_machine *find_machine(const struct gathering *g, uint32_t address)
{
        for (size_t i = 0; i < g->machine_count; i++)
                if (g->machines[i].address == address)
                        return &g->machines[i];
        return NULL;
}

/* Its name, if HOLDER says so itself; the table is made with the first one. NBT_ERR_NOMEM. */
static int add_name(struct gathering *g, const struct nb_name *name, const struct watch_holder *holder,
                    struct nbstat_table *tables[])
{
        struct capture_machine *machine = find_machine(g, holder->address);

        if (!machine || !holder->own_word || holder->group || holder->state == WATCH_STATE_RELEASED)
                return 0;
        struct nbstat_table **table = &tables[machine - g->machines];
        if (!*table)
                *table = arena_alloc(&g->c->arena, sizeof **table);
        if (!*table)
                return NBT_ERR_NOMEM;
        machine->names = *table;
        machine->complete |= (holder->proofs & 1u << WATCH_PROOF_TABLE) != 0;
        if ((*table)->count < NBSTAT_MAX_NAMES)
                (*table)->entries[(*table)->count++] = (struct nbstat_entry){
                        .name = *name,
                        .name_flags = NBSTAT_ACTIVE | (holder->conflict ? NBSTAT_CONFLICT : 0),
                };
        return 0;
}

/* One walk over all rows, with a filter of bits before the search among the machines. */
static int add_names(struct gathering *g)
{
        struct nbstat_table *tables[MAX_MACHINES] = {0};
        uint64_t filter[64] = {0};
        struct watch_row row;
        uint32_t cursor = 0;
        int r = 0;

        for (size_t i = 0; i < g->machine_count; i++)
                filter[g->machines[i].address / 64 % 64] |= UINT64_C(1) << g->machines[i].address % 64;
        while (g->machine_count > 0 && r == 0 && watch_row_next(g->reading->watch, &cursor, false, &row))
                if (filter[row.holder.address / 64 % 64] >> row.holder.address % 64 & 1)
                        r = add_name(g, &row.name, &row.holder, tables);
        return r;
}

/* ---- spoofers ----------------------------------------------------------------------------------------------------- */

/* "answers for 5 names, …; demanded of …". NULL: no memory. */
static const char *describe_finding(struct collection *c, struct watch_finding *finding)
{
        struct strbuf text = STRBUF_INIT;
        const char *copy;

        for (size_t i = 0; i < finding->evidence_count; i++) {
                finding->evidence[i].frame = capture_frame_number(finding->evidence[i].frame);
                strbuf_add(&text, i ? "; " : "");
                watch_print_evidence(&text, &finding->evidence[i]);
        }
        copy = strbuf_ok(&text) ? arena_strdup(&c->arena, strbuf_str(&text)) : NULL;
        strbuf_done(&text);
        return copy;
}

static bool is_wins(const struct collection *c, uint32_t address)
{
        for (size_t i = 0; i < c->wins_count; i++)
                if (c->wins[i] == address)
                        return true;
        return false;
}

/* Behind those that netbt watch saw. A spoofer that has to do with no conflict is worth a word all the same. */
static int add_spoofers(struct gathering *g)
{
        struct collection *c = g->c;
        struct snapshot *s = &c->snapshot;
        struct snapshot_spoofer *rows = arena_alloc(&c->arena, (s->spoofer_count + MAX_SPOOFERS) * sizeof *rows);
        size_t count = s->spoofer_count;
        struct watch_finding finding;
        uint32_t cursor = 0;

        if (!rows)
                return NBT_ERR_NOMEM;
        if (count > 0)
                memcpy(rows, s->spoofers, count * sizeof *rows);
        while (count < s->spoofer_count + MAX_SPOOFERS && watch_finding_next(g->reading->watch, &cursor, &finding)) {
                if (is_wins(c, finding.address))
                        continue;
                rows[count] = (struct snapshot_spoofer){.source = s->captures.label,
                                                        .address = finding.address,
                                                        .confidence = watch_confidence_str(finding.confidence),
                                                        .evidence = describe_finding(c, &finding)};
                if (!rows[count].evidence)
                        return NBT_ERR_NOMEM;
                count++;
        }
        s->spoofers = rows;
        s->spoofer_count = count;
        return 0;
}

static void tell_spoofers(struct collection *c)
{
        const struct snapshot *s = &c->snapshot;
        char ip[IP4_TEXT_BYTES];

        for (size_t i = 0; i < s->spoofer_count; i++) {
                const struct snapshot_spoofer *spoofer = &s->spoofers[i];

                if (spoofer->source != s->captures.label || strcmp(spoofer->confidence, "possible") == 0)
                        continue;
                ip4_format(spoofer->address, ip);
                texts_add(&c->notes, "%s: %s is a %s spoofer: %s", spoofer->source, ip, spoofer->confidence,
                          spoofer->evidence);
        }
}

int collect_captured(struct collection *c)
{
        struct gathering g = {.reading = c->capture, .c = c};
        struct captures *captures = &c->snapshot.captures;
        int r;

        if (!c->capture)
                return 0;
        g.claimants = arena_alloc(&c->arena, MAX_CLAIMANTS * sizeof *g.claimants);
        g.machines = arena_alloc(&c->arena, MAX_MACHINES * sizeof *g.machines);
        if (!g.claimants || !g.machines)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < c->name_count; i++)
                add_claimants(&g, &c->names[i]);
        for (size_t i = 0; i < g.reading->dispute_count; i++)
                add_claimants(&g, &g.reading->disputes[i].name);
        add_machines(&g);
        r = add_names(&g);
        if (r == 0)
                r = add_spoofers(&g);
        if (r < 0)
                return r;
        tell_spoofers(c);
        captures->claimant_count = g.claimant_count;
        captures->claimants = g.claimants;
        captures->machine_count = g.machine_count;
        captures->machines = g.machines;
        captures->packets = capture_packets(g.reading, &captures->packet_count, &captures->omitted);
        return captures->packets || captures->packet_count == 0 ? 0 : NBT_ERR_NOMEM;
}
