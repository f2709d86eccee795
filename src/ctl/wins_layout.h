#pragma once
/* How the structs of ctl/wins.h travel; for the codec alone. */
#include "ctl/layout.h"

extern const struct layout CTL_WINS_REQUEST; /* struct ctl_wins_request */
extern const struct layout CTL_WINS_REPLY;   /* struct ctl_wins_reply */
