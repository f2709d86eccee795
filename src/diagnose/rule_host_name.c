/*
 * wrong-host-name: the places where a machine keeps its name disagree, so that it runs under another name than it is
 * thought to (article: '"IPCONFIG /ALL" Returns Incorrect Host Name').
 */
#include "diagnose/describe.h"
#include "diagnose/holder.h"
#include "diagnose/remedy.h"

#include <string.h>
#include <strings.h>

struct comparison {
        size_t present;
        bool differ;
        bool matched;         /* the name in conflict comes from one of them */
        bool matched_running; /* from one that is in force now */
};

static struct comparison compare(const struct rule_input *in)
{
        const struct snapshot_host_names *names = &in->snapshot->host_names;
        struct comparison ret = {0};
        char first[HOSTNAME_NETBIOS_BYTES] = "";

        for (enum hostname_source i = 0; i < HOSTNAME_SOURCE_MAX; i++) {
                char netbios[HOSTNAME_NETBIOS_BYTES];

                if (!names->names[i] || !names->names[i][0])
                        continue;
                hostname_netbios(names->names[i], netbios);
                const struct nb_name name = nb_name_make(netbios, 0);

                if (ret.present++ == 0)
                        memcpy(first, netbios, sizeof first);
                ret.differ |= strcmp(first, netbios) != 0;
                if (!in->c->has_name || !nb_name_same_stem(&name, &in->c->name))
                        continue;
                ret.matched = true;
                ret.matched_running |= i == HOSTNAME_TCPIP || i == HOSTNAME_ACTIVE;
        }
        return ret;
}

static void evidence(const struct rule_input *in, const struct holder_proof *proof, struct texts *lines)
{
        const struct snapshot_host_names *names = &in->snapshot->host_names;

        for (enum hostname_source i = 0; i < HOSTNAME_SOURCE_MAX; i++) {
                char netbios[HOSTNAME_NETBIOS_BYTES];

                if (!names->names[i] || !names->names[i][0])
                        continue;
                hostname_netbios(names->names[i], netbios);
                texts_add(lines, "%s: %s = %s (as NetBIOS name: %s)", names->source, hostname_source_str(i),
                          names->names[i], netbios);
        }
        evidence_events(in, lines);
        if (proof->holder)
                evidence_holder(in, proof->holder, lines);
}

static void remedy(const struct rule_input *in, struct texts *lines)
{
        texts_add(lines, "Decide on the right name (NAME) and set it in all places, keeping a backup first");
        texts_add(lines,
                  "%s: `netbt reg backup`; `netbt reg add '%s' /v Hostname /t REG_SZ /d NAME`, the same for 'NV "
                  "Hostname', and for ComputerName under '%s'; then: `systemctl reload netbtd`",
                  describe_ours(in), REMEDY_TCPIP_KEY, REMEDY_COMPUTER_NAME_KEY);
        texts_add(lines,
                  "A Windows host: regedit, %s, value HOSTNAME; or `Rename-Computer -NewName NAME`; then restart it "
                  "(a rename that waits for its restart looks just like this)",
                  REMEDY_TCPIP_KEY);
        texts_add(lines, "A Samba host: make 'netbios name' in smb.conf agree with: `hostname -s`");
        remedy_recover(in, lines);
}

static void fit(const struct rule_input *in, struct rule_result *ret, const struct comparison *names)
{
        const struct holder_proof proof = holder_prove(in);
        const bool held = proof.holder && !proof.one_machine && proof.verdict == VERDICT_CONFIRMED;
        enum diagnose_verdict verdict = in->c->has_name ? VERDICT_LIKELY : VERDICT_POSSIBLE;

        if (names->matched_running && held)
                verdict = VERDICT_CONFIRMED;
        rule_fits(in, ret, verdict,
                  "%s is not set to one name but to several, and runs under %s%s%s: its host name settings disagree",
                  describe_loser(in), in->c->has_name ? describe_name(in) : "one that is in conflict",
                  held ? ", which belongs to " : "", held ? describe_host(in, proof.holder->address) : "");
        ret->culprit = proof.holder;
        evidence(in, &proof, &ret->evidence);
        remedy(in, &ret->remedy);
}

/*
 * The change of name after which the machine's own log tells of a conflict about the old name: something still runs under it. An event that
 * tells whose it is must be of that machine.
 */
static const struct companion *find_rename(const struct rule_input *in)
{
        const struct snapshot_event *event = case_event(in->c);
        char stem[NB_NAME_TEXT_BYTES] = "";

        if (!event || !in->c->has_name || holder_name_use(in->c) != NAME_USE_MACHINE)
                return NULL;
        nb_name_format_stem(&in->c->name, stem);
        for (size_t i = 0; i < in->snapshot->companion_count; i++) {
                const struct companion *at = &in->snapshot->companions[i].companion;

                if (at->concern == COMPANION_RENAME && strcasecmp(at->name[0], stem) == 0 && at->time.us != 0 &&
                    event->event->time.us >= at->time.us && strcasecmp(at->name[1], stem) != 0 &&
                    (!event->event->computer[0] || strcasecmp(event->event->computer, at->name[0]) == 0 ||
                     strcasecmp(event->event->computer, at->name[1]) == 0))
                        return at;
        }
        return NULL;
}

static void fit_rename(const struct rule_input *in, struct rule_result *ret, const struct companion *rename)
{
        const struct holder_proof proof = holder_prove(in);

        rule_fits(in, ret, VERDICT_POSSIBLE,
                  "%s was renamed from %s to %s, and still claims %s: its host name settings may disagree",
                  describe_loser(in), rename->name[0], rename->name[1], describe_name(in));
        ret->culprit = proof.holder;
        evidence(in, &proof, &ret->evidence);
        texts_add(&ret->evidence,
                  "the machine's settings were not read: its .reg export or hive would tell (--reg, --hive)");
        remedy(in, &ret->remedy);
}

static void judge(const struct rule_input *in, struct rule_result *ret)
{
        const struct comparison names = compare(in);
        const struct companion *rename = in->snapshot->host_names.source ? NULL : find_rename(in);

        if (rename)
                fit_rename(in, ret, rename);
        else if (!in->snapshot->host_names.source)
                rule_not_checked(ret, "the settings of the machine that lost the name were not read");
        else if (names.present == 0)
                rule_out(ret, "the settings name no host, so the machine's own host name is used");
        else if (!names.differ)
                rule_out(ret, "all host name settings give one NetBIOS name");
        else if (in->c->has_name && !names.matched)
                rule_out(ret, "the host name settings disagree, but none of them gives the name in conflict");
        else if (in->c->has_name && holder_name_use(in->c) != NAME_USE_MACHINE)
                rule_out(ret, "the name in conflict is not the computer's");
        else
                fit(in, ret, &names);
}

const struct rule rule_host_name = {CAUSE_WRONG_HOST_NAME, 2, judge};
