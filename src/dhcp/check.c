#include "dhcp/check.h"

#include "base/arena.h"
#include "base/hash.h"
#include "settings/hostname.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NONE UINT32_MAX

struct entry {
        uint32_t address, next; /* NEXT: another entry of this address */
        unsigned line;
        const char *name; /* in the arena */
        uint64_t offset, client;
        int64_t starts_s, ends_s;
        uint64_t stem; /* hash of the NetBIOS name */
        uint8_t mac[6], state, file, database;
        bool has_mac, journal;
};

struct list {
        size_t count, kept;
        struct check_finding *items; /* CHECK_KEPT */
};

struct checker {
        struct entry *entries;
        size_t count, size, active;
        uint32_t *slots; /* open addressing; index of the first entry of an address */
        size_t slot_count;
        struct arena names;
        struct list lists[CHECK_KIND_MAX];
        uint64_t *drops[CHECK_MAX_FILES];
        size_t drop_count[CHECK_MAX_FILES], drop_size[CHECK_MAX_FILES];
        bool failed;
};

/* ---- words -------------------------------------------------------------------------------------------------------- */

static const struct {
        const char *word, *title;
        bool fault;
} kinds[CHECK_KIND_MAX] = {
        [CHECK_DAMAGE] = {"damage", "records that cannot be read", true},
        [CHECK_ADDRESS_TWICE] = {"address-twice", "addresses with two records", true},
        [CHECK_OVERLAP] = {"overlap", "addresses given to a client while another's lease ran", true},
        [CHECK_CLIENT_TWICE] = {"client-twice", "clients with two leases", true},
        [CHECK_NAME_TWICE] = {"name-twice", "names that two clients gave", true},
        [CHECK_NAME_CUT] = {"name-cut", "long names that NetBIOS cuts to one", true},
        [CHECK_NAME_OTHER] = {"name-other", "addresses that the name service gives to another name", true},
        [CHECK_TIME] = {"time", "times that run backwards", true},
        [CHECK_DECLINED] = {"declined", "addresses that were found in use without a lease", true},
        [CHECK_NAME_LONG] = {"name-long", "names longer than NetBIOS' 15 bytes", false},
        [CHECK_NAME_BAD] = {"name-bad", "names that no NetBIOS computer can have", false},
};

bool check_is_fault(enum check_kind kind)
{
        return kind < CHECK_KIND_MAX && kinds[kind].fault;
}

const char *check_kind_str(enum check_kind kind)
{
        return kind < CHECK_KIND_MAX ? kinds[kind].word : "?";
}

const char *check_kind_title(enum check_kind kind)
{
        return kind < CHECK_KIND_MAX ? kinds[kind].title : "?";
}

char check_bad_character(const char *name)
{
        if (name[0] == '.')
                return '.';
        for (const char *c = name; *c && *c != '.'; c++)
                if (strchr("\\/:*?\"<>| ", *c) || (unsigned char)*c < 0x20 || (unsigned char)*c > 0x7E)
                        return *c;
        return 0;
}

/* ---- life and look-up --------------------------------------------------------------------------------------------- */

int checker_new(struct checker **ret)
{
        struct checker *c = calloc(1, sizeof *c);

        if (!c)
                return NBT_ERR_NOMEM;
        *ret = c;
        return 0;
}

struct checker *checker_free(struct checker *c)
{
        if (!c)
                return NULL;
        for (int i = 0; i < CHECK_KIND_MAX; i++)
                free(c->lists[i].items);
        for (int i = 0; i < CHECK_MAX_FILES; i++)
                free(c->drops[i]);
        free(c->entries);
        free(c->slots);
        arena_done(&c->names);
        free(c);
        return NULL;
}

/* Makes room for one more of SIZE bytes; false if memory ran out. */
static bool grow(void **array, size_t count, size_t *size, size_t item_bytes)
{
        if (count < *size)
                return true;
        const size_t bigger = *size ? *size * 2 : 64;
        void *more = realloc(*array, bigger * item_bytes);

        if (!more)
                return false;
        *array = more;
        *size = bigger;
        return true;
}

static uint32_t *slot_of(const struct checker *c, uint32_t address)
{
        size_t i = hash_bytes(&address, sizeof address, 3) & (c->slot_count - 1);

        while (c->slots[i] != NONE && c->entries[c->slots[i]].address != address)
                i = (i + 1) & (c->slot_count - 1);
        return &c->slots[i];
}

static bool grow_slots(struct checker *c)
{
        if (c->slots && c->count * 2 < c->slot_count)
                return true;
        const size_t bigger = c->slot_count ? c->slot_count * 2 : 1024;
        uint32_t *slots = malloc(bigger * sizeof *slots);

        if (!slots)
                return false;
        memset(slots, 0xFF, bigger * sizeof *slots);
        free(c->slots);
        c->slots = slots;
        c->slot_count = bigger;
        for (size_t i = 0; i < c->count; i++) {
                uint32_t *slot = slot_of(c, c->entries[i].address);

                if (*slot == NONE) /* the first of an address; the others hang on it */
                        *slot = (uint32_t)i;
        }
        return true;
}

/* Most records of a journal renew a lease under its old name, which is kept once. */
static const char *keep_name(struct checker *c, const char *name, const struct entry *old)
{
        if (!*name)
                return "";
        if (old && strcmp(old->name, name) == 0)
                return old->name;
        const char *kept = arena_strdup(&c->names, name);

        c->failed |= !kept;
        return kept ? kept : "";
}

static uint64_t stem_of(const char *name)
{
        char stem[HOSTNAME_NETBIOS_BYTES];

        if (!*name || *name == '.')
                return 0;
        hostname_netbios(name, stem);
        return hash_bytes(stem, strlen(stem), 4) | 1;
}

static struct entry entry_of(unsigned file, unsigned database, enum lease_format format, const struct lease_item *item)
{
        const struct lease *lease = &item->lease;
        struct entry e = {.address = lease->address,
                          .next = NONE,
                          .name = lease->name,
                          .line = item->line,
                          .offset = item->offset,
                          .client = lease->client,
                          .starts_s = lease->starts_s,
                          .ends_s = lease->ends_s,
                          .stem = stem_of(lease->name),
                          .state = (uint8_t)lease->state,
                          .file = (uint8_t)file,
                          .database = (uint8_t)database,
                          .has_mac = lease->has_mac,
                          .journal = lease_format_is_journal(format)};

        memcpy(e.mac, lease->mac, sizeof e.mac);
        return e;
}

/* ---- findings ----------------------------------------------------------------------------------------------------- */

static struct check_ref ref_of(const struct entry *e)
{
        struct check_ref ref = {.file = e->file,
                                .line = e->line,
                                .offset = e->offset,
                                .lease = {.address = e->address,
                                          .state = (enum lease_state)e->state,
                                          .has_mac = e->has_mac,
                                          .client = e->client,
                                          .starts_s = e->starts_s,
                                          .ends_s = e->ends_s,
                                          .name = e->name}};

        memcpy(ref.lease.mac, e->mac, sizeof ref.lease.mac);
        return ref;
}

static void add_finding(struct checker *c, struct check_finding finding)
{
        struct list *list = &c->lists[finding.kind];

        list->count++;
        if (!list->items)
                list->items = malloc(CHECK_KEPT * sizeof *list->items);
        if (!list->items)
                c->failed = true;
        else if (list->kept < CHECK_KEPT)
                list->items[list->kept++] = finding;
}

static void find_two(struct checker *c, enum check_kind kind, const char *why, const struct entry *a,
                     const struct entry *b)
{
        add_finding(c, (struct check_finding){.kind = kind, .why = why, .a = ref_of(a), .b = ref_of(b)});
}

static void find_one(struct checker *c, enum check_kind kind, const char *why, const struct entry *e)
{
        add_finding(c, (struct check_finding){.kind = kind, .why = why, .a = ref_of(e), .b = {.lease = {.name = ""}}});
}

static void drop(struct checker *c, unsigned file, uint64_t offset)
{
        void *array = c->drops[file];

        if (grow(&array, c->drop_count[file], &c->drop_size[file], sizeof **c->drops)) {
                c->drops[file] = array;
                c->drops[file][c->drop_count[file]++] = offset;
        } else {
                c->failed = true;
        }
}

/* Unknown starts are as early, unknown ends as late as can be. */
static bool overlap(const struct entry *a, const struct entry *b)
{
        const int64_t a_end = a->ends_s ? a->ends_s : LEASE_NEVER, b_end = b->ends_s ? b->ends_s : LEASE_NEVER;

        return a->starts_s < b_end && b->starts_s < a_end;
}

static bool both_active(const struct entry *a, const struct entry *b)
{
        return a->state == LEASE_ACTIVE && b->state == LEASE_ACTIVE;
}

static bool other_client(const struct entry *a, const struct entry *b)
{
        return a->client && b->client && a->client != b->client;
}

static void judge_alone(struct checker *c, const struct entry *e, const char *name)
{
        if (e->starts_s && e->ends_s && e->ends_s < e->starts_s && e->state == LEASE_ACTIVE) {
                find_one(c, CHECK_TIME, "it ends before it starts", e);
                drop(c, e->file, e->offset);
        }
        if (e->state == LEASE_DECLINED)
                find_one(c, CHECK_DECLINED, NULL, e);
        if (check_bad_character(name))
                find_one(c, CHECK_NAME_BAD, NULL, e);
        else if (hostname_is_cut(name))
                find_one(c, CHECK_NAME_LONG, NULL, e);
}

/* ---- one address -------------------------------------------------------------------------------------------------- */

/* A later record of a journal takes the place of the earlier one. */
static void supersede(struct checker *c, struct entry *old, const struct entry *e)
{
        if (both_active(old, e) && other_client(old, e) && overlap(old, e))
                find_two(c, CHECK_OVERLAP, NULL, old, e);
        if (e->starts_s && old->starts_s > e->starts_s)
                find_two(c, CHECK_TIME, "the later record starts before the earlier one", old, e);
        c->active += (e->state == LEASE_ACTIVE) - (size_t)(old->state == LEASE_ACTIVE);
        const uint32_t next = old->next;

        *old = *e;
        old->next = next;
}

/* Both stay; a clean copy keeps the one that lasts longer, of equals the later. */
static void repeat(struct checker *c, const struct entry *old, const struct entry *e)
{
        const bool same_file = old->file == e->file;
        const int64_t old_end = old->ends_s ? old->ends_s : LEASE_NEVER, end = e->ends_s ? e->ends_s : LEASE_NEVER;

        if (!same_file && (!both_active(old, e) || !other_client(old, e) || !overlap(old, e)))
                return;
        find_two(c, CHECK_ADDRESS_TWICE, NULL, old, e);
        if (same_file)
                drop(c, e->file, old_end > end ? e->offset : old->offset);
}

static int append(struct checker *c, const struct entry *e)
{
        void *array = c->entries;

        if (c->count == CHECK_MAX_LEASES)
                return NBT_ERR_FULL;
        if (!grow(&array, c->count, &c->size, sizeof *c->entries))
                return NBT_ERR_NOMEM;
        c->entries = array;
        c->entries[c->count++] = *e;
        c->active += e->state == LEASE_ACTIVE;
        return 0;
}

static int add_lease(struct checker *c, struct entry *e)
{
        if (!grow_slots(c))
                return NBT_ERR_NOMEM;
        uint32_t *slot = slot_of(c, e->address);
        uint32_t last = NONE;

        for (uint32_t i = *slot; i != NONE; i = c->entries[i].next) {
                if (e->journal && c->entries[i].database == e->database) {
                        e->name = keep_name(c, e->name, &c->entries[i]);
                        supersede(c, &c->entries[i], e);
                        return 0;
                }
                last = i;
        }
        e->name = keep_name(c, e->name, NULL);
        const uint32_t at = (uint32_t)c->count;
        const int rc = append(c, e);

        if (rc < 0)
                return rc;
        if (last == NONE)
                *slot = at;
        else {
                c->entries[last].next = at;
                repeat(c, &c->entries[last], e);
        }
        return 0;
}

int checker_add(struct checker *c, unsigned file, unsigned database, enum lease_format format,
                const struct lease_item *item)
{
        if (item->kind == LEASE_ITEM_DAMAGE) {
                add_finding(
                        c,
                        (struct check_finding){
                                .kind = CHECK_DAMAGE,
                                .why = item->why,
                                .a = {.file = file, .line = item->line, .offset = item->offset, .lease = {.name = ""}},
                                .b = {.lease = {.name = ""}}});
        } else if (item->kind == LEASE_ITEM_LEASE) {
                struct entry e = entry_of(file, database, format, item);
                const int rc = c->failed ? NBT_ERR_NOMEM : add_lease(c, &e);

                if (rc < 0)
                        return rc;
                judge_alone(c, &e, item->lease.name);
        }
        return c->failed ? NBT_ERR_NOMEM : 0;
}

/* ---- names and clients -------------------------------------------------------------------------------------------- */

static bool same_name(const char *a, const char *b)
{
        const size_t a_len = strcspn(a, "."), b_len = strcspn(b, ".");

        return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

static void judge_client(struct checker *c, const struct entry *a, const struct entry *b)
{
        /* two databases may know one client, each on its own: a machine that was moved */
        if (a->address != b->address && overlap(a, b))
                find_two(c, CHECK_CLIENT_TWICE, NULL, a, b);
}

static void judge_name(struct checker *c, const struct entry *a, const struct entry *b)
{
        if (a->address == b->address || !other_client(a, b) || !overlap(a, b))
                return;
        find_two(c, same_name(a->name, b->name) ? CHECK_NAME_TWICE : CHECK_NAME_CUT, NULL, a, b);
}

/* A table of the last lease of each key: its slots are indexes of entries, or NONE. */
struct latest {
        const struct checker *c;
        uint64_t (*key_of)(const struct entry *e);
        size_t slot_count;
        uint32_t *slots;
};

static uint64_t client_of(const struct entry *e)
{
        return e->client;
}

static uint64_t name_of(const struct entry *e)
{
        return e->stem;
}

static uint32_t *latest_of(const struct latest *l, uint64_t key)
{
        size_t i = hash_bytes(&key, sizeof key, 5) & (l->slot_count - 1);

        while (l->slots[i] != NONE && l->key_of(&l->c->entries[l->slots[i]]) != key)
                i = (i + 1) & (l->slot_count - 1);
        return &l->slots[i];
}

/* Each active lease is compared with the one before it that has the same key: N of a kind give N - 1 findings. */
static int compare_all(struct checker *c, uint64_t (*key_of)(const struct entry *e),
                       void (*judge)(struct checker *c, const struct entry *a, const struct entry *b))
{
        struct latest latest = {.c = c, .key_of = key_of, .slot_count = 16};

        while (latest.slot_count < c->count * 2)
                latest.slot_count *= 2;
        latest.slots = malloc(latest.slot_count * sizeof *latest.slots);
        if (!latest.slots)
                return NBT_ERR_NOMEM;
        memset(latest.slots, 0xFF, latest.slot_count * sizeof *latest.slots);
        for (size_t i = 0; i < c->count; i++) {
                const struct entry *e = &c->entries[i];
                const uint64_t key = key_of(e);

                if (!key || e->state != LEASE_ACTIVE)
                        continue;
                uint32_t *slot = latest_of(&latest, key);

                if (*slot != NONE)
                        judge(c, &c->entries[*slot], e);
                *slot = (uint32_t)i;
        }
        free(latest.slots);
        return c->failed ? NBT_ERR_NOMEM : 0;
}

int checker_finish(struct checker *c)
{
        const int rc = compare_all(c, client_of, judge_client);

        return rc < 0 ? rc : compare_all(c, name_of, judge_name);
}

/* ---- asking ------------------------------------------------------------------------------------------------------- */

/* A machine has its name under several suffixes, one record after the other. */
static bool was_compared(const struct checker *c, const struct entry *e, const char *why)
{
        const struct list *list = &c->lists[CHECK_NAME_OTHER];
        const struct check_finding *last = list->kept ? &list->items[list->kept - 1] : NULL;

        return last && last->a.lease.address == e->address && last->a.offset == e->offset &&
               strcmp(last->why, why) == 0;
}

int checker_compare(struct checker *c, uint32_t address, const char *netbios, const char *who)
{
        char stem[HOSTNAME_NETBIOS_BYTES];

        for (uint32_t at = c->slots ? *slot_of(c, address) : NONE; at != NONE; at = c->entries[at].next) {
                const struct entry *e = &c->entries[at];

                if (e->state != LEASE_ACTIVE || e->stem == 0)
                        continue;
                hostname_netbios(e->name, stem);
                if (strcmp(stem, netbios) == 0)
                        continue;
                const char *why = arena_printf(&c->names, "%s gives it to %s", who, netbios);

                c->failed |= !why;
                if (why && !was_compared(c, e, why))
                        find_one(c, CHECK_NAME_OTHER, why, e);
        }
        return c->failed ? NBT_ERR_NOMEM : 0;
}

size_t checker_count(const struct checker *c, enum check_kind kind)
{
        return c->lists[kind].count;
}

size_t checker_active(const struct checker *c)
{
        return c->active;
}

size_t checker_addresses(const struct checker *c)
{
        return c->count;
}

const struct check_finding *checker_finding(const struct checker *c, enum check_kind kind, size_t i)
{
        return i < c->lists[kind].kept ? &c->lists[kind].items[i] : NULL;
}

bool checker_lease(const struct checker *c, size_t i, struct check_ref *ret)
{
        if (i >= c->count)
                return false;
        *ret = ref_of(&c->entries[i]);
        return true;
}

static int by_offset(const void *a, const void *b)
{
        const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

const uint64_t *checker_drops(struct checker *c, unsigned file, size_t *ret_count)
{
        if (c->drop_count[file])
                qsort(c->drops[file], c->drop_count[file], sizeof **c->drops, by_offset);
        *ret_count = c->drop_count[file];
        return c->drops[file];
}
