/* `netbt ipconfig`: Windows' view of this machine, from live interfaces, the running node, the settings and DHCP's values. */
#include "cli/cli.h"
#include "cli/ipconfig.h"
#include "cli/local.h"
#include "cli/settings_file.h"

#include "ctl/ctl.h"
#include "io/netif.h"
#include "settings/effective.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define IP_FORWARD "/proc/sys/net/ipv4/ip_forward"
#define HOST_NAME_BYTES 256

static const char help[] =
        "Usage: netbt ipconfig [/all] [/renew] [/release]\n"
        "       ipconfig-nbt [/all] [/renew] [/release]\n"
        "\n"
        "Shows this machine's adapters, host name, node type and WINS servers in Windows' layout.\n"
        "\n"
        "  /all, --all      everything; without it: addresses and gateways\n"
        "  /renew           lets netbtd read its settings again, as Windows' ipconfig /renew lets NetBT; the lease\n"
        "                   itself is the system's DHCP client's\n"
        "  /release         not done here: says who can\n"
        "  --json           one JSON document, of everything\n"
        "  --config FILE    settings (default /etc/netbt/netbt.reg)\n"
        "  --runtime-dir DIR, --help, --version\n"
        "\n"
        "Host Name is what Windows would show: the value Hostname of the settings, else the machine's own name. WINS\n"
        "servers are the running node's, the one in use first; without a node, those of the settings.\n"
        "\n"
        "Exit status: 0 done; 2 wrong usage, or settings that cannot be read; 3 could not be done.\n"
        "Examples:  netbt ipconfig /all        ipconfig-nbt /renew\n";

enum verb { VERB_SHOW, VERB_RENEW, VERB_RELEASE };

struct collection {
        const struct cli_context *ctx;
        struct arena arena;
        struct ipconfig config;
        struct settings_effective settings;
        bool node_runs;
        struct ctl_reply node;
        struct ipconfig_list resolvers;
};

/* ---- sources ----------------------------------------------------------------------------------------------------- */

static void add_text(struct collection *c, struct ipconfig_list *list, const char *text, size_t len)
{
        const char *copy =
                len && list->count < IPCONFIG_MAX_LIST ? arena_printf(&c->arena, "%.*s", (int)len, text) : NULL;

        if (copy)
                list->texts[list->count++] = copy;
}

/* Words of a text, apart by blanks or commas. */
static void add_words(struct collection *c, struct ipconfig_list *list, const char *text)
{
        while (*text) {
                const size_t len = strcspn(text, " ,\t\r\n");

                add_text(c, list, text, len);
                text += len + (text[len] != '\0');
        }
}

static void read_resolv_conf(struct collection *c)
{
        FILE *file = fopen(RESOLV_CONF, "re");
        char line[512];

        while (file && fgets(line, sizeof(line), file)) {
                if (strncmp(line, "nameserver", 10) == 0 && isspace((unsigned char)line[10]))
                        add_words(c, &c->resolvers, line + 11);
                else if (strncmp(line, "search", 6) == 0 && isspace((unsigned char)line[6]) && !c->config.search.count)
                        add_words(c, &c->config.search, line + 7);
        }
        if (file)
                fclose(file);
}

static bool routing_enabled(const struct collection *c)
{
        FILE *file = fopen(IP_FORWARD, "re");
        const int digit = file ? fgetc(file) : EOF;

        if (file)
                fclose(file);
        return digit == EOF ? c->settings.ip_router.value != 0 : digit == '1';
}

/* The settings, or none if there is no file: then the defaults are what holds. */
static int read_settings(struct collection *c)
{
        struct reg_doc *doc = NULL;
        const int exit = settings_file_load(c->ctx, c->ctx->config_path, true, &doc);

        if (exit)
                return exit;
        const int rc = settings_effective_build(doc, &c->arena, &c->settings);
        reg_doc_free(doc);
        return rc < 0 ? cli_fail(c->ctx, CLI_EXIT_FAILED, NULL, nbt_err_str(rc), NULL) : 0;
}

/* What runs tells more than what is configured; without a node the settings must do. */
static void ask_node(struct collection *c)
{
        const struct ctl_request request = {.type = CTL_REQUEST_VIEW};
        struct ctl_client *client = NULL;
        int rc = ctl_connect(c->ctx->runtime_dir, &client);

        if (rc == 0)
                rc = ctl_call(client, &request, &c->arena, &c->node);
        if (rc == 0)
                rc = c->node.result;
        c->node_runs = rc == 0;
        if (rc < 0 && rc != NBT_ERR_NOT_FOUND)
                local_fail(c->ctx, CLI_EXIT_OK, "the running node was not asked, the settings are shown", rc);
        ctl_close(client);
}

/* ---- putting it together ----------------------------------------------------------------------------------------- */

static const char *title_of(const struct netif *netif)
{
        char path[64];

        snprintf(path, sizeof(path), "/sys/class/net/%s/wireless", netif->name);
        if (access(path, F_OK) == 0)
                return "Wireless LAN adapter";
        if (netif->point_to_point)
                return "PPP adapter";
        return netif->has_mac ? "Ethernet adapter" : "Unknown adapter";
}

static void take_settings_wins(const struct collection *c, const struct settings_iface *own,
                               struct ipconfig_adapter *adapter)
{
        const bool has_own = own && own->wins_count;
        const uint32_t *wins = has_own ? own->wins : c->settings.wins;

        adapter->wins_count = has_own ? own->wins_count : c->settings.wins_count;
        memcpy(adapter->wins, wins, adapter->wins_count * sizeof(*wins));
        if (adapter->wins_count)
                adapter->wins_origin = settings_origin_str(has_own ? own->wins_origin : SETTINGS_STATIC);
}

/* KB247559: after a failover the server in use is shown as the primary. */
static void put_current_first(const struct collection *c, uint32_t iface_id, struct ipconfig_adapter *adapter)
{
        for (size_t i = 0; i < c->node.view.wins_count; i++) {
                const struct node_view_wins *server = &c->node.view.wins[i];
                if (server->iface_id != iface_id || !server->current)
                        continue;
                for (size_t j = 1; j < adapter->wins_count; j++)
                        if (adapter->wins[j] == server->address) {
                                adapter->wins[j] = adapter->wins[0];
                                adapter->wins[0] = server->address;
                        }
        }
}

static void take_node_iface(const struct collection *c, const struct netif *netif, struct ipconfig_adapter *adapter)
{
        for (size_t i = 0; i < c->node.view.iface_count; i++) {
                const struct node_iface *iface = &c->node.view.ifaces[i];
                bool is_ours = false;

                for (size_t j = 0; j < netif->address_count; j++)
                        is_ours |= netif->addresses[j].address == iface->address;
                if (!is_ours)
                        continue;
                adapter->netbios_enabled = iface->netbios_enabled;
                adapter->wins_count = iface->wins_count < NODE_MAX_WINS ? iface->wins_count : NODE_MAX_WINS;
                memcpy(adapter->wins, iface->wins, adapter->wins_count * sizeof(adapter->wins[0]));
                if (adapter->wins_count && !adapter->wins_origin)
                        adapter->wins_origin = "running node";
                put_current_first(c, iface->id, adapter);
                return;
        }
}

static void take_dhcp(struct collection *c, const struct netif *netif, const struct settings_iface *own,
                      struct ipconfig_adapter *adapter)
{
        adapter->dhcp_known = true;
        adapter->dhcp_enabled = netif->address_count && netif->addresses[0].dynamic;
        adapter->dns_suffix = "";
        if (own) {
                if (own->dhcp_known && !adapter->dhcp_enabled)
                        adapter->dhcp_enabled = own->dhcp_enabled;
                adapter->dhcp_server = own->dhcp_server;
                adapter->lease_obtained_s = own->lease_obtained_s;
                adapter->lease_expires_s = own->lease_expires_s;
                adapter->dns_suffix = *own->domain ? own->domain : own->dhcp_domain;
                add_words(c, &adapter->dns_servers, own->name_servers);
        }
        if (adapter->dns_servers.count == 0 && netif->gateway)
                adapter->dns_servers = c->resolvers;
}

static int take_adapter(struct collection *c, const struct netif *netif, struct ipconfig_adapter *adapter)
{
        const struct settings_iface *own = settings_iface_find(&c->settings, netif->name);
        struct ipconfig_address *addresses = arena_alloc(&c->arena, (netif->address_count + 1) * sizeof(*addresses));

        if (!addresses)
                return NBT_ERR_NOMEM;
        *adapter = (struct ipconfig_adapter){.name = netif->name,
                                             .title = title_of(netif),
                                             .description = *netif->kind ? netif->kind : "network device",
                                             .up = netif->up,
                                             .has_mac = netif->has_mac,
                                             .gateway = netif->gateway,
                                             .addresses = addresses,
                                             .address_count = netif->address_count};
        memcpy(adapter->mac, netif->mac, sizeof(adapter->mac));
        for (size_t i = 0; i < netif->address_count; i++)
                addresses[i] = (struct ipconfig_address){netif->addresses[i].address, netif->addresses[i].netmask};
        adapter->netbios_enabled = !own || own->netbios_options.value != SETTINGS_NETBIOS_DISABLE;
        take_settings_wins(c, own, adapter);
        take_node_iface(c, netif, adapter);
        take_dhcp(c, netif, own, adapter);
        return 0;
}

static int take_adapters(struct collection *c)
{
        const struct netif *rows = NULL;
        const int count = netif_list(&c->arena, &rows);
        struct ipconfig_adapter *adapters =
                count < 0 ? NULL : arena_alloc(&c->arena, ((size_t)count + 1) * sizeof(*adapters));

        if (count < 0 || !adapters)
                return cli_fail(c->ctx, CLI_EXIT_FAILED, "interfaces", cli_why(count < 0 ? count : NBT_ERR_NOMEM),
                                NULL);
        for (int i = 0; i < count; i++) {
                if (rows[i].loopback)
                        continue;
                if (take_adapter(c, &rows[i], &adapters[c->config.adapter_count]) < 0)
                        return cli_fail(c->ctx, CLI_EXIT_FAILED, NULL, nbt_err_str(NBT_ERR_NOMEM), NULL);
                c->config.adapter_count++;
        }
        c->config.adapters = adapters;
        return 0;
}

static void take_global(struct collection *c)
{
        struct ipconfig *config = &c->config;
        char *name = arena_alloc(&c->arena, HOST_NAME_BYTES);
        char *dot = NULL;

        if (name && gethostname(name, HOST_NAME_BYTES - 1) == 0)
                dot = strchr(name, '.');
        config->primary_suffix = *c->settings.domain ? c->settings.domain : dot ? dot + 1 : "";
        if (dot)
                *dot = '\0';
        config->machine_name = name ? name : "";
        config->host_name =
                c->settings.host_names[HOSTNAME_TCPIP] ? c->settings.host_names[HOSTNAME_TCPIP] : config->machine_name;
        config->node_type = c->node_runs ? c->node.view.type : (enum node_type)c->settings.node_type.value;
        config->node_type_origin = c->node_runs ? "running node" : settings_origin_str(c->settings.node_type.origin);
        if (c->node_runs)
                config->scope = c->node.view.scope;
        else if (nb_scope_parse(c->settings.scope.text, &config->scope) < 0)
                config->scope = (struct nb_scope){0};
        config->wins_proxy = c->settings.enable_proxy.value != 0;
        config->routing = routing_enabled(c);
        add_words(c, &config->search, c->settings.search_list);
}

static int show(struct cli_context *ctx, bool all)
{
        struct collection c = {.ctx = ctx};
        int exit = read_settings(&c);

        if (exit == 0) {
                ask_node(&c);
                take_global(&c);
                read_resolv_conf(&c);
                exit = take_adapters(&c);
        }
        if (exit == 0 && ctx->json)
                ipconfig_print_json(ctx->out, &c.config);
        else if (exit == 0)
                ipconfig_print(ctx->out, &c.config, all);
        arena_done(&c.arena);
        return exit;
}

/* ---- /renew and /release ----------------------------------------------------------------------------------------- */

static int signal_daemon(struct cli_context *ctx, const struct ctl_reply *reply)
{
        const pid_t pid = (pid_t)reply->server.pid;

        if (pid <= 1 || kill(pid, SIGHUP) < 0)
                return cli_failf(ctx, CLI_EXIT_FAILED, "%s (process %d): could not be told: %s; run it as root",
                                 reply->server.program, (int)pid, pid <= 1 ? "no such process" : strerror(errno));
        fprintf(ctx->out,
                "%s reads its settings again. The lease itself is the system's DHCP client's: to renew that too, use\n"
                "'networkctl renew IFACE', 'nmcli device reapply IFACE' or 'dhclient IFACE', whichever runs here.\n",
                reply->server.program);
        return CLI_EXIT_OK;
}

static int renew(struct cli_context *ctx)
{
        const struct ctl_request request = {.type = CTL_REQUEST_SERVER};
        struct ctl_client *client = NULL;
        struct arena arena = ARENA_INIT;
        struct ctl_reply reply = {0};
        int rc = ctl_connect(ctx->runtime_dir, &client);

        if (rc == 0)
                rc = ctl_call(client, &request, &arena, &reply);
        ctl_close(client);
        const int exit = rc < 0 ? local_fail(ctx, CLI_EXIT_FAILED, "/renew", rc) : signal_daemon(ctx, &reply);
        arena_done(&arena);
        return exit;
}

static int release(struct cli_context *ctx)
{
        return cli_fail(
                ctx, CLI_EXIT_FAILED, "/release", "the lease is the system's DHCP client's, not netbt's",
                "use 'networkctl down IFACE', 'nmcli device disconnect IFACE' or 'dhclient -r IFACE'; netbtd follows "
                "the address by itself");
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static bool is_word(const char *argument, const char *word)
{
        return (*argument == '/' || *argument == '-') && strcasecmp(argument + 1, word) == 0;
}

/* Takes Windows' switches away; the others are left for getopt. */
static int take_slashes(int argc, char **argv, enum verb *ret_verb, bool *ret_all, bool *ret_help)
{
        int kept = 0;

        for (int i = 0; i < argc; i++) {
                if (i && is_word(argv[i], "all"))
                        *ret_all = true;
                else if (i && is_word(argv[i], "renew"))
                        *ret_verb = VERB_RENEW;
                else if (i && is_word(argv[i], "release"))
                        *ret_verb = VERB_RELEASE;
                else if (i && (is_word(argv[i], "?") || is_word(argv[i], "h")))
                        *ret_help = true;
                else
                        argv[kept++] = argv[i];
        }
        argv[kept] = NULL;
        return kept;
}

static int run(struct cli_context *ctx, int argc, char **argv)
{
        static const struct option options[] = {{"all", no_argument, NULL, 'a'}, {0}};
        enum verb verb = VERB_SHOW;
        bool all = false, wants_help = false;
        int exit = 0, option = 0;

        argc = take_slashes(argc, argv, &verb, &all, &wants_help);
        while ((option = cli_getopt(ctx, argc, argv, "", options, &exit)) == 'a')
                all = true;
        if (option == CLI_OPT_EXIT)
                return exit;
        if (wants_help) {
                fputs(help, ctx->out);
                return CLI_EXIT_OK;
        }
        if (optind < argc)
                return cli_fail(ctx, CLI_EXIT_USAGE, argv[optind], "no such switch", "see 'netbt ipconfig --help'");
        switch (verb) {
        case VERB_RENEW:
                return renew(ctx);
        case VERB_RELEASE:
                return release(ctx);
        case VERB_SHOW:
                break;
        }
        return show(ctx, all);
}

const struct cli_command cli_cmd_ipconfig = {
        .name = "ipconfig",
        .summary = "adapters, host name, node type and WINS servers, as Windows shows them",
        .help = help,
        .run = run,
};
