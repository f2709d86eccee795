#include "daemon/setup.h"

#include "daemon/log.h"
#include "store/regfile.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int load_failure(const char *path, int r, const struct reg_error *at, struct strbuf *error)
{
        const int saved = errno;

        if (at->line)
                strbuf_printf(error,
                              "settings file %s cannot be read: line %u: expected %s; correct it (netbt reg check "
                              "tells more)",
                              path, at->line, at->expected);
        else
                strbuf_printf(error, "settings file %s cannot be read: %s; check it and its permissions", path,
                              r == NBT_ERR_IO ? strerror(saved) : nbt_err_str(r));
        return r;
}

static int load_document(const struct daemon_switches *switches, struct reg_doc **ret, struct strbuf *error)
{
        const char *path = switches->config_path;
        struct reg_error at = {0};
        const int r = regfile_load(path, ret, &at);

        if (r == 0)
                return 0;
        if (r == NBT_ERR_NOT_FOUND && switches->config_given) {
                strbuf_printf(error, "settings file %s is not there; correct --config, or make it with netbt reg",
                              path);
                return r;
        }
        if (r == NBT_ERR_NOT_FOUND) {
                *ret = NULL;
                return 0;
        }
        return load_failure(path, r, &at, error);
}

static int build(const struct daemon_switches *switches, const struct reg_doc *doc, struct setup *setup,
                 struct strbuf *error)
{
        char host[256] = "";
        int r = settings_effective_build(doc, &setup->arena, &setup->settings);

        if (r < 0) {
                strbuf_add(error, "settings cannot be taken: out of memory");
                return r;
        }
        if (gethostname(host, sizeof host - 1) < 0)
                host[0] = '\0';
        return daemon_config_build(&setup->settings, switches, host, &setup->config, error);
}

int setup_load(const struct daemon_switches *switches, struct setup *ret, struct strbuf *error)
{
        struct setup fresh = {0};
        struct reg_doc *doc = NULL;
        int r = load_document(switches, &doc, error);

        if (r < 0) {
                ret->event_id = 4301;
                return r;
        }
        r = build(switches, doc, &fresh, error);
        reg_doc_free(doc);
        if (r < 0) {
                arena_done(&fresh.arena);
                return r;
        }
        setup_done(ret);
        *ret = fresh;
        ret->config.settings = &ret->settings;
        return 0;
}

void setup_done(struct setup *setup)
{
        arena_done(&setup->arena);
        *setup = (struct setup){0};
}

void setup_log(const struct setup *setup)
{
        struct arena scratch = ARENA_INIT;

        for (size_t i = 0; i < setup->settings.complaint_count; i++) {
                const struct settings_complaint *complaint = &setup->settings.complaints[i];
                const char *line = settings_complaint_format(complaint, &scratch);

                if (line)
                        log_line(complaint->level == SETTINGS_NOTE ? 1 : 0, "settings: %s", line);
        }
        if (setup->config.name_was_cut)
                log_line(0, "the host name is longer than 15 bytes: the NetBIOS name is cut to %s",
                         setup->config.node.computer);
        arena_done(&scratch);
}
