/* `netbt reg`: the settings file, in the manner of Windows' reg.exe. */
#include "cli/reg_cmd.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char help[] =
        "Usage: netbt reg query  KEY [/v NAME | /ve] [/s]\n"
        "       netbt reg add    KEY [/v NAME | /ve] [/t TYPE] [/s SEPARATOR] [/d DATA] [/f]\n"
        "       netbt reg delete KEY [/v NAME | /ve | /va] [/f]\n"
        "       netbt reg export KEY FILE|- [/y]\n"
        "       netbt reg import FILE|- [/f]\n"
        "       netbt reg backup [--list]\n"
        "       netbt reg restore BACKUP|latest\n"
        "       netbt reg check  [FILE]\n"
        "       netbt reg schema [NAME]\n"
        "\n"
        "Reads and edits the settings file, a Windows Registry Editor file, with Windows' key and value names.\n"
        "HKLM stands for HKEY_LOCAL_MACHINE, and so on. Every change is checked first, backed up, and atomic;\n"
        "comments, order and encoding of the file stay. netbtd takes changes on SIGHUP or when it starts.\n"
        "\n"
        "  -v, --value NAME     the value; /ve, --ve: the key's default value\n"
        "  -t, --type TYPE      REG_SZ, REG_DWORD, REG_MULTI_SZ, ... (default: what the value ought to be)\n"
        "  -d, --data DATA      numbers decimal or 0x...; texts of a REG_MULTI_SZ stand apart by \\0\n"
        "  -s                   query: keys below too; add: -s SEPARATOR in place of \\0\n"
        "  --va                 delete: all values of the key\n"
        "  -f, --force, /y      do not ask; overwrite; write what would otherwise be refused as unknown\n"
        "  --list               backup: list what there is\n"
        "  --json               one JSON document\n"
        "  --config FILE        the settings (default /etc/netbt/netbt.reg)\n"
        "  --state-dir DIR      its backups are in DIR/backups (default /var/lib/netbt)\n"
        "  --help, --version\n"
        "\n"
        "check reads the whole file and says what is wrong in it.\n"
        "\n"
        "Exit status: 0 done, nothing wrong; 1 not found, or check found something; 2 wrong usage, a file that cannot\n"
        "be read, or a value that is refused; 3 could not be done.\n"
        "Examples:\n"
        "  netbt reg query HKLM\\\\SYSTEM\\\\CurrentControlSet\\\\Services\\\\NetBT\\\\Parameters\n"
        "  netbt reg add 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters' /v NodeType /t REG_DWORD /d 8\n"
        "  netbt reg check export-from-windows.reg\n";

static const struct verb {
        const char *name;
        int (*run)(struct reg_request *request);
        bool separator; /* -s takes an argument */
} verbs[] = {
        {"query", reg_query, false},     {"add", reg_add, true},        {"delete", reg_delete, false},
        {"export", reg_export, false},   {"import", reg_import, false}, {"backup", reg_backup, false},
        {"restore", reg_restore, false}, {"check", reg_check, false},   {"schema", reg_schema, false},
};

/* Windows' spelling of a switch; each with ours. */
static const struct slash {
        const char *windows, *ours;
        bool argument;
} slashes[] = {
        {"/v", "-v", true},  {"/ve", "--ve", false}, {"/va", "--va", false},
        {"/t", "-t", true},  {"/d", "-d", true},     {"/s", "-s", false},
        {"/f", "-f", false}, {"/y", "-f", false},    {"/?", "--help", false},
};

static const struct slash *find_slash(const char *word)
{
        for (size_t i = 0; i < NBT_ARRAY_SIZE(slashes); i++)
                if (strcasecmp(word, slashes[i].windows) == 0 || strcmp(word, slashes[i].ours) == 0)
                        return &slashes[i];
        return NULL;
}

/* A copy of ARGV with Windows' switches in our spelling; what follows a switch that takes an argument is left as it is. */
static char **translate(int argc, char **argv, const struct verb *verb, struct arena *arena)
{
        char **out = arena_alloc(arena, ((size_t)argc + 1) * sizeof(*out));

        for (int i = 0; out && i < argc; i++) {
                const struct slash *slash = i ? find_slash(argv[i]) : NULL;

                out[i] = slash ? arena_strdup(arena, slash->ours) : argv[i];
                if (!out[i])
                        return NULL;
                const bool argument = slash && (slash->argument || (verb->separator && strcmp(slash->ours, "-s") == 0));
                if (argument && i + 1 < argc) {
                        i++;
                        out[i] = argv[i];
                }
        }
        return out;
}

enum { OPTION_VE = 0x200, OPTION_VA, OPTION_LIST };

static int parse_options(struct reg_request *request, int argc, char **argv, const struct verb *verb, int *ret_exit)
{
        static const struct option options[] = {
                {"value", required_argument, NULL, 'v'},  {"type", required_argument, NULL, 't'},
                {"data", required_argument, NULL, 'd'},   {"force", no_argument, NULL, 'f'},
                {"ve", no_argument, NULL, OPTION_VE},     {"va", no_argument, NULL, OPTION_VA},
                {"list", no_argument, NULL, OPTION_LIST}, {0}};

        for (;;) {
                const int option = cli_getopt(request->ctx, argc, argv, verb->separator ? "v:t:d:s:f" : "v:t:d:sf",
                                              options, ret_exit);
                switch (option) {
                case 'v':
                        request->value = optarg;
                        break;
                case OPTION_VE:
                        request->value = "";
                        break;
                case OPTION_VA:
                        request->all_values = true;
                        break;
                case 't':
                        request->type = optarg;
                        break;
                case 'd':
                        request->data = optarg;
                        break;
                case 's':
                        request->separator = optarg;
                        request->recursive = true;
                        break;
                case 'f':
                        request->force = true;
                        break;
                case OPTION_LIST:
                        request->list = true;
                        break;
                default:
                        return option;
                }
        }
}

static const struct verb *find_verb(int argc, char **argv)
{
        for (int i = 1; i < argc; i++)
                for (size_t j = 0; j < NBT_ARRAY_SIZE(verbs); j++)
                        if (strcasecmp(argv[i], verbs[j].name) == 0)
                                return &verbs[j];
        return NULL;
}

static int run_verb(struct reg_request *request, const struct verb *verb, int argc, char **argv)
{
        int exit = 0;
        char **words = translate(argc, argv, verb, &request->arena);

        if (!words)
                return cli_fail(request->ctx, CLI_EXIT_FAILED, NULL, nbt_err_str(NBT_ERR_NOMEM), NULL);
        if (parse_options(request, argc, words, verb, &exit) == CLI_OPT_EXIT)
                return exit;
        if (optind >= argc || strcasecmp(words[optind], verb->name) != 0)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, optind < argc ? words[optind] : "reg", "no such verb",
                                "see 'netbt reg --help'");
        request->argc = argc - optind - 1;
        request->argv = words + optind + 1;
        return verb->run(request);
}

static int run(struct cli_context *ctx, int argc, char **argv)
{
        static const struct verb none = {"", NULL, false};
        const struct verb *verb = find_verb(argc, argv);
        struct reg_request request = {.ctx = ctx};
        int exit = 0;

        if (verb)
                exit = run_verb(&request, verb, argc, argv);
        else if (parse_options(&request, argc, argv, &none, &exit) != CLI_OPT_EXIT)
                exit = cli_fail(ctx, CLI_EXIT_USAGE, optind < argc ? argv[optind] : "a verb is expected",
                                optind < argc ? "no such verb" : NULL, "see 'netbt reg --help'");
        arena_done(&request.arena);
        return exit;
}

const struct cli_command cli_cmd_reg = {
        .name = "reg",
        .summary = "read, change, check, back up and restore the settings",
        .help = help,
        .run = run,
};
