// SPDX-License-Identifier: GPL-2.0
/* Hypercall dispatch and the checks in front of it (TLFS chapter 3). */
#include "hypercall.h"

#include "acct.h"
#include "hv_abi.h"
#include "lib.h"
#include "lock.h"
#include "log.h"
#include "mem.h"
#include "options.h"
#include "panic.h"
#include "root.h"

#define NR_FAULTS	16
#define MAX_CALLS	256

/* What is kept about each call, in the order of @calls. */
struct call {
	const struct hvc_row *row;
	u64 made;
	u64 failed;
	u16 rep_limit;
};

extern const struct hvc_table *_hvcalls_start[], *_hvcalls_end[];

struct spinlock hv_lock;

static struct call calls[MAX_CALLS];
static unsigned int nr_calls;
static struct hvc_fault faults[NR_FAULTS];
static u64 faults_fired;

static struct call *find_call(u16 code)
{
	unsigned int low = 0, high = nr_calls;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (calls[mid].row->code == code)
			return &calls[mid];
		if (calls[mid].row->code < code)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static bool is_lacking(u16 code)
{
	unsigned int i;

	for (i = 0; i < options.nr_lacks; i++)
		if (options.lacks[i] == code)
			return true;
	return false;
}

static void add_row(const struct hvc_row *row)
{
	unsigned int i;

	if (is_lacking(row->code))
		return;
	if (find_call(row->code))
		panic("hypercall %x is defined twice", row->code);
	BUG_ON(nr_calls == MAX_CALLS);
	for (i = nr_calls++; i && calls[i - 1].row->code > row->code; i--)
		calls[i] = calls[i - 1];
	calls[i] = (struct call){ .row = row };
}

void hypercall_init(void)
{
	const struct hvc_table **t;
	unsigned int i;

	for (t = _hvcalls_start; t < _hvcalls_end; t++)
		for (i = 0; i < (*t)->nr; i++)
			add_row(&(*t)->rows[i]);
	log_info("%u hypercalls", nr_calls);
}

int hypercall_fault_add(const struct hvc_fault *f)
{
	unsigned int i;

	for (i = 0; i < NR_FAULTS; i++) {
		if (!faults[i].count) {
			faults[i] = *f;
			return 0;
		}
	}
	return -1;
}

u64 hypercall_fault_clear(void)
{
	u64 fired = faults_fired;
	unsigned int i;

	for (i = 0; i < nr_calls; i++)
		calls[i].rep_limit = 0;
	memset(faults, 0, sizeof(faults));
	faults_fired = 0;
	return fired;
}

int hypercall_rep_limit(u16 code, u16 reps)
{
	struct call *c = find_call(code);

	if (!c || !(c->row->flags & HVC_REP))
		return -1;
	c->rep_limit = reps;
	return 0;
}

int hypercall_counts(u16 code, u64 *made, u64 *failed)
{
	const struct call *c = find_call(code);

	if (!c)
		return -1;
	*made = c->made;
	*failed = c->failed;
	return 0;
}

/* The fault that applies to this call of @code, if any; counts the call. */
static const struct hvc_fault *next_fault(u16 code, struct hvc_fault *copy)
{
	const struct hvc_fault *hit = NULL;
	unsigned int i;

	for (i = 0; i < NR_FAULTS; i++) {
		struct hvc_fault *f = &faults[i];

		if (!f->count || f->code != code)
			continue;
		if (f->nth > 1) {
			f->nth--;
			continue;
		}
		if (hit)
			continue;	/* one fault a call; this one keeps its count */
		*copy = *f;
		hit = copy;
		faults_fired++;
		if (f->count != TESTHV_FAULT_FOREVER)
			f->count--;
	}
	return hit;
}

/* Reserved bits, reps and forms that the call does not have. */
static u16 check_control(struct hvcall *c, u64 control)
{
	const struct hvc_row *row = c->row;

	if (control & (HVX_HYPERCALL_RSVD_MASK | HVX_HYPERCALL_NESTED))
		return HVX_STATUS_INVALID_HYPERCALL_INPUT;
	if (row->flags & HVC_REP) {
		if (!c->reps || c->start >= c->reps)
			return HVX_STATUS_INVALID_HYPERCALL_INPUT;
	} else if (c->reps || c->start) {
		return HVX_STATUS_INVALID_HYPERCALL_INPUT;
	}
	if (c->varhdr && !(row->flags & HVC_VARHDR))
		return HVX_STATUS_INVALID_HYPERCALL_INPUT;
	if (c->fast && (!(row->flags & HVC_FAST) || c->varhdr))
		return HVX_STATUS_INVALID_HYPERCALL_INPUT;
	return HVX_STATUS_SUCCESS;
}

static u64 input_size(const struct hvcall *c)
{
	return c->row->in + c->varhdr + (u64)c->row->rep_in * c->reps;
}

static u64 output_size(const struct hvcall *c)
{
	return c->row->out + (u64)c->row->rep_out * c->reps;
}

/* A parameter list: aligned, within one page, in memory that the caller has. */
static u16 check_list(struct hvc_caller *who, u64 gpa, u64 size, bool write, void **ptr)
{
	if (!IS_ALIGNED(gpa, 8))
		return HVX_STATUS_INVALID_ALIGNMENT;
	if (size > PAGE_SIZE - (gpa & ~PAGE_MASK))
		return HVX_STATUS_INVALID_HYPERCALL_INPUT;
	*ptr = who->gpa(who, gpa, write);
	return *ptr ? HVX_STATUS_SUCCESS : HVX_STATUS_INVALID_PARAMETER;
}

static u16 check_lists(struct hvc_caller *who, struct hvcall *c)
{
	u64 in = input_size(c), out = output_size(c);
	void *ptr;
	u16 status;

	if (c->fast) {
		if (in > sizeof(c->fast_in) || out)
			return HVX_STATUS_INVALID_HYPERCALL_INPUT;
		c->in = c->fast_in;
		return HVX_STATUS_SUCCESS;
	}
	if (in) {
		status = check_list(who, c->in_gpa, in, false, &ptr);
		if (status)
			return status;
		c->in = ptr;
	}
	if (out) {
		status = check_list(who, c->out_gpa, out, true, &ptr);
		if (status)
			return status;
		c->out = ptr;
	}
	if (in && out && c->in_gpa < c->out_gpa + out && c->out_gpa < c->in_gpa + in)
		return HVX_STATUS_INVALID_PARAMETER;
	return HVX_STATUS_SUCCESS;
}

static u16 check(struct hvc_caller *who, struct hvcall *c, u64 control)
{
	u16 status;

	if (who->child && !(c->row->flags & HVC_CHILD))
		return HVX_STATUS_ACCESS_DENIED;
	if ((who->priv & c->row->priv) != c->row->priv)
		return HVX_STATUS_ACCESS_DENIED;
	status = check_control(c, control);
	return status ?: check_lists(who, c);
}

/*
 * Run the handler, for as many elements as test rules allow. The handler sees a
 * shorter call then, and the caller the number that were done.
 */
static u16 carry_out(struct hvcall *c, struct call *call)
{
	struct hvc_fault copy;
	const struct hvc_fault *fault = next_fault(c->code, &copy);
	u16 reps = c->reps, status;

	if (fault && (!fault->reps || !(c->row->flags & HVC_REP)))
		return fault->status;
	if (call->rep_limit)
		c->reps = min((u32)c->reps, (u32)c->start + call->rep_limit);
	if (fault)
		c->reps = min((u32)c->reps, (u32)c->start + fault->reps);
	status = c->row->fn(c);
	if (fault && !status && c->done < reps)
		status = fault->status;
	c->reps = reps;
	return status;
}

bool hypercall(struct hvc_caller *who, u64 control, u64 in, u64 out, u64 *result)
{
	struct hvcall c = {
		.caller = who->root,
		.vcpu = who->vcpu,
		.child = who->child,
		.code = control & HVX_HYPERCALL_CODE_MASK,
		.fast = control & HVX_HYPERCALL_FAST,
		.varhdr = ((control & HVX_HYPERCALL_VARHDR_MASK) >> HVX_HYPERCALL_VARHDR_SHIFT) * 8,
		.reps = (control & HVX_HYPERCALL_REP_COUNT_MASK) >> HVX_HYPERCALL_REP_COUNT_SHIFT,
		.start = (control & HVX_HYPERCALL_REP_START_MASK) >> HVX_HYPERCALL_REP_START_SHIFT,
		.in_gpa = in,
		.out_gpa = out,
		.fast_in = { in, out },
	};
	struct call *call = find_call(c.code);
	u16 status = HVX_STATUS_INVALID_HYPERCALL_CODE;

	spin_lock(&hv_lock);
	acct_add(TESTHV_ACCT_HYPERCALLS, 1);
	if (who->root)
		vp_stats_show(&who->root->stats);
	c.done = c.start;
	if (call) {
		c.row = call->row;
		status = check(who, &c, control);
		if (!status) {
			status = carry_out(&c, call);
			call->made++;
			call->failed += status != HVX_STATUS_SUCCESS;
		}
	}
	if (log_level >= LOG_TRACE ||
	    (log_level >= LOG_CALL && !(call && call->row->flags & HVC_HOT)))
		log_at(log_level, "%s %x (%s) control %lx in %lx out %lx: status %x, %u of %u done",
		       who->child ? "child" : "root", c.code, call ? call->row->name : "?",
		       control, in, out, status, c.done, c.reps);
	spin_unlock(&hv_lock);
	*result = status | (u64)(call && call->row->flags & HVC_REP ? c.done : 0) <<
			   HVX_RESULT_REPS_SHIFT;
	return !c.no_return;
}
