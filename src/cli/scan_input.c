/* Where the addresses to scan come from: the command line, files, standard input, this machine's interfaces, names. */
#include "cli/scan_cmd.h"

#include "cli/asker.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INPUT_BYTES (64u << 20)
#define MAX_HOLDERS 64

static int no_memory(const struct cli_context *ctx)
{
        return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, "scan fewer addresses at once");
}

/* ---- names -------------------------------------------------------------------------------------------------------- */

/* Everybody who holds NAME by broadcast, not just the first: of a name held twice, both are wanted. 1 if anybody does. */
static int add_holders(const char *text, struct scan_ranges *ranges)
{
        const struct asker_options any_port = {.any_port_only = true};
        struct ask_question questions[MAX_HOLDERS];
        struct ask_result results[MAX_HOLDERS];
        struct arena arena = ARENA_INIT;
        struct asker *asker = NULL;
        struct nb_name name;
        int found = 0;

        if (nb_name_parse(text, 0x20, &name) < 0 || asker_open(&asker, &any_port) < 0)
                return 0;
        size_t count = asker_make_broadcasts(asker, &name, NULL, questions, MAX_HOLDERS / 2);
        name.bytes[NB_SUFFIX_AT] = 0x00;
        count += asker_make_broadcasts(asker, &name, NULL, questions + count, MAX_HOLDERS / 2);
        if (count && asker_run(asker, questions, count, &arena, results) == 0)
                for (size_t i = 0; i < count; i++)
                        for (size_t j = 0; j < results[i].answer_count; j++)
                                for (size_t k = 0; k < results[i].answers[j].address_count; k++) {
                                        const uint32_t address = results[i].answers[j].addresses[k].address;
                                        found |= scan_ranges_add(ranges, address, address) == 0;
                                }
        asker_close(asker);
        arena_done(&arena);
        return found;
}

static int add_name(const struct cli_context *ctx, const char *where, const char *text, struct scan_ranges *ranges)
{
        const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
        struct addrinfo *found = NULL;

        if (!strchr(text, '.') && add_holders(text, ranges))
                return CLI_EXIT_OK;
        const int r = getaddrinfo(text, NULL, &hints, &found);
        if (r != 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s%s%s: nobody holds this name, and DNS: %s; write an address",
                                 where ? where : "", where ? ": " : "", text, gai_strerror(r));
        int exit = CLI_EXIT_OK;
        for (const struct addrinfo *at = found; at; at = at->ai_next) {
                struct sockaddr_in address;

                memcpy(&address, at->ai_addr, sizeof(address));
                if (scan_ranges_add(ranges, ntohl(address.sin_addr.s_addr), ntohl(address.sin_addr.s_addr)) < 0)
                        exit = no_memory(ctx);
        }
        freeaddrinfo(found);
        return exit;
}

/* ---- texts -------------------------------------------------------------------------------------------------------- */

static int add_text(const struct cli_context *ctx, const char *where, const char *text, size_t len_bytes,
                    struct scan_ranges *ranges)
{
        struct scan_token token;
        int r, exit = CLI_EXIT_OK;

        while (exit == CLI_EXIT_OK && (r = scan_token_next(&text, &len_bytes, &token)) != 0) {
                if (r < 0)
                        return cli_failf(ctx, CLI_EXIT_USAGE,
                                         "%s%s%.60s: %s; write 10.77.0.5, 10.77.0.5-9 or 10.77.0.0/24",
                                         where ? where : "", where ? ": " : "", token.text,
                                         r == NBT_ERR_RANGE ? "the range ends before it begins, or the word is too long"
                                                            : "not a target");
                if (token.is_name)
                        exit = add_name(ctx, where, token.text, ranges);
                else if (scan_ranges_add(ranges, token.range.first, token.range.last) < 0)
                        exit = no_memory(ctx);
        }
        return exit;
}

int scan_input_add_file(const struct cli_context *ctx, const char *path, struct scan_ranges *ranges)
{
        struct strbuf text = STRBUF_INIT;
        int exit = cli_read_file(ctx, path, MAX_INPUT_BYTES, &text);

        if (exit == CLI_EXIT_OK)
                exit = add_text(ctx, path, strbuf_str(&text), text.len_bytes, ranges);
        strbuf_done(&text);
        return exit;
}

int scan_input_add(const struct cli_context *ctx, const char *text, struct scan_ranges *ranges)
{
        if (strcmp(text, "-") == 0)
                return scan_input_add_file(ctx, text, ranges);
        if (text[0] == '@')
                return scan_input_add_file(ctx, text + 1, ranges);
        return add_text(ctx, NULL, text, strlen(text), ranges);
}

int scan_input_add_local(const struct cli_context *ctx, struct scan_ranges *ranges)
{
        const struct asker_options any_port = {.any_port_only = true};
        const struct asker_iface *ifaces;
        struct asker *asker;
        int exit = CLI_EXIT_OK;

        if (asker_open(&asker, &any_port) < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "--local", "cannot list the interfaces", "name a network");
        const size_t count = asker_ifaces(asker, &ifaces);
        for (size_t i = 0; i < count && exit == CLI_EXIT_OK; i++) {
                const uint32_t net = ifaces[i].address & ifaces[i].netmask, last = net | ~ifaces[i].netmask;
                const bool has_ends = last - net >= 3;

                if (scan_ranges_add(ranges, net + has_ends, last - has_ends) < 0)
                        exit = no_memory(ctx);
        }
        asker_close(asker);
        if (count == 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "--local", "no interface that is up can broadcast",
                                "name a network");
        return exit;
}
