/* netbt dhcp check --wins: the addresses of leases that a WINS server's database gives to another name. */
#include "cli/dhcp_cmd.h"
#include "cli/wins_cmd.h"

#include "dhcp/check.h"
#include "wins/record.h"

struct comparison {
        struct checker *checker;
        bool failed;
};

/* A computer's own names: users and services may be called otherwise than their machine. */
static bool is_computer(const struct wins_record *record)
{
        const uint8_t suffix = nb_name_suffix(&record->name);

        return (record->type == WINS_UNIQUE || record->type == WINS_MULTIHOMED) && (suffix == 0x00 || suffix == 0x20);
}

static int take_page(void *context, const struct ctl_wins_reply *page)
{
        struct comparison *comparison = context;

        for (size_t i = 0; i < page->row_count; i++) {
                const struct wins_record *record = &page->rows[i];
                char stem[NB_NAME_TEXT_BYTES];

                if (!is_computer(record))
                        continue;
                nb_name_format_stem(&record->name, stem);
                for (size_t j = 0; j < record->member_count; j++)
                        if (checker_compare(comparison->checker, record->members[j].address, stem, "WINS") < 0) {
                                comparison->failed = true;
                                return NBT_ERR_NOMEM;
                        }
        }
        return 0;
}

int dhcp_check_wins(const struct dhcp_request *request, struct checker *checker)
{
        const struct ctl_wins_request active = {.filter = {.has_state = true, .state = WINS_ACTIVE}};
        struct comparison comparison = {.checker = checker};
        struct wins_talk talk = {.ctx = request->ctx};
        const int r = ctl_connect_socket(request->wins, &talk.client);

        if (r < 0)
                return cli_failf(request->ctx, CLI_EXIT_FAILED,
                                 "--wins %s: %s; give winsd's control socket (/run/netbt/node.sock)", request->wins,
                                 ctl_error_why(r));
        int exit = wins_talk_pages(&talk, CTL_REQUEST_WINS_SHOW, &active, 0, take_page, &comparison);

        wins_talk_close(&talk);
        if (exit == CLI_EXIT_OK && comparison.failed)
                exit = cli_fail(request->ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        return exit;
}
