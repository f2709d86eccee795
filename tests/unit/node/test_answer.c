/* What the node answers, resolves, and does when its interfaces and servers change. */
#include "harness.h"

#include <string.h>

static struct bench bench;

static void registered(enum node_type type, const char *wins)
{
        bench_init(&bench, type);
        bench.config.computer[0] = 0;
        memcpy(bench.config.users[0], "ANNA", 5);
        bench.config.user_count = 1;
        bench_begin(&bench, wins);
        if (type != NODE_TYPE_B)
                bench_answer(&bench, wins, NBNS_OPCODE_REGISTRATION, "ANNA<03>", 0, 3600);
        bench_run(&bench, 10000);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_clear(&bench);
}

static void queries_are_answered_for_registered_names(void **state)
{
        (void)state;
        registered(NODE_TYPE_B, "");
        bench_query(&bench, "10.0.0.9", "10.0.0.255", "ANNA<03>");
        assert_log(&bench, "eth0 > 10.0.0.9 QUERY-R rcode 0 ANNA<03> U 10.0.0.1", 1);
        bench_query(&bench, "10.3.0.9", "10.0.0.1", "ANNA<03>");
        assert_log(&bench, "eth0 > 10.3.0.9 QUERY-R rcode 0 ANNA<03> U 10.0.0.1", 1);
        bench_query(&bench, "10.0.0.9", "10.0.0.255", "OTHER<03>");
        bench_query(&bench, "10.0.0.9", "10.0.0.255", "ANNA<00>");
        bench_query(&bench, "10.3.0.9", "10.0.0.1", "OTHER<03>");
        assert_log(&bench, "", 2);
        bench_query(&bench, "10.0.0.9", "10.0.0.1", "OTHER<03>");
        assert_log(&bench, "QUERY-R rcode 3 OTHER<03>", 1);
        bench_done(&bench);
}

static void answers_list_all_addresses_unless_told_otherwise(void **state)
{
        (void)state;
        for (int single = 0; single < 2; single++) {
                bench_init(&bench, NODE_TYPE_B);
                bench.config.single_response = single;
                bench_begin(&bench, "");
                bench_iface(&bench, ETH1, "10.1.0.1", "", true);
                bench_run(&bench, 2000);
                bench_clear(&bench);
                bench_query(&bench, "10.1.0.9", "10.1.0.1", "FILESRV<20>");
                assert_log(&bench, "eth1 > 10.1.0.9 QUERY-R rcode 0 FILESRV<20> U 10.1.0.1", 1);
                assert_log(&bench, "U 10.0.0.1", single ? 0 : 1);
                bench_done(&bench);
        }
}

static void scopes_keep_nodes_apart(void **state)
{
        (void)state;
        bench_init(&bench, NODE_TYPE_B);
        assert_int_equal(nb_scope_parse("CORP.EXAMPLE", &bench.config.scope), 0);
        bench_begin(&bench, "");
        bench_run(&bench, 1000);
        bench_clear(&bench);
        bench_query(&bench, "10.0.0.9", "10.0.0.1", "FILESRV<20>");
        assert_log(&bench, "QUERY-R rcode 0", 1);
        bench.config.scope.len_bytes = 0;
        bench_query(&bench, "10.0.0.9", "10.0.0.1", "FILESRV<20>");
        bench_claim(&bench, "10.0.0.9", "10.0.0.1", "FILESRV<20>", 5, NODE_NAME_UNIQUE);
        bench_conflict_demand(&bench, "10.0.0.9", "10.0.0.1", "FILESRV<20>");
        assert_log(&bench, "", 1);
        bench_done(&bench);
}

static const struct nbstat_table *status_of(const struct sent *sent)
{
        static struct nbstat_table table;
        struct nbns_packet packet;

        assert_int_equal(nbns_packet_decode(sent->bytes, sent->len_bytes, &packet), 0);
        assert_int_equal(packet.answer.type, NBNS_TYPE_NBSTAT);
        assert_int_equal(nbstat_table_decode(packet.answer.rdata, packet.answer.rdata_len_bytes, &table), 0);
        return &table;
}

static void status_tells_names_flags_and_mac_on_link_only(void **state)
{
        const struct nb_name name = nm("ANNA<03>");

        (void)state;
        registered(NODE_TYPE_H, "10.9.0.1");
        bench_status(&bench, "10.3.0.9", "10.0.0.1", "*");
        assert_int_equal(bench.sent_count, 0);
        bench_status(&bench, "10.0.0.9", "10.0.0.1", "*");
        assert_int_equal(bench.sent_count, 1);
        const struct nbstat_table *table = status_of(&bench.sent[0]);
        const struct nbstat_entry *entry = nbstat_table_find(table, &name);
        assert_non_null(entry);
        assert_int_equal(entry->name_flags, NBSTAT_ACTIVE | NBNS_NB_ONT_H);
        assert_int_equal(table->statistics.unit_id[0], 2);
        bench_status(&bench, "10.0.0.9", "10.0.0.1", "OTHER<20>");
        assert_int_equal(bench.sent_count, 1);
        bench_run(&bench, 1790001); /* refused at its refresh: shown in conflict, with ACT as nb30.h has it */
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REFRESH, NULL, NBNS_RCODE_ACT_ERR, 0);
        bench_clear(&bench);
        bench_status(&bench, "10.0.0.9", "10.0.0.1", "*");
        entry = nbstat_table_find(status_of(&bench.sent[0]), &name);
        assert_int_equal(entry->name_flags, NBSTAT_ACTIVE | NBSTAT_CONFLICT | NBNS_NB_ONT_H);
        bench_done(&bench);
}

static void status_is_rate_limited(void **state)
{
        (void)state;
        registered(NODE_TYPE_B, "");
        for (int i = 0; i < 1000; i++)
                bench_status(&bench, "10.0.0.9", "10.0.0.1", "*");
        assert_int_equal(bench.sent_count, NODE_STATUS_BURST);
        bench_run(&bench, 500);
        for (int i = 0; i < 1000; i++)
                bench_status(&bench, "10.0.0.9", "10.0.0.1", "*");
        assert_int_equal(bench.sent_count, NODE_STATUS_BURST + NODE_STATUS_PER_SECOND / 2);
        bench_done(&bench);
}

/* ---- resolution ----------------------------------------------------------------------------------------------------------- */

static void broadcast_query_finds_a_name_and_caches_it(void **state)
{
        (void)state;
        registered(NODE_TYPE_B, "");
        bench_command(&bench, NODE_COMMAND_QUERY, "ANNA<03>", 0);
        assert_log(&bench, "= ", 1);
        assert_int_equal(bench.last_complete.from, NODE_FROM_LOCAL);
        bench_command(&bench, NODE_COMMAND_QUERY, "PRINT<20>", 0);
        assert_log(&bench, "eth0 > 10.0.0.255 QUERY PRINT<20> rd bcast", 1);
        bench_answer_query(&bench, "10.2.0.5", "PRINT<20>", "10.2.0.5", 0); /* BadTunnel: not from the segment */
        bench_answer_query(&bench, "10.0.0.5", "PRINT<20>", "10.0.0.5", 0);
        bench_answer_query(&bench, "10.0.0.5", "PRINT<20>", "10.0.0.5", 0); /* duplicated on the way */
        bench_run(&bench, 999);
        assert_log(&bench, "= ", 1);
        bench_run(&bench, 1);
        assert_log(&bench, "= ", 2);
        assert_int_equal(bench.last_result, 0);
        assert_int_equal(bench.last_complete.from, NODE_FROM_BROADCAST);
        assert_int_equal(bench.complete_addresses[0], ip("10.0.0.5"));
        bench_command(&bench, NODE_COMMAND_QUERY, "PRINT<20>", 0);
        assert_int_equal(bench.last_complete.from, NODE_FROM_CACHE);
        assert_log(&bench, "QUERY PRINT", 1);
        bench_run(&bench, NODE_CACHE_TIMEOUT_MS);
        bench_command(&bench, NODE_COMMAND_QUERY, "PRINT<20>", 0);
        assert_log(&bench, "QUERY PRINT", 2);
        bench_run(&bench, 3000);
        assert_log(&bench, "QUERY PRINT", 4);
        assert_int_equal(bench.last_result, NBT_ERR_NOT_FOUND);
        bench_done(&bench);
}

static void second_owner_is_told_and_both_are_reported(void **state)
{
        (void)state;
        registered(NODE_TYPE_B, "");
        bench_command(&bench, NODE_COMMAND_QUERY, "PRINT<20>", 0);
        bench_answer_query(&bench, "10.0.0.5", "PRINT<20>", "10.0.0.5", 0);
        bench_answer_query(&bench, "10.0.0.6", "PRINT<20>", "10.0.0.6", 0);
        bench_answer_query(&bench, "10.0.0.6", "PRINT<20>", "10.0.0.6", 0);
        assert_log(&bench, "eth0 > 10.0.0.6 REGISTRATION-R rcode 7 PRINT<20>", 1);
        assert_log(&bench, "! conflict-sent PRINT<20> eth0", 1);
        bench_run(&bench, 1000);
        assert_int_equal(bench.last_result, NBT_ERR_CONFLICT);
        assert_int_equal(bench.last_complete.holder_count, 2);
        assert_int_equal(bench.complete_holders[0], ip("10.0.0.5"));
        assert_int_equal(bench.complete_holders[1], ip("10.0.0.6"));
        bench_done(&bench);
}

static void one_machine_with_two_addresses_is_one_owner(void **state)
{
        struct nbns_packet query, packet;
        uint8_t rdata[12];

        (void)state;
        registered(NODE_TYPE_B, "");
        bench_command(&bench, NODE_COMMAND_QUERY, "PRINT<20>", 0);
        assert_int_equal(nbns_packet_decode(bench.sent[0].bytes, bench.sent[0].len_bytes, &query), 0);
        nbns_address_encode(&(struct nbns_address){0, ip("10.0.0.5")}, rdata);
        nbns_address_encode(&(struct nbns_address){0, ip("10.0.0.6")}, rdata + 6);
        nbns_build_query_response(&packet, query.header.id, &query.question.name, NULL, rdata, 12, 0, false);
        bench_packet(&bench, "10.0.0.5", "10.0.0.1", &packet);
        bench_packet(&bench, "10.0.0.6", "10.0.0.1", &packet);
        bench_answer_query(&bench, "10.0.0.6", "PRINT<20>", "10.0.0.6", 0);
        bench_run(&bench, 1000);
        assert_int_equal(bench.last_result, 0);
        assert_log(&bench, "conflict-sent", 0);
        bench_done(&bench);
}

static void h_node_asks_wins_then_segment_then_lmhosts_then_dns(void **state)
{
        struct node_lmhost host = {.name = nm("PRINT<20>"), .any_suffix = true, .address = 0x0A000055};
        struct node_event event = {.type = NODE_EVENT_COMMAND};

        (void)state;
        registered(NODE_TYPE_H, "10.9.0.1");
        bench_command(&bench, NODE_COMMAND_QUERY, "PRINT<20>", 0);
        bench_run(&bench, 10000);
        assert_log(&bench, "eth0 > 10.9.0.1 QUERY PRINT<20> rd", 3);
        assert_log(&bench, "14500 eth0 > 10.0.0.255 QUERY PRINT<20>", 1);
        assert_log(&bench, "eth0 > 10.0.0.255 QUERY PRINT<20>", 3);
        assert_int_equal(bench.last_result, NBT_ERR_NOT_FOUND);
        event.command =
                (struct node_command){.id = 9, .type = NODE_COMMAND_RELOAD, .lmhosts = &host, .lmhosts_count = 1};
        bench_step(&bench, &event);
        bench_clear(&bench);
        bench_command(&bench, NODE_COMMAND_QUERY, "PRINT<20>", 0);
        bench_run(&bench, 10000);
        assert_int_equal(bench.last_result, 0);
        assert_int_equal(bench.last_complete.from, NODE_FROM_LMHOSTS);
        assert_int_equal(bench.complete_addresses[0], 0x0A000055);
        bench_done(&bench);

        bench_init(&bench, NODE_TYPE_B);
        bench.config.dns_enabled = true;
        bench_begin(&bench, "");
        bench_run(&bench, 1000);
        bench_command(&bench, NODE_COMMAND_QUERY, "PRINT<20>", 0);
        bench_run(&bench, 3000);
        assert_log(&bench, "dns 1 print", 1);
        const uint32_t address = 0x08080808;
        struct node_event dns = {.type = NODE_EVENT_DNS_RESULT, .dns = {1, 1, &address}};
        bench_step(&bench, &dns);
        assert_int_equal(bench.last_complete.from, NODE_FROM_DNS);
        assert_int_equal(bench.complete_addresses[0], address);
        bench_done(&bench);
}

static void wins_answers_count_only_from_the_server_asked(void **state)
{
        (void)state;
        registered(NODE_TYPE_P, "10.9.0.1");
        bench_command(&bench, NODE_COMMAND_QUERY, "PRINT<20>", 0);
        bench_answer_query(&bench, "10.0.0.66", "PRINT<20>", "10.0.0.66", 0);
        assert_int_equal(bench.last_result, 1);
        bench_answer_query(&bench, "10.9.0.1", "PRINT<20>", "10.5.0.5", 0);
        assert_int_equal(bench.last_result, 0);
        assert_int_equal(bench.last_complete.from, NODE_FROM_WINS);
        bench_done(&bench);
}

static void status_command_asks_and_ends(void **state)
{
        struct node_event event = {.type = NODE_EVENT_COMMAND};

        (void)state;
        registered(NODE_TYPE_B, "");
        event.command = (struct node_command){.id = 5, .type = NODE_COMMAND_STATUS, .address = ip("10.0.0.5")};
        bench_step(&bench, &event);
        assert_log(&bench, "eth0 > 10.0.0.5 STATUS", 1);
        bench_run(&bench, 5000);
        assert_int_equal(bench.last_result, NBT_ERR_TIMEOUT);
        event.command.address = ip("10.0.0.1");
        bench_step(&bench, &event);
        assert_int_equal(bench.last_result, 0);
        assert_non_null(bench.last_complete.table);
        bench_done(&bench);
}

/* ---- interfaces and servers ------------------------------------------------------------------------------------------------ */

static void new_address_during_a_claim_is_claimed_instead(void **state)
{
        (void)state;
        bench_init(&bench, NODE_TYPE_B);
        bench_begin(&bench, "");
        bench_run(&bench, 300);
        bench_clear(&bench);
        bench_iface(&bench, ETH0, "10.0.0.2", "", true);
        bench_run(&bench, 2000);
        assert_log(&bench, "U 10.0.0.1", 0);
        assert_log(&bench, "REGISTRATION FILESRV<20> U 10.0.0.2", 4);
        assert_state(&bench, "FILESRV<20>", NODE_STATE_REGISTERED);
        bench_done(&bench);
}

static void new_address_is_registered_and_the_old_one_released(void **state)
{
        (void)state;
        registered(NODE_TYPE_P, "10.9.0.1");
        bench_iface(&bench, ETH0, "10.0.0.2", "10.9.0.1", true);
        assert_log(&bench, "eth0 > 10.9.0.1 RELEASE ANNA<03> U 10.0.0.1", 1);
        assert_log(&bench, "eth0 > 10.9.0.1 REGISTRATION ANNA<03> U 10.0.0.2 rd", 1);
        bench_done(&bench);
}

static void interfaces_have_states_of_their_own(void **state)
{
        struct node_event gone = {.type = NODE_EVENT_IFACE_GONE, .iface_gone_id = ETH1};

        (void)state;
        registered(NODE_TYPE_B, "");
        bench_iface(&bench, ETH1, "10.1.0.1", "", true);
        bench_answer(&bench, "10.1.0.9", NBNS_OPCODE_REGISTRATION, "ANNA<03>", NBNS_RCODE_ACT_ERR, 0);
        assert_int_equal(bench_state(&bench, "ANNA<03>", ETH1), NODE_STATE_CONFLICT);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_clear(&bench);
        bench_query(&bench, "10.1.0.9", "10.1.0.1", "ANNA<03>");
        assert_log(&bench, "", 0);
        bench_query(&bench, "10.0.0.9", "10.0.0.1", "ANNA<03>");
        assert_log(&bench, "ANNA<03> U 10.0.0.1", 1);
        assert_log(&bench, "10.1.0.1", 0);
        bench_step(&bench, &gone);
        assert_int_equal(bench_state(&bench, "ANNA<03>", ETH1), NODE_STATE_MAX);
        bench_done(&bench);
}

static void another_interface_takes_back_what_has_gone(void **state)
{
        struct node_event gone = {.type = NODE_EVENT_IFACE_GONE, .iface_gone_id = ETH1};

        (void)state;
        registered(NODE_TYPE_P, "10.9.0.1");
        bench_command(&bench, NODE_COMMAND_NAME_ADD, "CREW<00>", NODE_NAME_GROUP);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REGISTRATION, "CREW<00>", 0, 6000);
        bench_iface(&bench, ETH1, "10.1.0.1", "10.9.0.1", true);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_MULTIHOMED, "ANNA<03>", 0, 6000);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REGISTRATION, "CREW<00>", 0, 6000);
        assert_int_equal(bench_state(&bench, "ANNA<03>", ETH1), NODE_STATE_REGISTERED);
        bench_clear(&bench);
        bench_step(&bench, &gone);
        assert_log(&bench, "eth0 > 10.9.0.1 RELEASE ANNA<03> U 10.1.0.1", 1);
        assert_log(&bench, "eth0 > 10.9.0.1 REFRESH ANNA<03> U 10.0.0.1",
                   1);                         /* a server that knew but one address took the name */
        assert_log(&bench, "RELEASE CREW", 0); /* that of a group would end the group */
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REFRESH, "ANNA<03>", 0, 6000);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_done(&bench);
}

static void interface_that_comes_back_claims_anew(void **state)
{
        (void)state;
        registered(NODE_TYPE_B, "");
        bench_iface(&bench, ETH0, "10.0.0.1", "", false);
        assert_state(&bench, "ANNA<03>", NODE_STATE_IDLE);
        bench_run(&bench, 10000);
        assert_log(&bench, " > 10", 0);
        bench_iface(&bench, ETH0, "10.0.0.1", "", true);
        bench_run(&bench, 1000);
        assert_log(&bench, " > 10", 4);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_done(&bench);
}

static void several_addresses_are_registered_multihomed(void **state)
{
        (void)state;
        bench_init(&bench, NODE_TYPE_P);
        bench.config.computer[0] = 0;
        memcpy(bench.config.users[0], "ANNA", 5);
        memcpy(bench.config.workgroup, "SALES", 6);
        bench.config.user_count = 1;
        bench_begin(&bench, "10.9.0.1");
        bench_iface(&bench, ETH1, "10.1.0.1", "10.9.0.1", true);
        assert_log(&bench, "eth1 > 10.9.0.1 MULTIHOMED ANNA<03> U 10.1.0.1 rd", 1);
        assert_log(&bench, "eth1 > 10.9.0.1 REGISTRATION SALES<00> G 10.1.0.1 rd", 1);
        bench_done(&bench);
}

static void failover_goes_back_to_the_primary(void **state)
{
        (void)state;
        bench_init(&bench, NODE_TYPE_P);
        bench.config.computer[0] = 0;
        memcpy(bench.config.users[0], "ANNA", 5);
        bench.config.user_count = 1;
        bench_begin(&bench, "10.9.0.1 10.9.0.2");
        bench_run(&bench, 4500);
        bench_answer(&bench, "10.9.0.2", NBNS_OPCODE_REGISTRATION, NULL, 0, 300000);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_clear(&bench);
        for (int i = 0; i < 3; i++) { /* every ten minutes the primary is tried, and then the secondary stays */
                bench_run(&bench, 600000 - (i ? 4500 : 0));
                assert_log(&bench, "eth0 > 10.9.0.1 REFRESH", 1);
                bench_run(&bench, 4500);
                assert_log(&bench, "eth0 > 10.9.0.1 REFRESH", 3);
                bench_answer(&bench, "10.9.0.2", NBNS_OPCODE_REFRESH, NULL, 0, 300000);
                bench_clear(&bench);
        }
        bench_run(&bench, 600000 - 4500);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REFRESH, NULL, 0, 300000);
        assert_log(&bench, "! wins-up", 1);
        bench_clear(&bench);
        bench_run(&bench, 3600000);
        assert_log(&bench, " > ", 0);
        bench_run(&bench, 150000000 - 3600000);
        assert_log(&bench, "eth0 > 10.9.0.1 REFRESH", 1);
        assert_log(&bench, " > ", 1);
        bench_done(&bench);
}

/* Only what the servers are told changes: the segment is not asked again. */
static void new_server_list_moves_the_registration(void **state)
{
        (void)state;
        registered(NODE_TYPE_H, "10.9.0.1");
        bench_iface(&bench, ETH0, "10.0.0.1", "10.9.0.7", true);
        assert_log(&bench, "eth0 > 10.9.0.1 RELEASE ANNA<03> U 10.0.0.1", 1);
        assert_log(&bench, "eth0 > 10.9.0.7 REGISTRATION ANNA<03> U 10.0.0.1 rd", 1);
        bench_answer(&bench, "10.9.0.7", NBNS_OPCODE_REGISTRATION, NULL, 0, 3600);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_clear(&bench);
        bench_iface(&bench, ETH0, "10.0.0.1", "10.9.0.7 10.9.0.8", true); /* the one that knows us stays */
        assert_log(&bench, "", 0);
        bench_run(&bench, 1800000);
        assert_log(&bench, "eth0 > 10.9.0.7 REFRESH", 1);
        bench_clear(&bench);
        bench_iface(&bench, ETH0, "10.0.0.1", "10.9.0.8", true); /* in the middle of the refresh */
        assert_log(&bench, "eth0 > 10.9.0.8 REGISTRATION ANNA<03> U 10.0.0.1 rd", 1);
        bench_answer(&bench, "10.9.0.8", NBNS_OPCODE_REGISTRATION, NULL, 0, 3600);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_done(&bench);
}

static void first_server_gives_a_p_node_its_names(void **state)
{
        (void)state;
        bench_init(&bench, NODE_TYPE_P);
        bench_begin(&bench, "");
        bench_run(&bench, 60000);
        assert_state(&bench, "FILESRV<20>", NODE_STATE_IDLE);
        assert_log(&bench, " > ", 0);
        bench_iface(&bench, ETH0, "10.0.0.1", "10.9.0.1", true);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REGISTRATION, "FILESRV<20>", 0, 3600);
        assert_state(&bench, "FILESRV<20>", NODE_STATE_REGISTERED);
        bench_iface(&bench, ETH0, "10.0.0.1", "", true); /* and without one it has none */
        assert_state(&bench, "FILESRV<20>", NODE_STATE_IDLE);
        bench_done(&bench);
}

/* A challenge, or a question of the server host's own node, which has RD set. */
static void ask_from_server(const char *name, bool recursion)
{
        const struct nb_name which = nm(name);
        struct nbns_packet packet;

        nbns_build_query(&packet, 0x7777, &which, &bench.config.scope, NBNS_TYPE_NB, recursion, false);
        bench_packet(&bench, "10.9.0.1", "10.0.0.1", &packet);
}

static void a_servers_challenge_is_worth_a_notice(void **state)
{
        (void)state;
        registered(NODE_TYPE_P, "10.9.0.1");
        ask_from_server("ANNA<03>", true);
        bench_query(&bench, "10.0.0.9", "10.0.0.1", "ANNA<03>");
        assert_log(&bench, "! defended", 0);
        ask_from_server("ANNA<03>", false);
        assert_log(&bench, "! defended ANNA<03> eth0", 1);
        assert_int_equal(bench.last_notice.opcode, NBNS_OPCODE_QUERY);
        assert_true(bench.last_notice.by_wins);
        for (int i = 0; i < 100; i++)
                ask_from_server("ANNA<03>", false);
        assert_log(&bench, "! defended", 1); /* a flood is one line */
        bench_done(&bench);
}

static void netbios_switched_off_takes_the_names_back(void **state)
{
        struct node_event event = {.type = NODE_EVENT_IFACE};

        (void)state;
        registered(NODE_TYPE_H, "10.9.0.1");
        event.iface = (struct node_iface){.id = ETH0,
                                          .label = "eth0",
                                          .address = ip("10.0.0.1"),
                                          .netmask = 0xFFFFFF00,
                                          .broadcast = ip("10.0.0.255"),
                                          .up = true,
                                          .wins_count = 1,
                                          .wins = {ip("10.9.0.1")}};
        bench_step(&bench, &event);
        assert_state(&bench, "ANNA<03>", NODE_STATE_IDLE);
        assert_log(&bench, "eth0 > 10.9.0.1 RELEASE ANNA<03> U 10.0.0.1", 1);
        bench_clear(&bench);
        bench_query(&bench, "10.0.0.9", "10.0.0.1", "ANNA<03>");
        bench_status(&bench, "10.0.0.9", "10.0.0.1", "*");
        bench_run(&bench, 10000000);
        assert_log(&bench, "", 0);
        bench_done(&bench);
}

static void random_adapter_tells_one_address(void **state)
{
        (void)state;
        bench_init(&bench, NODE_TYPE_B);
        bench.config.random_adapter = true;
        bench_begin(&bench, "");
        bench_iface(&bench, ETH1, "10.1.0.1", "", true);
        bench_run(&bench, 2000);
        bench_clear(&bench);
        for (int i = 0; i < 64; i++)
                bench_query(&bench, "10.0.0.9", "10.0.0.1", "FILESRV<20>");
        assert_log(&bench, "QUERY-R", 64);
        const size_t first = bench_count(&bench, "U 10.0.0.1"), second = bench_count(&bench, "U 10.1.0.1");
        assert_int_equal(first + second, 64);
        assert_true(first > 8 && second > 8);
        bench_done(&bench);
}

static void off_link_status_is_a_setting(void **state)
{
        (void)state;
        bench_init(&bench, NODE_TYPE_B);
        bench.config.status_off_link = true;
        bench_begin(&bench, "");
        bench_run(&bench, 2000);
        bench_clear(&bench);
        bench_status(&bench, "10.3.0.9", "10.0.0.1", "*");
        assert_log(&bench, "status", 1);
        bench_done(&bench);
}

/* Every prefix of every packet that means something to us is counted, and changes nothing. */
static void truncated_packets_change_nothing(void **state)
{
        const struct nb_name name = nm("ANNA<03>");
        const struct nbns_address his = {0, ip("10.0.0.9")};
        struct nbns_packet packets[4];
        uint8_t rdata[3][6], bytes[NBNS_MAX_BYTES];

        (void)state;
        registered(NODE_TYPE_B, "");
        nbns_build_claim(&packets[0], rdata[0], 1, NBNS_OPCODE_REGISTRATION, &name, NULL, &his, 0, true, true);
        nbns_build_conflict_demand(&packets[1], rdata[1], 1, &name, NULL);
        nbns_build_release(&packets[2], rdata[2], 1, &name, NULL, &his, false);
        nbns_build_query(&packets[3], 1, &name, NULL, NBNS_TYPE_NB, true, false);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(packets); i++) {
                const int len = nbns_packet_encode(&packets[i], bytes, sizeof(bytes));
                for (int cut = 0; cut < len; cut++)
                        bench_bytes(&bench, "10.0.0.9", "10.0.0.1", bytes, (size_t)cut);
        }
        assert_log(&bench, "", 0);
        bench_done(&bench);
}

static void resumed_node_claims_everything_anew(void **state)
{
        struct node_event resumed = {.type = NODE_EVENT_RESUMED};

        (void)state;
        registered(NODE_TYPE_B, "");
        bench_step(&bench, &resumed);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERING);
        bench_run(&bench, 1000);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_done(&bench);
}

static void new_settings_release_and_claim_what_changed(void **state)
{
        struct node_config config;
        struct node_event event = {.type = NODE_EVENT_RECONFIGURE, .config = &config};

        (void)state;
        registered(NODE_TYPE_B, "");
        config = bench.config;
        memcpy(config.users[0], "BERTA", 6);
        bench_step(&bench, &event);
        bench_run(&bench, 2000);
        assert_log(&bench, "RELEASE ANNA<03>", 3);
        assert_log(&bench, "REGISTRATION BERTA<03>", 4);
        assert_state(&bench, "ANNA<03>", NODE_STATE_MAX);
        assert_state(&bench, "BERTA<03>", NODE_STATE_REGISTERED);
        bench_clear(&bench);
        bench_step(&bench, &event);
        bench_run(&bench, 2000);
        assert_log(&bench, "", 0);
        bench_done(&bench);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(queries_are_answered_for_registered_names),
                cmocka_unit_test(answers_list_all_addresses_unless_told_otherwise),
                cmocka_unit_test(scopes_keep_nodes_apart),
                cmocka_unit_test(status_tells_names_flags_and_mac_on_link_only),
                cmocka_unit_test(status_is_rate_limited),
                cmocka_unit_test(broadcast_query_finds_a_name_and_caches_it),
                cmocka_unit_test(second_owner_is_told_and_both_are_reported),
                cmocka_unit_test(one_machine_with_two_addresses_is_one_owner),
                cmocka_unit_test(h_node_asks_wins_then_segment_then_lmhosts_then_dns),
                cmocka_unit_test(wins_answers_count_only_from_the_server_asked),
                cmocka_unit_test(status_command_asks_and_ends),
                cmocka_unit_test(new_address_during_a_claim_is_claimed_instead),
                cmocka_unit_test(new_address_is_registered_and_the_old_one_released),
                cmocka_unit_test(interfaces_have_states_of_their_own),
                cmocka_unit_test(another_interface_takes_back_what_has_gone),
                cmocka_unit_test(interface_that_comes_back_claims_anew),
                cmocka_unit_test(several_addresses_are_registered_multihomed),
                cmocka_unit_test(failover_goes_back_to_the_primary),
                cmocka_unit_test(new_server_list_moves_the_registration),
                cmocka_unit_test(first_server_gives_a_p_node_its_names),
                cmocka_unit_test(a_servers_challenge_is_worth_a_notice),
                cmocka_unit_test(netbios_switched_off_takes_the_names_back),
                cmocka_unit_test(random_adapter_tells_one_address),
                cmocka_unit_test(off_link_status_is_a_setting),
                cmocka_unit_test(truncated_packets_change_nothing),
                cmocka_unit_test(resumed_node_claims_everything_anew),
                cmocka_unit_test(new_settings_release_and_claim_what_changed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
