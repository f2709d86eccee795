#pragma once
/* What the verbs of `netbt dhcp` share: one cmd_dhcp_*.c a group of verbs. Each returns an exit code. */
#include "base/arena.h"
#include "cli/cli.h"
#include "cli/lease_file.h"

struct dhcp_request {
        struct cli_context *ctx;
        struct arena arena;
        int argc; /* what follows the verb, without options */
        char **argv;
        enum lease_format format; /* --format; UNKNOWN: found out */
        const char *output;       /* repair: -o */
        const char *iface;        /* -i */
        bool all, yes, force, save, release;
        unsigned timeout_ms;
        const char *wins;                               /* learn: addresses; check: winsd's socket */
        const char *nbdd, *node_type, *scope, *netbios; /* learn */
};

int dhcp_check(struct dhcp_request *request);
int dhcp_repair(struct dhcp_request *request);
int dhcp_inform(struct dhcp_request *request);
int dhcp_learn(struct dhcp_request *request);
int dhcp_show(struct dhcp_request *request);
int dhcp_clear(struct dhcp_request *request);

/* Adds to CHECKER what the database of the winsd at request->wins says otherwise. An exit code other than 0 was told. */
struct checker;
int dhcp_check_wins(const struct dhcp_request *request, struct checker *checker);

/* "line 12 (byte 345)", or "byte 345" in a binary file, with the file's name where there are several; in the arena. */
const char *dhcp_place(struct dhcp_request *request, const char *path, unsigned line, uint64_t offset);
