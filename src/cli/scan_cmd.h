#pragma once
/*
 * The parts of `netbt scan`: where its targets come from, the driver of the sweep, and how results look. Only for cmd_scan.c and its
 * parts.
 */
#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/scan_text.h"
#include "cli/scan_vendor.h"
#include "scan/dups.h"
#include "scan/save.h"
#include "scan/scan.h"

#include <jansson.h>

#define SCAN_MAX_WINS 8
#define SCAN_QUESTION_ABOVE 65536u

enum scan_format { SCAN_FORMAT_TABLE, SCAN_FORMAT_JSON, SCAN_FORMAT_CSV, SCAN_FORMAT_LMHOSTS, SCAN_FORMAT_HOSTS };

struct scan_options {
        struct scan_ranges ranges;
        uint32_t rate, retries, timeout_ms, source;
        uint16_t port;
        bool any_port, no_addresses, yes, sort, verbose, dns, quiet;
        enum scan_format format;
        struct nb_scope scope;
        uint32_t wins[SCAN_MAX_WINS];
        size_t wins_count;
        const char *save_path, *diff_path, *read_path;
};

/* ---- targets (scan_input.c); each returns an exit code, having told what is wrong ---------------------------------- */

/* TEXT as it stands on the command line: targets, "@FILE", or "-" for standard input. */
int scan_input_add(const struct cli_context *ctx, const char *text, struct scan_ranges *ranges);
int scan_input_add_file(const struct cli_context *ctx, const char *path, struct scan_ranges *ranges);
/* The networks of this machine's interfaces. */
int scan_input_add_local(const struct cli_context *ctx, struct scan_ranges *ranges);

/* ---- the driver (scan_run.c) ----------------------------------------------------------------------------------------- */

/* Takes a host whose row is complete, or NULL before a time of waiting. False: nobody reads any more, the sweep may end. */
typedef bool scan_row_fn(void *context, const struct scan_host *host);

struct scan_outcome {
        struct scan_progress progress;
        double seconds;
        uint16_t port; /* answers came to */
        bool interrupted;
        uint64_t dropped, unsent;
        int unsent_errno;
};

/* Runs SCAN to its end, to SIGINT or SIGTERM, or until FN says false, which is called for every host as its row is complete. Progress goes to PROGRESS (a
 * terminal), unless it is NULL. NBT_ERR_DENIED, NBT_ERR_RANGE (source is not ours), NBT_ERR_IO (errno tells), NBT_ERR_NOMEM. */
int scan_run(const struct scan_options *options, struct scan **ret_scan, scan_row_fn *fn, void *context, FILE *progress,
             struct scan_outcome *ret) NBT_MUST_CHECK;

/* ---- WINS and DNS (scan_check.c) ------------------------------------------------------------------------------------ */

enum scan_authority { SCAN_AUTHORITY_WINS, SCAN_AUTHORITY_DNS, SCAN_AUTHORITY_DNS_REVERSE };

/* Somebody who says other than the host's own table. */
struct scan_disagreement {
        const struct scan_host *host;
        struct nb_name name; /* the computer's */
        enum scan_authority authority;
        uint32_t server; /* WINS */
        char says[256];  /* addresses, or a host name */
};

/* Asks WINS servers and DNS for the computer names of HOSTS. Returns the count of RET, which lives in ARENA. NBT_ERR_NOMEM, NBT_ERR_IO. */
int scan_check(const struct scan_options *options, const struct scan_host *const *hosts, size_t count,
               const struct scan_report *report, struct arena *arena,
               const struct scan_disagreement **ret) NBT_MUST_CHECK;

/* ---- output (scan_rows.c, scan_json.c, scan_print.c) ------------------------------------------------------------------ */

struct scan_printer {
        FILE *out;
        enum scan_format format;
        bool verbose, colour;
        struct scan_text *text;
        struct scan_vendors *vendors;
        size_t rows;
};

struct scan_findings {
        const struct scan_host *const *hosts; /* by address */
        size_t host_count;
        struct scan_report report;
        const struct scan_disagreement *disagreements;
        size_t disagreement_count;
        bool has_diff;
        wall_t diff_since;
        const struct scan_difference *differences;
        size_t difference_count;
};

/* One host in table, JSON lines or CSV; the heading stands before the first. */
void scan_print_row(struct scan_printer *printer, const struct scan_host *host);
/* All hosts as lmhosts or hosts: names held twice are commented out. */
void scan_print_file(struct scan_printer *printer, const struct scan_findings *findings);
/* Machines of several addresses, duplicates, disagreements, changes: to PRINTER's output, or as text to ERR where that is a file format. */
void scan_print_findings(struct scan_printer *printer, const struct scan_findings *findings, FILE *err);

json_t *scan_json_host(const struct scan_printer *printer, const struct scan_host *host);
void scan_json_findings(const struct scan_printer *printer, const struct scan_findings *findings);
void scan_json_summary(const struct scan_printer *printer, const struct scan_outcome *outcome);

/* The stem of ENTRY in UTF-8, "" for NULL. RET holds SCAN_TEXT_BYTES and is returned. */
const char *scan_stem(const struct scan_printer *printer, const struct nbstat_entry *entry, char *ret);
/* The MAC as text, "none" for none. */
const char *scan_mac(const struct scan_host *host, char ret[MAC_TEXT_BYTES]);
