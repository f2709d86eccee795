#include "daemon/winsd.h"

#include "daemon/log.h"
#include "io/clock.h"

#include <stdio.h>
#include <string.h>

/* Packets whose records are on their way from memory while one is answered: about as many as a processor has room for. */
#define RECORDS_AHEAD 8u
/* Lines that strangers can cause, a second; at once there are WINSD_MAX_LINES. */
#define LINES_PER_SECOND 5u

/* ---- the log ------------------------------------------------------------------------------------------------------ */

bool winsd_may_say(struct winsd *winsd, mono_t now)
{
        const uint64_t gained = mono_elapsed_ms(winsd->line_at, now) * LINES_PER_SECOND / 1000;

        if (gained) {
                const uint64_t tokens = winsd->line_tokens + gained;

                winsd->line_tokens = tokens > WINSD_MAX_LINES ? WINSD_MAX_LINES : (uint32_t)tokens;
                winsd->line_at = now;
        }
        if (winsd->line_tokens == 0) {
                winsd->lines_left_out++;
                return false;
        }
        winsd->line_tokens--;
        if (winsd->lines_left_out)
                log_line(0, "%u lines like the next were left out", winsd->lines_left_out);
        winsd->lines_left_out = 0;
        return true;
}

static void say_claim(const struct wins_notice *notice)
{
        char name[NB_NAME_TEXT_BYTES], claimant[IP4_TEXT_BYTES], holder[IP4_TEXT_BYTES];

        nb_name_format(&notice->name, name);
        ip4_format(notice->claimant, claimant);
        ip4_format(notice->holder, holder);
        if (notice->type == WINS_NOTICE_REPLACED)
                log_line(0, "%s: %s does not hold it any more; it is %s's now", name, holder, claimant);
        else if (notice->type == WINS_NOTICE_MERGED)
                log_line(0, "%s: %s and %s are addresses of one machine", name, holder, claimant);
        else if (notice->holder_is_static)
                log_line(0, "%s: %s was refused (%s): a static mapping gives it to %s (netbt wins show)", name,
                         claimant, nbns_rcode_str(notice->rcode), holder);
        else if (notice->holder_is_own)
                log_line(0, "%s: %s was refused (%s): it is a name of this server's own machine", name, claimant,
                         nbns_rcode_str(notice->rcode));
        else if (notice->holder)
                log_line(0, "%s: %s was refused (%s): %s holds it and is alive", name, claimant,
                         nbns_rcode_str(notice->rcode), holder);
        else
                log_line(0, "%s: %s was refused (%s)", name, claimant, nbns_rcode_str(notice->rcode));
}

static void say_release(const struct wins_notice *notice)
{
        char name[NB_NAME_TEXT_BYTES], claimant[IP4_TEXT_BYTES];

        nb_name_format(&notice->name, name);
        ip4_format(notice->claimant, claimant);
        if (notice->type == WINS_NOTICE_BAD_RELEASE)
                log_line(1, "%s: %s released what is not its own; nothing changed", name, claimant);
        else
                log_line(0, "%s: more than %u members: the oldest was dropped for %s", name, WINS_MAX_MEMBERS,
                         claimant);
}

static void say_state(struct winsd *winsd, const struct wins_notice *notice)
{
        struct keeper_state state;

        switch (notice->type) {
        case WINS_NOTICE_STORE_FAILED:
                keeper_look(winsd->keeper, &state);
                log_line(0, "the database cannot be written (%s%s%s): queries are answered, new claims are refused; %s",
                         notice->is_full ? "no room on its disk" : "error", *state.error ? ": " : "", state.error,
                         notice->is_full ? "make room on its disk"
                                         : "look at its disk (dmesg), and save it (netbt wins backup)");
                break;
        case WINS_NOTICE_STORE_WORKS:
                log_line(0, "the database can be written again: claims are taken");
                break;
        case WINS_NOTICE_CLOCK_JUMP:
                log_line(0, "the clock jumped by %lld s: no name expires because of it", (long long)notice->seconds);
                break;
        case WINS_NOTICE_BURST:
                log_line(0, "burst: more claims than the queue takes are answered at once, for a short time each");
                break;
        case WINS_NOTICE_BURST_OVER:
                log_line(0, "burst over: %llu claims were answered so", (unsigned long long)notice->count);
                break;
        case WINS_NOTICE_SCAVENGED:
                log_line(1, "scavenged: %llu released, %llu extinct, %llu deleted",
                         (unsigned long long)notice->released, (unsigned long long)notice->extinct,
                         (unsigned long long)notice->deleted);
                break;
        case WINS_NOTICE_FULL:
        case WINS_NOTICE_REFUSED:
        case WINS_NOTICE_REPLACED:
        case WINS_NOTICE_MERGED:
        case WINS_NOTICE_BAD_RELEASE:
        case WINS_NOTICE_GROUP_FULL:
        case WINS_NOTICE_CHANGED:
        case WINS_NOTICE_RENEWED:
        case WINS_NOTICE_TYPES:
                break;
        }
}

static void act_notify(struct winsd *winsd, const struct wins_notice *notice)
{
        switch (notice->type) {
        case WINS_NOTICE_REFUSED:
        case WINS_NOTICE_REPLACED:
        case WINS_NOTICE_MERGED:
                if (winsd_may_say(winsd, driver_now(winsd->parts.driver)))
                        say_claim(notice);
                break;
        case WINS_NOTICE_BAD_RELEASE:
        case WINS_NOTICE_GROUP_FULL:
                if (winsd_may_say(winsd, driver_now(winsd->parts.driver)))
                        say_release(notice);
                break;
        case WINS_NOTICE_FULL:
                if (winsd_may_say(winsd, driver_now(winsd->parts.driver)))
                        log_line(0,
                                 "more than the server can hold (%llu records, scopes or claims under way): a claim "
                                 "was not taken",
                                 (unsigned long long)notice->count);
                break;
        case WINS_NOTICE_BURST:
        case WINS_NOTICE_BURST_OVER:
                if (winsd_may_say(winsd, driver_now(winsd->parts.driver)))
                        say_state(winsd, notice);
                break;
        case WINS_NOTICE_STORE_FAILED:
        case WINS_NOTICE_STORE_WORKS:
        case WINS_NOTICE_CLOCK_JUMP:
        case WINS_NOTICE_SCAVENGED:
        case WINS_NOTICE_CHANGED:
        case WINS_NOTICE_RENEWED:
        case WINS_NOTICE_TYPES:
                say_state(winsd, notice);
                break;
        }
        winsd_hook_notice(winsd, notice);
        winsd_publish(winsd, notice);
}

/* ---- steps -------------------------------------------------------------------------------------------------------- */

static void perform(struct winsd *winsd, const struct wins_action *action)
{
        switch (action->type) {
        case WINS_ACTION_SEND:
                driver_send(winsd->parts.driver, action->send.local, action->send.destination, action->send.port,
                            action->send.bytes, action->send.len_bytes);
                break;
        case WINS_ACTION_PERSIST:
                keeper_store(winsd->keeper, action->batch);
                break;
        case WINS_ACTION_NOTIFY:
                act_notify(winsd, action->notice);
                break;
        case WINS_ACTION_COMPLETE:
                winsd_complete(winsd, &action->complete);
                break;
        case WINS_ACTION_STOPPED:
                if (!winsd_hook_end(winsd))
                        host_stopped(winsd->parts.host);
                break;
        }
}

void winsd_step(struct winsd *winsd, struct wins_event *event)
{
        struct driver *driver = winsd->parts.driver;
        struct wins_actions actions = {.arena = driver_arena(driver)};

        event->now = driver_now(driver);
        event->wall = driver_wall(driver);
        if (wins_step(winsd->wins, event, &actions) < 0 && winsd_may_say(winsd, event->now))
                log_line(0, "out of memory: a request was left unanswered");
        for (const struct wins_action *action = actions.first; action; action = action->next)
                perform(winsd, action);
}

void winsd_event(struct winsd *winsd, struct wins_event *event)
{
        driver_turn_begin(winsd->parts.driver);
        winsd_step(winsd, event);
        driver_turn_end(winsd->parts.driver);
}

void winsd_on_keeper(void *context, unsigned events)
{
        struct winsd *winsd = context;
        struct keeper_news news;

        (void)events;
        keeper_take(winsd->keeper, &news);
        if (news.stored) {
                struct wins_event event = {.type = news.result < 0 ? WINS_EVENT_STORE_FAILED : WINS_EVENT_STORED,
                                           .store = {.batch = news.batch, .full = news.result == NBT_ERR_FULL}};

                winsd_event(winsd, &event);
        }
        if (news.backed_up)
                winsd_backed_up(winsd, news.backup_result);
}

/* ---- what the driver calls ---------------------------------------------------------------------------------------- */

static struct wins_packet packet_of(const struct udp_datagram *datagram)
{
        return (struct wins_packet){.bytes = datagram->bytes,
                                    .len_bytes = datagram->len_bytes,
                                    .source = datagram->source,
                                    .source_port = datagram->source_port,
                                    .local = datagram->destination};
}

/* False if PACKET is the node's. */
static bool take_packet(struct winsd *winsd, const struct wins_packet *packet)
{
        struct wins_event event = {.type = WINS_EVENT_PACKET, .packet = *packet};

        switch (wins_route(winsd->wins, packet)) {
        case WINS_ROUTE_SERVER:
                winsd_step(winsd, &event);
                return true;
        case WINS_ROUTE_NODE:
        case WINS_ROUTE_NONE: /* the node counts what is damaged */
                break;
        }
        return false;
}

static void on_batch(void *context, const struct udp_datagram *const *datagrams, size_t count, bool *taken)
{
        struct winsd *winsd = context;
        struct wins_packet packets[UDP_BATCH];
        struct wins_question questions[UDP_BATCH];

        if (!winsd->started)
                return;
        for (size_t i = 0; i < count; i++) {
                packets[i] = packet_of(datagrams[i]);
                wins_question_read(winsd->wins, &packets[i], &questions[i]);
        }
        for (size_t i = 0; i < count && i < RECORDS_AHEAD; i++)
                wins_question_fetch(winsd->wins, &questions[i]);
        for (size_t i = 0; i < count; i++) {
                if (i + RECORDS_AHEAD < count)
                        wins_question_fetch(winsd->wins, &questions[i + RECORDS_AHEAD]);
                const size_t len_bytes = wins_question_answer(winsd->wins, &packets[i], &questions[i],
                                                              winsd->answers[i], sizeof winsd->answers[i]);

                taken[i] = len_bytes || take_packet(winsd, &packets[i]);
                if (len_bytes)
                        driver_send(winsd->parts.driver, packets[i].local, packets[i].source, packets[i].source_port,
                                    winsd->answers[i], len_bytes);
        }
}

static void on_local(void *context, uint32_t source, uint32_t destination, const uint8_t *bytes, size_t len_bytes)
{
        struct winsd *winsd = context;
        const struct wins_packet packet = {.bytes = bytes,
                                           .len_bytes = len_bytes,
                                           .source = source,
                                           .source_port = NBNS_PORT,
                                           .local = destination};
        struct wins_event event = {.type = WINS_EVENT_PACKET, .packet = packet};

        /* The node talks to nobody here but its server, and answers its challenges. */
        if (winsd->started)
                winsd_step(winsd, &event);
}

static void on_timer(void *context)
{
        struct wins_event event = {.type = WINS_EVENT_TIMER};

        winsd_step(context, &event);
}

static mono_t deadline(const void *context)
{
        const struct winsd *winsd = context;

        return winsd->started ? wins_deadline(winsd->wins) : MONO_NEVER;
}

/* A name that is the node's, or is about to be. */
static bool is_held(const struct node_view_name *name)
{
        return name->kind == NODE_NAME_UNIQUE &&
               (name->state == NODE_STATE_IDLE || name->state == NODE_STATE_REGISTERING ||
                name->state == NODE_STATE_REGISTERED);
}

static size_t own_names(const struct node_view *view, struct nb_name ret[WINS_MAX_OWN_NAMES])
{
        size_t count = 0;

        for (size_t i = 0; i < view->name_count && count < WINS_MAX_OWN_NAMES; i++) {
                bool known = false;

                for (size_t j = 0; j < count; j++)
                        known = known || nb_name_equal(&ret[j], &view->names[i].name);
                if (!known && is_held(&view->names[i]))
                        ret[count++] = view->names[i].name;
        }
        return count;
}

static void on_node_changed(void *context)
{
        struct winsd *winsd = context;
        uint32_t addresses[NODE_MAX_IFACES];
        struct nb_name names[WINS_MAX_OWN_NAMES];
        struct node_view view;

        if (!winsd->wins || driver_view_in_turn(winsd->parts.driver, &view) < 0)
                return;
        struct wins_event event = {.type = WINS_EVENT_SELF,
                                   .self = {.address_count = driver_addresses(winsd->parts.driver, addresses),
                                            .addresses = addresses,
                                            .name_count = own_names(&view, names),
                                            .names = names}};
        winsd_step(winsd, &event);
}

const struct driver_guest winsd_guest_functions = {
        .batch = on_batch,
        .local = on_local,
        .timer = on_timer,
        .deadline = deadline,
        .node_changed = on_node_changed,
};
