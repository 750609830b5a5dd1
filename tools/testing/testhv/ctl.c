// SPDX-License-Identifier: GPL-2.0
/* Control port for tests; the interface is in include/testhv_ctl.h. */
#include "ctl.h"

#include "acct.h"
#include "apic.h"
#include "disturb.h"
#include "hv_abi.h"
#include "hypercall.h"
#include "lock.h"
#include "log.h"
#include "mem.h"
#include "options.h"
#include "pageown.h"
#include "panic.h"
#include "portio.h"
#include "property.h"
#include "root.h"
#include "stray.h"
#include "synic.h"
#include "testhv_ctl.h"

/* Entries that one request may put into a ring: more than it has */
#define CTL_RING_MAX	(4 * HVX_EVENT_RING_ENTRIES)

struct ctl_regs {
	u64 rbx, rcx, rsi, rdi;
};

static u64 ctl_ping(struct ctl_regs *r)
{
	*r = (struct ctl_regs){
		.rbx = TESTHV_CTL_MAGIC,
		.rcx = nr_cpus,
		.rsi = options.sched,
		.rdi = (options.large ? TESTHV_FLAG_LARGE_PAGES : 0) |
		       (options.l1vh ? TESTHV_FLAG_L1VH : 0) |
		       (feature(FEAT_OVERLAY) ? TESTHV_FLAG_OVERLAY : 0),
	};
	return TESTHV_CTL_OK;
}

static u64 ctl_account(struct ctl_regs *r)
{
	if (r->rbx >= TESTHV_ACCT_COUNT)
		return TESTHV_CTL_EARG;
	r->rbx = acct_read(r->rbx);
	return TESTHV_CTL_OK;
}

static u64 ctl_fault(struct ctl_regs *r)
{
	struct hvc_fault f = {
		.code = r->rbx,
		.nth = r->rcx,
		.count = r->rdi,
		.status = r->rsi,
		.reps = r->rsi >> TESTHV_FAULT_REPS_SHIFT,
	};

	if (r->rbx > 0xffff || !r->rcx || !r->rdi || !f.status ||
	    (u32)r->rsi > 0xffff || r->rsi >> TESTHV_FAULT_REPS_SHIFT > HVX_HYPERCALL_MAX_REPS)
		return TESTHV_CTL_EARG;
	return hypercall_fault_add(&f) ? TESTHV_CTL_EFULL : TESTHV_CTL_OK;
}

static u64 ctl_fault_clear(struct ctl_regs *r)
{
	disturb_set(&(struct disturb){ 0 });
	portio_set(&(struct portio_order){ 0 });
	r->rbx = hypercall_fault_clear();
	return TESTHV_CTL_OK;
}

static u64 ctl_rep_limit(struct ctl_regs *r)
{
	if (r->rbx > 0xffff || r->rcx > HVX_HYPERCALL_MAX_REPS)
		return TESTHV_CTL_EARG;
	return hypercall_rep_limit(r->rbx, r->rcx) ? TESTHV_CTL_EARG : TESTHV_CTL_OK;
}

static u64 ctl_calls(struct ctl_regs *r)
{
	if (r->rbx > 0xffff || hypercall_counts(r->rbx, &r->rbx, &r->rcx))
		return TESTHV_CTL_EARG;
	return TESTHV_CTL_OK;
}

static u64 ctl_log(struct ctl_regs *r)
{
	u64 old = log_level;

	if (r->rbx > LOG_ALL)
		return TESTHV_CTL_EARG;
	log_level = r->rbx;
	r->rbx = old;
	return TESTHV_CTL_OK;
}

static u64 ctl_page(struct ctl_regs *r)
{
	const struct page_info *p = NULL;

	if (r->rbx < BIT(52))
		p = page_info(r->rbx << PAGE_SHIFT);
	r->rcx = 0;
	if (!p) {
		r->rbx = TESTHV_PAGE_NOT_RAM;
		return TESTHV_CTL_OK;
	}
	r->rcx = p->owner;
	switch ((enum page_state)p->state) {
	case PG_ROOT:
		r->rbx = TESTHV_PAGE_ROOT;
		break;
	case PG_HIDDEN:
	case PG_OVERLAY:	/* where it is, the root does not see it */
		r->rbx = TESTHV_PAGE_HIDDEN;
		break;
	case PG_DEPOSITED:
		r->rbx = p->flags & PAGE_IN_USE ? TESTHV_PAGE_USED : TESTHV_PAGE_DEPOSITED;
		break;
	case PG_SHARED:
		r->rbx = TESTHV_PAGE_SHARED;
		break;
	case PG_COVERED:
		r->rbx = TESTHV_PAGE_COVERED;
		break;
	case PG_NONE:
		r->rbx = TESTHV_PAGE_NOT_RAM;
	}
	return TESTHV_CTL_OK;
}

/* The root VP and the SINT that RBX names. */
static struct root_vp *ctl_sint(const struct ctl_regs *r, unsigned int *sint)
{
	*sint = r->rbx >> 32;
	return *sint < HVX_SINT_COUNT ? root_vp_by_lp(r->rbx) : NULL;
}

/* The message that RBX and RCX describe, with sender and payload */
static u64 post(const struct ctl_regs *r, struct hvx_message *msg, u8 size_max)
{
	unsigned int sint;
	struct root_vp *rv = ctl_sint(r, &sint);

	msg->type = r->rcx;
	msg->payload_size = r->rcx >> 32;
	if (!rv || !msg->type || r->rcx >> 32 > size_max)
		return TESTHV_CTL_EARG;
	return synic_deliver_message(rv, sint, msg) ? TESTHV_CTL_EARG : TESTHV_CTL_OK;
}

static u64 ctl_post(struct ctl_regs *r)
{
	struct hvx_message msg = { .payload = { r->rsi, r->rdi } };

	return post(r, &msg, HVX_MSG_PAYLOAD_SIZE);
}

static u64 ctl_post_from(struct ctl_regs *r)
{
	struct hvx_message msg = { .sender = r->rsi, .payload = { r->rdi } };

	return post(r, &msg, HVX_MSG_PAYLOAD_SIZE);
}

/* What TESTHV_CTL_PAYLOAD has collected */
static struct hvx_message whole;

static u64 ctl_payload(struct ctl_regs *r)
{
	if (r->rbx >= ARRAY_SIZE(whole.payload))
		return TESTHV_CTL_EARG;
	whole.payload[r->rbx] = r->rcx;
	return TESTHV_CTL_OK;
}

static u64 ctl_post_whole(struct ctl_regs *r)
{
	struct hvx_message msg = whole;

	whole = (struct hvx_message){ 0 };
	msg.sender = r->rsi;
	return post(r, &msg, 0xff);
}

static u64 ctl_disturb(struct ctl_regs *r)
{
	const struct disturb rule = {
		.type = r->rbx, .flags = r->rcx, .count = r->rsi, .delay = r->rdi * 10000,
	};

	if (r->rbx >> 32 || r->rcx & ~(TESTHV_DISTURB_LOSE | TESTHV_DISTURB_AGAIN) ||
	    r->rdi > TESTHV_DISTURB_MAX_MS)
		return TESTHV_CTL_EARG;
	r->rbx = disturb_set(&rule);
	return TESTHV_CTL_OK;
}

static u64 ctl_out(struct ctl_regs *r)
{
	const struct portio_order order = {
		.port = r->rbx, .value = r->rcx, .interval = r->rsi * 10000, .count = r->rdi,
	};

	if (r->rbx >> 16 || r->rcx >> 16 || r->rsi > TESTHV_OUT_MAX_MS ||
	    (r->rdi && !r->rsi))
		return TESTHV_CTL_EARG;
	r->rbx = portio_set(&order);
	return TESTHV_CTL_OK;
}

static u64 ctl_ring(struct ctl_regs *r)
{
	unsigned int sint;
	struct root_vp *rv = ctl_sint(r, &sint);
	u64 i, n = 0;

	if (!rv || !r->rcx || r->rcx >> 32 || r->rsi > CTL_RING_MAX)
		return TESTHV_CTL_EARG;
	for (i = 0; i < r->rsi; i++)
		n += !synic_ring_push(rv, sint, r->rcx);
	r->rsi = n;
	return TESTHV_CTL_OK;
}

static u64 ctl_async(struct ctl_regs *r)
{
	if (r->rbx > TESTHV_ASYNC_MAX_MS || r->rcx & ~(TESTHV_ASYNC_LOSE | TESTHV_ASYNC_TWICE))
		return TESTHV_CTL_EARG;
	async_configure(&r->rbx, &r->rcx);
	return TESTHV_CTL_OK;
}

static u64 ctl_stray(struct ctl_regs *r)
{
	return stray_provoke(r->rbx) ? TESTHV_CTL_OK : TESTHV_CTL_EARG;
}

static u64 ctl_synic(struct ctl_regs *r)
{
	const struct root_vp *rv = r->rbx >> 32 ? NULL : root_vp_by_lp(r->rbx);

	if (!rv)
		return TESTHV_CTL_EARG;
	r->rbx = rv->synic.simp.msr >> PAGE_SHIFT;
	r->rcx = rv->synic.siefp.msr >> PAGE_SHIFT;
	return TESTHV_CTL_OK;
}

static u64 ctl_nmi(struct ctl_regs *r)
{
	apic_send(this_cpu()->apic_id, APIC_ICR_NMI | APIC_ICR_ASSERT);
	return TESTHV_CTL_OK;
}

static u64 (*const ops[])(struct ctl_regs *) = {
	[TESTHV_CTL_PING] = ctl_ping,
	[TESTHV_CTL_ACCOUNT] = ctl_account,
	[TESTHV_CTL_FAULT] = ctl_fault,
	[TESTHV_CTL_FAULT_CLEAR] = ctl_fault_clear,
	[TESTHV_CTL_REP_LIMIT] = ctl_rep_limit,
	[TESTHV_CTL_CALLS] = ctl_calls,
	[TESTHV_CTL_LOG] = ctl_log,
	[TESTHV_CTL_PAGE] = ctl_page,
	[TESTHV_CTL_POST] = ctl_post,
	[TESTHV_CTL_POST_FROM] = ctl_post_from,
	[TESTHV_CTL_RING] = ctl_ring,
	[TESTHV_CTL_ASYNC] = ctl_async,
	[TESTHV_CTL_STRAY] = ctl_stray,
	[TESTHV_CTL_SYNIC] = ctl_synic,
	[TESTHV_CTL_NMI] = ctl_nmi,
	[TESTHV_CTL_PAYLOAD] = ctl_payload,
	[TESTHV_CTL_POST_WHOLE] = ctl_post_whole,
	[TESTHV_CTL_DISTURB] = ctl_disturb,
	[TESTHV_CTL_OUT] = ctl_out,
};

/* One OUT of EAX; anything else at the port is refused. */
void ctl_exit(struct root_vp *rv)
{
	struct vcpu *v = &rv->vcpu;
	u64 info = v->vmcb->c.exit_info1;
	struct ctl_regs r = {
		v->gpr[REG_RBX], v->gpr[REG_RCX], v->gpr[REG_RSI], v->gpr[REG_RDI]
	};
	u64 op = (u32)v->vmcb->s.rax;
	u64 result = TESTHV_CTL_EOP;

	if (info & (SVM_IOIO_IN | SVM_IOIO_STR) || SVM_IOIO_SIZE(info) != 4 ||
	    SVM_IOIO_PORT(info) != TESTHV_CTL_PORT) {
		vcpu_inject_gp(v);
		return;
	}
	if (op < ARRAY_SIZE(ops)) {
		spin_lock(&hv_lock);
		result = ops[op](&r);
		spin_unlock(&hv_lock);
	}
	v->vmcb->s.rax = result;
	if (result == TESTHV_CTL_OK) {
		v->gpr[REG_RBX] = r.rbx;
		v->gpr[REG_RCX] = r.rcx;
		v->gpr[REG_RSI] = r.rsi;
		v->gpr[REG_RDI] = r.rdi;
	}
	vcpu_skip(v, v->vmcb->c.exit_info2 - v->vmcb->s.rip);
}
