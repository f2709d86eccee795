#include "store/evtxfile.h"

#include "eventlog/catalogue.h"
#include "eventlog/companion.h"

#include <errno.h>
#include <libevtx.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define TEXT_MAX_BYTES 65536 /* what no string of an event is longer than (EventLog limits a whole event to 64 KiB) */
#define XML_MAX_BYTES (6 * TEXT_MAX_BYTES) /* with each character as an entity */

struct reading {
        libevtx_file_t *file;
        int (*visit)(void *context, const struct log_record *record);
        void *context;
        struct evtx_report *report;
        char *text; /* XML_MAX_BYTES */
};

/* The result of a getter of libevtx, its error forgotten: what one record lacks is no reason to leave the others. */
static bool had(int result, libevtx_error_t **error)
{
        libevtx_error_free(error);
        return result == 1;
}

static void cut_text(char *ret, size_t size_bytes, const char *text)
{
        size_t len = strnlen(text, size_bytes - 1);

        while (text[len] && len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
                len--;
        memcpy(ret, text, len);
        ret[len] = '\0';
        for (char *c = ret; *c; c++)
                if ((unsigned char)*c < 0x20 || *c == 0x7F)
                        *c = '?'; /* nothing of a log may control a terminal */
}

static void take_names(struct reading *reading, libevtx_record_t *from, struct log_record *record)
{
        libevtx_error_t *error = NULL;
        size_t size = 0;
        uint8_t *text = (uint8_t *)reading->text;

        if (had(libevtx_record_get_utf8_source_name_size(from, &size, &error), &error) && size > 0 &&
            size <= TEXT_MAX_BYTES && had(libevtx_record_get_utf8_source_name(from, text, size, &error), &error))
                cut_text(record->source, sizeof record->source, reading->text);
        if (had(libevtx_record_get_utf8_computer_name_size(from, &size, &error), &error) && size > 0 &&
            size <= TEXT_MAX_BYTES && had(libevtx_record_get_utf8_computer_name(from, text, size, &error), &error))
                cut_text(record->computer, sizeof record->computer, reading->text);
}

/* The last text stays in reading->text. An empty one (<Data/>) has a size of 0 or 1. */
static void take_strings(struct reading *reading, libevtx_record_t *from, struct log_record *record)
{
        libevtx_error_t *error = NULL;
        int count = 0;

        if (!had(libevtx_record_get_number_of_strings(from, &count, &error), &error))
                return;
        for (int i = 0; i < count && record->string_count < LOG_RECORD_MAX_STRINGS; i++) {
                size_t size = 0;

                reading->text[0] = '\0';
                if (had(libevtx_record_get_utf8_string_size(from, i, &size, &error), &error) && size > 0 &&
                    size <= TEXT_MAX_BYTES &&
                    !had(libevtx_record_get_utf8_string(from, i, (uint8_t *)reading->text, size, &error), &error))
                        reading->text[0] = '\0';
                cut_text(record->strings[record->string_count++], EVENT_STRING_BYTES, reading->text);
                if (i == count - 1)
                        log_record_take_binary(record, reading->text);
        }
}

static void take_data(libevtx_record_t *from, struct log_record *record)
{
        libevtx_error_t *error = NULL;
        size_t size = 0;

        if (had(libevtx_record_get_data_size(from, &size, &error), &error) && size > 0 && size <= sizeof record->data &&
            had(libevtx_record_get_data(from, record->data, size, &error), &error))
                record->data_len_bytes = size;
}

/* TimeCreated: libevtx gives it as a part of the XML only. The result is 0 if it cannot be had. */
static wall_t created_time(struct reading *reading, libevtx_record_t *from)
{
        libevtx_error_t *error = NULL;
        wall_t time = {0};
        size_t size = 0;

        if (!had(libevtx_record_get_utf8_xml_string_size(from, &size, &error), &error) || size == 0 ||
            size > XML_MAX_BYTES ||
            !had(libevtx_record_get_utf8_xml_string(from, (uint8_t *)reading->text, size, &error), &error))
                return time;
        const char *at = strstr(reading->text, "SystemTime=\"");
        char text[40];

        if (!at)
                return time;
        at += strlen("SystemTime=\"");
        snprintf(text, sizeof text, "%.*s", (int)strcspn(at, "\""), at);
        return wall_parse(text, &time) == 0 ? time : (wall_t){0};
}

/* False if not even its id can be had. */
static bool convert(struct reading *reading, libevtx_record_t *from, struct log_record *ret)
{
        libevtx_error_t *error = NULL;
        uint32_t id = 0, qualifiers = 0;
        uint64_t filetime = 0;
        uint8_t level = 0;
        off64_t offset = 0;

        *ret = (struct log_record){0};
        if (had(libevtx_record_get_offset(from, &offset, &error), &error) && offset > 0)
                ret->offset = (uint64_t)offset;
        if (!had(libevtx_record_get_event_identifier(from, &id, &error), &error) ||
            !had(libevtx_record_get_identifier(from, &ret->record, &error), &error))
                return false;
        if (had(libevtx_record_get_event_identifier_qualifiers(from, &qualifiers, &error), &error))
                id = (id & UINT16_MAX) | (qualifiers & UINT16_MAX) << 16;
        ret->code = id;
        if (had(libevtx_record_get_written_time(from, &filetime, &error), &error))
                ret->written = log_record_filetime(filetime);
        if (had(libevtx_record_get_event_level(from, &level, &error), &error) && level > 0 && level < EVENT_LEVEL_MAX)
                ret->level = (enum event_level)level;
        take_names(reading, from, ret);
        take_strings(reading, from, ret);
        if (ret->data_len_bytes == 0)
                take_data(from, ret);
        if (strcasecmp(ret->source, EVENT_SOURCE) == 0 || companion_is_source(ret->source))
                ret->time = created_time(reading, from);
        if (ret->time.us == 0)
                ret->time = ret->written;
        return true;
}

static int read_one(struct reading *reading, int index, bool recovered)
{
        libevtx_error_t *error = NULL;
        libevtx_record_t *from = NULL;
        struct log_record record = {0};
        const bool got = had(recovered ? libevtx_file_get_recovered_record_by_index(reading->file, index, &from, &error)
                                       : libevtx_file_get_record_by_index(reading->file, index, &from, &error),
                             &error) &&
                         convert(reading, from, &record);

        if (from)
                (void)had(libevtx_record_free(&from, &error), &error);
        if (!got) {
                /* what lies outside the tables is mostly the rest of records that were written over: no loss */
                if (!recovered && reading->report->unreadable_count++ == 0)
                        reading->report->unreadable_offset = record.offset;
                return 0;
        }
        reading->report->record_count++;
        reading->report->recovered_count += recovered;
        return reading->visit(reading->context, &record);
}

static int read_all(struct reading *reading)
{
        libevtx_error_t *error = NULL;
        int count = 0, recovered = 0, r = 0;

        reading->report->is_damaged = had(libevtx_file_is_corrupted(reading->file, &error), &error);
        if (!had(libevtx_file_get_number_of_records(reading->file, &count, &error), &error))
                reading->report->is_damaged = true;
        if (!had(libevtx_file_get_number_of_recovered_records(reading->file, &recovered, &error), &error))
                recovered = 0;
        for (int i = 0; i < count && r >= 0; i++)
                r = read_one(reading, i, false);
        for (int i = 0; i < recovered && r >= 0; i++)
                r = read_one(reading, i, true);
        return r < 0 ? r : 0;
}

static int tell_errno(struct strbuf *why)
{
        const int error = errno;

        strbuf_add(why, strerror(error));
        errno = error;
        return error == ENOENT ? NBT_ERR_NOT_FOUND : error == EACCES ? NBT_ERR_DENIED : NBT_ERR_IO;
}

/* libevtx' own words name its functions, which helps nobody: ours say what is wrong. */
static int open_file(const char *path, libevtx_file_t **ret, struct strbuf *why)
{
        libevtx_error_t *error = NULL;

        if (access(path, R_OK) < 0)
                return tell_errno(why);
        if (!had(libevtx_check_file_signature(path, &error), &error)) {
                strbuf_add(why, "no event log (.evtx): offset 0 has not the signature ElfFile");
                return NBT_ERR_MALFORMED;
        }
        if (!had(libevtx_file_initialize(ret, &error), &error))
                return NBT_ERR_NOMEM;
        if (had(libevtx_file_open(*ret, path, LIBEVTX_OPEN_READ, &error), &error))
                return 0;
        (void)had(libevtx_file_free(ret, &error), &error);
        strbuf_add(why, "the file's header (offsets 0 to 0x7f) or its first chunk (offset 0x1000) is damaged");
        return NBT_ERR_MALFORMED;
}

int evtx_read(const char *path, int (*visit)(void *context, const struct log_record *record), void *context,
              struct evtx_report *ret, struct strbuf *why)
{
        struct evtx_report report = {0};
        struct reading reading = {.visit = visit, .context = context, .report = &report};
        libevtx_error_t *error = NULL;
        int r = open_file(path, &reading.file, why);

        if (r < 0)
                return r;
        reading.text = malloc(XML_MAX_BYTES);
        r = reading.text ? read_all(&reading) : NBT_ERR_NOMEM;
        free(reading.text);
        (void)libevtx_file_close(reading.file, &error);
        libevtx_error_free(&error);
        (void)had(libevtx_file_free(&reading.file, &error), &error);
        if (r == 0)
                *ret = report;
        return r;
}
