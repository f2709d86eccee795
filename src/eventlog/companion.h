#pragma once
/*
 * Events of other sources that a name conflict leaves beside NetBT's: the server that could not start for it, browsers in contest, address
 * conflicts, a change of the computer's name. Strings as the public headers netevent.h and lmerrlog.h describe them.
 */
#include "eventlog/logrecord.h"

enum companion_concern {
        COMPANION_NAME,    /* the computer's own name is in conflict, or not valid */
        COMPANION_BROWSER, /* a contest for the master browser */
        COMPANION_ADDRESS, /* an IP address is used twice */
        COMPANION_RENAME,  /* the computer's name was changed */
        COMPANION_LOGON,   /* Netlogon speaks of names in its strings */
};

struct companion {
        enum companion_concern concern;
        uint64_t record;
        wall_t time;
        char text[256];   /* "Server 2505: …": what it says, in our words */
        char name[2][16]; /* NetBIOS names that it tells, upper case; "" if none */
        bool has_address;
        uint32_t address; /* COMPANION_ADDRESS */
};

/* False if RECORD is no such event. */
bool companion_read(const struct log_record *record, struct companion *ret);

/* Does it tell STEM (a name without suffix, without regard to case)? */
bool companion_names(const struct companion *companion, const char *stem);
