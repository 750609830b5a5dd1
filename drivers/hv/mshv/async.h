/* SPDX-License-Identifier: GPL-2.0 */
/* Hypercalls that complete later. */
#ifndef _MSHV_ASYNC_H
#define _MSHV_ASYNC_H

#include <linux/types.h>

struct mshv_async;
struct mshv_hvcall;
struct mshv_partition;

void mshv_async_init(struct mshv_async *async);
int mshv_hvcall_async(struct mshv_hvcall *call, struct mshv_partition *pt);

/* The hypervisor completed an asynchronous call. Interrupt context. */
void mshv_async_complete(struct mshv_partition *pt, u16 status);

#endif /* _MSHV_ASYNC_H */
