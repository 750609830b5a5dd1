// SPDX-License-Identifier: GPL-2.0
/* The n-th failure: /proc/.../fail-nth, or /dev/fail_nth (tools/testing/testhv/kmod). */
#include <sys/syscall.h>

#include "mshv_fail.h"
#include "mshv_util.h"

#define DEBUGFS	"/sys/kernel/debug/"
#define DEVICE	"/dev/fail_nth"

static int fail_fd = -1;
static pid_t fail_tid;

static void setting(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	/* not every kernel has every kind of failure */
	if (fd < 0)
		return;
	REQUIRE(write(fd, value, strlen(value)) == strlen(value), "%s", path);
	close(fd);
}

static void settings(void)
{
	/* what may wait fails as well, and so does a single page */
	setting(DEBUGFS "failslab/ignore-gfp-wait", "N");
	setting(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N");
	setting(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N");
	setting(DEBUGFS "fail_page_alloc/min-order", "0");
	/* what shows in the log shall be faults */
	setting(DEBUGFS "failslab/verbose", "0");
	setting(DEBUGFS "fail_page_alloc/verbose", "0");
	setting(DEBUGFS "fail_usercopy/verbose", "0");
	setting(DEBUGFS "fail_futex/verbose", "0");
}

bool fail_present(void)
{
	pid_t tid = syscall(SYS_gettid);
	char path[64];

	if (fail_fd >= 0 && fail_tid == tid)
		return true;
	/* not that of whoever this was forked from */
	if (fail_fd >= 0)
		close(fail_fd);
	fail_tid = tid;
	snprintf(path, sizeof(path), "/proc/self/task/%d/fail-nth", tid);
	fail_fd = open(path, O_RDWR | O_CLOEXEC);
	if (fail_fd < 0)
		fail_fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (fail_fd < 0)
		return false;
	settings();
	return true;
}

void fail_begin(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	REQUIRE(pwrite(fail_fd, text, len, 0) == len, "fail-nth");
}

/* What is left of the count. Reading it counts, too. */
static unsigned int fail_left(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0) {
		REQUIRE(errno == EFAULT, "fail-nth");
		return 1;
	}
	return atoi(text);
}

bool fail_end(void)
{
	unsigned int left = fail_left(fail_fd);

	/* at most one of these fails */
	if (pwrite(fail_fd, "0", 1, 0) != 1)
		REQUIRE(pwrite(fail_fd, "0", 1, 0) == 1, "fail-nth");
	return !left;
}

bool fail_in_zombie(pid_t pid)
{
	unsigned int left;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth", pid, pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = open(DEVICE, O_RDONLY | O_CLOEXEC);
	REQUIRE(fd >= 0, "%s", path);
	left = fail_left(fd);
	close(fd);
	return !left;
}
