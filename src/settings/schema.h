#pragma once
/*
 * The registry values we know, one row each: where a value stands, what it may hold, and what it does here.
 *
 * Values that concern the node take effect or are refused with a reason; those of Windows' own drivers, which mean nothing
 * outside Windows, are known and said to be without effect. Nothing is ignored without a word (effective.h makes the words).
 */
#include "settings/reg.h"

#define SCHEMA_KEY_NETBT "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters"
#define SCHEMA_KEY_NETBT_IFACES SCHEMA_KEY_NETBT "\\Interfaces"
#define SCHEMA_KEY_NETBT_ADAPTERS "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Adapters"
#define SCHEMA_KEY_TCPIP "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
#define SCHEMA_KEY_TCPIP_IFACES SCHEMA_KEY_TCPIP "\\Interfaces"
#define SCHEMA_KEY_ACTIVE_NAME                                                                                         \
        "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ActiveComputerName"
#define SCHEMA_KEY_COMPUTER_NAME "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName"
#define SCHEMA_KEY_CONNECTIONS                                                                                         \
        "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Network\\{4D36E972-E325-11CE-BFC1-08002BE10318}"
#define SCHEMA_KEY_WINS "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\WINS"
#define SCHEMA_KEY_WINS_PARAMETERS SCHEMA_KEY_WINS "\\Parameters"
#define SCHEMA_KEY_OWN "HKEY_LOCAL_MACHINE\\SOFTWARE\\netbt" /* what Windows has no value for: documented as ours */

enum schema_effect {
        SCHEMA_EFFECT_TAKES,   /* does what it says */
        SCHEMA_EFFECT_REFUSED, /* any value but the default is refused, with the row's reason */
        SCHEMA_EFFECT_NOTED,   /* means nothing outside Windows: known, without effect; the reason says why */
        SCHEMA_EFFECT_MAX,
};

/* Which form a value must have beyond its type. */
enum schema_form {
        SCHEMA_FORM_NUMBER,    /* min..max; outside: clamped (KB120642 calls it the valid range) */
        SCHEMA_FORM_PORT,      /* min..max; else refused, the default holds */
        SCHEMA_FORM_CHOICE,    /* one of the row's choices; else refused, the default holds */
        SCHEMA_FORM_ADDRESS,   /* DWORD that holds an IPv4 address, or text of one */
        SCHEMA_FORM_ADDRESSES, /* texts of IPv4 addresses */
        SCHEMA_FORM_SCOPE,
        SCHEMA_FORM_NAME, /* text of up to 15 bytes */
        SCHEMA_FORM_NAMES,
        SCHEMA_FORM_TEXT,
        SCHEMA_FORM_WORD, /* one of the row's words */
        SCHEMA_FORM_ANY,
};

struct schema_row {
        const char *key; /* one of SCHEMA_KEY_…; for the per-interface keys, the key above the interface's */
        bool per_iface;  /* stands in a subkey of KEY, one for each interface */
        const char *name;
        uint32_t type;
        enum schema_form form;
        uint32_t fallback, min, max; /* numbers; a choice: bit n of MAX set = n is allowed */
        const char *unit;            /* "ms", "", … */
        const char *words;           /* SCHEMA_FORM_WORD: "a|b"; else NULL */
        enum schema_effect effect;
        const char *meaning;
        const char *reason; /* why it is refused or noted; NULL if it takes effect */
        const char *source; /* "KB120642" */
};

/* The rows, for listings; *ret_count of them. Static storage. */
const struct schema_row *schema_rows(size_t *ret_count);

/* The row of a value in KEY (any spelling of it); NULL if there is none. */
const struct schema_row *schema_find(const char *key, const char *name);

/* True if KEY is one whose values we claim to know all of, so that an unknown name in it is worth a word. */
bool schema_owns_key(const char *key);

/* What may stand in the value, for messages: "100 to 4294967295 ms", "1, 2, 4 or 8"; in ARENA, NULL if memory ran out. */
const char *schema_allowed_str(const struct schema_row *row, struct arena *arena);

/*
 * Checks one value against its row: 0 if it may stand there, NBT_ERR_MALFORMED for a wrong type or form, NBT_ERR_RANGE for a number or
 * length outside. *ret_why (may be NULL) is then a text in ARENA that says what was expected.
 */
int schema_check(const struct schema_row *row, const struct reg_value *value, struct arena *arena,
                 const char **ret_why) NBT_MUST_CHECK;

/* The effect in a word, for people and JSON; static. */
const char *schema_effect_str(enum schema_effect effect);
