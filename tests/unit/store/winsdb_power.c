/*
 * winsdb_power [--rounds N] [--seed S] [-v]: batches are appended to a WINS database on a disk whose cache is lost at a random moment
 * (powerloss.h): during an append, a moving, a checkpoint, a backup, an opening or a closing. What is then found must be the state
 * after some number of batches, wholly: at least all up to the last durable one that was acknowledged, at most all that were begun.
 *
 * In half of the rounds syncs fail at times, and drop what they were to write (powerloss.h). A batch that failed so must not be there
 * once the database works again, and what was acknowledged before and after must.
 *
 * The database lives on over all rounds.
 */
#include "powerloss.h"
#include "winsdb_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct winsdb_limits limits = {
        .fold_changes = 150, .fold_age_ms = 3, .slice_rows = 20, .checkpoint_frames = 30};

struct power {
        struct winsdb_place place;
        struct rng rng;
        uint64_t seed;
        struct winsmem *mem;
        struct numbered_batch made;
        mono_t now;
        uint64_t stored; /* batches that are there, and in the twin */
        bool verbose;
        /* of the round */
        uint64_t begun;    /* the highest number that was handed over */
        uint64_t durable;  /* the highest that is acknowledged and must last */
        bool is_bad;       /* syncs fail, */
        uint32_t one_in;   /* so often */
        bool has_refused;  /* one that was refused may be there: the exception in the contract, if the disk has it, */
        uint64_t reverted; /* and shows it since */
        bool ends_badly;   /* the program ends before it could mend anything */
        uint64_t lost, refused;
};

static void fail(const struct power *power, const char *what, const char *why)
{
        fprintf(stderr, "FAILED (--seed %llu): %s: %s\n", (unsigned long long)power->seed, what, why);
        exit(1);
}

/* Once it works again, all that was acknowledged is there, and nothing that was refused. */
static void check_working(struct power *power, struct winsdb *db)
{
        struct kept_load load;
        const struct winsstore_sink sink = kept_load_sink(&load);

        if (winsdb_load(db, &sink, NULL) < 0)
                fail(power, "load while it works", winsdb_error(db));
        if (numbered_batches_in(&load) != power->begun)
                fail(power, "while it works",
                     numbered_batches_in(&load) < power->begun ? "acknowledged batches are missing"
                                                               : "a batch that was refused is there");
        if (!numbered_batches_follow(power->mem, power->seed, power->stored, power->begun, &load))
                fail(power, "while it works", "the database holds something else than its batches");
        power->stored = power->begun;
        kept_load_done(&load);
}

/* Syncs fail: until the database works again, or the power is gone. */
static void wait_for_it(struct power *power, struct winsdb *db)
{
        struct winsdb_status status = {.is_lost = true};

        for (unsigned i = 0; status.is_lost && !powerloss_is_dead(); i++) {
                power->now = mono_add_ms(power->now, 2000);
                const int r = winsdb_tend(db, power->now);
                winsdb_status(db, &status);
                if (i == 1000)
                        fail(power, "it does not come back", r < 0 ? winsdb_error(db) : "no error");
        }
        if (!powerloss_is_dead() && rng_below(&power->rng, 4) == 0)
                check_working(power, db);
}

/* Who ends on a disk that fails may lose what was not durable. */
static void find_out(struct power *power, struct winsdb *db)
{
        struct kept_load load;
        const struct winsstore_sink sink = kept_load_sink(&load);

        if (winsdb_load(db, &sink, NULL) < 0)
                fail(power, "load at a start", winsdb_error(db));
        const uint64_t there = numbered_batches_in(&load);
        const bool one_more = power->has_refused && powerloss_counts().reverted != power->reverted;
        power->has_refused = false;
        if (there < power->durable || there > power->begun + one_more)
                fail(power, "at a start", "not what was acknowledged");
        power->begun = there;
        kept_load_done(&load);
}

/* Until the power is gone. */
static void append(struct power *power, struct winsdb *db)
{
        const uint64_t number = power->begun + 1;

        numbered_batch_make(&power->made, power->seed, number);
        const int r = winsdb_append(db, &power->made.batch, power->now);
        if (r == 0) {
                power->begun = number;
                if (power->made.batch.is_durable)
                        power->durable = number;
        } else if (powerloss_is_dead()) {
                power->begun = number; /* nobody was told, but it may be there */
        } else if (power->is_bad) {
                power->refused++;
                power->ends_badly = power->has_refused = rng_below(&power->rng, 4) == 0;
                power->reverted = powerloss_counts().reverted;
                if (!power->ends_badly)
                        wait_for_it(power, db);
                /* the power went while it was there by the exception in the contract */
                if (powerloss_is_dead())
                        power->begun = number;
        } else {
                fail(power, "append", winsdb_error(db));
        }
}

static void work(struct power *power, struct winsdb *db)
{
        char backup[160];

        power->now = mono_add_ms(power->now, rng_below(&power->rng, 3));
        if (rng_below(&power->rng, 3))
                append(power, db);
        else if (winsdb_tend(db, power->now) < 0)
                power->now = mono_add_ms(power->now, 2000); /* it is tried again */
        if (rng_below(&power->rng, 200) == 0) {
                snprintf(backup, sizeof(backup), "%s.backup", power->place.path);
                unlink(backup);
                (void)!winsdb_backup_start(db, backup, (wall_t){1});
        }
}

static struct winsdb *open_db(struct power *power)
{
        struct strbuf why = STRBUF_INIT;
        struct winsdb *db = NULL;

        const uint64_t reverted = powerloss_counts().reverted;
        const int r = winsdb_open(&db, power->place.path, WINSDB_CREATE, &limits, &why);
        /* what changes while it is being read is no database for a moment */
        const bool may_fail = power->is_bad && (r == NBT_ERR_IO || powerloss_counts().reverted != reverted);
        if (r < 0 && !powerloss_is_dead() && !may_fail)
                fail(power, "open", strbuf_str(&why));
        strbuf_done(&why);
        return r < 0 ? NULL : db;
}

/* A life that ends with the power; most begin with what the last one left, some close and open in order on the way. */
static void live(struct power *power)
{
        struct winsdb *db = open_db(power);

        while (!powerloss_is_dead()) {
                if (db)
                        work(power, db);
                if (!db || power->ends_badly || rng_below(&power->rng, 150) == 0) {
                        powerloss_fail_syncs(power->ends_badly ? 1 : power->one_in);
                        winsdb_close(db);
                        powerloss_fail_syncs(power->one_in);
                        power->ends_badly = false;
                        db = open_db(power);
                        if (db && power->is_bad && !powerloss_is_dead())
                                find_out(power, db);
                }
        }
        winsdb_close(db);
}

static void check(struct power *power)
{
        struct kept_load load;
        const struct winsstore_sink sink = kept_load_sink(&load);
        struct strbuf why = STRBUF_INIT;
        struct winsdb *db = NULL;

        if (winsdb_open(&db, power->place.path, WINSDB_WRITE, &limits, &why) < 0)
                fail(power, "open after the loss", strbuf_str(&why));
        if (winsdb_load(db, &sink, NULL) < 0)
                fail(power, "load after the loss", winsdb_error(db));
        const uint64_t there = numbered_batches_in(&load);
        if (power->verbose)
                printf("acknowledged %llu, begun %llu, there %llu\n", (unsigned long long)power->durable,
                       (unsigned long long)power->begun, (unsigned long long)there);
        if (there < power->durable)
                fail(power, "after the loss", "batches that were acknowledged are missing");
        if (there > power->begun + power->has_refused)
                fail(power, "after the loss", "there is more than was ever begun");
        if (!numbered_batches_follow(power->mem, power->seed, power->stored, there, &load))
                fail(power, "after the loss", "the database holds something else than its batches");
        power->lost += power->begun > there ? power->begun - there : 0;
        power->stored = there;
        kept_load_done(&load);
        winsdb_close(db);
        strbuf_done(&why);
}

static void one_round(struct power *power)
{
        power->begun = power->stored;
        power->durable = power->stored;
        power->has_refused = power->ends_badly = false;
        power->is_bad = rng_below(&power->rng, 2);
        power->one_in = power->is_bad ? 3 + rng_below(&power->rng, 40) : 0;
        powerloss_fail_syncs(power->one_in);
        powerloss_die_after(1 + rng_below(&power->rng, rng_below(&power->rng, 4) ? 400 : 40));
        live(power);
        powerloss_come_back();
        powerloss_fail_syncs(0);
        check(power);
}

static int run(struct power *power, unsigned rounds)
{
        rng_init_seed(&power->rng, power->seed);
        power->mem = winsmem_new();
        if (!power->mem || powerloss_install(&power->rng) < 0 || winsdb_place_init(&power->place) < 0)
                return 1;
        winsdb_close(open_db(power)); /* that there is one is not what this is about */
        for (unsigned round = 0; round < rounds; round++)
                one_round(power);
        const struct powerloss_counts counts = powerloss_counts();
        printf("%u losses of power, %llu batches there, all that were acknowledged among them; %llu begun ones lost\n"
               "  %llu writes, syncs and cuts, %llu of them syncs; left older: %llu sectors, %llu lengths; files gone "
               "%llu, "
               "back again %llu\n"
               "  %llu syncs failed, %llu batches refused for it; files that showed what the disk holds %llu\n",
               rounds, (unsigned long long)power->stored, (unsigned long long)power->lost,
               (unsigned long long)counts.operations, (unsigned long long)counts.syncs,
               (unsigned long long)counts.sectors_old, (unsigned long long)counts.lengths_old,
               (unsigned long long)counts.gone, (unsigned long long)counts.back_again,
               (unsigned long long)counts.syncs_failed, (unsigned long long)power->refused,
               (unsigned long long)counts.reverted);
        winsmem_free(power->mem);
        return winsdb_place_done(&power->place) || power->stored < rounds;
}

int main(int argc, char **argv)
{
        static struct power power;
        unsigned rounds = 1000;

        power.seed = (uint64_t)time(NULL);
        power.now = (mono_t){1000000000};
        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "-v") == 0)
                        power.verbose = true;
                else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
                        rounds = (unsigned)strtoul(argv[++i], NULL, 10);
                else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
                        power.seed = strtoull(argv[++i], NULL, 10);
        }
        printf("seed %llu\n", (unsigned long long)power.seed);
        fflush(stdout);
        return run(&power, rounds);
}
