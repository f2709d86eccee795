#pragma once
/* A lease database of one format, fed in pieces whose size its first byte gives: the items are the file, and a checker takes them all. */
#include "dhcp/check.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static inline size_t lease_fuzz_drain(struct lease_reader *reader, struct checker *checker, enum lease_format format,
                                      const uint8_t *file, size_t at)
{
        struct lease_item item;

        while (lease_reader_next(reader, &item)) {
                if (format != LEASE_FORMAT_WINDOWS &&
                    (item.offset != at || (item.len_bytes && memcmp(item.bytes, file + at, item.len_bytes))))
                        abort();
                at += item.len_bytes;
                if (item.kind == LEASE_ITEM_DAMAGE && !item.why)
                        abort();
                if (checker_add(checker, 0, 0, format, &item) < 0)
                        abort();
        }
        return at;
}

static inline int lease_fuzz(enum lease_format format, const uint8_t *data, size_t size)
{
        struct lease_reader *reader = NULL;
        struct checker *checker = NULL;
        size_t end = 0, count = 0;

        if (size == 0)
                return 0;
        const size_t piece = (size_t)*data++ + 1;
        size--;
        (void)lease_format_detect(data, size);
        if (lease_reader_new(&reader, format) < 0 || checker_new(&checker) < 0)
                abort();
        for (size_t at = 0; at < size; at += piece) {
                if (lease_reader_feed(reader, data + at, size - at < piece ? size - at : piece) < 0)
                        abort();
                end = lease_fuzz_drain(reader, checker, format, data, end);
        }
        lease_reader_end(reader);
        end = lease_fuzz_drain(reader, checker, format, data, end);
        if (format != LEASE_FORMAT_WINDOWS && end != size)
                abort();
        if (checker_finish(checker) < 0)
                abort();
        (void)checker_drops(checker, 0, &count);
        lease_reader_free(reader);
        checker_free(checker);
        return 0;
}
