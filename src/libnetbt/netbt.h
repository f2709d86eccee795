#pragma once
/*
 * libnetbt: the NetBIOS name service for other C programs.
 *
 *   wire/name.h, wire/nbns.h, wire/nbstat.h   bytes <-> values: names, scopes, packets, node status tables
 *   wire/dump.h                               any message as text
 *   ask/ask.h                                 a client without I/O: give it packets and the time, it says what to send
 *   base/...                                  what these are made of: cursors, arena, growing text, random numbers, times
 *
 * The library opens no socket, reads no clock, keeps no global state and starts no thread; values belong to whoever
 * declares them. Every function that can fail returns 0 (or a count) or a negative enum nbt_err.
 */
#include "ask/ask.h"
#include "base/arena.h"
#include "base/instant.h"
#include "base/ip4.h"
#include "base/rd.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/strbuf.h"
#include "base/wr.h"
#include "wire/dump.h"
#include "wire/name.h"
#include "wire/nbns.h"
#include "wire/nbstat.h"
