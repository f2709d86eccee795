#include "daemon/hook_queue.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096u
#define FIRST_ROOM 64u
#define TOKEN_MS (1000 / HOOK_PER_SECOND)

/* Entry 0 is never used. */
struct entry {
        struct hook_call call;
        uint32_t next;        /* in the order of going out, or the next free one */
        uint32_t bucket_next; /* of its bucket */
};

struct hook_queue {
        struct entry *entries;
        uint32_t used, room, free;
        uint32_t first, last;
        uint32_t buckets[BUCKETS];
        uint64_t seed;
        uint32_t tokens;
        mono_t gained_at;
        struct hook_queue_counts counts;
};

int hook_queue_new(struct hook_queue **ret, uint64_t seed)
{
        struct hook_queue *queue = calloc(1, sizeof *queue);

        if (!queue)
                return NBT_ERR_NOMEM;
        queue->seed = seed;
        queue->used = 1;
        queue->tokens = HOOK_AT_ONCE;
        *ret = queue;
        return 0;
}

struct hook_queue *hook_queue_free(struct hook_queue *queue)
{
        if (queue)
                free(queue->entries);
        free(queue);
        return NULL;
}

/* ---- what a notice says ------------------------------------------------------------------------------------------- */

static bool is_letter_or_digit(uint8_t c)
{
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* False if the name may not be passed. */
static bool take_name(const struct nb_name *name, struct hook_call *ret)
{
        size_t len = NB_SUFFIX_AT;

        while (len > 0 && name->bytes[len - 1] == ' ')
                len--;
        if (len == 0 || name->bytes[0] == '-' || name->bytes[0] == '.')
                return false;
        for (size_t i = 0; i < len; i++)
                if (!is_letter_or_digit(name->bytes[i]) && name->bytes[i] != '.' && name->bytes[i] != '_' &&
                    name->bytes[i] != '-')
                        return false;
        memcpy(ret->name, name->bytes, len);
        ret->name[len] = '\0';
        ret->suffix = nb_name_suffix(name);
        return true;
}

static bool is_active(const struct wins_record *record)
{
        return record && record->state == WINS_ACTIVE;
}

static bool has_same_members(const struct wins_record *a, const struct wins_record *b)
{
        if (a->member_count != b->member_count)
                return false;
        for (size_t i = 0; i < a->member_count; i++)
                if (wins_record_member(b, a->members[i].address) < 0)
                        return false;
        return true;
}

static bool choose_operation(const struct wins_notice *notice, enum hook_operation *ret)
{
        if (notice->type == WINS_NOTICE_RENEWED)
                *ret = HOOK_REFRESH;
        else if (!notice->removed && is_active(notice->record))
                *ret = is_active(notice->before) && has_same_members(notice->record, notice->before) ? HOOK_REFRESH
                                                                                                     : HOOK_ADD;
        else if (is_active(notice->before))
                *ret = HOOK_DELETE;
        else
                return false; /* it was gone before */
        return true;
}

/* A normal group is nobody's address (observed: nmbd passes 0.0.0.0). */
static void take_members(const struct wins_record *record, struct hook_call *ret)
{
        ret->address_count = record->type == WINS_GROUP ? 1 : record->member_count;
        ret->addresses[0] = 0;
        for (size_t i = 0; record->type != WINS_GROUP && i < record->member_count; i++)
                ret->addresses[i] = record->members[i].address;
}

int hook_call_make(const struct wins_notice *notice, struct hook_call *ret)
{
        struct hook_call call = {0};

        if ((notice->type != WINS_NOTICE_CHANGED && notice->type != WINS_NOTICE_RENEWED) || !notice->record ||
            !choose_operation(notice, &call.operation))
                return NBT_ERR_NOT_FOUND;
        if (notice->scope.len_bytes > 0 || !take_name(&notice->name, &call))
                return NBT_ERR_UNSUPPORTED;
        const struct wins_record *record = call.operation == HOOK_DELETE ? notice->before : notice->record;
        call.expiry_s = call.operation == HOOK_DELETE ? WINS_NEVER : record->expiry_s;
        take_members(record, &call);
        *ret = call;
        return 0;
}

/* ---- the queue ---------------------------------------------------------------------------------------------------- */

static uint32_t *bucket_of(struct hook_queue *queue, const struct hook_call *call)
{
        return &queue->buckets[hash_bytes(call->name, strlen(call->name), queue->seed + call->suffix) % BUCKETS];
}

static struct entry *find(struct hook_queue *queue, const struct hook_call *call)
{
        for (uint32_t i = *bucket_of(queue, call); i != 0; i = queue->entries[i].bucket_next) {
                struct entry *entry = &queue->entries[i];

                if (entry->call.suffix == call->suffix && strcmp(entry->call.name, call->name) == 0)
                        return entry;
        }
        return NULL;
}

static bool has_room(struct hook_queue *queue, const struct hook_call *call)
{
        const uint64_t most = call->operation == HOOK_REFRESH ? HOOK_QUEUE_CALLS / 2 : HOOK_QUEUE_CALLS;

        if (queue->counts.waiting >= most)
                return false;
        if (queue->free || queue->used < queue->room)
                return true;
        const uint32_t room = queue->room ? queue->room * 2 : FIRST_ROOM;
        struct entry *entries = realloc(queue->entries, room * sizeof *entries);
        if (!entries)
                return false;
        queue->entries = entries;
        queue->room = room;
        return true;
}

static void append(struct hook_queue *queue, const struct hook_call *call)
{
        const uint32_t i = queue->free ? queue->free : queue->used++;
        uint32_t *bucket = bucket_of(queue, call);

        if (queue->free)
                queue->free = queue->entries[i].next;
        queue->entries[i] = (struct entry){.call = *call, .bucket_next = *bucket};
        *bucket = i;
        if (queue->last)
                queue->entries[queue->last].next = i;
        else
                queue->first = i;
        queue->last = i;
        queue->counts.waiting++;
}

/* A name that was not told of yet, or was about to be told of as gone, is added; whatever came in between. */
static enum hook_operation merged(enum hook_operation waiting, enum hook_operation newer)
{
        return newer == HOOK_REFRESH && waiting != HOOK_REFRESH ? HOOK_ADD : newer;
}

void hook_queue_offer(struct hook_queue *queue, const struct wins_notice *notice)
{
        struct hook_call call;
        const int r = hook_call_make(notice, &call);

        if (r < 0) {
                queue->counts.illegal += r == NBT_ERR_UNSUPPORTED;
                return;
        }
        struct entry *waiting = find(queue, &call);
        if (waiting) {
                call.operation = merged(waiting->call.operation, call.operation);
                waiting->call = call;
        } else if (has_room(queue, &call)) {
                append(queue, &call);
        } else {
                queue->counts.left_out++;
        }
}

static void gain_tokens(struct hook_queue *queue, mono_t now)
{
        const uint64_t gained = mono_elapsed_ms(queue->gained_at, now) / TOKEN_MS;

        if (queue->tokens + gained >= HOOK_AT_ONCE) {
                queue->tokens = HOOK_AT_ONCE;
                queue->gained_at = now;
        } else {
                queue->tokens += (uint32_t)gained;
                queue->gained_at = mono_add_ms(queue->gained_at, gained * TOKEN_MS);
        }
}

static void unlink_first(struct hook_queue *queue)
{
        const uint32_t i = queue->first;
        uint32_t *link = bucket_of(queue, &queue->entries[i].call);

        while (*link != i)
                link = &queue->entries[*link].bucket_next;
        *link = queue->entries[i].bucket_next;
        queue->first = queue->entries[i].next;
        if (!queue->first)
                queue->last = 0;
        queue->entries[i].next = queue->free;
        queue->free = i;
        queue->counts.waiting--;
}

bool hook_queue_take(struct hook_queue *queue, mono_t now, struct hook_call *ret)
{
        if (!queue->first)
                return false;
        gain_tokens(queue, now);
        if (queue->tokens == 0)
                return false;
        queue->tokens--;
        *ret = queue->entries[queue->first].call;
        unlink_first(queue);
        return true;
}

mono_t hook_queue_deadline(const struct hook_queue *queue, mono_t now)
{
        if (!queue->first)
                return MONO_NEVER;
        return queue->tokens ? now : mono_add_ms(queue->gained_at, TOKEN_MS);
}

struct hook_queue_counts hook_queue_counts(const struct hook_queue *queue)
{
        return queue->counts;
}

const char *hook_operation_str(enum hook_operation operation)
{
        static const char *const words[HOOK_OPERATIONS] = {
                [HOOK_ADD] = "add", [HOOK_REFRESH] = "refresh", [HOOK_DELETE] = "delete"};

        return (unsigned)operation < HOOK_OPERATIONS ? words[operation] : "unknown";
}
