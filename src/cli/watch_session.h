#pragma once
/*
 * One run of `netbt watch`: a stream of captured frames (a file, or what the capture process sends), the tracker, and where its
 * changes go. cmd_watch.c fills the options; the rest is shared by the text, JSON and full-screen faces.
 */
#include "cli/cli.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "cli/capture_file.h"
#include "watch/watch.h"

#define WATCH_MAX_INTERFACES 16
#define WATCH_MAX_BAIT_NAMES 16
#define WATCH_INPUTS 64

struct watch_settings {
        const char *file; /* -r: NULL live; "-" standard input */
        bool follow;      /* -r: go on at the end of the file */
        size_t interface_count;
        const char *interfaces[WATCH_MAX_INTERFACES];
        bool no_promiscuous;
        bool ui;
        bool quiet; /* only conflicts and spoofers */
        bool names; /* print the table at the end */
        bool no_state, keep_state;
        bool syslog;
        const char *exec;
        bool bait;
        unsigned bait_interval_s;
        size_t bait_name_count;
        struct nb_name bait_names[WATCH_MAX_BAIT_NAMES];
        unsigned for_s; /* 0: till stopped */
        const char *user;
        size_t allowed_count;
        uint32_t allowed[WATCH_MAX_ALLOWED];
};

struct watch_alerts;
struct watch_baiter;
struct watch_keeper;
struct watch_ui;

struct watch_session {
        struct cli_context *ctx;
        const struct watch_settings *settings;
        struct watch *watch;
        struct arena arena;
        struct strbuf line;
        struct capture_file capture; /* frames come from here */
        struct capture_damage damage;
        bool looks_on; /* behind damage, for where packets go on */
        uint64_t damaged_from;
        size_t input_count;
        struct watch_input inputs[WATCH_INPUTS]; /* frames of its buffer, on their way to the tracker */
        wall_t packet_time;                      /* of the newest */
        bool found;                              /* a conflict or a spoofer was told */
        struct watch_alerts *alerts;
        struct watch_baiter *baiter;
        struct watch_keeper *keeper;
        struct watch_ui *ui;
};

/* NBT_ERR_NOMEM. */
int watch_session_init(struct watch_session *session, struct cli_context *ctx,
                       const struct watch_settings *settings) NBT_MUST_CHECK;
void watch_session_done(struct watch_session *session);

/* Reads what waits on the descriptor and tells what changed. 1: something was read; 0: nothing waits, or the end
 * (session->capture.ended). Of a file, what is damaged is passed over, and told at the end. Negative: what capture_file_fill() and
 * capture_file_next() said. */
int watch_session_read(struct watch_session *session) NBT_MUST_CHECK;

/* What the stream is called in messages: the file as it was given, "standard input" or "capture". */
const char *watch_session_input(const struct watch_session *session);

/* Tells EVENTS: prints, alerts, shows. */
void watch_session_tell(struct watch_session *session, const struct watch_events *events);

/* The table (if asked for), and the sum. */
void watch_session_finish(struct watch_session *session);
