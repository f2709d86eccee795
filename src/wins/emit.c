#include "wins/internal.h"

#include <string.h>

struct wins_action *wins_emit(struct wins *wins, enum wins_action_type type)
{
        struct wins_actions *out = wins->out;
        struct wins_action *action = arena_alloc(out->arena, sizeof(*action));

        if (!action) {
                wins->failed = true;
                return NULL;
        }
        action->type = type;
        if (out->last)
                out->last->next = action;
        else
                out->first = action;
        out->last = action;
        out->count++;
        return action;
}

struct wins_notice *wins_emit_notice(struct wins *wins, enum wins_notice_type type, const struct nb_name *name,
                                     const struct nb_scope *scope)
{
        static _Thread_local struct wins_notice scratch; /* written, never read */
        struct wins_notice *notice = arena_alloc(wins->out->arena, sizeof(*notice));
        struct wins_action *action = notice ? wins_emit(wins, WINS_ACTION_NOTIFY) : NULL;

        if (!action) {
                wins->failed = true;
                scratch = (struct wins_notice){.type = type};
                return &scratch;
        }
        action->notice = notice;
        notice->type = type;
        if (name)
                notice->name = *name;
        if (scope) {
                notice->scope.len_bytes = scope->len_bytes;
                memcpy(notice->scope.text, scope->text, scope->len_bytes);
        }
        return notice;
}

const struct wins_record *wins_emit_record(struct wins *wins, const struct wins_record *record)
{
        struct wins_record *copy = arena_alloc(wins->out->arena, sizeof(*copy));

        if (!copy) {
                wins->failed = true;
                return NULL;
        }
        wins_record_copy(copy, record);
        wins_times_to_wall(copy, wins->shift_s);
        return copy;
}

void wins_emit_packet(struct wins *wins, uint32_t local, uint32_t destination, uint16_t port,
                      const struct nbns_packet *packet)
{
        uint8_t buffer[NBNS_MAX_BYTES];
        const int len = nbns_packet_encode(packet, buffer, sizeof(buffer));
        const uint8_t *bytes = len < 0 ? NULL : arena_copy(wins->out->arena, buffer, (size_t)len);
        struct wins_action *action = bytes ? wins_emit(wins, WINS_ACTION_SEND) : NULL;

        if (!action) {
                wins->failed = wins->failed || len >= 0; /* 25 addresses and a scope always fit */
                return;
        }
        action->send.local = local;
        action->send.destination = destination;
        action->send.port = port;
        action->send.bytes = bytes;
        action->send.len_bytes = (size_t)len;
}

void wins_emit_reply(struct wins *wins, const struct nb_name *name, const struct nb_scope *scope,
                     const struct wins_request *request, uint8_t rcode, uint32_t ttl_s)
{
        const struct nbns_address address = {.nb_flags = request->nb_flags, .address = request->address};
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_claim_response(&packet, rdata, request->id, request->opcode, rcode, name, scope, &address, ttl_s);
        wins_emit_packet(wins, request->local, request->source, request->source_port, &packet);
}
