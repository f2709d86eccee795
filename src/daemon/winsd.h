#pragma once
/*
 * What the files of winsd share: a WINS core (wins/wins.h), its keeper, and what ties them to the host.
 *
 *   winsd.c           life: begin, settings, stop         winsd_open.c      the database at the start
 *   winsd_server.c    packets, actions, notices           winsd_control.c   the manager's requests
 *   winsd_config.c    settings as the core takes them (pure)      winsd_hook.c      the program that is told of changes
 */
#include "ctl/wins.h"
#include "daemon/hook_queue.h"
#include "daemon/host.h"
#include "daemon/keeper.h"
#include "io/runner.h"
#include "wins/wins.h"

struct winsd_hook;

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
        struct winsd_hook *hook; /* NULL: none is set */
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
bool winsd_may_say(struct winsd *winsd,
                   mono_t now); /* one more line that strangers can cause? Says how many were not */

/* winsd_control.c */
void winsd_request(void *context, uint64_t id, const struct ctl_request *request);
void winsd_complete(struct winsd *winsd, const struct wins_completion *completion);
void winsd_publish(struct winsd *winsd, const struct wins_notice *notice);
void winsd_backed_up(struct winsd *winsd, int result);
void winsd_choose_notices(struct winsd *winsd); /* whom there is to tell what */

/* winsd_hook.c, in the order of their calls. PREPARE and BEGIN log what hinders them: then there is no hook, and the server serves. */
void winsd_hook_prepare(struct winsd *winsd, const struct setup *setup, bool drop);
void winsd_hook_begin(struct winsd *winsd);
bool winsd_hook_is_on(const struct winsd *winsd);
void winsd_hook_settings(struct winsd *winsd, const struct setup *setup);      /* read anew */
void winsd_hook_notice(struct winsd *winsd, const struct wins_notice *notice); /* within a turn */
const struct ctl_wins_hook *winsd_hook_view(const struct winsd *winsd);        /* NULL: none is set */
/* True if calls wait that may still be made: host_stopped() then comes from here. */
bool winsd_hook_end(struct winsd *winsd);
void winsd_hook_finish(struct winsd *winsd);
