#pragma once
/*
 * A simulated network in virtual time: the second driver of struct node (the first is src/daemon).
 *
 * A world owns segments, hosts, a clock that jumps from event to event, a seeded generator and a log. Nothing here reads a
 * clock or a random source, and nothing is shared between worlds: the same seed and script give the same log, always.
 *
 * A segment is a broadcast domain with a network; unicasts to other segments are routed, broadcasts are not. A host has up to
 * SIM_MAX_PORTS ports, each one address on one segment, and is one of: a node (struct node, driven by host.c), a WINS server
 * model (wins.h), or a peer (a function of the story that gets the raw packets). What a host broadcasts comes back to itself,
 * as a UDP socket's does. Failures are by index and printed with the log by the story's or world's runner.
 *
 * The log has one line an event, "SECONDS HOST what": packets by nbns_dump, notices, completions, remarks of the story.
 */
#include "base/arena.h"
#include "base/rng.h"
#include "base/strbuf.h"
#include "node/node.h"

#define SIM_MAX_SEGMENTS 8
#define SIM_MAX_PORTS 4
#define SIM_MAX_HOSTS 128
#define SIM_FRAME_MAX_BYTES 1500
#define SIM_NOTICE_TYPES 16
#define SIM_MAX_HOLDERS 8
#define SIM_MAX_TOLD 64
#define SIM_WALL_START_US INT64_C(1795500000000000) /* 2026-11-24T06:00:00Z: any day will do */

struct world;
struct sim_host;

/* A datagram under way, shared by all whom it reaches. */
struct sim_frame {
        unsigned refs;
        uint32_t source, destination;
        uint16_t source_port, port;
        bool broadcast;
        size_t len_bytes;
        uint8_t bytes[];
};

struct sim_link {
        uint32_t delay_us, jitter_us; /* jitter above the spacing of packets reorders them */
        uint16_t loss_permille, duplicate_permille;
};

struct sim_segment {
        uint32_t network, netmask, broadcast;
        struct sim_link link;
        uint32_t reflect_ms; /* a repeater sends broadcasts back to their sender after so long; 0: none does */
};

struct sim_port {
        struct node_iface iface; /* what a node is told; address and up count for all kinds of host */
        unsigned segment;
        uint8_t group;          /* ports of one segment hear each other only within a group; routing reaches group 0 */
        uint16_t loss_permille; /* of this port alone, both ways */
};

/* A packet for a peer or WINS model. FRAME is lent. */
typedef void (*sim_packet_fn)(struct world *world, struct sim_host *host, unsigned port, const struct sim_frame *frame);
/* Something the script does at a time. */
typedef void (*sim_call_fn)(struct world *world, struct sim_host *host, uint64_t argument);

/* How the last command ended. */
struct sim_completion {
        unsigned count; /* completions so far */
        int result;
        int from;
        struct nb_name name;
        size_t address_count, holder_count;
        uint32_t address, responder;
        uint32_t holders[SIM_MAX_HOLDERS];
        size_t table_count; /* names in a status answer */
};

struct sim_host {
        struct world *world;
        char label[16];
        unsigned index;
        bool is_node;
        bool running; /* a host that is not hears, says and does nothing */
        bool suspended;
        struct sim_port ports[SIM_MAX_PORTS];
        unsigned port_count;
        sim_packet_fn on_packet;
        void *context; /* for on_packet */
        void (*free_context)(void *context);
        /* nodes only */
        struct node_config config;
        struct node *node;
        mono_t wake;       /* world time of the node's deadline */
        int64_t frozen_ns; /* how long the host slept: its monotonic clock stood still meanwhile */
        int64_t suspended_at_ns;
        int64_t wall_offset_us; /* steps of its calendar clock */
        uint64_t sent, received;
        uint64_t notices[SIM_NOTICE_TYPES];
        uint64_t silent_losses; /* Registered → Conflict without a notice that tells an administrator */
        struct sim_completion completion;
        struct node_notice last_notice; /* of any type but STATE */
        size_t told_count;              /* names an administrator was told of, since the start */
        struct nb_name told[SIM_MAX_TOLD];
        int64_t spin_at_ns; /* guards against timers without end */
        unsigned spins;
};

struct sim_event;

struct world {
        const char *label;
        uint64_t seed;
        mono_t now; /* starts at 0 */
        struct rng rng;
        struct sim_segment segments[SIM_MAX_SEGMENTS];
        unsigned segment_count;
        struct sim_host *hosts[SIM_MAX_HOSTS];
        unsigned host_count;
        bool routed; /* segments reach each other by unicast (default) */
        struct sim_event *heap;
        size_t heap_count, heap_room;
        uint64_t sequence;
        struct arena step_arena; /* reset before every node_step */
        bool log_on;
        struct arena log_arena;
        char **log;
        size_t log_count, log_room;
        unsigned failures;                                    /* expectations that did not hold */
        uint64_t frames;                                      /* sent by anybody */
        bool (*dns)(const char *host, uint32_t *ret_address); /* what DNS knows; NULL: nothing */
};

/* ---- the world ----------------------------------------------------------------------------------------------------- */

/* Never fails: a test without memory ends. */
struct world *world_new(const char *label, uint64_t seed);
struct world *world_free(struct world *world);

/* Adds segment "10.0.0.0/24" with a delay of 1 ms and no faults; returns its index. */
unsigned world_segment(struct world *world, const char *network);

/* A host that is nothing but its function; running at once. */
struct sim_host *world_peer(struct world *world, const char *label, unsigned segment, const char *address,
                            sim_packet_fn on_packet);

/* Runs until TIME passed, doing everything that is due by then. */
void world_run_ms(struct world *world, uint64_t ms);
void world_run_s(struct world *world, uint64_t s);

/* Calls FN(world, HOST, ARGUMENT) in MS milliseconds. */
void world_call_in_ms(struct world *world, uint64_t ms, sim_call_fn fn, struct sim_host *host, uint64_t argument);

/* Sends a datagram by a port of HOST (also of one that is not running, for forgeries: SOURCE 0 is the port's own address). */
void world_send(struct world *world, struct sim_host *host, unsigned port, uint32_t source, uint32_t destination,
                uint16_t destination_port, const void *bytes, size_t len_bytes);
/* Encodes PACKET and sends it as above, to port 137. */
void world_send_packet(struct world *world, struct sim_host *host, unsigned port, uint32_t source, uint32_t destination,
                       const struct nbns_packet *packet);

/* Puts every second of ports of SEGMENT into another group, by HALVES(host index); heal puts all together again. */
void world_partition(struct world *world, unsigned segment, bool (*in_other_half)(const struct sim_host *host));
void world_heal(struct world *world);

/* ---- nodes (host.c) ------------------------------------------------------------------------------------------------ */

/* A node with one port (interface id 1, "eth0"), NAME as computer name, WORKGROUP as group (either may be ""); not yet
 * started, so that the story can change host->config. */
struct sim_host *world_node(struct world *world, const char *label, enum node_type type, const char *computer,
                            const char *workgroup, unsigned segment, const char *address);
/* One more port; tells the node if it runs. Returns its index. */
unsigned host_add_port(struct sim_host *host, unsigned segment, const char *address);
/* The WINS servers of every port of HOST, "" for none, blanks between them; tells the node if it runs. */
void host_set_wins(struct sim_host *host, const char *addresses);

void host_start(struct sim_host *host);   /* node_new, its interfaces, START */
void host_stop(struct sim_host *host);    /* STOP: releases; the node is freed at NODE_ACTION_STOPPED */
void host_crash(struct sim_host *host);   /* gone without a word */
void host_suspend(struct sim_host *host); /* hears nothing, its monotonic clock stands still */
void host_resume(struct sim_host *host);
void host_step_wall(struct sim_host *host, int64_t seconds); /* the calendar clock jumps */
void host_set_address(struct sim_host *host, unsigned port, const char *address);
void host_set_up(struct sim_host *host, unsigned port, bool up);
void host_reconfigure(struct sim_host *host); /* hands over host->config as it is now */

/* Commands: NAME as "SRV<20>"; how they end stands in host->completion and the log. */
void host_name_add(struct sim_host *host, const char *name, enum node_name_kind kind);
void host_name_release(struct sim_host *host, const char *name);
void host_query(struct sim_host *host, const char *name, bool bypass_cache);
void host_status(struct sim_host *host, const char *address);
void host_release_refresh(struct sim_host *host);
void host_reload(struct sim_host *host, const char *lmhosts_text);

/* State of NAME on PORT, NODE_STATE_MAX if the node does not have it. */
enum node_name_state host_name_state(struct sim_host *host, const char *name, unsigned port);
/* The node's view in the world's step arena, until the next step. */
struct node_view host_view(struct sim_host *host);
/* Sum of what the node told an administrator of: notices but STATE, DEFENDED, WINS_*. */
uint64_t host_alarms(const struct sim_host *host);

/* For world.c: one event into the node and its actions carried out. */
void host_event(struct sim_host *host, struct node_event *event);
void host_packet(struct sim_host *host, unsigned port, const struct sim_frame *frame);
void host_timer(struct sim_host *host);

/* ---- log and expectations (log.c) ---------------------------------------------------------------------------------- */

void world_log(struct world *world, const struct sim_host *host, const char *format, ...) NBT_PRINTF(3, 4);
void world_log_frame(struct world *world, const struct sim_host *host, const char *verb, const struct sim_frame *frame);
void world_print_log(const struct world *world);

/*
 * Patterns. A pattern is words; a log line matches it if its time matches the first word and the others are found in the line
 * in their order. The time is "1.250" (exactly), "1.2-1.5" (between), or "*". A word matches anywhere in the line, but only as
 * a whole between blanks, brackets, commas or quotes; a word that ends in '*' matches as a beginning.
 */

/* Does LINE of a log match the first LEN bytes of PATTERN? */
bool world_line_matches(const char *line, const char *pattern, size_t len_bytes);
/* Every line of PATTERNS is found in the log, one after the other. */
void world_expect(struct world *world, const char *patterns);
/* No line of the log matches PATTERN. */
void world_expect_never(struct world *world, const char *pattern);
/* How many lines match. */
size_t world_count(const struct world *world, const char *pattern);
void world_expect_count(struct world *world, const char *pattern, size_t low, size_t high);
void world_expect_state(struct world *world, struct sim_host *host, const char *name, unsigned port,
                        enum node_name_state state);
/* Notes a failure when HOLDS is false, with the text of what should have been. */
void world_expect_that(struct world *world, bool holds, const char *what);
