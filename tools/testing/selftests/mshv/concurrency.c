// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that meet: on the same object, from several threads, under signals.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A30: use_before_create_returns
 * C1: many_threads_create_partitions
 * D40: discard_while_mapping
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

#define TEST_GPA	(256 * MIB)
#define TIME_US		2000000

/* Threads go on until this is set. */
static bool stop;

struct shared {
	struct guest g;
	u8 *mem;
};

static void shared_init(struct shared *s)
{
	WRITE_ONCE(stop, false);
	guest_init_vps(&s->g, 2);
	s->mem = mem_alloc(64 * PAGE, PAGE);
	signal_catch(SIGUSR1);
}

static void shared_free(struct shared *s)
{
	guest_free(&s->g);
	munmap(s->mem, 64 * PAGE);
}

/* All go on for that long: until the guest has come by, if that takes longer. */
static void go_on(const struct guest *g, u64 us)
{
	u64 last = guest_counter(g), end = now_us() + limit_us(20000000);

	usleep(us);
	while (guest_counter(g) == last && now_us() < end)
		usleep(1000);
}

/* All threads are to stop, and this one has. */
static void stop_thread(pthread_t thread)
{
	WRITE_ONCE(stop, true);
	thread_stop(thread);
}

/* Whoever runs a VP is interrupted for a while; then less often, until the guest has run. */
static void kick(pthread_t thread, const struct guest *g)
{
	u64 now = now_us(), soon = now + TIME_US, end = now + limit_us(20000000);

	while (now < soon || (!guest_counter(g) && now < end)) {
		usleep(now < soon ? 1000 : limit_us(20000));
		pthread_kill(thread, SIGUSR1);
		now = now_us();
	}
}

/* Threads of which each returns how often it did what it does: all together. */
static long stop_threads(const pthread_t *threads, unsigned int nr)
{
	long sum = 0;
	void *ret;

	WRITE_ONCE(stop, true);
	while (nr--) {
		pthread_join(threads[nr], &ret);
		sum += (long)ret;
	}
	return sum;
}

/* Writes a word of each of 64 pages, again and again, and counts them. */
GUEST_CODE(guest_walk, 64,
	   "1: mov $0x10000000, %ebx\n"
	   "2: incl (%rbx)\n"
	   "incq 0x10000\n"
	   "add $0x1000, %rbx\n"
	   "cmp $0x10040000, %rbx\n"
	   "jb 2b\n"
	   "jmp 1b\n");

/* A VMM's run loop for which memory that is not there now will be back. */
static void *run_loop(void *arg)
{
	struct vp *vp = arg;
	int ret;

	while (!READ_ONCE(stop)) {
		ret = vp_run(vp);
		if (ret == -EINTR)
			continue;
		REQUIRE(!ret, "RUN_VP: %d", ret);
		REQUIRE(vp->msg.type == HVX_MSG_UNMAPPED_GPA ||
			vp->msg.type == HVX_MSG_GPA_INTERCEPT, "message %#x", vp->msg.type);
		REQUIRE(vp_memory(vp)->gpa >= TEST_GPA &&
			vp_memory(vp)->gpa < TEST_GPA + 64 * PAGE, "another address");
	}
	return NULL;
}

static void *map_loop(void *arg)
{
	struct shared *s = arg;

	while (!READ_ONCE(stop)) {
		int ret = region_map(s->g.vm.fd, TEST_GPA, 64 * PAGE, s->mem, MAP_RWX);

		REQUIRE(!ret, "map: %d", ret);
		usleep(1000);
		ret = region_unmap(s->g.vm.fd, TEST_GPA, 64 * PAGE, s->mem);
		REQUIRE(!ret, "unmap: %d", ret);
	}
	return NULL;
}

TEST(map_and_unmap_while_running)
{
	struct accounts before;
	pthread_t run, map;
	struct shared s;
	int ret;

	accounts_read(&before);
	shared_init(&s);
	vp_load(&s.g.vps[0], MODE_LONG, guest_walk);
	run = thread_start(run_loop, &s.g.vps[0]);
	map = thread_start(map_loop, &s);
	go_on(&s.g, TIME_US);
	stop_thread(map);
	stop_thread(run);
	EXPECT_LT(0, guest_counter(&s.g));
	/* unmapped is unmapped: after that the guest changes nothing there */
	ret = region_map(s.g.vm.fd, TEST_GPA, 64 * PAGE, s.mem, MAP_RWX);
	EXPECT_EQ(0, ret);
	shared_free(&s);
	EXPECT_EQ(0, accounts_open(&before));
}

/* A page may be used for something else as soon as its unmapping returned. */
TEST(no_write_after_unmap)
{
	u32 *word;
	struct shared s;
	pthread_t run;
	u32 value;
	int i;

	shared_init(&s);
	word = (void *)s.mem;
	vp_load(&s.g.vps[0], MODE_LONG, guest_walk);
	run = thread_start(run_loop, &s.g.vps[0]);
	for (i = 0; i < 60; i++) {
		ASSERT_EQ(0, region_map(s.g.vm.fd, TEST_GPA, 64 * PAGE, s.mem, MAP_RWX));
		go_on(&s.g, 10000);
		ASSERT_EQ(0, region_unmap(s.g.vm.fd, TEST_GPA, 64 * PAGE, s.mem));
		value = READ_ONCE(*word);
		usleep(5000);
		ASSERT_EQ(value, READ_ONCE(*word));
	}
	EXPECT_LT(0, READ_ONCE(*word));
	stop_thread(run);
	shared_free(&s);
}

/*
 * On one CPU the guest needs time of the host's: where the hypervisor schedules, the
 * pages that a fault brought would be gone again before the VP has its turn.
 */
static void host_rests(void)
{
	if (cpus_online() < 2)
		usleep(20000);
}

static void *discard_loop(void *arg)
{
	struct shared *s = arg;
	unsigned int i = 0;

	while (!READ_ONCE(stop)) {
		madvise(s->mem + (i % 60) * PAGE, (1 + i % 4) * PAGE, MADV_DONTNEED);
		mprotect(s->mem, 64 * PAGE, PROT_READ);
		mprotect(s->mem, 64 * PAGE, PROT_READ | PROT_WRITE);
		i++;
		host_rests();
	}
	return NULL;
}

/* The host's memory management at work below a guest on both VPs. */
TEST(discard_while_running)
{
	struct accounts before;
	pthread_t run[2], discard;
	struct shared s;

	accounts_read(&before);
	shared_init(&s);
	if (!cap(s.g.vm.fd, MSHV_CAP_MOVABLE_MEMORY))
		SKIP(return, "no MSHV_CAP_MOVABLE_MEMORY");
	ASSERT_EQ(0, region_map(s.g.vm.fd, TEST_GPA, 64 * PAGE, s.mem, MAP_RWX));
	vp_load(&s.g.vps[1], MODE_LONG, guest_walk);
	vp_load(&s.g.vps[0], MODE_LONG, guest_walk);
	run[0] = thread_start(run_loop, &s.g.vps[0]);
	run[1] = thread_start(run_loop, &s.g.vps[1]);
	discard = thread_start(discard_loop, &s);
	go_on(&s.g, TIME_US);
	stop_thread(discard);
	stop_thread(run[0]);
	stop_thread(run[1]);
	EXPECT_LT(0, guest_counter(&s.g));
	shared_free(&s);
	EXPECT_EQ(0, accounts_open(&before));
}

/* The same while regions come and go. */
TEST(discard_while_mapping)
{
	pthread_t run, map, discard;
	struct accounts before;
	struct shared s;

	accounts_read(&before);
	shared_init(&s);
	vp_load(&s.g.vp, MODE_LONG, guest_walk);
	run = thread_start(run_loop, &s.g.vp);
	map = thread_start(map_loop, &s);
	discard = thread_start(discard_loop, &s);
	go_on(&s.g, TIME_US);
	stop_thread(discard);
	stop_thread(map);
	stop_thread(run);
	EXPECT_LT(0, guest_counter(&s.g));
	shared_free(&s);
	EXPECT_EQ(0, accounts_open(&before));
}

static void *fork_loop(void *arg)
{
	while (!READ_ONCE(stop)) {
		pid_t pid = fork();

		REQUIRE(pid >= 0, "fork");
		if (!pid)
			_exit(0);
		child_wait(pid);
		host_rests();
	}
	return NULL;
}

/* What the guest writes is never lost to a copy of a child's. */
TEST(fork_while_running)
{
	pthread_t run, forks;
	struct shared s;

	shared_init(&s);
	if (!cap(s.g.vm.fd, MSHV_CAP_MOVABLE_MEMORY))
		SKIP(return, "no MSHV_CAP_MOVABLE_MEMORY");
	ASSERT_EQ(0, region_map(s.g.vm.fd, TEST_GPA, 64 * PAGE, s.mem, MAP_RWX));
	vp_load(&s.g.vps[0], MODE_LONG, guest_walk);
	run = thread_start(run_loop, &s.g.vps[0]);
	forks = thread_start(fork_loop, NULL);
	usleep(TIME_US);
	stop_thread(forks);
	stop_thread(run);
	/* each round increments each page: the words are equal but for one */
	EXPECT_LT(0, *(u32 *)s.mem);
	EXPECT_LE(*(u32 *)s.mem - 1, *(u32 *)(s.mem + 63 * PAGE));
	EXPECT_GE(*(u32 *)s.mem, *(u32 *)(s.mem + 63 * PAGE));
	EXPECT_LE(guest_counter(&s.g), 64 * *(u32 *)s.mem);
	/* the last one that was incremented need not be counted yet */
	EXPECT_GE(guest_counter(&s.g) + 1, 64 * *(u32 *)(s.mem + 63 * PAGE));
	shared_free(&s);
}

static void *vp_loop(void *arg)
{
	struct shared *s = arg;
	unsigned long made = 0;

	while (!READ_ONCE(stop)) {
		int fd = vp_create(s->g.vm.fd, 7);

		REQUIRE(fd >= 0 || fd == -EEXIST, "CREATE_VP: %d", fd);
		if (fd >= 0) {
			made++;
			close(fd);
		}
	}
	return (void *)made;
}

/* Two threads for one index: the one has it or the other. */
TEST(create_the_same_vp)
{
	pthread_t threads[3];
	struct accounts before;
	struct shared s;
	unsigned int i;
	long made;

	accounts_read(&before);
	shared_init(&s);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		threads[i] = thread_start(vp_loop, &s);
	usleep(TIME_US);
	made = stop_threads(threads, ARRAY_SIZE(threads));
	EXPECT_LT(0, made);
	shared_free(&s);
	EXPECT_EQ(0, accounts_open(&before));
}

struct guess {
	int fd;
};

/* Uses a descriptor that another thread is about to get. */
static void *guess_loop(void *arg)
{
	struct guess *g = arg;
	struct mshv_vp_registers regs = { 0 };
	struct mshv_run_vp run;

	while (!READ_ONCE(stop)) {
		xioctl(g->fd, MSHV_GET_VP_REGISTERS, &regs);
		xioctl(g->fd, MSHV_INITIALIZE_PARTITION, NULL);
		if (xioctl(g->fd, MSHV_RUN_VP, &run) == -EFAULT)
			REQUIRE(0, "RUN_VP of a VP that is not complete");
		mmap(NULL, PAGE, PROT_READ, MAP_SHARED, g->fd, 0);
	}
	return NULL;
}

TEST(use_before_create_returns)
{
	struct guess guess;
	struct shared s;
	pthread_t thread;
	u64 start;
	int pt, vp;

	shared_init(&s);
	guess.fd = open("/dev/null", O_RDONLY);
	ASSERT_LE(0, guess.fd);
	close(guess.fd);
	thread = thread_start(guess_loop, &guess);
	start = now_us();
	while (now_us() - start < TIME_US) {
		pt = partition_create(s.g.vm.dev, PT_DEFAULT);
		ASSERT_LE(0, pt);
		close(pt);
		vp = vp_create(s.g.vm.fd, 9);
		/* a guest of an earlier round may be running on its mapping */
		if (vp >= 0)
			close(vp);
		else
			ASSERT_EQ(-EEXIST, vp);
		pthread_kill(thread, SIGUSR1);
	}
	stop_thread(thread);
	shared_free(&s);
}

static void *run_short(void *arg)
{
	struct vp *vp = arg;
	struct mshv_run_vp run;
	long runs = 0;

	while (!READ_ONCE(stop)) {
		int ret = xioctl(vp->fd, MSHV_RUN_VP, &run);

		REQUIRE(ret == -EINTR, "RUN_VP: %d", ret);
		runs++;
	}
	return (void *)runs;
}

/* Two threads, one VP: one of them runs it, the other waits and can be woken. */
TEST(run_the_same_vp)
{
	pthread_t threads[2];
	struct shared s;
	u64 start;

	shared_init(&s);
	vp_load(&s.g.vps[0], MODE_LONG, guest_spin);
	threads[0] = thread_start(run_short, &s.g.vps[0]);
	threads[1] = thread_start(run_short, &s.g.vps[0]);
	start = now_us();
	while (now_us() - start < TIME_US) {
		usleep(5000);
		pthread_kill(threads[0], SIGUSR1);
		usleep(5000);
		pthread_kill(threads[1], SIGUSR1);
	}
	stop_thread(threads[0]);
	stop_thread(threads[1]);
	EXPECT_LT(0, guest_counter(&s.g));
	shared_free(&s);
}

static void *read_registers(void *arg)
{
	struct vp *vp = arg;
	struct hvx_register regs[2] = { { .name = HVX_REG_RIP }, { .name = HVX_REG_RBX } };
	int ret;

	while (!READ_ONCE(stop)) {
		ret = vp_get_regs(vp->fd, regs, 2);
		REQUIRE(!ret, "GET_VP_REGISTERS: %d", ret);
		REQUIRE(regs[1].value.u64 == 0x1234, "another RBX");
		REQUIRE(regs[0].value.u64 >= GUEST_CODE_BASE &&
			regs[0].value.u64 < GUEST_CODE_BASE + 16, "RIP");
	}
	return NULL;
}

/* Register calls from another thread get their turn between two runs. */
TEST(registers_between_runs)
{
	pthread_t run, read;
	struct shared s;

	shared_init(&s);
	vp_load(&s.g.vps[0], MODE_LONG, guest_spin);
	vp_set(&s.g.vps[0], HVX_REG_RBX, 0x1234);
	run = thread_start(run_short, &s.g.vps[0]);
	read = thread_start(read_registers, &s.g.vps[0]);
	kick(run, &s.g);
	stop_thread(run);
	stop_thread(read);
	shared_free(&s);
}

/* State calls by way of the VP's file wait for their turn; by way of the partition's, no. */
static void *read_state(void *arg)
{
	struct vp *vp = arg;
	struct mshv_get_set_vp_state state = {
		.type = MSHV_VP_STATE_LAPIC,
		.buf_sz = PAGE,
		.buf_ptr = (uintptr_t)mem_alloc(PAGE, PAGE),
	};
	long reads = 0;
	int ret;

	while (!READ_ONCE(stop)) {
		state.buf_sz = PAGE;
		ret = xioctl(vp->fd, MSHV_GET_VP_STATE, &state);
		REQUIRE(!ret, "GET_VP_STATE: %d", ret);
		reads++;
	}
	return (void *)reads;
}

static void *read_by_hypercall(void *arg)
{
	struct vp *vp = arg;
	const u32 name = HVX_REG_RBX;
	union hvx_value value;
	long reads = 0;
	int ret;

	while (!READ_ONCE(stop)) {
		ret = hv_get_regs(vp->vm->fd, vp->index, &name, &value, 1);
		REQUIRE(!ret || ret == -EBUSY, "hypercall: %d", ret);
		REQUIRE(ret || value.u64 == 0x1234, "another RBX");
		reads += !ret;
	}
	return (void *)reads;
}

TEST(state_between_runs)
{
	pthread_t run, state = 0, hypercall = 0;
	void *states = NULL;
	struct shared s;

	shared_init(&s);
	vp_load(&s.g.vps[0], MODE_LONG, guest_spin);
	vp_set(&s.g.vps[0], HVX_REG_RBX, 0x1234);
	run = thread_start(run_short, &s.g.vps[0]);
	if (cap(s.g.vm.fd, MSHV_CAP_VP_STATE_LAPIC))
		state = thread_start(read_state, &s.g.vps[0]);
	if (cap(s.g.vm.fd, MSHV_CAP_PARTITION_HVCALL))
		hypercall = thread_start(read_by_hypercall, &s.g.vps[0]);
	kick(run, &s.g);
	stop_thread(run);
	if (hypercall)
		stop_thread(hypercall);
	if (state) {
		pthread_join(state, &states);
		EXPECT_LT(0, (long)states);
	}
	EXPECT_LT(0, guest_counter(&s.g));
	shared_free(&s);
}

/* A partition whose file is closed while VPs are being created in it. */
struct closing {
	int dev;
	int pt;
	long made, closed;
};

static void *open_and_close(void *arg)
{
	struct closing *c = arg;
	unsigned int i;

	for (i = 0; !READ_ONCE(stop); i++) {
		int pt = partition_create(c->dev, PT_DEFAULT);

		REQUIRE(pt >= 0, "CREATE_PARTITION: %d", pt);
		REQUIRE(!partition_initialize(pt), "INITIALIZE_PARTITION");
		WRITE_ONCE(c->pt, pt);
		usleep(i * 61 % 1000);
		close(pt);
		c->closed++;
	}
	return NULL;
}

/* The number may be another file's by the time it is used. */
static void *create_in_closing(void *arg)
{
	struct closing *c = arg;
	struct mshv_run_vp run;
	int vp, ret;

	while (!READ_ONCE(stop)) {
		vp = vp_create(READ_ONCE(c->pt), 3);
		REQUIRE(vp >= 0 || vp == -EBADF || vp == -ENOTTY || vp == -EEXIST ||
			vp == -EBADFD, "CREATE_VP: %d", vp);
		if (vp < 0)
			continue;
		/* it has no memory to run in, or no partition */
		ret = xioctl(vp, MSHV_RUN_VP, &run);
		REQUIRE(!ret || ret == -ESHUTDOWN || ret == -EINTR, "RUN_VP: %d", ret);
		close(vp);
		__atomic_add_fetch(&c->made, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST(create_vp_while_closing)
{
	struct closing c = { .pt = -1 };
	struct accounts before;
	pthread_t threads[3];
	unsigned int i;

	accounts_read(&before);
	WRITE_ONCE(stop, false);
	c.dev = dev_open();
	threads[0] = thread_start(open_and_close, &c);
	for (i = 1; i < ARRAY_SIZE(threads); i++)
		threads[i] = thread_start(create_in_closing, &c);
	usleep(TIME_US);
	WRITE_ONCE(stop, true);
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		/* there a run does not end with its partition */
		if (on_mainline())
			thread_stop(threads[i]);
		else
			pthread_join(threads[i], NULL);
	}
	TH_LOG("%ld VPs in %ld partitions", c.made, c.closed);
	EXPECT_LT(0, c.made);
	EXPECT_LT(0, c.closed);
	close(c.dev);
	EXPECT_EQ(0, accounts_open(&before));
}

/* C1 */
static void *partitions_loop(void *arg)
{
	int dev = *(int *)arg;
	long n = 0;

	while (!READ_ONCE(stop)) {
		int pt = partition_create(dev, PT_DEFAULT);

		REQUIRE(pt >= 0, "CREATE_PARTITION: %d", pt);
		REQUIRE(!partition_initialize(pt), "INITIALIZE_PARTITION");
		close(pt);
		n++;
	}
	return (void *)n;
}

TEST(many_threads_create_partitions)
{
	struct accounts before;
	pthread_t threads[64];
	int dev = dev_open();
	unsigned int i;
	long n;

	accounts_read(&before);
	WRITE_ONCE(stop, false);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		threads[i] = thread_start(partitions_loop, &dev);
	usleep(2 * TIME_US);
	n = stop_threads(threads, ARRAY_SIZE(threads));
	TH_LOG("%ld partitions", n);
	EXPECT_LT(0, n);
	close(dev);
	EXPECT_EQ(0, accounts_open(&before));
}

/* Whole VMs side by side. */
GUEST_CODE(guest_sum, 64,
	   "mov $10000, %ecx\n"
	   "xor %eax, %eax\n"
	   "1: add %ecx, %eax\n"
	   "loop 1b\n"
	   "out %eax, $0x80\n");

static void *whole_vms(void *arg)
{
	struct guest g;
	long n = 0;

	while (!READ_ONCE(stop)) {
		guest_init_load(&g, guest_sum);
		REQUIRE(vp_run_out(&g.vp, 0x80) == 50005000, "sum");
		guest_free(&g);
		n++;
	}
	return (void *)n;
}

TEST(vms_side_by_side)
{
	struct accounts before;
	pthread_t threads[6];
	unsigned int i;
	long n;

	accounts_read(&before);
	WRITE_ONCE(stop, false);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		threads[i] = thread_start(whole_vms, NULL);
	usleep(TIME_US);
	n = stop_threads(threads, ARRAY_SIZE(threads));
	EXPECT_LE(ARRAY_SIZE(threads), n);
	EXPECT_EQ(0, accounts_open(&before));
}

/*
 * A VMM that is interrupted a thousand times a second can still be set up: only
 * RUN_VP is interrupted by signals that do not kill.
 */
TEST(signals_do_not_interrupt_setup)
{
	struct accounts before;
	struct vm vm;
	struct vp vp;
	void *mem;
	int i;

	accounts_read(&before);
	alarm_us(1000, 1000);
	for (i = 0; i < 20; i++) {
		vm_init(&vm);
		vp_init(&vp, &vm, 0);
		mem = mem_alloc(PAGE, PAGE);
		ASSERT_EQ(0, region_map(vm.fd, TEST_GPA, PAGE, mem, MAP_RWX));
		vp_setup(&vp, MODE_LONG, GUEST_CODE_BASE);
		ASSERT_EQ(0, region_unmap(vm.fd, TEST_GPA, PAGE, mem));
		munmap(mem, PAGE);
		vp_free(&vp);
		vm_free(&vm);
	}
	alarm_us(0, 0);
	EXPECT_EQ(0, accounts_open(&before));
}

TEST_HARNESS_MAIN
