/* SPDX-License-Identifier: GPL-2.0 */
/* A process of the fuzzer, and the calls that it can make. */
#ifndef MSHV_FUZZ_H
#define MSHV_FUZZ_H

#include <pthread.h>

#include "mshv_kcov.h"

#define NR_PT		3
#define NR_VP		4	/* of a partition */
#define NR_EVENTS	4
#define NR_STATS	4
#define NR_PAGES	4	/* mapped of VPs */
#define AREA_SIZE	(8 * MIB)
#define SCRATCH		(16 * PAGE)

/**
 * struct fuzzer - a process
 * @state: of its numbers
 * @dev: device
 * @pt: partitions, -1: none
 * @vp: their VPs
 * @events: eventfds
 * @stats: files of statistics
 * @pages: pages of VPs
 * @area: memory that is mapped into guests, and goes
 * @scratch: memory for arguments; a page without access follows
 * @readonly: a page of that kind
 * @stop: tells the threads to end
 * @kcov: of the thread that makes the calls
 * @self: makes the calls
 * @thread: runs VPs
 * @ticker: sees to it that neither of the two waits for long
 */
struct fuzzer {
	u64 state;
	int dev, pt[NR_PT], vp[NR_PT][NR_VP], events[NR_EVENTS], stats[NR_STATS];
	void *pages[NR_PAGES];
	u8 *area, *scratch, *readonly;
	bool stop;
	struct kcov kcov;
	pthread_t self, thread, ticker;
};

/* The kind of file that a call is made on */
enum fuzz_on { ON_DEV, ON_PT, ON_VP };

/**
 * struct fuzz_row - an ioctl of a kind of file
 * @name: of the ioctl
 * @cmd: its number
 * @on: the kind of file
 * @size: of the argument; with a table, what of it is used
 * @fill: makes an argument, in memory that is 0
 * @cap: capability that the driver has if it has the ioctl
 * @weight: how often it is called, compared to others
 */
struct fuzz_row {
	const char *name;
	unsigned int cmd;
	enum fuzz_on on;
	size_t size;
	void (*fill)(struct fuzzer *f, void *arg);
	u32 cap;
	unsigned int weight;
};

/* Every ioctl of every kind of file */
extern const struct fuzz_row fuzz_rows[];
extern const unsigned int fuzz_nr_rows;

static inline u64 below(struct fuzzer *f, u64 n)
{
	return rnd(&f->state) % n;
}

static inline bool one_in(struct fuzzer *f, u64 n)
{
	return !below(f, n);
}

/* Numbers as they are wrong most often */
u64 fuzz_any(struct fuzzer *f);
/* Mostly below @n */
u64 fuzz_number(struct fuzzer *f, u64 n);
/* Mostly bits of @mask */
u64 fuzz_bits(struct fuzzer *f, u64 mask);
/* Where the kernel reads or writes: mostly good for @size bytes. */
void *fuzz_buffer(struct fuzzer *f, size_t size);

#endif /* MSHV_FUZZ_H */
