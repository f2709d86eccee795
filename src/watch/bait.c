#include "watch/bait.h"

#include <string.h>

#define FLAG_RESPONSE 0x8000
#define TYPE_A 1
#define CLASS_IN 1
#define NAME_MAX_BYTES 15
#define ROUNDS_MAX 8

/* ---- names -------------------------------------------------------------------------------------------------------- */

/* How clients are named where nothing is known of the site: Windows' own default, and what admins often choose. */
static const char *const common[] = {"DESKTOP-1N4R894", "LAPTOP-7QK2M0VD", "FILESRV01", "PRINT02", "SRV-APP03"};

static size_t stem_length(const struct nb_name *name)
{
        size_t len = NAME_MAX_BYTES;

        while (len && name->bytes[len - 1] == ' ')
                len--;
        return len;
}

static bool is_digit(uint8_t c)
{
        return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
        return c >= 'A' && c <= 'Z';
}

/* Where the part begins that differs from machine to machine: behind the last dash, else the digits at the end, else the last two. */
static size_t variable_part(const struct nb_name *name, size_t len)
{
        size_t at = len;

        for (size_t i = len; i > 0; i--)
                if (name->bytes[i - 1] == '-' && i < len)
                        return i;
        while (at > 0 && is_digit(name->bytes[at - 1]))
                at--;
        if (at == len)
                at = len > 2 ? len - 2 : 0;
        return at;
}

static bool vary(struct nb_name *name, size_t from, size_t to, struct rng *rng)
{
        const struct nb_name before = *name;

        for (size_t i = from; i < to; i++) {
                if (is_digit(name->bytes[i]))
                        name->bytes[i] = (uint8_t)('0' + rng_below(rng, 10));
                else if (is_letter(name->bytes[i]))
                        name->bytes[i] = (uint8_t)('A' + rng_below(rng, 26));
        }
        return memcmp(&before, name, sizeof(before)) != 0;
}

struct nb_name bait_make(const struct nb_name *model, struct rng *rng)
{
        struct nb_name name = model ? *model : nb_name_make(common[rng_below(rng, NBT_ARRAY_SIZE(common))], 0x20);
        const size_t len = stem_length(&name);

        for (unsigned i = 0; i < ROUNDS_MAX; i++)
                if (vary(&name, variable_part(&name, len), len, rng))
                        break;
        name.bytes[NB_SUFFIX_AT] = 0x20;
        return name;
}

/* ---- LLMNR and mDNS ----------------------------------------------------------------------------------------------- */

static void write_label(struct wr *wr, const void *text, size_t len)
{
        wr_u8(wr, (uint8_t)len);
        wr_bytes(wr, text, len);
}

int bait_question_encode(const struct nb_name *name, bool mdns, uint16_t id, void *buffer, size_t size_bytes)
{
        struct wr wr = wr_init(buffer, size_bytes);
        uint8_t stem[NAME_MAX_BYTES];
        const size_t len = stem_length(name);

        /* host names are asked for as users type them: in small letters */
        for (size_t i = 0; i < len; i++)
                stem[i] = is_letter(name->bytes[i]) ? (uint8_t)(name->bytes[i] + 32) : name->bytes[i];
        wr_be16(&wr, mdns ? 0 : id);
        wr_be16(&wr, 0);
        wr_be16(&wr, 1);
        for (unsigned i = 0; i < 3; i++)
                wr_be16(&wr, 0);
        write_label(&wr, stem, len);
        if (mdns)
                write_label(&wr, "local", 5);
        wr_u8(&wr, 0);
        wr_be16(&wr, TYPE_A);
        wr_be16(&wr, CLASS_IN);
        return wr_ok(&wr) ? (int)wr.pos : NBT_ERR_FULL;
}

bool bait_answer_decode(const void *bytes, size_t len_bytes, struct nb_name *ret_name)
{
        struct rd rd = rd_init(bytes, len_bytes);
        char stem[NAME_MAX_BYTES + 1] = "";

        rd_skip(&rd, 2);
        const uint16_t flags = rd_be16(&rd);
        const uint16_t questions = rd_be16(&rd);
        const uint16_t answers = rd_be16(&rd);
        rd_skip(&rd, 4);
        const size_t len = rd_u8(&rd);
        if (!(flags & FLAG_RESPONSE) || questions > 1 || answers == 0 || len == 0 || len > NAME_MAX_BYTES)
                return false;
        rd_copy(&rd, stem, len);
        if (!rd_ok(&rd) || strlen(stem) != len)
                return false;
        *ret_name = nb_name_make(stem, 0x20);
        return true;
}
