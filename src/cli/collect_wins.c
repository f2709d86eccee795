#include "cli/collect.h"

#include "base/ip4.h"
#include "ctl/wins.h"

#include <string.h>
#include <unistd.h>

#define MAX_RECORDS 256
#define MAX_CHECK_PAGES 8
#define MAX_ROWS_A_NAME 16 /* a name has one record in each scope */

static const char *place_error(int r)
{
        return r == NBT_ERR_NOT_FOUND ? "no winsd answers there" : ctl_error_why(r);
}

/* One request to a database's server; the reply's own result counts too. */
static int call(struct ctl_client *client, enum ctl_request_type type, const struct ctl_wins_request *wins,
                struct arena *arena, struct ctl_reply *ret)
{
        const struct ctl_request request = {.type = type, .wins = wins};
        const int r = ctl_call(client, &request, arena, ret);

        if (r < 0)
                return r;
        if (ret->result < 0)
                return ret->result;
        return ret->wins ? 0 : NBT_ERR_UNSUPPORTED;
}

static void take_status(struct collection *c, struct collect_database *to, const struct wins_view *view)
{
        char address[IP4_TEXT_BYTES];

        ip4_format(view->owner, address);
        to->snapshot.source = arena_printf(&c->arena, "the database of the WINS server %s", address);
        to->snapshot.server = view->owner;
        to->snapshot.renewal_s = view->settings.renewal_s;
        to->snapshot.refusal_count = view->refusal_count;
        to->snapshot.refusals = view->refusals;
        collect_add_wins(c, view->owner);
}

/* Names of records that look as if two machines had been merged into one: they are looked into, as they are nobody's event. */
static void take_twins(struct collection *c, struct collect_database *database)
{
        struct ctl_wins_request request = {0};
        struct ctl_reply reply;
        bool more = true;

        for (size_t pages = 0; more && pages < MAX_CHECK_PAGES; pages++) {
                reply = (struct ctl_reply){0};
                if (call(database->client, CTL_REQUEST_WINS_CHECK, &request, &c->arena, &reply) < 0)
                        return; /* what can be read without it is read */
                for (size_t i = 0; i < reply.wins->finding_count; i++)
                        if (reply.wins->findings[i].type == WINS_FINDING_TWINS && reply.wins->findings[i].record)
                                collect_want_name(c, &reply.wins->findings[i].record->name);
                more = reply.wins->more;
                request.cursor = reply.wins->cursor;
        }
}

/* PLACE is a socket, or with IS_LOCAL this machine's runtime directory. Takes the client over to the collection. */
static int add_database(struct collection *c, const char *place, bool is_local)
{
        struct collect_database *to = &c->databases[c->database_count];
        struct ctl_reply reply = {0};

        *to = (struct collect_database){.place = place, .is_local = is_local};
        int r = is_local ? ctl_connect(place, &to->client) : ctl_connect_socket(place, &to->client);
        if (r == 0)
                r = call(to->client, CTL_REQUEST_WINS_STATUS, NULL, &c->arena, &reply);
        if (r == 0 && !reply.wins->view)
                r = NBT_ERR_MALFORMED;
        if (r < 0) {
                to->client = ctl_close(to->client);
                return r;
        }
        take_status(c, to, reply.wins->view);
        to->snapshot.was_named = !is_local;
        c->database_count++;
        return 0;
}

/* Nobody's, or many machines'. */
static bool is_no_host(const struct collection *c, uint32_t address)
{
        const uint32_t top = address >> 24;
        bool broadcast = top == 0 || top >= 224;

        for (size_t i = 0; i < c->snapshot.iface_count; i++) {
                const struct snapshot_iface *iface = &c->snapshot.ifaces[i];

                broadcast |= iface->netmask != 0 && iface->netmask < 0xFFFFFFFEu &&
                             address == (iface->address | ~iface->netmask);
        }
        return broadcast;
}

static int add_address(struct collection *c, const struct cli_context *ctx, const char *place, uint32_t address)
{
        if (is_no_host(c, address))
                return cli_failf(
                        ctx, CLI_EXIT_USAGE,
                        "--wins %s: no machine has that address (it is a broadcast or multicast one, or none at "
                        "all); give a WINS server's",
                        place);
        collect_add_wins(c, address);
        return CLI_EXIT_OK;
}

static int add_place(struct collection *c, const struct cli_context *ctx, const char *place)
{
        uint32_t address;

        if (ip4_parse(place, &address) == 0)
                return add_address(c, ctx, place, address);
        if (!strchr(place, '/') && access(place, F_OK) < 0)
                return cli_failf(
                        ctx, CLI_EXIT_USAGE,
                        "--wins %s: neither an IP address nor a socket; give a server's IP address, or winsd's "
                        "control socket (/run/netbt/node.sock on its host)",
                        place);
        const int r = c->database_count == SNAPSHOT_MAX_DATABASES ? NBT_ERR_FULL : add_database(c, place, false);
        if (r == NBT_ERR_UNSUPPORTED)
                return cli_failf(ctx, CLI_EXIT_USAGE,
                                 "--wins %s: the daemon there is no WINS server; give winsd's socket", place);
        if (r < 0)
                return cli_failf(ctx, CLI_EXIT_FAILED,
                                 "--wins %s: %s; give winsd's control socket (/run/netbt/node.sock on its host), or a "
                                 "server's IP address",
                                 place, place_error(r));
        return CLI_EXIT_OK;
}

int collect_wins(struct collection *c, const struct cli_context *ctx, const struct collect_request *request)
{
        int exit = CLI_EXIT_OK;

        for (size_t i = 0; i < request->wins_count && exit == CLI_EXIT_OK; i++)
                exit = add_place(c, ctx, request->wins[i]);
        if (exit != CLI_EXIT_OK || !c->is_wins_host || c->database_count == SNAPSHOT_MAX_DATABASES)
                return exit;
        /* this machine's own server, unless its socket was named */
        const int r = add_database(c, ctx->runtime_dir, true);
        if (r < 0) {
                texts_add(&c->notes, "The database of this machine's WINS server could not be read: %s",
                          place_error(r));
        } else {
                const struct collect_database *last = &c->databases[c->database_count - 1];

                for (size_t i = 0; i + 1 < c->database_count; i++)
                        if (c->databases[i].snapshot.server == last->snapshot.server) {
                                c->databases[i].is_local = true;
                                ctl_close(c->databases[--c->database_count].client);
                                break;
                        }
        }
        return CLI_EXIT_OK;
}

/* Its records of NAME, in every scope. */
static int read_name(struct collection *c, struct collect_database *database, struct wins_record *records,
                     const struct nb_name *name)
{
        struct ctl_wins_request request = {.filter = {.has_name = true, .name = *name}, .limit = MAX_ROWS_A_NAME};
        struct ctl_reply reply = {0};
        const int r = call(database->client, CTL_REQUEST_WINS_SHOW, &request, &c->arena, &reply);

        for (size_t i = 0; r == 0 && i < reply.wins->row_count; i++) {
                /* a host of one scope knows nothing of another */
                if (database->snapshot.record_count < MAX_RECORDS &&
                    nb_scope_equal(&reply.wins->rows[i].scope, &c->scope))
                        records[database->snapshot.record_count++] = reply.wins->rows[i];
        }
        return r;
}

void collect_wins_silence(struct collection *c)
{
        for (size_t i = 0; i < c->wins_count; i++) {
                size_t asked = 0, answered = 0;
                char address[IP4_TEXT_BYTES];

                for (size_t j = 0; j < c->query_count; j++) {
                        const bool its =
                                c->queries[j].kind == SNAPSHOT_ASKED_WINS && c->queries[j].destination == c->wins[i];

                        asked += its;
                        answered += its && c->queries[j].answer_count > 0;
                }
                ip4_format(c->wins[i], address);
                if (asked > 0 && answered == 0)
                        texts_add(&c->notes,
                                  "The WINS server %s was asked and did not answer: what it says is not known",
                                  address);
        }
}

int collect_wins_records(struct collection *c)
{
        for (size_t i = 0; i < c->database_count; i++) {
                struct collect_database *database = &c->databases[i];
                struct wins_record *records = arena_alloc(&c->arena, MAX_RECORDS * sizeof *records);
                int r = 0;

                if (!records)
                        return NBT_ERR_NOMEM;
                database->snapshot.records = records;
                if (database->snapshot.was_named)
                        take_twins(c, database);
                for (size_t j = 0; j < c->name_count && r == 0; j++)
                        r = read_name(c, database, records, &c->names[j]);
                database->client = ctl_close(database->client);
                if (r < 0)
                        texts_add(&c->notes, "%s could not be read to its end: %s", database->snapshot.source,
                                  ctl_error_why(r));
        }
        return 0;
}
