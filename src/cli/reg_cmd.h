#pragma once
/*
 * Inside `netbt reg`: what its verbs share. Switches are taken by cmd_reg.c, in Windows' spelling or ours.
 */
#include "cli/cli.h"
#include "settings/reg.h"

struct reg_request {
        struct cli_context *ctx;
        const char *value;     /* -v NAME; "" for --ve; NULL if not given */
        const char *type;      /* -t */
        const char *data;      /* -d */
        const char *separator; /* -s of add */
        bool recursive;        /* -s of query */
        bool all_values;       /* --va of delete */
        bool force;            /* -f, -y */
        bool list;             /* --list of backup */
        int argc;              /* what is no switch, from behind the verb */
        char **argv;
        struct arena arena;
};

/* Each returns an exit code. */
int reg_query(struct reg_request *request);
int reg_export(struct reg_request *request);
int reg_check(struct reg_request *request);
int reg_schema(struct reg_request *request);
int reg_add(struct reg_request *request);
int reg_delete(struct reg_request *request);
int reg_import(struct reg_request *request);
int reg_backup(struct reg_request *request);
int reg_restore(struct reg_request *request);
