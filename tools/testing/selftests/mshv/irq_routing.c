// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_SET_MSI_ROUTING: what is a table and what is not, and which messages are
 * interrupts.
 *
 * Kinds of fault: zero as "none" (duplicate_gsi), entries that are not valid but
 * injected (nothing_invalid_is_sent), few routes (counts), tables that are in use
 * when they are replaced (swapped_under_fire). An index past the table is checked under the
 * same reader section as it is used, and clamped against speculation.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A29: duplicate_gsi
 * A40: no_count_overflows
 * B10: nothing_invalid_is_sent
 * C17: counts
 */
#include "mshv_irq.h"
#include "kselftest_harness.h"

const u32 test_needs[] = { MSHV_CAP_MSI_ROUTING, 0 };

#define GSI	7

FIXTURE(args) {
	struct vm vm;
	u32 max;
};

FIXTURE_SETUP(args)
{
	vm_init(&self->vm);
	self->max = cap(self->vm.fd, MSHV_CAP_MAX_GSIS);
}

FIXTURE_TEARDOWN(args)
{
	vm_free(&self->vm);
}

TEST_F(args, empty)
{
	EXPECT_EQ(0, routes_set(self->vm.fd, NULL, 0));
	EXPECT_EQ(0, route_set(self->vm.fd, GSI, 0x40));
	EXPECT_EQ(0, routes_set(self->vm.fd, NULL, 0));
}

/* As many routes as there can be, and one more. */
TEST_F(args, counts)
{
	struct mshv_user_irq_entry *entries = calloc(self->max + 1, sizeof(*entries));
	u32 i;

	for (i = 0; i < self->max; i++)
		entries[i].gsi = self->max - 1 - i;
	EXPECT_EQ(0, routes_set(self->vm.fd, entries, self->max));
	EXPECT_EQ(-EINVAL, routes_set(self->vm.fd, entries, self->max + 1));
	EXPECT_EQ(-EINVAL, route_set(self->vm.fd, self->max, 0x40));
	EXPECT_EQ(-EINVAL, route_set(self->vm.fd, ~0U, 0x40));
	free(entries);
}

TEST_F(args, no_count_overflows)
{
	static const u32 counts[] = { 0x7fffffff, 0x80000000, 0x0fffffff, 0x10000000, ~0U };
	struct mshv_user_irq_table table = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		table.nr = counts[i];
		EXPECT_EQ(-EINVAL, xioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, &table))
			TH_LOG("%#x entries", counts[i]);
	}
}

TEST_F(args, duplicate_gsi)
{
	static const u32 gsis[] = { 0, 5, 63, 64, 4095 };
	struct mshv_user_irq_entry entries[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gsis); i++) {
		memset(entries, 0, sizeof(entries));
		entries[0].gsi = gsis[i];
		entries[1].gsi = gsis[i] ? gsis[i] - 1 : 1;
		entries[2].gsi = gsis[i];
		EXPECT_EQ(0, routes_set(self->vm.fd, entries, 2));
		EXPECT_EQ(-EINVAL, routes_set(self->vm.fd, entries, 3))
			TH_LOG("gsi %u", gsis[i]);
	}
}

TEST_F(args, reserved)
{
	struct mshv_user_irq_entry entry = { .gsi = GSI, .address_lo = ROUTE_ADDRESS, .data = 64 };
	struct mshv_user_irq_table table = { .rsvd = 1 };
	unsigned int bit;

	EXPECT_EQ(-EINVAL, xioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, &table));
	for (bit = 0; bit < 32; bit++) {
		entry.address_hi = 1U << bit;
		EXPECT_EQ(bit < 8 || !cap(self->vm.fd, MSHV_CAP_MSI_ROUTING_DEST32) ?
			  -EINVAL : 0, routes_set(self->vm.fd, &entry, 1))
			TH_LOG("bit %u", bit);
	}
}

TEST_F(args, faults)
{
	u8 *page = guard_page();
	struct mshv_user_irq_table *table;

	EXPECT_EQ(-EFAULT, xioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, (void *)8));
	table = (void *)(page + PAGE - sizeof(*table));
	table->nr = 0;
	table->rsvd = 0;
	EXPECT_EQ(0, xioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, table));
	table->nr = 1;
	EXPECT_EQ(-EFAULT, xioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, table));
}

TEST(needs_an_active_partition)
{
	int dev = dev_open(), pt = partition_create(dev, PT_DEFAULT);

	EXPECT_EQ(-STATE_ERRNO, routes_set(pt, NULL, 0));
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
	ASSERT_EQ(0, irqfd_assign(self->g.vm.fd, self->fd, GSI));
}

FIXTURE_TEARDOWN(guest)
{
	irq_guest_stop(&self->g);
	EXPECT_EQ(0, self->g.vps[0].error);
	irq_guest_free(&self->g);
}

/* All interrupts that the guest ever had. */
static u32 all_counts(const struct irq_guest *g)
{
	u32 sum = 0;
	unsigned int i;

	for (i = 1; i < 256; i++)
		sum += irq_count(g, 0, i);
	return sum;
}

/* The hypervisor is not even asked. */
TEST_F(guest, nothing_invalid_is_sent)
{
	static const u32 invalid[] = {
		0, 1, 15,			/* vectors of exceptions */
		ROUTE_TYPE(1) | 3,		/* likewise, lowest priority */
		ROUTE_TYPE(2) | 0x40,		/* SMI */
		ROUTE_TYPE(3) | 0x40,		/* reserved */
		ROUTE_TYPE(6) | 0x40,		/* start-up */
	};
	int pt = self->g.vm.fd;
	u64 calls = 0;
	unsigned int i;

	if (ctl_present())
		calls = ctl_calls(HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, NULL);
	event_signal(self->fd);
	for (i = 0; i < ARRAY_SIZE(invalid); i++) {
		ASSERT_EQ(0, route_set(pt, GSI, invalid[i]));
		event_signal(self->fd);
	}
	/* a neighbour's route, and none any more */
	ASSERT_EQ(0, route_set(pt, GSI + 1, 0x40));
	event_signal(self->fd);
	ASSERT_EQ(0, route_set(pt, GSI - 1, 0x40));
	event_signal(self->fd);
	ASSERT_EQ(0, route_set(pt, GSI, 0x40));
	ASSERT_EQ(0, routes_set(pt, NULL, 0));
	event_signal(self->fd);
	irq_settle();
	EXPECT_EQ(0, all_counts(&self->g));
	if (ctl_present())
		EXPECT_EQ(calls, ctl_calls(HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, NULL));
	/* all were taken nevertheless, and do not come back later */
	EXPECT_EQ(0, event_take(self->fd));
	ASSERT_EQ(0, route_set(pt, GSI, 0x41));
	irq_settle();
	EXPECT_EQ(0, all_counts(&self->g));
	event_signal(self->fd);
	EXPECT_EQ(1, irq_wait(&self->g, 0, 0x41, 1));
	EXPECT_EQ(1, all_counts(&self->g));
}

/* A table that is refused leaves the old one. */
TEST_F(guest, refused_table_changes_nothing)
{
	struct mshv_user_irq_entry entries[2] = {
		{ .gsi = GSI, .address_lo = ROUTE_ADDRESS, .data = 0x50 },
		{ .gsi = GSI, .address_lo = ROUTE_ADDRESS, .data = 0x51 },
	};

	ASSERT_EQ(0, route_set(self->g.vm.fd, GSI, 0x40));
	ASSERT_EQ(-EINVAL, routes_set(self->g.vm.fd, entries, 2));
	event_signal(self->fd);
	EXPECT_EQ(1, irq_wait(&self->g, 0, 0x40, 1));
	EXPECT_EQ(1, all_counts(&self->g));
}

struct fire {
	int fd;
	bool stop;
	unsigned int shots;
};

static void *fire(void *arg)
{
	struct fire *f = arg;

	while (!READ_ONCE(f->stop)) {
		event_signal(f->fd);
		WRITE_ONCE(f->shots, f->shots + 1);
	}
	return NULL;
}

/*
 * Each signal is sent by one table or the other; once a call returned, by the
 * new one.
 */
TEST_F(guest, swapped_under_fire)
{
	struct fire f[2] = { { .fd = self->fd }, { .fd = event_create() } };
	unsigned int i, old;
	pthread_t t[2];

	ASSERT_EQ(0, irqfd_assign(self->g.vm.fd, f[1].fd, GSI));
	for (i = 0; i < 2; i++)
		t[i] = thread_start(fire, &f[i]);
	ASSERT_EQ(0, route_set(self->g.vm.fd, GSI, 0x40));
	EXPECT_LT(0, irq_wait(&self->g, 0, 0x40, 1));
	for (i = 0; i < 300; i++)
		ASSERT_EQ(0, i % 3 == 2 ? routes_set(self->g.vm.fd, NULL, 0) :
			  route_set(self->g.vm.fd, GSI, 0x40 + i % 3));
	ASSERT_EQ(0, route_set(self->g.vm.fd, GSI, 0x30));
	/* what the guest has not taken yet is not recalled, and goes first */
	EXPECT_LT(0, irq_wait(&self->g, 0, 0x30, 1));
	old = irq_count(&self->g, 0, 0x40) + irq_count(&self->g, 0, 0x41);
	i = irq_count(&self->g, 0, 0x30);
	EXPECT_LT(i, irq_wait(&self->g, 0, 0x30, i + 1));
	EXPECT_EQ(old, irq_count(&self->g, 0, 0x40) + irq_count(&self->g, 0, 0x41));
	for (i = 0; i < 2; i++) {
		WRITE_ONCE(f[i].stop, true);
		thread_stop(t[i]);
	}
	TH_LOG("%u and %u signals", f[0].shots, f[1].shots);
}

TEST_HARNESS_MAIN
