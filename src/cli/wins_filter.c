/* The filters of the command line. What each means is the core's (wins/wins.h); here are only its spellings. */
#include "cli/wins_cmd.h"

#include "base/ip4.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_SUFFIX_A 0x00
#define NO_SUFFIX_B 0xFF

static int bad_name(const struct cli_context *ctx, const char *text, int r)
{
        return cli_failf(ctx, CLI_EXIT_USAGE, "%s: %s; write NAME or NAME<XX>, at most 15 characters",
                         text[0] ? text : "\"\"",
                         r == NBT_ERR_RANGE ? "too long for a NetBIOS name" : "not a NetBIOS name");
}

int wins_take_nothing(const struct cli_context *ctx, const struct wins_args *args)
{
        if (args->word_count == 0)
                return CLI_EXIT_OK;
        return cli_failf(ctx, CLI_EXIT_USAGE, "%s takes nothing more; see 'netbt wins --help'", args->verb);
}

int wins_filter_name(const struct cli_context *ctx, const char *text, struct wins_filter *filter)
{
        struct nb_name a, b;
        int r = nb_name_parse(text, NO_SUFFIX_A, &a);

        if (r == 0)
                r = nb_name_parse(text, NO_SUFFIX_B, &b);
        if (r < 0 || nb_name_is_wildcard(&a))
                return bad_name(ctx, text, r < 0 ? r : NBT_ERR_MALFORMED);
        /* a name that takes whatever suffix is offered has none of its own: all of them are meant */
        if (nb_name_equal(&a, &b)) {
                filter->has_name = true;
                filter->name = a;
        } else {
                filter->prefix_len_bytes = NB_SUFFIX_AT;
                memcpy(filter->prefix, a.bytes, NB_SUFFIX_AT);
        }
        return CLI_EXIT_OK;
}

static int take_prefix(const struct cli_context *ctx, const char *value, struct wins_filter *filter)
{
        struct nb_name name;
        const int r = nb_name_parse(value, 0x00, &name);
        size_t len = NB_SUFFIX_AT;

        if (r < 0)
                return bad_name(ctx, value, r);
        while (len > 0 && name.bytes[len - 1] == ' ')
                len--;
        filter->prefix_len_bytes = (uint8_t)len;
        memcpy(filter->prefix, name.bytes, len);
        return CLI_EXIT_OK;
}

/* ADDRESS or ADDRESS/BITS. */
static int take_address(const struct cli_context *ctx, const char *value, struct wins_filter *filter)
{
        char address[IP4_TEXT_BYTES] = "";
        const char *slash = strchr(value, '/');
        const size_t len = slash ? (size_t)(slash - value) : strlen(value);
        char *end = NULL;
        const unsigned long bits = slash ? strtoul(slash + 1, &end, 10) : 32;

        if (len < sizeof address)
                memcpy(address, value, len);
        if (ip4_parse(address, &filter->address) < 0 || bits > 32 || (slash && (end == slash + 1 || *end)))
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: not an IPv4 address; write 10.0.0.1 or 10.0.0.0/24", value);
        filter->has_address = true;
        filter->address_mask = bits == 0 ? 0 : IP4_BROADCAST << (32 - bits);
        filter->address &= filter->address_mask;
        return CLI_EXIT_OK;
}

static int take_suffix(const struct cli_context *ctx, const char *value, struct wins_filter *filter)
{
        char *end = NULL;
        const unsigned long suffix = strtoul(value, &end, 16);

        if (end == value || *end || suffix > 0xFF || *value == '-')
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: not a suffix; write two hexadecimal digits, as 1C", value);
        filter->has_suffix = true;
        filter->suffix = (uint8_t)suffix;
        return CLI_EXIT_OK;
}

/* Versions are shown in hexadecimal, as Windows does. */
static int take_version(const struct cli_context *ctx, const char *value, uint64_t *ret)
{
        char *end = NULL;

        errno = 0;
        *ret = strtoull(value, &end, 16);
        if (end == value || *end || errno || *value == '-')
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: not a version; write it in hexadecimal, as 'show' does",
                                 value);
        return CLI_EXIT_OK;
}

static int take_owner(const struct cli_context *ctx, const char *value, struct wins_filter *filter)
{
        if (ip4_parse(value, &filter->owner) < 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: not an IPv4 address; an owner is a WINS server's address",
                                 value);
        filter->has_owner = true;
        return CLI_EXIT_OK;
}

static int take_type(const struct cli_context *ctx, const char *value, struct wins_filter *filter)
{
        if (wins_type_parse(value, &filter->type) < 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: not a type; use unique, group, internet or multihomed",
                                 value);
        filter->has_type = true;
        return CLI_EXIT_OK;
}

static int take_state(const struct cli_context *ctx, const char *value, struct wins_filter *filter)
{
        if (wins_state_parse(value, &filter->state) < 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: not a state; use active, released or tombstone", value);
        filter->has_state = true;
        return CLI_EXIT_OK;
}

static int take_scope(const struct cli_context *ctx, const char *value, struct wins_filter *filter)
{
        if (nb_scope_parse(value, &filter->scope) < 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: not a NetBIOS scope", value);
        filter->has_scope = true;
        return CLI_EXIT_OK;
}

int wins_filter_option(const struct cli_context *ctx, int option, const char *value, struct wins_filter *filter)
{
        switch (option) {
        case WINS_OPT_OWNER:
                return take_owner(ctx, value, filter);
        case WINS_OPT_TYPE:
                return take_type(ctx, value, filter);
        case WINS_OPT_STATE:
                return take_state(ctx, value, filter);
        case WINS_OPT_STATIC:
        case WINS_OPT_DYNAMIC:
                filter->has_static = true;
                filter->is_static = option == WINS_OPT_STATIC;
                return CLI_EXIT_OK;
        case WINS_OPT_ADDRESS:
                return take_address(ctx, value, filter);
        case WINS_OPT_PREFIX:
                return take_prefix(ctx, value, filter);
        case WINS_OPT_SUFFIX:
                return take_suffix(ctx, value, filter);
        case WINS_OPT_SCOPE:
                return take_scope(ctx, value, filter);
        case WINS_OPT_MIN_VERSION:
                return take_version(ctx, value, &filter->min_version);
        default: /* WINS_OPT_MAX_VERSION: the table of options holds no other filter */
                if (take_version(ctx, value, &filter->max_version) != CLI_EXIT_OK)
                        return CLI_EXIT_USAGE;
                return filter->max_version
                               ? CLI_EXIT_OK
                               : cli_failf(ctx, CLI_EXIT_USAGE, "--max-version %s: versions begin with 1", value);
        }
}
