/* What a stranger can do to the server, and what the honest see of it; packets and names of odd make; times and numbers at their ends. */
#include "bench.h"

#include "wins/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
        struct bench *bench = malloc(sizeof(*bench));

        bench_init(bench);
        *state = bench;
        return 0;
}

static int teardown(void **state)
{
        bench_done(*state);
        free(*state);
        return 0;
}

static bool holds(const struct bench *bench, const char *name, uint32_t address)
{
        const struct nb_name wanted = bench_name(name);
        struct wins_record record;

        return wins_find(bench->wins, &wanted, NULL, &record) == 0 && record.state == WINS_ACTIVE &&
               wins_record_member(&record, address) >= 0;
}

/* The lines since the last look: how many hold TEXT. */
static unsigned heard(struct bench *bench, const char *text)
{
        unsigned count = 0;

        for (const char *line = bench_line(bench); line; line = bench_line(bench))
                count += strstr(line, text) != NULL;
        bench_forget(bench);
        return count;
}

/* ---- crowds -------------------------------------------------------------------------------------------------------------- */

/* A hundred claims a second for somebody else's name: its holder lives, and is heard every time. */
static void test_holder_goes_first(void **state)
{
        struct bench *bench = *state;
        uint64_t worst_ms = 0;

        bench_start(bench);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "VICTIM<20>", HOST(1), UNIQUE);
        bench_run_ms(bench, 5000);
        for (unsigned round = 0; round < 20; round++) {
                uint64_t waited_ms = 0;

                for (unsigned i = 0; i < 50; i++)
                        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "VICTIM<20>", HOST(1000 + i), UNIQUE);
                bench_forget(bench);
                bench_claim(bench, round % 2 ? NBNS_OPCODE_REGISTRATION : NBNS_OPCODE_REFRESH, "VICTIM<20>", HOST(1),
                            UNIQUE);
                while (heard(bench, "to 10.1.0.1:137 positive") == 0) {
                        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "VICTIM<20>", HOST(2000 + waited_ms), UNIQUE);
                        bench_run_ms(bench, 10);
                        waited_ms += 10;
                        bench_answer(bench, HOST(1), "VICTIM<20>", &(uint32_t){HOST(1)}, 1);
                        assert_true(waited_ms < 1500); /* KB155501: it asks three times, so long apart */
                }
                worst_ms = waited_ms > worst_ms ? waited_ms : worst_ms;
        }
        assert_true(holds(bench, "VICTIM<20>", HOST(1)));
        bench_claim(bench, NBNS_OPCODE_RELEASE, "VICTIM<20>", HOST(1), UNIQUE);
        bench_run_ms(bench, 600);
        bench_answer(bench, HOST(1), "VICTIM<20>", &(uint32_t){HOST(1)}, 1);
        assert_int_equal(heard(bench, "to 10.1.0.1:137 positive name release response"), 1);
        print_message("holder answered after at most %u ms\n", (unsigned)worst_ms);
}

/* COUNT names of holders that never answer, each contested. */
static void contest(struct bench *bench, unsigned count)
{
        const bool quiet = bench->quiet;
        char name[16];

        bench->quiet = true;
        for (unsigned i = 0; i < count; i++) {
                snprintf(name, sizeof(name), "DEAF%u<20>", i);
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, name, HOST(i), UNIQUE);
        }
        bench_run_ms(bench, 5000);
        for (unsigned i = 0; i < count; i++) {
                snprintf(name, sizeof(name), "DEAF%u<20>", i);
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, name, 0x0A020000u + i, UNIQUE);
        }
        bench->quiet = quiet;
}

/* Many challenges under way are no burst: who claims a free name meanwhile has it, stored, for the whole time. */
static void test_challenges_are_no_burst(void **state)
{
        struct bench *bench = *state;

        bench->settings.burst_queue = 50;
        bench_start(bench);
        contest(bench, 300);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "HONEST<20>", HOST(9), UNIQUE);
        assert_int_equal(heard(bench, "to 10.1.0.9:137 positive"), 1);
        assert_true(holds(bench, "HONEST<20>", HOST(9)));
        assert_int_equal(heard(bench, "burst"), 0);
}

/* As many as there may be: contested names have to wait; everybody else is served. */
static void test_challenges_full(void **state)
{
        struct bench *bench = *state;
        struct wins_view view;

        bench->settings.burst_queue = 0;
        bench_start(bench);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "PC<20>", HOST(60001), UNIQUE);
        contest(bench, WINS_MAX_CHALLENGES);
        assert_int_equal(wins_view(bench->wins, &bench->arena, &view), 0);
        assert_int_equal(view.challenges_under_way, WINS_MAX_CHALLENGES);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "PC<20>", HOST(60002), UNIQUE);
        assert_int_equal(heard(bench, "notice"), 1);
        assert_true(holds(bench, "PC<20>", HOST(60001)));
        bench_claim(bench, NBNS_OPCODE_REFRESH, "PC<20>", HOST(60001), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "NEW<20>", HOST(60003), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_RELEASE, "NEW<20>", HOST(60003), UNIQUE);
        assert_int_equal(heard(bench, "positive"), 3);
        bench->quiet = true;
        bench_run_ms(bench, 5000); /* all are silent, all lose */
        bench->quiet = false;
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "PC<20>", HOST(60002), UNIQUE);
        assert_int_equal(heard(bench, "flags 0xbc00"), 1);
}

/* As many records as memory may hold: no more are stored, so that the next start has room for what there is. */
static void test_records_full(void **state)
{
        struct bench *bench = *state;
        struct wins_record mapping = {.name = bench_name("MAP<20>"), .is_static = true, .member_count = 1};
        struct wins_command add = {.id = 1, .type = WINS_COMMAND_ADD, .record_count = 1, .records = &mapping};

        bench_start(bench);
        mapping.members[0].address = HOST(1);
        bench->wins->table.limit = 2;
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "A<20>", HOST(1), UNIQUE);
        bench_set_store(bench, BENCH_STORE_HOLD);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "B<20>", HOST(2), UNIQUE);
        bench_forget(bench);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "C<20>", HOST(3), UNIQUE); /* B is on its way */
        assert_string_not_equal("", bench->lines[0]);
        assert_int_equal(heard(bench, "SRV_ERR"), 1);
        bench_set_store(bench, BENCH_STORE_OK);
        bench_command(bench, &add);
        assert_int_equal(bench->complete.result, NBT_ERR_FULL);
        assert_int_equal(bench->disk.live, 2);
        /* what is there goes on */
        bench_forget(bench);
        bench_claim(bench, NBNS_OPCODE_REFRESH, "A<20>", HOST(1), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_RELEASE, "B<20>", HOST(2), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "B<20>", HOST(4), UNIQUE);
        assert_int_equal(heard(bench, "positive"), 3);
        assert_true(holds(bench, "B<20>", HOST(4)));
}

/* ---- bursts -------------------------------------------------------------------------------------------------------------- */

static void promise(struct bench *bench, const char *name, uint32_t address)
{
        char other[16];

        bench->settings.burst_queue = 50;
        bench_start(bench);
        bench_set_store(bench, BENCH_STORE_HOLD);
        for (unsigned i = 0; i < 50; i++) {
                snprintf(other, sizeof(other), "OTHER%u<20>", i);
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, other, HOST(100 + i), UNIQUE);
        }
        bench_forget(bench);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, name, address, UNIQUE);
        assert_int_equal(heard(bench, "positive"), 1);
        bench_set_store(bench, BENCH_STORE_OK);
        bench_forget(bench);
}

/* A name that was promised in a burst is contested, and an administrator maps it: the mapping stands. */
static void test_promise_and_mapping(void **state)
{
        struct bench *bench = *state;
        struct wins_record mapping = {.name = bench_name("QUICK<20>"), .is_static = true, .member_count = 1};
        struct wins_command add = {.id = 1, .type = WINS_COMMAND_ADD, .record_count = 1, .records = &mapping};
        char text[600];

        mapping.members[0].address = HOST(50);
        promise(bench, "QUICK<20>", HOST(1));
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "QUICK<20>", HOST(2), UNIQUE);
        assert_int_equal(heard(bench, "flags 0xbc00"), 1);
        bench_command(bench, &add);
        assert_int_equal(bench->complete.result, 0);
        bench_run_ms(bench, 10000);
        assert_true(bench_record_text(bench, &mapping.name, NULL, text));
        assert_non_null(strstr(text, "unique active static 10.1.0.50"));
        assert_int_equal(heard(bench, "ACT_ERR"), 1);
}

/* KB154410: 5 minutes, 5 more with every hundred, up to 50, and again from 5. */
static void test_promises_grow(void **state)
{
        struct bench *bench = *state;
        char name[16], ttl[16];

        promise(bench, "FIRST<20>", HOST(1));
        bench_run_ms(bench, 1000);
        bench_set_store(bench, BENCH_STORE_HOLD);
        for (unsigned i = 0; i < 50; i++) {
                snprintf(name, sizeof(name), "MORE%u<20>", i);
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, name, HOST(100 + i), UNIQUE);
        }
        for (unsigned i = 0; i < 1100; i++) {
                snprintf(name, sizeof(name), "Q%u<20>", i);
                snprintf(ttl, sizeof(ttl), "ttl %u ", 300 * (i / 100 % 10 + 1));
                bench_forget(bench);
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, name, HOST(200 + i), UNIQUE);
                assert_int_equal(heard(bench, ttl), 1);
        }
        bench_set_store(bench, BENCH_STORE_OK);
        assert_int_equal(heard(bench, "notice burst over"), 1);
}

static void claim_scoped(struct bench *bench, const char *text, const char *scope_text, uint32_t address)
{
        const struct nb_name name = bench_name(text);
        const struct nbns_address rr = {UNIQUE, address};
        struct nbns_packet packet;
        struct nb_scope scope;
        uint8_t rdata[6];

        assert_int_equal(nb_scope_parse(scope_text, &scope), 0);
        nbns_build_claim(&packet, rdata, ++bench->next_id, NBNS_OPCODE_REGISTRATION, &name, &scope, &rr, 0, true,
                         false);
        bench_send(bench, address, &packet);
}

/* Promises are of names without scope: the same name in a scope is another. */
static void test_promise_has_no_scope(void **state)
{
        struct bench *bench = *state;

        promise(bench, "QUICK<20>", HOST(1));
        claim_scoped(bench, "QUICK<20>", "corp", HOST(2));
        assert_int_equal(heard(bench, "positive"), 1);
}

/* ---- addresses ----------------------------------------------------------------------------------------------------------- */

/* A machine of 25 addresses: it is answered with all, asked at each in turn, and keeps its name if the last one answers. */
static void test_25_addresses(void **state)
{
        struct bench *bench = *state;
        const struct nb_name name = bench_name("BIG<20>");
        uint32_t all[WINS_MAX_MEMBERS + 1];
        struct wins_record record;

        bench_start(bench);
        for (unsigned i = 0; i <= WINS_MAX_MEMBERS; i++)
                all[i] = HOST(1 + i);
        for (unsigned i = 0; i < WINS_MAX_MEMBERS; i++) {
                bench_claim(bench, NBNS_OPCODE_MULTIHOMED, "BIG<20>", all[i], UNIQUE);
                bench_run_ms(bench, 600);
                if (i > 0)
                        bench_answer(bench, all[i - 1], "BIG<20>", all, i + 1);
                assert_true(holds(bench, "BIG<20>", all[i]));
                bench_run_ms(bench, 5000);
        }
        assert_int_equal(wins_find(bench->wins, &name, NULL, &record), 0);
        assert_int_equal(record.member_count, WINS_MAX_MEMBERS);
        bench_forget(bench);
        bench_query(bench, "BIG<20>");
        const char *line = bench_line(bench);
        char address[IP4_TEXT_BYTES];
        for (unsigned i = 0; i < WINS_MAX_MEMBERS; i++) {
                ip4_format(all[i], address);
                assert_non_null(strstr(line, address));
        }
        /* somebody else: as long as the WACK says, none answers but the last one asked */
        bench_forget(bench);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "BIG<20>", HOST(100), UNIQUE);
        assert_int_equal(heard(bench, "ttl 105"), 1);
        bench_run_ms(bench, 24 * 3500 + 100);
        assert_int_equal(heard(bench, "name query request"), 24 * 3);
        bench_answer(bench, all[0], "BIG<20>", all, 10);
        assert_int_equal(heard(bench, "ACT_ERR"), 1);
        /* its own 26th: the eldest place goes to the newest */
        bench_claim(bench, NBNS_OPCODE_MULTIHOMED, "BIG<20>", all[WINS_MAX_MEMBERS], UNIQUE);
        bench_answer(bench, record.members[0].address, "BIG<20>", all, WINS_MAX_MEMBERS + 1);
        assert_true(holds(bench, "BIG<20>", all[WINS_MAX_MEMBERS]));
        assert_int_equal(wins_find(bench->wins, &name, NULL, &record), 0);
        assert_int_equal(record.member_count, WINS_MAX_MEMBERS);
}

/* ---- names ---------------------------------------------------------------------------------------------------------------- */

/* Sixteen bytes, whatever they are. */
static void test_odd_names(void **state)
{
        static const char *const stems[] = {"lower",        "LOWER",  "a\\b", "\x01\x02__MSBROWSE__\x02",
                                            "\xC4\xD6\xDC", ";|$(x)", "*A",   "* A"};
        struct bench *bench = *state;
        struct nb_name name = {.bytes = "A\0B"};

        bench_start(bench);
        for (unsigned i = 0; i < NBT_ARRAY_SIZE(stems); i++) {
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, stems[i], HOST(i), UNIQUE);
                assert_true(holds(bench, stems[i], HOST(i)));
        }
        for (unsigned i = 0; i < NBT_ARRAY_SIZE(stems); i++) /* each is its own */
                assert_true(holds(bench, stems[i], HOST(i)));
        /* zeros inside and at the end are bytes as others are: these are three names */
        for (unsigned i = 0; i < 3; i++) {
                const struct nbns_address rr = {UNIQUE, HOST(50 + i)};
                struct nbns_packet packet;
                struct wins_record record;
                uint8_t rdata[6];

                name.bytes[3] = (uint8_t)(i == 1 ? ' ' : 0);
                name.bytes[14] = (uint8_t)(i == 2);
                nbns_build_claim(&packet, rdata, (uint16_t)(900 + i), NBNS_OPCODE_REGISTRATION, &name, NULL, &rr, 0,
                                 true, false);
                bench_send(bench, rr.address, &packet);
                assert_int_equal(wins_find(bench->wins, &name, NULL, &record), 0);
                assert_int_equal(record.members[0].address, rr.address);
        }
        bench_forget(bench);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "*", HOST(1), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "*<00>", HOST(1), GROUP);
        assert_int_equal(heard(bench, "FMT_ERR"), 2);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "*<1B>", HOST(1),
                    UNIQUE); /* the domain masters' question is none */
        assert_int_equal(heard(bench, "positive"), 1);
}

/* 237 bytes of scope are a scope, one more is none, whatever its parts. */
static void test_scopes(void **state)
{
        struct bench *bench = *state;
        char text[260];

        bench_start(bench);
        for (unsigned step = 1; step <= 63; step += 31) {
                for (unsigned len = 236; len <= 239; len++) {
                        const struct nb_name name = bench_name("PC<20>");
                        struct wins_record record;
                        struct nb_scope scope;

                        memset(text, 'a', len);
                        for (unsigned i = step; i < len - 1; i += step + 1)
                                text[i] = '.';
                        text[len] = '\0';
                        bench_forget(bench);
                        if (nb_scope_parse(text, &scope) < 0)
                                continue; /* a part too many bytes long at its end */
                        claim_scoped(bench, "PC<20>", text, HOST(step));
                        assert_int_equal(heard(bench, len <= 237 ? "positive" : "SRV_ERR"), 1);
                        assert_int_equal(wins_find(bench->wins, &name, &scope, &record) == 0, len <= 237);
                }
        }
        /* parts that are no text, and such that differ in case, are scopes of their own */
        claim_scoped(bench, "PC<20>", "\x01\x02.\xFF", HOST(70));
        claim_scoped(bench, "PC<20>", "corp", HOST(71));
        claim_scoped(bench, "PC<20>", "CORP", HOST(72));
        claim_scoped(bench, "PC<20>", "corp.corp", HOST(73));
        assert_int_equal(heard(bench, "positive"), 4);
}

/* ---- packets -------------------------------------------------------------------------------------------------------------- */

static size_t encode(const struct nbns_packet *packet, uint8_t bytes[NBNS_MAX_BYTES])
{
        const int len = nbns_packet_encode(packet, bytes, NBNS_MAX_BYTES);

        assert_true(len > 0);
        return (size_t)len;
}

/* Every kind of request and answer, cut at every length: no answer, no change. */
static void test_cut_anywhere(void **state)
{
        struct bench *bench = *state;
        const struct nb_name name = bench_name("PC<20>");
        const struct nbns_address rr = {UNIQUE, HOST(1)};
        uint8_t bytes[NBNS_MAX_BYTES], rdata[6];
        struct nbns_packet packets[6];
        struct nb_scope scope;
        char text[238];

        memset(text, 'a', 237);
        for (unsigned i = 63; i < 237; i += 64)
                text[i] = '.';
        text[237] = '\0';
        assert_int_equal(nb_scope_parse(text, &scope), 0);
        bench_start(bench);
        claim_scoped(bench, "PC<20>", text, HOST(1));
        bench_run_ms(bench, 5000);
        claim_scoped(bench, "PC<20>", text, HOST(2));
        nbns_build_claim(&packets[0], rdata, 1, NBNS_OPCODE_REGISTRATION, &name, &scope, &rr, 0, true, false);
        nbns_build_claim(&packets[1], rdata, 2, NBNS_OPCODE_REFRESH, &name, &scope, &rr, 0, true, false);
        nbns_build_release(&packets[2], rdata, 3, &name, &scope, &rr, false);
        nbns_build_query(&packets[3], 4, &name, &scope, NBNS_TYPE_NB, true, false);
        nbns_build_negative_query_response(&packets[4], bench->challenge_id, &name, &scope, NBNS_RCODE_NAM_ERR, false);
        nbns_build_query_response(&packets[5], bench->challenge_id, &name, &scope, rdata, 6, 0, false);
        bench_forget(bench);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(packets); i++) {
                const size_t len = encode(&packets[i], bytes);

                for (size_t cut = 0; cut < len; cut++) {
                        uint8_t *exact = malloc(cut + 1); /* so that the sanitizers see one byte too many */

                        memcpy(exact, bytes, cut);
                        (void)wins_route(bench->wins, &(struct wins_packet){exact, cut, HOST(1), 137, BENCH_SERVER});
                        bench_packet(bench, HOST(1), 137, exact, cut);
                        free(exact);
                        if (bench_line(bench))
                                fail_msg("packet %zu cut to %zu bytes is answered", i, cut);
                }
        }
        bench_packet(bench, HOST(1), 137, bytes, encode(&packets[5], bytes));
        assert_int_equal(heard(bench, "ACT_ERR"), 1);
}

/* One claim with bytes of it changed: is it answered, and how? */
static unsigned answers(struct bench *bench, size_t at, const uint8_t *patch, size_t patch_len, size_t more,
                        const char *text)
{
        const struct nb_name name = bench_name("ODD<20>");
        const struct nbns_address rr = {UNIQUE, HOST(1)};
        uint8_t bytes[NBNS_MAX_BYTES] = {0}, rdata[6];
        struct nbns_packet packet;

        nbns_build_claim(&packet, rdata, ++bench->next_id, NBNS_OPCODE_REGISTRATION, &name, NULL, &rr, 0, true, false);
        const size_t len = encode(&packet, bytes);
        memcpy(&bytes[at], patch, patch_len);
        bench_forget(bench);
        bench_packet(bench, HOST(1), 137, bytes, len + more);
        return heard(bench, text);
}

#define PATCH(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static void test_odd_claims(void **state)
{
        struct bench *bench = *state;

        enum { COUNTS = 4, QUESTION = 46, RR = 50, TTL = 56, LENGTH = 60, FLAGS = 62, ADDRESS = 64 };
        bench_start(bench);
        assert_int_equal(answers(bench, TTL, PATCH(0, 0, 0, 0), 0, "positive"), 1);
        assert_int_equal(answers(bench, TTL, PATCH(255, 255, 255, 255), 0, "ttl 518400"),
                         1);                                                          /* the server's, not its */
        assert_int_equal(answers(bench, FLAGS, PATCH(0x7F, 0xFF), 0, "positive"), 1); /* reserved bits */
        assert_int_equal(answers(bench, 2, PATCH(0x29, 0x10), 0, "positive"), 1);     /* B in a datagram to us alone */
        assert_int_equal(answers(bench, LENGTH + 2, PATCH(0x60, 0), 20, "positive"),
                         1);                                                     /* bytes behind the last record */
        assert_int_equal(answers(bench, COUNTS, PATCH(0, 0), 0, "to "), 0);      /* no question */
        assert_int_equal(answers(bench, COUNTS + 6, PATCH(0, 0), 0, "to "), 0);  /* no address */
        assert_int_equal(answers(bench, COUNTS + 6, PATCH(0, 2), 40, "to "), 0); /* two additional records */
        assert_int_equal(answers(bench, COUNTS + 6, PATCH(255, 255), 0, "to "), 0);
        assert_int_equal(answers(bench, QUESTION, PATCH(0, NBNS_TYPE_NBSTAT), 0, "to "), 0);
        assert_int_equal(answers(bench, QUESTION + 2, PATCH(0, 3), 0, "to "), 0);
        assert_int_equal(answers(bench, RR, PATCH(0xC0, 0x0C, 0, NBNS_TYPE_NULL), 0, "to "), 0);
        assert_int_equal(answers(bench, RR, PATCH(0xC0, 0x32), 0, "to "), 0); /* a pointer to itself */
        assert_int_equal(answers(bench, LENGTH, PATCH(0, 5), 0, "to "), 0);
        assert_int_equal(answers(bench, LENGTH, PATCH(0, 0), 0, "to "), 0);
        assert_int_equal(answers(bench, LENGTH, PATCH(255, 255), 0, "to "), 0);
        assert_int_equal(answers(bench, LENGTH, PATCH(0, 12), 6, "10.1.0.1"), 1); /* of two addresses the first */
        assert_int_equal(answers(bench, ADDRESS, PATCH(0, 0, 0, 0), 0, "FMT_ERR"), 1);
        assert_int_equal(answers(bench, ADDRESS, PATCH(224, 0, 0, 1), 0, "FMT_ERR"), 1);
        assert_int_equal(answers(bench, ADDRESS, PATCH(255, 255, 255, 255), 0, "FMT_ERR"), 1);
        for (unsigned opcode = 0; opcode < 16; opcode++) { /* as a claim, a release, a query; others are nobody's */
                static const char known[] = "Y....YY.YY.....Y";

                assert_int_equal(answers(bench, 2, PATCH((uint8_t)(opcode << 3), 0), 0, "to "),
                                 opcode == NBNS_OPCODE_QUERY || known[opcode] == 'Y');
                assert_int_equal(answers(bench, 2, PATCH((uint8_t)(0x80 | opcode << 3), 0), 0, "to "), 0);
        }
        const uint64_t sent = bench->sent;
        bench_packet(bench, 0, 137, (const uint8_t *)"x", 1);
        bench_packet(bench, HOST(1), 0, (const uint8_t *)"x", 1);
        assert_int_equal(bench->sent, sent);
}

/* ---- ends of time and numbers ------------------------------------------------------------------------------------------------ */

/* Whatever the calendar says at the start: a claim lives its time, and no longer. */
static void test_any_calendar(void **state)
{
        static const int64_t walls_s[] = {INT64_C(-62135596800),
                                          -1,
                                          0,
                                          1,
                                          86400,
                                          INT64_C(2147483647),
                                          INT64_C(4294965295),
                                          INT64_C(4294967294),
                                          INT64_C(4294967296),
                                          INT64_C(253402300799)};

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(walls_s); i++) {
                const struct nb_name name = bench_name("PC<20>");
                struct wins_record record;
                struct bench bench;

                bench_init(&bench);
                bench.quiet = true;
                bench.wall_us = walls_s[i] * 1000000 - bench.now.ns / 1000;
                bench.settings.renewal_s = bench.settings.extinction_interval_s = 3600;
                bench_start(&bench);
                bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "PC<20>", HOST(1), UNIQUE);
                for (unsigned hour = 0; hour < 6; hour++) {
                        bench_run_ms(&bench, 3000 * 1000);
                        if (hour == 2)
                                bench_restart(&bench, false);
                        if (hour == 4)
                                bench.wall_us = BENCH_WALL_S * 1000000; /* somebody sets it right */
                        assert_true(holds(&bench, "PC<20>", HOST(1)));
                        bench_claim(&bench, NBNS_OPCODE_REFRESH, "PC<20>", HOST(1), UNIQUE);
                }
                bench_run_ms(&bench, 3 * 3600 * 1000);
                assert_int_equal(wins_find(bench.wins, &name, NULL, &record), 0);
                assert_int_not_equal(record.state, WINS_ACTIVE);
                bench_done(&bench);
        }
}

/* Versions begin where they are told to, rise by one a change, and are never used twice; none is 0. */
static void test_versions(void **state)
{
        struct bench *bench = *state;
        const struct nb_name name = bench_name("PC<20>");
        struct wins_settings settings = wins_settings_default();
        struct wins_record record;

        settings.start_version = UINT64_MAX;
        assert_string_equal(wins_settings_fault(&settings), "starting version");
        assert_true(wins_settings_adjust(&settings));
        assert_null(wins_settings_fault(&settings));
        bench->settings = settings;
        bench_start(bench);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "PC<20>", HOST(1), UNIQUE);
        assert_int_equal(wins_find(bench->wins, &name, NULL, &record), 0);
        assert_true(record.version == WINS_MAX_START_VERSION + 1);
        struct wins_filter filter = {.has_owner = true, .owner = BENCH_SERVER, .min_version = WINS_MAX_START_VERSION};
        struct wins_command show = {.id = 1, .type = WINS_COMMAND_SHOW, .filter = filter};
        bench_command(bench, &show);
        assert_int_equal(bench->row_count, 1);
        bench_restart(bench, false);
        bench_claim(bench, NBNS_OPCODE_RELEASE, "PC<20>", HOST(1), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "PC<20>", HOST(1), UNIQUE);
        assert_int_equal(wins_find(bench->wins, &name, NULL, &record), 0);
        assert_true(record.version == WINS_MAX_START_VERSION + 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_holder_goes_first, setup, teardown),
                cmocka_unit_test_setup_teardown(test_challenges_are_no_burst, setup, teardown),
                cmocka_unit_test_setup_teardown(test_challenges_full, setup, teardown),
                cmocka_unit_test_setup_teardown(test_records_full, setup, teardown),
                cmocka_unit_test_setup_teardown(test_promise_and_mapping, setup, teardown),
                cmocka_unit_test_setup_teardown(test_promise_has_no_scope, setup, teardown),
                cmocka_unit_test_setup_teardown(test_promises_grow, setup, teardown),
                cmocka_unit_test_setup_teardown(test_25_addresses, setup, teardown),
                cmocka_unit_test_setup_teardown(test_odd_names, setup, teardown),
                cmocka_unit_test_setup_teardown(test_scopes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cut_anywhere, setup, teardown),
                cmocka_unit_test_setup_teardown(test_odd_claims, setup, teardown),
                cmocka_unit_test(test_any_calendar),
                cmocka_unit_test_setup_teardown(test_versions, setup, teardown),
        };

        return cmocka_run_group_tests_name("wins hostile", tests, NULL, NULL);
}
