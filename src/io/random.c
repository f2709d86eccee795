#include "io/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

int random_bytes(void *ret, size_t len_bytes)
{
        uint8_t *at = ret;

        while (len_bytes > 0) {
                const ssize_t got = getrandom(at, len_bytes, 0);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got <= 0)
                        return NBT_ERR_IO;
                at += got;
                len_bytes -= (size_t)got;
        }
        return 0;
}

int random_rng(struct rng *ret)
{
        uint8_t key[32];
        const int r = random_bytes(key, sizeof key);

        if (r < 0)
                return r;
        rng_init(ret, key);
        explicit_bzero(key, sizeof key);
        return 0;
}
