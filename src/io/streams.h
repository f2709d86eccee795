#pragma once
/*
 * The standard streams of a program that was started without one of them (<&-, >&-, 2>&-).
 *
 * Until something else stands there, the next file or socket that is opened gets the stream's number, and what is printed goes into it.
 */

/* Takes the place of each standard stream that is closed, so that reading and writing it fail as before, and no file or socket gets its number. First
 * of all in main(). Ends the program (exit status 3) where that fails. */
void streams_guard(void);
