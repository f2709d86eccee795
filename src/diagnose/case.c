#include "diagnose/case_build.h"

#include <string.h>

/* ASSUMPTION: a demand that did no harm is worth a word for a day, not for ever. */
#define OLD_AFTER_US (INT64_C(24) * 3600 * 1000000)
#define COMPANION_WITHIN_US (INT64_C(10) * 60 * 1000000) /* ASSUMPTION: of one boot, or of one conflict */

/* ---- names of the loser ------------------------------------------------------------------------------------------- */

static const char *local_computer(const struct snapshot *snapshot)
{
        if (snapshot->node && snapshot->node->computer[0])
                return snapshot->node->computer;
        return snapshot->computer;
}

/* "wks01.corp.example" → "WKS01": what an event's Computer field says as a NetBIOS name. */
static const char *event_computer(struct case_builder *b, const struct event *event)
{
        char text[NB_NAME_TEXT_BYTES];

        if (event->computer[0] == '\0')
                return NULL;
        const size_t label_len = strcspn(event->computer, ".");
        const char *label = arena_printf(b->arena, "%.*s", (int)label_len, event->computer);

        if (!label) {
                b->failed = true;
                return NULL;
        }
        const struct nb_name name = nb_name_make(label, 0);

        nb_name_format_stem(&name, text);
        const char *copy = arena_strdup(b->arena, text);

        b->failed |= !copy;
        return copy;
}

/* What the machine at ADDRESS called itself in a capture; NULL: not seen. */
static const char *seen_computer(struct case_builder *b, uint32_t address)
{
        const struct capture_machine *machine = capture_find_machine(&b->snapshot->captures, address);
        const int at = machine && machine->names ? nbstat_table_computer(machine->names) : NBT_ERR_NOT_FOUND;
        char text[NB_NAME_TEXT_BYTES];

        if (at < 0)
                return NULL;
        nb_name_format_stem(&machine->names->entries[at].name, text);
        const char *copy = arena_strdup(b->arena, text);

        b->failed |= !copy;
        return copy;
}

static const struct node_view_name *view_find(const struct node_view *node, const struct nb_name *name,
                                              uint32_t iface_id)
{
        for (size_t i = 0; i < node->name_count; i++) {
                const struct node_view_name *row = &node->names[i];

                if (nb_name_equal(&row->name, name) && (iface_id == 0 || row->iface_id == iface_id))
                        return row;
        }
        return NULL;
}

static const struct node_iface *view_iface(const struct node_view *node, uint32_t iface_id)
{
        for (size_t i = 0; i < node->iface_count; i++)
                if (node->ifaces[i].id == iface_id)
                        return &node->ifaces[i];
        return NULL;
}

static uint32_t view_iface_id(const struct node_view *node, uint32_t address)
{
        for (size_t i = 0; i < node->iface_count; i++)
                if (address != 0 && node->ifaces[i].address == address)
                        return node->ifaces[i].id;
        return 0;
}

/* ---- making cases ------------------------------------------------------------------------------------------------- */

struct diagnose_case *case_get(struct case_builder *b, const struct nb_name *name, uint32_t address, uint32_t sender)
{
        if (name && !snapshot_wants(b->snapshot, name))
                return NULL;
        for (size_t i = 0; i < b->count; i++) {
                struct diagnose_case *c = &b->cases[i];
                const bool same_place = address == 0 || c->address == 0 || c->address == address;

                if (name ? c->has_name && nb_name_equal(&c->name, name) && same_place
                         : !c->has_name && c->sender == sender)
                        return c;
        }
        if (b->count == CASE_MAX)
                return NULL;
        struct diagnose_case *c = &b->cases[b->count++];

        c->has_name = name != NULL;
        if (name)
                c->name = *name;
        c->address = address;
        return c;
}

static void add_event(struct diagnose_case *c, const struct snapshot_event *event)
{
        if (c->event_count < CASE_MAX_EVENTS)
                c->events[c->event_count] = event;
        if (c->event_count++ == 0 && event->sender != 0)
                c->sender = event->sender;
}

/* What the local node says of a case of this machine. */
static void fill_from_node(const struct snapshot *snapshot, struct diagnose_case *c)
{
        const struct node_view *node = snapshot->node;
        const struct snapshot_iface *own = snapshot_find_iface(snapshot, c->address);

        if (own && c->here)
                c->iface = own->label;
        if (!node || !c->here || !c->has_name)
                return;
        const struct node_view_name *row = view_find(node, &c->name, view_iface_id(node, c->address));

        if (!row)
                return;
        c->in_conflict |= row->state == NODE_STATE_CONFLICT;
        c->registered = row->state == NODE_STATE_REGISTERED;
        const struct node_iface *iface = view_iface(node, row->iface_id);

        if (iface && c->address == 0)
                c->address = iface->address;
        if (iface && !c->iface)
                c->iface = iface->label;
}

static void add_from_view(struct case_builder *b)
{
        const struct node_view *node = b->snapshot->node;

        for (size_t i = 0; node && i < node->name_count; i++) {
                const struct node_view_name *row = &node->names[i];
                const struct node_iface *iface = view_iface(node, row->iface_id);

                if (row->state != NODE_STATE_CONFLICT)
                        continue;
                struct diagnose_case *c = case_get(b, &row->name, iface ? iface->address : 0, 0);

                if (!c)
                        continue;
                c->here = true;
                c->in_conflict = true;
                c->sender = row->conflict_peer;
        }
}

/* ---- events ------------------------------------------------------------------------------------------------------- */

static void add_event_case(struct case_builder *b, const struct nb_name *name, const struct snapshot_event *event)
{
        const struct snapshot *snapshot = b->snapshot;
        struct diagnose_case *c = case_get(b, name, event->own, event->sender);

        if (!c)
                return;
        c->here |= snapshot->events_are_ours || snapshot_find_iface(snapshot, event->own) != NULL;
        if (c->address == 0)
                c->address = event->own;
        if (!c->computer)
                c->computer = event_computer(b, event->event);
        if (!c->iface && event->event->interface[0])
                c->iface = event->event->interface;
        add_event(c, event);
}

/* The article: "use nbtstat -n to see which name is in the Conflict state". */
static bool add_to_conflicts(struct case_builder *b, const struct snapshot_event *event, bool only_of_sender)
{
        bool added = false;

        for (size_t i = 0; b->snapshot->events_are_ours && i < b->count; i++) {
                struct diagnose_case *c = &b->cases[i];

                if (!c->in_conflict || (only_of_sender && c->sender != event->sender))
                        continue;
                add_event(c, event);
                added = true;
        }
        return added;
}

/* The unique names that the sender's table shares with ours. */
static bool add_shared_names(struct case_builder *b, const struct snapshot_event *event)
{
        const struct snapshot_host *host = snapshot_find_host(b->snapshot, event->sender);
        const struct node_view *node = b->snapshot->events_are_ours ? b->snapshot->node : NULL;
        const char *computer =
                b->snapshot->events_are_ours ? local_computer(b->snapshot) : event_computer(b, event->event);
        bool added = false;

        if (!host || !host->table)
                return false;
        for (size_t i = 0; i < host->table->count; i++) {
                const struct nb_name *name = &host->table->entries[i].name;
                const struct nb_name stem = nb_name_make(computer ? computer : "", 0);
                const struct node_view_name *row = node ? view_find(node, name, 0) : NULL;
                const bool ours =
                        node ? row && row->kind == NODE_NAME_UNIQUE : computer && nb_name_same_stem(&stem, name);

                if (!ours || !snapshot_table_holds(host->table, name))
                        continue;
                add_event_case(b, name, event);
                added = true;
        }
        return added;
}

/* The name that EVENT tells, or that was asked about, or that its sender is seen to demand in a capture; NULL: not known. */
static const struct nb_name *name_of(const struct snapshot *snapshot, const struct snapshot_event *event)
{
        const struct capture_dispute *demand =
                event->has_name ? NULL : capture_find_demand(&snapshot->captures, event->sender, event->event->time);

        if (event->has_name)
                return &event->name;
        if (snapshot->has_only && !snapshot->only_stem)
                return &snapshot->only;
        return demand ? &demand->name : NULL;
}

static void add_from_events(struct case_builder *b)
{
        for (size_t i = 0; i < b->snapshot->event_count; i++) {
                const struct snapshot_event *event = &b->snapshot->events[i];
                const uint16_t id = event->event->id;

                if (id < EVENT_ID_DUPLICATE_NAME || id > EVENT_ID_DUPLICATE_NAME_ERROR)
                        continue;
                const struct nb_name *name = name_of(b->snapshot, event);

                if (name) {
                        add_event_case(b, name, event);
                        continue;
                }
                if (event->sender != 0 && (add_to_conflicts(b, event, true) || add_shared_names(b, event)))
                        continue;
                if (!add_to_conflicts(b, event, false))
                        add_event_case(b, NULL, event);
        }
}

/* ---- holders ------------------------------------------------------------------------------------------------------ */

enum mark { MARK_IN_TABLE, MARK_ANSWERED, MARK_TOLD, MARK_REFUSED, MARK_DEMANDED, MARK_TOOK };

struct case_holder *case_get_holder(const struct snapshot *snapshot, struct diagnose_case *c, uint32_t address)
{
        for (size_t i = 0; i < c->holder_count; i++)
                if (c->holders[i].address == address)
                        return &c->holders[i];
        if (address == 0 || address == IP4_BROADCAST || case_is_own(snapshot, c, address) ||
            c->holder_count == CASE_MAX_HOLDERS)
                return NULL;
        struct case_holder *holder = &c->holders[c->holder_count++];

        holder->address = address;
        holder->host = snapshot_find_host(snapshot, address);
        holder->names = snapshot_names(snapshot, address);
        return holder;
}

static void mark_holder(const struct snapshot *snapshot, struct diagnose_case *c, uint32_t address, enum mark mark)
{
        struct case_holder *holder = case_get_holder(snapshot, c, address);

        if (!holder)
                return;
        holder->in_table |= mark == MARK_IN_TABLE;
        holder->answered |= mark == MARK_ANSWERED;
        holder->told_by_wins |= mark == MARK_TOLD;
        holder->refused |= mark == MARK_REFUSED;
        holder->demanded |= mark == MARK_DEMANDED;
        holder->took |= mark == MARK_TOOK;
}

/* A host's own answer to a unicast question lists its own addresses: no others are accused by it. What a WINS server
 * answers is hearsay even where it names itself, however it was asked: it may be of its records. */
static void mark_answer(const struct snapshot *snapshot, struct diagnose_case *c, const struct snapshot_query *query,
                        const struct snapshot_answer *answer)
{
        const bool hearsay = query->kind == SNAPSHOT_ASKED_WINS || snapshot_is_wins(snapshot, answer->source);

        if (answer->rcode != NBNS_RCODE_OK || answer->group)
                return;
        for (size_t i = 0; i < answer->address_count; i++) {
                const uint32_t address = answer->addresses[i];

                if (address == answer->source && !hearsay)
                        mark_holder(snapshot, c, address, MARK_ANSWERED);
                else if (query->kind != SNAPSHOT_ASKED_HOST || hearsay)
                        mark_holder(snapshot, c, address, MARK_TOLD);
        }
}

/* KB170808: the server knows the machine by another of its adapters, and takes this one for a stranger. */
static uint32_t find_own_record(const struct snapshot *snapshot, const struct diagnose_case *c,
                                const struct snapshot_answer *answer)
{
        if (!c->here || answer->rcode != NBNS_RCODE_OK || answer->group)
                return 0;
        for (size_t i = 0; i < answer->address_count; i++)
                if (answer->addresses[i] == c->address || !case_is_own(snapshot, c, answer->addresses[i]))
                        return 0;
        return answer->address_count > 0 ? answer->addresses[0] : 0;
}

static void mark_events(const struct snapshot *snapshot, struct diagnose_case *c)
{
        for (size_t i = 0; i < c->event_count && i < CASE_MAX_EVENTS; i++) {
                const bool refusal = c->events[i]->event->id == EVENT_ID_DUPLICATE_NAME_ERROR;

                mark_holder(snapshot, c, c->events[i]->sender, refusal ? MARK_REFUSED : MARK_DEMANDED);
                mark_holder(snapshot, c, c->events[i]->holder, refusal ? MARK_TOLD : MARK_TOOK);
        }
        if (c->in_conflict)
                mark_holder(snapshot, c, c->sender, MARK_TOOK);
}

/* An active record of a computer's name: what the server answers to whoever asks. */
static bool is_told(const struct wins_record *record, const struct nb_name *name)
{
        return record->state == WINS_ACTIVE && (record->type == WINS_UNIQUE || record->type == WINS_MULTIHOMED) &&
               nb_name_equal(&record->name, name);
}

static void mark_records(const struct snapshot *snapshot, struct diagnose_case *c)
{
        for (size_t i = 0; c->has_name && i < snapshot->database_count; i++) {
                const struct snapshot_database *database = &snapshot->databases[i];

                for (size_t j = 0; j < database->record_count; j++)
                        for (size_t k = 0;
                             is_told(&database->records[j], &c->name) && k < database->records[j].member_count; k++)
                                mark_holder(snapshot, c, database->records[j].members[k].address, MARK_TOLD);
        }
}

static void mark_holders(const struct snapshot *snapshot, struct diagnose_case *c)
{
        mark_events(snapshot, c);
        case_mark_captured(snapshot, c);
        mark_records(snapshot, c);
        for (size_t i = 0; c->has_name && i < snapshot->host_count; i++) {
                const struct snapshot_host *host = snapshot_find_host(snapshot, snapshot->hosts[i].address);

                if (snapshot_table_holds(host->table, &c->name))
                        mark_holder(snapshot, c, host->address, MARK_IN_TABLE);
        }
        for (size_t i = 0; c->has_name && i < snapshot->query_count; i++) {
                const struct snapshot_query *query = &snapshot->queries[i];

                for (size_t j = 0; nb_name_equal(&query->name, &c->name) && j < query->answer_count; j++) {
                        mark_answer(snapshot, c, query, &query->answers[j]);
                        if (query->kind == SNAPSHOT_ASKED_WINS && query->destination == c->sender && c->recorded == 0)
                                c->recorded = find_own_record(snapshot, c, &query->answers[j]);
                }
        }
}

/* ---- names nobody has complained about yet ------------------------------------------------------------------------ */

/* Of all that one WINS server gives for the name. */
struct given {
        bool own, other, lacking; /* LACKING: to a machine that has another name */
};

static void give(const struct snapshot *snapshot, const struct diagnose_case *c, uint32_t address, struct given *given)
{
        const struct case_holder *holder = case_find_holder(c, address);
        const bool own = case_is_own(snapshot, c, address);

        given->own |= own;
        given->other |= !own;
        given->lacking |= !own && holder && !holder->answered && case_holder_lacks(holder);
}

static bool is_astray(const struct given *given)
{
        return given->lacking || (given->other && !given->own);
}

static bool answers_astray(const struct snapshot *snapshot, const struct diagnose_case *c,
                           const struct snapshot_query *query)
{
        const struct snapshot_answer *answer = query->answer_count > 0 ? &query->answers[0] : NULL;
        struct given given = {0};

        if (query->kind != SNAPSHOT_ASKED_WINS || !nb_name_equal(&query->name, &c->name) || !answer ||
            answer->rcode != NBNS_RCODE_OK || answer->group)
                return false;
        for (size_t i = 0; i < answer->address_count; i++)
                give(snapshot, c, answer->addresses[i], &given);
        return is_astray(&given);
}

bool case_is_misdirected(const struct snapshot *snapshot, const struct diagnose_case *c)
{
        for (size_t i = 0; c->has_name && i < snapshot->database_count; i++)
                for (size_t j = 0; j < snapshot->databases[i].record_count; j++) {
                        const struct wins_record *record = &snapshot->databases[i].records[j];
                        struct given given = {0};

                        for (size_t k = 0; is_told(record, &c->name) && k < record->member_count; k++)
                                give(snapshot, c, record->members[k].address, &given);
                        if (is_astray(&given))
                                return true;
                }
        for (size_t i = 0; c->has_name && i < snapshot->query_count; i++)
                if (answers_astray(snapshot, c, &snapshot->queries[i]))
                        return true;
        return false;
}

/* A scratch case, kept only if another machine answers for NAME or has it in its table, or WINS leads astray. */
static void add_if_held(struct case_builder *b, const struct nb_name *name, uint32_t address)
{
        struct diagnose_case probe = {.has_name = true, .name = *name, .here = true, .address = address};

        mark_holders(b->snapshot, &probe);
        for (size_t i = 0; i < probe.holder_count; i++) {
                if (!probe.holders[i].in_table && !probe.holders[i].answered &&
                    !case_is_misdirected(b->snapshot, &probe))
                        continue;
                struct diagnose_case *c = case_get(b, name, address, 0);

                if (c)
                        c->here = true;
                return;
        }
}

static void add_from_answers(struct case_builder *b)
{
        const struct node_view *node = b->snapshot->node;
        const char *computer = b->snapshot->computer;

        if (!b->snapshot->events_are_ours)
                return;
        for (size_t i = 0; node && i < node->name_count; i++) {
                const struct node_iface *iface = view_iface(node, node->names[i].iface_id);

                if (node->names[i].kind == NODE_NAME_UNIQUE && node->names[i].state == NODE_STATE_REGISTERED)
                        add_if_held(b, &node->names[i].name, iface ? iface->address : 0);
        }
        for (size_t i = 0; !node && computer && i < 2; i++) {
                const struct nb_name name = nb_name_make(computer, i == 0 ? 0x00 : 0x20);

                add_if_held(b, &name, 0);
        }
}

/* ---- claims that a WINS server refused ----------------------------------------------------------------------------- */

/* Is there nothing any more that would refuse it: the record is gone, or is the claimant's? */
static bool is_over(const struct snapshot_database *database, const struct wins_refusal *refusal)
{
        for (size_t i = 0; i < database->record_count; i++) {
                const struct wins_record *record = &database->records[i];

                if (record->state == WINS_ACTIVE && nb_name_equal(&record->name, &refusal->name))
                        return is_told(record, &refusal->name) && wins_record_member(record, refusal->claimant) >= 0;
        }
        return true;
}

/* The usual remedy: the claimant's own table shows that it is called otherwise by now, and claims the name no more. */
static bool was_renamed(const struct snapshot *snapshot, const struct wins_refusal *refusal)
{
        const struct snapshot_host *host = snapshot_find_host(snapshot, refusal->claimant);
        const struct nbstat_table *table = host ? host->table : NULL;
        const int at = table && nb_name_suffix(&refusal->name) != 0x03 ? nbstat_table_computer(table) : -1;

        for (size_t i = 0; at >= 0 && i < table->count; i++)
                if (nb_name_same_stem(&table->entries[i].name, &refusal->name))
                        return false;
        return at >= 0;
}

/* Only of a database that was named: its administrator asks for everybody who was turned away. */
static void add_from_refusals(struct case_builder *b)
{
        for (size_t i = 0; i < b->snapshot->database_count; i++) {
                const struct snapshot_database *database = &b->snapshot->databases[i];

                for (size_t j = 0; database->was_named && j < database->refusal_count; j++) {
                        const struct wins_refusal *refusal = &database->refusals[j];

                        if (refusal->claimant == 0 || is_over(database, refusal) || was_renamed(b->snapshot, refusal))
                                continue;
                        struct diagnose_case *c = case_get(b, &refusal->name, refusal->claimant, 0);

                        if (!c)
                                continue;
                        c->here |= snapshot_find_iface(b->snapshot, refusal->claimant) != NULL;
                }
        }
}

/* ---- two machines in one record ------------------------------------------------------------------------------------- */

/* Was the machine at ADDRESS asked for NAME itself, and did it answer as a holder that does not know OTHER? */
static bool answers_alone(const struct snapshot *snapshot, const struct nb_name *name, uint32_t address, uint32_t other)
{
        for (size_t i = 0; i < snapshot->query_count; i++) {
                const struct snapshot_query *query = &snapshot->queries[i];

                if (query->kind != SNAPSHOT_ASKED_HOST || query->destination != address ||
                    !nb_name_equal(&query->name, name) || query->answer_count == 0)
                        continue;
                const struct snapshot_answer *answer = &query->answers[0];

                for (size_t j = 0; j < answer->address_count; j++)
                        if (answer->addresses[j] == other)
                                return false;
                return answer->rcode == NBNS_RCODE_OK && !answer->group;
        }
        return false;
}

static void add_if_merged(struct case_builder *b, const struct wins_record *record)
{
        for (size_t i = 0; i < record->member_count; i++)
                for (size_t j = i + 1; j < record->member_count; j++) {
                        const uint32_t first = record->members[i].address, second = record->members[j].address;

                        if (!answers_alone(b->snapshot, &record->name, first, second) ||
                            !answers_alone(b->snapshot, &record->name, second, first))
                                continue;
                        struct diagnose_case *c = case_get(b, &record->name, first, 0);

                        if (c)
                                c->here |= snapshot_find_iface(b->snapshot, first) != NULL;
                        return;
                }
}

/* The challenge's own criterion (a multihomed machine's answer lists all its addresses), of a database that was named. */
static void add_from_merged(struct case_builder *b)
{
        for (size_t i = 0; i < b->snapshot->database_count; i++) {
                const struct snapshot_database *database = &b->snapshot->databases[i];

                for (size_t j = 0; database->was_named && j < database->record_count; j++)
                        if (database->records[j].type == WINS_MULTIHOMED &&
                            is_told(&database->records[j], &database->records[j].name))
                                add_if_merged(b, &database->records[j]);
        }
}

/* ---- the whole ---------------------------------------------------------------------------------------------------- */

/* In conflict now first; otherwise the order stays, which is newest event first. */
static void sort_cases(struct case_builder *b)
{
        for (size_t i = 1; i < b->count; i++)
                for (size_t j = i; j > 0 && b->cases[j].in_conflict && !b->cases[j - 1].in_conflict; j--) {
                        const struct diagnose_case swap = b->cases[j];

                        b->cases[j] = b->cases[j - 1];
                        b->cases[j - 1] = swap;
                }
}

int case_list_build(const struct snapshot *snapshot, struct arena *arena, struct case_list *ret)
{
        struct case_builder b = {.snapshot = snapshot, .arena = arena};

        b.cases = arena_alloc(arena, CASE_MAX * sizeof *b.cases);
        if (!b.cases)
                return NBT_ERR_NOMEM;
        add_from_view(&b);
        add_from_events(&b);
        add_from_answers(&b);
        add_from_refusals(&b);
        add_from_merged(&b);
        case_add_captured(&b);
        for (size_t i = 0; i < b.count; i++) {
                struct diagnose_case *c = &b.cases[i];

                /* a node that has stopped may have run under another name than the machine's own: its events tell */
                if (c->here && (snapshot->node || !c->computer))
                        c->computer = local_computer(snapshot);
                if (!c->computer)
                        c->computer = seen_computer(&b, c->address);
                fill_from_node(snapshot, c);
                mark_holders(snapshot, c);
        }
        sort_cases(&b);
        if (b.failed)
                return NBT_ERR_NOMEM;
        *ret = (struct case_list){.count = b.count, .cases = b.cases};
        return 0;
}

/* ---- questions about a case --------------------------------------------------------------------------------------- */

const struct snapshot_event *case_event(const struct diagnose_case *c)
{
        return c->event_count > 0 ? c->events[0] : NULL;
}

enum snapshot_verification case_verification(const struct diagnose_case *c)
{
        for (size_t i = 0; i < c->event_count && i < CASE_MAX_EVENTS; i++)
                if (c->events[i]->sender == c->events[0]->sender &&
                    c->events[i]->verification != SNAPSHOT_VERIFICATION_NONE)
                        return c->events[i]->verification;
        return SNAPSHOT_VERIFICATION_NONE;
}

bool case_is_own(const struct snapshot *snapshot, const struct diagnose_case *c, uint32_t address)
{
        if (address == 0)
                return false;
        if (c->here)
                return address == c->address || snapshot_find_iface(snapshot, address);
        return address == c->address || snapshot_settings_join(snapshot, c->address, address);
}

bool case_is_self_forged(const struct snapshot *snapshot, const struct diagnose_case *c)
{
        const struct snapshot_event *event = case_event(c);

        return event && event->event->id != EVENT_ID_DUPLICATE_NAME_ERROR && c->here && event->sender != 0 &&
               snapshot->iface_count == 1 && event->sender == snapshot->ifaces[0].address &&
               !snapshot_is_wins(snapshot, event->sender);
}

const char *case_why_impossible(const struct snapshot *snapshot, const struct diagnose_case *c, uint32_t from)
{
        const uint32_t top = from >> 24;

        if (top == 127 || top >= 224)
                return "no host has that address: it is a broadcast, multicast or loopback one";
        for (size_t i = 0; c->here && i < snapshot->iface_count; i++) {
                const struct snapshot_iface *iface = &snapshot->ifaces[i];

                if (iface->netmask != 0 && iface->netmask < 0xFFFFFFFEu && from == (iface->address | ~iface->netmask))
                        return "no host has that address: it is the segment's broadcast address";
        }
        return case_is_self_forged(snapshot, c) && from == case_event(c)->sender
                       ? "it is this machine's own only address, and no machine demands of itself"
                       : NULL;
}

const struct case_holder *case_find_holder(const struct diagnose_case *c, uint32_t address)
{
        for (size_t i = 0; i < c->holder_count; i++)
                if (c->holders[i].address == address)
                        return &c->holders[i];
        return NULL;
}

bool case_holder_lacks(const struct case_holder *holder)
{
        return holder->host && holder->host->table && !holder->in_table;
}

const struct case_holder *case_live_holder(const struct diagnose_case *c)
{
        for (size_t i = 0; i < c->holder_count; i++)
                if (c->holders[i].in_table)
                        return &c->holders[i];
        /* who answers for a name that its own table does not list is a proxy or a poisoner, not a holder */
        for (size_t i = 0; i < c->holder_count; i++)
                if (c->holders[i].answered && !case_holder_lacks(&c->holders[i]))
                        return &c->holders[i];
        return NULL;
}

static bool case_is_old(const struct snapshot *snapshot, const struct snapshot_event *event)
{
        const int64_t last = event->event->repeated > 0 ? event->event->last_time.us : event->event->time.us;

        return snapshot->now.us != 0 && last != 0 && snapshot->now.us - last > OLD_AFTER_US;
}

bool case_is_settled(const struct snapshot *snapshot, const struct diagnose_case *c)
{
        const struct snapshot_event *event = case_event(c);

        if (!c->here || !snapshot->node || c->in_conflict || !event || case_live_holder(c) ||
            (c->registered && case_is_misdirected(snapshot, c)))
                return false;
        /* one's own other adapter does not go away by itself */
        if (!c->has_name || case_is_own(snapshot, c, event->sender))
                return case_is_old(snapshot, event);
        if (!view_find(snapshot->node, &c->name, 0))
                return true; /* the name was given up: that is the usual remedy */
        if (!c->registered)
                return false;
        const enum snapshot_verification verification = case_verification(c);

        if (event->event->id == EVENT_ID_DUPLICATE_NAME_ERROR || verification == SNAPSHOT_VERIFICATION_HOLDER ||
            verification == SNAPSHOT_VERIFICATION_OBEYED)
                return true;
        return case_is_old(snapshot, event);
}

enum case_user case_name_is_user(const struct diagnose_case *c)
{
        enum case_user seen = CASE_USER_UNKNOWN;

        if (!c->has_name || nb_name_suffix(&c->name) != 0x03)
                return CASE_USER_NO;
        if (c->computer) {
                const struct nb_name own = nb_name_make(c->computer, 0);

                return nb_name_same_stem(&own, &c->name) ? CASE_USER_NO : CASE_USER_YES;
        }
        for (size_t i = 0; i < c->holder_count; i++) {
                const struct nbstat_table *table = c->holders[i].names;
                const int at = table ? nbstat_table_computer(table) : NBT_ERR_NOT_FOUND;

                if (at >= 0 && nb_name_same_stem(&table->entries[at].name, &c->name))
                        return CASE_USER_NO;
                if (at >= 0 && (c->holders[i].in_table || capture_is_own_word(c->holders[i].seen)))
                        seen = CASE_USER_YES;
        }
        return seen;
}

/* Not of another machine, as far as both tell whose they are. */
static bool of_one_machine(const struct event *event, const struct companion *companion)
{
        return !event->computer[0] || !companion->computer[0] || strcasecmp(event->computer, companion->computer) == 0;
}

/* Where neither has a time they were at least given together. */
static bool is_near(const struct diagnose_case *c, const struct companion *companion)
{
        for (size_t i = 0; i < c->event_count && i < CASE_MAX_EVENTS; i++) {
                const struct event *event = c->events[i]->event;
                const int64_t apart_us = event->time.us - companion->time.us;

                if (of_one_machine(event, companion) && (event->time.us != 0) == (companion->time.us != 0) &&
                    apart_us <= COMPANION_WITHIN_US && apart_us >= -COMPANION_WITHIN_US)
                        return true;
        }
        return false;
}

bool case_has_companion(const struct diagnose_case *c, const struct companion *companion)
{
        char stem[NB_NAME_TEXT_BYTES] = "";

        if (c->has_name)
                nb_name_format_stem(&c->name, stem);
        if (companion->has_address)
                return companion->address == c->address || case_find_holder(c, companion->address);
        if (stem[0] && companion_names(companion, stem))
                return true;
        if (companion->concern == COMPANION_NAME && !companion->name[0][0])
                return is_near(c, companion);
        return companion->concern == COMPANION_BROWSER && c->has_name && is_near(c, companion) &&
               (nb_name_suffix(&c->name) == 0x1D || nb_name_suffix(&c->name) == 0x1B ||
                nb_name_suffix(&c->name) == 0x01);
}
