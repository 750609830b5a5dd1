// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_VP_TRANSLATE_GVA: it finds what the guest finds, in every mode, wherever
 * the guest's page tables are at the moment.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <linux/userfaultfd.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

#define P	BIT(0)
#define W	BIT(1)
#define U	BIT(2)
#define ACCESSED BIT(5)
#define DIRTY	BIT(6)

#define CR0_PE	BIT(0)
#define CR0_WP	BIT(16)
#define CR0_PG	BIT(31)
#define CR4_PAE	BIT(5)

#define FLAG_READ	BIT(MSHV_TRANSLATE_GVA_BIT_READ)
#define FLAG_WRITE	BIT(MSHV_TRANSLATE_GVA_BIT_WRITE)
#define FLAG_EXECUTE	BIT(MSHV_TRANSLATE_GVA_BIT_EXECUTE)
#define FLAG_SET_BITS	BIT(MSHV_TRANSLATE_GVA_BIT_SET_PAGE_TABLE_BITS)
#define FLAG_USER	BIT(MSHV_TRANSLATE_GVA_BIT_USER)
#define FLAG_SUPERVISOR	BIT(MSHV_TRANSLATE_GVA_BIT_SUPERVISOR)

/* Page tables are in memory of their own: TABLES, in this order: */
#define TABLES		(16 * MIB)
#define TABLES_SIZE	(8 * PAGE)
enum { PML4, PDPT, PD, LOW, HIGH, TABLE_PAGES };

#define TABLE(n)	(TABLES + (n) * PAGE)
#define DATA_GPA	0x30000UL
#define DATA_GVA_LONG	0x200000UL	/* by LOW's neighbour HIGH */
#define DATA_GVA_32	0x400000UL

struct guest {
	struct vm vm;
	struct vp vp;
	u8 *tables;
	struct mshv_translate_gva_result result;
	u64 gpa;
};

/* Reads (EBX) and reports; the same bytes in every mode but real */
GUEST_CODE(guest_load, 32,
	   "mov (%ebx), %eax\n"
	   "out %eax, $0x80\n");

static bool guest_init_fd(struct guest *g, int fd, u8 flags)
{
	vm_init(&g->vm);
	vp_init(&g->vp, &g->vm, 0);
	g->tables = mmap(NULL, TABLES_SIZE, PROT_READ | PROT_WRITE,
			 fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	REQUIRE(g->tables != MAP_FAILED, "mmap");
	REQUIRE(!region_map(g->vm.fd, TABLES, TABLES_SIZE, g->tables, flags), "tables");
	*(u32 *)(g->vm.ram + DATA_GPA + 0x123) = 0xc0ffee;
	return cap(g->vm.dev, MSHV_CAP_TRANSLATE_GVA);
}

static bool guest_init(struct guest *g)
{
	return guest_init_fd(g, -1, MAP_RWX);
}

static void guest_free(struct guest *g)
{
	vp_free(&g->vp);
	vm_free(&g->vm);
	munmap(g->tables, TABLES_SIZE);
}

static u64 *entry(struct guest *g, int table, unsigned int i)
{
	return (u64 *)(g->tables + table * PAGE) + i;
}

/* Four levels: the first 2 MiB one to one, the next page is DATA_GPA. */
static void tables_long(struct guest *g)
{
	unsigned int i;

	memset(g->tables, 0, TABLES_SIZE);
	*entry(g, PML4, 0) = TABLE(PDPT) | P | W | U;
	*entry(g, PDPT, 0) = TABLE(PD) | P | W | U;
	*entry(g, PD, 0) = TABLE(LOW) | P | W | U;
	*entry(g, PD, 1) = TABLE(HIGH) | P | W | U;
	for (i = 0; i < 512; i++)
		*entry(g, LOW, i) = i * PAGE | P | W | U;
	*entry(g, HIGH, 0) = DATA_GPA | P | W | U;
}

/* PAE: the same without the top level; its four entries have no rights. */
static void tables_pae(struct guest *g)
{
	tables_long(g);
	*entry(g, PDPT, 0) = TABLE(PD) | P;
}

/* Two levels of 1024 entries: 4 MiB one to one, the next page is DATA_GPA. */
static void tables_32(struct guest *g)
{
	u32 *pd = (u32 *)g->tables;
	unsigned int i;

	memset(g->tables, 0, TABLES_SIZE);
	pd[0] = TABLE(LOW) | P | W | U;
	pd[1] = TABLE(HIGH) | P | W | U;
	for (i = 0; i < 1024; i++)
		((u32 *)(g->tables + LOW * PAGE))[i] = i * PAGE | P | W | U;
	*(u32 *)(g->tables + HIGH * PAGE) = DATA_GPA | P | W | U;
}

static void start_long(struct guest *g)
{
	vp_load(&g->vp, MODE_LONG, guest_load);
	vp_set(&g->vp, HVX_REG_CR3, TABLE(PML4));
}

static int translate(struct guest *g, u64 gva, u64 flags)
{
	memset(&g->result, 0xff, sizeof(g->result));
	g->gpa = ~0ULL;
	return vp_translate(g->vp.fd, gva, flags, &g->result, &g->gpa);
}

/* The translation is that of the guest: it reads what is there. */
static bool guest_agrees(struct guest *g, u64 gva)
{
	if (translate(g, gva, FLAG_READ) || g->result.code || g->gpa + 4 > RAM_SIZE)
		return false;
	vp_set(&g->vp, HVX_REG_RBX, gva);
	vp_set(&g->vp, HVX_REG_RIP, GUEST_CODE_BASE);
	return vp_run_out(&g->vp, 0x80) == *(u32 *)(g->vm.ram + g->gpa);
}

TEST(numbers)
{
	/* what clients of downstream kernels have compiled in */
	EXPECT_EQ(0xc020b8f2, MSHV_VP_TRANSLATE_GVA);
	EXPECT_EQ(32, sizeof(struct mshv_translate_gva));
	EXPECT_EQ(16, offsetof(struct mshv_translate_gva, result));
	EXPECT_EQ(24, offsetof(struct mshv_translate_gva, gpa));
	EXPECT_EQ(8, sizeof(struct mshv_translate_gva_result));
}

GUEST_CODE(guest_load_real, 16,
	   "mov (%bx), %eax\n"
	   "out %eax, $0x80\n");

TEST(real_mode)
{
	struct guest g;

	if (!guest_init(&g))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	vp_load(&g.vp, MODE_REAL, guest_load_real);
	*(u32 *)(g.vm.ram + 0x8123) = 0xbeef;
	EXPECT_TRUE(guest_agrees(&g, 0x8123));
	EXPECT_EQ(0x8123, g.gpa);
	guest_free(&g);
}

TEST(protected_mode_without_paging)
{
	struct guest g;

	if (!guest_init(&g))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	vp_load(&g.vp, MODE_PROTECTED, guest_load);
	EXPECT_TRUE(guest_agrees(&g, DATA_GPA + 0x123));
	EXPECT_EQ(DATA_GPA + 0x123, g.gpa);
	guest_free(&g);
}

TEST(protected_mode)
{
	struct guest g;

	if (!guest_init(&g))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	tables_32(&g);
	vp_load(&g.vp, MODE_PROTECTED, guest_load);
	vp_set(&g.vp, HVX_REG_CR3, TABLE(0));
	vp_set(&g.vp, HVX_REG_CR0, vp_get(&g.vp, HVX_REG_CR0) | CR0_PG);
	EXPECT_TRUE(guest_agrees(&g, DATA_GVA_32 + 0x123));
	EXPECT_EQ(DATA_GPA + 0x123, g.gpa);
	guest_free(&g);
}

TEST(pae_mode)
{
	struct guest g;

	if (!guest_init(&g))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	tables_pae(&g);
	vp_load(&g.vp, MODE_PROTECTED, guest_load);
	vp_set(&g.vp, HVX_REG_CR3, TABLE(PDPT));
	vp_set(&g.vp, HVX_REG_CR4, CR4_PAE);
	vp_set(&g.vp, HVX_REG_CR0, vp_get(&g.vp, HVX_REG_CR0) | CR0_PG);
	EXPECT_TRUE(guest_agrees(&g, DATA_GVA_LONG + 0x123));
	EXPECT_EQ(DATA_GPA + 0x123, g.gpa);
	guest_free(&g);
}

TEST(long_mode)
{
	struct guest g;

	if (!guest_init(&g))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	tables_long(&g);
	start_long(&g);
	EXPECT_TRUE(guest_agrees(&g, DATA_GVA_LONG + 0x123));
	EXPECT_EQ(DATA_GPA + 0x123, g.gpa);
	EXPECT_EQ(0, g.result.rsvd);
	EXPECT_EQ(0, g.result.overlay);
	EXPECT_TRUE(guest_agrees(&g, DATA_GPA + 0x123));
	/* not canonical, not present */
	EXPECT_EQ(0, translate(&g, BIT(60), FLAG_READ));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_PAGE_NOT_PRESENT, g.result.code);
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG + PAGE, FLAG_READ));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_PAGE_NOT_PRESENT, g.result.code);
	guest_free(&g);
}

TEST(rights)
{
	struct guest g;

	if (!guest_init(&g))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	tables_long(&g);
	*entry(&g, HIGH, 0) = DATA_GPA | P;
	start_long(&g);
	vp_set(&g.vp, HVX_REG_CR0, vp_get(&g.vp, HVX_REG_CR0) | CR0_WP);
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, FLAG_READ | FLAG_SUPERVISOR));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_SUCCESS, g.result.code);
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, FLAG_WRITE | FLAG_SUPERVISOR));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_PRIVILEGE_VIOLATION, g.result.code);
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, FLAG_READ | FLAG_USER));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_PRIVILEGE_VIOLATION, g.result.code);
	*entry(&g, HIGH, 0) = DATA_GPA | P | W | U | BIT(51);
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, FLAG_READ));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_INVALID_PTE_FLAGS, g.result.code);
	guest_free(&g);
}

/*
 * Page tables that are not mapped into the guest at the moment
 */

/* What the hypervisor itself says, by the raw call. */
static u32 raw_result(struct guest *g, u64 gva)
{
	struct hvx_in_translate_va in = { .gva_page = gva >> HVX_PAGE_SHIFT };
	struct hvx_out_translate_va out;
	int ret = hvcall(g->vp.fd, HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in), &out,
			 sizeof(out));

	REQUIRE(!ret, "TRANSLATE_VIRTUAL_ADDRESS: %d", ret);
	return out.result;
}

/* Never touched by the guest */
TEST(tables_not_mapped)
{
	struct guest g;

	if (!guest_init(&g))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	NEED_CAP(g.vp.fd, MSHV_CAP_VP_HVCALL);
	tables_long(&g);
	start_long(&g);
	EXPECT_EQ(HVX_TRANSLATE_GPA_UNMAPPED, raw_result(&g, DATA_GVA_LONG));
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, 0));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_SUCCESS, g.result.code);
	EXPECT_EQ(DATA_GPA, g.gpa);
	EXPECT_EQ(HVX_TRANSLATE_SUCCESS, raw_result(&g, DATA_GVA_LONG));
	guest_free(&g);
}

/* Never touched by anyone: no memory, no translation. */
TEST(tables_not_there)
{
	struct guest g;

	if (!guest_init(&g))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	start_long(&g);
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, 0));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_PAGE_NOT_PRESENT, g.result.code);
	/* outside of all memory: that is the VMM's to hear */
	vp_set(&g.vp, HVX_REG_CR3, 64 * MIB);
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, 0));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_GPA_UNMAPPED, g.result.code);
	guest_free(&g);
}

/* Taken away again, with their contents or without */
TEST(tables_discarded)
{
	struct guest g;

	if (!guest_init(&g))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	tables_long(&g);
	start_long(&g);
	EXPECT_TRUE(guest_agrees(&g, DATA_GVA_LONG + 0x123));
	ASSERT_EQ(0, madvise(g.tables, TABLES_SIZE, MADV_DONTNEED));
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, 0));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_PAGE_NOT_PRESENT, g.result.code);
	tables_long(&g);
	EXPECT_TRUE(guest_agrees(&g, DATA_GVA_LONG + 0x123));
	guest_free(&g);
}

static int tables_file(void)
{
	int fd = memfd_create("tables", 0);

	REQUIRE(fd >= 0, "memfd_create");
	REQUIRE(!ftruncate(fd, TABLES_SIZE), "ftruncate");
	return fd;
}

TEST(tables_in_a_file)
{
	int fd = tables_file();
	unsigned int i;
	struct guest g;

	if (!guest_init_fd(&g, fd, MAP_RWX))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	tables_long(&g);
	start_long(&g);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, madvise(g.tables, TABLES_SIZE, MADV_DONTNEED));
		EXPECT_EQ(HVX_TRANSLATE_GPA_UNMAPPED, raw_result(&g, DATA_GVA_LONG));
		EXPECT_EQ(0, translate(&g, DATA_GVA_LONG + 0x123, FLAG_READ | FLAG_SET_BITS));
		EXPECT_EQ(MSHV_TRANSLATE_GVA_SUCCESS, g.result.code);
		EXPECT_EQ(DATA_GPA + 0x123, g.gpa);
	}
	EXPECT_EQ(ACCESSED, *entry(&g, HIGH, 0) & (ACCESSED | DIRTY));
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, FLAG_WRITE | FLAG_SET_BITS));
	EXPECT_EQ(ACCESSED | DIRTY, *entry(&g, HIGH, 0) & (ACCESSED | DIRTY));
	/* the end of the file: there is no page to be had */
	ASSERT_EQ(0, ftruncate(fd, 0));
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, 0));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_GPA_UNMAPPED, g.result.code);
	guest_free(&g);
	close(fd);
}

/* Tables that the guest may read only: no bits can be set in them. */
TEST(tables_read_only)
{
	struct guest g;

	if (!guest_init_fd(&g, -1, MAP_RX))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	tables_long(&g);
	start_long(&g);
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, FLAG_READ));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_SUCCESS, g.result.code);
	EXPECT_EQ(DATA_GPA, g.gpa);
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, FLAG_READ | FLAG_SET_BITS));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_NO_WRITE_ACCESS, g.result.code);
	guest_free(&g);
}

/* Tables that the VMM itself cannot write to at the moment */
TEST(tables_write_protected)
{
	struct guest g;

	if (!guest_init(&g))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	tables_long(&g);
	start_long(&g);
	ASSERT_EQ(0, mprotect(g.tables, TABLES_SIZE, PROT_READ));
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, FLAG_READ));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_SUCCESS, g.result.code);
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, FLAG_READ | FLAG_SET_BITS));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_NO_WRITE_ACCESS, g.result.code);
	/* and then again: mapped for reading, it becomes writable by a fault */
	ASSERT_EQ(0, mprotect(g.tables, TABLES_SIZE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, FLAG_READ | FLAG_SET_BITS));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_SUCCESS, g.result.code);
	guest_free(&g);
}

struct discarder {
	u8 *mem;
	bool stop;
	unsigned long count;
};

static void *discard(void *arg)
{
	struct discarder *d = arg;

	while (!READ_ONCE(d->stop)) {
		madvise(d->mem, TABLES_SIZE, MADV_DONTNEED);
		d->count++;
	}
	return NULL;
}

/* They come and go all the time: it ends, well or with EBUSY. */
TEST(tables_come_and_go)
{
	struct discarder d = { 0 };
	unsigned int i, good = 0;
	pthread_t thread;
	struct guest g;
	int fd = tables_file();
	u64 start;
	int ret;

	if (!guest_init_fd(&g, fd, MAP_RWX))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	tables_long(&g);
	start_long(&g);
	d.mem = g.tables;
	ASSERT_EQ(0, pthread_create(&thread, NULL, discard, &d));
	start = now_us();
	for (i = 0; i < 200 && now_us() - start < 10000000; i++) {
		ret = translate(&g, DATA_GVA_LONG, FLAG_READ | FLAG_SET_BITS);
		EXPECT_TRUE(ret == -EBUSY || (!ret && !g.result.code && g.gpa == DATA_GPA))
			TH_LOG("%d, result %u", ret, g.result.code);
		good += !ret;
	}
	WRITE_ONCE(d.stop, true);
	pthread_join(thread, NULL);
	EXPECT_LT(0, good);
	EXPECT_LT(0, d.count);
	TH_LOG("%u of %u, against %lu times", good, i, d.count);
	guest_free(&g);
}

/* Memory that a userfaultfd is to provide, and nobody does */
static int uffd_start(void *mem, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)mem, size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		return -errno;
	REQUIRE(!ioctl(fd, UFFDIO_API, &api), "UFFDIO_API");
	REQUIRE(!ioctl(fd, UFFDIO_REGISTER, &reg), "UFFDIO_REGISTER");
	return fd;
}

static int translate_for_ever(void *arg)
{
	struct guest g;

	guest_init(&g);
	start_long(&g);
	if (uffd_start(g.tables, TABLES_SIZE) < 0)
		return 77;
	translate(&g, DATA_GVA_LONG, 0);
	return 1;
}

TEST(killed_while_waiting)
{
	struct accounts before;
	u64 start;
	pid_t pid;
	int ret;

	if (ctl_present())
		accounts_read(&before);
	pid = child_start(translate_for_ever, NULL);
	usleep(700000);
	start = now_us();
	kill(pid, SIGKILL);
	ret = child_wait(pid);
	if (ret == 77)
		SKIP(return, "no userfaultfd");
	EXPECT_EQ(-SIGKILL, ret);
	EXPECT_GT(5000000, now_us() - start);
	if (ctl_present())
		EXPECT_EQ(0, accounts_open(&before));
}

/* A signal is as good, when it has a handler. */
TEST(interrupted_while_waiting)
{
	struct guest g;
	int fd;

	if (!guest_init(&g))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	start_long(&g);
	fd = uffd_start(g.tables, TABLES_SIZE);
	if (fd < 0)
		SKIP(return, "no userfaultfd");
	signal_catch(SIGALRM);
	alarm_us(200000, 100000);
	EXPECT_EQ(-EINTR, translate(&g, DATA_GVA_LONG, 0));
	alarm_us(0, 0);
	close(fd);
	EXPECT_EQ(0, translate(&g, DATA_GVA_LONG, 0));
	guest_free(&g);
}

TEST(arguments)
{
	u8 *page = guard_page();
	struct guest g;
	unsigned int i;
	u64 flags;

	if (!guest_init(&g))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	tables_long(&g);
	start_long(&g);
	for (i = MSHV_TRANSLATE_GVA_BIT_COUNT; i < 64; i++)
		EXPECT_EQ(-EINVAL, translate(&g, 0, BIT(i)))
			TH_LOG("flag %u", i);
	EXPECT_EQ(-EINVAL, translate(&g, 0, FLAG_USER | FLAG_SUPERVISOR));
	flags = BIT(MSHV_TRANSLATE_GVA_BIT_ENFORCE_SMAP) |
		BIT(MSHV_TRANSLATE_GVA_BIT_OVERRIDE_SMAP);
	EXPECT_EQ(-EINVAL, translate(&g, 0, flags));
	EXPECT_EQ(-EFAULT, vp_translate(g.vp.fd, 0, 0, NULL, &g.gpa));
	EXPECT_EQ(-EFAULT, vp_translate(g.vp.fd, 0, 0, &g.result, NULL));
	EXPECT_EQ(-EFAULT, vp_translate(g.vp.fd, 0, 0, (void *)(page + PAGE - 7), &g.gpa));
	EXPECT_EQ(-EFAULT, vp_translate(g.vp.fd, 0, 0, &g.result, (void *)(page + PAGE - 7)));
	EXPECT_EQ(-EFAULT, xioctl(g.vp.fd, MSHV_VP_TRANSLATE_GVA, (void *)8));
	if (ctl_present()) {
		ctl_fault(HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS, 1, HVX_STATUS_ACCESS_DENIED, 1);
		EXPECT_EQ(-EACCES, translate(&g, 0, 0));
		ctl_reset();
	}
	EXPECT_EQ(0, translate(&g, 0, 0));
	close(g.vm.fd);
	EXPECT_EQ(-ESHUTDOWN, translate(&g, 0, 0));
}

TEST_HARNESS_MAIN
