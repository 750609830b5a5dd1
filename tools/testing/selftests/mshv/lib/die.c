// SPDX-License-Identifier: GPL-2.0
/* How the library fails, and when it skips everything. */
#include <stdarg.h>

#include "mshv_util.h"

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

	return ret < 0 ? -errno : ret;
}

const char *test_device __attribute__((weak)) = MSHV_DEV;
const u32 test_needs[] __attribute__((weak)) = { 0 };
const char *test_ours __attribute__((weak));

/* The first capability that the program needs and the driver does not have, or 0 */
static u32 missing_capability(void)
{
	const u32 *nr = test_needs;
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
	missing = missing_capability();
	if (missing)
		skip_all("no capability %#x", missing);
	if (test_ours && on_mainline())
		skip_all("mainline's driver has no %s", test_ours);
	if (ctl_present())
		ctl_reset();
}
