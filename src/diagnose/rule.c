#include "diagnose/rule.h"

#include <stdarg.h>
#include <stdio.h>

#define HEADLINE_BYTES 512

void rule_out(struct rule_result *ret, const char *why)
{
        ret->outcome = RULE_RULED_OUT;
        ret->why = why;
}

void rule_not_checked(struct rule_result *ret, const char *why)
{
        ret->outcome = RULE_NOT_CHECKED;
        ret->why = why;
}

void rule_fits(const struct rule_input *in, struct rule_result *ret, enum diagnose_verdict verdict,
               const char *headline_format, ...)
{
        char text[HEADLINE_BYTES];
        va_list args;

        va_start(args, headline_format);
        (void)vsnprintf(text, sizeof text, headline_format, args);
        va_end(args);
        ret->outcome = RULE_FITS;
        ret->verdict = verdict;
        ret->headline = arena_strdup(in->arena, text);
        if (!ret->headline) {
                ret->headline = "";
                ret->evidence.failed = true;
        }
}
