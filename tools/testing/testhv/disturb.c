// SPDX-License-Identifier: GPL-2.0
/* Messages to the root that get lost, are late, or come twice. */
#include "disturb.h"

#include "hv_abi.h"
#include "lib.h"
#include "root.h"
#include "run.h"
#include "synic.h"
#include "testhv_ctl.h"
#include "timer.h"

#define MAX_LATE	64

/* A message that comes again; @due is 0 where there is none. */
static struct late {
	u64 due;
	struct root_vp *rv;
	unsigned int sint;
	struct hvx_message msg;
} late[MAX_LATE];

static struct disturb rule;
static u64 met;

u64 disturb_set(const struct disturb *new)
{
	u64 old = met;

	rule = *new;
	met = 0;
	return old;
}

/* Whether there was room to remember it. */
static bool again(struct root_vp *rv, unsigned int sint, const struct hvx_message *msg)
{
	struct pcpu *cpu = this_cpu();
	unsigned int i;

	for (i = 0; i < MAX_LATE && late[i].due; i++)
		;
	if (i == MAX_LATE)
		return false;
	late[i] = (struct late){
		.due = ref_time() + rule.delay, .rv = rv, .sint = sint, .msg = *msg,
	};
	timer_arm(cpu, min(cpu->timer.own, late[i].due));
	return true;
}

bool disturb_message(struct root_vp *rv, unsigned int sint, const struct hvx_message *msg)
{
	if (!rule.type || msg->type != rule.type || !rule.count)
		return false;
	if (rule.count != TESTHV_FAULT_FOREVER)
		rule.count--;
	met++;
	if ((rule.flags & TESTHV_DISTURB_AGAIN) && !again(rv, sint, msg))
		return false;
	return rule.flags & TESTHV_DISTURB_LOSE;
}

void disturb_run(u64 now)
{
	unsigned int i;

	for (i = 0; i < MAX_LATE; i++) {
		if (!late[i].due || late[i].due > now)
			continue;
		late[i].due = 0;
		synic_deliver_message(late[i].rv, late[i].sint, &late[i].msg);
	}
}

u64 disturb_deadline(void)
{
	u64 next = NO_DEADLINE;
	unsigned int i;

	for (i = 0; i < MAX_LATE; i++)
		if (late[i].due)
			next = min(next, late[i].due);
	return next;
}
