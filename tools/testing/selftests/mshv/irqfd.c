// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_IRQFD: arguments, who may have an eventfd, and the end of an irqfd in
 * every order.
 *
 * Kinds of fault: two owners of one eventfd (one_owner, races), a GSI that is
 * not checked (arguments), frees that race with signals (deassigned_is_silent,
 * races, closed_in_any_order), no limit (limit). There is no cleanup thread that
 * one partition could hold up for another.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A31: races
 * B14: deassigned_under_fire
 * B21: - testhv has no devices to assign
 * D79: one_owner
 * D83: limit
 * D84: - an irqfd ends in the call that ends it, and there is no queue
 * D88: arguments
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "mshv_irq.h"
#include "kselftest_harness.h"

const u32 test_needs[] = { MSHV_CAP_IRQFD, MSHV_CAP_MSI_ROUTING, 0 };

#define GSI	5

/* An interrupt that nobody sees: the partition has no VP. */
FIXTURE(args) {
	struct vm vm;
	int fd, other;
	u32 max;
};

FIXTURE_SETUP(args)
{
	vm_init(&self->vm);
	self->fd = event_create();
	self->other = event_create();
	self->max = cap(self->vm.fd, MSHV_CAP_MAX_GSIS);
}

FIXTURE_TEARDOWN(args)
{
	vm_free(&self->vm);
	close(self->fd);
	close(self->other);
}

TEST_F(args, arguments)
{
	int pt = self->vm.fd, bit;

	for (bit = 2; bit < 32; bit++)
		EXPECT_EQ(-EINVAL, irqfd(pt, self->fd, GSI, BIT(bit), -1));
	EXPECT_EQ(-EINVAL, irqfd_assign(pt, self->fd, self->max));
	EXPECT_EQ(-EINVAL, irqfd_assign(pt, self->fd, ~0U));
	EXPECT_EQ(-EBADF, irqfd_assign(pt, -1, GSI));
	EXPECT_EQ(-EBADF, irqfd_assign(pt, 10000, GSI));
	EXPECT_EQ(-EINVAL, irqfd_assign(pt, pt, GSI));
	EXPECT_EQ(-EFAULT, xioctl(pt, MSHV_IRQFD, (void *)8));
	/* nothing of this left anything */
	EXPECT_EQ(0, irqfd_assign(pt, self->fd, self->max - 1));
}

TEST_F(args, deassign_arguments)
{
	int pt = self->vm.fd;

	EXPECT_EQ(-EBADF, irqfd_deassign(pt, -1, GSI));
	EXPECT_EQ(-EINVAL, irqfd_deassign(pt, pt, GSI));
	EXPECT_EQ(0, irqfd_deassign(pt, self->fd, GSI));
	EXPECT_EQ(0, irqfd_deassign(pt, self->fd, ~0U));
	ASSERT_EQ(0, irqfd_assign(pt, self->fd, GSI));
	/* not this GSI's, so it stays */
	EXPECT_EQ(0, irqfd_deassign(pt, self->fd, GSI + 1));
	EXPECT_EQ(-EBUSY, irqfd_assign(pt, self->fd, GSI));
	/* RESAMPLE makes no difference then */
	EXPECT_EQ(0, irqfd(pt, self->fd, GSI, BIT(MSHV_IRQFD_BIT_DEASSIGN) |
			   BIT(MSHV_IRQFD_BIT_RESAMPLE), -1));
	EXPECT_EQ(0, irqfd_assign(pt, self->fd, GSI));
}

TEST_F(args, resample_arguments)
{
	int pt = self->vm.fd;

	/* without a level triggered route there is nothing to resample */
	EXPECT_EQ(-EINVAL, irqfd_resample(pt, self->fd, GSI, self->other));
	ASSERT_EQ(0, route_set(pt, GSI, 0x40));
	EXPECT_EQ(-EINVAL, irqfd_resample(pt, self->fd, GSI, self->other));
	ASSERT_EQ(0, route_set(pt, GSI, 0x5 | ROUTE_LEVEL));
	EXPECT_EQ(-EINVAL, irqfd_resample(pt, self->fd, GSI, self->other));
	ASSERT_EQ(0, route_set(pt, GSI + 1, 0x40 | ROUTE_LEVEL));
	EXPECT_EQ(-EINVAL, irqfd_resample(pt, self->fd, GSI, self->other));
	ASSERT_EQ(0, route_set(pt, GSI, 0x40 | ROUTE_LEVEL));
	EXPECT_EQ(-EBADF, irqfd_resample(pt, self->fd, GSI, -1));
	EXPECT_EQ(-EINVAL, irqfd_resample(pt, self->fd, GSI, pt));
	EXPECT_EQ(0, irqfd_resample(pt, self->fd, GSI, self->other));
	/* without the flag it is not looked at */
	EXPECT_EQ(0, irqfd_deassign(pt, self->fd, GSI));
	EXPECT_EQ(0, irqfd(pt, self->fd, GSI, 0, 10000));
}

TEST_F(args, one_owner)
{
	int pt = self->vm.fd;
	struct vm second;

	vm_init(&second);
	ASSERT_EQ(0, irqfd_assign(pt, self->fd, GSI));
	EXPECT_EQ(-EBUSY, irqfd_assign(pt, self->fd, GSI));
	EXPECT_EQ(-EBUSY, irqfd_assign(pt, self->fd, GSI + 1));
	EXPECT_EQ(-EBUSY, irqfd_assign(second.fd, self->fd, GSI));
	/* a duplicate of the descriptor is the same eventfd */
	EXPECT_EQ(-EBUSY, irqfd_assign(second.fd, dup(self->fd), GSI));
	/* who has it not cannot take it away */
	EXPECT_EQ(0, irqfd_deassign(second.fd, self->fd, GSI));
	EXPECT_EQ(-EBUSY, irqfd_assign(second.fd, self->fd, GSI));
	EXPECT_EQ(0, irqfd_deassign(pt, self->fd, GSI));
	EXPECT_EQ(0, irqfd_assign(second.fd, self->fd, GSI));
	EXPECT_EQ(-EBUSY, irqfd_assign(pt, self->fd, GSI));
	/* the end of the partition frees it */
	vm_free(&second);
	EXPECT_EQ(0, irqfd_assign(pt, self->fd, GSI));
	/* one GSI can have several */
	EXPECT_EQ(0, irqfd_assign(pt, self->other, GSI));
}

/* As many as the documentation says; what ended does not count. */
TEST_F(args, limit)
{
	struct rlimit files = { .rlim_cur = 2 * self->max, .rlim_max = 2 * self->max };
	int *fds = calloc(self->max + 1, sizeof(*fds));
	u32 i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	for (i = 0; i <= self->max; i++)
		fds[i] = event_create();
	for (i = 0; i < self->max; i++)
		ASSERT_EQ(0, irqfd_assign(self->vm.fd, fds[i], i));
	EXPECT_EQ(-ENOSPC, irqfd_assign(self->vm.fd, fds[self->max], 0));
	EXPECT_EQ(0, irqfd_deassign(self->vm.fd, fds[3], 3));
	EXPECT_EQ(0, irqfd_assign(self->vm.fd, fds[self->max], 0));
	EXPECT_EQ(-ENOSPC, irqfd_assign(self->vm.fd, fds[3], 3));
	close(fds[4]);
	EXPECT_EQ(0, irqfd_assign(self->vm.fd, fds[3], 3));
	for (i = 0; i <= self->max; i++)
		if (i != 4)
			close(fds[i]);
	free(fds);
}

TEST(needs_an_active_partition)
{
	int dev = dev_open(), pt = partition_create(dev, PT_DEFAULT);

	EXPECT_EQ(-STATE_ERRNO, irqfd_assign(pt, event_create(), GSI));
	close(pt);
	close(dev);
}

/*
 * With a guest
 */
FIXTURE(guest) {
	struct irq_guest g;
	int fd;
};

FIXTURE_SETUP(guest)
{
	irq_guest_init(&self->g, 1, NULL, IRQ_X2APIC);
	irq_guest_start(&self->g);
	self->fd = event_create();
	ASSERT_EQ(0, route_set(self->g.vm.fd, GSI, 0x40));
}

FIXTURE_TEARDOWN(guest)
{
	irq_guest_stop(&self->g);
	EXPECT_EQ(0, self->g.vps[0].error);
	irq_guest_free(&self->g);
}

/* What was signalled before the call is one interrupt, and taken by it. */
TEST_F(guest, signalled_before)
{
	event_signal(self->fd);
	event_signal(self->fd);
	ASSERT_EQ(0, irqfd_assign(self->g.vm.fd, self->fd, GSI));
	EXPECT_EQ(1, irq_wait(&self->g, 0, 0x40, 1));
	EXPECT_EQ(0, event_take(self->fd));
	irq_settle();
	EXPECT_EQ(1, irq_count(&self->g, 0, 0x40));
}

TEST_F(guest, deassigned_is_silent)
{
	ASSERT_EQ(0, irqfd_assign(self->g.vm.fd, self->fd, GSI));
	event_signal(self->fd);
	EXPECT_EQ(1, irq_wait(&self->g, 0, 0x40, 1));
	ASSERT_EQ(0, irqfd_deassign(self->g.vm.fd, self->fd, GSI));
	event_signal(self->fd);
	irq_settle();
	EXPECT_EQ(1, irq_count(&self->g, 0, 0x40));
	/* it is an ordinary eventfd again */
	EXPECT_EQ(1, event_take(self->fd));
}

struct fire {
	int fd;
	bool stop;
};

static void *fire(void *arg)
{
	const u64 one = 1;
	struct fire *f = arg;

	while (!READ_ONCE(f->stop))
		/* full when nobody takes: that is no error */
		if (write(f->fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
			break;
	return NULL;
}

/* Each time the call returns there is an end to the interrupts. */
TEST_F(guest, deassigned_under_fire)
{
	struct fire f = { .fd = self->fd };
	pthread_t t[2];
	unsigned int i;
	u32 count;

	for (i = 0; i < 2; i++)
		t[i] = thread_start(fire, &f);
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, irqfd_assign(self->g.vm.fd, self->fd, GSI));
		if (i % 40 == 0) {
			count = irq_count(&self->g, 0, 0x40);
			EXPECT_LT(count, irq_wait(&self->g, 0, 0x40, count + 1));
		}
		ASSERT_EQ(0, irqfd_deassign(self->g.vm.fd, self->fd, GSI));
		if (i % 40 == 0) {
			/* but for one that waits and one that the guest has begun with */
			count = irq_count(&self->g, 0, 0x40);
			irq_settle();
			EXPECT_GE(count + 2, irq_count(&self->g, 0, 0x40));
		}
	}
	WRITE_ONCE(f.stop, true);
	for (i = 0; i < 2; i++)
		thread_stop(t[i]);
}

struct rival {
	int pt, fd;
	bool stop;
	unsigned int won, lost;
};

static void *rival(void *arg)
{
	struct rival *r = arg;

	while (!READ_ONCE(r->stop)) {
		int ret = irqfd_assign(r->pt, r->fd, GSI);

		if (ret == -EBUSY) {
			r->lost++;
			continue;
		}
		REQUIRE(!ret, "IRQFD: %d", ret);
		r->won++;
		ret = irqfd_deassign(r->pt, r->fd, GSI);
		REQUIRE(!ret, "IRQFD: %d", ret);
	}
	return NULL;
}

/* Two partitions, two threads each, one eventfd, and somebody who signals it. */
TEST_F(guest, races)
{
	struct fire f = { .fd = self->fd };
	struct rival r[4];
	struct vm second;
	pthread_t t[5];
	unsigned int i;

	vm_init(&second);
	for (i = 0; i < 4; i++) {
		r[i] = (struct rival){ .pt = i % 2 ? second.fd : self->g.vm.fd, .fd = self->fd };
		t[i] = thread_start(rival, &r[i]);
	}
	t[4] = thread_start(fire, &f);
	sleep(1);
	WRITE_ONCE(f.stop, true);
	for (i = 0; i < 4; i++)
		WRITE_ONCE(r[i].stop, true);
	for (i = 0; i < 5; i++)
		thread_stop(t[i]);
	for (i = 0; i < 4; i++)
		EXPECT_LT(0, r[i].won);
	EXPECT_EQ(0, irqfd_assign(second.fd, self->fd, GSI));
	vm_free(&second);
}

/*
 * The end
 */
enum { END_EVENT, END_RESAMPLE, END_PARTITION, END_VP, ENDS };

static void end(int which, int *fds)
{
	close(fds[which]);
	/* whoever is left is signalled */
	if (which != END_EVENT && fds[END_EVENT] >= 0)
		event_signal(fds[END_EVENT]);
	fds[which] = -1;
}

TEST(closed_in_any_order)
{
	struct accounts before;
	int order[ENDS], fds[ENDS], n, i;
	struct vm vm;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	vm_init(&vm);
	vm_free(&vm);
	accounts_read(&before);
	for (n = 0; n < 256; n++) {
		bool used[ENDS] = { false };

		for (i = 0; i < ENDS; i++) {
			order[i] = n >> 2 * i & 3;
			used[order[i]] = true;
		}
		if (!used[0] || !used[1] || !used[2] || !used[3])
			continue;
		vm_init(&vm);
		fds[END_EVENT] = event_create();
		fds[END_RESAMPLE] = event_create();
		fds[END_PARTITION] = vm.fd;
		fds[END_VP] = vp_create(vm.fd, 0);
		ASSERT_EQ(0, route_set(vm.fd, GSI, 0x40 | ROUTE_LEVEL));
		ASSERT_EQ(0, irqfd_resample(vm.fd, fds[END_EVENT], GSI, fds[END_RESAMPLE]));
		event_signal(fds[END_EVENT]);
		for (i = 0; i < ENDS; i++)
			end(order[i], fds);
		close(vm.dev);
		munmap(vm.ram, RAM_SIZE);
		ASSERT_EQ(0, accounts_open(&before))
			TH_LOG("order %d %d %d %d", order[0], order[1], order[2], order[3]);
	}
}

static int signal_for_ever(void *arg)
{
	struct irq_guest g;
	struct fire f = { .fd = event_create() };

	irq_guest_init(&g, 1, NULL, IRQ_X2APIC);
	irq_guest_start(&g);
	REQUIRE(!route_set(g.vm.fd, GSI, 0x40 | ROUTE_LEVEL), "routes");
	REQUIRE(!irqfd_resample(g.vm.fd, f.fd, GSI, event_create()), "irqfd");
	REQUIRE(write(*(int *)arg, "", 1) == 1, "write");
	fire(&f);
	return 0;
}

TEST(killed)
{
	struct accounts before;
	int pipe_fds[2];
	pid_t pid;
	char c;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	accounts_read(&before);
	ASSERT_EQ(0, pipe(pipe_fds));
	pid = child_start(signal_for_ever, &pipe_fds[1]);
	ASSERT_EQ(1, read(pipe_fds[0], &c, 1));
	irq_settle();
	kill(pid, SIGKILL);
	EXPECT_EQ(-SIGKILL, child_wait(pid));
	EXPECT_EQ(0, accounts_open(&before));
}

TEST_HARNESS_MAIN
