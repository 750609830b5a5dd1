// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_GET_GPAP_ACCESS_BITMAP.
 *
 * Kinds of fault: a query that changes what it asks for (query_changes_nothing),
 * counts that are cut to 32 bits or size an allocation (counts: nothing is
 * allocated by the count, and it cannot be above what is mapped), a part that is
 * done and not told (partial_result), states that are lost with a failure
 * (nothing_is_lost_with_a_failure), with a mapping (unmapped_pages_are_remembered)
 * or to a running VP (log_of_a_running_guest).
 *
 * Of Documentation/virt/mshv/defects.rst:
 * C9: log_of_a_running_guest
 * D4: partial_result
 * D5: query_changes_nothing
 * D32: counts
 * D57: - a byte a page is needed for as many pages as one hypercall has, no more; what
 *   the interface is can't be helped
 */
#include <signal.h>
#include <sys/mman.h>

#include "mshv_irq.h"
#include "kselftest_harness.h"

const u32 test_needs[] = { MSHV_CAP_GPAP_ACCESS_BITMAP, MSHV_CAP_PARTITION_HVCALL, 0 };

#define GPA		(1 * GIB)
#define GFN		(GPA / PAGE)
#define LARGE		(2 * MIB)
#define CHUNK		(LARGE / PAGE)

#define ACCESSED	MSHV_GPAP_ACCESS_TYPE_ACCESSED
#define DIRTY		MSHV_GPAP_ACCESS_TYPE_DIRTY
#define NOOP		MSHV_GPAP_ACCESS_OP_NOOP
#define CLEAR		MSHV_GPAP_ACCESS_OP_CLEAR
#define SET		MSHV_GPAP_ACCESS_OP_SET

static int gpap_arg(int pt, u8 type, u8 op, u64 gfn, u64 *count, void *bitmap)
{
	struct mshv_gpap_access_bitmap arg = {
		.access_type = type, .access_op = op, .page_count = *count,
		.gpap_base = gfn, .bitmap_ptr = (u64)bitmap,
	};
	int ret = xioctl(pt, MSHV_GET_GPAP_ACCESS_BITMAP, &arg);

	*count = arg.page_count;
	return ret;
}

static int gpap(int pt, u8 type, u8 op, u64 gfn, u64 count, void *bitmap)
{
	return gpap_arg(pt, type, op, gfn, &count, bitmap);
}

static bool bit(const u8 *bits, u64 n)
{
	return bits[n / 8] >> n % 8 & 1;
}

static u64 count_bits(const u8 *bits, u64 from, u64 to)
{
	u64 n = 0;

	for (; from < to; from++)
		n += bit(bits, from);
	return n;
}

/* Writes a dword to, or reads one from, each of the RCX pages from RBX on. */
GUEST_CODE(guest_write, 64,
	   "1: incl (%rbx)\n"
	   "add $0x1000, %rbx\n"
	   "dec %rcx\n"
	   "jnz 1b\n"
	   "out %eax, $0x80\n");
GUEST_CODE(guest_read, 64,
	   "1: mov (%rbx), %eax\n"
	   "add $0x1000, %rbx\n"
	   "dec %rcx\n"
	   "jnz 1b\n"
	   "out %eax, $0x80\n");

#define PAGES	(5 * CHUNK + 40)

FIXTURE(mem) {
	struct vm vm;
	struct vp vp;
	u8 *mem;
	/* with a byte that must stay as it is */
	u8 bits[PAGES / 8 + 2];
};

FIXTURE_VARIANT(mem) {
	bool large;
};

FIXTURE_VARIANT_ADD(mem, small) {
	.large = false,
};

FIXTURE_VARIANT_ADD(mem, large) {
	.large = true,
};

/*
 * With tracking the hypervisor splits large pages, so without for those. What
 * the host has not made a huge page is small in any case.
 */
FIXTURE_SETUP(mem)
{
	vm_init_flags(&self->vm, PT_DEFAULT | BIT(MSHV_PT_BIT_GPA_SUPER_PAGES));
	vp_init(&self->vp, &self->vm, 0);
	if (!variant->large)
		ASSERT_EQ(0, hv_set_property(self->vm.fd, HVX_PROP_GPA_PAGE_ACCESS_TRACKING, 1));
	self->mem = mem_alloc(6 * LARGE, LARGE);
	madvise(self->mem, 6 * LARGE, variant->large ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	memset(self->mem, 0, 6 * LARGE);
	ASSERT_EQ(0, region_map(self->vm.fd, GPA, PAGES * PAGE, self->mem, MAP_RW));
}

FIXTURE_TEARDOWN(mem)
{
	vp_free(&self->vp);
	vm_free(&self->vm);
	munmap(self->mem, 6 * LARGE);
}

#define guest_touch(self, code, first, count)				\
	do {								\
		vp_load(&(self)->vp, MODE_LONG, code);			\
		vp_set(&(self)->vp, HVX_REG_RBX, GPA + (first) * PAGE);	\
		vp_set(&(self)->vp, HVX_REG_RCX, count);		\
		vp_run_out(&(self)->vp, 0x80);				\
	} while (0)

/* Whether the page's mapping is a large one. */
static bool is_large(bool wanted)
{
	return wanted && ctl_present() && ctl_account(TESTHV_ACCT_GPA_LARGE);
}

TEST_F(mem, arguments)
{
	struct mshv_gpap_access_bitmap arg = {
		.page_count = PAGES, .gpap_base = GFN, .bitmap_ptr = (u64)self->bits,
	};
	int pt = self->vm.fd;
	unsigned int i;

	for (i = 2; i < 256; i++)
		EXPECT_EQ(-EINVAL, gpap(pt, i, NOOP, GFN, PAGES, self->bits));
	for (i = 3; i < 256; i++)
		EXPECT_EQ(-EINVAL, gpap(pt, DIRTY, i, GFN, PAGES, self->bits));
	for (i = 0; i < sizeof(arg.rsvd); i++) {
		arg.rsvd[i] = 1;
		EXPECT_EQ(-EINVAL, xioctl(pt, MSHV_GET_GPAP_ACCESS_BITMAP, &arg));
		arg.rsvd[i] = 0;
	}
	EXPECT_EQ(0, xioctl(pt, MSHV_GET_GPAP_ACCESS_BITMAP, &arg));
	EXPECT_EQ(PAGES, arg.page_count);
	EXPECT_EQ(-EINVAL, gpap(pt, DIRTY, NOOP, GFN, 0, self->bits));
	EXPECT_EQ(-EINVAL, gpap(pt, DIRTY, NOOP, GFN, PAGES, NULL));
	EXPECT_EQ(-EFAULT, gpap(pt, DIRTY, NOOP, GFN, PAGES, (void *)8));
	EXPECT_EQ(-EFAULT, xioctl(pt, MSHV_GET_GPAP_ACCESS_BITMAP, (void *)8));
}

/* None of these takes time or memory by its count. */
TEST_F(mem, counts)
{
	static const u64 counts[] = {
		PAGES + 1, 1ULL << 32, (1ULL << 32) + 8, 1ULL << 36, 1ULL << 52, 1ULL << 63, ~0ULL,
	};
	u64 start = now_us();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		u64 count = counts[i];

		EXPECT_EQ(-EINVAL, gpap_arg(self->vm.fd, DIRTY, CLEAR, GFN, &count, self->bits));
		EXPECT_EQ(counts[i], count);
		EXPECT_EQ(-EINVAL, gpap(self->vm.fd, DIRTY, NOOP, ~0ULL, count, self->bits));
	}
	EXPECT_EQ(-EINVAL, gpap(self->vm.fd, DIRTY, NOOP, GFN - 1, 2, self->bits));
	EXPECT_EQ(-EINVAL, gpap(self->vm.fd, DIRTY, NOOP, GFN + PAGES - 1, 2, self->bits));
	EXPECT_GT(limit_us(1000000), now_us() - start);
}

/* Every start and length within a byte and a chunk; nothing beyond is written. */
TEST_F_TIMEOUT(mem, any_range, 120)
{
	static const u64 counts[] = { 1, 7, 8, 9, 64, 511, 512, 513, 1100 };
	static const u64 firsts[] = { 0, 1, 7, 8, 500, 511, 512, 1021 };
	unsigned int f, c;
	u64 size, i;

	/* each 5th page, the guest's own pages aside */
	for (i = 0; i < PAGES; i += 5)
		guest_touch(self, guest_write, i, 1);
	for (f = 0; f < ARRAY_SIZE(firsts); f++) {
		for (c = 0; c < ARRAY_SIZE(counts); c++) {
			size = (counts[c] + 7) / 8;
			memset(self->bits, 0x5a, sizeof(self->bits));
			ASSERT_EQ(0, gpap(self->vm.fd, DIRTY, NOOP, GFN + firsts[f], counts[c],
					  self->bits));
			EXPECT_EQ(0x5a, self->bits[size]);
			if (counts[c] % 8)
				EXPECT_EQ(0, self->bits[size - 1] >> counts[c] % 8);
			/* of a large page, all are told */
			for (i = 0; i < counts[c]; i++)
				ASSERT_TRUE(bit(self->bits, i) == ((firsts[f] + i) % 5 == 0) ||
					    (is_large(variant->large) && bit(self->bits, i)));
		}
	}
}

TEST_F(mem, query_changes_nothing)
{
	unsigned int type, i;

	guest_touch(self, guest_write, 3, 1);
	guest_touch(self, guest_read, CHUNK + 4, 1);
	for (type = ACCESSED; type <= DIRTY; type++)
		ASSERT_EQ(0, gpap(self->vm.fd, type, CLEAR, GFN, PAGES, self->bits));
	for (i = 0; i < 3; i++) {
		for (type = ACCESSED; type <= DIRTY; type++) {
			ASSERT_EQ(0, gpap(self->vm.fd, type, NOOP, GFN, PAGES, self->bits));
			EXPECT_EQ(0, count_bits(self->bits, 0, PAGES));
		}
	}
}

TEST_F(mem, reads_and_writes)
{
	int pt = self->vm.fd;

	guest_touch(self, guest_write, 0, PAGES);
	ASSERT_EQ(0, gpap(pt, DIRTY, CLEAR, GFN, PAGES, self->bits));
	EXPECT_EQ(PAGES, count_bits(self->bits, 0, PAGES));
	/* still accessed, no more dirty */
	ASSERT_EQ(0, gpap(pt, DIRTY, NOOP, GFN, PAGES, self->bits));
	EXPECT_EQ(0, count_bits(self->bits, 0, PAGES));
	ASSERT_EQ(0, gpap(pt, ACCESSED, CLEAR, GFN, PAGES, self->bits));
	EXPECT_EQ(PAGES, count_bits(self->bits, 0, PAGES));
	ASSERT_EQ(0, gpap(pt, ACCESSED, NOOP, GFN, PAGES, self->bits));
	EXPECT_EQ(0, count_bits(self->bits, 0, PAGES));

	guest_touch(self, guest_read, CHUNK + 7, 3);
	ASSERT_EQ(0, gpap(pt, ACCESSED, NOOP, GFN, PAGES, self->bits));
	EXPECT_TRUE(bit(self->bits, CHUNK + 7));
	EXPECT_TRUE(bit(self->bits, CHUNK + 9));
	EXPECT_EQ(is_large(variant->large) ? CHUNK : 3, count_bits(self->bits, 0, PAGES));
	ASSERT_EQ(0, gpap(pt, DIRTY, NOOP, GFN, PAGES, self->bits));
	EXPECT_EQ(0, count_bits(self->bits, 0, PAGES));

	/* clearing "accessed" takes "dirty" along */
	guest_touch(self, guest_write, 2 * CHUNK + 7, 3);
	ASSERT_EQ(0, gpap(pt, DIRTY, NOOP, GFN, PAGES, self->bits));
	EXPECT_EQ(is_large(variant->large) ? CHUNK : 3, count_bits(self->bits, 0, PAGES));
	ASSERT_EQ(0, gpap(pt, ACCESSED, CLEAR, GFN, PAGES, self->bits));
	ASSERT_EQ(0, gpap(pt, DIRTY, NOOP, GFN, PAGES, self->bits));
	EXPECT_EQ(0, count_bits(self->bits, 0, PAGES));
}

/* The bitmap has the state from before; one range of many, and its borders. */
TEST_F(mem, set_and_clear)
{
	const u64 first = is_large(variant->large) ? CHUNK : CHUNK - 3, count = 2 * CHUNK;
	int pt = self->vm.fd;

	guest_touch(self, guest_write, 0, PAGES);
	ASSERT_EQ(0, gpap(pt, ACCESSED, CLEAR, GFN, PAGES, self->bits));
	ASSERT_EQ(0, gpap(pt, DIRTY, SET, GFN + CHUNK, count, self->bits));
	EXPECT_EQ(0, count_bits(self->bits, 0, count));
	ASSERT_EQ(0, gpap(pt, ACCESSED, NOOP, GFN, PAGES, self->bits));
	EXPECT_EQ(count, count_bits(self->bits, 0, PAGES));
	ASSERT_EQ(0, gpap(pt, DIRTY, NOOP, GFN, PAGES, self->bits));
	EXPECT_EQ(count, count_bits(self->bits, 0, PAGES));
	EXPECT_EQ(count, count_bits(self->bits, CHUNK, CHUNK + count));
	ASSERT_EQ(0, gpap(pt, DIRTY, CLEAR, GFN + first, count + 3, self->bits));
	EXPECT_EQ(count, count_bits(self->bits, 0, count + 3));
	ASSERT_EQ(0, gpap(pt, ACCESSED, SET, GFN, PAGES, self->bits));
	EXPECT_EQ(count, count_bits(self->bits, 0, PAGES));
	ASSERT_EQ(0, gpap(pt, DIRTY, NOOP, GFN, PAGES, self->bits));
	EXPECT_EQ(0, count_bits(self->bits, 0, PAGES));
}

/*
 * A large page within the range is dealt with as a whole wherever the range
 * begins; it would never become clean otherwise.
 */
TEST_F(mem, unaligned_range_clears)
{
	u64 first;

	for (first = 1; first < 16; first++) {
		guest_touch(self, guest_write, CHUNK, 3 * CHUNK);
		ASSERT_EQ(0, gpap(self->vm.fd, DIRTY, CLEAR, GFN + first, PAGES - first,
				  self->bits));
		EXPECT_EQ(3 * CHUNK, count_bits(self->bits, CHUNK - first, 4 * CHUNK - first));
		ASSERT_EQ(0, gpap(self->vm.fd, DIRTY, NOOP, GFN + CHUNK, 3 * CHUNK, self->bits));
		EXPECT_EQ(0, count_bits(self->bits, 0, 3 * CHUNK))
			TH_LOG("from page %llu", (unsigned long long)first);
	}
}

/* What the host takes away was perhaps written before. */
TEST_F(mem, unmapped_pages_are_remembered)
{
	int pt = self->vm.fd;

	guest_touch(self, guest_write, 0, PAGES);
	ASSERT_EQ(0, gpap(pt, ACCESSED, CLEAR, GFN, PAGES, self->bits));
	ASSERT_EQ(0, madvise(self->mem + 2 * PAGE, PAGE, MADV_DONTNEED));
	ASSERT_EQ(0, gpap(pt, DIRTY, NOOP, GFN, PAGES, self->bits));
	EXPECT_TRUE(bit(self->bits, 2));
	EXPECT_EQ(0, count_bits(self->bits, CHUNK, PAGES));
	ASSERT_EQ(0, gpap(pt, ACCESSED, CLEAR, GFN, PAGES, self->bits));
	EXPECT_TRUE(bit(self->bits, 2));
	ASSERT_EQ(0, gpap(pt, DIRTY, NOOP, GFN, PAGES, self->bits));
	EXPECT_EQ(0, count_bits(self->bits, 0, PAGES));
	/* and it is tracked when it comes back */
	guest_touch(self, guest_write, 2, 1);
	ASSERT_EQ(0, gpap(pt, DIRTY, NOOP, GFN, PAGES, self->bits));
	EXPECT_TRUE(bit(self->bits, 2));
}

/* Regions side by side are one range; a hole in it is not. */
TEST_F(mem, several_regions)
{
	u64 next = GPA + PAGES * PAGE;
	u8 bits[(PAGES + 16) / 8 + 1];

	ASSERT_EQ(0, region_map(self->vm.fd, next, 8 * PAGE, self->mem, MAP_RW));
	ASSERT_EQ(0, region_map(self->vm.fd, next + 9 * PAGE, 8 * PAGE, self->mem, MAP_RW));
	guest_touch(self, guest_write, PAGES - 1, 2);
	ASSERT_EQ(0, gpap(self->vm.fd, DIRTY, CLEAR, GFN, PAGES + 8, bits));
	EXPECT_TRUE(bit(bits, PAGES - 1));
	EXPECT_TRUE(bit(bits, PAGES));
	EXPECT_EQ(-EINVAL, gpap(self->vm.fd, DIRTY, CLEAR, GFN, PAGES + 9, bits));
	EXPECT_EQ(-EINVAL, gpap(self->vm.fd, DIRTY, CLEAR, GFN, PAGES + 10, bits));
}

/* The hypervisor does as few at a time as it likes. */
TEST_F(mem, many_hypercalls)
{
	u64 calls;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	guest_touch(self, guest_write, 0, PAGES);
	if (is_large(variant->large))
		SKIP(return, "the pages of a large page are not told apart");
	calls = ctl_calls(HVX_CALL_GET_GPA_PAGES_ACCESS_STATES, NULL);
	ctl_rep_limit(HVX_CALL_GET_GPA_PAGES_ACCESS_STATES, 7);
	ASSERT_EQ(0, gpap(self->vm.fd, DIRTY, CLEAR, GFN, PAGES, self->bits));
	ctl_reset();
	EXPECT_EQ(PAGES, count_bits(self->bits, 0, PAGES));
	EXPECT_LE(calls + PAGES / 7, ctl_calls(HVX_CALL_GET_GPA_PAGES_ACCESS_STATES, NULL));
	ASSERT_EQ(0, gpap(self->vm.fd, DIRTY, NOOP, GFN, PAGES, self->bits));
	EXPECT_EQ(0, count_bits(self->bits, 0, PAGES));
}

TEST_F(mem, nothing_is_lost_with_a_failure)
{
	static const struct {
		u16 status;
		int ret;
	} statuses[] = {
		{ HVX_STATUS_INVALID_PARAMETER, -EINVAL },
		{ HVX_STATUS_ACCESS_DENIED, -EACCES },
		{ HVX_STATUS_INSUFFICIENT_MEMORY, -ENOMEM },
		{ 0x7abc, -EIO },
	};
	u64 count, nth;
	unsigned int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	guest_touch(self, guest_write, 0, PAGES);
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		for (nth = 1; nth <= 5; nth++) {
			count = PAGES;
			ctl_fault_reps(HVX_CALL_GET_GPA_PAGES_ACCESS_STATES, nth,
				       statuses[i].status, 1, 11);
			EXPECT_EQ(statuses[i].ret, gpap_arg(self->vm.fd, DIRTY, CLEAR, GFN, &count,
							    self->bits));
			EXPECT_EQ(1, ctl_reset());
			EXPECT_GT(PAGES, count);
			ASSERT_EQ(count, count_bits(self->bits, 0, count));
			/* the others still are */
			ASSERT_EQ(0, gpap(self->vm.fd, DIRTY, CLEAR, GFN + count, PAGES - count,
					  self->bits));
			EXPECT_EQ(PAGES - count, count_bits(self->bits, 0, PAGES - count));
			ASSERT_EQ(0, gpap(self->vm.fd, DIRTY, SET, GFN, PAGES, self->bits));
		}
	}
}

/* The bitmap's end cannot be written: what was told is told, the rest is not lost. */
TEST(partial_result)
{
	const u64 pages = 40 * CHUNK;
	u8 *page = guard_page(), *bits = page + PAGE - 600, *rest = calloc(1, pages / 8);
	unsigned int type;
	struct vm vm;
	u64 count, i;
	u8 *mem;

	vm_init(&vm);
	mem = mem_alloc(pages * PAGE, PAGE);
	ASSERT_EQ(0, region_map(vm.fd, GPA, pages * PAGE, mem, MAP_RW));
	for (type = ACCESSED; type <= DIRTY; type++) {
		count = pages;
		ASSERT_EQ(0, gpap(vm.fd, type, SET, GFN, pages, rest));
		EXPECT_EQ(-EFAULT, gpap_arg(vm.fd, type, CLEAR, GFN, &count, bits));
		EXPECT_LT(0, count);
		ASSERT_GE(600 * 8, count);
		for (i = 0; i < count; i++)
			ASSERT_TRUE(bit(bits, i));
		ASSERT_EQ(0, gpap(vm.fd, type, CLEAR, GFN, pages, rest));
		EXPECT_EQ(0, count_bits(rest, 0, count));
		EXPECT_EQ(pages - count, count_bits(rest, count, pages));
	}
	free(rest);
	vm_free(&vm);
	munmap(mem, pages * PAGE);
}

struct log {
	struct vp *vp;
	bool done;
};

static void *log_run(void *arg)
{
	struct log *l = arg;
	int ret;

	do
		ret = vp_run(l->vp);
	while (ret == -EINTR);
	REQUIRE(!ret && vp_io(l->vp)->port == 0x80, "RUN_VP: %d", ret);
	WRITE_ONCE(l->done, true);
	return NULL;
}

/* Goes over RCX pages from RSI on, again and again, RDX times in all. */
GUEST_CODE(guest_rounds, 64,
	   "1: mov %rsi, %rbx\n"
	   "mov %rcx, %rdi\n"
	   "2: incl (%rbx)\n"
	   "add $0x1000, %rbx\n"
	   "dec %rdi\n"
	   "jnz 2b\n"
	   "dec %rdx\n"
	   "jnz 1b\n"
	   "out %eax, $0x80\n");

/* A copy that follows the log while the guest writes becomes the same as the original. */
static unsigned int log_copy(int pt, const u8 *mem, u8 *copy, u64 pages, u8 *bits)
{
	unsigned int n = 0;
	u64 i;

	REQUIRE(!gpap(pt, DIRTY, CLEAR, GFN, pages, bits), "GET_GPAP_ACCESS_BITMAP");
	for (i = 0; i < pages; i++) {
		if (!bit(bits, i))
			continue;
		memcpy(copy + i * PAGE, mem + i * PAGE, PAGE);
		n++;
	}
	return n;
}

TEST_F_TIMEOUT(mem, log_of_a_running_guest, 120)
{
	const u64 pages = 2 * CHUNK;
	u8 *copy = mem_alloc(pages * PAGE, PAGE);
	unsigned int rounds = 0;
	struct log l = { .vp = &self->vp };
	pthread_t t;

	log_copy(self->vm.fd, self->mem, copy, pages, self->bits);
	vp_load(&self->vp, MODE_LONG, guest_rounds);
	vp_set(&self->vp, HVX_REG_RSI, GPA);
	vp_set(&self->vp, HVX_REG_RCX, pages);
	vp_set(&self->vp, HVX_REG_RDX, 3000);
	t = thread_start(log_run, &l);
	while (!READ_ONCE(l.done)) {
		log_copy(self->vm.fd, self->mem, copy, pages, self->bits);
		/* a mapping that goes, and comes back, in between */
		mprotect(self->mem + rounds % pages * PAGE, PAGE,
			 PROT_READ | PROT_WRITE | (rounds % 2 ? PROT_EXEC : 0));
		rounds++;
	}
	pthread_join(t, NULL);
	log_copy(self->vm.fd, self->mem, copy, pages, self->bits);
	EXPECT_EQ(0, memcmp(copy, self->mem, pages * PAGE));
	EXPECT_EQ(0, log_copy(self->vm.fd, self->mem, copy, pages, self->bits));
	TH_LOG("%u rounds", rounds);
	munmap(copy, pages * PAGE);
}

static int query_for_ever(void *arg)
{
	const u64 size = 64 * GIB;
	struct vm vm;
	u8 *mem, *bits;

	vm_init(&vm);
	mem = mem_alloc(size, PAGE);
	bits = mem_alloc(size / PAGE / 8, PAGE);
	/* reserves address space only */
	REQUIRE(!region_map(vm.fd, GPA, size, mem, MAP_RW), "region");
	REQUIRE(write(*(int *)arg, "", 1) == 1, "write");
	for (;;)
		gpap(vm.fd, DIRTY, SET, GFN, size / PAGE, bits);
}

TEST(killed)
{
	struct accounts before;
	int fds[2];
	pid_t pid;
	u64 start;
	char c;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	accounts_read(&before);
	ASSERT_EQ(0, pipe(fds));
	pid = child_start(query_for_ever, &fds[1]);
	close(fds[1]);
	if (read(fds[0], &c, 1) != 1)
		SKIP(return, "guest physical addresses are too short");
	usleep(20000);
	start = now_us();
	kill(pid, SIGKILL);
	EXPECT_EQ(-SIGKILL, child_wait(pid));
	EXPECT_GT(limit_us(2000000), now_us() - start);
	EXPECT_EQ(0, accounts_open(&before));
}

TEST(needs_an_active_partition)
{
	int dev = dev_open(), pt = partition_create(dev, PT_DEFAULT);
	u8 bits;

	EXPECT_EQ(-STATE_ERRNO, gpap(pt, DIRTY, NOOP, 0, 1, &bits));
	close(pt);
	close(dev);
}

TEST_HARNESS_MAIN
