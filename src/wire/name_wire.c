/* First- and second-level encoding (RFC 1001 §14.1, RFC 1002 §4.1) and label pointers (RFC 883). */
#include "wire/name.h"

#include <string.h>

#define POINTER_BITS 0xC0
#define POINTER_HOPS_MAX 8
#define ENCODED_BYTES (2 * NB_NAME_BYTES)

/* Where a name is being read. A pointer moves it back; the reader itself goes on behind the first pointer. */
struct walk {
        struct rd at;
        size_t segment; /* where the present run of labels began: pointers lead before it, so no loop can be made */
        size_t after;   /* behind the first pointer, once there was one */
        unsigned hops;
};

static int follow_pointer(struct walk *walk, uint8_t high)
{
        const size_t target = (size_t)(high & ~POINTER_BITS) << 8 | rd_u8(&walk->at);

        if (!rd_ok(&walk->at))
                return NBT_ERR_TRUNCATED;
        if (target >= walk->segment || walk->hops == POINTER_HOPS_MAX)
                return NBT_ERR_MALFORMED;
        if (walk->hops++ == 0)
                walk->after = walk->at.pos;
        walk->at = rd_at(&walk->at, target);
        walk->segment = target;
        return 0;
}

/* The next label: its length, 0 at the name's end, or an error. */
static int take_label(struct walk *walk, const uint8_t **ret_label)
{
        for (;;) { /* ends: each round but the last uses up a hop */
                const uint8_t len = rd_u8(&walk->at);
                int r = NBT_ERR_MALFORMED;

                if (!rd_ok(&walk->at))
                        return NBT_ERR_TRUNCATED;
                if ((len & POINTER_BITS) == 0) {
                        *ret_label = rd_bytes(&walk->at, len);
                        return *ret_label ? len : NBT_ERR_TRUNCATED;
                }
                if ((len & POINTER_BITS) == POINTER_BITS)
                        r = follow_pointer(walk, len);
                if (r < 0)
                        return r;
        }
}

/* 32 letters 'A' to 'P' to 16 bytes. */
static int decode_first_level(const uint8_t *letters, struct nb_name *ret)
{
        unsigned bad = 0;

        for (size_t i = 0; i < NB_NAME_BYTES; i++) {
                const unsigned high = letters[2 * i] - (unsigned)'A';
                const unsigned low = letters[2 * i + 1] - (unsigned)'A';

                bad |= high | low;
                ret->bytes[i] = (uint8_t)(high << 4 | (low & 15));
        }
        return bad > 15 ? NBT_ERR_MALFORMED : 0;
}

static int append_scope_label(struct nb_scope *scope, const uint8_t *label, size_t len)
{
        const size_t dot = scope->len_bytes > 0;

        if (memchr(label, '.', len) || scope->len_bytes + dot + len > NB_SCOPE_MAX_BYTES)
                return NBT_ERR_MALFORMED;
        if (dot)
                scope->text[scope->len_bytes] = '.';
        memcpy(scope->text + scope->len_bytes + dot, label, len);
        scope->len_bytes = (uint8_t)(scope->len_bytes + dot + len);
        return 0;
}

static int walk_name(struct walk *walk, struct nb_name *ret_name, struct nb_scope *ret_scope)
{
        const uint8_t *label;
        int r = take_label(walk, &label);

        if (r < 0)
                return r;
        if (r != ENCODED_BYTES || decode_first_level(label, ret_name) < 0)
                return NBT_ERR_MALFORMED;
        ret_scope->len_bytes = 0;
        for (r = take_label(walk, &label); r > 0; r = take_label(walk, &label))
                if (append_scope_label(ret_scope, label, (size_t)r) < 0)
                        return NBT_ERR_MALFORMED;
        return r;
}

int nb_name_decode(struct rd *rd, struct nb_name *ret_name, struct nb_scope *ret_scope)
{
        struct walk walk = {.at = *rd, .segment = rd->pos};
        struct nb_name name;
        struct nb_scope scope;
        const int r = walk_name(&walk, &name, &scope);

        if (r < 0) {
                rd_fail(rd);
                return r;
        }
        rd->pos = walk.hops ? walk.after : walk.at.pos;
        *ret_name = name;
        ret_scope->len_bytes = scope.len_bytes;
        memcpy(ret_scope->text, scope.text, scope.len_bytes);
        return 0;
}

static void encode_scope(struct wr *wr, const struct nb_scope *scope)
{
        size_t at = 0;

        while (at < scope->len_bytes) {
                const uint8_t *dot = memchr(scope->text + at, '.', scope->len_bytes - at);
                const size_t len = dot ? (size_t)(dot - scope->text) - at : scope->len_bytes - at;

                if (len == 0 || len > NB_LABEL_MAX_BYTES) {
                        wr->failed = true;
                        return;
                }
                wr_u8(wr, (uint8_t)len);
                wr_bytes(wr, scope->text + at, len);
                at += len + 1;
        }
}

void nb_name_encode(struct wr *wr, const struct nb_name *name, const struct nb_scope *scope)
{
        uint8_t *at = wr_reserve(wr, 1 + ENCODED_BYTES);

        if (!at)
                return;
        *at++ = ENCODED_BYTES;
        for (size_t i = 0; i < NB_NAME_BYTES; i++) {
                *at++ = (uint8_t)('A' + (name->bytes[i] >> 4));
                *at++ = (uint8_t)('A' + (name->bytes[i] & 15));
        }
        if (scope)
                encode_scope(wr, scope);
        wr_u8(wr, 0);
}
