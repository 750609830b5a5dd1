// SPDX-License-Identifier: GPL-2.0
/* Writes to an I/O port that tests order in advance. */
#include "portio.h"

#include "cpu.h"
#include "lib.h"
#include "pcpu.h"
#include "timer.h"

static struct portio_order order;
static u64 due = NO_DEADLINE;
static u64 done;

u64 portio_set(const struct portio_order *new)
{
	struct pcpu *cpu = this_cpu();
	u64 old = done;

	order = *new;
	done = 0;
	due = NO_DEADLINE;
	if (order.count) {
		due = ref_time() + order.interval;
		timer_arm(cpu, min(cpu->timer.own, due));
	}
	return old;
}

void portio_run(u64 now)
{
	if (due > now)
		return;
	outw(order.port, order.value);
	done++;
	due = --order.count ? now + order.interval : NO_DEADLINE;
}

u64 portio_deadline(void)
{
	return due;
}
