/* Drives one struct node of the simulation: events in, actions out. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip4.h"
#include "node/lmhosts.h"

#define SIM_SPIN_LIMIT 1000 /* timers at one instant before we call it an endless loop */

/* ---- actions ------------------------------------------------------------------------------------------------------- */

static unsigned port_of_iface(const struct sim_host *host, uint32_t iface_id)
{
        for (unsigned i = 0; i < host->port_count; i++)
                if (host->ports[i].iface.id == iface_id)
                        return i;
        fprintf(stderr, "%s: an action names interface %u, which does not exist\n", host->label, iface_id);
        abort();
}

static void carry_out_send(struct sim_host *host, const struct node_action *action)
{
        host->sent++;
        world_send(host->world, host, port_of_iface(host, action->send.iface_id), 0, action->send.destination,
                   action->send.port, action->send.bytes, action->send.len_bytes);
}

static void log_notice(struct sim_host *host, const struct node_notice *notice)
{
        char name[NB_NAME_TEXT_BYTES], peer[IP4_TEXT_BYTES], holder[IP4_TEXT_BYTES];

        if (!host->world->log_on)
                return;
        nb_name_format_exact(&notice->name, name);
        ip4_format(notice->peer, peer);
        ip4_format(notice->holder, holder);
        if (notice->type == NODE_NOTICE_STATE)
                world_log(host->world, host, "state %s %s: %s to %s", name, notice->iface_label,
                          node_state_str(notice->old_state), node_state_str(notice->new_state));
        else
                world_log(host->world, host, "notice %s %s %s: peer %s, holder %s, verdict %s, rcode %u%s, repeated %u",
                          node_notice_str(notice->type), name, notice->iface_label, peer, holder,
                          node_verdict_str(notice->verdict), notice->rcode, notice->by_wins ? ", by WINS" : "",
                          notice->repeated);
}

static bool tells_of_loss(const struct node_notice *notice)
{
        return notice->type == NODE_NOTICE_DUPLICATE || notice->type == NODE_NOTICE_RELEASE_DEMAND ||
               notice->type == NODE_NOTICE_REFUSED;
}

static void remember_told(struct sim_host *host, const struct nb_name *name)
{
        for (size_t i = 0; i < host->told_count; i++)
                if (nb_name_equal(&host->told[i], name))
                        return;
        if (host->told_count < SIM_MAX_TOLD)
                host->told[host->told_count++] = *name;
}

static void carry_out_notify(struct sim_host *host, const struct node_notice *notice)
{
        log_notice(host, notice);
        if ((unsigned)notice->type >= SIM_NOTICE_TYPES)
                abort();
        host->notices[notice->type]++;
        if (notice->type != NODE_NOTICE_STATE)
                host->last_notice = *notice;
        if (tells_of_loss(notice))
                remember_told(host, &notice->name);
}

static void carry_out_complete(struct sim_host *host, const struct node_completion *complete)
{
        struct sim_completion *last = &host->completion;
        char name[NB_NAME_TEXT_BYTES], address[IP4_TEXT_BYTES];

        last->count++;
        last->result = complete->result;
        last->from = (int)complete->from;
        last->name = complete->name;
        last->address_count = complete->address_count;
        last->address = complete->address_count ? complete->addresses[0].address : 0;
        last->responder = complete->responder;
        last->holder_count = complete->holder_count;
        for (size_t i = 0; i < complete->holder_count && i < SIM_MAX_HOLDERS; i++)
                last->holders[i] = complete->holders[i];
        last->table_count = complete->table ? complete->table->count : 0;
        nb_name_format_exact(&complete->name, name);
        ip4_format(last->address, address);
        static const char *const from[] = {"none", "local", "cache", "wins", "broadcast", "lmhosts", "dns"};
        world_log(host->world, host, "complete %s: %s, %zu addresses, first %s, from %s, %zu holders, %zu in table",
                  name, nbt_err_str(complete->result), last->address_count, address, from[complete->from],
                  last->holder_count, last->table_count);
}

static void dns_answer(struct world *world, struct sim_host *host, uint64_t argument)
{
        const uint32_t address = (uint32_t)(argument >> 32);
        struct node_event event = {.type = NODE_EVENT_DNS_RESULT};

        (void)world;
        event.dns.lookup_id = (uint32_t)argument;
        event.dns.count = address ? 1 : 0;
        event.dns.addresses = &address;
        host_event(host, &event);
}

static void carry_out_dns(struct sim_host *host, const struct node_action *action)
{
        struct world *world = host->world;
        uint32_t address = 0;

        world_log(world, host, "asks DNS for \"%s\"", action->dns.host);
        if (world->dns && !world->dns(action->dns.host, &address))
                address = 0;
        world_call_in_ms(world, 20, dns_answer, host, (uint64_t)address << 32 | action->dns.lookup_id);
}

/* A name that went from Registered to Conflict must be explained by a notice of the same step. */
static bool is_explained(const struct node_action *first, const struct node_notice *loss)
{
        for (const struct node_action *a = first; a; a = a->next) {
                const struct node_notice *n = &a->notice;

                if (a->type == NODE_ACTION_NOTIFY && nb_name_equal(&n->name, &loss->name) && tells_of_loss(n))
                        return true;
        }
        return false;
}

static void carry_out(struct sim_host *host, const struct node_actions *actions)
{
        for (const struct node_action *a = actions->first; a; a = a->next) {
                switch (a->type) {
                case NODE_ACTION_SEND:
                        carry_out_send(host, a);
                        break;
                case NODE_ACTION_NOTIFY:
                        if (a->notice.type == NODE_NOTICE_STATE && a->notice.new_state == NODE_STATE_CONFLICT &&
                            !is_explained(actions->first, &a->notice))
                                host->silent_losses++;
                        carry_out_notify(host, &a->notice);
                        break;
                case NODE_ACTION_COMPLETE:
                        carry_out_complete(host, &a->complete);
                        break;
                case NODE_ACTION_DNS_LOOKUP:
                        carry_out_dns(host, a);
                        break;
                case NODE_ACTION_STOPPED:
                        world_log(host->world, host, "stopped");
                        host->running = false;
                        break;
                }
        }
}

/* ---- events -------------------------------------------------------------------------------------------------------- */

static mono_t host_now(const struct sim_host *host)
{
        return (mono_t){host->world->now.ns - host->frozen_ns};
}

static void plan_wake(struct sim_host *host)
{
        host->wake = MONO_NEVER;
        if (!host->running) {
                host->node = node_free(host->node);
                return;
        }
        const mono_t deadline = node_deadline(host->node);

        if (!host->suspended && deadline.ns != INT64_MAX)
                host->wake = (mono_t){deadline.ns + host->frozen_ns};
}

void host_event(struct sim_host *host, struct node_event *event)
{
        struct world *world = host->world;
        struct node_actions actions = {.arena = &world->step_arena};

        if (!host->node)
                return;
        arena_reset(&world->step_arena);
        event->now = host_now(host);
        event->wall.us = SIM_WALL_START_US + world->now.ns / 1000 + host->wall_offset_us;
        if (node_step(host->node, event, &actions) < 0)
                abort();
        carry_out(host, &actions);
        plan_wake(host);
}

void host_packet(struct sim_host *host, unsigned port, const struct sim_frame *frame)
{
        struct node_event event = {.type = NODE_EVENT_PACKET};

        event.packet.bytes = frame->bytes;
        event.packet.len_bytes = frame->len_bytes;
        event.packet.source = frame->source;
        event.packet.destination = frame->destination;
        event.packet.source_port = frame->source_port;
        event.packet.iface_id = host->ports[port].iface.id;
        host_event(host, &event);
}

void host_timer(struct sim_host *host)
{
        struct node_event event = {.type = NODE_EVENT_TIMER};

        if (host->spin_at_ns != host->world->now.ns)
                host->spins = 0;
        host->spin_at_ns = host->world->now.ns;
        if (++host->spins > SIM_SPIN_LIMIT) {
                fprintf(stderr, "%s: the node wants a timer again and again at one instant\n", host->label);
                world_print_log(host->world);
                abort();
        }
        host_event(host, &event);
}

static void tell_iface(struct sim_host *host, unsigned port)
{
        struct node_event event = {.type = NODE_EVENT_IFACE, .iface = host->ports[port].iface};

        host_event(host, &event);
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

struct sim_host *world_node(struct world *world, const char *label, enum node_type type, const char *computer,
                            const char *workgroup, unsigned segment, const char *address)
{
        struct sim_host *host = world_peer(world, label, segment, address, NULL);

        host->is_node = true;
        host->running = false;
        host->config = node_config_default();
        host->config.type = type;
        snprintf(host->config.computer, sizeof(host->config.computer), "%s", computer);
        snprintf(host->config.workgroup, sizeof(host->config.workgroup), "%s", workgroup);
        return host;
}

unsigned host_add_port(struct sim_host *host, unsigned segment, const char *address)
{
        const unsigned index = host->port_count;
        const struct sim_segment *net = &host->world->segments[segment];
        struct sim_port *port = &host->ports[index];

        if (index == SIM_MAX_PORTS)
                abort();
        port->segment = segment;
        port->iface = (struct node_iface){.id = index + 1, .up = true, .netbios_enabled = true};
        port->iface.netmask = net->netmask;
        port->iface.broadcast = net->broadcast;
        snprintf(port->iface.label, sizeof(port->iface.label), "eth%u", index);
        if (ip4_parse(address, &port->iface.address) < 0)
                abort();
        port->iface.mac[0] = 2;
        port->iface.mac[4] = (uint8_t)host->index;
        port->iface.mac[5] = (uint8_t)index;
        if (index > 0) {
                port->iface.wins_count = host->ports[0].iface.wins_count;
                memcpy(port->iface.wins, host->ports[0].iface.wins, sizeof(port->iface.wins));
        }
        host->port_count++;
        tell_iface(host, index);
        return index;
}

void host_set_wins(struct sim_host *host, const char *addresses)
{
        char copy[128], *rest = copy;

        for (unsigned p = 0; p < host->port_count; p++) {
                struct node_iface *iface = &host->ports[p].iface;

                iface->wins_count = 0;
                snprintf(copy, sizeof(copy), "%s", addresses);
                rest = copy;
                for (char *word = strsep(&rest, " "); word && *word; word = strsep(&rest, " "))
                        if (ip4_parse(word, &iface->wins[iface->wins_count++]) < 0)
                                abort();
                tell_iface(host, p);
        }
}

void host_start(struct sim_host *host)
{
        struct rng rng;
        struct node_event event = {.type = NODE_EVENT_START};

        if (host->node)
                abort();
        world_log(host->world, host, "starts");
        rng_init_seed(&rng, rng_u64(&host->world->rng));
        if (node_new(&host->node, &host->config, &rng) < 0)
                abort();
        host->running = true;
        host->told_count = 0;
        for (unsigned p = 0; p < host->port_count; p++)
                tell_iface(host, p);
        host_event(host, &event);
}

void host_stop(struct sim_host *host)
{
        struct node_event event = {.type = NODE_EVENT_STOP};

        world_log(host->world, host, "is told to stop");
        host_event(host, &event);
}

void host_crash(struct sim_host *host)
{
        world_log(host->world, host, "crashes");
        host->running = host->suspended = false;
        host->node = node_free(host->node);
        host->wake = MONO_NEVER;
}

void host_suspend(struct sim_host *host)
{
        world_log(host->world, host, "falls asleep");
        host->suspended = true;
        host->suspended_at_ns = host->world->now.ns;
        host->wake = MONO_NEVER;
}

void host_resume(struct sim_host *host)
{
        struct node_event event = {.type = NODE_EVENT_RESUMED};

        world_log(host->world, host, "wakes up");
        host->suspended = false;
        host->frozen_ns += host->world->now.ns - host->suspended_at_ns;
        host_event(host, &event);
}

void host_step_wall(struct sim_host *host, int64_t seconds)
{
        world_log(host->world, host, "calendar clock steps by %lld s", (long long)seconds);
        host->wall_offset_us += seconds * 1000000;
}

void host_set_address(struct sim_host *host, unsigned port, const char *address)
{
        world_log(host->world, host, "eth%u gets %s", port, address);
        if (ip4_parse(address, &host->ports[port].iface.address) < 0)
                abort();
        tell_iface(host, port);
}

void host_set_up(struct sim_host *host, unsigned port, bool up)
{
        world_log(host->world, host, "eth%u goes %s", port, up ? "up" : "down");
        host->ports[port].iface.up = up;
        tell_iface(host, port);
}

void host_reconfigure(struct sim_host *host)
{
        struct node_event event = {.type = NODE_EVENT_RECONFIGURE, .config = &host->config};

        world_log(host->world, host, "is reconfigured");
        host_event(host, &event);
}

/* ---- commands ------------------------------------------------------------------------------------------------------ */

static void command(struct sim_host *host, struct node_command command, const char *name)
{
        struct node_event event = {.type = NODE_EVENT_COMMAND, .command = command};

        event.command.id = host->sent + 1000000; /* any number of ours */
        if (name && nb_name_parse(name, 0x20, &event.command.name) < 0)
                abort();
        host_event(host, &event);
}

void host_name_add(struct sim_host *host, const char *name, enum node_name_kind kind)
{
        command(host, (struct node_command){.type = NODE_COMMAND_NAME_ADD, .kind = kind}, name);
}

void host_name_release(struct sim_host *host, const char *name)
{
        command(host, (struct node_command){.type = NODE_COMMAND_NAME_RELEASE}, name);
}

void host_query(struct sim_host *host, const char *name, bool bypass_cache)
{
        world_log(host->world, host, "is asked to find \"%s\"", name);
        command(host, (struct node_command){.type = NODE_COMMAND_QUERY, .bypass_cache = bypass_cache}, name);
}

void host_status(struct sim_host *host, const char *address)
{
        struct node_command c = {.type = NODE_COMMAND_STATUS};

        if (ip4_parse(address, &c.address) < 0)
                abort();
        command(host, c, "*");
}

void host_release_refresh(struct sim_host *host)
{
        world_log(host->world, host, "is told to release and refresh");
        command(host, (struct node_command){.type = NODE_COMMAND_RELEASE_REFRESH}, NULL);
}

void host_reload(struct sim_host *host, const char *lmhosts_text)
{
        struct node_command c = {.type = NODE_COMMAND_RELOAD};
        struct lmhosts_load *load;

        if (lmhosts_load_new(&load, "lmhosts") < 0 || lmhosts_load_feed(load, lmhosts_text, strlen(lmhosts_text)) < 0)
                abort();
        c.lmhosts = lmhosts_load_entries(load, &c.lmhosts_count);
        command(host, c, NULL);
        lmhosts_load_free(load);
}

/* ---- looking in ---------------------------------------------------------------------------------------------------- */

struct node_view host_view(struct sim_host *host)
{
        struct node_view view = {0};

        arena_reset(&host->world->step_arena);
        if (host->node && node_view(host->node, host_now(host), &host->world->step_arena, &view) < 0)
                abort();
        return view;
}

enum node_name_state host_name_state(struct sim_host *host, const char *name, unsigned port)
{
        const struct node_view view = host_view(host);
        struct nb_name wanted;

        if (nb_name_parse(name, 0x20, &wanted) < 0)
                abort();
        for (size_t i = 0; i < view.name_count; i++)
                if (nb_name_equal(&view.names[i].name, &wanted) && view.names[i].iface_id == host->ports[port].iface.id)
                        return view.names[i].state;
        return NODE_STATE_MAX;
}

uint64_t host_alarms(const struct sim_host *host)
{
        return host->notices[NODE_NOTICE_DUPLICATE] + host->notices[NODE_NOTICE_RELEASE_DEMAND] +
               host->notices[NODE_NOTICE_REFUSED] + host->notices[NODE_NOTICE_CONFLICT_SENT] +
               host->notices[NODE_NOTICE_RESOURCES];
}
