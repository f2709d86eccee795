#pragma once
/*
 * Records of real computers that are public: Microsoft's articles 315259 and 314696, and event logs of Windows 10 and XP.
 * Each as it was published, and as the bytes that it stands for.
 */
#include <stddef.h>
#include <stdint.h>

/* Article 315259, Bytes view, event 4320 from 22.101.26.231. */
#define V1_TEXT                                                                                                        \
        "0000: 00 00 04 00 01 00 54 00\n"                                                                              \
        "0008: 00 00 00 00 e0 10 00 c0\n"                                                                              \
        "0010: 00 00 00 00 00 00 00 00\n"                                                                              \
        "0018: 00 00 00 00 00 00 00 00\n"                                                                              \
        "0020: 00 00 00 00 00 00 00 00\n"                                                                              \
        "0028: e7 1a 65 16\n"

static const uint8_t V1_BYTES[44] = {0, 0, 4,    0,    1, 0,    0x54,        0,    0,    0,
                                     0, 0, 0xe0, 0x10, 0, 0xc0, [40] = 0xe7, 0x1a, 0x65, 0x16};

/* Article 314696, Words view, event 4320 from 1.104.252.130. */
#define V2_TEXT                                                                                                        \
        "0000: 00040000 00540001 00000000 c00010e0\n"                                                                  \
        "0010: 00000000 00000000 00000000 00000000\n"                                                                  \
        "0020: 00000000 00000000 0168fc82\n"

/* Windows 10, two successive events 4321. */
#define V3_HEX "000000000400320000000000E11000C001010000010000C000000000000000000000000000000000"
#define V4_HEX "000000000400320000000000E11000C001010000010000C001000000000000000000000000000000"

/* Windows XP, event 4321. */
#define V5_TEXT                                                                                                        \
        "0000: 00 00 00 00 04 00 56 00\n"                                                                              \
        "0008: 00 00 00 00 e1 10 00 c0\n"                                                                              \
        "0010: 01 01 00 00 01 00 00 c0\n"                                                                              \
        "0018: 00 00 00 00 00 00 00 00\n"                                                                              \
        "0020: 00 00 00 00 00 00 00 00\n"
