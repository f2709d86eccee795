/* What the suffixes mean. Sources: KB163409 (list of NetBIOS suffixes), KB137423, MS-BRWS. */
#include "wire/name.h"

#include <string.h>

enum kind { UNIQUE, GROUP, EITHER };

struct service {
        const char *stem_prefix; /* NULL: any name */
        uint8_t suffix;
        uint8_t kind; /* enum kind */
        const char *text;
};

/* First match wins: rows for particular names stand before those for any name. */
static const struct service services[] = {
        {"\x01\x02__MSBROWSE__\x02", 0x01, GROUP, "Master Browser (segment)"},
        {"IS~", 0x00, UNIQUE, "Internet Information Server"},
        {"INet~Services", 0x1C, GROUP, "Internet Information Server"},
        {"INET~SERVICES", 0x1C, GROUP, "Internet Information Server"},
        {"IRISMULTICAST", 0x2F, GROUP, "Lotus Notes"},
        {"IRISNAMESERVER", 0x33, GROUP, "Lotus Notes"},
        {"Forte_$ND800ZA", 0x20, UNIQUE, "DCA IrmaLan Gateway Server"},
        {"FORTE_$ND800ZA", 0x20, UNIQUE, "DCA IrmaLan Gateway Server"},
        {NULL, 0x00, UNIQUE, "Workstation"},
        {NULL, 0x00, GROUP, "Domain or Workgroup"},
        {NULL, 0x01, UNIQUE, "Messenger"},
        {NULL, 0x03, EITHER, "Messenger"},
        {NULL, 0x06, UNIQUE, "RAS Server"},
        {NULL, 0x1B, UNIQUE, "Domain Master Browser"},
        {NULL, 0x1C, GROUP, "Domain Controllers"},
        {NULL, 0x1D, UNIQUE, "Master Browser"},
        {NULL, 0x1E, GROUP, "Browser Elections"},
        {NULL, 0x1F, UNIQUE, "NetDDE"},
        {NULL, 0x20, EITHER, "File Server"},
        {NULL, 0x21, UNIQUE, "RAS Client"},
        {NULL, 0x22, UNIQUE, "Exchange Interchange"},
        {NULL, 0x23, UNIQUE, "Exchange Store"},
        {NULL, 0x24, UNIQUE, "Exchange Directory"},
        {NULL, 0x2B, UNIQUE, "Lotus Notes Server"},
        {NULL, 0x30, UNIQUE, "Modem Sharing Server"},
        {NULL, 0x31, UNIQUE, "Modem Sharing Client"},
        {NULL, 0x42, UNIQUE, "McAfee Anti-Virus"},
        {NULL, 0x43, UNIQUE, "SMS Remote Control Client"},
        {NULL, 0x44, UNIQUE, "SMS Remote Control Admin"},
        {NULL, 0x45, UNIQUE, "SMS Remote Chat"},
        {NULL, 0x46, UNIQUE, "SMS Remote Transfer"},
        {NULL, 0x4C, UNIQUE, "DEC Pathworks"},
        {NULL, 0x52, UNIQUE, "DEC Pathworks"},
        {NULL, 0x6A, UNIQUE, "Exchange IMC"},
        {NULL, 0x87, UNIQUE, "Exchange MTA"},
        {NULL, 0xBE, UNIQUE, "Network Monitor Agent"},
        {NULL, 0xBF, UNIQUE, "Network Monitor"},
};

static bool is_match(const struct service *service, const struct nb_name *name, bool is_group)
{
        if (service->suffix != nb_name_suffix(name))
                return false;
        if (service->kind != EITHER && (service->kind == GROUP) != is_group)
                return false;
        return !service->stem_prefix || memcmp(name->bytes, service->stem_prefix, strlen(service->stem_prefix)) == 0;
}

const char *nb_name_service(const struct nb_name *name, bool is_group)
{
        for (size_t i = 0; i < NBT_ARRAY_SIZE(services); i++)
                if (is_match(&services[i], name, is_group))
                        return services[i].text;
        return "";
}
