#include "base/instant.h"

#include "base/result.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void wall_format(wall_t t, char ret_text[WALL_TEXT_BYTES])
{
        int64_t seconds = t.us / 1000000;
        int64_t micros = t.us % 1000000;
        struct tm tm;

        if (micros < 0) {
                micros += 1000000;
                seconds--;
        }
        const time_t clock = (time_t)seconds;
        if (!gmtime_r(&clock, &tm) || tm.tm_year > 8099 || tm.tm_year < -1900) {
                snprintf(ret_text, WALL_TEXT_BYTES, "invalid-time");
                return;
        }
        snprintf(ret_text, WALL_TEXT_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
                 (unsigned)(tm.tm_year + 1900) % 10000u, (unsigned)(tm.tm_mon + 1) % 100u, (unsigned)tm.tm_mday % 100u,
                 (unsigned)tm.tm_hour % 100u, (unsigned)tm.tm_min % 100u, (unsigned)tm.tm_sec % 100u,
                 (unsigned)micros % 1000000u);
}

/* Reads exactly DIGITS digits at *P, or returns -1. */
static int take_number(const char **p, int digits)
{
        int value = 0;

        for (int i = 0; i < digits; i++) {
                const char c = **p;

                if (c < '0' || c > '9')
                        return -1;
                value = value * 10 + (c - '0');
                (*p)++;
        }
        return value;
}

static bool take_char(const char **p, char c)
{
        if (**p != c)
                return false;
        (*p)++;
        return true;
}

static int64_t take_fraction_us(const char **p)
{
        int64_t us = 0;
        int64_t unit = 100000;

        while (**p >= '0' && **p <= '9') {
                us += (**p - '0') * unit;
                unit /= 10;
                (*p)++;
        }
        return us;
}

/* Seconds east of UTC at *P, which must end the text; false if it is no zone. */
static bool take_zone(const char **p, int64_t *ret_offset_s)
{
        *ret_offset_s = 0;
        if (**p == '\0')
                return true;
        if (take_char(p, 'Z'))
                return **p == '\0';
        const bool west = **p == '-';
        if (!take_char(p, '+') && !take_char(p, '-'))
                return false;
        const int hours = take_number(p, 2);
        (void)take_char(p, ':');
        const int minutes = take_number(p, 2);
        if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59 || **p)
                return false;
        *ret_offset_s = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
        return true;
}

static bool take_date(const char **p, struct tm *tm)
{
        const int year = take_number(p, 4);
        if (year < 0 || !take_char(p, '-'))
                return false;
        const int month = take_number(p, 2);
        if (month < 1 || month > 12 || !take_char(p, '-'))
                return false;
        const int day = take_number(p, 2);
        if (day < 1 || day > 31)
                return false;
        tm->tm_year = year - 1900;
        tm->tm_mon = month - 1;
        tm->tm_mday = day;
        return true;
}

static bool take_clock(const char **p, struct tm *tm)
{
        tm->tm_hour = take_number(p, 2);
        if (tm->tm_hour < 0 || tm->tm_hour > 23 || !take_char(p, ':'))
                return false;
        tm->tm_min = take_number(p, 2);
        if (tm->tm_min < 0 || tm->tm_min > 59 || !take_char(p, ':'))
                return false;
        tm->tm_sec = take_number(p, 2);
        return tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

int wall_parse(const char *text, wall_t *ret)
{
        struct tm tm = {0};
        int64_t micros = 0;
        int64_t offset_s = 0;
        const char *p = text;

        if (!take_date(&p, &tm))
                return NBT_ERR_MALFORMED;
        if (*p != '\0') {
                if (!take_char(&p, 'T') && !take_char(&p, ' '))
                        return NBT_ERR_MALFORMED;
                if (!take_clock(&p, &tm))
                        return NBT_ERR_MALFORMED;
                if (take_char(&p, '.'))
                        micros = take_fraction_us(&p);
                if (!take_zone(&p, &offset_s))
                        return NBT_ERR_MALFORMED;
        }
        /* the day alone, so that a leap second (23:59:60) does not look like a day that does not exist */
        const int64_t clock_s = tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
        const int day = tm.tm_mday;
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        const int64_t midnight_s = (int64_t)timegm(&tm);
        if (tm.tm_mday != day)
                return NBT_ERR_MALFORMED; /* 31 February */
        ret->us = (midnight_s + clock_s - offset_s) * 1000000 + micros;
        return 0;
}
