/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Running VPs.
 *
 * With the root scheduler a VP runs while a thread of the root dispatches it,
 * run_root.c. With the others the hypervisor runs it, and the thread waits,
 * run_hv.c. run.c has what is common.
 */
#ifndef _MSHV_RUN_H
#define _MSHV_RUN_H

#include <linux/types.h>

#include "hv_abi.h"

struct mshv_run;
struct mshv_vp;

/**
 * struct mshv_dispatch_call - input and output of DISPATCH_VP
 * @in: input
 * @out: output
 *
 * Lies within a page because kmalloc() aligns sizes that are powers of two.
 */
struct mshv_dispatch_call {
	struct hvx_in_dispatch_vp in;
	struct hvx_out_dispatch_vp out;
} __aligned(64);

/* Finds out who schedules VPs, once when the module is loaded. */
int mshv_scheduler_init(void);

/* The same, in words. */
const char *mshv_scheduler_name(void);

/* Whether it is this kernel, which the hypervisor then tells which VPs can run. */
bool mshv_root_schedules(void);

void mshv_run_init(struct mshv_run *run);
long mshv_run_vp(struct mshv_vp *vp, void *arg, void __user *uarg);
long mshv_cancel_run_vp(struct mshv_vp *vp, void *arg, void __user *uarg);

/* The hypervisor has something new for the VP. Interrupt context. */
void mshv_vp_signal(struct mshv_vp *vp);

/* For a CPU that goes. */
void mshv_vps_recheck(void);

/* Has the VP's thread look around. Any context. */
void mshv_vp_kick(struct mshv_vp *vp);

/*
 * Makes sure that the VP does not run, for someone who holds its mutex. Fails
 * only if the hypervisor does.
 */
int mshv_vp_stop(struct mshv_vp *vp);

/* The same for good, and no more signals after that. */
void mshv_vp_quiesce(struct mshv_vp *vp);

/*
 * Whether RUN_VP has to return because of another thread, as long as there is no
 * message. Any context.
 */
bool mshv_run_over(struct mshv_vp *vp);

/* Whether the thread may have its VP run; else the errno for RUN_VP. */
int mshv_run_check(struct mshv_vp *vp);

/* The two ways. They return 0 when there is an intercept message. */
int mshv_run_root(struct mshv_vp *vp);
int mshv_run_hv(struct mshv_vp *vp);
int mshv_stop_hv(struct mshv_vp *vp);
void mshv_quiesce_root(struct mshv_vp *vp);

#endif /* _MSHV_RUN_H */
