#pragma once
/*
 * What the files of winsd share: a WINS core (wins/wins.h), its keeper, and what ties them to the host.
 *
 *   winsd.c           life: begin, settings, stop         winsd_open.c      the database at the start
 *   winsd_server.c    packets, actions, notices           winsd_control.c   the manager's requests
 *   winsd_config.c    settings as the core takes them (pure)
 */
#include "daemon/host.h"
#include "daemon/keeper.h"
#include "wins/wins.h"

struct winsd {
        struct host_parts parts;
        struct wins *wins;
        struct keeper *keeper;
        struct loop_fd *keeper_handle;
        struct wins_settings settings;
        char db_path[256];
        bool started; /* the core has had its WINS_EVENT_START */
        int64_t last_backup_us;
        /* A backup under way: who wants it, and where it goes. First what waits is written (flush), then the file. */
        uint64_t backup_id;
        char backup_path[256];
        bool flushing;
        /* Lines of the log that strangers can cause. */
        uint32_t line_tokens, lines_left_out;
        mono_t line_at;
        uint8_t answers[UDP_BATCH][WINS_QUERY_ANSWER_BYTES]; /* of the batch under way */
};

/* Lines that strangers can cause: so many at once. */
#define WINSD_MAX_LINES 60u

/* Ids of commands that no client waits for; a client's have other low bits (daemon/control.c). */
#define WINSD_ID_NOBODY 0u
#define WINSD_ID_FLUSH (1u << 7 | 0x7Fu)

/* winsd_config.c: false if something had to be moved into its range. Pure. */
bool winsd_config_make(const struct settings_wins *settings, struct wins_settings *ret);

/* winsd_open.c: opens STATE_DIR/wins.db and loads it into a new core, whose owner's address is ADDRESS (0: none yet). WHY as for
 * host_service.begin(). */
int winsd_open(struct winsd *winsd, uint32_t address, struct strbuf *why) NBT_MUST_CHECK;

/* winsd_server.c */
extern const struct driver_guest winsd_guest_functions;          /* its context is to be set */
void winsd_step(struct winsd *winsd, struct wins_event *event);  /* within a turn */
void winsd_event(struct winsd *winsd, struct wins_event *event); /* a turn of its own */
void winsd_on_keeper(void *context, unsigned events);

/* winsd_control.c */
void winsd_request(void *context, uint64_t id, const struct ctl_request *request);
void winsd_complete(struct winsd *winsd, const struct wins_completion *completion);
void winsd_publish(struct winsd *winsd, const struct wins_notice *notice);
void winsd_backed_up(struct winsd *winsd, int result);
