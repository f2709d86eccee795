/*
 * unknown: always fits, and always least. It says how far one got, and where to look next.
 */
#include "diagnose/describe.h"
#include "diagnose/holder.h"
#include "diagnose/winsrec.h"

static void advise_wins(const struct rule_input *in, struct texts *lines)
{
        const char *ip = describe_address(in, in->c->sender);

        texts_add(lines, "%s is a WINS server: look at its records of the name, not for a machine with that address",
                  ip);
        texts_add(lines,
                  "WINS Manager: Mappings > Static Mappings: delete an entry for this machine that is wrong; then "
                  "Mappings > Initiate Scavenging; then restart the client (not the server)");
        if (in->c->has_name)
                texts_add(lines, "Or: `netsh wins server %s show name Name=%s EndChar=%02X`", ip, describe_bare(in),
                          nb_name_suffix(&in->c->name));
}

/* Two machines take themselves for the domain's master browser: mostly an old primary domain controller that came back. */
static void advise_domain_master(const struct rule_input *in, struct texts *lines)
{
        texts_add(lines,
                  "<1B> belongs to the domain's one PDC emulator: look for an old PDC of %s that still runs, or its "
                  "record "
                  "in WINS (`nbtstat -a %s`; `netdom query fsmo` tells who it ought to be)",
                  describe_stem(in), describe_bare(in));
        texts_add(lines,
                  "An old Windows domain controller: demote it, or let it give the role up (NT 4: Server Manager > "
                  "Computer > Demote to Backup Domain Controller), then on it: `nbtstat -RR`");
        texts_add(lines,
                  "A Samba host that is not the PDC: in smb.conf `domain master = no`; then: `systemctl restart nmbd`");
        if (in->c->sender != 0 && snapshot_is_wins(in->snapshot, in->c->sender))
                texts_add(lines,
                          "A record of a PDC that is gone: with winsd `netbt wins delete %s`; Windows: `netsh wins "
                          "server "
                          "delete name Name=%s EndChar=1b`",
                          describe_word(in), describe_bare(in));
}

static void advise_name(const struct rule_input *in, struct texts *lines)
{
        const uint8_t suffix = nb_name_suffix(&in->c->name);

        if (suffix == 0x1B)
                advise_domain_master(in, lines);
        else if (suffix == 0x1C)
                texts_add(lines,
                          "<1C> is a group of all domain controllers and should never be in conflict (KB314696): look "
                          "for a machine that registers it as a unique name");
        else
                texts_add(lines,
                          "`netbt query %s` shows who answers for the name (--broadcast ADDRESS and --wins ADDRESS ask "
                          "other segments and servers)",
                          describe_word(in));
}

static void advise_sender(const struct rule_input *in, struct texts *lines)
{
        const char *ip = describe_address(in, in->c->sender);

        texts_add(lines,
                  "Ask the sender who it is: `nbtstat -A %s` (if it is on this segment, `arp -a %s` tells its MAC "
                  "address)",
                  ip, ip);
        texts_add(lines, "If it does not answer: look for %s in the DHCP server's leases, and in WINS", ip);
}

static void advise(const struct rule_input *in, struct texts *lines)
{
        const struct diagnose_case *c = in->c;

        if (winsrec_is_clear(in)) {
                texts_add(lines,
                          "What stood against it has been deleted, or has ended, since: %s `nbtstat -RR` gets the name "
                          "back",
                          c->here ? "here" : "on that machine");
                return;
        }
        if (!c->has_name)
                texts_add(lines, "On %s: `nbtstat -n` (the name with the status Conflict is the one)",
                          c->here ? "this machine" : "the machine that logged the event");
        if (c->sender != 0 && snapshot_is_wins(in->snapshot, c->sender))
                advise_wins(in, lines);
        else if (c->sender != 0)
                advise_sender(in, lines);
        if (c->has_name)
                advise_name(in, lines);
        if (in->snapshot->offline)
                texts_add(lines, "Nothing was asked (--offline): run `netbt diagnose` without it, on the same network");
        if (c->here && c->in_conflict)
                texts_add(lines, "If nobody else holds the name any more: `nbtstat -RR` gets it back");
}

static void headline(const struct rule_input *in, struct rule_result *ret)
{
        const struct diagnose_case *c = in->c;
        const char *sender = c->sender ? describe_host(in, c->sender) : "an unknown address";
        const bool refused = case_event(c) ? case_event(c)->event->id == EVENT_ID_DUPLICATE_NAME_ERROR
                                           : case_find_dispute(c, 0, false) != NULL;

        if (winsrec_is_clear(in))
                rule_fits(in, ret, VERDICT_POSSIBLE,
                          "%s of %s was taken by the WINS server %s, and nothing in its database is against it by now",
                          describe_name(in), describe_loser(in), sender);
        else if (c->sender != 0 && snapshot_is_wins(in->snapshot, c->sender))
                rule_fits(in, ret, VERDICT_POSSIBLE,
                          "%s of %s was taken by the WINS server %s: the cause stands in its records",
                          describe_name(in), describe_loser(in), sender);
        else if (!c->has_name)
                rule_fits(in, ret, VERDICT_POSSIBLE, "%s objected to a name of %s; which name, the event does not tell",
                          sender, describe_loser(in));
        else if (nb_name_suffix(&c->name) == 0x1B)
                rule_fits(in, ret, VERDICT_POSSIBLE,
                          "%s of %s %s by %s: two machines take themselves for the domain's master browser, which only "
                          "its "
                          "PDC is",
                          describe_name(in), describe_loser(in), refused ? "was refused" : "was contested", sender);
        else
                rule_fits(in, ret, VERDICT_POSSIBLE, "%s of %s %s by %s; why, is not known yet", describe_name(in),
                          describe_loser(in), refused ? "was refused" : "was contested", sender);
}

static void judge(const struct rule_input *in, struct rule_result *ret)
{
        const struct diagnose_case *c = in->c;
        const struct holder_proof proof = holder_prove(in);

        headline(in, ret);
        evidence_events(in, &ret->evidence);
        if (proof.holder)
                evidence_holder(in, proof.holder, &ret->evidence);
        else
                evidence_silence(in, c->sender, &ret->evidence);
        const struct snapshot_spoofer *spoofer = snapshot_find_spoofer(in->snapshot, c->sender);

        if (spoofer)
                texts_add(&ret->evidence, "%s, %s spoofer %s: %s", spoofer->source, spoofer->confidence,
                          describe_address(in, c->sender), spoofer->evidence);
        if (proof.stale)
                texts_add(&ret->evidence,
                          "so the record in WINS is a stale one, or a static mapping to the wrong address");
        if (proof.proxy)
                texts_add(&ret->evidence,
                          "who answers for a name that is not in its own table is a WINS proxy, or a poisoner "
                          "of name queries");
        ret->culprit = proof.holder ? proof.holder : case_find_holder(c, c->sender);
        advise(in, &ret->remedy);
}

const struct rule rule_unknown = {CAUSE_UNKNOWN, 9, judge};
