// SPDX-License-Identifier: GPL-2.0
/* The n-th failure: /proc/.../fail-nth, or /dev/fail_nth (tools/testing/testhv/kmod). */
#include <sys/syscall.h>

#include "mshv_fail.h"
#include "mshv_util.h"

#define DEBUGFS	"/sys/kernel/debug/"
#define DEVICE	"/dev/fail_nth"
#define SPARED	"/sys/module/fail_nth/parameters/spared"

static int fail_fd = -1;
static pid_t fail_tid;
/* The module may be loaded where the kernel needs none. */
static bool fail_by_module;

/* Not every kernel has every kind of failure: false. */
static bool setting(const char *path, const char *value)
{
	int ret = file_write(path, value);

	REQUIRE(!ret || ret == -ENOENT, "%s: %d", path, ret);
	return !ret;
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
	fail_by_module = fail_fd < 0;
	if (fail_by_module)
		fail_fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (fail_fd < 0)
		return false;
	settings();
	return true;
}

/* Where a function of the kernel's begins, and where the next one does */
static bool function_range(const char *function, u64 *start, u64 *end)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	unsigned long long address;
	char line[512], name[256];

	REQUIRE(file, "/proc/kallsyms");
	*start = 0;
	*end = ~0ULL;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%llx %*c %255s", &address, name) == 2 &&
		    !strcmp(name, function))
			*start = address;
	rewind(file);
	while (*start && fgets(line, sizeof(line), file)) {
		address = strtoull(line, NULL, 16);
		if (address > *start && address < *end)
			*end = address;
	}
	fclose(file);
	return *start;
}

bool fail_spare(const char *function)
{
	static const char * const kinds[] = { "failslab", "fail_page_alloc" };
	char path[64], value[32];
	unsigned int i;
	u64 start, end;

	if (!function_range(function, &start, &end))
		return false;
	if (fail_by_module)
		return setting(SPARED, function);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(path, sizeof(path), DEBUGFS "%s/reject-start", kinds[i]);
		snprintf(value, sizeof(value), "%#llx", (unsigned long long)start);
		if (!setting(path, value))
			return false;
		snprintf(path, sizeof(path), DEBUGFS "%s/reject-end", kinds[i]);
		snprintf(value, sizeof(value), "%#llx", (unsigned long long)end);
		if (!setting(path, value))
			return false;
	}
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
