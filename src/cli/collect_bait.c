#include "cli/collect_bait.h"

#include "base/ip4.h"
#include "io/random.h"
#include "watch/bait.h"

#define MAX_POISONERS 8

int collect_bait_make(struct nb_name ret[COLLECT_BAITS])
{
        static const char *const models[COLLECT_BAITS] = {"DESKTOP-1N4R894", "LAPTOP-7QK2M0VD"};
        struct rng rng;
        const int r = random_rng(&rng);

        for (size_t i = 0; r == 0 && i < COLLECT_BAITS; i++) {
                const struct nb_name model = nb_name_make(models[i], 0x20);

                ret[i] = bait_make(&model, &rng);
        }
        return r;
}

static bool is_positive(const struct snapshot_answer *answer)
{
        return answer->rcode == NBNS_RCODE_OK && answer->address_count > 0;
}

static bool answered(const struct collection *c, const struct nb_name *name, uint32_t source)
{
        for (size_t i = 0; i < c->query_count; i++)
                for (size_t j = 0; nb_name_equal(&c->queries[i].name, name) && j < c->queries[i].answer_count; j++)
                        if (c->queries[i].answers[j].source == source && is_positive(&c->queries[i].answers[j]))
                                return true;
        return false;
}

/* Does it answer for every bait? */
static bool is_poisoner(const struct collection *c, const struct nb_name baits[COLLECT_BAITS], uint32_t source)
{
        for (size_t i = 0; i < COLLECT_BAITS; i++)
                if (!answered(c, &baits[i], source))
                        return false;
        return true;
}

static bool is_bait(const struct nb_name baits[COLLECT_BAITS], const struct nb_name *name)
{
        for (size_t i = 0; i < COLLECT_BAITS; i++)
                if (nb_name_equal(&baits[i], name))
                        return true;
        return false;
}

static size_t find_poisoners(const struct collection *c, const struct nb_name baits[COLLECT_BAITS],
                             uint32_t ret[MAX_POISONERS])
{
        size_t count = 0;

        for (size_t i = 0; i < c->query_count; i++)
                for (size_t j = 0; nb_name_equal(&c->queries[i].name, &baits[0]) && j < c->queries[i].answer_count;
                     j++) {
                        const uint32_t source = c->queries[i].answers[j].source;
                        bool known = !is_poisoner(c, baits, source);

                        for (size_t k = 0; k < count && !known; k++)
                                known = ret[k] == source;
                        if (!known && count < MAX_POISONERS)
                                ret[count++] = source;
                }
        return count;
}

static bool is_among(const uint32_t *sources, size_t count, uint32_t source)
{
        for (size_t i = 0; i < count; i++)
                if (sources[i] == source)
                        return true;
        return false;
}

/* Takes out of QUERY what poisoners said. */
static int clean(struct arena *arena, struct snapshot_query *query, const uint32_t *poisoners, size_t count)
{
        struct snapshot_answer *kept = arena_alloc(arena, query->answer_count * sizeof *kept);
        size_t kept_count = 0;

        if (!kept)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < query->answer_count; i++)
                if (!is_among(poisoners, count, query->answers[i].source))
                        kept[kept_count++] = query->answers[i];
        query->answers = kept;
        query->answer_count = kept_count;
        query->reply = kept_count > 0 ? SNAPSHOT_ANSWERED : SNAPSHOT_SILENT;
        return 0;
}

static void tell(struct collection *c, const uint32_t *poisoners, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                char address[IP4_TEXT_BYTES];

                ip4_format(poisoners[i], address);
                texts_add(&c->notes,
                          "%s answers by broadcast for names that nobody bears: a poisoner of name queries, whose "
                          "answers were not counted (netbt watch --bait tells more of it)",
                          address);
        }
}

int collect_bait_judge(struct collection *c, const struct nb_name baits[COLLECT_BAITS])
{
        uint32_t poisoners[MAX_POISONERS];
        const size_t count = find_poisoners(c, baits, poisoners);
        size_t kept = 0;

        for (size_t i = 0; i < c->query_count; i++) {
                struct snapshot_query *query = &c->queries[i];

                if (is_bait(baits, &query->name))
                        continue;
                if (count > 0 && query->kind == SNAPSHOT_ASKED_BROADCAST &&
                    clean(&c->arena, query, poisoners, count) < 0)
                        return NBT_ERR_NOMEM;
                c->queries[kept++] = *query;
        }
        c->query_count = kept;
        tell(c, poisoners, count);
        return 0;
}
