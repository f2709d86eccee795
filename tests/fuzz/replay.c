/* Runs a fuzzer's target once over every file of its corpus, and over every prefix of the small ones. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX_LIMIT_BYTES 2048

static unsigned long runs;

static void run_exact(const uint8_t *bytes, size_t len_bytes)
{
        /* a copy of just that size, so that the sanitizer sees every read past the end */
        uint8_t *copy = malloc(len_bytes ? len_bytes : 1);

        if (!copy)
                abort();
        if (len_bytes)
                memcpy(copy, bytes, len_bytes);
        LLVMFuzzerTestOneInput(copy, len_bytes);
        free(copy);
        runs++;
}

static int run_file(const char *directory, const char *name)
{
        char path[4096];
        static uint8_t bytes[1 << 20];

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        FILE *file = fopen(path, "rb");
        if (!file)
                return -1;
        const size_t len = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);
        run_exact(bytes, len);
        if (len <= PREFIX_LIMIT_BYTES)
                for (size_t i = 0; i < len; i++)
                        run_exact(bytes, i);
        return 0;
}

int main(int argc, char **argv)
{
        unsigned files = 0;

        if (argc != 2) {
                fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
                return 2;
        }
        DIR *directory = opendir(argv[1]);
        if (!directory) {
                perror(argv[1]);
                return 1;
        }
        for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
                if (entry->d_name[0] == '.')
                        continue;
                if (run_file(argv[1], entry->d_name) < 0)
                        return 1;
                files++;
        }
        closedir(directory);
        printf("%u files, %lu runs\n", files, runs);
        return files ? 0 : 1; /* an empty corpus tests nothing */
}
