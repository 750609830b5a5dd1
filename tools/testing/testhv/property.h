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

#endif /* TESTHV_PROPERTY_H */
