#include "cli/collect.h"

#include "cli/asker.h"
#include "cli/collect_bait.h"
#include "cli/oui.h"
#include "io/neigh.h"

#include <errno.h>
#include <string.h>

/* All rounds together stay within five seconds on a quiet segment. */
#define ASK_TRIES 3u
#define ASK_INTERVAL_MS 500u
#define MAX_QUESTIONS 512
#define MAX_NEIGHBOURS 32

struct round {
        struct collection *c;
        struct asker *asker;
        struct nb_name baits[COLLECT_BAITS];
        size_t count;
        struct ask_question questions[MAX_QUESTIONS];
};

/* ---- what to ask -------------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct collection *c, const struct nb_name *name)
{
        for (size_t i = 0; i < c->name_count; i++)
                if (nb_name_equal(&c->names[i], name))
                        return true;
        return false;
}

void collect_want_name(struct collection *c, const struct nb_name *name)
{
        if (is_wanted(c, name) || !snapshot_wants(&c->snapshot, name))
                return;
        if (c->name_count < COLLECT_MAX_NAMES)
                c->names[c->name_count++] = *name;
}

/* Over which names others were seen to contend. */
static void want_disputes(struct collection *c)
{
        for (size_t i = 0; i < c->snapshot.captures.dispute_count; i++)
                collect_want_name(c, &c->snapshot.captures.disputes[i].name);
}

/* Names in conflict first: they are what this is about, and there is a bound. */
static void want_node_names(struct collection *c, enum node_name_state state)
{
        const struct node_view *node = c->snapshot.node;

        for (size_t i = 0; node && i < node->name_count; i++)
                if (node->names[i].state == state && node->names[i].kind == NODE_NAME_UNIQUE)
                        collect_want_name(c, &node->names[i].name);
}

static void want_computer(struct collection *c, const char *computer)
{
        static const uint8_t suffixes[] = {0x00, 0x20};

        for (size_t i = 0; computer && computer[0] && i < NBT_ARRAY_SIZE(suffixes); i++) {
                const struct nb_name name = nb_name_make(computer, suffixes[i]);

                collect_want_name(c, &name);
        }
}

/* Whom a WINS server turned away lately. */
static void want_refusals(struct collection *c)
{
        for (size_t i = 0; i < c->database_count; i++) {
                const struct snapshot_database *database = &c->databases[i].snapshot;

                for (size_t j = 0; database->was_named && j < database->refusal_count; j++)
                        collect_want_name(c, &database->refusals[j].name);
        }
}

static void want_names(struct collection *c)
{
        want_node_names(c, NODE_STATE_CONFLICT);
        for (size_t i = 0; i < c->event_count; i++) {
                const struct snapshot_event *event = &c->events[i];
                char computer[HOSTNAME_NETBIOS_BYTES];

                if (event->has_name) {
                        collect_want_name(c, &event->name);
                } else if (!c->snapshot.events_are_ours && event->event->computer[0]) {
                        hostname_netbios(event->event->computer, computer);
                        want_computer(c, computer);
                }
        }
        if (c->snapshot.has_only && !c->snapshot.only_stem)
                collect_want_name(c, &c->snapshot.only);
        want_disputes(c);
        want_refusals(c);
        want_node_names(c, NODE_STATE_REGISTERED);
        want_node_names(c, NODE_STATE_REGISTERING);
        if (c->snapshot.events_are_ours && !c->snapshot.node)
                want_computer(c, c->snapshot.computer);
}

/* Neither nobody, nor ourselves, nor many at once. */
static bool may_ask(const struct collection *c, uint32_t address)
{
        const uint32_t top = address >> 24;

        return top != 0 && top != 127 && top < 224 && !snapshot_find_iface(&c->snapshot, address);
}

static void want_host(struct collection *c, uint32_t address)
{
        for (size_t i = 0; i < c->host_count; i++)
                if (c->hosts[i].address == address)
                        return;
        if (may_ask(c, address) && c->host_count < SNAPSHOT_MAX_HOSTS)
                c->hosts[c->host_count++] = (struct snapshot_host){.address = address};
}

static void want_hosts(struct collection *c)
{
        const struct node_view *node = c->snapshot.node;

        for (size_t i = 0; node && i < node->name_count; i++)
                if (node->names[i].state == NODE_STATE_CONFLICT)
                        want_host(c, node->names[i].conflict_peer);
        for (size_t i = 0; i < c->event_count; i++) {
                want_host(c, c->events[i].sender);
                want_host(c, c->events[i].own);
                want_host(c, c->events[i].holder);
        }
        for (size_t i = 0; i < c->snapshot.captures.dispute_count; i++) {
                want_host(c, c->snapshot.captures.disputes[i].loser);
                want_host(c, c->snapshot.captures.disputes[i].sender);
                want_host(c, c->snapshot.captures.disputes[i].other);
        }
}

/* Who stands in the records of the names in question, and who was turned away because of them. */
static void want_recorded(struct collection *c)
{
        for (size_t i = 0; i < c->database_count; i++) {
                const struct snapshot_database *database = &c->databases[i].snapshot;

                for (size_t j = 0; j < database->record_count; j++)
                        for (size_t k = 0; k < database->records[j].member_count; k++)
                                if (database->records[j].type != WINS_GROUP)
                                        want_host(c, database->records[j].members[k].address);
                for (size_t j = 0; database->was_named && j < database->refusal_count; j++)
                        if (is_wanted(c, &database->refusals[j].name))
                                want_host(c, database->refusals[j].claimant);
        }
}

/*
 * Those this machine spoke with lately. A Samba host that was refused a name goes on listing it, but answers no query for it
 * (observed): only its name table gives it away.
 */
static void want_neighbours(struct collection *c)
{
        const struct neigh *rows;
        const int count = neigh_list(&c->arena, &rows);

        for (int i = 0, wanted = 0; i < count && wanted < MAX_NEIGHBOURS; i++, wanted++)
                want_host(c, rows[i].address);
}

/* Those who answered for a name, or were named in an answer. */
static void want_answerers(struct collection *c)
{
        for (size_t i = 0; i < c->query_count; i++)
                for (size_t j = 0; j < c->queries[i].answer_count; j++) {
                        const struct snapshot_answer *answer = &c->queries[i].answers[j];

                        for (size_t k = 0;
                             answer->rcode == NBNS_RCODE_OK && !answer->group && k < answer->address_count; k++)
                                want_host(c, answer->addresses[k]);
                }
}

/* ---- asking ------------------------------------------------------------------------------------------------------- */

/* Every question gets the same patience, whoever made it. */
static void add_question(struct round *round, struct ask_question question)
{
        if (round->count == MAX_QUESTIONS)
                return;
        question.tries = ASK_TRIES;
        question.interval_ms = ASK_INTERVAL_MS;
        round->questions[round->count++] = question;
}

static void add_broadcasts(struct round *round, const struct nb_name *name)
{
        struct ask_question broadcasts[NODE_MAX_IFACES];
        const size_t count =
                asker_make_broadcasts(round->asker, name, &round->c->scope, broadcasts, NBT_ARRAY_SIZE(broadcasts));

        for (size_t i = 0; i < count; i++)
                add_question(round, broadcasts[i]);
}

static void add_queries(struct round *round)
{
        struct collection *c = round->c;

        for (size_t i = 0; c->name_count > 0 && i < COLLECT_BAITS; i++)
                add_broadcasts(round, &round->baits[i]);
        for (size_t i = 0; i < c->name_count; i++) {
                add_broadcasts(round, &c->names[i]);
                for (size_t j = 0; j < c->wins_count; j++)
                        add_question(round, asker_make_wins_query(&c->names[i], &c->scope, c->wins[j]));
        }
}

static void add_statuses(struct round *round)
{
        struct collection *c = round->c;

        for (size_t i = 0; i < c->host_count; i++)
                if (c->hosts[i].reply == SNAPSHOT_NOT_ASKED)
                        add_question(round, asker_make_status(&c->scope, c->hosts[i].address));
}

static bool is_in_answer(const struct snapshot_query *query, uint32_t address)
{
        for (size_t i = 0; i < query->answer_count; i++) {
                const struct snapshot_answer *answer = &query->answers[i];

                for (size_t j = 0; answer->rcode == NBNS_RCODE_OK && !answer->group && j < answer->address_count; j++)
                        if (answer->addresses[j] == address)
                                return true;
        }
        return false;
}

/* Does a WINS server give ADDRESS for NAME, as an answer or in its database? */
static bool is_told(const struct collection *c, const struct nb_name *name, uint32_t address)
{
        for (size_t i = 0; i < c->query_count; i++)
                if (c->queries[i].kind == SNAPSHOT_ASKED_WINS && nb_name_equal(&c->queries[i].name, name) &&
                    is_in_answer(&c->queries[i], address))
                        return true;
        for (size_t i = 0; i < c->database_count; i++) {
                const struct snapshot_database *database = &c->databases[i].snapshot;

                for (size_t j = 0; j < database->record_count; j++)
                        if (database->records[j].type != WINS_GROUP &&
                            nb_name_equal(&database->records[j].name, name) &&
                            wins_record_member(&database->records[j], address) >= 0)
                                return true;
        }
        return false;
}

/* A holder asked by unicast tells all addresses that it thinks of as its own. Who is beyond a router may answer that, and no
 * node status (netbtd, and many a packet filter): so whoever WINS names is asked too. */
static void add_holder_queries(struct round *round)
{
        struct collection *c = round->c;

        for (size_t i = 0; i < c->host_count; i++)
                for (size_t j = 0; j < c->name_count; j++) {
                        if (!snapshot_table_holds(c->hosts[i].table, &c->names[j]) &&
                            (c->hosts[i].table || !is_told(c, &c->names[j], c->hosts[i].address)))
                                continue;
                        struct ask_question question = {.kind = ASK_QUERY_UNICAST, .destination = c->hosts[i].address};

                        question.name = c->names[j];
                        question.scope = c->scope;
                        add_question(round, question);
                }
}

/* ---- what was answered -------------------------------------------------------------------------------------------- */

static void take_status(struct collection *c, const struct ask_result *result)
{
        for (size_t i = 0; i < c->host_count; i++) {
                struct snapshot_host *host = &c->hosts[i];

                if (host->address != result->question->destination)
                        continue;
                host->reply =
                        result->answer_count > 0 && result->answers[0].table ? SNAPSHOT_ANSWERED : SNAPSHOT_SILENT;
                host->table = host->reply == SNAPSHOT_ANSWERED ? result->answers[0].table : NULL;
                return;
        }
}

static bool copy_answer(struct arena *arena, const struct ask_answer *answer, struct snapshot_answer *ret)
{
        uint32_t *addresses = arena_alloc(arena, answer->address_count * sizeof *addresses);

        if (!addresses)
                return false;
        for (size_t i = 0; i < answer->address_count; i++) {
                addresses[i] = answer->addresses[i].address;
                ret->group |= (answer->addresses[i].nb_flags & NBNS_NB_GROUP) != 0;
        }
        ret->source = answer->source;
        ret->rcode = answer->rcode;
        ret->address_count = answer->address_count;
        ret->addresses = addresses;
        return true;
}

static bool is_wins_question(const struct ask_question *question)
{
        return question->kind == ASK_QUERY_UNICAST && question->recursion;
}

static int take_query(struct collection *c, const struct ask_result *result)
{
        if (c->query_count == SNAPSHOT_MAX_QUERIES)
                return 0;
        struct snapshot_query *query = &c->queries[c->query_count];
        struct snapshot_answer *answers = arena_alloc(&c->arena, result->answer_count * sizeof *answers);

        if (!answers)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < result->answer_count; i++)
                if (!copy_answer(&c->arena, &result->answers[i], &answers[i]))
                        return NBT_ERR_NOMEM;
        *query = (struct snapshot_query){
                .name = result->question->name,
                .kind = result->question->kind == ASK_QUERY_BROADCAST ? SNAPSHOT_ASKED_BROADCAST
                        : is_wins_question(result->question)          ? SNAPSHOT_ASKED_WINS
                                                                      : SNAPSHOT_ASKED_HOST,
                .destination = result->question->destination,
                .reply = result->answer_count > 0 ? SNAPSHOT_ANSWERED : SNAPSHOT_SILENT,
                .answer_count = result->answer_count,
                .answers = answers,
        };
        c->query_count++;
        return 0;
}

/* Asks all that ROUND holds and empties it. */
static int run_round(struct round *round)
{
        struct collection *c = round->c;
        struct ask_result *results = arena_alloc(&c->arena, (round->count + 1) * sizeof *results);

        if (!results)
                return NBT_ERR_NOMEM;
        if (round->count == 0)
                return 0;
        int r = asker_run(round->asker, round->questions, round->count, &c->arena, results);

        for (size_t i = 0; r == 0 && i < round->count; i++) {
                if (results[i].question->kind == ASK_STATUS)
                        take_status(c, &results[i]);
                else
                        r = take_query(c, &results[i]);
        }
        round->count = 0;
        return r;
}

static int run_rounds(struct round *round)
{
        struct collection *c = round->c;

        want_hosts(c);
        want_recorded(c);
        if (c->snapshot.events_are_ours)
                want_neighbours(c);
        add_queries(round);
        add_statuses(round);
        int r = run_round(round);

        if (r < 0)
                return r;
        r = collect_bait_judge(c, round->baits);
        if (r < 0)
                return r;
        want_answerers(c);
        add_statuses(round);
        add_holder_queries(round);
        return run_round(round);
}

/* ---- neighbours --------------------------------------------------------------------------------------------------- */

/* Read last: asking has filled the kernel's table. */
static void collect_neighbours(struct collection *c)
{
        const struct neigh *rows;
        const int count = neigh_list(&c->arena, &rows);
        struct snapshot_neighbour *copy = count > 0 ? arena_alloc(&c->arena, (size_t)count * sizeof *copy) : NULL;

        if (count < 0)
                texts_add(&c->notes, "The neighbour table could not be read: %s", nbt_err_str(count));
        for (int i = 0; copy && i < count; i++) {
                copy[i].address = rows[i].address;
                memcpy(copy[i].mac, rows[i].mac, sizeof copy[i].mac);
        }
        c->snapshot.neighbours = copy;
        c->snapshot.neighbour_count = copy ? (size_t)count : 0;
}

static void collect_vendors(struct collection *c)
{
        for (size_t i = 0; i < c->host_count; i++) {
                uint8_t mac[6];

                if (snapshot_find_mac(&c->snapshot, c->hosts[i].address, mac, NULL))
                        c->hosts[i].vendor = oui_vendor(&c->arena, OUI_DIRECTORY, mac);
        }
}

static void fill_snapshot(struct collection *c)
{
        c->snapshot.host_count = c->host_count;
        c->snapshot.hosts = c->hosts;
        c->snapshot.query_count = c->query_count;
        c->snapshot.queries = c->queries;
        for (size_t i = 0; i < c->database_count; i++)
                c->read[i] = c->databases[i].snapshot;
        c->snapshot.databases = c->read;
        c->snapshot.database_count = c->database_count;
}

static int ask_network(struct collection *c)
{
        static struct round round; /* too large for a small stack */

        round = (struct round){.c = c};
        int r = asker_open(&round.asker, NULL);

        if (r < 0) {
                c->snapshot.why_not_asked = r == NBT_ERR_IO ? strerror(errno) : nbt_err_str(r);
                texts_add(&c->notes, "The network could not be asked: %s", c->snapshot.why_not_asked);
                return r == NBT_ERR_NOMEM ? r : 0;
        }
        /* nbtscan(1) of the same: "Win95 boxes respond to this only" */
        if (asker_port_denied(round.asker))
                texts_add(&c->denied,
                          "machines that answer to port 137 only, as old Windows does: the questions came from port %u",
                          asker_port(round.asker));
        r = collect_bait_make(round.baits);
        if (r == 0)
                r = run_rounds(&round);
        asker_close(round.asker);
        if (r < 0 && r != NBT_ERR_NOMEM) {
                texts_add(&c->notes, "Asking the network ended early: %s", nbt_err_str(r));
                r = 0;
        }
        c->snapshot.asked = true;
        return r;
}

int collect_ask(struct collection *c, const struct collect_request *request)
{
        want_names(c);
        int r = collect_wins_records(c);

        if (r < 0)
                return r;
        if (request->offline) {
                c->snapshot.why_not_asked = "--offline";
                want_hosts(c);
                want_recorded(c);
                for (size_t i = 0; i < c->host_count; i++)
                        c->hosts[i].why_not = "--offline";
        } else {
                r = ask_network(c);
                collect_wins_silence(c);
        }
        collect_neighbours(c);
        if (r == 0)
                r = collect_captured(c);
        fill_snapshot(c);
        collect_vendors(c);
        return r;
}
