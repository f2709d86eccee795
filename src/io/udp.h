#pragma once
/*
 * One IPv4 UDP socket, read and written in batches (recvmmsg, sendmmsg).
 *
 * For a daemon it is bound to 0.0.0.0:137 and serves every interface: IP_PKTINFO tells by which device and to which address
 * a datagram came, and chooses by which device and from which address one leaves. For a tool it is bound to any free
 * port. The socket never shares its port (no SO_REUSEADDR): when nmbd has 137, udp_open() says NBT_ERR_BUSY rather than
 * splitting the traffic with it.
 *
 * A server that has much to answer at one address may have a second socket bound to just that (udp_open_beside()): the kernel hands
 * it what was sent to the address alone, neither side has to say addresses packet by packet, and the first socket keeps the rest.
 *
 * Own broadcasts come back: Linux loops them to the socket that sent them. Whoever reads must know own addresses.
 *
 * struct udp owns the descriptor and the batch memory; datagrams of udp_receive() are borrowed until the next call.
 * Not for two threads.
 */
#include "base/instant.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UDP_BATCH 64
#define UDP_MAX_BYTES 1536 /* longer datagrams are cut, and say so */

struct udp;

struct udp_options {
        uint32_t address;            /* to bind to; 0: all */
        uint16_t port;               /* 0: any free one */
        size_t receive_buffer_bytes; /* wish: less without privilege, where the system allows less; 0: the system's */
};

struct udp_datagram {
        uint32_t source;
        uint16_t source_port;
        uint32_t destination; /* as the IP header bore it: tells broadcast from unicast */
        uint32_t
                ifindex; /* device it came by; 1 (lo) for what the machine sends to itself; 0: not told (udp_open_beside()) */
        bool truncated;
        const uint8_t *bytes;
        size_t len_bytes;
};

/*
 * Opens and binds, not blocking, SO_BROADCAST set. NBT_ERR_BUSY: another holds the port; NBT_ERR_DENIED: no permission for a
 * port below 1024; NBT_ERR_RANGE: ADDRESS is not one of this machine's; NBT_ERR_IO: errno tells; NBT_ERR_NOMEM.
 */
int udp_open(struct udp **ret, const struct udp_options *options) NBT_MUST_CHECK;

/* A socket for ADDRESS alone, at the port of WILDCARD, which is bound to all. Its datagrams have no ifindex. As udp_open(). */
int udp_open_beside(struct udp **ret, struct udp *wildcard, uint32_t address) NBT_MUST_CHECK;

/* Makes sockets for udp_open_beside() beforehand: with the privilege that their buffers need, which may be gone later. */
#define UDP_MAX_SPARES 8
void udp_make_spares(struct udp *wildcard, size_t receive_buffer_bytes);

/* Takes over FD, a bound datagram socket from the service manager. NBT_ERR_UNSUPPORTED if it is no IPv4 UDP socket (FD then stays the
 * caller's), NBT_ERR_NOMEM. */
int udp_adopt(struct udp **ret, int fd) NBT_MUST_CHECK;

/* Closes and frees; accepts NULL, returns NULL. */
struct udp *udp_close(struct udp *udp);

/* The descriptor, to wait on, and the port it is bound to. */
int udp_fd(const struct udp *udp);
uint16_t udp_port(const struct udp *udp);

/* Up to UDP_BATCH datagrams that wait; 0 if none does. Returns their count and lends them. NBT_ERR_IO. */
int udp_receive(struct udp *udp, const struct udp_datagram **ret) NBT_MUST_CHECK;

/* Waits till something can be received or DEADLINE passed: 1 or 0. For programs without a loop. NBT_ERR_IO (also when a signal came). */
int udp_wait(const struct udp *udp, mono_t deadline) NBT_MUST_CHECK;

/*
 * Queues one datagram, and sends the batch when it is full. BYTES are borrowed until udp_flush(). SOURCE 0 and IFINDEX 0 leave the
 * choice to the routing table. What the kernel refuses is dropped and counted, as a network would drop it.
 */
void udp_send(struct udp *udp, uint32_t ifindex, uint32_t source, uint32_t destination, uint16_t port,
              const void *bytes, size_t len_bytes);
void udp_flush(struct udp *udp);

struct udp_counters {
        uint64_t received, sent;
        uint64_t receive_dropped; /* by the kernel, for want of room (SO_RXQ_OVFL) */
        uint64_t send_failed;
        int send_errno; /* of the last that failed */
};
struct udp_counters udp_counters(const struct udp *udp);

/*
 * Who has UDP PORT of this network namespace: "nmbd (pid 812)", or "another program (uid 0)" where /proc does not let us look
 * further. NBT_ERR_NOT_FOUND if no socket is bound to it.
 */
int udp_port_owner(uint16_t port, char *ret_text, size_t size_bytes) NBT_MUST_CHECK;
