#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

void *pages_new(bool huge)
{
        /* Twice as much has an aligned block in it; what lies before and after goes back. */
        uint8_t *all = mmap(NULL, 2 * PAGES_BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (all == MAP_FAILED)
                return NULL;
        const size_t before = -(uintptr_t)all % PAGES_BLOCK_BYTES;
        uint8_t *block = all + before;

        if (before)
                munmap(all, before);
        munmap(block + PAGES_BLOCK_BYTES, PAGES_BLOCK_BYTES - before);
        if (huge)
                (void)madvise(block, PAGES_BLOCK_BYTES, MADV_HUGEPAGE); /* it works without, only slower */
        return block;
}

void pages_free(void *block)
{
        if (block)
                munmap(block, PAGES_BLOCK_BYTES);
}
