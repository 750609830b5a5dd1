// SPDX-License-Identifier: GPL-2.0
/*
 * Who pays: what a VMM makes the driver allocate or deposit is charged to its
 * cgroup, whose limit makes calls fail with ENOMEM and hurts nobody else.
 *
 * Limits on pinned memory (RLIMIT_MEMLOCK) have nothing to limit: guest memory is
 * not pinned. That is tested, too.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A34: no_file_descriptor_left
 * B17, D47a: huge_regions_cost_nothing
 * D25: deposits_are_charged
 * D35: huge_bitmaps_cost_nothing
 * D47: deposits_are_charged, limit_gives_enomem, guest_memory_is_not_locked
 * D105: at_any_moment
 */
#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

#define TEST_GPA	(16 * MIB)

static long mem_available(void)
{
	return file_number("/proc/meminfo", "MemAvailable:") * KIB;
}

static u64 deposited(void)
{
	return (ctl_account(TESTHV_ACCT_PAGES_DEPOSITED) +
		ctl_account(TESTHV_ACCT_ROOT_DEPOSITED)) * PAGE;
}

#define CGROUP_INIT(limit) do {					\
	if (!cgroup_init(limit))				\
		SKIP(return, "no memory controller of cgroup v2");	\
} while (0)

static int charge(void *arg)
{
	/* each CPU has so much charged in advance */
	long in_stock = 64 * PAGE * cpus_online();
	u64 deposits = 0;
	unsigned int i, j;
	long current;
	struct vm vm;

	cgroup_join();
	if (ctl_present())
		deposits = deposited();
	current = cgroup_current();
	for (i = 0; i < 16; i++) {
		vm_init(&vm);
		for (j = 0; j < 16; j++)
			REQUIRE(vp_create(vm.fd, j) >= 0, "CREATE_VP");
	}
	current = cgroup_current() - current;
	if (ctl_present()) {
		deposits = deposited() - deposits;
		REQUIRE(deposits > (u64)in_stock && current + in_stock >= (long)deposits,
			"%llu bytes deposited, %ld charged", (unsigned long long)deposits, current);
	}
	/* a VP takes a page at least */
	REQUIRE(current >= (long)(16 * 16 * PAGE), "%ld bytes charged", current);
	return 0;
}

/* Pages of the hypervisor are the VMM's as long as it has them. */
TEST(deposits_are_charged)
{
	struct accounts before;

	accounts_read(&before);
	CGROUP_INIT(256 * MIB);
	EXPECT_EQ(0, child_wait(child_start(charge, NULL)));
	/* and of nobody after that; slabs of the kernel may linger */
	EXPECT_GT(MIB, cgroup_current());
	EXPECT_FALSE(cgroup_killed());
	cgroup_free();
	EXPECT_EQ(0, accounts_open(&before));
}

#define MANY	200

struct many {
	int dev;
	int pts[MANY], vps[MANY][4];
	unsigned int count;
};

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Partitions with VPs until something fails; what it said. */
static int many_create(struct many *m)
{
	int ret, i;

	for (m->count = 0; m->count < MANY; m->count++) {
		int *vps = m->vps[m->count];

		m->pts[m->count] = partition_create(m->dev, PT_DEFAULT);
		if (m->pts[m->count] < 0)
			return m->pts[m->count];
		for (i = 0; i < 4; i++)
			vps[i] = -1;
		ret = partition_initialize(m->pts[m->count]);
		for (i = 0; i < 4 && ret >= 0; i++) {
			vps[i] = vp_create(m->pts[m->count], i);
			ret = vps[i];
		}
		if (ret < 0) {
			m->count++;
			return ret;
		}
	}
	return 0;
}

static void many_close(struct many *m)
{
	int i;

	while (m->count--) {
		for (i = 0; i < 4; i++)
			close_if(m->vps[m->count][i]);
		close(m->pts[m->count]);
	}
}

static struct many many;

/*
 * A process at its limit may be killed for its own memory, or for what others
 * allocate on its behalf: here the VFS, for the files. One that may not gets ENOMEM.
 */
static void spare_process(void)
{
	REQUIRE(!file_write("/proc/self/oom_score_adj", "-1000"), "oom_score_adj");
	/* nothing of this process itself is to be allocated later */
	mlockall(MCL_CURRENT | MCL_FUTURE);
}

static int fill(void *arg)
{
	struct rlimit files = { 4096, 4096 };
	unsigned int round, count = 0;
	int ret;

	setrlimit(RLIMIT_NOFILE, &files);
	memset(&many, 0xff, sizeof(many));
	spare_process();
	cgroup_join();
	many.dev = dev_open();
	for (round = 0; round < 2; round++) {
		ret = many_create(&many);
		REQUIRE(ret == -ENOMEM, "partition %u: %d", many.count, ret);
		/* what it may have, it gets again */
		REQUIRE(many.count + 2 > count, "%u partitions, %u before", many.count, count);
		count = many.count;
		many_close(&many);
	}
	fprintf(stderr, "# %u partitions in the cgroup\n", count);
	return 0;
}

/* D47, D25: the cgroup's limit, not the machine's memory, is what is used up. */
TEST(limit_gives_enomem)
{
	struct accounts before;
	long available;
	int ret;

	NOT_ON_MAINLINE("what it deposits is charged to nobody, so that it takes all there is");
	accounts_read(&before);
	CGROUP_INIT(6 * MIB);
	available = mem_available();
	ret = child_wait(child_start(fill, NULL));
	EXPECT_EQ(0, ret);
	EXPECT_FALSE(cgroup_killed());
	EXPECT_GT((long)(48 * MIB), available - mem_available());
	/* others are not concerned */
	EXPECT_GT(6 * MIB, cgroup_current());
	cgroup_free();
	EXPECT_EQ(0, accounts_open(&before));
}

GUEST_CODE(guest_walk, 64,
	   "mov $0x1000000, %ebx\n"
	   "1: incl (%rbx)\n"
	   "add $0x1000, %rbx\n"
	   "cmp $0x1040000, %rbx\n"
	   "jb 1b\n"
	   "out %al, $0x80\n");

static bool no_memory(int ret)
{
	if (ret == -ENOMEM)
		return true;
	REQUIRE(ret >= 0, "%d", ret);
	return false;
}

/* A whole life, for which at some point there is no memory. */
static int live(void *arg)
{
	const bool *spare = arg;
	void *mem = mem_alloc(64 * PAGE, PAGE);
	struct hvx_register rip = { .name = HVX_REG_RIP };
	struct vm vm;
	struct vp vp = { .vm = &vm };

	vm.ram = mem_alloc(RAM_SIZE, PAGE);
	if (*spare)
		spare_process();
	cgroup_join();
	vm.dev = dev_open();
	vm.fd = partition_create(vm.dev, PT_DEFAULT);
	if (no_memory(vm.fd))
		return 0;
	if (no_memory(partition_initialize(vm.fd)) ||
	    no_memory(region_map(vm.fd, 0, RAM_SIZE, vm.ram, MAP_RWX)) ||
	    no_memory(region_map(vm.fd, TEST_GPA, 64 * PAGE, mem, MAP_RWX)))
		return 0;
	vp.fd = vp_create(vm.fd, 0);
	if (no_memory(vp.fd))
		return 0;
	vm_write(&vm, GUEST_CODE_BASE, guest_walk, guest_walk_end - guest_walk);
	if (no_memory(vp_try_setup(&vp, MODE_LONG, GUEST_CODE_BASE)) ||
	    no_memory(vp_run(&vp)) ||
	    no_memory(vp_get_regs(vp.fd, &rip, 1)) ||
	    no_memory(region_unmap(vm.fd, TEST_GPA, 64 * PAGE, mem)))
		return 0;
	return 1;
}

FIXTURE(limits) {
	struct accounts before;
};

FIXTURE_SETUP(limits)
{
	accounts_read(&self->before);
}

FIXTURE_TEARDOWN(limits)
{
}

/*
 * The limit is reached at ever other places. The memory of the VMM itself counts,
 * so that every other one may be killed, as any process; never is anything left
 * behind.
 */
TEST_F_TIMEOUT(limits, at_any_moment, 120)
{
	unsigned int failed = 0, killed = 0, lived = 0;
	bool spare = false;
	long limit;
	int ret;

	for (limit = 16 * KIB; limit < 512 * KIB; limit += 8 * KIB) {
		CGROUP_INIT(limit);
		spare = !spare;
		ret = child_wait(child_start(live, &spare));
		cgroup_free();
		ASSERT_TRUE(ret == 0 || ret == 1 || ret == -SIGKILL)
			TH_LOG("limit %ld: %d", limit, ret);
		failed += ret == 0;
		lived += ret == 1;
		killed += ret == -SIGKILL;
		ASSERT_EQ(0, accounts_open(&self->before))
				TH_LOG("limit %ld", limit);
	}
	TH_LOG("ENOMEM: %u, killed: %u, enough: %u", failed, killed, lived);
	EXPECT_LT(0, failed);
}

TEST(huge_regions_cost_nothing)
{
	/* D47a, B17: neither the requested size nor that of the mapping counts */
	static const u64 sizes[] = { 1 * GIB, 1024 * GIB, 16384 * GIB, 1ULL << 46, 1ULL << 62 };
	struct accounts before;
	long available;
	unsigned int i;
	struct vm vm;
	void *page;
	u64 start;

	NOT_ON_MAINLINE("a region takes memory and minutes in proportion to its size");
	accounts_read(&before);
	vm_init(&vm);
	page = mem_alloc(PAGE, PAGE);
	available = mem_available();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		start = now_us();
		EXPECT_EQ(-EINVAL, region_map(vm.fd, TEST_GPA, sizes[i], page, MAP_RWX));
		EXPECT_GT(limit_us(1000000), now_us() - start);
	}
	/* nor does a large mapping that nobody has touched */
	page = mem_alloc(64 * GIB, PAGE);
	start = now_us();
	EXPECT_EQ(0, region_map(vm.fd, 4 * GIB, 64 * GIB, page, MAP_RWX));
	EXPECT_EQ(0, region_unmap(vm.fd, 4 * GIB, 64 * GIB, page));
	EXPECT_GT(limit_us(1000000), now_us() - start);
	EXPECT_GT((long)(16 * MIB), available - mem_available());
	munmap(page, 64 * GIB);
	vm_free(&vm);
	EXPECT_EQ(0, accounts_open(&before));
}

/* D35: the bitmap of more pages than there are is not allocated first. */
TEST(huge_bitmaps_cost_nothing)
{
	static const u64 counts[] = { 1ULL << 32, (1ULL << 32) + 8, 1ULL << 36, 1ULL << 52, ~0ULL };
	struct mshv_gpap_access_bitmap arg = { 0 };
	long available;
	unsigned int i;
	struct vm vm;
	u64 start;
	int ret;

	vm_init(&vm);
	if (!cap(vm.fd, MSHV_CAP_GPAP_ACCESS_BITMAP))
		SKIP(return, "no MSHV_CAP_GPAP_ACCESS_BITMAP");
	available = mem_available();
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		arg.page_count = counts[i];
		arg.bitmap_ptr = (uintptr_t)vm.ram;
		start = now_us();
		ret = xioctl(vm.fd, MSHV_GET_GPAP_ACCESS_BITMAP, &arg);
		EXPECT_GT(0, ret);
		EXPECT_GT(limit_us(1000000), now_us() - start);
	}
	EXPECT_GT((long)(16 * MIB), available - mem_available());
	vm_free(&vm);
}

/*
 * Locked memory
 */

static int run_unprivileged(void *arg)
{
	struct rlimit none = { 0, 0 };
	struct vm vm;
	struct vp vp;
	int i;

	vm.dev = dev_open();
	REQUIRE(!setrlimit(RLIMIT_MEMLOCK, &none), "setrlimit");
	REQUIRE(!setgroups(0, NULL) && !setgid(65534) && !setuid(65534), "nobody");
	/* it is not privileged any more */
	REQUIRE(mlock(&none, 1) < 0, "mlock is not limited");

	vm.fd = partition_create(vm.dev, PT_DEFAULT);
	REQUIRE(vm.fd >= 0, "CREATE_PARTITION: %d", vm.fd);
	REQUIRE(!partition_initialize(vm.fd), "INITIALIZE_PARTITION");
	vm.ram = mem_alloc(RAM_SIZE, PAGE);
	REQUIRE(!region_map(vm.fd, 0, RAM_SIZE, vm.ram, MAP_RWX), "map");
	REQUIRE(!region_map(vm.fd, TEST_GPA, 64 * PAGE, mem_alloc(64 * PAGE, PAGE), MAP_RWX),
		"map");
	vp_init(&vp, &vm, 0);
	for (i = 0; i < 2; i++) {
		vp_load(&vp, MODE_LONG, guest_walk);
		vp_run_out(&vp, 0x80);
	}
	/* after all pages were used by the guest */
	REQUIRE(!file_number("/proc/thread-self/status", "VmPin:"), "pinned memory");
	REQUIRE(!file_number("/proc/thread-self/status", "VmLck:"), "locked memory");
	vp_free(&vp);
	vm_free(&vm);
	return 0;
}

TEST(guest_memory_is_not_locked)
{
	int dev = dev_open();

	if (!cap(dev, MSHV_CAP_MOVABLE_MEMORY))
		SKIP(return, "no MSHV_CAP_MOVABLE_MEMORY");
	EXPECT_EQ(0, child_wait(child_start(run_unprivileged, NULL)));
	close(dev);
}

/*
 * Files
 */

static int out_of_files(void *arg)
{
	struct rlimit files = { 64, 64 };
	int fds[64], n = 0, dev, pt;
	struct accounts before;

	setrlimit(RLIMIT_NOFILE, &files);
	dev = dev_open();
	pt = partition_create(dev, PT_DEFAULT);
	REQUIRE(pt >= 0 && !partition_initialize(pt), "partition");
	/* so that what the next attempts need is there */
	close(vp_create(pt, 0));
	accounts_read(&before);
	while ((fds[n] = dup(dev)) >= 0)
		n++;
	REQUIRE(partition_create(dev, PT_DEFAULT) == -EMFILE, "CREATE_PARTITION");
	/* at once, not when the next partition ends */
	if (ctl_present())
		REQUIRE(!accounts_open(&before) &&
			ctl_account(TESTHV_ACCT_ROOT_DEPOSITED) <=
			before.v[TESTHV_ACCT_ROOT_DEPOSITED], "left in the hypervisor");
	REQUIRE(vp_create(pt, 0) == -EMFILE, "CREATE_VP");
	REQUIRE(!accounts_open(&before), "left in the hypervisor");
	close(fds[0]);
	fds[0] = vp_create(pt, 0);
	REQUIRE(fds[0] >= 0, "CREATE_VP: %d", fds[0]);
	return 0;
}

/* A34: failing at the last step undoes all the others. */
TEST(no_file_descriptor_left)
{
	EXPECT_EQ(0, child_wait(child_start(out_of_files, NULL)));
}

TEST_HARNESS_MAIN
