/* Steps of --fix at the local node: a name given up, and all names registered again; and what is to be done elsewhere. */
#include "cli/fix_work.h"

#include "ctl/ctl.h"
#include "diagnose/describe.h"

/* NULL if it went well, else why not. */
static const char *call(struct fix_work *work, const struct ctl_request *request)
{
        struct ctl_client *client = NULL;
        struct ctl_reply reply = {0};
        int r = ctl_connect(work->ctx->runtime_dir, &client);

        if (r == 0)
                r = ctl_call(client, request, work->arena, &reply);
        ctl_close(client);
        if (r < 0 || reply.result < 0)
                return request->type == CTL_REQUEST_RELEASE_REFRESH && reply.result == NBT_ERR_LIMITED &&
                                       !reply.message[0]
                               ? "that was done less than two minutes ago"
                               : fix_why(&reply, r);
        return NULL;
}

bool fix_run_release(struct fix_work *work, const struct fix_action *action)
{
        const struct rule_input in = {work->snapshot, action->finding->c, work->arena};
        const struct ctl_request request = {.type = CTL_REQUEST_NAME_RELEASE, .name = action->finding->c->name};
        const struct case_holder *holder = case_live_holder(action->finding->c);
        char name[NB_NAME_TEXT_BYTES];

        nb_name_format_exact(&request.name, name);
        const char *quoted = fix_quote(work, name);
        const char *why = work->fix->dry_run ? NULL : call(work, &request);

        if (why)
                return fix_failed(work, FIX_RELEASE, "%s was not released here: %s", describe_name(&in), why);
        fix_did(work, FIX_RELEASE,
                arena_printf(work->arena, "netbt name add %s --runtime-dir %s", quoted,
                             fix_quote(work, work->ctx->runtime_dir)),
                "%s, which a command gave this machine and %s holds, %s here (netbt name release)", describe_name(&in),
                holder ? describe_address(&in, holder->address) : "another",
                fix_word(work, "was released", "would be released"));
        return true;
}

bool fix_run_refresh(struct fix_work *work, const struct fix_action *action)
{
        const struct ctl_request request = {.type = CTL_REQUEST_RELEASE_REFRESH};
        const char *why = work->fix->dry_run ? NULL : call(work, &request);

        (void)action;
        if (why)
                return fix_failed(work, FIX_REFRESH,
                                  "this machine's names were not registered again: %s; run nbtstat -RR later", why);
        fix_did(work, FIX_REFRESH, NULL, "this machine's names %s released and registered again (nbtstat -RR)",
                fix_word(work, "were", "would be"));
        return true;
}

bool fix_run_elsewhere(struct fix_work *work, const struct fix_action *action)
{
        const struct rule_input in = {work->snapshot, action->finding->c, work->arena};

        fix_did(work, FIX_ELSEWHERE, NULL,
                "on the machine at %s: run nbtstat -RR, or restart it, so that it registers again",
                describe_address(&in, action->finding->c->address));
        return true;
}
