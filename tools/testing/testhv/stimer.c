// SPDX-License-Identifier: GPL-2.0
/*
 * Synthetic timers of child VPs (TLFS 12).
 *
 * In direct mode a timer raises a vector of the local APIC; otherwise it sends a
 * message to a SINT.
 */
#include "stimer.h"

#include "synic_child.h"
#include "timer.h"
#include "vp.h"

#define CONFIG_VALID	(HVX_STIMER_ENABLE | HVX_STIMER_PERIODIC | HVX_STIMER_LAZY |	\
			 HVX_STIMER_AUTO_ENABLE | HVX_STIMER_VECTOR_MASK |		\
			 HVX_STIMER_DIRECT | HVX_STIMER_SINT_MASK)

/* A one-shot timer's count is the time it expires at; a periodic one's the period. */
static void start(struct child_vp *vp, unsigned int n)
{
	u64 config = vp->m.stimer_config[n], count = vp->m.stimer_count[n];

	if (!(config & HVX_STIMER_ENABLE) || !count)
		vp->m.stimer_expiry[n] = NO_DEADLINE;
	else if (config & HVX_STIMER_PERIODIC)
		vp->m.stimer_expiry[n] = partition_ref_time(vp->part) + count;
	else
		vp->m.stimer_expiry[n] = count;
}

bool child_stimer_config_valid(u64 config)
{
	return !(config & ~CONFIG_VALID);
}

bool child_stimer_write(struct child_vp *vp, unsigned int n, bool count, u64 val)
{
	u64 *config = &vp->m.stimer_config[n];

	if (count) {
		vp->m.stimer_count[n] = val;
		if (!val)
			*config &= ~HVX_STIMER_ENABLE;
		else if (*config & HVX_STIMER_AUTO_ENABLE)
			*config |= HVX_STIMER_ENABLE;
	} else {
		if (!child_stimer_config_valid(val))
			return false;
		/* A timer without a destination cannot be enabled. */
		if (!(val & HVX_STIMER_DIRECT) && !(val & HVX_STIMER_SINT_MASK))
			val &= ~HVX_STIMER_ENABLE;
		*config = val;
	}
	start(vp, n);
	return true;
}

u64 child_stimer_deadline(const struct child_vp *vp)
{
	u64 next = NO_DEADLINE;
	unsigned int n;

	if (vp->part->time_frozen)
		return NO_DEADLINE;
	for (n = 0; n < HVX_STIMER_COUNT; n++)
		next = min(next, vp->m.stimer_expiry[n]);
	if (next == NO_DEADLINE)
		return next;
	/* The partition's clock may be ahead of the hypervisor's or behind. */
	return (s64)(next - vp->part->time_base) > 0 ? next - vp->part->time_base : 0;
}

static bool fire(struct child_vp *vp, unsigned int n, u64 expiry, u64 now)
{
	u64 config = vp->m.stimer_config[n];

	if (config & HVX_STIMER_DIRECT) {
		lapic_set_irr(vp, config >> HVX_STIMER_VECTOR_SHIFT & 0xff, false);
		return true;
	}
	return child_timer_message(vp, config >> HVX_STIMER_SINT_SHIFT & 0xf, n, expiry, now);
}

void child_stimer_run(struct child_vp *vp)
{
	u64 now = partition_ref_time(vp->part);
	unsigned int n;

	for (n = 0; n < HVX_STIMER_COUNT; n++) {
		u64 *expiry = &vp->m.stimer_expiry[n];

		if (*expiry > now || *expiry == NO_DEADLINE)
			continue;
		/* A message that finds its slot taken is tried again a little later. */
		if (!fire(vp, n, *expiry, now)) {
			*expiry = now + 10000;
			continue;
		}
		if (vp->m.stimer_config[n] & HVX_STIMER_PERIODIC) {
			*expiry += vp->m.stimer_count[n];
			if (*expiry <= now)
				*expiry = now + vp->m.stimer_count[n];
		} else {
			vp->m.stimer_config[n] &= ~HVX_STIMER_ENABLE;
			*expiry = NO_DEADLINE;
		}
	}
}
