// SPDX-License-Identifier: GPL-2.0
/* Files with a number in them, and a cgroup with a limit. */
#include <sys/stat.h>

#include "mshv_util.h"

#define CGROUP_ROOT	"/sys/fs/cgroup"
#define CGROUP		CGROUP_ROOT "/mshv-test"

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

long file_number(const char *path, const char *key)
{
	char text[8192], *at;
	int fd = open(path, O_RDONLY);
	ssize_t n;

	REQUIRE(fd >= 0, "%s", path);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	REQUIRE(n > 0, "%s", path);
	text[n] = 0;
	at = strstr(text, key);
	REQUIRE(at, "%s has no %s", path, key);
	return strtol(at + strlen(key), NULL, 10);
}

bool cgroup_init(long limit)
{
	char text[32];

	if (file_write(CGROUP_ROOT "/cgroup.subtree_control", "+memory"))
		return false;
	rmdir(CGROUP);
	REQUIRE(!mkdir(CGROUP, 0755), CGROUP);
	snprintf(text, sizeof(text), "%ld", limit);
	REQUIRE(!file_write(CGROUP "/memory.max", text), "memory.max");
	return true;
}

void cgroup_join(void)
{
	REQUIRE(!file_write(CGROUP "/cgroup.procs", "0"), "cgroup.procs");
}

long cgroup_current(void)
{
	return file_number(CGROUP "/memory.current", "");
}

bool cgroup_killed(void)
{
	return file_number(CGROUP "/memory.events", "oom_kill ");
}

void cgroup_free(void)
{
	unsigned int tries;

	/* the last process may be on its way out */
	for (tries = 0; tries < 100 && rmdir(CGROUP) && errno == EBUSY; tries++)
		usleep(20000);
}
