/* Steps of --fix in this machine's settings: what DHCP left over, and the host name. The backup is part of every change of the file. */
#include "cli/fix_work.h"

#include "cli/dhcp_settings.h"
#include "settings/hostname.h"

#include <string.h>

/* Back to what the backup holds; a node that runs is told as it was of the change. */
static const char *undo_of(struct fix_work *work, const struct settings_edited *done)
{
        if (!done->backup)
                return NULL;
        const char *places = fix_places(work);
        const char *reload =
                work->snapshot->node ? arena_printf(work->arena, " && netbt ipconfig /renew%s", places) : "";

        return arena_printf(work->arena, "netbt reg restore %s%s%s", fix_quote(work, done->backup), places,
                            reload ? reload : "");
}

bool fix_run_clear(struct fix_work *work, const struct fix_action *action)
{
        const struct snapshot *snapshot = work->snapshot;
        struct settings_edited done = {0};
        const char *list = "";

        (void)action;
        for (size_t i = 0; list && i < snapshot->dhcp_setting_count; i++) {
                const struct dhcp_setting *s = &snapshot->dhcp_settings[i];

                if (dhcp_setting_is_leftover(s))
                        list = arena_printf(work->arena, "%s%s%s%s%s = %s", list, *list ? "; " : "", s->iface,
                                            *s->iface ? " " : "", s->name, s->text);
        }
        if (!list || !*list)
                list = "nothing";
        if (!work->fix->dry_run && dhcp_clear_leftovers(work->ctx, work->arena, &done) != CLI_EXIT_OK)
                return fix_failed(work, FIX_CLEAR, "what DHCP left over was not taken out of %s, which is as it was",
                                  work->ctx->config_path);
        fix_did(work, FIX_CLEAR, undo_of(work, &done), "what DHCP left over %s %s: %s%s%s",
                fix_word(work, "was taken out of", "would be taken out of"), work->ctx->config_path, list,
                done.backup ? "; what was before: " : "", done.backup ? done.backup : "");
        return true;
}

/* ---- the host name ------------------------------------------------------------------------------------------------ */

const char *fix_agreed_host(const struct snapshot *snapshot, const struct nb_name *name, unsigned *ret_wrong)
{
        /* a host name keeps its case, a computer name may have lost it */
        static const enum hostname_source order[HOSTNAME_SOURCE_MAX] = {HOSTNAME_TCPIP, HOSTNAME_TCPIP_NV,
                                                                        HOSTNAME_COMPUTER_NAME, HOSTNAME_ACTIVE};
        char agreed[HOSTNAME_NETBIOS_BYTES] = "";
        const char *host = NULL;
        unsigned wrong = 0;

        for (size_t i = 0; i < HOSTNAME_SOURCE_MAX; i++) {
                const char *text = snapshot->host_names.names[order[i]];
                char netbios[HOSTNAME_NETBIOS_BYTES];

                if (!text || !*text)
                        continue;
                hostname_netbios(text, netbios);
                const struct nb_name own = nb_name_make(netbios, 0);

                if (nb_name_same_stem(&own, name)) {
                        wrong |= 1u << order[i];
                } else if (!host) {
                        host = text;
                        memcpy(agreed, netbios, sizeof agreed);
                } else if (strcmp(agreed, netbios) != 0) {
                        return NULL;
                }
        }
        *ret_wrong = wrong;
        return wrong ? host : NULL;
}

struct host_edit {
        const char *host;
        unsigned wrong;
};

static int edit_host(struct reg_doc *doc, struct arena *arena, void *context, bool *ret_changed)
{
        const struct host_edit *edit = context;
        int rc = 0;

        for (enum hostname_source i = 0; rc == 0 && i < HOSTNAME_SOURCE_MAX; i++) {
                const struct hostname_place *place = hostname_source_place(i);
                struct reg_value value;

                if (!(edit->wrong & 1u << i))
                        continue;
                rc = reg_value_parse(REG_TYPE_SZ, edit->host, NULL, arena, &value);
                if (rc == 0)
                        rc = reg_doc_set(doc, place->key, place->value, &value);
                *ret_changed = true;
        }
        return rc;
}

bool fix_run_host_name(struct fix_work *work, const struct fix_action *action)
{
        struct host_edit edit = {.host = action->host};
        struct settings_edited done = {0};
        const char *list = "";

        (void)fix_agreed_host(work->snapshot, &action->finding->c->name, &edit.wrong);
        for (enum hostname_source i = 0; list && i < HOSTNAME_SOURCE_MAX; i++)
                if (edit.wrong & 1u << i)
                        list = arena_printf(work->arena, "%s%s%s", list, *list ? ", " : "", hostname_source_str(i));
        if (!work->fix->dry_run && settings_edit(work->ctx, work->arena, edit_host, &edit, &done) != CLI_EXIT_OK)
                return fix_failed(work, FIX_HOST_NAME, "the host name was not set in %s, which is as it was",
                                  work->ctx->config_path);
        fix_did(work, FIX_HOST_NAME, undo_of(work, &done), "%s %s %s in %s, as the other settings say%s%s",
                list ? list : "", fix_word(work, "was set to", "would be set to"), action->host, work->ctx->config_path,
                done.backup ? "; what was before: " : "", done.backup ? done.backup : "");
        return true;
}
