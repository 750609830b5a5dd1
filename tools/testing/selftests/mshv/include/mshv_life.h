/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of a VM, step by step, with all that it may own: what the tests go through
 * in which things fail.
 */
#ifndef MSHV_LIFE_H
#define MSHV_LIFE_H

#include "mshv_util.h"

/**
 * struct life - what a VM has so far; descriptors are -1 before
 * @dev: /dev/mshv
 * @pt: partition
 * @vp: VP
 * @event: eventfd, for an interrupt
 * @resample: eventfd, for its end
 * @stats: statistics of the partition, and of the VP
 * @ram: memory at guest address 0, RAM_SIZE bytes
 * @mem: LIFE_MEM_SIZE bytes at LIFE_MEM_GPA
 * @page: for what the kernel writes
 * @regs: the VP's register page, or NULL
 * @vm: the partition, for the library
 * @run: the VP, likewise
 * @at: name of the last step of life_live()
 */
struct life {
	int dev, pt, vp, event, resample, stats[2];
	u8 *ram, *mem, *page;
	void *regs;
	struct vm vm;
	struct vp run;
	const char *at;
};

#define LIFE_MEM_GPA	(16 * MIB)
#define LIFE_MEM_SIZE	(4 * PAGE)

/**
 * struct life_step - one system call
 * @name: for messages
 * @call: does it; 0, a positive value, or -errno
 * @undo: makes it undone, or NULL: it can be made again at any time
 * @cap: capability without which it is left out, or 0
 * @arg: for @call and @undo
 * @done: EFAULT does not mean that nothing was done
 * @closes: @undo is no ioctl, so that it cannot fail
 */
struct life_step {
	const char *name;
	int (*call)(struct life *l, unsigned int arg);
	void (*undo)(struct life *l, unsigned int arg);
	u32 cap;
	unsigned int arg;
	bool done;
	bool closes;
};

extern const struct life_step life_steps[];
extern const unsigned int life_steps_count;

/* Whether the driver has what the step needs; @l has a device. */
bool life_has(const struct life *l, const struct life_step *step);

/* Memory and eventfds, nothing of the driver's. */
void life_begin(struct life *l);
/* Ends everything. */
void life_end(struct life *l);
/* All steps. 0, or what the first one said that failed. */
int life_live(struct life *l);

#endif /* MSHV_LIFE_H */
