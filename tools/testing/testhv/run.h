/* SPDX-License-Identifier: GPL-2.0 */
/* Running child VPs: dispatch, exits, wake-ups. Everything is under hv_lock. */
#ifndef TESTHV_RUN_H
#define TESTHV_RUN_H

#include "vp.h"

/* Force a VP out of the guest, if it runs on another CPU. Does not wait. */
void vp_kick(struct child_vp *vp);

/* Set up intercepts and maps of a new VP. */
void vp_vcpu_setup(struct child_vp *vp);

/* An intercept message is in vp->msg: have the root hear of it. */
void vp_report_intercept(struct child_vp *vp);

/* There is something for the VP to do, were it not suspended. */
bool vp_has_work(const struct child_vp *vp);

/**
 * enum run_end - why vp_run() came back
 * @RUN_STOPPED: a physical interrupt, the end of the time slice, a kick
 * @RUN_SUSPENDED: a suspend register was set
 * @RUN_INTERCEPT: there is an intercept message
 * @RUN_IDLE: the VP has nothing to do
 */
enum run_end {
	RUN_STOPPED,
	RUN_SUSPENDED,
	RUN_INTERCEPT,
	RUN_IDLE,
};

/**
 * vp_run - run a VP on this CPU
 * @vp: VP; stands still
 * @slice_end: reference time to come back at; NO_DEADLINE: none
 *
 * Drops hv_lock while the guest runs.
 */
enum run_end vp_run(struct child_vp *vp, u64 slice_end);

/* exits.c: what a VP left the guest for. Sets vp->intercept_suspend where due. */
void vp_handle_exit(struct child_vp *vp, u64 code);

/* inject.c: carry out what waits, choose the event for the next entry. */
void vp_prepare_entry(struct child_vp *vp);
/* inject.c: an event that the exit interrupted is tried again. */
void vp_save_interrupted_event(struct child_vp *vp);

/* sched.c: send the signals that vp_wake() has collected. */
void sched_flush(void);
/* sched.c: the VP waits for an event that may be one of its own timers. */
void sched_wait(struct child_vp *vp);
/* sched.c: the VP is about to run on this CPU. */
void sched_dispatched(struct child_vp *vp);
/* sched.c: have the root signalled, or the VP queued for a CPU. */
void sched_ready(struct child_vp *vp);
/* sched.c: have the root get the VP's intercept message or a word about it. */
void sched_post_intercept(struct child_vp *vp);
/* sched.c: next deadline of the VPs that wait on this CPU. */
u64 sched_next_deadline(const struct pcpu *cpu);

/* Next expiry of the VP's own timers. */
u64 vp_next_deadline(const struct child_vp *vp);
/* Let due timers of a VP fire. */
void vp_run_timers(struct child_vp *vp, u64 now);

#endif /* TESTHV_RUN_H */
