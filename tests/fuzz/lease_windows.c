/* What PowerShell exports of a Windows server. */
#include "lease.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        return lease_fuzz(LEASE_FORMAT_WINDOWS, data, size);
}
