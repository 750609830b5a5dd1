// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_GET_VP_CPUID_VALUES, and MSHV_REGISTER_INTERCEPT_RESULT for CPUID: what
 * the VMM is told, what it asks for, and what the guest sees are the same.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * C14: many_leaves, values_are_what_the_guest_sees
 */
#include <pthread.h>
#include <signal.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

#define OVERRIDE	BIT(MSHV_CPUID_RESULT_BIT_ALWAYS_OVERRIDE)
#define THIS_SUBLEAF	BIT(MSHV_CPUID_RESULT_BIT_SUBLEAF_SPECIFIC)
#define FROM_VP		BIT(MSHV_CPUID_VALUES_BIT_USE_VP_XFEM_XSS)
#define REGISTERED	BIT(MSHV_CPUID_VALUES_BIT_APPLY_REGISTERED)

/* CPUID for EBX, ECX; the result on four ports */
GUEST_CODE(guest_cpuid, 64,
	   "mov %ebx, %eax\n"
	   "cpuid\n"
	   "out %eax, $0x80\n"
	   "mov %ebx, %eax\n"
	   "out %eax, $0x81\n"
	   "mov %ecx, %eax\n"
	   "out %eax, $0x82\n"
	   "mov %edx, %eax\n"
	   "out %eax, $0x83\n");

static void ask_guest(struct guest *g, struct mshv_cpuid_entry *e)
{
	vp_load(&g->vp, MODE_LONG, guest_cpuid);
	vp_set(&g->vp, HVX_REG_RBX, e->function);
	vp_set(&g->vp, HVX_REG_RCX, e->index);
	e->eax = vp_run_out(&g->vp, 0x80);
	e->ebx = vp_run_out(&g->vp, 0x81);
	e->ecx = vp_run_out(&g->vp, 0x82);
	e->edx = vp_run_out(&g->vp, 0x83);
}

TEST(values_are_what_the_guest_sees)
{
	struct mshv_cpuid_entry e[] = {
		{ 0 }, { 1 }, { 7, 0 }, { 7, 1 }, { 0xb, 0 }, { 0xb, 1 }, { 0xd, 0 },
		{ 0xd, 1 }, { 0xd, 2 }, { 0x40000000 }, { 0x40000003 }, { 0x80000001 },
		{ 0x80000008 }, { 0xffffffff, 0xffffffff },
	};
	struct mshv_cpuid_entry seen;
	struct guest g;
	unsigned int i;

	guest_init(&g);
	NEED_CALL(g.vm.dev, MSHV_CAP_VP_CPUID_VALUES);
	vp_setup(&g.vp, MODE_LONG, GUEST_CODE_BASE);
	ASSERT_EQ(0, vp_cpuid_values(g.vp.fd, FROM_VP | REGISTERED, e, ARRAY_SIZE(e)));
	for (i = 0; i < ARRAY_SIZE(e); i++) {
		seen = e[i];
		ask_guest(&g, &seen);
		EXPECT_EQ(0, memcmp(&seen, &e[i], sizeof(seen)))
			TH_LOG("leaf %#x.%x: %x %x %x %x, guest: %x %x %x %x", e[i].function,
			       e[i].index, e[i].eax, e[i].ebx, e[i].ecx, e[i].edx,
			       seen.eax, seen.ebx, seen.ecx, seen.edx);
	}
	guest_free(&g);
}

TEST(override_is_what_the_guest_sees)
{
	struct mshv_intercept_result arg = {
		.type = MSHV_INTERCEPT_RESULT_CPUID,
		.cpuid = {
			.function = 0x40000005, .flags = OVERRIDE,
			.eax = { 0x11110000, 0xffff0000 },
			.ebx = { 0x22222222, 0xffffffff },
			.ecx = { 0x33333333, 0 },
			.edx = { 0x00004444, 0x0000ffff },
		},
	};
	struct mshv_cpuid_entry before = { 0x40000005 }, without, after;
	struct guest g;

	guest_init(&g);
	NEED_CALL(g.vm.dev, MSHV_CAP_INTERCEPT_RESULT);
	ask_guest(&g, &before);
	ASSERT_EQ(0, vp_intercept_result(g.vp.fd, &arg));
	after = before;
	ask_guest(&g, &after);
	EXPECT_EQ((before.eax & 0xffff) | 0x11110000, after.eax);
	EXPECT_EQ(0x22222222, after.ebx);
	EXPECT_EQ(before.ecx, after.ecx);
	EXPECT_EQ((before.edx & 0xffff0000) | 0x4444, after.edx);
	/* the other ioctl tells the same, or what there would be without */
	without = before;
	ASSERT_EQ(0, vp_cpuid_values(g.vp.fd, 0, &without, 1));
	EXPECT_EQ(0, memcmp(&before, &without, sizeof(before)));
	ASSERT_EQ(0, vp_cpuid_values(g.vp.fd, REGISTERED, &without, 1));
	EXPECT_EQ(0, memcmp(&after, &without, sizeof(after)));
	guest_free(&g);
}

TEST(subleaves)
{
	static const struct mshv_cpuid_bits all = { 0xaaaa, ~0U }, one = { 0xbbbb, ~0U };
	struct mshv_cpuid_entry e;
	struct guest g;

	guest_init(&g);
	NEED_CALL(g.vm.dev, MSHV_CAP_INTERCEPT_RESULT);
	ASSERT_EQ(0, vp_cpuid_result(g.vp.fd, 0x4000aaaa, 0, OVERRIDE, &all));
	ASSERT_EQ(0, vp_cpuid_result(g.vp.fd, 0x4000aaaa, 5, OVERRIDE | THIS_SUBLEAF, &one));
	e = (struct mshv_cpuid_entry){ 0x4000aaaa, 4 };
	ask_guest(&g, &e);
	EXPECT_EQ(0xaaaa, e.eax);
	e = (struct mshv_cpuid_entry){ 0x4000aaaa, 5 };
	ask_guest(&g, &e);
	EXPECT_EQ(0xbbbb, e.eax);
	guest_free(&g);
}

/* As many as a VMM registers, and each of them reads back. */
TEST(many_leaves)
{
	const int count = 400;
	struct mshv_cpuid_entry *e = calloc(count, sizeof(*e));
	struct accounts before;
	struct guest g;
	int i;

	accounts_read(&before);
	guest_init(&g);
	NEED_CALL(g.vm.dev, MSHV_CAP_INTERCEPT_RESULT);
	for (i = 0; i < count; i++) {
		const struct mshv_cpuid_bits eax = { 0x1000 + i, ~0U };

		e[i].function = 0x40001000 + i;
		ASSERT_EQ(0, vp_cpuid_result(g.vp.fd, e[i].function, 0, OVERRIDE, &eax));
	}
	ASSERT_EQ(0, vp_cpuid_values(g.vp.fd, REGISTERED, e, count));
	for (i = 0; i < count; i++)
		ASSERT_EQ(0x1000 + i, e[i].eax);
	for (i = 0; i < count; i += 133) {
		struct mshv_cpuid_entry seen = { .function = e[i].function };

		ask_guest(&g, &seen);
		EXPECT_EQ(e[i].eax, seen.eax);
	}
	guest_free(&g);
	EXPECT_EQ(0, accounts_open(&before));
	free(e);
}

/* A result belongs to one VP. */
TEST(other_vps)
{
	static const struct mshv_cpuid_bits eax = { 0x77, ~0U };
	struct mshv_cpuid_entry e = { 0x4000bbbb };
	struct guest g;
	struct vp other;

	guest_init(&g);
	NEED_CALL(g.vm.dev, MSHV_CAP_INTERCEPT_RESULT);
	vp_init(&other, &g.vm, 1);
	ASSERT_EQ(0, vp_cpuid_result(g.vp.fd, e.function, 0, OVERRIDE, &eax));
	ASSERT_EQ(0, vp_cpuid_values(other.fd, REGISTERED, &e, 1));
	EXPECT_EQ(0, e.eax);
	vp_free(&other);
	guest_free(&g);
}

/* The hypervisor stops where it likes. */
TEST(partial_completion)
{
	const int count = 300;
	struct mshv_cpuid_entry *e = calloc(count, sizeof(*e));
	struct mshv_cpuid_entry *f = calloc(count, sizeof(*f));
	struct mshv_vp_cpuid_values arg = { .count = count, .entries_ptr = (uintptr_t)f };
	struct guest g;
	int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	guest_init(&g);
	NEED_CAP(g.vm.dev, MSHV_CAP_VP_CPUID_VALUES);
	for (i = 0; i < count; i++)
		e[i].function = i % 16;
	memcpy(f, e, count * sizeof(*e));
	ASSERT_EQ(0, vp_cpuid_values(g.vp.fd, 0, e, count));
	ctl_rep_limit(HVX_CALL_GET_VP_CPUID_VALUES, 7);
	ASSERT_EQ(0, vp_cpuid_values(g.vp.fd, 0, f, count));
	EXPECT_EQ(0, memcmp(e, f, count * sizeof(*e)));
	ctl_reset();
	/* the second hypercall fails in the middle: nothing is written */
	for (i = 0; i < count; i++)
		f[i] = (struct mshv_cpuid_entry){ .function = i % 16 };
	memcpy(e, f, count * sizeof(*e));
	ctl_fault_reps(HVX_CALL_GET_VP_CPUID_VALUES, 2, HVX_STATUS_ACCESS_DENIED, 1, 9);
	EXPECT_EQ(-EACCES, xioctl(g.vp.fd, MSHV_GET_VP_CPUID_VALUES, &arg));
	EXPECT_EQ(HVX_STATUS_ACCESS_DENIED, arg.status);
	EXPECT_EQ(0, memcmp(e, f, count * sizeof(*e)));
	ctl_reset();
	/* it wants memory in the middle: that is not the caller's business */
	ctl_fault_reps(HVX_CALL_GET_VP_CPUID_VALUES, 1, HVX_STATUS_INSUFFICIENT_MEMORY, 1, 9);
	EXPECT_EQ(0, vp_cpuid_values(g.vp.fd, 0, f, count));
	EXPECT_EQ(1, ctl_reset());
	EXPECT_NE(0, f[count - 1].eax | f[count - 1].ebx);
	guest_free(&g);
}

TEST(arguments)
{
	struct mshv_cpuid_entry *e;
	struct mshv_vp_cpuid_values good, arg;
	u8 *page = guard_page();
	struct guest g;
	unsigned int i;
	int max;

#define BAD(error, field, val)						\
	do {								\
		arg = good;						\
		arg.field = val;					\
		EXPECT_EQ(-(error), xioctl(g.vp.fd, MSHV_GET_VP_CPUID_VALUES, &arg)) \
			TH_LOG("%s = %s", #field, #val);		\
	} while (0)

	guest_init(&g);
	NEED_CAP(g.vm.dev, MSHV_CAP_VP_CPUID_VALUES);
	max = cap(g.vm.dev, MSHV_CAP_VP_CPUID_VALUES);
	e = calloc(max, sizeof(*e));
	good = (struct mshv_vp_cpuid_values){ .count = 1, .entries_ptr = (uintptr_t)e };
	BAD(EINVAL, count, 0);
	BAD(EINVAL, count, max + 1);
	BAD(EINVAL, count, ~0U);
	BAD(EINVAL, flags, BIT(MSHV_CPUID_VALUES_BIT_COUNT));
	BAD(EINVAL, flags, ~0U);
	BAD(EINVAL, status, 1);
	for (i = 0; i < sizeof(arg.rsvd); i++)
		BAD(EINVAL, rsvd[i], 1);
	BAD(EFAULT, entries_ptr, 0);
	BAD(EFAULT, entries_ptr, 0xffff888000000000UL);
	BAD(EFAULT, entries_ptr, (uintptr_t)page + PAGE - sizeof(*e) + 1);
	arg = good;
	arg.count = max;
	EXPECT_EQ(0, xioctl(g.vp.fd, MSHV_GET_VP_CPUID_VALUES, &arg));
	EXPECT_EQ(-EFAULT, xioctl(g.vp.fd, MSHV_GET_VP_CPUID_VALUES, (void *)8));
	close(g.vm.fd);
	EXPECT_EQ(-ESHUTDOWN, vp_cpuid_values(g.vp.fd, 0, e, 1));
}

static void *ask(void *arg)
{
	struct mshv_cpuid_entry e = { 0 };
	struct vp *vp = arg;
	int ret = vp_cpuid_values(vp->fd, 0, &e, 1);

	return (void *)(long)(ret ?: e.eax ? 0 : -ENODATA);
}

/* The VP runs: the call waits for that to end, and does not stop it. */
TEST(while_running)
{
	pthread_t runner, asker;
	struct guest g;
	void *ret;
	u64 seen;

	guest_init_load(&g, guest_spin);
	NEED_CALL(g.vm.dev, MSHV_CAP_VP_CPUID_VALUES);
	runner = thread_start(vp_run_thread, &g.vp);
	guest_wait_running(&g);
	asker = thread_start(ask, &g.vp);
	usleep(100000);
	seen = guest_counter(&g);
	usleep(100000);
	EXPECT_LT(seen, guest_counter(&g));
	pthread_kill(runner, SIGUSR1);
	pthread_join(runner, &ret);
	EXPECT_EQ(-EINTR, (long)ret);
	pthread_join(asker, &ret);
	EXPECT_EQ(0, (long)ret);
	guest_free(&g);
}

TEST_HARNESS_MAIN
