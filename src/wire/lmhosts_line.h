#pragma once
/*
 * One line of an LMHOSTS file (Windows' sample LMHOSTS.SAM; KB150800, KB180094), for whoever reads such files: the node's
 * look-ups and the import of static mappings. It knows entries; #INCLUDE and alternates are the reader's business.
 *
 *     10.0.0.1  FILESRV   #PRE #DOM:SALES   a comment
 *     10.0.0.2  "SALES          \0x1b"
 *     10.0.0.3  BIGHOST   #MH
 *     10.0.0.4  PRINTER1  #SG:PRINTERS
 *     10.0.0.4  PRINTERS  #SG               ours: the group itself, without a member's name
 *     10.0.0.5  LAB       #GROUP            ours: a normal group, which Windows' import cannot say
 */
#include "wire/name.h"

#define LMHOSTS_FAULT_BYTES 160

/* A piece of a line, borrowed. */
struct lmhosts_text {
        const uint8_t *at;
        const uint8_t *end;
};

/* A word of a line; quoted words keep their blanks. */
struct lmhosts_word {
        const uint8_t *at;
        size_t len_bytes;
        bool quoted;
};

struct lmhosts_line {
        uint32_t address;
        struct nb_name name;
        bool any_suffix;  /* the suffix was not given: NAME stands for a computer */
        bool preload;     /* #PRE */
        bool multihomed;  /* #MH */
        bool group;       /* #GROUP */
        bool is_special;  /* #SG without a name: NAME is the group */
        char domain[16];  /* #DOM:name, "" if none */
        char special[16]; /* #SG:name, "" if none */
};

/*
 * Cuts the next line off TEXT: ends are LF, CR LF or CR, Ctrl-Z ends a file, as DOS wrote it. False at the end.
 */
bool lmhosts_next_line(struct lmhosts_text *text, struct lmhosts_text *ret);

/* Blank, tab and what else counts as one. */
bool lmhosts_is_blank(uint8_t c);
void lmhosts_skip_blanks(struct lmhosts_text *line);
/* The next word of LINE; a length of 0 without quotes at its end. A '#' begins a new word, as in NAME#PRE. */
struct lmhosts_word lmhosts_next_word(struct lmhosts_text *line);
/* Is WORD this keyword (upper case), in any case? A quoted word is none. */
bool lmhosts_word_is(const struct lmhosts_word *word, const char *keyword);

/* The entry on LINE; NBT_ERR_MALFORMED with a reason in plain English (printable characters only). */
int lmhosts_line_parse(struct lmhosts_text line, struct lmhosts_line *ret,
                       char ret_fault[LMHOSTS_FAULT_BYTES]) NBT_MUST_CHECK;
