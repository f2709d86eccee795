#pragma once
/*
 * Events of other sources that a name conflict leaves beside NetBT's: the server that could not start for it, browsers in contest, address
 * conflicts, a change of the computer's name, what WINS and DHCP say of it. Strings as the public headers netevent.h and lmerrlog.h
 * describe them; sentences as Windows' event log shows them.
 */
#include "eventlog/logrecord.h"
#include "eventlog/span.h"

#define COMPANION_MAX_NAMES 3

enum companion_concern {
        COMPANION_NAME,     /* the computer's own name is in conflict, or not valid */
        COMPANION_BROWSER,  /* a contest for the master browser */
        COMPANION_ADDRESS,  /* an IP address is used twice, or was denied */
        COMPANION_RENAME,   /* the computer's name was changed: from name[0] to name[1] */
        COMPANION_LOGON,    /* Netlogon speaks of names in its strings */
        COMPANION_WINS,     /* a WINS server speaks of names in its strings */
        COMPANION_DATABASE, /* a DHCP server's database is damaged */
};

struct companion {
        enum companion_concern concern;
        uint16_t id;
        uint64_t record;
        wall_t time;
        char computer[64];                  /* whose log it is; "" if unknown */
        char text[256];                     /* "Server 2505: …": what it says, in our words */
        char name[COMPANION_MAX_NAMES][16]; /* NetBIOS names that it tells, upper case; "" if none */
        bool has_address;
        uint32_t address; /* COMPANION_ADDRESS */
};

/* Has SOURCE events that may be companions? */
bool companion_is_source(const char *source);

/* False if RECORD is no such event. */
bool companion_read(const struct log_record *record, struct companion *ret);

/*
 * The same from text: of RECORD are known its id, and the source, time, computer and number as far as they were told; what its strings
 * are, SENTENCE says (the event's description, whole or not). A record without a source is known by its id and sentence together.
 */
bool companion_read_text(const struct log_record *record, struct span sentence, struct companion *ret);

/* Does it tell STEM (a name without suffix, without regard to case)? */
bool companion_names(const struct companion *companion, const char *stem);
