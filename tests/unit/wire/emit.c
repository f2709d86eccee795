/*
 * Prints every sample message, one line each: NAME TAB HEX TAB DUMP, where the dump's own line ends stand as "\n".
 * With a directory, writes each to a file there instead: the seeds of the fuzzers (DIRECTORY/nbns/NAME, and the node
 * status tables as DIRECTORY/nbstat/NAME).
 */
#include "samples.h"

#include "wire/dump.h"

#include <stdio.h>

static void print_sample(const struct sample *sample)
{
        struct strbuf sb = STRBUF_INIT;

        printf("%s\t", sample->name);
        for (size_t i = 0; i < sample->len_bytes; i++)
                printf("%02x", sample->bytes[i]);
        nbns_dump(&sb, sample->bytes, sample->len_bytes);
        putchar('\t');
        for (const char *p = strbuf_str(&sb); *p; p++) {
                if (*p == '\n')
                        fputs("\\n", stdout);
                else
                        putchar(*p);
        }
        putchar('\n');
        strbuf_done(&sb);
}

static int write_file(const char *directory, const char *kind, const char *name, const void *bytes, size_t len_bytes)
{
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s/%s", directory, kind, name);
        FILE *file = fopen(path, "wb");
        if (!file) {
                perror(path);
                return 1;
        }
        const size_t written = fwrite(bytes, 1, len_bytes, file);
        return fclose(file) != 0 || written != len_bytes;
}

static int write_seeds(const char *directory, const struct sample *sample)
{
        struct nbns_packet packet;
        int r = write_file(directory, "nbns", sample->name, sample->bytes, sample->len_bytes);

        if (nbns_packet_decode(sample->bytes, sample->len_bytes, &packet) == 0 && packet.has_answer &&
            packet.answer.type == NBNS_TYPE_NBSTAT)
                r |= write_file(directory, "nbstat", sample->name, packet.answer.rdata, packet.answer.rdata_len_bytes);
        return r;
}

int main(int argc, char **argv)
{
        size_t count;
        const struct sample *samples = samples_get(&count);
        int r = 0;

        for (size_t i = 0; i < count; i++) {
                if (argc > 1)
                        r |= write_seeds(argv[1], &samples[i]);
                else
                        print_sample(&samples[i]);
        }
        return r;
}
