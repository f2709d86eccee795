#pragma once
/*
 * Several capture files as one stream of frames in order of time, shown to the tracker: rings of files, and captures of several
 * places, tell one story. Constant memory, whatever the files' size.
 *
 * Frames are called by file and number: capture_frame_file(), capture_frame_number(). What cannot be read of a file is passed
 * over, as far as the file can be read behind it, and told by the source.
 */
#include "cli/capture_file.h"

#include "watch/watch.h"

#define CAPTURE_MERGE_MAX 16

struct capture_source {
        const char *path; /* lent; "-": standard input */
        const char *
                name; /* what readers know it by: the file's name, the whole path if two have one name, "standard input" */
        struct capture_file file;
        struct pcapfile_record head; /* the next packet, if has_head */
        bool has_head, ended;
        /* what could not be read */
        struct capture_damage damage;
        int error;        /* what ended the reading before the end: NBT_ERR_IO, _UNSUPPORTED, _MALFORMED; 0: nothing */
        int system_error; /* NBT_ERR_IO: errno */
};

struct capture_merge {
        size_t count;
        struct capture_source sources[CAPTURE_MERGE_MAX];
};

/* What changed, in the order of frames; the events die when it returns. */
typedef void (*capture_tell)(void *context, const struct watch_events *events);

/* Opens PATH ("-": standard input), to be read with the others. NBT_ERR_FULL, NBT_ERR_NOMEM, NBT_ERR_IO (errno). */
int capture_merge_add(struct capture_merge *merge, const char *path) NBT_MUST_CHECK;

/* Shows all frames of all files to WATCH, and then that time passed, so that the last claims become holders. */
void capture_merge_run(struct capture_merge *merge, struct watch *watch, capture_tell tell, void *context);

/* Closes all. */
void capture_merge_done(struct capture_merge *merge);

static inline size_t capture_frame_file(uint64_t frame)
{
        return (size_t)(frame >> 56);
}

static inline uint64_t capture_frame_number(uint64_t frame)
{
        return frame & (UINT64_MAX >> 8);
}
