/*
 * Replays a conversation with one WINS server, written as text, in virtual time: `wins_replay FILE.scn...`; exit 1 if one fails.
 *
 *   setting NAME [VALUE]           before start: renewal-s, extinction-interval-s, extinction-timeout-s, burst-queue, migrate,
 *                                  no-prepend, randomize, no-block
 *   self ADDRESS[,ADDRESS] NAME... the carried node
 *   start | restart | crash        crash: what the store has not confirmed is gone
 *   recv FROM WHAT NAME [words]    register, refresh, multihomed, release, query; answer, deny, empty (to the last challenge)
 *                                  words: an address (default FROM; answer: any number), group, id N, port N, scope S
 *   static TYPE NAME ADDRESS...    an administrator's mapping; TYPE as wins_type_str()
 *   delete NAME | tombstone NAME | scavenge | flush
 *   watch changes | renewals       notices of changed records, or those and of renewed ones, are wanted from now on
 *   store ok | hold | full         what the store does with batches from now on, and with the one it holds
 *   time +N(ms|s|min|h|d)          time passes;   clock +N...  the calendar alone jumps
 *   expect WORDS                   the next thing it does, in these words, in this order;  expect nothing
 *   ignore                         whatever came until now need not be looked at
 *   record NAME WORDS | no-record NAME     what the memory holds (scope S at the end)
 *   disk NAME WORDS | no-disk NAME         what the store holds
 *
 * Every output must be expected before the next stimulus.
 */
#include "../unit/wins/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/dump.h"

#define MAX_WORDS 40

struct replay {
        const char *path;
        unsigned line;
        struct bench bench;
        char *words[MAX_WORDS];
        size_t count;
        bool failed;
};

static void fail(struct replay *replay, const char *what, const char *detail)
{
        printf("%s:%u: %s: %s\n", replay->path, replay->line, what, detail ? detail : "(nothing)");
        replay->failed = true;
}

static const char *word(const struct replay *replay, size_t i)
{
        return i < replay->count ? replay->words[i] : "";
}

static const char *option(const struct replay *replay, const char *key)
{
        for (size_t i = 1; i + 1 < replay->count; i++)
                if (strcmp(replay->words[i], key) == 0)
                        return replay->words[i + 1];
        return NULL;
}

static bool flag(const struct replay *replay, const char *key)
{
        for (size_t i = 1; i < replay->count; i++)
                if (strcmp(replay->words[i], key) == 0)
                        return true;
        return false;
}

static uint32_t address_of(struct replay *replay, const char *text)
{
        uint32_t address = 0;

        if (ip4_parse(text, &address) < 0)
                fail(replay, "no address", text);
        return address;
}

/* The words from I on that are addresses. */
static size_t addresses_from(const struct replay *replay, size_t i, uint32_t ret[WINS_MAX_MEMBERS])
{
        size_t count = 0;

        for (; i < replay->count && count < WINS_MAX_MEMBERS; i++)
                if (ip4_parse(replay->words[i], &ret[count]) == 0)
                        count++;
        return count;
}

static struct nb_scope scope_of(struct replay *replay)
{
        struct nb_scope scope = {0};
        const char *text = option(replay, "scope");

        if (text && nb_scope_parse(text, &scope) < 0)
                fail(replay, "no scope", text);
        return scope;
}

/* ---- stimuli ----------------------------------------------------------------------------------------------------------- */

static void do_setting(struct replay *replay)
{
        struct wins_settings *settings = &replay->bench.settings;
        const char *name = word(replay, 1);
        const uint32_t value = (uint32_t)strtoul(word(replay, 2), NULL, 0);

        if (!strcmp(name, "renewal-s"))
                settings->renewal_s = value;
        else if (!strcmp(name, "extinction-interval-s"))
                settings->extinction_interval_s = value;
        else if (!strcmp(name, "extinction-timeout-s"))
                settings->extinction_timeout_s = value;
        else if (!strcmp(name, "burst-queue"))
                settings->burst_queue = value;
        else if (!strcmp(name, "migrate"))
                settings->migrate = true;
        else if (!strcmp(name, "no-prepend"))
                settings->prepend_1b = false;
        else if (!strcmp(name, "randomize"))
                settings->randomize_1c = true;
        else if (!strcmp(name, "no-block"))
                settings->block_queries = false;
        else
                fail(replay, "unknown setting", name);
}

static void do_self(struct replay *replay)
{
        struct nb_name names[WINS_MAX_OWN_NAMES];
        uint32_t addresses[8];
        size_t address_count = 0, name_count = 0;

        for (char *at = strtok(replay->words[1], ","); at && address_count < 8; at = strtok(NULL, ","))
                addresses[address_count++] = address_of(replay, at);
        for (size_t i = 2; i < replay->count; i++)
                names[name_count++] = bench_name(replay->words[i]);
        bench_self(&replay->bench, addresses, address_count, names, name_count);
}

static int opcode_of(const char *what)
{
        static const struct {
                const char *text;
                int opcode;
        } all[] = {{"register", NBNS_OPCODE_REGISTRATION}, {"refresh", NBNS_OPCODE_REFRESH},
                   {"refresh9", NBNS_OPCODE_REFRESH_ALT},  {"multihomed", NBNS_OPCODE_MULTIHOMED},
                   {"release", NBNS_OPCODE_RELEASE},       {"query", NBNS_OPCODE_QUERY}};

        for (size_t i = 0; i < NBT_ARRAY_SIZE(all); i++)
                if (!strcmp(all[i].text, what))
                        return all[i].opcode;
        return -1;
}

static void build(struct replay *replay, struct nbns_packet *packet, uint8_t rdata[6 * WINS_MAX_MEMBERS],
                  uint32_t source)
{
        const char *what = word(replay, 2), *id_text = option(replay, "id");
        const bool is_empty = !strcmp(what, "empty"), is_answer = is_empty || !strcmp(what, "answer"),
                   is_denial = !strcmp(what, "deny");
        const struct nb_name name = bench_name(word(replay, 3));
        const struct nb_scope scope = scope_of(replay);
        const uint16_t id = id_text                  ? (uint16_t)strtoul(id_text, NULL, 0)
                            : is_answer || is_denial ? replay->bench.challenge_id
                                                     : ++replay->bench.next_id;
        uint32_t addresses[WINS_MAX_MEMBERS] = {source};
        const size_t given = addresses_from(replay, 4, addresses);
        const struct nbns_address address = {.nb_flags = flag(replay, "group") ? 0xE000 : 0x6000,
                                             .address = given ? addresses[0] : source};

        if (is_answer) {
                const size_t count = is_empty ? 0 : given ? given : 1;

                for (size_t i = 0; i < count; i++)
                        nbns_address_encode(&(struct nbns_address){0x6000, given ? addresses[i] : source},
                                            &rdata[6 * i]);
                nbns_build_query_response(packet, id, &name, &scope, rdata, (uint16_t)(6 * count), 0, false);
        } else if (is_denial) {
                nbns_build_negative_query_response(packet, id, &name, &scope, NBNS_RCODE_NAM_ERR, false);
        } else if (opcode_of(what) == NBNS_OPCODE_QUERY) {
                nbns_build_query(packet, id, &name, &scope, NBNS_TYPE_NB, true, false);
        } else if (opcode_of(what) >= 0) {
                nbns_build_claim(packet, rdata, id, (uint8_t)opcode_of(what), &name, &scope, &address, 300000, true,
                                 false);
        } else {
                fail(replay, "unknown packet", what);
        }
}

static void do_recv(struct replay *replay)
{
        const char *port = option(replay, "port");
        const uint32_t source = address_of(replay, word(replay, 1));
        uint8_t bytes[NBNS_MAX_BYTES], rdata[6 * WINS_MAX_MEMBERS], fast[WINS_QUERY_ANSWER_BYTES];
        struct nbns_packet packet = {0};

        build(replay, &packet, rdata, source);
        const int len = nbns_packet_encode(&packet, bytes, sizeof(bytes));
        if (replay->failed || len < 0) {
                fail(replay, "cannot encode", word(replay, 2));
                return;
        }
        const struct wins_packet raw = {bytes, (size_t)len, source, port ? (uint16_t)strtoul(port, NULL, 0) : NBNS_PORT,
                                        BENCH_SERVER};
        const size_t sent = replay->bench.line_count;
        bench_packet(&replay->bench, source, raw.source_port, bytes, (size_t)len);
        /* the fast path must say what the slow one says */
        const size_t fast_len = wins_query(replay->bench.wins, &raw, fast, sizeof(fast));
        if (fast_len > 0) {
                struct strbuf sb = STRBUF_INIT;

                strbuf_printf(&sb, "to %s:%u ", word(replay, 1), raw.source_port);
                nbns_dump(&sb, fast, fast_len);
                if (replay->bench.line_count != sent + 1 || strcmp(strbuf_str(&sb), replay->bench.lines[sent]))
                        fail(replay, "the fast path answers otherwise", strbuf_str(&sb));
                strbuf_done(&sb);
        }
}

static int64_t span_ms(struct replay *replay, const char *text)
{
        static const struct {
                const char *unit;
                int64_t ms;
        } units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
        char *end;
        const long n = strtol(text, &end, 10);

        for (size_t i = 0; i < NBT_ARRAY_SIZE(units); i++)
                if (!strcmp(units[i].unit, end))
                        return n * units[i].ms;
        fail(replay, "no span of time", text);
        return 0;
}

static void do_static(struct replay *replay)
{
        struct wins_record record = {.is_static = true, .node = WINS_NODE_H, .scope = scope_of(replay)};
        uint32_t addresses[WINS_MAX_MEMBERS];
        struct wins_command command = {.id = 1, .type = WINS_COMMAND_ADD, .record_count = 1, .records = &record};

        record.name = bench_name(word(replay, 2));
        record.member_count = (uint8_t)addresses_from(replay, 3, addresses);
        for (unsigned i = 0; i < record.member_count; i++)
                record.members[i].address = addresses[i];
        if (wins_type_parse(word(replay, 1), &record.type) < 0)
                fail(replay, "no type", word(replay, 1));
        bench_command(&replay->bench, &command);
}

static void do_delete(struct replay *replay)
{
        struct wins_command command = {
                .id = 2, .type = WINS_COMMAND_DELETE, .tombstone = !strcmp(word(replay, 0), "tombstone")};

        command.filter.has_name = true;
        command.filter.name = bench_name(word(replay, 1));
        bench_command(&replay->bench, &command);
}

static void do_simple(struct replay *replay, enum wins_command_type type)
{
        struct wins_command command = {.id = 3, .type = type};

        bench_command(&replay->bench, &command);
}

static void do_store(struct replay *replay)
{
        const char *how = word(replay, 1);

        bench_set_store(&replay->bench, !strcmp(how, "ok")     ? BENCH_STORE_OK
                                        : !strcmp(how, "hold") ? BENCH_STORE_HOLD
                                                               : BENCH_STORE_FULL);
}

/* ---- expectations --------------------------------------------------------------------------------------------------------- */

static bool holds(const struct replay *replay, size_t first, const char *text)
{
        for (size_t i = first; i < replay->count; i++) {
                text = strstr(text, replay->words[i]);
                if (!text)
                        return false;
                text += strlen(replay->words[i]);
        }
        return true;
}

static void do_expect(struct replay *replay)
{
        const char *line = bench_line(&replay->bench);

        if (!strcmp(word(replay, 1), "nothing")) {
                if (line)
                        fail(replay, "unexpected", line);
        } else if (!line || !holds(replay, 1, line)) {
                fail(replay, "expected otherwise", line);
        }
}

static void do_record(struct replay *replay, bool disk, bool wanted)
{
        const struct nb_name name = bench_name(word(replay, 1));
        const struct nb_scope scope = scope_of(replay);
        char text[600] = "no record";
        const uint32_t slot = wins_table_find_scoped(&replay->bench.disk, &name, &scope);
        bool there = disk ? slot != 0 : bench_record_text(&replay->bench, &name, &scope, text);

        if (disk && slot) {
                struct wins_record record;

                wins_table_get(&replay->bench.disk, slot, &record);
                bench_format_record(&record, text);
        }
        if (option(replay, "scope"))
                replay->count -= 2;
        if (there != wanted || (wanted && !holds(replay, 2, text)))
                fail(replay, "the record is otherwise", text);
}

/* ---- lines ------------------------------------------------------------------------------------------------------------------ */

static bool do_stimulus(struct replay *replay, const char *what)
{
        if (!strcmp(what, "start"))
                bench_start(&replay->bench);
        else if (!strcmp(what, "restart") || !strcmp(what, "crash"))
                bench_restart(&replay->bench, what[0] == 'r');
        else if (!strcmp(what, "self"))
                do_self(replay);
        else if (!strcmp(what, "recv"))
                do_recv(replay);
        else if (!strcmp(what, "static"))
                do_static(replay);
        else if (!strcmp(what, "delete") || !strcmp(what, "tombstone"))
                do_delete(replay);
        else if (!strcmp(what, "scavenge"))
                do_simple(replay, WINS_COMMAND_SCAVENGE);
        else if (!strcmp(what, "flush"))
                do_simple(replay, WINS_COMMAND_FLUSH);
        else if (!strcmp(what, "store"))
                do_store(replay);
        else if (!strcmp(what, "time"))
                bench_run_ms(&replay->bench, (uint64_t)span_ms(replay, word(replay, 1)));
        else if (!strcmp(what, "clock"))
                replay->bench.wall_us += span_ms(replay, word(replay, 1)) * 1000;
        else
                return false;
        return true;
}

static void do_line(struct replay *replay)
{
        const char *what = word(replay, 0);

        if (!strcmp(what, "expect")) {
                do_expect(replay);
        } else if (!strcmp(what, "watch")) {
                wins_watch(replay->bench.wins, strcmp(word(replay, 1), "renewals") == 0
                                                       ? WINS_WATCH_CHANGES | WINS_WATCH_RENEWALS
                                                       : WINS_WATCH_CHANGES);
        } else if (!strcmp(what, "setting")) {
                do_setting(replay);
        } else if (!strcmp(what, "record") || !strcmp(what, "no-record")) {
                do_record(replay, false, what[0] == 'r');
        } else if (!strcmp(what, "disk") || !strcmp(what, "no-disk")) {
                do_record(replay, true, what[0] == 'd');
        } else if (!strcmp(what, "ignore")) {
                bench_forget(&replay->bench);
        } else {
                const char *line = bench_line(&replay->bench);

                if (line)
                        fail(replay, "nobody expected", line);
                bench_forget(&replay->bench);
                if (!do_stimulus(replay, what))
                        fail(replay, "unknown line", what);
        }
}

static bool play(const char *path)
{
        struct replay replay = {.path = path};
        char line[1024];
        FILE *stream = fopen(path, "r");

        if (!stream) {
                printf("%s: cannot be read\n", path);
                return false;
        }
        bench_init(&replay.bench);
        while (!replay.failed && fgets(line, sizeof(line), stream)) {
                replay.line++;
                replay.count = 0;
                for (char *at = strtok(line, " \t\n"); at && replay.count < MAX_WORDS; at = strtok(NULL, " \t\n"))
                        replay.words[replay.count++] = at;
                if (replay.count > 0 && replay.words[0][0] != '#')
                        do_line(&replay);
        }
        const char *rest = replay.failed ? NULL : bench_line(&replay.bench);
        if (rest)
                fail(&replay, "nobody expected", rest);
        fclose(stream);
        bench_done(&replay.bench);
        return !replay.failed;
}

int main(int argc, char **argv)
{
        int bad = 0;

        for (int i = 1; i < argc; i++)
                bad += !play(argv[i]);
        printf("wins_replay: %d scenarios, %d failed\n", argc - 1, bad);
        return bad || argc < 2;
}
