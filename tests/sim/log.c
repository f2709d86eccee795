#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip4.h"
#include "wire/dump.h"

/* ---- writing ------------------------------------------------------------------------------------------------------- */

static void log_line(struct world *world, const struct sim_host *host, const char *text)
{
        if (world->log_count == world->log_room) {
                world->log_room = world->log_room ? world->log_room * 2 : 256;
                world->log = realloc(world->log, world->log_room * sizeof(*world->log));
                if (!world->log)
                        abort();
        }
        char *line = arena_printf(&world->log_arena, "%lld.%03lld %-8s %s", (long long)(world->now.ns / 1000000000),
                                  (long long)(world->now.ns / 1000000 % 1000), host ? host->label : "-", text);

        if (!line)
                abort();
        for (char *c = line; *c; c++)
                if (*c == '\n')
                        *c = ';'; /* tables of names: one line an event */
        world->log[world->log_count++] = line;
}

void world_log(struct world *world, const struct sim_host *host, const char *format, ...)
{
        char text[1024];
        va_list args;

        if (!world->log_on)
                return;
        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        log_line(world, host, text);
}

void world_log_frame(struct world *world, const struct sim_host *host, const char *verb, const struct sim_frame *frame)
{
        char address[IP4_TEXT_BYTES];
        struct strbuf sb = STRBUF_INIT;

        if (!world->log_on)
                return;
        ip4_format(frame->destination, address);
        strbuf_printf(&sb, "%s to %s: ", verb, frame->broadcast ? "broadcast" : address);
        nbns_dump(&sb, frame->bytes, frame->len_bytes);
        log_line(world, host, strbuf_str(&sb));
        strbuf_done(&sb);
}

void world_print_log(const struct world *world)
{
        for (size_t i = 0; i < world->log_count; i++)
                printf("    %s\n", world->log[i]);
}

/* ---- matching ------------------------------------------------------------------------------------------------------ */

static bool is_edge(char c)
{
        return c == '\0' || strchr(" ,:;()[]\"", c) != NULL;
}

/* Where WORD (LEN bytes, maybe ending in '*') ends in TEXT, or NULL. */
static const char *find_word(const char *text, const char *word, size_t len)
{
        const bool beginning = len > 1 && word[len - 1] == '*';

        if (beginning)
                len--;
        for (const char *at = text; (at = strstr(at, (char[]){word[0], '\0'})); at++)
                if ((at == text || is_edge(at[-1])) && strncmp(at, word, len) == 0 && (beginning || is_edge(at[len])))
                        return at + len;
        return NULL;
}

/* "1.250" to 1250; RET_END stands behind it. */
static long parse_ms(const char *text, const char **ret_end)
{
        char *end;
        const long seconds = strtol(text, &end, 10);
        long ms = 0, unit = 100;

        if (*end == '.')
                for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
                        ms += (*end - '0') * unit;
        *ret_end = end;
        return seconds * 1000 + ms;
}

static bool time_matches(const char *line, const char *pattern)
{
        const char *end;
        const long at = parse_ms(line, &end);

        if (*pattern == '*')
                return true;
        const long low = parse_ms(pattern, &end);
        const long high = *end == '-' ? parse_ms(end + 1, &end) : low;
        return at >= low && at <= high;
}

/* PATTERN is LEN bytes, without a line end. */
bool world_line_matches(const char *line, const char *pattern, size_t len_bytes)
{
        const char *end = pattern + len_bytes;

        if (!time_matches(line, pattern))
                return false;
        const char *at = strchr(line, ' ');
        while (pattern < end && *pattern != ' ')
                pattern++;
        for (;;) {
                while (pattern < end && *pattern == ' ')
                        pattern++;
                if (pattern == end)
                        return true;
                const char *word = pattern;
                while (pattern < end && *pattern != ' ')
                        pattern++;
                at = find_word(at, word, (size_t)(pattern - word));
                if (!at)
                        return false;
        }
}

static void fail_about(struct world *world, const char *what, const char *text, size_t len)
{
        printf("  %s (seed %llu): %s: %.*s\n", world->label, (unsigned long long)world->seed, what, (int)len, text);
        world->failures++;
}

void world_expect(struct world *world, const char *patterns)
{
        size_t next = 0;

        while (*patterns) {
                while (*patterns == ' ' || *patterns == '\n')
                        patterns++;
                const size_t len = strcspn(patterns, "\n");

                if (len == 0)
                        break;
                size_t i = next;
                while (i < world->log_count && !world_line_matches(world->log[i], patterns, len))
                        i++;
                if (i == world->log_count)
                        fail_about(world, "not in the log from here on", patterns, len);
                else
                        next = i + 1;
                patterns += len;
        }
}

size_t world_count(const struct world *world, const char *pattern)
{
        size_t count = 0;

        for (size_t i = 0; i < world->log_count; i++)
                count += world_line_matches(world->log[i], pattern, strlen(pattern));
        return count;
}

void world_expect_count(struct world *world, const char *pattern, size_t low, size_t high)
{
        const size_t count = world_count(world, pattern);
        char text[64];

        if (count >= low && count <= high)
                return;
        snprintf(text, sizeof(text), "%zu times instead of %zu to %zu", count, low, high);
        fail_about(world, text, pattern, strlen(pattern));
}

void world_expect_never(struct world *world, const char *pattern)
{
        world_expect_count(world, pattern, 0, 0);
}

void world_expect_state(struct world *world, struct sim_host *host, const char *name, unsigned port,
                        enum node_name_state state)
{
        const enum node_name_state is = host_name_state(host, name, port);
        char text[96];

        if (is == state)
                return;
        snprintf(text, sizeof(text), "%s on %s port %u is %s instead of %s", name, host->label, port,
                 is == NODE_STATE_MAX ? "absent" : node_state_str(is), node_state_str(state));
        fail_about(world, "state", text, strlen(text));
}

void world_expect_that(struct world *world, bool holds, const char *what)
{
        if (!holds)
                fail_about(world, "does not hold", what, strlen(what));
}
