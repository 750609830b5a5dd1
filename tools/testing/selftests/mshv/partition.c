// SPDX-License-Identifier: GPL-2.0
/*
 * Partitions: creation, its arguments, states.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * D2: structure_at_the_end_of_memory
 * D9: too_early, bad_arguments_before_initialize
 * D10: other_processes_are_refused
 * D94: too_early
 * D111: many_rounds_leak_nothing
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

#define V2	BIT(MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES)

static void v2_init(struct mshv_create_partition_v2 *arg)
{
	memset(arg, 0, sizeof(*arg));
	arg->pt_flags = PT_DEFAULT | V2;
	arg->pt_num_cpu_fbanks = MSHV_NUM_CPU_FEATURES_BANKS;
}

TEST(create_and_close)
{
	struct accounts before;
	int dev = dev_open();
	int pt;

	accounts_read(&before);
	pt = partition_create(dev, PT_DEFAULT);
	ASSERT_LE(0, pt);
	if (ctl_present())
		EXPECT_EQ(before.v[TESTHV_ACCT_PARTITIONS] + 1,
			  ctl_account(TESTHV_ACCT_PARTITIONS));
	EXPECT_EQ(0, close(pt));
	EXPECT_EQ(0, accounts_open(&before));
}

TEST(create_initialize_and_close)
{
	struct accounts before;
	int dev = dev_open();
	int pt;

	accounts_read(&before);
	pt = partition_create(dev, PT_DEFAULT);
	ASSERT_LE(0, pt);
	EXPECT_EQ(0, partition_initialize(pt));
	close(pt);
	EXPECT_EQ(0, accounts_open(&before));
}

/* Neither pages of the partitions nor of the root's pool drain away. */
TEST(many_rounds_leak_nothing)
{
	u64 deposited = 0;
	struct accounts before;
	int dev = dev_open();
	int i, pt;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	accounts_read(&before);
	for (i = 0; i < 60; i++) {
		pt = partition_create(dev, PT_DEFAULT);
		ASSERT_LE(0, pt);
		if (i & 1)
			ASSERT_EQ(0, partition_initialize(pt));
		close(pt);
		if (i == 9)
			deposited = ctl_account(TESTHV_ACCT_ROOT_DEPOSITED);
	}
	EXPECT_EQ(0, accounts_open(&before));
	EXPECT_EQ(deposited, ctl_account(TESTHV_ACCT_ROOT_DEPOSITED));
}

TEST(many_at_once)
{
	struct accounts before;
	int dev = dev_open();
	int pts[40];
	unsigned int i;

	accounts_read(&before);
	for (i = 0; i < ARRAY_SIZE(pts); i++) {
		pts[i] = partition_create(dev, PT_DEFAULT);
		ASSERT_LE(0, pts[i]);
		ASSERT_EQ(0, partition_initialize(pts[i]));
	}
	for (i = 0; i < ARRAY_SIZE(pts); i++)
		close(pts[i]);
	EXPECT_EQ(0, accounts_open(&before));
}

static void *create_in_thread(void *arg)
{
	int dev = *(int *)arg;
	int i, pt;

	for (i = 0; i < 10; i++) {
		pt = partition_create(dev, PT_DEFAULT);
		REQUIRE(pt >= 0, "CREATE_PARTITION: %d", pt);
		REQUIRE(!partition_initialize(pt), "INITIALIZE_PARTITION");
		close(pt);
	}
	return NULL;
}

TEST(many_in_parallel)
{
	struct accounts before;
	int dev = dev_open();
	pthread_t threads[8];
	unsigned int i;

	accounts_read(&before);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, create_in_thread, &dev));
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, accounts_open(&before));
}

TEST(unknown_flags)
{
	struct accounts before;
	int dev = dev_open();
	unsigned int bit;

	accounts_read(&before);
	for (bit = MSHV_PT_BIT_COUNT; bit < 64; bit++)
		EXPECT_EQ(-EINVAL, partition_create(dev, BIT(bit)))
			TH_LOG("bit %u", bit);
	EXPECT_EQ(-EINVAL, partition_create(dev, PT_DEFAULT | BIT(63)));
	EXPECT_EQ(0, accounts_open(&before));
}

TEST(isolation)
{
	static const u64 types[] = {
		MSHV_PT_ISOLATION_COUNT, 2, 3, 0xffffffff, 0x100000000ULL, ~0ULL,
	};
	struct mshv_create_partition arg = { .pt_flags = PT_DEFAULT };
	int dev = dev_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		arg.pt_isolation = types[i];
		EXPECT_EQ(-EINVAL, xioctl(dev, MSHV_CREATE_PARTITION, &arg));
	}
}

TEST(v2_feature_masks)
{
	struct mshv_create_partition_v2 arg;
	int dev = dev_open();
	u64 all, some;
	int pt;

	if (!cap(dev, MSHV_CAP_CREATE_PARTITION_V2))
		SKIP(return, "no MSHV_CAP_CREATE_PARTITION_V2");
	NEED_CAP(dev, MSHV_CAP_PARTITION_HVCALL);
	v2_init(&arg);
	pt = xioctl(dev, MSHV_CREATE_PARTITION, &arg);
	ASSERT_LE(0, pt);
	ASSERT_EQ(0, partition_initialize(pt));
	ASSERT_EQ(0, hv_get_property(pt, HVX_PROP_PROCESSOR_FEATURES0, &all));
	close(pt);
	ASSERT_NE(0, all);
	/* disable the lowest feature there is */
	arg.pt_cpu_fbanks[0] = all & -all;
	pt = xioctl(dev, MSHV_CREATE_PARTITION, &arg);
	ASSERT_LE(0, pt);
	ASSERT_EQ(0, partition_initialize(pt));
	ASSERT_EQ(0, hv_get_property(pt, HVX_PROP_PROCESSOR_FEATURES0, &some));
	EXPECT_EQ(all & ~(all & -all), some);
	close(pt);
}

TEST(v2_bank_count)
{
	static const u16 counts[] = { 0, 1, 3, 0x100, 0xffff };
	struct mshv_create_partition_v2 arg;
	int dev = dev_open();
	unsigned int i;

	if (!cap(dev, MSHV_CAP_CREATE_PARTITION_V2))
		SKIP(return, "no MSHV_CAP_CREATE_PARTITION_V2");
	v2_init(&arg);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		arg.pt_num_cpu_fbanks = counts[i];
		EXPECT_EQ(-EINVAL, xioctl(dev, MSHV_CREATE_PARTITION, &arg));
	}
}

TEST(v2_reserved_bytes)
{
	struct mshv_create_partition_v2 arg;
	u8 *bytes = (u8 *)&arg;
	int dev = dev_open();
	unsigned int i;

	if (!cap(dev, MSHV_CAP_CREATE_PARTITION_V2))
		SKIP(return, "no MSHV_CAP_CREATE_PARTITION_V2");
	for (i = offsetof(struct mshv_create_partition_v2, pt_rsvd);
	     i < offsetof(struct mshv_create_partition_v2, pt_disabled_xsave); i++) {
		if (i >= offsetof(struct mshv_create_partition_v2, pt_cpu_fbanks) &&
		    i < offsetof(struct mshv_create_partition_v2, pt_rsvd1))
			continue;
		v2_init(&arg);
		bytes[i] = 1;
		EXPECT_EQ(-EINVAL, xioctl(dev, MSHV_CREATE_PARTITION, &arg))
			TH_LOG("byte %u", i);
	}
}

/*
 * The short structure may be the last thing before a hole; the long one is read
 * only when the flag says so.
 */
TEST(structure_at_the_end_of_memory)
{
	u8 *page = guard_page();
	struct mshv_create_partition_v2 v2;
	struct mshv_create_partition v1 = { 0 };
	int dev = dev_open();
	unsigned int bit;
	void *at;
	int pt;

	at = page + PAGE - sizeof(v1);
	for (bit = 0; bit < MSHV_PT_BIT_COUNT; bit++) {
		v1.pt_flags = BIT(bit);
		memcpy(at, &v1, sizeof(v1));
		pt = xioctl(dev, MSHV_CREATE_PARTITION, at);
		if (bit == MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES) {
			EXPECT_EQ(-EFAULT, pt);
		} else {
			EXPECT_NE(-EFAULT, pt)
				TH_LOG("bit %u", bit);
		}
		if (pt >= 0)
			close(pt);
	}
	EXPECT_EQ(-EFAULT, xioctl(dev, MSHV_CREATE_PARTITION, page + PAGE - sizeof(v1) + 1));
	v2_init(&v2);
	at = page + PAGE - sizeof(v2);
	memcpy(at, &v2, sizeof(v2));
	pt = xioctl(dev, MSHV_CREATE_PARTITION, at);
	EXPECT_LE(0, pt);
	close(pt);
	memcpy(at + 1, &v2, sizeof(v2) - 1);
	EXPECT_EQ(-EFAULT, xioctl(dev, MSHV_CREATE_PARTITION, at + 1));
}

struct flipper {
	u64 *word;
	u64 flip;
	bool stop;
};

static void *flip_word(void *arg)
{
	struct flipper *f = arg;

	while (!READ_ONCE(f->stop))
		WRITE_ONCE(*f->word, READ_ONCE(*f->word) ^ f->flip);
	return NULL;
}

/* The flags are fetched with the structure that they select, or refused. */
TEST(arguments_that_change_meanwhile)
{
	void *mem = mem_alloc(PAGE, PAGE);
	struct mshv_create_partition_v2 *arg = mem;
	struct flipper f = { .word = mem, .flip = V2 | BIT(40) };
	struct accounts before;
	int dev = dev_open();
	pthread_t thread;
	int i, pt;

	accounts_read(&before);
	v2_init(arg);
	ASSERT_EQ(0, pthread_create(&thread, NULL, flip_word, &f));
	for (i = 0; i < 200; i++) {
		pt = xioctl(dev, MSHV_CREATE_PARTITION, arg);
		if (pt >= 0)
			close(pt);
		else
			ASSERT_EQ(-EINVAL, pt);
	}
	WRITE_ONCE(f.stop, true);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, accounts_open(&before));
}

TEST(no_free_fd)
{
	struct rlimit old, limit;
	struct accounts before;
	int dev = dev_open();
	int pt;

	accounts_read(&before);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	limit = old;
	limit.rlim_cur = dev + 1;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, partition_create(dev, PT_DEFAULT));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_EQ(0, accounts_open(&before));
	pt = partition_create(dev, PT_DEFAULT);
	EXPECT_LE(0, pt);
	close(pt);
}

/* As in mainline: initializing twice is not an error. */
TEST(initialize_twice)
{
	int dev = dev_open();
	int pt = partition_create(dev, PT_DEFAULT);

	ASSERT_LE(0, pt);
	EXPECT_EQ(0, partition_initialize(pt));
	EXPECT_EQ(0, partition_initialize(pt));
	close(pt);
}

/* The argument of INITIALIZE_PARTITION has no meaning. */
TEST(initialize_ignores_its_argument)
{
	int dev = dev_open();
	int pt = partition_create(dev, PT_DEFAULT);

	ASSERT_LE(0, pt);
	EXPECT_EQ(0, xioctl(pt, MSHV_INITIALIZE_PARTITION, (void *)~0UL));
	close(pt);
}

/* What needs an initialized partition says so, and works after that. */
TEST(too_early)
{
	void *mem = mem_alloc(PAGE, PAGE);
	struct accounts before;
	int dev = dev_open();
	int pt, vp;

	accounts_read(&before);
	pt = partition_create(dev, PT_DEFAULT);
	ASSERT_LE(0, pt);
	EXPECT_EQ(-STATE_ERRNO, vp_create(pt, 0));
	EXPECT_EQ(-STATE_ERRNO, region_map(pt, 0, PAGE, mem, MAP_RWX));
	EXPECT_EQ(-STATE_ERRNO, region_unmap(pt, 0, PAGE, mem));
	if (cap(pt, MSHV_CAP_PARTITION_HVCALL))
		EXPECT_EQ(-STATE_ERRNO, hv_install_intercept(pt, HVX_INTERCEPT_X64_CPUID,
							     HVX_ACCESS_MASK_EXECUTE, 0));
	ASSERT_EQ(0, partition_initialize(pt));
	EXPECT_EQ(0, region_map(pt, 0, PAGE, mem, MAP_RWX));
	vp = vp_create(pt, 0);
	EXPECT_LE(0, vp);
	close(vp);
	close(pt);
	EXPECT_EQ(0, accounts_open(&before));
}

/* Bad arguments are told apart from a wrong state. */
TEST(bad_arguments_before_initialize)
{
	int dev = dev_open();
	int pt = partition_create(dev, PT_DEFAULT);

	ASSERT_LE(0, pt);
	EXPECT_GT(0, vp_create(pt, ~0U));
	EXPECT_GT(0, region_map(pt, 0, 1, NULL, MAP_RWX));
	close(pt);
}

/* Early properties are set between creation and initialization. */
TEST(early_properties)
{
	const u64 features = HVX_SYNTH_HYPERVISOR_PRESENT | HVX_SYNTH_HV1 |
				  HVX_SYNTH_HYPERCALL | HVX_SYNTH_VP_INDEX;
	u64 value = 0;
	int dev = dev_open();
	int pt;

	if (!cap(dev, MSHV_CAP_PARTITION_HVCALL))
		SKIP(return, "no MSHV_CAP_PARTITION_HVCALL");
	pt = partition_create(dev, PT_DEFAULT);
	ASSERT_LE(0, pt);
	ASSERT_EQ(0, hv_set_property(pt, HVX_PROP_SYNTHETIC_PROC_FEATURES, features));
	ASSERT_EQ(0, partition_initialize(pt));
	ASSERT_EQ(0, hv_get_property(pt, HVX_PROP_SYNTHETIC_PROC_FEATURES, &value));
	EXPECT_EQ(features, value & features);
	close(pt);
}

struct foreign {
	int pt;
	int vp;
	void *mem;
};

/* In a process that has a copy of the creator's memory, not the memory. */
static int use_foreign(void *arg)
{
	struct foreign *f = arg;
	struct mshv_run_vp run;

	if (region_map(f->pt, 16 * MIB, PAGE, f->mem, MAP_RWX) != -EIO)
		return 1;
	if (vp_create(f->pt, 1) != -EIO)
		return 2;
	if (xioctl(f->vp, MSHV_RUN_VP, &run) != -EIO)
		return 3;
	return 0;
}

TEST(other_processes_are_refused)
{
	struct foreign f;
	struct vm vm;
	struct vp vp;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	f.pt = vm.fd;
	f.vp = vp.fd;
	f.mem = mem_alloc(PAGE, PAGE);
	EXPECT_EQ(0, child_wait(child_start(use_foreign, &f)));
	/* and the creator goes on */
	EXPECT_EQ(0, region_map(vm.fd, 16 * MIB, PAGE, f.mem, MAP_RWX));
	vp_free(&vp);
	vm_free(&vm);
}

TEST_HARNESS_MAIN
