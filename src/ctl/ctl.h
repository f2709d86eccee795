#pragma once
/*
 * The control socket RUNTIME/node.sock: how tools speak with the daemon that owns port 137.
 *
 * A stream of frames: four bytes of length (big endian), then that many bytes of JSON. One request, one reply, in order; a
 * client may send another after that (to CTL_REQUEST_WINS_WATCH there are replies without end). Both ends see typed structs
 * only; the texts and tables a user reads are made by the tools. Who may open the socket (mode 0660: owner and group) may read;
 * what changes something is allowed to root and to members of the daemon's own group (SO_PEERCRED).
 *
 * Here are the codec for both ends and the client of the tools, which waits for its reply. The serving end is the
 * daemon's. Unknown keys are ignored and absent ones are zero, so that tools and daemons of different age get along.
 */
#include "base/arena.h"
#include "base/strbuf.h"
#include "node/node.h"

#define CTL_SOCKET_NAME "node.sock"
#define CTL_FRAME_HEADER_BYTES 4
#define CTL_MAX_REQUEST_BYTES 65536u
#define CTL_MAX_WINS_REQUEST_BYTES 16777216u /* winsd takes so long ones: an import is one request */
#define CTL_MAX_REPLY_BYTES 4194304u

enum ctl_request_type {
        CTL_REQUEST_VIEW,            /* reply: view, server */
        CTL_REQUEST_SERVER,          /* reply: server */
        CTL_REQUEST_NAME_ADD,        /* name, kind; replied when the claim has ended (NBT_ERR_CONFLICT: refused) */
        CTL_REQUEST_NAME_RELEASE,    /* name */
        CTL_REQUEST_RELEASE_REFRESH, /* nbtstat -RR; NBT_ERR_LIMITED within two minutes of the last */
        CTL_REQUEST_RELOAD,          /* nbtstat -R; reply: lmhosts_count */
        CTL_REQUEST_QUERY,           /* name, bypass_cache; reply: completion */
        CTL_REQUEST_STATUS, /* name (the wildcard if nothing better is known), address; reply: completion.table */
        CTL_REQUEST_SETTINGS_RELOAD, /* as SIGHUP; NBT_ERR_MALFORMED…: the settings stay as they were */
        /* Of winsd alone; netbtd answers NBT_ERR_UNSUPPORTED. What they carry is in ctl/wins.h. */
        CTL_REQUEST_WINS_STATUS,
        CTL_REQUEST_WINS_SHOW,
        CTL_REQUEST_WINS_DELETE,
        CTL_REQUEST_WINS_CHECK,
        CTL_REQUEST_WINS_ADD,
        CTL_REQUEST_WINS_SCAVENGE,
        CTL_REQUEST_WINS_BACKUP,
        CTL_REQUEST_WINS_WATCH,
        CTL_REQUEST_MAX,
};

struct ctl_wins_request;
struct ctl_wins_reply;

struct ctl_request {
        enum ctl_request_type type;
        struct nb_name name;
        enum node_name_kind kind;
        uint32_t address;
        bool bypass_cache;
        const struct ctl_wins_request *wins; /* WINS requests; NULL: nothing is asked in particular */
};

/* The daemon itself. */
struct ctl_server {
        char program[16]; /* "netbtd", "winsd" */
        char version[16];
        uint32_t pid;
        int64_t started_us; /* wall_t.us */
        uint64_t uptime_s;
        char user[32];                                  /* account it runs as */
        char config[256], state_dir[256], lmhosts[256]; /* files it uses */
        uint64_t events_written, datagrams_dropped;
};

struct ctl_reply {
        enum ctl_request_type type; /* of the request */
        int result;                 /* 0 or NBT_ERR_… */
        char message[256];          /* when result is not 0: why, in words; may be empty */
        struct ctl_server server;
        struct node_view view;
        struct node_completion completion;
        uint64_t lmhosts_count;            /* entries loaded */
        const struct ctl_wins_reply *wins; /* WINS requests that went well */
};

/* Whole frames, appended to OUT. NBT_ERR_NOMEM; NBT_ERR_FULL if one would be longer than it may. */
int ctl_request_encode(const struct ctl_request *request, struct strbuf *out) NBT_MUST_CHECK;
int ctl_reply_encode(const struct ctl_reply *reply, struct strbuf *out) NBT_MUST_CHECK;

/*
 * What a frame holds, without its length. NBT_ERR_MALFORMED (no JSON, wrong types, an unknown request), NBT_ERR_RANGE (a number or a
 * list out of bounds), NBT_ERR_NOMEM. What they point to is in ARENA.
 */
int ctl_request_decode(const void *bytes, size_t len_bytes, struct arena *arena,
                       struct ctl_request *ret) NBT_MUST_CHECK;
int ctl_reply_decode(const void *bytes, size_t len_bytes, struct arena *arena, struct ctl_reply *ret) NBT_MUST_CHECK;

/*
 * Looks whether BYTES, the beginning of a stream, hold a whole frame: 1 and its payload's length in *ret, 0 if more must come first.
 * NBT_ERR_RANGE if it promises more than MAX or nothing at all.
 */
int ctl_frame_look(const void *bytes, size_t len_bytes, size_t max_bytes, size_t *ret_payload_bytes) NBT_MUST_CHECK;

/* "view", "name-add", …; never NULL. */
const char *ctl_request_str(enum ctl_request_type type);

bool ctl_request_is_wins(enum ctl_request_type type);
/* It changes what the daemon holds (a query is none): allowed to root and the daemon's own user and group. */
bool ctl_request_is_change(enum ctl_request_type type);

/* ---- client of the tools ------------------------------------------------------------------------------------------ */

struct ctl_client;

/*
 * Connects to RUNTIME_DIR/node.sock. NBT_ERR_NOT_FOUND: no daemon (no socket, or nobody behind it); NBT_ERR_DENIED; NBT_ERR_RANGE: the path is
 * too long for a socket; NBT_ERR_IO: errno tells; NBT_ERR_NOMEM.
 */
int ctl_connect(const char *runtime_dir, struct ctl_client **ret) NBT_MUST_CHECK;

/*
 * Sends REQUEST and waits for its reply, at most CTL_TIMEOUT_S. 0 when there is a reply, whatever its result says. NBT_ERR_TIMEOUT,
 * NBT_ERR_IO (the daemon hung up), NBT_ERR_MALFORMED, NBT_ERR_NOMEM; the client is then of no further use.
 */
#define CTL_TIMEOUT_S 60
int ctl_call(struct ctl_client *client, const struct ctl_request *request, struct arena *arena,
             struct ctl_reply *ret) NBT_MUST_CHECK;

/* As ctl_connect(), with the path of the socket itself. */
int ctl_connect_socket(const char *path, struct ctl_client **ret) NBT_MUST_CHECK;

/* One more reply to a CTL_REQUEST_WINS_WATCH; waits as long as it takes. Errors as ctl_call(), but no NBT_ERR_TIMEOUT. */
int ctl_next(struct ctl_client *client, struct arena *arena, struct ctl_reply *ret) NBT_MUST_CHECK;
int ctl_client_fd(const struct ctl_client *client); /* for poll() between two ctl_next() */

/* Accepts NULL, returns NULL. */
struct ctl_client *ctl_close(struct ctl_client *client);

/* The WHY and TODO of an error line for what ctl_connect() or ctl_call() returned; static texts. */
const char *ctl_error_why(int code);
const char *ctl_error_todo(int code);
