// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_VP_TRANSLATE_GVA: it finds what the guest finds, in every mode, wherever
 * the guest's page tables are at the moment.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * B19: tables_not_mapped, tables_in_a_file
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

const u32 test_calls[] = { MSHV_CAP_TRANSLATE_GVA, 0 };

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

/* A guest with these tables, and what was last said of them. */
struct paged {
	struct guest g;
	u8 *tables;
	struct mshv_translate_gva_result result;
	u64 gpa;
};

/* Reads (EBX) and reports; the same bytes in every mode but real */
GUEST_CODE(guest_load, 32,
	   "mov (%ebx), %eax\n"
	   "out %eax, $0x80\n");

static void paged_init_fd(struct paged *p, int fd, u8 flags)
{
	guest_init(&p->g);
	p->tables = mmap(NULL, TABLES_SIZE, PROT_READ | PROT_WRITE,
			 fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	REQUIRE(p->tables != MAP_FAILED, "mmap");
	REQUIRE(!region_map(p->g.vm.fd, TABLES, TABLES_SIZE, p->tables, flags), "tables");
	*(u32 *)(p->g.vm.ram + DATA_GPA + 0x123) = 0xc0ffee;
}

static void paged_init(struct paged *p)
{
	paged_init_fd(p, -1, MAP_RWX);
}

static void paged_free(struct paged *p)
{
	guest_free(&p->g);
	munmap(p->tables, TABLES_SIZE);
}

static u64 *entry(struct paged *p, int table, unsigned int i)
{
	return (u64 *)(p->tables + table * PAGE) + i;
}

/* Four levels: the first 2 MiB one to one, the next page is DATA_GPA. */
static void tables_long(struct paged *p)
{
	unsigned int i;

	memset(p->tables, 0, TABLES_SIZE);
	*entry(p, PML4, 0) = TABLE(PDPT) | P | W | U;
	*entry(p, PDPT, 0) = TABLE(PD) | P | W | U;
	*entry(p, PD, 0) = TABLE(LOW) | P | W | U;
	*entry(p, PD, 1) = TABLE(HIGH) | P | W | U;
	for (i = 0; i < 512; i++)
		*entry(p, LOW, i) = i * PAGE | P | W | U;
	*entry(p, HIGH, 0) = DATA_GPA | P | W | U;
}

/* PAE: the same without the top level; its four entries have no rights. */
static void tables_pae(struct paged *p)
{
	tables_long(p);
	*entry(p, PDPT, 0) = TABLE(PD) | P;
}

/* Two levels of 1024 entries: 4 MiB one to one, the next page is DATA_GPA. */
static void tables_32(struct paged *p)
{
	u32 *pd = (u32 *)p->tables;
	unsigned int i;

	memset(p->tables, 0, TABLES_SIZE);
	pd[0] = TABLE(LOW) | P | W | U;
	pd[1] = TABLE(HIGH) | P | W | U;
	for (i = 0; i < 1024; i++)
		((u32 *)(p->tables + LOW * PAGE))[i] = i * PAGE | P | W | U;
	*(u32 *)(p->tables + HIGH * PAGE) = DATA_GPA | P | W | U;
}

static void start_long(struct paged *p)
{
	vp_load(&p->g.vp, MODE_LONG, guest_load);
	vp_set(&p->g.vp, HVX_REG_CR3, TABLE(PML4));
}

static int translate(struct paged *p, u64 gva, u64 flags)
{
	memset(&p->result, 0xff, sizeof(p->result));
	p->gpa = ~0ULL;
	return vp_translate(p->g.vp.fd, gva, flags, &p->result, &p->gpa);
}

static u32 guest_reads(struct paged *p, u64 gva)
{
	vp_set(&p->g.vp, HVX_REG_RBX, gva);
	vp_set(&p->g.vp, HVX_REG_RIP, GUEST_CODE_BASE);
	return vp_run_out(&p->g.vp, 0x80);
}

/* The translation is that of the guest: it reads what is there. */
static bool guest_agrees(struct paged *p, u64 gva)
{
	/* the hypervisor itself finds only tables that the guest has used */
	if (on_mainline())
		guest_reads(p, gva);
	if (translate(p, gva, FLAG_READ) || p->result.code || p->gpa + 4 > RAM_SIZE)
		return false;
	return guest_reads(p, gva) == *(u32 *)(p->g.vm.ram + p->gpa);
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
	struct paged p;

	paged_init(&p);
	vp_load(&p.g.vp, MODE_REAL, guest_load_real);
	*(u32 *)(p.g.vm.ram + 0x8123) = 0xbeef;
	EXPECT_TRUE(guest_agrees(&p, 0x8123));
	EXPECT_EQ(0x8123, p.gpa);
	paged_free(&p);
}

TEST(protected_mode_without_paging)
{
	struct paged p;

	paged_init(&p);
	vp_load(&p.g.vp, MODE_PROTECTED, guest_load);
	EXPECT_TRUE(guest_agrees(&p, DATA_GPA + 0x123));
	EXPECT_EQ(DATA_GPA + 0x123, p.gpa);
	paged_free(&p);
}

TEST(protected_mode)
{
	struct paged p;

	paged_init(&p);
	tables_32(&p);
	vp_load(&p.g.vp, MODE_PROTECTED, guest_load);
	vp_set(&p.g.vp, HVX_REG_CR3, TABLE(0));
	vp_set(&p.g.vp, HVX_REG_CR0, vp_get(&p.g.vp, HVX_REG_CR0) | CR0_PG);
	EXPECT_TRUE(guest_agrees(&p, DATA_GVA_32 + 0x123));
	EXPECT_EQ(DATA_GPA + 0x123, p.gpa);
	paged_free(&p);
}

TEST(pae_mode)
{
	struct paged p;

	paged_init(&p);
	tables_pae(&p);
	vp_load(&p.g.vp, MODE_PROTECTED, guest_load);
	vp_set(&p.g.vp, HVX_REG_CR3, TABLE(PDPT));
	vp_set(&p.g.vp, HVX_REG_CR4, CR4_PAE);
	vp_set(&p.g.vp, HVX_REG_CR0, vp_get(&p.g.vp, HVX_REG_CR0) | CR0_PG);
	EXPECT_TRUE(guest_agrees(&p, DATA_GVA_LONG + 0x123));
	EXPECT_EQ(DATA_GPA + 0x123, p.gpa);
	paged_free(&p);
}

TEST(long_mode)
{
	struct paged p;

	paged_init(&p);
	tables_long(&p);
	start_long(&p);
	EXPECT_TRUE(guest_agrees(&p, DATA_GVA_LONG + 0x123));
	EXPECT_EQ(DATA_GPA + 0x123, p.gpa);
	EXPECT_EQ(0, p.result.rsvd);
	EXPECT_EQ(0, p.result.overlay);
	EXPECT_TRUE(guest_agrees(&p, DATA_GPA + 0x123));
	/* not canonical, not present */
	EXPECT_EQ(0, translate(&p, BIT(60), FLAG_READ));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_PAGE_NOT_PRESENT, p.result.code);
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG + PAGE, FLAG_READ));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_PAGE_NOT_PRESENT, p.result.code);
	paged_free(&p);
}

TEST(rights)
{
	struct paged p;

	paged_init(&p);
	NEED_CAP(p.g.vm.dev, MSHV_CAP_TRANSLATE_GVA);
	tables_long(&p);
	*entry(&p, HIGH, 0) = DATA_GPA | P;
	start_long(&p);
	vp_set(&p.g.vp, HVX_REG_CR0, vp_get(&p.g.vp, HVX_REG_CR0) | CR0_WP);
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, FLAG_READ | FLAG_SUPERVISOR));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_SUCCESS, p.result.code);
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, FLAG_WRITE | FLAG_SUPERVISOR));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_PRIVILEGE_VIOLATION, p.result.code);
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, FLAG_READ | FLAG_USER));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_PRIVILEGE_VIOLATION, p.result.code);
	*entry(&p, HIGH, 0) = DATA_GPA | P | W | U | BIT(51);
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, FLAG_READ));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_INVALID_PTE_FLAGS, p.result.code);
	paged_free(&p);
}

/*
 * Page tables that are not mapped into the guest at the moment
 */

/* What the hypervisor itself says, by the raw call. */
static u32 raw_result(struct paged *p, u64 gva)
{
	struct hvx_in_translate_va in = { .gva_page = gva >> HVX_PAGE_SHIFT };
	struct hvx_out_translate_va out;
	int ret = hvcall(p->g.vp.fd, HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in), &out,
			 sizeof(out));

	REQUIRE(!ret, "TRANSLATE_VIRTUAL_ADDRESS: %d", ret);
	return out.result;
}

/* Never touched by the guest */
TEST(tables_not_mapped)
{
	struct paged p;

	paged_init(&p);
	NEED_CAP(p.g.vm.dev, MSHV_CAP_TRANSLATE_GVA);
	NEED_CAP(p.g.vp.fd, MSHV_CAP_VP_HVCALL);
	tables_long(&p);
	start_long(&p);
	EXPECT_EQ(HVX_TRANSLATE_GPA_UNMAPPED, raw_result(&p, DATA_GVA_LONG));
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, 0));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_SUCCESS, p.result.code);
	EXPECT_EQ(DATA_GPA, p.gpa);
	EXPECT_EQ(HVX_TRANSLATE_SUCCESS, raw_result(&p, DATA_GVA_LONG));
	paged_free(&p);
}

/* Never touched by anyone: no memory, no translation. */
TEST(tables_not_there)
{
	struct paged p;

	paged_init(&p);
	NEED_CAP(p.g.vm.dev, MSHV_CAP_TRANSLATE_GVA);
	start_long(&p);
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, 0));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_PAGE_NOT_PRESENT, p.result.code);
	/* outside of all memory: that is the VMM's to hear */
	vp_set(&p.g.vp, HVX_REG_CR3, 64 * MIB);
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, 0));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_GPA_UNMAPPED, p.result.code);
	paged_free(&p);
}

/* Taken away again, with their contents or without */
TEST(tables_discarded)
{
	struct paged p;

	paged_init(&p);
	NEED_CAP(p.g.vm.dev, MSHV_CAP_TRANSLATE_GVA);
	tables_long(&p);
	start_long(&p);
	EXPECT_TRUE(guest_agrees(&p, DATA_GVA_LONG + 0x123));
	ASSERT_EQ(0, madvise(p.tables, TABLES_SIZE, MADV_DONTNEED));
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, 0));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_PAGE_NOT_PRESENT, p.result.code);
	tables_long(&p);
	EXPECT_TRUE(guest_agrees(&p, DATA_GVA_LONG + 0x123));
	paged_free(&p);
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
	struct paged p;

	paged_init_fd(&p, fd, MAP_RWX);
	NEED_CAP(p.g.vm.dev, MSHV_CAP_TRANSLATE_GVA);
	NEED_CAP(p.g.vp.fd, MSHV_CAP_VP_HVCALL);
	tables_long(&p);
	start_long(&p);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, madvise(p.tables, TABLES_SIZE, MADV_DONTNEED));
		EXPECT_EQ(HVX_TRANSLATE_GPA_UNMAPPED, raw_result(&p, DATA_GVA_LONG));
		EXPECT_EQ(0, translate(&p, DATA_GVA_LONG + 0x123, FLAG_READ | FLAG_SET_BITS));
		EXPECT_EQ(MSHV_TRANSLATE_GVA_SUCCESS, p.result.code);
		EXPECT_EQ(DATA_GPA + 0x123, p.gpa);
	}
	EXPECT_EQ(ACCESSED, *entry(&p, HIGH, 0) & (ACCESSED | DIRTY));
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, FLAG_WRITE | FLAG_SET_BITS));
	EXPECT_EQ(ACCESSED | DIRTY, *entry(&p, HIGH, 0) & (ACCESSED | DIRTY));
	/* the end of the file: there is no page to be had */
	ASSERT_EQ(0, ftruncate(fd, 0));
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, 0));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_GPA_UNMAPPED, p.result.code);
	paged_free(&p);
	close(fd);
}

/* Tables that the guest may read only: no bits can be set in them. */
TEST(tables_read_only)
{
	struct paged p;

	paged_init_fd(&p, -1, MAP_RX);
	NEED_CAP(p.g.vm.dev, MSHV_CAP_TRANSLATE_GVA);
	tables_long(&p);
	start_long(&p);
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, FLAG_READ));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_SUCCESS, p.result.code);
	EXPECT_EQ(DATA_GPA, p.gpa);
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, FLAG_READ | FLAG_SET_BITS));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_NO_WRITE_ACCESS, p.result.code);
	paged_free(&p);
}

/* Tables that the VMM itself cannot write to at the moment */
TEST(tables_write_protected)
{
	struct paged p;

	paged_init(&p);
	NEED_CAP(p.g.vm.dev, MSHV_CAP_TRANSLATE_GVA);
	tables_long(&p);
	start_long(&p);
	ASSERT_EQ(0, mprotect(p.tables, TABLES_SIZE, PROT_READ));
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, FLAG_READ));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_SUCCESS, p.result.code);
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, FLAG_READ | FLAG_SET_BITS));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_NO_WRITE_ACCESS, p.result.code);
	/* and then again: mapped for reading, it becomes writable by a fault */
	ASSERT_EQ(0, mprotect(p.tables, TABLES_SIZE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, FLAG_READ | FLAG_SET_BITS));
	EXPECT_EQ(MSHV_TRANSLATE_GVA_SUCCESS, p.result.code);
	paged_free(&p);
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
	struct paged p;
	int fd = tables_file();
	u64 start;
	int ret;

	paged_init_fd(&p, fd, MAP_RWX);
	NEED_CAP(p.g.vm.dev, MSHV_CAP_TRANSLATE_GVA);
	tables_long(&p);
	start_long(&p);
	d.mem = p.tables;
	ASSERT_EQ(0, pthread_create(&thread, NULL, discard, &d));
	start = now_us();
	for (i = 0; i < 200 && now_us() - start < 10000000; i++) {
		ret = translate(&p, DATA_GVA_LONG, FLAG_READ | FLAG_SET_BITS);
		EXPECT_TRUE(ret == -EBUSY || (!ret && !p.result.code && p.gpa == DATA_GPA))
			TH_LOG("%d, result %u", ret, p.result.code);
		good += !ret;
	}
	WRITE_ONCE(d.stop, true);
	pthread_join(thread, NULL);
	EXPECT_LT(0, good);
	EXPECT_LT(0, d.count);
	TH_LOG("%u of %u, against %lu times", good, i, d.count);
	paged_free(&p);
}

/* Memory that a userfaultfd is to provide, and nobody does */
static int translate_for_ever(void *arg)
{
	struct paged p;

	paged_init(&p);
	start_long(&p);
	if (userfault_open(p.tables, TABLES_SIZE) < 0)
		return 77;
	translate(&p, DATA_GVA_LONG, 0);
	return 1;
}

TEST(killed_while_waiting)
{
	struct accounts before;
	u64 start;
	int dev = dev_open();
	pid_t pid;
	int ret;

	NEED_CAP(dev, MSHV_CAP_TRANSLATE_GVA);
	accounts_read(&before);
	pid = child_start(translate_for_ever, NULL);
	usleep(700000);
	start = now_us();
	kill(pid, SIGKILL);
	ret = child_wait(pid);
	if (ret == 77)
		SKIP(return, "no userfaultfd");
	EXPECT_EQ(-SIGKILL, ret);
	EXPECT_GT(limit_us(5000000), now_us() - start);
	EXPECT_EQ(0, accounts_open(&before));
	close(dev);
}

/* A signal is as good, when it has a handler. */
TEST(interrupted_while_waiting)
{
	struct paged p;
	int fd;

	paged_init(&p);
	NEED_CAP(p.g.vm.dev, MSHV_CAP_TRANSLATE_GVA);
	start_long(&p);
	fd = userfault_open(p.tables, TABLES_SIZE);
	if (fd < 0)
		SKIP(return, "no userfaultfd");
	signal_catch(SIGALRM);
	alarm_us(200000, 100000);
	EXPECT_EQ(-EINTR, translate(&p, DATA_GVA_LONG, 0));
	alarm_us(0, 0);
	close(fd);
	EXPECT_EQ(0, translate(&p, DATA_GVA_LONG, 0));
	paged_free(&p);
}

TEST(arguments)
{
	u8 *page = guard_page();
	struct paged p;
	unsigned int i;
	u64 flags;

	paged_init(&p);
	NEED_CAP(p.g.vm.dev, MSHV_CAP_TRANSLATE_GVA);
	tables_long(&p);
	start_long(&p);
	for (i = MSHV_TRANSLATE_GVA_BIT_COUNT; i < 64; i++)
		EXPECT_EQ(-EINVAL, translate(&p, 0, BIT(i)))
			TH_LOG("flag %u", i);
	EXPECT_EQ(-EINVAL, translate(&p, 0, FLAG_USER | FLAG_SUPERVISOR));
	flags = BIT(MSHV_TRANSLATE_GVA_BIT_ENFORCE_SMAP) |
		BIT(MSHV_TRANSLATE_GVA_BIT_OVERRIDE_SMAP);
	EXPECT_EQ(-EINVAL, translate(&p, 0, flags));
	EXPECT_EQ(-EFAULT, vp_translate(p.g.vp.fd, 0, 0, NULL, &p.gpa));
	EXPECT_EQ(-EFAULT, vp_translate(p.g.vp.fd, 0, 0, &p.result, NULL));
	EXPECT_EQ(-EFAULT, vp_translate(p.g.vp.fd, 0, 0, (void *)(page + PAGE - 7), &p.gpa));
	EXPECT_EQ(-EFAULT, vp_translate(p.g.vp.fd, 0, 0, &p.result, (void *)(page + PAGE - 7)));
	EXPECT_EQ(-EFAULT, xioctl(p.g.vp.fd, MSHV_VP_TRANSLATE_GVA, (void *)8));
	if (ctl_present()) {
		ctl_fault(HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS, 1, HVX_STATUS_ACCESS_DENIED, 1);
		EXPECT_EQ(-EACCES, translate(&p, 0, 0));
		ctl_reset();
	}
	EXPECT_EQ(0, translate(&p, 0, 0));
	close(p.g.vm.fd);
	EXPECT_EQ(-ESHUTDOWN, translate(&p, 0, 0));
}

TEST_HARNESS_MAIN
