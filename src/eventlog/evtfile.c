#include "eventlog/evtfile.h"

#include "base/rd.h"

#include <string.h>

#define SIGNATURE 0x654C664Cu /* "LfLe" */
#define FLAG_DIRTY 1u
#define FLAG_WRAPPED 2u
#define RECORD_FIXED_BYTES 56u
#define END_RECORD_BYTES 0x28u
#define END_RECORD_MARK 0x11111111u
#define FILLER_WORD 0x27u /* fills up to the end of the file when a record's fixed part would not fit */

struct header {
        uint32_t next, oldest, flags;
};

struct evt {
        const uint8_t *bytes;
        size_t len_bytes;
        struct arena *arena;
        struct header header;
        bool in_damage; /* the words before belong to no record */
        struct evt_report *report;
};

static void damage(struct evt *evt, size_t offset, const char *what)
{
        if (evt->report->damage_count++ == 0) {
                evt->report->damage = what;
                evt->report->damage_offset = offset;
        }
}

static uint32_t word_at(const struct evt *evt, size_t offset)
{
        struct rd rd = rd_init(evt->bytes + offset, evt->len_bytes - offset);

        return rd_le32(&rd);
}

static int read_header(struct evt *evt)
{
        struct rd rd = rd_init(evt->bytes, evt->len_bytes);
        const uint32_t size = rd_le32(&rd), signature = rd_le32(&rd), major = rd_le32(&rd), minor = rd_le32(&rd);

        rd_skip(&rd, 8); /* where the oldest record and the end record are */
        evt->header.next = rd_le32(&rd);
        evt->header.oldest = rd_le32(&rd);
        rd_skip(&rd, 4);
        evt->header.flags = rd_le32(&rd);
        rd_skip(&rd, 4);
        (void)rd_le32(&rd);
        if (!rd_ok(&rd) || size != EVT_HEADER_BYTES || signature != SIGNATURE || major != 1 || minor != 1) {
                damage(evt, rd_ok(&rd) ? 0 : evt->len_bytes,
                       rd_ok(&rd) ? "no header of an event log (.evt)" : "the file ends within its header");
                return NBT_ERR_MALFORMED;
        }
        evt->report->is_dirty = (evt->header.flags & FLAG_DIRTY) != 0;
        return 0;
}

/* Up to UNITS of UTF-16LE up to a NUL, as UTF-8 that fits; surrogate halves and control characters become '?'. */
static void read_utf16(struct rd *rd, char *ret, size_t size_bytes)
{
        size_t len = 0;
        bool fits = true;

        ret[0] = '\0';
        for (;;) {
                const uint32_t unit = rd_le16(rd);
                const uint32_t c = unit < 0x20 || unit == 0x7F || (unit >= 0xD800 && unit < 0xE000) ? '?' : unit;
                const size_t need = c < 0x80 ? 1 : c < 0x800 ? 2 : 3;

                if (unit == 0)
                        return;
                fits = fits && len + need < size_bytes;
                if (!fits)
                        continue; /* to its NUL, because another text follows */
                if (need == 1) {
                        ret[len] = (char)c;
                } else if (need == 2) {
                        ret[len] = (char)(0xC0 | c >> 6);
                        ret[len + 1] = (char)(0x80 | (c & 0x3F));
                } else {
                        ret[len] = (char)(0xE0 | c >> 12);
                        ret[len + 1] = (char)(0x80 | (c >> 6 & 0x3F));
                        ret[len + 2] = (char)(0x80 | (c & 0x3F));
                }
                len += need;
                ret[len] = '\0';
        }
}

static enum event_level level_of_type(uint16_t type)
{
        if (type == 1)
                return EVENT_LEVEL_ERROR;
        return type == 2 ? EVENT_LEVEL_WARNING : EVENT_LEVEL_INFORMATION;
}

/* False if the record contradicts itself. */
static bool decode(const uint8_t *bytes, size_t len_bytes, struct log_record *ret)
{
        struct rd rd = rd_init(bytes, len_bytes - 4);

        rd_skip(&rd, 8);
        ret->record = rd_le32(&rd);
        ret->time = (wall_t){(int64_t)rd_le32(&rd) * 1000000};
        ret->written = (wall_t){(int64_t)rd_le32(&rd) * 1000000};
        ret->code = rd_le32(&rd);
        ret->level = level_of_type(rd_le16(&rd));
        const uint16_t string_count = rd_le16(&rd);
        rd_skip(&rd, 8); /* category, flags, closing record */
        const uint32_t string_offset = rd_le32(&rd);
        rd_skip(&rd, 8); /* the user's SID */
        const uint32_t data_len_bytes = rd_le32(&rd), data_offset = rd_le32(&rd);
        struct rd strings = rd_at(&rd, string_offset), data = rd_at(&rd, data_offset);

        read_utf16(&rd, ret->source, sizeof ret->source);
        read_utf16(&rd, ret->computer, sizeof ret->computer);
        for (size_t i = 0; i < string_count && i < LOG_RECORD_MAX_STRINGS; i++)
                read_utf16(&strings, ret->strings[ret->string_count++], EVENT_STRING_BYTES);
        if (data_len_bytes > 0 && rd_left(&data) < data_len_bytes)
                rd_fail(&data);
        ret->data_len_bytes = data_len_bytes < sizeof ret->data ? data_len_bytes : sizeof ret->data;
        if (data_len_bytes > 0)
                rd_copy(&data, ret->data, ret->data_len_bytes);
        return rd_ok(&rd) && (string_count == 0 || rd_ok(&strings)) && (data_len_bytes == 0 || rd_ok(&data));
}

/* The record's bytes in one piece, if it ends with its length, too; NULL: it does not, or memory ran out (*RET_NOMEM). */
static const uint8_t *record_bytes(const struct evt *evt, size_t offset, uint32_t len_bytes, bool *ret_nomem)
{
        const size_t left = evt->len_bytes - offset;
        const uint8_t *whole = evt->bytes + offset;

        if (left < len_bytes) {
                if (len_bytes - left > offset - EVT_HEADER_BYTES)
                        return NULL;
                uint8_t *joined = arena_alloc(evt->arena, len_bytes);

                *ret_nomem = !joined;
                if (!joined)
                        return NULL;
                memcpy(joined, whole, left);
                memcpy(joined + left, evt->bytes + EVT_HEADER_BYTES, len_bytes - left);
                whole = joined;
        }
        struct rd tail = rd_init(whole + len_bytes - 4, 4);

        return rd_le32(&tail) == len_bytes ? whole : NULL;
}

/* What stands at OFFSET: how many bytes of it are to be passed over; 0: nothing that one knows. */
static size_t known_filling(const struct evt *evt, size_t offset)
{
        const size_t left = evt->len_bytes - offset;
        const uint32_t word = word_at(evt, offset);

        if (word == END_RECORD_BYTES && left >= END_RECORD_BYTES && word_at(evt, offset + 4) == END_RECORD_MARK)
                return END_RECORD_BYTES;
        return (word == FILLER_WORD && left < RECORD_FIXED_BYTES) || word == 0 ? 4 : 0;
}

/* A record at OFFSET: 1 and *RET_TAKEN; 0: there is none. */
static int try_record(struct evt *evt, size_t offset, struct log_record *ret, size_t *ret_taken)
{
        const uint32_t len_bytes = word_at(evt, offset);
        bool nomem = false;

        if (evt->len_bytes - offset < 8 || word_at(evt, offset + 4) != SIGNATURE ||
            len_bytes < RECORD_FIXED_BYTES + 8 || len_bytes > EVT_RECORD_MAX_BYTES || len_bytes % 4)
                return 0;
        const uint8_t *bytes = record_bytes(evt, offset, len_bytes, &nomem);

        if (nomem)
                return NBT_ERR_NOMEM;
        *ret = (struct log_record){.offset = offset};
        if (!bytes || !decode(bytes, len_bytes, ret))
                return 0;
        *ret_taken = len_bytes;
        return 1;
}

/* Deleted records lie about in the ring until they are written over; a clean header tells which they are. */
static bool is_deleted(const struct evt *evt, const struct log_record *record)
{
        return !evt->report->is_dirty && evt->header.oldest != 0 && evt->header.next > evt->header.oldest &&
               (record->record < evt->header.oldest || record->record >= evt->header.next);
}

/* Where the end of a record that began at the end of the file is over; a clean file's first bytes are that. */
static size_t wrapped_rest(const struct evt *evt)
{
        for (size_t offset = evt->len_bytes & ~(size_t)3, steps = 0; offset >= EVT_HEADER_BYTES + 8; offset -= 4) {
                const uint32_t len_bytes = evt->len_bytes - offset >= 8 ? word_at(evt, offset) : 0;

                if (++steps > EVT_RECORD_MAX_BYTES / 4)
                        break;
                if (len_bytes > evt->len_bytes - offset && len_bytes <= EVT_RECORD_MAX_BYTES && len_bytes % 4 == 0 &&
                    word_at(evt, offset + 4) == SIGNATURE)
                        return len_bytes - (evt->len_bytes - offset);
        }
        return 0;
}

static size_t begin_of_records(const struct evt *evt)
{
        const size_t rest = evt->header.flags & FLAG_WRAPPED ? wrapped_rest(evt) : 0;

        return EVT_HEADER_BYTES + (rest < evt->len_bytes - EVT_HEADER_BYTES ? rest : 0);
}

static void pass_unknown(struct evt *evt, size_t offset)
{
        if (!evt->in_damage && evt->len_bytes - offset >= 8 && word_at(evt, offset + 4) == SIGNATURE)
                damage(evt, offset, "a record whose lengths contradict each other");
        else if (!evt->in_damage)
                damage(evt, offset, "bytes that belong to no record");
        evt->in_damage = true;
}

int evt_read(const void *bytes, size_t len_bytes, struct arena *arena,
             int (*visit)(void *context, const struct log_record *record), void *context, struct evt_report *ret)
{
        struct evt evt = {.bytes = bytes, .len_bytes = len_bytes, .arena = arena, .report = ret};
        struct log_record record;

        *ret = (struct evt_report){0};
        int r = read_header(&evt);

        if (r < 0)
                return r;
        for (size_t offset = begin_of_records(&evt); len_bytes - offset >= 4;) {
                size_t taken = 0;

                r = try_record(&evt, offset, &record, &taken);
                if (r < 0)
                        return r;
                if (r == 1) {
                        evt.in_damage = false;
                        if (!is_deleted(&evt, &record)) {
                                ret->record_count++;
                                r = visit(context, &record);
                                if (r < 0)
                                        return r;
                        }
                } else {
                        taken = known_filling(&evt, offset);
                        if (taken == 0) {
                                pass_unknown(&evt, offset);
                                taken = 4;
                        }
                }
                if (taken >= len_bytes - offset)
                        break;
                offset += taken;
        }
        return 0;
}
