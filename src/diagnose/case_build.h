#pragma once
/*
 * Building cases: what the files that do it share. Nobody else includes this.
 */
#include "diagnose/case.h"

struct case_builder {
        const struct snapshot *snapshot;
        struct arena *arena;
        struct diagnose_case *cases; /* CASE_MAX */
        size_t count;
        bool failed;
};

/* The case of NAME (NULL: nameless, of SENDER) on ADDRESS (0: any); a new one if there is none. NULL when full, or when NAME is not
 * asked about. */
struct diagnose_case *case_get(struct case_builder *b, const struct nb_name *name, uint32_t address, uint32_t sender);

/* The holder at ADDRESS, a new one if need be. NULL: the loser itself, nobody's address ("a group exists" is 255.255.255.255,
 * KB130232), or too many. */
struct case_holder *case_get_holder(const struct snapshot *snapshot, struct diagnose_case *c, uint32_t address);

/* ---- case_capture.c ---- */

/* The cases of what captures show; those of the same names and machines are joined to them. */
void case_add_captured(struct case_builder *b);
/* Adds what captures show of the name and of those who contend for it. */
void case_mark_captured(const struct snapshot *snapshot, struct diagnose_case *c);
