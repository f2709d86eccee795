#include "cli/cli.h"

#include "base/ip4.h"
#include "cli/local.h"
#include "cli/watch_alert.h"
#include "cli/watch_bait.h"
#include "cli/watch_keep.h"
#include "cli/watch_live.h"
#include "cli/watch_run.h"
#include "cli/watch_ui.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAIT_INTERVAL_S 60u

enum {
        OPT_UI = 0x101,
        OPT_EXEC,
        OPT_SYSLOG,
        OPT_BAIT,
        OPT_BAIT_NAME,
        OPT_BAIT_INTERVAL,
        OPT_ALLOW,
        OPT_NAMES,
        OPT_FOR,
        OPT_NO_STATE,
        OPT_KEEP,
        OPT_USER,
};

static const char help[] =
        "Usage: netbt watch [-i IFACE]... [OPTION]...\n"
        "       netbt watch -r FILE [OPTION]...\n"
        "\n"
        "Listens to the name service of whole networks, and prints one line a change: who claims, refuses, demands "
        "and\n"
        "releases names, which names are in conflict and between whom, and who spoofs.\n"
        "\n"
        "  -i, --interface IFACE    listen there; several are possible (default: every one that can broadcast)\n"
        "  -p, --no-promiscuous     only what reaches this machine anyway\n"
        "  -r, --read FILE          read a capture (pcap, pcapng; - is standard input) in place of listening\n"
        "  -f, --follow             with -r: go on at the end of the file, as it grows\n"
        "      --ui                 full screen: names, conflicts, machines, spoofers, changes\n"
        "      --json               one object a line\n"
        "  -q, --quiet              only conflicts and spoofers\n"
        "      --names              print the whole table at the end\n"
        "      --for SECONDS        end after so long\n"
        "      --exec COMMAND       run COMMAND at each conflict and spoofer; NETBT_TEXT, NETBT_NAME, "
        "NETBT_ADDRESS...\n"
        "                           in its environment tell which\n"
        "      --syslog             write conflicts and spoofers to syslog\n"
        "      --allow ADDRESS      an honest proxy or server: never accused; several with commas (this machine's "
        "WINS\n"
        "                           servers are, too, when it listens)\n"
        "      --bait               ask, as Windows would, for names that do not exist, and name who answers\n"
        "      --bait-name NAME     with --bait: such names (default: made in the likeness of the site's own)\n"
        "      --bait-interval S    with --bait: a new name every S seconds (default 60)\n"
        "      --user NAME          run as NAME once the capture is open (default netbt, else nobody)\n"
        "      --no-state           forget the table at the end; live runs keep it in STATE_DIR/watch.db\n"
        "      --keep               with -r: put what the capture shows into that table\n"
        "      --state-dir DIR      (default /var/lib/netbt)\n"
        "      --help, --version\n"
        "\n"
        "Exit status: 0 nothing wrong seen; 1 a conflict or a spoofer was seen; 2 wrong usage or a damaged file;\n"
        "3 could not be done.\n"
        "Examples:  netbt watch -i eth0 --syslog        netbt watch -r site.pcap --names        zcat x.gz | netbt "
        "watch -r -\n";

/* ---- options ------------------------------------------------------------------------------------------------------ */

static int parse_seconds(const struct cli_context *ctx, const char *option, const char *text, unsigned *ret)
{
        char *end;
        const unsigned long seconds = strtoul(text, &end, 10);

        if (end == text || *end || text[0] == '-' || seconds == 0 || seconds > 31536000)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s %s: not a number of seconds", option, text);
        *ret = (unsigned)seconds;
        return CLI_EXIT_OK;
}

static int parse_allowed(const struct cli_context *ctx, const char *text, struct watch_settings *settings)
{
        while (*text) {
                const size_t len = strcspn(text, ",");
                char word[IP4_TEXT_BYTES] = "";

                if (len < sizeof(word))
                        memcpy(word, text, len);
                if (settings->allowed_count == WATCH_MAX_ALLOWED)
                        return cli_failf(ctx, CLI_EXIT_USAGE, "--allow: more than %d addresses", WATCH_MAX_ALLOWED);
                if (ip4_parse(word, &settings->allowed[settings->allowed_count]) < 0)
                        return cli_failf(ctx, CLI_EXIT_USAGE, "--allow %s: not an IPv4 address", text);
                settings->allowed_count++;
                text += len;
                text += *text == ',';
        }
        return CLI_EXIT_OK;
}

static int parse_bait_name(const struct cli_context *ctx, const char *text, struct watch_settings *settings)
{
        if (settings->bait_name_count == WATCH_MAX_BAIT_NAMES)
                return cli_failf(ctx, CLI_EXIT_USAGE, "--bait-name: more than %d", WATCH_MAX_BAIT_NAMES);
        if (nb_name_parse(text, 0x20, &settings->bait_names[settings->bait_name_count]) < 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "--bait-name %s: not a NetBIOS name of up to 15 characters",
                                 text);
        settings->bait_name_count++;
        return CLI_EXIT_OK;
}

static int add_interface(const struct cli_context *ctx, const char *name, struct watch_settings *settings)
{
        if (settings->interface_count == WATCH_MAX_INTERFACES)
                return cli_failf(ctx, CLI_EXIT_USAGE, "-i: more than %d interfaces", WATCH_MAX_INTERFACES);
        settings->interfaces[settings->interface_count++] = name;
        return CLI_EXIT_OK;
}

static int take_option(const struct cli_context *ctx, int option, struct watch_settings *settings)
{
        switch (option) {
        case 'i':
                return add_interface(ctx, optarg, settings);
        case 'r':
                settings->file = optarg;
                break;
        case 'f':
                settings->follow = true;
                break;
        case 'p':
                settings->no_promiscuous = true;
                break;
        case 'q':
                settings->quiet = true;
                break;
        case OPT_UI:
                settings->ui = true;
                break;
        case OPT_EXEC:
                settings->exec = optarg;
                break;
        case OPT_SYSLOG:
                settings->syslog = true;
                break;
        case OPT_BAIT:
                settings->bait = true;
                break;
        case OPT_NAMES:
                settings->names = true;
                break;
        case OPT_NO_STATE:
                settings->no_state = true;
                break;
        case OPT_KEEP:
                settings->keep_state = true;
                break;
        case OPT_USER:
                settings->user = optarg;
                break;
        case OPT_BAIT_NAME:
                return parse_bait_name(ctx, optarg, settings);
        case OPT_BAIT_INTERVAL:
                return parse_seconds(ctx, "--bait-interval", optarg, &settings->bait_interval_s);
        case OPT_FOR:
                return parse_seconds(ctx, "--for", optarg, &settings->for_s);
        default: /* OPT_ALLOW: the table holds no other */
                return parse_allowed(ctx, optarg, settings);
        }
        return CLI_EXIT_OK;
}

static int check(const struct cli_context *ctx, int argc, char **argv, const struct watch_settings *settings)
{
        if (optind < argc)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: no such argument; a capture is read with -r FILE",
                                 argv[optind]);
        if (settings->file && settings->interface_count)
                return cli_fail(ctx, CLI_EXIT_USAGE, "-r and -i exclude each other", NULL, NULL);
        if (settings->file && settings->bait)
                return cli_fail(ctx, CLI_EXIT_USAGE, "--bait asks the network, a capture is of the past", NULL,
                                "leave out -r");
        if (!settings->file && settings->follow)
                return cli_fail(ctx, CLI_EXIT_USAGE, "-f follows a growing file", NULL, "give it with -r FILE");
        if (!settings->bait && settings->bait_name_count)
                return cli_fail(ctx, CLI_EXIT_USAGE, "--bait-name without --bait", NULL, NULL);
        if (settings->ui && settings->file && strcmp(settings->file, "-") == 0)
                return cli_fail(ctx, CLI_EXIT_USAGE, "--ui needs standard input for its keys", NULL, NULL);
        return CLI_EXIT_OK;
}

/* CLI_OPT_DONE, or CLI_OPT_EXIT with *ret_exit. */
static int parse(struct cli_context *ctx, int argc, char **argv, struct watch_settings *settings, int *ret_exit)
{
        static const struct option own[] = {{"interface", required_argument, NULL, 'i'},
                                            {"read", required_argument, NULL, 'r'},
                                            {"follow", no_argument, NULL, 'f'},
                                            {"no-promiscuous", no_argument, NULL, 'p'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"ui", no_argument, NULL, OPT_UI},
                                            {"exec", required_argument, NULL, OPT_EXEC},
                                            {"syslog", no_argument, NULL, OPT_SYSLOG},
                                            {"bait", no_argument, NULL, OPT_BAIT},
                                            {"bait-name", required_argument, NULL, OPT_BAIT_NAME},
                                            {"bait-interval", required_argument, NULL, OPT_BAIT_INTERVAL},
                                            {"allow", required_argument, NULL, OPT_ALLOW},
                                            {"names", no_argument, NULL, OPT_NAMES},
                                            {"for", required_argument, NULL, OPT_FOR},
                                            {"no-state", no_argument, NULL, OPT_NO_STATE},
                                            {"keep", no_argument, NULL, OPT_KEEP},
                                            {"user", required_argument, NULL, OPT_USER},
                                            {0}};

        *ret_exit = CLI_EXIT_OK;
        while (*ret_exit == CLI_EXIT_OK) {
                const int option = cli_getopt(ctx, argc, argv, "i:r:fpq", own, ret_exit);

                if (option == CLI_OPT_EXIT)
                        return CLI_OPT_EXIT;
                if (option == CLI_OPT_DONE)
                        break;
                *ret_exit = take_option(ctx, option, settings);
        }
        if (*ret_exit == CLI_EXIT_OK)
                *ret_exit = check(ctx, argc, argv, settings);
        return *ret_exit == CLI_EXIT_OK ? CLI_OPT_DONE : CLI_OPT_EXIT;
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static int open_file(struct watch_session *session)
{
        const char *file = session->settings->file;

        session->capture.fd = strcmp(file, "-") == 0 ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);
        if (session->capture.fd < 0)
                return cli_fail(session->ctx, CLI_EXIT_USAGE, file, strerror(errno), NULL);
        return CLI_EXIT_OK;
}

static int open_keeper(struct watch_session *session)
{
        const struct watch_settings *settings = session->settings;
        struct strbuf why = STRBUF_INIT;

        if (settings->no_state || (settings->file && !settings->keep_state))
                return CLI_EXIT_OK;
        const int r = watch_keeper_new(&session->keeper, session->ctx->state_dir, session->watch, &why);
        const int exit =
                r < 0 ? cli_failf(session->ctx, CLI_EXIT_FAILED,
                                  "%s/watch.db: %s; --no-state does without it, --state-dir chooses another place",
                                  session->ctx->state_dir, strbuf_str(&why)[0] ? strbuf_str(&why) : nbt_err_str(r))
                      : CLI_EXIT_OK;
        strbuf_done(&why);
        return exit;
}

static int open_faces(struct watch_session *session)
{
        const struct watch_settings *settings = session->settings;

        if (settings->exec || settings->syslog) {
                session->alerts = watch_alerts_new(session->ctx, settings->exec, settings->syslog);
                if (!session->alerts)
                        return cli_fail(session->ctx, CLI_EXIT_FAILED, "out of memory", NULL, NULL);
        }
        if (settings->ui && watch_ui_new(&session->ui, session) < 0)
                return cli_fail(session->ctx, CLI_EXIT_FAILED, "--ui", "this is no terminal",
                                "leave out --ui, or set TERM");
        return CLI_EXIT_OK;
}

static int run_session(struct watch_session *session)
{
        struct watch_live *live = NULL;
        int exit = session->settings->file ? open_file(session) : watch_live_open(&live, session);

        if (exit == CLI_EXIT_OK)
                exit = open_keeper(session);
        if (exit == CLI_EXIT_OK && live)
                exit = watch_live_drop(live, session);
        if (exit == CLI_EXIT_OK)
                exit = open_faces(session);
        const bool opened = exit == CLI_EXIT_OK;
        if (opened)
                exit = watch_run(session);
        session->ui = watch_ui_free(session->ui);
        /* of what is no capture there is nothing to sum up */
        if (opened && (exit == CLI_EXIT_OK || session->capture.reader.kind != PCAPFILE_UNKNOWN))
                watch_session_finish(session);
        session->keeper = watch_keeper_close(session->keeper, session->watch, session->ctx);
        session->alerts = watch_alerts_free(session->alerts);
        session->baiter = watch_baiter_free(session->baiter);
        watch_live_close(live);
        return exit == CLI_EXIT_OK && session->found ? CLI_EXIT_FOUND : exit;
}

/* The WINS servers that this machine uses may demand and deny what they like, also before they were seen at work. */
static void allow_wins(const struct cli_context *ctx, struct watch_settings *settings)
{
        struct arena arena = ARENA_INIT;
        struct local_node node;

        local_node_read(ctx, &arena, &node);
        for (size_t i = 0; i < node.wins_count && settings->allowed_count < WATCH_MAX_ALLOWED; i++)
                settings->allowed[settings->allowed_count++] = node.wins[i];
        arena_done(&arena);
}

static int run(struct cli_context *ctx, int argc, char **argv)
{
        static struct watch_settings settings;
        static struct watch_session session;
        int exit;

        settings = (struct watch_settings){.bait_interval_s = BAIT_INTERVAL_S};
        if (parse(ctx, argc, argv, &settings, &exit) == CLI_OPT_EXIT)
                return exit;
        if (!settings.file)
                allow_wins(ctx, &settings);
        if (watch_session_init(&session, ctx, &settings) < 0)
                exit = cli_fail(ctx, CLI_EXIT_FAILED, "out of memory", NULL, NULL);
        else
                exit = run_session(&session);
        watch_session_done(&session);
        return exit;
}

const struct cli_command cli_cmd_watch = {"watch", "claims, conflicts and spoofers, as they happen", help, run};
