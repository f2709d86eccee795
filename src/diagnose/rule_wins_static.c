/*
 * wins-static-mapping: a static mapping in WINS gives the name to another address, and the server refuses it to the machine
 * that bears it (article: "Incorrect or Corrupted WINS Database"; KB120752).
 *
 * Two cases of its own: a multihomed machine of which the mapping knows only some addresses (KB164016, event 4320), and a
 * WINS server that is bound to two adapters and registers with itself by both (KB242053, event 4319). A static mapping may also make
 * the name a group's, which no machine can have then (KB161432); that it was refused for it, the server has to say itself.
 *
 * With the server's database the record itself tells. Of a foreign server we know what it answers: a claim that it refuses,
 * although the machine that it names does not hold the name, cannot be because of a dynamic record: that one would have been
 * challenged and replaced (RFC 1002 §5.1.4.1). Challenges are the server's; none is ever forged here.
 */
#include "diagnose/describe.h"
#include "diagnose/remedy.h"
#include "diagnose/winsrec.h"

/* ---- remedies ----------------------------------------------------------------------------------------------------- */

/* The article's four steps. */
static void remedy_delete(const struct rule_input *in, const struct winsrec *found, struct texts *lines)
{
        const char *stem = describe_stem(in), *word = describe_stem_word(in);

        if (found->database) {
                texts_add(lines,
                          "On the WINS server (winsd): `netbt wins backup`, then: `netbt wins static delete %s`; "
                          "both, and "
                          "the next step too, are what `netbt diagnose --fix` does",
                          word);
        } else {
                texts_add(lines,
                          "On a Windows WINS server: WINS Manager > Mappings > Static Mappings > select %s > Delete "
                          "Mapping; newer ones: the WINS console > Active Registrations, or: `netsh wins server delete "
                          "name Name=%s EndChar=%02x`",
                          stem, describe_bare(in), nb_name_suffix(&in->c->name));
                texts_add(
                        lines,
                        "On a Samba WINS server: stop nmbd, remove the line of \"%s#%02x\" in wins.dat, start it; with "
                        "winsd: `netbt wins static delete %s`",
                        stem, nb_name_suffix(&in->c->name), word);
        }
        remedy_recover(in, lines);
}

static void remedy_multihomed(const struct rule_input *in, const struct winsrec *found, struct texts *lines)
{
        texts_add(lines, "Delete the mapping, so that the machine registers all its addresses itself; or, if it must "
                         "be static, make "
                         "it a multihomed one with every address of the machine");
        remedy_delete(in, found, lines);
}

static void remedy_bound_twice(const struct rule_input *in, const struct winsrec *found, struct texts *lines)
{
        texts_add(lines,
                  "%s (IFACE: the second adapter): unbind the WINS client from it, that is give it no WINS servers and "
                  "no "
                  "NetBIOS: `netbt reg add 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters\\Interfaces\\"
                  "Tcpip_IFACE' /v NetbiosOptions /t REG_DWORD /d 2`; then: `systemctl reload winsd`",
                  describe_ours(in));
        texts_add(lines,
                  "A Windows WINS server: Network > Bindings > WINS Client (TCP/IP) > the second adapter > Disable");
        remedy_delete(in, found, lines);
}

/* ---- the three kinds ---------------------------------------------------------------------------------------------- */

/* The loser is the WINS server's own host, and has NetBIOS on two adapters at least. */
static bool is_bound_twice(const struct rule_input *in, const struct winsrec *found)
{
        const struct node_view *node = in->snapshot->node;
        size_t bound = 0;

        if (!in->c->here || !snapshot_find_iface(in->snapshot, found->database->server))
                return false;
        for (size_t i = 0; node && i < node->iface_count; i++)
                bound += node->ifaces[i].address != 0;
        return bound > 1;
}

static void fit_own(const struct rule_input *in, struct rule_result *ret, const struct winsrec *found)
{
        const bool twice = is_bound_twice(in, found);

        rule_fits(in, ret,
                  winsrec_was_refused_by(in, found->database) ||
                                  (in->c->in_conflict && case_is_own(in->snapshot, in->c, in->c->sender))
                          ? VERDICT_CONFIRMED
                          : VERDICT_LIKELY,
                  twice ? "%s of %s: this WINS server registers with itself by two adapters, and its static mapping "
                          "knows only %s "
                          "(KB242053)"
                        : "%s of %s: the static mapping in WINS knows only %s of this machine with several adapters "
                          "(KB164016)",
                  describe_name(in), describe_loser(in), winsrec_addresses(in, found->record));
        winsrec_evidence(in, found, &ret->evidence);
        evidence_events(in, &ret->evidence);
        if (twice)
                remedy_bound_twice(in, found, &ret->remedy);
        else
                remedy_multihomed(in, found, &ret->remedy);
}

/* By its table, or by what it answers where a packet filter keeps the table back, or by what it was seen to send. */
static bool lives_there(const struct rule_input *in, const struct wins_record *record)
{
        for (size_t i = 0; i < record->member_count; i++) {
                const struct case_holder *holder = case_find_holder(in->c, record->members[i].address);

                if (holder && !case_holder_lacks(holder) &&
                    (holder->in_table || holder->answered || capture_is_own_word(holder->seen)))
                        return true;
        }
        return false;
}

/* A machine that lives where the mapping leads, under the name, is a twin: then the mapping is not what is wrong. */
static void fit_record(const struct rule_input *in, struct rule_result *ret, const struct winsrec *found)
{
        const bool refused = winsrec_was_refused_by(in, found->database), twin = lives_there(in, found->record);
        const uint32_t other = winsrec_other(in, found->record);

        rule_fits(in, ret, refused && !twin ? VERDICT_CONFIRMED : VERDICT_LIKELY,
                  "A static mapping in WINS gives %s to %s, so that %s cannot have it", describe_name(in),
                  winsrec_addresses(in, found->record), describe_loser(in));
        ret->culprit = case_find_holder(in->c, other);
        winsrec_evidence(in, found, &ret->evidence);
        evidence_events(in, &ret->evidence);
        if (ret->culprit)
                evidence_holder(in, ret->culprit, &ret->evidence);
        remedy_delete(in, found, &ret->remedy);
}

static void fit_group(const struct rule_input *in, struct rule_result *ret, const struct winsrec *found)
{
        rule_fits(in, ret, VERDICT_CONFIRMED,
                  "A static mapping in WINS makes %s the name of %s group, so that %s cannot have it",
                  describe_name(in), found->record->type == WINS_GROUP ? "a" : "an internet", describe_loser(in));
        winsrec_evidence(in, found, &ret->evidence);
        evidence_events(in, &ret->evidence);
        remedy_delete(in, found, &ret->remedy);
}

/* ---- what a foreign server's answers tell ------------------------------------------------------------------------- */

/* Whom WINS gives for the name although he does not show himself as its holder; NULL: nobody. */
static const struct case_holder *told_wrongly(const struct rule_input *in)
{
        for (size_t i = 0; i < in->c->holder_count; i++) {
                const struct case_holder *holder = &in->c->holders[i];

                if (winsrec_was_told(in, holder) && !holder->in_table && !holder->answered && !holder->seen &&
                    !snapshot_is_wins(in->snapshot, holder->address))
                        return holder;
        }
        return NULL;
}

static void judge_wire(const struct rule_input *in, struct rule_result *ret)
{
        const struct case_holder *told = told_wrongly(in);
        /* who has the address now is somebody else: by its own word, or by DHCP's */
        const bool lacks = told && (case_holder_lacks(told) ||
                                    snapshot_leased_to_other(in->snapshot, told->address, &in->c->name));
        const struct winsrec none = {0};

        if (!winsrec_was_refused(in) || !told) {
                rule_not_checked(ret, winsrec_why_not(in, "its answers do not point to a static mapping"));
                return;
        }
        rule_fits(in, ret, lacks ? VERDICT_LIKELY : VERDICT_POSSIBLE,
                  "A static mapping in WINS seems to give %s to %s, so that %s cannot have it", describe_name(in),
                  describe_host(in, told->address), describe_loser(in));
        ret->culprit = told;
        evidence_events(in, &ret->evidence);
        evidence_holder(in, told, &ret->evidence);
        texts_add(
                &ret->evidence,
                "a WINS server challenges the holder of a dynamic record and replaces it when nobody answers; this one "
                "refused all the same, as it does for a static mapping");
        remedy_delete(in, &none, &ret->remedy);
}

static void judge(const struct rule_input *in, struct rule_result *ret)
{
        const struct winsrec found = winsrec_find(in, true), group = winsrec_find_group(in);

        if (found.record == NULL && group.record)
                fit_group(in, ret, &group);
        else if (found.record && winsrec_covers_loser(in, found.record))
                rule_out(ret, "the static mapping of the name gives this machine's own address");
        else if (found.record && winsrec_has_loser(in, found.record))
                fit_own(in, ret, &found);
        else if (found.record)
                fit_record(in, ret, &found);
        else if (winsrec_was_read(in) && !winsrec_is_unread(in))
                rule_out(ret, "the WINS server's database has no static mapping of the name");
        else
                judge_wire(in, ret);
}

const struct rule rule_wins_static = {CAUSE_WINS_STATIC_MAPPING, 5, judge};
