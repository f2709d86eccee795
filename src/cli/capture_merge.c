#include "cli/capture_merge.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define INPUTS 64

struct run {
        struct capture_merge *merge;
        struct watch *watch;
        capture_tell tell;
        void *context;
        struct arena arena;
        size_t input_count;
        struct watch_input inputs[INPUTS]; /* borrow from the sources' buffers: passed on before a fill */
        wall_t newest;
};

static void use_paths(struct capture_merge *merge, struct capture_source *source)
{
        for (size_t i = 0; i < merge->count; i++)
                if (strcmp(merge->sources[i].name, source->name) == 0) {
                        merge->sources[i].name = merge->sources[i].path;
                        source->name = source->path;
                }
}

int capture_merge_add(struct capture_merge *merge, const char *path)
{
        const bool is_input = strcmp(path, "-") == 0;
        struct capture_source *source = &merge->sources[merge->count];

        if (merge->count == CAPTURE_MERGE_MAX)
                return NBT_ERR_FULL;
        const int fd = is_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return NBT_ERR_IO;
        *source = (struct capture_source){.path = path, .name = is_input ? "standard input" : basename(path)};
        use_paths(merge, source);
        const int r = capture_file_init(&source->file, fd);
        if (r < 0) {
                capture_file_done(&source->file);
                return r;
        }
        merge->count++;
        return 0;
}

void capture_merge_done(struct capture_merge *merge)
{
        for (size_t i = 0; i < merge->count; i++)
                capture_file_done(&merge->sources[i].file);
        merge->count = 0;
}

static void pass_on(struct run *run)
{
        struct watch_events events = {.arena = &run->arena};

        arena_reset(&run->arena);
        watch_frames(run->watch, run->inputs, run->input_count, &events);
        run->input_count = 0;
        if (events.first)
                run->tell(run->context, &events);
}

/* ---- one file ----------------------------------------------------------------------------------------------------- */

/* Another piece of the file. False at its end, or when it cannot be read on. */
static bool fill(struct run *run, struct capture_source *source)
{
        int r;

        pass_on(run);
        do { /* a pipe that has nothing yet waits in read() */
                r = capture_file_fill(&source->file);
        } while (r == 0 && !source->file.ended);
        if (r == NBT_ERR_IO) {
                source->error = r;
                source->system_error = errno;
        }
        return r == 1;
}

/* Looks for where packets go on. False: nowhere. */
static bool recover(struct run *run, struct capture_source *source)
{
        const uint64_t from = source->file.reader.taken_bytes;

        if (source->damage.count++ == 0) {
                source->damage.offset = from;
                source->damage.frame = source->file.frames;
        }
        while (!capture_file_recover(&source->file))
                if (source->file.ended || (!fill(run, source) && !source->file.ended))
                        return false;
        source->damage.lost_bytes += source->file.reader.taken_bytes - from;
        return true;
}

/* The end that the file may not have: a length that is wrong makes one look so. */
static bool recover_at_end(struct run *run, struct capture_source *source)
{
        const struct capture_damage before = source->damage;

        if (source->error || pcapfile_may_end(&source->file.reader, source->file.filled_bytes - source->file.at_bytes))
                return false;
        if (recover(run, source))
                return true;
        source->damage = before;
        source->damage.is_cut = true;
        return false;
}

/* Puts the next packet into the source's head. */
static void advance(struct run *run, struct capture_source *source)
{
        bool goes_on = true;

        source->has_head = false;
        while (goes_on && !source->has_head) {
                const int r = capture_file_next(&source->file, &source->head);

                if (r > 0) {
                        source->has_head = true;
                } else if (r == 0) {
                        goes_on = fill(run, source) || recover_at_end(run, source);
                } else if (source->file.reader.kind == PCAPFILE_UNKNOWN || r != NBT_ERR_MALFORMED) {
                        source->error = r;
                        goes_on = false;
                } else {
                        goes_on = recover(run, source);
                }
        }
        source->ended = !source->has_head;
}

/* ---- all of them -------------------------------------------------------------------------------------------------- */

/* The source of the earliest packet; NULL: none is left. */
static struct capture_source *earliest(struct capture_merge *merge)
{
        struct capture_source *found = NULL;

        for (size_t i = 0; i < merge->count; i++) {
                struct capture_source *source = &merge->sources[i];

                if (source->has_head && (!found || source->head.time_us < found->head.time_us))
                        found = source;
        }
        return found;
}

static void take(struct run *run, const struct capture_source *source)
{
        const uint64_t file = (uint64_t)(source - run->merge->sources);
        const wall_t time = {source->head.time_us};

        run->newest = time.us > run->newest.us ? time : run->newest;
        run->inputs[run->input_count++] = (struct watch_input){.time = time,
                                                               .link = source->head.link,
                                                               .bytes = source->head.bytes,
                                                               .len_bytes = source->head.len_bytes,
                                                               .frame = file << 56 | source->file.frames};
        if (run->input_count == INPUTS)
                pass_on(run);
}

void capture_merge_run(struct capture_merge *merge, struct watch *watch, capture_tell tell, void *context)
{
        struct run run = {.merge = merge, .watch = watch, .tell = tell, .context = context};
        struct watch_events events = {.arena = &run.arena};
        struct capture_source *next;

        for (size_t i = 0; i < merge->count; i++)
                advance(&run, &merge->sources[i]);
        while ((next = earliest(merge)) != NULL) {
                take(&run, next);
                advance(&run, next);
        }
        pass_on(&run);
        arena_reset(&run.arena);
        watch_tick(watch, (wall_t){run.newest.us + (int64_t)WATCH_CLAIM_MS * 1000}, &events);
        if (events.first)
                tell(context, &events);
        arena_done(&run.arena);
}
