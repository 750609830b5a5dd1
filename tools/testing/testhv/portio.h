/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes to an I/O port that tests order in advance: a device of the machine does
 * something while the root sleeps. Under hv_lock.
 */
#ifndef TESTHV_PORTIO_H
#define TESTHV_PORTIO_H

#include "types.h"

/**
 * struct portio_order - writes to come
 * @port: where
 * @value: what, 16 bits
 * @interval: reference time to the first one, and from each to the next
 * @count: how many are left
 */
struct portio_order {
	u16 port;
	u16 value;
	u64 interval;
	u64 count;
};

/* The order from now on. Returns how many writes the last one led to. */
u64 portio_set(const struct portio_order *order);

/* Do what is due; next time something is. */
void portio_run(u64 now);
u64 portio_deadline(void);

#endif /* TESTHV_PORTIO_H */
