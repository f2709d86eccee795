#include "eventlog/note.h"

#include "base/ip4.h"

#include <stdio.h>
#include <string.h>

/* What tells the kinds apart in a text, and the words right before a holder's address. */
#define PENDING "Anyone can forge this"
#define OBEYED "Obeyed at once"
#define CHECKED "Checked: "
#define HELD " holds the name too"
#define UNFOUNDED CHECKED "nobody else holds the name"
#define IGNORED "Ignored by policy"
#define IGNORED_GROUP "Ignored: a group name is never in conflict"
#define REFUSED_BY_WINS "The WINS server refused it"
#define REFUSED_BY_OTHER "The other computer defended it"
#define HELD_BY "held by "

static void format_refused(const struct event_note *note, const char *holder, char *text, size_t size_bytes)
{
        const char *who = note->by_wins ? REFUSED_BY_WINS : REFUSED_BY_OTHER;

        if (note->holder)
                snprintf(text, size_bytes, "%s (%s); " HELD_BY "%s.", who, note->rcode, holder);
        else
                snprintf(text, size_bytes, "%s (%s).", who, note->rcode);
}

void event_note_format(const struct event_note *note, char *text, size_t size_bytes)
{
        char peer[IP4_TEXT_BYTES], holder[IP4_TEXT_BYTES];

        ip4_format(note->peer, peer);
        ip4_format(note->holder, holder);
        switch (note->kind) {
        case EVENT_NOTE_NONE:
        case EVENT_NOTE_MAX:
                snprintf(text, size_bytes, "%s", "");
                break;
        case EVENT_NOTE_PENDING:
                snprintf(text, size_bytes, PENDING ": asking who else holds the name.");
                break;
        case EVENT_NOTE_OBEYED:
                snprintf(text, size_bytes, OBEYED ", as NoNameReleaseOnDemand says%s; the name is in conflict.",
                         note->by_wins ? " (a WINS server sent it)" : "");
                break;
        case EVENT_NOTE_HELD:
                snprintf(text, size_bytes, CHECKED "%s" HELD "; it is in conflict here.", holder);
                break;
        case EVENT_NOTE_UNFOUNDED:
                snprintf(text, size_bytes, UNFOUNDED "; it stays registered. Look at %s.", peer);
                break;
        case EVENT_NOTE_IGNORED:
                snprintf(text, size_bytes, IGNORED "; the name stays registered.");
                break;
        case EVENT_NOTE_IGNORED_GROUP:
                snprintf(text, size_bytes, IGNORED_GROUP "; it stays registered.");
                break;
        case EVENT_NOTE_REFUSED:
                format_refused(note, holder, text, size_bytes);
                break;
        }
}

/* The address that stands right after WORDS, 0 if there is none. */
static uint32_t address_after(const char *text, const char *words)
{
        const char *at = strstr(text, words);
        char address_text[IP4_TEXT_BYTES];
        uint32_t address;

        if (!at)
                return 0;
        at += strlen(words);
        size_t len = strspn(at, "0123456789.");

        while (len > 0 && at[len - 1] == '.')
                len--;
        if (len >= sizeof address_text || at[len] == '\0') /* something follows it, or it was cut off */
                return 0;
        memcpy(address_text, at, len);
        address_text[len] = '\0';
        return ip4_parse(address_text, &address) == 0 ? address : 0;
}

static enum event_note_kind read_kind(const char *text)
{
        static const struct {
                const char *words;
                enum event_note_kind kind;
        } table[] = {
                {UNFOUNDED, EVENT_NOTE_UNFOUNDED},
                {HELD, EVENT_NOTE_HELD},
                {OBEYED, EVENT_NOTE_OBEYED},
                {IGNORED, EVENT_NOTE_IGNORED},
                {IGNORED_GROUP, EVENT_NOTE_IGNORED_GROUP},
                {PENDING, EVENT_NOTE_PENDING},
                {REFUSED_BY_WINS, EVENT_NOTE_REFUSED},
                {REFUSED_BY_OTHER, EVENT_NOTE_REFUSED},
        };

        for (size_t i = 0; i < NBT_ARRAY_SIZE(table); i++)
                if (strstr(text, table[i].words))
                        return table[i].kind;
        return EVENT_NOTE_NONE;
}

struct event_note event_note_read(const char *text)
{
        struct event_note note = {.kind = read_kind(text)};

        if (note.kind == EVENT_NOTE_HELD)
                note.holder = address_after(text, CHECKED);
        else if (note.kind == EVENT_NOTE_REFUSED)
                note.holder = address_after(text, HELD_BY);
        return note;
}
