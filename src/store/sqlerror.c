#include "store/sqlerror.h"

#include "base/result.h"

#include <sqlite3.h>

int sqlerror_result(int code)
{
        switch (code & 0xFF) {
        case SQLITE_OK:
        case SQLITE_ROW:
        case SQLITE_DONE:
                return 0;
        case SQLITE_NOMEM:
                return NBT_ERR_NOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return NBT_ERR_BUSY;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return NBT_ERR_MALFORMED;
        case SQLITE_FULL:
                return NBT_ERR_FULL;
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_AUTH:
                return NBT_ERR_DENIED;
        default:
                return NBT_ERR_IO;
        }
}
