#pragma once
/* Changing the settings' Dhcp* values. */
#include "cli/dhcp_cmd.h"
#include "cli/settings_edit.h"
#include "dhcp/learnt.h"

/* Puts LEARNT into the settings for request->iface. An exit code other than 0 was told. */
int dhcp_save_learnt(struct dhcp_request *request, const struct dhcp_learnt *learnt, struct settings_edited *ret);

/* Takes what is left over from DHCP, on every interface, out of the settings. An exit code other than 0 was told. */
int dhcp_clear_leftovers(const struct cli_context *ctx, struct arena *arena, struct settings_edited *ret);

/* What the settings call the interface NAME: its GUID if NAME is a connection's name there, else NAME. */
const char *dhcp_iface_id(const struct reg_doc *doc, const char *name, struct arena *arena);
