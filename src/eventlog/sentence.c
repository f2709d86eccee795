#include "eventlog/sentence.h"

#include "base/ip4.h"

/*
 * As little of each message as tells it for certain, so that a text which was cut, or continues in other words, is still
 * recognised. %2 stands in quotation marks, %3 and %4 are addresses. Longer patterns come before their beginnings.
 */
static const struct {
        uint16_t id;
        enum event_wording wording;
        const char *text;
} patterns[] = {
        {EVENT_ID_DUPLICATE_NAME_ERROR, EVENT_WORDING_MODERN,
         "The name \"%2\" could not be registered on the interface with IP address %3. The computer with the IP "
         "address %4"},
        {EVENT_ID_DUPLICATE_NAME_ERROR, EVENT_WORDING_CLASSIC,
         "The name \"%2\" could not be registered on the interface with IP address %3. The machine with the IP address "
         "%4"},
        /* a column's width has cut it */
        {EVENT_ID_DUPLICATE_NAME_ERROR, EVENT_WORDING_MODERN, "The name \"%2\" could not be registered on the"},
        {EVENT_ID_NAME_RELEASE, EVENT_WORDING_MODERN, "Another computer has sent a name release message"},
        {EVENT_ID_NAME_RELEASE, EVENT_WORDING_CLASSIC, "Another machine has sent a name release message"},
        {EVENT_ID_DUPLICATE_NAME, EVENT_WORDING_MODERN,
         "A duplicate name has been detected on the TCP network. The IP address of the computer"},
        {EVENT_ID_DUPLICATE_NAME, EVENT_WORDING_CLASSIC,
         "A duplicate name has been detected on the TCP network. The IP address of the machine"},
        {EVENT_ID_DUPLICATE_NAME, EVENT_WORDING_MODERN, "A duplicate name has been detected on the TCP network"},
};

/* Word processors and web pages turn the plain quotation mark into others. */
static const char *const quotes[] = {"\"", "\xE2\x80\x9C", "\xE2\x80\x9D", "\xE2\x80\x9E", "&quot;", "'"};

static size_t quote_length(struct span s)
{
        for (size_t i = 0; i < NBT_ARRAY_SIZE(quotes); i++)
                if (span_starts(s, quotes[i]))
                        return strlen(quotes[i]);
        return 0;
}

/* Blanks, line breaks, and the marks of quoted mail at the beginning of a line. */
static size_t blank_length(struct span s)
{
        size_t len = 0;
        bool line_start = false;

        while (len < s.len && (char_is_blank(s.at[len]) || (line_start && (s.at[len] == '>' || s.at[len] == '|')))) {
                if (!char_is_blank(s.at[len]) || s.at[len] == '\n')
                        line_start = true;
                len++;
        }
        return len;
}

/* The length of what %2 stands for: up to the closing quotation mark, on one line or two. */
static size_t quoted_length(struct span s)
{
        size_t len = 0;

        while (len < s.len && len < EVENT_STRING_BYTES - 1 && !quote_length(span_from(s, len)))
                len++;
        return len < s.len && len < EVENT_STRING_BYTES - 1 ? len : 0;
}

static size_t address_length(struct span s)
{
        size_t len = 0;

        while (len < s.len && len < IP4_TEXT_BYTES && (char_is_digit(s.at[len]) || s.at[len] == '.'))
                len++;
        while (len && s.at[len - 1] == '.')
                len--;
        return len;
}

/* A word without the full stop or comma that ends the sentence. */
static size_t word_length(struct span s)
{
        size_t len = 0;

        while (len < s.len && !char_is_blank(s.at[len]))
                len++;
        while (len && (s.at[len - 1] == '.' || s.at[len - 1] == ','))
                len--;
        return len;
}

/* Takes LEN bytes from the beginning of S as string INDEX. */
static size_t take_string(struct span s, size_t len, size_t index, struct event_sentence *sentence)
{
        if (len == 0)
                return 0;
        span_copy((struct span){s.at, len}, sentence->strings[index], EVENT_STRING_BYTES);
        /* a name broken over two lines */
        for (char *at = sentence->strings[index]; *at; at++)
                if (char_is_blank(*at))
                        *at = ' ';
        if (index >= sentence->string_count)
                sentence->string_count = index + 1;
        return len;
}

/* The length of the text that PATTERN covers at the beginning of S; 0 if it does not match. */
static size_t match(struct span s, const char *pattern, struct event_sentence *sentence)
{
        size_t at = 0;

        sentence->string_count = 0;
        for (const char *p = pattern; *p; p++) {
                const struct span rest = span_from(s, at);
                size_t len = 0;

                if (*p == ' ')
                        len = blank_length(rest);
                else if (*p == '"')
                        len = quote_length(rest);
                else if (*p == '%') {
                        len = take_string(rest, p[2] == '"' ? quoted_length(rest) : address_length(rest),
                                          (size_t)(p[1] - '2'), sentence);
                        p++;
                } else if (*p == '$') {
                        len = take_string(rest, word_length(rest), (size_t)(p[1] - '0'), sentence);
                        p++;
                } else if (rest.len && char_lower(rest.at[0]) == char_lower(*p))
                        len = 1;
                if (len == 0)
                        return 0;
                at += len;
        }
        return at;
}

/* 4320's message says "... because a duplicate name has been detected", which is not 4319's. */
static bool is_inside_other(struct span text, size_t start, uint16_t id)
{
        static const char because[] = "because";
        size_t end = start;

        while (end > 0 && (char_is_blank(text.at[end - 1]) || text.at[end - 1] == '>'))
                end--;
        return id == EVENT_ID_DUPLICATE_NAME && end >= strlen(because) &&
               span_starts((struct span){text.at + end - strlen(because), strlen(because)}, because);
}

static bool match_known(struct span text, size_t start, struct event_sentence *sentence)
{
        for (size_t i = 0; i < NBT_ARRAY_SIZE(patterns); i++) {
                const size_t len = match(span_from(text, start), patterns[i].text, sentence);

                if (len == 0 || is_inside_other(text, start, patterns[i].id))
                        continue;
                sentence->id = patterns[i].id;
                sentence->wording = patterns[i].wording;
                sentence->end = start + len;
                return true;
        }
        return false;
}

/* The messages in our own words, whole. */
static bool match_catalogue(struct span text, size_t start, struct event_sentence *sentence)
{
        for (uint16_t id = EVENT_ID_FIRST; id <= EVENT_ID_LAST; id++) {
                if (id >= EVENT_ID_DUPLICATE_NAME && id <= EVENT_ID_DUPLICATE_NAME_ERROR)
                        continue;
                const size_t len = match(span_from(text, start), event_kind_find(id)->text, sentence);
                if (len == 0)
                        continue;
                sentence->id = id;
                sentence->wording = EVENT_WORDING_MODERN;
                sentence->end = start + len;
                return true;
        }
        return false;
}

static bool is_word_start(struct span text, size_t at)
{
        const char c = char_lower(text.at[at]);

        return c >= 'a' && c <= 'z' &&
               (at == 0 || char_lower(text.at[at - 1]) < 'a' || char_lower(text.at[at - 1]) > 'z');
}

bool event_sentence_match(struct span text, const char *pattern, struct event_sentence *ret)
{
        struct event_sentence found = {0};

        for (size_t start = 0; start < text.len; start++) {
                const size_t len = is_word_start(text, start) ? match(span_from(text, start), pattern, &found) : 0;

                if (len == 0)
                        continue;
                found.start = start;
                found.end = start + len;
                *ret = found;
                return true;
        }
        return false;
}

bool event_sentence_find(struct span text, struct event_sentence *ret)
{
        struct event_sentence found;

        for (size_t start = 0; start < text.len; start++) {
                if (!is_word_start(text, start))
                        continue;
                if (match_known(text, start, &found) || match_catalogue(text, start, &found)) {
                        found.start = start;
                        *ret = found;
                        return true;
                }
        }
        return false;
}
