#pragma once
/*
 * Capture files as a function of a byte range: pcap (both byte orders, micro- and nanoseconds) and pcapng.
 *
 * The reader holds no bytes and opens nothing. The caller shows it what it has; the reader takes one record after another
 * from its front, or says that it needs more. So the same code reads a file, a pipe, and what our own capture process
 * sends. Not kept: comments, name resolution, secrets; simple packet blocks have no time (0). Behind a damaged place it can look
 * for where records go on.
 *
 * Source: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
 */
#include "base/rd.h"
#include "base/result.h"

/* A caller's window must be able to hold this much: no record is longer (tcpdump's MAXIMUM_SNAPLEN and its block). */
#define PCAPFILE_MAX_BYTES (262144 + 4096)
#define PCAPFILE_MAX_INTERFACES 256

enum pcapfile_kind { PCAPFILE_UNKNOWN, PCAPFILE_PCAP, PCAPFILE_PCAPNG };

struct pcapfile_interface {
        uint32_t link;
        uint32_t snap_len_bytes; /* 0: not limited */
        uint64_t units_per_s;    /* of its time stamps */
        int64_t offset_s;
};

struct pcapfile {
        enum pcapfile_kind kind;
        bool big_endian;
        uint64_t taken_bytes; /* read so far: where in the file an error is */
        uint64_t skip_bytes;  /* of a block that does not concern us */
        uint32_t last_s;      /* pcap: time of the last record, by which later ones are recognised; 0: none yet */
        size_t interface_count;
        struct pcapfile_interface interfaces[PCAPFILE_MAX_INTERFACES]; /* pcap has one */
};

enum pcapfile_record_type {
        PCAPFILE_PACKET,
        PCAPFILE_DROPS, /* the capturing program tells how many packets it lost so far */
};

struct pcapfile_record {
        enum pcapfile_record_type type;
        uint32_t interface;
        int64_t time_us; /* since 1970 */
        uint32_t link;
        size_t original_len_bytes;
        size_t len_bytes;     /* captured */
        const uint8_t *bytes; /* borrowed from the caller's window */
        uint64_t drops;       /* PCAPFILE_DROPS: all of this interface's */
};

void pcapfile_init(struct pcapfile *reader);

/*
 * Takes the next record from the front of BYTES. 1: RET is written; 0: none is complete, show more. In both cases *ret_taken bytes
 * were used up, and the next call must start behind them. Negative: NBT_ERR_MALFORMED (no capture file, or damaged at
 * reader->taken_bytes; pcapfile_recover() may find a way on), NBT_ERR_UNSUPPORTED (a compressed or a foreign variant).
 */
int pcapfile_next(struct pcapfile *reader, const void *bytes, size_t len_bytes, size_t *ret_taken,
                  struct pcapfile_record *ret) NBT_MUST_CHECK;

/*
 * After NBT_ERR_MALFORMED, or where a file ends though it may not (a length that is wrong looks like that): looks in BYTES, of which the first belongs to what is damaged, for a place where records go on: blocks
 * whose two lengths agree, or pcap records that lead to another of about the same time (or to the end, with AT_END: nothing comes
 * behind BYTES). True: found; false: show more, if there is. In both cases the first *ret_taken bytes are passed over, and the next call
 * must start behind them. Without a header nothing is ever found.
 */
bool pcapfile_recover(struct pcapfile *reader, const void *bytes, size_t len_bytes, bool at_end, size_t *ret_taken);

/* True where a file may end; elsewhere the last record is cut. LEFT is how many bytes were not used. */
bool pcapfile_may_end(const struct pcapfile *reader, size_t left_bytes);
