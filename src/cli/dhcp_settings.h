#pragma once
/* Changing the settings' Dhcp* values: locked, checked, with a backup, and told to a running node. */
#include "cli/dhcp_cmd.h"
#include "dhcp/learnt.h"

struct dhcp_changed {
        bool changed;       /* false: the file says so already, and was not written */
        const char *backup; /* in the request's arena; NULL if there was nothing to back up */
};

/* EDIT changes the document and says whether it did; then it is saved. An exit code other than 0 was told. */
int dhcp_change(struct dhcp_request *request,
                int (*edit)(struct dhcp_request *request, struct reg_doc *doc, void *context, bool *ret_changed),
                void *context, struct dhcp_changed *ret);

/* Puts LEARNT into the settings for request->iface. */
int dhcp_save_learnt(struct dhcp_request *request, const struct dhcp_learnt *learnt, struct dhcp_changed *ret);

/* What the settings call the interface NAME: its GUID if NAME is a connection's name there, else NAME. */
const char *dhcp_iface_id(const struct reg_doc *doc, const char *name, struct arena *arena);
