/* ISC dhcpd: statements, of which "lease ADDRESS { … }" is the one that counts. Source: dhcpd.leases(5), observed (4.4.3). */
#include "dhcp/internal.h"

#include "base/instant.h"

#include <stdio.h>
#include <string.h>

/* ---- how far a statement goes ------------------------------------------------------------------------------------- */

struct scan {
        struct span text;
        size_t at;
        unsigned depth;
        bool quoted;
};

static bool line_begins(struct span text, size_t at, const char *word)
{
        return span_begins((struct span){text.at + at, text.len_bytes - at}, word);
}

/* Moves one byte on. */
static void scan_step(struct scan *s)
{
        const char c = s->text.at[s->at++];

        if (s->quoted && c == '\\' && s->at < s->text.len_bytes)
                s->at++;
        else if (c == '"')
                s->quoted = !s->quoted;
        else if (!s->quoted && c == '{')
                s->depth++;
        else if (!s->quoted && c == '}' && s->depth)
                s->depth--;
}

/* Behind the end of the line, if nothing else stands in it. */
static size_t with_line_end(struct span text, size_t at)
{
        size_t end = at;

        while (end < text.len_bytes && (text.at[end] == ' ' || text.at[end] == '\t' || text.at[end] == '\r'))
                end++;
        return end < text.len_bytes && text.at[end] == '\n' ? end + 1 : at;
}

static size_t line_extent(struct span text, bool ended)
{
        const char *end = memchr(text.at, '\n', text.len_bytes);

        if (end)
                return (size_t)(end - text.at) + 1;
        return ended ? text.len_bytes : 0;
}

static size_t statement_extent(struct span text, bool ended, const char **ret_why)
{
        struct scan s = {.text = text};

        while (s.at < text.len_bytes) {
                const char before = text.at[s.at];
                const unsigned depth = s.depth;

                scan_step(&s);
                if (!s.quoted && s.depth == 0 && (before == ';' || (before == '}' && depth == 1)))
                        return s.at < text.len_bytes || ended ? with_line_end(text, s.at) : 0;
                /* dhcpd begins leases in the first column, and nothing else within one */
                if (before == '\n' && line_begins(text, s.at, "lease ")) {
                        *ret_why = "a record that ends before its closing brace";
                        return s.at;
                }
        }
        if (!ended)
                return 0;
        *ret_why = "the last record is cut off";
        return text.len_bytes;
}

/* Blank lines and comments before the next statement, as one item. */
static size_t blank_extent(struct span text, bool ended)
{
        size_t at = 0;

        while (at < text.len_bytes && memchr(" \t\r\n", text.at[at], 4))
                at++;
        if (at < text.len_bytes && text.at[at] == '#') {
                const size_t more = line_extent((struct span){text.at + at, text.len_bytes - at}, ended);

                return more ? at + more : 0;
        }
        return at;
}

static bool is_word_start(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

size_t lease_isc_extent(struct span text, bool ended, const char **ret_why, bool *ret_block)
{
        if (text.len_bytes && memchr(" \t\r\n#", text.at[0], 5))
                return blank_extent(text, ended);
        if (text.len_bytes && !is_word_start(text.at[0])) {
                *ret_why = text.at[0] == '}' ? "a closing brace without its beginning" : "a line that is no statement";
                return line_extent(text, ended);
        }
        struct span rest = text;
        const struct span first = span_word(&rest);

        if (rest.len_bytes == 0 && !ended)
                return 0; /* the word itself may go on */
        /* what only a lease holds stands outside: the lease's first lines are lost */
        static const char *const inner[] = {"starts",          "ends", "tstp",   "tsfp",     "cltt",
                                            "binding",         "next", "rewind", "hardware", "uid",
                                            "client-hostname", "set"};
        for (size_t i = 0; i < NBT_ARRAY_SIZE(inner); i++)
                if (span_is(first, inner[i])) {
                        *ret_why = "a statement outside of its record";
                        return line_extent(text, ended);
                }
        *ret_block = span_is(first, "lease");
        return statement_extent(text, ended, ret_why);
}

/* ---- a lease ------------------------------------------------------------------------------------------------------ */

static struct span before(struct span text, char end)
{
        const char *at = memchr(text.at, end, text.len_bytes);

        return (struct span){text.at, at ? (size_t)(at - text.at) : text.len_bytes};
}

/* "0 2026/11/22 09:33:23" (UTC, the first number being the day of the week), "epoch 1795343547", "never". */
static bool parse_time(struct span text, int64_t *ret)
{
        unsigned year, month, day, hour, minute, second, weekday;
        struct span rest = text;
        const struct span first = span_word(&rest);
        char buffer[64] = "", iso[64];
        wall_t wall;

        if (span_is(first, "never")) {
                *ret = LEASE_NEVER;
                return true;
        }
        if (span_is(first, "epoch"))
                return span_number(before(span_trim(rest), ' '), ret);
        memcpy(buffer, text.at, text.len_bytes < sizeof buffer - 1 ? text.len_bytes : sizeof buffer - 1);
        if (sscanf(buffer, "%1u %4u/%2u/%2u %2u:%2u:%2u", &weekday, &year, &month, &day, &hour, &minute, &second) != 7)
                return false;
        (void)snprintf(iso, sizeof iso, "%04u-%02u-%02uT%02u:%02u:%02uZ", year, month, day, hour, minute, second);
        if (wall_parse(iso, &wall) < 0)
                return false;
        *ret = wall.us / 1000000;
        return true;
}

static bool parse_state(struct span text, enum lease_state *ret)
{
        static const struct {
                const char *word;
                enum lease_state state;
        } words[] = {
                {"active", LEASE_ACTIVE}, {"free", LEASE_FREE},         {"expired", LEASE_FREE},
                {"released", LEASE_FREE}, {"reset", LEASE_FREE},        {"backup", LEASE_FREE},
                {"bootp", LEASE_ACTIVE},  {"reserved", LEASE_RESERVED}, {"abandoned", LEASE_DECLINED},
        };
        struct span rest = text;

        if (!span_is(span_word(&rest), "state"))
                return false;
        const struct span word = span_word(&rest);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(words); i++)
                if (span_is(word, words[i].word)) {
                        *ret = words[i].state;
                        return true;
                }
        return false;
}

static struct span unquote(struct span text)
{
        if (text.len_bytes >= 2 && text.at[0] == '"' && text.at[text.len_bytes - 1] == '"')
                return (struct span){text.at + 1, text.len_bytes - 2};
        return text;
}

struct seen {
        bool ends, state;
};

/* One statement of a block; NULL, or what is wrong with it. Those that do not concern us are let by. */
static const char *take_statement(struct span text, struct lease *lease, struct seen *seen)
{
        struct span rest = text;
        const struct span word = span_word(&rest);
        uint8_t mac[6];

        rest = span_trim(rest);
        if (word.len_bytes == 0 || !is_word_start(word.at[0]))
                return "a statement that is none";
        if (span_is(word, "starts"))
                return parse_time(rest, &lease->starts_s) ? NULL : "a start that is no time";
        if (span_is(word, "ends")) {
                seen->ends = true;
                return parse_time(rest, &lease->ends_s) ? NULL : "an end that is no time";
        }
        if (span_is(word, "binding")) {
                seen->state = true;
                return parse_state(rest, &lease->state) ? NULL : "an unknown binding state";
        }
        if (span_is(word, "abandoned"))
                lease->state = LEASE_DECLINED;
        if (span_is(word, "hardware")) {
                (void)span_word(&rest);
                if (span_mac(span_trim(rest), mac))
                        lease_set_mac(lease, mac);
                else
                        lease_set_id(lease, rest);
        }
        if (span_is(word, "uid") && lease->client == 0)
                lease_set_id(lease, rest);
        if (span_is(word, "client-hostname"))
                return lease_set_name(lease, unquote(rest)) ? NULL : "a host name that is too long";
        return NULL;
}

/* The statement at the beginning of REST, which moves over it; its ';' or its block of braces does not belong to *RET. */
static bool next_statement(struct span *rest, struct span *ret)
{
        *rest = span_trim(*rest);
        while (rest->len_bytes && rest->at[0] == '#') {
                const size_t len = line_extent(*rest, true);

                *rest = span_trim((struct span){rest->at + len, rest->len_bytes - len});
        }
        struct scan s = {.text = *rest};
        size_t end = 0;

        while (s.at < rest->len_bytes) {
                const char c = rest->at[s.at];
                const bool outside = !s.quoted && s.depth == 0;

                if (outside && (c == ';' || c == '{') && end == 0)
                        end = s.at;
                const unsigned depth = s.depth;
                scan_step(&s);
                if (!s.quoted && s.depth == 0 && (c == ';' || (c == '}' && depth == 1))) {
                        *ret = (struct span){rest->at, end};
                        *rest = (struct span){rest->at + s.at, rest->len_bytes - s.at};
                        return true;
                }
        }
        return false;
}

static const char *take_body(struct span body, struct lease *lease)
{
        struct seen seen = {0};
        struct span statement = {0};

        while (next_statement(&body, &statement)) {
                const char *why = take_statement(statement, lease, &seen);

                if (why)
                        return why;
        }
        if (span_trim(body).len_bytes)
                return "a statement without its end";
        return seen.ends || seen.state ? NULL : "a record that says neither its end nor its state";
}

void lease_take_isc(struct span block, struct lease_item *ret)
{
        const char *open = memchr(block.at, '{', block.len_bytes);
        struct span head = {block.at, open ? (size_t)(open - block.at) : 0};
        const struct span whole = span_trim(block);

        (void)span_word(&head);
        if (!open || whole.at[whole.len_bytes - 1] != '}') {
                lease_damaged(ret, "a record without its braces");
                return;
        }
        if (!span_address(span_trim(head), &ret->lease.address)) {
                lease_damaged(ret, "a record without an address");
                return;
        }
        const struct span body = {open + 1, (size_t)(whole.at + whole.len_bytes - 1 - (open + 1))};
        const char *why = take_body(body, &ret->lease);

        if (why)
                lease_damaged(ret, why);
        else
                ret->kind = LEASE_ITEM_LEASE;
}
