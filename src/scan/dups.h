#pragma once
/*
 * Who holds one name twice.
 *
 * Hosts (addresses that answered) are first put together to machines. Two addresses are one machine when
 *   - both tell the same MAC, and the same computer name; or
 *   - one lists the other among its own addresses, the other does not contradict (it lists the first as well, or gave no answer
 *     about its addresses), and their tables are the same.
 * An equal table alone proves nothing: twins, clones above all, have equal tables.
 *
 * Then every unique name that more than one machine holds is a duplicate, and so is a name that one holds as unique and another as
 * a group. <1D>, the master browser, is held once a segment by design ([MS-BRWS] §1.3): it counts only within one subnet.
 */
#include "base/arena.h"
#include "scan/host.h"

/* A subnet whose mask is known: one this machine is on. */
struct scan_subnet {
        uint32_t address, netmask;
};

struct scan_holder {
        const struct scan_host *host;
        uint32_t machine;    /* number of it in the report */
        uint16_t name_flags; /* as its table has the name */
};

struct scan_duplicate {
        struct nb_name name;
        bool mixed_kind; /* unique here, group there; only holders of it as unique, and one of it as a group, are listed */
        size_t machine_count;
        size_t holder_count;
        const struct scan_holder *holders; /* by machine, then by address */
};

/* Addresses that are one machine. */
struct scan_machine {
        bool same_mac, lists_all; /* why */
        size_t host_count;
        const struct scan_host *const *hosts;
};

struct scan_report {
        size_t duplicate_count;
        const struct scan_duplicate *duplicates; /* by name */
        size_t multihomed_count;
        const struct scan_machine *multihomed; /* machines of more than one address */
        size_t in_conflict_count;              /* hosts with a name in conflict in their own table */
        uint32_t machine_count;
};

/*
 * Judges HOSTS, which lend what the report, in ARENA, points to. SUBNETS tell where <1D> is looked at; other addresses are taken to
 * be in subnets of /24. NBT_ERR_NOMEM.
 */
int scan_judge(const struct scan_host *const *hosts, size_t count, const struct scan_subnet *subnets,
               size_t subnet_count, struct arena *arena, struct scan_report *ret) NBT_MUST_CHECK;
