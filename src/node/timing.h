#pragma once
/*
 * Every protocol constant of the end node, with its source. What the registry can change is in struct
 * node_timing; its defaults are here too, so that settings and node never disagree.
 */
#include <stdint.h>

/* RFC 1002 §6.1 BCAST_REQ_RETRY_TIMEOUT / _COUNT: claims by broadcast. */
#define NODE_BCAST_CLAIM_INTERVAL_MS 250u
#define NODE_BCAST_CLAIM_COUNT 3u
/* KB120642: BcastNameQueryCount, BcastQueryTimeout. */
#define NODE_BCAST_QUERY_COUNT 3u
#define NODE_BCAST_QUERY_TIMEOUT_MS 750u
/* KB120642: NameSrvQueryCount, NameSrvQueryTimeout. */
#define NODE_NAME_SRV_QUERY_COUNT 3u
#define NODE_NAME_SRV_QUERY_TIMEOUT_MS 1500u
/* KB188655: CacheTimeout. */
#define NODE_CACHE_TIMEOUT_MS 600000u
/* KB120642: InitialRefreshT.O.; the first attempt is at 1/8 of it (KB154409, KB164308). */
#define NODE_INITIAL_REFRESH_MS 960000u
/* KB120642: WinsDownTimeout. */
#define NODE_WINS_DOWN_TIMEOUT_MS 15000u
/* KB120642: LmhostsTimeout. */
#define NODE_LMHOSTS_TIMEOUT_MS 6000u
/* RFC 1002 §6.1 CONFLICT_TIMER: how long after the first answer a second, different one counts as a conflict. */
#define NODE_CONFLICT_TIMER_MS 1000u
/* RFC 1002 §6.1 INFINITE_TTL. */
#define NODE_INFINITE_TTL_S 0u
/* KB247559: back to the original primary every 10 min for 60 min, then at TTL/2. */
#define NODE_PRIMARY_RETRY_MS 600000u
#define NODE_PRIMARY_RETRY_LIMIT_MS 3600000u
/* netbt.md 5.1: failed names are retried by a 10-minute scan. */
#define NODE_FAILED_NAME_RETRY_MS 600000u
/* KB188598: -RR at most once in 2 minutes. */
#define NODE_RELEASE_REFRESH_MIN_MS 120000u
/* Samba asks 259200 or 300000 s; MS asks 300000 s (observed). */
#define NODE_CLAIM_TTL_S 300000u

/* ASSUMPTION: bounds of our own choosing, sized for a machine's own names. */
#define NODE_MAX_NAMES 256
#define NODE_MAX_IFACES 64
#define NODE_MAX_WINS 12 /* Windows 2000 and later take up to 12 (KB) */
#define NODE_MAX_USERS 16
#define NODE_MAX_CACHE 4096
#define NODE_MAX_QUERIES 256
/* One verification of demands for a name in this time; one for all names in the second. */
#define NODE_VERIFY_MIN_INTERVAL_MS 10000u
/* ASSUMPTION: resources ran out: told at most once an hour, as event 4322 says "in the last 1 hour". */
#define NODE_RESOURCES_INTERVAL_MS 3600000u
#define NODE_VERIFY_GLOBAL_INTERVAL_MS 1000u
/* How a demand is verified: so many questions, so far apart (KB120642's broadcast query defaults). */
#define NODE_VERIFY_TRIES 3u
#define NODE_VERIFY_QUERY_MS 750u
/* ASSUMPTION: all WACKs of one request together extend its wait by at most this; RFC 1002 §4.2.16 sets no limit, a server's
 * challenge of 25 addresses (5 + 4 * 25 s, observed) stays below. */
#define NODE_WACK_LIMIT_MS 300000u
/* ASSUMPTION: a refusal of our claim that arrives so late (a slow defender) still counts as one. */
#define NODE_LATE_REFUSAL_MS 5000u
/* ASSUMPTION: no server makes us refresh faster than that, whatever TTL it gives. */
#define NODE_REFRESH_MIN_MS 10000u
/* ASSUMPTION: names that follow back to the primary WINS server do so this far apart. */
#define NODE_HOMECOMING_MS 200u
/* ASSUMPTION: NODE_EVENT_STOP ends within that, released or not. */
#define NODE_STOP_LIMIT_MS 6000u
/* ASSUMPTION: a DNS lookup that the driver was asked for has failed if there is no result by then. */
#define NODE_DNS_TIMEOUT_MS 10000u
/* KB: a name has at most 25 addresses (event 4141). */
#define NODE_MAX_ANSWER_ADDRESSES 25u
/* ASSUMPTION: names in a node status answer beyond that size are left out; fits NBNS_MAX_BYTES with the longest scope. */
#define NODE_STATUS_RDATA_BYTES 1160u
/* Node status answers: a burst, and then so many a second, for all askers together. */
#define NODE_STATUS_BURST 200u
#define NODE_STATUS_PER_SECOND 100u
/* ASSUMPTION: queries that a proxy has under way for others at a time, and begins a second, after a burst: a segment of 250 machines
 * that are switched on together stays below; names that WINS did not know, and for how long. */
#define NODE_PROXY_QUERIES 64u
#define NODE_PROXY_PER_SECOND 100u
#define NODE_PROXY_BURST 400u
#define NODE_PROXY_UNKNOWN 64u
#define NODE_PROXY_UNKNOWN_MS 15000u

struct node_timing {
        uint32_t bcast_claim_interval_ms, bcast_claim_count;
        uint32_t bcast_query_count, bcast_query_timeout_ms;
        uint32_t name_srv_query_count, name_srv_query_timeout_ms;
        uint32_t cache_timeout_ms;
        uint32_t initial_refresh_ms;
        uint32_t wins_down_timeout_ms;
        uint32_t lmhosts_timeout_ms;
        uint32_t
                conflict_retry_ms; /* bounded retry of names in conflict: first interval, doubled each time; 0 = never */
        uint32_t conflict_retry_count;
};

#define NODE_TIMING_DEFAULT                                                                                            \
        ((struct node_timing){NODE_BCAST_CLAIM_INTERVAL_MS, NODE_BCAST_CLAIM_COUNT, NODE_BCAST_QUERY_COUNT,            \
                              NODE_BCAST_QUERY_TIMEOUT_MS, NODE_NAME_SRV_QUERY_COUNT, NODE_NAME_SRV_QUERY_TIMEOUT_MS,  \
                              NODE_CACHE_TIMEOUT_MS, NODE_INITIAL_REFRESH_MS, NODE_WINS_DOWN_TIMEOUT_MS,               \
                              NODE_LMHOSTS_TIMEOUT_MS, NODE_FAILED_NAME_RETRY_MS, 6})
