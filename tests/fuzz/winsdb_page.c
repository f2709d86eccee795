/* A damaged WINS database as its repair reads it: any bytes as a file of pages. */
#include "fuzz.h"

#include "store/winspage.h"

static int visit(void *context, const struct winspage_row *row)
{
        for (size_t i = 0; i < row->column_count; i++)
                *(size_t *)context += rd_left(&row->columns[i].bytes);
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct winspage_image image;
        size_t sum = 0;

        if (winspage_open(&image, data, size) < 0)
                return 0;
        const int r = winspage_each(&image, visit, &sum);
        winspage_done(&image);
        return r > 0; /* never */
}
