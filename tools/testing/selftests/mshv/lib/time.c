// SPDX-License-Identifier: GPL-2.0
/* Time, and machines that take more of it. */
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "mshv_util.h"

unsigned int time_factor(void)
{
	const char *text = getenv("MSHV_TIME_FACTOR");
	int factor = text ? atoi(text) : 1;

	return factor > 1 ? factor : 1;
}

u64 limit_us(u64 us)
{
	return us * time_factor();
}

unsigned int some(unsigned int most)
{
	return most / time_factor() ?: 1;
}

/*
 * The limit that the harness sets for each test is a constant, and it waits by
 * alarm() or by poll(), depending on its age. Both come here, see the Makefile.
 */
unsigned int __real_alarm(unsigned int seconds);
unsigned int __wrap_alarm(unsigned int seconds);

unsigned int __wrap_alarm(unsigned int seconds)
{
	return __real_alarm(seconds * time_factor());
}

int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	return __real_poll(fds, count, timeout > 0 ? timeout * (int)time_factor() : timeout);
}

static u64 clock_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

u64 now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

u64 thread_cpu_us(void)
{
	return clock_us(CLOCK_THREAD_CPUTIME_ID);
}

void alarm_us(u64 us, u64 interval_us)
{
	struct itimerval it = {
		.it_value = { us / 1000000, us % 1000000 },
		.it_interval = { interval_us / 1000000, interval_us % 1000000 },
	};

	signal_catch(SIGALRM);
	REQUIRE(!setitimer(ITIMER_REAL, &it, NULL), "setitimer");
}
