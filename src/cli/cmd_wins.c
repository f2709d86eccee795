/* netbt wins: the WINS Manager. Here are its verbs and their options; what they do is in wins_*.c. */
#include "cli/wins_cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
        "Usage: netbt wins status\n"
        "       netbt wins stats\n"
        "       netbt wins show [NAME[<XX>]] [FILTER]...\n"
        "       netbt wins search PATTERN[<XX>] [FILTER]...\n"
        "       netbt wins check [NAME[<XX>]] [FILTER]... [--offline]\n"
        "       netbt wins add NAME[<XX>] ADDRESS... [--type TYPE] [--node b|p|m|h] [--replace]\n"
        "       netbt wins delete NAME[<XX>]|FILTER... [--tombstone] [--dry-run]\n"
        "       netbt wins static list [NAME[<XX>]] [FILTER]...\n"
        "       netbt wins static add NAME[<XX>] ADDRESS... [--type KIND] [--replace]\n"
        "       netbt wins static delete NAME[<XX>]|FILTER... [--tombstone] [--dry-run]\n"
        "       netbt wins static import FILE [--replace] [--dry-run]\n"
        "       netbt wins scavenge\n"
        "       netbt wins backup [FILE]\n"
        "       netbt wins restore FILE|--salvage|--empty\n"
        "       netbt wins export [NAME[<XX>]] [FILTER]... [--format FORMAT] [--output FILE]\n"
        "       netbt wins watch\n"
        "\n"
        "The WINS Manager: the database of the winsd that runs on this host. NAME alone means that name with every\n"
        "suffix; quote NAME<XX> for the shell, or write NAME#20. In PATTERN, * and ? stand for any bytes and any one;\n"
        "without them it may stand anywhere in a name. A record of a machine that is there comes back with its next\n"
        "claim (nbtstat -RR there); a static mapping does not.\n"
        "\n"
        "Filters, of which all must be true:\n"
        "      --owner ADDRESS      records of this WINS server; with --min-version X, --max-version X (hexadecimal)\n"
        "      --type TYPE          unique, group, internet or multihomed\n"
        "      --state STATE        active, released or tombstone\n"
        "      --static, --dynamic  static mappings only, or none of them\n"
        "      --address A[/BITS]   that have this address, or one of this network\n"
        "      --prefix TEXT        whose names begin so\n"
        "      --suffix XX          with this 16th byte (hexadecimal)\n"
        "      --scope SCOPE        in this scope; add, import: the scope of the new records\n"
        "Other options:\n"
        "      --limit N            no more than N records\n"
        "      --all                delete: every record (static delete: every static mapping)\n"
        "      --tombstone          delete: make tombstones, which tell the partners, rather than removing\n"
        "      --dry-run            show what would be deleted or imported\n"
        "      --replace            add, import: also over a live record of another content\n"
        "      --offline            check: judge by the records alone, ask no machine\n"
        "      --node b|p|m|h       add: node type of the record's machine (h)\n"
        "      --format FORMAT      export: text, csv, json or lmhosts\n"
        "      --output FILE        export: write there\n"
        "      --salvage            restore: what can still be read of the damaged database\n"
        "      --empty              restore: nothing, an empty database\n"
        "      --json               one JSON document (watch: an object a line, always)\n"
        "      --config FILE, --state-dir DIR, --runtime-dir DIR, --color[=WHEN], --help, --version\n"
        "\n"
        "KIND of a static mapping: unique (the default) and multihomed (with several addresses) make <00>, <03> and "
        "<20>;\n"
        "group makes a normal group, domain a <1C> group, internet a group of any members.\n"
        "\n"
        "Exit status: 0 done; 1 nothing is so, or the check found something, or a name is taken; 2 wrong usage or\n"
        "unreadable input; 3 no winsd, no permission, or it could not be done.\n"
        "Examples:  netbt wins show FILESRV        netbt wins static delete FILESRV\n"
        "           netbt wins show --address 10.0.0.0/24 --state released\n"
        "           netbt wins export --format csv --output records.csv\n";

#define BIT(option_) WINS_OPT_BIT(WINS_OPT_##option_)
#define FILTER                                                                                                         \
        (BIT(OWNER) | BIT(TYPE) | BIT(STATE) | BIT(STATIC) | BIT(DYNAMIC) | BIT(ADDRESS) | BIT(PREFIX) | BIT(SUFFIX) | \
         BIT(SCOPE) | BIT(MIN_VERSION) | BIT(MAX_VERSION) | BIT(LIMIT))
#define STATIC_FILTER (FILTER & ~BIT(DYNAMIC))

static const struct verb {
        const char *group; /* "static", or NULL */
        const char *name;
        const char *said; /* as error lines name it */
        int (*run)(const struct cli_context *ctx, const struct wins_args *args);
        uint32_t takes; /* WINS_OPT_BIT() of its options: what another verb's option would do here is nobody's guess */
} verbs[] = {
        {NULL, "status", "status", wins_run_status, 0},
        {NULL, "stats", "stats", wins_run_stats, 0},
        {NULL, "show", "show", wins_run_show, FILTER},
        {NULL, "search", "search", wins_run_search, FILTER},
        {NULL, "check", "check", wins_run_check, FILTER | BIT(OFFLINE)},
        {NULL, "add", "add", wins_run_add,
         BIT(TYPE) | BIT(SCOPE) | BIT(STATIC) | BIT(DYNAMIC) | BIT(NODE) | BIT(REPLACE)},
        {NULL, "delete", "delete", wins_run_delete, FILTER | BIT(ALL) | BIT(TOMBSTONE) | BIT(DRY_RUN)},
        {"static", "list", "static list", wins_run_show, STATIC_FILTER},
        {"static", "add", "static add", wins_run_add, BIT(TYPE) | BIT(SCOPE) | BIT(STATIC) | BIT(REPLACE)},
        {"static", "delete", "static delete", wins_run_delete,
         STATIC_FILTER | BIT(ALL) | BIT(TOMBSTONE) | BIT(DRY_RUN)},
        {"static", "import", "static import", wins_run_import, BIT(SCOPE) | BIT(REPLACE) | BIT(DRY_RUN)},
        {NULL, "scavenge", "scavenge", wins_run_scavenge, 0},
        {NULL, "backup", "backup", wins_run_backup, 0},
        {NULL, "restore", "restore", wins_run_restore, BIT(SALVAGE) | BIT(EMPTY)},
        {NULL, "export", "export", wins_run_export, FILTER | BIT(FORMAT) | BIT(OUTPUT)},
        {NULL, "watch", "watch", wins_run_watch, 0},
};

static const struct option options[] = {
        {"owner", required_argument, NULL, WINS_OPT_OWNER},
        {"type", required_argument, NULL, WINS_OPT_TYPE},
        {"state", required_argument, NULL, WINS_OPT_STATE},
        {"static", no_argument, NULL, WINS_OPT_STATIC},
        {"dynamic", no_argument, NULL, WINS_OPT_DYNAMIC},
        {"address", required_argument, NULL, WINS_OPT_ADDRESS},
        {"prefix", required_argument, NULL, WINS_OPT_PREFIX},
        {"suffix", required_argument, NULL, WINS_OPT_SUFFIX},
        {"scope", required_argument, NULL, WINS_OPT_SCOPE},
        {"min-version", required_argument, NULL, WINS_OPT_MIN_VERSION},
        {"max-version", required_argument, NULL, WINS_OPT_MAX_VERSION},
        {"limit", required_argument, NULL, WINS_OPT_LIMIT},
        {"all", no_argument, NULL, WINS_OPT_ALL},
        {"tombstone", no_argument, NULL, WINS_OPT_TOMBSTONE},
        {"dry-run", no_argument, NULL, WINS_OPT_DRY_RUN},
        {"offline", no_argument, NULL, WINS_OPT_OFFLINE},
        {"replace", no_argument, NULL, WINS_OPT_REPLACE},
        {"node", required_argument, NULL, WINS_OPT_NODE},
        {"format", required_argument, NULL, WINS_OPT_FORMAT},
        {"output", required_argument, NULL, WINS_OPT_OUTPUT},
        {"empty", no_argument, NULL, WINS_OPT_EMPTY},
        {"salvage", no_argument, NULL, WINS_OPT_SALVAGE},
        {NULL, 0, NULL, 0},
};

static int take_limit(const struct cli_context *ctx, struct wins_args *args)
{
        char *end = NULL;

        errno = 0;
        args->limit = strtoull(optarg, &end, 10);
        if (end == optarg || *end || errno || *optarg == '-' || args->limit == 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "--limit %s: not a number of records", optarg);
        return CLI_EXIT_OK;
}

static int take_format(const struct cli_context *ctx, struct wins_args *args)
{
        static const char *const words[] = {[WINS_FORMAT_TEXT] = "text",
                                            [WINS_FORMAT_CSV] = "csv",
                                            [WINS_FORMAT_JSON] = "json",
                                            [WINS_FORMAT_LMHOSTS] = "lmhosts"};

        for (size_t i = 0; i < NBT_ARRAY_SIZE(words); i++)
                if (strcmp(words[i], optarg) == 0) {
                        args->format = (enum wins_format)i;
                        return CLI_EXIT_OK;
                }
        return cli_failf(ctx, CLI_EXIT_USAGE, "--format %s: unknown; use text, csv, json or lmhosts", optarg);
}

/* Options that are no filters. */
static int take_option(const struct cli_context *ctx, int option, struct wins_args *args)
{
        args->all |= option == WINS_OPT_ALL;
        args->tombstone |= option == WINS_OPT_TOMBSTONE;
        args->dry_run |= option == WINS_OPT_DRY_RUN;
        args->offline |= option == WINS_OPT_OFFLINE;
        args->replace |= option == WINS_OPT_REPLACE;
        args->empty |= option == WINS_OPT_EMPTY;
        args->salvage |= option == WINS_OPT_SALVAGE;
        if (option == WINS_OPT_NODE)
                args->node = optarg;
        else if (option == WINS_OPT_OUTPUT)
                args->output = optarg;
        else if (option == WINS_OPT_FORMAT)
                return take_format(ctx, args);
        else if (option == WINS_OPT_LIMIT)
                return take_limit(ctx, args);
        return CLI_EXIT_OK;
}

/* CLI_OPT_DONE, or CLI_OPT_EXIT with *ret_exit. */
static int parse_options(struct cli_context *ctx, int argc, char **argv, struct wins_args *args, int *ret_exit)
{
        for (;;) {
                const int option = cli_getopt(ctx, argc, argv, "", options, ret_exit);

                if (option == CLI_OPT_EXIT || option == CLI_OPT_DONE)
                        return option;
                if (option == WINS_OPT_TYPE)
                        args->kind = optarg; /* a type of record or a kind of mapping: the verb tells */
                else if (option < WINS_OPT_LIMIT)
                        *ret_exit = wins_filter_option(ctx, option, optarg, &args->filter);
                else
                        *ret_exit = take_option(ctx, option, args);
                args->has_filter |= option < WINS_OPT_LIMIT;
                args->given |= WINS_OPT_BIT(option);
                if (*ret_exit != CLI_EXIT_OK)
                        return CLI_OPT_EXIT;
        }
}

static const struct verb *find_verb(int argc, char **argv, int *ret_words)
{
        const char *first = optind < argc ? argv[optind] : "", *second = optind + 1 < argc ? argv[optind + 1] : "";

        for (size_t i = 0; i < NBT_ARRAY_SIZE(verbs); i++) {
                const struct verb *verb = &verbs[i];

                if (strcmp(verb->group ? verb->group : verb->name, first) != 0)
                        continue;
                if (verb->group && strcmp(verb->name, second) != 0)
                        continue;
                *ret_words = verb->group ? 2 : 1;
                return verb;
        }
        return NULL;
}

static int tell_no_verb(const struct cli_context *ctx, int argc, char **argv)
{
        const char *first = optind < argc ? argv[optind] : "";

        if (strcmp(first, "static") == 0)
                return cli_fail(ctx, CLI_EXIT_USAGE, "static: list, add, delete or import is expected", NULL,
                                "see 'netbt wins --help'");
        return cli_failf(ctx, CLI_EXIT_USAGE, "%s%sa command is expected; see 'netbt wins --help'", first,
                         first[0] ? ": unknown; " : "");
}

static int check_options(const struct cli_context *ctx, const struct verb *verb, const struct wins_args *args)
{
        for (const struct option *option = options; option->name; option++)
                if (args->given & ~verb->takes & WINS_OPT_BIT(option->val))
                        return cli_failf(ctx, CLI_EXIT_USAGE, "--%s: not an option of %s; see 'netbt wins --help'",
                                         option->name, verb->said);
        return CLI_EXIT_OK;
}

/* What the verb itself cannot see any more. */
static int check_args(const struct cli_context *ctx, const struct verb *verb, struct wins_args *args)
{
        const bool is_mapping = verb->run == wins_run_add && (args->is_static || args->filter.is_static);

        if (args->kind && !is_mapping)
                return wins_filter_option(ctx, WINS_OPT_TYPE, args->kind, &args->filter);
        if ((args->filter.min_version || args->filter.max_version) && !args->filter.has_owner)
                return cli_fail(ctx, CLI_EXIT_USAGE, "--min-version and --max-version go with --owner", NULL,
                                "each WINS server counts for itself");
        return CLI_EXIT_OK;
}

static int run(struct cli_context *ctx, int argc, char **argv)
{
        struct wins_args args = {0};
        int exit = CLI_EXIT_OK, words = 0;

        if (parse_options(ctx, argc, argv, &args, &exit) == CLI_OPT_EXIT)
                return exit;
        const struct verb *verb = find_verb(argc, argv, &words);

        if (!verb)
                return tell_no_verb(ctx, argc, argv);
        args.verb = verb->said;
        args.is_static = verb->group != NULL;
        for (int i = optind + words; i < argc; i++) {
                if (args.word_count == WINS_ARGS_MAX_WORDS)
                        return cli_failf(ctx, CLI_EXIT_USAGE, "%s: too many words", args.verb);
                args.words[args.word_count++] = argv[i];
        }
        exit = check_options(ctx, verb, &args);
        if (exit == CLI_EXIT_OK)
                exit = check_args(ctx, verb, &args);
        return exit == CLI_EXIT_OK ? verb->run(ctx, &args) : exit;
}

const struct cli_command cli_cmd_wins = {"wins", "the WINS Manager: records, static mappings, backup", help, run};
