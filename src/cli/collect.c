#include "cli/collect.h"

#include "ctl/ctl.h"
#include "eventlog/parse.h"
#include "io/clock.h"
#include "io/netif.h"
#include "settings/effective.h"
#include "store/eventdb.h"
#include "store/hivefile.h"
#include "store/regfile.h"
#include "store/watchdb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SPOOFERS_SINCE_US (INT64_C(86400) * 1000000)
#define PASTE_MAX_BYTES EVENT_TEXT_MAX_BYTES
#define COMPANIONS_TOLD 4u

int collect_init(struct collection *c)
{
        *c = (struct collection){0};
        c->notes = texts_init(&c->arena);
        c->denied = texts_init(&c->arena);
        c->event_values = arena_alloc(&c->arena, SNAPSHOT_MAX_EVENTS * sizeof *c->event_values);
        c->events = arena_alloc(&c->arena, SNAPSHOT_MAX_EVENTS * sizeof *c->events);
        c->companions = arena_alloc(&c->arena, SNAPSHOT_MAX_COMPANIONS * sizeof *c->companions);
        c->hosts = arena_alloc(&c->arena, SNAPSHOT_MAX_HOSTS * sizeof *c->hosts);
        c->queries = arena_alloc(&c->arena, SNAPSHOT_MAX_QUERIES * sizeof *c->queries);
        if (!c->event_values || !c->events || !c->companions || !c->hosts || !c->queries) {
                arena_done(&c->arena);
                return NBT_ERR_NOMEM;
        }
        return 0;
}

void collect_done(struct collection *c)
{
        for (size_t i = 0; i < c->database_count; i++)
                ctl_close(c->databases[i].client);
        checker_free(c->checker);
        collect_captures_done(c);
        arena_done(&c->arena);
}

void collect_add_wins(struct collection *c, uint32_t address)
{
        for (size_t i = 0; i < c->wins_count; i++)
                if (c->wins[i] == address)
                        return;
        if (address != 0 && c->wins_count < COLLECT_MAX_WINS)
                c->wins[c->wins_count++] = address;
}

/* ---- this machine ------------------------------------------------------------------------------------------------- */

static void add_iface(struct snapshot_iface *iface, const struct netif *device, const struct netif_address *address)
{
        (void)snprintf(iface->label, sizeof iface->label, "%s", address->label[0] ? address->label : device->name);
        iface->address = address->address;
        iface->netmask = address->netmask;
        iface->has_mac = device->has_mac;
        memcpy(iface->mac, device->mac, sizeof iface->mac);
}

static void collect_ifaces(struct collection *c)
{
        const struct netif *devices;
        const int count = netif_list(&c->arena, &devices);
        size_t addresses = 0;

        if (count < 0) {
                texts_add(&c->notes, "This machine's interfaces could not be listed: %s", nbt_err_str(count));
                return;
        }
        for (int i = 0; i < count; i++)
                addresses += devices[i].address_count;
        struct snapshot_iface *rows = arena_alloc(&c->arena, addresses * sizeof *rows);

        if (!rows)
                return;
        c->snapshot.ifaces = rows;
        for (int i = 0; i < count; i++)
                for (size_t j = 0; j < devices[i].address_count; j++)
                        add_iface(&rows[c->snapshot.iface_count++], &devices[i], &devices[i].addresses[j]);
}

static void note_claims(struct collection *c)
{
        for (size_t i = 0; i < c->node.name_count; i++)
                if (c->node.names[i].state == NODE_STATE_REGISTERING) {
                        texts_add(&c->notes,
                                  "netbtd is still claiming names: run this again in some seconds for the whole "
                                  "picture");
                        return;
                }
}

static void collect_node(struct collection *c, const struct cli_context *ctx)
{
        const struct ctl_request view = {.type = CTL_REQUEST_VIEW};
        struct ctl_client *client = NULL;
        struct ctl_reply reply = {0};
        int r = ctl_connect(ctx->runtime_dir, &client);

        if (r == 0)
                r = ctl_call(client, &view, &c->arena, &reply);
        ctl_close(client);
        if (r == 0)
                r = reply.result;
        if (r < 0 && c->is_given)
                return; /* a pasted event does not need one */
        if (r == NBT_ERR_DENIED) {
                texts_add(&c->denied, "the name table of the node that runs here (%s)", ctx->runtime_dir);
                return;
        }
        if (r < 0) {
                texts_add(&c->notes, "No local node was read: %s; %s", ctl_error_why(r), ctl_error_todo(r));
                return;
        }
        c->node_runs = true;
        c->node = reply.view;
        c->is_wins_host = strcmp(reply.server.program, "winsd") == 0;
        c->scope = reply.view.scope;
        note_claims(c);
        for (size_t i = 0; i < c->node.wins_count; i++)
                collect_add_wins(c, c->node.wins[i].address);
        for (size_t i = 0; i < c->node.iface_count; i++)
                for (size_t j = 0; j < c->node.ifaces[i].wins_count && j < NODE_MAX_WINS; j++)
                        collect_add_wins(c, c->node.ifaces[i].wins[j]);
}

/* All addresses of the settings' machine; that of an adapter which was taken out may be another's by now. */
static void take_own_addresses(struct collection *c, const struct settings_effective *settings)
{
        uint32_t *own = arena_alloc(&c->arena, (settings->iface_count + 1) * SETTINGS_MAX_ADDRESSES * sizeof *own);

        for (size_t i = 0; own && i < settings->iface_count; i++)
                for (size_t j = 0; !settings->ifaces[i].is_gone && j < settings->ifaces[i].address_count; j++)
                        own[c->snapshot.own_count++] = settings->ifaces[i].addresses[j];
        c->snapshot.own = own;
}

static void take_settings(struct collection *c, const struct settings_effective *settings, const char *path)
{
        struct snapshot_host_names *names = &c->snapshot.host_names;

        names->source = arena_strdup(&c->arena, path);
        for (size_t i = 0; i < HOSTNAME_SOURCE_MAX; i++)
                if (settings->host_names[i])
                        names->names[i] = arena_strdup(&c->arena, settings->host_names[i]);
        take_own_addresses(c, settings);
        c->snapshot.adapter_count = settings->iface_count;
        c->snapshot.adapters = settings->ifaces;
        for (size_t i = 0; i < settings->wins_count; i++)
                collect_add_wins(c, settings->wins[i]);
        for (size_t i = 0; i < settings->iface_count; i++)
                for (size_t j = 0; j < settings->ifaces[i].wins_count; j++)
                        collect_add_wins(c, settings->ifaces[i].wins[j]);
        if (settings->computer_name[0])
                (void)snprintf(c->computer, sizeof c->computer, "%s", settings->computer_name);
        if (!c->node_runs && settings->scope.text[0] && nb_scope_parse(settings->scope.text, &c->scope) < 0)
                texts_add(&c->notes, "The scope in %s is not one: %s; the empty scope is used", path,
                          settings->scope.text);
}

static int tell_no_settings(const struct cli_context *ctx, const char *path, int r, const struct reg_error *error)
{
        if (error->line > 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s, line %u: not a registry file: expected %s", path,
                                 error->line, error->expected);
        return cli_fail(ctx, CLI_EXIT_USAGE, path, nbt_err_str(r), "give a file as regedit exports it (.reg)");
}

static int load_hive(struct collection *c, const struct cli_context *ctx, const char *path, struct reg_doc **ret)
{
        struct hive_report report;
        struct strbuf why = STRBUF_INIT;
        const int r = hivefile_load(path, &c->arena, ret, &report, &why);
        int exit = CLI_EXIT_OK;

        if (r < 0)
                exit = cli_fail(ctx, CLI_EXIT_USAGE, path, why.len_bytes ? strbuf_str(&why) : nbt_err_str(r),
                                "give the file SYSTEM of System32\\config");
        else if (report.unreadable_count > 0)
                texts_add(&c->notes, "%s: %zu keys or values could not be read, the first is %s", path,
                          report.unreadable_count, report.unreadable ? report.unreadable : "unknown");
        strbuf_done(&why);
        return exit;
}

static void use_settings(struct collection *c, const struct reg_doc *doc, const char *path)
{
        struct settings_effective settings;
        const int r = settings_effective_build(doc, &c->arena, &settings);

        if (r == 0)
                take_settings(c, &settings, path);
        if (r == 0 &&
            dhcp_settings_list(doc, &c->arena, &c->snapshot.dhcp_settings, &c->snapshot.dhcp_setting_count) == 0)
                c->snapshot.dhcp_source = arena_strdup(&c->arena, path);
        else
                texts_add(&c->notes, "The settings in %s could not be used: %s", path, nbt_err_str(r));
}

/* A settings file that is not there is the ordinary case; one named by --reg or --hive must be readable. */
static int collect_settings(struct collection *c, const struct cli_context *ctx, const struct collect_request *request)
{
        const char *path = request->reg_path ? request->reg_path : ctx->config_path;
        struct reg_error error = {0};
        struct reg_doc *doc = NULL;
        int r = 0;

        if (request->reg_is_hive) {
                const int exit = load_hive(c, ctx, path, &doc);

                if (exit != CLI_EXIT_OK)
                        return exit;
        } else {
                r = regfile_load(path, &doc, &error);
                if (r < 0 && request->reg_path)
                        return tell_no_settings(ctx, path, r, &error);
        }
        if (r == 0 || r == NBT_ERR_NOT_FOUND)
                use_settings(c, doc, path);
        else if (r == NBT_ERR_DENIED)
                texts_add(&c->denied, "the settings (%s)", path);
        else
                texts_add(&c->notes, "The settings in %s could not be read: %s", path, nbt_err_str(r));
        reg_doc_free(doc);
        return CLI_EXIT_OK;
}

/* Without node and settings this machine would register its host name. */
static void collect_computer(struct collection *c)
{
        char host[256] = "";

        if (c->node_runs && c->node.computer[0])
                (void)snprintf(c->computer, sizeof c->computer, "%s", c->node.computer);
        else if (!c->computer[0] && gethostname(host, sizeof host - 1) == 0)
                hostname_netbios(host, c->computer);
}

/* Where the next event goes: behind the others, or in the oldest one's place if EVENT is newer; SNAPSHOT_MAX_EVENTS: nowhere. */
static size_t event_place(const struct collection *c, const struct event *event)
{
        size_t oldest = 0;

        if (c->event_count < SNAPSHOT_MAX_EVENTS)
                return c->event_count;
        for (size_t i = 1; i < c->event_count; i++)
                if (c->event_values[i].time.us < c->event_values[oldest].time.us)
                        oldest = i;
        return c->event_values[oldest].time.us < event->time.us ? oldest : SNAPSHOT_MAX_EVENTS;
}

/* Before sorting, events[i] belongs to event_values[i]. */
void collect_add_event(struct collection *c, const struct event *event, const char *source)
{
        const size_t at = event_place(c, event);

        if (at == SNAPSHOT_MAX_EVENTS)
                return;
        c->event_values[at] = *event;
        c->events[at] = snapshot_event_read(&c->event_values[at], source);
        if (at == c->event_count)
                c->event_count++;
}

void collect_add_companion(struct collection *c, const struct companion *companion, const char *source)
{
        const size_t at = c->companion_count++ % SNAPSHOT_MAX_COMPANIONS;

        c->companions[at] = (struct snapshot_companion){.companion = *companion, .source = source};
}

/* The newest of ids 4319 to 4321, newest first. */
static void collect_log(struct collection *c, const struct cli_context *ctx)
{
        const char *path = arena_printf(&c->arena, "%s/%s", ctx->state_dir, EVENTDB_FILE);
        const struct eventdb_filter filter = {.limit = SNAPSHOT_MAX_EVENTS, .newest = true};
        struct strbuf why = STRBUF_INIT;
        struct eventdb *db = NULL;
        const struct event *events = NULL;
        size_t count = 0;

        int r = path ? eventdb_open(&db, path, EVENTDB_READ, NULL, &why) : NBT_ERR_NOMEM;

        if (r == 0) {
                r = eventdb_query(db, &filter, &c->arena, &events, &count);
                if (r < 0)
                        strbuf_add(&why, eventdb_error(db));
        }
        if (r == NBT_ERR_DENIED)
                texts_add(&c->denied, "the event log (%s)", path);
        else if (r < 0)
                texts_add(&c->notes, "No event log was read: %s: %s", path ? path : "", strbuf_str(&why));
        for (size_t i = count; r == 0 && i > 0; i--)
                collect_add_event(c, &events[i - 1], "event log of this machine");
        eventdb_close(db);
        strbuf_done(&why);
}

/* What netbt watch found in the last day; without its table there is just less to know. */
static void collect_spoofers(struct collection *c, const struct cli_context *ctx)
{
        const struct watchdb_finding *findings = NULL;
        struct watchdb *db = NULL;
        char path[4096];

        snprintf(path, sizeof path, "%s/%s", ctx->state_dir, WATCHDB_FILE);
        const int r = watchdb_open(&db, path, WATCHDB_READ, NULL);

        if (r == NBT_ERR_DENIED)
                texts_add(&c->denied, "what netbt watch saw (%s)", path);
        if (r < 0)
                return;
        const wall_t since = {c->snapshot.now.us - SPOOFERS_SINCE_US};
        const int count = watchdb_findings(db, since, &c->arena, &findings);
        struct snapshot_spoofer *rows = count > 0 ? arena_alloc(&c->arena, (size_t)count * sizeof *rows) : NULL;
        for (int i = 0; rows && i < count; i++)
                rows[i] = (struct snapshot_spoofer){"netbt watch", findings[i].address, findings[i].confidence,
                                                    findings[i].evidence};
        c->snapshot.spoofers = rows;
        c->snapshot.spoofer_count = rows ? (size_t)count : 0;
        watchdb_close(db);
}

/* A capture in which this machine spoke is one of its own: its log is looked at beside it. */
static bool is_given(const struct collection *c, const struct collect_request *request)
{
        return request->event_path || request->log_count > 0 ||
               (request->capture_count > 0 && !c->snapshot.captures.ours);
}

int collect_local(struct collection *c, const struct cli_context *ctx, const struct collect_request *request)
{
        int exit = CLI_EXIT_OK;

        c->snapshot.now = clock_wall();
        c->snapshot.has_only = request->has_name;
        c->snapshot.only_stem = request->any_suffix;
        c->snapshot.only = request->name;
        collect_ifaces(c);
        if (request->capture_count > 0)
                exit = collect_captures(c, ctx, request);
        c->is_given = is_given(c, request);
        collect_spoofers(c, ctx);
        collect_node(c, ctx);
        if (exit == CLI_EXIT_OK)
                exit = collect_settings(c, ctx, request);
        if (exit != CLI_EXIT_OK)
                return exit;
        collect_computer(c);
        if (!c->is_given)
                collect_log(c, ctx);
        return CLI_EXIT_OK;
}

void collect_tell_denied(struct collection *c)
{
        struct strbuf list = STRBUF_INIT;

        for (size_t i = 0; i < c->denied.count; i++)
                strbuf_printf(&list, "%s%s", i ? "; " : "", c->denied.lines[i]);
        if (c->denied.count > 0)
                texts_add(
                        &c->notes,
                        "Not looked at, for want of permission: %s. Root would; for all but port 137 membership in the "
                        "group netbt does",
                        strbuf_str(&list));
        strbuf_done(&list);
}

/* ---- pasted events ------------------------------------------------------------------------------------------------ */

/* All of PATH ("-": stdin) into SB; false with errno. */
static bool read_all(const char *path, struct strbuf *sb)
{
        FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
        char block[65536];
        size_t got;

        if (!file)
                return false;
        while (sb->len_bytes <= PASTE_MAX_BYTES && (got = fread(block, 1, sizeof block, file)) > 0)
                strbuf_add_bytes(sb, block, got);
        const bool good = !ferror(file) && strbuf_ok(sb);

        if (file != stdin)
                (void)fclose(file);
        return good;
}

static int tell_problem(const struct cli_context *ctx, const char *path, const struct event_readings *readings)
{
        const char *where = strcmp(path, "-") == 0 ? "standard input" : path;

        if (readings->problem_count == 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: no NetBT event in it", where);
        return cli_failf(ctx, CLI_EXIT_USAGE, "%s, line %u: %s", where, readings->problems[0].line,
                         readings->problems[0].text);
}

/* Pasted texts list events in any order; those of known time go newest first, others stay as they stand. */
void collect_sort_events(struct collection *c)
{
        for (size_t i = 1; i < c->event_count; i++)
                for (size_t j = i; j > 0 && c->events[j].event->time.us > c->events[j - 1].event->time.us &&
                                   c->events[j - 1].event->time.us != 0;
                     j--) {
                        const struct snapshot_event swap = c->events[j];

                        c->events[j] = c->events[j - 1];
                        c->events[j - 1] = swap;
                }
}

static void add_readings(struct collection *c, const struct event_readings *readings, const char *path)
{
        const char *source = strcmp(path, "-") == 0 ? "pasted text" : arena_strdup(&c->arena, path);

        for (size_t i = 0; i < readings->count; i++) {
                collect_add_event(c, &readings->items[i].event, source);
                for (size_t j = 0; j < readings->items[i].warning_count; j++)
                        texts_add(&c->notes, "%s", readings->items[i].warnings[j]);
        }
        for (size_t i = 0; i < readings->problem_count; i++)
                texts_add(&c->notes, "Line %u of the pasted text could not be read: %s", readings->problems[i].line,
                          readings->problems[i].text);
        for (size_t i = 0; i < readings->companion_count; i++)
                collect_add_companion(c, &readings->companions[i], source);
        const size_t left_out = readings->foreign_count - readings->companion_count;

        if (left_out > 0)
                texts_add(&c->notes, "%zu event%s of other sources %s left out", left_out, left_out == 1 ? "" : "s",
                          left_out == 1 ? "was" : "were");
        collect_sort_events(c);
}

/* What other sources say of names is true, but it is not what tells who has which: that is said, and what is missing. */
static void tell_companions_alone(struct collection *c, const struct event_readings *readings)
{
        texts_add(&c->notes, "No event 4319, 4320 or 4321 of NetBT was given, which would tell the name and the other "
                             "machine; look for one of about the same time (Event Viewer: System, source NetBT)");
        for (size_t i = 0; i < readings->companion_count && i < COMPANIONS_TOLD; i++)
                texts_add(&c->notes, "What was given says: %s", readings->companions[i].text);
}

int collect_events(struct collection *c, const struct cli_context *ctx, const char *path)
{
        struct strbuf text = STRBUF_INIT;
        struct event_readings readings = {0};
        int exit = CLI_EXIT_OK, parsed = 0;

        if (!read_all(path, &text))
                exit = cli_fail(ctx, CLI_EXIT_USAGE, path, strerror(errno), NULL);
        if (exit == CLI_EXIT_OK)
                parsed = event_text_parse(strbuf_str(&text), text.len_bytes, &c->arena, &readings);
        if (parsed == NBT_ERR_UNSUPPORTED && readings.companion_count > 0) {
                readings.problem_count = 0; /* that all is of other sources */
                tell_companions_alone(c, &readings);
        } else if (parsed < 0) {
                exit = tell_problem(ctx, path, &readings);
        }
        if (exit == CLI_EXIT_OK)
                add_readings(c, &readings, path);
        strbuf_done(&text);
        return exit;
}

/* ---- the snapshot ------------------------------------------------------------------------------------------------- */

static bool is_own_address(const struct collection *c, uint32_t address)
{
        return snapshot_find_iface(&c->snapshot, address) != NULL;
}

static bool took_our_name(const struct collection *c, uint32_t sender)
{
        for (size_t i = 0; c->node_runs && sender != 0 && i < c->node.name_count; i++)
                if (c->node.names[i].state == NODE_STATE_CONFLICT && c->node.names[i].conflict_peer == sender)
                        return true;
        return false;
}

/* A pasted event is this machine's if its address, its Computer field or its trace in our name table says so. */
static bool is_ours(const struct collection *c, const struct snapshot_event *event)
{
        char computer[HOSTNAME_NETBIOS_BYTES] = "";

        if (event->own != 0)
                return is_own_address(c, event->own);
        if (event->event->computer[0]) {
                hostname_netbios(event->event->computer, computer);
                return strcasecmp(computer, c->computer) == 0;
        }
        return took_our_name(c, event->sender);
}

static bool all_ours(const struct collection *c)
{
        for (size_t i = 0; i < c->event_count; i++)
                if (!is_ours(c, &c->events[i]))
                        return false;
        return true;
}

void collect_finish(struct collection *c, const struct collect_request *request)
{
        struct snapshot *s = &c->snapshot;

        s->offline = request->offline;
        s->events_are_ours = !c->is_given || ((request->event_path || request->log_count > 0) && all_ours(c));
        if (s->events_are_ours) {
                s->node = c->node_runs ? &c->node : NULL;
                s->computer = c->computer[0] ? c->computer : NULL;
        } else if (!request->reg_path) {
                s->host_names = (struct snapshot_host_names){0};
                s->dhcp_source = NULL;
                s->dhcp_setting_count = 0;
        }
        if (!request->reg_path)
                s->own_count = s->adapter_count = 0; /* of this machine the interfaces tell */
        s->wins_count = c->wins_count;
        s->wins = c->wins;
        s->event_count = c->event_count;
        s->events = c->events;
        s->companion_count =
                c->companion_count < SNAPSHOT_MAX_COMPANIONS ? c->companion_count : SNAPSHOT_MAX_COMPANIONS;
        s->companions = c->companions;
        s->relay_count = c->relay_count;
        s->relays = c->relays;
}
