// SPDX-License-Identifier: GPL-2.0
/* The driver as a module: its file, loading and unloading it. */
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "mshv_util.h"

/* Where tools/testing/mshv/run, packages and the kernel's own build put it */
static const char * const places[] = {
	"extra/mshv.ko", "updates/dkms/mshv.ko", "kernel/drivers/hv/mshv/mshv.ko",
};

int driver_open(void)
{
	struct utsname u;
	char path[256];
	unsigned int i;
	int fd;

	uname(&u);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/%s", u.release, places[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	return -1;
}

int driver_load(int fd)
{
	return syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
}

int driver_unload(void)
{
	return syscall(SYS_delete_module, "mshv", O_NONBLOCK) ? -errno : 0;
}
