#include "scan/scan.h"

#include "base/arena.h"
#include "scan/order.h"
#include "scan/ring.h"

#include <stdlib.h>
#include <string.h>

#define TICK_SHIFT 18 /* a tick is 2^18 ns, about a quarter of a millisecond: sixteen bits of it hold 17 s */
#define TICK_US 262u
#define MIN_PIPE_US 2000u
#define MAX_PIPE_US 250000u
#define FIRST_PIPE_US 20000u
#define FIRST_WINDOW 64u
#define MIN_WINDOW 16u
#define SMALL_SCAN 1024u /* addresses; so few are asked again even where nobody answered */
#define MIN_ROUNDS 2u
#define MIN_IDS 1024u
#define MAX_IDS 65536u
/* the two kinds of question */
enum kind { STATUS, SECOND, KINDS };

/* What is known of one address. */
struct slot {
        uint32_t host; /* with ANSWERED: number of its host */
        uint16_t tick; /* of the last try, low bits */
        uint8_t tries; /* of the question it is at */
        uint8_t flags;
};
#define ANSWERED 0x01    /* its table came */
#define SECOND_DONE 0x02 /* so did its second answer, or will not */
#define IN_PIPE(kind) (0x10 << (kind))

struct scan {
        struct scan_config config;
        struct scan_order order;
        struct scan_ring rings[KINDS];
        struct slot *slots;
        uint32_t total;
        bool order_ended;
        bool out_of_memory;
        uint16_t *ids;
        uint32_t id_mask; /* one less than there are: a power of two */
        mono_t start, next_at, last_send, first_round_end;
        uint32_t in_pipe, window, window_limit, window_credit;
        bool has_rtt;
        uint32_t srtt_us, rttvar_us;
        struct scan_loss loss;
        uint64_t sent, answers;
        uint32_t asked;
        unsigned rounds;
        struct arena arena;
        struct scan_host **hosts;
        uint32_t host_count, host_room;
        uint32_t next_second; /* the first host whose second question was not thought of */
        uint32_t *ready;      /* hosts by the order in which they were completed */
        uint32_t ready_count, ready_taken, second_done;
        bool taken_all;
};

static uint32_t tick_of(mono_t t)
{
        return (uint32_t)((uint64_t)t.ns >> TICK_SHIFT);
}

/* How old TICK is, in microseconds. */
static uint64_t age_us(uint32_t tick, mono_t now)
{
        return (uint64_t)(tick_of(now) - tick) * TICK_US;
}

/* The table makes ids that nobody can foretell out of nothing but the address, the kind and the try. */
static uint16_t id_of(const struct scan *scan, uint32_t index, enum kind kind, unsigned try)
{
        return scan->ids[(index + 7919u * try + 32749u * (unsigned)kind) & scan->id_mask];
}

/* ---- times -------------------------------------------------------------------------------------------------------- */

static uint64_t clamp_us(uint64_t us, uint64_t low, uint64_t high)
{
        const uint64_t raised = us < low ? low : us;

        return raised > high ? high : raised;
}

/* How long one try is waited for before another is made. */
static uint64_t interval_us(const struct scan *scan)
{
        const uint64_t timeout = scan->config.timeout_ms * UINT64_C(1000);
        const uint64_t least = SCAN_MIN_INTERVAL_MS * UINT64_C(1000);
        const uint64_t guess = scan->has_rtt ? 2 * scan->srtt_us + 4 * (uint64_t)scan->rttvar_us : timeout / 4;

        return clamp_us(guess, least < timeout ? least : timeout, timeout);
}

/* How long a question counts as on its way: what lies in queues, of the network and of the host. */
static uint64_t pipe_us(const struct scan *scan)
{
        if (!scan->has_rtt)
                return FIRST_PIPE_US;
        return clamp_us(scan->srtt_us + 2 * (uint64_t)scan->rttvar_us, MIN_PIPE_US, MAX_PIPE_US);
}

static void take_rtt(struct scan *scan, uint32_t rtt_us)
{
        const uint32_t off = rtt_us > scan->srtt_us ? rtt_us - scan->srtt_us : scan->srtt_us - rtt_us;

        if (!scan->has_rtt) {
                scan->srtt_us = rtt_us;
                scan->rttvar_us = rtt_us / 2;
                scan->has_rtt = true;
                return;
        }
        /* RFC 6298 */
        scan->rttvar_us = (3 * scan->rttvar_us + off) / 4;
        scan->srtt_us = (7 * scan->srtt_us + rtt_us) / 8;
}

/* ---- the pipe ----------------------------------------------------------------------------------------------------- */

static void leave_pipe(struct scan *scan, struct slot *slot, enum kind kind)
{
        if (slot->flags & IN_PIPE(kind)) {
                slot->flags &= (uint8_t)~IN_PIPE(kind);
                scan->in_pipe--;
        }
}

static void age_pipe(struct scan *scan, mono_t now)
{
        const uint64_t limit = pipe_us(scan);

        for (unsigned kind = 0; kind < KINDS; kind++) {
                struct scan_ring *ring = &scan->rings[kind];
                const struct scan_ring_entry *entry;

                while ((entry = scan_ring_at(ring, ring->pipe)) && age_us(entry->tick, now) > limit) {
                        leave_pipe(scan, &scan->slots[entry->index], (enum kind)kind);
                        ring->pipe++;
                }
        }
}

static void pop(struct scan *scan, enum kind kind)
{
        struct scan_ring *ring = &scan->rings[kind];

        if (ring->pipe == ring->head) {
                leave_pipe(scan, &scan->slots[scan_ring_at(ring, ring->head)->index], kind);
                ring->pipe++;
        }
        ring->head++;
}

/* The window grows by one an answer up to the limit that a drop taught, and slowly beyond it. */
static void grow_window(struct scan *scan)
{
        if (scan->window < scan->window_limit) {
                scan->window++;
        } else if (++scan->window_credit >= scan->window) {
                scan->window_credit = 0;
                scan->window_limit++;
                scan->window++;
        }
        if (scan->window > SCAN_MAX_WINDOW)
                scan->window = scan->window_limit = SCAN_MAX_WINDOW;
}

void scan_lost_here(struct scan *scan, mono_t now)
{
        scan->window = scan->window / 2 < MIN_WINDOW ? MIN_WINDOW : scan->window / 2;
        scan->window_limit = scan->window;
        if (scan->config.rate)
                scan_loss_local(&scan->loss, now);
}

/* ---- life --------------------------------------------------------------------------------------------------------- */

static int check(const struct scan_config *config)
{
        const uint64_t total = scan_ranges_total(config->ranges);
        uint8_t room[NB_NAME_ENCODED_MAX_BYTES];
        struct wr wr = wr_init(room, sizeof(room));

        nb_name_encode(&wr, &NB_NAME_WILDCARD, &config->scope);
        if (total == 0 || total > SCAN_MAX_ADDRESSES || config->retries >= SCAN_MAX_TRIES || !wr_ok(&wr))
                return NBT_ERR_RANGE;
        return 0;
}

static int allocate(struct scan *scan, const struct rng *rng)
{
        struct rng copy = *rng;

        scan->slots = calloc(scan->total, sizeof(*scan->slots));
        scan->id_mask = MIN_IDS - 1;
        while (scan->id_mask < scan->total * UINT64_C(32) && scan->id_mask < MAX_IDS - 1)
                scan->id_mask = 2 * scan->id_mask + 1;
        scan->ids = malloc((scan->id_mask + 1) * sizeof(*scan->ids));
        if (!scan->slots || !scan->ids)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i <= scan->id_mask; i++)
                scan->ids[i] = (uint16_t)rng_u32(&copy);
        return scan_order_init(&scan->order, scan->config.ranges);
}

int scan_new(struct scan **ret, const struct scan_config *config, const struct rng *rng, mono_t now)
{
        int r = check(config);

        if (r < 0)
                return r;
        struct scan *scan = calloc(1, sizeof(*scan));
        if (!scan)
                return NBT_ERR_NOMEM;
        scan->config = *config;
        scan->config.port = config->port ? config->port : NBNS_PORT;
        scan->config.timeout_ms = config->timeout_ms ? config->timeout_ms : SCAN_DEFAULT_TIMEOUT_MS;
        scan->total = (uint32_t)scan_ranges_total(config->ranges);
        scan->start = scan->next_at = now;
        scan->window = FIRST_WINDOW;
        scan->window_limit = SCAN_MAX_WINDOW;
        scan_loss_init(&scan->loss);
        r = allocate(scan, rng);
        if (r < 0) {
                scan_free(scan);
                return r;
        }
        *ret = scan;
        return 0;
}

struct scan *scan_free(struct scan *scan)
{
        if (!scan)
                return NULL;
        scan_order_done(&scan->order);
        for (unsigned kind = 0; kind < KINDS; kind++)
                scan_ring_done(&scan->rings[kind]);
        arena_done(&scan->arena);
        free(scan->slots);
        free(scan->ids);
        free(scan->hosts);
        free(scan->ready);
        free(scan);
        return NULL;
}

/* ---- what to send ------------------------------------------------------------------------------------------------- */

/* ROUNDS tries met with silence: is another worth it? */
static bool wants_round(const struct scan *scan, unsigned rounds)
{
        const double found = scan->host_count + (scan->total <= SMALL_SCAN ? 1.0 : 0.0);

        if (rounds > scan->config.retries)
                return false;
        return rounds < MIN_ROUNDS || scan_loss_missed(&scan->loss, rounds, found) >= SCAN_MISSED_LIMIT;
}

static void complete(struct scan *scan, struct slot *slot)
{
        if (slot->flags & SECOND_DONE)
                return;
        slot->flags |= SECOND_DONE;
        scan->ready[scan->ready_count++] = slot->host;
}

/* The next host that has a name to be asked for. Those without are complete. */
static bool pick_new_second(struct scan *scan, uint32_t *ret_index)
{
        while (scan->next_second < scan->host_count) {
                const struct scan_host *host = scan->hosts[scan->next_second++];
                const uint32_t index = (uint32_t)scan_ranges_index(scan->config.ranges, host->address);

                if (scan->config.addresses && scan_host_computer(host)) {
                        *ret_index = index;
                        return true;
                }
                complete(scan, &scan->slots[index]);
        }
        return false;
}

static bool pick_late_second(struct scan *scan, mono_t now, uint32_t *ret_index)
{
        struct scan_ring *ring = &scan->rings[SECOND];
        const struct scan_ring_entry *entry;

        while ((entry = scan_ring_at(ring, ring->head))) {
                struct slot *slot = &scan->slots[entry->index];

                if (!(slot->flags & SECOND_DONE)) {
                        if (age_us(entry->tick, now) < interval_us(scan))
                                return false;
                        *ret_index = entry->index;
                        if (slot->tries < SCAN_SECOND_TRIES) {
                                pop(scan, SECOND);
                                return true;
                        }
                        complete(scan, slot);
                }
                pop(scan, SECOND);
        }
        return false;
}

static bool pick_new(struct scan *scan, mono_t now, uint32_t *ret_index)
{
        uint32_t address;

        if (scan->order_ended)
                return false;
        if (scan_order_next(&scan->order, &address)) {
                *ret_index = (uint32_t)scan_ranges_index(scan->config.ranges, address);
                scan->asked++;
                scan->rounds = 1;
                scan->order_ended = scan->asked == scan->total;
                scan->first_round_end = now;
                return true;
        }
        scan->order_ended = true;
        return false;
}

static bool pick_silent(struct scan *scan, mono_t now, uint32_t *ret_index)
{
        struct scan_ring *ring = &scan->rings[STATUS];
        const struct scan_ring_entry *entry;

        while ((entry = scan_ring_at(ring, ring->head))) {
                const struct slot *slot = &scan->slots[entry->index];

                if (!(slot->flags & ANSWERED)) {
                        if (!scan->order_ended || age_us(entry->tick, now) < interval_us(scan))
                                return false;
                        *ret_index = entry->index;
                        if (wants_round(scan, slot->tries)) {
                                scan->rounds = slot->tries + 1u;
                                pop(scan, STATUS);
                                return true;
                        }
                }
                pop(scan, STATUS);
        }
        return false;
}

static bool pick(struct scan *scan, mono_t now, uint32_t *ret_index, enum kind *ret_kind)
{
        *ret_kind = SECOND;
        if (pick_late_second(scan, now, ret_index) || pick_new_second(scan, ret_index))
                return true;
        *ret_kind = STATUS;
        return pick_new(scan, now, ret_index) || pick_silent(scan, now, ret_index);
}

static void build(const struct scan *scan, uint32_t index, enum kind kind, unsigned try, struct scan_send *ret)
{
        const struct slot *slot = &scan->slots[index];
        struct nbns_packet packet;

        ret->destination = scan_ranges_address(scan->config.ranges, index);
        ret->port = scan->config.port;
        if (kind == STATUS)
                nbns_build_query(&packet, id_of(scan, index, kind, try), &NB_NAME_WILDCARD, &scan->config.scope,
                                 NBNS_TYPE_NBSTAT, false, false);
        else
                nbns_build_query(&packet, id_of(scan, index, kind, try),
                                 &scan_host_computer(scan->hosts[slot->host])->name, &scan->config.scope, NBNS_TYPE_NB,
                                 false, false);
        const int len = nbns_packet_encode(&packet, ret->bytes, sizeof(ret->bytes));
        ret->len_bytes = len < 0 ? 0 : (size_t)len; /* scan_new() saw that it fits */
}

static bool may_send(struct scan *scan, mono_t now)
{
        if (scan->config.rate)
                return mono_is_due(scan->next_at, now);
        age_pipe(scan, now);
        return scan->in_pipe < (uint32_t)(scan->window * scan->loss.pace);
}

static void pay(struct scan *scan, mono_t now)
{
        const int64_t earliest = now.ns - (int64_t)SCAN_CREDIT_MS * 1000000;

        if (!scan->config.rate)
                return;
        if (scan->next_at.ns < earliest)
                scan->next_at.ns = earliest;
        scan->next_at.ns += (int64_t)(1e9 / (scan->config.rate * scan->loss.pace));
}

bool scan_next_send(struct scan *scan, mono_t now, struct scan_send *ret)
{
        uint32_t index;
        enum kind kind;

        if (scan->out_of_memory || !may_send(scan, now) || !pick(scan, now, &index, &kind))
                return false;
        struct slot *slot = &scan->slots[index];

        if (scan_ring_push(&scan->rings[kind], index, tick_of(now)) < 0) {
                scan->out_of_memory = true;
                return false;
        }
        slot->tries++;
        slot->tick = (uint16_t)tick_of(now);
        build(scan, index, kind, slot->tries, ret);
        leave_pipe(scan, slot, kind);
        slot->flags |= (uint8_t)IN_PIPE(kind);
        scan->in_pipe++;
        scan->sent++;
        scan->last_send = now;
        pay(scan, now);
        return true;
}

/* ---- what comes back ---------------------------------------------------------------------------------------------- */

/* Which try of KIND has ID; 0 if none has. */
static unsigned find_try(const struct scan *scan, uint32_t index, enum kind kind, uint16_t id)
{
        for (unsigned try = scan->slots[index].tries; try > 0; try--)
                if (id_of(scan, index, kind, try) == id)
                        return try;
        return 0;
}

static uint32_t measure(struct scan *scan, const struct slot *slot, unsigned try, mono_t now)
{
        const uint32_t rtt_us = (uint32_t)(uint16_t)((uint16_t)tick_of(now) - slot->tick) * TICK_US;

        if (try != slot->tries)
                return 0;
        take_rtt(scan, rtt_us);
        return rtt_us;
}

static int make_room(struct scan *scan)
{
        if (scan->host_count < scan->host_room)
                return 0;
        const uint32_t room = scan->host_room ? 2 * scan->host_room : 64;
        struct scan_host **hosts = realloc(scan->hosts, room * sizeof(struct scan_host *));

        if (hosts)
                scan->hosts = hosts;
        uint32_t *ready = realloc(scan->ready, room * sizeof(*ready));
        if (ready)
                scan->ready = ready;
        if (!hosts || !ready)
                return NBT_ERR_NOMEM;
        scan->host_room = room;
        return 0;
}

static int add_host(struct scan *scan, struct slot *slot, uint32_t address, const struct nbstat_table *table,
                    struct scan_host **ret)
{
        const int r = make_room(scan);

        if (r < 0)
                return r;
        struct scan_host *host = arena_alloc(&scan->arena, sizeof(*host));
        const struct nbstat_entry *names =
                arena_copy(&scan->arena, table->entries, table->count * sizeof(*table->entries));
        if (!host || !names)
                return NBT_ERR_NOMEM;
        host->address = address;
        host->names = names;
        host->name_count = (uint8_t)table->count;
        memcpy(host->mac, table->statistics.unit_id, sizeof(host->mac));
        host->mac_source = mac_is_zero(host->mac) ? SCAN_MAC_NONE : SCAN_MAC_ANSWER;
        slot->host = scan->host_count;
        scan->hosts[scan->host_count++] = host;
        *ret = host;
        return 0;
}

static int take_status(struct scan *scan, uint32_t index, uint32_t source, unsigned try,
                       const struct nbns_packet *packet, mono_t now)
{
        struct slot *slot = &scan->slots[index];
        struct nbstat_table table;
        struct scan_host *host;

        if (!packet->has_answer || packet->answer.type != NBNS_TYPE_NBSTAT || packet->header.rcode != NBNS_RCODE_OK ||
            !nb_name_is_wildcard(&packet->answer.name) ||
            nbstat_table_decode(packet->answer.rdata, packet->answer.rdata_len_bytes, &table) < 0)
                return 0;
        const int r = add_host(scan, slot, source, &table, &host);
        if (r < 0)
                return r;
        host->tries = (uint8_t)try;
        host->rtt_us = measure(scan, slot, try, now);
        leave_pipe(scan, slot, STATUS);
        grow_window(scan);
        scan_loss_found(&scan->loss, try);
        scan->answers++;
        slot->flags |= ANSWERED;
        slot->tries = 0;
        return 0;
}

static int keep_addresses(struct scan *scan, struct scan_host *host, const struct nbns_rr *answer)
{
        const size_t count = nbns_rr_address_count(answer);
        uint32_t *addresses = arena_alloc(&scan->arena, count * sizeof(*addresses));

        if (!addresses)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < count; i++)
                addresses[i] = nbns_rr_address_get(answer, i).address;
        host->addresses = addresses;
        host->address_count = (uint8_t)(count > UINT8_MAX ? UINT8_MAX : count);
        return 0;
}

static int take_second(struct scan *scan, uint32_t index, unsigned try, const struct nbns_packet *packet, mono_t now)
{
        struct slot *slot = &scan->slots[index];
        struct scan_host *host = scan->hosts[slot->host];
        const struct nbns_rr *answer = &packet->answer;

        if (!packet->has_answer || !nb_name_equal(&answer->name, &scan_host_computer(host)->name) ||
            (answer->type != NBNS_TYPE_NB && packet->header.rcode == NBNS_RCODE_OK))
                return 0;
        if (packet->header.rcode == NBNS_RCODE_OK) {
                const int r = keep_addresses(scan, host, answer);
                if (r < 0)
                        return r;
        }
        host->addresses_answered = true;
        (void)measure(scan, slot, try, now);
        leave_pipe(scan, slot, SECOND);
        grow_window(scan);
        scan_loss_answered(&scan->loss, try, now);
        scan->answers++;
        complete(scan, slot);
        return 0;
}

int scan_packet(struct scan *scan, mono_t now, uint32_t source, uint16_t source_port, const void *bytes,
                size_t len_bytes)
{
        const int found = scan_ranges_index(scan->config.ranges, source);
        struct nbns_packet packet;

        if (found < 0 || source_port != scan->config.port)
                return 0;
        const uint32_t index = (uint32_t)found;
        const struct slot *slot = &scan->slots[index];
        const enum kind kind = slot->flags & ANSWERED ? SECOND : STATUS;
        if (slot->flags & SECOND_DONE || nbns_packet_decode(bytes, len_bytes, &packet) < 0)
                return 0;
        const unsigned try = find_try(scan, index, kind, packet.header.id);
        if (!try || !packet.header.response || packet.header.opcode != NBNS_OPCODE_QUERY ||
            (packet.has_answer && !nb_scope_equal(&packet.answer.scope, &scan->config.scope)))
                return 0;
        const int r = kind == STATUS ? take_status(scan, index, source, try, &packet, now)
                                     : take_second(scan, index, try, &packet, now);
        if (r < 0)
                scan->out_of_memory = true;
        return r;
}

struct scan_host *scan_next_host(struct scan *scan, bool all)
{
        if (all && !scan->taken_all) {
                for (uint32_t i = 0; i < scan->host_count; i++)
                        complete(scan, &scan->slots[scan_ranges_index(scan->config.ranges, scan->hosts[i]->address)]);
                scan->taken_all = true;
        }
        return scan->ready_taken < scan->ready_count ? scan->hosts[scan->ready[scan->ready_taken++]] : NULL;
}

/* ---- when --------------------------------------------------------------------------------------------------------- */

static mono_t entry_due(const struct scan_ring_entry *entry, uint64_t wait_us, mono_t now)
{
        const uint64_t age = age_us(entry->tick, now);

        /* a tick more, so that it is due when we come */
        return (mono_t){now.ns + (age >= wait_us ? 0 : (int64_t)(wait_us - age + TICK_US) * 1000)};
}

/* The oldest question of KIND that still waits for its answer: those before it were answered. */
static const struct scan_ring_entry *oldest(const struct scan *scan, enum kind kind, uint64_t from)
{
        const struct scan_ring *ring = &scan->rings[kind];
        const uint8_t done = kind == STATUS ? ANSWERED : SECOND_DONE;
        const struct scan_ring_entry *entry;

        while ((entry = scan_ring_at(ring, from)) && scan->slots[entry->index].flags & done)
                from++;
        return entry;
}

static mono_t end_of_listening(const struct scan *scan)
{
        const mono_t first = mono_add_ms(scan->first_round_end, scan->config.timeout_ms);
        const mono_t last = mono_add_ms(scan->last_send, (interval_us(scan) + 999) / 1000);

        return first.ns > last.ns ? first : last;
}

static bool has_new(const struct scan *scan)
{
        return !scan->order_ended || scan->next_second < scan->host_count;
}

/* When something of the rings wants to be sent again, or given up. */
static mono_t repeat_due(const struct scan *scan, mono_t now)
{
        const struct scan_ring_entry *second = oldest(scan, SECOND, scan->rings[SECOND].head);
        const struct scan_ring_entry *silent =
                scan->order_ended ? oldest(scan, STATUS, scan->rings[STATUS].head) : NULL;
        mono_t due = MONO_NEVER;

        if (second)
                due = mono_min(due, entry_due(second, interval_us(scan), now));
        if (silent)
                due = mono_min(due, entry_due(silent, interval_us(scan), now));
        return due;
}

/* When the window has room. */
static mono_t room_due(const struct scan *scan, mono_t now)
{
        mono_t due = MONO_NEVER;

        if (scan->in_pipe < (uint32_t)(scan->window * scan->loss.pace))
                return now;
        for (unsigned kind = 0; kind < KINDS; kind++) {
                const struct scan_ring_entry *entry = oldest(scan, (enum kind)kind, scan->rings[kind].pipe);
                if (entry)
                        due = mono_min(due, entry_due(entry, pipe_us(scan) + TICK_US, now));
        }
        return due.ns == INT64_MAX ? now : due;
}

mono_t scan_deadline(const struct scan *scan, mono_t now)
{
        const mono_t wanted = has_new(scan) ? now : repeat_due(scan, now);
        const mono_t allowed = scan->config.rate ? scan->next_at : room_due(scan, now);

        if (wanted.ns == INT64_MAX)
                return end_of_listening(scan);
        return wanted.ns > allowed.ns ? wanted : allowed;
}

bool scan_is_done(const struct scan *scan, mono_t now)
{
        if (scan->out_of_memory)
                return true;
        if (has_new(scan) || repeat_due(scan, now).ns != INT64_MAX)
                return false;
        return scan->host_count == scan->total || mono_is_due(end_of_listening(scan), now);
}

bool scan_failed(const struct scan *scan)
{
        return scan->out_of_memory;
}

/* ---- views -------------------------------------------------------------------------------------------------------- */

/* Packets still to come: first questions, second ones of the hosts to be expected, and the rounds that loss calls for. */
static uint64_t estimate_left(const struct scan *scan)
{
        const uint32_t fresh = scan->total - scan->asked;
        const double share = scan->asked ? (double)scan->host_count / scan->asked : 0;
        const double silent = scan->total - scan->total * share;
        const uint32_t seconds = scan->config.addresses ? scan->host_count - scan->ready_count : 0;
        unsigned rounds = scan->rounds ? scan->rounds : 1;
        double left = fresh + seconds + (scan->config.addresses ? fresh * share : 0);

        /* what the ring still holds is the rest of the round under way */
        if (scan->order_ended)
                left += 0.5 * silent * (wants_round(scan, rounds) ? 1 : 0);
        else
                while (rounds < SCAN_MAX_TRIES && wants_round(scan, rounds++))
                        left += silent;
        return (uint64_t)left;
}

struct scan_progress scan_progress(const struct scan *scan)
{
        const unsigned rounds = scan->rounds ? scan->rounds : 1;
        const bool all = scan->host_count == scan->total;

        return (struct scan_progress){
                .total = scan->total,
                .asked = scan->asked,
                .found = scan->host_count,
                .sent = scan->sent,
                .answers = scan->answers,
                .rounds = rounds,
                .loss = scan_loss_share(&scan->loss, rounds),
                .missed = all ? 0 : scan_loss_missed(&scan->loss, rounds, scan->host_count),
                .pace = scan->loss.pace,
                .slowed_count = scan->loss.slowed_count,
                .loss_not_ours = scan->loss.not_ours,
                .window = scan->window,
                .left = estimate_left(scan),
        };
}

size_t scan_hosts(const struct scan *scan, struct scan_host *const **ret)
{
        *ret = scan->hosts;
        return scan->host_count;
}
