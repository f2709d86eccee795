/* The lease databases of --leases: what they say of the names and addresses that were collected. */
#include "cli/collect.h"

#include "base/ip4.h"
#include "cli/lease_file.h"
#include "settings/hostname.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ADDRESSES 2048
#define MAX_STEMS 64
#define MAX_LEASES 512
#define MAX_FAULTS 256

struct concern {
        size_t address_count, stem_count;
        uint32_t addresses[MAX_ADDRESSES]; /* sorted before use */
        struct nb_name stems[MAX_STEMS];
};

static void add_address(struct concern *k, uint32_t address)
{
        if (address && k->address_count < MAX_ADDRESSES)
                k->addresses[k->address_count++] = address;
}

static void add_stem(struct concern *k, const struct nb_name *name)
{
        for (size_t i = 0; i < k->stem_count; i++)
                if (nb_name_same_stem(&k->stems[i], name))
                        return;
        if (k->stem_count < MAX_STEMS)
                k->stems[k->stem_count++] = *name;
}

static int by_value(const void *a, const void *b)
{
        const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return x < y ? -1 : x > y;
}

static void find_concern(const struct snapshot *s, struct concern *k)
{
        for (size_t i = 0; i < s->iface_count; i++)
                add_address(k, s->ifaces[i].address);
        for (size_t i = 0; i < s->host_count; i++)
                add_address(k, s->hosts[i].address);
        for (size_t i = 0; i < s->event_count; i++) {
                add_address(k, s->events[i].sender);
                add_address(k, s->events[i].own);
                add_address(k, s->events[i].holder);
                if (s->events[i].has_name)
                        add_stem(k, &s->events[i].name);
        }
        for (size_t i = 0; i < s->query_count; i++) {
                add_stem(k, &s->queries[i].name);
                for (size_t j = 0; j < s->queries[i].answer_count; j++)
                        for (size_t a = 0; a < s->queries[i].answers[j].address_count; a++)
                                add_address(k, s->queries[i].answers[j].addresses[a]);
        }
        for (size_t i = 0; s->node && i < s->node->name_count; i++) {
                add_address(k, s->node->names[i].conflict_peer);
                if (s->node->names[i].kind == NODE_NAME_UNIQUE)
                        add_stem(k, &s->node->names[i].name);
        }
        qsort(k->addresses, k->address_count, sizeof *k->addresses, by_value);
}

static bool concerns(const struct concern *k, const struct check_ref *ref)
{
        const uint32_t address = ref->lease.address;
        char stem[HOSTNAME_NETBIOS_BYTES];

        if (bsearch(&address, k->addresses, k->address_count, sizeof address, by_value))
                return true;
        if (!ref->lease.name[0] || ref->lease.name[0] == '.')
                return false;
        hostname_netbios(ref->lease.name, stem);
        const struct nb_name name = nb_name_make(stem, 0);
        for (size_t i = 0; i < k->stem_count; i++)
                if (nb_name_same_stem(&k->stems[i], &name))
                        return true;
        return false;
}

static void take_leases(struct collection *c, const struct concern *k)
{
        struct check_ref *rows = arena_alloc(&c->arena, MAX_LEASES * sizeof *rows), ref;
        struct snapshot_leases *leases = &c->snapshot.leases;

        for (size_t i = 0; rows && leases->lease_count < MAX_LEASES && checker_lease(c->checker, i, &ref); i++)
                if (concerns(k, &ref))
                        rows[leases->lease_count++] = ref;
        leases->leases = rows;
}

static void take_faults(struct collection *c, const struct concern *k)
{
        static const enum check_kind kinds[] = {CHECK_ADDRESS_TWICE, CHECK_OVERLAP, CHECK_CLIENT_TWICE};
        struct check_finding *rows = arena_alloc(&c->arena, MAX_FAULTS * sizeof *rows);
        struct snapshot_leases *leases = &c->snapshot.leases;
        const struct check_finding *f;

        for (size_t n = 0; rows && n < NBT_ARRAY_SIZE(kinds); n++)
                for (size_t i = 0; leases->fault_count < MAX_FAULTS && (f = checker_finding(c->checker, kinds[n], i));
                     i++)
                        if (concerns(k, &f->a) || concerns(k, &f->b))
                                rows[leases->fault_count++] = *f;
        leases->faults = rows;
}

static void take_damage(struct collection *c, const struct lease_file *files)
{
        const struct check_finding *first = checker_finding(c->checker, CHECK_DAMAGE, 0);
        struct snapshot_leases *leases = &c->snapshot.leases;

        leases->damage_count = checker_count(c->checker, CHECK_DAMAGE);
        if (!first)
                return;
        leases->damage = first->a.line ? arena_printf(&c->arena, "%s, line %u: %s", files[first->a.file].path,
                                                      first->a.line, first->why)
                                       : arena_printf(&c->arena, "%s, byte %llu: %s", files[first->a.file].path,
                                                      (unsigned long long)first->a.offset, first->why);
}

/* Whomever they concern. */
static void sum_up(struct collection *c)
{
        const char *text = NULL;

        for (enum check_kind kind = 0; kind < CHECK_KIND_MAX; kind++) {
                const size_t count = check_is_fault(kind) ? checker_count(c->checker, kind) : 0;

                if (count)
                        text = arena_printf(&c->arena, "%s%s%s: %zu", text ? text : "", text ? "; " : "",
                                            check_kind_title(kind), count);
        }
        c->snapshot.leases.summary = text;
}

int collect_leases(struct collection *c, const struct cli_context *ctx, const struct collect_request *request)
{
        struct lease_file files[CHECK_MAX_FILES];
        struct concern *k = arena_alloc(&c->arena, sizeof *k);
        const char **paths = arena_alloc(&c->arena, CHECK_MAX_FILES * sizeof *paths);
        size_t count = 0;

        if (!k || !paths || checker_new(&c->checker) < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        const int exit = lease_files_check(ctx, request->leases, request->lease_count, LEASE_FORMAT_UNKNOWN,
                                           LEASE_FILES_DATABASES, &c->arena, c->checker, files, &count);
        if (exit)
                return exit;
        for (size_t i = 0; i < count; i++)
                paths[i] = files[i].path;
        c->snapshot.leases = (struct snapshot_leases){.source = request->leases[0], .files = paths};
        find_concern(&c->snapshot, k);
        take_leases(c, k);
        take_faults(c, k);
        take_damage(c, files);
        sum_up(c);
        return CLI_EXIT_OK;
}
