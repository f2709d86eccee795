#include "winsdb_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int winsdb_place_init(struct winsdb_place *place)
{
        if (scratch_make(&place->scratch) < 0)
                return -1;
        snprintf(place->directory, sizeof(place->directory), "%s", place->scratch.path);
        snprintf(place->path, sizeof(place->path), "%s/%s", place->directory, WINSDB_FILE);
        return 0;
}

int winsdb_place_done(struct winsdb_place *place)
{
        return scratch_remove(&place->scratch);
}

void random_key(struct rng *rng, uint32_t count, struct nb_name *ret_name, struct nb_scope *ret_scope)
{
        const uint32_t number = rng_below(rng, count);
        char text[16];

        snprintf(text, sizeof(text), "HOSTNAME-%06u", number / 4 % 1000000);
        *ret_name = nb_name_make(text, number % 4 == 3 ? 0x1C : 0x20);
        if (number % 4 == 1)
                ret_name->bytes[0] = 'w';
        if (number % 7 == 0)
                ret_name->bytes[14] = 0;
        ret_scope->len_bytes = 0;
        if (number % 4 == 2)
                ret_scope->len_bytes =
                        (uint8_t)snprintf((char *)ret_scope->text, sizeof(ret_scope->text), "corp.%u", number % 3);
        if (number % 50 == 6) {
                ret_scope->len_bytes = WINS_SCOPE_MAX_BYTES;
                memset(ret_scope->text, 'x', WINS_SCOPE_MAX_BYTES);
        }
}

void random_record(struct rng *rng, uint32_t count, struct wins_record *ret)
{
        *ret = (struct wins_record){
                .type = (enum wins_type)rng_below(rng, WINS_TYPE_MAX),
                .state = (enum wins_state)rng_below(rng, WINS_STATE_MAX),
                .node = (enum wins_node)rng_below(rng, 4),
                .is_static = rng_below(rng, 5) == 0,
                .owner = 0xFF000000u + rng_below(rng, 3),
                .version = rng_below(rng, 10) ? 1 + rng_below(rng, 100000) : UINT64_MAX - rng_below(rng, 5),
        };
        random_key(rng, count, &ret->name, &ret->scope);
        ret->expiry_s = ret->is_static ? WINS_NEVER : 1800000000 + rng_below(rng, 1000000);
        ret->member_count = (uint8_t)(rng_below(rng, 3) ? 1 : rng_below(rng, WINS_MAX_MEMBERS + 1));
        if (ret->state == WINS_ACTIVE && ret->member_count == 0)
                ret->member_count = WINS_MAX_MEMBERS;
        for (size_t i = 0; i < ret->member_count; i++) {
                ret->members[i] = (struct wins_member){rng_u32(rng), ret->owner, ret->expiry_s};
                if (rng_below(rng, 4) == 0)
                        ret->members[i].expiry_s = rng_u32(rng);
                if (rng_below(rng, 8) == 0)
                        ret->members[i].owner = rng_u32(rng);
        }
}

bool same_record(const struct wins_record *a, const struct wins_record *b)
{
        return winsstore_compare(&a->name, &a->scope, &b->name, &b->scope) == 0 && a->type == b->type &&
               a->state == b->state && a->node == b->node && a->is_static == b->is_static && a->owner == b->owner &&
               a->version == b->version && a->expiry_s == b->expiry_s && a->member_count == b->member_count &&
               memcmp(a->members, b->members, a->member_count * sizeof(a->members[0])) == 0;
}

static int keep_record(void *context, const struct wins_record *record)
{
        struct kept_load *load = context;

        if (load->count == load->size) {
                load->size = load->size ? load->size * 2 : 256;
                load->records = realloc(load->records, load->size * sizeof(*load->records));
                if (!load->records)
                        abort();
        }
        wins_record_copy(&load->records[load->count++], record);
        return 0;
}

static int keep_owner(void *context, const struct wins_owner *owner)
{
        struct kept_load *load = context;

        if (load->owner_count == NBT_ARRAY_SIZE(load->owners))
                return NBT_ERR_FULL;
        load->owners[load->owner_count++] = *owner;
        return 0;
}

struct winsstore_sink kept_load_sink(struct kept_load *load)
{
        *load = (struct kept_load){0};
        return (struct winsstore_sink){.record = keep_record, .owner = keep_owner, .context = load};
}

void kept_load_done(struct kept_load *load)
{
        free(load->records);
        *load = (struct kept_load){0};
}

static uint64_t version_of(const struct kept_load *load, uint32_t owner)
{
        for (size_t i = 0; i < load->owner_count; i++)
                if (load->owners[i].address == owner)
                        return load->owners[i].max_version;
        return 0;
}

bool same_loads(const struct kept_load *a, const struct kept_load *b)
{
        char text[NB_NAME_TEXT_BYTES];

        for (size_t i = 0; i < a->count && i < b->count; i++)
                if (!same_record(&a->records[i], &b->records[i])) {
                        nb_name_format(&a->records[i].name, text);
                        printf("record %zu, %s, differs\n", i, text);
                        return false;
                }
        for (size_t i = 0; i < a->owner_count; i++)
                if (version_of(b, a->owners[i].address) != a->owners[i].max_version) {
                        printf("owner %08x differs\n", a->owners[i].address);
                        return false;
                }
        if (a->count != b->count || a->owner_count != b->owner_count)
                printf("%zu records and %zu\n", a->count, b->count);
        return a->count == b->count && a->owner_count == b->owner_count;
}

#define MARK_OWNER 1u
#define NUMBERED_NAMES 300

void numbered_batch_make(struct numbered_batch *ret, uint64_t seed, uint64_t number)
{
        struct rng rng;

        rng_init_seed(&rng, seed * 1000003 + number);
        ret->owner = (struct wins_owner){MARK_OWNER, number};
        ret->batch = (struct wins_batch){.id = number,
                                         .changes = ret->changes,
                                         .touches = ret->touches,
                                         .owner_count = 1,
                                         .owners = &ret->owner,
                                         .is_durable = rng_below(&rng, 4) > 0};
        ret->batch.change_count = rng_below(&rng, NUMBERED_ITEMS);
        ret->batch.touch_count = rng_below(&rng, NUMBERED_ITEMS);
        for (size_t i = 0; i < ret->batch.change_count; i++) {
                ret->changes[i].op = rng_below(&rng, 4) ? WINS_PUT : WINS_DELETE;
                random_record(&rng, NUMBERED_NAMES, &ret->changes[i].record);
        }
        for (size_t i = 0; i < ret->batch.touch_count; i++) {
                ret->touches[i].scope = &ret->scopes[i];
                ret->touches[i].expiry_s = 1900000000 + (int64_t)number;
                random_key(&rng, NUMBERED_NAMES, &ret->touches[i].name, &ret->scopes[i]);
        }
}

uint64_t numbered_batches_in(const struct kept_load *load)
{
        return version_of(load, MARK_OWNER);
}

bool numbered_batches_follow(struct winsmem *mem, uint64_t seed, uint64_t stored, uint64_t number,
                             const struct kept_load *disk)
{
        static struct numbered_batch made;
        struct kept_load memory;
        const struct winsstore_sink sink = kept_load_sink(&memory);

        for (uint64_t i = stored + 1; i <= number; i++) {
                numbered_batch_make(&made, seed, i);
                if (winsmem_append(mem, &made.batch) < 0)
                        return false;
        }
        const bool same = winsmem_load(mem, &sink) == 0 && same_loads(disk, &memory);
        kept_load_done(&memory);
        return same;
}
