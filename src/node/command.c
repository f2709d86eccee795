#include "node/internal.h"

#include <string.h>

/* What the configuration makes of this machine: computer <00> <03> <20>, users <03>, workgroup <00> (KB137423). */
#define MAX_WANTED (4 + NODE_MAX_USERS)

struct wanted {
        struct nb_name name;
        enum node_name_kind kind;
};

static size_t list_wanted(const struct node_config *config, struct wanted *ret)
{
        static const uint8_t computer_suffixes[] = {0x00, 0x03, 0x20};
        size_t count = 0;

        for (size_t i = 0; config->computer[0] && i < sizeof(computer_suffixes); i++)
                ret[count++] = (struct wanted){nb_name_make(config->computer, computer_suffixes[i]), NODE_NAME_UNIQUE};
        if (config->workgroup[0])
                ret[count++] = (struct wanted){nb_name_make(config->workgroup, 0x00), NODE_NAME_GROUP};
        for (size_t i = 0; i < config->user_count; i++)
                if (config->users[i][0])
                        ret[count++] = (struct wanted){nb_name_make(config->users[i], 0x03), NODE_NAME_UNIQUE};
        return count;
}

static bool is_wanted(const struct wanted *wanted, size_t count, const struct node_name *name)
{
        for (size_t i = 0; i < count; i++)
                if (nb_name_equal(&wanted[i].name, &name->name))
                        return wanted[i].kind == name->kind;
        return false;
}

static void release_name(struct node *node, struct node_name *name)
{
        name->remove = true;
        for (struct node_entry *entry = name->entries; entry; entry = entry->next)
                if (entry->state != NODE_STATE_RELEASING)
                        node_release_start(node, entry, false);
        node_release_settle(node, name);
}

/* A name on its way out is wanted again: it is claimed anew when its release has ended. */
static void keep_name(struct node *node, struct node_name *name)
{
        name->remove = false;
        for (struct node_entry *entry = name->entries; entry; entry = entry->next) {
                if (entry->state == NODE_STATE_RELEASING)
                        entry->reclaim = true;
                else if (node->started && (entry->failed || entry->state == NODE_STATE_RELEASED))
                        node_claim_start(node, entry);
        }
}

static int add_wanted(struct node *node, const struct wanted *wanted)
{
        struct node_name *name;
        const int r = node_name_new(node, &wanted->name, wanted->kind, &name);

        if (r == NBT_ERR_FULL) {
                node_emit_resources(node);
                return 0;
        }
        /* a name whose kind changed is being released: the next change of settings or -RR brings it back */
        if (r == NBT_ERR_EXISTS && name->kind != wanted->kind)
                return 0;
        if (r < 0 && r != NBT_ERR_EXISTS)
                return r;
        name->permanent = true;
        if (name->remove)
                keep_name(node, name);
        return node_name_spread(node, name);
}

int node_configure_names(struct node *node)
{
        struct wanted wanted[MAX_WANTED];
        const size_t count = list_wanted(&node->config, wanted);

        for (size_t i = 0; i < node->name_count; i++)
                if (node->names[i]->permanent && !is_wanted(wanted, count, node->names[i]))
                        release_name(node, node->names[i]);
        for (size_t i = 0; i < count; i++) {
                const int r = add_wanted(node, &wanted[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_name(struct node *node, const struct node_command *command)
{
        struct node_name *name;
        int r = nb_name_is_wildcard(&command->name) ? NBT_ERR_RANGE
                                                    : node_name_new(node, &command->name, command->kind, &name);

        if (r == NBT_ERR_NOMEM)
                return r;
        const bool again = r == NBT_ERR_EXISTS && name->kind == command->kind && !name->has_add &&
                           (name->remove || !node_name_is_held(name));
        if (r < 0 && !again) {
                if (r == NBT_ERR_FULL)
                        node_emit_resources(node);
                node_emit_complete(node, command->id, r, &command->name);
                return 0;
        }
        name->has_add = true;
        name->add_id = command->id;
        if (again)
                keep_name(node, name);
        r = node_name_spread(node, name);
        if (r == 0)
                node_claim_settle(node, name);
        return r;
}

static void remove_name(struct node *node, const struct node_command *command)
{
        struct node_name *name = node_name_find(node, &command->name);

        if (!name || name->has_release) {
                node_emit_complete(node, command->id, name ? NBT_ERR_STATE : NBT_ERR_NOT_FOUND, &command->name);
                return;
        }
        name->has_release = true;
        name->release_id = command->id;
        release_name(node, name);
}

int node_command_run(struct node *node, const struct node_command *command)
{
        if (!node->started && command->type != NODE_COMMAND_RELOAD) {
                node_emit_complete(node, command->id, NBT_ERR_STATE, &command->name);
                return 0;
        }
        switch (command->type) {
        case NODE_COMMAND_NAME_ADD:
                return add_name(node, command);
        case NODE_COMMAND_NAME_RELEASE:
                remove_name(node, command);
                return 0;
        case NODE_COMMAND_RELEASE_REFRESH:
                node_release_refresh(node, command->id);
                return 0;
        case NODE_COMMAND_RELOAD: {
                const int r = node_resolve_reload(node, command->lmhosts, command->lmhosts_count);
                if (r != NBT_ERR_NOMEM)
                        node_emit_complete(node, command->id, r, NULL);
                return r == NBT_ERR_NOMEM ? r : 0;
        }
        case NODE_COMMAND_QUERY:
        case NODE_COMMAND_STATUS:
                return node_resolve_start(node, command);
        }
        return 0;
}
