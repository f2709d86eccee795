/* The sweep's driver: socket, clock, neighbour table, progress. */
#include "cli/scan_cmd.h"

#include "io/clock.h"
#include "io/neigh.h"
#include "io/netif.h"
#include "io/random.h"
#include "io/udp.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define RECEIVE_BUFFER_BYTES (8u << 20)
#define PROGRESS_MS 200u
#define NEIGH_MS 100u /* the neighbour table is read no oftener */
#define RECEIVE_TURNS 8

struct run {
        const struct scan_options *options;
        struct scan *scan;
        struct udp *udp;
        scan_row_fn *fn;
        void *context;
        FILE *progress;
        mono_t start, progress_at;
        bool progress_shown;
        bool unread; /* nobody reads the rows any more */
        struct udp_counters counters;
        uint64_t shown_sent;
        /* on-link addresses, and who holds them */
        struct arena netif_arena, neigh_arena;
        const struct netif *netifs;
        size_t netif_count;
        const struct neigh *neighs;
        size_t neigh_count;
        mono_t neigh_at;
        struct scan_host *held; /* waits for the next reading of the neighbour table */
        struct scan_send sends[UDP_BATCH];
};

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
        stop_signal = number;
}

static void set_signals(struct sigaction old[2], bool back)
{
        static const int numbers[2] = {SIGINT, SIGTERM};
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

        for (size_t i = 0; i < 2; i++)
                (void)sigaction(numbers[i], back ? &old[i] : &action, back ? NULL : &old[i]);
}

/* ---- progress ----------------------------------------------------------------------------------------------------- */

static void clear_progress(struct run *run)
{
        if (run->progress_shown)
                fputs("\r\x1b[K", run->progress);
        run->progress_shown = false;
}

/* How much fits on one row: what wraps is not cleared by the next. */
static int progress_room(const struct run *run)
{
        struct winsize size = {0};

        return ioctl(fileno(run->progress), TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1 : 79;
}

static void show_progress(struct run *run, mono_t now)
{
        const struct scan_progress p = scan_progress(run->scan);
        struct strbuf line = STRBUF_INIT;
        const double rate = (double)(p.sent - run->shown_sent) * 1e9 / (double)(now.ns - run->progress_at.ns + 1);
        const uint64_t left_s = rate > 1 ? (uint64_t)((double)p.left / rate) : 0;

        run->shown_sent = p.sent;
        run->progress_at = now;
        strbuf_printf(&line, "%u of %u asked, %u found, %.0f packets/s, loss %.1f %%, %llu:%02llu left", p.asked,
                      p.total, p.found, rate, 100 * p.loss, (unsigned long long)(left_s / 60),
                      (unsigned long long)(left_s % 60));
        if (p.rounds > 1)
                strbuf_printf(&line, ", round %u", p.rounds);
        if (p.pace < 1)
                strbuf_printf(&line, ", slowed to %.0f %%", 100 * p.pace);
        fprintf(run->progress, "\r\x1b[K%.*s", progress_room(run), strbuf_str(&line));
        fflush(run->progress);
        strbuf_done(&line);
        run->progress_shown = true;
}

/* ---- MACs of hosts that tell none --------------------------------------------------------------------------------- */

static bool is_on_link(const struct run *run, uint32_t address)
{
        for (size_t i = 0; i < run->netif_count; i++)
                for (size_t j = 0; j < run->netifs[i].address_count && !run->netifs[i].loopback; j++)
                        if (ip4_same_subnet(address, run->netifs[i].addresses[j].address,
                                            run->netifs[i].addresses[j].netmask))
                                return true;
        return false;
}

static bool find_neighbour(const struct run *run, struct scan_host *host)
{
        for (size_t i = 0; i < run->neigh_count; i++)
                if (run->neighs[i].address == host->address && !mac_is_zero(run->neighs[i].mac)) {
                        memcpy(host->mac, run->neighs[i].mac, sizeof(host->mac));
                        host->mac_source = SCAN_MAC_NEIGHBOUR;
                        return true;
                }
        return false;
}

static void read_neighbours(struct run *run, mono_t now)
{
        arena_reset(&run->neigh_arena);
        const int count = neigh_list(&run->neigh_arena, &run->neighs);

        run->neigh_count = count < 0 ? 0 : (size_t)count;
        run->neigh_at = now;
}

/* False: HOST has to wait until the table may be read again. */
static bool complete_mac(struct run *run, struct scan_host *host, mono_t now)
{
        if (host->mac_source != SCAN_MAC_NONE || !is_on_link(run, host->address) || find_neighbour(run, host))
                return true;
        if (now.ns == INT64_MAX && run->neigh_at.ns == INT64_MAX)
                return true; /* at the end the table is read once */
        if (!mono_is_due(mono_add_ms(run->neigh_at, NEIGH_MS), now))
                return false;
        read_neighbours(run, now);
        (void)find_neighbour(run, host);
        return true;
}

static void take_hosts(struct run *run, mono_t now, bool all)
{
        for (;;) {
                struct scan_host *host = run->held ? run->held : scan_next_host(run->scan, all);

                run->held = NULL;
                if (!host)
                        return;
                if (!complete_mac(run, host, all ? MONO_NEVER : now)) {
                        run->held = host;
                        return;
                }
                clear_progress(run);
                run->unread |= !run->fn(run->context, host);
        }
}

/* ---- the loop ----------------------------------------------------------------------------------------------------- */

static int open_socket(struct run *run)
{
        struct udp_options options = {
                .address = run->options->source, .port = NBNS_PORT, .receive_buffer_bytes = RECEIVE_BUFFER_BYTES};

        if (!run->options->any_port) {
                const int r = udp_open(&run->udp, &options);
                if (r != NBT_ERR_BUSY && r != NBT_ERR_DENIED)
                        return r;
        }
        options.port = 0;
        return udp_open(&run->udp, &options);
}

static bool send_some(struct run *run, mono_t now)
{
        size_t count = 0;

        while (count < UDP_BATCH && scan_next_send(run->scan, now, &run->sends[count])) {
                const struct scan_send *send = &run->sends[count++];
                udp_send(run->udp, 0, 0, send->destination, send->port, send->bytes, send->len_bytes);
        }
        udp_flush(run->udp);
        const struct udp_counters counters = udp_counters(run->udp);
        if (counters.send_failed != run->counters.send_failed ||
            counters.receive_dropped != run->counters.receive_dropped)
                scan_lost_here(run->scan, now);
        run->counters = counters;
        return count == UDP_BATCH;
}

/* 1 if more may wait, else 0. */
static int receive_some(struct run *run)
{
        for (int turn = 0; turn < RECEIVE_TURNS; turn++) {
                const struct udp_datagram *datagrams;
                const int count = udp_receive(run->udp, &datagrams);
                const mono_t now = clock_mono();

                for (int i = 0; i < count; i++) {
                        const int r = scan_packet(run->scan, now, datagrams[i].source, datagrams[i].source_port,
                                                  datagrams[i].bytes, datagrams[i].len_bytes);
                        if (r < 0)
                                return r;
                }
                if (count < UDP_BATCH)
                        return count < 0 ? count : 0;
        }
        return 1;
}

static int wait_for_more(struct run *run, mono_t now)
{
        mono_t deadline = scan_deadline(run->scan, now);

        if (run->held)
                deadline = mono_min(deadline, mono_add_ms(run->neigh_at, NEIGH_MS));
        if (run->progress)
                deadline = mono_min(deadline, mono_add_ms(run->progress_at, PROGRESS_MS));
        const int r = udp_wait(run->udp, deadline);
        return r < 0 && errno == EINTR ? 0 : r;
}

static int loop(struct run *run)
{
        int r = 0;

        while (r >= 0 && !stop_signal && !run->unread) {
                /* however late we come: what was there by NOW is read before anybody is thought silent until NOW */
                const mono_t now = clock_mono();

                r = receive_some(run);
                if (r < 0)
                        break;
                const bool more = send_some(run, now) || r > 0;

                take_hosts(run, now, false);
                if (r == 0 && scan_is_done(run->scan, now))
                        break;
                if (run->progress && mono_elapsed_ms(run->progress_at, now) >= PROGRESS_MS)
                        show_progress(run, now);
                if (!more) {
                        run->unread |= !run->fn(run->context, NULL);
                        r = wait_for_more(run, now);
                }
        }
        if (r >= 0)
                r = receive_some(run);
        take_hosts(run, MONO_NEVER, true);
        clear_progress(run);
        return r < 0 ? r : 0;
}

static int prepare(struct run *run)
{
        const struct scan_options *options = run->options;
        const struct scan_config config = {
                .ranges = &options->ranges,
                .rate = options->rate,
                .retries = options->retries,
                .timeout_ms = options->timeout_ms,
                .port = options->port,
                .addresses = !options->no_addresses,
                .scope = options->scope,
        };
        struct rng rng;
        int r = random_rng(&rng);

        run->start = run->progress_at = clock_mono();
        if (r == 0)
                r = open_socket(run);
        if (r == 0)
                r = scan_new(&run->scan, &config, &rng, run->start);
        if (r < 0)
                return r;
        r = netif_list(&run->netif_arena, &run->netifs);
        run->netif_count = r < 0 ? 0 : (size_t)r;
        return r < 0 ? r : 0;
}

int scan_run(const struct scan_options *options, struct scan **ret_scan, scan_row_fn *fn, void *context, FILE *progress,
             struct scan_outcome *ret)
{
        struct run *run = calloc(1, sizeof(*run));
        struct sigaction old[2];

        if (!run)
                return NBT_ERR_NOMEM;
        run->options = options;
        run->fn = fn;
        run->context = context;
        run->progress = progress;
        run->neigh_at = (mono_t){INT64_MIN / 2};
        int r = prepare(run);
        if (r == 0) {
                stop_signal = 0;
                set_signals(old, false);
                r = loop(run);
                set_signals(old, true);
                const struct udp_counters counters = udp_counters(run->udp);
                *ret = (struct scan_outcome){.progress = scan_progress(run->scan),
                                             .seconds = (double)(clock_mono().ns - run->start.ns) / 1e9,
                                             .port = udp_port(run->udp),
                                             .interrupted = stop_signal != 0 || run->unread,
                                             .dropped = counters.receive_dropped,
                                             .unsent = counters.send_failed,
                                             .unsent_errno = counters.send_errno};
                if (r == 0 && scan_failed(run->scan))
                        r = NBT_ERR_NOMEM;
        }
        const int saved = errno;
        if (r == 0)
                *ret_scan = run->scan;
        else
                scan_free(run->scan);
        udp_close(run->udp);
        arena_done(&run->netif_arena);
        arena_done(&run->neigh_arena);
        free(run);
        errno = saved;
        return r;
}
