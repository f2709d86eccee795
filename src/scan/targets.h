#pragma once
/*
 * What to scan: a set of IPv4 addresses as sorted ranges that do not touch, and the texts that people write for them.
 *
 * A text holds targets apart by commas or blanks; '#' starts a comment to the end of its line. A target is an address
 * (10.77.0.5), a range (10.77.0.5-10.77.1.9, or short: 10.77.0.5-9 and 10.77.0.5-1.9, where what the second half leaves out is the
 * first's), a network (10.77.0.0/24: without its first and last address, which are no hosts, unless it is a /31 or /32), or a
 * name, which the caller resolves. Whatever holds a letter is a name.
 */
#include "base/ip4.h"
#include "base/result.h"

#define SCAN_MAX_ADDRESSES (UINT32_C(1) << 24) /* more than a /8 in one scan is refused */
#define SCAN_TARGET_TEXT_BYTES 256

struct scan_range {
        uint32_t first, last; /* both belong to it */
        uint32_t offset;      /* how many addresses the ranges before it hold; set by scan_ranges_settle() */
};

/* Zeroed: empty. Owns its rows. */
struct scan_ranges {
        struct scan_range *rows;
        size_t count, room;
};

struct scan_token {
        char text[SCAN_TARGET_TEXT_BYTES];
        bool is_name;            /* text is a name to resolve; otherwise range is what it says */
        struct scan_range range; /* offset has no meaning */
};

/*
 * The next target of TEXT, which it moves over: 1 and RET_TOKEN; 0 at the end. RET_TOKEN->text is set also on error:
 * NBT_ERR_MALFORMED (made of digits and signs, but no target), NBT_ERR_RANGE (second before first, prefix above 32, text too long).
 */
int scan_token_next(const char **text, size_t *len_bytes, struct scan_token *ret_token) NBT_MUST_CHECK;

/* Adds FIRST to LAST, unsettled. NBT_ERR_NOMEM. */
int scan_ranges_add(struct scan_ranges *ranges, uint32_t first, uint32_t last) NBT_MUST_CHECK;

/* Sorts, joins what touches, numbers the addresses. To be called before any of the functions below. */
void scan_ranges_settle(struct scan_ranges *ranges);

/* Takes the addresses of OTHER (settled) out of RANGES (settled before and after). NBT_ERR_NOMEM. */
int scan_ranges_exclude(struct scan_ranges *ranges, const struct scan_ranges *other) NBT_MUST_CHECK;

uint64_t scan_ranges_total(const struct scan_ranges *ranges);

/* The number of ADDRESS in the set, from 0; NBT_ERR_NOT_FOUND. The set must hold at most SCAN_MAX_ADDRESSES. */
int scan_ranges_index(const struct scan_ranges *ranges, uint32_t address) NBT_MUST_CHECK;
/* The address of number INDEX, which must be below the total. */
uint32_t scan_ranges_address(const struct scan_ranges *ranges, uint32_t index);

void scan_ranges_done(struct scan_ranges *ranges);
