// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_IRQFD, MSHV_IOEVENTFD, MSHV_SET_MSI_ROUTING and
 * MSHV_GET_GPAP_ACCESS_BITMAP.
 */
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

#define TEST_GPA	(256 * MIB)
#define DOORBELL_GPA	(512 * MIB)
#define MAX_GSIS	4096

struct guest {
	struct vm vm;
	struct vp vp;
};

static void guest_init(struct guest *g)
{
	vm_init(&g->vm);
	vp_init(&g->vp, &g->vm, 0);
}

static void guest_free(struct guest *g)
{
	vp_free(&g->vp);
	vm_free(&g->vm);
}

static int irqfd(int pt, int fd, u32 gsi, u32 flags, int resample)
{
	struct mshv_user_irqfd arg = {
		.fd = fd, .gsi = gsi, .flags = flags, .resamplefd = resample,
	};

	return xioctl(pt, MSHV_IRQFD, &arg);
}

static int ioeventfd(int pt, int fd, u64 addr, u32 len, u32 flags, u64 match)
{
	struct mshv_user_ioeventfd arg = {
		.fd = fd, .addr = addr, .len = len, .flags = flags, .datamatch = match,
	};

	return xioctl(pt, MSHV_IOEVENTFD, &arg);
}

struct routes {
	struct mshv_user_irq_table t;
	struct mshv_user_irq_entry e[2];
};

static int route(int pt, u32 nr, u32 gsi, u32 data, u32 gsi2)
{
	struct routes r = {
		.t.nr = nr,
		.e = { { .gsi = gsi, .address_lo = 0xfee00000, .data = data },
		       { .gsi = gsi2, .address_lo = 0xfee00000, .data = data } },
	};

	return xioctl(pt, MSHV_SET_MSI_ROUTING, &r);
}

static bool signalled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	u64 value;

	if (poll(&p, 1, 1000) != 1)
		return false;
	return read(fd, &value, sizeof(value)) == sizeof(value);
}

TEST(routing_arguments)
{
	struct routes r = { .t.nr = 1 };
	struct vm vm;

	vm_init(&vm);
	EXPECT_EQ(0, route(vm.fd, 0, 0, 0, 0));
	EXPECT_EQ(0, route(vm.fd, 2, 0, 0x40, MAX_GSIS - 1));
	EXPECT_EQ(-EINVAL, route(vm.fd, 2, 0, 0x40, 0));
	EXPECT_EQ(-EINVAL, route(vm.fd, 1, MAX_GSIS, 0x40, 0));
	EXPECT_EQ(-EINVAL, route(vm.fd, MAX_GSIS + 1, 0, 0x40, 0));
	EXPECT_EQ(0, xioctl(vm.fd, MSHV_SET_MSI_ROUTING, &r));
	r.e[0].address_hi = 1;
	EXPECT_EQ(-EINVAL, xioctl(vm.fd, MSHV_SET_MSI_ROUTING, &r));
	r.e[0].address_hi = 0;
	r.t.rsvd = 1;
	EXPECT_EQ(-EINVAL, xioctl(vm.fd, MSHV_SET_MSI_ROUTING, &r));
	EXPECT_EQ(-EFAULT, xioctl(vm.fd, MSHV_SET_MSI_ROUTING, (void *)8));
	vm_free(&vm);
}

TEST(irqfd_arguments)
{
	int fd = eventfd(0, EFD_NONBLOCK), other = eventfd(0, EFD_NONBLOCK);
	struct vm vm, second;

	vm_init(&vm);
	vm_init(&second);
	EXPECT_EQ(-EINVAL, irqfd(vm.fd, fd, 1, 4, 0));
	EXPECT_EQ(-EINVAL, irqfd(vm.fd, fd, MAX_GSIS, 0, 0));
	EXPECT_EQ(-EINVAL, irqfd(vm.fd, fd, ~0U, 0, 0));
	EXPECT_EQ(-EBADF, irqfd(vm.fd, -1, 1, 0, 0));
	EXPECT_EQ(-EINVAL, irqfd(vm.fd, vm.fd, 1, 0, 0));
	/* without a level triggered route there is nothing to resample */
	EXPECT_EQ(-EINVAL, irqfd(vm.fd, fd, 1, 2, other));
	ASSERT_EQ(0, route(vm.fd, 1, 1, 0x40, 0));
	EXPECT_EQ(-EINVAL, irqfd(vm.fd, fd, 1, 2, other));
	ASSERT_EQ(0, route(vm.fd, 1, 1, 0x8040, 0));
	EXPECT_EQ(-EBADF, irqfd(vm.fd, fd, 1, 2, -1));
	EXPECT_EQ(0, irqfd(vm.fd, fd, 1, 2, other));
	EXPECT_EQ(-EBUSY, irqfd(vm.fd, fd, 2, 0, 0));
	EXPECT_EQ(-EBUSY, irqfd(second.fd, fd, 2, 0, 0));
	/* another GSI or partition does not have it */
	EXPECT_EQ(0, irqfd(vm.fd, fd, 2, 1, 0));
	EXPECT_EQ(0, irqfd(second.fd, fd, 1, 1, 0));
	EXPECT_EQ(-EBUSY, irqfd(second.fd, fd, 2, 0, 0));
	EXPECT_EQ(0, irqfd(vm.fd, fd, 1, 1, 0));
	EXPECT_EQ(0, irqfd(second.fd, fd, 2, 0, 0));
	/* with the eventfd goes the irqfd; its number is no obstacle */
	close(fd);
	fd = eventfd(0, EFD_NONBLOCK);
	EXPECT_EQ(0, irqfd(second.fd, fd, 2, 0, 0));
	vm_free(&second);
	EXPECT_EQ(0, irqfd(vm.fd, fd, 2, 0, 0));
	vm_free(&vm);
}

GUEST_CODE(guest_doorbell, 64,
	   "mov %ecx, (%rbx)\n"
	   "out %eax, $0x80\n"
	   "mov %ecx, (%rbx)\n"
	   "out %eax, $0x81\n");

static void doorbell_start(struct guest *g, u64 gpa, u32 value)
{
	vp_load(&g->vp, MODE_LONG, guest_doorbell);
	vp_set(&g->vp, HVX_REG_RBX, gpa);
	vp_set(&g->vp, HVX_REG_RCX, value);
}

TEST(ioeventfd_rings)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	struct accounts before;
	struct guest g;
	u64 value;

	guest_init(&g);
	accounts_read(&before);
	ASSERT_EQ(0, ioeventfd(g.vm.fd, fd, DOORBELL_GPA, 4, 0, 0));
	EXPECT_EQ(-EEXIST, ioeventfd(g.vm.fd, fd, DOORBELL_GPA, 4, 0, 0));
	EXPECT_EQ(-EEXIST, ioeventfd(g.vm.fd, fd, DOORBELL_GPA, 4, 1, 7));

	doorbell_start(&g, DOORBELL_GPA, 1);
	vp_run_out(&g.vp, 0x80);
	EXPECT_TRUE(signalled(fd));
	vp_run_out(&g.vp, 0x81);
	EXPECT_TRUE(signalled(fd));

	EXPECT_EQ(-ENOENT, ioeventfd(g.vm.fd, fd, DOORBELL_GPA, 8, 4, 0));
	ASSERT_EQ(0, ioeventfd(g.vm.fd, fd, DOORBELL_GPA, 4, 4, 0));
	EXPECT_EQ(-ENOENT, ioeventfd(g.vm.fd, fd, DOORBELL_GPA, 4, 4, 0));
	doorbell_start(&g, DOORBELL_GPA, 1);
	vp_run_until(&g.vp, HVX_MSG_UNMAPPED_GPA);
	EXPECT_EQ(-1, read(fd, &value, sizeof(value)));
	EXPECT_EQ(before.v[TESTHV_ACCT_PORTS], ctl_account(TESTHV_ACCT_PORTS));
	EXPECT_EQ(before.v[TESTHV_ACCT_CONNECTIONS], ctl_account(TESTHV_ACCT_CONNECTIONS));
	guest_free(&g);
}

TEST(ioeventfd_compares)
{
	int a = eventfd(0, EFD_NONBLOCK), b = eventfd(0, EFD_NONBLOCK);
	struct guest g;
	u64 value;

	guest_init(&g);
	ASSERT_EQ(0, ioeventfd(g.vm.fd, a, DOORBELL_GPA, 4, 1, 1));
	ASSERT_EQ(0, ioeventfd(g.vm.fd, b, DOORBELL_GPA, 4, 1, 2));
	doorbell_start(&g, DOORBELL_GPA, 2);
	vp_run_out(&g.vp, 0x80);
	EXPECT_TRUE(signalled(b));
	EXPECT_EQ(-1, read(a, &value, sizeof(value)));
	doorbell_start(&g, DOORBELL_GPA, 3);
	vp_run_until(&g.vp, HVX_MSG_UNMAPPED_GPA);
	/* the partition's end takes the rest along */
	guest_free(&g);
	EXPECT_EQ(0, ctl_account(TESTHV_ACCT_PORTS));
	EXPECT_EQ(0, ctl_account(TESTHV_ACCT_CONNECTIONS));
}

TEST(ioeventfd_arguments)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	struct vm vm;

	vm_init(&vm);
	EXPECT_EQ(-EINVAL, ioeventfd(vm.fd, fd, DOORBELL_GPA, 3, 0, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(vm.fd, fd, DOORBELL_GPA, 16, 0, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(vm.fd, fd, ~0ULL - 2, 4, 0, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(vm.fd, fd, DOORBELL_GPA, 0, 1, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(vm.fd, fd, DOORBELL_GPA, 4, 8, 0));
	EXPECT_EQ(-EOPNOTSUPP, ioeventfd(vm.fd, fd, 0x60, 4, 2, 0));
	EXPECT_EQ(-EBADF, ioeventfd(vm.fd, -1, DOORBELL_GPA, 4, 0, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(vm.fd, vm.fd, DOORBELL_GPA, 4, 0, 0));
	vm_free(&vm);
}

GUEST_CODE(guest_wait, 64,
	   "xor %edx, %edx\n"
	   "mov $0x1b, %ecx\n"		/* x2APIC mode */
	   "mov $0xfee00d00, %eax\n"
	   "wrmsr\n"
	   "mov $0x80f, %ecx\n"		/* spurious vector, enabled */
	   "mov $0x1ff, %eax\n"
	   "wrmsr\n"
	   "out %eax, $0x91\n"
	   "sti\n"
	   "1: hlt\n"
	   "jmp 1b\n");
GUEST_CODE(guest_irq, 64,
	   "out %eax, $0x90\n"
	   "iretq\n");

TEST(irqfd_interrupts)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	struct guest g;
	u64 one = 1;

	guest_init(&g);
	vm_write(&g.vm, GUEST_CODE_BASE + 0x400, guest_irq, guest_irq_end - guest_irq);
	vp_load(&g.vp, MODE_LONG, guest_wait);
	guest_set_gate(&g.vm, 0x40, GUEST_CODE_BASE + 0x400);
	ASSERT_EQ(0, irqfd(g.vm.fd, fd, 5, 0, 0));
	vp_run_out(&g.vp, 0x91);
	/* no route: nothing, and no harm */
	ASSERT_EQ(sizeof(one), write(fd, &one, sizeof(one)));
	ASSERT_EQ(0, route(g.vm.fd, 1, 5, 0x40, 0));
	ASSERT_EQ(sizeof(one), write(fd, &one, sizeof(one)));
	vp_run_out(&g.vp, 0x90);
	guest_free(&g);
}

static int gpap(int pt, u8 type, u8 op, u64 gfn, u64 count, void *bitmap)
{
	struct mshv_gpap_access_bitmap arg = {
		.access_type = type, .access_op = op, .page_count = count,
		.gpap_base = gfn, .bitmap_ptr = (u64)bitmap,
	};

	return xioctl(pt, MSHV_GET_GPAP_ACCESS_BITMAP, &arg);
}

GUEST_CODE(guest_write, 64,
	   "movl $1, (%rbx)\n"
	   "movl $1, 0x3000(%rbx)\n"
	   "out %eax, $0x80\n");

TEST(dirty_log)
{
	const u64 gfn = TEST_GPA / PAGE, count = 2 * MIB / PAGE + 8;
	u8 bits[2 * MIB / PAGE / 8 + 1];
	struct guest g;
	u8 *mem;

	guest_init(&g);
	ASSERT_EQ(0, hv_set_property(g.vm.fd, HVX_PROP_GPA_PAGE_ACCESS_TRACKING, 1));
	mem = mem_alloc(count * PAGE, 2 * MIB);
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, count * PAGE, mem, MAP_RW));

	EXPECT_EQ(-EINVAL, gpap(g.vm.fd, 2, 0, gfn, count, bits));
	EXPECT_EQ(-EINVAL, gpap(g.vm.fd, 1, 3, gfn, count, bits));
	EXPECT_EQ(-EINVAL, gpap(g.vm.fd, 1, 0, gfn, 0, bits));
	EXPECT_EQ(-EINVAL, gpap(g.vm.fd, 1, 0, gfn, count, NULL));
	EXPECT_EQ(-EINVAL, gpap(g.vm.fd, 1, 0, gfn, count + 1, bits));
	EXPECT_EQ(-EINVAL, gpap(g.vm.fd, 1, 0, gfn, 1ULL << 36, bits));
	EXPECT_EQ(-EINVAL, gpap(g.vm.fd, 1, 0, gfn, ~0ULL, bits));
	EXPECT_EQ(-EFAULT, gpap(g.vm.fd, 1, 0, gfn, count, (void *)8));

	ASSERT_EQ(0, gpap(g.vm.fd, 1, 0, gfn, count, bits));
	EXPECT_EQ(0, bits[0] | bits[64]);
	vp_load(&g.vp, MODE_LONG, guest_write);
	vp_set(&g.vp, HVX_REG_RBX, TEST_GPA);
	vp_run_out(&g.vp, 0x80);
	/* a query changes nothing */
	ASSERT_EQ(0, gpap(g.vm.fd, 1, 0, gfn, count, bits));
	EXPECT_EQ(9, bits[0]);
	ASSERT_EQ(0, gpap(g.vm.fd, 1, 1, gfn, count, bits));
	EXPECT_EQ(9, bits[0]);
	ASSERT_EQ(0, gpap(g.vm.fd, 1, 0, gfn, count, bits));
	EXPECT_EQ(0, bits[0]);
	/* what the host took away counts as written; SET tells the old state */
	ASSERT_EQ(0, madvise(mem + 2 * PAGE, PAGE, MADV_DONTNEED));
	ASSERT_EQ(0, gpap(g.vm.fd, 1, 2, gfn, count, bits));
	EXPECT_EQ(4, bits[0] & 4);
	ASSERT_EQ(0, gpap(g.vm.fd, 1, 1, gfn, count, bits));
	EXPECT_EQ(0xff, bits[0]);
	EXPECT_EQ(0xff, bits[64]);
	guest_free(&g);
}

TEST_HARNESS_MAIN
