#include "base/strbuf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for MORE bytes and a NUL. */
static bool grow(struct strbuf *sb, size_t more)
{
        if (sb->failed || more > SIZE_MAX / 4) {
                sb->failed = true;
                return false;
        }
        const size_t need = sb->len_bytes + more + 1;
        if (need <= sb->size_bytes)
                return true;
        const size_t size = need < 64 ? 64 : need + need / 2;
        char *text = realloc(sb->text, size);
        if (!text) {
                sb->failed = true;
                return false;
        }
        sb->text = text;
        sb->size_bytes = size;
        return true;
}

void strbuf_add_bytes(struct strbuf *sb, const void *bytes, size_t len_bytes)
{
        if (!len_bytes || !grow(sb, len_bytes))
                return;
        memcpy(sb->text + sb->len_bytes, bytes, len_bytes);
        sb->len_bytes += len_bytes;
        sb->text[sb->len_bytes] = '\0';
}

void strbuf_add(struct strbuf *sb, const char *text)
{
        strbuf_add_bytes(sb, text, strlen(text));
}

void strbuf_add_char(struct strbuf *sb, char c)
{
        strbuf_add_bytes(sb, &c, 1);
}

void strbuf_printf(struct strbuf *sb, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        strbuf_vprintf(sb, format, args);
        va_end(args);
}

void strbuf_vprintf(struct strbuf *sb, const char *format, va_list args)
{
        va_list again;

        va_copy(again, args);
        const int len = vsnprintf(NULL, 0, format, args);
        if (len < 0)
                sb->failed = true;
        else if (grow(sb, (size_t)len))
                sb->len_bytes += (size_t)vsnprintf(sb->text + sb->len_bytes, (size_t)len + 1, format, again);
        va_end(again);
}

const char *strbuf_str(const struct strbuf *sb)
{
        return sb->text && sb->len_bytes ? sb->text : "";
}

bool strbuf_ok(const struct strbuf *sb)
{
        return !sb->failed;
}

void strbuf_reset(struct strbuf *sb)
{
        sb->len_bytes = 0;
        sb->failed = false;
        if (sb->text)
                sb->text[0] = '\0';
}

char *strbuf_take(struct strbuf *sb)
{
        char *text = NULL;

        if (!sb->failed && grow(sb, 0)) {
                text = sb->text;
                text[sb->len_bytes] = '\0';
                sb->text = NULL;
        }
        strbuf_done(sb);
        return text;
}

void strbuf_done(struct strbuf *sb)
{
        free(sb->text);
        *sb = STRBUF_INIT;
}
