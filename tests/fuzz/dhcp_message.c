/* DHCP messages of strangers, up to what would be written into the settings. */
#include "fuzz.h"

#include "dhcp/learnt.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct dhcp_message message;
        struct dhcp_learnt learnt;
        struct reg_doc *doc = NULL;
        bool changed = false;

        if (dhcp_message_decode(data, size, &message) < 0)
                return 0;
        dhcp_learnt_read(&message, &learnt, NULL);
        if (learnt.wins_count > SETTINGS_MAX_WINS || !dhcp_learnt_equal(&learnt, &learnt))
                abort();
        if (reg_doc_new(&doc, REG_ENC_UTF8) < 0 || dhcp_learnt_apply(doc, "eth0", &learnt, &changed) < 0)
                abort();
        if (dhcp_learnt_apply(doc, "eth0", &learnt, &changed) < 0 || changed)
                abort();
        reg_doc_free(doc);
        return 0;
}
