#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t whole_pages(size_t size_bytes)
{
        const size_t page = (size_t)sysconf(_SC_PAGESIZE);

        return (size_bytes + page - 1) / page * page;
}

void *pages_new(size_t size_bytes, bool huge)
{
        /* So much more has an aligned part of that size in it; what lies before and after goes back. */
        const size_t size = whole_pages(size_bytes), all_size = size + PAGES_HUGE_BYTES;
        uint8_t *all = mmap(NULL, all_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (all == MAP_FAILED)
                return NULL;
        const size_t before = -(uintptr_t)all % PAGES_HUGE_BYTES;
        uint8_t *pages = all + before;

        if (before)
                munmap(all, before);
        munmap(pages + size, all_size - before - size);
        if (huge)
                (void)madvise(pages, size, MADV_HUGEPAGE); /* it works without, only slower */
        return pages;
}

void pages_free(void *pages, size_t size_bytes)
{
        if (pages)
                munmap(pages, whole_pages(size_bytes));
}
