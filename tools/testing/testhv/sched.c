// SPDX-License-Identifier: GPL-2.0
/*
 * When child VPs run.
 *
 * Root scheduler: the root is signalled with a message when a VP that it was told
 * is blocked has something to do. Hypervisor scheduler: each CPU has a queue of
 * ready VPs, which it works on when the root halts, and for a slice after each
 * interrupt of the root.
 */
#include "sched.h"

#include "acct.h"
#include "apic.h"
#include "disturb.h"
#include "hypercall.h"
#include "init.h"
#include "lock.h"
#include "portio.h"
#include "property.h"
#include "root.h"
#include "run.h"
#include "synic.h"
#include "timer.h"

#define SLICE		20000ULL	/* reference time: 2 ms */
#define RETRY		10000ULL	/* to try again when the root reads no messages */

/* VPs with a message for the root that has not been sent, in order. */
static struct list unsent = LIST_INIT(unsent);
/* VPs that wait for an event, and those that are ready (hypervisor scheduler). */
static struct list waiting = LIST_INIT(waiting);
static struct list ready[MAX_CPUS];
/* The root keeps a CPU that is not idle until then. */
static u64 root_until[MAX_CPUS];

/* Whether a root VP takes messages, and its CPU is there for children. */
static bool is_at_home(const struct root_vp *rv)
{
	return rv->started && !rv->parked && synic_is_open(rv, HVX_SINT_INTERCEPT);
}

/*
 * Where a VP runs and its messages go. With the root scheduler that is where it
 * was dispatched last, whatever became of that CPU.
 */
static struct root_vp *home_of(const struct child_vp *vp)
{
	struct root_vp *rv = vp->home;
	unsigned int i;

	if (!sched_is_hypervisor() || (rv && is_at_home(rv)))
		return rv ?: root_vp_by_index(0);
	for (i = 0; i < nr_cpus; i++) {
		rv = cpus[(vp->index + i) % nr_cpus]->vp;
		if (is_at_home(rv))
			return rv;
	}
	return root_vp_by_index(0);
}

void vp_sched_forget(struct child_vp *vp)
{
	list_del(&vp->signal_link);
	list_del(&vp->run_link);
	vp->blocked = false;
}

/* The root scheduler is about to run it: it is no longer blocked or to be signalled. */
void sched_dispatched(struct child_vp *vp)
{
	vp_sched_forget(vp);
	vp_stat_set(&vp->stats, VP_STAT_BLOCKED, 0);
}

void sched_wait(struct child_vp *vp)
{
	list_del(&vp->run_link);
	list_add_tail(&waiting, &vp->run_link);
	if (vp->home)
		timer_arm(vp->home->cpu, sched_next_deadline(vp->home->cpu));
}

void sched_ready(struct child_vp *vp)
{
	struct root_vp *rv;

	if (!sched_is_hypervisor()) {
		if (!vp->blocked)
			return;
		vp->blocked = false;
		vp_stat_set(&vp->stats, VP_STAT_BLOCKED, 0);
		list_del(&vp->run_link);
		list_del(&vp->signal_link);
		list_add_tail(&unsent, &vp->signal_link);
		return;
	}
	rv = home_of(vp);
	vp->home = rv;
	list_del(&vp->run_link);
	list_add_tail(&ready[rv->cpu->index], &vp->run_link);
	/* Its handler's EOI, or the HLT that follows, enters the hypervisor. */
	apic_send_ipi(rv->cpu->apic_id, CALLBACK_VECTOR);
}

void sched_post_intercept(struct child_vp *vp)
{
	list_del(&vp->signal_link);
	list_add_tail(&unsent, &vp->signal_link);
}

u64 sched_next_deadline(const struct pcpu *cpu)
{
	u64 deadline = NO_DEADLINE;
	struct list *l;

	list_for_each(l, &waiting) {
		struct child_vp *vp = list_entry(l, struct child_vp, run_link);

		if (home_of(vp)->cpu == cpu)
			deadline = min(deadline, vp_next_deadline(vp));
	}
	if (!list_empty(&unsent))
		deadline = min(deadline, ref_time() + RETRY);
	deadline = min(deadline, portio_deadline());
	return min(deadline, min(async_deadline(), disturb_deadline()));
}

/* Have the root interrupted when there is something to do on this CPU. */
static void arm_root(struct pcpu *cpu)
{
	u64 deadline = sched_next_deadline(cpu);

	if (sched_is_hypervisor() && !list_empty(&ready[cpu->index]))
		deadline = min(deadline, max(root_until[cpu->index], ref_time()));
	timer_arm(cpu, deadline);
}

/* Messages */

/* An intercept message goes to the root itself, or, if it is in the page, word of it. */
static u16 send_intercept(struct child_vp *vp)
{
	struct hvx_message m = {
		.type = HVX_MSG_OPAQUE_INTERCEPT,
		.payload_size = sizeof(struct hvx_msg_opaque_intercept),
		.sender = vp->part->id,
		.payload = { vp->index },
	};

	return synic_post_message(home_of(vp), HVX_SINT_INTERCEPT, vp->msg_page ? &m : &vp->msg);
}

/* The next VP in the list of unsent signals that goes to the same place as @first. */
static bool goes_along(const struct child_vp *first, const struct child_vp *vp, bool same_part)
{
	return !vp->intercept_suspend && home_of(vp) == home_of(first) &&
	       (!same_part || vp->part == first->part);
}

static unsigned int count_along(const struct child_vp *first, bool same_part)
{
	struct list *l;
	unsigned int n = 0;

	list_for_each(l, &unsent)
		n += goes_along(first, list_entry(l, struct child_vp, signal_link), same_part);
	return n;
}

/* Whether the VPs of a bitset fit its few banks. */
static bool fits_bitset(const struct child_vp *vp)
{
	return vp->index / 64 < ARRAY_SIZE(((struct hvx_msg_sched_bitset *)0)->banks);
}

static u16 send_signals(struct child_vp *first)
{
	bool bitset = count_along(first, true) > 1 && fits_bitset(first);
	struct hvx_message m = { .sender = 0 };
	struct hvx_msg_sched_bitset *b = (void *)m.payload;
	struct hvx_msg_sched_pair *p = (void *)m.payload;
	u64 banks[ARRAY_SIZE(b->banks)] = { 0 };
	struct list *l, *tmp;
	unsigned int n = 0, i, bank = 0;
	u16 status;

	list_for_each(l, &unsent) {
		struct child_vp *vp = list_entry(l, struct child_vp, signal_link);

		if (!goes_along(first, vp, bitset) || (bitset && !fits_bitset(vp)) ||
		    (!bitset && n == HVX_SCHED_MAX_PAIRS))
			continue;
		if (bitset) {
			banks[vp->index / 64] |= BIT(vp->index % 64);
		} else {
			p->partition_ids[n] = vp->part->id;
			p->vp_indexes[n] = vp->index;
		}
		n++;
	}
	if (bitset) {
		m.type = HVX_MSG_SCHEDULER_VP_BITSET;
		m.payload_size = sizeof(*b);
		b->partition_id = first->part->id;
		b->vp_count = n;
		for (i = 0; i < ARRAY_SIZE(banks); i++) {
			if (!banks[i])
				continue;
			b->valid_bank_mask |= BIT(i);
			b->banks[bank++] = banks[i];
		}
	} else {
		m.type = HVX_MSG_SCHEDULER_VP_PAIR;
		m.payload_size = sizeof(*p);
		p->vp_count = n;
	}
	status = synic_post_message(home_of(first), HVX_SINT_INTERCEPT, &m);
	if (status)
		return status;

	i = 0;
	list_for_each_safe(l, tmp, &unsent) {
		struct child_vp *vp = list_entry(l, struct child_vp, signal_link);

		if (!goes_along(first, vp, bitset) || (bitset && !fits_bitset(vp)) || i == n)
			continue;
		/* @first may stay valid: it is only compared by its home. */
		vp->signals++;
		i++;
		if (vp != first)
			list_del(&vp->signal_link);
	}
	list_del(&first->signal_link);
	return HVX_STATUS_SUCCESS;
}

void sched_flush(void)
{
	while (!list_empty(&unsent)) {
		struct child_vp *vp = list_first(&unsent, struct child_vp, signal_link);
		u16 status;

		if (vp->intercept_suspend) {
			status = send_intercept(vp);
			if (!status)
				list_del(&vp->signal_link);
		} else {
			status = send_signals(vp);
		}
		if (status) {
			/* The root does not read: try again later, lose nothing. */
			arm_root(this_cpu());
			return;
		}
	}
}

/* Time has come for something on this CPU: its own interrupt handler has just ended. */
static void on_timer(struct pcpu *cpu)
{
	u64 now = ref_time();
	struct list *l, *tmp;

	spin_lock(&hv_lock);
	list_for_each_safe(l, tmp, &waiting) {
		struct child_vp *vp = list_entry(l, struct child_vp, run_link);

		if (vp_next_deadline(vp) > now)
			continue;
		vp_run_timers(vp, now);
		vp_wake(vp);
	}
	async_run(now);
	disturb_run(now);
	portio_run(now);
	sched_flush();
	arm_root(cpu);
	spin_unlock(&hv_lock);
}

/* Hypervisor scheduler */

static bool sched_runnable(struct pcpu *cpu)
{
	const struct list *q = &ready[cpu->index];

	return READ_ONCE(q->next) != q;
}

/*
 * What ends a slice is an interrupt for the root, if only that of the timer. Were
 * its EOI the start of the next slice, the root would do nothing but take
 * interrupts: it has the CPU for as long as the child had it.
 */
static void sched_run(struct pcpu *cpu, bool idle)
{
	struct list *q = &ready[cpu->index];
	bool stopped = false;

	spin_lock(&hv_lock);
	if (!idle && ref_time() < root_until[cpu->index])
		goto out;
	while (!list_empty(q) && !stopped) {
		struct child_vp *vp = list_first(q, struct child_vp, run_link);
		bool alone;

		list_del(&vp->run_link);
		/* Whoever wants the CPU, too, interrupts. */
		alone = idle && list_empty(q);
		switch (vp_run(vp, alone ? NO_DEADLINE : ref_time() + SLICE)) {
		case RUN_STOPPED:
			list_add_tail(q, &vp->run_link);
			stopped = true;
			break;
		case RUN_IDLE:
			sched_wait(vp);
			break;
		case RUN_SUSPENDED:
		case RUN_INTERCEPT:
			break;
		}
		sched_flush();
	}
	root_until[cpu->index] = ref_time() + SLICE;
out:
	arm_root(cpu);
	spin_unlock(&hv_lock);
}

/* Has the VPs of a list that are at home with @rv look around elsewhere. */
static void move_out(struct list *list, const struct root_vp *rv)
{
	struct list *l, *tmp;

	list_for_each_safe(l, tmp, list) {
		struct child_vp *vp = list_entry(l, struct child_vp, run_link);

		if (vp->home == rv && home_of(vp) != rv)
			sched_ready(vp);
	}
}

static void sched_park(struct root_vp *rv)
{
	spin_lock(&hv_lock);
	rv->parked = true;
	move_out(&waiting, rv);
	move_out(&ready[rv->cpu->index], rv);
	spin_unlock(&hv_lock);
}

static const struct sched_ops child_sched_ops = {
	.run = sched_run,
	.runnable = sched_runnable,
	.park = sched_park,
};

static void sched_init(void)
{
	unsigned int i;

	for (i = 0; i < MAX_CPUS; i++)
		list_init(&ready[i]);
	timer_set_hook(on_timer);
	if (sched_is_hypervisor())
		sched_register(&child_sched_ops);
}
HV_INIT(sched_init);
