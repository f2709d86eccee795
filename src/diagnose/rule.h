#pragma once
/*
 * A rule: one cause, and a predicate over a case.
 *
 * A rule says that its cause fits (with evidence and remedy), that it does not (with the reason), or that it could not
 * be looked at (with the reason). Rules are pure, know nothing of each other, and conclude only from what was answered.
 * VERDICT_CONFIRMED takes two independent pieces of evidence.
 */
#include "diagnose/case.h"
#include "diagnose/cause.h"
#include "diagnose/texts.h"

enum rule_outcome {
        RULE_RULED_OUT,
        RULE_NOT_CHECKED,
        RULE_FITS,
};

struct rule_result {
        enum rule_outcome outcome;
        const char *why; /* RULED_OUT, NOT_CHECKED: one sentence without a full stop; static or in the arena */
        enum diagnose_verdict verdict;
        bool benign;
        const char *headline;              /* one sentence: what is wrong, and who */
        const struct case_holder *culprit; /* whom the headline names; NULL if nobody */
        struct texts evidence, remedy;
};

struct rule_input {
        const struct snapshot *snapshot;
        const struct diagnose_case *c;
        struct arena *arena;
};

struct rule {
        enum diagnose_cause cause;
        unsigned rank; /* among equal verdicts the lowest explains best */
        void (*judge)(const struct rule_input *in, struct rule_result *ret);
};

extern const struct rule rule_same_computer, rule_same_user, rule_multihomed, rule_host_name, rule_browser,
        rule_spoofed, rule_unknown, rule_wins_static, rule_wins_stale, rule_wins_replication, rule_dhcp_database,
        rule_dhcp_leftover;

/* WHY the cause does not fit, or could not be looked at. */
void rule_out(struct rule_result *ret, const char *why);
void rule_not_checked(struct rule_result *ret, const char *why);
/* FITS with VERDICT; the headline is formatted into the arena. */
void rule_fits(const struct rule_input *in, struct rule_result *ret, enum diagnose_verdict verdict,
               const char *headline_format, ...) NBT_PRINTF(4, 5);
