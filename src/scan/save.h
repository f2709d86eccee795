#pragma once
/*
 * A scan on disk, and what changed between two.
 *
 * A text of lines, fields apart by one tab. The first line: "netbt-scan", version 1, the time, the ranges that were asked
 * ("10.77.0.1-10.77.0.254,10.77.1.9"), "complete" or "partial" (the scan was interrupted). Then a line a host: its address, its MAC or
 * "-" (with "~" before it when it came from the neighbour table), its own addresses with commas or "-" (it listed none) or "?" (it gave no answer), and each name as 32 hex
 * digits, ':' and four of its flags. Reading bears what is damaged: a line that is none is counted, and skipped.
 */
#include "base/arena.h"
#include "base/instant.h"
#include "base/strbuf.h"
#include "scan/host.h"
#include "scan/targets.h"

#define SCAN_SAVE_MAX_HOSTS SCAN_MAX_ADDRESSES

struct scan_save {
        wall_t time;
        bool partial;
        struct scan_ranges ranges; /* settled */
        size_t host_count;
        const struct scan_host **hosts; /* by address, each once; in the arena of the reader */
        size_t bad_lines;
};

/* Appends the first line, and the line of one host. */
void scan_save_format_head(struct strbuf *sb, wall_t time, const struct scan_ranges *ranges, bool partial);
void scan_save_format_host(struct strbuf *sb, const struct scan_host *host);

/*
 * Reads LEN bytes of TEXT. Hosts live in ARENA, the ranges are freed by scan_save_done(). NBT_ERR_MALFORMED if the first line
 * is not that of a scan, NBT_ERR_UNSUPPORTED of a later version, NBT_ERR_NOMEM.
 */
int scan_save_parse(const char *text, size_t len_bytes, struct arena *arena, struct scan_save *ret) NBT_MUST_CHECK;
void scan_save_done(struct scan_save *save);

enum scan_change { SCAN_CHANGE_NEW, SCAN_CHANGE_GONE, SCAN_CHANGE_CHANGED };
const char *scan_change_str(enum scan_change change);

struct scan_difference {
        enum scan_change change;
        const struct scan_host *before, *after; /* NULL with NEW, with GONE */
};

/*
 * What is new, gone or changed, by address. A host is new only if the earlier scan asked its address, gone only if the later one
 * did: what one of both did not look at is no change. Changed: its names, their kind or state of conflict, or a MAC that both
 * know. Both lists by address. RET in ARENA. Returns the count, or NBT_ERR_NOMEM.
 */
int scan_diff(const struct scan_host *const *before, size_t before_count, const struct scan_ranges *before_ranges,
              const struct scan_host *const *after, size_t after_count, const struct scan_ranges *after_ranges,
              struct arena *arena, const struct scan_difference **ret) NBT_MUST_CHECK;
