// SPDX-License-Identifier: GPL-2.0
/*
 * Calls by chance: every ioctl of every file with arguments that are right, nearly
 * right, or nonsense, between calls that take away what they are about: close, dup,
 * mmap, munmap, madvise, signals. From several processes, each of which has several
 * partitions with several VPs, and a thread that runs these. Whatever they do,
 * the kernel has nothing to say about it, all is given back, and the driver works.
 *
 * Environment: MSHV_FUZZ_CALLS, the number in all, and MSHV_FUZZ_SEED to have the same
 * calls again; only threads are not in step then. make check-fuzz makes many, and
 * compares the errors with those that are documented.
 *
 * Where the kernel has KCOV and the driver was built for it, what the calls reach guides
 * them: a call that took a way through the driver which none had taken is kept, and made
 * again with changes. Then a seed does not give the same calls. MSHV_FUZZ_BLIND=1 only
 * counts the ways. Orders of calls are not learned: syzkaller does that, with the
 * description in tools/testing/mshv/syzkaller.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * D70, D106: calls
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "mshv_fuzz.h"
#include "mshv_irq.h"
#include "kselftest_harness.h"

const char *test_ours = "end to the memory that a call can deposit";

#define NR_PROCESSES	3
#define AREA_GAP	(4 * MIB)	/* nothing is mapped there */
#define DEFAULT_CALLS	12000
/* From so many calls on each ioctl has to have succeeded. */
#define ENOUGH_CALLS	10000
/* Old files go, so that there are some that work. */
#define RENEW		300
/* Calls that are kept, and what of them: arguments, and what they point to */
#define MAX_KEPT	1024
#define KEPT_SIZE	(2 * PAGE)
/* Far from all else, so that a pointer with a wrong bit points there, or nowhere. */
#define BLOCK		(1ULL << 44)

/*
 * Of all processes
 */

static struct counters {
	u64 calls, ok;
} *counters;

/**
 * struct reach - the ways through the driver
 * @guides: they decide about the calls
 * @edges: from place to place
 * @nr_edges: their number
 * @nr_kept: of the calls, as far as they have a place; each is complete when @ready says so
 * @kept: calls that took a new way: row of the table, and the end of the memory for arguments
 */
static struct reach {
	bool guides;
	u64 edges[KCOV_EDGES / 64];
	u32 nr_edges, nr_kept;
	struct kept {
		bool ready;
		unsigned int row;
		u8 bytes[KEPT_SIZE];
	} kept[MAX_KEPT];
} *reach;

/* One of those that there are */
static int any_vp(struct fuzzer *f)
{
	unsigned int i, first = below(f, NR_PT * NR_VP);

	for (i = first; i < first + NR_PT * NR_VP; i++)
		if (f->vp[i / NR_VP % NR_PT][i % NR_VP] >= 0)
			return f->vp[i / NR_VP % NR_PT][i % NR_VP];
	return -1;
}

static int file_of(struct fuzzer *f, enum fuzz_on on)
{
	switch (on) {
	case ON_DEV:
		return f->dev;
	case ON_PT:
		return f->pt[below(f, NR_PT)];
	default:
		return any_vp(f);
	}
}

/* Puts a new file in a place, in which it takes over from another. */
static void take_over(int *place, int fd)
{
	int old = *place;

	WRITE_ONCE(*place, fd);
	if (old >= 0)
		close(old);
}

static void close_vps(struct fuzzer *f, unsigned int pt)
{
	unsigned int i;

	for (i = 0; i < NR_VP; i++)
		take_over(&f->vp[pt][i], -1);
}

/* Guests touch their memory and ring doorbells from any place in their code. */
GUEST_CODE(guest_busy, 64,
	   "1: mov $0x1000000, %ebx\n"
	   "mov %eax, (%rbx)\n"
	   "incl 0x20000\n"
	   "incl 0x300000\n"
	   "out %al, $0x80\n"
	   "jmp 1b\n");

/* A partition with a VP that can run */
static void renew(struct fuzzer *f, unsigned int i)
{
	struct vm vm = { .dev = f->dev, .ram = f->area };
	struct vp vp = { .vm = &vm };

	close_vps(f, i);
	vm.fd = partition_create(f->dev, PT_DEFAULT);
	take_over(&f->pt[i], vm.fd);
	if (vm.fd < 0 || partition_initialize(vm.fd) ||
	    region_map(vm.fd, 0, RAM_SIZE, f->area, MAP_RWX))
		return;
	vp.fd = vp_create(vm.fd, 0);
	take_over(&f->vp[i][0], vp.fd);
	if (vp.fd < 0)
		return;
	vm_write_code(&vm, GUEST_CODE_BASE, guest_busy);
	vp_try_setup(&vp, MODE_LONG, GUEST_CODE_BASE);
}

static void new_file(struct fuzzer *f, const struct fuzz_row *row, int fd, int parent)
{
	unsigned int i;

	switch (row->cmd) {
	case MSHV_CREATE_PARTITION:
		i = below(f, NR_PT);
		close_vps(f, i);
		take_over(&f->pt[i], fd);
		return;
	case MSHV_CREATE_VP:
		for (i = 0; i < NR_PT && f->pt[i] != parent; i++)
			;
		take_over(&f->vp[i % NR_PT][below(f, NR_VP)], fd);
		return;
	default:
		take_over(&f->stats[below(f, NR_STATS)], fd);
	}
}

static const struct fuzz_row *any_row(struct fuzzer *f)
{
	unsigned int i, at = 0;

	for (i = 0; i < fuzz_nr_rows; i++)
		at += fuzz_rows[i].weight;
	at = below(f, at);
	for (i = 0; at >= fuzz_rows[i].weight; i++)
		at -= fuzz_rows[i].weight;
	return &fuzz_rows[i];
}

/* A guest that could write to more than the area would be the end of this program. */
static void spare_program(struct fuzzer *f, struct mshv_user_mem_region *r)
{
	u64 start = (uintptr_t)f->area, end = start + AREA_SIZE + AREA_GAP;

	if (r->userspace_addr < start || r->userspace_addr > end ||
	    r->size > end - r->userspace_addr)
		r->flags &= ~BIT(MSHV_SET_MEM_BIT_WRITABLE);
}

/* Right up to a page's end, and below the one that results go to most often. */
static u8 *arg_place(struct fuzzer *f, const struct fuzz_row *row)
{
	return f->scratch + SCRATCH - PAGE - row->size;
}

static u8 *kept_place(struct fuzzer *f)
{
	return f->scratch + SCRATCH - KEPT_SIZE;
}

/* Another value in a place of a call that is made again; most often of its arguments */
static void change(struct fuzzer *f, const struct fuzz_row *row)
{
	size_t size = 1ULL << below(f, 4);
	u8 *p = arg_place(f, row), *end = p + row->size;
	u64 value = 0;

	if (!row->size || one_in(f, 4)) {
		p = f->scratch + SCRATCH - PAGE;
		end = p + 512;
	}
	if (end - p < size)
		return;
	p += below(f, (end - p) / size) * size;
	memcpy(&value, p, size);
	switch (below(f, 4)) {
	case 0:
		value = fuzz_any(f);
		break;
	case 1:
		value ^= 1ULL << below(f, 8 * size);
		break;
	case 2:
		value += below(f, 16) - 8;
		break;
	default:
		value = below(f, 64);
	}
	memcpy(p, &value, size);
}

/* One that is kept, with changes, or NULL: none is */
static const struct fuzz_row *call_again(struct fuzzer *f)
{
	u32 nr = READ_ONCE(reach->nr_kept);
	const struct kept *kept;
	const struct fuzz_row *row;
	unsigned int i;

	if (nr > MAX_KEPT)
		nr = MAX_KEPT;
	if (!nr)
		return NULL;
	kept = &reach->kept[below(f, nr)];
	if (!__atomic_load_n(&kept->ready, __ATOMIC_ACQUIRE))
		return NULL;
	memcpy(kept_place(f), kept->bytes, KEPT_SIZE);
	row = &fuzz_rows[kept->row];
	for (i = below(f, 4); i; i--)
		change(f, row);
	return row;
}

static const struct fuzz_row *call_anew(struct fuzzer *f)
{
	const struct fuzz_row *row = any_row(f);
	u8 *arg = arg_place(f, row);

	memset(arg, 0, row->size);
	row->fill(f, arg);
	if (row->size && one_in(f, 32))
		arg[below(f, row->size)] ^= 1U << below(f, 8);
	return row;
}

/* @bytes: before the call, which writes to some of them */
static void call_keep(struct fuzzer *f, const struct fuzz_row *row, const u8 *bytes)
{
	unsigned int news = kcov_end(&f->kcov, reach->edges);
	struct kept *kept;
	u32 nr;

	if (!news)
		return;
	__atomic_fetch_add(&reach->nr_edges, news, __ATOMIC_RELAXED);
	nr = __atomic_fetch_add(&reach->nr_kept, 1, __ATOMIC_RELAXED);
	if (nr >= MAX_KEPT)
		return;
	kept = &reach->kept[nr];
	kept->row = row - fuzz_rows;
	memcpy(kept->bytes, bytes, KEPT_SIZE);
	__atomic_store_n(&kept->ready, true, __ATOMIC_RELEASE);
}

static int call_traced(struct fuzzer *f, const struct fuzz_row *row, int fd, void *place)
{
	u8 bytes[KEPT_SIZE];
	int ret;

	if (f->kcov.fd < 0)
		return xioctl(fd, row->cmd, place);
	memcpy(bytes, kept_place(f), KEPT_SIZE);
	kcov_begin(&f->kcov);
	ret = xioctl(fd, row->cmd, place);
	call_keep(f, row, bytes);
	return ret;
}

static void call(struct fuzzer *f)
{
	const struct fuzz_row *row = NULL;
	void *place;
	int fd, ret;

	if (reach->guides && one_in(f, 2))
		row = call_again(f);
	if (!row)
		row = call_anew(f);
	place = arg_place(f, row);
	if (row->cmd == MSHV_SET_GUEST_MEMORY)
		spare_program(f, place);
	if (one_in(f, 48))
		place = row->cmd == MSHV_SET_GUEST_MEMORY ? NULL : fuzz_buffer(f, row->size);
	fd = file_of(f, one_in(f, 24) ? below(f, ON_VP + 1) : row->on);
	if (fd < 0)
		return;
	ret = call_traced(f, row, fd, place);
	__atomic_fetch_add(&counters[row - fuzz_rows].calls, 1, __ATOMIC_RELAXED);
	if (ret < 0)
		return;
	__atomic_fetch_add(&counters[row - fuzz_rows].ok, 1, __ATOMIC_RELAXED);
	if (row->cmd == MSHV_CREATE_PARTITION || row->cmd == MSHV_CREATE_VP ||
	    row->cmd == MSHV_GET_STATS_FD)
		new_file(f, row, ret, fd);
}

/*
 * What is no ioctl
 */

static void do_close(struct fuzzer *f)
{
	unsigned int i = below(f, NR_PT);

	switch (below(f, 8)) {
	case 0:
		take_over(&f->pt[i], -1);
		break;
	case 1:
		take_over(&f->events[below(f, NR_EVENTS)], event_create());
		break;
	case 2:
		take_over(&f->stats[below(f, NR_STATS)], -1);
		break;
	default:
		take_over(&f->vp[i][below(f, NR_VP)], -1);
	}
}

/* The file stays, whatever becomes of the other descriptor. */
static void do_dup(struct fuzzer *f)
{
	int fd = any_vp(f);

	if (fd < 0)
		return;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0)
		take_over(&f->vp[below(f, NR_PT)][below(f, NR_VP)], fd);
}

static void do_mmap(struct fuzzer *f)
{
	void **page = &f->pages[below(f, NR_PAGES)];
	int prot = fuzz_bits(f, 7), flags = one_in(f, 8) ? MAP_PRIVATE : MAP_SHARED;
	int fd = file_of(f, ON_VP);

	if (*page != MAP_FAILED)
		munmap(*page, PAGE);
	*page = MAP_FAILED;
	if (fd < 0)
		return;
	*page = mmap(NULL, PAGE * (one_in(f, 8) ? 2 : 1), prot & 7, flags, fd,
		     fuzz_number(f, 3) * PAGE);
}

/* The kernel's accesses fail where a program's would end it. */
static void do_touch(struct fuzzer *f)
{
	void *page = f->pages[below(f, NR_PAGES)];

	if (page == MAP_FAILED)
		return;
	if (one_in(f, 2) && getrandom(page, 1 + below(f, PAGE), 0) < 0)
		return;
	madvise(page, PAGE, below(f, 30));
	mprotect(page, PAGE, below(f, 8));
}

/* Behind the guests' backs */
static void do_memory(struct fuzzer *f)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
	};
	u64 page = below(f, AREA_SIZE / PAGE), n = 1 + below(f, one_in(f, 4) ? 1024 : 8);
	u8 *p = f->area + page * PAGE;

	if (page + n > AREA_SIZE / PAGE)
		n = AREA_SIZE / PAGE - page;
	switch (below(f, 4)) {
	case 0:
		/* without a hole in between: other memory could get there */
		if (mmap(p, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_FIXED | MAP_NORESERVE, -1, 0) != p)
			test_die(__FILE__, __LINE__, "mmap");
		break;
	case 1:
		mprotect(p, n * PAGE, one_in(f, 2) ? PROT_NONE : PROT_READ);
		mprotect(p, n * PAGE, PROT_READ | PROT_WRITE);
		break;
	default:
		madvise(p, n * PAGE, advice[below(f, ARRAY_SIZE(advice))]);
	}
}

static void do_signal(struct fuzzer *f)
{
	int fd = f->events[below(f, NR_EVENTS)];

	if (one_in(f, 2))
		event_signal(fd);
	else
		event_take(fd);
	pthread_kill(f->thread, SIGUSR1);
}

static void do_read(struct fuzzer *f)
{
	int fd = f->stats[below(f, NR_STATS)];

	if (fd >= 0 &&
	    pread(fd, fuzz_buffer(f, PAGE), fuzz_number(f, PAGE), fuzz_number(f, 4096)) < 0)
		lseek(fd, fuzz_any(f), SEEK_SET);
}

static void do_fork(struct fuzzer *f)
{
	pid_t pid;

	if (!one_in(f, 8))
		return;
	pid = fork();
	if (!pid)
		_exit(0);
	if (pid > 0)
		child_wait(pid);
}

static void (*const others[])(struct fuzzer *f) = {
	do_close, do_dup, do_mmap, do_touch, do_memory, do_memory, do_signal, do_signal, do_read,
	do_fork,
};

/*
 * Processes
 */

/* Runs what VPs there are; it has numbers of its own. */
static void *run_vps(void *arg)
{
	struct fuzzer *f = arg;
	struct mshv_run_vp run;
	u64 state = f->state ^ 0x9e3779b97f4a7c15ULL;
	int fd;

	/* Guests take all they can get; this is about the calls. */
	setpriority(PRIO_PROCESS, gettid(), 5);
	while (!READ_ONCE(f->stop)) {
		fd = READ_ONCE(f->vp[rnd(&state) % NR_PT][rnd(&state) % NR_VP]);
		/* it may be closed meanwhile, which the ioctl says of no file of ours */
		if (fd < 0 || ioctl(fd, MSHV_RUN_VP, &run))
			usleep(500);
	}
	return NULL;
}

/*
 * Waits do not last. A timer's signal would not do: it goes to one of the threads, which
 * may be the one that waits for the other.
 */
static void *tick(void *arg)
{
	struct fuzzer *f = arg;

	while (!READ_ONCE(f->stop)) {
		usleep(limit_us(5000));
		pthread_kill(f->self, SIGUSR1);
		pthread_kill(f->thread, SIGUSR1);
	}
	return NULL;
}

/*
 * A pointer with a wrong bit must not lead to this program's own data: the kernel would
 * write there, as it was asked to.
 */
static void *block_alloc(size_t size)
{
	void *p = mmap((void *)BLOCK, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	REQUIRE(p == (void *)BLOCK, "mmap");
	return p;
}

static void fuzzer_init(struct fuzzer *f, u64 state)
{
	unsigned int i;

	memset(f, -1, sizeof(*f));
	f->state = state;
	f->stop = false;
	f->dev = dev_open();
	for (i = 0; i < NR_EVENTS; i++)
		f->events[i] = event_create();
	f->area = block_alloc(AREA_SIZE + AREA_GAP + SCRATCH + 2 * PAGE);
	f->scratch = f->area + AREA_SIZE + AREA_GAP;
	f->readonly = f->scratch + SCRATCH + PAGE;
	REQUIRE(!mprotect(f->area + AREA_SIZE, AREA_GAP, PROT_NONE), "mprotect");
	REQUIRE(!mprotect(f->scratch + SCRATCH, PAGE, PROT_NONE), "mprotect");
	REQUIRE(!mprotect(f->readonly, PAGE, PROT_READ), "mprotect");
	f->self = pthread_self();
	f->thread = thread_start(run_vps, f);
	f->ticker = thread_start(tick, f);
}

struct job {
	u64 seed;
	unsigned int number;
	u64 calls;
};

static int process(void *arg)
{
	const struct job *job = arg;
	struct fuzzer f;
	u64 i;

	fuzzer_init(&f, (job->seed + job->number * 0x9e3779b97f4a7c15ULL) | 1);
	/* not in the threads: they need none, and would say nothing of one call */
	kcov_open(&f.kcov);
	for (i = 0; i < job->calls; i++) {
		if (i % RENEW == 0)
			renew(&f, i / RENEW % NR_PT);
		if (one_in(&f, 6))
			others[below(&f, ARRAY_SIZE(others))](&f);
		else
			call(&f);
	}
	WRITE_ONCE(f.stop, true);
	/* first the one that sends signals to the other */
	pthread_join(f.ticker, NULL);
	thread_stop(f.thread);
	return 0;
}

static void say(void)
{
	const struct fuzz_row *row;
	unsigned int i;

	for (i = 0; i < fuzz_nr_rows; i++) {
		row = &fuzz_rows[i];
		fprintf(stderr, "# %s of the %s: %llu calls, %llu of them right\n", row->name,
			row->on == ON_DEV ? "device" : row->on == ON_PT ? "partition" : "VP",
			(unsigned long long)counters[i].calls, (unsigned long long)counters[i].ok);
	}
	if (reach->nr_edges)
		fprintf(stderr, "# %u edges of the driver, %u calls that found them%s\n",
			reach->nr_edges, reach->nr_kept, reach->guides ? "" : ", blind");
}

static void *shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED, "mmap");
	return p;
}

FIXTURE(fuzz) {
	int unused;
};

FIXTURE_SETUP(fuzz)
{
}

FIXTURE_TEARDOWN(fuzz)
{
}

/* The number of calls ends it; the harness only what hangs. */
TEST_F_TIMEOUT(fuzz, calls, 86400)
{
	u64 total = environment("MSHV_FUZZ_CALLS", DEFAULT_CALLS);
	u64 seed = seed_from("MSHV_FUZZ_SEED");
	struct job jobs[NR_PROCESSES];
	unsigned int i, lines, splats;
	pid_t pids[NR_PROCESSES];
	struct accounts before;
	int klog, dev;
	struct guest g;

	TH_LOG("MSHV_FUZZ_SEED=%llu MSHV_FUZZ_CALLS=%llu", (unsigned long long)seed,
	       (unsigned long long)total);
	counters = shared(PAGE);
	reach = shared(sizeof(*reach));
	reach->guides = !environment("MSHV_FUZZ_BLIND", 0);
	klog = klog_open();
	accounts_read(&before);
	for (i = 0; i < NR_PROCESSES; i++) {
		jobs[i] = (struct job){ seed, i, total / NR_PROCESSES };
		pids[i] = child_start(process, &jobs[i]);
	}
	for (i = 0; i < NR_PROCESSES; i++)
		EXPECT_EQ(0, child_wait(pids[i]));
	say();
	dev = dev_open();
	for (i = 0; i < fuzz_nr_rows && total >= ENOUGH_CALLS; i++) {
		if (!cap(dev, fuzz_rows[i].cap))
			continue;
		EXPECT_NE(0, counters[i].ok)
			TH_LOG("%s", fuzz_rows[i].name);
	}
	close(dev);
	EXPECT_EQ(0, accounts_open(&before));
	guest_init_load(&g, guest_count);
	EXPECT_EQ(1, vp_run_out(&g.vp, 0x80));
	guest_free(&g);
	if (klog < 0)
		return;
	klog_count(klog, &lines, &splats);
	EXPECT_GT(20, lines);
	EXPECT_EQ(0, splats);
	close(klog);
}

TEST_HARNESS_MAIN
