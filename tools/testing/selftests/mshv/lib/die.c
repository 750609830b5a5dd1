// SPDX-License-Identifier: GPL-2.0
/* How the library fails, and when it skips everything. */
#include <stdarg.h>
#include <sys/mman.h>

#include "mshv_util.h"

/*
 * Which errors the tests provoke, if the environment names a file for it: one entry
 * for each, the first words 0 mark the end. tools/testing/mshv/check-errnos reads it.
 */
static struct errno_seen {
	u32 cmd;
	u32 error;
} *errnos_seen;

#define ERRNOS_MAX	4096

static void __attribute__((constructor(101))) errnos_open(void)
{
	const char *path = getenv("MSHV_TEST_ERRNOS");
	const size_t size = ERRNOS_MAX * sizeof(*errnos_seen);
	void *p;
	int fd;

	if (!path)
		return;
	fd = open(path, O_RDWR | O_CREAT, 0666);
	REQUIRE(fd >= 0 && !ftruncate(fd, size), "%s", path);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(p != MAP_FAILED, "%s", path);
	close(fd);
	errnos_seen = p;
}

void errno_note(unsigned int cmd, int error)
{
	struct errno_seen *e;

	/* That is what commands get that there are not: some tests try them all. */
	if (error == ENOTTY)
		return;
	for (e = errnos_seen; e && e < errnos_seen + ERRNOS_MAX - 1; e++) {
		if (e->cmd == cmd && e->error == error)
			break;
		if (!e->cmd) {
			*e = (struct errno_seen){ cmd, error };
			break;
		}
	}
}

void test_die(const char *file, int line, const char *fmt, ...)
{
	int err = errno;
	va_list args;

	fprintf(stderr, "# %s:%d: ", file, line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, " (errno %d: %s)\n", err, strerror(err));
	abort();
}

int xioctl(int fd, unsigned int cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	if (ret >= 0)
		return ret;
	ret = -errno;
	errno_note(cmd, -ret);
	return ret;
}

const char *test_device __attribute__((weak)) = MSHV_DEV;
const u32 test_needs[] __attribute__((weak)) = { 0 };
const u32 test_calls[] __attribute__((weak)) = { 0 };
const char *test_ours __attribute__((weak));

/* The first of these capabilities that the driver does not have, or 0 */
static u32 missing_capability(const u32 *nr)
{
	int dev;

	if (!*nr)
		return 0;
	dev = dev_open();
	while (*nr && cap(dev, *nr))
		nr++;
	close(dev);
	return *nr;
}

static void __printf(1, 2) skip_all(const char *fmt, ...)
{
	char why[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	ksft_print_header();
	ksft_exit_skip("%s\n", why);
}

/*
 * Before main(): a machine without the device has nothing to test, and what an
 * earlier program left in the hypervisor must not reach this one.
 */
static void __attribute__((constructor)) program_start(void)
{
	u32 missing;

	if (access(test_device, F_OK))
		skip_all("no %s", test_device);
	if (geteuid())
		skip_all("only root can open %s", test_device);
	missing = missing_capability(test_needs);
	if (!missing && !on_mainline())
		missing = missing_capability(test_calls);
	if (missing)
		skip_all("no capability %#x", missing);
	if (test_ours && on_mainline())
		skip_all("mainline's driver has no %s", test_ours);
	if (ctl_present())
		ctl_reset();
}
