#pragma once
/*
 * What is wrong in lease databases: one address with two clients, one client with two leases, one name on two machines, times
 * that run backwards, names that NetBIOS cannot bear, and what a reader found damaged.
 *
 * A checker takes items of one or more files in their order, keeps what each address came to, and is then asked for its findings.
 * Two leases are at odds only if their periods overlap; no clock is looked at, so that an old copy is judged as it was. Memory
 * grows with the number of addresses, up to CHECK_MAX_LEASES. It owns all it lends; valid until it is freed.
 */
#include "dhcp/lease.h"

#define CHECK_MAX_LEASES (4u << 20)
#define CHECK_MAX_FILES 64
#define CHECK_KEPT 1000 /* findings of a kind that are kept; the others are counted */

enum check_kind {
        CHECK_DAMAGE,        /* cannot be read */
        CHECK_ADDRESS_TWICE, /* two records of one address in a file, or in two databases, that names each but once */
        CHECK_OVERLAP,       /* an address given to a client before another's lease of it had ended */
        CHECK_CLIENT_TWICE,  /* one client holds two addresses */
        CHECK_NAME_TWICE,    /* two clients gave one name */
        CHECK_NAME_CUT,      /* two long names that NetBIOS cuts to one */
        CHECK_NAME_OTHER,    /* the name service gives the address to another name: checker_compare() */
        CHECK_TIME,          /* a lease that ends before it starts, or a later record that starts earlier */
        CHECK_DECLINED,      /* a client found the address in use: someone has it without a lease */
        CHECK_NAME_LONG,     /* a remark: more than 15 bytes */
        CHECK_NAME_BAD,      /* a remark: a character that a NetBIOS computer name cannot have */
        CHECK_KIND_MAX,
};

/* A record, as findings speak of it. */
struct check_ref {
        unsigned file; /* as given to check_add() */
        unsigned line; /* 0 in a binary file */
        uint64_t offset;
        struct {
                uint32_t address;
                enum lease_state state;
                bool has_mac;
                uint8_t mac[6];
                uint64_t client;
                int64_t starts_s, ends_s;
                const char *name;
        } lease; /* all zero for damage */
};

struct check_finding {
        enum check_kind kind;
        const char *why;       /* CHECK_DAMAGE, CHECK_TIME, CHECK_NAME_OTHER: one phrase */
        struct check_ref a, b; /* A is the earlier; B has address 0 where there is but one */
};

struct checker;

/* NBT_ERR_NOMEM. */
int checker_new(struct checker **ret) NBT_MUST_CHECK;
/* Accepts NULL, returns NULL. */
struct checker *checker_free(struct checker *checker);

/* FILE numbers the file; DATABASE the database it belongs to (Kea's journal lies in several files of one database); both below
 * CHECK_MAX_FILES. NBT_ERR_NOMEM; NBT_ERR_FULL over CHECK_MAX_LEASES. */
int checker_add(struct checker *checker, unsigned file, unsigned database, enum lease_format format,
                const struct lease_item *item) NBT_MUST_CHECK;

/* All is there: compares names and clients. NBT_ERR_NOMEM. */
int checker_finish(struct checker *checker) NBT_MUST_CHECK;

/* After checker_finish(): the name service gives ADDRESS to a machine called NETBIOS (15 bytes at most), which WHO tells of ("WINS"). An active
 * lease of the address to another name is a finding. NBT_ERR_NOMEM. */
int checker_compare(struct checker *checker, uint32_t address, const char *netbios, const char *who) NBT_MUST_CHECK;

size_t checker_count(const struct checker *checker, enum check_kind kind);
/* How many leases are active, and how many addresses have a record at all. */
size_t checker_active(const struct checker *checker);
size_t checker_addresses(const struct checker *checker);
/* The I-th kept finding of KIND, from 0; NULL if there are not as many. */
const struct check_finding *checker_finding(const struct checker *checker, enum check_kind kind, size_t i);

/* The I-th lease as it stands at the end of its database, from 0 in order of first appearance; false if there are not as many. */
bool checker_lease(const struct checker *checker, size_t i, struct check_ref *ret);

/* Offsets of the records of FILE that a clean copy leaves out besides damage: of one address, all but the one that lasts longest, and
 * leases that end before they start. Ascending; lent. */
const uint64_t *checker_drops(struct checker *checker, unsigned file, size_t *ret_count);

/* True for kinds that are faults; false for remarks. */
bool check_is_fault(enum check_kind kind);
const char *check_kind_str(enum check_kind kind); /* "address-twice": part of the JSON form */
const char *check_kind_title(enum check_kind kind);

/* The first CHARACTER of NAME's first label that no NetBIOS computer name may have, or 0. Source: KB909264. */
char check_bad_character(const char *name);
