// SPDX-License-Identifier: GPL-2.0
/*
 * 32-bit VMMs. What they do is in compat_32.c, a program of its own; structures
 * whose layout differed from the 64-bit one would not compile there.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * D6: vmm_of_32_bits
 */
#include <libgen.h>
#include <limits.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

const char *test_ours = "ioctls for 32-bit programs";

/* The exit status of what could not be started, beyond all of compat_32's */
#define NOT_THERE	253
#define NOT_RUNNABLE	254

static int run_32(void *arg)
{
	char self[PATH_MAX], path[PATH_MAX + 16];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return NOT_THERE;
	self[n] = 0;
	snprintf(path, sizeof(path), "%s/compat_32", dirname(self));
	execl(path, path, NULL);
	return errno == ENOEXEC ? NOT_RUNNABLE : NOT_THERE;
}

TEST(vmm_of_32_bits)
{
	struct accounts before;
	int dev = dev_open();
	int ret;

	NEED_CAP(dev, MSHV_CAP_COMPAT_IOCTL);
	close(dev);
	accounts_read(&before);
	ret = child_wait(child_start(run_32, NULL));
	if (ret == NOT_THERE)
		SKIP(return, "compat_32 is not installed");
	if (ret == NOT_RUNNABLE)
		SKIP(return, "this kernel does not run 32-bit programs (IA32_EMULATION)");
	EXPECT_EQ(0, ret)
		TH_LOG("compat_32 said %d, see there", ret);
	EXPECT_EQ(0, accounts_open(&before));
}

TEST_HARNESS_MAIN
