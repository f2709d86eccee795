#include "cli/diagnose_fix.h"

#include "cli/fix_work.h"
#include "ctl/ctl.h"
#include "diagnose/describe.h"
#include "diagnose/winsrec.h"
#include "settings/hostname.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

static const struct {
        const char *word;
        bool (*run)(struct fix_work *work, const struct fix_action *action);
} kinds[] = {
        [FIX_BACKUP] = {"backup", fix_run_backup},
        [FIX_DELETE] = {"delete", fix_run_delete},
        [FIX_CLEAR] = {"clear", fix_run_clear},
        [FIX_HOST_NAME] = {"host-name", fix_run_host_name},
        [FIX_RELEASE] = {"release", fix_run_release},
        [FIX_REFRESH] = {"refresh", fix_run_refresh},
        [FIX_ELSEWHERE] = {"elsewhere", fix_run_elsewhere},
};
static_assert(NBT_ARRAY_SIZE(kinds) == FIX_KIND_MAX, "each kind of step is run");

/* ---- what the steps use ------------------------------------------------------------------------------------------- */

static void add_step(struct fix_work *work, enum fix_kind kind, bool failed, const char *undo, const char *format,
                     va_list args) NBT_PRINTF(5, 0);

static void add_step(struct fix_work *work, enum fix_kind kind, bool failed, const char *undo, const char *format,
                     va_list args)
{
        char text[4096];

        (void)vsnprintf(text, sizeof text, format, args);
        const char *copy = arena_strdup(work->arena, text);

        work->fix->failed |= failed;
        work->fix->steps[work->fix->step_count++] = (struct fix_step){kinds[kind].word, copy ? copy : "", undo, failed};
}

void fix_did(struct fix_work *work, enum fix_kind kind, const char *undo, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        add_step(work, kind, false, undo, format, args);
        va_end(args);
}

bool fix_failed(struct fix_work *work, enum fix_kind kind, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        add_step(work, kind, true, NULL, format, args);
        va_end(args);
        return false;
}

const char *fix_word(const struct fix_work *work, const char *done, const char *would)
{
        return work->fix->dry_run ? would : done;
}

const char *fix_why(const struct ctl_reply *reply, int r)
{
        if (r < 0)
                return ctl_error_why(r);
        if (reply->message[0])
                return reply->message;
        return reply->result == NBT_ERR_DENIED ? "only root and the group netbt may change the database"
                                               : nbt_err_str(reply->result);
}

const char *fix_quote(struct fix_work *work, const char *text)
{
        struct strbuf out = STRBUF_INIT;

        strbuf_add(&out, "'");
        for (const char *at = text; *at; at++) {
                if (*at == '\'')
                        strbuf_add(&out, "'\\''");
                else
                        strbuf_add_bytes(&out, at, 1);
        }
        strbuf_add(&out, "'");
        const char *quoted = arena_strdup(work->arena, strbuf_str(&out));

        strbuf_done(&out);
        return quoted ? quoted : "";
}

const char *fix_places(struct fix_work *work)
{
        const char *text = arena_printf(work->arena, " --config %s --state-dir %s --runtime-dir %s",
                                        fix_quote(work, work->ctx->config_path), fix_quote(work, work->ctx->state_dir),
                                        fix_quote(work, work->ctx->runtime_dir));

        return text ? text : "";
}

/* ---- the plan ----------------------------------------------------------------------------------------------------- */

static void plan(struct fix_work *work, struct fix_action action)
{
        if (work->action_count < FIX_MAX_STEPS)
                work->actions[work->action_count++] = action;
}

static bool is_planned(const struct fix_work *work, enum fix_kind kind)
{
        for (size_t i = 0; i < work->action_count; i++)
                if (work->actions[i].kind == kind)
                        return true;
        return false;
}

static bool is_backed_up(const struct fix_work *work, size_t database)
{
        for (size_t i = 0; i < work->action_count; i++)
                if (work->actions[i].kind == FIX_BACKUP && work->actions[i].database == database)
                        return true;
        return false;
}

/* Is the record's deletion planned, maybe as another suffix of one mapping? */
static bool is_deleted(const struct fix_work *work, size_t database, const struct wins_record *record)
{
        for (size_t i = 0; i < work->action_count; i++) {
                const struct wins_record *seen = work->actions[i].record;

                if (seen && (seen == record || (work->actions[i].database == database && fix_goes_with(seen, record))))
                        return true;
        }
        return false;
}

/* NULL: planned; else why nothing is done. */
static const char *plan_wins(struct fix_work *work, const struct diagnose_finding *finding)
{
        const struct rule_input in = {work->snapshot, finding->c, work->arena};
        const bool is_static = finding->cause == CAUSE_WINS_STATIC_MAPPING;
        struct winsrec found = winsrec_find(&in, is_static);

        if (is_static && !found.record)
                found = winsrec_find_group(&in);
        const size_t at = found.record ? (size_t)(found.database - work->snapshot->databases) : 0;

        if (!found.record || at >= work->collection->database_count)
                return "the record stands in a database that cannot be changed from here: delete it there, as said "
                       "above "
                       "(of winsd, --fix does it, given its socket with --wins SOCKET)";
        if (is_deleted(work, at, found.record))
                return NULL;
        if (!is_backed_up(work, at))
                plan(work, (struct fix_action){.kind = FIX_BACKUP, .finding = finding, .database = at});
        plan(work, (struct fix_action){.kind = FIX_DELETE, .finding = finding, .database = at, .record = found.record});
        return NULL;
}

static const char *plan_clear(struct fix_work *work, const struct diagnose_finding *finding)
{
        if (!finding->c->here || !work->settings_are_ours)
                return "the settings are another machine's: do there what is said above";
        if (!is_planned(work, FIX_CLEAR))
                plan(work, (struct fix_action){.kind = FIX_CLEAR, .finding = finding});
        return NULL;
}

/* Does the node run under the name that the settings give, or under one of its command line? */
static bool node_uses_settings(const struct snapshot *snapshot)
{
        char name[HOSTNAME_NETBIOS_BYTES];

        hostname_choose(snapshot->host_names.names, name);
        return !snapshot->node || !name[0] || strcmp(name, snapshot->node->computer) == 0;
}

static const char *plan_host_name(struct fix_work *work, const struct diagnose_finding *finding)
{
        unsigned wrong;

        if (!finding->c->here || !work->settings_are_ours)
                return "the settings are another machine's: do there what is said above";
        const char *host = finding->c->has_name ? fix_agreed_host(work->snapshot, &finding->c->name, &wrong) : NULL;

        if (!host)
                return "the settings do not agree on one other name: which is right is for you to say";
        if (!node_uses_settings(work->snapshot))
                return "netbtd was given its name on the command line (-n): change it there";
        if (!is_planned(work, FIX_HOST_NAME))
                plan(work, (struct fix_action){.kind = FIX_HOST_NAME, .finding = finding, .host = host});
        return NULL;
}

/* Did a command give this machine the name, not its settings? */
static bool is_extra(const struct snapshot *snapshot, const struct nb_name *name)
{
        bool found = false;

        for (size_t i = 0; snapshot->node && i < snapshot->node->name_count; i++) {
                const struct node_view_name *row = &snapshot->node->names[i];

                if (!nb_name_equal(&row->name, name))
                        continue;
                if (row->permanent || row->kind != NODE_NAME_UNIQUE)
                        return false;
                found = true;
        }
        return found;
}

/* A name of a command's that is in conflict here, and that another shows as its own, is of no use here. */
static const char *plan_release(struct fix_work *work, const struct diagnose_finding *finding)
{
        const struct diagnose_case *c = finding->c;

        if (!c->here || !c->in_conflict || !is_extra(work->snapshot, &c->name))
                return "which of the two machines keeps the name is for you to say";
        if (finding->verdict != VERDICT_CONFIRMED || !case_live_holder(c))
                return "it is not sure enough that the name is the other machine's";
        plan(work, (struct fix_action){.kind = FIX_RELEASE, .finding = finding});
        return NULL;
}

static const char *plan_spoofed(const struct diagnose_finding *finding)
{
        const struct diagnose_case *c = finding->c;

        if (!c->here)
                return "the name is another machine's: run nbtstat -RR there";
        if (case_live_holder(c))
                return "another machine shows the name as its own";
        return c->in_conflict ? NULL : "the name is registered here: the demand did no harm";
}

/* What stood against it in WINS is gone: to ask for the name again is all that is left to do. */
static bool is_clear(const struct fix_work *work, const struct diagnose_finding *finding)
{
        const struct rule_input in = {work->snapshot, finding->c, work->arena};

        return finding->cause == CAUSE_UNKNOWN && finding->c->here && winsrec_is_clear(&in);
}

static bool is_wins(enum diagnose_cause cause)
{
        return cause == CAUSE_WINS_STATIC_MAPPING || cause == CAUSE_WINS_STALE_RECORD;
}

static const char *plan_finding(struct fix_work *work, const struct diagnose_finding *finding)
{
        if (finding->benign)
                return "nothing is wrong that would have to be put right";
        if (is_clear(work, finding))
                return NULL;
        if (finding->verdict < VERDICT_LIKELY)
                return "it is possible only: nothing is changed on that";
        if (is_wins(finding->cause))
                return plan_wins(work, finding);
        if (finding->cause == CAUSE_DHCP_LEFTOVER_SETTINGS)
                return plan_clear(work, finding);
        if (finding->cause == CAUSE_WRONG_HOST_NAME)
                return plan_host_name(work, finding);
        if (finding->cause == CAUSE_SAME_COMPUTER_NAME || finding->cause == CAUSE_SAME_USER_NAME)
                return plan_release(work, finding);
        if (finding->cause == CAUSE_SPOOFED_DEMAND)
                return plan_spoofed(finding);
        return "what is to be done about it cannot be undone, or not from here: see above";
}

/* Names register again by themselves when the settings change, and not at all when one was given up. */
static bool wants_refresh(const struct fix_work *work, const struct diagnose_finding *finding)
{
        return finding->c->here && (is_wins(finding->cause) || finding->cause == CAUSE_SPOOFED_DEMAND ||
                                    finding->cause == CAUSE_DHCP_LEFTOVER_SETTINGS || is_clear(work, finding));
}

static void plan_all(struct fix_work *work, const struct diagnose_report *report)
{
        const struct diagnose_finding *refresh = NULL, *elsewhere[CASE_MAX];
        size_t elsewhere_count = 0;

        for (size_t i = 0; i < report->finding_count; i++) {
                const struct diagnose_finding *finding = &report->findings[i];
                const size_t planned = work->action_count;
                const char *why = plan_finding(work, finding);

                if (why) {
                        work->fix->left[work->fix->left_count++] = (struct fix_left){finding, why};
                        continue;
                }
                work->fix->fixed_count++;
                if (wants_refresh(work, finding))
                        refresh = refresh ? refresh : finding;
                else if (!finding->c->here && finding->c->address && work->action_count > planned)
                        elsewhere[elsewhere_count++] = finding;
        }
        if (refresh)
                plan(work, (struct fix_action){.kind = FIX_REFRESH, .finding = refresh});
        for (size_t i = 0; i < elsewhere_count; i++)
                plan(work, (struct fix_action){.kind = FIX_ELSEWHERE, .finding = elsewhere[i]});
}

void diagnose_fix(const struct cli_context *ctx, const struct collection *collection,
                  const struct diagnose_report *report, bool settings_are_ours, bool dry_run, struct arena *arena,
                  struct fix *ret)
{
        struct fix_work *work = arena_alloc(arena, sizeof *work);

        *ret = (struct fix){.dry_run = dry_run, .failed = !work};
        if (!work)
                return;
        *work = (struct fix_work){.ctx = ctx,
                                  .collection = collection,
                                  .snapshot = &collection->snapshot,
                                  .arena = arena,
                                  .fix = ret,
                                  .settings_are_ours = settings_are_ours};
        plan_all(work, report);
        for (size_t i = 0; i < work->action_count; i++)
                if (!kinds[work->actions[i].kind].run(work, &work->actions[i])) {
                        ret->not_done_count = work->action_count - i - 1;
                        break;
                }
}

/* ---- for people --------------------------------------------------------------------------------------------------- */

static bool is_same_left(const struct fix_left *a, const struct fix_left *b)
{
        return a->finding->cause == b->finding->cause && strcmp(a->why, b->why) == 0;
}

static void print_left_name(const struct cli_context *ctx, const struct diagnose_case *c)
{
        char name[NB_NAME_TEXT_BYTES] = "an unknown name";

        if (c->has_name)
                nb_name_format(&c->name, name);
        fputs(name, ctx->out);
}

/* One line for all names that are left for the same reason. */
static void print_left(const struct cli_context *ctx, const struct fix *fix)
{
        bool told[CASE_MAX] = {false};

        if (fix->left_count)
                fputs("Left to you:\n", ctx->out);
        for (size_t i = 0; i < fix->left_count; i++) {
                if (told[i])
                        continue;
                fputs("  - ", ctx->out);
                print_left_name(ctx, fix->left[i].finding->c);
                for (size_t j = i + 1; j < fix->left_count; j++) {
                        if (!is_same_left(&fix->left[i], &fix->left[j]))
                                continue;
                        told[j] = true;
                        fputs(", ", ctx->out);
                        print_left_name(ctx, fix->left[j].finding->c);
                }
                fprintf(ctx->out, " (%s): %s\n", diagnose_cause_str(fix->left[i].finding->cause), fix->left[i].why);
        }
}

void diagnose_fix_print(const struct cli_context *ctx, const struct fix *fix)
{
        if (fix->step_count == 0)
                fprintf(ctx->out, "--fix %s nothing.\n", fix->dry_run ? "would change" : "changed");
        else
                fputs(fix->dry_run ? "--fix would do this:\n" : "What --fix did:\n", ctx->out);
        for (size_t i = 0; i < fix->step_count; i++) {
                fprintf(ctx->out, "  %zu. %s%s\n", i + 1, fix->steps[i].failed ? "FAILED: " : "", fix->steps[i].text);
                if (fix->steps[i].undo)
                        fprintf(ctx->out, "     To undo: %s\n", fix->steps[i].undo);
        }
        if (fix->not_done_count)
                fprintf(ctx->out, "  Not done after that: %zu more step%s (--dry-run shows them)\n",
                        fix->not_done_count, fix->not_done_count == 1 ? "" : "s");
        print_left(ctx, fix);
}
