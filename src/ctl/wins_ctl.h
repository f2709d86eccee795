#pragma once
/*
 * The manager's socket RUNTIME/wins.sock: how `netbt wins` and `netbt diagnose` speak with winsd's database.
 *
 * The stream is that of ctl/ctl.h: frames of JSON, one reply a request, in order; ctl_frame_look() finds them. Only WATCH is
 * answered more than once: its first reply says that it is on, and then a frame follows for every notice, until the
 * client hangs up. Both ends see the core's own structs (wins/wins.h); nothing here calls the core. Who may open the socket
 * (mode 0660: owner and group) may do all it offers.
 *
 * Pages: SHOW, DELETE and CHECK answer with a page and a cursor; a client goes on with that cursor while MORE is set. A page
 * may be empty and yet not the last.
 */
#include "ctl/ctl.h"
#include "wins/wins.h"

#define WINS_CTL_SOCKET_NAME "wins.sock"
#define WINS_CTL_MAX_REQUEST_BYTES 16777216u /* an import of WINS_IMPORT_MAX_RECORDS */
#define WINS_CTL_MAX_REPLY_BYTES 8388608u    /* a page of WINS_PAGE_ROWS findings, each with two records */
#define WINS_CTL_PATH_BYTES 512

enum wins_ctl_type {
        WINS_CTL_STATUS,   /* reply: server, view, database */
        WINS_CTL_SHOW,     /* filter, cursor, limit; reply: page with rows */
        WINS_CTL_DELETE,   /* the same and tombstone; reply: page with rows, those that were deleted */
        WINS_CTL_CHECK,    /* filter, cursor, limit; reply: page with findings */
        WINS_CTL_ADD,      /* records, only_if_free; all or none; replied when durable. Reply: culprit */
        WINS_CTL_SCAVENGE, /* begins a round; what it did is told by WATCH and in the statistics */
        WINS_CTL_BACKUP,   /* reply when it is on disk: path (in the daemon's state directory), record_count */
        WINS_CTL_SETTINGS, /* settings, until the next start or reload; NBT_ERR_RANGE with the field in message */
        WINS_CTL_WATCH,    /* replies: notice, without end */
        WINS_CTL_MAX,
};

struct wins_ctl_request {
        enum wins_ctl_type type;
        struct wins_filter filter;
        struct wins_cursor cursor;
        uint32_t limit;      /* rows a page; 0 or over WINS_PAGE_ROWS: that many */
        bool tombstone;      /* DELETE */
        bool only_if_free;   /* ADD */
        size_t record_count; /* ADD: at most WINS_IMPORT_MAX_RECORDS */
        const struct wins_record *records;
        struct wins_settings settings; /* SETTINGS */
};

/* The database as a file. */
struct wins_ctl_database {
        char path[WINS_CTL_PATH_BYTES];
        uint64_t size_bytes, wal_bytes;
        int64_t last_backup_us;           /* wall_t.us; 0: none known */
        char backup[WINS_CTL_PATH_BYTES]; /* that backup's path; "" if none */
};

struct wins_ctl_page {
        bool more;
        struct wins_cursor cursor; /* where to go on */
        size_t row_count;
        const struct wins_record *const *rows;
        size_t finding_count;
        const struct wins_finding *findings; /* their record is never NULL */
};

/* What WATCH tells. */
struct wins_ctl_notice {
        int64_t time_us; /* wall_t.us */
        uint64_t missed; /* notices dropped just before this one, because the client read too slowly */
        struct wins_notice notice;
};

struct wins_ctl_reply {
        enum wins_ctl_type type; /* of the request */
        int result;              /* 0 or NBT_ERR_… */
        char message[256];       /* when result is not 0: why, in words; may be empty */
        struct ctl_server server;
        struct wins_view view;
        struct wins_ctl_database database;
        struct wins_ctl_page page;
        uint64_t culprit; /* ADD: which record was in the way, for NBT_ERR_EXISTS and NBT_ERR_RANGE */
        char path[WINS_CTL_PATH_BYTES];
        uint64_t record_count;
        const struct wins_ctl_notice *notice; /* WATCH: NULL in the first reply */
};

/* Whole frames, appended to OUT. NBT_ERR_NOMEM; NBT_ERR_FULL if it would be longer than the bound of its kind. */
int wins_ctl_request_encode(const struct wins_ctl_request *request, struct strbuf *out) NBT_MUST_CHECK;
int wins_ctl_reply_encode(const struct wins_ctl_reply *reply, struct strbuf *out) NBT_MUST_CHECK;

/*
 * What a frame holds, without its length. NBT_ERR_MALFORMED (no JSON, wrong types, an unknown request), NBT_ERR_RANGE (a number or a
 * list out of bounds), NBT_ERR_NOMEM. What is pointed to is in ARENA. Records are checked no further than that their
 * enums and counts are in bounds: wins_record_check() is the core's to call.
 */
int wins_ctl_request_decode(const void *bytes, size_t len_bytes, struct arena *arena,
                            struct wins_ctl_request *ret) NBT_MUST_CHECK;
int wins_ctl_reply_decode(const void *bytes, size_t len_bytes, struct arena *arena,
                          struct wins_ctl_reply *ret) NBT_MUST_CHECK;

/* "status", "show", …; never NULL. */
const char *wins_ctl_type_str(enum wins_ctl_type type);

/* ---- client of the tools ------------------------------------------------------------------------------------------ */

struct wins_ctl_client;

/*
 * Connects to PLACE: a socket, or a directory that holds wins.sock. NBT_ERR_NOT_FOUND: no winsd (no socket, or nobody behind
 * it); NBT_ERR_DENIED; NBT_ERR_RANGE: the path is too long for a socket; NBT_ERR_IO: errno tells; NBT_ERR_NOMEM.
 */
int wins_ctl_connect(const char *place, struct wins_ctl_client **ret) NBT_MUST_CHECK;

/*
 * Sends REQUEST and waits for its reply, at most CTL_TIMEOUT_S. 0 when there is a reply, whatever its result says. NBT_ERR_TIMEOUT,
 * NBT_ERR_IO (the daemon hung up), NBT_ERR_MALFORMED, NBT_ERR_NOMEM, NBT_ERR_FULL; the client is then of no further use.
 */
int wins_ctl_call(struct wins_ctl_client *client, const struct wins_ctl_request *request, struct arena *arena,
                  struct wins_ctl_reply *ret) NBT_MUST_CHECK;

/* After a WATCH was answered: waits for the next notice without any bound. Errors as of wins_ctl_call(); NBT_ERR_STATE: a signal came. */
int wins_ctl_next(struct wins_ctl_client *client, struct arena *arena, struct wins_ctl_reply *ret) NBT_MUST_CHECK;

/* Accepts NULL, returns NULL. */
struct wins_ctl_client *wins_ctl_close(struct wins_ctl_client *client);

/* The WHY and TODO of an error line for what wins_ctl_connect() or wins_ctl_call() returned; static texts. */
const char *wins_ctl_error_why(int code);
const char *wins_ctl_error_todo(int code);
