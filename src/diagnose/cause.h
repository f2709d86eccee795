#pragma once
/*
 * The causes of a name conflict, as the article on event 4320 lists them, and how sure a verdict is.
 * The words are part of the JSON form and never change.
 */

enum diagnose_cause {
        CAUSE_SAME_COMPUTER_NAME,
        CAUSE_SAME_USER_NAME,
        CAUSE_WINS_STATIC_MAPPING,
        CAUSE_WINS_STALE_RECORD,
        CAUSE_WINS_REPLICATION,
        CAUSE_DHCP_DATABASE,
        CAUSE_DHCP_LEFTOVER_SETTINGS,
        CAUSE_MULTIHOMED_ADAPTERS,
        CAUSE_WRONG_HOST_NAME,
        CAUSE_BROWSER_ELECTION,
        CAUSE_SPOOFED_DEMAND,
        CAUSE_UNKNOWN,
        CAUSE_MAX,
};

/* Rising order: a greater value is a surer verdict. */
enum diagnose_verdict {
        VERDICT_POSSIBLE,  /* fits what is known, and other things would fit too */
        VERDICT_LIKELY,    /* one good piece of evidence */
        VERDICT_CONFIRMED, /* two independent pieces of evidence */
        VERDICT_MAX,
};

/* "same-computer-name"; "" for a value outside the enum. */
const char *diagnose_cause_str(enum diagnose_cause cause);
/* "confirmed"; "" for a value outside the enum. */
const char *diagnose_verdict_str(enum diagnose_verdict verdict);
