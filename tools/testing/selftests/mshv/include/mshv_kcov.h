/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a thread's calls reach in the driver: KCOV, of a kernel that has it, and a driver
 * that was built with KCOV_INSTRUMENT=y.
 */
#ifndef MSHV_KCOV_H
#define MSHV_KCOV_H

#include "mshv_util.h"

/* Of a set of edges: a bit each, by a number that two may share */
#define KCOV_EDGES	(1U << 16)

/**
 * struct kcov - a thread's
 * @fd: KCOV's file, or -1
 * @area: how many places were reached, and their addresses
 */
struct kcov {
	int fd;
	unsigned long *area;
};

/* From now on, in this thread; false: there is no KCOV. */
bool kcov_open(struct kcov *k);
/* Forgets what was reached so far. */
void kcov_begin(struct kcov *k);
/*
 * How many edges from place to place since then are not in @edges, an array of
 * KCOV_EDGES bits that processes may share. They are after that.
 */
unsigned int kcov_end(struct kcov *k, u64 *edges);

#endif /* MSHV_KCOV_H */
