#pragma once
/*
 * How much gets lost, whether we are to blame for it, and how often a silent address is asked again because of it.
 *
 * q, the chance that one try (a question and its answer) fails, is measured in two ways, and both counts are put together:
 *   - Who answered is known to be there. Of the second questions (see scan.h), every try before the one that was answered was lost.
 *     Each try has an id of its own, so that a late answer to the first is no loss of the first.
 *   - Round k of asking the silent finds n_k hosts. Present hosts are missed with q each round, so n_(k+1) is about q n_k:
 *     found in rounds 2 to k, over found in rounds 1 to k-1.
 * With L lost of S samples, q is taken as (L + 1) / (S + 2) (Laplace): with few samples we are careful, and ask more.
 *
 * After k rounds, F hosts found, the present ones not found are expected to be F q^k / (1 - q^k). While that is at least
 * SCAN_MISSED_LIMIT there is another round, up to the limit the caller gave. So at 10 % loss each way q = 1 - 0.9^2 = 0.19, and a
 * /16 with every address taken needs k = 10 (65534 x 0.19^10 = 0.004); a /24 needs 7; without loss, and some thousands of
 * hosts to measure it with, k = 2.
 *
 * Pace: when the share lost among the last SCAN_EPOCH tries is above SCAN_LOSS_MUCH, the pace is halved on trial. If that
 * does not take the loss below 0.6 of what it was, loss does not come from us: the pace is restored, and the loss is put up
 * with unless it grows by half. Datagrams dropped by this machine's own socket, for want of room, halve it at once. After
 * SCAN_CLEAN_EPOCHS that lost no more than what is put up with, it rises again by half.
 */
#include "base/instant.h"

#include <stdbool.h>
#include <stdint.h>

#define SCAN_MISSED_LIMIT 0.01
#define SCAN_EPOCH 400u /* at 19 % lost, chance alone moves the share of so many by 2 % */
#define SCAN_LOSS_MUCH 0.03
#define SCAN_CLEAN_EPOCHS 4u
#define SCAN_SETTLE_MS 500u /* what was lost before a change of pace is told of until then */
#define SCAN_SLOWEST (1.0 / 16)
#define SCAN_MAX_TRIES 16u

struct scan_loss {
        uint64_t asked, lost;                  /* tries of hosts known to be there */
        uint32_t found_in[SCAN_MAX_TRIES + 1]; /* hosts by the try that found them; [0] is not used */
        uint32_t epoch_asked, epoch_lost;
        double before;   /* loss that led to the trial that is under way; 0: none is */
        double accepted; /* loss that slowing down did not cure, or left */
        double pace;     /* what the caller's rate is multiplied with: 1 to SCAN_SLOWEST */
        uint32_t clean_epochs;
        mono_t slowed_at;
        mono_t settled_at;     /* from when on samples count for the pace again */
        uint32_t slowed_count; /* how often the pace was cut for good */
        bool not_ours;         /* loss was found not to come from the pace */
};

void scan_loss_init(struct scan_loss *loss);

/* A host known to be there answered a second question at its TRY-th try (from 1). */
void scan_loss_answered(struct scan_loss *loss, unsigned try, mono_t now);

/* A host was found by its TRY-th try. */
void scan_loss_found(struct scan_loss *loss, unsigned try);

/* Datagrams were lost on this machine, in the queue of the socket or on sending. */
void scan_loss_local(struct scan_loss *loss, mono_t now);

/* q after ROUNDS rounds, by both measures. */
double scan_loss_rate(const struct scan_loss *loss, unsigned rounds);

/* The share lost as it was counted, without Laplace's caution; 0 while nothing was. */
double scan_loss_share(const struct scan_loss *loss, unsigned rounds);

/* How many hosts are expected to be missed after ROUNDS rounds, FOUND being found. */
double scan_loss_missed(const struct scan_loss *loss, unsigned rounds, double found);
