// SPDX-License-Identifier: GPL-2.0
/*
 * The host takes memory from running guests, in all the ways that it has, and brings
 * it back. What is in it is what the guest expects, always.
 *
 * Environment: MSHV_PRESSURE_SECONDS for each test (default 3).
 */
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/swap.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

#define GPA		(16 * MIB)
#define NR_PAGES	256
#define SIZE		(NR_PAGES * PAGE)

#ifndef MADV_PAGEOUT
#define MADV_COLD	20
#define MADV_PAGEOUT	21
#endif

/* Counts rounds in which each page began with its own address; says so otherwise. */
GUEST_CODE(guest_compare, 64,
	   "1: mov $0x1000000, %ebx\n"
	   "2: cmp %rbx, (%rbx)\n"
	   "jne 3f\n"
	   "add $0x1000, %rbx\n"
	   "cmp $0x1100000, %rbx\n"
	   "jb 2b\n"
	   "incq 0x10000\n"
	   "jmp 1b\n"
	   "3: mov (%rbx), %rax\n"
	   "out %eax, $0x81\n");

/* Adds one to a word of each page, which all have to be the same. */
GUEST_CODE(guest_add, 64,
	   "xor %eax, %eax\n"
	   "1: mov $0x1000000, %ebx\n"
	   "2: cmp %rax, 8(%rbx)\n"
	   "jne 3f\n"
	   "incq 8(%rbx)\n"
	   "cmp %rbx, (%rbx)\n"
	   "jne 3f\n"
	   "add $0x1000, %rbx\n"
	   "cmp $0x1100000, %rbx\n"
	   "jb 2b\n"
	   "inc %rax\n"
	   "incq 0x10000\n"
	   "jmp 1b\n"
	   "3: mov (%rbx), %rax\n"
	   "out %eax, $0x81\n");

/**
 * struct pressed - a guest under pressure
 * @g: the guest
 * @mem: SIZE bytes at GPA
 * @thread: runs it
 * @stop: tells the threads to end
 * @wrong: it found something else
 * @error: of RUN_VP
 */
struct pressed {
	struct accounts before;
	struct guest g;
	u8 *mem;
	pthread_t thread;
	bool stop;
	bool wrong;
	int error;
};

static void *run(void *arg)
{
	struct pressed *p = arg;
	int ret;

	while (!READ_ONCE(p->stop)) {
		ret = vp_run(&p->g.vp);
		if (ret == -EINTR)
			continue;
		WRITE_ONCE(p->error, ret);
		WRITE_ONCE(p->wrong, !ret);
		if (!ret)
			msg_print(&p->g.vp.msg);
		break;
	}
	return NULL;
}

static void page_fill(u8 *page, unsigned int index)
{
	memset(page, 0, PAGE);
	*(u64 *)page = GPA + index * PAGE;
}

static void pressed_start(struct pressed *p)
{
	REQUIRE(!region_map(p->g.vm.fd, GPA, SIZE, p->mem, MAP_RWX), "map");
	p->thread = thread_start(run, p);
}

static void pressed_stop(struct pressed *p)
{
	WRITE_ONCE(p->stop, true);
	thread_stop(p->thread);
}

static u64 end_us(void)
{
	return now_us() + limit_us(environment("MSHV_PRESSURE_SECONDS", 3) * 1000000);
}

FIXTURE(pressure) {
	struct pressed p;
};

FIXTURE_SETUP(pressure)
{
	struct pressed *p = &self->p;

	memset(p, 0, sizeof(*p));
	accounts_read(&p->before);
	p->mem = mem_alloc(SIZE, PAGE);
	madvise(p->mem, SIZE, MADV_NOHUGEPAGE);
}

FIXTURE_TEARDOWN(pressure)
{
	munmap(self->p.mem, SIZE);
	EXPECT_EQ(0, accounts_open(&self->p.before));
}

static void expect_right(struct __test_metadata *_metadata, struct pressed *p)
{
	u64 rounds = guest_counter(&p->g);

	EXPECT_EQ(0, p->error);
	EXPECT_FALSE(p->wrong);
	EXPECT_LT(0, rounds);
	TH_LOG("%llu rounds of the guest", (unsigned long long)rounds);
	guest_free(&p->g);
}

/*
 * A userfaultfd brings pages that MADV_DONTNEED has taken
 */
struct pager {
	struct pressed *p;
	int uffd;
	bool last;	/* the next page is the last one to bring */
	u64 brought;
};

static void *bring(void *arg)
{
	struct pager *pager = arg;
	u8 *page = mem_alloc(PAGE, PAGE);
	struct uffdio_copy copy = { .src = (uintptr_t)page, .len = PAGE };
	struct uffd_msg msg;

	do {
		REQUIRE(read(pager->uffd, &msg, sizeof(msg)) == sizeof(msg), "userfaultfd");
		copy.dst = msg.arg.pagefault.address & ~(PAGE - 1);
		page_fill(page, (copy.dst - (uintptr_t)pager->p->mem) / PAGE);
		ioctl(pager->uffd, UFFDIO_COPY, &copy);
		WRITE_ONCE(pager->brought, pager->brought + 1);
	} while (!READ_ONCE(pager->last));
	return NULL;
}

TEST_F_TIMEOUT(pressure, userfault, 86400)
{
	struct pager pager = { .p = &self->p };
	u64 end, state = seed_from("MSHV_PRESSURE_SEED");
	unsigned int page, n;
	pthread_t thread;

	pager.uffd = userfault_open(self->p.mem, SIZE);
	if (pager.uffd < 0)
		SKIP(return, "no userfaultfd");
	guest_init_load(&self->p.g, guest_compare);
	thread = thread_start(bring, &pager);
	pressed_start(&self->p);
	/* on a slow machine until some have come twice */
	for (end = end_us(); now_us() < end || READ_ONCE(pager.brought) <= NR_PAGES;) {
		page = rnd(&state) % NR_PAGES;
		n = 1 + rnd(&state) % 8;
		n = page + n > NR_PAGES ? NR_PAGES - page : n;
		EXPECT_EQ(0, madvise(self->p.mem + page * PAGE, n * PAGE, MADV_DONTNEED));
		usleep(rnd(&state) % 1000);
	}
	/* with nothing taken any more a round comes to its end */
	guest_wait_running(&self->p.g);
	pressed_stop(&self->p);
	WRITE_ONCE(pager.last, true);
	EXPECT_EQ(0, madvise(self->p.mem, PAGE, MADV_DONTNEED));
	READ_ONCE(*self->p.mem);
	pthread_join(thread, NULL);
	close(pager.uffd);
	TH_LOG("%llu pages brought", (unsigned long long)pager.brought);
	EXPECT_LT(NR_PAGES, pager.brought);
	expect_right(_metadata, &self->p);
}

/*
 * Swap
 */
#define ZRAM		"/dev/zram0"
#define ZRAM_SIZE	"/sys/block/zram0/disksize"

/* Memory of the root as swap of its own, where nobody uses that yet */
static bool swap_on(void)
{
	struct {
		u8 boot[1024];
		u32 version, last_page, bad_pages;
		u8 rest[PAGE - 1024 - 12 - 10];
		char magic[10];
	} header = {
		.version = 1, .last_page = 64 * MIB / PAGE - 1,
	};
	int fd;

	if (file_write(ZRAM_SIZE, "64M"))
		return false;
	memcpy(header.magic, "SWAPSPACE2", sizeof(header.magic));
	fd = open(ZRAM, O_RDWR | O_CLOEXEC);
	REQUIRE(fd >= 0 && write(fd, &header, sizeof(header)) == sizeof(header), ZRAM);
	close(fd);
	REQUIRE(!swapon(ZRAM, 0), "swapon");
	return true;
}

static void swap_off(void)
{
	REQUIRE(!swapoff(ZRAM), "swapoff");
	REQUIRE(!file_write("/sys/block/zram0/reset", "1"), "reset");
}

static u64 swapped_out(void)
{
	return file_number("/proc/vmstat", "pswpout ");
}

TEST_F_TIMEOUT(pressure, swap, 86400)
{
	static const int advice[] = { MADV_PAGEOUT, MADV_PAGEOUT, MADV_COLD };
	u64 end, state = seed_from("MSHV_PRESSURE_SEED"), out;
	unsigned int i, page;
	bool ours;

	ours = !file_number("/proc/meminfo", "SwapTotal:");
	if (ours && !swap_on())
		SKIP(return, "no swap and no zram");
	for (i = 0; i < NR_PAGES; i++)
		page_fill(self->p.mem + i * PAGE, i);
	out = swapped_out();
	guest_init_load(&self->p.g, guest_add);
	pressed_start(&self->p);
	for (end = end_us(); now_us() < end;) {
		page = rnd(&state) % (NR_PAGES - 32);
		madvise(self->p.mem + page * PAGE, 32 * PAGE, advice[rnd(&state) % 3]);
		usleep(rnd(&state) % 2000);
	}
	guest_wait_running(&self->p.g);
	pressed_stop(&self->p);
	out = swapped_out() - out;
	TH_LOG("%llu pages written to swap", (unsigned long long)out);
	EXPECT_LT(0, out);
	expect_right(_metadata, &self->p);
	if (ours)
		swap_off();
}

/* Nothing of it may be lost either where there is no swap: fork, and what follows. */
TEST_F_TIMEOUT(pressure, copy_on_write, 86400)
{
	u64 end, forks = 0;
	unsigned int i;
	pid_t pid;

	for (i = 0; i < NR_PAGES; i++)
		page_fill(self->p.mem + i * PAGE, i);
	guest_init_load(&self->p.g, guest_add);
	pressed_start(&self->p);
	for (end = end_us(); now_us() < end; forks++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			/* the child's copy is the child's, and stays as it was */
			u64 first = *(u64 *)(self->p.mem + 8);

			memset(self->p.mem + PAGE, 0xff, SIZE - PAGE);
			usleep(2000);
			_exit(*(u64 *)(self->p.mem + 8) != first);
		}
		madvise(self->p.mem, SIZE, MADV_COLD);
		ASSERT_EQ(0, child_wait(pid));
	}
	guest_wait_running(&self->p.g);
	pressed_stop(&self->p);
	TH_LOG("%llu forks", (unsigned long long)forks);
	expect_right(_metadata, &self->p);
}

TEST_HARNESS_MAIN
