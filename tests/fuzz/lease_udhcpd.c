/* Lease databases of udhcpd. */
#include "lease.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        return lease_fuzz(LEASE_FORMAT_UDHCPD, data, size);
}
