// SPDX-License-Identifier: GPL-2.0
/* Time stamp counters of child VPs, and the page that makes reference time of them. */
#include "guest_tsc.h"

#include "cpu.h"
#include "partition.h"
#include "timer.h"
#include "vp.h"

u64 guest_tsc(const struct child_vp *vp)
{
	return rdtsc() + vp->vcpu.vmcb->c.tsc_offset;
}

void guest_tsc_start(struct child_vp *vp)
{
	u32 first = 0;
	const struct child_vp *other = partition_next_vp(vp->part, &first);

	if (other)
		vp->vcpu.vmcb->c.tsc_offset = other->vcpu.vmcb->c.tsc_offset;
}

static void set_offset(struct child_vp *vp, u64 offset)
{
	vp->vcpu.vmcb->c.tsc_offset = offset;
	reftsc_update(vp->part);
}

void guest_tsc_write(struct child_vp *vp, u64 val)
{
	set_offset(vp, val - rdtsc());
}

void guest_tsc_adjust(struct child_vp *vp, u64 val)
{
	set_offset(vp, vp->vcpu.vmcb->c.tsc_offset + val - vp->m.tsc_adjust);
	vp->m.tsc_adjust = val;
}

/*
 * VMMs start or restore all VPs with the same time, but not at the same moment; on an
 * emulated machine several milliseconds lie between. What comes to within a second of
 * another VP's counter is meant to be in step with it, which KVM assumes as well.
 */
void guest_tsc_set(struct child_vp *vp, u64 val)
{
	u64 offset = val - rdtsc();
	struct child_vp *other;
	u32 i;

	for_each_vp(other, i, vp->part) {
		u64 theirs = other->vcpu.vmcb->c.tsc_offset;

		if (other != vp && offset + tsc_hz - theirs <= 2 * tsc_hz) {
			offset = theirs;
			break;
		}
	}
	set_offset(vp, offset);
}

/* Whether one formula is right for the counters of all VPs. */
static bool in_step(const struct partition *p)
{
	u32 i = 0;
	const struct child_vp *vp, *first = partition_next_vp(p, &i);

	for_each_vp(vp, i, p)
		if (vp->vcpu.vmcb->c.tsc_offset != first->vcpu.vmcb->c.tsc_offset)
			return false;
	return true;
}

/* The reference TSC page: scale and offset from guest TSC to partition time. */
void reftsc_update(struct partition *p)
{
	struct hvx_reference_tsc_page page = { .sequence = 0 };
	u32 first = 0;
	const struct child_vp *vp = partition_next_vp(p, &first);

	if (!(p->reftsc_msr & HVX_MSR_PAGE_ENABLE))
		return;
	/* Sequence 0 (TLFS 12.7) sends the guest to the counter, which can stand still. */
	if (!p->time_frozen && vp && in_step(p)) {
		s64 offset = vp->vcpu.vmcb->c.tsc_offset;

		page.sequence = 1;
		page.scale = ref_tsc_scale();
		page.offset = ref_tsc_offset() + p->time_base -
			      (s64)((__int128)offset * page.scale >> 64);
	}
	memcpy(p->reftsc.page, &page, sizeof(page));
}
