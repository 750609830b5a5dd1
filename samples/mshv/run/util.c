// SPDX-License-Identifier: GPL-2.0
/* Messages and files. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/fs.h>

#include "vmm.h"

static void say(const char *fmt, va_list ap)
{
	char line[512];

	vsnprintf(line, sizeof(line), fmt, ap);
	/* The terminal is in raw mode, perhaps in the middle of a line. */
	fprintf(stderr, isatty(STDERR_FILENO) ? "\r\nmshv-run: %s\r\n" : "mshv-run: %s\n",
		line);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	exit(STATUS_ERROR);
}

int check(int result, const char *what)
{
	if (result < 0)
		die("%s: %s", what, strerror(errno));
	return result;
}

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* A regular file or a block device, and how many bytes it has. */
int open_file(const char *path, int flags, u64 *size)
{
	struct stat st;
	int fd;

	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode))
		*size = st.st_size;
	else if (!S_ISBLK(st.st_mode))
		die("%s: neither a file nor a block device", path);
	else if (ioctl(fd, BLKGETSIZE64, size))
		die("%s: %s", path, strerror(errno));
	return fd;
}

void read_file(int fd, const char *path, void *to, u64 offset, u64 size)
{
	u8 *p = to;

	while (size) {
		ssize_t n = pread(fd, p, size, offset);

		if (n < 0)
			die("%s: %s", path, strerror(errno));
		if (n == 0)
			die("%s: ends too early", path);
		p += n;
		offset += n;
		size -= n;
	}
}
