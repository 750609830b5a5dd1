// SPDX-License-Identifier: GPL-2.0
/*
 * kexec KERNEL INITRD CMDLINE [partition]: starts another kernel in place of this one,
 * with a partition alive or without. Does not return.
 */
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/mshv.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int create_partition(void)
{
	struct mshv_create_partition create = { .pt_flags = 1 << MSHV_PT_BIT_LAPIC };
	struct mshv_create_vp vp = { .vp_index = 0 };
	int dev = open("/dev/mshv", O_RDWR);
	int pt = ioctl(dev, MSHV_CREATE_PARTITION, &create);

	if (pt < 0 || ioctl(pt, MSHV_INITIALIZE_PARTITION, NULL))
		return -1;
	return ioctl(pt, MSHV_CREATE_VP, &vp);
}

int main(int argc, char **argv)
{
	int kernel, initrd;

	if (argc < 4)
		return 2;
	kernel = open(argv[1], O_RDONLY);
	initrd = open(argv[2], O_RDONLY);
	if (kernel < 0 || initrd < 0)
		return fail("open");
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[3]) + 1, argv[3], 0UL))
		return fail("kexec_file_load");
	if (argc > 4 && create_partition() < 0)
		return fail("partition");
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	return fail("reboot");
}
