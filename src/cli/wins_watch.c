/* netbt wins watch: what happens in the database, one JSON object a line, until interrupted. */
#include "cli/wins_cmd.h"

#include "cli/name_json.h"

#include <errno.h>

static json_t *scope_json(const struct nb_scope *scope)
{
        char text[NB_SCOPE_MAX_BYTES + 1];

        nb_scope_format(scope, text);
        return json_from_text(text);
}

static bool is_about_name(enum wins_notice_type type)
{
        switch (type) {
        case WINS_NOTICE_REFUSED:
        case WINS_NOTICE_REPLACED:
        case WINS_NOTICE_MERGED:
        case WINS_NOTICE_BAD_RELEASE:
        case WINS_NOTICE_GROUP_FULL:
        case WINS_NOTICE_CHANGED:
        case WINS_NOTICE_RENEWED:
                return true;
        case WINS_NOTICE_FULL:
        case WINS_NOTICE_STORE_FAILED:
        case WINS_NOTICE_STORE_WORKS:
        case WINS_NOTICE_CLOCK_JUMP:
        case WINS_NOTICE_BURST:
        case WINS_NOTICE_BURST_OVER:
        case WINS_NOTICE_SCAVENGED:
        case WINS_NOTICE_TYPES:
                break;
        }
        return false;
}

static json_t *change_json(const struct ctl_wins_change *change)
{
        json_t *json = is_about_name(change->type) ? json_from_name(&change->name) : json_object();

        json_object_set_new(json, "time", wins_time_json(change->time_us));
        json_object_set_new(json, "change",
                            change->type == WINS_NOTICE_CHANGED && change->removed
                                    ? json_string("removed")
                                    : json_from_word(wins_notice_str(change->type)));
        if (is_about_name(change->type)) {
                json_object_set_new(json, "scope", scope_json(&change->scope));
                json_object_set_new(json, "claimant", json_from_ip4(change->claimant));
                json_object_set_new(json, "holder", json_from_ip4(change->holder));
                json_object_set_new(json, "holder_is_static", json_boolean(change->holder_is_static));
        }
        if (change->type == WINS_NOTICE_SCAVENGED) {
                json_object_set_new(json, "released", json_integer((json_int_t)change->released));
                json_object_set_new(json, "extinct", json_integer((json_int_t)change->extinct));
                json_object_set_new(json, "deleted", json_integer((json_int_t)change->deleted));
        }
        if (change->count > 0)
                json_object_set_new(json, "count", json_integer((json_int_t)change->count));
        if (change->record)
                json_object_set_new(json, "record", wins_record_json(change->record, change->time_us / 1000000));
        if (change->missed > 0)
                json_object_set_new(json, "missed", json_integer((json_int_t)change->missed));
        return json;
}

/* False: the reader of our output has left. */
static bool print_change(const struct cli_context *ctx, const struct ctl_wins_change *change)
{
        json_print(ctx->out, change_json(change), JSON_COMPACT);
        return fflush(ctx->out) == 0;
}

static int follow(struct wins_talk *talk)
{
        struct arena arena = ARENA_INIT;
        struct ctl_reply reply = {0};
        int exit = wins_talk_call(talk, CTL_REQUEST_WINS_WATCH, NULL, &arena, &reply);

        if (exit == CLI_EXIT_OK && reply.result < 0)
                exit = wins_talk_refused(talk, &reply, "the changes cannot be watched");
        while (exit == CLI_EXIT_OK) {
                if (reply.wins && reply.wins->change && !print_change(talk->ctx, reply.wins->change))
                        break;
                arena_reset(&arena);
                reply = (struct ctl_reply){0};
                const int r = ctl_next(talk->client, &arena, &reply);

                if (r < 0)
                        exit = cli_fail(talk->ctx, CLI_EXIT_FAILED, "watching ended", ctl_error_why(r),
                                        wins_talk_todo(r));
        }
        arena_done(&arena);
        return exit;
}

int wins_run_watch(const struct cli_context *ctx, const struct wins_args *args)
{
        struct wins_talk talk;
        int exit = wins_take_nothing(ctx, args);

        if (exit != CLI_EXIT_OK)
                return exit;
        exit = wins_talk_open(ctx, &talk);
        if (exit == CLI_EXIT_OK)
                exit = follow(&talk);
        wins_talk_close(&talk);
        return exit;
}
