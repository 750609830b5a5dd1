/* SPDX-License-Identifier: GPL-2.0 */
/* Synthetic timers of child VPs (TLFS 12). Everything is under hv_lock. */
#ifndef TESTHV_STIMER_H
#define TESTHV_STIMER_H

#include "types.h"

struct child_vp;

/* Bits of the configuration register that exist. */
bool child_stimer_config_valid(u64 config);

/* Write of a timer's COUNT or CONFIG register; false: bad value. */
bool child_stimer_write(struct child_vp *vp, unsigned int n, bool count, u64 val);

/* Next expiry of any timer in the hypervisor's own reference time. */
u64 child_stimer_deadline(const struct child_vp *vp);

/* Let expired timers fire. */
void child_stimer_run(struct child_vp *vp);

#endif /* TESTHV_STIMER_H */
