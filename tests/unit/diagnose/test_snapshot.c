/* What is read out of an event, and out of a snapshot's parts. The notes are those of netbtd. */
#include "diagnose/snapshot.h"
#include "eventlog/record.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
        const char *note;
        enum snapshot_verification verification;
        uint32_t holder;
} notes[] = {
        {"", SNAPSHOT_VERIFICATION_NONE, 0},
        {"Anyone can forge this: asking who else holds the name.", SNAPSHOT_VERIFICATION_NONE, 0},
        {"Obeyed at once, as NoNameReleaseOnDemand says; the name is in conflict.", SNAPSHOT_VERIFICATION_OBEYED, 0},
        {"Obeyed at once, as NoNameReleaseOnDemand says (a WINS server sent it); the name is in conflict.",
         SNAPSHOT_VERIFICATION_OBEYED, 0},
        {"Checked: 10.77.0.3 holds the name too; it is in conflict here.", SNAPSHOT_VERIFICATION_HOLDER, 0x0A4D0003},
        {"Checked: nobody else holds the name; it stays registered. Look at 10.77.0.66.",
         SNAPSHOT_VERIFICATION_UNFOUNDED, 0},
        {"Ignored by policy; the name stays registered.", SNAPSHOT_VERIFICATION_IGNORED, 0},
        {"Ignored: a group name is never in conflict; it stays registered.", SNAPSHOT_VERIFICATION_IGNORED, 0},
        {"The WINS server refused it (ACT_ERR); held by 10.77.0.3.", SNAPSHOT_VERIFICATION_NONE, 0x0A4D0003},
        {"The other computer defended it (ACT_ERR).", SNAPSHOT_VERIFICATION_NONE, 0},
        {"The WINS server refused it (ACT_ERR); held by 1.2.3", SNAPSHOT_VERIFICATION_NONE, 0},
        {"The WINS server refused it (ACT_ERR); held by 1.2.3.4.5.6.7.8.9.10.11.12", SNAPSHOT_VERIFICATION_NONE, 0},
        {"The WINS server refused it (ACT_ERR); held by ", SNAPSHOT_VERIFICATION_NONE, 0},
};

static void test_notes(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(notes); i++) {
                struct event event = {.id = EVENT_ID_NAME_RELEASE};

                (void)snprintf(event.note, sizeof event.note, "%s", notes[i].note);
                const struct snapshot_event read = snapshot_event_read(&event, "test");

                if (read.verification != notes[i].verification || read.holder != notes[i].holder)
                        fail_msg("read wrongly: %s", notes[i].note);
        }
}

static void test_event_of_the_article(void **state)
{
        (void)state;
        struct event event;

        event_make_release(&event, 0x16651AE7, EVENT_RECORD_LEGACY);
        struct snapshot_event read = snapshot_event_read(&event, "test");

        assert_int_equal(read.sender, 0x16651AE7);
        assert_false(read.has_name);
        for (size_t len = 0; len < 0x2C; len++) {
                event.data_len_bytes = len;
                read = snapshot_event_read(&event, "test");
                assert_int_equal(read.sender, 0);
        }
}

static void test_event_of_a_refusal(void **state)
{
        (void)state;
        const struct nb_name name = nb_name_make("SHIELDBASE", 0x1D);
        struct event event;

        event_make_refused(&event, name.bytes, 0x0A033A07, 0x0A033A06, EVENT_RECORD_LEGACY);
        const struct snapshot_event read = snapshot_event_read(&event, "test");

        assert_true(read.has_name && nb_name_equal(&read.name, &name));
        assert_int_equal(read.own, 0x0A033A07);
        assert_int_equal(read.sender, 0x0A033A06);
}

/* Own interfaces before neighbours before what the host says; all zeros is none. */
static void test_mac(void **state)
{
        (void)state;
        struct arena arena = ARENA_INIT;
        struct world world;
        uint8_t mac[6];
        enum snapshot_mac from;

        world_init(&world, &arena,
                   "if:eth0:10.0.0.1:02-00-00-00-00-01 arp:10.0.0.3:02-00-00-00-00-AA arp:10.0.0.5:00-00-00-00-00-00 "
                   "host:10.0.0.3:A<00>:02-00-00-00-00-03 host:10.0.0.4:A<00>:02-00-00-00-00-04 "
                   "host:10.0.0.5:A<00>:00-00-00-00-00-00");
        assert_true(snapshot_find_mac(&world.snapshot, 0x0A000001, mac, NULL) && mac[5] == 0x01);
        assert_true(snapshot_find_mac(&world.snapshot, 0x0A000003, mac, &from) && mac[5] == 0xAA);
        assert_int_equal(from, SNAPSHOT_MAC_NEIGHBOUR);
        assert_true(snapshot_find_mac(&world.snapshot, 0x0A000004, mac, &from) && mac[5] == 0x04);
        assert_int_equal(from, SNAPSHOT_MAC_STATUS);
        assert_false(snapshot_find_mac(&world.snapshot, 0x0A000005, mac, NULL));
        assert_false(snapshot_find_mac(&world.snapshot, 0x0A000006, mac, NULL));
        arena_done(&arena);
}

static void test_table_holds(void **state)
{
        (void)state;
        struct arena arena = ARENA_INIT;
        struct world world;
        const struct nb_name unique = nb_name_make("A", 0x20);
        const struct nb_name group = nb_name_make("W", 0x00);

        world_init(&world, &arena, "host:10.0.0.3:A<20>,G:W<00>");
        const struct nbstat_table *table = world.hosts[0].table;

        assert_non_null(snapshot_table_holds(table, &unique));
        assert_null(snapshot_table_holds(table, &group));
        assert_null(snapshot_table_holds(NULL, &unique));
        arena_done(&arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_notes),
                cmocka_unit_test(test_event_of_the_article),
                cmocka_unit_test(test_event_of_a_refusal),
                cmocka_unit_test(test_mac),
                cmocka_unit_test(test_table_holds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
