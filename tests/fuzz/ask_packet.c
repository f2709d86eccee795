/* Any datagram to an asker with one question of each kind; the id is set to a pending one, which a fuzzer cannot guess. */
#include "fuzz.h"

#include "ask/ask.h"

#include <stdlib.h>

static uint16_t add(struct ask *ask, enum ask_kind kind, struct ask_actions *actions)
{
        const struct ask_question question = {
                .kind = kind,
                .name = kind == ASK_STATUS ? NB_NAME_WILDCARD : nb_name_make("FILESRV", 0x20),
                .destination = 0x0A4D0002,
        };

        if (ask_add(ask, (mono_t){0}, &question, actions) < 0)
                abort();
        return (uint16_t)(actions->last->send.bytes[0] << 8 | actions->last->send.bytes[1]);
}

/* The first byte chooses kind, source and port; the rest is the datagram. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct arena arena = ARENA_INIT;
        struct ask_actions actions = {.arena = &arena};
        struct ask *ask;
        struct rng rng;

        if (size < 3)
                return 0;
        rng_init_seed(&rng, 1);
        if (ask_new(&ask, &rng) < 0)
                abort();
        uint16_t ids[3];
        for (size_t i = 0; i < 3; i++)
                ids[i] = add(ask, (enum ask_kind)i, &actions);
        uint8_t *bytes = malloc(size - 1);
        if (!bytes)
                abort();
        memcpy(bytes, data + 1, size - 1);
        bytes[0] = (uint8_t)(ids[data[0] % 3] >> 8);
        bytes[1] = (uint8_t)ids[data[0] % 3];
        const uint32_t source = data[0] & 0x40 ? 0x0A4D0003 : 0x0A4D0002;
        for (int i = 0; i < 2; i++) /* the second time it is a repeat, or too late */
                if (ask_packet(ask, (mono_t){1000}, source, data[0] & 0x80 ? 138 : 137, bytes, size - 1, &actions) < 0)
                        abort();
        while (ask_pending(ask))
                if (ask_timer(ask, ask_deadline(ask), &actions) < 0)
                        abort();
        size_t results = 0;
        for (struct ask_action *action = actions.first; action; action = action->next)
                results += action->type == ASK_ACTION_RESULT;
        if (results != 3) /* every question ends, once */
                abort();
        free(bytes);
        ask_free(ask);
        arena_done(&arena);
        return 0;
}
