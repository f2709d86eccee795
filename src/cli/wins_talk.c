#include "cli/wins_cmd.h"

#include <stdlib.h>

int wins_talk_open(const struct cli_context *ctx, struct wins_talk *ret)
{
        *ret = (struct wins_talk){.ctx = ctx};
        const int r = ctl_connect(ctx->runtime_dir, &ret->client);

        if (r == NBT_ERR_NOT_FOUND)
                return cli_failf(ctx, CLI_EXIT_FAILED,
                                 "cannot speak with winsd: nobody answers in %s; start it (systemctl start winsd), or "
                                 "name its directory with --runtime-dir",
                                 ctx->runtime_dir);
        if (r < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "cannot speak with winsd", ctl_error_why(r), wins_talk_todo(r));
        return CLI_EXIT_OK;
}

void wins_talk_close(struct wins_talk *talk)
{
        talk->client = ctl_close(talk->client);
}

int wins_talk_call(struct wins_talk *talk, enum ctl_request_type type, const struct ctl_wins_request *wins,
                   struct arena *arena, struct ctl_reply *ret)
{
        const struct ctl_request request = {.type = type, .wins = wins};
        const int r = ctl_call(talk->client, &request, arena, ret);

        if (r < 0)
                return cli_fail(talk->ctx, CLI_EXIT_FAILED, "cannot speak with winsd", ctl_error_why(r),
                                wins_talk_todo(r));
        return CLI_EXIT_OK;
}

const char *wins_talk_todo(int code)
{
        return code == NBT_ERR_IO || code == NBT_ERR_TIMEOUT ? "see the daemon's log (journalctl -u winsd)"
                                                             : ctl_error_todo(code);
}

static const char *todo_for(int result)
{
        switch (result) {
        case NBT_ERR_DENIED:
                return "run this as root, or as a member of the group netbt";
        case NBT_ERR_UNSUPPORTED:
                return "run this on the host of the WINS server, where winsd runs in netbtd's place";
        case NBT_ERR_IO:
        case NBT_ERR_FULL:
                return "see 'netbt wins status' and the daemon's log (journalctl -u winsd)";
        case NBT_ERR_STATE:
                return "try again when it has started again";
        default:
                return NULL;
        }
}

static const char *why_of(const struct ctl_reply *reply)
{
        if (reply->message[0])
                return reply->message;
        if (reply->result == NBT_ERR_UNSUPPORTED)
                return "the daemon that runs here is no WINS server";
        return nbt_err_str(reply->result);
}

int wins_talk_failed(const struct wins_talk *talk, const struct ctl_reply *reply, const char *doing, const char *todo)
{
        const enum cli_exit exit = reply->result == NBT_ERR_RANGE ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;

        return cli_fail(talk->ctx, exit, doing, why_of(reply), todo ? todo : todo_for(reply->result));
}

int wins_talk_refused(const struct wins_talk *talk, const struct ctl_reply *reply, const char *doing)
{
        return wins_talk_failed(talk, reply, doing, NULL);
}

static const char *doing_what(enum ctl_request_type type)
{
        return type == CTL_REQUEST_WINS_SHOW     ? "the records cannot be listed"
               : type == CTL_REQUEST_WINS_DELETE ? "the records cannot be deleted"
                                                 : "the database cannot be checked";
}

/* How many rows the next page may have; findings cannot be counted before. */
static uint32_t page_limit(enum ctl_request_type type, uint64_t limit, uint64_t taken)
{
        if (type == CTL_REQUEST_WINS_CHECK || limit == 0 || limit - taken > CTL_WINS_DELETE_ROWS)
                return 0;
        return (uint32_t)(limit - taken);
}

int wins_talk_pages(struct wins_talk *talk, enum ctl_request_type type, const struct ctl_wins_request *request,
                    uint64_t limit, wins_page_fn take, void *context)
{
        struct ctl_wins_request page = *request;
        struct arena arena = ARENA_INIT;
        uint64_t taken = 0;
        int exit = CLI_EXIT_OK;
        bool more = true;

        while (exit == CLI_EXIT_OK && more && (limit == 0 || taken < limit)) {
                struct ctl_reply reply = {0};

                arena_reset(&arena);
                page.limit = page_limit(type, limit, taken);
                exit = wins_talk_call(talk, type, &page, &arena, &reply);
                if (exit == CLI_EXIT_OK && (reply.result < 0 || !reply.wins))
                        exit = wins_talk_refused(talk, &reply, doing_what(type));
                if (exit != CLI_EXIT_OK)
                        break;
                taken += reply.wins->row_count + reply.wins->finding_count;
                more = reply.wins->more;
                page.cursor = reply.wins->cursor;
                if (take(context, reply.wins) < 0)
                        break;
        }
        arena_done(&arena);
        return exit;
}
