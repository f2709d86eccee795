/* netbt wins check: what is wrong in the database, by its own records and by what the machines say. */
#include "cli/wins_check.h"

#include "cli/name_json.h"

#include "base/ip4.h"
#include "io/clock.h"

struct check {
        const struct cli_context *ctx;
        bool offline;
        uint64_t limit; /* findings; 0: none */
        int64_t now_s;
        uint64_t count;
        struct wins_live live;
};

/* ---- telling ------------------------------------------------------------------------------------------------------ */

/* Streamed: a database may have very many findings. */
static void print_json(struct check *check, json_t *json)
{
        fputs(check->count == 0 ? "{\n  \"findings\": [\n" : ",\n", check->ctx->out);
        json_dumpf(json, check->ctx->out, JSON_COMPACT);
        json_decref(json);
}

static void print_line(const struct check *check, const char *title, const struct strbuf *text)
{
        fprintf(check->ctx->out, "%s%s%s: %s\n", check->ctx->colour ? "\033[1m" : "", title,
                check->ctx->colour ? "\033[0m" : "", strbuf_str(text));
}

static void explain(const struct wins_finding *finding, struct strbuf *out)
{
        char address[IP4_TEXT_BYTES], when[WALL_TEXT_BYTES];

        ip4_format(finding->address, address);
        wall_format(finding->when, when);
        wins_describe_record(finding->record, out);
        if (finding->other) {
                strbuf_add(out, " and ");
                wins_describe_record(finding->other, out);
        }
        switch (finding->type) {
        case WINS_FINDING_SCOPES:
                strbuf_add(out, ": one name in several scopes; hosts of one scope do not see the other");
                break;
        case WINS_FINDING_CLASSES:
                strbuf_add(out, ": a computer and a group share the name; rename one of them");
                break;
        case WINS_FINDING_ADDRESS:
                strbuf_printf(out, ": two computers' names for %s; the older one is stale, or a machine was renamed",
                              address);
                break;
        case WINS_FINDING_TWINS:
                strbuf_add(out, ": its sister names have other addresses; two machines may have been merged into one "
                                "multihomed record");
                break;
        case WINS_FINDING_STATIC_SHADOW:
                strbuf_printf(out, ": %s was refused the name because of this mapping, last on %s", address, when);
                break;
        case WINS_FINDING_STATIC_GROUP:
                strbuf_add(out, ": a static mapping of one machine for a name that is a group's");
                break;
        case WINS_FINDING_TYPES:
                break;
        }
}

static void tell_finding(struct check *check, const struct wins_finding *finding)
{
        struct strbuf text = STRBUF_INIT;

        explain(finding, &text);
        if (check->ctx->json) {
                json_t *json = json_pack(
                        "{s:o, s:o, s:o, s:o, s:o, s:o}", "finding", json_from_word(wins_finding_str(finding->type)),
                        "summary", json_from_text(strbuf_str(&text)), "record",
                        wins_record_json(finding->record, check->now_s), "other",
                        finding->other ? wins_record_json(finding->other, check->now_s) : json_null(), "address",
                        json_from_ip4(finding->address), "time", wins_time_json(finding->when.us));

                print_json(check, json);
        } else {
                print_line(check, wins_finding_str(finding->type), &text);
        }
        check->count++;
        strbuf_done(&text);
}

static void explain_live(const struct wins_live_finding *finding, struct strbuf *out)
{
        char address[IP4_TEXT_BYTES], other[IP4_TEXT_BYTES];

        ip4_format(finding->address, address);
        ip4_format(finding->other, other);
        wins_describe_record(finding->record, out);
        if (finding->type == WINS_LIVE_SHADOW)
                strbuf_printf(
                        out,
                        ": the machine at %s lives under this name, and WINS sends everybody elsewhere; delete the "
                        "mapping (netbt wins static delete), then nbtstat -RR on that machine",
                        address);
        else if (finding->type == WINS_LIVE_MOVED)
                strbuf_printf(out, ": the machine at %s answers, and does not bear this name", address);
        else
                strbuf_printf(out,
                              ": %s and %s both answer for it, and neither knows the other's address: two machines; "
                              "rename one, then delete the record",
                              address, other);
}

static void tell_live(void *context, const struct wins_live_finding *finding)
{
        struct check *check = context;
        struct strbuf text = STRBUF_INIT;

        if (check->limit > 0 && check->count == check->limit)
                return;
        explain_live(finding, &text);
        if (check->ctx->json)
                print_json(check, json_pack("{s:o, s:o, s:o, s:n, s:o, s:n}", "finding",
                                            json_from_word(wins_live_str(finding->type)), "summary",
                                            json_from_text(strbuf_str(&text)), "record",
                                            wins_record_json(finding->record, check->now_s), "other", "address",
                                            json_from_ip4(finding->address), "time"));
        else
                print_line(check, wins_live_str(finding->type), &text);
        check->count++;
        strbuf_done(&text);
}

/* ---- collecting --------------------------------------------------------------------------------------------------- */

static int take_findings(void *context, const struct ctl_wins_reply *page)
{
        struct check *check = context;

        for (size_t i = 0; i < page->finding_count; i++) {
                const struct wins_finding *finding = &page->findings[i];

                if (!finding->record)
                        continue;
                if (check->limit > 0 && check->count == check->limit)
                        return NBT_ERR_FULL;
                tell_finding(check, finding);
                if (finding->type == WINS_FINDING_STATIC_SHADOW || finding->type == WINS_FINDING_TWINS)
                        wins_live_add(&check->live, finding->record, finding->address);
        }
        return 0;
}

static int take_subjects(void *context, const struct ctl_wins_reply *page)
{
        struct check *check = context;

        for (size_t i = 0; i < page->row_count; i++)
                wins_live_add(&check->live, &page->rows[i], 0);
        return 0;
}

/* The records that are worth asking about: static mappings, and those with several addresses. */
static int collect_subjects(struct check *check, struct wins_talk *talk, const struct wins_filter *filter)
{
        struct ctl_wins_request statics = {.filter = *filter}, many = {.filter = *filter};
        int exit = CLI_EXIT_OK;

        statics.filter.has_static = statics.filter.is_static = true;
        many.filter.has_type = true;
        many.filter.type = WINS_MULTIHOMED;
        if (!filter->has_static || filter->is_static)
                exit = wins_talk_pages(talk, CTL_REQUEST_WINS_SHOW, &statics, 0, take_subjects, check);
        if (exit == CLI_EXIT_OK && (!filter->has_type || filter->type == WINS_MULTIHOMED))
                exit = wins_talk_pages(talk, CTL_REQUEST_WINS_SHOW, &many, 0, take_subjects, check);
        return exit;
}

static void tell_end(const struct check *check)
{
        const struct wins_live *live = &check->live;

        if (check->ctx->json)
                fprintf(check->ctx->out, "%s]\n}\n", check->count == 0 ? "{\n  \"findings\": [" : "\n  ");
        else if (check->count == 0)
                fputs(check->offline ? "Nothing is wrong in the records; the machines were not asked.\n"
                                     : "Nothing is wrong.\n",
                      check->ctx->out);
        if (live->silent_count > 0)
                cli_failf(check->ctx, CLI_EXIT_OK,
                          "note: of the static mappings, %zu lead to machines that do not answer", live->silent_count);
        if (live->left_out > 0)
                cli_failf(check->ctx, CLI_EXIT_OK,
                          "note: %llu records more were not asked about; narrow them with a filter (--prefix, "
                          "--address)",
                          (unsigned long long)live->left_out);
}

static int run(struct check *check, const struct wins_filter *filter)
{
        const struct ctl_wins_request request = {.filter = *filter};
        struct wins_talk talk;
        int exit = wins_talk_open(check->ctx, &talk);

        if (exit == CLI_EXIT_OK)
                exit = wins_talk_pages(&talk, CTL_REQUEST_WINS_CHECK, &request, check->limit, take_findings, check);
        if (exit == CLI_EXIT_OK && !check->offline)
                exit = collect_subjects(check, &talk, filter);
        wins_talk_close(&talk);
        if (exit == CLI_EXIT_OK && !check->offline)
                exit = wins_live_run(&check->live, check->ctx, tell_live, check);
        if (exit != CLI_EXIT_OK && check->count == 0)
                return exit;
        tell_end(check);
        return exit == CLI_EXIT_OK && check->count > 0 ? CLI_EXIT_FOUND : exit;
}

int wins_run_check(const struct cli_context *ctx, const struct wins_args *args)
{
        struct check check = {
                .ctx = ctx, .offline = args->offline, .limit = args->limit, .now_s = clock_wall().us / 1000000};
        struct wins_filter filter = args->filter;
        int exit = CLI_EXIT_OK;

        if (args->word_count > 1)
                return cli_fail(ctx, CLI_EXIT_USAGE, "check takes one name", NULL, "see 'netbt wins --help'");
        if (args->word_count == 1)
                exit = wins_filter_name(ctx, args->words[0], &filter);
        if (exit == CLI_EXIT_OK && wins_live_init(&check.live) < 0)
                exit = cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        if (exit == CLI_EXIT_OK)
                exit = run(&check, &filter);
        wins_live_done(&check.live);
        return exit;
}
