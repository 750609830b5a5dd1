// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv as a file, and the numbers of the ioctls.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A11: - make check-options builds and tests without each option
 * A20, D107: - make check, stage modules: sparse, and W=1; trace.c has its header read
 *   twice
 * A25: - make check, stage abi: all structures against the kernel's own
 * A26: - nothing of vmbus is used; make check-graft builds it into a kernel
 * A37: mode_is_0600
 * A39: - vectors are the kernel's; the driver has the one that the kernel reserved
 * C18: - no such code: isolation is refused, isolation of partition.c
 * D7: - make check-docs fails without
 * D8: ioctls_on_the_wrong_fd
 * D14: - it is included first, below; make check, stage abi, has it compiled as C++,
 *   too
 * D105: not_for_other_users
 * D113: structure_layouts
 * D115, D116: - the handler is installed before the first SINT is unmasked and removed
 *   after the last one is masked on its own CPU; what a predecessor left is dropped
 * D117: - watchdogs are not touched, and long hypercalls give way between their parts
 */

/* first and alone: the header must not need another one before it */
#include <linux/mshv.h>

#include <poll.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

/*
 * All ioctls with their number in full, as compiled clients carry it, and the
 * file descriptors that know them.
 */
#define DEV	1
#define PT	2
#define VP	4

static const struct {
	const char *name;
	unsigned int cmd;
	unsigned int number;
	unsigned int kinds;
} ioctls[] = {
#define IOCTL(n, number, kinds) { #n, MSHV_##n, number, kinds }
	IOCTL(CHECK_EXTENSION, 0x4004b800, DEV | PT | VP),
	IOCTL(CREATE_PARTITION, 0x4010b800, DEV),
	IOCTL(INITIALIZE_PARTITION, 0x0000b800, PT),
	IOCTL(CREATE_VP, 0x4004b801, PT),
	IOCTL(SET_GUEST_MEMORY, 0x4020b802, PT),
	IOCTL(IRQFD, 0x4010b803, PT),
	IOCTL(IOEVENTFD, 0x4020b804, PT),
	IOCTL(SET_MSI_ROUTING, 0x4008b805, PT),
	IOCTL(GET_GPAP_ACCESS_BITMAP, 0xc020b806, PT),
	IOCTL(ROOT_HVCALL, 0xc020b807, DEV | PT | VP),
	IOCTL(RUN_VP, 0x8100b800, VP),
	IOCTL(GET_VP_STATE, 0xc010b801, VP),
	IOCTL(SET_VP_STATE, 0xc010b802, VP),
	IOCTL(GET_VP_REGISTERS, 0xc010b805, VP),
	IOCTL(SET_VP_REGISTERS, 0x4010b806, VP),
	IOCTL(GET_STATS_FD, 0x0000b880, PT | VP),
	IOCTL(CANCEL_RUN_VP, 0x0000b888, VP),
	IOCTL(INSTALL_INTERCEPT, 0xc018b890, PT),
	IOCTL(ASSERT_INTERRUPT, 0xc018b891, PT),
	IOCTL(GET_PARTITION_PROPERTY, 0xc010b892, PT),
	IOCTL(SET_PARTITION_PROPERTY, 0xc010b893, PT),
	IOCTL(REGISTER_INTERCEPT_RESULT, 0xc038b898, VP),
	IOCTL(GET_VP_CPUID_VALUES, 0xc018b899, VP),
	IOCTL(VP_TRANSLATE_GVA, 0xc020b8f2, VP),
	/* those of mainline's VTL driver */
	IOCTL(CREATE_VTL, 0x8001b81d, 0),
	IOCTL(HVCALL_SETUP, 0x4010b81e, 0),
	IOCTL(HVCALL, 0xc030b81f, 0),
	IOCTL(ADD_VTL0_MEMORY, 0x4010b821, 0),
	IOCTL(SINT_SIGNAL_EVENT, 0x4008b822, 0),
	IOCTL(SINT_POST_MESSAGE, 0x4018b823, 0),
	IOCTL(SINT_SET_EVENTFD, 0x4008b824, 0),
	IOCTL(SET_POLL_FILE, 0x4008b825, 0),
	IOCTL(SINT_PAUSE_MESSAGE_STREAM, 0x4008b825, 0),
	IOCTL(RETURN_TO_LOWER_VTL, 0x0000b827, 0),
};

/* Is there a row with this number for this kind of fd? */
static bool ioctl_known(unsigned int cmd, unsigned int kind)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ioctls); i++)
		if (ioctls[i].number == cmd && ioctls[i].kinds & kind)
			return true;
	return false;
}

TEST(mode_is_0600)
{
	struct stat st;

	ASSERT_EQ(0, stat(MSHV_DEV, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
}

static int open_as_nobody(void *arg)
{
	if (setgid(65534) || setuid(65534))
		return 1;
	return open(MSHV_DEV, O_RDONLY) < 0 && errno == EACCES ? 0 : 2;
}

TEST(not_for_other_users)
{
	EXPECT_EQ(0, child_wait(child_start(open_as_nobody, NULL)));
}

/* Published VMMs open read-only and non-blocking. */
TEST(open_flags_make_no_difference)
{
	static const int flags[] = {
		O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_NONBLOCK, O_RDWR | O_NONBLOCK,
	};
	struct mshv_create_vp arg = { 0 };
	unsigned int i;
	int fd, pt, vp;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		fd = open(MSHV_DEV, flags[i] | O_CLOEXEC);
		ASSERT_LE(0, fd);
		EXPECT_LT(0, cap(fd, MSHV_CAP_CREATE_PARTITION));
		pt = partition_create(fd, PT_DEFAULT);
		ASSERT_LE(0, pt);
		EXPECT_EQ(0, partition_initialize(pt));
		vp = xioctl(pt, MSHV_CREATE_VP, &arg);
		EXPECT_LE(0, vp);
		close(vp);
		close(pt);
		close(fd);
	}
}

TEST(new_fds_close_on_exec)
{
	struct vm vm;
	struct vp vp;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	EXPECT_EQ(FD_CLOEXEC, fcntl(vm.fd, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(FD_CLOEXEC, fcntl(vp.fd, F_GETFD) & FD_CLOEXEC);
	vp_free(&vp);
	vm_free(&vm);
}

TEST(no_read_write_or_mmap)
{
	char buf[16] = { 0 };
	struct vm vm;
	struct vp vp;
	int fds[3];
	int i;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	fds[0] = vm.dev;
	fds[1] = vm.fd;
	fds[2] = vp.fd;
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-1, read(fds[i], buf, sizeof(buf)));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, write(fds[i], buf, sizeof(buf)));
		EXPECT_EQ(EINVAL, errno);
	}
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fds[i], 0));
		EXPECT_EQ(ENODEV, errno);
	}
	vp_free(&vp);
	vm_free(&vm);
}

TEST(ioctl_numbers)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ioctls); i++)
		EXPECT_EQ(ioctls[i].number, ioctls[i].cmd)
			TH_LOG("row %u", i);
}

/* Layouts are fixed, too. */
TEST(structure_layouts)
{
	EXPECT_EQ(16, sizeof(struct mshv_create_partition));
	EXPECT_EQ(64, sizeof(struct mshv_create_partition_v2));
	EXPECT_EQ(24, offsetof(struct mshv_create_partition_v2, pt_cpu_fbanks));
	EXPECT_EQ(56, offsetof(struct mshv_create_partition_v2, pt_disabled_xsave));
	EXPECT_EQ(4, sizeof(struct mshv_create_vp));
	EXPECT_EQ(32, sizeof(struct mshv_user_mem_region));
	EXPECT_EQ(16, offsetof(struct mshv_user_mem_region, userspace_addr));
	EXPECT_EQ(24, offsetof(struct mshv_user_mem_region, flags));
	EXPECT_EQ(16, sizeof(struct mshv_user_irqfd));
	EXPECT_EQ(32, sizeof(struct mshv_user_ioeventfd));
	EXPECT_EQ(16, sizeof(struct mshv_user_irq_entry));
	EXPECT_EQ(8, sizeof(struct mshv_user_irq_table));
	EXPECT_EQ(32, sizeof(struct mshv_gpap_access_bitmap));
	EXPECT_EQ(32, sizeof(struct mshv_root_hvcall));
	EXPECT_EQ(8, offsetof(struct mshv_root_hvcall, status));
	EXPECT_EQ(16, offsetof(struct mshv_root_hvcall, in_ptr));
	EXPECT_EQ(256, sizeof(struct mshv_run_vp));
	EXPECT_EQ(16, sizeof(struct mshv_get_set_vp_state));
	EXPECT_EQ(16, sizeof(struct mshv_vp_registers));
	EXPECT_EQ(24, sizeof(struct mshv_install_intercept));
	EXPECT_EQ(24, sizeof(struct mshv_assert_interrupt));
	EXPECT_EQ(16, sizeof(struct mshv_partition_property));
	EXPECT_EQ(56, sizeof(struct mshv_intercept_result));
	EXPECT_EQ(24, sizeof(struct mshv_vp_cpuid_values));
	EXPECT_EQ(32, sizeof(struct mshv_translate_gva));
}

/* Flags are given as bit numbers; clients took them for masks before. */
TEST(flag_values)
{
	EXPECT_EQ(0x3f, MSHV_PT_FLAGS_MASK);
	EXPECT_EQ(0, MSHV_SET_MEM_BIT_WRITABLE);
	EXPECT_EQ(1, MSHV_SET_MEM_BIT_EXECUTABLE);
	EXPECT_EQ(2, MSHV_SET_MEM_BIT_UNMAP);
	EXPECT_EQ(7, MSHV_SET_MEM_FLAGS_MASK);
	EXPECT_EQ(4, MSHV_VP_STATE_SYNTHETIC_TIMERS);
	EXPECT_EQ(2, MSHV_VP_MMAP_OFFSET_GHCB);
}

struct three {
	struct vm vm;
	struct vp vp;
	struct {
		int fd;
		unsigned int kind;
	} f[3];
};

static void three_open(struct three *t)
{
	vm_init(&t->vm);
	vp_init(&t->vp, &t->vm, 0);
	t->f[0].fd = t->vm.dev;
	t->f[0].kind = DEV;
	t->f[1].fd = t->vm.fd;
	t->f[1].kind = PT;
	t->f[2].fd = t->vp.fd;
	t->f[2].kind = VP;
}

TEST(ioctls_on_the_wrong_fd)
{
	unsigned int i, k;
	struct three t;

	three_open(&t);
	for (i = 0; i < ARRAY_SIZE(ioctls); i++) {
		for (k = 0; k < 3; k++) {
			if (ioctl_known(ioctls[i].number, t.f[k].kind))
				continue;
			EXPECT_EQ(-ENOTTY, xioctl(t.f[k].fd, ioctls[i].number, NULL))
				TH_LOG("MSHV_%s on fd kind %u", ioctls[i].name, t.f[k].kind);
		}
	}
}

/*
 * Number 0 has four meanings that differ only in direction and size: a command
 * counts only as a whole. Each known one with one bit flipped is unknown.
 */
TEST(commands_are_compared_in_full)
{
	unsigned int i, k, bit;
	struct three t;

	three_open(&t);
	for (i = 0; i < ARRAY_SIZE(ioctls); i++) {
		for (bit = 0; bit < 32; bit++) {
			unsigned int cmd = ioctls[i].number ^ 1U << bit;

			for (k = 0; k < 3; k++) {
				/* other magics belong to the VFS (FIONBIO...) */
				if (ioctl_known(cmd, t.f[k].kind) || _IOC_TYPE(cmd) != MSHV_IOCTL)
					continue;
				EXPECT_EQ(-ENOTTY, xioctl(t.f[k].fd, cmd, NULL))
					TH_LOG("%#x on fd kind %u", cmd, t.f[k].kind);
			}
		}
	}
}

/* Everything of our magic with no argument, on each kind of fd. */
TEST(unknown_numbers_are_enotty)
{
	static const unsigned int dirs[] = { _IOC_NONE, _IOC_READ, _IOC_WRITE, 3 };
	static const unsigned int sizes[] = { 0, 1, 4, 8, 12, 16, 24, 32, 48, 64, 256, 0x3fff };
	unsigned int nr, d, s, k;
	struct three t;

	three_open(&t);
	for (nr = 0; nr < 256; nr++)
		for (d = 0; d < ARRAY_SIZE(dirs); d++)
			for (s = 0; s < ARRAY_SIZE(sizes); s++) {
				unsigned int cmd = _IOC(dirs[d], MSHV_IOCTL, nr, sizes[s]);

				for (k = 0; k < 3; k++) {
					if (ioctl_known(cmd, t.f[k].kind))
						continue;
					ASSERT_EQ(-ENOTTY, xioctl(t.f[k].fd, cmd, NULL))
						TH_LOG("%#x on fd kind %u", cmd, t.f[k].kind);
				}
			}
}

TEST(bad_pointers_are_efault)
{
	struct three t;

	three_open(&t);
	EXPECT_EQ(-EFAULT, xioctl(t.vm.dev, MSHV_CREATE_PARTITION, NULL));
	EXPECT_EQ(-EFAULT, xioctl(t.vm.fd, MSHV_CREATE_VP, NULL));
	EXPECT_EQ(-EFAULT, xioctl(t.vm.fd, MSHV_SET_GUEST_MEMORY, NULL));
	if (cap(t.vm.dev, MSHV_CAP_DEVICE_HVCALL))
		EXPECT_EQ(-EFAULT, xioctl(t.vm.dev, MSHV_ROOT_HVCALL, NULL));
	if (cap(t.vm.dev, MSHV_CAP_PARTITION_HVCALL))
		EXPECT_EQ(-EFAULT, xioctl(t.vm.fd, MSHV_ROOT_HVCALL, NULL));
	if (cap(t.vm.dev, MSHV_CAP_VP_HVCALL))
		EXPECT_EQ(-EFAULT, xioctl(t.vp.fd, MSHV_ROOT_HVCALL, NULL));
	if (cap(t.vm.dev, MSHV_CAP_VP_REGISTERS)) {
		EXPECT_EQ(-EFAULT, xioctl(t.vp.fd, MSHV_GET_VP_REGISTERS, NULL));
		EXPECT_EQ(-EFAULT, xioctl(t.vp.fd, MSHV_SET_VP_REGISTERS, NULL));
	}
	/* an address of the kernel's is no better */
	EXPECT_EQ(-EFAULT, xioctl(t.vm.dev, MSHV_CREATE_PARTITION,
				  (void *)0xffff888000000000UL));
}

/* A user's mistakes are not worth a line in the log. */
TEST(mistakes_do_not_fill_the_log)
{
	unsigned int lines, splats;
	struct three t;
	int kmsg, i;

	kmsg = klog_open();
	if (kmsg < 0)
		SKIP(return, "no /dev/kmsg");
	three_open(&t);
	for (i = 0; i < 200; i++) {
		xioctl(t.vm.dev, 0xb8ff, NULL);
		xioctl(t.vm.fd, 0xb8ff, NULL);
		xioctl(t.vp.fd, 0xb8ff, NULL);
		partition_create(t.vm.dev, ~0ULL);
		region_unmap(t.vm.fd, 1 * GIB, PAGE, NULL);
		vp_create(t.vm.fd, 0);
	}
	klog_count(kmsg, &lines, &splats);
	EXPECT_GT(20, lines);
	EXPECT_EQ(0, splats);
}

TEST_HARNESS_MAIN
