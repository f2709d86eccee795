#include "wins/import.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "wire/lmhosts_line.h"

static const uint8_t COMPUTER[] = {0x00, 0x03, 0x20};

struct import {
        struct arena *arena;
        const struct nb_scope *scope;
        struct wins_record *records;
        unsigned *lines; /* where each began */
        size_t count, room;
        uint32_t *index; /* number of a record + 1; 0: empty */
        uint32_t mask;
        struct wins_import_fault *faults;
        size_t fault_count;
        unsigned line;
        bool failed; /* memory */
};

static void fault(struct import *import, const char *format, ...) NBT_PRINTF(2, 3);

static void fault(struct import *import, const char *format, ...)
{
        char text[LMHOSTS_FAULT_BYTES];
        va_list args;

        if (import->fault_count++ >= WINS_IMPORT_MAX_FAULTS)
                return;
        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        struct wins_import_fault *to = &import->faults[import->fault_count - 1];
        to->line = import->line;
        to->text = arena_strdup(import->arena, text);
        import->failed = import->failed || !to->text;
}

/* ---- records ------------------------------------------------------------------------------------------------------------- */

static void init_record(struct wins_record *record, const struct nb_name *name, enum wins_type type,
                        const struct nb_scope *scope)
{
        record->name = *name;
        record->type = type;
        record->state = WINS_ACTIVE;
        record->node = WINS_NODE_H;
        record->is_static = true;
        record->member_count = 0;
        record->scope.len_bytes = scope ? scope->len_bytes : 0;
        if (scope)
                memcpy(record->scope.text, scope->text, scope->len_bytes);
}

static void add_address(struct wins_record *record, uint32_t address)
{
        record->members[record->member_count++] = (struct wins_member){.address = address, .expiry_s = WINS_NEVER};
}

/* The record of NAME, made if there is none; NULL after a fault. */
static struct wins_record *record_of(struct import *import, const struct nb_name *name, enum wins_type type)
{
        uint32_t place = (uint32_t)hash_bytes(name->bytes, NB_NAME_BYTES, 0) & import->mask;
        char text[NB_NAME_TEXT_BYTES];

        for (; import->index[place] != 0; place = (place + 1) & import->mask) {
                const uint32_t number = import->index[place] - 1;
                struct wins_record *record = &import->records[number];

                if (!nb_name_equal(&record->name, name))
                        continue;
                if (record->type == type)
                        return record;
                nb_name_format(name, text);
                fault(import, "%s is mapped as %s in line %u, and cannot be %s too", text, wins_type_str(record->type),
                      import->lines[number], wins_type_str(type));
                return NULL;
        }
        if (import->count == import->room) {
                fault(import, "more than %u names", WINS_IMPORT_MAX_RECORDS);
                return NULL;
        }
        import->lines[import->count] = import->line;
        import->index[place] = (uint32_t)import->count + 1;
        struct wins_record *record = &import->records[import->count++];
        init_record(record, name, type, import->scope);
        return record;
}

static void map(struct import *import, const struct nb_name *name, enum wins_type type, uint32_t address)
{
        struct wins_record *record = record_of(import, name, type);
        char text[NB_NAME_TEXT_BYTES];

        if (!record || wins_record_member(record, address) >= 0)
                return;
        nb_name_format(name, text);
        if (record->member_count > 0 && (type == WINS_UNIQUE || type == WINS_GROUP))
                fault(import,
                      "%s has another address in line %u; expected one address, or #MH in every line of a machine"
                      " with several",
                      text, import->lines[record - import->records]);
        else if (record->member_count == WINS_MAX_MEMBERS)
                fault(import, "%s has more than %d addresses", text, WINS_MAX_MEMBERS);
        else
                add_address(record, address);
}

static void map_group(struct import *import, const char *stem, uint8_t suffix, uint32_t address)
{
        const struct nb_name name = nb_name_make(stem, suffix);

        map(import, &name, WINS_INTERNET, address);
}

static enum wins_type type_of(const struct lmhosts_line *entry)
{
        if (entry->group)
                return WINS_GROUP;
        if (entry->is_special || (!entry->any_suffix && nb_name_suffix(&entry->name) == 0x1C))
                return WINS_INTERNET;
        return entry->multihomed ? WINS_MULTIHOMED : WINS_UNIQUE;
}

static void map_entry(struct import *import, const struct lmhosts_line *entry)
{
        struct nb_name name = entry->name;
        const enum wins_type type = type_of(entry);

        if (entry->group && (entry->multihomed || entry->domain[0] || entry->special[0])) {
                fault(import, "#GROUP goes with no other keyword: a group has no addresses");
                return;
        }
        if (entry->is_special && (entry->group || entry->multihomed || entry->domain[0] || entry->special[0])) {
                fault(import, "#SG without a name goes with no other keyword: the name is a group's");
                return;
        }
        if (entry->any_suffix && entry->is_special) {
                name.bytes[NB_SUFFIX_AT] = 0x20;
                map(import, &name, type, entry->address);
        } else if (entry->any_suffix && !entry->group) {
                for (size_t i = 0; i < NBT_ARRAY_SIZE(COMPUTER); i++) {
                        name.bytes[NB_SUFFIX_AT] = COMPUTER[i];
                        map(import, &name, type, entry->address);
                }
        } else {
                map(import, &name, type, entry->address);
        }
        if (entry->domain[0])
                map_group(import, entry->domain, 0x1C, entry->address);
        if (entry->special[0])
                map_group(import, entry->special, 0x20, entry->address);
}

/* ---- lines --------------------------------------------------------------------------------------------------------------- */

static void read_line(struct import *import, struct lmhosts_text line)
{
        struct lmhosts_text rest = line;
        const struct lmhosts_word first = lmhosts_next_word(&rest);
        char text[LMHOSTS_FAULT_BYTES];
        struct lmhosts_line entry;

        if (first.len_bytes == 0 && !first.quoted)
                return;
        if (lmhosts_word_is(&first, "#INCLUDE") || lmhosts_word_is(&first, "#BEGIN_ALTERNATE") ||
            lmhosts_word_is(&first, "#END_ALTERNATE")) {
                fault(import, "other files are not read here; expected: ADDRESS NAME [#MH] [#DOM:DOMAIN]");
                return;
        }
        if (!first.quoted && first.at[0] == '#')
                return;
        if (lmhosts_line_parse(line, &entry, text) < 0)
                fault(import, "%s", text);
        else
                map_entry(import, &entry);
}

static size_t count_lines(struct lmhosts_text text)
{
        struct lmhosts_text line;
        size_t count = 0;

        while (lmhosts_next_line(&text, &line))
                count++;
        return count;
}

static int prepare(struct import *import, struct lmhosts_text text)
{
        const size_t most = count_lines(text) * (NBT_ARRAY_SIZE(COMPUTER) + 2);
        uint32_t places = 16;

        import->room = most < WINS_IMPORT_MAX_RECORDS ? most : WINS_IMPORT_MAX_RECORDS;
        while (places < import->room * 2)
                places *= 2;
        import->mask = places - 1;
        import->records = arena_alloc(import->arena, import->room * sizeof(*import->records));
        import->lines = arena_alloc(import->arena, import->room * sizeof(*import->lines));
        import->index = arena_alloc(import->arena, places * sizeof(*import->index));
        import->faults = arena_alloc(import->arena, WINS_IMPORT_MAX_FAULTS * sizeof(*import->faults));
        return import->records && import->lines && import->index && import->faults ? 0 : NBT_ERR_NOMEM;
}

int wins_import_parse(const void *bytes, size_t len_bytes, const struct nb_scope *scope, struct arena *arena,
                      struct wins_import *ret)
{
        struct lmhosts_text text = {bytes, (const uint8_t *)bytes + len_bytes}, line;
        struct import import = {.arena = arena, .scope = scope};

        if (len_bytes > WINS_IMPORT_MAX_BYTES)
                text.end = text.at;
        if (prepare(&import, text) < 0)
                return NBT_ERR_NOMEM;
        if (len_bytes > WINS_IMPORT_MAX_BYTES)
                fault(&import, "the file is larger than %u bytes", WINS_IMPORT_MAX_BYTES);
        while (lmhosts_next_line(&text, &line)) {
                import.line++;
                read_line(&import, line);
        }
        if (import.failed)
                return NBT_ERR_NOMEM;
        *ret = (struct wins_import){
                .count = import.fault_count ? 0 : import.count,
                .records = import.records,
                .fault_count = import.fault_count,
                .faults = import.faults,
        };
        return import.fault_count ? NBT_ERR_MALFORMED : 0;
}

/* ---- single mappings ------------------------------------------------------------------------------------------------------ */

static const char *const MAPPINGS[] = {
        [WINS_MAP_UNIQUE] = "unique",     [WINS_MAP_GROUP] = "group",           [WINS_MAP_DOMAIN] = "domain",
        [WINS_MAP_INTERNET] = "internet", [WINS_MAP_MULTIHOMED] = "multihomed",
};

int wins_mapping_parse(const char *text, enum wins_mapping *ret)
{
        for (unsigned i = 0; i < NBT_ARRAY_SIZE(MAPPINGS); i++) {
                if (strcmp(MAPPINGS[i], text) == 0) {
                        *ret = (enum wins_mapping)i;
                        return 0;
                }
        }
        return NBT_ERR_MALFORMED;
}

enum wins_type wins_mapping_type(enum wins_mapping kind)
{
        switch (kind) {
        case WINS_MAP_UNIQUE:
                return WINS_UNIQUE;
        case WINS_MAP_GROUP:
                return WINS_GROUP;
        case WINS_MAP_DOMAIN:
        case WINS_MAP_INTERNET:
                return WINS_INTERNET;
        case WINS_MAP_MULTIHOMED:
                break;
        }
        return WINS_MULTIHOMED;
}

static size_t mapping_suffixes(enum wins_mapping kind, int suffix, uint8_t ret[WINS_MAPPING_MAX_RECORDS])
{
        if (suffix < 0 && (kind == WINS_MAP_UNIQUE || kind == WINS_MAP_MULTIHOMED)) {
                memcpy(ret, COMPUTER, sizeof(COMPUTER));
                return sizeof(COMPUTER);
        }
        ret[0] = suffix >= 0                 ? (uint8_t)suffix
                 : kind == WINS_MAP_GROUP    ? 0x00
                 : kind == WINS_MAP_INTERNET ? 0x20
                                             : 0x1C;
        return 1;
}

int wins_mapping_make(enum wins_mapping kind, const char *name, int suffix, const struct nb_scope *scope,
                      const uint32_t *addresses, size_t address_count, struct wins_record ret[WINS_MAPPING_MAX_RECORDS])
{
        const enum wins_type type = wins_mapping_type(kind);
        const size_t most = type == WINS_UNIQUE || type == WINS_GROUP ? 1 : WINS_MAX_MEMBERS;
        uint8_t suffixes[WINS_MAPPING_MAX_RECORDS];

        if (name[0] == '\0' || strlen(name) > NB_SUFFIX_AT || suffix > 0xFF || address_count == 0 ||
            address_count > most || (scope && scope->len_bytes > WINS_SCOPE_MAX_BYTES))
                return NBT_ERR_RANGE;
        const size_t count = mapping_suffixes(kind, suffix, suffixes);
        for (size_t i = 0; i < count; i++) {
                const struct nb_name full = nb_name_make(name, suffixes[i]);

                memset(&ret[i], 0, offsetof(struct wins_record, scope));
                init_record(&ret[i], &full, type, scope);
                for (size_t j = 0; j < address_count; j++)
                        if (wins_record_member(&ret[i], addresses[j]) < 0)
                                add_address(&ret[i], addresses[j]);
        }
        return (int)count;
}
