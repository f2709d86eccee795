#include "cli/wins_cmd.h"

#include <inttypes.h>
#include <string.h>

#define MINUTE_S 60u
#define HOUR_S 3600u
#define DAY_S 86400u

/* ---- times in words ----------------------------------------------------------------------------------------------- */

static const struct {
        const char *name;
        uint64_t seconds;
} units[] = {{"day", DAY_S}, {"hour", HOUR_S}, {"minute", MINUTE_S}, {"second", 1}};

void wins_span_format(uint64_t seconds, char ret_text[WINS_SPAN_TEXT_BYTES])
{
        size_t i = 0;

        while (i + 1 < NBT_ARRAY_SIZE(units) && seconds < units[i].seconds)
                i++;
        const uint64_t whole = seconds / units[i].seconds;
        const int used = snprintf(ret_text, WINS_SPAN_TEXT_BYTES, "%" PRIu64 " %s%s", whole, units[i].name,
                                  whole == 1 ? "" : "s");

        if (used < 0 || i + 1 >= NBT_ARRAY_SIZE(units))
                return;
        const uint64_t rest = seconds % units[i].seconds / units[i + 1].seconds;
        if (rest > 0)
                (void)snprintf(ret_text + used, WINS_SPAN_TEXT_BYTES - (size_t)used, " %" PRIu64 " %s%s", rest,
                               units[i + 1].name, rest == 1 ? "" : "s");
}

/* To the second: a record holds no finer time. */
static void stamp_format(int64_t when_s, char ret_text[WALL_TEXT_BYTES])
{
        wall_format((wall_t){when_s * 1000000}, ret_text);
        char *fraction = strchr(ret_text, '.');

        if (fraction)
                memcpy(fraction, "Z", 2);
}

void wins_time_format(int64_t when_s, int64_t now_s, char ret_text[WINS_TIME_TEXT_BYTES])
{
        const bool past = when_s < now_s;
        char stamp[WALL_TEXT_BYTES], span[WINS_SPAN_TEXT_BYTES];

        if (when_s == WINS_NEVER) {
                memcpy(ret_text, "never", sizeof "never");
                return;
        }
        stamp_format(when_s, stamp);
        wins_span_format((uint64_t)(past ? now_s - when_s : when_s - now_s), span);
        (void)snprintf(ret_text, WINS_TIME_TEXT_BYTES, "%s (%s%s%s)", stamp, past ? "" : "in ", span,
                       past ? " ago" : "");
}

/* ---- records ------------------------------------------------------------------------------------------------------ */

#define ROW "%-19s  %-10s  %-9s  %-7s  %-4s  %-15s  %-15s  %-8s  %-43s  %s\n"

void wins_print_heading(FILE *out)
{
        fprintf(out, ROW, "Name", "Type", "State", "Kind", "Node", "Address", "Owner", "Version", "Until", "Used by");
}

static void print_member(FILE *out, const struct wins_record *record, const struct wins_member *member, int64_t now_s)
{
        char address[IP4_TEXT_BYTES], owner[IP4_TEXT_BYTES], until[WINS_TIME_TEXT_BYTES];

        ip4_format(member->address, address);
        ip4_format(member->owner, owner);
        wins_time_format(member->expiry_s, now_s, until);
        fprintf(out, "  %s", address);
        if (member->owner != record->owner)
                fprintf(out, "  registered at %s", owner);
        if (member->expiry_s != record->expiry_s)
                fprintf(out, "  until %s", until);
        fputc('\n', out);
}

/* Has it more than one line can tell? */
static bool needs_members(const struct wins_record *record)
{
        return record->member_count > 1 ||
               (record->member_count == 1 &&
                (record->members[0].owner != record->owner || record->members[0].expiry_s != record->expiry_s));
}

void wins_print_record(FILE *out, const struct wins_record *record, int64_t now_s)
{
        const bool is_group = record->type == WINS_GROUP || record->type == WINS_INTERNET;
        char name[NB_NAME_TEXT_BYTES], address[IP4_TEXT_BYTES] = "-", owner[IP4_TEXT_BYTES], version[20];
        char until[WINS_TIME_TEXT_BYTES], scope[NB_SCOPE_MAX_BYTES + 1];

        nb_name_format_exact(&record->name, name);
        ip4_format(record->owner, owner);
        (void)snprintf(version, sizeof version, "%" PRIX64, record->version);
        wins_time_format(record->expiry_s, now_s, until);
        if (record->member_count == 1)
                ip4_format(record->members[0].address, address);
        else if (record->member_count > 1)
                (void)snprintf(address, sizeof address, "%u addresses", record->member_count);
        fprintf(out, ROW, name, wins_type_str(record->type), wins_state_str(record->state),
                record->is_static ? "static" : "dynamic", wins_node_str(record->node), address, owner, version, until,
                nb_name_service(&record->name, is_group));
        if (record->scope.len_bytes > 0) {
                nb_scope_format(&record->scope, scope);
                fprintf(out, "  in scope %s\n", scope);
        }
        for (size_t i = 0; needs_members(record) && i < record->member_count; i++)
                print_member(out, record, &record->members[i], now_s);
}

void wins_format_name(const struct nb_name *name, const struct nb_scope *scope, struct strbuf *out)
{
        char text[NB_NAME_TEXT_BYTES], scope_text[NB_SCOPE_MAX_BYTES + 1];

        nb_name_format_exact(name, text);
        strbuf_add(out, text);
        if (scope && scope->len_bytes > 0) {
                nb_scope_format(scope, scope_text);
                strbuf_printf(out, " in scope %s", scope_text);
        }
}

void wins_describe_record(const struct wins_record *record, struct strbuf *out)
{
        char address[IP4_TEXT_BYTES];

        wins_format_name(&record->name, &record->scope, out);
        strbuf_printf(out, " (%s, %s, %s", wins_type_str(record->type), wins_state_str(record->state),
                      record->is_static ? "static" : "dynamic");
        for (size_t i = 0; i < record->member_count; i++) {
                ip4_format(record->members[i].address, address);
                strbuf_printf(out, ", %s", address);
        }
        strbuf_add_char(out, ')');
}

/* ---- export ------------------------------------------------------------------------------------------------------- */

void wins_export_csv_heading(FILE *out)
{
        fputs("name,suffix,bytes,scope,type,state,static,node,owner,version,expires,addresses,address_owners,address_"
              "expires\n",
              out);
}

/* A field of CSV (RFC 4180): in quotes where it must be; what a spreadsheet would take for a formula gets a leading "'". */
static void print_field(FILE *out, const char *text)
{
        const bool formula = text[0] && strchr("=+-@", text[0]);

        if (!formula && !strpbrk(text, ",\"\r\n")) {
                fputs(text, out);
                return;
        }
        fputs(formula ? "\"'" : "\"", out);
        for (; *text; text++)
                fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
        fputc('"', out);
}

static void print_stamp(FILE *out, int64_t when_s)
{
        char stamp[WALL_TEXT_BYTES] = "";

        if (when_s != WINS_NEVER)
                stamp_format(when_s, stamp);
        fputs(when_s == WINS_NEVER ? "never" : stamp, out);
}

static void print_bytes(FILE *out, const uint8_t *bytes, size_t count)
{
        for (size_t i = 0; i < count; i++)
                fprintf(out, "%02x", bytes[i]);
}

/* Several values in one field stand apart by blanks. */
static void print_members(FILE *out, const struct wins_record *record)
{
        char text[IP4_TEXT_BYTES];

        for (size_t i = 0; i < record->member_count; i++) {
                ip4_format(record->members[i].address, text);
                fprintf(out, "%s%s", i ? " " : "", text);
        }
        fputc(',', out);
        for (size_t i = 0; i < record->member_count; i++) {
                ip4_format(record->members[i].owner, text);
                fprintf(out, "%s%s", i ? " " : "", text);
        }
        fputc(',', out);
        for (size_t i = 0; i < record->member_count; i++) {
                fputs(i ? " " : "", out);
                print_stamp(out, record->members[i].expiry_s);
        }
        fputc('\n', out);
}

void wins_export_csv(FILE *out, const struct wins_record *record)
{
        char stem[NB_NAME_TEXT_BYTES], owner[IP4_TEXT_BYTES], scope[NB_SCOPE_MAX_BYTES + 1];

        nb_name_format_stem(&record->name, stem);
        nb_scope_format(&record->scope, scope);
        ip4_format(record->owner, owner);
        print_field(out, stem);
        fprintf(out, ",%02X,", nb_name_suffix(&record->name));
        print_bytes(out, record->name.bytes, NB_NAME_BYTES);
        fputc(',', out);
        print_field(out, scope);
        fprintf(out, ",%s,%s,%s,%s,%s,%" PRIu64 ",", wins_type_str(record->type), wins_state_str(record->state),
                record->is_static ? "yes" : "no", wins_node_str(record->node), owner, record->version);
        print_stamp(out, record->expiry_s);
        fputc(',', out);
        print_members(out, record);
}

/* The 15 bytes in quotes, with blanks up to the suffix: \0xNN for the suffix, for what is not printable, and for small letters, which
 * whoever reads the file would take for capital ones. */
static void print_quoted(FILE *out, const struct nb_name *name)
{
        fputc('"', out);
        for (size_t i = 0; i < NB_SUFFIX_AT; i++) {
                const uint8_t c = name->bytes[i];

                if (c < 0x20 || c > 0x7E || c == '"' || c == '\\' || (c >= 'a' && c <= 'z'))
                        fprintf(out, "\\0x%02x", c);
                else
                        fputc(c, out);
        }
        fprintf(out, "\\0x%02x\"", nb_name_suffix(name));
}

static void print_lmhosts_comment(FILE *out, const struct wins_record *record, const char *why)
{
        struct strbuf text = STRBUF_INIT;

        wins_describe_record(record, &text);
        fprintf(out, "# %s: %s\n", strbuf_str(&text), why);
        strbuf_done(&text);
}

/* Why a record cannot be a line of LMHOSTS; NULL if it can. */
static const char *why_no_lmhosts(const struct wins_record *record, const struct nb_scope *scope)
{
        if (record->state != WINS_ACTIVE)
                return "not active";
        if (!nb_scope_equal(&record->scope, scope))
                return "of another scope: --scope exports and imports its records";
        if ((record->type == WINS_UNIQUE || record->type == WINS_MULTIHOMED) && nb_name_suffix(&record->name) == 0x1C)
                return "LMHOSTS takes every <1C> for a group of domain controllers";
        return record->member_count == 0 ? "no address" : NULL;
}

/* What a line needs besides its name; a <1C> is an internet group by itself. */
static const char *keyword_of(const struct wins_record *record)
{
        switch (record->type) {
        case WINS_MULTIHOMED:
                return "  #MH";
        case WINS_GROUP:
                return "  #GROUP";
        case WINS_INTERNET:
                return nb_name_suffix(&record->name) == 0x1C ? "" : "  #SG";
        case WINS_UNIQUE:
        case WINS_TYPE_MAX:
                break;
        }
        return "";
}

void wins_export_lmhosts(FILE *out, const struct wins_record *record, const struct nb_scope *scope)
{
        const char *why = why_no_lmhosts(record, scope);
        char address[IP4_TEXT_BYTES];

        if (why) {
                print_lmhosts_comment(out, record, why);
                return;
        }
        for (size_t i = 0; i < record->member_count; i++) {
                ip4_format(record->members[i].address, address);
                fprintf(out, "%-15s  ", address);
                print_quoted(out, &record->name);
                fprintf(out, "%s\n", keyword_of(record));
        }
}
