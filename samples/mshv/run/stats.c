// SPDX-License-Identifier: GPL-2.0
/* How often the guest stopped, and for what. */
#include <stdio.h>

#include "vmm.h"

static const char * const names[NR_EXIT_KINDS] = {
	[EXIT_PORT_READ] = "port reads",
	[EXIT_PORT_WRITE] = "port writes",
	[EXIT_MMIO_READ] = "memory-mapped reads",
	[EXIT_MMIO_WRITE] = "memory-mapped writes",
	[EXIT_EOI] = "ends of interrupts",
	[EXIT_SIGNAL] = "signals",
	[EXIT_OTHER] = "others",
};

/* By the thread that runs the VP only. */
void stats_count(struct vp *vp, enum exit_kind kind)
{
	vp->exits[kind]++;
}

void stats_print(const struct vm *vm, double seconds)
{
	unsigned int kind, i;
	u64 total = 0;

	fprintf(stderr, "mshv-run: exits in %.1f s with %u VPs:\n", seconds, vm->nr_vps);
	for (kind = 0; kind < NR_EXIT_KINDS; kind++) {
		u64 sum = 0;

		for (i = 0; i < vm->nr_vps; i++)
			sum += vm->vps[i].exits[kind];
		total += sum;
		fprintf(stderr, "  %10llu  %s\n", (unsigned long long)sum, names[kind]);
	}
	fprintf(stderr, "  %10llu  total\n", (unsigned long long)total);
	fprintf(stderr, "  %10llu  interrupts by irqfd\n", (unsigned long long)vm->irqs);
	fprintf(stderr, "  %10llu  notifications by ioeventfd\n",
		(unsigned long long)vm->notifies);
}
