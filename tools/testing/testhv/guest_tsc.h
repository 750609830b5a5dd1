/* SPDX-License-Identifier: GPL-2.0 */
/* Time stamp counters of child VPs, and the page that makes reference time of them. */
#ifndef TESTHV_GUEST_TSC_H
#define TESTHV_GUEST_TSC_H

#include "types.h"

struct child_vp;
struct partition;

/* A new VP's counter is in step with those of the others. */
void guest_tsc_start(struct child_vp *vp);

u64 guest_tsc(const struct child_vp *vp);

/* WRMSR of the guest: to the counter, and to TSC_ADJUST. */
void guest_tsc_write(struct child_vp *vp, u64 val);
void guest_tsc_adjust(struct child_vp *vp, u64 val);

/* The VMM sets the counter, of one VP after the other. */
void guest_tsc_set(struct child_vp *vp, u64 val);

/* Write the reference TSC page anew. */
void reftsc_update(struct partition *p);

#endif /* TESTHV_GUEST_TSC_H */
