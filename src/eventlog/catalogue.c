#include "eventlog/catalogue.h"

#include <string.h>
#include <strings.h>

#define SEVERITY_SHIFT 30
#define SEVERITY_INFORMATION 1u
#define SEVERITY_WARNING 2u
#define CODE_ID_MASK 0x0000FFFFu
#define CODE_FACILITY_MASK 0x3FFF0000u /* customer bit, reserved bit and facility of an NTSTATUS-like code */

#define ERROR_CODE(id) (0xC0000000u | (id))
#define WARNING_CODE(id) (0x80000000u | (id))
#define ROW_ERROR(id) (id), ERROR_CODE(id), EVENT_LEVEL_ERROR
#define ROW_WARNING(id) (id), WARNING_CODE(id), EVENT_LEVEL_WARNING

/* Sorted by id without gaps: found by index. */
static const struct event_kind kinds[] = {
        {ROW_ERROR(4300), "EVENT_NBT_CREATE_DRIVER", 0, "The name service could not be started.", NULL,
         "NetBT could not set itself up at all. Look at the log of the service for the reason."},
        {ROW_ERROR(4301), "EVENT_NBT_OPEN_REG_PARAMS", 0, "The settings under NetBT\\Parameters could not be read.",
         NULL, "The settings file is missing, unreadable or damaged. `netbt reg check` names the line."},
        {ROW_WARNING(4302), "EVENT_NBT_NO_BACKUP_WINS", 0, "No secondary WINS server is set.", NULL,
         "Names are registered with one WINS server only; when that is down, this node falls back to broadcasts."},
        {ROW_WARNING(4303), "EVENT_NBT_NO_WINS", 0, "No primary WINS server is set.", NULL,
         "The node type asks for a WINS server, but none is set by hand or by DHCP."},
        {ROW_WARNING(4304), "EVENT_NBT_BAD_BACKUP_WINS_ADDR", 0,
         "The secondary WINS server set is not a valid IP address.", NULL,
         "Correct the address in the settings, or in option 44 of the DHCP server."},
        {ROW_WARNING(4305), "EVENT_NBT_BAD_PRIMARY_WINS_ADDR", 0,
         "The primary WINS server set is not a valid IP address.", NULL,
         "Correct the address in the settings, or in option 44 of the DHCP server."},
        {ROW_ERROR(4306), "EVENT_NBT_NAME_SERVER_ADDRS", 0,
         "The addresses of the WINS servers could not be taken into use.", NULL,
         "The list of WINS servers was read, but could not be applied to the interface."},
        {ROW_ERROR(4307), "EVENT_NBT_CREATE_ADDRESS", 0,
         "Start failed: the transport did not let the first addresses be opened.", NULL,
         "Usually the port (137, 138 or 139) is in use by another program, or the address is not yet there."},
        {ROW_ERROR(4308), "EVENT_NBT_CREATE_CONNECTION", 0,
         "Start failed: the transport did not let the first connections be opened.", NULL,
         "TCP connections for NetBIOS sessions could not be prepared."},
        {ROW_ERROR(4309), "EVENT_NBT_NON_OS_INIT", 0, "The internal tables could not be set up.", NULL,
         "Memory ran out, or a setting asks for a table that is too large."},
        {ROW_ERROR(4310), "EVENT_NBT_TIMERS", 0, "Start failed: the timers did not start.", NULL,
         "The system refused the timers that refresh and retries need."},
        {ROW_ERROR(4311), "EVENT_NBT_CREATE_DEVICE", 1,
         "Start failed: no device could be made for the interface \"%2\" (a MAC address, an interface's GUID or a "
         "cluster "
         "device).",
         NULL, "One interface could not be taken into use; the text tells which. The others go on."},
        {ROW_WARNING(4312), "EVENT_NBT_NO_DEVICES", 0, "No network interface is set up for NetBIOS over TCP/IP.", NULL,
         "No interface is up with an IPv4 address and NetBIOS switched on."},
        {ROW_ERROR(4313), "EVENT_NBT_OPEN_REG_LINKAGE", 0, "The settings under NetBT\\Linkage could not be read.", NULL,
         "The list that binds NetBT to interfaces is missing or unreadable."},
        {ROW_ERROR(4314), "EVENT_NBT_READ_BIND", 0,
         "The bindings to the transport could not be read from the settings.", NULL,
         "The value Bind under NetBT\\Linkage is missing or damaged."},
        {ROW_ERROR(4315), "EVENT_NBT_READ_EXPORT", 0, "The exported bindings could not be read from the settings.",
         NULL, "The value Export under NetBT\\Linkage is missing or damaged."},
        {ROW_WARNING(4316), "EVENT_NBT_OPEN_REG_NAMESERVER", 0,
         "The WINS servers' addresses could not be read from the settings.", NULL,
         "The interface's own key in the settings is missing or unreadable."},
        {ROW_WARNING(4317), "EVENT_SCOPE_LABEL_TOO_LONG", 0,
         "A part of the NetBIOS scope is longer than the 63 bytes that one part may have.", NULL,
         "Shorten the parts between the dots of ScopeID; without that, the scope is not used."},
        {ROW_WARNING(4318), "EVENT_SCOPE_TOO_LONG", 0,
         "The NetBIOS scope is longer than the 255 bytes that a scope may have.", NULL,
         "Shorten ScopeID; without that, the scope is not used."},
        {ROW_ERROR(EVENT_ID_DUPLICATE_NAME), "EVENT_NBT_DUPLICATE_NAME", 0,
         "A duplicate name has been detected on the TCP network.  The IP address of the computer that sent the message "
         "is "
         "in the data. Use nbtstat -n in a command window to see which name is in the Conflict state.",
         "A duplicate name has been detected on the TCP network.  The IP address of the machine that sent the message "
         "is "
         "in the data. Use nbtstat -n in a command window to see which name is in the Conflict state.",
         "A name conflict demand came in: the sender says that one of this computer's names belongs to another. The "
         "name "
         "goes into the state Conflict and is no longer answered for."},
        {ROW_ERROR(EVENT_ID_NAME_RELEASE), "EVENT_NBT_NAME_RELEASE", 0,
         "Another computer has sent a name release message to this computer, probably because a duplicate name has "
         "been "
         "detected on the TCP network.  The IP address of the node that sent the message is in the data. Use nbtstat "
         "-n in "
         "a command window to see which name is in the Conflict state.",
         "Another machine has sent a name release message to this machine probably because a duplicate name has been "
         "detected on the TCP network.  The IP address of the node that sent the message is in the data. Use nbtstat "
         "-n in "
         "a command window to see which name is in the Conflict state.",
         "A name release demand came in: the sender (often a WINS server) tells this computer to give up one of its "
         "names. The sender need not be the one that holds the name now."},
        {ROW_ERROR(EVENT_ID_DUPLICATE_NAME_ERROR), "EVENT_NBT_DUPLICATE_NAME_ERROR", 3,
         "The name \"%2\" could not be registered on the interface with IP address %3. The computer with the IP "
         "address %4 "
         "did not allow the name to be claimed by this computer.",
         "The name \"%2\" could not be registered on the interface with IP address %3. The machine with the IP address "
         "%4 "
         "did not allow the name to be claimed by this machine.",
         "This computer asked for the name and was refused. Who refused either holds the name itself, or is the WINS "
         "server that has it on record for another."},
        {ROW_ERROR(EVENT_ID_NO_RESOURCES), "EVENT_NBT_NO_RESOURCES", 0,
         "NetBT ran out of resources within the last hour and could not do all that was asked of it.", NULL,
         "A bound was reached: memory, a table or a rate limit. A flood of packets can be the reason."},
};

_Static_assert(NBT_ARRAY_SIZE(kinds) == EVENT_ID_LAST - EVENT_ID_FIRST + 1, "one row for each id");

const struct event_kind *event_kind_find(uint16_t id)
{
        if (id < EVENT_ID_FIRST || id > EVENT_ID_LAST)
                return NULL;
        return &kinds[id - EVENT_ID_FIRST];
}

bool event_code_is_netbt(uint32_t code)
{
        return (code & CODE_FACILITY_MASK) == 0 && event_kind_find((uint16_t)(code & CODE_ID_MASK)) != NULL;
}

static const char *const level_names[EVENT_LEVEL_MAX] = {
        [EVENT_LEVEL_ERROR] = "Error",
        [EVENT_LEVEL_WARNING] = "Warning",
        [EVENT_LEVEL_INFORMATION] = "Information",
};

const char *event_level_str(enum event_level level)
{
        const unsigned i = level;

        return i < EVENT_LEVEL_MAX && level_names[i] ? level_names[i] : "Unknown";
}

int event_level_parse(const char *text, enum event_level *ret)
{
        static const struct {
                const char *name;
                enum event_level level;
        } names[] = {
                {"error", EVENT_LEVEL_ERROR},
                {"err", EVENT_LEVEL_ERROR},
                {"2", EVENT_LEVEL_ERROR},
                {"warning", EVENT_LEVEL_WARNING},
                {"warn", EVENT_LEVEL_WARNING},
                {"3", EVENT_LEVEL_WARNING},
                {"information", EVENT_LEVEL_INFORMATION},
                {"info", EVENT_LEVEL_INFORMATION},
                {"4", EVENT_LEVEL_INFORMATION},
        };

        for (size_t i = 0; i < NBT_ARRAY_SIZE(names); i++)
                if (strcasecmp(text, names[i].name) == 0) {
                        *ret = names[i].level;
                        return 0;
                }
        return NBT_ERR_MALFORMED;
}

enum event_level event_level_of_code(uint32_t code)
{
        const uint32_t severity = code >> SEVERITY_SHIFT;

        if (severity == SEVERITY_WARNING)
                return EVENT_LEVEL_WARNING;
        return severity <= SEVERITY_INFORMATION ? EVENT_LEVEL_INFORMATION : EVENT_LEVEL_ERROR;
}

static void add_with_strings(const struct event *event, const char *text, struct strbuf *sb)
{
        for (const char *at = text; *at; at++) {
                if (at[0] == '%' && at[1] >= '2' && at[1] <= '9') {
                        const size_t index = (size_t)(at[1] - '2');

                        if (index < event->string_count && index < EVENT_MAX_STRINGS) {
                                strbuf_add(sb, event->strings[index]);
                                at++;
                                continue;
                        }
                }
                strbuf_add_char(sb, *at);
        }
}

void event_message_format(const struct event *event, enum event_wording wording, struct strbuf *sb)
{
        const struct event_kind *kind = event_kind_find(event->id);

        if (!kind) {
                strbuf_printf(sb, "NetBT has no event %u.", (unsigned)event->id);
                return;
        }
        const bool classic = wording == EVENT_WORDING_CLASSIC && kind->classic;

        add_with_strings(event, classic ? kind->classic : kind->text, sb);
}
