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

/*
 * Before main(): a machine without the device has nothing to test, and what an
 * earlier program left in the hypervisor must not reach this one.
 */
static void __attribute__((constructor)) program_start(void)
{
	u32 missing;

	if (access(test_device, F_OK)) {
		ksft_print_header();
		ksft_exit_skip("no %s\n", test_device);
	}
	if (geteuid()) {
		ksft_print_header();
		ksft_exit_skip("only root can open %s\n", test_device);
	}
	missing = missing_capability();
	if (missing) {
		ksft_print_header();
		ksft_exit_skip("no capability %#x\n", missing);
	}
	if (ctl_present())
		ctl_reset();
}
