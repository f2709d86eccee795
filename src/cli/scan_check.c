/* What WINS and DNS say of the computers that a scan found. */
#include "cli/scan_cmd.h"

#include "cli/asker.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define WINS_CHUNK 64 /* questions a server gets at once */
#define DNS_THREADS 8

struct check {
        const struct scan_options *options;
        const struct scan_host *const *hosts;
        size_t count;
        const struct scan_report *report;
        struct scan_disagreement *found;
        size_t found_count, found_room;
        pthread_mutex_t lock;
        atomic_size_t next;
        bool failed;
};

/* The machine HOST belongs to has ADDRESS. */
static bool is_own(const struct check *check, const struct scan_host *host, uint32_t address)
{
        if (host->address == address || scan_host_lists(host, address))
                return true;
        for (size_t i = 0; i < check->report->multihomed_count; i++) {
                const struct scan_machine *machine = &check->report->multihomed[i];
                bool is_ours = false, is_its = false;

                for (size_t j = 0; j < machine->host_count; j++) {
                        is_ours = is_ours || machine->hosts[j] == host;
                        is_its = is_its || machine->hosts[j]->address == address;
                }
                if (is_ours)
                        return is_its;
        }
        return false;
}

static void add(struct check *check, const struct scan_host *host, enum scan_authority authority, uint32_t server,
                const char *says)
{
        struct scan_disagreement row = {
                .host = host, .name = scan_host_computer(host)->name, .authority = authority, .server = server};

        snprintf(row.says, sizeof(row.says), "%s", says);
        pthread_mutex_lock(&check->lock);
        if (check->found_count == check->found_room) {
                const size_t room = check->found_room ? 2 * check->found_room : 16;
                struct scan_disagreement *found = realloc(check->found, room * sizeof(*found));

                check->failed = check->failed || !found;
                check->found = found ? found : check->found;
                check->found_room = found ? room : check->found_room;
        }
        if (check->found_count < check->found_room)
                check->found[check->found_count++] = row;
        pthread_mutex_unlock(&check->lock);
}

static void join(struct strbuf *sb, const char *text)
{
        if (sb->len_bytes)
                strbuf_add(sb, ", ");
        strbuf_add(sb, text);
}

/* ---- WINS --------------------------------------------------------------------------------------------------------- */

static void judge_wins(struct check *check, const struct scan_host *host, uint32_t server,
                       const struct ask_answer *answer)
{
        struct strbuf says = STRBUF_INIT;
        bool agrees = answer->address_count == 0; /* it knows no such name: a node need not register there */

        for (size_t i = 0; i < answer->address_count; i++) {
                char text[IP4_TEXT_BYTES];

                ip4_format(answer->addresses[i].address, text);
                join(&says, text);
                agrees = agrees || is_own(check, host, answer->addresses[i].address);
        }
        if (!agrees)
                add(check, host, SCAN_AUTHORITY_WINS, server, strbuf_str(&says));
        strbuf_done(&says);
}

static int ask_chunk(struct check *check, struct asker *asker, uint32_t server, const struct scan_host *const *hosts,
                     size_t count)
{
        struct ask_question questions[WINS_CHUNK] = {0};
        struct ask_result results[WINS_CHUNK];
        struct arena arena = ARENA_INIT;

        for (size_t i = 0; i < count; i++)
                questions[i] =
                        asker_make_wins_query(&scan_host_computer(hosts[i])->name, &check->options->scope, server);
        const int r = asker_run(asker, questions, count, &arena, results);
        for (size_t i = 0; r == 0 && i < count; i++)
                if (results[i].answer_count)
                        judge_wins(check, hosts[i], server, &results[i].answers[0]);
        arena_done(&arena);
        return r;
}

static int ask_wins(struct check *check, uint32_t server)
{
        const struct asker_options options = {.source = check->options->source};
        const struct scan_host *chunk[WINS_CHUNK];
        struct asker *asker;
        size_t count = 0;
        int r = asker_open(&asker, &options);

        if (r < 0)
                return r;
        for (size_t i = 0; r == 0 && i < check->count; i++) {
                if (scan_host_computer(check->hosts[i]))
                        chunk[count++] = check->hosts[i];
                if (count == WINS_CHUNK || (count && i + 1 == check->count)) {
                        r = ask_chunk(check, asker, server, chunk, count);
                        count = 0;
                }
        }
        asker_close(asker);
        return r;
}

/* ---- DNS ---------------------------------------------------------------------------------------------------------- */

static bool make_host_name(const struct scan_host *host, char ret[NB_NAME_TEXT_BYTES])
{
        const struct nbstat_entry *computer = scan_host_computer(host);

        if (!computer)
                return false;
        nb_name_format_stem(&computer->name, ret);
        return ret[0] && ret[strspn(ret, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")] == '\0';
}

static void check_forward(struct check *check, const struct scan_host *host, const char *name)
{
        const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
        struct addrinfo *found = NULL;
        struct strbuf says = STRBUF_INIT;
        bool agrees = false;

        if (getaddrinfo(name, NULL, &hints, &found) != 0)
                return; /* not there: nothing that differs */
        for (const struct addrinfo *at = found; at; at = at->ai_next) {
                struct sockaddr_in address;
                char text[IP4_TEXT_BYTES];

                memcpy(&address, at->ai_addr, sizeof(address));
                ip4_format(ntohl(address.sin_addr.s_addr), text);
                join(&says, text);
                agrees = agrees || is_own(check, host, ntohl(address.sin_addr.s_addr));
        }
        freeaddrinfo(found);
        if (!agrees)
                add(check, host, SCAN_AUTHORITY_DNS, 0, strbuf_str(&says));
        strbuf_done(&says);
}

/* A host name agrees when its first part, cut to fifteen characters as Windows does, is the computer's. */
static void check_reverse(struct check *check, const struct scan_host *host, const char *name)
{
        const struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host->address)};
        char found[NI_MAXHOST];

        if (getnameinfo((const struct sockaddr *)&address, sizeof(address), found, sizeof(found), NULL, 0,
                        NI_NAMEREQD) != 0)
                return;
        const size_t len = strcspn(found, ".");
        const size_t used = len > NB_SUFFIX_AT ? NB_SUFFIX_AT : len;
        if (strlen(name) != used || strncasecmp(found, name, used) != 0)
                add(check, host, SCAN_AUTHORITY_DNS_REVERSE, 0, found);
}

static void *dns_thread(void *context)
{
        struct check *check = context;
        size_t i;

        while ((i = atomic_fetch_add(&check->next, 1)) < check->count) {
                char name[NB_NAME_TEXT_BYTES];

                if (!make_host_name(check->hosts[i], name))
                        continue;
                check_forward(check, check->hosts[i], name);
                check_reverse(check, check->hosts[i], name);
        }
        return NULL;
}

/* The resolver waits for each answer, so several ask at once. */
static void ask_dns(struct check *check)
{
        pthread_t threads[DNS_THREADS];
        size_t started = 0;

        while (started < DNS_THREADS && pthread_create(&threads[started], NULL, dns_thread, check) == 0)
                started++;
        if (started == 0)
                dns_thread(check);
        for (size_t i = 0; i < started; i++)
                pthread_join(threads[i], NULL);
}

/* ---- both --------------------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
        const struct scan_disagreement *x = a, *y = b;

        if (x->host->address != y->host->address)
                return x->host->address < y->host->address ? -1 : 1;
        if (x->authority != y->authority)
                return x->authority < y->authority ? -1 : 1;
        return x->server < y->server ? -1 : x->server > y->server;
}

int scan_check(const struct scan_options *options, const struct scan_host *const *hosts, size_t count,
               const struct scan_report *report, struct arena *arena, const struct scan_disagreement **ret)
{
        struct check check = {.options = options,
                              .hosts = hosts,
                              .count = count,
                              .report = report,
                              .lock = PTHREAD_MUTEX_INITIALIZER};
        int r = 0;

        for (size_t i = 0; r == 0 && i < options->wins_count; i++)
                r = ask_wins(&check, options->wins[i]);
        if (r == 0 && options->dns)
                ask_dns(&check);
        if (check.found_count)
                qsort(check.found, check.found_count, sizeof(*check.found), compare);
        const struct scan_disagreement *kept = arena_copy(arena, check.found, check.found_count * sizeof(*check.found));
        free(check.found);
        if (r == 0 && (!kept || check.failed))
                r = NBT_ERR_NOMEM;
        if (r < 0)
                return r;
        *ret = kept;
        return (int)check.found_count;
}
