#include "cli/explain_print.h"

#include "base/ip4.h"
#include "eventlog/render.h"
#include "wire/name.h"

#include <string.h>

#define WIDTH 100
#define LABEL_WIDTH 16

/* LABEL, then TEXT wrapped at blanks, its lines below each other. */
static void print_field(FILE *out, const char *label, const char *text)
{
        const size_t room = WIDTH - LABEL_WIDTH - 2;

        fprintf(out, "  %-*s", LABEL_WIDTH, label);
        while (strlen(text) > room) {
                size_t cut = room;

                while (cut > 0 && text[cut] != ' ')
                        cut--;
                if (cut == 0)
                        break; /* a word longer than the line stands as it is */
                fprintf(out, "%.*s\n%*s", (int)cut, text, LABEL_WIDTH + 2, "");
                text += cut;
                while (*text == ' ')
                        text++;
        }
        fprintf(out, "%s\n", text);
}

static void print_number(FILE *out, const char *label, uint64_t number)
{
        char text[24];

        if (!number)
                return;
        snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
        print_field(out, label, text);
}

static void print_text(FILE *out, const char *label, const char *text)
{
        if (text[0])
                print_field(out, label, text);
}

static void print_address(FILE *out, const char *label, bool is_there, uint32_t address, const char *remark)
{
        char ip[IP4_TEXT_BYTES], text[160];

        if (!is_there)
                return;
        ip4_format(address, ip);
        snprintf(text, sizeof(text), "%s%s", ip, remark);
        print_field(out, label, text);
}

static const char *article(enum event_level level)
{
        return level == EVENT_LEVEL_WARNING       ? "a warning"
               : level == EVENT_LEVEL_INFORMATION ? "information"
                                                  : "an error";
}

static void print_head(FILE *out, const struct event_reading *r, bool show_line)
{
        const struct event_kind *kind = event_kind_find(r->event.id);

        fprintf(out, "NetBT event %u, %s: %s\n", r->event.id, article(r->event.level), kind ? kind->symbol : "unknown");
        fprintf(out, "  %-*s%s", LABEL_WIDTH, "Read from", event_form_str(r->form));
        if (r->data_form != EVENT_FORM_NONE && r->data_form != r->form)
                fprintf(out, ", data as %s", event_form_str(r->data_form));
        if (show_line && r->line)
                fprintf(out, ", line %u", r->line);
        fputc('\n', out);
}

static void print_name(FILE *out, const struct event_reading *r)
{
        struct nb_name name;
        char text[160];

        if (!r->has_name) {
                print_text(out, "Name", r->event.name);
                return;
        }
        memcpy(name.bytes, r->name, sizeof(name.bytes));
        const char *meaning = nb_name_service(&name, false);
        snprintf(text, sizeof(text), "%s%s%s", r->event.name, meaning[0] ? "  " : "", meaning);
        print_field(out, "Name", text);
}

static void print_story(FILE *out, const struct event_reading *r)
{
        const struct event_kind *kind = event_kind_find(r->event.id);
        const bool refused = r->event.id == EVENT_ID_DUPLICATE_NAME_ERROR;
        char time[WALL_TEXT_BYTES] = "";
        struct strbuf message = STRBUF_INIT;

        if (r->event.time.us)
                wall_format(r->event.time, time);
        print_text(out, "Time", time[0] ? time : r->time_text);
        print_text(out, "Computer", r->event.computer);
        print_number(out, "Record", r->event.record);
        print_number(out, "Repeated", r->event.repeated);
        print_name(out, r);
        print_text(out, "Interface", r->event.interface);
        print_address(out, "Own address", r->has_interface_address, r->interface_address, "");
        print_address(out, refused ? "Refused by" : "Sender", r->has_address, r->address, "");
        /* a record alone has none of the strings that the message is made of */
        if (kind && r->event.string_count >= kind->string_count) {
                event_message_format(&r->event, r->wording, &message);
                print_field(out, "Message", strbuf_str(&message));
        }
        strbuf_done(&message);
        if (kind)
                print_field(out, "Meaning", kind->meaning);
        print_text(out, "Note", r->event.note);
}

static void print_row(FILE *out, unsigned offset, const char *field, const char *value, const char *remark)
{
        fprintf(out, "    %02x  %-20s", offset, field);
        if (remark[0])
                fprintf(out, "%-13s %s\n", value, remark);
        else
                fprintf(out, "%s\n", value);
}

static void print_hex_row(FILE *out, unsigned offset, const char *field, int digits, uint64_t number,
                          const char *remark)
{
        char value[24];

        snprintf(value, sizeof(value), "%0*llx", digits, (unsigned long long)number);
        print_row(out, offset, field, value, remark);
}

static void print_dump(FILE *out, const struct event_reading *r)
{
        char ip[IP4_TEXT_BYTES] = "", value[16], remark[80] = "";

        for (unsigned at = 0; at < r->record.dump_len_bytes; at += 4) {
                const uint8_t *b = r->record.dump + at;

                /* the array is longer than any dump by design, so that the last four bytes are always there */
                snprintf(value, sizeof(value), "%02x %02x %02x %02x", b[0], b[1], b[2], b[3]);
                if (at == 0 && r->has_address && r->event.id != EVENT_ID_DUPLICATE_NAME_ERROR) {
                        ip4_format(r->address, ip);
                        snprintf(remark, sizeof(remark), "the sender's address, its bytes in reverse order: %s", ip);
                }
                print_row(out, EVENT_RECORD_HEADER_BYTES + at, "DumpData", value, remark);
                remark[0] = '\0';
        }
}

static void print_record(FILE *out, const struct event_reading *r)
{
        const struct event_record *p = &r->record;
        char remark[48];

        if (!r->has_record)
                return;
        fprintf(out, "\n  The data, %zu bytes (numbers in hexadecimal):\n", r->event.data_len_bytes);
        print_hex_row(out, 0x00, "MajorFunctionCode", 2, p->major_function, "");
        print_hex_row(out, 0x01, "RetryCount", 2, p->retry_count, "");
        print_hex_row(out, 0x02, "DumpDataSize", 4, p->dump_len_bytes, "bytes from offset 28 on");
        print_hex_row(out, 0x04, "NumberOfStrings", 4, p->string_count, "the driver's and the system's");
        print_hex_row(out, 0x06, "StringOffset", 4, p->string_offset, "");
        print_hex_row(out, 0x08, "EventCategory", 4, p->category, "");
        snprintf(remark, sizeof(remark), "event %u, %s", r->event.id,
                 event_level_str(event_level_of_code(p->error_code)));
        print_hex_row(out, 0x0C, "ErrorCode", 8, p->error_code, remark);
        print_hex_row(out, 0x10, "UniqueErrorValue", 8, p->unique_value, "");
        print_hex_row(out, 0x14, "FinalStatus", 8, p->final_status,
                      p->final_status == 0xC0000001u ? "STATUS_UNSUCCESSFUL" : "");
        print_hex_row(out, 0x18, "SequenceNumber", 8, p->sequence, "");
        print_hex_row(out, 0x1C, "IoControlCode", 8, p->io_control_code, "");
        print_hex_row(out, 0x20, "DeviceOffset", 16, p->device_offset, "");
        print_dump(out, r);
}

static void print_next(FILE *out, const struct event_reading *r)
{
        char ip[IP4_TEXT_BYTES];

        if (r->event.id < EVENT_ID_DUPLICATE_NAME || r->event.id > EVENT_ID_DUPLICATE_NAME_ERROR)
                return;
        fprintf(out, "\n  What next:\n");
        fprintf(out, "    %-28s %s\n", "nbtstat -n", "which name of this computer is in the state Conflict");
        if (r->has_address) {
                char command[48];

                ip4_format(r->address, ip);
                snprintf(command, sizeof(command), "nbtstat -A %s", ip);
                fprintf(out, "    %-28s %s\n", command, "which names that computer holds, and what it is called");
        }
        fprintf(out, "    %-28s %s\n",
                r->form == EVENT_FORM_LOG ? "netbt diagnose --evtx FILE" : "netbt diagnose --event FILE",
                "who holds the name, why, and what to do about it");
}

void explain_print(FILE *out, const struct event_reading *reading, bool show_line)
{
        print_head(out, reading, show_line);
        print_story(out, reading);
        print_record(out, reading);
        for (size_t i = 0; i < reading->warning_count; i++) {
                if (i == 0)
                        fputc('\n', out);
                print_field(out, "Beware", reading->warnings[i]);
        }
        print_next(out, reading);
}
