#pragma once
/*
 * Rows of a SQLite file, read from its pages one by one, for the repair of a WINS database: no tree, no schema and no pointer is
 * trusted, only the form of pages and cells (SQLite's file format, https://www.sqlite.org/fileformat2.html §1.5, §1.6, §2.1), and every
 * step is bounded by the file. Pages in the list of free pages are left out. Pure: works on bytes in memory.
 */
#include "base/rd.h"
#include "base/result.h"

#define WINSPAGE_MAX_COLUMNS 11

enum winspage_type { WINSPAGE_NULL, WINSPAGE_NUMBER, WINSPAGE_BLOB, WINSPAGE_TEXT, WINSPAGE_REAL };

struct winspage_column {
        enum winspage_type type;
        int64_t number;
        struct rd bytes; /* of a blob or a text */
};

struct winspage_row {
        bool has_rowid; /* a row of an ordinary table, else one of a table WITHOUT ROWID or of an index */
        int64_t rowid;
        size_t column_count; /* at most WINSPAGE_MAX_COLUMNS; a row with more is left out */
        struct winspage_column columns[WINSPAGE_MAX_COLUMNS];
};

struct winspage_image {
        const uint8_t *bytes;
        size_t len_bytes;
        uint32_t page_bytes, page_count;
        bool is_certain;    /* the list of free pages is whole */
        uint8_t *free_bits; /* a bit a page */
        uint8_t *payload;   /* of the row at hand, where it is spread over pages */
        size_t payload_size;
        uint32_t pages_read; /* by winspage_each(): that had rows */
};

/* BYTES stay borrowed until winspage_done(). NBT_ERR_MALFORMED (less than a page), NBT_ERR_NOMEM. */
int winspage_open(struct winspage_image *ret, const void *bytes, size_t len_bytes) NBT_MUST_CHECK;
void winspage_done(struct winspage_image *image);

/* Calls VISIT for every row that has the form of one; it lives during the call only. Ends at VISIT's first negative result, which it
 * returns; NBT_ERR_NOMEM. */
int winspage_each(struct winspage_image *image, int (*visit)(void *context, const struct winspage_row *row),
                  void *context) NBT_MUST_CHECK;
