#include "harness.h"

#include <stdlib.h>
#include <string.h>

uint32_t ip(const char *text)
{
        uint32_t address;

        assert_int_equal(ip4_parse(text, &address), 0);
        return address;
}

struct nb_name nm(const char *text)
{
        struct nb_name name;

        assert_int_equal(nb_name_parse(text, 0x20, &name), 0);
        return name;
}

/* ---- the log ------------------------------------------------------------------------------------------------------------ */

static void log_record(struct strbuf *log, const struct nbns_rr *rr)
{
        char text[IP4_TEXT_BYTES];

        if (rr->type == NBNS_TYPE_NBSTAT)
                strbuf_add(log, " status");
        for (size_t i = 0; i < nbns_rr_address_count(rr); i++) {
                const struct nbns_address address = nbns_rr_address_get(rr, i);
                ip4_format(address.address, text);
                strbuf_printf(log, " %c %s", address.nb_flags & NBNS_NB_GROUP ? 'G' : 'U', text);
        }
}

static void log_packet(struct strbuf *log, const void *bytes, size_t len_bytes)
{
        struct nbns_packet packet;
        char name[NB_NAME_TEXT_BYTES];

        assert_int_equal(nbns_packet_decode(bytes, len_bytes, &packet), 0);
        nb_name_format(packet.has_question ? &packet.question.name : &packet.answer.name, name);
        strbuf_add(log, packet.header.opcode == NBNS_OPCODE_QUERY && packet.has_question &&
                                        packet.question.type == NBNS_TYPE_NBSTAT
                                ? "STATUS"
                                : nbns_opcode_str(packet.header.opcode));
        if (packet.header.response)
                strbuf_printf(log, "-R rcode %u", packet.header.rcode);
        strbuf_printf(log, " %s", name);
        if (packet.has_additional)
                log_record(log, &packet.additional);
        if (packet.has_answer)
                log_record(log, &packet.answer);
        strbuf_printf(log, "%s%s", packet.header.rd && !packet.header.response ? " rd" : "",
                      packet.header.broadcast ? " bcast" : "");
}

static void log_notice(struct bench *bench, const struct node_notice *notice)
{
        char name[NB_NAME_TEXT_BYTES], text[IP4_TEXT_BYTES];

        nb_name_format(&notice->name, name);
        strbuf_printf(&bench->log, "! %s %s %s", node_notice_str(notice->type), name, notice->iface_label);
        if (notice->type == NODE_NOTICE_STATE)
                strbuf_printf(&bench->log, " %s>", node_state_str(notice->old_state));
        else
                bench->last_notice = *notice;
        strbuf_printf(&bench->log, " %s", node_state_str(notice->new_state));
        if (notice->type == NODE_NOTICE_DUPLICATE || notice->type == NODE_NOTICE_RELEASE_DEMAND)
                strbuf_printf(&bench->log, " %s", node_verdict_str(notice->verdict));
        if (notice->peer) {
                ip4_format(notice->peer, text);
                strbuf_printf(&bench->log, " peer %s", text);
        }
        if (notice->holder) {
                ip4_format(notice->holder, text);
                strbuf_printf(&bench->log, " holder %s", text);
        }
        if (notice->by_wins)
                strbuf_add(&bench->log, " wins");
        if (notice->repeated)
                strbuf_printf(&bench->log, " repeated %u", notice->repeated);
}

static void log_complete(struct bench *bench, const struct node_completion *complete)
{
        char text[IP4_TEXT_BYTES];

        bench->last_result = complete->result;
        bench->last_complete = *complete;
        strbuf_printf(&bench->log, "= %llu %s", (unsigned long long)complete->id, nbt_err_str(complete->result));
        for (size_t i = 0; i < complete->address_count; i++) {
                bench->complete_addresses[i] = complete->addresses[i].address;
                ip4_format(complete->addresses[i].address, text);
                strbuf_printf(&bench->log, " %s", text);
        }
        for (size_t i = 0; i < complete->holder_count; i++)
                bench->complete_holders[i] = complete->holders[i];
}

static void log_send(struct bench *bench, const struct node_action *action)
{
        char text[IP4_TEXT_BYTES];

        ip4_format(action->send.destination, text);
        strbuf_printf(&bench->log, "%s > %s ", action->send.iface_id == ETH0 ? "eth0" : "eth1", text);
        log_packet(&bench->log, action->send.bytes, action->send.len_bytes);
        assert_true(bench->sent_count < BENCH_MAX_SENT);
        struct sent *sent = &bench->sent[bench->sent_count++];
        sent->iface_id = action->send.iface_id;
        sent->destination = action->send.destination;
        sent->broadcast = action->send.broadcast;
        sent->len_bytes = action->send.len_bytes;
        memcpy(sent->bytes, action->send.bytes, action->send.len_bytes);
}

void bench_step(struct bench *bench, struct node_event *event)
{
        struct node_actions actions = {.arena = &bench->arena};

        event->now = (mono_t){bench->now_ms * 1000000};
        arena_reset(&bench->arena);
        assert_int_equal(node_step(bench->node, event, &actions), 0);
        for (const struct node_action *action = actions.first; action; action = action->next) {
                strbuf_printf(&bench->log, "%lld ", (long long)bench->now_ms);
                switch (action->type) {
                case NODE_ACTION_SEND:
                        log_send(bench, action);
                        break;
                case NODE_ACTION_NOTIFY:
                        log_notice(bench, &action->notice);
                        break;
                case NODE_ACTION_COMPLETE:
                        log_complete(bench, &action->complete);
                        break;
                case NODE_ACTION_DNS_LOOKUP:
                        strbuf_printf(&bench->log, "dns %u %s", action->dns.lookup_id, action->dns.host);
                        break;
                case NODE_ACTION_STOPPED:
                        strbuf_add(&bench->log, "stopped");
                        bench->stopped = true;
                        break;
                }
                strbuf_add_char(&bench->log, '\n');
        }
}

/* ---- the bench ---------------------------------------------------------------------------------------------------------- */

void bench_init(struct bench *bench, enum node_type type)
{
        memset(bench, 0, sizeof(*bench));
        bench->seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 10) : 1;
        bench->config = node_config_default();
        bench->config.type = type;
        memcpy(bench->config.computer, "FILESRV", 8);
        bench->last_result = 1;
}

static void fill_iface(struct node_iface *iface, uint32_t id, const char *address, const char *wins, bool up)
{
        *iface = (struct node_iface){.id = id, .netmask = 0xFFFFFF00, .up = up, .netbios_enabled = true};
        iface->address = ip(address);
        iface->broadcast = iface->address | 0xFF;
        memcpy(iface->label, id == ETH0 ? "eth0" : "eth1", 5);
        iface->mac[0] = 2;
        iface->mac[5] = (uint8_t)id;
        while (*wins) {
                char one[IP4_TEXT_BYTES];
                const size_t len = strcspn(wins, " ");
                memcpy(one, wins, len);
                one[len] = 0;
                iface->wins[iface->wins_count++] = ip(one);
                wins += len + strspn(wins + len, " ");
        }
}

void bench_iface(struct bench *bench, uint32_t id, const char *address, const char *wins, bool up)
{
        struct node_event event = {.type = NODE_EVENT_IFACE};

        fill_iface(&event.iface, id, address, wins, up);
        bench_step(bench, &event);
}

void bench_begin(struct bench *bench, const char *wins)
{
        struct node_event event = {.type = NODE_EVENT_START};
        struct rng rng;

        rng_init_seed(&rng, bench->seed);
        assert_int_equal(node_new(&bench->node, &bench->config, &rng), 0);
        bench_iface(bench, ETH0, "10.0.0.1", wins, true);
        bench_step(bench, &event);
}

void bench_done(struct bench *bench)
{
        bench->node = node_free(bench->node);
        arena_done(&bench->arena);
        strbuf_done(&bench->log);
}

void bench_clear(struct bench *bench)
{
        strbuf_reset(&bench->log);
        bench->sent_count = 0;
        bench->last_result = 1;
}

void bench_run(struct bench *bench, int64_t ms)
{
        const int64_t end_ms = bench->now_ms + ms;
        unsigned steps = 0;

        for (;;) {
                const mono_t deadline = node_deadline(bench->node);
                const int64_t at_ms = deadline.ns == INT64_MAX ? INT64_MAX : (deadline.ns + 999999) / 1000000;
                if (at_ms > end_ms)
                        break;
                assert_true(++steps < 1000000); /* it must not ask to be woken for nothing, for ever */
                bench->now_ms = at_ms > bench->now_ms ? at_ms : bench->now_ms;
                struct node_event event = {.type = NODE_EVENT_TIMER};
                bench_step(bench, &event);
        }
        bench->now_ms = end_ms;
}

void bench_bytes(struct bench *bench, const char *source, const char *destination, const void *bytes, size_t len_bytes)
{
        struct node_event event = {.type = NODE_EVENT_PACKET};

        event.packet.bytes = bytes;
        event.packet.len_bytes = len_bytes;
        event.packet.source = ip(source);
        event.packet.destination = ip(destination);
        event.packet.source_port = 137;
        event.packet.iface_id = strncmp(destination, "10.1.", 5) == 0 ? ETH1 : ETH0;
        bench_step(bench, &event);
}

void bench_packet(struct bench *bench, const char *source, const char *destination, const struct nbns_packet *packet)
{
        uint8_t bytes[NBNS_MAX_BYTES];
        const int len = nbns_packet_encode(packet, bytes, sizeof(bytes));

        assert_true(len > 0);
        bench_bytes(bench, source, destination, bytes, (size_t)len);
}

uint64_t bench_command(struct bench *bench, enum node_command_type type, const char *name, enum node_name_kind kind)
{
        static uint64_t id;
        struct node_event event = {.type = NODE_EVENT_COMMAND};

        event.command = (struct node_command){.id = ++id, .type = type, .kind = kind};
        if (name)
                event.command.name = nm(name);
        bench_step(bench, &event);
        return id;
}

/* ---- others' packets ------------------------------------------------------------------------------------------------------ */

static bool is_bcast(const char *destination)
{
        return strstr(destination, ".255") != NULL;
}

void bench_claim(struct bench *bench, const char *source, const char *destination, const char *name, uint8_t opcode,
                 enum node_name_kind kind)
{
        const struct nbns_address address = {kind == NODE_NAME_GROUP ? NBNS_NB_GROUP : 0, ip(source)};
        const struct nb_name which = nm(name);
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_claim(&packet, rdata, 0x7777, opcode, &which, &bench->config.scope, &address, 0, true,
                         is_bcast(destination));
        bench_packet(bench, source, destination, &packet);
}

static void ask(struct bench *bench, const char *source, const char *destination, const char *name, uint16_t type)
{
        const struct nb_name which = nm(name);
        struct nbns_packet packet;

        nbns_build_query(&packet, 0x5555, &which, &bench->config.scope, type, true, is_bcast(destination));
        bench_packet(bench, source, destination, &packet);
}

void bench_query(struct bench *bench, const char *source, const char *destination, const char *name)
{
        ask(bench, source, destination, name, NBNS_TYPE_NB);
}

void bench_status(struct bench *bench, const char *source, const char *destination, const char *name)
{
        ask(bench, source, destination, name, NBNS_TYPE_NBSTAT);
}

void bench_conflict_demand(struct bench *bench, const char *source, const char *destination, const char *name)
{
        const struct nb_name which = nm(name);
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_conflict_demand(&packet, rdata, 0x6666, &which, &bench->config.scope);
        bench_packet(bench, source, destination, &packet);
}

void bench_release_demand(struct bench *bench, const char *source, const char *destination, const char *name)
{
        const struct nbns_address address = {0, ip("10.0.0.1")};
        const struct nb_name which = nm(name);
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_release(&packet, rdata, 0x4444, &which, &bench->config.scope, &address, is_bcast(destination));
        bench_packet(bench, source, destination, &packet);
}

static bool last_request(struct bench *bench, uint8_t opcode, const char *name, struct nbns_packet *ret)
{
        for (size_t i = bench->sent_count; i-- > 0;) {
                assert_int_equal(nbns_packet_decode(bench->sent[i].bytes, bench->sent[i].len_bytes, ret), 0);
                if (ret->header.response || ret->header.opcode != opcode)
                        continue;
                const struct nb_name which = name ? nm(name) : ret->question.name;
                if (nb_name_equal(&ret->question.name, &which))
                        return true;
        }
        return false;
}

void bench_answer(struct bench *bench, const char *source, uint8_t opcode, const char *name, uint8_t rcode,
                  uint32_t ttl_s)
{
        struct nbns_packet request, packet;
        uint8_t rdata[6];

        assert_true(last_request(bench, opcode, name, &request));
        const struct nbns_address address =
                rcode ? (struct nbns_address){0, ip("10.0.0.99")} : nbns_rr_address_get(&request.additional, 0);
        nbns_build_claim_response(&packet, rdata, request.header.id, opcode, rcode, &request.question.name,
                                  &bench->config.scope, &address, ttl_s);
        bench_packet(bench, source, "10.0.0.1", &packet);
}

void bench_answer_query(struct bench *bench, const char *source, const char *name, const char *address,
                        uint16_t nb_flags)
{
        struct nbns_packet request, packet;
        uint8_t rdata[6];

        assert_true(last_request(bench, NBNS_OPCODE_QUERY, name, &request));
        nbns_address_encode(&(struct nbns_address){nb_flags, ip(address)}, rdata);
        nbns_build_query_response(&packet, request.header.id, &request.question.name, &bench->config.scope, rdata, 6, 0,
                                  false);
        bench_packet(bench, source, "10.0.0.1", &packet);
}

void bench_wack(struct bench *bench, const char *source, const char *name, uint32_t ttl_s)
{
        struct nbns_packet request, packet;
        uint8_t rdata[2];

        assert_true(last_request(bench, NBNS_OPCODE_REGISTRATION, name, &request));
        nbns_build_wack(&packet, rdata, request.header.id, &request.question.name, &bench->config.scope, 0x2900, ttl_s);
        bench_packet(bench, source, "10.0.0.1", &packet);
}

/* ---- looks ---------------------------------------------------------------------------------------------------------------- */

enum node_name_state bench_state(struct bench *bench, const char *name, uint32_t iface_id)
{
        const struct nb_name which = nm(name);
        struct arena arena = ARENA_INIT;
        struct node_view view;
        enum node_name_state state = NODE_STATE_MAX;

        assert_int_equal(node_view(bench->node, (mono_t){bench->now_ms * 1000000}, &arena, &view), 0);
        for (size_t i = 0; i < view.name_count; i++)
                if (nb_name_equal(&view.names[i].name, &which) && view.names[i].iface_id == iface_id)
                        state = view.names[i].state;
        arena_done(&arena);
        return state;
}

size_t bench_count(const struct bench *bench, const char *needle)
{
        const char *at = strbuf_str(&bench->log);
        size_t count = 0;

        while (*at) {
                const size_t len = strcspn(at, "\n");
                if (memmem(at, len, needle, strlen(needle)))
                        count++;
                at += len + (at[len] == '\n');
        }
        return count;
}
