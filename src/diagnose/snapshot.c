#include "diagnose/snapshot.h"
#include "eventlog/note.h"
#include "eventlog/record.h"

#include <string.h>

const struct snapshot_iface *snapshot_find_iface(const struct snapshot *snapshot, uint32_t address)
{
        for (size_t i = 0; address != 0 && i < snapshot->iface_count; i++)
                if (snapshot->ifaces[i].address == address)
                        return &snapshot->ifaces[i];
        return NULL;
}

static bool is_in_settings(const struct snapshot *snapshot, uint32_t address)
{
        for (size_t i = 0; i < snapshot->own_count; i++)
                if (snapshot->own[i] == address)
                        return true;
        return false;
}

bool snapshot_settings_join(const struct snapshot *snapshot, uint32_t a, uint32_t b)
{
        return is_in_settings(snapshot, a) && is_in_settings(snapshot, b);
}

const struct snapshot_host *snapshot_find_host(const struct snapshot *snapshot, uint32_t address)
{
        for (size_t i = 0; i < snapshot->host_count; i++)
                if (snapshot->hosts[i].address == address)
                        return &snapshot->hosts[i];
        return NULL;
}

static int confidence_of(const struct snapshot_spoofer *spoofer)
{
        return strcmp(spoofer->confidence, "confirmed") == 0 ? 2 : strcmp(spoofer->confidence, "likely") == 0;
}

const struct snapshot_spoofer *snapshot_find_spoofer(const struct snapshot *snapshot, uint32_t address)
{
        const struct snapshot_spoofer *best = NULL;

        for (size_t i = 0; i < snapshot->spoofer_count; i++) {
                const struct snapshot_spoofer *spoofer = &snapshot->spoofers[i];

                if (spoofer->address == address && (!best || confidence_of(spoofer) > confidence_of(best)))
                        best = spoofer;
        }
        return best;
}

bool snapshot_is_wins(const struct snapshot *snapshot, uint32_t address)
{
        const struct capture_machine *machine = capture_find_machine(&snapshot->captures, address);

        for (size_t i = 0; i < snapshot->wins_count; i++)
                if (snapshot->wins[i] == address)
                        return true;
        return machine && machine->server;
}

static bool copy_mac(const uint8_t mac[6], uint8_t ret_mac[6])
{
        if (mac_is_zero(mac))
                return false;
        memcpy(ret_mac, mac, 6);
        return true;
}

static bool find_local_mac(const struct snapshot *snapshot, uint32_t address, uint8_t ret_mac[6])
{
        const struct snapshot_iface *own = snapshot_find_iface(snapshot, address);

        return own && own->has_mac && copy_mac(own->mac, ret_mac);
}

static bool find_neighbour_mac(const struct snapshot *snapshot, uint32_t address, uint8_t ret_mac[6])
{
        for (size_t i = 0; i < snapshot->neighbour_count; i++)
                if (snapshot->neighbours[i].address == address && copy_mac(snapshot->neighbours[i].mac, ret_mac))
                        return true;
        return false;
}

bool snapshot_find_mac_in(const struct snapshot *snapshot, uint32_t address, enum snapshot_mac place,
                          uint8_t ret_mac[6])
{
        const struct capture_machine *machine = capture_find_machine(&snapshot->captures, address);
        const struct snapshot_host *host = snapshot_find_host(snapshot, address);

        switch (place) {
        case SNAPSHOT_MAC_INTERFACE:
                return find_local_mac(snapshot, address, ret_mac);
        case SNAPSHOT_MAC_CAPTURE:
                return machine && machine->has_mac && copy_mac(machine->mac, ret_mac);
        case SNAPSHOT_MAC_NEIGHBOUR:
                return find_neighbour_mac(snapshot, address, ret_mac);
        case SNAPSHOT_MAC_STATUS:
                return host && host->table && copy_mac(host->table->statistics.unit_id, ret_mac);
        case SNAPSHOT_MAC_MAX:
                break;
        }
        return false;
}

bool snapshot_find_mac(const struct snapshot *snapshot, uint32_t address, uint8_t ret_mac[6],
                       enum snapshot_mac *ret_from)
{
        static const enum snapshot_mac here[] = {SNAPSHOT_MAC_INTERFACE, SNAPSHOT_MAC_CAPTURE, SNAPSHOT_MAC_NEIGHBOUR,
                                                 SNAPSHOT_MAC_STATUS};
        static const enum snapshot_mac elsewhere[] = {SNAPSHOT_MAC_CAPTURE, SNAPSHOT_MAC_INTERFACE,
                                                      SNAPSHOT_MAC_NEIGHBOUR, SNAPSHOT_MAC_STATUS};
        const enum snapshot_mac *order = snapshot->captures.label && !snapshot->captures.ours ? elsewhere : here;

        for (size_t i = 0; i < NBT_ARRAY_SIZE(here); i++) {
                if (!snapshot_find_mac_in(snapshot, address, order[i], ret_mac))
                        continue;
                if (ret_from)
                        *ret_from = order[i];
                return true;
        }
        return false;
}

const char *snapshot_mac_str(enum snapshot_mac from)
{
        static const char *const words[SNAPSHOT_MAC_MAX] = {
                [SNAPSHOT_MAC_INTERFACE] = "interfaces",
                [SNAPSHOT_MAC_CAPTURE] = "capture",
                [SNAPSHOT_MAC_NEIGHBOUR] = "neighbour table",
                [SNAPSHOT_MAC_STATUS] = "node status",
        };

        return from < SNAPSHOT_MAC_MAX ? words[from] : "";
}

const struct nbstat_table *snapshot_names(const struct snapshot *snapshot, uint32_t address)
{
        const struct snapshot_host *host = snapshot_find_host(snapshot, address);
        const struct capture_machine *machine = capture_find_machine(&snapshot->captures, address);

        if (host && host->table)
                return host->table;
        return machine ? machine->names : NULL;
}

bool snapshot_wants(const struct snapshot *snapshot, const struct nb_name *name)
{
        if (!snapshot->has_only)
                return true;
        return snapshot->only_stem ? nb_name_same_stem(&snapshot->only, name) : nb_name_equal(&snapshot->only, name);
}

bool snapshot_was_searched(const struct snapshot *snapshot, const struct nb_name *name)
{
        for (size_t i = 0; i < snapshot->query_count; i++) {
                const struct snapshot_query *query = &snapshot->queries[i];

                if (query->kind != SNAPSHOT_ASKED_HOST && query->reply != SNAPSHOT_NOT_ASKED &&
                    nb_name_equal(&query->name, name))
                        return true;
        }
        return false;
}

const struct nbstat_entry *snapshot_table_holds(const struct nbstat_table *table, const struct nb_name *name)
{
        const struct nbstat_entry *entry = table ? nbstat_table_find(table, name) : NULL;

        return entry && !(entry->name_flags & NBSTAT_GROUP) ? entry : NULL;
}

static bool read_name(const struct event *event, struct nb_name *ret)
{
        char stem[16];
        uint8_t suffix;

        if (event->id == EVENT_ID_DUPLICATE_NAME_ERROR && event->string_count > 0 &&
            event_name_parse(event->strings[0], ret->bytes) == 0)
                return true;
        if (event_name_split(event->name, stem, &suffix) < 0)
                return false;
        *ret = nb_name_make(stem, suffix);
        return true;
}

/* Windows' events have no note. */
static enum snapshot_verification verification_of(enum event_note_kind kind)
{
        switch (kind) {
        case EVENT_NOTE_OBEYED:
                return SNAPSHOT_VERIFICATION_OBEYED;
        case EVENT_NOTE_HELD:
                return SNAPSHOT_VERIFICATION_HOLDER;
        case EVENT_NOTE_UNFOUNDED:
                return SNAPSHOT_VERIFICATION_UNFOUNDED;
        case EVENT_NOTE_IGNORED:
        case EVENT_NOTE_IGNORED_GROUP:
                return SNAPSHOT_VERIFICATION_IGNORED;
        case EVENT_NOTE_NONE:
        case EVENT_NOTE_PENDING:
        case EVENT_NOTE_REFUSED:
        case EVENT_NOTE_MAX:
                break;
        }
        return SNAPSHOT_VERIFICATION_NONE;
}

struct snapshot_event snapshot_event_read(const struct event *event, const char *source)
{
        struct snapshot_event read = {.event = event, .source = source};
        const struct event_note note = event_note_read(event->note);
        uint32_t address;

        if (event_find_address(event, &address))
                read.sender = address;
        if (event_find_interface_address(event, &address))
                read.own = address;
        read.has_name = read_name(event, &read.name);
        read.verification = verification_of(note.kind);
        read.holder = note.holder;
        return read;
}

bool snapshot_lease_name(const struct check_ref *ref, struct nb_name *ret)
{
        char stem[HOSTNAME_NETBIOS_BYTES];

        if (ref->lease.name[0] == '\0' || ref->lease.name[0] == '.')
                return false;
        hostname_netbios(ref->lease.name, stem);
        *ret = nb_name_make(stem, 0);
        return true;
}

bool snapshot_leased_to_other(const struct snapshot *snapshot, uint32_t address, const struct nb_name *name)
{
        for (size_t i = 0; i < snapshot->leases.lease_count; i++) {
                const struct check_ref *ref = &snapshot->leases.leases[i];
                struct nb_name leased;

                if (ref->lease.address == address && ref->lease.state == LEASE_ACTIVE &&
                    snapshot_lease_name(ref, &leased))
                        return !nb_name_same_stem(&leased, name);
        }
        return false;
}
