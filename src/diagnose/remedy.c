#include "diagnose/remedy.h"
#include "diagnose/describe.h"

void remedy_recover(const struct rule_input *in, struct texts *lines)
{
        if (in->c->here)
                texts_add(lines, "Then, to get the name back here: `nbtstat -RR` (check with: `nbtstat -n`)");
        else
                texts_add(lines, "Then, on the machine that lost the name: `nbtstat -RR`, or restart it (check with: "
                                 "`nbtstat -n`)");
}

/* Samba tells no MAC in its node status. */
static bool looks_like_samba(const struct rule_input *in, uint32_t address)
{
        const struct snapshot_host *host = snapshot_find_host(in->snapshot, address);

        return host && host->table && mac_is_zero(host->table->statistics.unit_id);
}

static void rename_samba(struct texts *lines)
{
        texts_add(lines, "A Samba host: in smb.conf `netbios name = NEWNAME`; then: `systemctl restart nmbd smbd`");
}

static void rename_windows(struct texts *lines)
{
        texts_add(lines,
                  "A Windows host (PowerShell as administrator): `Rename-Computer -NewName NEWNAME -Restart`; on old "
                  "ones change both the computer name and the TCP/IP host name, then restart");
}

void remedy_same_computer(const struct rule_input *in, uint32_t address, struct texts *lines)
{
        texts_add(lines,
                  "Decide which of the two keeps the name %s, and give the other a new one (NEWNAME); often one "
                  "is a clone of the other that was never renamed",
                  describe_stem(in));
        if (looks_like_samba(in, address)) {
                texts_add(lines, "%s answers as Samba does:", describe_address(in, address));
                rename_samba(lines);
                rename_windows(lines);
        } else {
                rename_windows(lines);
                rename_samba(lines);
        }
        texts_add(lines,
                  "%s: `netbt reg add '%s' /v ComputerName /t REG_SZ /d NEWNAME`, the same for Hostname "
                  "under '%s'; then: `systemctl reload netbtd`",
                  describe_ours(in), REMEDY_COMPUTER_NAME_KEY, REMEDY_TCPIP_KEY);
        remedy_recover(in, lines);
}

void remedy_same_user(const struct rule_input *in, uint32_t address, struct texts *lines)
{
        const char *ip = describe_address(in, address);

        texts_add(lines, "Ask %s to log off everywhere, and to log on again at just one machine", describe_stem(in));
        texts_add(lines, "A Windows host: `query user /server:%s`, then: `logoff SESSION /server:%s`", ip, ip);
        texts_add(lines, "A Samba host registers no users of its own; look for `netbios aliases` in smb.conf");
        texts_add(lines, "%s: `netbt name release %s`, or take `-u %s` off netbtd", describe_ours(in),
                  describe_word(in), describe_bare(in));
        remedy_recover(in, lines);
}
