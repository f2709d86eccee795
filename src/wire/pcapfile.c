#include "wire/pcapfile.h"

#define MAGIC_PCAP_US 0xA1B2C3D4u
#define MAGIC_PCAP_NS 0xA1B23C4Du
#define MAGIC_PCAP_US_SWAPPED 0xD4C3B2A1u
#define MAGIC_PCAP_NS_SWAPPED 0x4D3CB2A1u
#define MAGIC_PCAPNG 0x0A0D0D0Au
#define BYTE_ORDER_MAGIC 0x1A2B3C4Du
#define BYTE_ORDER_SWAPPED 0x4D3C2B1Au

#define PCAP_HEADER_BYTES 24
#define PCAP_RECORD_BYTES 16
#define RECORD_MAX_BYTES (PCAPFILE_MAX_BYTES - 4096)
#define BLOCK_HEAD_BYTES 8
#define BLOCK_MIN_BYTES 12
#define SECTION_BYTES 28
#define BLOCK_MAX_BYTES (16u << 20) /* of one that we only skip */

#define BLOCK_INTERFACE 1u
#define BLOCK_SIMPLE 3u
#define BLOCK_STATISTICS 5u
#define BLOCK_ENHANCED 6u

#define OPTION_END 0
#define OPTION_TSRESOL 9
#define OPTION_TSOFFSET 14
#define OPTION_IFDROP 5
#define OPTIONS_MAX 64

/* What one attempt at the front of the window came to. */
enum outcome { NEED_MORE = 0, GOT_RECORD = 1, GO_ON = 2 };

struct input {
        const struct pcapfile *reader;
        struct rd rd;
};

static uint16_t get16(struct input *in)
{
        return in->reader->big_endian ? rd_be16(&in->rd) : rd_le16(&in->rd);
}

static uint32_t get32(struct input *in)
{
        return in->reader->big_endian ? rd_be32(&in->rd) : rd_le32(&in->rd);
}

static uint64_t get64(struct input *in)
{
        const uint64_t first = get32(in);
        const uint64_t second = get32(in);

        return in->reader->big_endian ? first << 32 | second : second << 32 | first;
}

void pcapfile_init(struct pcapfile *reader)
{
        *reader = (struct pcapfile){.kind = PCAPFILE_UNKNOWN};
}

/* ---- pcap --------------------------------------------------------------------------------------------------------- */

static int read_pcap_header(struct pcapfile *reader, struct rd rd, bool nanoseconds)
{
        struct input in = {reader, rd};

        rd_skip(&in.rd, 16); /* magic, version, time zone, accuracy */
        const uint32_t snap_len = get32(&in);
        const uint32_t link = get32(&in);

        if (!rd_ok(&in.rd))
                return NEED_MORE;
        reader->kind = PCAPFILE_PCAP;
        reader->interface_count = 1;
        /* the upper bits tell of frame check sequences */
        reader->interfaces[0] = (struct pcapfile_interface){
                .link = link & 0xFFFF, .snap_len_bytes = snap_len, .units_per_s = nanoseconds ? 1000000000u : 1000000u};
        return GO_ON;
}

static int read_pcap_record(struct pcapfile *reader, struct rd *rd, struct pcapfile_record *ret)
{
        const struct pcapfile_interface *interface = &reader->interfaces[0];
        struct input in = {reader, *rd};
        const uint32_t seconds = get32(&in);
        const uint32_t fraction = get32(&in);
        const uint32_t captured = get32(&in);
        const uint32_t original = get32(&in);

        if (!rd_ok(&in.rd))
                return NEED_MORE;
        if (captured > RECORD_MAX_BYTES || (seconds | fraction | captured | original) == 0) /* a hole in the file */
                return NBT_ERR_MALFORMED;
        const uint8_t *bytes = rd_bytes(&in.rd, captured);
        if (!bytes)
                return NEED_MORE;
        *ret = (struct pcapfile_record){
                .time_us =
                        (int64_t)seconds * 1000000 + (interface->units_per_s == 1000000 ? fraction : fraction / 1000),
                .link = interface->link,
                .original_len_bytes = original,
                .len_bytes = captured,
                .bytes = bytes,
        };
        reader->last_s = seconds;
        *rd = in.rd;
        return GOT_RECORD;
}

/* ---- pcapng ------------------------------------------------------------------------------------------------------- */

static int read_section(struct pcapfile *reader, struct rd *rd)
{
        struct input in = {reader, *rd};

        rd_skip(&in.rd, 4);
        const uint8_t *length = rd_bytes(&in.rd, 4);
        const uint32_t order = rd_be32(&in.rd);
        const size_t left = in.rd.failed ? 0 : in.rd.len_bytes - rd->pos;

        if (!rd_ok(&in.rd) || left < SECTION_BYTES)
                return NEED_MORE;
        if (order != BYTE_ORDER_MAGIC && order != BYTE_ORDER_SWAPPED)
                return NBT_ERR_MALFORMED;
        reader->big_endian = order == BYTE_ORDER_MAGIC;
        reader->kind = PCAPFILE_PCAPNG;
        reader->interface_count = 0;
        in.rd = rd_init(length, 4);
        const uint32_t len = get32(&in);
        if (len < SECTION_BYTES || len % 4 || len > BLOCK_MAX_BYTES)
                return NBT_ERR_MALFORMED;
        reader->skip_bytes = len;
        return GO_ON;
}

/* The value of option CODE in what is left of IN, or a failed reader. */
static struct rd find_option(struct input in, uint16_t code)
{
        for (unsigned i = 0; i < OPTIONS_MAX && rd_left(&in.rd) >= 4; i++) {
                const uint16_t found = get16(&in);
                const uint16_t len = get16(&in);

                if (found == OPTION_END)
                        break;
                struct rd value = rd_sub(&in.rd, len);
                rd_skip(&in.rd, -(size_t)len & 3);
                if (found == code)
                        return value;
        }
        return (struct rd){.failed = true};
}

/* if_tsresol: a negative power of ten, or with its high bit of two. 0: nothing we can count with. */
static uint64_t units_from(uint8_t resolution)
{
        uint64_t units = 1;

        if (resolution & 0x80)
                return (resolution & 0x7F) < 63 ? UINT64_C(1) << (resolution & 0x7F) : 0;
        if (resolution > 18)
                return 0;
        for (uint8_t i = 0; i < resolution; i++)
                units *= 10;
        return units;
}

static int read_interface(struct pcapfile *reader, struct input *in)
{
        struct pcapfile_interface interface = {.units_per_s = 1000000};

        if (reader->interface_count == PCAPFILE_MAX_INTERFACES)
                return NBT_ERR_UNSUPPORTED;
        interface.link = get16(in);
        (void)get16(in);
        interface.snap_len_bytes = get32(in);
        if (!rd_ok(&in->rd))
                return NBT_ERR_MALFORMED;
        struct rd value = find_option(*in, OPTION_TSRESOL);
        if (rd_left(&value) >= 1)
                interface.units_per_s = units_from(rd_u8(&value));
        struct input offset = {reader, find_option(*in, OPTION_TSOFFSET)};
        if (rd_left(&offset.rd) >= 8)
                interface.offset_s = (int64_t)get64(&offset);
        if (interface.units_per_s == 0)
                return NBT_ERR_UNSUPPORTED;
        reader->interfaces[reader->interface_count++] = interface;
        return GO_ON;
}

static int64_t stamp_us(const struct pcapfile_interface *interface, uint64_t stamp)
{
        const uint64_t units = interface->units_per_s;
        const uint64_t seconds = stamp / units;
        const uint64_t rest = stamp % units;
        /* no product beyond 64 bits, however fine the units are */
        const uint64_t us = units > UINT64_C(1000000000000) ? rest / (units / 1000000) : rest * 1000000 / units;

        return (int64_t)((seconds + (uint64_t)interface->offset_s) * 1000000 + us);
}

static int read_enhanced(const struct pcapfile *reader, struct input *in, struct pcapfile_record *ret)
{
        const uint32_t id = get32(in);
        const uint64_t high = get32(in);
        const uint64_t stamp = high << 32 | get32(in);
        const uint32_t captured = get32(in);
        const uint32_t original = get32(in);
        const uint8_t *bytes = rd_bytes(&in->rd, captured);

        if (!bytes || id >= reader->interface_count)
                return NBT_ERR_MALFORMED;
        *ret = (struct pcapfile_record){
                .interface = id,
                .time_us = stamp_us(&reader->interfaces[id], stamp),
                .link = reader->interfaces[id].link,
                .original_len_bytes = original,
                .len_bytes = captured,
                .bytes = bytes,
        };
        return GOT_RECORD;
}

static int read_simple(const struct pcapfile *reader, struct input *in, struct pcapfile_record *ret)
{
        const size_t original = get32(in);
        size_t captured = rd_left(&in->rd);

        if (!rd_ok(&in->rd) || reader->interface_count == 0)
                return NBT_ERR_MALFORMED;
        const size_t snap_len = reader->interfaces[0].snap_len_bytes;
        captured = captured < original ? captured : original;
        captured = snap_len && snap_len < captured ? snap_len : captured;
        *ret = (struct pcapfile_record){
                .link = reader->interfaces[0].link,
                .original_len_bytes = original,
                .len_bytes = captured,
                .bytes = rd_bytes(&in->rd, captured),
        };
        return GOT_RECORD;
}

static int read_statistics(const struct pcapfile *reader, struct input *in, struct pcapfile_record *ret)
{
        const uint32_t id = get32(in);

        rd_skip(&in->rd, 8);
        if (!rd_ok(&in->rd) || id >= reader->interface_count)
                return NBT_ERR_MALFORMED;
        struct input drops = {reader, find_option(*in, OPTION_IFDROP)};
        if (rd_left(&drops.rd) < 8)
                return GO_ON;
        *ret = (struct pcapfile_record){.type = PCAPFILE_DROPS, .interface = id, .drops = get64(&drops)};
        return GOT_RECORD;
}

static bool is_of_interest(uint32_t type)
{
        return type == BLOCK_INTERFACE || type == BLOCK_SIMPLE || type == BLOCK_STATISTICS || type == BLOCK_ENHANCED;
}

static int read_body(struct pcapfile *reader, uint32_t type, struct input *in, struct pcapfile_record *ret)
{
        switch (type) {
        case BLOCK_INTERFACE:
                return read_interface(reader, in);
        case BLOCK_SIMPLE:
                return read_simple(reader, in, ret);
        case BLOCK_STATISTICS:
                return read_statistics(reader, in, ret);
        default: /* BLOCK_ENHANCED: is_of_interest() knows no other */
                return read_enhanced(reader, in, ret);
        }
}

static int read_block(struct pcapfile *reader, struct rd *rd, struct pcapfile_record *ret)
{
        struct input in = {reader, *rd};
        const uint32_t type = get32(&in);
        const uint32_t len = get32(&in);

        if (!rd_ok(&in.rd))
                return NEED_MORE;
        if (type == MAGIC_PCAPNG)
                return read_section(reader, rd);
        if (len < BLOCK_MIN_BYTES || len % 4 || len > BLOCK_MAX_BYTES)
                return NBT_ERR_MALFORMED;
        if (!is_of_interest(type)) {
                reader->skip_bytes = len;
                return GO_ON;
        }
        if (len > PCAPFILE_MAX_BYTES)
                return NBT_ERR_MALFORMED;
        struct input body = {reader, rd_sub(&in.rd, len - BLOCK_MIN_BYTES)};
        const uint32_t again = get32(&in);
        if (!rd_ok(&in.rd))
                return NEED_MORE;
        if (again != len)
                return NBT_ERR_MALFORMED;
        const int r = read_body(reader, type, &body, ret);
        if (r >= 0)
                *rd = in.rd;
        return r;
}

/* ---- both --------------------------------------------------------------------------------------------------------- */

static int read_start(struct pcapfile *reader, struct rd *rd)
{
        struct rd at = *rd;
        const uint32_t magic = rd_be32(&at);
        int r = NBT_ERR_MALFORMED;

        if (!rd_ok(&at))
                return NEED_MORE;
        reader->big_endian = magic == MAGIC_PCAP_US || magic == MAGIC_PCAP_NS;
        if (magic == MAGIC_PCAPNG)
                return read_section(reader, rd);
        if (magic == MAGIC_PCAP_US || magic == MAGIC_PCAP_US_SWAPPED)
                r = read_pcap_header(reader, *rd, false);
        else if (magic == MAGIC_PCAP_NS || magic == MAGIC_PCAP_NS_SWAPPED)
                r = read_pcap_header(reader, *rd, true);
        else if (magic >> 16 == 0x1F8B || magic == 0x28B52FFD || magic == 0xFD377A58) /* gzip, zstd, xz */
                r = NBT_ERR_UNSUPPORTED;
        if (r == GO_ON)
                rd_skip(rd, PCAP_HEADER_BYTES);
        return r;
}

static int read_one(struct pcapfile *reader, struct rd *rd, struct pcapfile_record *ret)
{
        if (reader->skip_bytes) {
                const size_t left = rd_left(rd);
                const size_t skipped = reader->skip_bytes < left ? (size_t)reader->skip_bytes : left;

                rd_skip(rd, skipped);
                reader->skip_bytes -= skipped;
                return reader->skip_bytes ? NEED_MORE : GO_ON;
        }
        switch (reader->kind) {
        case PCAPFILE_PCAP:
                return read_pcap_record(reader, rd, ret);
        case PCAPFILE_PCAPNG:
                return read_block(reader, rd, ret);
        case PCAPFILE_UNKNOWN:
        default:
                return read_start(reader, rd);
        }
}

int pcapfile_next(struct pcapfile *reader, const void *bytes, size_t len_bytes, size_t *ret_taken,
                  struct pcapfile_record *ret)
{
        struct rd rd = rd_init(bytes, len_bytes);
        struct pcapfile_record record;
        int r;

        do { /* ends: each round that goes on takes bytes, or sets skip_bytes, which the next round takes */
                r = read_one(reader, &rd, &record);
        } while (r == GO_ON);
        reader->taken_bytes += rd.pos;
        if (r < 0)
                return r;
        if (r == GOT_RECORD)
                *ret = record;
        *ret_taken = rd.pos;
        return r;
}

/* ---- behind a damaged place --------------------------------------------------------------------------------------- */

/* ASSUMPTION: no two packets of a capture are further apart than a month, no two neighbours than a day. */
#define APART_MAX_S (30u * 86400)
#define NEIGHBOURS_MAX_S 86400u

enum place { PLACE_BAD, PLACE_GOOD, PLACE_UNKNOWN /* more must be shown */ };

static uint32_t apart(uint32_t a, uint32_t b)
{
        return a > b ? a - b : b - a;
}

/* A plausible record header; its time and length are given back. */
static enum place look_at_header(const struct pcapfile *reader, struct rd rd, uint32_t *ret_seconds, uint32_t *ret_len)
{
        struct input in = {reader, rd};

        *ret_seconds = get32(&in);
        const uint32_t fraction = get32(&in);
        *ret_len = get32(&in);
        const uint32_t original = get32(&in);
        if (!rd_ok(&in.rd))
                return PLACE_UNKNOWN;
        return *ret_seconds != 0 && fraction < reader->interfaces[0].units_per_s && *ret_len != 0 &&
                               *ret_len <= original && original <= RECORD_MAX_BYTES
                       ? PLACE_GOOD
                       : PLACE_BAD;
}

static enum place look_at_record(const struct pcapfile *reader, struct rd rd, bool at_end)
{
        uint32_t seconds, next_s, len, next_len;
        const enum place first = look_at_header(reader, rd, &seconds, &len);

        if (first != PLACE_GOOD)
                return at_end ? PLACE_BAD : first;
        if (reader->last_s != 0 && apart(seconds, reader->last_s) > APART_MAX_S)
                return PLACE_BAD;
        rd_skip(&rd, PCAP_RECORD_BYTES + (size_t)len);
        if (at_end)
                return rd_ok(&rd) && (rd_left(&rd) == 0 ||
                                      (look_at_header(reader, rd, &next_s, &next_len) == PLACE_GOOD &&
                                       apart(seconds, next_s) <= NEIGHBOURS_MAX_S))
                               ? PLACE_GOOD
                               : PLACE_BAD;
        const enum place second = look_at_header(reader, rd, &next_s, &next_len);
        if (second != PLACE_GOOD)
                return second;
        return apart(seconds, next_s) <= NEIGHBOURS_MAX_S ? PLACE_GOOD : PLACE_BAD;
}

/* A block of a known kind whose two lengths agree. */
static enum place look_at_block(const struct pcapfile *reader, struct rd rd, bool at_end)
{
        struct input in = {reader, rd};
        const uint32_t type = get32(&in);
        const uint32_t len = get32(&in);

        if (rd_ok(&in.rd) && ((!is_of_interest(type) && type != MAGIC_PCAPNG) || len < BLOCK_MIN_BYTES || len % 4 ||
                              len > PCAPFILE_MAX_BYTES))
                return PLACE_BAD;
        rd_skip(&in.rd, rd_ok(&in.rd) ? len - BLOCK_MIN_BYTES : 0);
        const uint32_t again = get32(&in);
        if (!rd_ok(&in.rd))
                return at_end ? PLACE_BAD : PLACE_UNKNOWN;
        return again == len ? PLACE_GOOD : PLACE_BAD;
}

bool pcapfile_recover(struct pcapfile *reader, const void *bytes, size_t len_bytes, bool at_end, size_t *ret_taken)
{
        enum place place = PLACE_BAD;
        size_t at = 1; /* what stands at the front is what could not be read */

        reader->skip_bytes = 0;
        for (; reader->kind != PCAPFILE_UNKNOWN && at < len_bytes; at++) {
                const struct rd rd = rd_init((const uint8_t *)bytes + at, len_bytes - at);

                place = reader->kind == PCAPFILE_PCAPNG ? look_at_block(reader, rd, at_end)
                                                        : look_at_record(reader, rd, at_end);
                if (place != PLACE_BAD)
                        break;
        }
        if (place == PLACE_UNKNOWN) /* is looked at again */
                at--;
        else if (place == PLACE_BAD)
                at = len_bytes;
        reader->taken_bytes += at;
        *ret_taken = at;
        return place == PLACE_GOOD;
}

bool pcapfile_may_end(const struct pcapfile *reader, size_t left_bytes)
{
        return reader->kind != PCAPFILE_UNKNOWN && left_bytes == 0 && reader->skip_bytes == 0;
}
