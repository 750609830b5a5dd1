// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_SET_GUEST_MEMORY: what is refused, and what the guest sees.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A2, C19: aliases_of_host_memory, overlaps
 * A10: - the largest mapping made is of 2 MiB, whatever the folio; hugetlb
 * A12, D69: - nothing is pinned; what is missing is refused, hole_in_the_range
 * A14: read_only
 * B5, B20, D54: bad_guest_addresses
 * B6, D31: huge_sizes
 * B16: hole_in_the_range
 * C5: sparse_region
 * C11: unknown_flags_and_reserved_bytes
 * D29: device_memory
 * D30: device_memory_read_only
 * D38: shared_file
 * D41: - it goes on in tables that exist, and deposits nothing: the hypervisor has what
 *   unmapping takes
 * D42a: large_pages_are_split
 * D42b: - regions keep a table of what is mapped, and never look at struct pages
 * D46: large_pages_need_alignment
 * D55: many_regions
 * D56: guest_sees_contents, shared_file, hugetlb, large_pages, device_memory
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

/* Where tests map: above the guest's own memory, below 4 GiB. */
#define TEST_GPA	(256 * MIB)

/* Guest code at fixed places: reads, writes, runs what RBX points to. */
GUEST_CODE(guest_load, 64,
	   "mov (%rbx), %eax\n"
	   "out %eax, $0x80\n");
GUEST_CODE(guest_store, 64,
	   "mov %ecx, (%rbx)\n"
	   "out %eax, $0x81\n");
GUEST_CODE(guest_jump, 64, "jmp *%rbx\n");
/* Goes to memory that a test maps: reports what it was called with. */
GUEST_CODE(guest_target, 64,
	   "mov %ecx, %eax\n"
	   "out %eax, $0x82\n");

#define AT_LOAD		GUEST_CODE_BASE
#define AT_STORE	(GUEST_CODE_BASE + 0x100)
#define AT_JUMP		(GUEST_CODE_BASE + 0x200)

static void mover_init(struct guest *g)
{
	guest_init(g);
	vp_setup(&g->vp, MODE_LONG, GUEST_CODE_BASE);
	vm_write_code(&g->vm, AT_LOAD, guest_load);
	vm_write_code(&g->vm, AT_STORE, guest_store);
	vm_write_code(&g->vm, AT_JUMP, guest_jump);
}

/* Starts the code at @ip on @gpa. */
static void guest_start(struct guest *g, u64 ip, u64 gpa, u32 value)
{
	struct hvx_register regs[] = {
		{ .name = HVX_REG_RIP, .value.u64 = ip },
		{ .name = HVX_REG_RBX, .value.u64 = gpa },
		{ .name = HVX_REG_RCX, .value.u64 = value },
	};

	REQUIRE(!vp_set_regs(g->vp.fd, regs, 3), "registers");
}

static u32 guest_read(struct guest *g, u64 gpa)
{
	guest_start(g, AT_LOAD, gpa, 0);
	return vp_run_out(&g->vp, 0x80);
}

static void guest_write(struct guest *g, u64 gpa, u32 value)
{
	guest_start(g, AT_STORE, gpa, value);
	vp_run_out(&g->vp, 0x81);
}

/*
 * The access ends with a memory intercept at this address: of this type, or, 0,
 * of the one that the hypervisor finds right.
 */
static void guest_faults(struct guest *g, u64 ip, u64 gpa, unsigned int access,
			 u32 type)
{
	const struct hvx_msg_memory *m;

	guest_start(g, ip, gpa, 0xdead);
	if (type) {
		vp_run_until(&g->vp, type);
	} else {
		int ret = vp_run(&g->vp);

		REQUIRE(!ret, "RUN_VP: %d", ret);
	}
	m = vp_memory(&g->vp);
	if (m->gpa != gpa || m->h.access_type != access)
		msg_print(&g->vp.msg);
	REQUIRE(m->gpa == gpa, "fault at another address than %#llx", (unsigned long long)gpa);
	REQUIRE(m->h.access_type == access, "another access than %u", access);
}

static int set_memory(int pt, const struct mshv_user_mem_region *arg)
{
	return xioctl(pt, MSHV_SET_GUEST_MEMORY, (void *)arg);
}

TEST(bad_sizes)
{
	static const u64 sizes[] = { 0, 1, PAGE - 1, PAGE + 1, 3 * PAGE / 2 };
	void *mem = mem_alloc(4 * PAGE, PAGE);
	struct vm vm;
	unsigned int i;

	vm_init(&vm);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(-EINVAL, region_map(vm.fd, TEST_GPA, sizes[i], mem, MAP_RWX));
		EXPECT_EQ(-EINVAL, region_unmap(vm.fd, TEST_GPA, sizes[i], mem));
	}
	vm_free(&vm);
}

/* Nothing of the sort may take long, or much memory: the size is the caller's. */
TEST(huge_sizes)
{
	static const u64 sizes[] = {
		BIT(40), BIT(43) + PAGE, BIT(46), BIT(47) - PAGE, BIT(47), BIT(52),
		BIT(63), ~(PAGE - 1),
	};
	void *mem = mem_alloc(PAGE, PAGE);
	struct accounts before;
	struct vm vm;
	unsigned int i;
	u64 start;
	int ret;

	vm_init(&vm);
	accounts_read(&before);
	start = now_us();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ret = region_map(vm.fd, TEST_GPA, sizes[i], mem, MAP_RWX);
		EXPECT_TRUE(ret == -EINVAL || ret == -ENOMEM || ret == -EFAULT)
			TH_LOG("size %#llx: %d", (unsigned long long)sizes[i], ret);
	}
	EXPECT_GT(limit_us(5000000), now_us() - start);
	EXPECT_EQ(0, accounts_open(&before));
	vm_free(&vm);
}

TEST(bad_addresses)
{
	u8 *mem = mem_alloc(2 * PAGE, PAGE);
	struct vm vm;

	vm_init(&vm);
	EXPECT_EQ(-EINVAL, region_map(vm.fd, TEST_GPA, PAGE, mem + 1, MAP_RWX));
	EXPECT_EQ(-EINVAL, region_map(vm.fd, TEST_GPA, PAGE, mem + PAGE / 2, MAP_RWX));
	/* the kernel's half, the hole between, and around the end */
	EXPECT_EQ(-EINVAL, region_map(vm.fd, TEST_GPA, PAGE, (void *)0xffff888000000000UL,
				      MAP_RWX));
	EXPECT_EQ(-EINVAL, region_map(vm.fd, TEST_GPA, PAGE, (void *)0x0000ff0000000000UL,
				      MAP_RWX));
	EXPECT_EQ(-EINVAL, region_map(vm.fd, TEST_GPA, 2 * PAGE, (void *)-PAGE, MAP_RWX));
	/* nothing there */
	munmap(mem, 2 * PAGE);
	EXPECT_EQ(-EINVAL, region_map(vm.fd, TEST_GPA, PAGE, mem, MAP_RWX));
	vm_free(&vm);
}

TEST(bad_guest_addresses)
{
	void *mem = mem_alloc(2 * PAGE, PAGE);
	struct mshv_user_mem_region arg = {
		.size = 2 * PAGE,
		.userspace_addr = (uintptr_t)mem,
		.flags = MAP_RWX,
	};
	static const u64 pfns[] = {
		~0ULL, ~0ULL - 1, BIT(52) - 1, BIT(52), BIT(53), BIT(63),
	};
	u64 width = 0;
	unsigned int i;
	struct vm vm;

	vm_init(&vm);
	for (i = 0; i < ARRAY_SIZE(pfns); i++) {
		arg.guest_pfn = pfns[i];
		EXPECT_EQ(-EINVAL, set_memory(vm.fd, &arg))
			TH_LOG("page number %#llx", (unsigned long long)pfns[i]);
	}
	if (!hv_get_property(vm.fd, HVX_PROP_PHYSICAL_ADDRESS_WIDTH, &width) && width < 52) {
		/* the last page that exists, and one beyond it */
		arg.guest_pfn = BIT(width - HVX_PAGE_SHIFT) - 1;
		EXPECT_EQ(-EINVAL, set_memory(vm.fd, &arg));
		arg.size = PAGE;
		EXPECT_EQ(0, set_memory(vm.fd, &arg));
	}
	vm_free(&vm);
}

TEST(unknown_flags_and_reserved_bytes)
{
	void *mem = mem_alloc(PAGE, PAGE);
	struct mshv_user_mem_region good = {
		.size = PAGE,
		.guest_pfn = TEST_GPA >> HVX_PAGE_SHIFT,
		.userspace_addr = (uintptr_t)mem,
		.flags = MAP_RWX,
	}, arg;
	unsigned int i;
	struct vm vm;

	vm_init(&vm);
	for (i = MSHV_SET_MEM_BIT_COUNT; i < 8; i++) {
		arg = good;
		arg.flags |= BIT(i);
		EXPECT_EQ(-EINVAL, set_memory(vm.fd, &arg));
	}
	for (i = 0; i < sizeof(arg.rsvd); i++) {
		arg = good;
		arg.rsvd[i] = 1;
		EXPECT_EQ(-EINVAL, set_memory(vm.fd, &arg));
		arg.flags = BIT(MSHV_SET_MEM_BIT_UNMAP);
		EXPECT_EQ(-EINVAL, set_memory(vm.fd, &arg));
	}
	EXPECT_EQ(0, set_memory(vm.fd, &good));
	vm_free(&vm);
}

TEST(overlaps)
{
	/* a region of four pages at page 8; start and length of another one */
	static const struct {
		unsigned int start, pages;
		int ret;
	} cases[] = {
		{ 8, 4, -EEXIST }, { 8, 1, -EEXIST }, { 11, 1, -EEXIST }, { 9, 2, -EEXIST },
		{ 7, 2, -EEXIST }, { 11, 2, -EEXIST }, { 6, 8, -EEXIST }, { 0, 32, -EEXIST },
		{ 4, 4, 0 }, { 12, 4, 0 },
	};
	u8 *mem = mem_alloc(64 * PAGE, PAGE);
	unsigned int i;
	struct vm vm;

	vm_init(&vm);
	ASSERT_EQ(0, region_map(vm.fd, TEST_GPA + 8 * PAGE, 4 * PAGE, mem, MAP_RWX));
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		EXPECT_EQ(cases[i].ret,
			  region_map(vm.fd, TEST_GPA + cases[i].start * PAGE,
				     cases[i].pages * PAGE, mem + 8 * PAGE, MAP_RWX))
			TH_LOG("%u pages at %u", cases[i].pages, cases[i].start);
	vm_free(&vm);
}

TEST(unmap_wants_the_same_region)
{
	u8 *mem = mem_alloc(8 * PAGE, PAGE);
	struct vm vm;

	vm_init(&vm);
	EXPECT_EQ(-ENOENT, region_unmap(vm.fd, TEST_GPA, 4 * PAGE, mem));
	ASSERT_EQ(0, region_map(vm.fd, TEST_GPA, 4 * PAGE, mem, MAP_RWX));
	EXPECT_EQ(-EINVAL, region_unmap(vm.fd, TEST_GPA, 3 * PAGE, mem));
	EXPECT_EQ(-EINVAL, region_unmap(vm.fd, TEST_GPA, 5 * PAGE, mem));
	EXPECT_EQ(-EINVAL, region_unmap(vm.fd, TEST_GPA + PAGE, 3 * PAGE, mem + PAGE));
	EXPECT_EQ(-EINVAL, region_unmap(vm.fd, TEST_GPA, 4 * PAGE, mem + PAGE));
	EXPECT_EQ(-ENOENT, region_unmap(vm.fd, TEST_GPA + 4 * PAGE, 4 * PAGE, mem));
	/* the other flags do not matter */
	EXPECT_EQ(0, region_map(vm.fd, TEST_GPA, 4 * PAGE, mem,
				BIT(MSHV_SET_MEM_BIT_UNMAP) | MAP_RWX));
	EXPECT_EQ(-ENOENT, region_unmap(vm.fd, TEST_GPA, 4 * PAGE, mem));
	EXPECT_EQ(0, region_map(vm.fd, TEST_GPA, 2 * PAGE, mem, MAP_RWX));
	EXPECT_EQ(0, region_unmap(vm.fd, TEST_GPA, 2 * PAGE, mem));
	vm_free(&vm);
}

TEST(guest_sees_contents)
{
	const unsigned int pages = 64;
	u8 *mem = mem_alloc(pages * PAGE, PAGE);
	struct guest g;
	unsigned int i;

	mover_init(&g);
	for (i = 0; i < pages; i++)
		*(u32 *)(mem + i * PAGE + 4 * i) = 0x10000 + i;
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, pages * PAGE, mem, MAP_RWX));
	for (i = 0; i < pages; i++) {
		ASSERT_EQ(0x10000 + i, guest_read(&g, TEST_GPA + i * PAGE + 4 * i));
		guest_write(&g, TEST_GPA + i * PAGE + 0x800, 0xabc000 + i);
		ASSERT_EQ(0xabc000 + i, *(u32 *)(mem + i * PAGE + 0x800));
	}
	/* what the host writes later is seen, too */
	*(u32 *)mem = 77;
	EXPECT_EQ(77, guest_read(&g, TEST_GPA));
	guest_free(&g);
}

TEST(guest_faults_after_unmap)
{
	u8 *mem = mem_alloc(2 * PAGE, PAGE);
	struct guest g;

	mover_init(&g);
	guest_faults(&g, AT_LOAD, TEST_GPA, HVX_ACCESS_READ, HVX_MSG_UNMAPPED_GPA);
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, 2 * PAGE, mem, MAP_RWX));
	guest_write(&g, TEST_GPA, 1);
	guest_write(&g, TEST_GPA + PAGE, 2);
	ASSERT_EQ(0, region_unmap(g.vm.fd, TEST_GPA, 2 * PAGE, mem));
	guest_faults(&g, AT_LOAD, TEST_GPA, HVX_ACCESS_READ, HVX_MSG_UNMAPPED_GPA);
	guest_faults(&g, AT_STORE, TEST_GPA + PAGE + 8, HVX_ACCESS_WRITE, HVX_MSG_UNMAPPED_GPA);
	guest_faults(&g, AT_JUMP, TEST_GPA, HVX_ACCESS_EXECUTE, HVX_MSG_UNMAPPED_GPA);
	EXPECT_EQ(1, *(u32 *)mem);
	/* elsewhere the same memory is still the guest's */
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA + MIB, 2 * PAGE, mem, MAP_RWX));
	EXPECT_EQ(2, guest_read(&g, TEST_GPA + MIB + PAGE));
	guest_free(&g);
}

TEST(read_only)
{
	u8 *mem = mem_alloc(2 * PAGE, PAGE);
	struct guest g;

	mover_init(&g);
	*(u32 *)mem = 0x5a5a;
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, 2 * PAGE, mem, MAP_RX));
	/* untouched and touched pages alike; the access must not be retried for ever */
	guest_faults(&g, AT_STORE, TEST_GPA + PAGE, HVX_ACCESS_WRITE, HVX_MSG_GPA_INTERCEPT);
	EXPECT_EQ(0x5a5a, guest_read(&g, TEST_GPA));
	guest_faults(&g, AT_STORE, TEST_GPA, HVX_ACCESS_WRITE, HVX_MSG_GPA_INTERCEPT);
	EXPECT_EQ(0x5a5a, *(u32 *)mem);
	EXPECT_EQ(0x5a5a, guest_read(&g, TEST_GPA));
	guest_free(&g);
}

TEST(not_executable)
{
	u8 *mem = mem_alloc(PAGE, PAGE);
	struct guest g;

	mover_init(&g);
	memcpy(mem, guest_target, guest_target_end - guest_target);
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, PAGE, mem, MAP_RW));
	guest_faults(&g, AT_JUMP, TEST_GPA, HVX_ACCESS_EXECUTE, HVX_MSG_GPA_INTERCEPT);
	/* data is */
	guest_write(&g, TEST_GPA + 0x100, 9);
	EXPECT_EQ(9, guest_read(&g, TEST_GPA + 0x100));
	guest_faults(&g, AT_JUMP, TEST_GPA, HVX_ACCESS_EXECUTE, HVX_MSG_GPA_INTERCEPT);
	ASSERT_EQ(0, region_unmap(g.vm.fd, TEST_GPA, PAGE, mem));
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, PAGE, mem, MAP_RX));
	guest_start(&g, AT_JUMP, TEST_GPA, 0x77);
	EXPECT_EQ(0x77, vp_run_out(&g.vp, 0x82));
	guest_free(&g);
}

/* VMMs alias: ROM shadows, video memory. */
TEST(aliases_of_host_memory)
{
	u8 *mem = mem_alloc(4 * PAGE, PAGE);
	struct guest g;

	mover_init(&g);
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, 4 * PAGE, mem, MAP_RWX));
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA + MIB, 4 * PAGE, mem, MAP_RWX));
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA + 2 * MIB, 2 * PAGE, mem + PAGE, MAP_RX));
	guest_write(&g, TEST_GPA + PAGE, 0x11);
	EXPECT_EQ(0x11, guest_read(&g, TEST_GPA + MIB + PAGE));
	EXPECT_EQ(0x11, guest_read(&g, TEST_GPA + 2 * MIB));
	guest_write(&g, TEST_GPA + MIB + PAGE, 0x22);
	EXPECT_EQ(0x22, guest_read(&g, TEST_GPA + PAGE));
	guest_faults(&g, AT_STORE, TEST_GPA + 2 * MIB, HVX_ACCESS_WRITE, HVX_MSG_GPA_INTERCEPT);
	/* one of them goes, the others stay */
	ASSERT_EQ(0, region_unmap(g.vm.fd, TEST_GPA, 4 * PAGE, mem));
	guest_faults(&g, AT_LOAD, TEST_GPA + PAGE, HVX_ACCESS_READ, HVX_MSG_UNMAPPED_GPA);
	EXPECT_EQ(0x22, guest_read(&g, TEST_GPA + 2 * MIB));
	EXPECT_EQ(0x22, guest_read(&g, TEST_GPA + MIB + PAGE));
	guest_free(&g);
}

TEST(shared_file)
{
	struct guest g;
	u32 value;
	void *mem;
	int fd;

	fd = memfd_create("guest", MFD_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, 4 * PAGE));
	mem = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	mover_init(&g);
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, 4 * PAGE, mem, MAP_RWX));
	guest_write(&g, TEST_GPA + 3 * PAGE, 0x1357);
	ASSERT_EQ(sizeof(value), pread(fd, &value, sizeof(value), 3 * PAGE));
	EXPECT_EQ(0x1357, value);
	value = 0x2468;
	ASSERT_EQ(sizeof(value), pwrite(fd, &value, sizeof(value), 2 * PAGE));
	EXPECT_EQ(0x2468, guest_read(&g, TEST_GPA + 2 * PAGE));
	/* a page taken out of the file is a new one afterwards */
	ASSERT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2 * PAGE, PAGE));
	EXPECT_EQ(0, guest_read(&g, TEST_GPA + 2 * PAGE));
	guest_write(&g, TEST_GPA + 2 * PAGE, 5);
	ASSERT_EQ(sizeof(value), pread(fd, &value, sizeof(value), 2 * PAGE));
	EXPECT_EQ(5, value);
	guest_free(&g);
}

/* Has the kernel keep huge pages at hand; there may be none to be had. */
static void hugetlb_reserve(unsigned int pages)
{
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", "w");

	if (!f)
		return;
	fprintf(f, "%u\n", pages);
	fclose(f);
}

TEST(hugetlb)
{
	struct guest g;
	u8 *mem;

	hugetlb_reserve(2);
	mem = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (mem == MAP_FAILED)
		SKIP(return, "no huge page is free");
	mover_init(&g);
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, 2 * MIB, mem, MAP_RWX));
	guest_write(&g, TEST_GPA + MIB, 0x42);
	EXPECT_EQ(0x42, *(u32 *)(mem + MIB));
	EXPECT_EQ(0, guest_read(&g, TEST_GPA + 2 * MIB - 4));
	ASSERT_EQ(0, region_unmap(g.vm.fd, TEST_GPA, 2 * MIB, mem));
	guest_faults(&g, AT_LOAD, TEST_GPA + MIB, HVX_ACCESS_READ, HVX_MSG_UNMAPPED_GPA);
	guest_free(&g);
	munmap(mem, 2 * MIB);
	hugetlb_reserve(0);
}

TEST(large_pages)
{
	struct ctl_info info;
	u64 before, large;
	struct guest g;
	u8 *mem;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_info(&info);
	mem = mem_alloc_huge(4 * MIB);
	if (!mem)
		SKIP(return, "no transparent huge pages");
	mover_init(&g);
	before = ctl_account(TESTHV_ACCT_GPA_LARGE);
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, 4 * MIB, mem, MAP_RWX));
	guest_write(&g, TEST_GPA + MIB, 1);
	guest_write(&g, TEST_GPA + 3 * MIB, 3);
	EXPECT_EQ(1, *(u32 *)(mem + MIB));
	EXPECT_EQ(3, *(u32 *)(mem + 3 * MIB));
	large = ctl_account(TESTHV_ACCT_GPA_LARGE) - before;
	EXPECT_EQ(info.large_pages ? 2 : 0, large);
	ASSERT_EQ(0, region_unmap(g.vm.fd, TEST_GPA, 4 * MIB, mem));
	EXPECT_EQ(before, ctl_account(TESTHV_ACCT_GPA_LARGE));
	guest_faults(&g, AT_LOAD, TEST_GPA + MIB, HVX_ACCESS_READ, HVX_MSG_UNMAPPED_GPA);
	guest_faults(&g, AT_LOAD, TEST_GPA + 3 * MIB, HVX_ACCESS_READ, HVX_MSG_UNMAPPED_GPA);
	guest_free(&g);
}

/* Guest and host address must agree within 2 MiB; else small pages it is. */
TEST(large_pages_need_alignment)
{
	struct guest g;
	u64 before;
	u8 *mem;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	mem = mem_alloc_huge(4 * MIB);
	if (!mem)
		SKIP(return, "no transparent huge pages");
	mover_init(&g);
	before = ctl_account(TESTHV_ACCT_GPA_LARGE);
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA + PAGE, 2 * MIB, mem, MAP_RWX));
	guest_write(&g, TEST_GPA + PAGE, 0xa);
	guest_write(&g, TEST_GPA + 2 * MIB, 0xb);
	EXPECT_EQ(0xa, *(u32 *)mem);
	EXPECT_EQ(0xb, *(u32 *)(mem + 2 * MIB - PAGE));
	EXPECT_EQ(before, ctl_account(TESTHV_ACCT_GPA_LARGE));
	/* also a region that is inside one huge page */
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA + 32 * MIB + MIB, MIB, mem + 3 * MIB, MAP_RWX));
	guest_write(&g, TEST_GPA + 32 * MIB + MIB, 0xc);
	EXPECT_EQ(0xc, *(u32 *)(mem + 3 * MIB));
	guest_faults(&g, AT_LOAD, TEST_GPA + 32 * MIB, HVX_ACCESS_READ, HVX_MSG_UNMAPPED_GPA);
	EXPECT_EQ(before, ctl_account(TESTHV_ACCT_GPA_LARGE));
	guest_free(&g);
}

/* A large mapping of which the host takes away a piece. */
TEST(large_pages_are_split)
{
	struct guest g;
	u8 *mem;

	mem = mem_alloc_huge(2 * MIB);
	if (!mem)
		SKIP(return, "no transparent huge pages");
	mover_init(&g);
	if (!cap(g.vm.fd, MSHV_CAP_MOVABLE_MEMORY))
		SKIP(return, "no MSHV_CAP_MOVABLE_MEMORY");
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, 2 * MIB, mem, MAP_RWX));
	guest_write(&g, TEST_GPA, 1);
	guest_write(&g, TEST_GPA + MIB, 2);
	guest_write(&g, TEST_GPA + MIB + PAGE, 3);
	ASSERT_EQ(0, madvise(mem + MIB, PAGE, MADV_DONTNEED));
	EXPECT_EQ(0, guest_read(&g, TEST_GPA + MIB));
	EXPECT_EQ(1, guest_read(&g, TEST_GPA));
	EXPECT_EQ(3, guest_read(&g, TEST_GPA + MIB + PAGE));
	guest_write(&g, TEST_GPA + MIB, 4);
	EXPECT_EQ(4, *(u32 *)(mem + MIB));
	ASSERT_EQ(0, region_unmap(g.vm.fd, TEST_GPA, 2 * MIB, mem));
	guest_faults(&g, AT_LOAD, TEST_GPA, HVX_ACCESS_READ, HVX_MSG_UNMAPPED_GPA);
	guest_faults(&g, AT_LOAD, TEST_GPA + MIB, HVX_ACCESS_READ, HVX_MSG_UNMAPPED_GPA);
	guest_faults(&g, AT_LOAD, TEST_GPA + 2 * MIB - PAGE, HVX_ACCESS_READ,
		     HVX_MSG_UNMAPPED_GPA);
	guest_free(&g);
}

TEST(discarded_memory)
{
	u8 *mem = mem_alloc(16 * PAGE, PAGE);
	struct guest g;
	int i;

	mover_init(&g);
	if (!cap(g.vm.fd, MSHV_CAP_MOVABLE_MEMORY))
		SKIP(return, "no MSHV_CAP_MOVABLE_MEMORY");
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, 16 * PAGE, mem, MAP_RWX));
	for (i = 0; i < 5; i++) {
		guest_write(&g, TEST_GPA + 3 * PAGE, 0x33);
		guest_write(&g, TEST_GPA + 4 * PAGE, 0x44);
		ASSERT_EQ(0, madvise(mem + 3 * PAGE, PAGE, MADV_DONTNEED));
		ASSERT_EQ(0, guest_read(&g, TEST_GPA + 3 * PAGE));
		ASSERT_EQ(0x44, guest_read(&g, TEST_GPA + 4 * PAGE));
	}
	guest_free(&g);
}

/* A page read first, written by the guest later: no zero page of all is written. */
TEST(zero_page_is_not_written)
{
	u8 *mem = mem_alloc(2 * PAGE, PAGE);
	u8 *other = mem_alloc(PAGE, PAGE);
	struct guest g;

	mover_init(&g);
	ASSERT_EQ(0, READ_ONCE(*(u32 *)mem));	/* maps the zero page */
	ASSERT_EQ(0, READ_ONCE(*(u32 *)other));
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, 2 * PAGE, mem, MAP_RWX));
	EXPECT_EQ(0, guest_read(&g, TEST_GPA));
	guest_write(&g, TEST_GPA, 0x99);
	EXPECT_EQ(0x99, READ_ONCE(*(u32 *)mem));
	EXPECT_EQ(0, READ_ONCE(*(u32 *)other));
	guest_free(&g);
}

static int child_writes(void *arg)
{
	u32 *word = arg;

	if (READ_ONCE(*word) != 0x10)
		return 1;
	WRITE_ONCE(*word, 0x20);
	raise(SIGSTOP);
	return READ_ONCE(*word) == 0x20 ? 0 : 2;
}

/* After a fork the guest writes to the parent's memory, and only there. */
TEST(fork_copies)
{
	u8 *mem = mem_alloc(PAGE, PAGE);
	struct guest g;
	pid_t pid;

	mover_init(&g);
	if (!cap(g.vm.fd, MSHV_CAP_MOVABLE_MEMORY))
		SKIP(return, "no MSHV_CAP_MOVABLE_MEMORY");
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, PAGE, mem, MAP_RWX));
	guest_write(&g, TEST_GPA, 0x10);
	pid = child_start(child_writes, mem);
	usleep(100000);
	EXPECT_EQ(0x10, guest_read(&g, TEST_GPA));
	guest_write(&g, TEST_GPA, 0x30);
	EXPECT_EQ(0x30, *(u32 *)mem);
	kill(pid, SIGCONT);
	EXPECT_EQ(0, child_wait(pid));
	guest_free(&g);
}

/* The host's own protection counts: it cannot be written around. */
TEST(host_protection_counts)
{
	u8 *mem = mem_alloc(PAGE, PAGE);
	struct guest g;

	mover_init(&g);
	if (!cap(g.vm.fd, MSHV_CAP_MOVABLE_MEMORY))
		SKIP(return, "no MSHV_CAP_MOVABLE_MEMORY");
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, PAGE, mem, MAP_RWX));
	guest_write(&g, TEST_GPA, 0x10);
	ASSERT_EQ(0, mprotect(mem, PAGE, PROT_READ));
	EXPECT_EQ(0x10, guest_read(&g, TEST_GPA));
	guest_faults(&g, AT_STORE, TEST_GPA, HVX_ACCESS_WRITE, 0);
	EXPECT_EQ(0x10, *(u32 *)mem);
	/* and once it may, the guest goes on where it was */
	ASSERT_EQ(0, mprotect(mem, PAGE, PROT_READ | PROT_WRITE));
	vp_run_out(&g.vp, 0x81);
	EXPECT_EQ(0xdead, *(u32 *)mem);
	guest_free(&g);
}

/* The VMM unmapped its memory and kept the region: its message, not a hang. */
TEST(host_memory_gone)
{
	u8 *mem = mem_alloc(2 * PAGE, PAGE);
	struct guest g;

	mover_init(&g);
	if (!cap(g.vm.fd, MSHV_CAP_MOVABLE_MEMORY))
		SKIP(return, "no MSHV_CAP_MOVABLE_MEMORY");
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, 2 * PAGE, mem, MAP_RWX));
	guest_write(&g, TEST_GPA, 0x10);
	guest_write(&g, TEST_GPA + PAGE, 0x10);
	munmap(mem + PAGE, PAGE);
	EXPECT_EQ(0x10, guest_read(&g, TEST_GPA));
	guest_faults(&g, AT_LOAD, TEST_GPA + PAGE, HVX_ACCESS_READ, 0);
	ASSERT_EQ(0, region_unmap(g.vm.fd, TEST_GPA, 2 * PAGE, mem));
	guest_free(&g);
}

/* All of the range must be there, and be of one kind, not only its start. */
TEST(hole_in_the_range)
{
	u8 *mem = mem_alloc(4 * PAGE, PAGE);
	struct guest g;

	mover_init(&g);
	munmap(mem + 2 * PAGE, PAGE);
	EXPECT_EQ(-EINVAL, region_map(g.vm.fd, TEST_GPA, 4 * PAGE, mem, MAP_RWX));
	EXPECT_EQ(-EINVAL, region_map(g.vm.fd, TEST_GPA, 3 * PAGE, mem, MAP_RWX));
	guest_faults(&g, AT_LOAD, TEST_GPA, HVX_ACCESS_READ, HVX_MSG_UNMAPPED_GPA);
	/* the part without a hole; and two mappings that are neighbours */
	EXPECT_EQ(0, region_map(g.vm.fd, TEST_GPA, 2 * PAGE, mem, MAP_RWX));
	ASSERT_EQ(mem + 2 * PAGE, mmap(mem + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_EQ(0, region_map(g.vm.fd, TEST_GPA + MIB, 4 * PAGE, mem, MAP_RWX));
	guest_write(&g, TEST_GPA + MIB + PAGE, 1);
	guest_write(&g, TEST_GPA + MIB + 2 * PAGE, 2);
	guest_write(&g, TEST_GPA + MIB + 3 * PAGE, 3);
	EXPECT_EQ(1, *(u32 *)(mem + PAGE));
	EXPECT_EQ(2, *(u32 *)(mem + 2 * PAGE));
	EXPECT_EQ(3, *(u32 *)(mem + 3 * PAGE));
	guest_free(&g);
}

/*
 * Device memory of the host: not the guest's unless a capability says so, and
 * not mixed with other memory.
 */

/* @mem, a page, becomes device memory: above the host's memory and below its devices. */
static bool map_device(void *mem)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC);
	void *p;

	if (fd < 0)
		return false;
	p = mmap(mem, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0xd0000000);
	close(fd);
	return p != MAP_FAILED;
}

TEST(device_memory)
{
	u8 *mem = mem_alloc(2 * PAGE, PAGE);
	struct vm vm;
	int ret;

	vm_init(&vm);
	if (!map_device(mem + PAGE))
		SKIP(return, "/dev/mem does not map device memory");
	EXPECT_EQ(-EINVAL, region_map(vm.fd, TEST_GPA, 2 * PAGE, mem, MAP_RW));
	ret = region_map(vm.fd, TEST_GPA, PAGE, mem + PAGE, MAP_RW);
	EXPECT_EQ(cap(vm.fd, MSHV_CAP_MMIO_MEMORY) ? 0 : -EINVAL, ret);
	vm_free(&vm);
}

TEST(device_memory_read_only)
{
	u8 *mem = mem_alloc(PAGE, PAGE);
	struct guest g;

	mover_init(&g);
	NEED_CAP(g.vm.fd, MSHV_CAP_MMIO_MEMORY);
	if (!map_device(mem))
		SKIP(return, "/dev/mem does not map device memory");
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, PAGE, mem, 0));
	guest_read(&g, TEST_GPA);
	guest_faults(&g, AT_STORE, TEST_GPA, HVX_ACCESS_WRITE, HVX_MSG_GPA_INTERCEPT);
	guest_read(&g, TEST_GPA);
	ASSERT_EQ(0, region_unmap(g.vm.fd, TEST_GPA, PAGE, mem));
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, PAGE, mem, MAP_RW));
	guest_write(&g, TEST_GPA, 1);
	guest_free(&g);
}

/* What a VP shares with its VMM looks like device memory, but is RAM. */
TEST(register_page_as_guest_memory)
{
	struct guest g;
	void *page;

	mover_init(&g);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, g.vp.fd, 0);
	if (page == MAP_FAILED)
		SKIP(return, "no MSHV_CAP_REGISTER_PAGE");
	EXPECT_EQ(-EINVAL, region_map(g.vm.fd, TEST_GPA, PAGE, page, MAP_RW));
	munmap(page, PAGE);
	guest_free(&g);
}

/* Memory is charged and mapped as it is used, not as it is announced. */
TEST(sparse_region)
{
	const u64 size = 8 * GIB;
	struct rusage before, after;
	struct guest g;
	u8 *mem;

	mover_init(&g);
	if (!cap(g.vm.fd, MSHV_CAP_MOVABLE_MEMORY))
		SKIP(return, "no MSHV_CAP_MOVABLE_MEMORY");
	mem = mem_alloc(size, 2 * MIB);
	getrusage(RUSAGE_SELF, &before);
	ASSERT_EQ(0, region_map(g.vm.fd, 4 * GIB, size, mem, MAP_RWX));
	getrusage(RUSAGE_SELF, &after);
	EXPECT_GT(before.ru_maxrss + 65536, after.ru_maxrss);
	ASSERT_EQ(0, region_unmap(g.vm.fd, 4 * GIB, size, mem));
	guest_free(&g);
}

TEST(many_regions)
{
	const unsigned int count = 1000;
	u8 *mem = mem_alloc(PAGE, PAGE);
	struct accounts before;
	struct guest g;
	unsigned int i;

	mover_init(&g);
	/* what the guest itself needs is there from now on */
	guest_read(&g, GUEST_DATA);
	guest_write(&g, GUEST_DATA, 0);
	accounts_read(&before);
	*(u32 *)mem = 0xfeed;
	for (i = 0; i < count; i++)
		ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA + 2 * i * PAGE, PAGE, mem, MAP_RWX));
	for (i = 0; i < count; i += 99) {
		ASSERT_EQ(0xfeed, guest_read(&g, TEST_GPA + 2 * i * PAGE));
		guest_faults(&g, AT_LOAD, TEST_GPA + (2 * i + 1) * PAGE, HVX_ACCESS_READ,
			     HVX_MSG_UNMAPPED_GPA);
	}
	for (i = count; i-- > 0; )
		ASSERT_EQ(0, region_unmap(g.vm.fd, TEST_GPA + 2 * i * PAGE, PAGE, mem));
	if (ctl_present())
		EXPECT_EQ(before.v[TESTHV_ACCT_GPA_PAGES], ctl_account(TESTHV_ACCT_GPA_PAGES));
	guest_free(&g);
}

/* The limit is an error of its own, and gone when there is room again. */
TEST(region_limit)
{
	u8 *mem = mem_alloc(PAGE, PAGE);
	struct vm vm;
	int i, max;

	vm_init(&vm);
	max = cap(vm.fd, MSHV_CAP_MAX_REGIONS);
	if (!max)
		SKIP(return, "no MSHV_CAP_MAX_REGIONS");
	if (max > 100000)
		SKIP(return, "limit %d is not reached here", max);
	/* one region is the guest's memory */
	for (i = 1; i < max; i++)
		ASSERT_EQ(0, region_map(vm.fd, TEST_GPA + i * PAGE, PAGE, mem, MAP_RWX));
	EXPECT_EQ(-ENOSPC, region_map(vm.fd, TEST_GPA, PAGE, mem, MAP_RWX));
	ASSERT_EQ(0, region_unmap(vm.fd, TEST_GPA + PAGE, PAGE, mem));
	EXPECT_EQ(0, region_map(vm.fd, TEST_GPA, PAGE, mem, MAP_RWX));
	vm_free(&vm);
}

TEST(accounts_close)
{
	u8 *mem = mem_alloc(2 * MIB, PAGE);
	struct accounts before;
	struct guest g;
	unsigned int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	accounts_read(&before);
	mover_init(&g);
	ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, 2 * MIB, mem, MAP_RWX));
	for (i = 0; i < 2 * MIB; i += 16 * PAGE)
		guest_write(&g, TEST_GPA + i, i);
	EXPECT_LT(before.v[TESTHV_ACCT_GPA_PAGES], ctl_account(TESTHV_ACCT_GPA_PAGES));
	guest_free(&g);
	EXPECT_EQ(0, accounts_open(&before));
}

TEST_HARNESS_MAIN
