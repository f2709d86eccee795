#include "store/winspage.h"

#include <stdlib.h>

#define FILE_HEADER_BYTES 100u
#define PAGE_SIZE_AT 16u
#define FREE_LIST_AT 32u
#define PAGE_LEAST_BYTES 512u
#define PAGE_MOST_BYTES 65536u
#define PAGE_USUAL_BYTES 4096u
/* a row above it is none of ours: as large as a journal row may be */
#define PAYLOAD_MAX_BYTES (256u << 20)

enum page_kind { PAGE_INDEX_INNER = 0x02, PAGE_INDEX_LEAF = 0x0A, PAGE_TABLE_LEAF = 0x0D };

/* ---- pages ---------------------------------------------------------------------------------------------------------------- */

/* Page NUMBER, from 1; failed if there is none. */
static struct rd page_at(const struct winspage_image *image, uint32_t number)
{
        if (number == 0 || number > image->page_count)
                return (struct rd){.failed = true};
        return rd_init(image->bytes + (size_t)(number - 1) * image->page_bytes, image->page_bytes);
}

static bool is_free(const struct winspage_image *image, uint32_t number)
{
        return image->free_bits[number / 8] >> (number % 8) & 1;
}

/* False if it is no page, or was marked before: then the list runs in a circle. */
static bool mark_free(struct winspage_image *image, uint32_t number)
{
        if (number == 0 || number > image->page_count || is_free(image, number))
                return false;
        image->free_bits[number / 8] = (uint8_t)(image->free_bits[number / 8] | 1u << (number % 8));
        return true;
}

/* One page of the list; the number of the next, 0 at the end, in RET_NEXT. */
static bool mark_trunk(struct winspage_image *image, uint32_t number, uint32_t *ret_next, uint32_t *count)
{
        struct rd trunk = page_at(image, number);
        bool good = mark_free(image, number);

        *ret_next = rd_be32(&trunk);
        const uint32_t leaves = rd_be32(&trunk);
        if (!good || leaves > image->page_bytes / 4)
                return false;
        *count += leaves + 1;
        for (uint32_t i = 0; good && i < leaves; i++)
                good = mark_free(image, rd_be32(&trunk));
        return good && rd_ok(&trunk);
}

static void read_free_list(struct winspage_image *image)
{
        struct rd header = rd_init(image->bytes, image->len_bytes);
        uint32_t count = 0;

        rd_skip(&header, FREE_LIST_AT);
        uint32_t next = rd_be32(&header);
        const uint32_t expected = rd_be32(&header);
        bool good = true;
        while (good && next)
                good = mark_trunk(image, next, &next, &count);
        image->is_certain = good && count == expected && memcmp(image->bytes, "SQLite format 3", 16) == 0;
}

static uint32_t page_size(struct rd file)
{
        rd_skip(&file, PAGE_SIZE_AT);
        const uint32_t said = rd_be16(&file), size = said == 1 ? PAGE_MOST_BYTES : said;

        return size >= PAGE_LEAST_BYTES && (size & (size - 1)) == 0 ? size : PAGE_USUAL_BYTES;
}

int winspage_open(struct winspage_image *ret, const void *bytes, size_t len_bytes)
{
        struct winspage_image image = {.bytes = bytes, .len_bytes = len_bytes};

        if (len_bytes < PAGE_LEAST_BYTES)
                return NBT_ERR_MALFORMED;
        image.page_bytes = page_size(rd_init(bytes, len_bytes));
        if (len_bytes / image.page_bytes == 0 || len_bytes / image.page_bytes >= UINT32_MAX)
                return NBT_ERR_MALFORMED;
        image.page_count = (uint32_t)(len_bytes / image.page_bytes);
        image.free_bits = calloc(1, image.page_count / 8 + 1);
        if (!image.free_bits)
                return NBT_ERR_NOMEM;
        read_free_list(&image);
        *ret = image;
        return 0;
}

void winspage_done(struct winspage_image *image)
{
        free(image->free_bits);
        free(image->payload);
        *image = (struct winspage_image){0};
}

/* ---- cells ------------------------------------------------------------------------------------------------------------------ */

/* A number of 1 to 9 bytes, seven bits each, eight in the ninth. */
static uint64_t get_varint(struct rd *rd)
{
        uint64_t v = 0;

        for (int i = 0; i < 8; i++) {
                const uint8_t byte = rd_u8(rd);

                v = v << 7 | (byte & 0x7F);
                if (byte < 0x80)
                        return v;
        }
        return v << 8 | rd_u8(rd);
}

/* How much of a payload stands in the page itself (§1.6). */
static size_t local_bytes(uint32_t usable, uint64_t payload, bool is_table)
{
        const uint64_t most = is_table ? usable - 35u : (usable - 12u) * 64u / 255u - 23u;
        const uint64_t least = (usable - 12u) * 32u / 255u - 23u;

        if (payload <= most)
                return (size_t)payload;
        const uint64_t some = least + (payload - least) % (usable - 4u);
        return (size_t)(some <= most ? some : least);
}

/* Gathers what does not stand in the page from the chain that begins at page NEXT. */
static int gather_payload(struct winspage_image *image, struct rd local, uint32_t next, size_t total, struct rd *ret)
{
        const size_t per_page = image->page_bytes - 4;
        size_t done = rd_left(&local);

        if ((total - done) / per_page > image->page_count)
                return NBT_ERR_MALFORMED;
        if (image->payload_size < total) {
                uint8_t *grown = realloc(image->payload, total);

                if (!grown)
                        return NBT_ERR_NOMEM;
                image->payload = grown;
                image->payload_size = total;
        }
        rd_copy(&local, image->payload, done);
        while (done < total) {
                struct rd page = page_at(image, next);
                const size_t part = total - done < per_page ? total - done : per_page;

                next = rd_be32(&page);
                rd_copy(&page, image->payload + done, part);
                if (!rd_ok(&page))
                        return NBT_ERR_MALFORMED;
                done += part;
        }
        *ret = rd_init(image->payload, total);
        return 0;
}

static void read_number(struct rd *body, size_t len_bytes, struct winspage_column *ret)
{
        uint64_t v = 0;

        for (size_t i = 0; i < len_bytes; i++) {
                const uint8_t byte = rd_u8(body);

                if (i == 0 && byte >= 0x80)
                        v = UINT64_MAX;
                v = v << 8 | byte;
        }
        ret->type = WINSPAGE_NUMBER;
        ret->number = (int64_t)v;
}

/* A value by its serial type (§2.1). */
static void read_column(struct rd *body, uint64_t type, struct winspage_column *ret)
{
        static const uint8_t sizes[] = {0, 1, 2, 3, 4, 6, 8};

        *ret = (struct winspage_column){.type = WINSPAGE_NULL};
        if (type >= 12) {
                ret->type = type % 2 ? WINSPAGE_TEXT : WINSPAGE_BLOB;
                ret->bytes = rd_sub(body, (size_t)((type - 12) / 2));
        } else if (type == 7) {
                ret->type = WINSPAGE_REAL;
                rd_skip(body, 8);
        } else if (type == 8 || type == 9) {
                *ret = (struct winspage_column){.type = WINSPAGE_NUMBER, .number = (int64_t)type - 8};
        } else if (type > 9) {
                rd_fail(body);
        } else if (type > 0) {
                read_number(body, sizes[type], ret);
        }
}

/* False if it is no row of so few columns. */
static bool read_row(struct rd payload, struct winspage_row *row)
{
        struct rd header = payload;
        const uint64_t header_bytes = get_varint(&header);
        const size_t used = header.pos - payload.pos;

        if (!rd_ok(&header) || header_bytes < used || header_bytes > rd_left(&payload))
                return false;
        struct rd types = rd_sub(&header, (size_t)header_bytes - used);
        rd_skip(&payload, (size_t)header_bytes);
        row->column_count = 0;
        while (rd_left(&types) > 0) {
                if (row->column_count == WINSPAGE_MAX_COLUMNS)
                        return false;
                read_column(&payload, get_varint(&types), &row->columns[row->column_count++]);
        }
        return rd_ok(&types) && rd_ok(&payload) && rd_left(&payload) == 0;
}

/* 1: a row; 0: none; NBT_ERR_NOMEM. */
static int read_cell(struct winspage_image *image, struct rd cell, enum page_kind kind, struct winspage_row *ret)
{
        const bool is_table = kind == PAGE_TABLE_LEAF;

        if (kind == PAGE_INDEX_INNER)
                rd_skip(&cell, 4);
        const uint64_t total = get_varint(&cell);
        ret->has_rowid = is_table;
        ret->rowid = is_table ? (int64_t)get_varint(&cell) : 0;
        if (!rd_ok(&cell) || total > PAYLOAD_MAX_BYTES)
                return 0;
        const size_t local = local_bytes(image->page_bytes, total, is_table);
        struct rd payload = rd_sub(&cell, local);
        if (local < total) {
                const uint32_t next = rd_be32(&cell);
                const int r = rd_ok(&cell) ? gather_payload(image, payload, next, (size_t)total, &payload)
                                           : NBT_ERR_MALFORMED;

                if (r < 0)
                        return r == NBT_ERR_NOMEM ? r : 0;
        }
        return rd_ok(&payload) && read_row(payload, ret);
}

/* The rows of one page. */
static int each_of_page(struct winspage_image *image, uint32_t number,
                        int (*visit)(void *context, const struct winspage_row *row), void *context)
{
        const struct rd page = page_at(image, number);
        struct rd header = page;
        struct winspage_row row;
        int r = 0;

        if (number == 1)
                rd_skip(&header, FILE_HEADER_BYTES);
        const enum page_kind kind = (enum page_kind)rd_u8(&header);
        if (kind != PAGE_INDEX_INNER && kind != PAGE_INDEX_LEAF && kind != PAGE_TABLE_LEAF)
                return 0;
        rd_skip(&header, 2);
        const uint32_t cells = rd_be16(&header);
        rd_skip(&header, kind == PAGE_INDEX_INNER ? 7 : 3);
        bool found = false;
        for (uint32_t i = 0; r >= 0 && i < cells && rd_left(&header) >= 2; i++) {
                r = read_cell(image, rd_at(&page, rd_be16(&header)), kind, &row);
                found |= r == 1;
                r = r == 1 ? visit(context, &row) : r;
        }
        image->pages_read += found;
        return r;
}

int winspage_each(struct winspage_image *image, int (*visit)(void *context, const struct winspage_row *row),
                  void *context)
{
        int r = 0;

        image->pages_read = 0;
        for (uint32_t number = 1; r >= 0 && number <= image->page_count; number++)
                if (!is_free(image, number))
                        r = each_of_page(image, number, visit, context);
        return r < 0 ? r : 0;
}
