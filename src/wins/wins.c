#include "wins/internal.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_MULTICAST UINT32_C(0xE0000000)
/* The core's seconds have 32 bits. A calendar near their end, or behind it, leaves ten years of them all the same. */
#define LAST_BASE_S (UINT32_MAX - 10 * 366 * WINS_DAY_S)

/* ---- life ---------------------------------------------------------------------------------------------------------------------- */

int wins_new(struct wins **ret, uint32_t owner, const struct wins_settings *settings, const struct rng *rng)
{
        if (owner == 0 || wins_settings_fault(settings))
                return NBT_ERR_RANGE;
        struct wins *wins = calloc(1, sizeof(*wins));
        if (!wins)
                return NBT_ERR_NOMEM;
        wins->rng = *rng;
        wins->owner = owner;
        int r = wins_table_init(&wins->table, rng_u64(&wins->rng));
        if (r == 0)
                r = wins_table_owner(&wins->table, owner);
        if (r < 0) {
                wins_free(wins);
                return r;
        }
        wins->owner_number = (uint16_t)r;
        wins_apply_settings(wins, settings);
        *ret = wins;
        return 0;
}

struct wins *wins_free(struct wins *wins)
{
        if (!wins)
                return NULL;
        wins_work_free_all(wins);
        wins_batch_free(wins);
        wins_table_done(&wins->table);
        free(wins->heap);
        free(wins->challenge_by_id);
        free(wins->burst_entries);
        free(wins);
        return NULL;
}

static uint64_t first_bit(uint8_t first)
{
        return UINT64_C(1) << (first & 63);
}

void wins_apply_settings(struct wins *wins, const struct wins_settings *settings)
{
        wins->settings = *settings;
        wins->blocked_first = 0;
        for (size_t i = 0; settings->block_queries && i < settings->block_count; i++)
                wins->blocked_first |= first_bit((uint8_t)settings->blocked[i][0]);
        if (wins->version < settings->start_version)
                wins->version = settings->start_version;
}

int wins_load_owner(struct wins *wins, const struct wins_owner *owner)
{
        if (wins->started)
                return NBT_ERR_STATE;
        const uint32_t address = owner->address ? owner->address : wins->owner;
        const int number = wins_table_owner(&wins->table, address);
        if (number < 0)
                return number;
        struct wins_table_owner *known = &wins->table.owners[number];
        if (owner->max_version > known->max_version)
                known->max_version = owner->max_version;
        return 0;
}

static uint32_t core_time(int64_t wall_s)
{
        return wall_s == WINS_NEVER ? 0 : wall_s > (int64_t)UINT32_MAX ? UINT32_MAX : (uint32_t)wall_s;
}

int wins_load(struct wins *wins, const struct wins_record *record)
{
        struct wins_record copy;

        if (wins->started)
                return NBT_ERR_STATE;
        if (wins_record_check(record) < 0)
                return NBT_ERR_RANGE;
        if (wins_table_find_scoped(&wins->table, &record->name, &record->scope))
                return NBT_ERR_EXISTS;
        wins_record_copy(&copy, record);
        if (copy.owner == 0)
                copy.owner = wins->owner;
        copy.expiry_s = core_time(copy.expiry_s);
        for (unsigned i = 0; i < copy.member_count; i++) {
                copy.members[i].expiry_s = core_time(copy.members[i].expiry_s);
                if (copy.members[i].owner == 0)
                        copy.members[i].owner = wins->owner;
        }
        const int64_t slot = wins_table_put(&wins->table, &copy);
        return slot < 0 ? (int)slot : 0;
}

/* ---- time ------------------------------------------------------------------------------------------------------------------------ */

wall_t wins_wall_of(const struct wins *wins, uint32_t core_s)
{
        return (wall_t){((int64_t)core_s + wins->shift_s) * 1000000};
}

static void shift(int64_t *time_s, int64_t by)
{
        if (*time_s == WINS_NEVER)
                return;
        *time_s += by;
        if (*time_s < 1)
                *time_s = 1;
}

void wins_times_to_wall(struct wins_record *record, int64_t shift_s)
{
        shift(&record->expiry_s, shift_s);
        for (unsigned i = 0; i < record->member_count; i++)
                shift(&record->members[i].expiry_s, shift_s);
}

static void set_time(struct wins *wins, const struct wins_event *event)
{
        wins->now = event->now;
        wins->wall = event->wall;
        if (!wins->started)
                return;
        wins->now_s = wins->base_s + (uint32_t)(mono_elapsed_ms(wins->base, event->now) / 1000);
        const int64_t strayed = event->wall.us / 1000000 - (int64_t)wins->now_s - wins->shift_s;
        if (strayed > (int64_t)WINS_CLOCK_JUMP_S || strayed < -(int64_t)WINS_CLOCK_JUMP_S)
                wins_emit_notice(wins, WINS_NOTICE_CLOCK_JUMP, NULL, NULL)->seconds = strayed;
        /* a slow drift is followed without a word */
        wins->shift_s += strayed;
}

static void start(struct wins *wins, const struct wins_event *event)
{
        const int64_t wall_s = event->wall.us / 1000000;

        if (wins->started)
                return;
        if (wins_table_loaded(&wins->table) < 0) {
                wins->failed = true;
                return;
        }
        const struct wins_table_owner *own = &wins->table.owners[wins->owner_number];
        if (wins->version < own->max_version)
                wins->version = own->max_version;
        wins->version_stored = own->max_version;
        wins->base = event->now;
        wins->base_s = wall_s < 1 ? 1 : wall_s > LAST_BASE_S ? LAST_BASE_S : (uint32_t)wall_s;
        wins->now_s = wins->base_s;
        wins->shift_s = wall_s - (int64_t)wins->base_s;
        wins->floor_s = wins->now_s + wins->settings.renewal_s;
        wins->scavenge_next_round = mono_add_ms(wins->now, (uint64_t)wins->settings.renewal_s * 1000 / 2);
        wins->statistics.started = event->wall;
        wins->started = true;
}

static void stop(struct wins *wins)
{
        wins->stopping = true;
        while (wins->heap_count > 0)
                wins_challenge_drop(wins, wins->heap[0]);
}

/* ---- self ------------------------------------------------------------------------------------------------------------------------ */

bool wins_is_own_address(const struct wins *wins, uint32_t address)
{
        for (size_t i = 0; i < wins->own_address_count; i++)
                if (wins->own_addresses[i] == address)
                        return true;
        return false;
}

bool wins_is_own_name(const struct wins *wins, const struct nb_name *name)
{
        if (!(wins->own_first & first_bit(name->bytes[0])))
                return false;
        for (size_t i = 0; i < wins->own_name_count; i++)
                if (nb_name_equal(&wins->own_names[i], name))
                        return true;
        return false;
}

static bool is_stem(const struct nb_name *name, const char *stem)
{
        const size_t len = strlen(stem);

        for (size_t i = 0; i < NB_SUFFIX_AT; i++) {
                uint8_t c = name->bytes[i];

                if (c >= 'a' && c <= 'z')
                        c = (uint8_t)(c - 'a' + 'A');
                if (c != (i < len ? (uint8_t)stem[i] : ' '))
                        return false;
        }
        return true;
}

bool wins_is_blocked(const struct wins *wins, const struct nb_name *name)
{
        const uint8_t first = name->bytes[0];
        const uint8_t upper = first >= 'a' && first <= 'z' ? (uint8_t)(first - 'a' + 'A') : first;

        if (!(wins->blocked_first & first_bit(upper)))
                return false;
        for (size_t i = 0; i < wins->settings.block_count; i++)
                if (is_stem(name, wins->settings.blocked[i]))
                        return true;
        return false;
}

static void set_self(struct wins *wins, const struct wins_self *self)
{
        wins->own_address_count =
                self->address_count < WINS_MAX_OWN_ADDRESSES ? self->address_count : WINS_MAX_OWN_ADDRESSES;
        wins->own_name_count = self->name_count < WINS_MAX_OWN_NAMES ? self->name_count : WINS_MAX_OWN_NAMES;
        wins->own_first = 0;
        for (size_t i = 0; i < wins->own_address_count; i++)
                wins->own_addresses[i] = self->addresses[i];
        for (size_t i = 0; i < wins->own_name_count; i++) {
                wins->own_names[i] = self->names[i];
                wins->own_first |= first_bit(self->names[i].bytes[0]);
        }
}

/* ---- packets ----------------------------------------------------------------------------------------------------------------------- */

static bool is_claim(uint8_t opcode)
{
        return opcode == NBNS_OPCODE_REGISTRATION || opcode == NBNS_OPCODE_MULTIHOMED ||
               opcode == NBNS_OPCODE_REFRESH || opcode == NBNS_OPCODE_REFRESH_ALT;
}

static void request_in(struct wins *wins, const struct wins_packet *packet, const struct nbns_packet *nbns)
{
        /* ASSUMPTION: of several addresses in one claim the first counts (Samba answers none such); nodes send one each */
        if (nbns->question.type != NBNS_TYPE_NB || !nbns->has_additional ||
            nbns_rr_address_count(&nbns->additional) == 0) {
                wins->statistics.packets_malformed++;
                return;
        }
        const struct nbns_address address = nbns_rr_address_get(&nbns->additional, 0);
        const struct wins_request request = {.source = packet->source,
                                             .local = packet->local,
                                             .address = address.address,
                                             .source_port = packet->source_port,
                                             .id = nbns->header.id,
                                             .flags = nbns_header_flags(&nbns->header),
                                             .nb_flags = address.nb_flags,
                                             .opcode = nbns->header.opcode};
        wins_request_in(wins, &nbns->question.name, &nbns->question.scope, &request);
}

static void packet_in(struct wins *wins, const struct wins_packet *packet)
{
        struct nbns_packet nbns;

        if (!wins->started || wins->stopping)
                return;
        if (packet->source == 0 || packet->source >= FIRST_MULTICAST || packet->source_port == 0 ||
            nbns_packet_decode(packet->bytes, packet->len_bytes, &nbns) < 0) {
                wins->statistics.packets_malformed++;
                return;
        }
        if (nbns.header.response) {
                wins_challenge_response(wins, packet, &nbns);
                return;
        }
        if (!nbns.has_question || nbns.question.class_ != NBNS_CLASS_IN) {
                wins->statistics.packets_malformed++;
                return;
        }
        if (nbns.header.opcode == NBNS_OPCODE_QUERY)
                wins_query_slow(wins, packet, &nbns);
        else if (is_claim(nbns.header.opcode) || nbns.header.opcode == NBNS_OPCODE_RELEASE)
                request_in(wins, packet, &nbns);
        else
                wins->statistics.packets_unmatched++;
}

/* ---- whose is it? ------------------------------------------------------------------------------------------------------------------- */

static enum wins_route route_query(const struct wins *wins, const struct nb_name *name, const struct nb_scope *scope,
                                   uint16_t type)
{
        if (type != NBNS_TYPE_NB || nb_name_is_wildcard(name))
                return WINS_ROUTE_NODE;
        if (scope->len_bytes > 0 || !wins_is_own_name(wins, name))
                return WINS_ROUTE_SERVER;
        const uint32_t slot = wins_table_find(&wins->table, name, 0);
        return slot && wins_slot_state(wins_slot_at(&wins->table, slot)) == WINS_ACTIVE ? WINS_ROUTE_SERVER
                                                                                        : WINS_ROUTE_NODE;
}

enum wins_route wins_route(const struct wins *wins, const struct wins_packet *packet)
{
        struct rd rd = rd_init(packet->bytes, packet->len_bytes);
        struct nbns_header header;
        struct nb_name name;
        struct nb_scope scope;

        if (nbns_header_decode(packet->bytes, packet->len_bytes, &header) < 0)
                return WINS_ROUTE_NONE;
        rd_skip(&rd, 12);
        if (nb_name_decode(&rd, &name, &scope) < 0)
                return header.response ? WINS_ROUTE_NODE : WINS_ROUTE_SERVER; /* who counts it as malformed */
        if (header.response) {
                const struct wins_challenge *challenge =
                        wins->challenge_by_id ? wins->challenge_by_id[header.id] : NULL;
                return challenge && nb_name_equal(&challenge->work->name, &name) ? WINS_ROUTE_SERVER : WINS_ROUTE_NODE;
        }
        if (header.opcode == NBNS_OPCODE_QUERY)
                return route_query(wins, &name, &scope, rd_be16(&rd));
        if (header.opcode == NBNS_OPCODE_RELEASE && scope.len_bytes == 0 && wins_is_own_name(wins, &name) &&
            !wins_is_own_address(wins, packet->source))
                return WINS_ROUTE_NODE; /* a demand for release: the node knows what to think of it */
        return is_claim(header.opcode) || header.opcode == NBNS_OPCODE_RELEASE ? WINS_ROUTE_SERVER : WINS_ROUTE_NODE;
}

/* ---- steps ---------------------------------------------------------------------------------------------------------------------------- */

static void dispatch(struct wins *wins, const struct wins_event *event)
{
        switch (event->type) {
        case WINS_EVENT_START:
                start(wins, event);
                return;
        case WINS_EVENT_STOP:
                stop(wins);
                return;
        case WINS_EVENT_PACKET:
                packet_in(wins, &event->packet);
                return;
        case WINS_EVENT_TIMER:
                wins_challenge_timers(wins);
                wins_scavenge_timer(wins);
                return;
        case WINS_EVENT_STORED:
                wins_batch_stored(wins, event->store.batch);
                return;
        case WINS_EVENT_STORE_FAILED:
                wins_batch_failed(wins, event->store.batch, event->store.full);
                return;
        case WINS_EVENT_SELF:
                set_self(wins, &event->self);
                return;
        case WINS_EVENT_COMMAND:
                wins_command(wins, &event->command);
                return;
        }
}

int wins_step(struct wins *wins, const struct wins_event *event, struct wins_actions *out)
{
        wins->out = out;
        wins->failed = false;
        set_time(wins, event);
        wins_batch_resume(wins);
        dispatch(wins, event);
        wins_burst_settle(wins);
        wins_batch_kick(wins);
        wins->out = NULL;
        return wins->failed ? NBT_ERR_NOMEM : 0;
}

mono_t wins_deadline(const struct wins *wins)
{
        if (!wins->started || wins->stopped)
                return MONO_NEVER;
        return mono_min(mono_min(wins_challenge_deadline(wins), wins_batch_deadline(wins)),
                        wins_scavenge_deadline(wins));
}
