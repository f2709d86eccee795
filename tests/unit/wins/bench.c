#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip4.h"
#include "wire/dump.h"

static void must(bool good, const char *what)
{
        if (good)
                return;
        fprintf(stderr, "bench: %s\n", what);
        abort();
}

/* ---- the store ------------------------------------------------------------------------------------------------------- */

static void store_put(struct bench *bench, const struct wins_record *record)
{
        must(wins_record_check(record) == 0, "a record that cannot be was to be stored");
        must(wins_table_put(&bench->disk, record) > 0, "no memory");
}

static void store_apply(struct bench *bench, const struct wins_batch *batch)
{
        for (size_t i = 0; i < batch->change_count; i++) {
                const struct wins_record *record = &batch->changes[i].record;
                const uint32_t slot = wins_table_find_scoped(&bench->disk, &record->name, &record->scope);

                if (batch->changes[i].op == WINS_PUT)
                        store_put(bench, record);
                else if (slot)
                        wins_table_remove(&bench->disk, slot);
        }
        for (size_t i = 0; i < batch->touch_count; i++) {
                const uint32_t slot =
                        wins_table_find_scoped(&bench->disk, &batch->touches[i].name, batch->touches[i].scope);

                if (slot)
                        wins_table_renew(&bench->disk, slot, 0, (uint32_t)batch->touches[i].expiry_s);
        }
        for (size_t i = 0; i < batch->owner_count; i++) {
                const int number = wins_table_owner(&bench->disk, batch->owners[i].address);
                must(number >= 0, "no memory");
                bench->disk.owners[number].max_version = batch->owners[i].max_version;
        }
        bench->batches++;
        bench->durable_batches += batch->is_durable;
        if (batch->change_count > bench->largest_batch)
                bench->largest_batch = batch->change_count;
        bench->touches += batch->touch_count;
}

/* ---- actions ----------------------------------------------------------------------------------------------------------- */

static void add_line(struct bench *bench, struct strbuf *sb)
{
        char *line = strbuf_take(sb);

        must(line != NULL, "no memory");
        if (bench->quiet || bench->line_count == BENCH_LINES) {
                free(line);
                return;
        }
        bench->lines[bench->line_count++] = line;
}

static void do_send(struct bench *bench, const struct wins_action *action)
{
        struct strbuf sb = STRBUF_INIT;
        struct nbns_header header;
        char address[IP4_TEXT_BYTES];

        bench->sent++;
        must(nbns_header_decode(action->send.bytes, action->send.len_bytes, &header) == 0, "a short packet");
        if (!header.response)
                bench->challenge_id = header.id;
        if (bench->on_send)
                bench->on_send(bench->context, action->send.destination, action->send.port, action->send.bytes,
                               action->send.len_bytes);
        if (bench->quiet)
                return;
        ip4_format(action->send.destination, address);
        strbuf_printf(&sb, "to %s:%u ", address, action->send.port);
        nbns_dump(&sb, action->send.bytes, action->send.len_bytes);
        add_line(bench, &sb);
}

static void add_record(struct strbuf *sb, const char *word, const struct wins_record *record)
{
        char text[600];

        if (!record)
                return;
        bench_format_record(record, text);
        strbuf_printf(sb, " %s %s", word, text);
}

static void do_notice(struct bench *bench, const struct wins_notice *notice)
{
        struct strbuf sb = STRBUF_INIT;
        char name[NB_NAME_TEXT_BYTES], claimant[IP4_TEXT_BYTES], holder[IP4_TEXT_BYTES];

        nb_name_format(&notice->name, name);
        ip4_format(notice->claimant, claimant);
        ip4_format(notice->holder, holder);
        strbuf_printf(&sb, "notice %s %s claimant %s holder %s", wins_notice_str(notice->type), name, claimant, holder);
        if (notice->type == WINS_NOTICE_SCAVENGED)
                strbuf_printf(&sb, " released %llu extinct %llu deleted %llu", (unsigned long long)notice->released,
                              (unsigned long long)notice->extinct, (unsigned long long)notice->deleted);
        if (notice->type == WINS_NOTICE_CLOCK_JUMP)
                strbuf_printf(&sb, " seconds %lld", (long long)notice->seconds);
        if (notice->removed)
                strbuf_add(&sb, " removed");
        else
                add_record(&sb, "is", notice->record);
        add_record(&sb, "was", notice->before);
        add_line(bench, &sb);
}

static void do_complete(struct bench *bench, const struct wins_completion *complete)
{
        struct strbuf sb = STRBUF_INIT;

        bench->complete = *complete;
        free(bench->rows);
        free(bench->findings);
        bench->row_count = complete->rows ? complete->row_count : complete->finding_count;
        bench->finding_count = complete->finding_count;
        bench->rows = calloc(bench->row_count + 1, sizeof(*bench->rows));
        bench->findings = calloc(bench->finding_count + 1, sizeof(*bench->findings));
        must(bench->rows && bench->findings, "no memory");
        for (size_t i = 0; i < bench->row_count; i++)
                wins_record_copy(&bench->rows[i], complete->rows ? complete->rows[i] : complete->findings[i].record);
        for (size_t i = 0; i < bench->finding_count; i++)
                bench->findings[i] = complete->findings[i].type;
        strbuf_printf(&sb, "complete %llu result %d rows %zu findings %zu%s", (unsigned long long)complete->id,
                      complete->result, complete->row_count, complete->finding_count, complete->more ? " more" : "");
        add_line(bench, &sb);
}

static void do_actions(struct bench *bench, const struct wins_actions *actions)
{
        for (const struct wins_action *action = actions->first; action; action = action->next) {
                switch (action->type) {
                case WINS_ACTION_SEND:
                        do_send(bench, action);
                        break;
                case WINS_ACTION_PERSIST:
                        must(!bench->out, "two batches are out");
                        bench->out = action->batch;
                        break;
                case WINS_ACTION_NOTIFY:
                        do_notice(bench, action->notice);
                        break;
                case WINS_ACTION_COMPLETE:
                        do_complete(bench, &action->complete);
                        break;
                case WINS_ACTION_STOPPED:
                        bench->stopped = true;
                        break;
                }
        }
}

static void one_step(struct bench *bench, struct wins_event *event)
{
        struct wins_actions actions = {.arena = &bench->arena};

        if (bench->may_fail)
                arena_done(&bench->arena);
        else
                arena_reset(&bench->arena);
        event->now = bench->now;
        event->wall = (wall_t){bench->now.ns / 1000 + bench->wall_us};
        bench->stepping = true;
        const int r = wins_step(bench->wins, event, &actions);
        bench->stepping = false;
        must(r == 0 || (bench->may_fail && r == NBT_ERR_NOMEM), "a step failed");
        bench->failures += r < 0;
        do_actions(bench, &actions);
}

static void report(struct bench *bench, bool good)
{
        struct wins_event event = {.type = good ? WINS_EVENT_STORED : WINS_EVENT_STORE_FAILED};

        event.store.batch = bench->out->id;
        event.store.full = true;
        if (good)
                store_apply(bench, bench->out);
        bench->out = NULL;
        one_step(bench, &event);
}

static void settle(struct bench *bench)
{
        while (bench->out && bench->store != BENCH_STORE_HOLD)
                report(bench, bench->store == BENCH_STORE_OK);
}

void bench_confirm(struct bench *bench)
{
        if (bench->out)
                report(bench, true);
}

static void step(struct bench *bench, struct wins_event *event)
{
        one_step(bench, event);
        settle(bench);
}

void bench_set_store(struct bench *bench, enum bench_store store)
{
        bench->store = store;
        settle(bench);
}

/* ---- life -------------------------------------------------------------------------------------------------------------- */

static void new_server(struct bench *bench)
{
        struct rng rng;

        rng_init_seed(&rng, 7);
        must(wins_new(&bench->wins, BENCH_SERVER, &bench->settings, &rng) == 0, "wins_new");
}

void bench_init(struct bench *bench)
{
        *bench = (struct bench){.settings = wins_settings_default(), .wall_us = BENCH_WALL_S * 1000000};
        must(wins_table_init(&bench->disk, 1) == 0, "no memory");
        bench->disk.loading = true; /* order does not matter to it */
        bench->now = (mono_t){1000000000};
}

void bench_done(struct bench *bench)
{
        bench_forget(bench);
        wins_free(bench->wins);
        wins_table_done(&bench->disk);
        arena_done(&bench->arena);
        free(bench->rows);
        free(bench->findings);
}

void bench_start(struct bench *bench)
{
        struct wins_event event = {.type = WINS_EVENT_START};

        if (!bench->wins)
                new_server(bench);
        for (uint32_t i = 0; i < bench->disk.owner_count; i++) {
                const struct wins_owner owner = {.address = bench->disk.owners[i].address,
                                                 .max_version = bench->disk.owners[i].max_version};
                must(wins_load_owner(bench->wins, &owner) == 0, "wins_load_owner");
        }
        for (uint32_t i = 1; i < bench->disk.slot_count; i++) {
                struct wins_record record;

                if (!(wins_slot_at(&bench->disk, i)->count & WINS_SLOT_USED))
                        continue;
                wins_table_get(&bench->disk, i, &record);
                must(wins_load(bench->wins, &record) == 0, "wins_load");
        }
        step(bench, &event);
}

void bench_restart(struct bench *bench, bool in_order)
{
        struct wins_event event = {.type = WINS_EVENT_STOP};

        if (in_order) {
                step(bench, &event);
                must(bench->stopped, "it did not stop");
        }
        bench->wins = wins_free(bench->wins);
        bench->out = NULL;
        bench->stopped = false;
        bench_start(bench);
}

void bench_self(struct bench *bench, const uint32_t *addresses, size_t address_count, const struct nb_name *names,
                size_t name_count)
{
        struct wins_event event = {.type = WINS_EVENT_SELF};

        event.self = (struct wins_self){address_count, addresses, name_count, names};
        step(bench, &event);
}

/* ---- stimuli ------------------------------------------------------------------------------------------------------------ */

void bench_packet(struct bench *bench, uint32_t source, uint16_t port, const uint8_t *bytes, size_t len_bytes)
{
        struct wins_event event = {.type = WINS_EVENT_PACKET};

        event.packet = (struct wins_packet){bytes, len_bytes, source, port, BENCH_SERVER};
        step(bench, &event);
}

void bench_send(struct bench *bench, uint32_t source, const struct nbns_packet *packet)
{
        uint8_t bytes[NBNS_MAX_BYTES];
        const int len = nbns_packet_encode(packet, bytes, sizeof(bytes));

        must(len > 0, "a packet that cannot be encoded");
        bench_packet(bench, source, NBNS_PORT, bytes, (size_t)len);
}

struct nb_name bench_name(const char *text)
{
        struct nb_name name;
        const char *bracket = strrchr(text, '<');
        const size_t len = bracket ? (size_t)(bracket - text) : strlen(text);

        memset(name.bytes, ' ', NB_SUFFIX_AT);
        memcpy(name.bytes, text, len < NB_SUFFIX_AT ? len : NB_SUFFIX_AT);
        name.bytes[NB_SUFFIX_AT] = bracket ? (uint8_t)strtoul(bracket + 1, NULL, 16) : 0x20;
        return name;
}

void bench_claim(struct bench *bench, uint8_t opcode, const char *name, uint32_t address, uint16_t nb_flags)
{
        const struct nb_name claimed = bench_name(name);
        const struct nbns_address rr = {.nb_flags = nb_flags, .address = address};
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_claim(&packet, rdata, ++bench->next_id, opcode, &claimed, NULL, &rr, 300000, true, false);
        bench_send(bench, address, &packet);
}

void bench_answer(struct bench *bench, uint32_t source, const char *name, const uint32_t *addresses, size_t count)
{
        const struct nb_name asked = bench_name(name);
        struct nbns_packet packet;
        uint8_t rdata[NBNS_UDP_MAX_BYTES];

        must(6 * count <= sizeof(rdata), "too many addresses");
        for (size_t i = 0; i < count; i++)
                nbns_address_encode(&(struct nbns_address){0x6000, addresses[i]}, &rdata[6 * i]);
        if (count)
                nbns_build_query_response(&packet, bench->challenge_id, &asked, NULL, rdata, (uint16_t)(6 * count), 0,
                                          false);
        else
                nbns_build_negative_query_response(&packet, bench->challenge_id, &asked, NULL, NBNS_RCODE_NAM_ERR,
                                                   false);
        bench_send(bench, source, &packet);
}

void bench_query(struct bench *bench, const char *name)
{
        const struct nb_name asked = bench_name(name);
        struct nbns_packet packet;

        nbns_build_query(&packet, ++bench->next_id, &asked, NULL, NBNS_TYPE_NB, true, false);
        bench_send(bench, 0x0A0000C8, &packet); /* 10.0.0.200 */
}

void bench_command(struct bench *bench, struct wins_command *command)
{
        struct wins_event event = {.type = WINS_EVENT_COMMAND};

        event.command = *command;
        step(bench, &event);
}

void bench_run_ms(struct bench *bench, uint64_t ms)
{
        const mono_t end = mono_add_ms(bench->now, ms);
        unsigned spins = 0;

        for (mono_t due = wins_deadline(bench->wins); due.ns <= end.ns; due = wins_deadline(bench->wins)) {
                struct wins_event event = {.type = WINS_EVENT_TIMER};

                if (due.ns > bench->now.ns) {
                        bench->now = due;
                        spins = 0;
                }
                must(++spins < 10000, "a timer without end");
                step(bench, &event);
        }
        bench->now = end;
}

/* ---- looking -------------------------------------------------------------------------------------------------------------- */

const char *bench_line(struct bench *bench)
{
        return bench->line_seen < bench->line_count ? bench->lines[bench->line_seen++] : NULL;
}

void bench_forget(struct bench *bench)
{
        for (size_t i = 0; i < bench->line_count; i++)
                free(bench->lines[i]);
        bench->line_count = bench->line_seen = 0;
}

void bench_format_record(const struct wins_record *record, char ret[600])
{
        int len = snprintf(ret, 600, "%s %s%s", wins_type_str(record->type), wins_state_str(record->state),
                           record->is_static ? " static" : "");

        for (unsigned i = 0; i < record->member_count && len < 560; i++) {
                char address[IP4_TEXT_BYTES];

                ip4_format(record->members[i].address, address);
                len += snprintf(ret + len, (size_t)(600 - len), " %s", address);
        }
        snprintf(ret + len, (size_t)(600 - len), " version %llu", (unsigned long long)record->version);
}

bool bench_record_text(const struct bench *bench, const struct nb_name *name, const struct nb_scope *scope,
                       char ret[600])
{
        struct wins_record record;

        if (wins_find(bench->wins, name, scope, &record) < 0)
                return false;
        bench_format_record(&record, ret);
        return true;
}
