// SPDX-License-Identifier: GPL-2.0
/*
 * From the eventfd to the handler in the guest: delivery modes, destinations,
 * and level-triggered interrupts with their end.
 *
 * Kinds of fault: ends of interrupts that are looked up by GSI instead of by
 * vector (eoi_is_by_vector), routes that change under a resample eventfd
 * (route_becomes_edge), ends that reach nobody or the wrong one
 * (unclaimed_eoi_is_the_vmms, eoi_by_message), 8 bits of destination
 * (destinations). The wrong flavour of RCU for the list of resamplers cannot pass:
 * it is walked by the iterator that lockdep checks against its SRCU. A sender that
 * names another partition reaches that one's eventfds and nothing else; that
 * senders are true is the hypervisor's business. Other architectures' pins, which
 * have no end of interrupt, are not in this driver.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A18: - the iterator is the one that lockdep checks against the list's SRCU
 * B8: route_becomes_edge
 * C7: level_is_resampled, eoi_is_by_vector
 * C17: all
 */
#include "mshv_irq.h"
#include "kselftest_harness.h"

const u32 test_needs[] = { MSHV_CAP_IRQFD, MSHV_CAP_MSI_ROUTING, 0 };

#define GSI	3

static int route_dest(int pt, u32 dest, u32 logical, u32 data)
{
	const struct mshv_user_irq_entry entry = {
		.gsi = GSI,
		.address_lo = ROUTE_ADDRESS | ROUTE_DEST(dest) | logical,
		.address_hi = dest & ~0xffU,
		.data = data,
	};

	return routes_set(pt, &entry, 1);
}

/*
 * Who gets it. The last VP has index and APIC id 300, if there can be one.
 */
static const struct dest {
	enum irq_mode mode;
	u32 dest, logical, data;
	u8 who;			/* bit mask of VPs */
	bool one;		/* of these */
} dests[] = {
	{ IRQ_X2APIC, 0, 0, 0x40, 1 },
	{ IRQ_X2APIC, 1, 0, 0x41, 2 },
	{ IRQ_X2APIC, 2, 0, 0x42, 0 },
	{ IRQ_X2APIC, 300, 0, 0x43, 4 },
	{ IRQ_X2APIC, 300 & 0xff, 0, 0x44, 0 },
	{ IRQ_X2APIC, ~0U, 0, 0x45, 7 },
	/* cluster 0, and 300 is bit 12 of cluster 18 */
	{ IRQ_X2APIC, 2, ROUTE_LOGICAL, 0x46, 2 },
	{ IRQ_X2APIC, 3, ROUTE_LOGICAL, 0x47, 3 },
	{ IRQ_X2APIC, 18 << 16 | 1 << 12, ROUTE_LOGICAL, 0x48, 4 },
	{ IRQ_X2APIC, 3, ROUTE_LOGICAL, ROUTE_TYPE(1) | 0x49, 3, true },
	{ IRQ_X2APIC, 1, 0, ROUTE_TYPE(1) | 0x4a, 2 },
	{ IRQ_X2APIC, 0, 0, ROUTE_TYPE(4) | 0x99, 1 },
	{ IRQ_X2APIC, 300, 0, ROUTE_TYPE(4), 4 },
	{ IRQ_X2APIC, 0, 0, 0x10, 1 },
	{ IRQ_X2APIC, 0, 0, 0xfe, 1 },
	{ IRQ_XAPIC, 0, 0, 0x50, 1 },
	{ IRQ_XAPIC, 1, 0, 0x51, 2 },
	{ IRQ_XAPIC, 0xff, 0, 0x52, 3 },
	{ IRQ_XAPIC, 2, ROUTE_LOGICAL, 0x53, 2 },
	{ IRQ_XAPIC, 3, ROUTE_LOGICAL, 0x54, 3 },
	{ IRQ_XAPIC, 4, ROUTE_LOGICAL, 0x55, 0 },
	{ IRQ_XAPIC, 3, ROUTE_LOGICAL, ROUTE_TYPE(1) | 0x56, 3, true },
	{ IRQ_XAPIC, 1, 0, ROUTE_TYPE(4), 2 },
};

static unsigned int vector_of(const struct dest *d)
{
	return d->data & ROUTE_TYPE(4) ? 2 : d->data & 0xff;
}

/* Whether VPs have had the vector as often as they should; @got: in all. */
static bool arrived(const struct irq_guest *g, const struct dest *d, const u32 *before,
		    unsigned int *got)
{
	bool all = true;
	unsigned int i;

	*got = 0;
	for (i = 0; i < g->nr; i++) {
		u32 n = irq_count(g, i, vector_of(d)) - before[i];

		*got += n;
		if (n != (d->who >> i & 1))
			all = false;
	}
	return all;
}

static bool delivered(const struct irq_guest *g, int fd, const struct dest *d)
{
	u32 before[IRQ_GUEST_VPS];
	unsigned int i, got;
	u64 end;

	REQUIRE(!route_dest(g->vm.fd, d->dest, d->logical, d->data), "routes");
	for (i = 0; i < g->nr; i++)
		before[i] = irq_count(g, i, vector_of(d));
	event_signal(fd);
	end = now_us() + limit_us(IRQ_WAIT_US);
	while (!arrived(g, d, before, &got) && !(d->one && got) && now_us() < end)
		usleep(100);
	usleep(5000);
	return d->one ? !arrived(g, d, before, &got) && got == 1 : arrived(g, d, before, &got);
}

FIXTURE(destinations) {
	struct irq_guest g;
};

FIXTURE_VARIANT(destinations) {
	enum irq_mode mode;
	unsigned int nr;
};

FIXTURE_VARIANT_ADD(destinations, x2apic) {
	.mode = IRQ_X2APIC,
	.nr = 3,
};

FIXTURE_VARIANT_ADD(destinations, xapic) {
	.mode = IRQ_XAPIC,
	.nr = 2,
};

FIXTURE_SETUP(destinations)
{
	static const u32 indexes[] = { 0, 1, 300 };
	unsigned int nr = variant->nr;
	int dev = dev_open();

	while (indexes[nr - 1] >= cap(dev, MSHV_CAP_MAX_VPS))
		nr--;
	close(dev);
	irq_guest_init(&self->g, nr, indexes, variant->mode);
	irq_guest_start(&self->g);
}

FIXTURE_TEARDOWN(destinations)
{
	irq_guest_stop(&self->g);
	irq_guest_free(&self->g);
}

TEST_F(destinations, all)
{
	u32 max = cap(self->g.vm.fd, MSHV_CAP_MSI_ROUTING_DEST32) ? ~0U : 0xff;
	int fd = event_create();
	unsigned int i;

	ASSERT_EQ(0, irqfd_assign(self->g.vm.fd, fd, GSI));
	for (i = 0; i < ARRAY_SIZE(dests); i++) {
		if (dests[i].mode != variant->mode || dests[i].dest > max)
			continue;
		EXPECT_TRUE(delivered(&self->g, fd, &dests[i]))
			TH_LOG("destination %#x, %s, data %#x", dests[i].dest,
			       dests[i].logical ? "logical" : "physical", dests[i].data);
	}
	for (i = 0; i < self->g.nr; i++) {
		EXPECT_EQ(0, self->g.vps[i].error);
		EXPECT_EQ(0, self->g.vps[i].eois);
	}
}

/*
 * One VP
 */
FIXTURE(one) {
	struct irq_guest g;
	int fd, resample, pt;
};

FIXTURE_SETUP(one)
{
	irq_guest_init(&self->g, 1, NULL, IRQ_X2APIC);
	irq_guest_start(&self->g);
	self->pt = self->g.vm.fd;
	self->fd = event_create();
	self->resample = event_create();
}

FIXTURE_TEARDOWN(one)
{
	irq_guest_stop(&self->g);
	EXPECT_EQ(0, self->g.vps[0].error);
	irq_guest_free(&self->g);
}

/* None is lost when each waits for the one before. */
TEST_F_TIMEOUT(one, many_edges, 120)
{
	u32 i;

	ASSERT_EQ(0, route_set(self->pt, GSI, 0x40));
	ASSERT_EQ(0, irqfd_assign(self->pt, self->fd, GSI));
	for (i = 1; i <= 1000; i++) {
		event_signal(self->fd);
		ASSERT_EQ(i, irq_wait(&self->g, 0, 0x40, i));
	}
	EXPECT_EQ(0, self->g.vps[0].eois);
}

/* A pin: asserted, handled, ended, still asserted, handled again. */
TEST_F_TIMEOUT(one, level_is_resampled, 120)
{
	u32 i;

	ASSERT_EQ(0, route_set(self->pt, GSI, 0x45 | ROUTE_LEVEL));
	ASSERT_EQ(0, irqfd_resample(self->pt, self->fd, GSI, self->resample));
	for (i = 1; i <= 1000; i++) {
		event_signal(self->fd);
		ASSERT_EQ(1, event_wait(self->resample));
		ASSERT_EQ(i, irq_wait(&self->g, 0, 0x45, i));
	}
	irq_settle();
	EXPECT_EQ(0, event_take(self->resample));
	/* the VMM never heard of it */
	EXPECT_EQ(0, self->g.vps[0].eois);
}

/* The message names a vector; the GSI is something else. */
TEST_F(one, eoi_is_by_vector)
{
	const struct mshv_user_irq_entry entries[] = {
		{ .gsi = 0x60, .address_lo = ROUTE_ADDRESS, .data = 0x61 | ROUTE_LEVEL },
		{ .gsi = 0x61, .address_lo = ROUTE_ADDRESS, .data = 0x60 | ROUTE_LEVEL },
		{ .gsi = 0x62, .address_lo = ROUTE_ADDRESS, .data = 0x60 | ROUTE_LEVEL },
		/* the same vector, but not level triggered */
		{ .gsi = 0x63, .address_lo = ROUTE_ADDRESS, .data = 0x60 },
	};
	int fds[3], resample[3], i;

	ASSERT_EQ(0, routes_set(self->pt, entries, ARRAY_SIZE(entries)));
	for (i = 0; i < 3; i++) {
		fds[i] = event_create();
		resample[i] = event_create();
		ASSERT_EQ(0, irqfd_resample(self->pt, fds[i], 0x60 + i, resample[i]));
	}
	event_signal(fds[0]);
	EXPECT_EQ(1, event_wait(resample[0]));
	EXPECT_EQ(1, irq_wait(&self->g, 0, 0x61, 1));
	irq_settle();
	EXPECT_EQ(0, event_take(resample[1]));
	EXPECT_EQ(0, event_take(resample[2]));
	/* a shared line: whose device it was, only the device knows */
	event_signal(fds[1]);
	EXPECT_EQ(1, event_wait(resample[1]));
	EXPECT_EQ(1, event_wait(resample[2]));
	EXPECT_EQ(0, event_take(resample[0]));
	EXPECT_EQ(1, irq_count(&self->g, 0, 0x60));
	EXPECT_EQ(0, self->g.vps[0].eois);
}

/* Without a resample eventfd the end of the interrupt is the VMM's to handle. */
TEST_F(one, unclaimed_eoi_is_the_vmms)
{
	u64 end = now_us() + limit_us(IRQ_WAIT_US);

	ASSERT_EQ(0, route_set(self->pt, GSI, 0x47 | ROUTE_LEVEL));
	ASSERT_EQ(0, irqfd_assign(self->pt, self->fd, GSI));
	event_signal(self->fd);
	EXPECT_EQ(1, irq_wait(&self->g, 0, 0x47, 1));
	while (!READ_ONCE(self->g.vps[0].eois) && now_us() < end)
		usleep(100);
	EXPECT_EQ(1, READ_ONCE(self->g.vps[0].eois));
	EXPECT_EQ(0x47, READ_ONCE(self->g.vps[0].eoi_vector));
}

TEST_F(one, route_becomes_edge)
{
	ASSERT_EQ(0, route_set(self->pt, GSI, 0x48 | ROUTE_LEVEL));
	ASSERT_EQ(0, irqfd_resample(self->pt, self->fd, GSI, self->resample));
	event_signal(self->fd);
	EXPECT_EQ(1, event_wait(self->resample));

	ASSERT_EQ(0, route_set(self->pt, GSI, 0x48));
	event_signal(self->fd);
	EXPECT_EQ(2, irq_wait(&self->g, 0, 0x48, 2));
	irq_settle();
	EXPECT_EQ(0, event_take(self->resample));

	ASSERT_EQ(0, routes_set(self->pt, NULL, 0));
	event_signal(self->fd);
	irq_settle();
	EXPECT_EQ(2, irq_count(&self->g, 0, 0x48));

	ASSERT_EQ(0, route_set(self->pt, GSI, 0x49 | ROUTE_LEVEL));
	event_signal(self->fd);
	EXPECT_EQ(1, event_wait(self->resample));
	EXPECT_EQ(1, irq_count(&self->g, 0, 0x49));
}

/* The eventfd that tells of the end is that which asserts: a device that never rests. */
TEST_F(one, resamples_itself)
{
	ASSERT_EQ(0, route_set(self->pt, GSI, 0x4a | ROUTE_LEVEL));
	ASSERT_EQ(0, irqfd_resample(self->pt, self->fd, GSI, self->fd));
	event_signal(self->fd);
	EXPECT_LE(100, irq_wait(&self->g, 0, 0x4a, 100));
	ASSERT_EQ(0, irqfd_deassign(self->pt, self->fd, GSI));
	irq_settle();
	EXPECT_EQ(irq_count(&self->g, 0, 0x4a), irq_wait(&self->g, 0, 0x4a, 1));
}

static void *answer(void *arg)
{
	int *fds = arg;

	/* ends with the negative number that the test writes there */
	while (READ_ONCE(fds[2]) >= 0)
		if (event_take(fds[1]))
			event_signal(fds[0]);
	return NULL;
}

/* Nothing is resampled once the irqfd is gone. */
TEST_F(one, deassigned_while_resampling)
{
	int fds[3] = { self->fd, self->resample, 0 }, i;
	pthread_t t;
	u32 count;

	ASSERT_EQ(0, route_set(self->pt, GSI, 0x4b | ROUTE_LEVEL));
	t = thread_start(answer, fds);
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, irqfd_resample(self->pt, self->fd, GSI, self->resample));
		count = irq_count(&self->g, 0, 0x4b);
		event_signal(self->fd);
		EXPECT_LT(count, irq_wait(&self->g, 0, 0x4b, count + 1));
		ASSERT_EQ(0, irqfd_deassign(self->pt, self->fd, GSI));
	}
	WRITE_ONCE(fds[2], -1);
	thread_stop(t);
	event_take(self->resample);
	event_take(self->fd);
	irq_settle();
	EXPECT_EQ(0, event_take(self->resample));
}

/* The hypervisor's name for the partition, out of a message that it sends. */
static u64 partition_id(struct irq_guest *g, int fd)
{
	irq_guest_stop(g);
	REQUIRE(!route_set(g->vm.fd, GSI, 0x30 | ROUTE_LEVEL), "routes");
	REQUIRE(!irqfd_assign(g->vm.fd, fd, GSI), "irqfd");
	event_signal(fd);
	vp_run_until(&g->vps[0].vp, HVX_MSG_X64_APIC_EOI);
	REQUIRE(!irqfd_deassign(g->vm.fd, fd, GSI), "irqfd");
	irq_guest_start(g);
	return g->vps[0].vp.msg.sender;
}

/*
 * The hypervisor may send the message to the root instead, and there may be
 * nobody whom it concerns.
 */
TEST_F(one, eoi_by_message)
{
	u64 sender, i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	NOT_ON_MAINLINE(MAINLINE_LEAVES_MESSAGES);
	sender = partition_id(&self->g, self->fd);
	ASSERT_EQ(0, route_set(self->pt, GSI, 0x4c | ROUTE_LEVEL));
	ASSERT_EQ(0, irqfd_resample(self->pt, self->fd, GSI, self->resample));
	for (i = 0; i < 100; i++) {
		ASSERT_TRUE(ctl_post_from(0, HVX_MSG_X64_APIC_EOI, 8, sender, 0x4cULL << 32));
		ASSERT_LT(0, event_wait(self->resample));
	}
	ASSERT_TRUE(ctl_post_from(0, HVX_MSG_X64_APIC_EOI, 8, sender, ~0ULL));
	ASSERT_TRUE(ctl_post_from(0, HVX_MSG_X64_APIC_EOI, 8, sender, 0x4dULL << 32));
	ASSERT_TRUE(ctl_post_from(0, HVX_MSG_X64_APIC_EOI, 8, ~0ULL, 0x4cULL << 32));
	ASSERT_TRUE(ctl_post_from(0, HVX_MSG_X64_APIC_EOI, 0, 0, 0));
	irq_settle();
	EXPECT_EQ(0, event_take(self->resample));
	/* the slot is free for the next message */
	event_signal(self->fd);
	EXPECT_LT(0, event_wait(self->resample));
}

/* An external interrupt stays asserted in the hypervisor until it is cleared. */
TEST_F(one, extint_is_cleared)
{
	u64 sender, calls;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	NOT_ON_MAINLINE(MAINLINE_LEAVES_MESSAGES);
	sender = partition_id(&self->g, self->fd);
	/* an external interrupt has no end that an APIC knows: it is forged */
	ASSERT_EQ(0, route_set(self->pt, GSI, 0x4e | ROUTE_TYPE(7) | ROUTE_LEVEL));
	ASSERT_EQ(0, irqfd_resample(self->pt, self->fd, GSI, self->resample));
	calls = ctl_calls(HVX_CALL_CLEAR_VIRTUAL_INTERRUPT, NULL);
	ASSERT_TRUE(ctl_post_from(0, HVX_MSG_X64_APIC_EOI, 8, sender, 0x4eULL << 32));
	EXPECT_EQ(1, event_wait(self->resample));
	EXPECT_EQ(calls + 1, ctl_calls(HVX_CALL_CLEAR_VIRTUAL_INTERRUPT, NULL));
	/* it is resampled even if the hypervisor refuses */
	ctl_fault(HVX_CALL_CLEAR_VIRTUAL_INTERRUPT, 1, HVX_STATUS_OPERATION_FAILED, 1);
	ASSERT_TRUE(ctl_post_from(0, HVX_MSG_X64_APIC_EOI, 8, sender, 0x4eULL << 32));
	EXPECT_EQ(1, event_wait(self->resample));
	EXPECT_EQ(1, ctl_reset());
}

/* What the hypervisor refuses is lost, and what comes after is not. */
TEST_F(one, refused_interrupt)
{
	static const u16 statuses[] = {
		HVX_STATUS_INVALID_PARAMETER, HVX_STATUS_ACCESS_DENIED,
		HVX_STATUS_INVALID_PARTITION_STATE, HVX_STATUS_INSUFFICIENT_MEMORY, 0x7abc,
	};
	unsigned int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ASSERT_EQ(0, route_set(self->pt, GSI, 0x4f));
	ASSERT_EQ(0, irqfd_assign(self->pt, self->fd, GSI));
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		ctl_fault(HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, 1, statuses[i], 1);
		event_signal(self->fd);
		EXPECT_EQ(1, ctl_reset());
		irq_settle();
		EXPECT_EQ(i, irq_count(&self->g, 0, 0x4f));
		event_signal(self->fd);
		EXPECT_EQ(i + 1, irq_wait(&self->g, 0, 0x4f, i + 1));
	}
}

TEST_HARNESS_MAIN
