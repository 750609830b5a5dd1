/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What becomes of messages to the root, for tests: they get lost, are late, or come
 * twice. Under hv_lock.
 */
#ifndef TESTHV_DISTURB_H
#define TESTHV_DISTURB_H

#include "types.h"

struct hvx_message;
struct root_vp;

/**
 * struct disturb - a rule for the messages of one type
 * @type: HVX_MSG_*; 0: there is none
 * @flags: TESTHV_DISTURB_*
 * @count: messages that it is still for; TESTHV_FAULT_FOREVER: all
 * @delay: reference time from the message to its repetition
 */
struct disturb {
	u32 type;
	u64 flags;
	u64 count;
	u64 delay;
};

/* The rule from now on. Returns how many messages the last one met. */
u64 disturb_set(const struct disturb *rule);

/* A message is on its way. True: it does not arrive. */
bool disturb_message(struct root_vp *rv, unsigned int sint, const struct hvx_message *msg);

/* Deliver repetitions that are due; next time one is. */
void disturb_run(u64 now);
u64 disturb_deadline(void);

#endif /* TESTHV_DISTURB_H */
