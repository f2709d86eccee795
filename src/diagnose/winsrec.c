#include "diagnose/winsrec.h"

#include "diagnose/describe.h"

bool winsrec_was_read(const struct rule_input *in)
{
        return in->c->has_name && in->snapshot->database_count > 0;
}

const char *winsrec_why_not(const struct rule_input *in, const char *what)
{
        if (in->snapshot->database_count > 0)
                return "which name is in conflict is not known, so that its record could not be looked up";
        if (in->snapshot->wins_count == 0)
                return "no WINS server is known; name one with --wins ADDRESS, or winsd's socket with --wins SOCKET";
        const char *why =
                arena_printf(in->arena,
                             "the database of the WINS server could not be read (winsd shows it: --wins SOCKET), "
                             "and %s",
                             what);
        return why ? why : "memory ran out";
}

static bool is_of(const struct wins_record *record, const struct diagnose_case *c, bool is_static)
{
        return record->state == WINS_ACTIVE && record->is_static == is_static &&
               nb_name_equal(&record->name, &c->name) &&
               (record->type == WINS_UNIQUE || record->type == WINS_MULTIHOMED);
}

/* How much RECORD speaks against the loser. */
static int weigh(const struct rule_input *in, const struct wins_record *record)
{
        return !winsrec_has_loser(in, record) ? 3 : !winsrec_covers_loser(in, record) ? 2 : 1;
}

struct winsrec winsrec_find(const struct rule_input *in, bool is_static)
{
        struct winsrec found = {0};
        int best = 0;

        for (size_t i = 0; in->c->has_name && i < in->snapshot->database_count; i++) {
                const struct snapshot_database *database = &in->snapshot->databases[i];

                for (size_t j = 0; j < database->record_count; j++) {
                        const struct wins_record *record = &database->records[j];
                        const int weight = is_of(record, in->c, is_static) ? weigh(in, record) : 0;

                        if (weight <= best)
                                continue;
                        best = weight;
                        found = (struct winsrec){database, record};
                }
        }
        return found;
}

bool winsrec_has_loser(const struct rule_input *in, const struct wins_record *record)
{
        for (size_t i = 0; i < record->member_count; i++)
                if (case_is_own(in->snapshot, in->c, record->members[i].address))
                        return true;
        return false;
}

bool winsrec_covers_loser(const struct rule_input *in, const struct wins_record *record)
{
        const uint32_t address = in->c->address;

        return address != 0 ? wins_record_member(record, address) >= 0 : winsrec_has_loser(in, record);
}

uint32_t winsrec_other(const struct rule_input *in, const struct wins_record *record)
{
        for (size_t i = 0; i < record->member_count; i++)
                if (!case_is_own(in->snapshot, in->c, record->members[i].address))
                        return record->members[i].address;
        return 0;
}

const struct wins_refusal *winsrec_refusal(const struct rule_input *in, const struct snapshot_database *database)
{
        for (size_t i = 0; in->c->has_name && i < database->refusal_count; i++)
                if (nb_name_equal(&database->refusals[i].name, &in->c->name) &&
                    case_is_own(in->snapshot, in->c, database->refusals[i].claimant))
                        return &database->refusals[i];
        return NULL;
}

/* The server at ADDRESS (0: any WINS server) sent what took the name from the loser. */
static bool is_sender(const struct rule_input *in, uint32_t sender, uint32_t address)
{
        return sender != 0 && (address ? sender == address : snapshot_is_wins(in->snapshot, sender));
}

static bool was_taken_by(const struct rule_input *in, uint32_t address)
{
        const struct diagnose_case *c = in->c;

        for (size_t i = 0; i < c->dispute_count && i < CASE_MAX_DISPUTES; i++)
                if (c->disputes[i]->by_server && (address == 0 || c->disputes[i]->sender == address))
                        return true;
        for (size_t i = 0; i < c->event_count && i < CASE_MAX_EVENTS; i++)
                if (is_sender(in, c->events[i]->sender, address))
                        return true;
        return c->in_conflict && is_sender(in, c->sender, address);
}

bool winsrec_was_refused(const struct rule_input *in)
{
        for (size_t i = 0; i < in->snapshot->database_count; i++)
                if (winsrec_refusal(in, &in->snapshot->databases[i]))
                        return true;
        return was_taken_by(in, 0);
}

bool winsrec_was_refused_by(const struct rule_input *in, const struct snapshot_database *database)
{
        return winsrec_refusal(in, database) || was_taken_by(in, database->server);
}

static bool is_group(const struct wins_record *record, const struct diagnose_case *c)
{
        return record->state == WINS_ACTIVE && nb_name_equal(&record->name, &c->name) &&
               (record->type == WINS_GROUP || record->type == WINS_INTERNET);
}

struct winsrec winsrec_find_group(const struct rule_input *in)
{
        for (size_t i = 0; in->c->has_name && i < in->snapshot->database_count; i++) {
                const struct snapshot_database *database = &in->snapshot->databases[i];
                const struct wins_refusal *refusal = winsrec_refusal(in, database);

                for (size_t j = 0; refusal && refusal->holder_is_static && j < database->record_count; j++)
                        if (database->records[j].is_static && is_group(&database->records[j], in->c))
                                return (struct winsrec){database, &database->records[j]};
        }
        return (struct winsrec){0};
}

static bool is_against_loser(const struct rule_input *in, const struct snapshot_database *database)
{
        for (size_t i = 0; i < database->record_count; i++) {
                const struct wins_record *record = &database->records[i];

                if (is_group(record, in->c) ||
                    ((is_of(record, in->c, true) || is_of(record, in->c, false)) && !winsrec_covers_loser(in, record)))
                        return true;
        }
        return false;
}

bool winsrec_is_clear(const struct rule_input *in)
{
        bool was_read = false;

        if (!in->c->has_name || !in->c->in_conflict || !snapshot_is_wins(in->snapshot, in->c->sender))
                return false;
        for (size_t i = 0; i < in->snapshot->database_count; i++) {
                if (is_against_loser(in, &in->snapshot->databases[i]))
                        return false;
                was_read |= in->snapshot->databases[i].server == in->c->sender;
        }
        return was_read && !winsrec_is_unread(in);
}

/* ---- servers whose databases were not read ------------------------------------------------------------------------- */

static bool was_server_read(const struct rule_input *in, uint32_t server)
{
        for (size_t i = 0; i < in->snapshot->database_count; i++)
                if (in->snapshot->databases[i].server == server)
                        return true;
        return false;
}

/* Does an unread server's answer give ADDRESS (0: any that is not the loser's) for the name? */
static bool is_given(const struct rule_input *in, uint32_t address)
{
        for (size_t i = 0; i < in->snapshot->query_count; i++) {
                const struct snapshot_query *query = &in->snapshot->queries[i];
                const struct snapshot_answer *answer = query->answer_count > 0 ? &query->answers[0] : NULL;

                if (query->kind != SNAPSHOT_ASKED_WINS || !answer || answer->rcode != NBNS_RCODE_OK || answer->group ||
                    !nb_name_equal(&query->name, &in->c->name) || was_server_read(in, query->destination))
                        continue;
                for (size_t j = 0; j < answer->address_count; j++)
                        if (address ? answer->addresses[j] == address
                                    : !case_is_own(in->snapshot, in->c, answer->addresses[j]))
                                return true;
        }
        return false;
}

bool winsrec_is_unread(const struct rule_input *in)
{
        return in->c->has_name && is_given(in, 0);
}

bool winsrec_was_told(const struct rule_input *in, const struct case_holder *holder)
{
        return holder->told_by_wins && (in->snapshot->database_count == 0 || is_given(in, holder->address));
}

const char *winsrec_addresses(const struct rule_input *in, const struct wins_record *record)
{
        const char *text = "";

        for (size_t i = 0; text && i < record->member_count; i++)
                text = arena_printf(in->arena, "%s%s%s", text,
                                    i == 0                           ? ""
                                    : i + 1u == record->member_count ? " and "
                                                                     : ", ",
                                    describe_address(in, record->members[i].address));
        return text ? text : "…";
}

static void tell_end(const struct rule_input *in, const struct winsrec *found, struct texts *evidence)
{
        const struct wins_record *record = found->record;
        const int64_t left_s = record->expiry_s - in->snapshot->now.us / 1000000;
        char time[WALL_TEXT_BYTES];

        if (record->expiry_s == WINS_NEVER || in->snapshot->now.us == 0)
                return;
        wall_format((wall_t){record->expiry_s * 1000000}, time);
        texts_add(evidence, "it ends on %s unless it is renewed%s", time,
                  found->database->renewal_s > 0 && left_s < found->database->renewal_s / 2
                          ? "; a machine that runs would have renewed it by now (half of its life is over)"
                          : "");
}

void winsrec_evidence(const struct rule_input *in, const struct winsrec *found, struct texts *evidence)
{
        const struct wins_record *record = found->record;
        const struct wins_refusal *refusal = winsrec_refusal(in, found->database);
        char time[WALL_TEXT_BYTES];

        texts_add(evidence, "%s: %s is %s %s record of %s", found->database->source, describe_name(in),
                  record->is_static ? "a static" : "a", wins_type_str(record->type), winsrec_addresses(in, record));
        if (record->owner != found->database->server)
                texts_add(evidence, "the record came from the WINS server %s, by replication",
                          describe_address(in, record->owner));
        tell_end(in, found, evidence);
        if (!refusal)
                return;
        wall_format(refusal->when, time);
        texts_add(evidence, "the server refused the name to %s, last on %s%s", describe_address(in, refusal->claimant),
                  time, refusal->holder_is_static ? ", because of the static mapping" : "");
        if (refusal->repeated > 0)
                texts_add(evidence, "it had refused it %u times before", refusal->repeated);
}

/* ---- what servers say --------------------------------------------------------------------------------------------- */

static void word_add(struct winsrec_word *word, uint32_t address)
{
        if (word->count < WINSREC_ADDRESSES)
                word->addresses[word->count++] = address;
}

static struct winsrec_word *new_word(struct winsrec_word words[WINSREC_WORDS], size_t *count, uint32_t server)
{
        for (size_t i = 0; i < *count; i++)
                if (words[i].server == server)
                        return NULL;
        if (*count == WINSREC_WORDS)
                return NULL;
        words[*count] = (struct winsrec_word){.server = server};
        return &words[(*count)++];
}

static void read_database(const struct rule_input *in, const struct snapshot_database *database,
                          struct winsrec_word *word)
{
        word->from_database = true;
        for (size_t i = 0; i < database->record_count; i++) {
                const struct wins_record *record = &database->records[i];

                for (size_t j = 0; is_of(record, in->c, record->is_static) && j < record->member_count; j++)
                        word_add(word, record->members[j].address);
        }
}

/* A group of the name is no word about a machine, and a server error none at all. */
static bool is_word(const struct snapshot_answer *answer)
{
        return (answer->rcode == NBNS_RCODE_OK && !answer->group) || answer->rcode == NBNS_RCODE_NAM_ERR;
}

size_t winsrec_words(const struct rule_input *in, struct winsrec_word ret[WINSREC_WORDS])
{
        size_t count = 0;

        for (size_t i = 0; in->c->has_name && i < in->snapshot->database_count; i++) {
                struct winsrec_word *word = new_word(ret, &count, in->snapshot->databases[i].server);

                if (word)
                        read_database(in, &in->snapshot->databases[i], word);
        }
        for (size_t i = 0; in->c->has_name && i < in->snapshot->query_count; i++) {
                const struct snapshot_query *query = &in->snapshot->queries[i];

                if (query->kind != SNAPSHOT_ASKED_WINS || query->answer_count == 0 ||
                    !nb_name_equal(&query->name, &in->c->name) || !is_word(&query->answers[0]))
                        continue;
                struct winsrec_word *word = new_word(ret, &count, query->destination);
                const struct snapshot_answer *answer = &query->answers[0];

                for (size_t j = 0; word && answer->rcode == NBNS_RCODE_OK && j < answer->address_count; j++)
                        word_add(word, answer->addresses[j]);
        }
        return count;
}

bool winsrec_disagree(const struct winsrec_word *a, const struct winsrec_word *b)
{
        for (size_t i = 0; i < a->count; i++)
                for (size_t j = 0; j < b->count; j++)
                        if (a->addresses[i] == b->addresses[j])
                                return false;
        return a->count > 0 || b->count > 0;
}
