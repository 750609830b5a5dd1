// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_IOEVENTFD: arguments, which writes signal, and doorbells that ring for
 * nobody.
 *
 * Kinds of fault: port numbers from the hypervisor that are not checked
 * (forged_ports, ports_in_the_storm), a port that is freed under the interrupt
 * handler (the same two), sleeping allocations under a spinlock (churn, with
 * a kernel that looks for it), writes that get lost when the doorbell goes
 * (last_write_counts), rings that are emptied without end in the interrupt
 * handler (storm), no limit (limit). Handlers find the eventfd by an index, not
 * in a list.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A27, B13: forged_messages
 * A28: churn
 * A32: forged_ports, ports_in_the_storm
 * B11: ports_in_the_storm
 * D81: storm
 * D82, D83: limit
 * D92: forged_messages
 */
#include "mshv_irq.h"
#include "kselftest_harness.h"

const u32 test_needs[] = { MSHV_CAP_IOEVENTFD, 0 };

#define GPA		(512 * MIB)
#define MATCH		BIT(MSHV_IOEVENTFD_BIT_DATAMATCH)
#define PIO		BIT(MSHV_IOEVENTFD_BIT_PIO)
#define DEASSIGN	BIT(MSHV_IOEVENTFD_BIT_DEASSIGN)
/* What api.rst says */
#define LIMIT		1024
#define RING		HVX_EVENT_RING_ENTRIES

FIXTURE(args) {
	struct accounts before;
	struct vm vm;
	int fd, other;
};

FIXTURE_SETUP(args)
{
	accounts_read(&self->before);
	vm_init(&self->vm);
	self->fd = event_create();
	self->other = event_create();
}

FIXTURE_TEARDOWN(args)
{
	vm_free(&self->vm);
	EXPECT_EQ(0, accounts_open(&self->before));
}

TEST_F(args, arguments)
{
	struct mshv_user_ioeventfd arg = { .addr = GPA, .len = 4, .fd = self->fd };
	int pt = self->vm.fd;
	unsigned int i;
	u32 len;

	for (len = 0; len < 100; len++)
		if (len != 0 && len != 1 && len != 2 && len != 4 && len != 8)
			EXPECT_EQ(-EINVAL, ioeventfd(pt, self->fd, GPA, len, 0, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(pt, self->fd, GPA, ~0U, 0, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(pt, self->fd, GPA, 0x80000000, 0, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(pt, self->fd, ~0ULL - 2, 4, 0, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(pt, self->fd, ~0ULL, 8, 0, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(pt, self->fd, GPA, 0, MATCH, 0));
	for (i = 3; i < 32; i++)
		EXPECT_EQ(-EINVAL, ioeventfd(pt, self->fd, GPA, 4, BIT(i), 0));
	for (i = 0; i < sizeof(arg.rsvd); i++) {
		arg.rsvd[i] = 1;
		EXPECT_EQ(-EINVAL, xioctl(pt, MSHV_IOEVENTFD, &arg));
		arg.rsvd[i] = 0;
	}
	EXPECT_EQ(-EFAULT, xioctl(pt, MSHV_IOEVENTFD, (void *)8));
	EXPECT_EQ(-EBADF, ioeventfd(pt, -1, GPA, 4, 0, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(pt, pt, GPA, 4, 0, 0));
	EXPECT_EQ(-EBADF, ioeventfd(pt, -1, GPA, 4, DEASSIGN, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(pt, pt, GPA, 4, DEASSIGN, 0));
	EXPECT_EQ(-ENOENT, ioeventfd(pt, self->fd, GPA, 4, DEASSIGN, 0));
}

TEST_F(args, ports)
{
	if (cap(self->vm.fd, MSHV_CAP_IOEVENTFD_PIO))
		SKIP(return, "there are I/O port doorbells");
	EXPECT_EQ(-EOPNOTSUPP, ioeventfd(self->vm.fd, self->fd, 0x60, 1, PIO, 0));
	EXPECT_EQ(-EOPNOTSUPP, ioeventfd(self->vm.fd, self->fd, 0x60, 1, PIO | DEASSIGN, 0));
}

/* Two that one write would match; and such as only look like it. */
TEST_F(args, collisions)
{
	int pt = self->vm.fd;

	ASSERT_EQ(0, ioeventfd(pt, self->fd, GPA, 4, MATCH, 1));
	EXPECT_EQ(-EEXIST, ioeventfd(pt, self->fd, GPA, 4, MATCH, 1));
	EXPECT_EQ(-EEXIST, ioeventfd(pt, self->other, GPA, 4, MATCH, 1));
	EXPECT_EQ(-EEXIST, ioeventfd(pt, self->other, GPA, 4, 0, 0));
	EXPECT_EQ(-EEXIST, ioeventfd(pt, self->other, GPA, 0, 0, 0));
	/* only the lowest bytes are compared */
	EXPECT_EQ(-EEXIST, ioeventfd(pt, self->other, GPA, 4, MATCH, 1ULL << 32 | 1));
	EXPECT_EQ(0, ioeventfd(pt, self->other, GPA, 4, MATCH, 2));
	EXPECT_EQ(0, ioeventfd(pt, self->other, GPA, 8, MATCH, 1));
	EXPECT_EQ(0, ioeventfd(pt, self->other, GPA, 2, 0, 0));
	EXPECT_EQ(0, ioeventfd(pt, self->other, GPA + 1, 4, 0, 0));
	EXPECT_EQ(0, ioeventfd(pt, self->other, GPA + 4, 0, 0, 0));
	EXPECT_EQ(-EEXIST, ioeventfd(pt, self->fd, GPA + 4, 1, MATCH, 7));

	/* exactly the same, or nothing */
	EXPECT_EQ(-ENOENT, ioeventfd(pt, self->other, GPA, 4, MATCH | DEASSIGN, 1));
	EXPECT_EQ(-ENOENT, ioeventfd(pt, self->fd, GPA, 4, DEASSIGN, 0));
	EXPECT_EQ(-ENOENT, ioeventfd(pt, self->fd, GPA, 4, MATCH | DEASSIGN, 3));
	EXPECT_EQ(-ENOENT, ioeventfd(pt, self->fd, GPA, 0, DEASSIGN, 0));
	EXPECT_EQ(-ENOENT, ioeventfd(pt, self->fd, GPA + 8, 4, MATCH | DEASSIGN, 1));
	EXPECT_EQ(0, ioeventfd(pt, self->fd, GPA, 4, MATCH | DEASSIGN, 1));
	EXPECT_EQ(-ENOENT, ioeventfd(pt, self->fd, GPA, 4, MATCH | DEASSIGN, 1));
	EXPECT_EQ(0, ioeventfd(pt, self->fd, GPA, 4, MATCH, 1));
}

TEST_F(args, limit)
{
	int pt = self->vm.fd;
	u64 i;

	NOT_ON_MAINLINE("there is no limit, so that the test does not end");
	for (i = 0; i < LIMIT; i++)
		ASSERT_EQ(0, ioeventfd(pt, self->fd, GPA + 8 * i, 4, 0, 0));
	EXPECT_EQ(-ENOSPC, ioeventfd(pt, self->fd, GPA + 8 * LIMIT, 4, 0, 0));
	EXPECT_EQ(-EEXIST, ioeventfd(pt, self->fd, GPA, 4, 0, 0));
	EXPECT_EQ(0, ioeventfd(pt, self->fd, GPA + 16, 4, DEASSIGN, 0));
	EXPECT_EQ(0, ioeventfd(pt, self->fd, GPA + 8 * LIMIT, 4, 0, 0));
}

TEST_F(args, churn)
{
	unsigned int i;

	for (i = 0; i < 500; i++) {
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, 0, 0));
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, DEASSIGN, 0));
	}
}

TEST(needs_an_active_partition)
{
	int dev = dev_open(), pt = partition_create(dev, PT_DEFAULT);

	EXPECT_EQ(-STATE_ERRNO, ioeventfd(pt, event_create(), GPA, 4, 0, 0));
	close(pt);
	close(dev);
}

/*
 * Hypercalls fail
 */
TEST_F(args, refused)
{
	static const struct {
		u16 status;
		int ret;
	} statuses[] = {
		{ HVX_STATUS_INVALID_PARAMETER, -EINVAL },
		{ HVX_STATUS_ACCESS_DENIED, -EACCES },
		{ HVX_STATUS_INVALID_PORT_ID, -EINVAL },
		{ HVX_STATUS_INVALID_CONNECTION_ID, -EINVAL },
		{ HVX_STATUS_NO_RESOURCES, -ENOSPC },
		{ 0x7abc, -EIO },
		{ HVX_STATUS_INSUFFICIENT_MEMORY, 0 },
	};
	int pt = self->vm.fd, ret;
	unsigned int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	NOT_ON_MAINLINE(MAINLINE_FORGETS_PORTS);
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		ret = statuses[i].ret;
		ctl_fault(HVX_CALL_CREATE_PORT, 1, statuses[i].status, 1);
		EXPECT_EQ(ret, ioeventfd(pt, self->fd, GPA, 4, 0, 0));
		EXPECT_EQ(1, ctl_reset());
		EXPECT_EQ(ret ? -ENOENT : 0, ioeventfd(pt, self->fd, GPA, 4, DEASSIGN, 0));

		ctl_fault(HVX_CALL_CONNECT_PORT, 1, statuses[i].status, 1);
		EXPECT_EQ(ret, ioeventfd(pt, self->fd, GPA, 4, 0, 0));
		EXPECT_EQ(1, ctl_reset());
		EXPECT_EQ(ret ? -ENOENT : 0, ioeventfd(pt, self->fd, GPA, 4, DEASSIGN, 0));
		EXPECT_EQ(self->before.v[TESTHV_ACCT_PORTS], ctl_account(TESTHV_ACCT_PORTS));

		if (!ret)
			continue;
		/* what was not ended goes on, and can be ended later */
		ASSERT_EQ(0, ioeventfd(pt, self->fd, GPA, 4, 0, 0));
		ctl_fault(HVX_CALL_DISCONNECT_PORT, 1, statuses[i].status, 1);
		EXPECT_EQ(ret, ioeventfd(pt, self->fd, GPA, 4, DEASSIGN, 0));
		EXPECT_EQ(1, ctl_reset());
		EXPECT_EQ(-EEXIST, ioeventfd(pt, self->fd, GPA, 4, 0, 0));
		EXPECT_EQ(0, ioeventfd(pt, self->fd, GPA, 4, DEASSIGN, 0));
		EXPECT_EQ(self->before.v[TESTHV_ACCT_CONNECTIONS],
			  ctl_account(TESTHV_ACCT_CONNECTIONS));
	}
}

/* The guest is disconnected; the port is deleted when the hypervisor lets. */
TEST_F(args, port_is_kept)
{
	int pt = self->vm.fd;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	NOT_ON_MAINLINE(MAINLINE_FORGETS_PORTS);
	ASSERT_EQ(0, ioeventfd(pt, self->fd, GPA, 4, 0, 0));
	ctl_fault(HVX_CALL_DELETE_PORT, 1, HVX_STATUS_OPERATION_FAILED, TESTHV_FAULT_FOREVER);
	EXPECT_EQ(0, ioeventfd(pt, self->fd, GPA, 4, DEASSIGN, 0));
	EXPECT_LT(0, ctl_reset());
	EXPECT_EQ(self->before.v[TESTHV_ACCT_PORTS] + 1, ctl_account(TESTHV_ACCT_PORTS));
	/* its number has not been given to anybody */
	EXPECT_EQ(0, ioeventfd(pt, self->fd, GPA, 4, 0, 0));
	/* teardown looks whether the end of the partition took it along */
}

TEST_F(args, connection_is_kept)
{
	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	NOT_ON_MAINLINE(MAINLINE_FORGETS_PORTS);
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, 0, 0));
	ctl_fault(HVX_CALL_DISCONNECT_PORT, 1, HVX_STATUS_OPERATION_FAILED,
		  TESTHV_FAULT_FOREVER);
	close(self->vm.fd);
	EXPECT_LT(0, ctl_reset());
	EXPECT_EQ(self->before.v[TESTHV_ACCT_PORTS], ctl_account(TESTHV_ACCT_PORTS));
	self->vm.fd = -1;
}

/*
 * With a guest
 */

/* Writes RCX to [RBX] with the size that the jump into the list selects. */
GUEST_CODE(guest_store, 64,
	   "jmp *%rdx\n");
GUEST_CODE(guest_stores, 64,
	   "mov %cl, (%rbx)\n"
	   "jmp 1f\n"
	   ".org guest_stores + 16\n"
	   "mov %cx, (%rbx)\n"
	   "jmp 1f\n"
	   ".org guest_stores + 32\n"
	   "mov %ecx, (%rbx)\n"
	   "jmp 1f\n"
	   ".org guest_stores + 48\n"
	   "mov %rcx, (%rbx)\n"
	   "1: out %eax, $0x80\n");

#define GUEST_STORES	(GUEST_CODE_BASE + 0x400)

FIXTURE(guest) {
	struct vm vm;
	struct vp vp;
	int fd, other;
};

FIXTURE_SETUP(guest)
{
	vm_init(&self->vm);
	vp_init(&self->vp, &self->vm, 0);
	vm_write(&self->vm, GUEST_STORES, guest_stores, guest_stores_end - guest_stores);
	self->fd = event_create();
	self->other = event_create();
}

FIXTURE_TEARDOWN(guest)
{
	vp_free(&self->vp);
	vm_free(&self->vm);
	close(self->fd);
	close(self->other);
}

/* Whether the guest's write of @size bytes got by without an intercept. */
static bool stores(struct vp *vp, u64 gpa, unsigned int size, u64 value)
{
	vp_load(vp, MODE_LONG, guest_store);
	vp_set(vp, HVX_REG_RBX, gpa);
	vp_set(vp, HVX_REG_RCX, value);
	vp_set(vp, HVX_REG_RDX, GUEST_STORES + 16 * __builtin_ctz(size));
	REQUIRE(!vp_run(vp), "RUN_VP");
	if (vp->msg.type == HVX_MSG_UNMAPPED_GPA) {
		REQUIRE(vp_memory(vp)->gpa == gpa, "another address");
		return false;
	}
	return vp_io(vp)->port == 0x80;
}

TEST_F(guest, sizes)
{
	static const u32 lens[] = { 0, 1, 2, 4, 8 };
	unsigned int i, size;
	bool takes;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, lens[i], 0, 0));
		for (size = 1; size <= 8; size *= 2) {
			takes = !lens[i] || lens[i] == size;
			EXPECT_EQ(takes, stores(&self->vp, GPA, size, 0x1234567887654321))
				TH_LOG("length %u, write of %u", lens[i], size);
			EXPECT_EQ(takes, takes ? event_wait(self->fd) : event_take(self->fd));
		}
		EXPECT_FALSE(stores(&self->vp, GPA + 1, 4, 0));
		EXPECT_FALSE(stores(&self->vp, GPA - 1, 4, 0));
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, lens[i], DEASSIGN, 0));
		EXPECT_FALSE(stores(&self->vp, GPA, lens[i] ?: 4, 0));
		EXPECT_EQ(0, event_take(self->fd));
	}
}

/* A value is compared in the width of the write, whatever is above it. */
TEST_F(guest, values)
{
	unsigned int size;
	u64 value, more;

	for (size = 1; size <= 8; size *= 2) {
		value = 0x8081828384858687 >> (64 - 8 * size);
		more = size < 8 ? ~0ULL << 8 * size : 0;
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, size, MATCH, value | more));
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->other, GPA, size, MATCH, value - 1));
		EXPECT_TRUE(stores(&self->vp, GPA, size, value));
		EXPECT_EQ(1, event_wait(self->fd));
		EXPECT_EQ(0, event_take(self->other));
		EXPECT_TRUE(stores(&self->vp, GPA, size, (value - 1) | more));
		EXPECT_EQ(1, event_wait(self->other));
		EXPECT_EQ(0, event_take(self->fd));
		EXPECT_FALSE(stores(&self->vp, GPA, size, value + 1));
		EXPECT_FALSE(stores(&self->vp, GPA, size == 8 ? 4 : 2 * size, value));
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, size, MATCH | DEASSIGN, value));
		EXPECT_FALSE(stores(&self->vp, GPA, size, value));
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->other, GPA, size, MATCH | DEASSIGN,
				       value - 1));
	}
}

/* One eventfd at several addresses; several partitions. */
TEST_F(guest, shared_eventfd)
{
	struct vm second;

	vm_init(&second);
	ASSERT_EQ(0, ioeventfd(second.fd, self->other, GPA, 4, 0, 0));
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, 0, 0));
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA + PAGE, 4, 0, 0));
	EXPECT_TRUE(stores(&self->vp, GPA, 4, 0));
	EXPECT_EQ(1, event_wait(self->fd));
	EXPECT_TRUE(stores(&self->vp, GPA + PAGE, 4, 0));
	EXPECT_EQ(1, event_wait(self->fd));
	vm_free(&second);
	EXPECT_TRUE(stores(&self->vp, GPA, 4, 0));
	EXPECT_EQ(1, event_wait(self->fd));
	EXPECT_EQ(0, event_take(self->other));
}

/* An ioeventfd that is an irqfd: the guest interrupts itself by a write. */
TEST_F(guest, rings_an_irqfd)
{
	u64 calls;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	NEED_CAP(self->vm.fd, MSHV_CAP_IRQFD);
	ASSERT_EQ(0, route_set(self->vm.fd, 0, 0x40));
	ASSERT_EQ(0, irqfd_assign(self->vm.fd, self->fd, 0));
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, 0, 0));
	calls = ctl_calls(HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, NULL);
	EXPECT_TRUE(stores(&self->vp, GPA, 4, 0));
	irq_settle();
	EXPECT_EQ(calls + 1, ctl_calls(HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, NULL));
	EXPECT_EQ(0, event_take(self->fd));
}

GUEST_CODE(guest_stormy, 64,
	   "1: mov %ecx, (%rbx)\n"
	   "incl (%rdi)\n"
	   "jmp 1b\n");

struct storm {
	struct vp *vp;
	u32 *count;
	bool stop;
	int ret;
};

static void *storm_run(void *arg)
{
	struct storm *s = arg;

	while (!READ_ONCE(s->stop)) {
		s->ret = vp_run(s->vp);
		if (s->ret != -EINTR)
			break;
	}
	return NULL;
}

static pthread_t storm_start(struct storm *s, struct vp *vp)
{
	*s = (struct storm){ .vp = vp, .count = (u32 *)(vp->vm->ram + GUEST_DATA) };
	vp_load(vp, MODE_LONG, guest_stormy);
	vp_set(vp, HVX_REG_RBX, GPA);
	vp_set(vp, HVX_REG_RDI, GUEST_DATA);
	return thread_start(storm_run, s);
}

static void storm_stop(struct storm *s, pthread_t t)
{
	WRITE_ONCE(s->stop, true);
	thread_stop(t);
}

/* The root has time for other things, and the guest gets on. */
TEST_F(guest, storm)
{
	unsigned int i, rounds = 0;
	struct storm s;
	pthread_t t;
	u64 start;
	u32 count;

	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, 0, 0));
	t = storm_start(&s, &self->vp);
	for (i = 0; i < 20; i++) {
		count = READ_ONCE(*s.count);
		start = now_us();
		while (READ_ONCE(*s.count) == count && now_us() - start < limit_us(IRQ_WAIT_US))
			rounds++;
		EXPECT_NE(count, READ_ONCE(*s.count));
		EXPECT_LT(0, event_wait(self->fd));
	}
	storm_stop(&s, t);
	EXPECT_EQ(-EINTR, s.ret);
}

/*
 * All writes up to the end of the doorbell have signalled when the call
 * returns, none does afterwards, and the next write is an intercept.
 */
TEST_F(guest, last_write_counts)
{
	unsigned int i;
	struct storm s;
	pthread_t t;

	for (i = 0; i < 30; i++) {
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, 0, 0));
		t = storm_start(&s, &self->vp);
		EXPECT_LT(0, event_wait(self->fd));
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, DEASSIGN, 0));
		event_take(self->fd);
		usleep(2000);
		EXPECT_EQ(0, event_take(self->fd));
		pthread_join(t, NULL);
		ASSERT_EQ(0, s.ret);
		EXPECT_EQ(HVX_MSG_UNMAPPED_GPA, self->vp.msg.type);
	}
	/* of one write that rang just before the end, it is seen */
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, 0, 0));
		ASSERT_TRUE(stores(&self->vp, GPA, 4, 0));
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, DEASSIGN, 0));
		ASSERT_EQ(1, event_take(self->fd));
	}
}

/*
 * A number not below the last port's, by trying: they are given out in a cycle.
 * 0: not found.
 */
static u32 find_port(int fd)
{
	u32 port;

	for (port = 1; port < 0x10000; port++) {
		while (!ctl_ring(0, port, 1))
			usleep(100);
		if (event_take(fd))
			return port;
	}
	return event_wait(fd) ? port : 0;
}

/* Numbers that no port has, or has no more, and the same one many times. */
TEST_F(guest, forged_ports)
{
	static const u32 nonsense[] = { 0x00fffffe, 0x00ffffff, 0x01000000, 0x7fffffff, ~0U };
	unsigned int i;
	u32 port, last;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	for (i = 0; i < ARRAY_SIZE(nonsense); i++)
		EXPECT_LT(0, ctl_ring(0, nonsense[i], 3));
	/* on the way are all that there ever were */
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, 0, 0));
	last = find_port(self->fd);
	ASSERT_NE(0, last);
	irq_settle();
	event_take(self->fd);
	EXPECT_EQ(0, event_take(self->fd));
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, DEASSIGN, 0));
	for (port = last > 64 ? last - 64 : 1; port <= last + 64; port++)
		ctl_ring(0, port, 2);
	irq_settle();
	EXPECT_EQ(0, event_take(self->fd));
	/* and it works */
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, 0, 0));
	EXPECT_TRUE(stores(&self->vp, GPA, 4, 0));
	EXPECT_EQ(1, event_wait(self->fd));
}

/* A ring that was full is told to the hypervisor, or it does not go on. */
TEST_F(guest, ring_overflows)
{
	struct ctl_info info;
	unsigned int lp, i;
	u64 calls;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_info(&info);
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, 0, 0));
	calls = ctl_calls(HVX_CALL_NOTIFY_PORT_RING_EMPTY, NULL);
	for (lp = 0; lp < info.lps; lp++) {
		EXPECT_GT(200, ctl_ring(lp, 0x00ffffff, 200));
		irq_settle();
		EXPECT_EQ(RING, ctl_ring(lp, 0x00ffffff, RING));
		irq_settle();
	}
	EXPECT_LE(calls + info.lps, ctl_calls(HVX_CALL_NOTIFY_PORT_RING_EMPTY, NULL));
	/* also when the hypervisor does not want to know */
	ctl_fault(HVX_CALL_NOTIFY_PORT_RING_EMPTY, 1, HVX_STATUS_OPERATION_FAILED, 1);
	ctl_ring(0, 0x00ffffff, 200);
	irq_settle();
	EXPECT_EQ(1, ctl_reset());
	for (i = 0; i < 2 * RING; i++) {
		EXPECT_TRUE(stores(&self->vp, GPA, 4, 0));
		ASSERT_EQ(1, event_wait(self->fd));
	}
}

struct forger {
	unsigned int lp;
	bool stop;
};

static void *forge(void *arg)
{
	struct forger *f = arg;
	u32 port = 1;

	while (!READ_ONCE(f->stop)) {
		ctl_ring(f->lp, port, 8);
		port = port % 0x2000 + 1;
	}
	return NULL;
}

/* Doorbells, real and forged, while ports come and go. */
TEST_F(guest, ports_in_the_storm)
{
	struct forger f = { 0 };
	struct ctl_info info;
	struct storm s;
	pthread_t t[2];
	unsigned int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_info(&info);
	f.lp = info.lps - 1;
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->other, GPA, 4, 0, 0));
	t[0] = storm_start(&s, &self->vp);
	t[1] = thread_start(forge, &f);
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA + 8, 4, 0, 0));
		ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA + 8, 4, DEASSIGN, 0));
	}
	/* with one CPU the guest's turn may come only now */
	EXPECT_LT(0, event_wait(self->other));
	WRITE_ONCE(f.stop, true);
	thread_stop(t[1]);
	storm_stop(&s, t[0]);
	EXPECT_EQ(-EINTR, s.ret);
}

/*
 * Messages that are not what they should be: the handler gets over them, and
 * frees the slot.
 */
TEST_F(guest, forged_messages)
{
	static const struct {
		u32 type;
		u8 size;
		u64 word0, word1;
	} messages[] = {
		{ HVX_MSG_SYNIC_SINT_INTERCEPT, 8, 255 },
		{ HVX_MSG_SYNIC_SINT_INTERCEPT, 8, HVX_SINT_DOORBELL },
		{ HVX_MSG_SYNIC_SINT_INTERCEPT, 0 },
		/* 255 pairs, in a message that has room for 19 */
		{ HVX_MSG_SCHEDULER_VP_PAIR, 240, 255ULL << 32 },
		/* all banks, where there is room for 16 */
		{ HVX_MSG_SCHEDULER_VP_BITSET, 240, 1, ~0ULL },
		{ HVX_MSG_OPAQUE_INTERCEPT, 8, 0xffffffff },
		{ HVX_MSG_ASYNC_CALL_COMPLETION, 24, ~0ULL, ~0ULL },
		{ HVX_MSG_X64_APIC_EOI, 8, ~0ULL },
		{ 0x7fffffff, 240, ~0ULL, ~0ULL },
		{ 1, 255 & 240 },
	};
	struct ctl_info info;
	unsigned int i, lp;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	NOT_ON_MAINLINE(MAINLINE_LEAVES_MESSAGES);
	ctl_info(&info);
	for (lp = 0; lp < info.lps; lp++) {
		for (i = 0; i < ARRAY_SIZE(messages); i++) {
			EXPECT_TRUE(ctl_post(lp, messages[i].type, messages[i].size,
					     messages[i].word0, messages[i].word1));
			usleep(1000);
		}
		EXPECT_TRUE(ctl_post_from(lp, HVX_MSG_OPAQUE_INTERCEPT, 8, ~0ULL, 0));
	}
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->fd, GPA, 4, 0, 0));
	for (lp = 0; lp < info.lps; lp++) {
		pin_to_cpu(lp);
		EXPECT_TRUE(stores(&self->vp, GPA, 4, 0));
		EXPECT_EQ(1, event_wait(self->fd));
	}
}

TEST_HARNESS_MAIN
