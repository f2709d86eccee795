#pragma once
/*
 * What to do about two holders of one name, in exact commands: for this host, for a Windows host and for a Samba host.
 */
#include "diagnose/rule.h"

/* Another machine, at ADDRESS, bears the name. */
void remedy_same_computer(const struct rule_input *in, uint32_t address, struct texts *lines);
/* A user is logged on here and at ADDRESS. */
void remedy_same_user(const struct rule_input *in, uint32_t address, struct texts *lines);
/* "To get the name back on this machine". */
void remedy_recover(const struct rule_input *in, struct texts *lines);

#define REMEDY_COMPUTER_NAME_KEY "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName"
#define REMEDY_TCPIP_KEY "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
