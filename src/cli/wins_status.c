/* netbt wins status and stats. */
#include "cli/wins_cmd.h"

#include "base/ip4.h"
#include "io/clock.h"

#include <inttypes.h>

#define LABEL "%-26s"

static int fetch(const struct cli_context *ctx, struct arena *arena, struct ctl_reply *ret)
{
        struct wins_talk talk;
        int exit = wins_talk_open(ctx, &talk);

        if (exit == CLI_EXIT_OK)
                exit = wins_talk_call(&talk, CTL_REQUEST_WINS_STATUS, NULL, arena, ret);
        if (exit == CLI_EXIT_OK && (ret->result < 0 || !ret->wins || !ret->wins->view))
                exit = wins_talk_refused(&talk, ret, "the server's status cannot be had");
        wins_talk_close(&talk);
        return exit;
}

/* 1234567 as "1,234,567". */
static const char *grouped(struct arena *arena, uint64_t v)
{
        char digits[32], text[48];
        const int len = snprintf(digits, sizeof digits, "%" PRIu64, v);
        size_t at = 0;

        for (int i = 0; i < len; i++) {
                if (i > 0 && (len - i) % 3 == 0)
                        text[at++] = ',';
                text[at++] = digits[i];
        }
        text[at] = '\0';
        const char *copy = arena_strdup(arena, text);
        return copy ? copy : "?";
}

static const char *size_text(struct arena *arena, uint64_t bytes)
{
        static const char *const names[] = {"KiB", "MiB", "GiB", "TiB"};
        double size = (double)bytes / 1024;
        size_t i = 0;

        for (; size >= 1024 && i + 1 < NBT_ARRAY_SIZE(names); i++)
                size /= 1024;
        const char *text = arena_printf(arena, "%.1f %s", size, names[i]);
        return text ? text : "?";
}

static void print_time(FILE *out, const char *label, int64_t when_us, const char *never)
{
        char text[WINS_TIME_TEXT_BYTES];

        if (when_us == 0) {
                fprintf(out, LABEL "%s\n", label, never);
                return;
        }
        wins_time_format(when_us / 1000000, clock_wall().us / 1000000, text);
        fprintf(out, LABEL "%s\n", label, text);
}

static void print_span(FILE *out, const char *label, uint64_t seconds)
{
        char text[WINS_SPAN_TEXT_BYTES];

        wins_span_format(seconds, text);
        fprintf(out, LABEL "%s\n", label, text);
}

/* ---- status ------------------------------------------------------------------------------------------------------- */

static void print_counts(FILE *out, const struct wins_view *view, struct arena *arena)
{
        fprintf(out, "\n%-14s%14s%14s%14s\n", "Records", "active", "released", "tombstone");
        for (enum wins_type type = 0; type < WINS_TYPE_MAX; type++) {
                fprintf(out, "  %-12s", wins_type_str(type));
                for (enum wins_state state = 0; state < WINS_STATE_MAX; state++)
                        fprintf(out, "%14s", grouped(arena, view->counts[type][state]));
                fputc('\n', out);
        }
}

static void print_owners(FILE *out, const struct wins_view *view, struct arena *arena)
{
        fprintf(out, "\n%-16s%14s%18s\n", "Owner", "records", "highest version");
        for (size_t i = 0; i < view->owner_count; i++) {
                char address[IP4_TEXT_BYTES];

                ip4_format(view->owners[i].address, address);
                fprintf(out, "%-16s%14s%18" PRIX64 "%s\n", address, grouped(arena, view->owners[i].record_count),
                        view->owners[i].max_version, view->owners[i].address == view->owner ? "  this server" : "");
        }
}

static void print_settings(FILE *out, const struct wins_settings *settings)
{
        fputc('\n', out);
        print_span(out, "Renewal interval", settings->renewal_s);
        print_span(out, "Extinction interval", settings->extinction_interval_s);
        print_span(out, "Extinction timeout", settings->extinction_timeout_s);
        print_span(out, "Verification interval", settings->verify_s);
        fprintf(out, LABEL "%s\n", "Migrate on", settings->migrate ? "yes" : "no");
        if (settings->burst_queue > 0)
                fprintf(out, LABEL "from %u claims that wait for the disk\n", "Burst handling", settings->burst_queue);
        else
                fprintf(out, LABEL "off\n", "Burst handling");
        fprintf(out, LABEL, "Never answered");
        for (size_t i = 0; settings->block_queries && i < settings->block_count; i++)
                fprintf(out, "%s%s", i > 0 ? ", " : "", settings->blocked[i]);
        fputs(settings->block_queries && settings->block_count > 0 ? "\n" : "nothing is blocked\n", out);
}

static void print_store(FILE *out, const struct ctl_wins_store *store, struct arena *arena)
{
        if (!store)
                return;
        fprintf(out, LABEL "%s, %s (%s free there)\n", "Database", store->path, size_text(arena, store->size_bytes),
                size_text(arena, store->free_bytes));
        fprintf(out, LABEL "%s, the last in %.1f ms\n", "Commits", grouped(arena, store->commits),
                (double)store->commit_us / 1000);
        print_time(out, "Last backup", store->last_backup_us, "none since the start");
        if (store->last_error[0])
                fprintf(out, LABEL "%s\n", "Last error", store->last_error);
}

static void print_hook(FILE *out, const struct ctl_wins_hook *hook, struct arena *arena)
{
        if (!hook)
                return;
        fprintf(out, LABEL "%s: %s calls, %s of them failed, %s waiting\n", "Hook", hook->program,
                grouped(arena, hook->calls), grouped(arena, hook->failures), grouped(arena, hook->waiting));
        if (hook->illegal > 0 || hook->left_out > 0)
                fprintf(out, LABEL "%s changes of names that no program may get, %s for lack of room\n", "  Not told",
                        grouped(arena, hook->illegal), grouped(arena, hook->left_out));
        if (hook->last_error[0])
                fprintf(out, LABEL "%s\n", "  Last error", hook->last_error);
}

static void print_refusals(FILE *out, const struct wins_view *view)
{
        if (view->refusal_count == 0)
                return;
        fputs("\nClaims refused lately\n", out);
        for (size_t i = 0; i < view->refusal_count && i < 10; i++) {
                const struct wins_refusal *refusal = &view->refusals[i];
                char name[NB_NAME_TEXT_BYTES], claimant[IP4_TEXT_BYTES], holder[IP4_TEXT_BYTES];
                char when[WINS_TIME_TEXT_BYTES];

                nb_name_format_exact(&refusal->name, name);
                ip4_format(refusal->claimant, claimant);
                ip4_format(refusal->holder, holder);
                wins_time_format(refusal->when.us / 1000000, clock_wall().us / 1000000, when);
                fprintf(out, "  %-19s to %-15s  held by %s%s  %s", name, claimant, refusal->holder ? holder : "a group",
                        refusal->holder_is_static ? " (static mapping)" : "", when);
                if (refusal->repeated > 0)
                        fprintf(out, ", %u times more", refusal->repeated);
                fputc('\n', out);
        }
        if (view->refusal_count > 10)
                fprintf(out, "  and %zu more: netbt wins status --json\n", view->refusal_count - 10);
}

static void print_troubles(const struct cli_context *ctx, const struct wins_view *view)
{
        if (view->store_failed)
                fprintf(ctx->out, "%sThe database cannot be written: queries are answered, new claims are refused%s\n",
                        ctx->colour ? "\033[1;31m" : "", ctx->colour ? "\033[0m" : "");
        if (view->burst)
                fputs("A burst of claims is being answered quickly, with short lives\n", ctx->out);
        if (view->scavenging)
                fputs("A round of scavenging is under way\n", ctx->out);
}

static void print_status(const struct cli_context *ctx, const struct ctl_reply *reply, struct arena *arena)
{
        const struct wins_view *view = reply->wins->view;
        char owner[IP4_TEXT_BYTES];

        ip4_format(view->owner, owner);
        fprintf(ctx->out, LABEL "%s\n", "WINS server", owner);
        print_troubles(ctx, view);
        print_time(ctx->out, "Started", view->statistics.started.us, "not yet");
        fprintf(ctx->out, LABEL "%s in %s scopes, %s of them static; %s of memory\n", "Records",
                grouped(arena, view->record_count), grouped(arena, view->scope_count),
                grouped(arena, view->static_count), size_text(arena, view->memory_bytes));
        fprintf(ctx->out, LABEL "%s, %s of them waiting for a challenge\n", "Claims under way",
                grouped(arena, view->claims_under_way), grouped(arena, view->challenges_under_way));
        print_store(ctx->out, reply->wins->store, arena);
        print_hook(ctx->out, reply->wins->hook, arena);
        print_time(ctx->out, "Last scavenging", view->statistics.last_scavenging.us, "not since the start");
        print_settings(ctx->out, &view->settings);
        print_counts(ctx->out, view, arena);
        print_owners(ctx->out, view, arena);
        print_refusals(ctx->out, view);
}

int wins_run_status(const struct cli_context *ctx, const struct wins_args *args)
{
        struct arena arena = ARENA_INIT;
        struct ctl_reply reply = {0};
        int exit = wins_take_nothing(ctx, args);

        if (exit == CLI_EXIT_OK)
                exit = fetch(ctx, &arena, &reply);
        if (exit == CLI_EXIT_OK) {
                if (ctx->json)
                        wins_print_json(ctx, wins_view_json(&reply));
                else
                        print_status(ctx, &reply, &arena);
                exit = reply.wins->view->store_failed ? CLI_EXIT_FOUND : CLI_EXIT_OK;
        }
        arena_done(&arena);
        return exit;
}

/* ---- stats -------------------------------------------------------------------------------------------------------- */

/* "Detailed Information" of Windows' WINS Manager, with its words, then what we count besides. */
static void print_stats(FILE *out, const struct wins_statistics *s, struct arena *arena)
{
        const struct {
                const char *label;
                uint64_t value;
        } rows[] = {
                {"Unique Registrations", s->unique_registrations},
                {"Unique Conflicts", s->unique_conflicts},
                {"Unique Renewals", s->unique_renewals},
                {"Group Registrations", s->group_registrations},
                {"Group Conflicts", s->group_conflicts},
                {"Group Renewals", s->group_renewals},
                {"Total Registrations", s->unique_registrations + s->group_registrations},
                {"Total Queries", s->queries_successful + s->queries_failed},
                {"  Records Found", s->queries_successful},
                {"  Records Not Found", s->queries_failed},
                {"  Blocked", s->queries_blocked},
                {"Total Releases", s->releases_successful + s->releases_failed},
                {"  Records Found", s->releases_successful},
                {"  Records Not Found", s->releases_failed},
                {"Challenges", s->challenges},
                {"  Answered: Holder Alive", s->challenges_answered},
                {"  Answered: Not the Holder", s->challenges_denied},
                {"  Not Answered", s->challenges_silent},
                {"Claims Refused", s->claims_refused},
                {"Claims Merged", s->claims_merged},
                {"Wait Acknowledgements", s->wacks},
                {"Repeated Requests", s->resent_ignored},
                {"Quick Answers (Burst)", s->burst_answers},
                {"Malformed Packets", s->packets_malformed},
                {"Unmatched Answers", s->packets_unmatched},
                {"Commits", s->batches},
                {"  Failed", s->batches_failed},
                {"  Changes Stored", s->changes_stored},
                {"  Renewals Stored", s->renewals_stored},
        };

        print_time(out, "Server Start Time", s->started.us, "not yet");
        print_time(out, "Last Scavenging", s->last_scavenging.us, "not since the start");
        print_time(out, "Last Failure of the Store", s->last_store_failure.us, "none");
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                fprintf(out, LABEL "%14s\n", rows[i].label, grouped(arena, rows[i].value));
}

int wins_run_stats(const struct cli_context *ctx, const struct wins_args *args)
{
        struct arena arena = ARENA_INIT;
        struct ctl_reply reply = {0};
        int exit = wins_take_nothing(ctx, args);

        if (exit == CLI_EXIT_OK)
                exit = fetch(ctx, &arena, &reply);
        if (exit == CLI_EXIT_OK && ctx->json)
                wins_print_json(ctx, wins_statistics_json(&reply.wins->view->statistics));
        else if (exit == CLI_EXIT_OK)
                print_stats(ctx->out, &reply.wins->view->statistics, &arena);
        arena_done(&arena);
        return exit;
}
