#pragma once
/*
 * Findings as people tell them: one machine that takes a name takes it with all its suffixes, which makes several findings and one
 * story.
 */
#include "base/strbuf.h"
#include "diagnose/diagnose.h"

#define STORY_MAX_NAMES 16

struct story {
        const struct diagnose_finding *finding; /* the first of its findings, which tells it */
        size_t name_count;                      /* 0: the name is not known */
        const struct nb_name *names[STORY_MAX_NAMES];
};

/* The stories of REPORT in its order; as many as the result, at most CASE_MAX. */
size_t story_gather(const struct diagnose_report *report, struct story ret[CASE_MAX]);

/* "two computers with one name". */
const char *story_title(const struct story *story);

/* "FILESRV<00>, FILESRV<20>", or "An unknown name". */
void story_names(const struct story *story, struct strbuf *out);
