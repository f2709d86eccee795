#pragma once
/*
 * From files and switches to what the node runs with: reading the settings file for the start and for SIGHUP.
 */
#include "daemon/config.h"

/* Settings and what points into them: one value to keep, to replace and to drop. Zeroed means none. */
struct setup {
        struct arena arena;
        struct settings_effective settings;
        struct daemon_config config;
        uint16_t event_id; /* after a failure: the NetBT event that says so (4301); 0: none */
};

/*
 * Loads SWITCHES->config_path; the default file may be missing, which means defaults; one named by --config may not. On failure ERROR has one line of what, why and what to do, and
 * *ret is as it was. NBT_ERR_MALFORMED (the file, or a switch), NBT_ERR_DENIED, NBT_ERR_IO, NBT_ERR_RANGE, NBT_ERR_NOMEM. RET must stay where
 * it is, for its parts point to each other.
 */
int setup_load(const struct daemon_switches *switches, struct setup *ret, struct strbuf *error) NBT_MUST_CHECK;
void setup_done(struct setup *setup);

/* Says in the log what could not be taken as it stands. */
void setup_log(const struct setup *setup);
