#include "node/internal.h"

static struct node_trans **bucket(struct node *node, uint16_t id)
{
        return &node->trans[id % NODE_TRANS_BUCKETS];
}

struct node_trans *node_trans_find(const struct node *node, uint16_t id)
{
        struct node_trans *trans = node->trans[id % NODE_TRANS_BUCKETS];

        while (trans && trans->id != id)
                trans = trans->next;
        return trans;
}

void node_trans_begin(struct node *node, struct node_trans *trans, enum node_trans_kind kind)
{
        node_trans_end(node, trans);
        /* Ids are unguessable (CVE-2016-3213). Far fewer than 65536 are in use, so this ends soon. */
        do
                trans->id = (uint16_t)rng_u32(&node->rng);
        while (node_trans_find(node, trans->id));

        struct node_trans **at = bucket(node, trans->id);
        trans->kind = kind;
        trans->active = true;
        trans->next = *at;
        *at = trans;
        node->recent_ids[node->recent_next++ % NODE_RECENT_IDS] = trans->id;
}

void node_trans_end(struct node *node, struct node_trans *trans)
{
        if (!trans->active)
                return;
        struct node_trans **at = bucket(node, trans->id);
        while (*at != trans)
                at = &(*at)->next;
        *at = trans->next;
        trans->active = false;
        trans->next = NULL;
}

bool node_trans_is_recent(const struct node *node, uint16_t id)
{
        const size_t count = node->recent_next < NODE_RECENT_IDS ? node->recent_next : NODE_RECENT_IDS;

        for (size_t i = 0; i < count; i++)
                if (node->recent_ids[i] == id)
                        return true;
        return false;
}
