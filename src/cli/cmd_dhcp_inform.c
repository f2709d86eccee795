/* netbt dhcp inform: asks the DHCP servers for options 43 to 47, as Windows does. */
#include "base/ip4.h"
#include "cli/dhcp_settings.h"
#include "cli/name_json.h"
#include "io/clock.h"
#include "io/dhcpsock.h"
#include "io/netif.h"
#include "io/random.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#define MAX_ANSWERS 8
/* ASSUMPTION: a second server on a segment answers within half a second of the first. */
#define LINGER_MS 500

struct inform {
        struct dhcp_request *request;
        const struct netif *device;
        int socket;
        uint32_t id;
        uint8_t question[DHCP_MAX_MESSAGE_BYTES];
        size_t question_len;
        size_t count;
        struct dhcp_learnt answers[MAX_ANSWERS];
        const char *odd[MAX_ANSWERS];
};

static int fail_open(const struct inform *in, int code)
{
        const struct cli_context *ctx = in->request->ctx;

        switch (code) {
        case NBT_ERR_DENIED:
                return cli_fail(ctx, CLI_EXIT_FAILED, in->device->name,
                                "asking DHCP servers takes port 68, which needs privilege", "run it as root");
        case NBT_ERR_BUSY:
                return cli_fail(ctx, CLI_EXIT_FAILED, in->device->name, "a DHCP client holds port 68 for itself",
                                "use its hook (see netbt-dhcp(1)), or stop it for the moment");
        default:
                return cli_fail(ctx, CLI_EXIT_FAILED, in->device->name, cli_why(code), NULL);
        }
}

static int prepare(struct inform *in)
{
        char host[256] = "";
        uint8_t random[4];

        if (random_bytes(random, sizeof random) < 0)
                return NBT_ERR_IO;
        in->id = (uint32_t)random[0] << 24 | (uint32_t)random[1] << 16 | (uint32_t)random[2] << 8 | random[3];
        if (gethostname(host, sizeof host - 1) == 0)
                host[strcspn(host, ".")] = '\0';
        const int len = dhcp_inform_encode(in->id, in->device->addresses[0].address, in->device->mac, host,
                                           in->question, sizeof in->question);

        in->question_len = len > 0 ? (size_t)len : 0;
        return len < 0 ? len : 0;
}

static void take_answer(struct inform *in, const uint8_t *bytes, size_t len, uint32_t source)
{
        struct dhcp_message message;

        if (dhcp_message_decode(bytes, len, &message) < 0 || !message.reply || message.type != DHCP_ACK ||
            message.id != in->id || memcmp(message.mac, in->device->mac, sizeof message.mac) != 0)
                return;
        if (message.server == 0)
                message.server = source;
        for (size_t i = 0; i < in->count; i++)
                if (in->answers[i].server == message.server)
                        return; /* the answer to a repeated question */
        if (in->count < MAX_ANSWERS) {
                dhcp_learnt_read(&message, &in->answers[in->count], &in->odd[in->count]);
                in->count++;
        }
}

/* Takes what comes until then. */
static int listen_until(struct inform *in, mono_t until)
{
        uint8_t bytes[DHCP_MAX_MESSAGE_BYTES];
        uint32_t source = 0;

        while (in->count < MAX_ANSWERS) {
                const int len = dhcpsock_receive(in->socket, until, bytes, sizeof bytes, &source);

                if (len == NBT_ERR_TIMEOUT)
                        return 0;
                if (len < 0)
                        return len;
                const size_t before = in->count;
                take_answer(in, bytes, (size_t)len, source);
                if (before == 0 && in->count == 1)
                        until = mono_min(until, mono_add_ms(clock_mono(), LINGER_MS));
        }
        return 0;
}

/* Sent anew after 1, 2, 4, … s (RFC 2131 4.1, without its jitter: one asks, by hand). */
static int ask(struct inform *in)
{
        const mono_t end = mono_add_ms(clock_mono(), in->request->timeout_ms);
        int rc = 0;

        for (uint64_t wait_ms = 1000; rc == 0 && in->count == 0 && !mono_is_due(end, clock_mono()); wait_ms *= 2) {
                rc = dhcpsock_send(in->socket, in->question, in->question_len);
                if (rc == 0)
                        rc = listen_until(in, mono_min(end, mono_add_ms(clock_mono(), wait_ms)));
        }
        return rc;
}

/* ---- output ------------------------------------------------------------------------------------------------------- */

static const char *addresses_text(struct inform *in, const uint32_t *addresses, size_t count)
{
        struct strbuf sb = STRBUF_INIT;
        char text[IP4_TEXT_BYTES];

        for (size_t i = 0; i < count; i++) {
                ip4_format(addresses[i], text);
                strbuf_printf(&sb, "%s%s", i ? " " : "", text);
        }
        const char *copy = arena_strdup(&in->request->arena, count ? strbuf_str(&sb) : "none");

        strbuf_done(&sb);
        return copy ? copy : "?";
}

static const char *type_text(uint32_t type)
{
        switch (type) {
        case 0:
                return "none";
        case SETTINGS_NODE_B:
                return "1 (Broadcast)";
        case SETTINGS_NODE_P:
                return "2 (Peer-Peer)";
        case SETTINGS_NODE_M:
                return "4 (Mixed)";
        default:
                return "8 (Hybrid)";
        }
}

static const char *netbios_text(const struct dhcp_learnt *l)
{
        if (!l->has_netbios)
                return "none";
        return l->netbios == SETTINGS_NETBIOS_DISABLE  ? "2 (NetBIOS disabled)"
               : l->netbios == SETTINGS_NETBIOS_ENABLE ? "1 (NetBIOS enabled)"
                                                       : "0";
}

static void print_answer(struct inform *in, size_t i)
{
        const struct dhcp_learnt *l = &in->answers[i];
        FILE *out = in->request->ctx->out;
        char server[IP4_TEXT_BYTES];

        ip4_format(l->server, server);
        fprintf(out, "%s: DHCP server %s\n", in->device->name, server);
        fprintf(out, "  44 WINS servers       : %s\n", addresses_text(in, l->wins, l->wins_count));
        fprintf(out, "  45 NBDD servers       : %s\n", addresses_text(in, l->nbdd, l->nbdd_count));
        fprintf(out, "  46 node type          : %s\n", type_text(l->node_type));
        fprintf(out, "  47 scope              : %s\n", *l->scope ? l->scope : "none");
        fprintf(out, "  43 Microsoft, NetBIOS : %s\n", netbios_text(l));
        if (in->odd[i])
                fprintf(out, "  %s is broken: what could not be read of it is left out\n", in->odd[i]);
}

static json_t *json_addresses(const uint32_t *addresses, size_t count)
{
        json_t *list = json_array();
        char text[IP4_TEXT_BYTES];

        for (size_t i = 0; i < count; i++) {
                ip4_format(addresses[i], text);
                json_array_append_new(list, json_string(text));
        }
        return list;
}

static json_t *json_answer(const struct inform *in, size_t i)
{
        const struct dhcp_learnt *l = &in->answers[i];
        char server[IP4_TEXT_BYTES];

        ip4_format(l->server, server);
        return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s?, s:o, s:s?}", "interface", in->device->name, "server", server,
                         "wins", json_addresses(l->wins, l->wins_count), "nbdd", json_addresses(l->nbdd, l->nbdd_count),
                         "node_type", l->node_type ? json_integer(l->node_type) : json_null(), "scope",
                         *l->scope ? l->scope : NULL, "netbios_options",
                         l->has_netbios ? json_integer(l->netbios) : json_null(), "broken", in->odd[i]);
}

static bool servers_disagree(const struct inform *in)
{
        for (size_t i = 1; i < in->count; i++)
                if (!dhcp_learnt_equal(&in->answers[0], &in->answers[i]))
                        return true;
        return false;
}

static int tell(struct inform *in, json_t *answers)
{
        struct cli_context *ctx = in->request->ctx;
        struct settings_edited done = {0};
        const bool disagree = servers_disagree(in);

        for (size_t i = 0; i < in->count; i++) {
                if (ctx->json)
                        json_array_append_new(answers, json_answer(in, i));
                else
                        print_answer(in, i);
        }
        if (disagree)
                cli_fail(ctx, CLI_EXIT_FOUND, in->device->name, "the servers do not tell the same",
                         "clients of either will register their names in different places");
        if (disagree && in->request->save)
                return cli_fail(ctx, CLI_EXIT_FOUND, in->device->name, "nothing is saved",
                                "set the servers right first");
        if (!in->request->save)
                return disagree ? CLI_EXIT_FOUND : CLI_EXIT_OK;
        in->request->iface = in->device->name;
        const int exit = dhcp_save_learnt(in->request, &in->answers[0], &done);
        if (exit == 0 && !ctx->json)
                fprintf(ctx->out, done.changed ? "Saved in %s.\n" : "%s says so already.\n", ctx->config_path);
        if (exit == 0 && !ctx->json && done.backup)
                fprintf(ctx->out, "What was before: %s\n", done.backup);
        return exit;
}

/* ---- the whole ---------------------------------------------------------------------------------------------------- */

static int ask_device(struct dhcp_request *request, const struct netif *device, json_t *answers)
{
        struct inform in = {.request = request, .device = device};
        int rc = prepare(&in);

        if (rc == 0)
                rc = in.socket = dhcpsock_open(device->name);
        if (rc < 0)
                return fail_open(&in, rc);
        rc = ask(&in);
        dhcpsock_close(in.socket);
        if (rc < 0)
                return fail_open(&in, rc);
        if (in.count == 0)
                return cli_failf(request->ctx, CLI_EXIT_FAILED, "%s: no DHCP server answered within %u ms",
                                 device->name, request->timeout_ms);
        return tell(&in, answers);
}

static bool can_ask(const struct netif *device)
{
        return device->up && !device->loopback && device->broadcast && device->has_mac && device->address_count;
}

static int ask_all(struct dhcp_request *request, json_t *answers)
{
        const char *wanted = request->iface;
        const struct netif *devices = NULL;
        const int count = netif_list(&request->arena, &devices);
        int worst = CLI_EXIT_OK, asked = 0;

        for (int i = 0; i < count; i++) {
                if ((wanted && strcmp(devices[i].name, wanted) != 0) || !can_ask(&devices[i]))
                        continue;
                const int exit = ask_device(request, &devices[i], answers);
                asked++;
                worst = exit > worst ? exit : worst;
        }
        if (asked)
                return worst;
        return cli_fail(request->ctx, wanted ? CLI_EXIT_USAGE : CLI_EXIT_FAILED, wanted ? wanted : "inform",
                        "no such interface that is up and has a hardware and an IPv4 address", NULL);
}

int dhcp_inform(struct dhcp_request *request)
{
        json_t *answers = json_array();

        if (request->argc) {
                json_decref(answers);
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "inform", "takes no argument", "see 'netbt dhcp --help'");
        }
        const int exit = ask_all(request, answers);
        if (request->ctx->json && (exit == CLI_EXIT_OK || json_array_size(answers))) {
                json_print(request->ctx->out, json_pack("{s:O}", "answers", answers),
                           JSON_INDENT(2) | JSON_ENSURE_ASCII);
        }
        json_decref(answers);
        return exit;
}
