/* netbt dhcp: what DHCP has to do with names: lease databases, and the settings that come from servers. */
#include "cli/dhcp_cmd.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
        "Usage: netbt dhcp check  FILE... [--wins SOCKET]   what is wrong in lease databases\n"
        "       netbt dhcp repair FILE [-o CLEAN]   a clean copy beside the file, which is only read\n"
        "       netbt dhcp inform [-i IFACE] [--save]   ask DHCP servers for options 43 to 47\n"
        "       netbt dhcp show   [-i IFACE]        the settings' Dhcp* values: in use, hidden, left over\n"
        "       netbt dhcp clear  [-i IFACE] [--all] [--yes]   take those left over (--all: all) out of the settings\n"
        "       netbt dhcp learn  -i IFACE [--wins LIST] [--nbdd LIST] [--node-type N] [--scope SCOPE] [--netbios N]\n"
        "                         [--release]       what a DHCP client's hook tells\n"
        "\n"
        "check and repair read the databases of ISC dhcpd, Kea (with the .completed, .2 and .1 of its clean-up), "
        "dnsmasq\n"
        "and udhcpd; check also the CSV of Get-DhcpServerv4Lease | Export-Csv from Windows.\n"
        "\n"
        "      --format WORD   isc, kea, dnsmasq, udhcpd or windows (default: found out)\n"
        "      --all           check: show all findings; clear: take out values in use, too\n"
        "  -o, --output CLEAN  repair: where to write (default FILE.clean)\n"
        "      --force         repair: overwrite CLEAN\n"
        "  -i, --iface IFACE   the interface, by the name that the settings have for it\n"
        "      --timeout MS    inform: how long to wait for the first answer (default 4000)\n"
        "      --save          inform: write what was learnt to the settings\n"
        "      --yes           clear: do it; without, it is only shown\n"
        "      --wins SOCKET   check: winsd's control socket; leases whose address WINS gives to another name are "
        "told\n"
        "      --wins LIST, --nbdd LIST     learn: addresses, with blanks between (options 44, 45)\n"
        "      --node-type N, --scope SCOPE (options 46, 47); --netbios N: 0, 1 or 2 (option 43, Microsoft's part 1)\n"
        "      --release       learn: the lease is gone, and what it told with it\n"
        "      --json, --config FILE, --state-dir DIR, --runtime-dir DIR, --color[=WHEN], --help, --version\n"
        "\n"
        "Settings are backed up before they change, and a running netbtd reads them anew.\n"
        "\n"
        "Exit status: 0 done, nothing wrong; 1 something is wrong, or left over; 2 wrong usage or unreadable input; 3 "
        "could\n"
        "not be done (no answer, no permission).\n"
        "Examples:  netbt dhcp check /var/lib/dhcp/dhcpd.leases\n"
        "           sudo netbt dhcp inform -i eth0\n";

static const struct verb {
        const char *name;
        int (*run)(struct dhcp_request *request);
} verbs[] = {
        {"check", dhcp_check}, {"repair", dhcp_repair}, {"inform", dhcp_inform},
        {"show", dhcp_show},   {"clear", dhcp_clear},   {"learn", dhcp_learn},
};

enum {
        OPT_FORMAT = 0x300,
        OPT_ALL,
        OPT_YES,
        OPT_FORCE,
        OPT_SAVE,
        OPT_TIMEOUT,
        OPT_WINS,
        OPT_NBDD,
        OPT_TYPE,
        OPT_SCOPE,
        OPT_NETBIOS,
        OPT_RELEASE,
};

static const struct option options[] = {
        {"format", required_argument, NULL, OPT_FORMAT},
        {"all", no_argument, NULL, OPT_ALL},
        {"output", required_argument, NULL, 'o'},
        {"force", no_argument, NULL, OPT_FORCE},
        {"iface", required_argument, NULL, 'i'},
        {"timeout", required_argument, NULL, OPT_TIMEOUT},
        {"save", no_argument, NULL, OPT_SAVE},
        {"yes", no_argument, NULL, OPT_YES},
        {"wins", required_argument, NULL, OPT_WINS},
        {"nbdd", required_argument, NULL, OPT_NBDD},
        {"node-type", required_argument, NULL, OPT_TYPE},
        {"scope", required_argument, NULL, OPT_SCOPE},
        {"netbios", required_argument, NULL, OPT_NETBIOS},
        {"release", no_argument, NULL, OPT_RELEASE},
        {0},
};

static int take_timeout(struct dhcp_request *request, const char *text)
{
        char *end = NULL;
        const unsigned long ms = strtoul(text, &end, 10);

        if (*end || end == text || ms < 100 || ms > 60000)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, text, "not a time", "--timeout takes 100 to 60000 ms");
        request->timeout_ms = (unsigned)ms;
        return 0;
}

static int take_text(struct dhcp_request *request, int option, const char *text)
{
        switch (option) {
        case 'o':
                request->output = text;
                return 0;
        case 'i':
                request->iface = text;
                return 0;
        case OPT_WINS:
                request->wins = text;
                return 0;
        case OPT_NBDD:
                request->nbdd = text;
                return 0;
        case OPT_TYPE:
                request->node_type = text;
                return 0;
        case OPT_SCOPE:
                request->scope = text;
                return 0;
        case OPT_NETBIOS:
                request->netbios = text;
                return 0;
        case OPT_TIMEOUT:
                return take_timeout(request, text);
        default:
                if (lease_format_parse(text, &request->format) == 0)
                        return 0;
                return cli_fail(request->ctx, CLI_EXIT_USAGE, text, "not a format",
                                "known are isc, kea, dnsmasq, udhcpd and windows");
        }
}

static void take_switch(struct dhcp_request *request, int option)
{
        request->all |= option == OPT_ALL;
        request->yes |= option == OPT_YES;
        request->force |= option == OPT_FORCE;
        request->save |= option == OPT_SAVE;
        request->release |= option == OPT_RELEASE;
}

static int parse(struct dhcp_request *request, int argc, char **argv, int *ret_exit)
{
        for (;;) {
                const int option = cli_getopt(request->ctx, argc, argv, "o:i:", options, ret_exit);

                if (option == CLI_OPT_DONE || option == CLI_OPT_EXIT)
                        return option;
                if (!optarg) {
                        take_switch(request, option);
                        continue;
                }
                *ret_exit = take_text(request, option, optarg);
                if (*ret_exit)
                        return CLI_OPT_EXIT;
        }
}

static int run(struct cli_context *ctx, int argc, char **argv)
{
        struct dhcp_request request = {.ctx = ctx, .timeout_ms = 4000};
        const struct verb *verb = NULL;
        int exit = 0;

        if (parse(&request, argc, argv, &exit) == CLI_OPT_EXIT)
                return exit;
        for (size_t i = 0; optind < argc && i < NBT_ARRAY_SIZE(verbs); i++)
                if (strcmp(argv[optind], verbs[i].name) == 0)
                        verb = &verbs[i];
        if (!verb)
                return cli_fail(ctx, CLI_EXIT_USAGE, optind < argc ? argv[optind] : "a verb is expected",
                                optind < argc ? "no such verb" : NULL, "see 'netbt dhcp --help'");
        request.argc = argc - optind - 1;
        request.argv = argv + optind + 1;
        exit = verb->run(&request);
        arena_done(&request.arena);
        return exit;
}

const struct cli_command cli_cmd_dhcp = {
        .name = "dhcp",
        .summary = "lease databases, and what DHCP tells of WINS, node type and scope",
        .help = help,
        .run = run,
};
