// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_GET_PARTITION_PROPERTY and MSHV_SET_PARTITION_PROPERTY: which properties,
 * when; and hypercalls that complete later, through both ways to make them.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * D19: lost, killed_while_pending
 * D20: late_message, twice, stray, forged
 * D24: not_settable, privileges
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

const u32 test_calls[] = { MSHV_CAP_GET_PROPERTY, MSHV_CAP_SET_PROPERTY, 0 };

/* Two ways to set a property */
static const struct way {
	const char *name;
	u32 capability;
	int (*set)(int pt, u32 code, u64 value);
} ways[] = {
	{ "SET_PARTITION_PROPERTY", MSHV_CAP_SET_PROPERTY, pt_set_property },
	{ "ROOT_HVCALL", MSHV_CAP_PARTITION_HVCALL, hv_set_property },
};

static bool way_absent(const struct way *way)
{
	int dev = dev_open();
	bool absent = !cap(dev, way->capability);

	close(dev);
	return absent;
}

static const struct {
	u32 code;
	u64 value;
	bool early;
} settable[] = {
	{ HVX_PROP_SYNTHETIC_PROC_FEATURES, HVX_SYNTH_HYPERVISOR_PRESENT | HVX_SYNTH_HV1, true },
	{ HVX_PROP_PRIVILEGE_FLAGS, HVX_PRIV_VP_INDEX | HVX_PRIV_HYPERCALL_MSRS, true },
	{ HVX_PROP_TIME_FREEZE, 1 },
	{ HVX_PROP_REFERENCE_TIME, 0x123456789 },
	{ HVX_PROP_PROCESSORS_PER_SOCKET, 2 },
	{ HVX_PROP_GPA_PAGE_ACCESS_TRACKING, 1 },
	{ HVX_PROP_UNIMPLEMENTED_MSR_ACTION, HVX_MSR_ACTION_IGNORE },
};

static bool is_settable(u32 code)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settable); i++)
		if (settable[i].code == code)
			return true;
	return false;
}

TEST(set_and_get)
{
	unsigned int i;
	struct vm vm;
	u64 value;
	int pt;

	vm_init(&vm);
	pt = partition_create(vm.dev, PT_DEFAULT);
	ASSERT_LE(0, pt);
	for (i = 0; i < ARRAY_SIZE(settable); i++) {
		EXPECT_EQ(0, pt_set_property(pt, settable[i].code, settable[i].value))
			TH_LOG("property %#x", settable[i].code);
		ASSERT_EQ(0, pt_get_property(pt, settable[i].code, &value));
		EXPECT_EQ(settable[i].value, value)
			TH_LOG("property %#x", settable[i].code);
	}
	close(pt);
	/* those that say what the processors are: not when there may be some */
	for (i = 0; i < ARRAY_SIZE(settable); i++) {
		EXPECT_EQ(settable[i].early ? -STATE_ERRNO : 0,
			  pt_set_property(vm.fd, settable[i].code, settable[i].value))
			TH_LOG("property %#x", settable[i].code);
		if (settable[i].early)
			continue;
		ASSERT_EQ(0, pt_get_property(vm.fd, settable[i].code, &value));
		EXPECT_EQ(settable[i].value, value);
	}
	vm_free(&vm);
}

/* The same, by the raw call: there the hypervisor says it. */
TEST(early_by_hypercall)
{
	struct hvx_in_set_partition_property in = { .code = HVX_PROP_PRIVILEGE_FLAGS };
	u16 status;
	struct vm vm;

	vm_init(&vm);
	NEED_CAP(vm.fd, MSHV_CAP_PARTITION_HVCALL);
	EXPECT_EQ(-STATE_ERRNO, hvcall_rep(vm.fd, HVX_CALL_SET_PARTITION_PROPERTY, 0, &in,
					   sizeof(in), NULL, 0, NULL, &status));
	EXPECT_EQ(HVX_STATUS_INVALID_PARTITION_STATE, status);
	vm_free(&vm);
}

/* Whatever else there is, it is not the VMM's to set, by neither way. */
TEST(not_settable)
{
	u32 group, n, code;
	unsigned int w;
	u64 calls = 0;
	struct vm vm;
	int pt;

	vm_init(&vm);
	pt = partition_create(vm.dev, PT_DEFAULT);
	if (ctl_present())
		calls = ctl_calls(HVX_CALL_SET_PARTITION_PROPERTY, NULL);
	for (w = 0; w < ARRAY_SIZE(ways); w++) {
		if (way_absent(&ways[w]))
			continue;
		for (group = 0; group < 0x20; group++) {
			for (n = 0; n < 0x40; n++) {
				code = group << 16 | n;
				if (is_settable(code))
					continue;
				ASSERT_EQ(-EPERM, ways[w].set(vm.fd, code, 0))
					TH_LOG("%#x by %s", code, ways[w].name);
				ASSERT_EQ(-EPERM, ways[w].set(pt, code, ~0ULL));
			}
		}
		EXPECT_EQ(-EPERM, ways[w].set(vm.fd, ~0U, 0));
	}
	if (ctl_present())
		EXPECT_EQ(calls, ctl_calls(HVX_CALL_SET_PARTITION_PROPERTY, NULL));
	close(pt);
	vm_free(&vm);
}

GUEST_CODE(guest_privileges, 64,
	   "mov $0x40000003, %eax\n"
	   "cpuid\n"
	   "out %eax, $0x80\n"
	   "mov %ebx, %eax\n"
	   "out %eax, $0x81\n");

/* What a guest gets is a guest's, and it sees it. */
TEST(privileges)
{
	const u64 guests = HVX_PRIV_VP_INDEX | HVX_PRIV_HYPERCALL_MSRS | HVX_PRIV_TIME_REF_COUNT;
	static const u64 others[] = {
		HVX_PRIV_CREATE_PARTITIONS, HVX_PRIV_ACCESS_MEMORY_POOL, HVX_PRIV_CREATE_PORT,
		HVX_PRIV_ACCESS_STATS, HVX_PRIV_DEBUGGING, HVX_PRIV_CPU_MANAGEMENT, BIT(63),
		~0ULL,
	};
	struct vm vm = { .dev = dev_open() };
	unsigned int i, w;
	struct vp vp;

	vm.fd = partition_create(vm.dev, PT_DEFAULT);
	for (w = 0; w < ARRAY_SIZE(ways); w++)
		for (i = 0; i < ARRAY_SIZE(others) && !way_absent(&ways[w]); i++)
			EXPECT_EQ(-EPERM, ways[w].set(vm.fd, HVX_PROP_PRIVILEGE_FLAGS,
						      guests | others[i]))
				TH_LOG("privileges %#llx by way %u", others[i], w);
	ASSERT_EQ(0, pt_set_property(vm.fd, HVX_PROP_SYNTHETIC_PROC_FEATURES,
				     HVX_SYNTH_HYPERVISOR_PRESENT | HVX_SYNTH_HV1));
	ASSERT_EQ(0, pt_set_property(vm.fd, HVX_PROP_PRIVILEGE_FLAGS, guests));
	ASSERT_EQ(0, partition_initialize(vm.fd));
	vm.ram = mem_alloc(RAM_SIZE, PAGE);
	ASSERT_EQ(0, region_map(vm.fd, 0, RAM_SIZE, vm.ram, MAP_RWX));
	vp_init(&vp, &vm, 0);
	vp_load(&vp, MODE_LONG, guest_privileges);
	EXPECT_EQ((u32)guests, vp_run_out(&vp, 0x80));
	EXPECT_EQ(guests >> 32, vp_run_out(&vp, 0x81));
	vp_free(&vp);
	vm_free(&vm);
}

TEST(arguments)
{
	struct mshv_partition_property good = { .code = HVX_PROP_TIME_FREEZE };
	struct mshv_partition_property arg;
	struct vm vm;

#define BAD(cmd, field, val)						\
	do {								\
		arg = good;						\
		arg.field = val;					\
		EXPECT_EQ(-EINVAL, xioctl(vm.fd, cmd, &arg))		\
			TH_LOG("%s: %s = %s", #cmd, #field, #val);	\
	} while (0)

	vm_init(&vm);
	NEED_CAP(vm.fd, MSHV_CAP_GET_PROPERTY);
	BAD(MSHV_GET_PARTITION_PROPERTY, status, 1);
	BAD(MSHV_GET_PARTITION_PROPERTY, rsvd, 1);
	BAD(MSHV_GET_PARTITION_PROPERTY, value, 1);
	BAD(MSHV_SET_PARTITION_PROPERTY, status, 1);
	BAD(MSHV_SET_PARTITION_PROPERTY, rsvd, 1);
	EXPECT_EQ(-EFAULT, xioctl(vm.fd, MSHV_GET_PARTITION_PROPERTY, (void *)8));
	EXPECT_EQ(-EFAULT, xioctl(vm.fd, MSHV_SET_PARTITION_PROPERTY, (void *)8));
	/* what the hypervisor says is next to the errno */
	arg = good;
	arg.value = 2;
	EXPECT_EQ(-EINVAL, xioctl(vm.fd, MSHV_SET_PARTITION_PROPERTY, &arg));
	EXPECT_EQ(HVX_STATUS_PROPERTY_VALUE_OUT_OF_RANGE, arg.status);
	arg = good;
	arg.code = 0x00ff00ff;
	EXPECT_EQ(-EINVAL, xioctl(vm.fd, MSHV_GET_PARTITION_PROPERTY, &arg));
	EXPECT_EQ(HVX_STATUS_UNKNOWN_PROPERTY, arg.status);
	EXPECT_EQ(0, arg.value);
	vm_free(&vm);
}

/*
 * Completion by a message
 */

static bool async_start(struct vm *vm)
{
	if (!ctl_present())
		return false;
	ctl_async(0, 0);
	vm_init(vm);
	return true;
}

static void async_end(struct vm *vm)
{
	ctl_async(0, 0);
	vm_free(vm);
}

TEST(completes_later)
{
	unsigned int w, i;
	u64 start, value;
	struct vm vm;

	if (!async_start(&vm))
		SKIP(return, "needs the test hypervisor");
	for (w = 0; w < ARRAY_SIZE(ways); w++) {
		if (way_absent(&ways[w]))
			continue;
		for (i = 0; i < 4; i++) {
			ctl_async(50 * i, 0);
			start = now_us();
			ASSERT_EQ(0, ways[w].set(vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION, i & 1))
				TH_LOG("by %s", ways[w].name);
			EXPECT_LE(50000 * i, now_us() - start);
			ASSERT_EQ(0, pt_get_property(vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION,
						     &value));
			EXPECT_EQ(i & 1, value);
			EXPECT_EQ(0, ctl_account(TESTHV_ACCT_ASYNC_PENDING));
		}
	}
	async_end(&vm);
}

/* It is refused at once, or wants memory, although it could complete later. */
TEST(refused_at_once)
{
	unsigned int w;
	struct vm vm;

	if (!async_start(&vm))
		SKIP(return, "needs the test hypervisor");
	ctl_async(20, 0);
	for (w = 0; w < ARRAY_SIZE(ways); w++) {
		if (way_absent(&ways[w]))
			continue;
		EXPECT_EQ(-EINVAL, ways[w].set(vm.fd, HVX_PROP_TIME_FREEZE, 2));
		ctl_fault(HVX_CALL_SET_PARTITION_PROPERTY, 1, HVX_STATUS_INSUFFICIENT_MEMORY, 1);
		EXPECT_EQ(0, ways[w].set(vm.fd, HVX_PROP_TIME_FREEZE, 1));
		EXPECT_EQ(1, ctl_reset());
	}
	async_end(&vm);
}

struct call {
	const struct way *way;
	struct vm vm;
};

static int set_in_vain(void *arg)
{
	struct call *c = arg;

	vm_init(&c->vm);
	return c->way->set(c->vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION, HVX_MSR_ACTION_IGNORE);
}

/* The message does not come. The caller can be killed, and all is given back. */
TEST(lost)
{
	struct accounts before;
	struct call call;
	unsigned int w;
	u64 start;
	pid_t pid;

	NOT_ON_MAINLINE("who waits for a message that does not come cannot be killed");
	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	for (w = 0; w < ARRAY_SIZE(ways); w++) {
		if (way_absent(&ways[w]))
			continue;
		accounts_read(&before);
		ctl_async(10, TESTHV_ASYNC_LOSE);
		call.way = &ways[w];
		pid = child_start(set_in_vain, &call);
		usleep(500000);
		EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG))
			TH_LOG("%s returned", ways[w].name);
		start = now_us();
		kill(pid, SIGKILL);
		EXPECT_EQ(-SIGKILL, child_wait(pid));
		EXPECT_GT(limit_us(5000000), now_us() - start);
		ctl_async(0, 0);
		EXPECT_EQ(0, accounts_open(&before));
	}
}

/* Killed in the middle; the message comes when there is no partition any more. */
TEST(killed_while_pending)
{
	struct accounts before;
	struct call call = { .way = &ways[0] };
	pid_t pid;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	accounts_read(&before);
	ctl_async(1000 * time_factor(), 0);
	pid = child_start(set_in_vain, &call);
	while (!ctl_account(TESTHV_ACCT_ASYNC_PENDING))
		usleep(1000);
	kill(pid, SIGKILL);
	EXPECT_EQ(-SIGKILL, child_wait(pid));
	ctl_async(0, 0);
	EXPECT_EQ(0, accounts_open(&before));
}

static int set_shared(void *arg)
{
	struct call *c = arg;

	c->way->set(c->vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION, HVX_MSR_ACTION_IGNORE);
	return 0;
}

/*
 * A caller was killed, but not the address space, and the message about its
 * call is still to come. The next call does not take it for its own.
 */
TEST(late_message)
{
	u8 *stack = mem_alloc(64 * KIB, PAGE);
	struct call call;
	unsigned int w;
	u64 start, value;
	int pid;

	for (w = 0; w < ARRAY_SIZE(ways); w++) {
		if (way_absent(&ways[w]))
			continue;
		if (!async_start(&call.vm))
			SKIP(return, "needs the test hypervisor");
		call.way = &ways[w];
		ctl_async(1000 * time_factor(), 0);
		start = now_us();
		pid = clone(set_shared, stack + 64 * KIB, CLONE_VM | CLONE_FILES | SIGCHLD, &call);
		ASSERT_LT(0, pid);
		while (!ctl_account(TESTHV_ACCT_ASYNC_PENDING))
			usleep(1000);
		kill(pid, SIGKILL);
		EXPECT_EQ(-SIGKILL, child_wait(pid));
		EXPECT_GT(limit_us(900000), now_us() - start);
		/* at once, but for the other one */
		ctl_async(0, 0);
		EXPECT_EQ(0, ways[w].set(call.vm.fd, HVX_PROP_PROCESSORS_PER_SOCKET, 3))
			TH_LOG("by %s", ways[w].name);
		EXPECT_LE(limit_us(1000000), now_us() - start);
		EXPECT_EQ(0, pt_get_property(call.vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION,
					     &value));
		EXPECT_EQ(HVX_MSR_ACTION_IGNORE, value);
		EXPECT_EQ(0, pt_get_property(call.vm.fd, HVX_PROP_PROCESSORS_PER_SOCKET, &value));
		EXPECT_EQ(3, value);
		async_end(&call.vm);
	}
}

/* The message comes twice. */
TEST(twice)
{
	unsigned int i;
	struct vm vm;

	if (!async_start(&vm))
		SKIP(return, "needs the test hypervisor");
	NEED_CAP(vm.fd, MSHV_CAP_PARTITION_HVCALL);
	ctl_async(5, TESTHV_ASYNC_TWICE);
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0, pt_set_property(vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION, i & 1));
		EXPECT_EQ(0, hv_set_property(vm.fd, HVX_PROP_TIME_FREEZE, i & 1));
	}
	async_end(&vm);
}

static bool forge(u64 partition, u16 status)
{
	return ctl_post(0, HVX_MSG_ASYNC_CALL_COMPLETION,
			sizeof(struct hvx_msg_async_completion), partition, status);
}

GUEST_CODE(guest_out, 64, "out %eax, $0x80\n");

/* Messages that nobody waits for, before a call and in between. */
TEST(stray)
{
	u64 id, value;
	struct vm vm;
	unsigned int i;

	NOT_ON_MAINLINE(MAINLINE_LEAVES_MESSAGES);
	if (!async_start(&vm))
		SKIP(return, "needs the test hypervisor");
	id = vm_id(&vm);
	/* where they arrive, so that they have when this goes on */
	pin_to_cpu(0);
	for (i = 0; i < 10; i++) {
		ASSERT_TRUE(forge(id, HVX_STATUS_ACCESS_DENIED));
		ASSERT_TRUE(forge(0, HVX_STATUS_ACCESS_DENIED));
		ASSERT_TRUE(forge(~0ULL, HVX_STATUS_ACCESS_DENIED));
		usleep(20000);
		ctl_async(i & 1 ? 10 : 0, 0);
		EXPECT_EQ(0, pt_set_property(vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION, i & 1));
		EXPECT_EQ(0, pt_get_property(vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION, &value));
		EXPECT_EQ(i & 1, value);
	}
	async_end(&vm);
}

static void *set_in_thread(void *arg)
{
	struct call *c = arg;

	return (void *)(long)c->way->set(c->vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION, 1);
}

/*
 * A message in the middle is taken for the call's, as it says nothing that
 * tells it from the right one; the right one then comes late. It ends well
 * nevertheless.
 */
TEST(forged)
{
	struct call call = { .way = &ways[0] };
	pthread_t thread;
	void *ret;
	u64 id;

	if (!async_start(&call.vm))
		SKIP(return, "needs the test hypervisor");
	id = vm_id(&call.vm);
	ctl_async(500, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, set_in_thread, &call));
	while (!ctl_account(TESTHV_ACCT_ASYNC_PENDING))
		usleep(1000);
	ASSERT_TRUE(forge(id, HVX_STATUS_OPERATION_DENIED));
	pthread_join(thread, &ret);
	EXPECT_EQ(-EACCES, (long)ret);
	while (ctl_account(TESTHV_ACCT_ASYNC_PENDING))
		usleep(1000);
	usleep(10000);
	ctl_async(0, 0);
	EXPECT_EQ(0, pt_set_property(call.vm.fd, HVX_PROP_TIME_FREEZE, 1));
	async_end(&call.vm);
}

/* The other ioctls of the partition wait, those of its VPs do not. */
TEST(others_meanwhile)
{
	struct call call = { .way = &ways[0] };
	pthread_t thread;
	struct vp vp;
	u64 start;
	void *ret;

	if (!async_start(&call.vm))
		SKIP(return, "needs the test hypervisor");
	vp_init(&vp, &call.vm, 0);
	vp_load(&vp, MODE_LONG, guest_out);
	ctl_async(1000 * time_factor(), 0);
	start = now_us();
	ASSERT_EQ(0, pthread_create(&thread, NULL, set_in_thread, &call));
	while (!ctl_account(TESTHV_ACCT_ASYNC_PENDING))
		usleep(1000);
	vp_run_out(&vp, 0x80);
	EXPECT_GT(limit_us(900000), now_us() - start);
	EXPECT_EQ(0, pt_install_intercept(call.vm.fd, MSHV_INTERCEPT_CPUID, 0, 0));
	EXPECT_LE(limit_us(900000), now_us() - start);
	pthread_join(thread, &ret);
	EXPECT_EQ(0, (long)ret);
	vp_free(&vp);
	async_end(&call.vm);
}

TEST_HARNESS_MAIN
