#include "world.h"

#include "eventlog/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Cuts the next field off *REST at C; fails if there is none. */
static char *cut(char **rest, const char *separators)
{
        char *field = strsep(rest, separators);

        assert_non_null(field);
        return field;
}

static uint32_t read_ip(const char *text)
{
        uint32_t ip = 0;

        if (ip4_parse(text, &ip) < 0)
                fail_msg("no address: %s", text);
        return ip;
}

static void read_mac(const char *text, uint8_t ret[6])
{
        unsigned b[6];

        if (sscanf(text, "%x-%x-%x-%x-%x-%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6)
                fail_msg("no MAC: %s", text);
        for (size_t i = 0; i < 6; i++)
                ret[i] = (uint8_t)b[i];
}

static struct nb_name read_name(const char *text)
{
        struct nb_name name = {{0}};

        if (nb_name_parse(text, 0, &name) < 0)
                fail_msg("no name: %s", text);
        return name;
}

static void add_iface(struct world *w, char *rest)
{
        struct snapshot_iface *iface = &w->ifaces[w->snapshot.iface_count++];
        struct node_iface *node = &w->node_ifaces[w->node.iface_count++];

        (void)snprintf(iface->label, sizeof iface->label, "%s", cut(&rest, ":"));
        iface->address = read_ip(cut(&rest, ":"));
        iface->netmask = 0xFFFFFF00;
        iface->has_mac = true;
        read_mac(cut(&rest, ":"), iface->mac);
        node->id = (uint32_t)w->node.iface_count;
        node->address = iface->address;
        memcpy(node->label, iface->label, sizeof node->label);
}

static void add_name(struct world *w, char *rest)
{
        struct node_view_name *row = &w->names[w->node.name_count++];
        const bool group = strncmp(rest, "G:", 2) == 0;

        if (group)
                rest += 2;
        row->name = read_name(cut(&rest, ":"));
        row->kind = group ? NODE_NAME_GROUP : NODE_NAME_UNIQUE;
        row->iface_id = 1;
        const char *word = cut(&rest, ":");

        row->state = strcmp(word, "conflict") == 0      ? NODE_STATE_CONFLICT
                     : strcmp(word, "registering") == 0 ? NODE_STATE_REGISTERING
                                                        : NODE_STATE_REGISTERED;
        if (rest)
                row->conflict_peer = read_ip(rest);
}

static enum snapshot_verification read_verification(const char *text)
{
        static const char *const words[] = {"none", "obeyed", "holder", "unfounded", "ignored"};

        for (size_t i = 0; i < NBT_ARRAY_SIZE(words); i++)
                if (strcmp(words[i], text) == 0)
                        return (enum snapshot_verification)i;
        fail_msg("no verification: %s", text);
        return SNAPSHOT_VERIFICATION_NONE;
}

static void add_event(struct world *w, char *rest)
{
        struct event *event = &w->event_values[w->snapshot.event_count];
        struct snapshot_event *read = &w->events[w->snapshot.event_count++];
        const long id = strtol(cut(&rest, ":"), NULL, 10);

        if (id == EVENT_ID_DUPLICATE_NAME_ERROR) {
                const struct nb_name name = read_name(cut(&rest, ":"));
                const uint32_t own = read_ip(cut(&rest, ":"));

                event_make_refused(event, name.bytes, own, read_ip(rest), EVENT_RECORD_LEGACY);
        } else {
                const uint32_t sender = read_ip(cut(&rest, ":"));

                if (id == EVENT_ID_NAME_RELEASE)
                        event_make_release(event, sender, EVENT_RECORD_LEGACY);
                else
                        event_make_duplicate(event, sender, EVENT_RECORD_LEGACY);
                if (sender == 0)
                        event->data_len_bytes = 0;
                if (rest)
                        (void)snprintf(event->name, sizeof event->name, "%s", cut(&rest, ":"));
        }
        event->record = w->snapshot.event_count;
        event->time.us = WORLD_NOW_US - INT64_C(60000000);
        *read = snapshot_event_read(event, "a test");
        if (rest && id != EVENT_ID_DUPLICATE_NAME_ERROR)
                read->verification = read_verification(rest);
}

static const struct nbstat_table *read_table(struct world *w, char *names, const char *mac)
{
        struct nbstat_table *table = arena_alloc(w->arena, sizeof *table);
        char *name;

        assert_non_null(table);
        while ((name = strsep(&names, ",")) != NULL) {
                const bool group = strncmp(name, "G:", 2) == 0;

                table->entries[table->count++] = (struct nbstat_entry){
                        .name = read_name(group ? name + 2 : name),
                        .name_flags = (uint16_t)(NBSTAT_ACTIVE | (group ? NBSTAT_GROUP : 0)),
                };
        }
        if (mac)
                read_mac(mac, table->statistics.unit_id);
        return table;
}

/* The names may hold "G:", so that the MAC is what follows the last colon. */
static void add_companion(struct world *w, char *rest)
{
        struct snapshot_companion *companion = &w->companions[w->snapshot.companion_count++];
        struct log_record record = {.record = w->snapshot.companion_count};
        char *string;

        (void)snprintf(record.source, sizeof record.source, "%s", cut(&rest, ":"));
        record.code = (uint32_t)strtoul(cut(&rest, ":"), NULL, 10);
        (void)snprintf(record.computer, sizeof record.computer, "%s", cut(&rest, ":"));
        const char *ago = cut(&rest, ":");

        if (ago[0])
                record.time.us = WORLD_NOW_US - strtol(ago, NULL, 10) * INT64_C(1000000);
        while ((string = strsep(&rest, ",")) != NULL)
                (void)snprintf(record.strings[record.string_count++], EVENT_STRING_BYTES, "%s", string);
        if (!companion_read(&record, &companion->companion))
                fail_msg("no companion: %s %u", record.source, record.code);
        companion->source = "System.evtx";
}

static void add_relay(struct world *w, char *rest)
{
        struct snapshot_relay *relay = &w->relays[w->snapshot.relay_count++];

        relay->source = cut(&rest, ":");
        (void)snprintf(relay->computer, sizeof relay->computer, "%s", cut(&rest, ":"));
        relay->count = strtoul(cut(&rest, ":"), NULL, 10);
        relay->least_us = strtol(cut(&rest, ":"), NULL, 10) * INT64_C(1000000);
        relay->delay_us = strtol(rest, NULL, 10) * INT64_C(1000000);
}

static void add_host(struct world *w, char *rest)
{
        struct snapshot_host *host = &w->hosts[w->snapshot.host_count++];

        host->address = read_ip(cut(&rest, ":"));
        if (strcmp(rest, "silent") == 0) {
                host->reply = SNAPSHOT_SILENT;
                return;
        }
        if (strcmp(rest, "unasked") == 0) {
                host->why_not = "a test forbids it";
                return;
        }
        char *last = strrchr(rest, ':');
        const bool has_mac = last && strchr(last, '-') && strlen(last) == 18;

        if (has_mac)
                *last++ = '\0';
        host->reply = SNAPSHOT_ANSWERED;
        host->table = read_table(w, rest, has_mac ? last : NULL);
}

static void add_answers(struct world *w, struct snapshot_query *query, char *rest)
{
        struct snapshot_answer *answers = arena_alloc(w->arena, 8 * sizeof *answers);
        char *text;

        assert_non_null(answers);
        while ((text = strsep(&rest, ",")) != NULL) {
                struct snapshot_answer *answer = &answers[query->answer_count++];
                uint32_t *addresses = arena_alloc(w->arena, 8 * sizeof *addresses);

                assert_non_null(addresses);
                answer->source = read_ip(cut(&text, "="));
                answer->group = text[0] == 'G';
                text += answer->group;
                answer->rcode = strcmp(text, "!") == 0 ? NBNS_RCODE_NAM_ERR : NBNS_RCODE_OK;
                if (answer->rcode != NBNS_RCODE_OK)
                        continue;
                for (char *ip = strsep(&text, "+"); ip; ip = strsep(&text, "+"))
                        addresses[answer->address_count++] = read_ip(ip);
                answer->addresses = addresses;
        }
        query->answers = answers;
        query->reply = SNAPSHOT_ANSWERED;
}

static void add_query(struct world *w, char *rest)
{
        struct snapshot_query *query = &w->queries[w->snapshot.query_count++];
        const char kind = cut(&rest, ":")[0];

        query->kind = kind == 'b' ? SNAPSHOT_ASKED_BROADCAST : kind == 'w' ? SNAPSHOT_ASKED_WINS : SNAPSHOT_ASKED_HOST;
        query->name = read_name(cut(&rest, ":"));
        query->destination = read_ip(cut(&rest, ":"));
        query->reply = SNAPSHOT_SILENT;
        if (strcmp(rest, "-") != 0)
                add_answers(w, query, rest);
}

static void set_host_name(struct world *w, char *rest)
{
        static const char *const keys[HOSTNAME_SOURCE_MAX] = {"tcpip", "nv", "active", "computer"};
        const char *key = cut(&rest, "=");

        w->snapshot.host_names.source = "a settings file";
        for (size_t i = 0; i < HOSTNAME_SOURCE_MAX; i++)
                if (strcmp(keys[i], key) == 0)
                        w->snapshot.host_names.names[i] = rest;
}

/* ---- WINS databases ----------------------------------------------------------------------------------------------- */

#define RENEWAL_S (6 * 86400)

static void add_database(struct world *w, char *rest)
{
        const size_t at = w->snapshot.database_count++;
        struct snapshot_database *database = &w->databases[at];

        database->server = read_ip(cut(&rest, ":"));
        database->was_named = rest && strcmp(rest, "named") == 0;
        database->source = "a database";
        database->renewal_s = RENEWAL_S;
        database->records = w->records[at];
        database->refusals = w->refusals[at];
        w->wins[w->snapshot.wins_count++] = database->server;
}

static struct snapshot_database *last_database(struct world *w)
{
        assert_true(w->snapshot.database_count > 0);
        return &w->databases[w->snapshot.database_count - 1];
}

static void read_state(const char *word, struct wins_record *record)
{
        record->is_static = strcmp(word, "static") == 0;
        record->state = strcmp(word, "released") == 0    ? WINS_RELEASED
                        : strcmp(word, "tombstone") == 0 ? WINS_TOMBSTONE
                                                         : WINS_ACTIVE;
}

static void add_record(struct world *w, char *rest)
{
        struct snapshot_database *database = last_database(w);
        struct wins_record *record = &w->records[w->snapshot.database_count - 1][database->record_count++];
        char *addresses;

        read_state(cut(&rest, ":"), record);
        if (wins_type_parse(cut(&rest, ":"), &record->type) < 0)
                fail_msg("no type");
        record->name = read_name(cut(&rest, ":"));
        record->owner = database->server;
        record->version = 1;
        addresses = cut(&rest, ":");
        for (char *ip = strsep(&addresses, "+"); ip; ip = strsep(&addresses, "+"))
                record->members[record->member_count++].address = read_ip(ip);
        const char *seconds = rest ? cut(&rest, ":") : NULL;

        if (!record->is_static)
                record->expiry_s = WORLD_NOW_US / 1000000 + (seconds ? strtol(seconds, NULL, 10) : RENEWAL_S - 60);
        if (rest)
                record->owner = read_ip(rest);
}

static void add_refusal(struct world *w, char *rest)
{
        struct snapshot_database *database = last_database(w);
        struct wins_refusal *refusal = &w->refusals[w->snapshot.database_count - 1][database->refusal_count++];

        refusal->name = read_name(cut(&rest, ":"));
        refusal->claimant = read_ip(cut(&rest, ":"));
        refusal->holder = read_ip(cut(&rest, ":"));
        refusal->holder_is_static = rest != NULL;
        refusal->rcode = 6;
        refusal->when.us = WORLD_NOW_US - INT64_C(60000000);
}

/* ---- DHCP --------------------------------------------------------------------------------------------------------- */

static struct check_ref read_lease(const char *address, const char *name, const char *mac)
{
        struct check_ref ref = {.line = 7, .lease = {.address = read_ip(address), .has_mac = true, .name = name}};

        read_mac(mac, ref.lease.mac);
        ref.lease.client = (uint64_t)ref.lease.mac[5] + 1;
        return ref;
}

static void take_leases(struct world *w, const char *rest)
{
        static const char *const files[] = {"a lease file"};

        w->snapshot.leases.source = files[0];
        w->snapshot.leases.files = files;
        w->snapshot.leases.leases = w->leases;
        w->snapshot.leases.faults = w->faults;
        if (!rest)
                return;
        w->snapshot.leases.damage_count = 1;
        w->snapshot.leases.damage = "line 3: a row with too few columns";
}

static void add_lease(struct world *w, char *rest)
{
        const char *address = cut(&rest, ":"), *name = cut(&rest, ":");

        w->leases[w->snapshot.leases.lease_count++] = read_lease(address, name, rest);
}

static void add_fault(struct world *w, char *rest)
{
        struct check_finding *f = &w->faults[w->snapshot.leases.fault_count++];
        const char kind = cut(&rest, ":")[0];

        f->kind = kind == 't' ? CHECK_ADDRESS_TWICE : kind == 'o' ? CHECK_OVERLAP : CHECK_CLIENT_TWICE;
        const char *address = cut(&rest, ":"), *mac = cut(&rest, ":");

        f->a = read_lease(address, "ONE", mac);
        address = cut(&rest, ":");
        f->b = read_lease(address, "TWO", rest);
}

static void add_setting(struct world *w, char *rest)
{
        static const char *const uses[DHCP_USE_MAX] = {"inforce", "hidden", "left", "leftinforce"};
        struct dhcp_setting *s = &w->settings[w->snapshot.dhcp_setting_count++];

        s->key = "a key";
        s->iface = cut(&rest, ":");
        s->name = cut(&rest, ":");
        char *text = cut(&rest, ":");
        for (char *comma = text; (comma = strchr(comma, ',')); *comma = ' ')
                ;
        s->text = text;
        while (strcmp(uses[s->use], rest) != 0)
                s->use++;
        w->snapshot.dhcp_source = "a settings file";
        w->snapshot.dhcp_settings = w->settings;
}

static void add_adapter(struct world *w, char *rest)
{
        struct settings_iface *iface = &w->adapters[w->snapshot.adapter_count++];

        iface->id = "{GUID}";
        iface->connection = cut(&rest, ":");
        iface->addresses[iface->address_count++] = read_ip(cut(&rest, ":"));
        iface->netmasks[0] = 0xFFFFFF00;
        const char *wins = cut(&rest, ":");

        if (strcmp(wins, "-") != 0)
                iface->wins[iface->wins_count++] = read_ip(wins);
        iface->is_gone = rest && strcmp(rest, "gone") == 0;
        iface->netbios_options.value =
                rest && strcmp(rest, "off") == 0 ? SETTINGS_NETBIOS_DISABLE : SETTINGS_NETBIOS_ENABLE;
        w->snapshot.adapters = w->adapters;
        w->snapshot.host_names.source = "a settings file";
}

static void take_node(struct world *w, char *rest)
{
        w->snapshot.node = &w->node;
        (void)snprintf(w->node.computer, sizeof w->node.computer, "%s", rest);
}

static void add_neighbour(struct world *w, char *rest)
{
        struct snapshot_neighbour *row = &w->neighbours[w->snapshot.neighbour_count++];

        row->address = read_ip(cut(&rest, ":"));
        read_mac(rest, row->mac);
}

static void add_spoofer(struct world *w, char *rest)
{
        struct snapshot_spoofer *row = &w->spoofers[w->snapshot.spoofer_count++];

        row->source = "netbt watch";
        row->address = read_ip(cut(&rest, ":"));
        row->confidence = cut(&rest, ":");
        row->evidence = rest;
}

/* ---- captures ------------------------------------------------------------------------------------------------------ */

static void take_capture(struct world *w, const char *rest)
{
        struct captures *captures = &w->snapshot.captures;

        captures->label = "site.pcap";
        captures->file_count = 1;
        captures->ours = rest != NULL;
        captures->disputes = w->disputes;
        captures->claimants = w->claimants;
        captures->machines = w->machines;
}

static struct capture_packet make_packet(enum watch_packet_kind kind, const struct nb_name *name, uint32_t from,
                                         uint32_t to, uint64_t frame)
{
        return (struct capture_packet){.source = "site.pcap",
                                       .frame = frame,
                                       .time = {WORLD_NOW_US - INT64_C(60000000)},
                                       .kind = kind,
                                       .name = *name,
                                       .from = from,
                                       .to = to,
                                       .address = from};
}

static void add_dispute(struct world *w, char *rest)
{
        static const char *const hows[] = {"refused", "demand", "both", "listed"};
        static const enum watch_packet_kind kinds[] = {WATCH_PACKET_REFUSAL, WATCH_PACKET_CONFLICT_DEMAND,
                                                       WATCH_PACKET_CLAIM, WATCH_PACKET_TABLE};
        const uint64_t frame = 10 * w->snapshot.captures.dispute_count + 1;
        struct capture_dispute *d = &w->disputes[w->snapshot.captures.dispute_count++];
        const char *how = cut(&rest, ":");

        while (strcmp(hows[d->how], how) != 0)
                d->how++;
        d->name = read_name(cut(&rest, ":"));
        d->loser = read_ip(cut(&rest, ":"));
        d->sender = read_ip(cut(&rest, ":"));
        d->other = read_ip(cut(&rest, ":"));
        d->by_server = rest && strcmp(rest, "server") == 0;
        d->over = rest && strcmp(rest, "over") == 0;
        d->first = d->last = (wall_t){WORLD_NOW_US - INT64_C(60000000)};
        d->packets[d->packet_count++] = make_packet(WATCH_PACKET_CLAIM, &d->name, d->loser, 0x0A4D00FF, frame);
        d->packets[d->packet_count++] =
                make_packet(kinds[d->how], &d->name, d->sender ? d->sender : d->other, d->loser, frame + 1);
}

static void age_dispute(struct world *w, const char *rest)
{
        struct capture_dispute *d = &w->disputes[w->snapshot.captures.dispute_count - 1];

        d->first = d->last = (wall_t){WORLD_NOW_US - strtol(rest, NULL, 10) * INT64_C(1000000)};
        for (size_t i = 0; i < d->packet_count; i++)
                d->packets[i].time = d->first;
}

static void take_proof(struct capture_claimant *claimant, char letter)
{
        static const char letters[] = "-c--aqrt";
        const char *at = strchr(letters, letter);

        if (letter == 'h')
                claimant->holder.hearsay = true;
        else if (letter == 'x')
                claimant->holder.state = WATCH_STATE_REFUSED;
        else if (letter == 'z')
                claimant->holder.state = WATCH_STATE_RELEASED;
        else if (at)
                claimant->holder.proofs |= (uint16_t)(1u << (at - letters));
        else
                fail_msg("no proof: %c", letter);
}

static void add_claimant(struct world *w, char *rest)
{
        struct capture_claimant *claimant = &w->claimants[w->snapshot.captures.claimant_count++];

        claimant->name = read_name(cut(&rest, ":"));
        claimant->holder.state = WATCH_STATE_HELD;
        claimant->holder.address = read_ip(cut(&rest, ":"));
        for (const char *letter = cut(&rest, ":"); *letter; letter++)
                take_proof(claimant, *letter);
        claimant->holder.own_word = capture_is_own_word(claimant->holder.proofs);
        claimant->holder.server = claimant->holder.proofs & 1u << WATCH_PROOF_ACCEPTED ? 0x0A000009 : 0;
        claimant->holder.link = rest ? read_ip(rest) : 0;
        claimant->proof = make_packet(WATCH_PACKET_ANSWER, &claimant->name,
                                      claimant->holder.hearsay ? 0x0A000009 : claimant->holder.address, 0x0A000001,
                                      100 + w->snapshot.captures.claimant_count);
}

static void add_machine(struct world *w, char *rest)
{
        struct capture_machine *machine = &w->machines[w->snapshot.captures.machine_count++];

        machine->address = read_ip(cut(&rest, ":"));
        machine->last.us = WORLD_NOW_US - INT64_C(60000000);
        machine->has_mac = true;
        read_mac(cut(&rest, ":"), machine->mac);
        machine->server = rest && strcmp(rest, "server") == 0;
        machine->complete = rest && !machine->server;
        if (machine->complete)
                machine->names = read_table(w, rest, NULL);
}

static void take_only(struct world *w, const char *rest)
{
        w->snapshot.has_only = true;
        w->snapshot.only_stem = strchr(rest, '<') == NULL;
        w->snapshot.only = read_name(rest);
}

static void take_word(struct world *w, char *rest)
{
        const char *key = cut(&rest, ":");
        struct snapshot *s = &w->snapshot;

        if (strcmp(key, "ours") == 0)
                s->events_are_ours = true;
        else if (strcmp(key, "offline") == 0)
                s->offline = !(s->asked = false);
        else if (strcmp(key, "deaf") == 0)
                s->asked = false;
        else if (strcmp(key, "if") == 0)
                add_iface(w, rest);
        else if (strcmp(key, "node") == 0)
                take_node(w, rest);
        else if (strcmp(key, "computer") == 0)
                s->computer = rest;
        else if (strcmp(key, "n") == 0)
                add_name(w, rest);
        else if (strcmp(key, "wins") == 0)
                w->wins[s->wins_count++] = read_ip(rest);
        else if (strcmp(key, "arp") == 0)
                add_neighbour(w, rest);
        else if (strcmp(key, "spoofer") == 0)
                add_spoofer(w, rest);
        else if (strcmp(key, "ev") == 0)
                add_event(w, rest);
        else if (strcmp(key, "evc") == 0)
                (void)snprintf(w->event_values[s->event_count - 1].computer, 64, "%s", rest);
        else if (strcmp(key, "age") == 0)
                w->event_values[s->event_count - 1].time.us = WORLD_NOW_US - strtol(rest, NULL, 10) * INT64_C(1000000);
        else if (strcmp(key, "src") == 0)
                w->events[s->event_count - 1].source = rest;
        else if (strcmp(key, "csrc") == 0)
                w->companions[s->companion_count - 1].source = rest;
        else if (strcmp(key, "relay") == 0)
                add_relay(w, rest);
        else if (strcmp(key, "comp") == 0)
                add_companion(w, rest);
        else if (strcmp(key, "host") == 0)
                add_host(w, rest);
        else if (strcmp(key, "q") == 0)
                add_query(w, rest);
        else if (strcmp(key, "db") == 0)
                add_database(w, rest);
        else if (strcmp(key, "leases") == 0)
                take_leases(w, rest);
        else if (strcmp(key, "lease") == 0)
                add_lease(w, rest);
        else if (strcmp(key, "fault") == 0)
                add_fault(w, rest);
        else if (strcmp(key, "settings") == 0)
                s->dhcp_source = "a settings file";
        else if (strcmp(key, "adapter") == 0)
                add_adapter(w, rest);
        else if (strcmp(key, "own") == 0)
                w->own[s->own_count++] = read_ip(rest);
        else if (strcmp(key, "dhcp") == 0)
                add_setting(w, rest);
        else if (strcmp(key, "nodewins") == 0)
                w->node_ifaces[0].wins[w->node_ifaces[0].wins_count++] = read_ip(rest);
        else if (strcmp(key, "rec") == 0)
                add_record(w, rest);
        else if (strcmp(key, "ref") == 0)
                add_refusal(w, rest);
        else if (strcmp(key, "cap") == 0)
                take_capture(w, rest);
        else if (strcmp(key, "seen") == 0)
                add_dispute(w, rest);
        else if (strcmp(key, "seenage") == 0)
                age_dispute(w, rest);
        else if (strcmp(key, "held") == 0)
                add_claimant(w, rest);
        else if (strcmp(key, "mach") == 0)
                add_machine(w, rest);
        else if (strcmp(key, "only") == 0)
                take_only(w, rest);
        else if (strcmp(key, "cfg") == 0)
                set_host_name(w, rest);
        else
                fail_msg("no such word: %s", key);
}

void world_init(struct world *world, struct arena *arena, const char *words)
{
        char *copy = arena_strdup(arena, words);
        char *word;

        assert_non_null(copy);
        *world = (struct world){.arena = arena};
        world->snapshot.now.us = WORLD_NOW_US;
        world->snapshot.asked = true;
        world->snapshot.ifaces = world->ifaces;
        world->snapshot.neighbours = world->neighbours;
        world->snapshot.spoofers = world->spoofers;
        world->snapshot.wins = world->wins;
        world->snapshot.events = world->events;
        world->snapshot.companions = world->companions;
        world->snapshot.relays = world->relays;
        world->snapshot.hosts = world->hosts;
        world->snapshot.queries = world->queries;
        world->snapshot.own = world->own;
        world->snapshot.databases = world->databases;
        world->node.ifaces = world->node_ifaces;
        world->node.names = world->names;
        while ((word = strsep(&copy, " ")) != NULL)
                if (word[0])
                        take_word(world, word);
}
