/* SPDX-License-Identifier: GPL-2.0 */
/* Partition properties that are set asynchronously. Under hv_lock. */
#ifndef TESTHV_PROPERTY_H
#define TESTHV_PROPERTY_H

#include "types.h"

struct partition;

/* Complete calls that are due; next time one is. */
void async_run(u64 now);
u64 async_deadline(void);

/* The partition is finalized: what is pending completes at once. */
void async_partition_gone(struct partition *p);

/*
 * How calls from now on complete: after *@ms milliseconds, 0: at once, and with
 * TESTHV_ASYNC_* in *@flags. Returns there what it was.
 */
void async_configure(u64 *ms, u64 *flags);

#endif /* TESTHV_PROPERTY_H */
