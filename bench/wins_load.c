/*
 * Many clients of a WINS server in one program: asks, registers or refreshes numbered names, keeps so many requests on their way or
 * sends at a fixed rate, and tells how fast and how late the answers came.
 *
 * usage: wins_load ADDRESS PORT[,PORT] query|mix|each|register|refresh FIRST COUNT MISSING_PERCENT WINDOW SECONDS [RATE]
 *
 * Name number N is "N%08X" with suffix <20> at address 10.0.0.0 + N. query asks for random ones of FIRST..FIRST+COUNT-1 (of MISSING_PERCENT
 * the server has never heard); mix does so too, and registers a new name with every 32nd request, whose delay does not count. each (which
 * asks), register and refresh go through them in order, once round or until SECONDS are over, and repeat what is not answered. With RATE
 * requests leave by the clock, none is repeated, and an answer's delay counts from when its request was due.
 *
 * With two ports (query and mix) it turns from one to the other every SLICE_S, so that whatever else the machine does meets both alike:
 * the ratio is the median of what each pair of slices had, and so are the delays; "calm" is the share of slices whose 99th percentile
 * was below a millisecond.
 *
 * Prints: answers a second, of them positive and negative, bytes of the last, requests without an answer, delays in microseconds.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define ROOM 2048
#define IDS 65536u
#define MAX_WINDOW 16384u
#define BUCKETS 4096u /* delays: 16 for each power of two */
#define LATE_S 0.5
#define SLICE_S 0.05
#define DRAIN_S 0.2 /* after a slice: for what is still under way, uncounted */
#define MAX_SLICES 4096u
#define CALM_US 1000u

enum mode { MODE_QUERY, MODE_MIX, MODE_EACH, MODE_REGISTER, MODE_REFRESH };

#define MIX_EVERY 32u
#define MIX_FIRST 0x800000u /* where the new names of a mix begin */

static enum mode mode;
static uint32_t first, count, missing_percent;
static uint32_t next_number;
static uint16_t next_id;
static bool is_claim[IDS];      /* of a mix */
static uint32_t number_of[IDS]; /* of the name that a request is about */
static uint64_t claims_answered;
static double due_at[IDS]; /* of the request under way with that id; 0: none */
static unsigned under_way;
static uint64_t sent, answers, positive, negative, waits, lost;
static uint64_t delays[BUCKETS];
static bool is_draining;
static unsigned last_bytes;
static uint64_t seed = 88172645463325252u;

static double now_s(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t random_below(uint32_t bound)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (uint32_t)((seed >> 32) * bound >> 32);
}

/* ---- packets ------------------------------------------------------------------------------------------------------ */

static uint8_t *put16(uint8_t *at, unsigned v)
{
        at[0] = (uint8_t)(v >> 8);
        at[1] = (uint8_t)v;
        return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t v)
{
        return put16(put16(at, v >> 16), v & 0xFFFF);
}

static uint8_t *put_name(uint8_t *at, char letter, uint32_t number)
{
        static const char digits[] = "0123456789ABCDEF";
        uint8_t name[16] = "                ";

        name[0] = (uint8_t)letter;
        for (int i = 0; i < 8; i++)
                name[1 + i] = (uint8_t)digits[number >> (28 - 4 * i) & 15];
        name[15] = 0x20;
        *at++ = 32;
        for (int i = 0; i < 16; i++) {
                *at++ = (uint8_t)('A' + (name[i] >> 4));
                *at++ = (uint8_t)('A' + (name[i] & 15));
        }
        *at++ = 0;
        return at;
}

static bool goes_in_order(void)
{
        return mode >= MODE_EACH;
}

/* What the next request is about: it is the one with ID. */
static void choose(uint16_t id)
{
        is_claim[id] = mode == MODE_MIX && next_number++ % MIX_EVERY == 0;
        if (is_claim[id])
                number_of[id] = MIX_FIRST + next_number / MIX_EVERY;
        else if (goes_in_order())
                number_of[id] = first + next_number++ % count;
        else
                number_of[id] = first + random_below(count);
}

static size_t make_request(uint8_t *packet, uint16_t id)
{
        const bool claims = mode >= MODE_REGISTER || is_claim[id];
        const char letter = !claims && random_below(100) < missing_percent ? 'X' : 'N';
        const uint32_t number = number_of[id];
        uint8_t *at = put16(packet, id);

        at = put16(at, !claims ? 0x0100 : mode == MODE_REFRESH ? 0x4100 : 0x2900);
        at = put16(put16(put16(put16(at, 1), 0), 0), claims ? 1 : 0);
        at = put16(put16(put_name(at, letter, number), 0x20), 1);
        if (claims) {
                at = put16(put16(put16(at, 0xC00C), 0x20), 1);
                at = put16(put16(put32(at, 300000), 6), 0x6000);
                at = put32(at, 0x0A000000u + number);
        }
        return (size_t)(at - packet);
}

/* ---- traffic ------------------------------------------------------------------------------------------------------ */

/* DUE: when the first was due; STEP between two. */
static void send_some(int fd, unsigned wanted, double due, double step)
{
        static uint8_t packets[BATCH][96];
        struct mmsghdr messages[BATCH] = {0};
        struct iovec vectors[BATCH];

        while (wanted) {
                const unsigned now = wanted < BATCH ? wanted : BATCH;

                for (unsigned i = 0; i < now; i++) {
                        while (due_at[next_id] != 0)
                                next_id++; /* still under way */
                        choose(next_id);
                        vectors[i] = (struct iovec){packets[i], make_request(packets[i], next_id)};
                        messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
                        due_at[next_id++] = due;
                        due += step;
                }
                if (sendmmsg(fd, messages, now, 0) < 0)
                        return;
                sent += now;
                under_way += now;
                wanted -= now;
        }
}

static unsigned bucket_of(double delay_s)
{
        const uint64_t us = delay_s <= 0 ? 0 : (uint64_t)(delay_s * 1e6);
        unsigned power = 0;

        if (us < 16)
                return (unsigned)us;
        while (us >> (power + 5))
                power++;
        return (power + 1) * 16 + (unsigned)(us >> power & 15);
}

static uint64_t bucket_us(unsigned bucket)
{
        return bucket < 16 ? bucket : (uint64_t)(bucket % 16 + 16) << (bucket / 16 - 1);
}

static void take(const uint8_t *packet, unsigned len, double now)
{
        const uint16_t id = (uint16_t)(packet[0] << 8 | packet[1]);

        const double due = due_at[id];

        if (len < 12 || due == 0)
                return;
        if ((packet[2] >> 3 & 15) == 7) {
                waits++; /* WACK: the answer comes later */
                return;
        }
        due_at[id] = 0;
        under_way--;
        if (is_draining)
                return;
        if (packet[3] & 15)
                negative++;
        else
                positive++;
        if (is_claim[id]) {
                claims_answered++;
                return;
        }
        delays[bucket_of(now - due)]++;
        answers++;
        last_bytes = len;
}

static unsigned receive_some(int fd)
{
        static uint8_t buffers[BATCH][ROOM];
        struct mmsghdr messages[BATCH] = {0};
        struct iovec vectors[BATCH];

        for (int i = 0; i < BATCH; i++) {
                vectors[i] = (struct iovec){buffers[i], ROOM};
                messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
        }
        const int got = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
        const double now = now_s();
        for (int i = 0; i < got; i++)
                take(buffers[i], messages[i].msg_len, now);
        return got > 0 ? (unsigned)got : 0;
}

/* Asks again, as real clients do, for what was due before LIMIT. */
static void repeat_late(int fd, double limit)
{
        uint8_t packet[96];

        for (uint32_t i = 0; i < IDS; i++)
                if (due_at[i] != 0 && due_at[i] < limit && send(fd, packet, make_request(packet, (uint16_t)i), 0) < 0)
                        return;
}

/* Gives up what was due before LIMIT. */
static void drop_late(double limit)
{
        for (uint32_t i = 0; i < IDS; i++)
                if (due_at[i] != 0 && due_at[i] < limit) {
                        due_at[i] = 0;
                        under_way--;
                        lost++;
                }
}

static bool is_done(void)
{
        return goes_in_order() && next_number >= count;
}

static void run_window(int fd, unsigned window, double end)
{
        double now = now_s(), swept = now;

        while (now < end && !(is_done() && under_way == 0)) {
                unsigned room = window > under_way ? window - under_way : 0;

                if (goes_in_order() && next_number + room > count)
                        room = count - next_number;
                send_some(fd, room, now, 0);
                /* Never asleep: to wake a client on the same machine would be the server's work. */
                while (receive_some(fd) == BATCH)
                        continue;
                now = now_s();
                if (now - swept > LATE_S) {
                        if (goes_in_order())
                                repeat_late(fd, now - LATE_S);
                        else
                                drop_late(now - LATE_S);
                        swept = now;
                }
        }
        if (goes_in_order())
                lost = under_way;
}

static void run_rate(int fd, double rate, double end)
{
        const double start = now_s(), step = 1 / rate;
        double now = start, swept = start;

        while (now < end) {
                const uint64_t due = (uint64_t)((now - start) * rate);

                if (due > sent && under_way < MAX_WINDOW)
                        send_some(fd, due - sent > BATCH ? BATCH : (unsigned)(due - sent), start + (double)sent * step,
                                  step);
                (void)receive_some(fd);
                now = now_s();
                if (now - swept > LATE_S) {
                        drop_late(now - LATE_S);
                        swept = now;
                }
        }
}

static uint64_t percentile(double share)
{
        uint64_t below = 0;

        for (unsigned i = 0; i < BUCKETS; i++) {
                below += delays[i];
                if ((double)below >= share * (double)answers)
                        return bucket_us(i);
        }
        return 0;
}

/* ---- two servers in turn ------------------------------------------------------------------------------------------ */

/* What one of the two did, slice by slice. */
struct side {
        int fd;
        double rates[MAX_SLICES], p50s[MAX_SLICES], p99s[MAX_SLICES];
        uint64_t positive, negative, claims, lost;
        unsigned calm;
};

static int compare_doubles(const void *a, const void *b)
{
        const double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static double median(const double *values, unsigned n)
{
        double sorted[MAX_SLICES];

        memcpy(sorted, values, n * sizeof(*sorted));
        qsort(sorted, n, sizeof(*sorted), compare_doubles);
        return n ? sorted[n / 2] : 0;
}

static void drain(int fd)
{
        const double end = now_s() + DRAIN_S;

        is_draining = true;
        while (under_way && now_s() < end)
                (void)receive_some(fd);
        is_draining = false;
        drop_late(end + DRAIN_S);
}

static void run_slice(struct side *side, unsigned slice, unsigned window, double rate)
{
        const double start = now_s();

        memset(delays, 0, sizeof(delays));
        sent = answers = positive = negative = lost = claims_answered = 0;
        if (rate > 0)
                run_rate(side->fd, rate, start + SLICE_S);
        else
                run_window(side->fd, window, start + SLICE_S);
        side->rates[slice] = (double)answers / (now_s() - start);
        drain(side->fd);
        side->p50s[slice] = (double)percentile(0.5);
        side->p99s[slice] = (double)percentile(0.99);
        side->calm += side->p99s[slice] < CALM_US;
        side->positive += positive;
        side->negative += negative;
        side->claims += claims_answered;
        side->lost += lost;
}

static void print_side(const char *name, const struct side *side, unsigned n)
{
        printf("%sanswers_per_second %.0f %spositive %llu %snegative %llu %sclaims %llu %slost %llu %sp50_us %.0f "
               "%sp99_us %.0f "
               "%scalm_percent %.0f ",
               name, median(side->rates, n), name, (unsigned long long)side->positive, name,
               (unsigned long long)side->negative, name, (unsigned long long)side->claims, name,
               (unsigned long long)side->lost, name, median(side->p50s, n), name, median(side->p99s, n), name,
               n ? 100.0 * side->calm / n : 0.0);
}

static void run_pair(int fd, int rival_fd, unsigned window, double rate, double end)
{
        static struct side ours, rival;
        static double ratios[MAX_SLICES];
        unsigned n = 0;

        ours.fd = fd;
        rival.fd = rival_fd;
        for (; n < MAX_SLICES && now_s() < end; n++) {
                run_slice(n % 2 ? &rival : &ours, n, window, rate);
                run_slice(n % 2 ? &ours : &rival, n, window, rate);
                ratios[n] = rival.rates[n] > 0 ? ours.rates[n] / rival.rates[n] : 0;
        }
        print_side("", &ours, n);
        print_side("rival_", &rival, n);
        printf("per_mille %.0f slices %u bytes %u\n", 1000 * median(ratios, n), n, last_bytes);
}

/* ---- the command line --------------------------------------------------------------------------------------------- */

static int read_mode(const char *text)
{
        static const char *const names[] = {"query", "mix", "each", "register", "refresh"};

        for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (strcmp(names[i], text) == 0) {
                        mode = (enum mode)i;
                        return 0;
                }
        return -1;
}

static int connect_to(const char *address, const char *port)
{
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
        const int size = 8 << 20, fd = socket(AF_INET, SOCK_DGRAM, 0);

        if (inet_pton(AF_INET, address, &to.sin_addr) != 1 || fd < 0 ||
            connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
                return -1;
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
        return fd;
}

static void run_one(int fd, unsigned window, double rate, double end)
{
        const double start = now_s();

        if (rate > 0)
                run_rate(fd, rate, end);
        else
                run_window(fd, window, end);
        printf("answers_per_second %.0f positive %llu negative %llu waits %llu claims %llu bytes %u lost %llu p50_us "
               "%llu p99_us %llu p999_us %llu max_us %llu\n",
               (double)answers / (now_s() - start), (unsigned long long)positive, (unsigned long long)negative,
               (unsigned long long)waits, (unsigned long long)claims_answered, last_bytes, (unsigned long long)lost,
               (unsigned long long)percentile(0.5), (unsigned long long)percentile(0.99),
               (unsigned long long)percentile(0.999), (unsigned long long)percentile(1));
}

int main(int argc, char **argv)
{
        if (argc < 9 || argc > 10 || read_mode(argv[3]) < 0) {
                fprintf(stderr, "usage: wins_load ADDRESS PORT[,PORT] query|mix|each|register|refresh FIRST COUNT "
                                "MISSING_PERCENT WINDOW SECONDS [RATE]\n");
                return 2;
        }
        const char *rival = strchr(argv[2], ',');
        const int fd = connect_to(argv[1], argv[2]), rival_fd = rival ? connect_to(argv[1], rival + 1) : -1;
        if (fd < 0 || (rival && (rival_fd < 0 || goes_in_order()))) {
                perror("wins_load");
                return 1;
        }
        first = (uint32_t)strtoul(argv[4], NULL, 0);
        count = (uint32_t)strtoul(argv[5], NULL, 0);
        missing_percent = (uint32_t)atoi(argv[6]);
        unsigned window = (unsigned)atoi(argv[7]);
        window = window < 1 ? 1 : window > MAX_WINDOW ? MAX_WINDOW : window;
        const double rate = argc == 10 ? atof(argv[9]) : 0, end = now_s() + atof(argv[8]);
        if (rival)
                run_pair(fd, rival_fd, window, rate, end);
        else
                run_one(fd, window, rate, end);
        return 0;
}
