#include "wins/order.h"

#include <stdlib.h>
#include <string.h>

#define LEAF_ITEMS 122u
#define FAN 32u
#define MAX_LEVELS 16u
/* What two neighbours may hold together to be made one: not all, or the next insertion would part them again. */
#define LEAF_MERGED (LEAF_ITEMS * 7 / 8)
#define FAN_MERGED (FAN * 7 / 8)
#define KEPT_LEAVES 64u /* spares beyond that are given back */
#define KEPT_INNERS 128u

struct wins_order_leaf {
        struct wins_order_leaf *next, *prev; /* spares: the next spare */
        uint32_t count;
        uint32_t latest; /* where the last item came in */
        uint32_t items[LEAF_ITEMS];
        uint32_t hints[]; /* LEAF_ITEMS, if the tree has them */
};

/* Child I holds the keys from keys[I] on; keys[0] is never asked. */
struct wins_order_inner {
        struct wins_order_inner *next_spare;
        uint32_t count;
        struct wins_order_key keys[FAN];
        void *children[FAN];
};

/* The way down: at which child of each inner node, the root's first. */
struct path {
        struct wins_order_inner *nodes[MAX_LEVELS];
        uint32_t at[MAX_LEVELS];
};

/* ---- memory -------------------------------------------------------------------------------------------------------------- */

static size_t leaf_bytes(const struct wins_order *order)
{
        return sizeof(struct wins_order_leaf) + (order->hinted ? LEAF_ITEMS * sizeof(uint32_t) : 0);
}

static int add_spare_leaf(struct wins_order *order)
{
        struct wins_order_leaf *leaf = malloc(leaf_bytes(order));

        if (!leaf)
                return NBT_ERR_NOMEM;
        leaf->next = order->spare_leaves;
        order->spare_leaves = leaf;
        order->spare_leaf_count++;
        order->bytes += leaf_bytes(order);
        return 0;
}

static int add_spare_inner(struct wins_order *order)
{
        struct wins_order_inner *inner = malloc(sizeof(*inner));

        if (!inner)
                return NBT_ERR_NOMEM;
        inner->next_spare = order->spare_inners;
        order->spare_inners = inner;
        order->spare_inner_count++;
        order->bytes += sizeof(*inner);
        return 0;
}

int wins_order_reserve(struct wins_order *order, uint32_t count)
{
        /* every insertion may part a leaf, and a node in every level above, and make a level more */
        const uint32_t inners = count * (order->levels + 1);

        while (order->spare_leaf_count < count + 1) /* an empty tree needs its first */
                if (add_spare_leaf(order) < 0)
                        return NBT_ERR_NOMEM;
        while (order->spare_inner_count < inners)
                if (add_spare_inner(order) < 0)
                        return NBT_ERR_NOMEM;
        return 0;
}

static struct wins_order_leaf *take_leaf(struct wins_order *order)
{
        struct wins_order_leaf *leaf = order->spare_leaves;

        order->spare_leaves = leaf->next;
        order->spare_leaf_count--;
        leaf->next = leaf->prev = NULL;
        leaf->count = leaf->latest = 0;
        return leaf;
}

static struct wins_order_inner *take_inner(struct wins_order *order)
{
        struct wins_order_inner *inner = order->spare_inners;

        order->spare_inners = inner->next_spare;
        order->spare_inner_count--;
        inner->count = 0;
        return inner;
}

static void give_leaf(struct wins_order *order, struct wins_order_leaf *leaf)
{
        if (order->spare_leaf_count >= KEPT_LEAVES) {
                order->bytes -= leaf_bytes(order);
                free(leaf);
                return;
        }
        leaf->next = order->spare_leaves;
        order->spare_leaves = leaf;
        order->spare_leaf_count++;
}

static void give_inner(struct wins_order *order, struct wins_order_inner *inner)
{
        if (order->spare_inner_count >= KEPT_INNERS) {
                order->bytes -= sizeof(*inner);
                free(inner);
                return;
        }
        inner->next_spare = order->spare_inners;
        order->spare_inners = inner;
        order->spare_inner_count++;
}

static void free_below(void *node, unsigned levels)
{
        struct wins_order_inner *inner = node;

        for (uint32_t i = 0; levels > 0 && i < inner->count; i++)
                free_below(inner->children[i], levels - 1);
        free(node);
}

void wins_order_done(struct wins_order *order)
{
        if (order->root)
                free_below(order->root, order->levels);
        for (struct wins_order_leaf *leaf = order->spare_leaves, *next; leaf; leaf = next) {
                next = leaf->next;
                free(leaf);
        }
        for (struct wins_order_inner *inner = order->spare_inners, *next; inner; inner = next) {
                next = inner->next_spare;
                free(inner);
        }
        *order = (struct wins_order){.key = order->key, .context = order->context, .hinted = order->hinted};
}

/* ---- finding ------------------------------------------------------------------------------------------------------------- */

bool wins_order_is_less(const struct wins_order_key *a, const struct wins_order_key *b)
{
        for (unsigned i = 0; i < NBT_ARRAY_SIZE(a->part); i++)
                if (a->part[i] != b->part[i])
                        return a->part[i] < b->part[i];
        return false;
}

/* Is item I of LEAF before KEY? */
static bool is_before(const struct wins_order *order, const struct wins_order_leaf *leaf, uint32_t i,
                      const struct wins_order_key *key)
{
        if (order->hinted && leaf->hints[i] != key->part[0])
                return leaf->hints[i] < key->part[0];
        const struct wins_order_key there = order->key(order->context, leaf->items[i]);
        return wins_order_is_less(&there, key);
}

/* Where KEY is in LEAF, or would be. */
static uint32_t place_in_leaf(const struct wins_order *order, const struct wins_order_leaf *leaf,
                              const struct wins_order_key *key)
{
        uint32_t low = 0, high = leaf->count;

        /* what is new comes last, mostly */
        if (high > 0 && is_before(order, leaf, high - 1, key))
                return high;
        while (low < high) {
                const uint32_t middle = (low + high) / 2;

                if (is_before(order, leaf, middle, key))
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Which child of INNER has KEY. */
static uint32_t place_in_inner(const struct wins_order_inner *inner, const struct wins_order_key *key)
{
        uint32_t low = 1, high = inner->count;

        while (low < high) {
                const uint32_t middle = (low + high) / 2;

                if (wins_order_is_less(key, &inner->keys[middle]))
                        high = middle;
                else
                        low = middle + 1;
        }
        return low - 1;
}

static struct wins_order_leaf *descend(const struct wins_order *order, const struct wins_order_key *key,
                                       struct path *path)
{
        void *node = order->root;

        for (unsigned level = 0; level < order->levels; level++) {
                struct wins_order_inner *inner = node;

                path->nodes[level] = inner;
                path->at[level] = place_in_inner(inner, key);
                node = inner->children[path->at[level]];
        }
        return node;
}

static void skip_end(struct wins_order_at *at)
{
        if (at->leaf && at->index >= at->leaf->count)
                *at = (struct wins_order_at){.leaf = at->leaf->next};
}

struct wins_order_at wins_order_seek(const struct wins_order *order, const struct wins_order_key *key)
{
        struct wins_order_at at = {0};
        struct path path;

        if (order->root) {
                at.leaf = descend(order, key, &path);
                at.index = place_in_leaf(order, at.leaf, key);
                skip_end(&at);
        }
        return at;
}

uint32_t wins_order_item(const struct wins_order_at *at)
{
        return at->leaf ? at->leaf->items[at->index] : 0;
}

void wins_order_next(struct wins_order_at *at)
{
        if (!at->leaf)
                return;
        at->index++;
        skip_end(at);
}

/* How much of all lies before KEY, if every branch of a node held the same. */
static double share_before(const struct wins_order *order, const struct wins_order_key *key)
{
        struct path path;
        double before = 0, width = 1;
        const struct wins_order_leaf *leaf = descend(order, key, &path);

        for (unsigned level = 0; level < order->levels; level++) {
                width /= path.nodes[level]->count;
                before += width * path.at[level];
        }
        return before + width * place_in_leaf(order, leaf, key) / leaf->count;
}

uint64_t wins_order_estimate(const struct wins_order *order, const struct wins_order_key *low,
                             const struct wins_order_key *high)
{
        const double share = order->root ? share_before(order, high) - share_before(order, low) : 0;

        return share <= 0 ? 0 : (uint64_t)(share * (double)order->count);
}

/* ---- inserting ----------------------------------------------------------------------------------------------------------- */

static void put_item(const struct wins_order *order, struct wins_order_leaf *leaf, uint32_t at,
                     const struct wins_order_key *key, uint32_t item)
{
        memmove(&leaf->items[at + 1], &leaf->items[at], (leaf->count - at) * sizeof(leaf->items[0]));
        leaf->items[at] = item;
        if (order->hinted) {
                memmove(&leaf->hints[at + 1], &leaf->hints[at], (leaf->count - at) * sizeof(leaf->hints[0]));
                leaf->hints[at] = (uint32_t)key->part[0];
        }
        leaf->count++;
        leaf->latest = at;
}

static void put_child(struct wins_order_inner *inner, uint32_t at, const struct wins_order_key *key, void *child)
{
        memmove(&inner->keys[at + 1], &inner->keys[at], (inner->count - at) * sizeof(inner->keys[0]));
        memmove(&inner->children[at + 1], &inner->children[at], (inner->count - at) * sizeof(inner->children[0]));
        inner->keys[at] = *key;
        inner->children[at] = child;
        inner->count++;
}

/* Moves the items of LEAF from FROM on to the end of OTHER. */
static void move_items(const struct wins_order *order, struct wins_order_leaf *leaf, uint32_t from,
                       struct wins_order_leaf *other)
{
        const uint32_t count = leaf->count - from;

        memcpy(&other->items[other->count], &leaf->items[from], count * sizeof(leaf->items[0]));
        if (order->hinted)
                memcpy(&other->hints[other->count], &leaf->hints[from], count * sizeof(leaf->hints[0]));
        other->count += count;
        leaf->count = from;
}

static void move_children(struct wins_order_inner *inner, uint32_t from, struct wins_order_inner *other)
{
        const uint32_t count = inner->count - from;

        memcpy(&other->keys[other->count], &inner->keys[from], count * sizeof(inner->keys[0]));
        memcpy(&other->children[other->count], &inner->children[from], count * sizeof(inner->children[0]));
        other->count += count;
        inner->count = from;
}

/* From where on a full leaf gives its content away, if something is to come in at AT. What comes in order leaves full leaves behind,
 * at the end of all and within: then it parts right there, and goes on at the end of the left one. */
static uint32_t parting(const struct wins_order_leaf *leaf, uint32_t at)
{
        return at == leaf->count || at == leaf->latest + 1 ? at : leaf->count / 2;
}

static void grow_root(struct wins_order *order, const struct wins_order_key *key, void *right)
{
        struct wins_order_inner *root = take_inner(order);

        root->count = 2;
        root->keys[0] = (struct wins_order_key){{0}};
        root->keys[1] = *key;
        root->children[0] = order->root;
        root->children[1] = right;
        order->root = root;
        order->levels++;
}

/* NODE, whose keys begin at KEY, becomes the right neighbour of what PATH leads to below LEVELS levels. */
static void add_right(struct wins_order *order, struct path *path, unsigned levels, struct wins_order_key key,
                      void *node)
{
        while (levels > 0) {
                struct wins_order_inner *inner = path->nodes[levels - 1];
                const uint32_t at = path->at[levels - 1] + 1;

                if (inner->count < FAN) {
                        put_child(inner, at, &key, node);
                        return;
                }
                struct wins_order_inner *right = take_inner(order);
                const uint32_t from = at == inner->count ? at : inner->count / 2;
                move_children(inner, from, right);
                if (at >= from)
                        put_child(right, at - from, &key, node);
                else
                        put_child(inner, at, &key, node);
                key = right->keys[0];
                node = right;
                levels--;
        }
        grow_root(order, &key, node);
}

static struct wins_order_leaf *split_leaf(struct wins_order *order, struct wins_order_leaf *leaf, uint32_t from)
{
        struct wins_order_leaf *right = take_leaf(order);

        move_items(order, leaf, from, right);
        right->prev = leaf;
        right->next = leaf->next;
        if (right->next)
                right->next->prev = right;
        leaf->next = right;
        return right;
}

void wins_order_insert(struct wins_order *order, const struct wins_order_key *key, uint32_t item)
{
        struct path path;

        if (!order->root)
                order->root = take_leaf(order);
        struct wins_order_leaf *leaf = descend(order, key, &path);
        const uint32_t at = place_in_leaf(order, leaf, key);
        order->count++;
        if (leaf->count < LEAF_ITEMS) {
                put_item(order, leaf, at, key, item);
                return;
        }
        const uint32_t from = parting(leaf, at);
        struct wins_order_leaf *right = split_leaf(order, leaf, from);
        const bool goes_left = at <= from && leaf->count < LEAF_ITEMS;
        if (goes_left)
                put_item(order, leaf, at, key, item);
        else
                put_item(order, right, at - from, key, item);
        /* what is in the tree has its key already; what is coming in may not */
        const bool is_first = !goes_left && at == from;
        add_right(order, &path, order->levels, is_first ? *key : order->key(order->context, right->items[0]), right);
}

/* ---- removing ------------------------------------------------------------------------------------------------------------ */

static void drop_child(struct wins_order_inner *inner, uint32_t at)
{
        inner->count--;
        memmove(&inner->keys[at], &inner->keys[at + 1], (inner->count - at) * sizeof(inner->keys[0]));
        memmove(&inner->children[at], &inner->children[at + 1], (inner->count - at) * sizeof(inner->children[0]));
}

static void drop_leaf(struct wins_order *order, struct wins_order_leaf *leaf)
{
        if (leaf->prev)
                leaf->prev->next = leaf->next;
        if (leaf->next)
                leaf->next->prev = leaf->prev;
        give_leaf(order, leaf);
}

/* Leaves I and I + 1 of PARENT become one if they fit. */
static bool join_leaves(struct wins_order *order, struct wins_order_inner *parent, uint32_t i)
{
        struct wins_order_leaf *left = parent->children[i], *right = parent->children[i + 1];

        if (left->count + right->count > LEAF_MERGED)
                return false;
        move_items(order, right, 0, left);
        drop_leaf(order, right);
        drop_child(parent, i + 1);
        return true;
}

static bool join_inners(struct wins_order *order, struct wins_order_inner *parent, uint32_t i)
{
        struct wins_order_inner *left = parent->children[i], *right = parent->children[i + 1];

        if (left->count + right->count > FAN_MERGED)
                return false;
        right->keys[0] = parent->keys[i + 1];
        move_children(right, 0, left);
        give_inner(order, right);
        drop_child(parent, i + 1);
        return true;
}

static bool join(struct wins_order *order, struct wins_order_inner *parent, uint32_t at, bool leaves)
{
        bool (*const pair)(struct wins_order *, struct wins_order_inner *, uint32_t) =
                leaves ? join_leaves : join_inners;

        return (at + 1 < parent->count && pair(order, parent, at)) || (at > 0 && pair(order, parent, at - 1));
}

static uint32_t node_count(const void *node, bool is_leaf)
{
        return is_leaf ? ((const struct wins_order_leaf *)node)->count : ((const struct wins_order_inner *)node)->count;
}

/* After the node below LEVELS levels of PATH has lost something: empty nodes go, small ones join a neighbour, up to the root. */
static void shrink(struct wins_order *order, const struct path *path)
{
        for (unsigned levels = order->levels; levels > 0; levels--) {
                struct wins_order_inner *parent = path->nodes[levels - 1];
                const uint32_t at = path->at[levels - 1];
                const bool is_leaf = levels == order->levels;
                void *node = parent->children[at];
                const uint32_t count = node_count(node, is_leaf);

                if (count == 0) {
                        drop_child(parent, at);
                        if (is_leaf)
                                drop_leaf(order, node);
                        else
                                give_inner(order, node);
                } else if (count >= (is_leaf ? LEAF_ITEMS : FAN) / 2 || !join(order, parent, at, is_leaf)) {
                        break;
                }
        }
}

static void shrink_root(struct wins_order *order)
{
        while (order->levels > 0 && node_count(order->root, false) <= 1) {
                struct wins_order_inner *root = order->root;

                order->root = root->count ? root->children[0] : NULL;
                order->levels = root->count ? order->levels - 1 : 0;
                give_inner(order, root);
        }
        if (order->root && order->count == 0) {
                give_leaf(order, order->root);
                order->root = NULL;
        }
}

void wins_order_remove(struct wins_order *order, const struct wins_order_key *key)
{
        struct path path;
        struct wins_order_leaf *leaf = descend(order, key, &path);
        const uint32_t at = place_in_leaf(order, leaf, key);

        leaf->count--;
        memmove(&leaf->items[at], &leaf->items[at + 1], (leaf->count - at) * sizeof(leaf->items[0]));
        if (order->hinted)
                memmove(&leaf->hints[at], &leaf->hints[at + 1], (leaf->count - at) * sizeof(leaf->hints[0]));
        order->count--;
        shrink(order, &path);
        shrink_root(order);
}
