#pragma once
/*
 * Static mappings: what an administrator writes, as records.
 *
 * The file has LMHOSTS' syntax (wire/lmhosts_line.h; facts: KB180094, KB249866):
 *
 *     10.0.0.1  FILESRV                       <00>, <03> and <20>: unique
 *     10.0.0.2  BIGHOST      #MH              <00>, <03> and <20>: multihomed, with the addresses of all lines of that name
 *     10.0.0.3  DC1          #DOM:SALES       as the first, and a member of the internet group SALES<1C>
 *     10.0.0.4  "SALES          \0x1b"        that one name of 16 bytes: unique (a <1C>: a member of that group)
 *     10.0.0.5  PRN1         #SG:PRINTERS     as the first, and a member of the internet group PRINTERS<20>
 *     10.0.0.5  PRINTERS     #SG              a member of the internet group PRINTERS<20> (ours: one without a name of its own)
 *     10.0.0.6  LAB          #GROUP           the normal group LAB<00>   (ours: Windows' import cannot say it)
 *     # a comment; #PRE is allowed and means nothing here; #INCLUDE and alternates are errors
 *
 * All or nothing: with one bad line there are no records.
 */
#include "wins/limits.h"
#include "wins/record.h"

#include "base/arena.h"

#define WINS_IMPORT_MAX_BYTES (16u << 20)
#define WINS_IMPORT_MAX_FAULTS 100

struct wins_import_fault {
        unsigned line;    /* from 1; 0: the file as a whole */
        const char *text; /* what was wrong and what was expected */
};

struct wins_import {
        size_t count;
        const struct wins_record *records;      /* static; for WINS_COMMAND_ADD */
        size_t fault_count;                     /* above 0: count is 0 */
        const struct wins_import_fault *faults; /* the first WINS_IMPORT_MAX_FAULTS */
};

/* Everything in ARENA. NBT_ERR_NOMEM; NBT_ERR_MALFORMED if there are faults (RET then holds them). */
int wins_import_parse(const void *text, size_t len_bytes, const struct nb_scope *scope, struct arena *arena,
                      struct wins_import *ret) NBT_MUST_CHECK;

/* The five kinds of static mapping that the manager offers. */
enum wins_mapping { WINS_MAP_UNIQUE, WINS_MAP_GROUP, WINS_MAP_DOMAIN, WINS_MAP_INTERNET, WINS_MAP_MULTIHOMED };
#define WINS_MAPPING_MAX_RECORDS 3

/*
 * The records of one mapping: NAME is the computer's, group's or domain's, upper-cased here. SUFFIX -1: as the kind has it (unique
 * and multihomed <00> <03> <20>, group <00>, domain <1C>, internet group <20>); else that one. Returns how many. NBT_ERR_RANGE for
 * a name over 15 bytes or a count of addresses that the kind cannot have.
 */
int wins_mapping_make(enum wins_mapping kind, const char *name, int suffix, const struct nb_scope *scope,
                      const uint32_t *addresses, size_t address_count,
                      struct wins_record ret[WINS_MAPPING_MAX_RECORDS]) NBT_MUST_CHECK;
enum wins_type wins_mapping_type(enum wins_mapping kind); /* of its records */
int wins_mapping_parse(const char *text,
                       enum wins_mapping *ret) NBT_MUST_CHECK; /* "unique", …, "domain"; NBT_ERR_MALFORMED */
