#pragma once
/*
 * The socket of one who asks DHCP servers by DHCPINFORM: UDP port 68 of one interface. It is shared with a DHCP client that shares it
 * too (SO_REUSEADDR), and open only for the moments of a question. Blocking, with a limit.
 */
#include "base/instant.h"
#include "base/result.h"

#include <stddef.h>
#include <stdint.h>

/* DEVICE is the interface. Returns a descriptor. NBT_ERR_DENIED (no permission), NBT_ERR_BUSY (a client holds the port
 * for itself), NBT_ERR_NOT_FOUND (no such device), NBT_ERR_IO with errno. */
int dhcpsock_open(const char *device) NBT_MUST_CHECK;
void dhcpsock_close(int descriptor);

/* Broadcasts to port 67. NBT_ERR_IO with errno. */
int dhcpsock_send(int descriptor, const void *bytes, size_t len_bytes) NBT_MUST_CHECK;

/* The next datagram's length, and who sent it; NBT_ERR_TIMEOUT when UNTIL is reached, NBT_ERR_IO. */
int dhcpsock_receive(int descriptor, mono_t until, void *ret_bytes, size_t size_bytes,
                     uint32_t *ret_source) NBT_MUST_CHECK;
