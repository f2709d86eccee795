#include "store/winscode.h"

#include "base/hash.h"
#include "base/wr.h"

#include <stdlib.h>

#define SUM_BYTES 8
#define ITEM_HEADER_BYTES 3
#define FLAG_STATIC 1u
#define FLAG_PLAIN_MEMBERS 2u

/* ---- small things ------------------------------------------------------------------------------------------------------ */

static void put_be64(struct wr *wr, uint64_t v)
{
        wr_be32(wr, (uint32_t)(v >> 32));
        wr_be32(wr, (uint32_t)v);
}

static uint64_t get_be64(struct rd *rd)
{
        const uint64_t high = rd_be32(rd);

        return high << 32 | rd_be32(rd);
}

void winscode_buffer_done(struct winscode_buffer *buffer)
{
        free(buffer->bytes);
        *buffer = (struct winscode_buffer){0};
}

/* Room for LEN more bytes. */
static int make_room(struct winscode_buffer *buffer, size_t len_bytes)
{
        if (buffer->size_bytes - buffer->len_bytes >= len_bytes)
                return 0;
        const size_t size = 2 * buffer->size_bytes + len_bytes;
        uint8_t *bytes = realloc(buffer->bytes, size);

        if (!bytes)
                return NBT_ERR_NOMEM;
        buffer->bytes = bytes;
        buffer->size_bytes = size;
        return 0;
}

/* ---- records ------------------------------------------------------------------------------------------------------------ */

static bool has_plain_members(const struct wins_record *record)
{
        for (size_t i = 0; i < record->member_count; i++)
                if (record->members[i].owner != record->owner || record->members[i].expiry_s != record->expiry_s)
                        return false;
        return true;
}

static void put_members(struct wr *wr, const struct wins_record *record)
{
        for (size_t i = 0; i < record->member_count; i++) {
                wr_be32(wr, record->members[i].address);
                wr_be32(wr, record->members[i].owner);
                put_be64(wr, (uint64_t)record->members[i].expiry_s);
        }
}

static void get_members(struct rd *rd, struct wins_record *record)
{
        for (size_t i = 0; i < record->member_count; i++) {
                record->members[i].address = rd_be32(rd);
                record->members[i].owner = rd_be32(rd);
                record->members[i].expiry_s = (int64_t)get_be64(rd);
        }
}

static void put_record(struct wr *wr, const struct wins_record *record)
{
        const bool plain = has_plain_members(record);

        wr_bytes(wr, record->name.bytes, NB_NAME_BYTES);
        wr_u8(wr, (uint8_t)record->type);
        wr_u8(wr, (uint8_t)record->state);
        wr_u8(wr, (uint8_t)record->node);
        wr_u8(wr, (uint8_t)((record->is_static ? FLAG_STATIC : 0) | (plain ? FLAG_PLAIN_MEMBERS : 0)));
        wr_be32(wr, record->owner);
        put_be64(wr, record->version);
        put_be64(wr, (uint64_t)record->expiry_s);
        wr_u8(wr, record->member_count);
        if (plain)
                for (size_t i = 0; i < record->member_count; i++)
                        wr_be32(wr, record->members[i].address);
        else
                put_members(wr, record);
        wr_bytes(wr, record->scope.text, record->scope.len_bytes);
}

size_t winscode_record_encode(const struct wins_record *record, uint8_t out[WINSCODE_RECORD_MAX_BYTES])
{
        struct wr wr = wr_init(out, WINSCODE_RECORD_MAX_BYTES);

        put_record(&wr, record);
        return wr.pos;
}

static void get_plain_members(struct rd *rd, struct wins_record *record)
{
        for (size_t i = 0; i < record->member_count; i++)
                record->members[i] = (struct wins_member){rd_be32(rd), record->owner, record->expiry_s};
}

int winscode_record_decode(struct rd rd, struct wins_record *ret)
{
        rd_copy(&rd, ret->name.bytes, NB_NAME_BYTES);
        ret->type = (enum wins_type)rd_u8(&rd);
        ret->state = (enum wins_state)rd_u8(&rd);
        ret->node = (enum wins_node)rd_u8(&rd);
        const unsigned flags = rd_u8(&rd);
        ret->is_static = flags & FLAG_STATIC;
        ret->owner = rd_be32(&rd);
        ret->version = get_be64(&rd);
        ret->expiry_s = (int64_t)get_be64(&rd);
        ret->member_count = rd_u8(&rd);
        if (!rd_ok(&rd) || ret->member_count > WINS_MAX_MEMBERS || flags > (FLAG_STATIC | FLAG_PLAIN_MEMBERS))
                return NBT_ERR_MALFORMED;
        if (flags & FLAG_PLAIN_MEMBERS)
                get_plain_members(&rd, ret);
        else
                get_members(&rd, ret);
        if (rd_left(&rd) > NB_SCOPE_MAX_BYTES)
                return NBT_ERR_MALFORMED;
        ret->scope.len_bytes = (uint8_t)rd_left(&rd);
        rd_copy(&rd, ret->scope.text, ret->scope.len_bytes);
        return rd_ok(&rd) && wins_record_check(ret) == 0 ? 0 : NBT_ERR_MALFORMED;
}

int64_t winscode_record_sum(const struct wins_record *record)
{
        uint8_t body[WINSCODE_RECORD_MAX_BYTES];
        const size_t len_bytes = winscode_record_encode(record, body);

        return (int64_t)hash_bytes(body, len_bytes, 0);
}

size_t winscode_members_encode(const struct wins_record *record, uint8_t out[WINS_MAX_MEMBERS * WINSCODE_MEMBER_BYTES])
{
        struct wr wr = wr_init(out, WINS_MAX_MEMBERS * WINSCODE_MEMBER_BYTES);

        put_members(&wr, record);
        return wr.pos;
}

int winscode_members_decode(struct rd rd, struct wins_record *ret)
{
        const size_t len_bytes = rd_left(&rd);

        if (len_bytes % WINSCODE_MEMBER_BYTES || len_bytes > WINS_MAX_MEMBERS * WINSCODE_MEMBER_BYTES)
                return NBT_ERR_MALFORMED;
        ret->member_count = (uint8_t)(len_bytes / WINSCODE_MEMBER_BYTES);
        get_members(&rd, ret);
        return 0;
}

/* ---- writing batches ------------------------------------------------------------------------------------------------------ */

/* A cursor over all the room there is, standing behind the header of an item of TAG; finish_item() writes that header's length. */
static int begin_item(struct winscode_buffer *buffer, enum winscode_tag tag, struct wr *ret)
{
        const int r = make_room(buffer, ITEM_HEADER_BYTES + WINSCODE_RECORD_MAX_BYTES);

        if (r < 0)
                return r;
        *ret = wr_init(buffer->bytes + buffer->len_bytes, buffer->size_bytes - buffer->len_bytes);
        wr_u8(ret, (uint8_t)tag);
        wr_be16(ret, 0);
        return 0;
}

static void finish_item(struct winscode_buffer *buffer, struct wr *wr)
{
        wr_patch_be16(wr, 1, (uint16_t)(wr->pos - ITEM_HEADER_BYTES));
        buffer->len_bytes += wr->pos;
}

static int encode_change(struct winscode_buffer *buffer, const struct wins_change *change)
{
        const struct wins_record *record = &change->record;
        const bool is_put = change->op == WINS_PUT;
        struct wr wr;

        if (is_put && wins_record_check(record) < 0)
                return NBT_ERR_RANGE;
        const int r = begin_item(buffer, is_put ? WINSCODE_PUT : WINSCODE_DELETE, &wr);
        if (r < 0)
                return r;
        if (is_put) {
                put_record(&wr, record);
        } else {
                wr_bytes(&wr, record->name.bytes, NB_NAME_BYTES);
                wr_bytes(&wr, record->scope.text, record->scope.len_bytes);
        }
        finish_item(buffer, &wr);
        return 0;
}

static int encode_touch(struct winscode_buffer *buffer, const struct wins_touch *touch)
{
        struct wr wr;
        const int r = begin_item(buffer, WINSCODE_TOUCH, &wr);

        if (r < 0)
                return r;
        wr_bytes(&wr, touch->name.bytes, NB_NAME_BYTES);
        put_be64(&wr, (uint64_t)touch->expiry_s);
        wr_bytes(&wr, touch->scope->text, touch->scope->len_bytes);
        finish_item(buffer, &wr);
        return 0;
}

static int encode_owner(struct winscode_buffer *buffer, const struct wins_owner *owner)
{
        struct wr wr;
        const int r = begin_item(buffer, WINSCODE_OWNER, &wr);

        if (r < 0)
                return r;
        wr_be32(&wr, owner->address);
        put_be64(&wr, owner->max_version);
        finish_item(buffer, &wr);
        return 0;
}

static int finish_batch(struct winscode_buffer *buffer, int64_t row)
{
        const int r = make_room(buffer, SUM_BYTES);

        if (r < 0)
                return r;
        struct wr wr = wr_init(buffer->bytes + buffer->len_bytes, SUM_BYTES);
        put_be64(&wr, hash_bytes(buffer->bytes, buffer->len_bytes, (uint64_t)row));
        buffer->len_bytes += SUM_BYTES;
        return 0;
}

int winscode_batch_encode(const struct wins_batch *batch, int64_t row, struct winscode_buffer *buffer)
{
        buffer->len_bytes = 0;
        int r = make_room(buffer, 1);

        if (r == 0)
                buffer->bytes[buffer->len_bytes++] = WINSCODE_BATCH_FORMAT;
        for (size_t i = 0; r == 0 && i < batch->change_count; i++)
                r = encode_change(buffer, &batch->changes[i]);
        for (size_t i = 0; r == 0 && i < batch->touch_count; i++)
                r = encode_touch(buffer, &batch->touches[i]);
        for (size_t i = 0; r == 0 && i < batch->owner_count; i++)
                r = encode_owner(buffer, &batch->owners[i]);
        return r == 0 ? finish_batch(buffer, row) : r;
}

/* ---- reading batches ------------------------------------------------------------------------------------------------------ */

int winscode_batch_open(const void *bytes, size_t len_bytes, int64_t row, struct rd *ret)
{
        if (len_bytes < WINSCODE_BATCH_LEAST_BYTES || len_bytes > WINSCODE_BATCH_MAX_BYTES)
                return NBT_ERR_MALFORMED;
        struct rd rd = rd_init(bytes, len_bytes), sum = rd;
        const unsigned format = rd_u8(&rd);

        rd_skip(&sum, len_bytes - SUM_BYTES);
        if (get_be64(&sum) != hash_bytes(bytes, len_bytes - SUM_BYTES, (uint64_t)row))
                return NBT_ERR_MALFORMED;
        if (format != WINSCODE_BATCH_FORMAT)
                return NBT_ERR_UNSUPPORTED;
        *ret = rd_sub(&rd, len_bytes - 1 - SUM_BYTES);
        return 0;
}

static bool take_scope(struct rd *body, struct winscode_item *item)
{
        const size_t len_bytes = rd_left(body);

        if (len_bytes > NB_SCOPE_MAX_BYTES)
                return false;
        item->scope_len_bytes = (uint8_t)len_bytes;
        item->scope = rd_bytes(body, len_bytes);
        return rd_ok(body);
}

/* Where the scope begins depends on the members. */
static bool take_put(struct rd *body, struct winscode_item *item)
{
        item->body = *body;
        item->name = rd_bytes(body, NB_NAME_BYTES);
        rd_skip(body, 3);
        const bool plain = rd_u8(body) & FLAG_PLAIN_MEMBERS;
        rd_skip(body, 4 + 8 + 8);
        rd_skip(body, (size_t)rd_u8(body) * (plain ? 4 : WINSCODE_MEMBER_BYTES));
        return rd_ok(body) && take_scope(body, item);
}

static bool take_body(struct rd *body, struct winscode_item *item)
{
        switch (item->tag) {
        case WINSCODE_PUT:
                return take_put(body, item);
        case WINSCODE_DELETE:
                item->name = rd_bytes(body, NB_NAME_BYTES);
                return rd_ok(body) && take_scope(body, item);
        case WINSCODE_TOUCH:
                item->name = rd_bytes(body, NB_NAME_BYTES);
                item->expiry_s = (int64_t)get_be64(body);
                return rd_ok(body) && take_scope(body, item);
        case WINSCODE_OWNER:
                item->owner.address = rd_be32(body);
                item->owner.max_version = get_be64(body);
                return rd_ok(body) && rd_left(body) == 0;
        case WINSCODE_TAG_MAX:
                break;
        }
        return false;
}

int winscode_item_next(struct rd *rd, struct winscode_item *ret)
{
        if (rd_left(rd) == 0)
                return rd_ok(rd) ? 0 : NBT_ERR_MALFORMED;
        *ret = (struct winscode_item){.tag = (enum winscode_tag)rd_u8(rd)};
        const size_t len_bytes = rd_be16(rd);
        struct rd body = rd_sub(rd, len_bytes);

        return rd_ok(rd) && take_body(&body, ret) ? 1 : NBT_ERR_MALFORMED;
}
