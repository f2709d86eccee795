#pragma once
/*
 * LMHOSTS: names and addresses written by hand (Windows' file, syntax of its sample LMHOSTS.SAM; KB150800, KB180094).
 *
 *     10.0.0.1  FILESRV            #PRE  #DOM:SALES   a comment
 *     10.0.0.2  "SALES          \0x1b"  #PRE          a full 16-byte name
 *     10.0.0.3  BIGHOST            #MH
 *     #INCLUDE \\server\share\lmhosts
 *     #BEGIN_ALTERNATE
 *     #INCLUDE one
 *     #INCLUDE other
 *     #END_ALTERNATE
 *
 * This module reads no file. A load is a small machine that is told texts and tells which file it wants next: an #INCLUDE
 * suspends the file it stands in, the included text is read in its place, then the first goes on. Of the #INCLUDEs between
 * #BEGIN_ALTERNATE and #END_ALTERNATE the first one that can be read counts and the others are skipped. Bad lines are noted
 * and left out; the others are used.
 *
 * Life: lmhosts_load_new → while lmhosts_load_next tells a path: lmhosts_load_feed or lmhosts_load_fail →
 * lmhosts_load_entries, lmhosts_load_problem → lmhosts_load_free. The load owns all it hands out, until freed.
 */
#include "node/node.h"

#define LMHOSTS_MAX_FILE_BYTES (1u << 20)
#define LMHOSTS_MAX_DEPTH 8      /* files within files */
#define LMHOSTS_MAX_FILES 64     /* of one load, all together */
#define LMHOSTS_MAX_ENTRIES 8192 /* of one load */
#define LMHOSTS_MAX_PROBLEMS 64  /* that are kept with their text; the others are counted */
#define LMHOSTS_PATH_BYTES 256

struct lmhosts_load;

struct lmhosts_problem {
        char path[LMHOSTS_PATH_BYTES];
        unsigned line;  /* from 1; 0: the file as a whole */
        char text[160]; /* what was wrong and what was expected, plain English */
};

/* A load that wants PATH first. NBT_ERR_NOMEM; NBT_ERR_RANGE if PATH is empty or LMHOSTS_PATH_BYTES or longer. */
int lmhosts_load_new(struct lmhosts_load **ret, const char *path) NBT_MUST_CHECK;
/* Accepts NULL, returns NULL. */
struct lmhosts_load *lmhosts_load_free(struct lmhosts_load *load);

/* The file that is wanted now, as it was written (the caller resolves relative and UNC paths); NULL: all is read. */
const char *lmhosts_load_next(const struct lmhosts_load *load);

/* The file that says so: whose #INCLUDE names the wanted one; "" for the first. Relative paths count from it. */
const char *lmhosts_load_includer(const struct lmhosts_load *load);

/*
 * The content of the wanted file, copied. A text over LMHOSTS_MAX_FILE_BYTES counts as unreadable. NBT_ERR_NOMEM, or
 * NBT_ERR_STATE if nothing is wanted.
 */
int lmhosts_load_feed(struct lmhosts_load *load, const void *text, size_t len_bytes) NBT_MUST_CHECK;

/* The wanted file cannot be read; WHY ("No such file or directory") goes into the problem. Codes as above. */
int lmhosts_load_fail(struct lmhosts_load *load, const char *why) NBT_MUST_CHECK;

/* What was read so far, in the order of the files; the count is returned through RET_COUNT. Never NULL when above 0. */
const struct node_lmhost *lmhosts_load_entries(const struct lmhosts_load *load, size_t *ret_count);

/* All problems, also those over LMHOSTS_MAX_PROBLEMS. */
size_t lmhosts_load_problem_count(const struct lmhosts_load *load);
/* Problem I; NULL if it was not kept. */
const struct lmhosts_problem *lmhosts_load_problem(const struct lmhosts_load *load, size_t i);

/*
 * What ENTRIES say of NAME: the first entry's address, or those of all #MH entries of the name; for a name <1C> the
 * addresses of the #DOM entries of that domain. Writes at most MAX addresses to RET; returns how many.
 */
size_t lmhosts_lookup(const struct node_lmhost *entries, size_t count, const struct nb_name *name, uint32_t *ret,
                      size_t max);

/* Does ENTRY stand for NAME (by itself, not by #DOM)? */
bool lmhosts_entry_matches(const struct node_lmhost *entry, const struct nb_name *name);
