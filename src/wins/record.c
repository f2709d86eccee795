#include "wins/record.h"

#include <string.h>

int wins_record_check(const struct wins_record *record)
{
        if ((unsigned)record->type >= WINS_TYPE_MAX || (unsigned)record->state >= WINS_STATE_MAX ||
            (unsigned)record->node > WINS_NODE_H)
                return NBT_ERR_RANGE;
        if (record->member_count > WINS_MAX_MEMBERS || record->scope.len_bytes > WINS_SCOPE_MAX_BYTES)
                return NBT_ERR_RANGE;
        if (record->version == 0 || record->expiry_s < 0)
                return NBT_ERR_RANGE;
        if (record->member_count == 0 && record->state == WINS_ACTIVE)
                return NBT_ERR_RANGE;
        return 0;
}

void wins_record_copy(struct wins_record *to, const struct wins_record *from)
{
        memcpy(to, from, offsetof(struct wins_record, members));
        memcpy(to->members, from->members, from->member_count * sizeof(from->members[0]));
        to->scope.len_bytes = from->scope.len_bytes;
        memcpy(to->scope.text, from->scope.text, from->scope.len_bytes);
}

int wins_record_member(const struct wins_record *record, uint32_t address)
{
        for (int i = 0; i < record->member_count; i++)
                if (record->members[i].address == address)
                        return i;
        return -1;
}

bool wins_record_same_content(const struct wins_record *a, const struct wins_record *b)
{
        if (!nb_name_equal(&a->name, &b->name) || !nb_scope_equal(&a->scope, &b->scope) || a->type != b->type ||
            a->state != b->state || a->is_static != b->is_static || a->owner != b->owner ||
            a->member_count != b->member_count)
                return false;
        for (int i = 0; i < a->member_count; i++) {
                const int j = wins_record_member(b, a->members[i].address);

                if (j < 0 || a->members[i].owner != b->members[j].owner)
                        return false;
        }
        return true;
}

static const char *const TYPES[WINS_TYPE_MAX] = {"unique", "group", "internet", "multihomed"};
static const char *const STATES[WINS_STATE_MAX] = {"active", "released", "tombstone"};

const char *wins_type_str(enum wins_type type)
{
        return (unsigned)type < WINS_TYPE_MAX ? TYPES[type] : "unknown";
}

const char *wins_state_str(enum wins_state state)
{
        return (unsigned)state < WINS_STATE_MAX ? STATES[state] : "unknown";
}

const char *wins_node_str(enum wins_node node)
{
        static const char *const nodes[] = {"B", "P", "M", "H"};

        return (unsigned)node < NBT_ARRAY_SIZE(nodes) ? nodes[node] : "?";
}

static int find_word(const char *const *words, int count, const char *text)
{
        for (int i = 0; i < count; i++)
                if (strcmp(words[i], text) == 0)
                        return i;
        return NBT_ERR_MALFORMED;
}

int wins_type_parse(const char *text, enum wins_type *ret)
{
        const int i = find_word(TYPES, WINS_TYPE_MAX, text);

        if (i >= 0)
                *ret = (enum wins_type)i;
        return i < 0 ? i : 0;
}

int wins_state_parse(const char *text, enum wins_state *ret)
{
        const int i = find_word(STATES, WINS_STATE_MAX, text);

        if (i >= 0)
                *ret = (enum wins_state)i;
        return i < 0 ? i : 0;
}
