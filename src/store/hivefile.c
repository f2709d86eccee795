#include "store/hivefile.h"

#include "base/rd.h"

#include <errno.h>
#include <hivex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_KEY "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\"
#define DEPTH_MAX 3 /* below the roots: Parameters\Interfaces\{…} */
#define KEYS_MAX 4096
#define VALUES_MAX 32768
#define VALUE_MAX_BYTES 65536
#define HIVE_MAX_BYTES (512 << 20)

/* The keys whose values the settings know (settings/schema.h), and what is below them. */
static const char *const roots[] = {
        "Control\\ComputerName",
        "Control\\Network\\{4D36E972-E325-11CE-BFC1-08002BE10318}",
        "Services\\NetBT\\Parameters",
        "Services\\NetBT\\Adapters",
        "Services\\Tcpip\\Parameters",
        "Services\\Tcpip\\Linkage",
        "Services\\WINS",
};

struct loading {
        hive_h *hive;
        struct arena *arena;
        struct reg_doc *doc;
        struct hive_report *report;
};

static void count_unreadable(struct loading *l, const char *key, const char *name)
{
        if (l->report->unreadable_count++ == 0)
                l->report->unreadable = arena_printf(l->arena, "%s%s%s", key, *name ? "\\" : "", name);
}

/* UTF-16LE of a hive to what struct reg_value holds: UTF-8, NULs at the ends. hivex converts, and refuses what is none. */
static int read_texts(struct loading *l, hive_value_h value, hive_type type, struct reg_value *ret)
{
        struct strbuf sb = STRBUF_INIT;

        if (type == hive_t_REG_MULTI_SZ) {
                char **texts = hivex_value_multiple_strings(l->hive, value);

                if (!texts)
                        return NBT_ERR_MALFORMED;
                for (size_t i = 0; texts[i]; i++) {
                        if (*texts[i]) /* hivex gives the empty one that ends the list, too */
                                strbuf_add_bytes(&sb, texts[i], strlen(texts[i]) + 1);
                        free(texts[i]);
                }
                free((void *)texts);
        } else {
                char *text = hivex_value_string(l->hive, value);

                if (!text)
                        return NBT_ERR_MALFORMED;
                strbuf_add_bytes(&sb, text, strlen(text) + 1);
                free(text);
        }
        ret->len_bytes =
                type == hive_t_REG_MULTI_SZ ? sb.len_bytes : sb.len_bytes - 1; /* a text's NUL does not count */
        ret->data = strbuf_ok(&sb) ? arena_copy(l->arena, strbuf_str(&sb), sb.len_bytes + 1) : NULL;
        strbuf_done(&sb);
        return ret->data ? 0 : NBT_ERR_NOMEM;
}

static int read_data(struct loading *l, hive_value_h value, struct reg_value *ret)
{
        hive_type type;
        size_t len_bytes = 0;

        if (hivex_value_type(l->hive, value, &type, &len_bytes) < 0 || len_bytes > VALUE_MAX_BYTES)
                return NBT_ERR_MALFORMED;
        ret->type = (uint32_t)type;
        if (type == hive_t_REG_SZ || type == hive_t_REG_EXPAND_SZ || type == hive_t_REG_MULTI_SZ)
                return read_texts(l, value, type, ret);
        char *bytes = hivex_value_value(l->hive, value, &type, &len_bytes);

        if (!bytes)
                return NBT_ERR_MALFORMED;
        ret->data = arena_copy(l->arena, bytes, len_bytes);
        ret->len_bytes = len_bytes;
        free(bytes);
        return ret->data ? 0 : NBT_ERR_NOMEM;
}

/* NBT_ERR_NOMEM alone ends the loading. */
static int load_value(struct loading *l, const char *key, hive_value_h value)
{
        struct reg_value data = {0};
        char *name = hivex_value_key(l->hive, value);

        if (!name) {
                count_unreadable(l, key, "(a value)");
                return 0;
        }
        int r = read_data(l, value, &data);

        if (r == 0)
                r = reg_doc_set(l->doc, key, name, &data);
        if (r == 0)
                l->report->value_count++;
        else if (r != NBT_ERR_NOMEM)
                count_unreadable(l, key, name);
        free(name);
        return r == NBT_ERR_NOMEM ? r : 0;
}

static int load_values(struct loading *l, const char *key, hive_node_h node)
{
        hive_value_h *values = hivex_node_values(l->hive, node);
        int r = 0;

        if (!values)
                count_unreadable(l, key, "");
        for (size_t i = 0; values && values[i] && r == 0 && l->report->value_count < VALUES_MAX; i++)
                r = load_value(l, key, values[i]);
        free(values);
        return r;
}

/* A key with its values and, down to DEPTH, what is below it. Recursion is bounded by DEPTH_MAX. */
static int load_key(struct loading *l, const char *key, hive_node_h node,
                    unsigned depth) /* NOLINT(misc-no-recursion) */
{
        int r = reg_doc_add_key(l->doc, key);

        if (r < 0 && r != NBT_ERR_NOMEM) {
                count_unreadable(l, key, "");
                return 0;
        }
        if (r < 0 || l->report->key_count++ > KEYS_MAX)
                return r;
        r = load_values(l, key, node);
        hive_node_h *children = depth < DEPTH_MAX && r == 0 ? hivex_node_children(l->hive, node) : NULL;

        if (!children && depth < DEPTH_MAX && r == 0)
                count_unreadable(l, key, "");
        for (size_t i = 0; children && children[i] && r == 0; i++) {
                char *name = hivex_node_name(l->hive, children[i]);
                const char *path = name ? arena_printf(l->arena, "%s\\%s", key, name) : NULL;

                if (path)
                        r = load_key(l, path, children[i], depth + 1);
                else
                        count_unreadable(l, key, "(a key)");
                free(name);
        }
        free(children);
        return r;
}

/* The key at PATH below NODE; 0 if there is none. */
static hive_node_h descend(hive_h *hive, hive_node_h node, const char *path)
{
        char part[128];

        while (node && *path) {
                const size_t len = strcspn(path, "\\");

                (void)snprintf(part, sizeof part, "%.*s", (int)len, path);
                node = hivex_node_get_child(hive, node, part);
                path += len + (path[len] == '\\');
        }
        return node;
}

/* Which control set Windows started with; 0 if the hive does not tell: it is not SYSTEM. */
static unsigned current_set(hive_h *hive)
{
        const hive_node_h select = descend(hive, hivex_root(hive), "Select");
        const hive_value_h current = select ? hivex_node_get_value(hive, select, "Current") : 0;
        hive_type type;
        size_t len_bytes = 0;
        char *bytes = current ? hivex_value_value(hive, current, &type, &len_bytes) : NULL;
        unsigned set = 0;

        if (bytes && type == hive_t_REG_DWORD && len_bytes == 4) {
                struct rd rd = rd_init(bytes, len_bytes);

                set = rd_le32(&rd);
        }
        free(bytes);
        return set <= 999 ? set : 0;
}

static int load_roots(struct loading *l, struct strbuf *why)
{
        const unsigned set = current_set(l->hive);
        char name[24];
        int r = 0;

        (void)snprintf(name, sizeof name, "ControlSet%03u", set);
        const hive_node_h control = set > 0 ? descend(l->hive, hivex_root(l->hive), name) : 0;

        if (!control) {
                if (set > 0)
                        strbuf_printf(why, "Select\\Current names %s, which the hive has not", name);
                else
                        strbuf_add(why, "the hive has no Select\\Current: it is not SYSTEM");
                return NBT_ERR_UNSUPPORTED;
        }
        l->report->control_set = set;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(roots) && r == 0; i++) {
                const hive_node_h node = descend(l->hive, control, roots[i]);
                const char *key = arena_printf(l->arena, "%s%s", SYSTEM_KEY, roots[i]);

                if (!key)
                        return NBT_ERR_NOMEM;
                if (node)
                        r = load_key(l, key, node, 0);
        }
        return r;
}

static int open_hive(const char *path, hive_h **ret, struct strbuf *why)
{
        struct stat stat_;

        *ret = NULL;
        if (access(path, R_OK) == 0 && stat(path, &stat_) == 0) {
                if (!S_ISREG(stat_.st_mode) || stat_.st_size > HIVE_MAX_BYTES)
                        errno = EINVAL;
                else
                        *ret = hivex_open(path, 0);
        }
        if (*ret)
                return 0;
        const int error = errno;

        /* hivex calls what is no hive "not supported", and what is damaged an invalid argument */
        if (error == ENOTSUP || error == EINVAL)
                strbuf_add(why, "no registry hive, or its header (offsets 0 to 0xfff) is damaged");
        else
                strbuf_add(why, strerror(error));
        errno = error;
        if (error == ENOENT)
                return NBT_ERR_NOT_FOUND;
        if (error == ENOTSUP || error == EINVAL)
                return NBT_ERR_MALFORMED;
        return error == EACCES ? NBT_ERR_DENIED : error == ENOMEM ? NBT_ERR_NOMEM : NBT_ERR_IO;
}

int hivefile_load(const char *path, struct arena *arena, struct reg_doc **ret, struct hive_report *ret_report,
                  struct strbuf *why)
{
        struct hive_report report = {0};
        struct loading l = {.arena = arena, .report = &report};
        int r = open_hive(path, &l.hive, why);

        if (r < 0)
                return r;
        r = reg_doc_new(&l.doc, REG_ENC_UTF8);
        if (r == 0)
                r = load_roots(&l, why);
        (void)hivex_close(l.hive);
        if (r < 0) {
                reg_doc_free(l.doc);
                return r;
        }
        *ret = l.doc;
        *ret_report = report;
        return 0;
}
