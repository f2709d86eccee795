#include "cli/diagnose_story.h"

const char *story_title(const struct story *story)
{
        static const char *const titles[CAUSE_MAX] = {
                [CAUSE_SAME_COMPUTER_NAME] = "two computers with one name",
                [CAUSE_SAME_USER_NAME] = "one user on two computers",
                [CAUSE_WINS_STATIC_MAPPING] = "a static mapping in WINS",
                [CAUSE_WINS_STALE_RECORD] = "a stale record in WINS",
                [CAUSE_WINS_REPLICATION] = "WINS replication",
                [CAUSE_DHCP_DATABASE] = "a damaged DHCP database",
                [CAUSE_DHCP_LEFTOVER_SETTINGS] = "settings left over from DHCP",
                [CAUSE_MULTIHOMED_ADAPTERS] = "one computer with several adapters",
                [CAUSE_WRONG_HOST_NAME] = "a wrong host name",
                [CAUSE_BROWSER_ELECTION] = "a browser election, harmless",
                [CAUSE_SPOOFED_DEMAND] = "a forged demand",
                [CAUSE_UNKNOWN] = "cause not known yet",
        };

        return titles[story->finding->cause];
}

/* Do A and B tell one story: the same cause and machines, and one name but for its suffix? */
static bool one_story(const struct diagnose_finding *a, const struct diagnose_finding *b)
{
        const uint32_t culprit_a = a->culprit ? a->culprit->address : 0;
        const uint32_t culprit_b = b->culprit ? b->culprit->address : 0;

        return a->cause == b->cause && a->verdict == b->verdict && culprit_a == culprit_b && a->c->has_name &&
               b->c->has_name && nb_name_same_stem(&a->c->name, &b->c->name) && a->c->here == b->c->here &&
               (a->c->here || a->c->address == b->c->address);
}

/* A name in conflict on two adapters is named once. */
static void add_name(struct story *story, const struct diagnose_case *c)
{
        for (size_t i = 0; i < story->name_count; i++)
                if (nb_name_equal(story->names[i], &c->name))
                        return;
        if (c->has_name && story->name_count < STORY_MAX_NAMES)
                story->names[story->name_count++] = &c->name;
}

size_t story_gather(const struct diagnose_report *report, struct story ret[CASE_MAX])
{
        size_t count = 0;

        for (size_t i = 0; i < report->finding_count; i++) {
                const struct diagnose_finding *finding = &report->findings[i];
                size_t at = 0;

                while (at < count && !one_story(ret[at].finding, finding))
                        at++;
                if (at == count)
                        ret[count++] = (struct story){.finding = finding};
                add_name(&ret[at], finding->c);
        }
        return count;
}

void story_names(const struct story *story, struct strbuf *out)
{
        char text[NB_NAME_TEXT_BYTES];

        if (story->name_count == 0)
                strbuf_add(out, "An unknown name");
        for (size_t i = 0; i < story->name_count; i++) {
                nb_name_format(story->names[i], text);
                strbuf_printf(out, "%s%s", i == 0 ? "" : ", ", text);
        }
}
