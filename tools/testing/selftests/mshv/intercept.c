// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_INSTALL_INTERCEPT, and MSHV_REGISTER_INTERCEPT_RESULT for MSRs; that for
 * CPUID is in cpuid.c.
 */
#include <pthread.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

GUEST_CODE(guest_cpuid, 64,
	   "1: mov $1, %eax\n"
	   "cpuid\n"
	   "out %eax, $0x80\n"
	   "jmp 1b\n");

TEST(cpuid)
{
	struct guest g;
	u64 before;
	u32 plain;

	guest_init(&g);
	NEED_CALL(g.vm.dev, MSHV_CAP_INSTALL_INTERCEPT);
	vp_load(&g.vp, MODE_LONG, guest_cpuid);
	plain = vp_run_out(&g.vp, 0x80);
	EXPECT_NE(0, plain);
	before = ctl_present() ? ctl_account(TESTHV_ACCT_INTERCEPTS) : 0;
	ASSERT_EQ(0, pt_install_intercept(g.vm.fd, MSHV_INTERCEPT_CPUID, ACCESS_EXECUTE, 1));
	/* twice is once */
	ASSERT_EQ(0, pt_install_intercept(g.vm.fd, MSHV_INTERCEPT_CPUID, ACCESS_EXECUTE, 1));
	if (ctl_present())
		EXPECT_EQ(before + 1, ctl_account(TESTHV_ACCT_INTERCEPTS));
	vp_run_until(&g.vp, HVX_MSG_X64_CPUID);
	EXPECT_EQ(1, vp_cpuid(&g.vp)->rax);
	EXPECT_EQ(plain, vp_cpuid(&g.vp)->default_rax);
	vp_set(&g.vp, HVX_REG_RAX, 0x77);
	vp_skip(&g.vp);
	EXPECT_EQ(0x77, vp_run_out(&g.vp, 0x80));
	/* another leaf is another intercept */
	ASSERT_EQ(0, pt_install_intercept(g.vm.fd, MSHV_INTERCEPT_CPUID, 0, 2));
	vp_run_until(&g.vp, HVX_MSG_X64_CPUID);
	ASSERT_EQ(0, pt_install_intercept(g.vm.fd, MSHV_INTERCEPT_CPUID, 0, 1));
	EXPECT_EQ(plain, vp_run_out(&g.vp, 0x80));
	if (ctl_present())
		EXPECT_EQ(before, ctl_account(TESTHV_ACCT_INTERCEPTS));
	guest_free(&g);
}

GUEST_CODE(guest_msrs, 64,
	   "mov $0x277, %ecx\n"		/* PAT */
	   "rdmsr\n"
	   "wrmsr\n"
	   "out %eax, $0x80\n"
	   "mov $0x1d9, %ecx\n"		/* DEBUG_CTL */
	   "rdmsr\n"
	   "out %eax, $0x81\n");

/* One MSR, one kind of access */
TEST(msr_index)
{
	struct guest g;

	guest_init(&g);
	NEED_CALL(g.vm.dev, MSHV_CAP_INSTALL_INTERCEPT);
	ASSERT_EQ(0, pt_install_intercept(g.vm.fd, MSHV_INTERCEPT_MSR_INDEX, ACCESS_WRITE, 0x277));
	vp_load(&g.vp, MODE_LONG, guest_msrs);
	vp_run_until(&g.vp, HVX_MSG_X64_MSR);
	EXPECT_EQ(0x277, vp_msr(&g.vp)->msr);
	EXPECT_EQ(HVX_ACCESS_WRITE, vp_msr(&g.vp)->h.access_type);
	vp_skip(&g.vp);
	vp_run_out(&g.vp, 0x80);
	vp_run_out(&g.vp, 0x81);
	guest_free(&g);
}

GUEST_CODE(guest_exceptions, 64,
	   "ud2\n");

TEST(exception)
{
	struct guest g;

	guest_init(&g);
	NEED_CALL(g.vm.dev, MSHV_CAP_INSTALL_INTERCEPT);
	ASSERT_EQ(0, pt_install_intercept(g.vm.fd, MSHV_INTERCEPT_EXCEPTION, ACCESS_EXECUTE, 6));
	vp_load(&g.vp, MODE_LONG, guest_exceptions);
	vp_run_until(&g.vp, HVX_MSG_X64_EXCEPTION);
	EXPECT_EQ(6, vp_exception(&g.vp)->vector);
	ASSERT_EQ(0, pt_install_intercept(g.vm.fd, MSHV_INTERCEPT_EXCEPTION, 0, 6));
	vp_run_until(&g.vp, HVX_MSG_UNRECOVERABLE_EXCEPTION);
	guest_free(&g);
}

GUEST_CODE(guest_cpuid_loop, 64,
	   "1: mov $0x40000003, %eax\n"
	   "cpuid\n"
	   "incq 0x10000\n"
	   "jmp 1b\n");

/* A VP that runs notices at once. */
TEST(while_running)
{
	u64 *count;
	pthread_t thread;
	struct guest g;
	void *ret;

	guest_init(&g);
	NEED_CALL(g.vm.dev, MSHV_CAP_INSTALL_INTERCEPT);
	count = (u64 *)(g.vm.ram + GUEST_DATA);
	vp_load(&g.vp, MODE_LONG, guest_cpuid_loop);
	thread = thread_start(vp_run_thread, &g.vp);
	while (READ_ONCE(*count) < 10)
		usleep(1000);
	ASSERT_EQ(0, pt_install_intercept(g.vm.fd, MSHV_INTERCEPT_CPUID, ACCESS_EXECUTE,
					  0x40000003));
	pthread_join(thread, &ret);
	EXPECT_EQ(0, (long)ret);
	EXPECT_EQ(HVX_MSG_X64_CPUID, g.vp.msg.type);
	guest_free(&g);
}

TEST(install_arguments)
{
	static const struct {
		u32 type, access;
		u64 parameter;
	} bad[] = {
		{ MSHV_INTERCEPT_IO_PORT, ACCESS_EXECUTE, 0 },
		{ MSHV_INTERCEPT_IO_PORT, ACCESS_READ, 0x10000 },
		{ MSHV_INTERCEPT_MSR, ACCESS_EXECUTE, 0 },
		{ MSHV_INTERCEPT_MSR, ACCESS_READ, 1 },
		{ MSHV_INTERCEPT_CPUID, ACCESS_READ, 0 },
		{ MSHV_INTERCEPT_CPUID, ACCESS_EXECUTE, BIT(32) },
		{ MSHV_INTERCEPT_EXCEPTION, ACCESS_WRITE, 0 },
		{ MSHV_INTERCEPT_EXCEPTION, ACCESS_EXECUTE, 32 },
		{ MSHV_INTERCEPT_HYPERCALL, ACCESS_EXECUTE, 1 },
		{ MSHV_INTERCEPT_APIC_WRITE, ACCESS_READ, 0 },
		{ MSHV_INTERCEPT_MSR_INDEX, ACCESS_READ, BIT(32) },
		{ 4, 0, 0 }, { 5, 0, 0 }, { 6, 0, 0 }, { 7, 0, 0 }, { 10, 0, 0 }, { 13, 0, 0 },
		{ ~0U, 0, 0 }, { 0, 8, 0 }, { 0, ~0U, 0 }, { 0, 0, ~0ULL },
	};
	struct mshv_install_intercept arg = { .type = MSHV_INTERCEPT_CPUID };
	struct guest g;
	unsigned int i;
	u64 calls = 0;
	int pt;

	guest_init(&g);
	NEED_CAP(g.vm.dev, MSHV_CAP_INSTALL_INTERCEPT);
	if (ctl_present())
		calls = ctl_calls(HVX_CALL_INSTALL_INTERCEPT, NULL);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, pt_install_intercept(g.vm.fd, bad[i].type, bad[i].access,
							bad[i].parameter))
			TH_LOG("type %u access %u", bad[i].type, bad[i].access);
	arg.status = 1;
	EXPECT_EQ(-EINVAL, xioctl(g.vm.fd, MSHV_INSTALL_INTERCEPT, &arg));
	arg.status = 0;
	for (i = 0; i < sizeof(arg.rsvd); i++) {
		arg.rsvd[i] = 1;
		EXPECT_EQ(-EINVAL, xioctl(g.vm.fd, MSHV_INSTALL_INTERCEPT, &arg));
		arg.rsvd[i] = 0;
	}
	EXPECT_EQ(-EFAULT, xioctl(g.vm.fd, MSHV_INSTALL_INTERCEPT, (void *)8));
	/* nothing of that got as far as the hypervisor */
	if (ctl_present())
		EXPECT_EQ(calls, ctl_calls(HVX_CALL_INSTALL_INTERCEPT, NULL));
	pt = partition_create(g.vm.dev, PT_DEFAULT);
	EXPECT_EQ(-STATE_ERRNO, pt_install_intercept(pt, MSHV_INTERCEPT_CPUID, 0, 0));
	close(pt);
	/* what the hypervisor says comes back next to the errno */
	if (ctl_present()) {
		ctl_fault(HVX_CALL_INSTALL_INTERCEPT, 1, HVX_STATUS_ACCESS_DENIED, 1);
		EXPECT_EQ(-EACCES, xioctl(g.vm.fd, MSHV_INSTALL_INTERCEPT, &arg));
		EXPECT_EQ(HVX_STATUS_ACCESS_DENIED, arg.status);
		ctl_reset();
	}
	guest_free(&g);
}

/* As many as one likes: the hypervisor gets the memory that they take. */
TEST(many)
{
	struct accounts before;
	struct guest g;
	u32 i;

	accounts_read(&before);
	guest_init(&g);
	NEED_CALL(g.vm.dev, MSHV_CAP_INSTALL_INTERCEPT);
	for (i = 0; i < 2000; i++)
		ASSERT_EQ(0, pt_install_intercept(g.vm.fd, MSHV_INTERCEPT_CPUID, ACCESS_EXECUTE,
						  i));
	vp_load(&g.vp, MODE_LONG, guest_cpuid);
	vp_run_until(&g.vp, HVX_MSG_X64_CPUID);
	guest_free(&g);
	EXPECT_EQ(0, accounts_open(&before));
}

/*
 * Results for MSRs
 */

GUEST_CODE(guest_unknown_msr, 64,
	   "mov $0x4badf00d, %ecx\n"
	   "mov $0x5555, %eax\n"
	   "wrmsr\n"
	   "out %eax, $0x80\n"
	   "rdmsr\n"
	   "out %eax, $0x81\n");
GUEST_CODE(guest_gp_handler, 64,
	   "out %eax, $0x82\n");

static void load_msr(struct guest *g)
{
	vp_load(&g->vp, MODE_LONG, guest_unknown_msr);
	vm_write_code(&g->vm, 0x2000, guest_gp_handler);
	guest_set_gate(&g->vm, 13, 0x2000);
}

TEST(msr_results)
{
	struct guest g;

	guest_init(&g);
	NEED_CALL(g.vm.dev, MSHV_CAP_MSR_RESULT);
	/* by default: #GP */
	load_msr(&g);
	vp_run_out(&g.vp, 0x82);
	/* writes are dropped, reads still fault */
	ASSERT_EQ(0, vp_msr_result(g.vp.fd, 0x4badf00d, ACCESS_WRITE, MSHV_MSR_ACTION_IGNORE));
	load_msr(&g);
	vp_run_out(&g.vp, 0x80);
	vp_run_out(&g.vp, 0x82);
	/* and reads give 0 */
	ASSERT_EQ(0, vp_msr_result(g.vp.fd, 0x4badf00d, ACCESS_READ, MSHV_MSR_ACTION_IGNORE));
	load_msr(&g);
	vp_run_out(&g.vp, 0x80);
	EXPECT_EQ(0, vp_run_out(&g.vp, 0x81));
	/* against the partition's default, too */
	ASSERT_EQ(0, pt_set_property(g.vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION,
				     HVX_MSR_ACTION_IGNORE));
	ASSERT_EQ(0, vp_msr_result(g.vp.fd, 0x4badf00d, ACCESS_READ | ACCESS_WRITE,
				   MSHV_MSR_ACTION_FAULT));
	load_msr(&g);
	vp_run_out(&g.vp, 0x82);
	guest_free(&g);
}

TEST(result_arguments)
{
	struct mshv_intercept_result good = {
		.type = MSHV_INTERCEPT_RESULT_MSR,
		.msr = { .index = 0x4badf00d, .access = ACCESS_READ },
	};
	struct mshv_intercept_result arg = good;
	struct guest g;
	unsigned int i;

#define BAD(field, val)								\
	do {									\
		arg = good;							\
		arg.field = val;						\
		EXPECT_EQ(-EINVAL, xioctl(g.vp.fd, MSHV_REGISTER_INTERCEPT_RESULT, &arg)) \
			TH_LOG("%s = %s", #field, #val);			\
	} while (0)

	guest_init(&g);
	NEED_CAP(g.vm.dev, MSHV_CAP_MSR_RESULT);
	BAD(type, 0);
	BAD(type, 3);
	BAD(type, ~0U);
	BAD(status, 1);
	BAD(rsvd, 1);
	BAD(msr.access, 0);
	BAD(msr.access, ACCESS_EXECUTE);
	BAD(msr.access, 8);
	BAD(msr.action, MSHV_MSR_ACTION_COUNT);
	BAD(msr.action, ~0U);
	for (i = 0; i < ARRAY_SIZE(arg.msr.rsvd); i++)
		BAD(msr.rsvd[i], 1);
	arg = good;
	EXPECT_EQ(0, xioctl(g.vp.fd, MSHV_REGISTER_INTERCEPT_RESULT, &arg));
	EXPECT_EQ(0, arg.status);
	EXPECT_EQ(-EFAULT, xioctl(g.vp.fd, MSHV_REGISTER_INTERCEPT_RESULT, (void *)8));
	good.type = MSHV_INTERCEPT_RESULT_CPUID;
	memset(&good.cpuid, 0, sizeof(good.cpuid));
	BAD(cpuid.flags, BIT(MSHV_CPUID_RESULT_BIT_COUNT));
	BAD(cpuid.flags, ~0U);
	BAD(cpuid.rsvd, 1);
	if (ctl_present()) {
		arg = good;
		ctl_fault(HVX_CALL_REGISTER_INTERCEPT_RESULT, 1, HVX_STATUS_INVALID_VP_STATE, 1);
		EXPECT_EQ(-EBUSY, xioctl(g.vp.fd, MSHV_REGISTER_INTERCEPT_RESULT, &arg));
		EXPECT_EQ(HVX_STATUS_INVALID_VP_STATE, arg.status);
		ctl_reset();
	}
	close(g.vm.fd);
	EXPECT_EQ(-ESHUTDOWN, vp_msr_result(g.vp.fd, 1, ACCESS_READ, 0));
}

TEST_HARNESS_MAIN
