#include "cli/capture_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES (128u << 10) /* at a time: stays in the processor's cache */

int capture_file_init(struct capture_file *file, int fd)
{
        *file = (struct capture_file){.fd = fd};
        pcapfile_init(&file->reader);
        file->buffer = malloc(CAPTURE_FILE_BUFFER_BYTES);
        return file->buffer ? 0 : NBT_ERR_NOMEM;
}

void capture_file_done(struct capture_file *file)
{
        if (file->fd >= 0)
                (void)close(file->fd);
        file->fd = -1;
        free(file->buffer);
        file->buffer = NULL;
}

int capture_file_fill(struct capture_file *file)
{
        file->filled_bytes -= file->at_bytes;
        memmove(file->buffer, file->buffer + file->at_bytes, file->filled_bytes);
        file->at_bytes = 0;
        const size_t room = CAPTURE_FILE_BUFFER_BYTES - file->filled_bytes;
        const ssize_t got = read(file->fd, file->buffer + file->filled_bytes, room < READ_BYTES ? room : READ_BYTES);

        if (got < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : NBT_ERR_IO;
        if (got == 0) {
                file->ended = true;
                return pcapfile_may_end(&file->reader, file->filled_bytes) ? 0 : NBT_ERR_TRUNCATED;
        }
        file->filled_bytes += (size_t)got;
        return 1;
}

int capture_file_next(struct capture_file *file, struct pcapfile_record *ret)
{
        size_t taken = 0;
        int r;

        for (;;) {
                const uint64_t before = file->reader.taken_bytes;

                r = pcapfile_next(&file->reader, file->buffer + file->at_bytes, file->filled_bytes - file->at_bytes,
                                  &taken, ret);
                file->at_bytes += (size_t)(file->reader.taken_bytes - before);
                if (r < 0)
                        return r;
                if (r == 0 || ret->type == PCAPFILE_PACKET)
                        break;
                file->drops[ret->interface] = ret->drops;
        }
        file->frames += r > 0;
        return r;
}

int capture_file_recover(struct capture_file *file)
{
        size_t taken = 0;
        const bool found = pcapfile_recover(&file->reader, file->buffer + file->at_bytes,
                                            file->filled_bytes - file->at_bytes, file->ended, &taken);

        file->at_bytes += taken;
        return found;
}

uint64_t capture_file_offset(const struct capture_file *file)
{
        return file->reader.taken_bytes + file->filled_bytes - file->at_bytes;
}

uint64_t capture_file_drops(const struct capture_file *file)
{
        uint64_t sum = 0;

        for (size_t i = 0; i < PCAPFILE_MAX_INTERFACES; i++)
                sum += file->drops[i];
        return sum;
}

void capture_damage_tell(const struct capture_file *file, const struct capture_damage *damage, const char *name,
                         struct texts *lines)
{
        const unsigned long long frames = file->frames;

        if (damage->count > 0)
                texts_add(
                        lines,
                        "%s: damaged in %u place%s, the first at byte %llu behind packet %llu; %llu bytes were passed "
                        "over, %llu packets were read",
                        name, damage->count, damage->count == 1 ? "" : "s", (unsigned long long)damage->offset,
                        (unsigned long long)damage->frame, (unsigned long long)damage->lost_bytes, frames);
        if (damage->is_cut)
                texts_add(lines, "%s: it ends in the middle of a packet, at byte %llu behind packet %llu", name,
                          (unsigned long long)capture_file_offset(file), frames);
}
