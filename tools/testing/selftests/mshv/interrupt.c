// SPDX-License-Identifier: GPL-2.0
/* MSHV_ASSERT_INTERRUPT: what arrives in the guest. */
#include <pthread.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

const u32 test_calls[] = { MSHV_CAP_ASSERT_INTERRUPT, 0 };

#define VECTOR	0x40
#define LEVEL	0x41

/* A guest that waits for interrupts, with its local APIC on. */
GUEST_CODE(guest_wait, 64,
	   "xor %edx, %edx\n"
	   "mov $0x1b, %ecx\n"		/* x2APIC mode; the first VP boots */
	   "rdmsr\n"
	   "or $0xc00, %eax\n"
	   "wrmsr\n"
	   "mov $0x80f, %ecx\n"		/* spurious vector, enabled */
	   "mov $0x1ff, %eax\n"
	   "wrmsr\n"
	   "out %eax, $0x91\n"
	   "sti\n"
	   "1: hlt\n"
	   "jmp 1b\n");

/* Vector on port 0x90, then its end */
GUEST_CODE(guest_vector, 64,
	   "out %eax, $0x90\n"
	   "xor %eax, %eax\n"
	   "xor %edx, %edx\n"
	   "mov $0x80b, %ecx\n"
	   "wrmsr\n"
	   "iretq\n");
GUEST_CODE(guest_nmi, 64,
	   "out %eax, $0x92\n"
	   "iretq\n");

static void waiter_init(struct guest *g)
{
	guest_init_load(g, guest_wait);
	vm_write_code(&g->vm, 0x2000, guest_vector);
	vm_write_code(&g->vm, 0x3000, guest_nmi);
	guest_set_gate(&g->vm, VECTOR, 0x2000);
	guest_set_gate(&g->vm, LEVEL, 0x2000);
	guest_set_gate(&g->vm, 2, 0x3000);
	vp_run_out(&g->vp, 0x91);
}

TEST(fixed)
{
	struct guest g;

	waiter_init(&g);
	ASSERT_EQ(0, pt_assert_interrupt(g.vm.fd, MSHV_INTERRUPT_FIXED, 0, VECTOR, 0));
	vp_run_out(&g.vp, 0x90);
	/* logical: in x2APIC mode cluster 0, bit 0 */
	ASSERT_EQ(0, pt_assert_interrupt(g.vm.fd, MSHV_INTERRUPT_LOWEST_PRIORITY, 1, VECTOR,
					 BIT(MSHV_INTERRUPT_BIT_LOGICAL)));
	vp_run_out(&g.vp, 0x90);
	/* level-triggered: its end is told */
	ASSERT_EQ(0, pt_assert_interrupt(g.vm.fd, MSHV_INTERRUPT_FIXED, 0, LEVEL,
					 BIT(MSHV_INTERRUPT_BIT_LEVEL)));
	vp_run_out(&g.vp, 0x90);
	vp_run_until(&g.vp, HVX_MSG_X64_APIC_EOI);
	guest_free(&g);
}

TEST(nmi)
{
	struct guest g;

	waiter_init(&g);
	ASSERT_EQ(0, pt_assert_interrupt(g.vm.fd, MSHV_INTERRUPT_NMI, 0, 0, 0));
	vp_run_out(&g.vp, 0x92);
	guest_free(&g);
}

TEST(extint)
{
	struct guest g;

	waiter_init(&g);
	/* vector 0 is allowed, also while one is pending */
	ASSERT_EQ(0, pt_assert_interrupt(g.vm.fd, MSHV_INTERRUPT_EXTINT, 0, 0, 0));
	ASSERT_EQ(0, pt_assert_interrupt(g.vm.fd, MSHV_INTERRUPT_EXTINT, 0, VECTOR, 0));
	guest_free(&g);
}

static void *run_vp(void *arg)
{
	struct guest *g = arg;

	vp_run_out(&g->vp, 0x90);
	return NULL;
}

/* A guest that sleeps in RUN_VP wakes up. */
TEST(while_running)
{
	pthread_t thread;
	struct guest g;
	unsigned int i;

	waiter_init(&g);
	for (i = 0; i < 20; i++) {
		thread = thread_start(run_vp, &g);
		usleep(i * 500);
		ASSERT_EQ(0, pt_assert_interrupt(g.vm.fd, MSHV_INTERRUPT_FIXED, 0, VECTOR, 0));
		pthread_join(thread, NULL);
	}
	guest_free(&g);
}

TEST(arguments)
{
	static const struct {
		u32 type, vector, flags;
	} bad[] = {
		{ MSHV_INTERRUPT_FIXED, 15, 0 },
		{ MSHV_INTERRUPT_FIXED, 256, 0 },
		{ MSHV_INTERRUPT_LOWEST_PRIORITY, 0, 0 },
		{ MSHV_INTERRUPT_NMI, 256, 0 },
		{ MSHV_INTERRUPT_SIPI, ~0U, 0 },
		{ 3, VECTOR, 0 },
		{ 10, VECTOR, 0 },
		{ ~0U, VECTOR, 0 },
		{ MSHV_INTERRUPT_FIXED, VECTOR, BIT(MSHV_INTERRUPT_BIT_COUNT) },
		{ MSHV_INTERRUPT_FIXED, VECTOR, BIT(30) },
		{ MSHV_INTERRUPT_FIXED, VECTOR, ~0U },
	};
	struct mshv_assert_interrupt arg = { .vector = VECTOR };
	struct guest g;
	unsigned int i;
	u64 calls = 0;
	int pt;

	waiter_init(&g);
	NEED_CAP(g.vm.dev, MSHV_CAP_ASSERT_INTERRUPT);
	if (ctl_present())
		calls = ctl_calls(HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, NULL);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, pt_assert_interrupt(g.vm.fd, bad[i].type, 0, bad[i].vector,
						       bad[i].flags))
			TH_LOG("type %u vector %u flags %#x", bad[i].type, bad[i].vector,
			       bad[i].flags);
	arg.status = 1;
	EXPECT_EQ(-EINVAL, xioctl(g.vm.fd, MSHV_ASSERT_INTERRUPT, &arg));
	arg.status = 0;
	arg.rsvd = 1;
	EXPECT_EQ(-EINVAL, xioctl(g.vm.fd, MSHV_ASSERT_INTERRUPT, &arg));
	arg.rsvd = 0;
	EXPECT_EQ(-EFAULT, xioctl(g.vm.fd, MSHV_ASSERT_INTERRUPT, (void *)8));
	if (ctl_present())
		EXPECT_EQ(calls, ctl_calls(HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, NULL));
	pt = partition_create(g.vm.dev, PT_DEFAULT);
	EXPECT_EQ(-STATE_ERRNO, pt_assert_interrupt(pt, MSHV_INTERRUPT_FIXED, 0, VECTOR, 0));
	close(pt);
	if (ctl_present()) {
		ctl_fault(HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, 1, HVX_STATUS_OPERATION_DENIED, 1);
		EXPECT_EQ(-EACCES, xioctl(g.vm.fd, MSHV_ASSERT_INTERRUPT, &arg));
		EXPECT_EQ(HVX_STATUS_OPERATION_DENIED, arg.status);
		ctl_reset();
	}
	guest_free(&g);
}

TEST_HARNESS_MAIN
