// SPDX-License-Identifier: GPL-2.0
/*
 * Every hypercall that the driver makes fails, at each time that it is made,
 * in several ways: what the user asked for fails cleanly or is done, nothing
 * is left behind, and the next attempt works.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A13, A21, D48: once
 * A15, D42: page_that_is_kept
 * B2, B3: - interrupts are off in one function, which has one way out
 * B7: once
 * B18: - what is given doubles with each request of a call, to 256 pages
 * D18: insatiable
 * D37: unmap_again, page_that_is_kept
 * D50: - blocks come from the page allocator in one piece, or not at all
 * D51: once, for_ever
 * D52: initialize_again
 * D59, D63: run_again
 * D96: late_deletion
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "mshv_life.h"
#include "kselftest_harness.h"

#define TEST_GPA	(16 * MIB)

/* Reads memory of a region of its own, and reports. */
GUEST_CODE(guest_read, 64,
	   "mov $0x1000000, %ebx\n"
	   "incl (%rbx)\n"
	   "mov (%rbx), %eax\n"
	   "out %eax, $0x80\n");

/* Errors that a call may give for a status of the hypervisor's. */
static bool error_is_documented(int ret)
{
	switch (-ret) {
	case EINVAL:
	case EACCES:
	case ENOMEM:
	case EOPNOTSUPP:
	case EIO:
	case EFAULT:
	case EBUSY:
	case EBADFD:
	case ETIMEDOUT:
	case ENOSPC:
	case ENOTRECOVERABLE:
		return true;
	}
	return false;
}

static const struct {
	u16 status;
	bool memory;		/* the driver shall give memory and go on */
	bool root;		/* but the root's */
} statuses[] = {
	{ HVX_STATUS_INVALID_PARAMETER },
	{ HVX_STATUS_ACCESS_DENIED },
	{ HVX_STATUS_INVALID_PARTITION_STATE },
	{ HVX_STATUS_NO_RESOURCES },
	{ HVX_STATUS_TIME_OUT },
	{ 0x7abc },
	{ HVX_STATUS_INSUFFICIENT_MEMORY, true },
	{ HVX_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY, true },
	{ HVX_STATUS_INSUFFICIENT_ROOT_MEMORY, true, true },
	{ HVX_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY, true, true },
};

FIXTURE(each) {
	u16 code;
	bool l1vh;
};

FIXTURE_VARIANT(each) {
	u16 code;
	bool hot;		/* made so often that not every time is tried */
	bool no_memory;		/* frees, or reads, or is how memory is given */
	u32 caps[2];		/* a driver without these does without */
	bool root_schedules;	/* made with the root scheduler only */
};

FIXTURE_SETUP(each)
{
	struct ctl_info info;

	self->code = variant->code;
	self->l1vh = false;
	if (!ctl_present())
		return;
	ctl_info(&info);
	self->l1vh = info.l1vh;
	if (self->code == HVX_CALL_MAP_STATS_PAGE)
		self->code = stats_map_code();
}

FIXTURE_TEARDOWN(each)
{
}

FIXTURE_VARIANT_ADD(each, CREATE_PARTITION) {
	.code = HVX_CALL_CREATE_PARTITION,
};

FIXTURE_VARIANT_ADD(each, INITIALIZE_PARTITION) {
	.code = HVX_CALL_INITIALIZE_PARTITION,
};

FIXTURE_VARIANT_ADD(each, FINALIZE_PARTITION) {
	.code = HVX_CALL_FINALIZE_PARTITION,
	.no_memory = true,
};

FIXTURE_VARIANT_ADD(each, DELETE_PARTITION) {
	.code = HVX_CALL_DELETE_PARTITION,
	.no_memory = true,
};

FIXTURE_VARIANT_ADD(each, GET_PARTITION_PROPERTY) {
	.code = HVX_CALL_GET_PARTITION_PROPERTY,
};

FIXTURE_VARIANT_ADD(each, SET_PARTITION_PROPERTY) {
	.code = HVX_CALL_SET_PARTITION_PROPERTY,
	.caps = { MSHV_CAP_SET_PROPERTY, MSHV_CAP_PARTITION_HVCALL },
};

FIXTURE_VARIANT_ADD(each, DEPOSIT_MEMORY) {
	.code = HVX_CALL_DEPOSIT_MEMORY,
	.no_memory = true,
};

FIXTURE_VARIANT_ADD(each, WITHDRAW_MEMORY) {
	.code = HVX_CALL_WITHDRAW_MEMORY,
	.no_memory = true,
};

FIXTURE_VARIANT_ADD(each, MAP_GPA_PAGES) {
	.code = HVX_CALL_MAP_GPA_PAGES,
};

FIXTURE_VARIANT_ADD(each, UNMAP_GPA_PAGES) {
	.code = HVX_CALL_UNMAP_GPA_PAGES,
	.no_memory = true,
};

FIXTURE_VARIANT_ADD(each, INSTALL_INTERCEPT) {
	.code = HVX_CALL_INSTALL_INTERCEPT,
	.caps = { MSHV_CAP_INSTALL_INTERCEPT, MSHV_CAP_PARTITION_HVCALL },
};

FIXTURE_VARIANT_ADD(each, REGISTER_INTERCEPT_RESULT) {
	.code = HVX_CALL_REGISTER_INTERCEPT_RESULT,
	.caps = { MSHV_CAP_INTERCEPT_RESULT },
};

FIXTURE_VARIANT_ADD(each, GET_VP_CPUID_VALUES) {
	.code = HVX_CALL_GET_VP_CPUID_VALUES,
	.caps = { MSHV_CAP_VP_CPUID_VALUES },
};

FIXTURE_VARIANT_ADD(each, TRANSLATE_VIRTUAL_ADDRESS) {
	.code = HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS,
	.caps = { MSHV_CAP_TRANSLATE_GVA },
};

FIXTURE_VARIANT_ADD(each, CREATE_VP) {
	.code = HVX_CALL_CREATE_VP,
};

FIXTURE_VARIANT_ADD(each, DELETE_VP) {
	.code = HVX_CALL_DELETE_VP,
	.no_memory = true,
};

FIXTURE_VARIANT_ADD(each, GET_VP_REGISTERS) {
	.code = HVX_CALL_GET_VP_REGISTERS,
};

FIXTURE_VARIANT_ADD(each, SET_VP_REGISTERS) {
	.code = HVX_CALL_SET_VP_REGISTERS,
};

FIXTURE_VARIANT_ADD(each, MAP_STATS_PAGE) {
	.code = HVX_CALL_MAP_STATS_PAGE,
	.caps = { MSHV_CAP_PARTITION_STATS },
};

FIXTURE_VARIANT_ADD(each, UNMAP_STATS_PAGE) {
	.code = HVX_CALL_UNMAP_STATS_PAGE,
	.caps = { MSHV_CAP_PARTITION_STATS },
	.no_memory = true,
};

FIXTURE_VARIANT_ADD(each, MAP_VP_STATE_PAGE) {
	.code = HVX_CALL_MAP_VP_STATE_PAGE,
};

FIXTURE_VARIANT_ADD(each, UNMAP_VP_STATE_PAGE) {
	.code = HVX_CALL_UNMAP_VP_STATE_PAGE,
	.no_memory = true,
};

FIXTURE_VARIANT_ADD(each, GET_VP_STATE) {
	.code = HVX_CALL_GET_VP_STATE,
	.caps = { MSHV_CAP_VP_STATE_LAPIC },
};

FIXTURE_VARIANT_ADD(each, SET_VP_STATE) {
	.code = HVX_CALL_SET_VP_STATE,
	.caps = { MSHV_CAP_VP_STATE_LAPIC },
};

FIXTURE_VARIANT_ADD(each, DISPATCH_VP) {
	.code = HVX_CALL_DISPATCH_VP,
	.hot = true,
	.root_schedules = true,
};

FIXTURE_VARIANT_ADD(each, ASSERT_VIRTUAL_INTERRUPT) {
	.code = HVX_CALL_ASSERT_VIRTUAL_INTERRUPT,
	.caps = { MSHV_CAP_ASSERT_INTERRUPT, MSHV_CAP_IRQFD },
};

FIXTURE_VARIANT_ADD(each, CREATE_PORT) {
	.code = HVX_CALL_CREATE_PORT,
	.caps = { MSHV_CAP_IOEVENTFD },
};

FIXTURE_VARIANT_ADD(each, CONNECT_PORT) {
	.code = HVX_CALL_CONNECT_PORT,
	.caps = { MSHV_CAP_IOEVENTFD },
};

FIXTURE_VARIANT_ADD(each, DISCONNECT_PORT) {
	.code = HVX_CALL_DISCONNECT_PORT,
	.caps = { MSHV_CAP_IOEVENTFD },
	.no_memory = true,
};

FIXTURE_VARIANT_ADD(each, DELETE_PORT) {
	.code = HVX_CALL_DELETE_PORT,
	.caps = { MSHV_CAP_IOEVENTFD },
	.no_memory = true,
};

FIXTURE_VARIANT_ADD(each, GET_GPA_PAGES_ACCESS_STATES) {
	.code = HVX_CALL_GET_GPA_PAGES_ACCESS_STATES,
	.caps = { MSHV_CAP_GPAP_ACCESS_BITMAP },
	.no_memory = true,
};

/* Faults of mainline's that the next tests would suffer from */
#define MAINLINE_SURVIVES(code) do {						\
	if ((code) == HVX_CALL_MAP_GPA_PAGES)					\
		NOT_ON_MAINLINE(MAINLINE_GIVES_PAGES_AWAY);			\
	if ((code) == HVX_CALL_GET_VP_REGISTERS)				\
		NOT_ON_MAINLINE("a partition's end waits for ever where the count of a VP's "	\
				"signals cannot be read");			\
	if ((code) == HVX_CALL_DISCONNECT_PORT || (code) == HVX_CALL_DELETE_PORT) \
		NOT_ON_MAINLINE(MAINLINE_FORGETS_PORTS);			\
} while (0)

/* Accounts as they were, at the latest after another partition's end. */
static bool closed_at_last(const struct accounts *before)
{
	struct accounts now;
	struct life l;
	int ret;

	accounts_read(&now);
	if (now.v[TESTHV_ACCT_PARTITIONS] != before->v[TESTHV_ACCT_PARTITIONS]) {
		/* what could not be deleted is tried again then */
		ret = life_live(&l);
		life_end(&l);
		if (ret)
			return false;
	}
	return !accounts_open(before);
}

/* One life with one fault, which may come true only at its end. */
static bool one_fault(u16 code, unsigned int n, u16 status, bool memory, bool *fired)
{
	struct accounts before;
	struct life l;
	int ret;

	accounts_read(&before);
	ctl_fault(code, n, status, 1);
	ret = life_live(&l);
	life_end(&l);
	*fired = ctl_reset();
	return (!ret || (!memory && error_is_documented(ret))) && closed_at_last(&before);
}

/* The first of each kind of status is for every time, the others for two. */
static unsigned int times(unsigned int i, bool hot)
{
	if (i && statuses[i].memory == statuses[i - 1].memory)
		return 2;
	return hot ? 6 : 24;
}

/* Whether the driver has none of the capabilities, if there are any. */
static bool absent(const u32 caps[2])
{
	int dev = dev_open();
	bool found = !caps[0] || cap(dev, caps[0]) || (caps[1] && cap(dev, caps[1]));

	close(dev);
	return !found;
}

TEST_F_TIMEOUT(each, once, 300)
{
	unsigned int i, n, faults = 0;
	bool fired = true;
	struct life l;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	if (absent(variant->caps))
		SKIP(return, "no capability %#x", variant->caps[0]);
	if (variant->root_schedules && hypervisor_schedules())
		SKIP(return, "the hypervisor schedules");
	MAINLINE_SURVIVES(self->code);
	ctl_reset();
	/* what the root's pool grows by at first is not a leak */
	ASSERT_EQ(0, life_live(&l));
	life_end(&l);
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		/* an L1VH partition has none of the root's memory to give */
		bool memory = statuses[i].memory && !(self->l1vh && statuses[i].root);

		if (variant->no_memory && statuses[i].memory)
			continue;
		for (n = 1; n <= times(i, variant->hot); n++) {
			ASSERT_TRUE(one_fault(self->code, n, statuses[i].status, memory, &fired))
				TH_LOG("call %#x, time %u, status %#x", self->code, n,
				       statuses[i].status);
			if (!fired)
				break;
			faults++;
		}
		ASSERT_EQ(0, life_live(&l));
		life_end(&l);
	}
	TH_LOG("%u faults", faults);
	EXPECT_LT(0, faults)
		TH_LOG("the driver does not make call %#x", self->code);
}

/* From some time on it always fails. Closing comes to an end all the same. */
TEST_F_TIMEOUT(each, for_ever, 120)
{
	struct accounts before;
	unsigned int n;
	struct life l;
	int ret;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	if (absent(variant->caps))
		SKIP(return, "no capability %#x", variant->caps[0]);
	MAINLINE_SURVIVES(self->code);
	ctl_reset();
	ASSERT_EQ(0, life_live(&l));
	life_end(&l);
	accounts_read(&before);
	for (n = 1; n <= 3; n++) {
		ctl_fault(self->code, n, HVX_STATUS_OPERATION_FAILED, TESTHV_FAULT_FOREVER);
		ret = life_live(&l);
		EXPECT_TRUE(!ret || error_is_documented(ret))
			TH_LOG("%d", ret);
		life_end(&l);
		ctl_reset();
		ASSERT_EQ(0, life_live(&l));
		life_end(&l);
		ASSERT_EQ(0, accounts_open(&before))
			TH_LOG("call %#x from time %u on", self->code, n);
	}
}

/*
 * The same call again, on the same object
 */

TEST(initialize_again)
{
	struct accounts before;
	int dev = dev_open();
	int pt;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_reset();
	accounts_read(&before);
	pt = partition_create(dev, PT_DEFAULT);
	ASSERT_LE(0, pt);
	ctl_fault(HVX_CALL_INITIALIZE_PARTITION, 1, HVX_STATUS_ACCESS_DENIED, 1);
	EXPECT_EQ(-EACCES, partition_initialize(pt));
	EXPECT_EQ(-STATE_ERRNO, vp_create(pt, 0));
	EXPECT_EQ(0, partition_initialize(pt));
	close(pt);
	EXPECT_EQ(0, accounts_open(&before));
}

TEST(create_vp_again)
{
	static const u16 codes[] = { HVX_CALL_CREATE_VP, HVX_CALL_MAP_VP_STATE_PAGE };
	struct accounts before;
	unsigned int i;
	struct vm vm;
	int vp;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_reset();
	vm_init(&vm);
	vp = vp_create(vm.fd, 0);
	close(vp);
	accounts_read(&before);
	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		ctl_fault(codes[i], 1, HVX_STATUS_ACCESS_DENIED, 1);
		EXPECT_EQ(-EACCES, vp_create(vm.fd, 0));
		EXPECT_EQ(before.v[TESTHV_ACCT_VPS], ctl_account(TESTHV_ACCT_VPS));
		vp = vp_create(vm.fd, 0);
		EXPECT_LE(0, vp);
		close(vp);
		EXPECT_EQ(before.v[TESTHV_ACCT_STATE_PAGES], ctl_account(TESTHV_ACCT_STATE_PAGES));
	}
	vm_free(&vm);
}

/* A call that did not get its memory is not made again: it has failed. */
TEST(no_second_call_without_memory)
{
	struct accounts before;
	struct vm vm;
	u64 calls;
	int vp;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_reset();
	vm_init(&vm);
	vp = vp_create(vm.fd, 0);
	close(vp);
	accounts_read(&before);
	calls = ctl_calls(HVX_CALL_CREATE_VP, NULL);
	ctl_fault(HVX_CALL_CREATE_VP, 1, HVX_STATUS_INSUFFICIENT_MEMORY, 1);
	ctl_fault(HVX_CALL_DEPOSIT_MEMORY, 1, HVX_STATUS_ACCESS_DENIED, 1);
	EXPECT_EQ(-EACCES, vp_create(vm.fd, 0));
	EXPECT_EQ(2, ctl_reset());
	EXPECT_EQ(calls + 1, ctl_calls(HVX_CALL_CREATE_VP, NULL));
	EXPECT_EQ(before.v[TESTHV_ACCT_VPS], ctl_account(TESTHV_ACCT_VPS));
	vp = vp_create(vm.fd, 0);
	EXPECT_LE(0, vp);
	close(vp);
	vm_free(&vm);
}

TEST(run_again)
{
	struct vm vm;
	struct vp vp;
	u16 code;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_reset();
	code = hypervisor_schedules() ? HVX_CALL_SET_VP_REGISTERS : HVX_CALL_DISPATCH_VP;
	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	ASSERT_EQ(0, region_map(vm.fd, TEST_GPA, PAGE, mem_alloc(PAGE, PAGE), MAP_RWX));
	vp_load(&vp, MODE_LONG, guest_read);
	ctl_fault(code, 1, HVX_STATUS_ACCESS_DENIED, 1);
	EXPECT_EQ(-EACCES, vp_run(&vp));
	EXPECT_EQ(1, ctl_reset());
	EXPECT_EQ(1, vp_run_out(&vp, 0x80));
	/* out of memory is not an end, but a reason to give some */
	vp_set(&vp, HVX_REG_RIP, GUEST_CODE_BASE);
	ctl_fault(code, 1, HVX_STATUS_INSUFFICIENT_MEMORY, 1);
	EXPECT_EQ(2, vp_run_out(&vp, 0x80));
	EXPECT_EQ(1, ctl_reset());
	vp_free(&vp);
	vm_free(&vm);
}

/* An unmapping that the hypervisor refuses: the region is still there, whole. */
TEST(unmap_again)
{
	u8 *mem = mem_alloc(4 * PAGE, PAGE);
	struct vm vm;
	struct vp vp;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_reset();
	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	ASSERT_EQ(0, region_map(vm.fd, TEST_GPA, 4 * PAGE, mem, MAP_RWX));
	vp_load(&vp, MODE_LONG, guest_read);
	EXPECT_EQ(1, vp_run_out(&vp, 0x80));
	ctl_fault(HVX_CALL_UNMAP_GPA_PAGES, 1, HVX_STATUS_ACCESS_DENIED, 1);
	EXPECT_EQ(-EACCES, region_unmap(vm.fd, TEST_GPA, 4 * PAGE, mem));
	EXPECT_EQ(1, ctl_reset());
	EXPECT_EQ(-EEXIST, region_map(vm.fd, TEST_GPA, PAGE, mem, MAP_RWX));
	vp_set(&vp, HVX_REG_RIP, GUEST_CODE_BASE);
	EXPECT_EQ(2, vp_run_out(&vp, 0x80));
	EXPECT_EQ(0, region_unmap(vm.fd, TEST_GPA, 4 * PAGE, mem));
	vp_set(&vp, HVX_REG_RIP, GUEST_CODE_BASE);
	vp_run_until(&vp, HVX_MSG_UNMAPPED_GPA);
	vp_free(&vp);
	vm_free(&vm);
}

FIXTURE(kept) {
	struct accounts before;
};

FIXTURE_VARIANT(kept) {
	bool large;
	bool deleted;		/* at once */
};

FIXTURE_SETUP(kept)
{
	if (ctl_present())
		ctl_reset();
	accounts_read(&self->before);
}

FIXTURE_TEARDOWN(kept)
{
}

FIXTURE_VARIANT_ADD(kept, page) {
	.deleted = true,
};

FIXTURE_VARIANT_ADD(kept, large_page) {
	.large = true,
	.deleted = true,
};

FIXTURE_VARIANT_ADD(kept, page_of_a_partition_that_stays) {
	.deleted = false,
};

/*
 * The host takes a page away and the hypervisor keeps it mapped: nobody else
 * may get that page, and the guest does not run again. While the partition stays, so
 * does the page.
 */
TEST_F(kept, page_that_is_kept)
{
	size_t size = variant->large ? 2 * MIB : PAGE;
	struct ctl_info info;
	struct vm vm;
	struct vp vp;
	u8 *mem;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_info(&info);
	mem = variant->large ? mem_alloc_huge(size) : mem_alloc(size, PAGE);
	if (!mem)
		SKIP(return, "no transparent huge pages");
	vm_init(&vm);
	if (!cap(vm.fd, MSHV_CAP_MOVABLE_MEMORY))
		SKIP(return, "no MSHV_CAP_MOVABLE_MEMORY");
	NOT_ON_MAINLINE(MAINLINE_GIVES_PAGES_AWAY);
	vp_init(&vp, &vm, 0);
	ASSERT_EQ(0, region_map(vm.fd, TEST_GPA, size, mem, MAP_RWX));
	vp_load(&vp, MODE_LONG, guest_read);
	EXPECT_EQ(1, vp_run_out(&vp, 0x80));
	EXPECT_EQ(self->before.v[TESTHV_ACCT_GPA_LARGE] + (variant->large && info.large_pages),
		  ctl_account(TESTHV_ACCT_GPA_LARGE));
	ctl_fault(HVX_CALL_UNMAP_GPA_PAGES, 1, HVX_STATUS_OPERATION_FAILED, TESTHV_FAULT_FOREVER);
	ASSERT_EQ(0, madvise(mem, size, MADV_DONTNEED));
	EXPECT_LE(1, ctl_reset());
	EXPECT_EQ(-ENOTRECOVERABLE, vp_run(&vp));
	EXPECT_EQ(-ENOTRECOVERABLE, vp_create(vm.fd, 1));
	vp_free(&vp);
	if (!variant->deleted) {
		/* by neither of the two ways in which it would be the host's again */
		ctl_fault(HVX_CALL_UNMAP_GPA_PAGES, 1, HVX_STATUS_OPERATION_FAILED,
			  TESTHV_FAULT_FOREVER);
		ctl_fault(HVX_CALL_DELETE_PARTITION, 1, HVX_STATUS_OPERATION_FAILED,
			  TESTHV_FAULT_FOREVER);
	}
	vm_free(&vm);
	EXPECT_EQ(!variant->deleted, !!ctl_reset());
	EXPECT_TRUE(closed_at_last(&self->before));
}

/* Partitions that cannot be deleted are tried again later, not forgotten. */
TEST(late_deletion)
{
	static const u16 codes[] = {
		HVX_CALL_FINALIZE_PARTITION, HVX_CALL_WITHDRAW_MEMORY, HVX_CALL_DELETE_PARTITION,
	};
	struct accounts before;
	unsigned int i;
	struct vm vm;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_reset();
	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		accounts_read(&before);
		vm_init(&vm);
		ctl_fault(codes[i], 1, HVX_STATUS_OPERATION_FAILED, TESTHV_FAULT_FOREVER);
		vm_free(&vm);
		EXPECT_LT(before.v[TESTHV_ACCT_PARTITIONS], ctl_account(TESTHV_ACCT_PARTITIONS));
		ctl_reset();
		vm_init(&vm);
		vm_free(&vm);
		EXPECT_EQ(0, accounts_open(&before))
			TH_LOG("call %#x", codes[i]);
	}
}

/* A VP that is closed and stays, as the hypervisor does not delete it, is nobody's. */
TEST(closed_vp_that_stays)
{
	const u32 name = HVX_REG_RAX;
	union hvx_value value;
	struct vm vm;
	int vp;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	vm_init(&vm);
	if (!cap(vm.fd, MSHV_CAP_PARTITION_HVCALL))
		SKIP(return, "no MSHV_CAP_PARTITION_HVCALL");
	NOT_ON_MAINLINE("VPs go with the partition only");
	vp = vp_create(vm.fd, 0);
	ASSERT_LE(0, vp);
	ctl_fault(HVX_CALL_DELETE_VP, 1, HVX_STATUS_OPERATION_FAILED, 1);
	close(vp);
	EXPECT_EQ(1, ctl_reset());
	EXPECT_EQ(-EINVAL, hv_get_regs(vm.fd, 0, &name, &value, 1));
	vm_free(&vm);
}

static int never_satisfied(void *arg)
{
	struct rlimit core = { 0, 0 };
	struct vm vm;

	setrlimit(RLIMIT_CORE, &core);
	vm_init(&vm);
	ctl_fault((uintptr_t)arg, 1, HVX_STATUS_INSUFFICIENT_MEMORY, TESTHV_FAULT_FOREVER);
	vp_create(vm.fd, 0);
	return 0;
}

/* A hypervisor that always wants more: the caller can be killed, or gives up. */
TEST(insatiable)
{
	struct accounts before;
	u64 start;
	pid_t pid;
	int ret;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	NOT_ON_MAINLINE(MAINLINE_FEEDS_FOR_EVER);
	ctl_reset();
	accounts_read(&before);
	pid = child_start(never_satisfied, (void *)(uintptr_t)HVX_CALL_CREATE_VP);
	usleep(300000);
	start = now_us();
	kill(pid, SIGKILL);
	ret = child_wait(pid);
	EXPECT_TRUE(ret == -SIGKILL || ret == 0);
	EXPECT_GT(limit_us(10000000), now_us() - start);
	ctl_reset();
	EXPECT_EQ(0, accounts_open(&before));
}

TEST_HARNESS_MAIN
