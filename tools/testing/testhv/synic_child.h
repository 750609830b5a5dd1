/* SPDX-License-Identifier: GPL-2.0 */
/* SynIC of child VPs (TLFS 11). Everything is under hv_lock. */
#ifndef TESTHV_SYNIC_CHILD_H
#define TESTHV_SYNIC_CHILD_H

#include "types.h"

struct child_vp;
struct hvx_message;

/* Put a message in a slot; HVX_STATUS_*. */
u16 child_post_message(struct child_vp *vp, unsigned int sint, const struct hvx_message *msg);

/* Set an event flag; @newly: it was clear. HVX_STATUS_*. */
u16 child_signal_event(struct child_vp *vp, unsigned int sint, unsigned int flag, bool *newly);

/* Message of an expired timer; false when the slot is taken. */
bool child_timer_message(struct child_vp *vp, unsigned int sint, unsigned int timer,
			 u64 expiry, u64 now);

#endif /* TESTHV_SYNIC_CHILD_H */
