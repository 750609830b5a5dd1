/* SPDX-License-Identifier: GPL-2.0 */
/* The synthetic interrupt controller: how the hypervisor talks to the driver. */
#ifndef _MSHV_SYNIC_H
#define _MSHV_SYNIC_H

/* Messages arrive from mshv_synic_init() on; after mshv_synic_exit() none is handled. */
int mshv_synic_init(void);
void mshv_synic_exit(void);
/* The hypervisor's pages go from all CPUs; nothing is heard of it any more. */
void mshv_synic_stop(void);

#endif /* _MSHV_SYNIC_H */
