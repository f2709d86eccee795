#include "scan/dups.h"

#include <stdlib.h>
#include <string.h>

/* ASSUMPTION: where nobody tells the mask of a remote subnet, it is this one; it only matters for <1D>. */
#define USUAL_NETMASK UINT32_C(0xFFFFFF00)
#define LIKE_MAC 1
#define LIKE_LIST 2

struct name_row {
        uint32_t host;
        uint8_t entry;
};

struct judge {
        const struct scan_host *const *hosts;
        size_t count;
        const struct scan_subnet *subnets;
        size_t subnet_count;
        uint32_t *parent;  /* a forest: the root of each host is its machine */
        uint8_t *likeness; /* at the root: why */
        uint32_t *sorted;  /* hosts by MAC, then by address */
};

/* ---- machines ----------------------------------------------------------------------------------------------------- */

static uint32_t find_root(struct judge *judge, uint32_t i)
{
        while (judge->parent[i] != i) {
                judge->parent[i] = judge->parent[judge->parent[i]];
                i = judge->parent[i];
        }
        return i;
}

static void join(struct judge *judge, uint32_t a, uint32_t b, uint8_t why)
{
        const uint32_t x = find_root(judge, a), y = find_root(judge, b);
        const uint32_t low = x < y ? x : y, high = x < y ? y : x;

        judge->parent[high] = low;
        judge->likeness[low] = (uint8_t)(judge->likeness[low] | judge->likeness[high] | why);
}

static int compare_macs(const void *a, const void *b, void *context)
{
        const struct judge *judge = context;
        const struct scan_host *x = judge->hosts[*(const uint32_t *)a], *y = judge->hosts[*(const uint32_t *)b];

        return memcmp(x->mac, y->mac, sizeof(x->mac));
}

static int compare_addresses(const void *a, const void *b, void *context)
{
        const struct judge *judge = context;
        const struct scan_host *x = judge->hosts[*(const uint32_t *)a], *y = judge->hosts[*(const uint32_t *)b];

        return x->address < y->address ? -1 : x->address > y->address;
}

static bool same_computer(const struct scan_host *a, const struct scan_host *b)
{
        const struct nbstat_entry *x = scan_host_computer(a), *y = scan_host_computer(b);

        return x && y && nb_name_same_stem(&x->name, &y->name);
}

static void join_by_mac(struct judge *judge)
{
        qsort_r(judge->sorted, judge->count, sizeof(*judge->sorted), compare_macs, judge);
        for (size_t i = 1; i < judge->count; i++) {
                const struct scan_host *host = judge->hosts[judge->sorted[i]];

                /* with the few of the same MAC before it, of which a stranger may send many */
                for (size_t back = 1; back <= 16 && back <= i; back++) {
                        const struct scan_host *before = judge->hosts[judge->sorted[i - back]];

                        if (mac_is_zero(host->mac) || memcmp(host->mac, before->mac, sizeof(host->mac)) != 0)
                                break;
                        if (same_computer(host, before))
                                join(judge, judge->sorted[i], judge->sorted[i - back], LIKE_MAC);
                }
        }
}

/* The host at ADDRESS, or COUNT. The hosts are sorted by address. */
static uint32_t find_address(const struct judge *judge, uint32_t address)
{
        size_t low = 0, high = judge->count;

        while (low < high) {
                const size_t middle = low + (high - low) / 2;

                if (judge->hosts[judge->sorted[middle]]->address < address)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low < judge->count && judge->hosts[judge->sorted[low]]->address == address)
                return judge->sorted[low];
        return (uint32_t)judge->count;
}

static void join_by_lists(struct judge *judge)
{
        qsort_r(judge->sorted, judge->count, sizeof(*judge->sorted), compare_addresses, judge);
        for (uint32_t i = 0; i < judge->count; i++) {
                const struct scan_host *host = judge->hosts[i];

                for (size_t j = 0; j < host->address_count; j++) {
                        const uint32_t other_at = find_address(judge, host->addresses[j]);

                        if (other_at == judge->count || other_at == i)
                                continue;
                        const struct scan_host *other = judge->hosts[other_at];
                        if (other->address_count && !scan_host_lists(other, host->address))
                                continue;
                        if (scan_host_same_table(host, other))
                                join(judge, i, other_at, LIKE_LIST);
                }
        }
}

/* ---- names -------------------------------------------------------------------------------------------------------- */

static const struct nbstat_entry *entry_of(const struct judge *judge, const struct name_row *row)
{
        return &judge->hosts[row->host]->names[row->entry];
}

static bool is_group(const struct judge *judge, const struct name_row *row)
{
        return entry_of(judge, row)->name_flags & NBSTAT_GROUP;
}

static uint32_t subnet_of(const struct judge *judge, const struct name_row *row)
{
        const struct nb_name *name = &entry_of(judge, row)->name;
        const uint32_t address = judge->hosts[row->host]->address;

        if (nb_name_suffix(name) != 0x1D)
                return 0;
        for (size_t i = 0; i < judge->subnet_count; i++)
                if (ip4_same_subnet(address, judge->subnets[i].address, judge->subnets[i].netmask))
                        return address & judge->subnets[i].netmask;
        return address & USUAL_NETMASK;
}

/* Names together, each by subnet where that matters, then by machine and address. */
static int compare_rows(const void *a, const void *b, void *context)
{
        struct judge *judge = context;
        const struct name_row *x = a, *y = b;
        const int order = memcmp(entry_of(judge, x)->name.bytes, entry_of(judge, y)->name.bytes, NB_NAME_BYTES);

        if (order)
                return order;
        const uint32_t nets[2] = {subnet_of(judge, x), subnet_of(judge, y)};
        if (nets[0] != nets[1])
                return nets[0] < nets[1] ? -1 : 1;
        const uint32_t roots[2] = {find_root(judge, x->host), find_root(judge, y->host)};
        if (roots[0] != roots[1])
                return roots[0] < roots[1] ? -1 : 1;
        return judge->hosts[x->host]->address < judge->hosts[y->host]->address ? -1 : 1;
}

static bool same_question(const struct judge *judge, const struct name_row *a, const struct name_row *b)
{
        return nb_name_equal(&entry_of(judge, a)->name, &entry_of(judge, b)->name) &&
               subnet_of(judge, a) == subnet_of(judge, b);
}

/* How many machines hold the name of ROWS as unique; RET_ROOT is the last of them. */
static size_t count_uniques(struct judge *judge, const struct name_row *rows, size_t count, uint32_t *ret_root)
{
        size_t uniques = 0;

        for (size_t i = 0; i < count; i++) {
                const uint32_t root = find_root(judge, rows[i].host);

                if (is_group(judge, &rows[i]) || (uniques && root == *ret_root))
                        continue;
                uniques++;
                *ret_root = root;
        }
        return uniques;
}

/* The first machine that holds it as a group, and is not the only one that holds it as unique; COUNT if there is none. */
static size_t find_group(struct judge *judge, const struct name_row *rows, size_t count, size_t uniques,
                         uint32_t unique)
{
        size_t i = 0;

        while (i < count && (!is_group(judge, &rows[i]) || (uniques == 1 && find_root(judge, rows[i].host) == unique)))
                i++;
        return i;
}

/* Fills RET from ROWS, all of one name; false if nothing is wrong with it. Without HOLDERS it only counts. */
static bool judge_name(struct judge *judge, const struct name_row *rows, size_t count, struct scan_duplicate *ret,
                       struct scan_holder *holders)
{
        uint32_t unique = 0;
        const size_t uniques = count_uniques(judge, rows, count, &unique);
        const size_t group_at = find_group(judge, rows, count, uniques, unique);

        *ret = (struct scan_duplicate){.name = entry_of(judge, &rows[0])->name, .holders = holders};
        ret->mixed_kind = uniques && group_at < count;
        ret->machine_count = uniques + ret->mixed_kind;
        for (size_t i = 0; i < count; i++) {
                /* groups have as many members as they like: one stands for all */
                if (is_group(judge, &rows[i]) && i != group_at)
                        continue;
                if (holders)
                        holders[ret->holder_count] =
                                (struct scan_holder){judge->hosts[rows[i].host], find_root(judge, rows[i].host),
                                                     entry_of(judge, &rows[i])->name_flags};
                ret->holder_count++;
        }
        return uniques > 1 || ret->mixed_kind;
}

static size_t list_rows(const struct judge *judge, struct name_row *rows)
{
        size_t count = 0;

        for (uint32_t i = 0; i < judge->count; i++)
                for (size_t j = 0; j < judge->hosts[i]->name_count; j++, count++)
                        if (rows)
                                rows[count] = (struct name_row){i, (uint8_t)j};
        return count;
}

/* The names that are wrong; with RET NULL only their count and that of all their holders. */
static void walk_names(struct judge *judge, const struct name_row *rows, size_t count, struct scan_duplicate *ret,
                       struct scan_holder *holders, size_t *ret_count, size_t *ret_holders)
{
        *ret_count = *ret_holders = 0;
        for (size_t i = 0, end; i < count; i = end) {
                struct scan_duplicate duplicate;

                for (end = i + 1; end < count && same_question(judge, &rows[i], &rows[end]); end++)
                        ;
                if (end == i + 1)
                        continue;
                if (!judge_name(judge, &rows[i], end - i, &duplicate, NULL))
                        continue;
                if (ret)
                        (void)judge_name(judge, &rows[i], end - i, &ret[*ret_count], holders + *ret_holders);
                *ret_holders += duplicate.holder_count;
                (*ret_count)++;
        }
}

static int judge_names(struct judge *judge, struct arena *arena, struct scan_report *ret)
{
        const size_t count = list_rows(judge, NULL);
        struct name_row *rows = calloc(count ? count : 1, sizeof(*rows));
        size_t holder_count;
        int r = NBT_ERR_NOMEM;

        if (!rows)
                return r;
        list_rows(judge, rows);
        qsort_r(rows, count, sizeof(*rows), compare_rows, judge);
        walk_names(judge, rows, count, NULL, NULL, &ret->duplicate_count, &holder_count);
        struct scan_duplicate *duplicates = arena_alloc(arena, ret->duplicate_count * sizeof(*duplicates));
        struct scan_holder *holders = arena_alloc(arena, holder_count * sizeof(*holders));
        if (duplicates && holders) {
                walk_names(judge, rows, count, duplicates, holders, &ret->duplicate_count, &holder_count);
                ret->duplicates = duplicates;
                r = 0;
        }
        free(rows);
        return r;
}

/* ---- machines of several addresses -------------------------------------------------------------------------------- */

static int compare_machines(const void *a, const void *b, void *context)
{
        struct judge *judge = context;
        const uint32_t x = find_root(judge, *(const uint32_t *)a), y = find_root(judge, *(const uint32_t *)b);

        return x != y ? (x < y ? -1 : 1) : compare_addresses(a, b, context);
}

/* How many of the sorted hosts from FROM on are one machine. */
static size_t run_of(struct judge *judge, size_t from)
{
        const uint32_t root = find_root(judge, judge->sorted[from]);
        size_t len = 1;

        while (from + len < judge->count && find_root(judge, judge->sorted[from + len]) == root)
                len++;
        return len;
}

static int add_machine(struct judge *judge, size_t from, size_t count, struct arena *arena, struct scan_machine *ret)
{
        const uint8_t why = judge->likeness[find_root(judge, judge->sorted[from])];
        const struct scan_host **hosts = arena_alloc(arena, count * sizeof(*hosts));

        if (!hosts)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < count; i++)
                hosts[i] = judge->hosts[judge->sorted[from + i]];
        *ret = (struct scan_machine){
                .same_mac = why & LIKE_MAC, .lists_all = why & LIKE_LIST, .host_count = count, .hosts = hosts};
        return 0;
}

static int judge_machines(struct judge *judge, struct arena *arena, struct scan_report *ret)
{
        size_t several = 0;

        qsort_r(judge->sorted, judge->count, sizeof(*judge->sorted), compare_machines, judge);
        for (size_t i = 0, len; i < judge->count; i += len) {
                len = run_of(judge, i);
                several += len > 1;
                ret->machine_count++;
        }
        struct scan_machine *machines = arena_alloc(arena, several * sizeof(*machines));
        if (!machines)
                return NBT_ERR_NOMEM;
        for (size_t i = 0, len; i < judge->count; i += len) {
                len = run_of(judge, i);
                if (len > 1 && add_machine(judge, i, len, arena, &machines[ret->multihomed_count++]) < 0)
                        return NBT_ERR_NOMEM;
        }
        ret->multihomed = machines;
        return 0;
}

int scan_judge(const struct scan_host *const *hosts, size_t count, const struct scan_subnet *subnets,
               size_t subnet_count, struct arena *arena, struct scan_report *ret)
{
        struct judge judge = {.hosts = hosts, .count = count, .subnets = subnets, .subnet_count = subnet_count};
        struct scan_report report = {0};
        int r = NBT_ERR_NOMEM;

        judge.parent = calloc(count + 1, sizeof(*judge.parent));
        judge.likeness = calloc(count + 1, sizeof(*judge.likeness));
        judge.sorted = calloc(count + 1, sizeof(*judge.sorted));
        if (judge.parent && judge.likeness && judge.sorted) {
                for (uint32_t i = 0; i < count; i++) {
                        judge.parent[i] = judge.sorted[i] = i;
                        report.in_conflict_count += scan_host_in_conflict(hosts[i]);
                }
                join_by_mac(&judge);
                join_by_lists(&judge);
                r = judge_names(&judge, arena, &report);
        }
        if (r == 0)
                r = judge_machines(&judge, arena, &report);
        free(judge.parent);
        free(judge.likeness);
        free(judge.sorted);
        if (r == 0)
                *ret = report;
        return r;
}
