#include "diagnose/contradict.h"
#include "diagnose/adapters.h"
#include "diagnose/describe.h"
#include "diagnose/likeness.h"
#include "diagnose/winsrec.h"
#include "settings/hostname.h"

#include <string.h>

/* The machine that refused, or was found to hold the name, does not know the name any more. */
static void tell_denial(const struct rule_input *in, struct texts *lines)
{
        const struct snapshot_event *event = case_event(in->c);
        const bool refusal = event && event->event->id == EVENT_ID_DUPLICATE_NAME_ERROR;
        const uint32_t who = !event ? 0 : refusal ? event->sender : event->holder;
        const struct case_holder *holder = case_find_holder(in->c, who);

        if (!holder || !in->c->has_name || snapshot_is_wins(in->snapshot, who) || holder->in_table || !holder->host ||
            !holder->host->table)
                return;
        texts_add(
                lines,
                "but: %s, which %s %s then, does not have it in its name table now: it was renamed, or its address was "
                "another machine's",
                describe_host(in, who), refusal ? "refused" : "held", describe_name(in));
}

/* The demand was found to be without ground when it came, and yet somebody holds the name now. */
static void tell_late_holder(const struct rule_input *in, struct texts *lines)
{
        const struct case_holder *live = case_live_holder(in->c);

        if (live && case_verification(in->c) == SNAPSHOT_VERIFICATION_UNFOUNDED)
                texts_add(lines, "but: when the demand came, nobody else was found to hold %s; %s does now",
                          describe_name(in), describe_address(in, live->address));
}

static bool word_has(const struct winsrec_word *word, uint32_t address)
{
        for (size_t i = 0; i < word->count; i++)
                if (word->addresses[i] == address)
                        return true;
        return false;
}

/* A WINS server sends whoever asks elsewhere than where the name is held. */
static void tell_astray(const struct rule_input *in, struct texts *lines)
{
        const struct case_holder *live = case_live_holder(in->c);
        struct winsrec_word words[WINSREC_WORDS];
        const size_t count = winsrec_words(in, words);

        for (size_t i = 0; live && i < count; i++) {
                bool right = words[i].count == 0 || word_has(&words[i], live->address);

                for (size_t j = 0; j < words[i].count && !right; j++)
                        right = case_is_own(in->snapshot, in->c, words[i].addresses[j]);
                if (right)
                        continue;
                texts_add(lines, "but: the WINS server %s gives %s for %s, while it is %s that holds it",
                          describe_address(in, words[i].server), describe_address(in, words[i].addresses[0]),
                          describe_name(in), describe_address(in, live->address));
                return;
        }
}

static void tell_servers(const struct rule_input *in, struct texts *lines)
{
        struct winsrec_word words[WINSREC_WORDS];
        const size_t count = winsrec_words(in, words);

        for (size_t i = 0; i < count; i++)
                for (size_t j = i + 1; j < count; j++) {
                        if (words[i].count == 0 || words[j].count == 0 || !winsrec_disagree(&words[i], &words[j]))
                                continue;
                        texts_add(lines, "but: the WINS servers disagree: %s gives %s, and %s gives %s",
                                  describe_address(in, words[i].server), describe_address(in, words[i].addresses[0]),
                                  describe_address(in, words[j].server), describe_address(in, words[j].addresses[0]));
                        return;
                }
}

/* ---- leases ------------------------------------------------------------------------------------------------------- */

/* Does TABLE have a unique name of the lease's host name? */
static bool table_bears(const struct nbstat_table *table, const char *host_name)
{
        char stem[HOSTNAME_NETBIOS_BYTES];

        hostname_netbios(host_name, stem);
        const struct nb_name wanted = nb_name_make(stem, 0);

        for (size_t i = 0; i < table->count; i++)
                if (!(table->entries[i].name_flags & NBSTAT_GROUP) &&
                    nb_name_same_stem(&table->entries[i].name, &wanted))
                        return true;
        return false;
}

/* DHCP says that another machine has the address than the one that answers there. */
static void tell_lease(const struct rule_input *in, const struct check_ref *ref, struct texts *lines)
{
        const uint32_t address = ref->lease.address;
        const struct snapshot_host *host = snapshot_find_host(in->snapshot, address);
        const char *file = in->snapshot->leases.files[ref->file], *name = ref->lease.name;
        char seen[MAC_TEXT_BYTES], leased[MAC_TEXT_BYTES];
        uint8_t mac[6];

        if (host && host->table && name[0] && name[0] != '.' && !table_bears(host->table, name)) {
                const char *computer = describe_computer(in, address);

                texts_add(lines, "but: %s leases %s to %s, and the name table there has no such name%s%s", file,
                          describe_address(in, address), name, computer ? ": the computer there is " : "",
                          computer ? computer : "");
        }
        if (ref->lease.has_mac && snapshot_find_mac(in->snapshot, address, mac, NULL) &&
            memcmp(mac, ref->lease.mac, sizeof mac) != 0) {
                mac_format(mac, seen);
                mac_format(ref->lease.mac, leased);
                texts_add(lines, "but: %s leases %s to the MAC address %s, and %s is seen there", file,
                          describe_address(in, address), leased, seen);
        }
}

static void tell_leases(const struct rule_input *in, struct texts *lines)
{
        const struct snapshot_leases *leases = &in->snapshot->leases;

        for (size_t i = 0; i < leases->lease_count; i++) {
                const uint32_t address = leases->leases[i].lease.address;

                if (leases->leases[i].lease.state == LEASE_ACTIVE &&
                    (address == in->c->address || case_find_holder(in->c, address)))
                        tell_lease(in, &leases->leases[i], lines);
        }
}

/* ---- MAC addresses ------------------------------------------------------------------------------------------------ */

/* One MAC, and yet two machines: names apart, or a router between. */
static void tell_macs(const struct rule_input *in, struct texts *lines)
{
        for (size_t i = 0; i < in->c->holder_count; i++) {
                const struct case_holder *holder = &in->c->holders[i];
                const struct likeness like = likeness_to_loser(in, holder->address);

                if (like.proxied)
                        texts_add(lines,
                                  "but: %s and %s have one MAC address in the neighbour table: a router answers for "
                                  "them (proxy ARP), it is not theirs",
                                  describe_loser(in), describe_address(in, holder->address));
                else if (like.same_mac && like.table_differs && !like.own_address)
                        texts_add(lines,
                                  "but: %s and %s have one MAC address, though their name tables differ: a virtual "
                                  "machine that was copied with its MAC address, or a router that answers for both",
                                  describe_loser(in), describe_address(in, holder->address));
        }
}

/* The other's address was once this machine's own. */
static void tell_gone(const struct rule_input *in, struct texts *lines)
{
        for (size_t i = 0; i < in->c->holder_count; i++) {
                const uint32_t address = in->c->holders[i].address;
                const struct settings_iface *gone = adapters_find_gone(in, address);

                if (gone)
                        texts_add(
                                lines,
                                "but: %s was the address of an adapter of this very machine that was taken out (%s, in "
                                "%s): a record of it that stayed in WINS would look just like this",
                                describe_address(in, address), gone->connection[0] ? gone->connection : gone->id,
                                in->snapshot->host_names.source);
        }
}

void evidence_contradictions(const struct rule_input *in, enum diagnose_cause cause, struct texts *evidence)
{
        tell_denial(in, evidence);
        tell_late_holder(in, evidence);
        tell_astray(in, evidence);
        if (cause != CAUSE_WINS_REPLICATION)
                tell_servers(in, evidence);
        if (cause != CAUSE_DHCP_DATABASE)
                tell_leases(in, evidence);
        tell_macs(in, evidence);
        tell_gone(in, evidence);
}
