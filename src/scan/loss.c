#include "scan/loss.h"

#define LOCAL_PAUSE_MS 100u

void scan_loss_init(struct scan_loss *loss)
{
        *loss = (struct scan_loss){.pace = 1.0, .slowed_at = {INT64_MIN / 2}, .settled_at = {INT64_MIN}};
}

static void slow_down(struct scan_loss *loss)
{
        loss->pace = loss->pace / 2 < SCAN_SLOWEST ? SCAN_SLOWEST : loss->pace / 2;
        loss->clean_epochs = 0;
}

static void end_trial(struct scan_loss *loss, double share)
{
        if (share < 0.6 * loss->before) {
                loss->slowed_count++;
                loss->accepted = share;
        } else {
                loss->pace = loss->pace * 2 > 1 ? 1 : loss->pace * 2;
                loss->not_ours = true;
                loss->accepted = share > loss->before ? share : loss->before;
        }
        loss->before = 0;
}

static void end_epoch(struct scan_loss *loss, mono_t now)
{
        const double pace = loss->pace;
        const double share = (double)loss->epoch_lost / loss->epoch_asked;

        loss->epoch_asked = loss->epoch_lost = 0;
        if (loss->before > 0) {
                end_trial(loss, share);
        } else if (share > SCAN_LOSS_MUCH && share > 1.5 * loss->accepted) {
                if (loss->pace <= SCAN_SLOWEST)
                        return;
                loss->before = share;
                slow_down(loss);
        } else if (++loss->clean_epochs >= SCAN_CLEAN_EPOCHS) {
                loss->pace = loss->pace * 1.5 > 1 ? 1 : loss->pace * 1.5;
                loss->clean_epochs = 0;
        }
        if (loss->pace < pace || loss->pace > pace)
                loss->settled_at = mono_add_ms(now, SCAN_SETTLE_MS);
}

void scan_loss_answered(struct scan_loss *loss, unsigned try, mono_t now)
{
        loss->asked += try;
        loss->lost += try - 1;
        if (!mono_is_due(loss->settled_at, now))
                return;
        loss->epoch_asked += try;
        loss->epoch_lost += try - 1;
        if (loss->epoch_asked >= SCAN_EPOCH)
                end_epoch(loss, now);
}

void scan_loss_found(struct scan_loss *loss, unsigned try)
{
        loss->found_in[try <= SCAN_MAX_TRIES ? try : SCAN_MAX_TRIES]++;
}

void scan_loss_local(struct scan_loss *loss, mono_t now)
{
        /* what was on its way when we slowed down is lost as well, and no reason to slow down again */
        if (!mono_is_due(mono_add_ms(loss->slowed_at, LOCAL_PAUSE_MS), now))
                return;
        loss->slowed_at = now;
        loss->slowed_count++;
        slow_down(loss);
}

/* Both measures put together. */
static void count(const struct scan_loss *loss, unsigned rounds, double *ret_lost, double *ret_asked)
{
        *ret_lost = (double)loss->lost;
        *ret_asked = (double)loss->asked;
        for (unsigned k = 1; k <= rounds && k <= SCAN_MAX_TRIES; k++) {
                *ret_lost += k > 1 ? loss->found_in[k] : 0;
                *ret_asked += k < rounds ? loss->found_in[k] : 0;
        }
}

/* More may be found later than sooner, when hosts are just being switched on. */
static double bounded(double q)
{
        return q < 0.95 ? q : 0.95;
}

double scan_loss_rate(const struct scan_loss *loss, unsigned rounds)
{
        double lost, asked;

        count(loss, rounds, &lost, &asked);
        return bounded((lost + 1) / (asked + 2));
}

double scan_loss_share(const struct scan_loss *loss, unsigned rounds)
{
        double lost, asked;

        count(loss, rounds, &lost, &asked);
        return asked > 0 ? bounded(lost / asked) : 0;
}

double scan_loss_missed(const struct scan_loss *loss, unsigned rounds, double found)
{
        const double q = scan_loss_rate(loss, rounds);
        double missed = 1;

        for (unsigned k = 0; k < rounds; k++)
                missed *= q;
        return missed < 1 ? found * missed / (1 - missed) : found;
}
