#pragma once
/*
 * The service manager and the journal (libsystemd). Every call does nothing, at no cost, where there is neither.
 */
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* STATUS is one line for `systemctl status`, or NULL. */
void notify_ready(const char *status);
void notify_reloading(void);
void notify_stopping(const char *status);
void notify_status(const char *status);
void notify_watchdog(void);

/* How often notify_watchdog() must be called, in milliseconds; 0 if nobody watches. */
uint64_t notify_watchdog_interval_ms(void);

/* A datagram socket handed over by the service manager: the one named NAME, else the first datagram socket. The caller owns the descriptor.
 * NBT_ERR_NOT_FOUND if there is none, NBT_ERR_IO. */
int notify_listen_datagram(const char *name) NBT_MUST_CHECK;

struct notify_field {
        const char *key; /* "NETBT_EVENT_ID" */
        const char *value;
};

/* A journal entry: PRIORITY as syslog(3). Fields with an empty value are left out. NBT_ERR_IO, NBT_ERR_NOMEM; 0 also where no
 * journal runs. */
int notify_journal(int priority, const char *message, const struct notify_field *fields,
                   size_t field_count) NBT_MUST_CHECK;

/* Does a journal run here? */
bool notify_journal_present(void);
