#include "node/lmhosts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/lmhosts_line.h"

/* A file that is being read; its #INCLUDEs suspend it. */
struct frame {
        char path[LMHOSTS_PATH_BYTES];
        uint8_t *text;
        size_t len_bytes;
        size_t pos;
        unsigned line;
        bool in_alternate;
        bool alternate_done; /* one of the block's files was read */
        unsigned alternate_line;
        unsigned alternate_tried;
};

struct lmhosts_load {
        struct frame frames[LMHOSTS_MAX_DEPTH];
        size_t depth; /* frames in use */
        char wanted[LMHOSTS_PATH_BYTES];
        bool wants;
        size_t files; /* asked for so far */
        struct node_lmhost *entries;
        size_t entry_count, entry_room;
        bool full_told;
        struct lmhosts_problem problems[LMHOSTS_MAX_PROBLEMS];
        size_t problem_count;
};

/* ---- problems ------------------------------------------------------------------------------------------------------ */

static void note_in(struct lmhosts_load *load, const char *path, unsigned line, const char *format, va_list args)
        __attribute__((format(printf, 4, 0)));

static void note_in(struct lmhosts_load *load, const char *path, unsigned line, const char *format, va_list args)
{
        if (load->problem_count++ >= LMHOSTS_MAX_PROBLEMS)
                return;
        struct lmhosts_problem *problem = &load->problems[load->problem_count - 1];

        snprintf(problem->path, sizeof(problem->path), "%s", path);
        problem->line = line;
        vsnprintf(problem->text, sizeof(problem->text), format, args);
        for (char *c = problem->text; *c; c++)
                if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7E)
                        *c = '.'; /* texts of strangers' files end on terminals */
}

static void note(struct lmhosts_load *load, const char *path, unsigned line, const char *format, ...) NBT_PRINTF(4, 5);

static void note(struct lmhosts_load *load, const char *path, unsigned line, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        note_in(load, path, line, format, args);
        va_end(args);
}

/* About the line that is being read. */
static void note_line(struct lmhosts_load *load, const char *format, ...) NBT_PRINTF(2, 3);

static void note_line(struct lmhosts_load *load, const char *format, ...)
{
        const struct frame *frame = &load->frames[load->depth - 1];
        va_list args;

        va_start(args, format);
        note_in(load, frame->path, frame->line, format, args);
        va_end(args);
}

/* ---- entries ------------------------------------------------------------------------------------------------------- */

static int entry_add(struct lmhosts_load *load, const struct node_lmhost *entry)
{
        if (load->entry_count == LMHOSTS_MAX_ENTRIES) {
                if (!load->full_told)
                        note_line(load, "more than %d entries: this and later ones are left out", LMHOSTS_MAX_ENTRIES);
                load->full_told = true;
                return 0;
        }
        if (load->entry_count == load->entry_room) {
                const size_t room = load->entry_room ? load->entry_room * 2 : 16;
                struct node_lmhost *grown = realloc(load->entries, room * sizeof(*grown));

                if (!grown)
                        return NBT_ERR_NOMEM;
                load->entries = grown;
                load->entry_room = room;
        }
        load->entries[load->entry_count++] = *entry;
        return 0;
}

static int parse_entry(struct lmhosts_load *load, struct lmhosts_text line)
{
        char fault[LMHOSTS_FAULT_BYTES];
        struct lmhosts_line parsed;

        if (lmhosts_line_parse(line, &parsed, fault) < 0) {
                note_line(load, "%s", fault);
                return 0;
        }
        struct node_lmhost entry = {.name = parsed.name,
                                    .any_suffix = parsed.any_suffix,
                                    .preload = parsed.preload,
                                    .multihomed = parsed.multihomed,
                                    .address = parsed.address};
        memcpy(entry.domain, parsed.domain, sizeof(entry.domain));
        return entry_add(load, &entry);
}

/* ---- directives ---------------------------------------------------------------------------------------------------- */

/* Asks for the file an #INCLUDE names, unless a bound or a loop forbids it. */
static void want_file(struct lmhosts_load *load, const char *path)
{
        for (size_t i = 0; i < load->depth; i++)
                if (strcmp(load->frames[i].path, path) == 0) {
                        note_line(load, "the file includes itself: left out");
                        return;
                }
        if (load->depth == LMHOSTS_MAX_DEPTH)
                note_line(load, "more than %d files within files: left out", LMHOSTS_MAX_DEPTH);
        else if (load->files == LMHOSTS_MAX_FILES)
                note_line(load, "more than %d files: left out", LMHOSTS_MAX_FILES);
        else {
                snprintf(load->wanted, sizeof(load->wanted), "%s", path);
                load->wants = true;
                load->files++;
        }
}

static void directive_include(struct lmhosts_load *load, struct lmhosts_text *line)
{
        struct frame *frame = &load->frames[load->depth - 1];
        char path[LMHOSTS_PATH_BYTES];

        lmhosts_skip_blanks(line);
        struct lmhosts_word word = {line->at, (size_t)(line->end - line->at),
                                    false}; /* paths may hold blanks and '#' */
        if (word.len_bytes && *word.at == '"')
                word = lmhosts_next_word(line);
        while (!word.quoted && word.len_bytes && lmhosts_is_blank(word.at[word.len_bytes - 1]))
                word.len_bytes--;
        if (word.len_bytes == 0 || word.len_bytes >= sizeof(path) || memchr(word.at, 0, word.len_bytes)) {
                note_line(load, "#INCLUDE wants the name of a file of fewer than %d bytes", LMHOSTS_PATH_BYTES);
                return;
        }
        if (frame->in_alternate && frame->alternate_done)
                return;
        frame->alternate_tried++;
        memcpy(path, word.at, word.len_bytes);
        path[word.len_bytes] = '\0';
        want_file(load, path);
}

static void alternate_begin(struct lmhosts_load *load)
{
        struct frame *frame = &load->frames[load->depth - 1];

        if (frame->in_alternate)
                note_line(load, "#BEGIN_ALTERNATE within the block of line %u", frame->alternate_line);
        frame->in_alternate = true;
        frame->alternate_done = false;
        frame->alternate_tried = 0;
        frame->alternate_line = frame->line;
}

static void alternate_end(struct lmhosts_load *load)
{
        struct frame *frame = &load->frames[load->depth - 1];

        if (!frame->in_alternate)
                note_line(load, "#END_ALTERNATE without #BEGIN_ALTERNATE");
        else if (!frame->alternate_done && frame->alternate_tried)
                note(load, frame->path, frame->alternate_line, "none of the files of this block could be read");
        frame->in_alternate = false;
}

static int parse_line(struct lmhosts_load *load, struct lmhosts_text line)
{
        struct lmhosts_text rest = line;

        lmhosts_skip_blanks(&line);
        const struct lmhosts_word first = lmhosts_next_word(&rest);
        if (first.len_bytes == 0 && !first.quoted)
                return 0;
        if (lmhosts_word_is(&first, "#INCLUDE"))
                directive_include(load, &rest);
        else if (lmhosts_word_is(&first, "#BEGIN_ALTERNATE"))
                alternate_begin(load);
        else if (lmhosts_word_is(&first, "#END_ALTERNATE"))
                alternate_end(load);
        else if (first.quoted || first.at[0] != '#')
                return parse_entry(load, line);
        return 0;
}

/* ---- files --------------------------------------------------------------------------------------------------------- */

static bool next_line(struct frame *frame, struct lmhosts_text *ret)
{
        struct lmhosts_text text = {frame->text + frame->pos, frame->text + frame->len_bytes};

        if (!lmhosts_next_line(&text, ret))
                return false;
        frame->pos = (size_t)(text.at - frame->text);
        frame->line++;
        return true;
}

static void frame_pop(struct lmhosts_load *load)
{
        struct frame *frame = &load->frames[load->depth - 1];

        if (frame->in_alternate) {
                note(load, frame->path, frame->alternate_line, "#BEGIN_ALTERNATE without #END_ALTERNATE");
                alternate_end(load);
        }
        free(frame->text);
        frame->text = NULL;
        load->depth--;
}

/* Reads on until a file is wanted or all is read. */
static int read_on(struct lmhosts_load *load)
{
        struct lmhosts_text line;
        int r = 0;

        while (load->depth > 0 && !load->wants && r == 0) {
                if (next_line(&load->frames[load->depth - 1], &line))
                        r = parse_line(load, line);
                else
                        frame_pop(load);
        }
        return r;
}

int lmhosts_load_new(struct lmhosts_load **ret, const char *path)
{
        if (!*path || strlen(path) >= LMHOSTS_PATH_BYTES)
                return NBT_ERR_RANGE;
        struct lmhosts_load *load = calloc(1, sizeof(*load));

        if (!load)
                return NBT_ERR_NOMEM;
        want_file(load, path);
        *ret = load;
        return 0;
}

struct lmhosts_load *lmhosts_load_free(struct lmhosts_load *load)
{
        if (!load)
                return NULL;
        for (size_t i = 0; i < load->depth; i++)
                free(load->frames[i].text);
        free(load->entries);
        free(load);
        return NULL;
}

const char *lmhosts_load_next(const struct lmhosts_load *load)
{
        return load->wants ? load->wanted : NULL;
}

const char *lmhosts_load_includer(const struct lmhosts_load *load)
{
        return load->depth ? load->frames[load->depth - 1].path : "";
}

int lmhosts_load_feed(struct lmhosts_load *load, const void *text, size_t len_bytes)
{
        if (!load->wants)
                return NBT_ERR_STATE;
        if (len_bytes > LMHOSTS_MAX_FILE_BYTES)
                return lmhosts_load_fail(load, "the file is larger than 1 MiB");
        uint8_t *copy = malloc(len_bytes ? len_bytes : 1);

        if (!copy)
                return NBT_ERR_NOMEM;
        if (len_bytes)
                memcpy(copy, text, len_bytes);
        if (load->depth)
                load->frames[load->depth - 1].alternate_done = true;
        struct frame *frame = &load->frames[load->depth++];
        *frame = (struct frame){.text = copy, .len_bytes = len_bytes};
        snprintf(frame->path, sizeof(frame->path), "%s", load->wanted);
        if (len_bytes >= 3 && memcmp(copy, "\xEF\xBB\xBF", 3) == 0)
                frame->pos = 3; /* the mark that editors put before UTF-8 */
        load->wants = false;
        return read_on(load);
}

int lmhosts_load_fail(struct lmhosts_load *load, const char *why)
{
        if (!load->wants)
                return NBT_ERR_STATE;
        load->wants = false;
        if (load->depth == 0)
                note(load, load->wanted, 0, "cannot be read: %s", why);
        else if (!load->frames[load->depth - 1].in_alternate)
                note_line(load, "cannot read %s: %s", load->wanted, why);
        return read_on(load);
}

const struct node_lmhost *lmhosts_load_entries(const struct lmhosts_load *load, size_t *ret_count)
{
        *ret_count = load->entry_count;
        return load->entries;
}

size_t lmhosts_load_problem_count(const struct lmhosts_load *load)
{
        return load->problem_count;
}

const struct lmhosts_problem *lmhosts_load_problem(const struct lmhosts_load *load, size_t i)
{
        return i < load->problem_count && i < LMHOSTS_MAX_PROBLEMS ? &load->problems[i] : NULL;
}

/* ---- look-up ------------------------------------------------------------------------------------------------------- */

bool lmhosts_entry_matches(const struct node_lmhost *entry, const struct nb_name *name)
{
        const uint8_t suffix = nb_name_suffix(name);

        if (!entry->any_suffix)
                return memcmp(entry->name.bytes, name->bytes, NB_NAME_BYTES) == 0;
        return (suffix == 0x00 || suffix == 0x03 || suffix == 0x20) &&
               memcmp(entry->name.bytes, name->bytes, NB_NAME_BYTES - 1) == 0;
}

static bool domain_matches(const struct node_lmhost *entry, const struct nb_name *name)
{
        const size_t len = strnlen(entry->domain, NB_NAME_BYTES - 1);

        if (len == 0 || nb_name_suffix(name) != 0x1C || memcmp(entry->domain, name->bytes, len) != 0)
                return false;
        for (size_t i = len; i < NB_NAME_BYTES - 1; i++)
                if (name->bytes[i] != ' ')
                        return false;
        return true;
}

static size_t add_once(uint32_t *ret, size_t count, size_t max, uint32_t address)
{
        for (size_t i = 0; i < count; i++)
                if (ret[i] == address)
                        return count;
        if (count < max)
                ret[count++] = address;
        return count;
}

size_t lmhosts_lookup(const struct node_lmhost *entries, size_t count, const struct nb_name *name, uint32_t *ret,
                      size_t max)
{
        bool first_multihomed = false;
        size_t found = 0;

        for (size_t i = 0; i < count; i++) {
                const struct node_lmhost *entry = &entries[i];

                if (domain_matches(entry, name)) {
                        found = add_once(ret, found, max, entry->address);
                } else if (lmhosts_entry_matches(entry, name)) {
                        if (found == 0)
                                first_multihomed = entry->multihomed;
                        if (found == 0 || (first_multihomed && entry->multihomed))
                                found = add_once(ret, found, max, entry->address);
                }
        }
        return found;
}
