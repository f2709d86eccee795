#include "io/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#define MAX_FIELDS 32
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static void tell(const char *state, const char *status)
{
        if (status)
                (void)sd_notifyf(0, "%s\nSTATUS=%s", state, status);
        else
                (void)sd_notify(0, state);
}

void notify_ready(const char *status)
{
        tell("READY=1", status);
}

void notify_reloading(void)
{
        struct timespec ts = {0};

        /* Type=notify-reload wants the time beside the word; older managers ignore it. */
        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
                         (long long)ts.tv_sec * 1000000 + (long long)ts.tv_nsec / 1000);
}

void notify_stopping(const char *status)
{
        tell("STOPPING=1", status);
}

void notify_status(const char *status)
{
        (void)sd_notifyf(0, "STATUS=%s", status);
}

void notify_watchdog(void)
{
        (void)sd_notify(0, "WATCHDOG=1");
}

uint64_t notify_watchdog_interval_ms(void)
{
        uint64_t limit_us = 0;

        /* Half the limit, as sd_watchdog_enabled(3) advises. */
        return sd_watchdog_enabled(0, &limit_us) > 0 ? limit_us / 2000 : 0;
}

static void free_names(char **names)
{
        for (size_t i = 0; names && names[i]; i++)
                free(names[i]);
        free(names);
}

int notify_listen_datagram(const char *name)
{
        char **names = NULL;
        const int count = sd_listen_fds_with_names(0, &names);
        int found = NBT_ERR_NOT_FOUND;

        for (int i = 0; i < count; i++) {
                const int fd = SD_LISTEN_FDS_START + i;
                const bool named = names && names[i] && strcmp(names[i], name) == 0;

                if (sd_is_socket(fd, AF_INET, SOCK_DGRAM, -1) > 0 && (named || found < 0))
                        found = fd;
                if (named && found == fd)
                        break;
        }
        free_names(names);
        return count < 0 ? NBT_ERR_IO : found;
}

bool notify_journal_present(void)
{
        return access(JOURNAL_SOCKET, W_OK) == 0;
}

static char *field_text(const char *key, const char *value)
{
        char *text = NULL;

        return asprintf(&text, "%s=%s", key, value) < 0 ? NULL : text;
}

int notify_journal(int priority, const char *message, const struct notify_field *fields, size_t field_count)
{
        struct iovec vectors[MAX_FIELDS + 2];
        char priority_text[4] = {(char)('0' + (priority & 7)), '\0'};
        int count = 0, r = 0;

        if (!notify_journal_present())
                return 0;
        for (size_t i = 0; i < field_count + 2 && count < MAX_FIELDS + 2 && r == 0; i++) {
                const struct notify_field own[2] = {{"MESSAGE", message}, {"PRIORITY", priority_text}};
                const struct notify_field *field = i < 2 ? &own[i] : &fields[i - 2];

                if (!field->value || !field->value[0])
                        continue;
                char *text = field_text(field->key, field->value);
                if (!text)
                        r = NBT_ERR_NOMEM;
                else
                        vectors[count++] = (struct iovec){.iov_base = text, .iov_len = strlen(text)};
        }
        if (r == 0 && sd_journal_sendv(vectors, count) < 0)
                r = NBT_ERR_IO;
        while (count > 0)
                free(vectors[--count].iov_base);
        return r;
}
