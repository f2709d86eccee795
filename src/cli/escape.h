#pragma once
/*
 * Text from outside (names, event texts, file names) in a page, a ticket, a terminal: it is shown, and does nothing else.
 *
 * Whatever the form, the result is UTF-8; what is no character, or would act on what stands beside it (control characters, the ones that
 * turn the direction of writing), becomes U+FFFD, and a line break a blank.
 */
#include "base/strbuf.h"

/* Between tags of HTML, or within an attribute's quotation marks. */
void escape_html(struct strbuf *out, const char *text);

/*
 * Running text of Markdown (CommonMark with GitHub's and GitLab's extensions): no emphasis, code, link, image, HTML, table cell, list,
 * formula, mention, comes of it. Also at the start of a line.
 */
void escape_markdown(struct strbuf *out, const char *text);

/* A span of code in Markdown with its backquotes; nothing for an empty text. IN_CELL: of a table, whose cells end even within code. */
void escape_markdown_code(struct strbuf *out, const char *text, bool in_cell);

/* For a terminal, or a text file. */
void escape_plain(struct strbuf *out, const char *text);
