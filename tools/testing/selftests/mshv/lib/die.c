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

/*
 * Before main(): a machine without the device has nothing to test, and what an
 * earlier program left in the hypervisor must not reach this one.
 */
static void __attribute__((constructor)) program_start(void)
{
	if (access(test_device, F_OK)) {
		ksft_print_header();
		ksft_exit_skip("no %s\n", test_device);
	}
	if (geteuid()) {
		ksft_print_header();
		ksft_exit_skip("only root can open %s\n", test_device);
	}
	if (ctl_present())
		ctl_reset();
}
