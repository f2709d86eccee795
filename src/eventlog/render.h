#pragma once
/*
 * One event as text: what Event Viewer shows, draws and exports. All append to the caller's strbuf, whose sticky
 * failure tells of lack of memory; parse.h reads every one of these forms back.
 */
#include "eventlog/catalogue.h"

/* The Bytes view: "0028: e7 1a 65 16", eight a row, lower case; ASCII adds Event Viewer's right-hand column. */
void event_render_bytes(const uint8_t *data, size_t len_bytes, bool ascii, struct strbuf *sb);

/* The Words view: "0020: 00000000 00000000 0168fc82", four little-endian dwords a row. */
void event_render_words(const uint8_t *data, size_t len_bytes, struct strbuf *sb);

/* Upper-case hexadecimal without separators, as <Binary> holds it. */
void event_render_hex(const uint8_t *data, size_t len_bytes, struct strbuf *sb);

/* How event_render_text() shows the binary data. */
enum event_data_view { EVENT_DATA_VIEW_NONE, EVENT_DATA_VIEW_BYTES, EVENT_DATA_VIEW_WORDS };

/* The whole event as "Copy" in Event Viewer puts it: headed fields, Description, Data; and what netbt knows besides. */
void event_render_text(const struct event *event, enum event_data_view view, struct strbuf *sb);

/* One <Event> element as Windows exports it, with a line feed at its end. */
void event_render_xml(const struct event *event, struct strbuf *sb);
