// SPDX-License-Identifier: GPL-2.0
/*
 * A VMM with up to eight partitions, whose VPs run, ends in any way at any moment: it is
 * killed, stopped and killed, it exits, it becomes another program. It takes no more
 * than a second until the hypervisor has everything back.
 *
 * Environment: MSHV_KILLS_ROUNDS (default 12), MSHV_KILLS_SEED to have the same again.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "mshv_irq.h"
#include "kselftest_harness.h"

#define MAX_PT		8
#define MAX_VPS		2
/* From the end to the time when everything is given back */
#define END_US		1000000ULL
#define LIFE_US		400000

/* What the parent and its VMM know of a round */
struct round {
	u64 state;
	unsigned int pts, vps;
	enum end {
		END_KILL,		/* SIGKILL */
		END_STOPPED,		/* SIGKILL while it is stopped */
		END_CONTINUED,		/* ... after it was stopped */
		END_EXIT,		/* it exits by itself */
		END_EXEC,		/* another program in its place */
		ENDS,
	} end;
};

static const char *const names[ENDS] = {
	"killed", "killed while stopped", "stopped, continued, killed", "exit", "exec",
};

static void *run_for_ever(void *arg)
{
	for (;;)
		vp_run(arg);
	return NULL;
}

static void *map_for_ever(void *arg)
{
	struct guest *g = arg;
	void *mem = mem_alloc(64 * PAGE, PAGE);

	for (;;) {
		region_map(g->vm.fd, 16 * MIB, 64 * PAGE, mem, MAP_RWX);
		madvise(mem, 64 * PAGE, MADV_DONTNEED);
		region_unmap(g->vm.fd, 16 * MIB, 64 * PAGE, mem);
	}
	return NULL;
}

#define EXEC_VARIABLE	"MSHV_KILLS_EXECUTED"

/* The program that END_EXEC starts is this one, which comes by here. */
static void __attribute__((constructor)) executed(void)
{
	if (getenv(EXEC_VARIABLE))
		_exit(0);
}

static void end_exit(int sig)
{
	_exit(0);
}

static void end_exec(int sig)
{
	char *const args[] = { "kills", NULL };
	char *const env[] = { EXEC_VARIABLE "=1", NULL };

	execve("/proc/self/exe", args, env);
	_exit(1);
}

/* With all that belongs to it, from the beginning on: it may end during that. */
static int live(void *arg)
{
	struct round *r = arg;
	struct guest *guests = calloc(r->pts, sizeof(*guests));
	unsigned int i, j;

	signal(SIGTERM, r->end == END_EXEC ? end_exec : end_exit);
	for (i = 0; i < r->pts; i++) {
		guest_init_vps(&guests[i], r->vps);
		if (cap(guests[i].vm.fd, MSHV_CAP_IOEVENTFD))
			ioeventfd(guests[i].vm.fd, event_create(), 512 * MIB, 4, 0, 0);
		if (cap(guests[i].vm.fd, MSHV_CAP_IRQFD) &&
		    !route_set(guests[i].vm.fd, 0, 0x40))
			irqfd_assign(guests[i].vm.fd, event_create(), 0);
		for (j = 0; j < r->vps; j++) {
			if (j & 1)
				vp_load(&guests[i].vps[j], MODE_LONG, guest_halt);
			else
				vp_load(&guests[i].vps[j], MODE_LONG, guest_spin);
			thread_start(run_for_ever, &guests[i].vps[j]);
		}
		if (i == 0)
			thread_start(map_for_ever, &guests[i]);
	}
	for (;;)
		pause();
	return 1;
}

static void round_end(const struct round *r, pid_t pid)
{
	switch (r->end) {
	case END_KILL:
		kill(pid, SIGKILL);
		break;
	case END_STOPPED:
		kill(pid, SIGSTOP);
		usleep(5000);
		kill(pid, SIGKILL);
		break;
	case END_CONTINUED:
		kill(pid, SIGSTOP);
		usleep(5000);
		kill(pid, SIGCONT);
		usleep(r->state % 5000);
		kill(pid, SIGKILL);
		break;
	default:
		kill(pid, SIGTERM);
	}
}

static bool accounts_close(const struct accounts *before, u64 end)
{
	static const unsigned int now[] = {
		TESTHV_ACCT_PARTITIONS, TESTHV_ACCT_PAGES_DEPOSITED, TESTHV_ACCT_GPA_PAGES,
	};
	unsigned int i = 0;

	while (i < ARRAY_SIZE(now) && now_us() < end) {
		if (ctl_account(now[i]) == before->v[now[i]])
			i++;
		else
			usleep(500);
	}
	return !accounts_open(before);
}

FIXTURE(kills) {
	struct accounts before;
};

FIXTURE_SETUP(kills)
{
	struct guest g;

	if (!ctl_present())
		return;
	/* what the first VM makes the root's pool grow by stays */
	guest_init(&g);
	guest_free(&g);
	accounts_read(&self->before);
}

FIXTURE_TEARDOWN(kills)
{
}

TEST_F_TIMEOUT(kills, at_any_moment, 86400)
{
	u64 seed = seed_from("MSHV_KILLS_SEED"), start, longest = 0;
	u64 rounds = environment("MSHV_KILLS_ROUNDS", 12), i;
	unsigned int ended[ENDS] = { 0 };
	struct round r;
	int status;
	pid_t pid;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	TH_LOG("MSHV_KILLS_SEED=%llu", (unsigned long long)seed);
	for (i = 0; i < rounds; i++) {
		r = (struct round){
			.pts = 1 + rnd(&seed) % MAX_PT, .vps = 1 + rnd(&seed) % MAX_VPS,
			.end = i % ENDS, .state = rnd(&seed),
		};
		pid = child_start(live, &r);
		usleep(limit_us(rnd(&seed) % LIFE_US));
		start = now_us();
		round_end(&r, pid);
		status = child_wait(pid);
		/* before it has a handler, SIGTERM ends it as well */
		EXPECT_TRUE(status == -SIGKILL ||
			    (r.end >= END_EXIT && (!status || status == -SIGTERM)))
			TH_LOG("%s: %d", names[r.end], status);
		ASSERT_TRUE(accounts_close(&self->before, start + limit_us(END_US)))
			TH_LOG("round %llu: %s, %u partitions of %u VPs", (unsigned long long)i,
			       names[r.end], r.pts, r.vps);
		start = now_us() - start;
		longest = start > longest ? start : longest;
		ended[r.end]++;
	}
	EXPECT_GT(limit_us(END_US), longest);
	TH_LOG("%llu rounds, %u of them by exec, longest end %llu us", (unsigned long long)rounds,
	       ended[END_EXEC], (unsigned long long)longest);
}

/*
 * The kernel kills a VMM whose guest wants more memory than its cgroup may have.
 */
GUEST_CODE(guest_eat, 64,
	   "mov $0x1000000, %ebx\n"
	   "1: incl (%rbx)\n"
	   "add $0x1000, %rbx\n"
	   "cmp $0x5000000, %rbx\n"
	   "jb 1b\n"
	   "out %al, $0x80\n");

#define EATEN	(64 * MIB)

static int eat(void *arg)
{
	void *mem = mem_alloc(EATEN, 2 * MIB);
	struct guest g;

	madvise(mem, EATEN, MADV_NOHUGEPAGE);
	cgroup_join();
	guest_init_load(&g, guest_eat);
	REQUIRE(!region_map(g.vm.fd, 16 * MIB, EATEN, mem, MAP_RWX), "map");
	return vp_run(&g.vp) ? 1 : 2;
}

TEST_F(kills, by_the_memory_of_the_guest)
{
	int ret;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	if (!cgroup_init(EATEN / 4))
		SKIP(return, "no memory controller of cgroup v2");
	ret = child_wait(child_start(eat, NULL));
	/* that RUN_VP fails, as the driver gets no memory itself, is as good */
	EXPECT_TRUE(ret == 1 || (ret == -SIGKILL && cgroup_killed()))
		TH_LOG("%d", ret);
	cgroup_free();
	EXPECT_EQ(0, accounts_open(&self->before));
}

TEST_HARNESS_MAIN
