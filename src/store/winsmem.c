#include "store/winsmem.h"

#include <stdlib.h>
#include <string.h>

/* What stood under a name before a change; RECORD NULL: nothing did. */
struct undo {
        struct nb_name name;
        struct nb_scope scope;
        struct wins_record *record;
};

struct winsmem {
        struct wins_record **records; /* in order of name and scope */
        size_t count, size;
        struct wins_owner *owners;
        size_t owner_count, owner_size;
        struct undo *undos; /* of all that power loss would take back */
        size_t undo_count, undo_size;
        int failure;
};

struct winsmem *winsmem_new(void)
{
        return calloc(1, sizeof(struct winsmem));
}

static void forget_undos(struct winsmem *mem)
{
        for (size_t i = 0; i < mem->undo_count; i++)
                free(mem->undos[i].record);
        mem->undo_count = 0;
}

struct winsmem *winsmem_free(struct winsmem *mem)
{
        if (!mem)
                return NULL;
        forget_undos(mem);
        for (size_t i = 0; i < mem->count; i++)
                free(mem->records[i]);
        free(mem->records);
        free(mem->owners);
        free(mem->undos);
        free(mem);
        return NULL;
}

static int grow(void **items, size_t *size, size_t count, size_t item_bytes)
{
        if (count < *size)
                return 0;
        void *grown = realloc(*items, (*size ? *size * 2 : 64) * item_bytes);

        if (!grown)
                return NBT_ERR_NOMEM;
        *items = grown;
        *size = *size ? *size * 2 : 64;
        return 0;
}

/* Where NAME stands, or would. */
static size_t place_of(const struct winsmem *mem, const struct nb_name *name, const struct nb_scope *scope,
                       bool *ret_found)
{
        size_t low = 0, high = mem->count;

        *ret_found = false;
        while (low < high) {
                const size_t middle = low + (high - low) / 2;
                const struct wins_record *record = mem->records[middle];
                const int order = winsstore_compare(&record->name, &record->scope, name, scope);

                if (order == 0)
                        *ret_found = true;
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Puts RECORD (owned from now on; NULL: nothing) under the name, and yields what stood there. Cannot fail: room was made. */
static struct wins_record *exchange(struct winsmem *mem, const struct nb_name *name, const struct nb_scope *scope,
                                    struct wins_record *record)
{
        bool found;
        const size_t at = place_of(mem, name, scope, &found);
        struct wins_record *before = found ? mem->records[at] : NULL;

        if (found && record) {
                mem->records[at] = record;
        } else if (found) {
                mem->count--;
                memmove(&mem->records[at], &mem->records[at + 1], (mem->count - at) * sizeof(*mem->records));
        } else if (record) {
                memmove(&mem->records[at + 1], &mem->records[at], (mem->count - at) * sizeof(*mem->records));
                mem->records[at] = record;
                mem->count++;
        }
        return before;
}

/* As exchange(), remembering what stood there. RECORD is freed on failure. */
static int change(struct winsmem *mem, const struct nb_name *name, const struct nb_scope *scope,
                  struct wins_record *record)
{
        int r = grow((void **)&mem->records, &mem->size, mem->count, sizeof(*mem->records));

        if (r == 0)
                r = grow((void **)&mem->undos, &mem->undo_size, mem->undo_count, sizeof(*mem->undos));
        if (r < 0) {
                free(record);
                return r;
        }
        struct undo *undo = &mem->undos[mem->undo_count++];
        *undo = (struct undo){.name = *name, .scope = *scope};
        undo->record = exchange(mem, name, scope, record);
        return 0;
}

static struct wins_record *copy_of(const struct wins_record *record)
{
        struct wins_record *copy = calloc(1, sizeof(*copy));

        if (copy)
                wins_record_copy(copy, record);
        return copy;
}

static int apply_change(struct winsmem *mem, const struct wins_change *asked)
{
        struct wins_record *copy = NULL;

        if (asked->op == WINS_PUT && wins_record_check(&asked->record) < 0)
                return NBT_ERR_RANGE;
        if (asked->op == WINS_PUT && !(copy = copy_of(&asked->record)))
                return NBT_ERR_NOMEM;
        return change(mem, &asked->record.name, &asked->record.scope, copy);
}

static int apply_touch(struct winsmem *mem, const struct wins_touch *touch)
{
        const struct wins_record *before = winsmem_find(mem, &touch->name, touch->scope);

        if (!before)
                return 0;
        struct wins_record *copy = copy_of(before);
        if (!copy)
                return NBT_ERR_NOMEM;
        winsstore_touch(copy, touch->expiry_s);
        return change(mem, &touch->name, touch->scope, copy);
}

/* Highest versions only rise: nothing takes them back, not even a loss of power, which can only make them too high. */
static int apply_owner(struct winsmem *mem, const struct wins_owner *owner)
{
        for (size_t i = 0; i < mem->owner_count; i++) {
                if (mem->owners[i].address != owner->address)
                        continue;
                if (mem->owners[i].max_version < owner->max_version)
                        mem->owners[i].max_version = owner->max_version;
                return 0;
        }
        const int r = grow((void **)&mem->owners, &mem->owner_size, mem->owner_count, sizeof(*mem->owners));
        if (r == 0)
                mem->owners[mem->owner_count++] = *owner;
        return r;
}

/* Down to the first COUNT undos. */
static void undo_to(struct winsmem *mem, size_t count)
{
        while (mem->undo_count > count) {
                const struct undo *undo = &mem->undos[--mem->undo_count];

                free(exchange(mem, &undo->name, &undo->scope, undo->record));
        }
}

int winsmem_append(struct winsmem *mem, const struct wins_batch *batch)
{
        const size_t before = mem->undo_count;
        int r = mem->failure;

        for (size_t i = 0; r == 0 && i < batch->change_count; i++)
                r = apply_change(mem, &batch->changes[i]);
        for (size_t i = 0; r == 0 && i < batch->touch_count; i++)
                r = apply_touch(mem, &batch->touches[i]);
        for (size_t i = 0; r == 0 && i < batch->owner_count; i++)
                r = apply_owner(mem, &batch->owners[i]);
        if (r < 0)
                undo_to(mem, before);
        else if (batch->is_durable)
                forget_undos(mem);
        return r;
}

int winsmem_load(const struct winsmem *mem, const struct winsstore_sink *sink)
{
        int r = 0;

        for (size_t i = 0; r == 0 && sink->owner && i < mem->owner_count; i++)
                r = sink->owner(sink->context, &mem->owners[i]);
        for (size_t i = 0; r == 0 && sink->record && i < mem->count; i++)
                r = sink->record(sink->context, mem->records[i]);
        return r;
}

const struct wins_record *winsmem_find(const struct winsmem *mem, const struct nb_name *name,
                                       const struct nb_scope *scope)
{
        static const struct nb_scope none;
        bool found;
        const size_t at = place_of(mem, name, scope ? scope : &none, &found);

        return found ? mem->records[at] : NULL;
}

size_t winsmem_count(const struct winsmem *mem)
{
        return mem->count;
}

void winsmem_fail(struct winsmem *mem, int code)
{
        mem->failure = code;
}

/* Needs no memory: it goes back over states that there was room for. */
void winsmem_power_loss(struct winsmem *mem)
{
        undo_to(mem, 0);
}
