/*
 * dhcp-database: the lease database of a DHCP server gives one address to two machines, or two to one, or cannot be read whole
 * (article: "DHCP database corruption"). dhcp-leftover-settings: a machine with a static address still uses what DHCP once told it.
 */
#include "diagnose/describe.h"
#include "diagnose/remedy.h"
#include "settings/hostname.h"

#include <string.h>

/* ---- the lease database ------------------------------------------------------------------------------------------- */

/* Has ADDRESS to do with the conflict: is it the loser's, or somebody's who seems to hold the name? */
static bool is_concerned(const struct rule_input *in, uint32_t address)
{
        if (address == 0 || snapshot_is_wins(in->snapshot, address))
                return false;
        return address == in->c->address || case_find_holder(in->c, address) != NULL;
}

static const char *describe_client(const struct rule_input *in, const struct check_ref *ref)
{
        char mac[MAC_TEXT_BYTES] = "";
        const char *name = ref->lease.name;

        if (ref->lease.has_mac)
                mac_format(ref->lease.mac, mac);
        const char *text =
                arena_printf(in->arena, "%s%s%s", *name ? name : "a client without a name", *mac ? ", MAC " : "", mac);

        return text ? text : "…";
}

static void evidence_lease(const struct rule_input *in, const struct check_ref *ref, struct texts *evidence)
{
        const struct snapshot_leases *leases = &in->snapshot->leases;
        const char *address = describe_address(in, ref->lease.address);

        if (ref->line)
                texts_add(evidence, "%s, line %u: leases %s to %s", leases->files[ref->file], ref->line, address,
                          describe_client(in, ref));
        else
                texts_add(evidence, "%s, byte %llu: leases %s to %s", leases->files[ref->file],
                          (unsigned long long)ref->offset, address, describe_client(in, ref));
}

static bool mac_is(const struct rule_input *in, uint32_t address, const struct check_ref *ref)
{
        uint8_t mac[6];

        return ref->lease.has_mac && snapshot_find_mac(in->snapshot, address, mac, NULL) &&
               memcmp(mac, ref->lease.mac, sizeof mac) == 0;
}

static void remedy_database(const struct rule_input *in, struct texts *lines)
{
        const char *file = describe_path(in, in->snapshot->leases.source);

        texts_add(lines, "See what else is wrong in the database: `netbt dhcp check %s`", file);
        texts_add(lines,
                  "On the DHCP server (ISC, Kea, dnsmasq, udhcpd): stop it, then `netbt dhcp repair %s`, put the clean "
                  "file in "
                  "place as that tells, and start it",
                  file);
        texts_add(lines, "A Windows DHCP server: DHCP console, the server, Reconcile All Scopes; if that does not "
                         "help, restore the "
                         "database from %%SystemRoot%%\\System32\\dhcp\\backup (DHCP console, Restore)");
        texts_add(lines, "Then let the machines concerned ask for addresses anew: Windows `ipconfig /release` and "
                         "`ipconfig /renew`; "
                         "Linux `dhclient -r` and `dhclient`");
        remedy_recover(in, lines);
}

/* One address given to two clients at one time. */
static bool judge_shared_address(const struct rule_input *in, struct rule_result *ret)
{
        const struct snapshot_leases *leases = &in->snapshot->leases;

        for (size_t i = 0; i < leases->fault_count; i++) {
                const struct check_finding *f = &leases->faults[i];
                const uint32_t address = f->a.lease.address;

                if ((f->kind != CHECK_ADDRESS_TWICE && f->kind != CHECK_OVERLAP) || !is_concerned(in, address) ||
                    f->a.lease.client == f->b.lease.client)
                        continue;
                const bool seen = mac_is(in, address, &f->a) || mac_is(in, address, &f->b);
                rule_fits(in, ret, seen ? VERDICT_CONFIRMED : VERDICT_LIKELY,
                          "The DHCP database leases %s to two machines at one time: %s and %s",
                          describe_address(in, address), describe_client(in, &f->a), describe_client(in, &f->b));
                ret->culprit = case_find_holder(in->c, address);
                evidence_lease(in, &f->a, &ret->evidence);
                evidence_lease(in, &f->b, &ret->evidence);
                evidence_mac(in, address, &ret->evidence);
                return true;
        }
        return false;
}

/* One client with two addresses, of which one is the loser's and the other the holder's. */
static bool judge_two_leases(const struct rule_input *in, struct rule_result *ret)
{
        const struct snapshot_leases *leases = &in->snapshot->leases;

        for (size_t i = 0; i < leases->fault_count; i++) {
                const struct check_finding *f = &leases->faults[i];
                const uint32_t a = f->a.lease.address, b = f->b.lease.address;

                if (f->kind != CHECK_CLIENT_TWICE || !is_concerned(in, a) || !is_concerned(in, b) ||
                    (a != in->c->address && b != in->c->address))
                        continue;
                const bool seen = mac_is(in, a, &f->a) && mac_is(in, b, &f->b);
                rule_fits(in, ret, seen ? VERDICT_CONFIRMED : VERDICT_LIKELY,
                          "The DHCP database leases two addresses to one machine, %s: %s and %s; the name is still "
                          "held for the one it "
                          "had before",
                          describe_client(in, &f->b), describe_address(in, a), describe_address(in, b));
                ret->culprit = case_find_holder(in->c, a == in->c->address ? b : a);
                evidence_lease(in, &f->a, &ret->evidence);
                evidence_lease(in, &f->b, &ret->evidence);
                evidence_mac(in, b, &ret->evidence);
                return true;
        }
        return false;
}

/* An address concerned is used by another machine than the one it is leased to. */
static bool judge_stranger(const struct rule_input *in, struct rule_result *ret)
{
        const struct snapshot_leases *leases = &in->snapshot->leases;
        uint8_t mac[6];

        for (size_t i = 0; i < leases->lease_count; i++) {
                const struct check_ref *ref = &leases->leases[i];

                if (!is_concerned(in, ref->lease.address) || !ref->lease.has_mac || ref->lease.state != LEASE_ACTIVE ||
                    !snapshot_find_mac(in->snapshot, ref->lease.address, mac, NULL) ||
                    mac_is(in, ref->lease.address, ref))
                        continue;
                rule_fits(in, ret, VERDICT_POSSIBLE, "%s is leased to %s, but another machine uses it",
                          describe_address(in, ref->lease.address), describe_client(in, ref));
                ret->culprit = case_find_holder(in->c, ref->lease.address);
                evidence_lease(in, ref, &ret->evidence);
                evidence_mac(in, ref->lease.address, &ret->evidence);
                return true;
        }
        return false;
}

static bool judge_damage(const struct rule_input *in, struct rule_result *ret)
{
        const struct snapshot_leases *leases = &in->snapshot->leases;

        if (leases->damage_count == 0 || case_live_holder(in->c))
                return false;
        rule_fits(in, ret, VERDICT_POSSIBLE,
                  "The DHCP database is damaged: the leases that its server has forgotten may be given out twice");
        texts_add(&ret->evidence, "%s: %zu records cannot be read; the first: %s", leases->source, leases->damage_count,
                  leases->damage);
        return true;
}

/* Two clients that gave the name concerned, each with an address of its own: it is they who bear it. */
static bool name_leased_twice(const struct rule_input *in)
{
        const struct snapshot_leases *leases = &in->snapshot->leases;
        uint64_t client = 0;
        struct nb_name name;

        for (size_t i = 0; in->c->has_name && i < leases->lease_count; i++) {
                const struct check_ref *ref = &leases->leases[i];

                if (!snapshot_lease_name(ref, &name) || !nb_name_same_stem(&name, &in->c->name) ||
                    ref->lease.client == 0)
                        continue;
                if (client && client != ref->lease.client)
                        return true;
                client = ref->lease.client;
        }
        return false;
}

/* A log that speaks of a damaged lease database, or of one of the case's addresses in two places, gives a reason to look. */
static const char *why_leases(const struct rule_input *in)
{
        static const char plain[] = "no lease database was given (netbt diagnose --leases FILE)";
        const char *text = NULL;

        for (size_t i = 0; i < in->snapshot->companion_count && !text; i++) {
                const struct companion *companion = &in->snapshot->companions[i].companion;

                if (companion->concern == COMPANION_DATABASE ||
                    (companion->concern == COMPANION_ADDRESS && case_has_companion(in->c, companion)))
                        text = arena_printf(in->arena, "%s, and a log gives a reason to look at it: %s", plain,
                                            companion->text);
        }
        return text ? text : plain;
}

static void judge_database(const struct rule_input *in, struct rule_result *ret)
{
        if (!in->snapshot->leases.source) {
                rule_not_checked(ret, why_leases(in));
                return;
        }
        if (judge_shared_address(in, ret) || judge_two_leases(in, ret) || judge_stranger(in, ret) ||
            judge_damage(in, ret)) {
                evidence_events(in, &ret->evidence);
                remedy_database(in, &ret->remedy);
                return;
        }
        rule_out(ret,
                 name_leased_twice(in)
                         ? "the lease database lists the name for two machines, each with an address of its own: it is "
                           "the machines that bear it"
                         : "the lease database gives each address concerned to one machine");
}

/* ---- settings left over ------------------------------------------------------------------------------------------- */

static bool is_list_of_servers(const struct dhcp_setting *s)
{
        return strcmp(s->name, "DhcpNameServerList") == 0 || strncmp(s->name, "DhcpNameServer", 14) == 0;
}

/* Is ADDRESS a word of TEXT, a list with blanks? */
static bool lists(const char *text, const char *address)
{
        const size_t len = strlen(address);

        for (const char *at = strstr(text, address); at; at = strstr(at + 1, address))
                if ((at == text || at[-1] == ' ' || at[-1] == ',') &&
                    (at[len] == '\0' || at[len] == ' ' || at[len] == ','))
                        return true;
        return false;
}

/* Did the server give the name an address that is none of the loser's? */
static bool gives_another(const struct rule_input *in, const struct snapshot_query *q)
{
        for (size_t i = 0; nb_name_equal(&q->name, &in->c->name) && i < q->answer_count; i++)
                for (size_t j = 0;
                     q->answers[i].rcode == NBNS_RCODE_OK && !q->answers[i].group && j < q->answers[i].address_count;
                     j++)
                        if (!case_is_own(in->snapshot, in->c, q->answers[i].addresses[j]))
                                return true;
        return false;
}

/* The server of the list that had a part in the conflict: it refused the name, or gave another's address for it. */
static uint32_t server_at_work(const struct rule_input *in, const struct dhcp_setting *s)
{
        char text[IP4_TEXT_BYTES];

        ip4_format(in->c->sender, text);
        if (in->c->sender && lists(s->text, text))
                return in->c->sender;
        for (size_t i = 0; in->c->has_name && i < in->snapshot->query_count; i++) {
                const struct snapshot_query *q = &in->snapshot->queries[i];

                ip4_format(q->destination, text);
                if (q->kind == SNAPSHOT_ASKED_WINS && gives_another(in, q) && lists(s->text, text))
                        return q->destination;
        }
        return 0;
}

static bool node_uses(const struct rule_input *in, uint32_t server)
{
        const struct node_view *node = in->c->here ? in->snapshot->node : NULL;

        for (size_t i = 0; node && i < node->iface_count; i++)
                for (size_t j = 0; j < node->ifaces[i].wins_count && j < NODE_MAX_WINS; j++)
                        if (node->ifaces[i].wins[j] == server)
                                return true;
        return false;
}

static void fit_leftover(const struct rule_input *in, struct rule_result *ret, const struct dhcp_setting *s,
                         uint32_t server)
{
        const enum diagnose_verdict verdict = !server                 ? VERDICT_POSSIBLE
                                              : node_uses(in, server) ? VERDICT_CONFIRMED
                                                                      : VERDICT_LIKELY;

        rule_fits(in, ret, verdict, "%s has a static address, but still uses what DHCP once told it: %s = %s%s%s%s",
                  describe_loser(in), s->name, s->text, server ? ", and the conflict comes from the WINS server " : "",
                  server ? describe_address(in, server) : "", server ? " there" : "");
        texts_add(&ret->evidence, "%s%s%s: %s\\%s = %s, and no static value stands above it; EnableDHCP = 0",
                  in->snapshot->dhcp_source, *s->iface ? ", interface " : "", s->iface, s->key, s->name, s->text);
        if (node_uses(in, server))
                texts_add(&ret->evidence, "netbtd registers at %s now", describe_address(in, server));
        evidence_events(in, &ret->evidence);
        texts_add(&ret->remedy,
                  "%s: see what is left over with `netbt dhcp show`, take it out with `netbt dhcp clear --yes` (it "
                  "makes a "
                  "backup and tells how to undo it), and set what is right: `netbt reg add`",
                  describe_ours(in));
        texts_add(&ret->remedy, "A Windows host: regedit, %s: delete the value %s; then restart it", s->key, s->name);
        remedy_recover(in, &ret->remedy);
}

/* The leftover that explains most: a server at work, else any that is in use. */
static const struct dhcp_setting *find_leftover(const struct rule_input *in, uint32_t *ret_server)
{
        const struct dhcp_setting *found = NULL;

        for (size_t i = 0; i < in->snapshot->dhcp_setting_count; i++) {
                const struct dhcp_setting *s = &in->snapshot->dhcp_settings[i];

                if (s->use != DHCP_USE_LEFT_IN_FORCE)
                        continue;
                *ret_server = is_list_of_servers(s) ? server_at_work(in, s) : 0;
                if (*ret_server)
                        return s;
                found = found ? found : s;
        }
        return found;
}

static void judge_leftover(const struct rule_input *in, struct rule_result *ret)
{
        uint32_t server = 0;
        const struct dhcp_setting *found = find_leftover(in, &server);

        if (!in->snapshot->dhcp_source)
                rule_not_checked(ret, "the settings of the machine that lost the name were not read");
        else if (in->snapshot->dhcp_setting_count == 0)
                rule_out(ret, "the settings hold nothing that DHCP told");
        else if (!found)
                rule_out(ret, "what DHCP told stands in the settings of an interface that uses DHCP, or static values "
                              "hide it");
        else if (case_live_holder(in->c))
                rule_out(ret,
                         "settings are left over from DHCP (netbt dhcp show), but another machine does hold the name");
        else
                fit_leftover(in, ret, found, server);
}

const struct rule rule_dhcp_database = {CAUSE_DHCP_DATABASE, 7, judge_database};
const struct rule rule_dhcp_leftover = {CAUSE_DHCP_LEFTOVER_SETTINGS, 7, judge_leftover};
