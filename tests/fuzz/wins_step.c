/*
 * Arbitrary events in arbitrary order for one WINS server with a store that is slow, fails, or loses everything unconfirmed. The
 * input is a list of records: a kind, and what it needs. Whatever comes: steps succeed, timers end, and when all is quiet the
 * store holds what the memory shows.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/wins/bench.h"
#include "base/rd.h"

#define MAX_EVENTS 400

static void check(bool good)
{
        if (!good)
                abort();
}

/* Memory and store agree about every record, but for renewals not yet written. */
static void compare(struct bench *bench)
{
        struct wins_view view;

        check(wins_view(bench->wins, &bench->arena, &view) == 0);
        check(view.record_count == bench->disk.live);
        for (uint32_t i = 1; i < bench->disk.slot_count; i++) {
                struct wins_record disk, memory;

                if (!(wins_slot_at(&bench->disk, i)->count & WINS_SLOT_USED))
                        continue;
                wins_table_get(&bench->disk, i, &disk);
                check(wins_find(bench->wins, &disk.name, &disk.scope, &memory) == 0);
                check(wins_record_same_content(&disk, &memory) && disk.version == memory.version);
                check(disk.owner != BENCH_SERVER || disk.version <= view.owners[0].max_version);
        }
}

static struct nb_name read_name(struct rd *rd)
{
        static const char *const names[] = {"A<20>",   "B<20>",    "A<00>", "DOM<1C>",
                                            "DOM<1B>", "WORK<1E>", "M<1D>", "WPAD<00>"};

        return bench_name(names[rd_u8(rd) % NBT_ARRAY_SIZE(names)]);
}

static uint32_t read_address(struct rd *rd)
{
        return 0x0A000000u + rd_u8(rd) % 6; /* 10.0.0.0 to .5, and sometimes our own */
}

static void do_claim(struct bench *bench, struct rd *rd)
{
        static const uint8_t opcodes[] = {NBNS_OPCODE_REGISTRATION, NBNS_OPCODE_REFRESH, NBNS_OPCODE_MULTIHOMED,
                                          NBNS_OPCODE_RELEASE};
        const struct nb_name name = read_name(rd);
        const uint8_t how = rd_u8(rd);
        const struct nbns_address address = {.nb_flags = how & 4 ? 0xE000 : 0x6000, .address = read_address(rd)};
        const uint32_t source = how & 8 ? read_address(rd) : address.address;
        struct nb_scope scope = {0};
        struct nbns_packet packet;
        uint8_t rdata[6];

        if (how & 16)
                check(nb_scope_parse("corp", &scope) == 0);
        nbns_build_claim(&packet, rdata, how & 32 ? 7 : ++bench->next_id, opcodes[how & 3], &name, &scope, &address, 0,
                         true, false);
        bench_send(bench, source, &packet);
}

static void do_answer(struct bench *bench, struct rd *rd)
{
        const struct nb_name name = read_name(rd);
        const uint8_t how = rd_u8(rd);
        struct nb_scope scope = {0};
        struct nbns_packet packet;
        uint8_t rdata[12];

        if (how & 16)
                check(nb_scope_parse("corp", &scope) == 0);
        for (unsigned i = 0; i < 2; i++)
                nbns_address_encode(&(struct nbns_address){0x6000, read_address(rd)}, &rdata[6 * i]);
        if (how & 3)
                nbns_build_query_response(&packet, bench->challenge_id, &name, &scope, rdata, how & 1 ? 6 : 12, 0,
                                          false);
        else
                nbns_build_negative_query_response(&packet, bench->challenge_id, &name, &scope, NBNS_RCODE_NAM_ERR,
                                                   false);
        bench_send(bench, read_address(rd), &packet);
}

static void do_raw(struct bench *bench, struct rd *rd)
{
        const size_t len = rd_u8(rd) < rd_left(rd) ? rd_left(rd) / 2 : rd_left(rd);
        const uint8_t *bytes = rd_bytes(rd, len);
        uint8_t out[WINS_QUERY_ANSWER_BYTES];

        if (!bytes)
                return;
        const struct wins_packet packet = {bytes, len, 0x0A000001, 137, BENCH_SERVER};
        check(wins_query(bench->wins, &packet, out, sizeof(out)) <= sizeof(out));
        (void)wins_route(bench->wins, &packet);
        bench_packet(bench, 0x0A000001, 137, bytes, len);
}

static void do_command(struct bench *bench, struct rd *rd)
{
        static const enum wins_command_type types[] = {WINS_COMMAND_SHOW,     WINS_COMMAND_DELETE, WINS_COMMAND_CHECK,
                                                       WINS_COMMAND_SCAVENGE, WINS_COMMAND_FLUSH,  WINS_COMMAND_ADD};
        const uint8_t how = rd_u8(rd);
        struct wins_record record = {.name = read_name(rd), .is_static = how & 64, .member_count = 1};
        struct wins_command command = {.id = 1,
                                       .type = types[how % 6],
                                       .tombstone = how & 128,
                                       .limit = 1 + how % 3,
                                       .record_count = 1,
                                       .records = &record};

        record.type = (enum wins_type)(rd_u8(rd) % WINS_TYPE_MAX);
        record.members[0].address = read_address(rd);
        command.filter.has_name = how & 8;
        command.filter.name = record.name;
        command.filter.has_address = how & 16;
        command.filter.address = record.members[0].address;
        command.filter.address_mask = IP4_BROADCAST;
        command.filter.has_owner = how & 32;
        command.filter.owner = BENCH_SERVER;
        command.cursor.place[0] = rd_u8(rd) % 4 ? 0 : (uint64_t)rd_u8(rd) << 56 | rd_u8(rd);
        command.cursor.place[1] = command.cursor.place[0] ? rd_u8(rd) : 0;
        bench_command(bench, &command);
}

static void do_self(struct bench *bench, struct rd *rd)
{
        const uint32_t address = read_address(rd);
        const struct nb_name name = read_name(rd);

        bench_self(bench, &address, rd_u8(rd) & 1, &name, rd_u8(rd) & 1);
}

static void one_event(struct bench *bench, struct rd *rd)
{
        static const uint32_t spans_ms[] = {1, 300, 600, 4000, 60000, 400000, 3600000, 86400000};
        const uint8_t kind = rd_u8(rd);

        switch (kind % 16) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4:
                do_claim(bench, rd);
                return;
        case 5:
        case 6:
                do_answer(bench, rd);
                return;
        case 7:
                do_raw(bench, rd);
                return;
        case 8:
        case 9:
                bench_run_ms(bench, spans_ms[rd_u8(rd) % NBT_ARRAY_SIZE(spans_ms)]);
                return;
        case 10:
        case 11:
                bench_set_store(bench, (enum bench_store)(rd_u8(rd) % 3));
                return;
        case 12:
                bench->wall_us += ((int64_t)rd_u8(rd) - 128) * INT64_C(3600000000);
                return;
        case 13:
                bench_restart(bench, bench->store == BENCH_STORE_OK && kind & 16);
                return;
        case 14:
                do_self(bench, rd);
                return;
        default:
                do_command(bench, rd);
                return;
        }
}

/* What another server has replicated before. */
static void load_replicas(struct bench *bench)
{
        static const struct {
                const char *name;
                enum wins_type type;
                enum wins_state state;
                uint8_t members;
        } rows[] = {
                {"A<20>", WINS_UNIQUE, WINS_ACTIVE, 1},      {"B<20>", WINS_MULTIHOMED, WINS_ACTIVE, 3},
                {"A<00>", WINS_UNIQUE, WINS_TOMBSTONE, 1},   {"DOM<1C>", WINS_INTERNET, WINS_ACTIVE, 4},
                {"WORK<1E>", WINS_GROUP, WINS_TOMBSTONE, 1}, {"DOM<1B>", WINS_UNIQUE, WINS_RELEASED, 0},
        };

        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                struct wins_record record = {.name = bench_name(rows[i].name),
                                             .type = rows[i].type,
                                             .state = rows[i].state,
                                             .owner = BENCH_SERVER - 1,
                                             .version = i + 1,
                                             .expiry_s = BENCH_WALL_S + 3600,
                                             .member_count = rows[i].members};

                for (unsigned j = 0; j < record.member_count; j++)
                        record.members[j] =
                                (struct wins_member){0x0A000000u + j, BENCH_SERVER - j % 2, BENCH_WALL_S + 600 * j + 1};
                check(wins_table_put(&bench->disk, &record) > 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct rd rd = rd_init(data, size);
        struct bench bench;
        const uint8_t settings = rd_u8(&rd);

        bench_init(&bench);
        bench.quiet = true;
        bench.settings.renewal_s = settings & 1 ? 3600 : WINS_RENEWAL_S;
        bench.settings.extinction_interval_s = settings & 1 ? 3600 : WINS_EXTINCTION_INTERVAL_S;
        bench.settings.migrate = settings & 2;
        bench.settings.randomize_1c = settings & 4;
        if (settings & 8)
                load_replicas(&bench);
        bench_start(&bench);
        for (unsigned i = 0; i < MAX_EVENTS && rd_left(&rd) > 0; i++)
                one_event(&bench, &rd);
        bench_set_store(&bench, BENCH_STORE_OK);
        bench_run_ms(&bench, 20000); /* every challenge has had its end */
        compare(&bench);
        bench_restart(&bench, true);
        compare(&bench);
        bench_done(&bench);
        return 0;
}
