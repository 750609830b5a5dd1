// SPDX-License-Identifier: GPL-2.0
/* The kernel's log. */
#include "mshv_util.h"

int klog_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

bool klog_line(int fd, char *line, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, line, size - 1);
		/* lines that were overwritten before they could be read */
	} while (n < 0 && errno == EPIPE);
	if (n < 0)
		return false;
	line[n] = 0;
	return true;
}

void klog_count(int fd, unsigned int *lines, unsigned int *splats)
{
	static const char *const bad[] = {
		"WARNING:", "BUG:", "Oops", "Call Trace", "general protection", "UBSAN", "KASAN",
		"page allocation failure", "lockup", "hung task", "refcount_t",
	};
	char line[2048];
	unsigned int i;

	*lines = 0;
	*splats = 0;
	while (klog_line(fd, line, sizeof(line))) {
		*lines += !!strstr(line, "mshv");
		for (i = 0; i < ARRAY_SIZE(bad); i++)
			*splats += !!strstr(line, bad[i]);
	}
}
