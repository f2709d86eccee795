#include "daemon/config.h"

#include "base/ip4.h"
#include "settings/hostname.h"

#include <getopt.h>
#include <string.h>
#include <strings.h>

/* What both daemons take, and say of it. */
#define COMMON_HELP                                                                                                    \
        "  -n NAME              computer name: NAME<00>, NAME<03> and NAME<20> are registered\n"                       \
        "  -g WORKGROUP         group name WORKGROUP<00>\n"                                                            \
        "  -u USER              user name USER<03>; may be repeated\n"                                                 \
        "  -w WINS              address of a WINS server, the primary first; may be repeated\n"                        \
        "  -t b|p|m|h           node type: broadcast, point-to-point, mixed or hybrid\n"                               \
        "  --scope ID           NetBIOS scope\n"                                                                       \
        "  -v                   say more; may be repeated\n"                                                           \
        "  --config FILE        settings (default /etc/netbt/netbt.reg)\n"                                             \
        "  --state-dir DIR      event log and backups (default /var/lib/netbt)\n"                                      \
        "  --runtime-dir DIR    control socket (default /run/netbt)\n"                                                 \
        "  --no-sandbox         keep user, capabilities and system calls (for debuggers)\n"                            \
        "  --help, --version\n"                                                                                        \
        "\n"                                                                                                           \
        "Switches override the settings file, which overrides what DHCP said, which overrides the defaults.\n"

const struct daemon_program DAEMON_NETBTD = {
        .name = "netbtd",
        .help = "Usage: netbtd [-i IFACE|ADDRESS]... [-n NAME] [-g WORKGROUP] [-u USER]... [-w WINS]...\n"
                "              [-t b|p|m|h] [--scope ID] [-v]...\n"
                "\n"
                "The NetBT end node: registers, defends, refreshes and releases this machine's NetBIOS names.\n"
                "Runs in the foreground. SIGTERM releases every name and ends; SIGHUP reads the settings again.\n"
                "\n"
                "  -i IFACE|ADDRESS     run on this interface or address only; may be repeated (default: "
                "all)\n" COMMON_HELP,
};

const struct daemon_program DAEMON_WINSD = {
        .name = "winsd",
        .serves_wins = true,
        .help = "Usage: winsd [-l ADDRESS]... [-n NAME] [-g WORKGROUP] [-u USER]... [-w WINS]... [-t b|p|m|h]\n"
                "             [--scope ID] [-v]...\n"
                "\n"
                "The WINS server (NetBIOS name server), with the NetBT end node of its machine.\n"
                "Runs in the foreground. SIGTERM releases this machine's names, writes what is left and ends;\n"
                "SIGHUP reads the settings again.\n"
                "\n"
                "  -l ADDRESS|IFACE     serve on this address or interface only; may be repeated (default: all)\n"
                "  -i IFACE|ADDRESS     the same\n" COMMON_HELP,
};

enum long_switch {
        SWITCH_SCOPE = 0x100,
        SWITCH_CONFIG,
        SWITCH_STATE,
        SWITCH_RUNTIME,
        SWITCH_HELP,
        SWITCH_VERSION,
        SWITCH_NO_SANDBOX
};

/* The program is known from the prefix of the line. */
static int wrong(struct strbuf *error, int code, const char *what, const char *why)
{
        strbuf_printf(error, "%s: %s; --help lists the switches", what, why);
        return code;
}

static int take_type(const char *text, struct daemon_switches *s, struct strbuf *error)
{
        static const struct {
                char letter;
                enum node_type type;
        } types[] = {{'b', NODE_TYPE_B}, {'p', NODE_TYPE_P}, {'m', NODE_TYPE_M}, {'h', NODE_TYPE_H}};

        for (size_t i = 0; i < NBT_ARRAY_SIZE(types); i++)
                if ((text[0] | 0x20) == types[i].letter && !text[1]) {
                        s->type = types[i].type;
                        return 0;
                }
        return wrong(error, NBT_ERR_MALFORMED, text, "not a node type; use b, p, m or h");
}

static int take_wins(const char *text, struct daemon_switches *s, struct strbuf *error)
{
        uint32_t address = 0;

        if (ip4_parse(text, &address) < 0 || address == 0)
                return wrong(error, NBT_ERR_MALFORMED, text, "not the IPv4 address of a WINS server");
        if (s->wins_count == NODE_MAX_WINS)
                return wrong(error, NBT_ERR_RANGE, text, "more WINS servers than Windows takes (12)");
        s->wins[s->wins_count++] = address;
        return 0;
}

static int take_name(const char *text, const char **ret, struct strbuf *error)
{
        if (!*text || strlen(text) > 15)
                return wrong(error, NBT_ERR_RANGE, *text ? text : "''", "a NetBIOS name has 1 to 15 bytes");
        *ret = text;
        return 0;
}

static int take_user(const char *text, struct daemon_switches *s, struct strbuf *error)
{
        if (s->user_count == NODE_MAX_USERS)
                return wrong(error, NBT_ERR_RANGE, text, "more users than can be registered (16)");
        const int rc = take_name(text, &s->users[s->user_count], error);
        if (rc == 0)
                s->user_count++;
        return rc;
}

static int take_iface(const char *text, struct daemon_switches *s, struct strbuf *error)
{
        if (!*text)
                return wrong(error, NBT_ERR_MALFORMED, "-i", "names no interface");
        if (s->iface_count == DAEMON_MAX_SPECS)
                return wrong(error, NBT_ERR_RANGE, text, "more -i than can be taken (32)");
        s->ifaces[s->iface_count++] = text;
        return 0;
}

static int take_switch(int option, const char *argument, struct daemon_switches *s, struct strbuf *error)
{
        switch (option) {
        case 'i':
        case 'l':
                return take_iface(argument, s, error);
        case 'n':
                return take_name(argument, &s->name, error);
        case 'g':
                return take_name(argument, &s->workgroup, error);
        case 'u':
                return take_user(argument, s, error);
        case 'w':
                return take_wins(argument, s, error);
        case 't':
                return take_type(argument, s, error);
        case 'v':
                s->verbosity++;
                return 0;
        case SWITCH_SCOPE:
                s->scope = argument;
                return 0;
        case SWITCH_CONFIG:
                s->config_path = argument;
                s->config_given = true;
                return 0;
        case SWITCH_STATE:
                s->state_dir = argument;
                return 0;
        case SWITCH_RUNTIME:
                s->runtime_dir = argument;
                return 0;
        case SWITCH_NO_SANDBOX:
                s->no_sandbox = true;
                return 0;
        case SWITCH_HELP:
                s->help = true;
                return 0;
        case SWITCH_VERSION:
                s->version = true;
                return 0;
        default:
                return NBT_ERR_MALFORMED;
        }
}

int daemon_switches_parse(const struct daemon_program *program, int argc, char **argv, struct daemon_switches *ret,
                          struct strbuf *error)
{
        static const struct option switches[] = {{"scope", required_argument, NULL, SWITCH_SCOPE},
                                                 {"config", required_argument, NULL, SWITCH_CONFIG},
                                                 {"state-dir", required_argument, NULL, SWITCH_STATE},
                                                 {"runtime-dir", required_argument, NULL, SWITCH_RUNTIME},
                                                 {"no-sandbox", no_argument, NULL, SWITCH_NO_SANDBOX},
                                                 {"help", no_argument, NULL, SWITCH_HELP},
                                                 {"version", no_argument, NULL, SWITCH_VERSION},
                                                 {0}};
        const char *letters = program->serves_wins ? ":i:l:n:g:u:w:t:v" : ":i:n:g:u:w:t:v";
        struct daemon_switches s = {.program = program,
                                    .config_path = "/etc/netbt/netbt.reg",
                                    .state_dir = "/var/lib/netbt",
                                    .runtime_dir = "/run/netbt"};

        optind = 0; /* glibc: begin anew, also after another parse in this process */
        for (;;) {
                const int option = getopt_long(argc, argv, letters, switches, NULL);
                if (option == -1)
                        break;
                if (option == ':' || option == '?')
                        return wrong(error, NBT_ERR_MALFORMED, argv[optind - 1],
                                     option == ':' ? "needs an argument" : "no such switch");
                const int rc = take_switch(option, optarg, &s, error);
                if (rc < 0)
                        return rc;
        }
        if (optind < argc)
                return wrong(error, NBT_ERR_MALFORMED, argv[optind], "there are no arguments, only switches");
        *ret = s;
        return 0;
}

static struct node_timing timing_of(const struct settings_effective *s)
{
        return (struct node_timing){
                .bcast_claim_interval_ms = s->bcast_claim_interval_ms.value,
                .bcast_claim_count = s->bcast_claim_count.value,
                .bcast_query_count = s->bcast_query_count.value,
                .bcast_query_timeout_ms = s->bcast_query_timeout_ms.value,
                .name_srv_query_count = s->name_srv_query_count.value,
                .name_srv_query_timeout_ms = s->name_srv_query_timeout_ms.value,
                .cache_timeout_ms = s->cache_timeout_ms.value,
                .initial_refresh_ms = s->initial_refresh_ms.value,
                .wins_down_timeout_ms = s->wins_down_timeout_ms.value,
                .lmhosts_timeout_ms = s->lmhosts_timeout_ms.value,
                .conflict_retry_ms = s->conflict_retry_ms.value,
                .conflict_retry_count = s->conflict_retry_count.value,
        };
}

static enum node_demand_policy demand_of(enum settings_demand demand)
{
        switch (demand) {
        case SETTINGS_DEMAND_OBEY:
                return NODE_DEMAND_OBEY;
        case SETTINGS_DEMAND_WINS_ONLY:
                return NODE_DEMAND_WINS_ONLY;
        case SETTINGS_DEMAND_ABSENT:
                break;
        }
        return NODE_DEMAND_VERIFY;
}

/* Switch, then file; H follows from -w as it does from a list in the file, unless someone chose. */
static enum node_type type_of(const struct settings_effective *settings, const struct daemon_switches *switches)
{
        if (switches->type)
                return switches->type;
        if (settings->node_type.origin == SETTINGS_DEFAULT && (switches->wins_count || switches->program->serves_wins))
                return NODE_TYPE_H;
        return (enum node_type)settings->node_type.value;
}

static void set_name(char ret[16], const char *name)
{
        char text[HOSTNAME_NETBIOS_BYTES];
        size_t len = strnlen(name, sizeof(text) - 1);

        memcpy(text, name, len);
        text[len] = '\0';
        for (size_t i = 0; i < len; i++)
                if (text[i] >= 'a' && text[i] <= 'z')
                        text[i] = (char)(text[i] - 0x20);
        memset(ret, 0, 16);
        memcpy(ret, text, len);
}

static void take_computer(const struct settings_effective *settings, const struct daemon_switches *switches,
                          const char *host_name, struct daemon_config *config)
{
        char name[HOSTNAME_NETBIOS_BYTES];

        if (switches->name || *settings->computer_name) {
                set_name(config->node.computer, switches->name ? switches->name : settings->computer_name);
                return;
        }
        hostname_netbios(host_name, name);
        set_name(config->node.computer, name);
        config->name_was_cut = hostname_is_cut(host_name);
}

static void take_users(const struct settings_effective *settings, const struct daemon_switches *switches,
                       struct node_config *node)
{
        const char *const *users = switches->user_count ? switches->users : settings->users;
        const size_t count = switches->user_count ? switches->user_count : settings->user_count;

        for (size_t i = 0; i < count && i < NODE_MAX_USERS; i++)
                set_name(node->users[node->user_count++], users[i]);
}

int daemon_config_build(const struct settings_effective *settings, const struct daemon_switches *switches,
                        const char *host_name, struct daemon_config *ret, struct strbuf *error)
{
        struct daemon_config config = {.node = node_config_default(), .settings = settings, .switches = switches};
        struct node_config *node = &config.node;
        const char *scope = switches->scope ? switches->scope : settings->scope.text;
        const int rc = nb_scope_parse(strcmp(scope, "*") == 0 ? "" : scope, &node->scope);

        if (rc < 0)
                return wrong(error, rc, scope, "not a scope: dotted parts of 1 to 63 bytes, 255 in all");
        node->type = type_of(settings, switches);
        node->timing = timing_of(settings);
        node->name_server_port = (uint16_t)settings->name_server_port.value;
        node->refresh_opcode = (uint8_t)settings->refresh_opcode.value;
        node->demand_policy = demand_of(settings->demand);
        node->status_per_second = settings->status_rate.value;
        node->status_off_link = settings->status_off_link.value != 0;
        node->single_response = settings->single_response.value != 0;
        node->random_adapter = settings->random_adapter.value != 0;
        node->lmhosts_enabled = settings->enable_lmhosts.value != 0;
        node->proxy = settings->enable_proxy.value != 0;
        node->proxy_claims = settings->enable_proxy_reg_check.value != 0;
        node->serves_wins = switches->program->serves_wins;
        node->dns_enabled = settings->enable_dns.value != 0;
        take_computer(settings, switches, host_name, &config);
        set_name(node->workgroup, switches->workgroup ? switches->workgroup : settings->workgroup.text);
        node->user_count = 0;
        take_users(settings, switches, node);
        config.broadcast_address = settings->broadcast_address.value;
        config.event_style_modern = strcmp(settings->event_style.text, "modern") == 0;
        *ret = config;
        return 0;
}

bool daemon_config_wants(const struct daemon_config *config, const char *device, uint32_t address)
{
        const struct daemon_switches *s = config->switches;
        uint32_t wanted = 0;

        for (size_t i = 0; i < s->iface_count; i++)
                if (strcmp(s->ifaces[i], device) == 0 || (ip4_parse(s->ifaces[i], &wanted) == 0 && wanted == address))
                        return true;
        return s->iface_count == 0 && address >> 24 != 127;
}

static void set_wins(struct node_iface *iface, const uint32_t *wins, size_t count)
{
        iface->wins_count = count < NODE_MAX_WINS ? count : NODE_MAX_WINS;
        memset(iface->wins, 0, sizeof(iface->wins));
        memcpy(iface->wins, wins, iface->wins_count * sizeof(*wins));
}

void daemon_config_iface(const struct daemon_config *config, const char *device, const char *guid,
                         struct node_iface *iface)
{
        const struct settings_effective *settings = config->settings;
        const struct settings_iface *own = settings_iface_find(settings, device);

        if (!own && guid)
                own = settings_iface_find(settings, guid);
        iface->netbios_enabled = !own || own->netbios_options.value != SETTINGS_NETBIOS_DISABLE;
        if (config->switches->wins_count)
                set_wins(iface, config->switches->wins, config->switches->wins_count);
        else if (own && own->wins_count)
                set_wins(iface, own->wins, own->wins_count);
        else if (settings->wins_count || !config->switches->program->serves_wins)
                set_wins(iface, settings->wins, settings->wins_count);
        else
                set_wins(iface, &iface->address, 1); /* a WINS server is its own client (KB150737) */
        if (config->broadcast_address)
                iface->broadcast = config->broadcast_address;
}

static bool is_live(const struct settings_iface *iface, const char *const *devices, size_t device_count)
{
        for (size_t i = 0; i < device_count; i++)
                if (strcasecmp(iface->id, devices[i]) == 0 || strcasecmp(iface->connection, devices[i]) == 0)
                        return true;
        return false;
}

bool daemon_config_unmatched(const struct daemon_config *config, const char *const *devices, size_t device_count,
                             const char **ret_id)
{
        for (size_t i = 0; i < config->settings->iface_count; i++) {
                const struct settings_iface *iface = &config->settings->ifaces[i];
                const bool says_something = iface->wins_count || iface->netbios_options.origin != SETTINGS_DEFAULT;

                if (says_something && !is_live(iface, devices, device_count)) {
                        *ret_id = iface->id;
                        return true;
                }
        }
        return false;
}
