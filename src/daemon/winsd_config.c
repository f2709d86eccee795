#include "daemon/winsd.h"

#include <string.h>

static void take_block_list(const struct settings_wins *settings, struct wins_settings *ret)
{
        if (!settings->block_list_given)
                return;
        ret->block_count = 0;
        memset(ret->blocked, 0, sizeof ret->blocked);
        for (size_t i = 0; i < settings->block_count && i < WINS_MAX_BLOCKED; i++) {
                char *name = ret->blocked[ret->block_count++];

                for (size_t j = 0; settings->blocked[i][j] && j < sizeof ret->blocked[0] - 1; j++) {
                        const char c = settings->blocked[i][j];

                        name[j] = c >= 'a' && c <= 'z' ? (char)(c - 0x20) : c;
                }
        }
}

bool winsd_config_make(const struct settings_wins *settings, struct wins_settings *ret)
{
        struct wins_settings made = wins_settings_default();

        made.renewal_s = settings->refresh_interval_s.value;
        made.extinction_interval_s = settings->tombstone_interval_s.value;
        made.extinction_timeout_s = settings->tombstone_timeout_s.value;
        made.verify_s = settings->verify_interval_s.value;
        made.burst_queue = settings->burst_handling.value ? settings->burst_queue_size.value : 0;
        made.migrate = settings->migrate_on.value != 0;
        made.prepend_1b = settings->prepend_1b.value != 0;
        made.randomize_1c = settings->randomize_1c.value != 0;
        made.block_queries = settings->enable_block_list.value != 0;
        made.start_version = (uint64_t)settings->start_version_high.value << 32 | settings->start_version_low.value;
        take_block_list(settings, &made);
        const bool moved = wins_settings_adjust(&made);
        *ret = made;
        return !moved;
}
