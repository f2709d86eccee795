#include "diagnose/cause.h"

static const char *const cause_texts[CAUSE_MAX] = {
        [CAUSE_SAME_COMPUTER_NAME] = "same-computer-name",
        [CAUSE_SAME_USER_NAME] = "same-user-name",
        [CAUSE_WINS_STATIC_MAPPING] = "wins-static-mapping",
        [CAUSE_WINS_STALE_RECORD] = "wins-stale-record",
        [CAUSE_WINS_REPLICATION] = "wins-replication",
        [CAUSE_DHCP_DATABASE] = "dhcp-database",
        [CAUSE_DHCP_LEFTOVER_SETTINGS] = "dhcp-leftover-settings",
        [CAUSE_MULTIHOMED_ADAPTERS] = "multihomed-adapters",
        [CAUSE_WRONG_HOST_NAME] = "wrong-host-name",
        [CAUSE_BROWSER_ELECTION] = "browser-election",
        [CAUSE_SPOOFED_DEMAND] = "spoofed-demand",
        [CAUSE_UNKNOWN] = "unknown",
};

static const char *const verdict_texts[VERDICT_MAX] = {
        [VERDICT_POSSIBLE] = "possible",
        [VERDICT_LIKELY] = "likely",
        [VERDICT_CONFIRMED] = "confirmed",
};

const char *diagnose_cause_str(enum diagnose_cause cause)
{
        return (unsigned)cause < CAUSE_MAX ? cause_texts[cause] : "";
}

const char *diagnose_verdict_str(enum diagnose_verdict verdict)
{
        return (unsigned)verdict < VERDICT_MAX ? verdict_texts[verdict] : "";
}
