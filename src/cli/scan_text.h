#pragma once
/* NetBIOS names in the code page of the machines that hold them, as UTF-8. */
#include "base/result.h"
#include "wire/name.h"

#define SCAN_TEXT_BYTES 80 /* fifteen characters of at most four bytes, and a suffix */
#define SCAN_DEFAULT_CODEPAGE "CP850"

struct scan_text;

/* NBT_ERR_UNSUPPORTED if the system knows no such code page, NBT_ERR_NOMEM. "850" is the same as "CP850". */
int scan_text_open(struct scan_text **ret, const char *codepage) NBT_MUST_CHECK;
struct scan_text *scan_text_close(struct scan_text *text);

/* The fifteen bytes of the name, blanks at the end cut; control characters, and what the code page does not have, as '.'. */
void scan_text_stem(struct scan_text *text, const struct nb_name *name, char ret[SCAN_TEXT_BYTES]);
/* The same with its suffix: "MÜLLER<20>". */
void scan_text_name(struct scan_text *text, const struct nb_name *name, char ret[SCAN_TEXT_BYTES]);
/* How many characters UTF8 has. */
size_t scan_text_width(const char *utf8);
