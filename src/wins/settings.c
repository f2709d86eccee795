#include "wins/wins.h"

#include <string.h>

struct wins_settings wins_settings_default(void)
{
        return (struct wins_settings){
                .renewal_s = WINS_RENEWAL_S,
                .extinction_interval_s = WINS_EXTINCTION_INTERVAL_S,
                .extinction_timeout_s = WINS_EXTINCTION_TIMEOUT_S,
                .verify_s = WINS_VERIFY_S,
                .burst_queue = WINS_BURST_QUEUE,
                .prepend_1b = true,
                .block_queries = true,
                .block_count = 2,
                .blocked = {"WPAD", "ISATAP"},
        };
}

static uint32_t at_most(uint32_t a, uint32_t b)
{
        return a < b ? a : b;
}

struct range {
        const char *what;
        uint32_t min, max;
        size_t offset;
};

#define FIELD(name) offsetof(struct wins_settings, name)

/* KB135922: the extinction interval may not be below renewal (or four days), nor the timeout below renewal: partners would
 * bring back what was deleted here. */
static void ranges(const struct wins_settings *settings, struct range ret[5])
{
        const uint32_t four_days = 4 * WINS_DAY_S;
        const uint32_t interval = at_most(settings->renewal_s, four_days);
        const uint32_t timeout = settings->renewal_s < WINS_EXTINCTION_TIMEOUT_MIN_S ? WINS_EXTINCTION_TIMEOUT_MIN_S
                                                                                     : settings->renewal_s;

        ret[0] = (struct range){"renewal interval", WINS_RENEWAL_MIN_S, WINS_RENEWAL_MAX_S, FIELD(renewal_s)};
        ret[1] = (struct range){"extinction interval",
                                interval < WINS_EXTINCTION_INTERVAL_MIN_S ? WINS_EXTINCTION_INTERVAL_MIN_S : interval,
                                WINS_EXTINCTION_INTERVAL_MAX_S, FIELD(extinction_interval_s)};
        ret[2] = (struct range){"extinction timeout", at_most(timeout, WINS_EXTINCTION_TIMEOUT_MAX_S),
                                WINS_EXTINCTION_TIMEOUT_MAX_S, FIELD(extinction_timeout_s)};
        ret[3] = (struct range){"verification interval", WINS_VERIFY_MIN_S, WINS_VERIFY_MAX_S, FIELD(verify_s)};
        ret[4] = (struct range){"burst queue", settings->burst_queue ? WINS_BURST_QUEUE_MIN : 0, WINS_BURST_QUEUE_MAX,
                                FIELD(burst_queue)};
}

static uint32_t get(const struct wins_settings *settings, const struct range *range)
{
        uint32_t v;

        memcpy(&v, (const char *)settings + range->offset, sizeof(v));
        return v;
}

const char *wins_settings_fault(const struct wins_settings *settings)
{
        struct range all[5];

        ranges(settings, all);
        for (unsigned i = 0; i < NBT_ARRAY_SIZE(all); i++)
                if (get(settings, &all[i]) < all[i].min || get(settings, &all[i]) > all[i].max)
                        return all[i].what;
        if (settings->start_version > WINS_MAX_START_VERSION)
                return "starting version";
        if (settings->block_count > WINS_MAX_BLOCKED)
                return "block list";
        for (size_t i = 0; i < settings->block_count; i++)
                if (settings->blocked[i][0] == '\0' ||
                    !memchr(settings->blocked[i], '\0', sizeof(settings->blocked[i])))
                        return "block list";
        return NULL;
}

bool wins_settings_adjust(struct wins_settings *settings)
{
        bool changed = false;

        for (unsigned i = 0; i < 5; i++) {
                struct range all[5];

                ranges(settings, all); /* later ranges depend on earlier values */
                uint32_t v = get(settings, &all[i]);
                if (v >= all[i].min && v <= all[i].max)
                        continue;
                v = v < all[i].min ? all[i].min : all[i].max;
                memcpy((char *)settings + all[i].offset, &v, sizeof(v));
                changed = true;
        }
        if (settings->start_version > WINS_MAX_START_VERSION) {
                settings->start_version = WINS_MAX_START_VERSION;
                changed = true;
        }
        if (settings->block_count > WINS_MAX_BLOCKED) {
                settings->block_count = WINS_MAX_BLOCKED;
                changed = true;
        }
        return changed;
}
