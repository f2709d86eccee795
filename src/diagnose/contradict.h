#pragma once
/*
 * What speaks against a finding, or does not go together with the rest of what was collected. It is told as evidence, openly, in lines
 * that begin with "but:"; verdicts are the rules' own.
 */
#include "diagnose/rule.h"

/* At most a few lines, the gravest first. CAUSE: what the finding says; its own argument is no contradiction to it. */
void evidence_contradictions(const struct rule_input *in, enum diagnose_cause cause, struct texts *evidence);
