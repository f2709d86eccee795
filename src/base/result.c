#include "base/result.h"

const char *nbt_err_str(int code)
{
        switch ((enum nbt_err)code) {
        case NBT_OK:
                return "success";
        case NBT_ERR_NOMEM:
                return "out of memory";
        case NBT_ERR_TRUNCATED:
                return "input ends too early";
        case NBT_ERR_MALFORMED:
                return "malformed input";
        case NBT_ERR_RANGE:
                return "value out of range";
        case NBT_ERR_FULL:
                return "no room left";
        case NBT_ERR_NOT_FOUND:
                return "not found";
        case NBT_ERR_EXISTS:
                return "exists already";
        case NBT_ERR_STATE:
                return "not possible in this state";
        case NBT_ERR_UNSUPPORTED:
                return "not supported";
        case NBT_ERR_DENIED:
                return "permission denied";
        case NBT_ERR_BUSY:
                return "in use by another program";
        case NBT_ERR_IO:
                return "input/output error";
        case NBT_ERR_TIMEOUT:
                return "timed out";
        case NBT_ERR_CONFLICT:
                return "name held by another machine";
        case NBT_ERR_LIMITED:
                return "rate limited";
        }
        return "unknown error";
}
