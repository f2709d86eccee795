#pragma once
/*
 * The diagnosis: why names are in conflict, from a snapshot. Pure: asks nobody, reads no clock, renames nothing.
 *
 * One finding a conflict: the cause that fits with the surest verdict. Every cause stands in exactly one of the three lists
 * of the report, so that a reader sees what was looked at; several conflicts may have findings of one cause.
 */
#include "diagnose/rule.h"

struct diagnose_finding {
        enum diagnose_cause cause;
        enum diagnose_verdict verdict;
        bool benign;
        const char *headline;
        const struct diagnose_case *c;
        const struct case_holder *culprit; /* NULL if nobody is named */
        struct texts evidence, remedy;
};

struct diagnose_note {
        enum diagnose_cause cause;
        const char *why;
};

struct diagnose_report {
        size_t finding_count;
        const struct diagnose_finding *findings; /* surest and gravest first; benign last */
        size_t ruled_out_count;
        struct diagnose_note ruled_out[CAUSE_MAX];
        size_t not_checked_count;
        struct diagnose_note not_checked[CAUSE_MAX];
        struct texts settled; /* conflicts of the past: one line each */
};

/* The report, in ARENA; it points into SNAPSHOT too. NBT_ERR_NOMEM. */
int diagnose_run(const struct snapshot *snapshot, struct arena *arena, struct diagnose_report *ret) NBT_MUST_CHECK;
