#include "cli/cli.h"

#include "cli/local.h"
#include "cli/oui.h"
#include "cli/scan_cmd.h"
#include "io/clock.h"
#include "io/netif.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_SAVE_BYTES (1u << 30)
#define MAX_RATE 10000000u
#define MAX_TIMEOUT_MS 15000u

enum {
        OPT_FILE = 0x101,
        OPT_LOCAL,
        OPT_EXCLUDE,
        OPT_RATE,
        OPT_RETRIES,
        OPT_TIMEOUT,
        OPT_YES,
        OPT_NO_ADDRESSES,
        OPT_WINS,
        OPT_DNS,
        OPT_CODEPAGE,
        OPT_FORMAT,
        OPT_SORT,
        OPT_SAVE,
        OPT_DIFF,
        OPT_READ,
        OPT_SOURCE,
        OPT_ANY_PORT,
        OPT_PORT,
        OPT_SCOPE,
        OPT_QUIET,
        OPT_VERBOSE,
};

static const char help[] =
        "Usage: netbt scan [OPTION]... TARGET...\n"
        "       netbt scan --diff FILE [OPTION]... [TARGET]...\n"
        "       netbt scan --read FILE [OPTION]...\n"
        "\n"
        "Asks every address of whole networks for its NetBIOS name table, and tells which names more than one machine\n"
        "holds. It only asks; it changes nothing anywhere.\n"
        "\n"
        "TARGET: 10.77.0.5  10.77.0.5-10.77.1.9  10.77.0.5-9  10.77.0.0/24  a name  @FILE  - (standard input);\n"
        "        several with commas. Networks are asked without their first and last address.\n"
        "      --file FILE          targets from FILE, '#' starts a comment (again for more)\n"
        "      --local              the networks of this machine's interfaces\n"
        "      --exclude TARGETS    leave these out (again for more)\n"
        "      --yes                do not ask back when there are more than 65,536 addresses\n"
        "\n"
        "      --rate N             packets a second (default 1000); 0: as fast as answers come\n"
        "      --retries N          ask the silent again at most N times, 0 to 15 (default 12); fewer when the loss "
        "that is\n"
        "                           measured says that nobody is missed\n"
        "      --timeout MS         listen to each address for this long at least (default 1000)\n"
        "      --no-addresses       do not ask the hosts that were found for their other addresses\n"
        "      --source ADDRESS     ask from this address of ours\n"
        "      --any-port           do not try to ask from port 137\n"
        "      --port N             ask this port in place of 137\n"
        "      --scope ID           NetBIOS scope (default: as the node's)\n"
        "\n"
        "      --wins ADDRESS       compare with what this WINS server says (again for more)\n"
        "      --dns                compare with what DNS says\n"
        "      --codepage CP        of the names (default CP850)\n"
        "\n"
        "      --format FORMAT      table, json (lines), csv, lmhosts or hosts\n"
        "      --json               the same as --format json\n"
        "      --sort               by address, when all is done, in place of as they come\n"
        "  -v, --verbose            table: every name of every host\n"
        "  -q, --quiet              no progress, and no word about how it went\n"
        "      --save FILE          keep the result\n"
        "      --diff FILE          tell what is new, gone or changed since FILE was saved; without TARGET: of its "
        "targets\n"
        "      --read FILE          show a saved result; asks nobody\n"
        "      --runtime-dir DIR    where netbtd's control socket is\n"
        "      --help, --version\n"
        "\n"
        "Exit status: 0 done, nothing wrong; 1 a name held twice or in conflict, others that say something else, or a\n"
        "change; 2 wrong usage; 3 could not scan, or was interrupted and found nothing wrong so far.\n"
        "Examples:  netbt scan --local        netbt scan 10.77.0.0/16 --exclude 10.77.9.0/24 --save monday\n"
        "           netbt scan --diff monday\n";

struct job {
        struct scan_options options;
        struct scan_ranges excluded;
        bool has_scope, has_target;
        const char *codepage;
        struct scan_printer printer;
        struct arena arena;
        struct scan *scan;
        struct scan_save read, before; /* --read, --diff */
        struct strbuf read_text, before_text;
        struct scan_outcome outcome;
};

/* ---- options ------------------------------------------------------------------------------------------------------ */

static int parse_number(const struct cli_context *ctx, const char *option, const char *text, uint32_t least,
                        uint32_t most, uint32_t *ret)
{
        char *end;

        errno = 0;
        const unsigned long long value = strtoull(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || *end || errno || value < least || value > most)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s %s: not a number from %u to %u", option, text, least, most);
        *ret = (uint32_t)value;
        return CLI_EXIT_OK;
}

static int parse_address(const struct cli_context *ctx, const char *option, const char *text, uint32_t *ret)
{
        if (ip4_parse(text, ret) < 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s %s: not an IPv4 address", option, text);
        return CLI_EXIT_OK;
}

static int parse_format(const struct cli_context *ctx, const char *text, enum scan_format *ret)
{
        static const char *const words[] = {"table", "json", "csv", "lmhosts", "hosts"};

        for (size_t i = 0; i < NBT_ARRAY_SIZE(words); i++)
                if (strcmp(words[i], text) == 0) {
                        *ret = (enum scan_format)i;
                        return CLI_EXIT_OK;
                }
        return cli_failf(ctx, CLI_EXIT_USAGE, "--format %s: no such format; use table, json, csv, lmhosts or hosts",
                         text);
}

static int add_wins(const struct cli_context *ctx, const char *text, struct scan_options *options)
{
        if (options->wins_count == SCAN_MAX_WINS)
                return cli_failf(ctx, CLI_EXIT_USAGE, "--wins: more than %d of them", SCAN_MAX_WINS);
        return parse_address(ctx, "--wins", text, &options->wins[options->wins_count++]);
}

static int take_flag(struct job *job, int option)
{
        bool *const flags[] = {
                [OPT_YES - OPT_FILE] = &job->options.yes,
                [OPT_DNS - OPT_FILE] = &job->options.dns,
                [OPT_SORT - OPT_FILE] = &job->options.sort,
                [OPT_ANY_PORT - OPT_FILE] = &job->options.any_port,
                [OPT_QUIET - OPT_FILE] = &job->options.quiet,
                [OPT_VERBOSE - OPT_FILE] = &job->options.verbose,
                [OPT_NO_ADDRESSES - OPT_FILE] = &job->options.no_addresses,
        };

        *flags[option - OPT_FILE] = true;
        return CLI_EXIT_OK;
}

static int take_number(const struct cli_context *ctx, struct job *job, int option, const char *text)
{
        struct scan_options *options = &job->options;
        uint32_t port = 0;
        int exit;

        switch (option) {
        case OPT_RATE:
                return parse_number(ctx, "--rate", text, 0, MAX_RATE, &options->rate);
        case OPT_RETRIES:
                return parse_number(ctx, "--retries", text, 0, SCAN_MAX_TRIES - 1, &options->retries);
        case OPT_TIMEOUT:
                return parse_number(ctx, "--timeout", text, 1, MAX_TIMEOUT_MS, &options->timeout_ms);
        default: /* OPT_PORT */
                exit = parse_number(ctx, "--port", text, 1, UINT16_MAX, &port);
                options->port = (uint16_t)port;
                return exit;
        }
}

static int take_option(const struct cli_context *ctx, struct job *job, int option, const char *text)
{
        struct scan_options *options = &job->options;

        switch (option) {
        case OPT_FILE:
                job->has_target = true;
                return scan_input_add_file(ctx, text, &options->ranges);
        case OPT_LOCAL:
                job->has_target = true;
                return scan_input_add_local(ctx, &options->ranges);
        case OPT_EXCLUDE:
                return scan_input_add(ctx, text, &job->excluded);
        case OPT_WINS:
                return add_wins(ctx, text, options);
        case OPT_CODEPAGE:
                job->codepage = text;
                return CLI_EXIT_OK;
        case OPT_FORMAT:
                return parse_format(ctx, text, &options->format);
        case OPT_SAVE:
                options->save_path = text;
                return CLI_EXIT_OK;
        case OPT_DIFF:
                options->diff_path = text;
                return CLI_EXIT_OK;
        case OPT_READ:
                options->read_path = text;
                return CLI_EXIT_OK;
        case OPT_SOURCE:
                return parse_address(ctx, "--source", text, &options->source);
        case OPT_SCOPE:
                job->has_scope = true;
                if (nb_scope_parse(text, &options->scope) < 0)
                        return cli_failf(ctx, CLI_EXIT_USAGE, "--scope %s: not a NetBIOS scope", text);
                return CLI_EXIT_OK;
        case OPT_RATE:
        case OPT_RETRIES:
        case OPT_TIMEOUT:
        case OPT_PORT:
                return take_number(ctx, job, option, text);
        default:
                return take_flag(job, option);
        }
}

static const struct option own_options[] = {
        {"file", required_argument, NULL, OPT_FILE},
        {"local", no_argument, NULL, OPT_LOCAL},
        {"exclude", required_argument, NULL, OPT_EXCLUDE},
        {"rate", required_argument, NULL, OPT_RATE},
        {"retries", required_argument, NULL, OPT_RETRIES},
        {"timeout", required_argument, NULL, OPT_TIMEOUT},
        {"yes", no_argument, NULL, OPT_YES},
        {"no-addresses", no_argument, NULL, OPT_NO_ADDRESSES},
        {"wins", required_argument, NULL, OPT_WINS},
        {"dns", no_argument, NULL, OPT_DNS},
        {"codepage", required_argument, NULL, OPT_CODEPAGE},
        {"format", required_argument, NULL, OPT_FORMAT},
        {"sort", no_argument, NULL, OPT_SORT},
        {"save", required_argument, NULL, OPT_SAVE},
        {"diff", required_argument, NULL, OPT_DIFF},
        {"read", required_argument, NULL, OPT_READ},
        {"source", required_argument, NULL, OPT_SOURCE},
        {"any-port", no_argument, NULL, OPT_ANY_PORT},
        {"port", required_argument, NULL, OPT_PORT},
        {"scope", required_argument, NULL, OPT_SCOPE},
        {"quiet", no_argument, NULL, OPT_QUIET},
        {"verbose", no_argument, NULL, OPT_VERBOSE},
        {0},
};

/* CLI_OPT_DONE, or CLI_OPT_EXIT with *ret_exit. */
static int parse(struct cli_context *ctx, int argc, char **argv, struct job *job, int *ret_exit)
{
        *ret_exit = CLI_EXIT_OK;
        while (*ret_exit == CLI_EXIT_OK) {
                int option = cli_getopt(ctx, argc, argv, "vq", own_options, ret_exit);

                if (option == CLI_OPT_EXIT)
                        return CLI_OPT_EXIT;
                if (option == CLI_OPT_DONE)
                        break;
                option = option == 'v' ? OPT_VERBOSE : option == 'q' ? OPT_QUIET : option;
                *ret_exit = take_option(ctx, job, option, optarg);
        }
        for (; *ret_exit == CLI_EXIT_OK && optind < argc; optind++) {
                job->has_target = true;
                *ret_exit = scan_input_add(ctx, argv[optind], &job->options.ranges);
        }
        if (ctx->json)
                job->options.format = SCAN_FORMAT_JSON;
        return *ret_exit == CLI_EXIT_OK ? CLI_OPT_DONE : CLI_OPT_EXIT;
}

/* ---- before ------------------------------------------------------------------------------------------------------- */

static int read_save(const struct cli_context *ctx, struct job *job, const char *path, struct strbuf *text,
                     struct scan_save *ret)
{
        const int exit = cli_read_file(ctx, path, MAX_SAVE_BYTES, text);

        if (exit != CLI_EXIT_OK)
                return exit;
        const int r = scan_save_parse(strbuf_str(text), text->len_bytes, &job->arena, ret);
        if (r < 0)
                return cli_failf(ctx, r == NBT_ERR_NOMEM ? CLI_EXIT_FAILED : CLI_EXIT_USAGE, "%s: %s", path,
                                 r == NBT_ERR_UNSUPPORTED ? "saved by a later version of netbt"
                                 : r == NBT_ERR_NOMEM     ? "memory ran out"
                                                          : "not a saved scan; --save makes one");
        if (ret->bad_lines)
                fprintf(ctx->err, "%s: %s: %zu lines cannot be read and are left out\n", ctx->program, path,
                        ret->bad_lines);
        return CLI_EXIT_OK;
}

static int copy_ranges(struct scan_ranges *to, const struct scan_ranges *from)
{
        for (size_t i = 0; i < from->count; i++) {
                const int r = scan_ranges_add(to, from->rows[i].first, from->rows[i].last);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int confirm(const struct cli_context *ctx, const struct scan_options *options, uint64_t total)
{
        if (total <= SCAN_QUESTION_ABOVE || options->yes)
                return CLI_EXIT_OK;
        if (!isatty(STDIN_FILENO))
                return cli_failf(ctx, CLI_EXIT_USAGE, "%llu addresses are many; say --yes if you mean it",
                                 (unsigned long long)total);
        fprintf(ctx->err, "%s: %llu addresses", ctx->program, (unsigned long long)total);
        if (options->rate)
                fprintf(ctx->err, ", at least %llu minutes at %u packets a second",
                        (unsigned long long)(total / options->rate / 60), options->rate);
        fputs(". Go on? [y/N] ", ctx->err);
        fflush(ctx->err);
        const int answer = getchar();
        return answer == 'y' || answer == 'Y' ? CLI_EXIT_OK : CLI_EXIT_USAGE;
}

static int settle_targets(const struct cli_context *ctx, struct job *job)
{
        struct scan_options *options = &job->options;

        if (!job->has_target && options->diff_path && copy_ranges(&options->ranges, &job->before.ranges) == 0)
                job->has_target = true;
        if (!job->has_target)
                return cli_fail(ctx, CLI_EXIT_USAGE, "no target to scan", NULL, "see 'netbt scan --help'");
        scan_ranges_settle(&options->ranges);
        scan_ranges_settle(&job->excluded);
        if (scan_ranges_exclude(&options->ranges, &job->excluded) < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        const uint64_t total = scan_ranges_total(&options->ranges);
        if (total == 0)
                return cli_fail(ctx, CLI_EXIT_USAGE, "no address is left to scan",
                                job->excluded.count ? "all are excluded" : "the targets name none",
                                "see 'netbt scan --help'");
        if (total > SCAN_MAX_ADDRESSES)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%llu addresses: at most %u in one scan; scan it in parts",
                                 (unsigned long long)total, SCAN_MAX_ADDRESSES);
        return confirm(ctx, options, total);
}

/* What asks the network, or keeps what it said, goes not with a saved result. */
static int check_read(const struct cli_context *ctx, const struct job *job)
{
        if (job->has_target)
                return cli_fail(ctx, CLI_EXIT_USAGE, "--read", "a saved result has its targets", "leave TARGET out");
        if (job->options.wins_count || job->options.dns)
                return cli_fail(ctx, CLI_EXIT_USAGE, "--read", "asks nobody", "leave --wins and --dns out");
        if (job->options.save_path)
                return cli_fail(ctx, CLI_EXIT_USAGE, "--read", "what it shows is saved already",
                                "leave --save out, or copy the file");
        return CLI_EXIT_OK;
}

static int prepare(struct cli_context *ctx, struct job *job)
{
        struct scan_printer *printer = &job->printer;
        const int r = scan_text_open(&printer->text, job->codepage);

        if (r == NBT_ERR_UNSUPPORTED)
                return cli_failf(ctx, CLI_EXIT_USAGE, "--codepage %s: unknown; 'iconv -l' lists them", job->codepage);
        if (r < 0 || scan_vendors_new(&printer->vendors, OUI_DIRECTORY) < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        printer->out = ctx->out;
        printer->format = job->options.format;
        printer->verbose = job->options.verbose;
        printer->colour = ctx->colour;
        int exit = CLI_EXIT_OK;
        if (job->options.read_path)
                exit = check_read(ctx, job);
        if (exit == CLI_EXIT_OK && job->options.read_path)
                exit = read_save(ctx, job, job->options.read_path, &job->read_text, &job->read);
        if (exit == CLI_EXIT_OK && job->options.diff_path)
                exit = read_save(ctx, job, job->options.diff_path, &job->before_text, &job->before);
        if (exit == CLI_EXIT_OK && !job->options.read_path)
                exit = settle_targets(ctx, job);
        if (exit == CLI_EXIT_OK && !job->options.read_path && !job->has_scope) {
                struct local_node node;

                local_node_read(ctx, &job->arena, &node);
                job->options.scope = node.scope;
        }
        return exit;
}

/* ---- the scan ----------------------------------------------------------------------------------------------------- */

static bool on_host(void *context, const struct scan_host *host)
{
        struct job *job = context;

        if (host)
                scan_print_row(&job->printer, host);
        else
                fflush(job->printer.out); /* rows are for who watches, and go out at the latest when there is time */
        return !ferror(job->printer.out);
}

static bool ignore_host(void *context, const struct scan_host *host)
{
        (void)context;
        (void)host;
        return true;
}

static bool prints_as_they_come(const struct scan_options *options)
{
        return !options->sort && options->format <= SCAN_FORMAT_CSV;
}

static int scan_failure(const struct cli_context *ctx, const struct scan_options *options, int r)
{
        char source[IP4_TEXT_BYTES];

        ip4_format(options->source, source);
        switch (r) {
        case NBT_ERR_RANGE:
                return cli_failf(ctx, CLI_EXIT_USAGE, "--source %s: not an address of this machine", source);
        case NBT_ERR_DENIED:
                return cli_fail(ctx, CLI_EXIT_FAILED, "cannot ask", "no permission to open a socket", NULL);
        case NBT_ERR_NOMEM:
                return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, "scan fewer addresses at once");
        default:
                return cli_fail(ctx, CLI_EXIT_FAILED, "cannot ask the network", strerror(errno), NULL);
        }
}

static void tell_port(const struct cli_context *ctx, const struct scan_options *options,
                      const struct scan_outcome *outcome)
{
        if (outcome->port != NBNS_PORT && !options->any_port)
                fprintf(ctx->err,
                        "%s: asked from port %u, as port 137 is taken or not permitted; Windows before 2000 answers to "
                        "port 137 only\n",
                        ctx->program, outcome->port);
}

static void tell_outcome(const struct cli_context *ctx, const struct scan_options *options,
                         const struct scan_outcome *outcome)
{
        const struct scan_progress *p = &outcome->progress;

        fflush(ctx->out);
        if (outcome->interrupted)
                fprintf(ctx->err, "%s: interrupted: %u of %u addresses were asked\n", ctx->program, p->asked, p->total);
        if (outcome->unsent)
                fprintf(ctx->err, "%s: %llu packets could not be sent: %s\n", ctx->program,
                        (unsigned long long)outcome->unsent, strerror(outcome->unsent_errno));
        if (options->quiet)
                return;
        tell_port(ctx, options, outcome);
        if (p->slowed_count)
                fprintf(ctx->err, "%s: answers got lost: slowed down %u times, to %.0f %% at the end\n", ctx->program,
                        p->slowed_count, 100 * p->pace);
        if (p->loss_not_ours && p->loss > SCAN_LOSS_MUCH)
                fprintf(ctx->err, "%s: slowing down did not help against the loss: it does not come from this scan\n",
                        ctx->program);
        fprintf(ctx->err,
                "%s: %u addresses, %u hosts, %.1f s, %llu packets, silent ones asked %u times, loss %.1f %%%s\n",
                ctx->program, p->total, p->found, outcome->seconds, (unsigned long long)p->sent, p->rounds,
                100 * p->loss, outcome->dropped ? ", some in our own socket" : "");
        if (p->missed >= 1)
                fprintf(ctx->err, "%s: about %.0f hosts may be missed; give more --retries\n", ctx->program, p->missed);
}

static int run_scan(const struct cli_context *ctx, struct job *job)
{
        const bool shows = !job->options.quiet && isatty(STDERR_FILENO);
        scan_row_fn *fn = prints_as_they_come(&job->options) ? on_host : ignore_host;
        const int r = scan_run(&job->options, &job->scan, fn, job, shows ? ctx->err : NULL, &job->outcome);

        if (r < 0)
                return scan_failure(ctx, &job->options, r);
        if (job->outcome.unsent && job->outcome.unsent >= job->outcome.progress.sent)
                return cli_fail(ctx, CLI_EXIT_FAILED, "cannot ask the network", strerror(job->outcome.unsent_errno),
                                "check the interfaces and routes of this machine");
        return CLI_EXIT_OK;
}

/* ---- after -------------------------------------------------------------------------------------------------------- */

static int compare_hosts(const void *a, const void *b)
{
        const struct scan_host *const *x = a, *const *y = b;

        return (*x)->address < (*y)->address ? -1 : (*x)->address > (*y)->address;
}

/* By address, from the scan or from the file. */
static int list_hosts(struct job *job, struct scan_findings *findings)
{
        struct scan_host *const *found;

        if (job->options.read_path) {
                findings->hosts = job->read.hosts;
                findings->host_count = job->read.host_count;
                return 0;
        }
        findings->host_count = scan_hosts(job->scan, &found);
        const struct scan_host **hosts = arena_alloc(&job->arena, findings->host_count * sizeof(*hosts));
        if (!hosts)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < findings->host_count; i++)
                hosts[i] = found[i];
        if (findings->host_count)
                qsort(hosts, findings->host_count, sizeof(*hosts), compare_hosts);
        findings->hosts = hosts;
        return 0;
}

static int find_changes(struct job *job, struct scan_findings *findings)
{
        const struct scan_ranges *ranges = job->options.read_path ? &job->read.ranges : &job->options.ranges;
        /* who was not asked is not gone */
        const bool partial = job->options.read_path ? job->read.partial : job->outcome.interrupted;
        const struct scan_ranges none = {0};

        if (!job->options.diff_path)
                return 0;
        findings->has_diff = true;
        findings->diff_since = job->before.time;
        const int r = scan_diff(job->before.hosts, job->before.host_count, &job->before.ranges, findings->hosts,
                                findings->host_count, partial ? &none : ranges, &job->arena, &findings->differences);
        findings->difference_count = r < 0 ? 0 : (size_t)r;
        return r < 0 ? r : 0;
}

/* The networks of this machine's interfaces: there the masks are known. What a file tells may be of another site. */
static size_t list_subnets(struct job *job, const struct scan_subnet **ret)
{
        const struct netif *netifs = NULL;
        size_t count = 0;
        const int found = job->options.read_path ? 0 : netif_list(&job->arena, &netifs);

        for (int i = 0; i < found; i++)
                count += netifs[i].address_count;
        struct scan_subnet *subnets = count ? arena_alloc(&job->arena, count * sizeof(*subnets)) : NULL;
        if (!subnets)
                return 0;
        count = 0;
        for (int i = 0; i < found; i++)
                for (size_t j = 0; j < netifs[i].address_count && !netifs[i].loopback; j++)
                        subnets[count++] =
                                (struct scan_subnet){netifs[i].addresses[j].address, netifs[i].addresses[j].netmask};
        *ret = subnets;
        return count;
}

static int find_all(struct job *job, struct scan_findings *findings)
{
        const struct scan_subnet *subnets = NULL;
        const size_t subnet_count = list_subnets(job, &subnets);
        int r = list_hosts(job, findings);

        if (r == 0)
                r = scan_judge(findings->hosts, findings->host_count, subnets, subnet_count, &job->arena,
                               &findings->report);
        if (r == 0 && !job->outcome.interrupted && (job->options.wins_count || job->options.dns)) {
                r = scan_check(&job->options, findings->hosts, findings->host_count, &findings->report, &job->arena,
                               &findings->disagreements);
                findings->disagreement_count = r < 0 ? 0 : (size_t)r;
                r = r < 0 ? r : 0;
        }
        return r < 0 ? r : find_changes(job, findings);
}

/* Beside FILE first, then in its place: a scan that fails to be written leaves the old one. */
static int save(const struct cli_context *ctx, const struct job *job, const struct scan_findings *findings)
{
        char path[4096];
        struct strbuf line = STRBUF_INIT;
        bool ok;

        snprintf(path, sizeof(path), "%s.new", job->options.save_path);
        FILE *file = fopen(path, "we");
        if (!file)
                return cli_failf(ctx, CLI_EXIT_FAILED, "%s: cannot be written: %s", path, strerror(errno));
        scan_save_format_head(&line, clock_wall(), &job->options.ranges, job->outcome.interrupted);
        fputs(strbuf_str(&line), file);
        for (size_t i = 0; i < findings->host_count; i++) {
                strbuf_reset(&line);
                scan_save_format_host(&line, findings->hosts[i]);
                fputs(strbuf_str(&line), file);
        }
        ok = strbuf_ok(&line) && !ferror(file);
        strbuf_done(&line);
        ok = fclose(file) == 0 && ok;
        if (!ok || rename(path, job->options.save_path) != 0)
                return cli_failf(ctx, CLI_EXIT_FAILED, "%s: cannot be written: %s", job->options.save_path,
                                 strerror(errno));
        return CLI_EXIT_OK;
}

static int conclude(const struct job *job, const struct scan_findings *findings)
{
        const struct scan_report *report = &findings->report;

        if (report->duplicate_count || report->in_conflict_count || findings->disagreement_count ||
            findings->difference_count)
                return CLI_EXIT_FOUND;
        return job->outcome.interrupted ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}

static int report(const struct cli_context *ctx, struct job *job)
{
        struct scan_findings findings = {0};
        const bool printed = !job->options.read_path && prints_as_they_come(&job->options);
        int exit = CLI_EXIT_OK;

        if (find_all(job, &findings) < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "cannot judge what was found", "memory or the network failed",
                                NULL);
        for (size_t i = 0; !printed && i < findings.host_count && job->options.format <= SCAN_FORMAT_CSV; i++)
                scan_print_row(&job->printer, findings.hosts[i]);
        if (job->options.format > SCAN_FORMAT_CSV)
                scan_print_file(&job->printer, &findings);
        scan_print_findings(&job->printer, &findings, ctx->err);
        if (job->options.save_path && !job->options.read_path)
                exit = save(ctx, job, &findings);
        if (job->options.format == SCAN_FORMAT_JSON && !job->options.read_path)
                scan_json_summary(&job->printer, &job->outcome);
        if (!job->options.read_path)
                tell_outcome(ctx, &job->options, &job->outcome);
        return exit == CLI_EXIT_OK ? conclude(job, &findings) : exit;
}

static int run(struct cli_context *ctx, int argc, char **argv)
{
        struct job job = {.codepage = SCAN_DEFAULT_CODEPAGE,
                          .options = {.rate = SCAN_DEFAULT_RATE, .retries = SCAN_DEFAULT_RETRIES}};
        int exit;

        if (parse(ctx, argc, argv, &job, &exit) == CLI_OPT_DONE) {
                exit = prepare(ctx, &job);
                if (exit == CLI_EXIT_OK && !job.options.read_path)
                        exit = run_scan(ctx, &job);
                if (exit == CLI_EXIT_OK)
                        exit = report(ctx, &job);
        }
        scan_free(job.scan);
        scan_save_done(&job.read);
        scan_save_done(&job.before);
        strbuf_done(&job.read_text);
        strbuf_done(&job.before_text);
        scan_text_close(job.printer.text);
        scan_vendors_free(job.printer.vendors);
        scan_ranges_done(&job.options.ranges);
        scan_ranges_done(&job.excluded);
        arena_done(&job.arena);
        return exit;
}

const struct cli_command cli_cmd_scan = {
        .name = "scan",
        .summary = "name tables of whole networks, and names held twice",
        .help = help,
        .run = run,
};
