/*
 * Makes a WINS database of COUNT names as wins_load knows them: number N is "N%08X"<20>, unique, at 10.0.0.0 + N.
 *
 * usage: wins_fill FILE COUNT
 */
#include "store/winsdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 8192u
#define OWNER UINT32_C(0x0A4D0001) /* 10.77.0.1, as in wins_bench.py */

static struct wins_change changes[BATCH];

static void make(struct wins_change *change, uint32_t number, int64_t expiry_s)
{
        char text[24];

        snprintf(text, sizeof text, "N%08X      ", (unsigned)number);
        change->op = WINS_PUT;
        change->record = (struct wins_record){.type = WINS_UNIQUE,
                                              .node = WINS_NODE_H,
                                              .owner = OWNER,
                                              .version = number + 1,
                                              .expiry_s = expiry_s,
                                              .member_count = 1,
                                              .members = {{0x0A000000u + number, OWNER, expiry_s}}};
        memcpy(change->record.name.bytes, text, 15);
        change->record.name.bytes[15] = 0x20;
}

static int fill(struct winsdb *db, uint32_t count)
{
        const int64_t expiry_s = (int64_t)time(NULL) + 6 * 86400;
        const struct wins_owner owner = {.address = OWNER, .max_version = count};
        const mono_t now = {1};
        int r = 0;

        for (uint32_t at = 0; at < count && r >= 0; at += BATCH) {
                const uint32_t some = count - at < BATCH ? count - at : BATCH;
                const struct wins_batch batch = {.id = at / BATCH + 1,
                                                 .change_count = some,
                                                 .changes = changes,
                                                 .owner_count = at + some == count,
                                                 .owners = &owner};

                for (uint32_t i = 0; i < some; i++)
                        make(&changes[i], at + i, expiry_s);
                r = winsdb_append(db, &batch, now);
        }
        const mono_t later = {INT64_C(3600000000000)};
        while (r >= 0 && winsdb_deadline(db).ns <= later.ns) {
                r = winsdb_tend(db, later);
                if (r == 0)
                        break;
        }
        return r;
}

int main(int argc, char **argv)
{
        struct winsdb *db = NULL;
        struct strbuf why = STRBUF_INIT;

        if (argc != 3) {
                fprintf(stderr, "usage: wins_fill FILE COUNT\n");
                return 2;
        }
        int r = winsdb_open(&db, argv[1], WINSDB_CREATE, NULL, &why);
        if (r == 0)
                r = fill(db, (uint32_t)strtoul(argv[2], NULL, 0));
        if (r < 0)
                fprintf(stderr, "wins_fill: %s: %s\n", argv[1], db ? winsdb_error(db) : strbuf_str(&why));
        winsdb_close(db);
        strbuf_done(&why);
        return r < 0;
}
