#pragma once
/*
 * A helper process that runs one program for a daemon which may not: it is forked before the filter of system calls is in force
 * and keeps nothing of the daemon but its standard error.
 *
 * The program is fixed from the start. What the daemon sends are arguments alone, and the helper trusts none of them: at most
 * RUNNER_MAX_ARGUMENTS, of letters, digits, ".", "_" and "-", none empty, none beginning with "-". There is no shell. The program runs in a session of its own, nicer than
 * the daemon, in "/", with an environment of PATH alone, without input; what it prints goes to standard error. When its time is
 * over it is killed with all of its session. One runs at a time.
 *
 * The helper ends when the daemon does (however that ends); a program that then runs has RUNNER_LAST_MS left, and none if the
 * helper itself is killed.
 */
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUNNER_MAX_ARGUMENTS 32u
#define RUNNER_MAX_BYTES 1024u /* of all arguments, each with a NUL */
#define RUNNER_LONGEST_MS 30000u
#define RUNNER_LAST_MS 3000u

struct runner;

enum runner_end {
        RUNNER_EXITED,    /* VALUE: its exit status */
        RUNNER_KILLED,    /* VALUE: the signal */
        RUNNER_TIMED_OUT, /* it was killed: its time was over */
        RUNNER_NOT_RUN,   /* VALUE: errno, of fork or exec */
        RUNNER_REFUSED,   /* the helper does not pass such arguments */
};

struct runner_result {
        enum runner_end end;
        int value;
};

struct runner_options {
        const char *program; /* an absolute path */
        bool drop;           /* the helper gives up all capabilities; the caller is not root any more */
        uint32_t longest_ms; /* 0: RUNNER_LONGEST_MS */
};

/*
 * Forks the helper; the caller has no threads yet. From then on the kernel reaps the caller's children (SIGCHLD is ignored).
 * NBT_ERR_IO: errno tells; NBT_ERR_RANGE: the path does not begin with "/"; NBT_ERR_NOMEM.
 */
int runner_start(struct runner **ret, const struct runner_options *options) NBT_MUST_CHECK;

/* Ends the helper. Accepts NULL, returns NULL. */
struct runner *runner_free(struct runner *runner);

/* Readable when a program has ended, or the helper has. */
int runner_fd(const struct runner *runner);

/* Runs the program with ARGUMENTS; its end must be taken before the next. NBT_ERR_RANGE: the arguments are not of the kind above;
 * NBT_ERR_IO: the helper is gone. */
int runner_run(struct runner *runner, const char *const *arguments, size_t count) NBT_MUST_CHECK;

/* How the program ended. NBT_ERR_BUSY: it has not yet; NBT_ERR_IO: the helper is gone. */
int runner_take(struct runner *runner, struct runner_result *ret) NBT_MUST_CHECK;
