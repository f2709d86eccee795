/* netbt dhcp check: what is wrong in lease databases. */
#include "base/instant.h"
#include "base/ip4.h"
#include "cli/dhcp_cmd.h"
#include "cli/name_json.h"

#include <jansson.h>
#include <string.h>

#define SHOWN 20 /* findings of a kind, without --all */

struct result {
        struct checker *checker;
        struct lease_file files[CHECK_MAX_FILES];
        size_t file_count;
};

const char *dhcp_place(struct dhcp_request *request, const char *path, unsigned line, uint64_t offset)
{
        const char *file = path ? path : "", *gap = path ? ", " : "";
        const char *text = line ? arena_printf(&request->arena, "%s%sline %u (byte %llu)", file, gap, line,
                                               (unsigned long long)offset)
                                : arena_printf(&request->arena, "%s%sbyte %llu", file, gap, (unsigned long long)offset);

        return text ? text : "?";
}

static const char *place(struct dhcp_request *request, const struct result *result, const struct check_ref *ref)
{
        const char *path = result->file_count > 1 ? result->files[ref->file].path : NULL;

        return dhcp_place(request, path, ref->line, ref->offset);
}

/* ---- text --------------------------------------------------------------------------------------------------------- */

static const char *who(struct dhcp_request *request, const struct check_ref *ref)
{
        char mac[MAC_TEXT_BYTES] = "";
        const char *name = ref->lease.name;

        if (ref->lease.has_mac)
                mac_format(ref->lease.mac, mac);
        const char *text = arena_printf(&request->arena, "%s%s%s", name, *name && *mac ? " " : "", mac);

        return text && *text ? text : "an unnamed client";
}

/* "2026-11-22 09:33:23"; RET holds WALL_TEXT_BYTES. */
static void format_time(int64_t time_s, char *ret)
{
        if (time_s == LEASE_NEVER || time_s == 0) {
                (void)snprintf(ret, WALL_TEXT_BYTES, time_s ? "for ever" : "?");
                return;
        }
        wall_format((wall_t){time_s * 1000000}, ret);
        ret[10] = ' ';
        ret[19] = '\0';
}

static const char *period(struct dhcp_request *request, const struct check_ref *ref)
{
        char from[WALL_TEXT_BYTES], to[WALL_TEXT_BYTES];

        format_time(ref->lease.starts_s, from);
        format_time(ref->lease.ends_s, to);
        const char *text = arena_printf(&request->arena, "%s to %s", from, to);

        return text ? text : "?";
}

static void print_finding(struct dhcp_request *request, const struct result *result, const struct check_finding *f)
{
        FILE *out = request->ctx->out;
        char a[IP4_TEXT_BYTES], b[IP4_TEXT_BYTES];

        if (f->kind == CHECK_DAMAGE) {
                fprintf(out, "  %s: %s\n", place(request, result, &f->a), f->why);
                return;
        }
        ip4_format(f->a.lease.address, a);
        fprintf(out, "  %s: %s, %s, %s", a, who(request, &f->a), period(request, &f->a), place(request, result, &f->a));
        if (f->b.lease.address) {
                ip4_format(f->b.lease.address, b);
                fprintf(out, "\n    and %s: %s, %s, %s", b, who(request, &f->b), period(request, &f->b),
                        place(request, result, &f->b));
        }
        fprintf(out, "%s%s\n", f->why ? ": " : "", f->why ? f->why : "");
        arena_reset(&request->arena);
}

static void print_kind(struct dhcp_request *request, const struct result *result, enum check_kind kind)
{
        const size_t count = checker_count(result->checker, kind), limit = request->all ? CHECK_KEPT : SHOWN;
        const struct check_finding *f = NULL;
        size_t i = 0;

        if (count == 0)
                return;
        fprintf(request->ctx->out, "\n%s%s (%s): %zu\n", check_is_fault(kind) ? "" : "Remark, ", check_kind_str(kind),
                check_kind_title(kind), count);
        for (; i < limit && (f = checker_finding(result->checker, kind, i)); i++)
                print_finding(request, result, f);
        if (i < count)
                fprintf(request->ctx->out, "  and %zu more%s\n", count - i, request->all ? "" : "; --all shows them");
}

static void print_text(struct dhcp_request *request, const struct result *result, size_t faults)
{
        for (size_t i = 0; i < result->file_count; i++)
                fprintf(request->ctx->out, "%s: %s%s\n", result->files[i].path,
                        result->files[i].format == LEASE_FORMAT_UNKNOWN ? "empty"
                                                                        : lease_format_str(result->files[i].format),
                        result->files[i].format == LEASE_FORMAT_WINDOWS ? " (read only: it cannot be repaired here)"
                                                                        : "");
        fprintf(request->ctx->out, "%zu addresses, %zu active leases: %s\n", checker_addresses(result->checker),
                checker_active(result->checker), faults ? "something is wrong" : "nothing is wrong");
        /* what is printed was counted: the arena is free for lines */
        for (enum check_kind kind = 0; kind < CHECK_KIND_MAX; kind++)
                print_kind(request, result, kind);
}

/* ---- JSON --------------------------------------------------------------------------------------------------------- */

static json_t *json_time(int64_t time_s)
{
        char text[WALL_TEXT_BYTES];

        if (time_s == 0)
                return json_null();
        if (time_s == LEASE_NEVER)
                return json_string("never");
        wall_format((wall_t){time_s * 1000000}, text);
        return json_string(text);
}

static json_t *json_ref(const struct result *result, const struct check_ref *ref)
{
        char address[IP4_TEXT_BYTES], mac[MAC_TEXT_BYTES];
        json_t *row = json_pack("{s:o, s:o, s:I}", "file", json_from_text(result->files[ref->file].path), "line",
                                ref->line ? json_integer(ref->line) : json_null(), "offset", (json_int_t)ref->offset);

        if (!row || ref->lease.address == 0)
                return row;
        ip4_format(ref->lease.address, address);
        mac_format(ref->lease.mac, mac);
        json_object_set_new(row, "address", json_string(address));
        json_object_set_new(row, "mac", ref->lease.has_mac ? json_string(mac) : json_null());
        json_object_set_new(row, "name", *ref->lease.name ? json_from_text(ref->lease.name) : json_null());
        json_object_set_new(row, "state", json_string(lease_state_str(ref->lease.state)));
        json_object_set_new(row, "starts", json_time(ref->lease.starts_s));
        json_object_set_new(row, "ends", json_time(ref->lease.ends_s));
        return row;
}

static json_t *json_findings(const struct result *result)
{
        json_t *list = json_array();
        const struct check_finding *f;

        for (enum check_kind kind = 0; kind < CHECK_KIND_MAX; kind++)
                for (size_t i = 0; (f = checker_finding(result->checker, kind, i)); i++)
                        json_array_append_new(
                                list, json_pack("{s:s, s:b, s:s?, s:o, s:o}", "kind", check_kind_str(kind), "fault",
                                                check_is_fault(kind), "why", f->why, "first", json_ref(result, &f->a),
                                                "second", f->b.lease.address ? json_ref(result, &f->b) : json_null()));
        return list;
}

static int print_json(struct dhcp_request *request, const struct result *result)
{
        json_t *files = json_array(), *counts = json_object();

        for (size_t i = 0; i < result->file_count; i++)
                json_array_append_new(files, json_pack("{s:o, s:s, s:b}", "path", json_from_text(result->files[i].path),
                                                       "format", lease_format_str(result->files[i].format),
                                                       "can_repair", result->files[i].format != LEASE_FORMAT_WINDOWS));
        for (enum check_kind kind = 0; kind < CHECK_KIND_MAX; kind++)
                json_object_set_new(counts, check_kind_str(kind),
                                    json_integer((json_int_t)checker_count(result->checker, kind)));
        json_t *document = json_pack("{s:o, s:I, s:I, s:o, s:o}", "files", files, "addresses",
                                     (json_int_t)checker_addresses(result->checker), "active",
                                     (json_int_t)checker_active(result->checker), "counts", counts, "findings",
                                     json_findings(result));

        if (!document)
                return cli_fail(request->ctx, CLI_EXIT_FAILED, NULL, nbt_err_str(NBT_ERR_NOMEM), NULL);
        json_print(request->ctx->out, document, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        return 0;
}

int dhcp_check(struct dhcp_request *request)
{
        struct result result = {0};
        struct arena paths = ARENA_INIT;
        size_t faults = 0;
        int exit = 0;

        if (request->argc == 0)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "check", "needs one FILE or more",
                                "see 'netbt dhcp --help'");
        if (checker_new(&result.checker) < 0)
                return cli_fail(request->ctx, CLI_EXIT_FAILED, NULL, nbt_err_str(NBT_ERR_NOMEM), NULL);
        exit = lease_files_check(request->ctx, (const char *const *)request->argv, (size_t)request->argc,
                                 request->format, LEASE_FILES_DATABASES, &paths, result.checker, result.files,
                                 &result.file_count);
        if (exit == 0 && request->wins)
                exit = dhcp_check_wins(request, result.checker);
        for (enum check_kind kind = 0; kind < CHECK_KIND_MAX; kind++)
                faults += check_is_fault(kind) ? checker_count(result.checker, kind) : 0;
        if (exit == 0 && request->ctx->json)
                exit = print_json(request, &result);
        else if (exit == 0)
                print_text(request, &result, faults);
        checker_free(result.checker);
        arena_done(&paths);
        return exit ? exit : faults ? CLI_EXIT_FOUND : CLI_EXIT_OK;
}
