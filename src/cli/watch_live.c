#include "cli/watch_live.h"

#include "cli/watch_bait.h"
#include "io/capture.h"
#include "io/netif.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct watch_live {
        struct capture *capture;
        struct sandbox_user user;
};

/* Without -i: every interface that is up and can broadcast. */
static size_t choose(const struct watch_settings *settings, struct arena *arena, const char **ret)
{
        const struct netif *netifs = NULL;
        size_t count = 0;

        if (settings->interface_count) {
                memcpy(ret, settings->interfaces, settings->interface_count * sizeof(*ret));
                return settings->interface_count;
        }
        const int found = netif_list(arena, &netifs);
        for (int i = 0; i < found && count < WATCH_MAX_INTERFACES; i++)
                if (netifs[i].up && netifs[i].broadcast && !netifs[i].loopback && netifs[i].address_count)
                        ret[count++] = netifs[i].name;
        return count;
}

static int start(struct watch_live *live, struct watch_session *session, const struct sandbox_user *user)
{
        const char *interfaces[WATCH_MAX_INTERFACES];
        struct arena arena = ARENA_INIT;
        struct strbuf why = STRBUF_INIT;
        const struct capture_options options = {.interface_count = choose(session->settings, &arena, interfaces),
                                                .interfaces = interfaces,
                                                .promiscuous = !session->settings->no_promiscuous,
                                                .user = user};
        int exit = CLI_EXIT_OK;

        if (options.interface_count == 0) {
                exit = cli_fail(session->ctx, CLI_EXIT_FAILED, "no interface that is up and can broadcast", NULL,
                                "name one with -i");
        } else {
                const int r = capture_start(&live->capture, &options, &why);
                if (r < 0)
                        exit = cli_fail(session->ctx, CLI_EXIT_FAILED,
                                        strbuf_str(&why)[0] ? strbuf_str(&why) : nbt_err_str(r), NULL,
                                        r == NBT_ERR_DENIED ? "run it as root, or give it CAP_NET_RAW" : NULL);
        }
        arena_done(&arena);
        strbuf_done(&why);
        return exit;
}

static int open_baiter(struct watch_session *session)
{
        struct strbuf why = STRBUF_INIT;
        int exit = CLI_EXIT_OK;

        if (!session->settings->bait)
                return CLI_EXIT_OK;
        if (watch_baiter_new(&session->baiter, session->ctx, session->settings, &why) < 0)
                exit = cli_fail(session->ctx, CLI_EXIT_FAILED, "--bait", strbuf_str(&why), NULL);
        strbuf_done(&why);
        return exit;
}

int watch_live_drop(const struct watch_live *live, const struct watch_session *session)
{
        if (sandbox_drop(&live->user, false) < 0)
                return cli_fail(session->ctx, CLI_EXIT_FAILED, "cannot give up privileges", strerror(errno), NULL);
        return CLI_EXIT_OK;
}

int watch_live_open(struct watch_live **ret, struct watch_session *session)
{
        struct watch_live *live = calloc(1, sizeof(*live));

        if (!live)
                return cli_fail(session->ctx, CLI_EXIT_FAILED, "out of memory", NULL, NULL);
        *ret = live;
        if (sandbox_user_find(session->settings->user, &live->user) < 0)
                return cli_fail(session->ctx, CLI_EXIT_FAILED,
                                session->settings->user ? session->settings->user : "netbt, nobody", "no such user",
                                NULL);
        int exit = start(live, session, &live->user);
        if (exit == CLI_EXIT_OK)
                exit = open_baiter(session);
        if (exit == CLI_EXIT_OK)
                session->capture.fd = dup(capture_fd(live->capture));
        return exit;
}

void watch_live_close(struct watch_live *live)
{
        if (!live)
                return;
        capture_stop(live->capture);
        free(live);
}
