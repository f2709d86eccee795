#pragma once
/*
 * How names, hosts and times are spoken of in headlines, evidence and remedies. All texts are in the arena, never NULL
 * ("…" if memory ran out, which the caller's texts then tell as well).
 */
#include "diagnose/rule.h"

/* "FILESRV<20>", or "an unknown name". */
const char *describe_name(const struct rule_input *in);
/*
 * The name in commands that are copied into a shell: whatever it holds, it is one word, ends no quotation and no span of code, and our tools
 * read it back as it is. "'FILESRV<20>'"; without the suffix "'FILESRV'".
 */
const char *describe_word(const struct rule_input *in);
const char *describe_stem_word(const struct rule_input *in);
/* The same without suffix for tools of Windows, whose shells quote otherwise: "FILESRV"; "NAME" if it holds more than letters, digits, '-',
 * '_', '.' and '$'. */
const char *describe_bare(const struct rule_input *in);
/* "FILESRV" in running text where commands stand between backquotes: it holds none. */
const char *describe_stem(const struct rule_input *in);
/* A file's path as one word of a shell: as it is if it can be, else as bash's $'…'. */
const char *describe_path(const struct rule_input *in, const char *path);

/* "10.77.0.3". */
const char *describe_address(const struct rule_input *in, uint32_t address);
/* "10.77.0.3 (computer OLDSRV, MAC 02-…, Acme Corp)": as much of it as is known. */
const char *describe_host(const struct rule_input *in, uint32_t address);
/* "this machine (eth0, 10.77.0.2)", or "the machine at 10.77.0.2", or "the machine that logged the event". */
const char *describe_loser(const struct rule_input *in);
/* Where commands of ours are to be run: "This host", or "A host with netbtd". */
const char *describe_ours(const struct rule_input *in);
/* "event 4320, record 17, 2026-11-23T06:14:04Z (event log of this machine)". */
const char *describe_event(const struct rule_input *in, const struct snapshot_event *event);
/* "site.pcap, packet 17, 2026-11-23T06:14:04Z: negative registration response from 10.77.0.2 to 10.77.0.3 for FILESRV<20>". */
const char *describe_packet(const struct rule_input *in, const struct capture_packet *packet);
/* The computer name in the table of the host at ADDRESS, else as a capture shows it; NULL if it told none. */
const char *describe_computer(const struct rule_input *in, uint32_t address);

/* Evidence lines that several rules give: what the events and captures say, and what each holder's table and answers say. */
void evidence_events(const struct rule_input *in, struct texts *evidence);
void evidence_holder(const struct rule_input *in, const struct case_holder *holder, struct texts *evidence);
/* Who did not answer or was not asked, so that a weak verdict is understood. */
void evidence_silence(const struct rule_input *in, uint32_t address, struct texts *evidence);
/* Which MAC ADDRESS has, where that is known from, and whether it has another by now. */
void evidence_mac(const struct rule_input *in, uint32_t address, struct texts *evidence);
/* The packets that prove the conflict (part of evidence_events()), and what else captures show of a holder (of evidence_holder()). */
void evidence_disputes(const struct rule_input *in, struct texts *evidence);
void evidence_seen(const struct rule_input *in, const struct case_holder *holder, struct texts *evidence);
