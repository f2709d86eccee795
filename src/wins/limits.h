#pragma once
/*
 * Every constant of the WINS server, with its source; what can be set is in struct wins_settings (wins/wins.h).
 */
#include <stdint.h>

#define WINS_MINUTE_S 60u
#define WINS_HOUR_S 3600u
#define WINS_DAY_S (24u * WINS_HOUR_S)

/* KB176505, KB142305, KB154414: defaults and ranges of the four timers. */
#define WINS_RENEWAL_S (6u * WINS_DAY_S)
#define WINS_RENEWAL_MIN_S (40u * WINS_MINUTE_S)
#define WINS_RENEWAL_MAX_S (999u * WINS_HOUR_S + 3599u) /* 999:59:59 */
#define WINS_EXTINCTION_INTERVAL_S (6u * WINS_DAY_S)
#define WINS_EXTINCTION_INTERVAL_MIN_S (40u * WINS_MINUTE_S)
#define WINS_EXTINCTION_INTERVAL_MAX_S WINS_RENEWAL_MAX_S
#define WINS_EXTINCTION_TIMEOUT_S (6u * WINS_DAY_S)
#define WINS_EXTINCTION_TIMEOUT_MIN_S (24u * WINS_HOUR_S)
#define WINS_EXTINCTION_TIMEOUT_MAX_S WINS_RENEWAL_MAX_S
#define WINS_VERIFY_S (24u * WINS_DAY_S)
#define WINS_VERIFY_MIN_S (24u * WINS_DAY_S)
#define WINS_VERIFY_MAX_S (9999u * WINS_HOUR_S + 3599u)

/* KB173519: ChlMaxNoOfRetries 3, InitChlRetryInterval 500 ms, doubled each time. */
#define WINS_CHALLENGE_TRIES 3u
#define WINS_CHALLENGE_FIRST_MS 500u
/* 500 + 1000 + 2000 ms an address; observed: Samba says 5 + 4n seconds in its WACK. */
#define WINS_CHALLENGE_ADDRESS_S 4u
#define WINS_WACK_BASE_S 5u

/* KB154410: BurstQueSize. Range as Windows' (50 to 25,000; "low" 300, "medium" 500, "high" 1,000). */
#define WINS_BURST_QUEUE 500u
#define WINS_BURST_QUEUE_MIN 50u
#define WINS_BURST_QUEUE_MAX 25000u
/* KB154410: answers of a burst have a TTL of 5 minutes, 5 more with every further 100, up to 50, then from the start. */
#define WINS_BURST_STEP_S (5u * WINS_MINUTE_S)
#define WINS_BURST_STEP_COUNT 100u
#define WINS_BURST_STEPS 10u
#define WINS_BURST_NAMES 65536u /* claims so answered that are remembered, so that a twin is told */

/* Above it there are more versions than a server ever gives out, so that none is ever used twice. */
#define WINS_MAX_START_VERSION (UINT64_MAX / 2)
#define WINS_MAX_WORKS 25000u /* claims under way (challenge or commit), KB154410's queue bound */
/* Of these, so many may be challenges. They last as long as a holder is silent, seconds to minutes, and anybody can begin them:
 * who does may leave no contested name an answer, but not take the place of claims that only wait for the disk. */
#define WINS_MAX_CHALLENGES 20000u
#define WINS_MAX_WAITERS 8u    /* other claims of one name that wait for the one under way; the holder's go before */
#define WINS_MAX_OWN_NAMES 64u /* of the carried node */
#define WINS_MAX_OWN_ADDRESSES 32u
#define WINS_MAX_BLOCKED 64u   /* names of the block list */
#define WINS_MAX_SCOPES 65000u /* different scopes in the database */
#define WINS_MAX_OWNERS 4096u
#define WINS_MAX_RECORDS 16000000u
#define WINS_IMPORT_MAX_RECORDS 32768u

#define WINS_SLICE_RECORDS 2048u    /* looked at in one step of scavenging, searching, checking */
#define WINS_SLICE_PAUSE_MS 2u      /* between two slices of scavenging: answers go first */
#define WINS_PAGE_ROWS 1000u        /* at most in one answer to a show, search or check command */
#define WINS_TOUCH_FLUSH_MS 300000u /* a round of writing renewals begins so often */
#define WINS_TOUCH_BATCH 8192u      /* renewals in one batch: claims wait for it */
#define WINS_STORE_RETRY_MS 5000u   /* a failed store is tried again so often */
#define WINS_APPLY_RETRY_MS 1000u   /* and memory that was wanted at a bad moment */
#define WINS_CLOCK_JUMP_S 30u       /* the calendar may stray this much from the monotonic clock unnoticed */
#define WINS_REFUSAL_RING 1024u     /* refused claims remembered for diagnosis */
#define WINS_WALK_RECORDS 2048u     /* looked at for one page of a show or search */
#define WINS_CHECK_RECORDS 64u      /* checked for one page of findings */
