#include "diagnose/cut.h"
#include "diagnose/describe.h"
#include "settings/hostname.h"

#include <string.h>
#include <strings.h>

#define HOST_NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

struct list {
        const struct rule_input *in;
        size_t count;
        struct cut_name *names; /* CUT_MAX */
};

static bool comes_to_case(const struct rule_input *in, const char *host)
{
        char netbios[HOSTNAME_NETBIOS_BYTES];

        if (!host || !in->c->has_name || !hostname_is_cut(host))
                return false;
        hostname_netbios(host, netbios);
        const struct nb_name name = nb_name_make(netbios, 0);

        return nb_name_same_stem(&name, &in->c->name);
}

static void add(struct list *list, const char *host, const char *source)
{
        if (!source || !comes_to_case(list->in, host))
                return;
        const size_t len = strcspn(host, ".");

        /* whoever names himself in a lease or a log may write anything; no host is called so */
        if (strspn(host, HOST_NAME_BYTES) < len)
                return;
        for (size_t i = 0; i < list->count; i++)
                if (strlen(list->names[i].name) == len && strncasecmp(list->names[i].name, host, len) == 0)
                        return;
        const char *label = arena_printf(list->in->arena, "%.*s", (int)len, host);

        if (label && list->count < CUT_MAX)
                list->names[list->count++] = (struct cut_name){label, source};
}

static void add_leases(struct list *list)
{
        const struct snapshot_leases *leases = &list->in->snapshot->leases;

        for (size_t i = 0; i < leases->lease_count; i++) {
                const struct check_ref *ref = &leases->leases[i];

                if (ref->lease.state == LEASE_ACTIVE && comes_to_case(list->in, ref->lease.name))
                        add(list, ref->lease.name,
                            arena_printf(list->in->arena, "%s, the lease of %s", leases->files[ref->file],
                                         describe_address(list->in, ref->lease.address)));
        }
}

static void add_log(struct list *list, const char *computer, const char *source)
{
        if (comes_to_case(list->in, computer))
                add(list, computer, arena_printf(list->in->arena, "the computer that wrote in %s", source));
}

size_t cut_names(const struct rule_input *in, struct cut_name ret[CUT_MAX])
{
        const struct snapshot *s = in->snapshot;
        struct list list = {.in = in, .names = ret};

        for (size_t i = 0; i < HOSTNAME_SOURCE_MAX; i++)
                add(&list, s->host_names.names[i], s->host_names.source);
        add_leases(&list);
        for (size_t i = 0; i < s->event_count; i++)
                add_log(&list, s->events[i].event->computer, s->events[i].source);
        for (size_t i = 0; i < s->companion_count; i++)
                add_log(&list, s->companions[i].companion.computer, s->companions[i].source);
        for (size_t i = 0; i < s->relay_count; i++)
                add_log(&list, s->relays[i].computer, s->relays[i].source);
        return list.count;
}

void cut_tell(const struct rule_input *in, struct texts *evidence, struct texts *remedy)
{
        struct cut_name names[CUT_MAX];
        const size_t count = cut_names(in, names);
        char stem[NB_NAME_TEXT_BYTES];

        if (count == 0)
                return;
        nb_name_format_stem(&in->c->name, stem);
        for (size_t i = 0; i < count; i++)
                texts_add(evidence,
                          "%s: the host name %s is longer than NetBIOS' 15 bytes, so %s is all that is left of it: "
                          "hosts that differ only after that become one",
                          names[i].source, names[i].name, stem);
        if (count == 1)
                texts_add(remedy,
                          "NetBIOS knows only the first 15 bytes of %s: whichever gets a new name, let its first 15 "
                          "bytes "
                          "differ from every other's",
                          names[0].name);
        else
                texts_add(
                        remedy,
                        "%s and %s are equal in their first 15 bytes, and NetBIOS knows no more of them: rename one so "
                        "that the first 15 differ (with the number in front, or shorter)",
                        names[0].name, names[1].name);
}
