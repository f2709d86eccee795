/* Consistency: what in the database contradicts itself. Looks things up by the indexes only, so that a page costs little. */
#include "wins/internal.h"

#define MAX_NEIGHBOURS 32u /* records of one address, or of one name, that are compared */

static const uint8_t GROUP_SUFFIXES[] = {0x00, 0x1C, 0x1E};
static const uint8_t COMPUTER_SUFFIXES[] = {0x00, 0x03, 0x20};

struct check {
        struct wins *wins;
        struct wins_finding *findings;
        size_t count, room;
        uint32_t slot;
        const struct wins_record *record; /* of the slot; made when the first finding needs it */
};

static bool is_machine(const struct wins_slot *slot)
{
        return wins_slot_type(slot) == WINS_UNIQUE || wins_slot_type(slot) == WINS_MULTIHOMED;
}

static bool is_live(const struct wins_slot *slot)
{
        return wins_slot_state(slot) == WINS_ACTIVE;
}

static const struct wins_record *copy(struct wins *wins, uint32_t slot)
{
        struct wins_record *record = arena_alloc(wins->out->arena, sizeof(*record));

        if (!record) {
                wins->failed = true;
                return NULL;
        }
        wins_table_get(&wins->table, slot, record);
        wins_times_to_wall(record, wins->shift_s);
        return record;
}

/* OTHER 0: none. The finding, or NULL. */
static struct wins_finding *found(struct check *check, enum wins_finding_type type, uint32_t other, uint32_t address)
{
        if (!check->record)
                check->record = copy(check->wins, check->slot);
        const struct wins_record *second = other ? copy(check->wins, other) : NULL;
        if (check->count == check->room || !check->record || (other && !second))
                return NULL;
        struct wins_finding *finding = &check->findings[check->count++];
        *finding = (struct wins_finding){.type = type, .record = check->record, .other = second, .address = address};
        return finding;
}

/* The live record of NAME with another suffix, in the same scope; 0: none. */
static uint32_t sister(const struct check *check, uint8_t suffix)
{
        const struct wins_slot *slot = wins_slot_at(&check->wins->table, check->slot);
        struct nb_name name = slot->name;

        name.bytes[NB_SUFFIX_AT] = suffix;
        const uint32_t other = wins_table_find(&check->wins->table, &name, slot->scope);
        return other && other != check->slot && is_live(wins_slot_at(&check->wins->table, other)) ? other : 0;
}

static bool has_address(const struct wins_table *table, const struct wins_slot *slot, uint32_t address)
{
        if (slot->address == address)
                return true;
        for (uint32_t i = slot->extra; i != 0; i = table->extras[i].next)
                if (table->extras[i].address == address)
                        return true;
        return false;
}

static void check_scopes(struct check *check, const struct wins_slot *slot)
{
        const struct wins_table *table = &check->wins->table;
        const struct wins_order_key first = wins_table_name_key(&slot->name, 0);
        struct wins_order_at at = wins_order_seek(&table->by_name, &first);

        if (!is_machine(slot) || table->scopes.live == 0)
                return;
        for (unsigned i = 0; i < MAX_NEIGHBOURS; i++, wins_order_next(&at)) {
                const uint32_t other = wins_order_item(&at);

                if (!other || !nb_name_equal(&wins_slot_at(table, other)->name, &slot->name))
                        return;
                if (other == check->slot || !is_live(wins_slot_at(table, other)))
                        continue;
                (void)found(check, WINS_FINDING_SCOPES, other, 0);
                return;
        }
}

/* KB161432, KB166502: a group of the same name can push a computer's name aside. */
static void check_classes(struct check *check, const struct wins_slot *slot)
{
        if (!is_machine(slot))
                return;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(GROUP_SUFFIXES); i++) {
                const uint32_t other = sister(check, GROUP_SUFFIXES[i]);

                if (!other || is_machine(wins_slot_at(&check->wins->table, other)))
                        continue;
                (void)found(check, slot->flags & WINS_SLOT_STATIC ? WINS_FINDING_STATIC_GROUP : WINS_FINDING_CLASSES,
                            other, 0);
                return;
        }
}

static bool is_computer_suffix(uint8_t suffix)
{
        return suffix == 0x00 || suffix == 0x20;
}

/* Another computer's name that has ADDRESS too; false if there is none. */
static bool check_member(struct check *check, const struct wins_slot *slot, uint32_t address)
{
        const struct wins_table *table = &check->wins->table;
        const struct wins_order_key first = wins_table_address_key(address, 0);
        struct wins_order_at at = wins_order_seek(&table->by_address, &first);

        for (unsigned i = 0; i < MAX_NEIGHBOURS; i++, wins_order_next(&at)) {
                const uint32_t reference = wins_order_item(&at);

                if (!reference || wins_table_member_address(table, reference) != address)
                        return false;
                const uint32_t number = wins_table_member_slot(table, reference);
                const struct wins_slot *other = wins_slot_at(table, number);

                if (is_machine(other) && is_live(other) && other->scope == slot->scope &&
                    nb_name_suffix(&other->name) == nb_name_suffix(&slot->name) &&
                    !nb_name_same_stem(&other->name, &slot->name)) {
                        (void)found(check, WINS_FINDING_ADDRESS, number, address);
                        return true;
                }
        }
        return false;
}

static void check_addresses(struct check *check, const struct wins_slot *slot)
{
        const struct wins_extra *extras = check->wins->table.extras;

        if (!is_machine(slot) || !is_computer_suffix(nb_name_suffix(&slot->name)) ||
            check_member(check, slot, slot->address))
                return;
        for (uint32_t i = slot->extra; i != 0; i = extras[i].next)
                if (check_member(check, slot, extras[i].address))
                        return;
}

/* One machine registers all its names with all its addresses; where they differ, two machines may have been made one. */
static void check_twins(struct check *check, const struct wins_slot *slot)
{
        const struct wins_table *table = &check->wins->table;

        if (wins_slot_type(slot) != WINS_MULTIHOMED || slot->extra == 0)
                return;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(COMPUTER_SUFFIXES); i++) {
                const uint32_t number = sister(check, COMPUTER_SUFFIXES[i]);
                const struct wins_slot *other = number ? wins_slot_at(table, number) : NULL;

                if (!other || !is_machine(other))
                        continue;
                uint32_t missing = has_address(table, other, slot->address) ? 0 : slot->address;
                for (uint32_t e = slot->extra; e != 0 && !missing; e = table->extras[e].next)
                        missing = has_address(table, other, table->extras[e].address) ? 0 : table->extras[e].address;
                if (missing) {
                        (void)found(check, WINS_FINDING_TWINS, number, missing);
                        return;
                }
        }
}

static void check_shadow(struct check *check, const struct wins_slot *slot)
{
        const struct wins *wins = check->wins;

        if (!(slot->flags & WINS_SLOT_STATIC))
                return;
        for (uint32_t i = 0; i < wins->refusal_count; i++) {
                const struct wins_refusal *refusal = &wins->refusals[(wins->refusal_next - 1 - i) % WINS_REFUSAL_RING];

                if (!refusal->holder_is_static || !nb_name_equal(&refusal->name, &slot->name))
                        continue;
                struct wins_finding *finding = found(check, WINS_FINDING_STATIC_SHADOW, 0, refusal->claimant);
                if (finding)
                        finding->when = refusal->when;
                return;
        }
}

static void check_slot(struct check *check, uint32_t number)
{
        const struct wins_slot *slot = wins_slot_at(&check->wins->table, number);

        check->slot = number;
        check->record = NULL;
        if (!is_live(slot))
                return;
        check_scopes(check, slot);
        check_classes(check, slot);
        check_addresses(check, slot);
        check_twins(check, slot);
        check_shadow(check, slot);
}

void wins_check(struct wins *wins, const struct wins_command *command)
{
        struct wins_walk walk = {.filter = &command->filter, .cursor = command->cursor};
        uint32_t slots[WINS_CHECK_RECORDS];
        const size_t limit =
                command->limit == 0 || command->limit > WINS_CHECK_RECORDS ? WINS_CHECK_RECORDS : command->limit;
        const size_t count = wins_walk_page(wins, &walk, slots, limit);
        struct check check = {.wins = wins, .room = count * WINS_FINDING_TYPES};

        check.findings = arena_alloc(wins->out->arena, check.room * sizeof(*check.findings));
        if (!check.findings) {
                wins->failed = true;
                return;
        }
        for (size_t i = 0; i < count; i++)
                check_slot(&check, slots[i]);
        struct wins_action *action = wins_emit(wins, WINS_ACTION_COMPLETE);
        if (!action)
                return;
        action->complete = (struct wins_completion){.id = command->id,
                                                    .type = command->type,
                                                    .row_count = count,
                                                    .finding_count = check.count,
                                                    .findings = check.findings,
                                                    .more = walk.more,
                                                    .cursor = walk.cursor};
}
