/* The captures of --pcap: what the tracker tells of them, as the snapshot holds it. */
#include "cli/collect_capture.h"

#include "io/random.h"

#include <errno.h>
#include <string.h>

#define MAX_DISPUTES 256

/* A long timeline keeps its beginning and its end. */
#define FIRST_PACKETS 1024u
#define LAST_PACKETS 3072u
#define ALIKE_LOOK_BACK 8u
#define ALIKE_WITHIN_US 5000000 /* ASSUMPTION: a request and its repeats */

/* ---- packets ------------------------------------------------------------------------------------------------------ */

static const char *source_of(const struct capture_reading *reading, uint64_t frame)
{
        return reading->merge.sources[capture_frame_file(frame)].name;
}

static enum watch_packet_kind kind_of(enum watch_proof_kind kind)
{
        static const enum watch_packet_kind kinds[WATCH_PROOF_MAX] = {
                [WATCH_PROOF_CLAIM] = WATCH_PACKET_CLAIM,     [WATCH_PROOF_OVERWRITE] = WATCH_PACKET_OVERWRITE,
                [WATCH_PROOF_REFRESH] = WATCH_PACKET_REFRESH, [WATCH_PROOF_ACCEPTED] = WATCH_PACKET_ACCEPTANCE,
                [WATCH_PROOF_ANSWER] = WATCH_PACKET_ANSWER,   [WATCH_PROOF_REFUSAL] = WATCH_PACKET_REFUSAL,
                [WATCH_PROOF_TABLE] = WATCH_PACKET_TABLE,     [WATCH_PROOF_RELEASE] = WATCH_PACKET_RELEASE,
        };

        return kind < WATCH_PROOF_MAX ? kinds[kind] : WATCH_PACKET_OTHER;
}

struct capture_packet capture_proof_packet(const struct capture_reading *reading, const struct nb_name *name,
                                           const struct watch_holder *holder)
{
        const struct watch_proof *proof = &holder->proof;

        if (proof->frame == 0 || kind_of(proof->kind) == WATCH_PACKET_OTHER)
                return (struct capture_packet){.source = ""};
        return (struct capture_packet){
                .source = source_of(reading, proof->frame),
                .frame = capture_frame_number(proof->frame),
                .time = proof->time,
                .kind = kind_of(proof->kind),
                .name = *name,
                .from = proof->source,
                .to = proof->destination,
                .address = holder->address,
                .group = holder->group,
        };
}

/* The packet of the event itself, which PEER sent to HOLDER. */
static struct capture_packet event_packet(const struct capture_reading *reading, const struct watch_event *event,
                                          enum watch_packet_kind kind)
{
        return (struct capture_packet){
                .source = source_of(reading, event->frame),
                .frame = capture_frame_number(event->frame),
                .time = event->time,
                .kind = kind,
                .name = event->name,
                .from = event->peer.address,
                .to = event->holder.address,
        };
}

/* ---- disputes ----------------------------------------------------------------------------------------------------- */

static bool goes_before(const struct capture_packet *a, const struct capture_packet *b)
{
        return a->time.us != b->time.us ? a->time.us < b->time.us : a->frame < b->frame;
}

/* In order of time, each once; one that tells nothing is none. */
static void add_packet(struct capture_dispute *dispute, const struct capture_packet *packet)
{
        size_t at = dispute->packet_count;

        if (packet->frame == 0 || dispute->packet_count == CAPTURE_PROOFS)
                return;
        for (size_t i = 0; i < dispute->packet_count; i++)
                if (dispute->packets[i].frame == packet->frame && dispute->packets[i].source == packet->source)
                        return;
        for (; at > 0 && goes_before(packet, &dispute->packets[at - 1]); at--)
                dispute->packets[at] = dispute->packets[at - 1];
        dispute->packets[at] = *packet;
        dispute->packet_count++;
}

/* A new one, or the same as before, once more. NULL: too many, or a name that is not asked about. */
static struct capture_dispute *get_dispute(struct capture_reading *reading, const struct watch_event *event,
                                           enum capture_dispute_how how, uint32_t sender, bool *ret_new)
{
        *ret_new = false;
        if (!snapshot_wants(&reading->c->snapshot, &event->name) || event->holder.group)
                return NULL;
        for (size_t i = 0; i < reading->dispute_count; i++) {
                struct capture_dispute *known = &reading->disputes[i];

                if (known->how != how || known->loser != event->holder.address || known->sender != sender ||
                    !nb_name_equal(&known->name, &event->name))
                        continue;
                known->repeated++;
                known->last = event->time;
                known->over = false;
                return known;
        }
        if (reading->dispute_count == MAX_DISPUTES) {
                reading->more_disputes++;
                return NULL;
        }
        *ret_new = true;
        struct capture_dispute *made = &reading->disputes[reading->dispute_count++];
        *made = (struct capture_dispute){.how = how,
                                         .name = event->name,
                                         .loser = event->holder.address,
                                         .sender = sender,
                                         .by_server = event->server != 0,
                                         .first = event->time,
                                         .last = event->time};
        return made;
}

static void take_objection(struct capture_reading *reading, const struct watch_event *event,
                           enum capture_dispute_how how, enum watch_packet_kind kind)
{
        bool is_new;
        struct capture_dispute *dispute = get_dispute(reading, event, how, event->peer.address, &is_new);
        const struct capture_packet itself = event_packet(reading, event, kind);
        const struct capture_packet loser = capture_proof_packet(reading, &event->name, &event->holder);
        const struct capture_packet sender = capture_proof_packet(reading, &event->name, &event->peer);

        if (!dispute || !is_new)
                return;
        add_packet(dispute, &itself);
        add_packet(dispute, &loser);
        add_packet(dispute, &sender);
        if (event->peer.own_word && !dispute->by_server)
                dispute->other = event->peer.address;
}

/* The objection that the same packet was told as just before. */
static struct capture_dispute *find_objection(struct capture_reading *reading, const struct watch_event *event)
{
        for (size_t i = reading->dispute_count; event->frame != 0 && i > 0; i--) {
                struct capture_dispute *dispute = &reading->disputes[i - 1];

                if (dispute->sender == 0 || dispute->loser != event->holder.address ||
                    !nb_name_equal(&dispute->name, &event->name))
                        continue;
                for (size_t j = 0; j < dispute->packet_count; j++)
                        if (dispute->packets[j].frame == capture_frame_number(event->frame) &&
                            dispute->packets[j].source == source_of(reading, event->frame))
                                return dispute;
        }
        return NULL;
}

static void take_conflict(struct capture_reading *reading, const struct watch_event *event)
{
        const bool listed = event->holder.proof.kind == WATCH_PROOF_TABLE && event->holder.state == WATCH_STATE_REFUSED;
        struct capture_dispute *dispute = find_objection(reading, event);
        const struct capture_packet other = capture_proof_packet(reading, &event->name, &event->peer);
        const struct capture_packet loser = capture_proof_packet(reading, &event->name, &event->holder);
        bool is_new = false;

        if (!dispute)
                dispute = get_dispute(reading, event, listed ? CAPTURE_LISTED : CAPTURE_BOTH_HOLD, 0, &is_new);
        if (!dispute)
                return;
        if (is_new)
                add_packet(dispute, &loser);
        if (event->peer.address != 0 && dispute->other == 0) {
                dispute->other = event->peer.address;
                add_packet(dispute, &other);
        }
}

static void take_end(struct capture_reading *reading, const struct watch_event *event)
{
        for (size_t i = 0; i < reading->dispute_count; i++)
                if (nb_name_equal(&reading->disputes[i].name, &event->name))
                        reading->disputes[i].over = true;
}

/* ---- the packets of one name -------------------------------------------------------------------------------------- */

static struct capture_packet *packet_at(struct capture_reading *reading, uint64_t i)
{
        return &reading->packets[i < FIRST_PACKETS ? i : FIRST_PACKETS + (i - FIRST_PACKETS) % LAST_PACKETS];
}

/* One of the last rows, if PACKET is its repeat. */
static struct capture_packet *find_alike(struct capture_reading *reading, const struct capture_packet *packet)
{
        for (uint64_t i = reading->packet_count; i > 0 && i + ALIKE_LOOK_BACK > reading->packet_count; i--) {
                struct capture_packet *row = packet_at(reading, i - 1);

                if (row->kind == packet->kind && row->from == packet->from && row->to == packet->to &&
                    row->address == packet->address && row->source == packet->source &&
                    nb_name_equal(&row->name, &packet->name) && packet->time.us - row->time.us <= ALIKE_WITHIN_US)
                        return row;
        }
        return NULL;
}

static void take_packet(struct capture_reading *reading, const struct watch_event *event)
{
        const struct capture_packet packet = {
                .source = source_of(reading, event->frame),
                .frame = capture_frame_number(event->frame),
                .time = event->time,
                .kind = event->packet.kind,
                .name = event->name,
                .from = event->packet.source,
                .to = event->packet.destination,
                .address = event->packet.address,
                .group = event->packet.group,
        };
        struct capture_packet *alike = find_alike(reading, &packet);

        if (alike) {
                alike->repeated++;
                alike->last_frame = packet.frame;
        } else {
                *packet_at(reading, reading->packet_count++) = packet;
        }
}

const struct capture_packet *capture_packets(struct capture_reading *reading, size_t *ret_count, uint64_t *ret_omitted)
{
        const uint64_t most = FIRST_PACKETS + LAST_PACKETS;
        const uint64_t kept = reading->packet_count < most ? reading->packet_count : most;
        struct capture_packet *rows = kept ? arena_alloc(&reading->c->arena, kept * sizeof *rows) : NULL;

        *ret_count = kept;
        *ret_omitted = reading->packet_count - kept;
        for (uint64_t i = 0; rows && i < kept; i++)
                rows[i] = *packet_at(reading, i < FIRST_PACKETS ? i : i + *ret_omitted);
        return rows;
}

static void take_events(void *context, const struct watch_events *events)
{
        struct capture_reading *reading = context;

        for (const struct watch_event *event = events->first; event; event = event->next) {
                switch (event->type) {
                case WATCH_EVENT_REFUSE:
                        take_objection(reading, event, CAPTURE_REFUSED, WATCH_PACKET_REFUSAL);
                        break;
                case WATCH_EVENT_DEMAND:
                        take_objection(reading, event, CAPTURE_DEMANDED,
                                       event->opcode == NBNS_OPCODE_RELEASE ? WATCH_PACKET_RELEASE_DEMAND
                                                                            : WATCH_PACKET_CONFLICT_DEMAND);
                        break;
                case WATCH_EVENT_CONFLICT:
                        take_conflict(reading, event);
                        break;
                case WATCH_EVENT_OVER:
                        take_end(reading, event);
                        break;
                case WATCH_EVENT_PACKET:
                        take_packet(reading, event);
                        break;
                case WATCH_EVENT_CLAIM:
                case WATCH_EVENT_HOLDER:
                case WATCH_EVENT_RELEASE:
                case WATCH_EVENT_SPOOFER: /* all of them are taken at the end */
                case WATCH_EVENT_MAX:
                default:
                        break;
                }
        }
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

/* What could not be read of one file. An exit code if that is all of it. */
static int tell_source(struct collection *c, const struct cli_context *ctx, const struct capture_source *source)
{
        const unsigned long long frames = source->file.frames;

        if (source->error == NBT_ERR_UNSUPPORTED && frames == 0)
                return cli_fail(ctx, CLI_EXIT_USAGE, source->name, "compressed, or a variant that is not read here",
                                "unpack it: zcat FILE | netbt diagnose --pcap -");
        if (source->file.reader.kind == PCAPFILE_UNKNOWN)
                return cli_fail(ctx, CLI_EXIT_USAGE, source->name,
                                source->error == NBT_ERR_IO ? strerror(source->system_error)
                                                            : "neither a pcap nor a pcapng file",
                                NULL);
        capture_damage_tell(&source->file, &source->damage, source->name, &c->notes);
        if (source->error)
                texts_add(&c->notes, "%s: it could not be read beyond byte %llu behind packet %llu: %s", source->name,
                          (unsigned long long)source->file.reader.taken_bytes, frames,
                          source->error == NBT_ERR_IO ? strerror(source->system_error) : nbt_err_str(source->error));
        if (capture_file_drops(&source->file) > 0)
                texts_add(&c->notes, "%s: %llu packets were lost while capturing", source->name,
                          (unsigned long long)capture_file_drops(&source->file));
        return CLI_EXIT_OK;
}

static void tell_first(struct capture_reading *reading, uint64_t count, uint64_t first, const char *what)
{
        if (count > 0)
                texts_add(&reading->c->notes, "%llu packet%s %s, the first is packet %llu of %s",
                          (unsigned long long)count, count == 1 ? "" : "s", what,
                          (unsigned long long)capture_frame_number(first), source_of(reading, first));
}

static void tell_counters(struct capture_reading *reading)
{
        const struct watch_counters counters = watch_counters(reading->watch);
        struct texts *notes = &reading->c->notes;

        tell_first(reading, counters.truncated, counters.first_truncated,
                   "cut short by the capture (what is left of them was read as far as it goes)");
        tell_first(reading, counters.malformed, counters.first_malformed,
                   "could not be read: lengths that contradict each other");
        if (counters.unsupported > 0)
                texts_add(notes,
                          "%llu frames are of a link type that is not read here (read are Ethernet, SLL, SLL2, "
                          "loopback and raw IP)",
                          (unsigned long long)counters.unsupported);
        if (counters.fragments > 0)
                texts_add(notes, "%llu fragments of packets were left out", (unsigned long long)counters.fragments);
        if (counters.datagrams == 0)
                texts_add(notes, "%s: no packet of the name service is in it", reading->c->snapshot.captures.label);
        if (counters.evicted_names + counters.evicted_stations + counters.lost_events > 0)
                texts_add(notes, "There are more names and machines in the captures than are kept: the longest unseen "
                                 "ones were forgotten");
        if (reading->more_disputes > 0)
                texts_add(notes, "%llu more conflicts are in the captures: --name NAME<XX> looks at one name",
                          (unsigned long long)reading->more_disputes);
}

/* Is one of this machine's own addresses among those that spoke, with its own MAC? */
static bool is_ours(const struct capture_reading *reading)
{
        const struct snapshot *s = &reading->c->snapshot;
        struct watch_station station;

        for (size_t i = 0; i < s->iface_count; i++) {
                const struct snapshot_iface *iface = &s->ifaces[i];

                if (iface->address >> 24 == 127 || !watch_station_find(reading->watch, iface->address, &station))
                        continue;
                if (!station.has_mac || !iface->has_mac || memcmp(station.mac, iface->mac, sizeof iface->mac) == 0)
                        return true;
        }
        return false;
}

static int open_all(struct capture_reading *reading, const struct cli_context *ctx,
                    const struct collect_request *request)
{
        for (size_t i = 0; i < request->capture_count; i++) {
                const int r = capture_merge_add(&reading->merge, request->captures[i]);

                if (r < 0)
                        return cli_fail(ctx, CLI_EXIT_USAGE, request->captures[i],
                                        r == NBT_ERR_IO ? strerror(errno) : nbt_err_str(r), NULL);
        }
        return CLI_EXIT_OK;
}

/* WINS servers that were named are not accused. */
static int open_watch(struct capture_reading *reading, const struct collect_request *request)
{
        uint32_t allowed[COLLECT_MAX_PLACES];
        struct watch_options options = {.allowed = allowed};
        const struct snapshot *s = &reading->c->snapshot;

        if (random_bytes(&options.seed, sizeof options.seed) < 0)
                return NBT_ERR_IO;
        for (size_t i = 0; i < request->wins_count; i++)
                options.allowed_count += ip4_parse(request->wins[i], &allowed[options.allowed_count]) == 0;
        int r = watch_new(&reading->watch, &options);
        if (r < 0 || !s->has_only)
                return r;
        reading->packets = arena_alloc(&reading->c->arena, (FIRST_PACKETS + LAST_PACKETS) * sizeof *reading->packets);
        return reading->packets ? watch_follow(reading->watch, &s->only, s->only_stem) : NBT_ERR_NOMEM;
}

static const char *label_of(struct collection *c, const struct capture_merge *merge)
{
        return merge->count == 1 ? merge->sources[0].name : arena_printf(&c->arena, "the %zu captures", merge->count);
}

static int count_all(struct capture_reading *reading)
{
        struct captures *captures = &reading->c->snapshot.captures;
        struct capture_read *files = arena_alloc(&reading->c->arena, CAPTURE_MERGE_MAX * sizeof *files);

        for (size_t i = 0; files && i < reading->merge.count; i++)
                files[i] = (struct capture_read){reading->merge.sources[i].name, reading->merge.sources[i].file.frames};
        captures->label = label_of(reading->c, &reading->merge);
        captures->file_count = reading->merge.count;
        captures->files = files;
        captures->name_service = watch_counters(reading->watch).datagrams;
        captures->names = watch_name_count(reading->watch);
        captures->all_machines = watch_station_count(reading->watch);
        return files && captures->label ? 0 : NBT_ERR_NOMEM;
}

int collect_captures(struct collection *c, const struct cli_context *ctx, const struct collect_request *request)
{
        struct capture_reading *reading = arena_alloc(&c->arena, sizeof *reading);
        int exit;

        if (!reading)
                return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        c->capture = reading;
        reading->c = c;
        reading->disputes = arena_alloc(&c->arena, MAX_DISPUTES * sizeof *reading->disputes);
        if (!reading->disputes || open_watch(reading, request) < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        exit = open_all(reading, ctx, request);
        if (exit != CLI_EXIT_OK)
                return exit;
        capture_merge_run(&reading->merge, reading->watch, take_events, reading);
        if (count_all(reading) < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        for (size_t i = 0; i < reading->merge.count && exit == CLI_EXIT_OK; i++)
                exit = tell_source(c, ctx, &reading->merge.sources[i]);
        if (exit != CLI_EXIT_OK)
                return exit;
        tell_counters(reading);
        c->snapshot.captures.ours = is_ours(reading);
        c->snapshot.captures.dispute_count = reading->dispute_count;
        c->snapshot.captures.disputes = reading->disputes;
        return CLI_EXIT_OK;
}

void collect_captures_done(struct collection *c)
{
        if (!c->capture)
                return;
        capture_merge_done(&c->capture->merge);
        c->capture->watch = watch_free(c->capture->watch);
}
