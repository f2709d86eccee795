#include "cli/report.h"

#include "cli/diagnose_timeline.h"

#include <string.h>
#include <unistd.h>

const char *report_link_str(enum report_link_kind kind)
{
        static const char *const words[LINK_KIND_MAX] = {
                [LINK_LOST] = "wants it: in conflict",
                [LINK_HOLDS] = "holds it",
                [LINK_SAID] = "is said to hold it",
                [LINK_DEMANDS] = "disputes it",
        };

        return kind < LINK_KIND_MAX ? words[kind] : "";
}

const char *report_next_piece(struct arena *arena, const char **text)
{
        const size_t len = strcspn(*text, "`");
        const char *piece = arena_printf(arena, "%.*s", (int)len, *text);

        *text += len + ((*text)[len] == '`');
        return piece ? piece : "";
}

/* ---- who holds what ----------------------------------------------------------------------------------------------- */

static size_t find_name(struct report_picture *picture, const struct nb_name *name)
{
        for (size_t i = 0; i < picture->name_count; i++)
                if (nb_name_equal(&picture->names[i], name))
                        return i;
        if (picture->name_count < REPORT_MAX_NAMES)
                picture->names[picture->name_count++] = *name;
        else
                return REPORT_MAX_NAMES;
        return picture->name_count - 1;
}

static size_t find_machine(const struct report_picture *picture, uint32_t address, bool is_here)
{
        for (size_t i = 0; i < picture->machine_count; i++)
                if (picture->machines[i].address == address &&
                    (address != 0 || picture->machines[i].is_here == is_here))
                        return i;
        return picture->machine_count;
}

/* Its computer name by its own name table; NULL if it told none. */
static const char *computer_at(const struct report *report, uint32_t address)
{
        const struct nbstat_table *table = snapshot_names(&report->collection->snapshot, address);
        const int at = table ? nbstat_table_computer(table) : NBT_ERR_NOT_FOUND;
        char text[NB_NAME_TEXT_BYTES];

        if (at < 0)
                return NULL;
        nb_name_format_stem(&table->entries[at].name, text);
        return arena_strdup(report->arena, text);
}

static int describe_machine(const struct report *report, struct report_machine *machine, const char *computer)
{
        char ip[IP4_TEXT_BYTES] = "", mac_text[MAC_TEXT_BYTES] = "";
        uint8_t mac[6];

        if (machine->address)
                ip4_format(machine->address, ip);
        if (machine->address && snapshot_find_mac(&report->collection->snapshot, machine->address, mac, NULL))
                mac_format(mac, mac_text);
        if (!computer && machine->is_here)
                computer = "this machine";
        if (!computer && !machine->address)
                computer = "the logging machine";
        machine->label = arena_strdup(report->arena, computer ? computer : ip);
        machine->ip = arena_strdup(report->arena, computer ? ip : "");
        machine->mac = arena_strdup(report->arena, mac_text);
        return machine->label && machine->ip && machine->mac ? 0 : NBT_ERR_NOMEM;
}

/* The machine's place, where it has one now; REPORT_MAX_MACHINES if there is none left. */
static int add_machine(struct report *report, uint32_t address, bool is_here, const char *computer, size_t *ret)
{
        struct report_picture *picture = &report->picture;
        const char *told = computer_at(report, address);

        if (told)
                computer = told;
        *ret = find_machine(picture, address, is_here);
        if (*ret < picture->machine_count)
                return computer ? describe_machine(report, &picture->machines[*ret], computer) : 0;
        if (picture->machine_count == REPORT_MAX_MACHINES) {
                *ret = REPORT_MAX_MACHINES;
                picture->is_cut = true;
                return 0;
        }
        picture->machines[*ret] = (struct report_machine){.address = address, .is_here = is_here};
        picture->machine_count++;
        return describe_machine(report, &picture->machines[*ret], computer);
}

static void add_link(struct report_picture *picture, size_t name, size_t machine, enum report_link_kind kind)
{
        for (size_t i = 0; i < picture->link_count; i++)
                if (picture->links[i].name == name && picture->links[i].machine == machine) {
                        if (kind < picture->links[i].kind)
                                picture->links[i].kind = kind;
                        return;
                }
        if (name == REPORT_MAX_NAMES || machine == REPORT_MAX_MACHINES || picture->link_count == REPORT_MAX_LINKS)
                picture->is_cut = true;
        else
                picture->links[picture->link_count++] = (struct report_link){name, machine, kind};
}

/* Who merely refused or demanded holds nothing: a WINS server does it for another. */
static enum report_link_kind kind_of(const struct snapshot *snapshot, const struct case_holder *holder)
{
        if (holder->in_table || holder->answered || capture_is_own_word(holder->seen))
                return LINK_HOLDS;
        if (holder->told_by_wins || holder->seen ||
            ((holder->refused || holder->took) && !snapshot_is_wins(snapshot, holder->address)))
                return LINK_SAID;
        return LINK_DEMANDS;
}

static int draw_case(struct report *report, const struct diagnose_case *c)
{
        const struct snapshot *snapshot = &report->collection->snapshot;
        struct report_picture *picture = &report->picture;
        const size_t name = find_name(picture, &c->name);
        size_t machine;
        int r = add_machine(report, c->address, c->here, c->computer, &machine);

        if (r == 0)
                add_link(picture, name, machine, c->registered ? LINK_HOLDS : LINK_LOST);
        for (size_t i = 0; i < c->holder_count && r == 0; i++) {
                const struct case_holder *holder = &c->holders[i];

                r = add_machine(report, holder->address, snapshot_find_iface(snapshot, holder->address) != NULL, NULL,
                                &machine);
                if (r == 0)
                        add_link(picture, name, machine, kind_of(snapshot, holder));
        }
        return r;
}

static int draw(struct report *report)
{
        int r = 0;

        for (size_t i = 0; i < report->diagnosis->finding_count && r == 0; i++)
                if (report->diagnosis->findings[i].c->has_name)
                        r = draw_case(report, report->diagnosis->findings[i].c);
        return r;
}

/* ---- what was looked at ------------------------------------------------------------------------------------------- */

static const char *file_or_stdin(const char *path)
{
        return strcmp(path, "-") == 0 ? "standard input" : path;
}

static void list_sources(struct report *report)
{
        const struct collect_request *request = report->request;
        const struct snapshot *snapshot = &report->collection->snapshot;
        struct texts *sources = &report->sources;

        *sources = texts_init(report->arena);
        if (request->event_path)
                texts_add(sources, "event text: %s", file_or_stdin(request->event_path));
        for (size_t i = 0; i < request->log_count; i++)
                texts_add(sources, "event log: %s", request->logs[i].path);
        if (!report->collection->is_given && snapshot->event_count > 0)
                texts_add(sources, "the event log of this machine");
        if (report->collection->node_runs && snapshot->events_are_ours)
                texts_add(sources, "the name table of this machine's node");
        if (request->reg_path)
                texts_add(sources, "settings: %s", request->reg_path);
        for (size_t i = 0; i < request->lease_count; i++)
                texts_add(sources, "lease database: %s", request->leases[i]);
        for (size_t i = 0; i < request->wins_count; i++)
                texts_add(sources, "WINS server: %s", request->wins[i]);
        for (size_t i = 0; i < snapshot->captures.file_count; i++)
                texts_add(sources, "capture: %s (%llu frames)", snapshot->captures.files[i].name,
                          (unsigned long long)snapshot->captures.files[i].frames);
        if (snapshot->asked)
                texts_add(sources, "the network, which was asked who holds the names");
        else
                texts_add(sources, "the network was not asked%s%s", snapshot->why_not_asked ? ": " : "",
                          snapshot->why_not_asked ? snapshot->why_not_asked : "");
}

/* ---- all together ------------------------------------------------------------------------------------------------- */

/* The first story whose name is known speaks for all. */
static const struct story *title_story(const struct report *report)
{
        for (size_t i = 0; i < report->story_count; i++)
                if (report->stories[i].name_count > 0)
                        return &report->stories[i];
        return &report->stories[0];
}

static int make_title(struct report *report)
{
        const struct story *story = title_story(report);
        struct strbuf names = STRBUF_INIT;

        if (report->story_count == 0) {
                report->title = "No NetBIOS name is in conflict";
                return 0;
        }
        story_names(story, &names);
        report->title = report->story_count == 1
                                ? arena_printf(report->arena, "%s: %s", strbuf_str(&names), story_title(story))
                                : arena_printf(report->arena, "%s: %s, and %zu more", strbuf_str(&names),
                                               story_title(story), report->story_count - 1);
        const bool good = strbuf_ok(&names) && report->title;

        strbuf_done(&names);
        return good ? 0 : NBT_ERR_NOMEM;
}

static int make_timeline(struct report *report)
{
        const int r =
                diagnose_timeline_build(&report->collection->snapshot, report->arena, &report->timeline, &report->skew);

        if (r == 0 && report->timeline.count > REPORT_MAX_ROWS) {
                report->rows_left_out = report->timeline.count - REPORT_MAX_ROWS;
                report->timeline.rows += report->rows_left_out;
                report->timeline.count = REPORT_MAX_ROWS;
        }
        return r;
}

int report_build(struct report *report)
{
        int r = make_timeline(report);

        if (gethostname(report->host, sizeof report->host - 1) < 0)
                report->host[0] = '\0';
        report->story_count = story_gather(report->diagnosis, report->stories);
        list_sources(report);
        if (r == 0)
                r = make_title(report);
        if (r == 0)
                r = draw(report);
        return r < 0 || report->sources.failed ? NBT_ERR_NOMEM : 0;
}
