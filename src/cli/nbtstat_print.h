#pragma once
/*
 * nbtstat's tables, as Windows lays them out (scripts parse headings and columns), and the same as JSON.
 *
 * Pure: a view or an answer goes in, text comes out. Nothing here asks anybody anything.
 */
#include "node/node.h"
#include "wire/nbstat.h"

#include <jansson.h>
#include <stdio.h>

struct nbtstat_style {
        bool raw;    /* print unprintable bytes of names as they are, as Windows does, in place of '.' */
        bool colour; /* names in conflict stand out */
};

/* One adapter's block of nbtstat -a/-A. */
struct nbtstat_remote {
        const char *label; /* "eth0" */
        uint32_t address;  /* ours on it; 0 if it has none */
        const struct nb_scope *scope;
        const struct nbstat_table *table; /* NULL: host not found by this adapter */
};

void nbtstat_print_names(FILE *out, const struct node_view *view, struct nbtstat_style style);    /* -n */
void nbtstat_print_cache(FILE *out, const struct node_view *view, struct nbtstat_style style);    /* -c */
void nbtstat_print_resolved(FILE *out, const struct node_view *view, struct nbtstat_style style); /* -r */
void nbtstat_print_sessions(FILE *out, const struct node_view *view);                             /* -s, -S */
void nbtstat_print_remote(FILE *out, const struct nbtstat_remote *remote, struct nbtstat_style style);

/* New references; NULL when memory ran out. Names stand as {"name","suffix","bytes","type","status","service"}. */
json_t *nbtstat_json_names(const struct node_view *view);
json_t *nbtstat_json_cache(const struct node_view *view);
json_t *nbtstat_json_resolved(const struct node_view *view);
json_t *nbtstat_json_sessions(const struct node_view *view);
json_t *nbtstat_json_remote(const struct nbtstat_remote *remote);

/* Which of the view's interfaces the cache entry is listed under: an index, or 0. */
size_t nbtstat_cache_iface(const struct node_view *view, const struct node_view_cache *entry);
