#pragma once
/*
 * The full-screen face of `netbt watch` (ncurses), from 80 columns and 24 rows on: names, conflicts, talkers, spoofers and the
 * latest changes, one page each; a filter; keys in the last line.
 */
#include "cli/watch_session.h"

struct watch_ui;

/* Takes the terminal. NBT_ERR_UNSUPPORTED if there is none, NBT_ERR_NOMEM. */
int watch_ui_new(struct watch_ui **ret, struct watch_session *session) NBT_MUST_CHECK;
/* Keeps EVENT for the page of changes. */
void watch_ui_tell(struct watch_ui *ui, const struct watch_event *event);
/* Takes keys. False: the user wants to leave. */
bool watch_ui_keys(struct watch_ui *ui);
void watch_ui_draw(struct watch_ui *ui);
/* Gives the terminal back. Accepts NULL, returns NULL. */
struct watch_ui *watch_ui_free(struct watch_ui *ui);
