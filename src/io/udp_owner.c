/* Who owns a port: /proc/net/udp names the socket's inode, /proc/PID/fd tells who holds it open. */
#include "io/udp.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct socket_row {
        unsigned long inode;
        unsigned uid;
};

static int find_row(uint16_t port, struct socket_row *ret)
{
        FILE *file = fopen("/proc/net/udp", "re");
        char line[256];
        int r = NBT_ERR_NOT_FOUND;

        if (!file)
                return NBT_ERR_NOT_FOUND;
        while (fgets(line, sizeof line, file)) {
                unsigned local_port, uid;
                unsigned long inode;

                /* sl local:port remote:port st queues timer retransmits uid timeout inode */
                if (sscanf(line, " %*d: %*x:%x %*x:%*x %*x %*s %*s %*s %u %*d %lu", &local_port, &uid, &inode) != 3 ||
                    local_port != port)
                        continue;
                *ret = (struct socket_row){.inode = inode, .uid = uid};
                r = 0;
                break;
        }
        fclose(file);
        return r;
}

/* Does process PID have the socket open? */
static bool holds_inode(const char *pid, unsigned long inode)
{
        char path[64], wanted[48], target[64];
        bool found = false;

        snprintf(path, sizeof path, "/proc/%.16s/fd", pid);
        snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
        DIR *dir = opendir(path);
        if (!dir)
                return false;
        for (const struct dirent *entry = readdir(dir); entry && !found; entry = readdir(dir)) {
                const ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);

                if (len > 0) {
                        target[len] = '\0';
                        found = strcmp(target, wanted) == 0;
                }
        }
        closedir(dir);
        return found;
}

static void read_program(const char *pid, char *ret_name, size_t size_bytes)
{
        char path[64];

        snprintf(path, sizeof path, "/proc/%.16s/comm", pid);
        FILE *file = fopen(path, "re");
        if (!file || !fgets(ret_name, (int)size_bytes, file))
                snprintf(ret_name, size_bytes, "a program");
        if (file)
                fclose(file);
        ret_name[strcspn(ret_name, "\n")] = '\0';
}

int udp_port_owner(uint16_t port, char *ret_text, size_t size_bytes)
{
        struct socket_row row;
        char program[32];
        const int r = find_row(port, &row);

        if (r < 0)
                return r;
        snprintf(ret_text, size_bytes, "another program (uid %u)", row.uid);
        DIR *proc = opendir("/proc");
        if (!proc)
                return 0;
        for (const struct dirent *entry = readdir(proc); entry; entry = readdir(proc)) {
                if (!isdigit((unsigned char)entry->d_name[0]) || !holds_inode(entry->d_name, row.inode))
                        continue;
                read_program(entry->d_name, program, sizeof program);
                snprintf(ret_text, size_bytes, "%s (pid %s)", program, entry->d_name);
                break;
        }
        closedir(proc);
        return 0;
}
