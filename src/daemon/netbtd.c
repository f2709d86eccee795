/* netbtd: the NetBT end node as a daemon, and nothing beside it. */
#include "daemon/host.h"

int main(int argc, char **argv)
{
        return host_main(&DAEMON_NETBTD, NULL, argc, argv);
}
