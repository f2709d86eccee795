#pragma once
/*
 * What SQLite's result codes mean in our own: one table for every database of this folder.
 */

/* 0 for SQLITE_OK, SQLITE_ROW and SQLITE_DONE; else a negative enum nbt_err. CODE may be an extended one. */
int sqlerror_result(int code);
