/*
 * multihomed-adapters: "the other machine" is this one by another of its adapters, or one machine with two addresses
 * (article: "Conflicting Network Adapters in a Multihomed Computer"; KB170808, KB150144).
 */
#include "diagnose/adapters.h"
#include "diagnose/describe.h"
#include "diagnose/likeness.h"
#include "diagnose/winsrec.h"

static void remedy(const struct rule_input *in, struct texts *lines)
{
        const char *where = in->c->here ? "On this host" : describe_loser(in);

        texts_add(lines, "%s",
                  case_is_silent(in->c) ? "If they are one, no other machine is at fault: do not rename anything"
                                        : "No other machine is at fault: do not rename anything");
        texts_add(lines,
                  "%s: give every adapter the same WINS servers (or none), or switch NetBIOS off on all adapters of "
                  "one segment but one",
                  where);
        texts_add(lines,
                  "%s (IFACE: the adapter to take out): `netbt reg add "
                  "'HKLM\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters\\Interfaces\\Tcpip_IFACE' /v "
                  "NetbiosOptions /t REG_DWORD /d 2`; then: `systemctl reload netbtd` and `nbtstat -RR`",
                  describe_ours(in));
        texts_add(lines, "A Windows host: adapter > IPv4 > Advanced > WINS > Disable NetBIOS over TCP/IP, or: `wmic "
                         "nicconfig where Index=N call SetTcpipNetbios 2`; then: `nbtstat -RR`");
        texts_add(lines, "A Samba host: in smb.conf `interfaces = eth0` and `bind interfaces only = yes`; then: "
                         "`systemctl restart nmbd`");
}

/* What would tell a copy from a second address, and what to do then. */
static void remedy_or_tell_apart(const struct rule_input *in, const struct likeness *like, struct texts *lines)
{
        if (!likeness_is_doubtful(like)) {
                remedy(in, lines);
                return;
        }
        texts_add(lines,
                  "Tell the two apart first: shut the machine at one of the addresses down, and see whether the "
                  "other address still answers (`nbtstat -A ADDRESS`); a switch that shows the MAC address now at "
                  "one port, now at another speaks for a copy");
        texts_add(lines,
                  "A copy: give its network adapter a new MAC address in the hypervisor's settings, and the machine "
                  "a new name (Windows: `Rename-Computer -NewName NEWNAME -Restart`; Samba: `netbios name` in "
                  "smb.conf)");
        texts_add(lines, "One machine with two addresses: keep NetBIOS on one of them only (Windows: adapter > IPv4 > "
                         "Advanced > WINS > Disable NetBIOS over TCP/IP; Samba: `interfaces` in smb.conf)");
}

static void evidence(const struct rule_input *in, uint32_t other, const struct likeness *like, struct texts *lines)
{
        const char *ip = describe_address(in, other);
        const struct snapshot_iface *own = snapshot_find_iface(in->snapshot, other);

        if (like->own_address && own && in->c->here)
                texts_add(lines, "interfaces: %s is this machine's own address on %s", ip, own->label);
        else if (like->own_address && other == in->c->address)
                texts_add(lines, "the address that refused, %s, is the very address that was refused", ip);
        else if (like->own_address)
                texts_add(lines, "%s: the settings give the machine both addresses, %s and %s",
                          in->snapshot->host_names.source, describe_address(in, in->c->address), ip);
        if (like->same_mac)
                texts_add(lines, "MAC addresses: %s has the same as %s", ip, describe_loser(in));
        if (capture_is_linked(&in->snapshot->captures, in->c->address, other))
                texts_add(lines, "%s: it said itself that both addresses are its own", in->snapshot->captures.label);
        else if (like->lists_both)
                texts_add(lines, "name query: the answer lists both addresses as the answering machine's own");
        if (like->each_alone)
                texts_add(lines, "name query: asked themselves, each lists its own address and not the other's, as one "
                                 "machine with two would");
        if (like->same_table)
                texts_add(lines, "node status: both name tables list the same names");
        evidence_events(in, lines);
}

static void fit(const struct rule_input *in, struct rule_result *ret, uint32_t other, const struct likeness *like)
{
        const bool sure = (like->own_address && in->c->here) || (like->same_mac && like->lists_both);
        const char *ip = describe_address(in, other);

        if (likeness_is_doubtful(like))
                rule_fits(in, ret, VERDICT_POSSIBLE,
                          "%s and %s have one MAC address, and each answers for %s alone: one machine with two "
                          "addresses, "
                          "or a virtual machine that was copied with its MAC address",
                          describe_loser(in), ip, describe_name(in));
        else if (in->c->here && like->own_address)
                rule_fits(in, ret, VERDICT_CONFIRMED,
                          "This machine is in conflict with itself over %s: %s is its own address on another adapter",
                          describe_name(in), ip);
        else
                rule_fits(in, ret, sure ? VERDICT_CONFIRMED : VERDICT_LIKELY,
                          "The other holder of %s, %s, seems to be the same machine under a second address: %s",
                          describe_name(in), ip, describe_loser(in));
        ret->culprit = case_find_holder(in->c, other);
        evidence(in, other, like, &ret->evidence);
        remedy_or_tell_apart(in, like, &ret->remedy);
}

/* Two holders that are one machine, when it is not known who lost the name. */
static bool fit_pair(const struct rule_input *in, struct rule_result *ret)
{
        const struct diagnose_case *c = in->c;

        for (size_t i = 0; i < c->holder_count; i++)
                for (size_t j = i + 1; j < c->holder_count; j++) {
                        const uint32_t a = c->holders[i].address;
                        const uint32_t b = c->holders[j].address;
                        const struct likeness like = likeness_between(in, a, b);

                        if (!likeness_is_one(&like) || !c->holders[i].in_table || !c->holders[j].in_table)
                                continue;
                        rule_fits(in, ret,
                                  likeness_is_doubtful(&like)        ? VERDICT_POSSIBLE
                                  : like.same_mac && like.lists_both ? VERDICT_CONFIRMED
                                                                     : VERDICT_LIKELY,
                                  "The two holders of %s, %s and %s, seem to be one machine with two addresses%s",
                                  describe_name(in), describe_address(in, a), describe_address(in, b),
                                  likeness_is_doubtful(&like) ? ", or one is a copy of the other, MAC address and all"
                                                              : "");
                        ret->culprit = &c->holders[i];
                        if (like.same_mac)
                                texts_add(&ret->evidence, "MAC addresses: both have the same");
                        if (like.lists_both)
                                texts_add(&ret->evidence, "name query: one answer lists both addresses as its own");
                        if (like.same_table)
                                texts_add(&ret->evidence, "node status: both name tables list the same names");
                        evidence_events(in, &ret->evidence);
                        remedy_or_tell_apart(in, &like, &ret->remedy);
                        return true;
                }
        return false;
}

/* The WINS server that took the name from us holds it for another adapter of this machine. */
static void fit_record(const struct rule_input *in, struct rule_result *ret)
{
        const struct snapshot_iface *own = snapshot_find_iface(in->snapshot, in->c->recorded);
        const char *record = describe_address(in, in->c->recorded);
        const char *server = describe_address(in, in->c->sender);

        rule_fits(
                in, ret, VERDICT_CONFIRMED,
                "This machine is in conflict with itself over %s: the WINS server %s holds it for %s, its own address "
                "on another adapter",
                describe_name(in), server, record);
        ret->culprit = case_find_holder(in->c, in->c->sender);
        texts_add(&ret->evidence, "WINS query: the record of %s on %s lists %s and no address of another machine",
                  describe_name(in), server, record);
        if (own)
                texts_add(&ret->evidence, "interfaces: %s is this machine's own address on %s", record, own->label);
        evidence_events(in, &ret->evidence);
        remedy(in, &ret->remedy);
}

/* Has each of the two registered the name at a name server? Those do not hear each other. */
static bool are_at_servers(const struct rule_input *in, uint32_t a, uint32_t b)
{
        const struct capture_claimant *one = capture_find_claimant(&in->snapshot->captures, &in->c->name, a);
        const struct capture_claimant *other = capture_find_claimant(&in->snapshot->captures, &in->c->name, b);

        return one && other && one->holder.server && other->holder.server;
}

/* Two that never objected to each other: on one segment that is what one machine with two adapters looks like. */
static bool fit_silent(const struct rule_input *in, struct rule_result *ret)
{
        const struct diagnose_case *c = in->c;
        const uint32_t other = c->sender;
        const struct likeness like = likeness_to_loser(in, other);
        const struct case_holder *holder = case_find_holder(c, other);

        if (!case_is_silent(c) || like.table_differs || are_at_servers(in, c->address, other) || !holder ||
            !capture_is_own_word(holder->seen) || holder->in_table || holder->answered)
                return false;
        rule_fits(in, ret, VERDICT_POSSIBLE,
                  "%s is held under two addresses, %s and %s, and neither objected to the other: they may be two "
                  "adapters of one machine",
                  describe_name(in), describe_address(in, c->address), describe_host(in, other));
        ret->culprit = holder;
        evidence_events(in, &ret->evidence);
        evidence_holder(in, holder, &ret->evidence);
        texts_add(&ret->remedy,
                  "Find out whether they are one machine: `nbtstat -A %s` and `nbtstat -A %s` (the same names, and who "
                  "owns the MAC addresses)",
                  describe_address(in, c->address), describe_address(in, other));
        texts_add(&ret->remedy, "If they are two after all, which do not hear each other: give one another name");
        remedy(in, &ret->remedy);
        return true;
}

/* Whoever spoke against the name may have meant another adapter of the machine: nobody else holds the name, or is named for it. */
static bool may_be_own_quarrel(const struct rule_input *in)
{
        const struct diagnose_case *c = in->c;

        if (c->sender != 0 && !snapshot_is_wins(in->snapshot, c->sender) && !case_is_own(in->snapshot, c, c->sender))
                return false;
        for (size_t i = 0; i < c->holder_count; i++)
                if (c->holders[i].told_by_wins || c->holders[i].in_table || c->holders[i].answered ||
                    c->holders[i].seen)
                        return false;
        return c->event_count > 0 || c->in_conflict;
}

static bool serves(const struct adapter *adapter, uint32_t server)
{
        for (size_t i = 0; i < adapter->wins_count; i++)
                if (adapter->wins[i] == server)
                        return true;
        return false;
}

/* KB170808: the settings alone, and a WINS server of one of the adapters as the one who spoke. */
static bool fit_settings(const struct rule_input *in, struct rule_result *ret)
{
        const struct adapter_pair pair = adapters_find_pair(in);
        const uint32_t sender = in->c->sender;

        if (pair.quarrel == ADAPTERS_AGREE || !may_be_own_quarrel(in))
                return false;
        rule_fits(
                in, ret,
                sender != 0 && (serves(&pair.a, sender) || serves(&pair.b, sender)) ? VERDICT_LIKELY : VERDICT_POSSIBLE,
                pair.quarrel == ADAPTERS_ONE_SEGMENT
                        ? "%s has two adapters with NetBIOS on one segment, %s and %s: each claims %s for itself"
                        : "%s has adapters with different WINS servers, %s and %s: each server knows it by one address "
                          "only, and takes the other for a stranger that claims %s",
                describe_loser(in), describe_address(in, pair.a.address), describe_address(in, pair.b.address),
                describe_name(in));
        ret->culprit = case_find_holder(in->c, sender);
        adapters_evidence(in, &pair, &ret->evidence);
        evidence_events(in, &ret->evidence);
        remedy(in, &ret->remedy);
        return true;
}

/* Equal tables say nothing by themselves: a clone's are equal too. */
static bool could_compare(const struct likeness *like)
{
        return like->different_mac || like->table_differs;
}

static void judge(const struct rule_input *in, struct rule_result *ret)
{
        const struct diagnose_case *c = in->c;
        const struct likeness sender = likeness_to_loser(in, c->sender);
        const struct winsrec mapping = winsrec_find(in, true);
        bool compared = true;

        if (mapping.record && winsrec_has_loser(in, mapping.record) && !winsrec_covers_loser(in, mapping.record)) {
                rule_out(ret,
                         "the adapters do not quarrel by themselves: a static mapping in WINS knows only one of them");
                return;
        }
        if (case_is_self_forged(in->snapshot, c)) {
                rule_out(ret, "the sender's address is the very one that was to lose the name, and this machine has no "
                              "other adapter");
                return;
        }
        if (c->sender != 0 && likeness_is_one(&sender)) {
                fit(in, ret, c->sender, &sender);
                return;
        }
        if (c->recorded != 0 && !case_live_holder(c)) {
                fit_record(in, ret);
                return;
        }
        for (size_t i = 0; i < c->holder_count; i++) {
                const struct likeness like = likeness_to_loser(in, c->holders[i].address);

                if (likeness_is_one(&like)) {
                        fit(in, ret, c->holders[i].address, &like);
                        return;
                }
                compared &= could_compare(&like);
        }
        if (fit_settings(in, ret) || (!c->here && c->address == 0 && fit_pair(in, ret)) || fit_silent(in, ret))
                return;
        if (!c->here && c->address == 0)
                rule_not_checked(ret,
                                 "the event does not tell which machine lost the name, so its adapters are unknown");
        else if (!compared)
                rule_not_checked(ret, "the other holder's MAC address and name table could not be had to compare them");
        else
                rule_out(ret, "no address of the other holder belongs to the machine that lost the name, and neither "
                              "MAC address nor answers join the two");
}

const struct rule rule_multihomed = {CAUSE_MULTIHOMED_ADAPTERS, 0, judge};
