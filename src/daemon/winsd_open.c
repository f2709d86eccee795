#include "daemon/winsd.h"

#include "daemon/log.h"
#include "io/clock.h"
#include "io/random.h"

#include <stdio.h>
#include <string.h>

#define OWNER_KEY WINSDB_KEPT_SETTING "owner"
/* Of who has no address yet: at the next start the records go over to what it then has. */
#define NO_ADDRESS UINT32_C(0x7F000001)

struct loading {
        struct wins *wins;
        uint32_t former, owner; /* records of the address we had belong to the one we have */
        uint64_t left_out;
};

static int take_owner(void *context, const struct wins_owner *owner)
{
        struct loading *loading = context;
        struct wins_owner ours = *owner;

        if (ours.address == loading->former || ours.address == 0)
                ours.address = loading->owner;
        return wins_load_owner(loading->wins, &ours);
}

static int take_record(void *context, const struct wins_record *record)
{
        struct loading *loading = context;
        struct wins_record ours;
        const struct wins_record *taken = record;

        if (record->owner == loading->former && loading->former != loading->owner) {
                wins_record_copy(&ours, record);
                ours.owner = loading->owner;
                for (size_t i = 0; i < ours.member_count; i++)
                        if (ours.members[i].owner == loading->former)
                                ours.members[i].owner = loading->owner;
                taken = &ours;
        }
        const int r = wins_load(loading->wins, taken);
        if (r == NBT_ERR_RANGE || r == NBT_ERR_EXISTS) {
                loading->left_out++;
                return 0;
        }
        return r;
}

/* The address we had when the records were written; 0 if none is known. */
static uint32_t former_owner(struct winsdb *db)
{
        struct arena arena = ARENA_INIT;
        const struct winsdb_value *values = NULL;
        size_t count = 0;
        uint32_t address = 0;

        if (winsdb_kept(db, OWNER_KEY, &arena, &values, &count) == 0 && count > 0 &&
            ip4_parse(values[0].value, &address) < 0)
                address = 0;
        arena_done(&arena);
        return address;
}

static int keep_owner(struct winsdb *db, uint32_t owner)
{
        char text[IP4_TEXT_BYTES];
        const struct winsdb_value value = {.key = OWNER_KEY, .value = text};

        ip4_format(owner, text);
        return winsdb_keep(db, &value, 1);
}

static void say_how(const char *path, int r, const struct strbuf *cause, struct strbuf *why)
{
        const char *what = cause->len_bytes ? strbuf_str(cause) : nbt_err_str(r);

        switch (r) {
        case NBT_ERR_MALFORMED:
                strbuf_printf(
                        why,
                        "the database %s is damaged: %s; put a backup back (netbt wins restore FILE), save what can be "
                        "read (netbt wins restore --salvage), or begin empty (netbt wins restore --empty)",
                        path, what);
                break;
        case NBT_ERR_STATE:
                strbuf_printf(
                        why,
                        "the database %s is not there, but was: %s; put it or a backup back (netbt wins restore FILE), "
                        "or begin empty (netbt wins restore --empty)",
                        path, what);
                break;
        case NBT_ERR_BUSY:
                strbuf_printf(why, "the database %s is another server's: %s; stop that, or name another --state-dir",
                              path, what);
                break;
        case NBT_ERR_UNSUPPORTED:
                strbuf_printf(
                        why,
                        "the database %s cannot be used: %s; start the netbt that made it, put a backup of this one "
                        "back (netbt wins restore FILE), or name another --state-dir",
                        path, what);
                break;
        case NBT_ERR_DENIED:
                strbuf_printf(
                        why,
                        "the database %s cannot be opened: %s; give it and its directory to the user winsd runs as, "
                        "on a file system that can be written",
                        path, what);
                break;
        case NBT_ERR_FULL:
                strbuf_printf(why, "the database %s cannot be opened: %s; make room on its disk", path, what);
                break;
        default:
                strbuf_printf(
                        why,
                        "the database %s cannot be opened: %s; look at its disk (dmesg), or name another --state-dir",
                        path, what);
                break;
        }
}

static int load(struct winsd *winsd, struct winsdb *db, uint32_t owner, struct strbuf *why)
{
        struct loading loading = {.wins = winsd->wins, .former = former_owner(db), .owner = owner};
        const struct winsstore_sink sink = {.owner = take_owner, .record = take_record, .context = &loading};
        const mono_t start = clock_mono();
        struct winsdb_loaded loaded;
        struct strbuf cause = STRBUF_INIT;
        int r = winsdb_load(db, &sink, &loaded);

        if (r == 0 && loading.former != owner)
                r = keep_owner(db, owner);
        if (r < 0) {
                strbuf_add(&cause, winsdb_error(db));
                say_how(winsd->db_path, r, &cause, why);
                strbuf_done(&cause);
                return r;
        }
        log_line(0, "%llu records read from %s in %llu ms%s", (unsigned long long)loaded.records, winsd->db_path,
                 (unsigned long long)mono_elapsed_ms(start, clock_mono()),
                 loaded.was_clean || loaded.records == 0 ? "" : "; it had not been closed in order, and is whole");
        if (loaded.log_pages_lost)
                log_line(0,
                         "%llu pages of its log %s-wal were unreadable and are left out: unless the machine lost "
                         "power, what "
                         "was written last is missing; compare with a backup",
                         (unsigned long long)loaded.log_pages_lost, winsd->db_path);
        if (loading.left_out)
                log_line(0, "%llu records were left out: they contradict the rules of the database",
                         (unsigned long long)loading.left_out);
        return 0;
}

static int make_core(struct winsd *winsd, uint32_t owner, struct strbuf *why)
{
        struct rng rng;
        int r = random_rng(&rng);

        if (r == 0)
                r = wins_new(&winsd->wins, owner, &winsd->settings, &rng);
        explicit_bzero(&rng, sizeof rng);
        if (r < 0)
                strbuf_printf(why, "the WINS server cannot be set up: %s", nbt_err_str(r));
        return r;
}

int winsd_open(struct winsd *winsd, uint32_t address, struct strbuf *why)
{
        struct winsdb *db = NULL;
        struct strbuf cause = STRBUF_INIT;
        int r = winsdb_open(&db, winsd->db_path, WINSDB_CREATE, NULL, &cause);

        if (r < 0)
                say_how(winsd->db_path, r, &cause, why);
        strbuf_done(&cause);
        if (r < 0)
                return r;
        uint32_t owner = address ? address : former_owner(db);
        if (!owner)
                owner = NO_ADDRESS;
        r = make_core(winsd, owner, why);
        if (r == 0)
                r = load(winsd, db, owner, why);
        if (r == 0) {
                r = keeper_new(&winsd->keeper, db);
                if (r < 0)
                        strbuf_printf(why, "the thread that keeps the database cannot be started: %s", nbt_err_str(r));
        }
        if (r < 0)
                winsdb_close(db);
        return r;
}
