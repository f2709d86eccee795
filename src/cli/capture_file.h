#pragma once
/*
 * A stream of captured frames: a file, a pipe, or what the capture process sends; read in pieces, in constant memory.
 *
 * Life: capture_file_init → (fill → next until it says 0)… → done. Records borrow from the buffer and die with the next fill.
 */
#include "diagnose/texts.h"
#include "wire/pcapfile.h"

#define CAPTURE_FILE_BUFFER_BYTES (1u << 20)

struct capture_file {
        int fd; /* the caller's until capture_file_done() */
        struct pcapfile reader;
        uint8_t *buffer;
        size_t at_bytes, filled_bytes; /* what of the buffer was taken, and holds something */
        bool ended;                    /* nothing more will come */
        uint64_t frames;               /* packets taken: the newest has this number */
        uint64_t drops[PCAPFILE_MAX_INTERFACES];
};

/* What of a file could not be read. */
struct capture_damage {
        unsigned count;
        uint64_t offset;     /* of the first place, */
        uint64_t frame;      /* which stands behind this packet */
        uint64_t lost_bytes; /* in all, as far as records were found again */
        bool is_cut;         /* the file ends in the middle of a packet */
};

/* Whole sentences about it, each beginning with NAME; none if all was read. */
void capture_damage_tell(const struct capture_file *file, const struct capture_damage *damage, const char *name,
                         struct texts *lines);

/* FD may be -1 and set later. NBT_ERR_NOMEM. */
int capture_file_init(struct capture_file *file, int fd) NBT_MUST_CHECK;
/* Closes the descriptor. Accepts a zeroed one whose fd is -1. */
void capture_file_done(struct capture_file *file);

/* Reads what waits on the descriptor behind what was not taken yet. 1: something was read; 0: nothing waits, or the end (file->ended).
 * NBT_ERR_TRUNCATED: the file ends inside a record; NBT_ERR_IO (errno). */
int capture_file_fill(struct capture_file *file) NBT_MUST_CHECK;

/* The next packet, valid until the next fill. 1; 0: fill first; else what pcapfile_next() said. */
int capture_file_next(struct capture_file *file, struct pcapfile_record *ret) NBT_MUST_CHECK;

/*
 * After capture_file_next() failed with NBT_ERR_MALFORMED, or the end was met too early: looks on in what is there for a place where packets go on. 1: found, next may be
 * called again; 0: fill first; when that finds the end, call again: then 0 says that there is none.
 */
int capture_file_recover(struct capture_file *file) NBT_MUST_CHECK;

/* How far the stream was read. */
uint64_t capture_file_offset(const struct capture_file *file);

/* Packets lost while capturing, as the file tells. */
uint64_t capture_file_drops(const struct capture_file *file);
