#pragma once
/*
 * Result codes of the whole suite.
 *
 * Every function that can fail returns an int: 0 (or a documented count >= 0) for success, a negative
 * enum nbt_err otherwise. Outputs (ret_...) are written only on success. A function either logs or
 * returns an error, never both.
 */

#define NBT_MUST_CHECK __attribute__((warn_unused_result))
#define NBT_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define NBT_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum nbt_err {
        NBT_OK = 0,
        NBT_ERR_NOMEM = -1,     /* memory ran out */
        NBT_ERR_TRUNCATED = -2, /* input ends before what it promised */
        NBT_ERR_MALFORMED = -3, /* input breaks its format */
        NBT_ERR_RANGE = -4,     /* a value is outside what is allowed */
        NBT_ERR_FULL = -5,      /* a bounded table or buffer has no room */
        NBT_ERR_NOT_FOUND = -6,
        NBT_ERR_EXISTS = -7,
        NBT_ERR_STATE = -8,       /* not possible in the present state */
        NBT_ERR_UNSUPPORTED = -9, /* well-formed, but nothing we do */
        NBT_ERR_DENIED = -10,     /* no permission */
        NBT_ERR_BUSY = -11,       /* in use by another (port 137, a lock) */
        NBT_ERR_IO = -12,         /* the system refused; errno tells, where documented */
        NBT_ERR_TIMEOUT = -13,
        NBT_ERR_CONFLICT = -14, /* a name is held by another */
        NBT_ERR_LIMITED = -15,  /* rate limit: try again later */
};

/* A short lower-case English phrase for CODE; never NULL. Static storage. */
const char *nbt_err_str(int code);
