// SPDX-License-Identifier: GPL-2.0
/* InstallIntercept, and the messages that intercepts send (TLFS 7.6, 9, 11.2). */
#include "intercept.h"

#include "acct.h"
#include "cpu.h"
#include "gpa.h"
#include "hypercall.h"
#include "insn.h"
#include "log.h"
#include "partition.h"
#include "run.h"
#include "walk.h"

/* One page of intercepts that have a parameter, in a chain. */
struct param {
	u32 type;
	u32 access;	/* 0: the entry is free */
	u64 parameter;
};

#define PARAMS_PER_PAGE	((PAGE_SIZE - sizeof(void *)) / sizeof(struct param))

struct param_page {
	struct param_page *next;
	struct param params[PARAMS_PER_PAGE];
};

/*
 * struct intercept_type - what InstallIntercept takes
 * @access: accesses that make sense for it; 0: type not supported
 * @has_param: its parameter selects something
 * @max_param: largest parameter
 */
static const struct intercept_type {
	u32 access;
	bool has_param;
	u64 max_param;
} types[] = {
	[HVX_INTERCEPT_X64_IO_PORT] = {
		HVX_ACCESS_MASK_READ | HVX_ACCESS_MASK_WRITE, true, 0xffff },
	[HVX_INTERCEPT_X64_MSR] = {
		HVX_ACCESS_MASK_READ | HVX_ACCESS_MASK_WRITE, false, 0 },
	[HVX_INTERCEPT_X64_CPUID] = { HVX_ACCESS_MASK_EXECUTE, true, 0xffffffff },
	[HVX_INTERCEPT_EXCEPTION] = { HVX_ACCESS_MASK_EXECUTE, true, 31 },
	[HVX_INTERCEPT_HYPERCALL] = { HVX_ACCESS_MASK_EXECUTE, false, 0 },
	[HVX_INTERCEPT_X64_APIC_WRITE] = { HVX_ACCESS_MASK_WRITE, true, 0xffffffff },
	[HVX_INTERCEPT_X64_MSR_INDEX] = {
		HVX_ACCESS_MASK_READ | HVX_ACCESS_MASK_WRITE, true, 0xffffffff },
};

static struct param *find_param(const struct partition *p, u32 type, u64 parameter,
				struct param **free)
{
	struct param_page *page;
	unsigned int i;

	for (page = p->params; page; page = page->next) {
		for (i = 0; i < PARAMS_PER_PAGE; i++) {
			struct param *e = &page->params[i];

			if (e->access && e->type == type && e->parameter == parameter)
				return e;
			if (!e->access && free && !*free)
				*free = e;
		}
	}
	return NULL;
}

u32 intercept_access(const struct partition *p, u32 type, u64 parameter)
{
	const struct param *e;

	if (type == HVX_INTERCEPT_EXCEPTION)
		return p->excp_intercepts & BIT(parameter) ? HVX_ACCESS_MASK_EXECUTE : 0;
	if (!types[type].has_param)
		return p->intercepts[type];
	e = find_param(p, type, parameter, NULL);
	return e ? e->access : 0;
}

static u16 install_param(struct partition *p, u32 type, u64 parameter, u32 access)
{
	struct param *free = NULL, *e = find_param(p, type, parameter, &free);

	if (e) {
		e->access = access;
		if (!access)
			acct_add(TESTHV_ACCT_INTERCEPTS, -1);
		return HVX_STATUS_SUCCESS;
	}
	if (!access)
		return HVX_STATUS_SUCCESS;
	if (!free) {
		struct param_page *page = pool_get(&p->pool);

		if (!page)
			return HVX_STATUS_INSUFFICIENT_MEMORY;
		page->next = p->params;
		p->params = page;
		free = &page->params[0];
		partition_account(p);
	}
	*free = (struct param){ .type = type, .access = access, .parameter = parameter };
	acct_add(TESTHV_ACCT_INTERCEPTS, 1);
	return HVX_STATUS_SUCCESS;
}

void intercepts_clear(struct partition *p)
{
	u32 type;

	for (type = 0; type < ARRAY_SIZE(p->intercepts); type++) {
		if (p->intercepts[type])
			acct_add(TESTHV_ACCT_INTERCEPTS, -1);
		p->intercepts[type] = 0;
	}
	acct_add(TESTHV_ACCT_INTERCEPTS, -(s64)hweight64(p->excp_intercepts));
	p->excp_intercepts = 0;
	while (p->params) {
		struct param_page *page = p->params;
		unsigned int i;

		for (i = 0; i < PARAMS_PER_PAGE; i++)
			if (page->params[i].access)
				acct_add(TESTHV_ACCT_INTERCEPTS, -1);
		p->params = page->next;
		pool_put(&p->pool, page);
	}
}

static u16 hv_install_intercept(struct hvcall *c)
{
	const struct hvx_in_install_intercept in =
		*(const struct hvx_in_install_intercept *)c->in;
	const struct intercept_type *t;
	struct child_vp *vp;
	struct partition *p;
	u16 status;
	u32 i;

	status = partition_find(c, in.partition_id, IN_ACTIVE, &p);
	if (status)
		return status;
	if (in.type >= ARRAY_SIZE(types) || !types[in.type].access)
		return HVX_STATUS_INVALID_PARAMETER;
	t = &types[in.type];
	if ((in.access & ~t->access) || in.parameter > t->max_param)
		return HVX_STATUS_INVALID_PARAMETER;

	if (in.type == HVX_INTERCEPT_EXCEPTION) {
		u32 bit = 1U << in.parameter;

		acct_add(TESTHV_ACCT_INTERCEPTS,
			 !!in.access - !!(p->excp_intercepts & bit));
		p->excp_intercepts = in.access ? p->excp_intercepts | bit :
						 p->excp_intercepts & ~bit;
	} else if (t->has_param) {
		status = install_param(p, in.type, in.parameter, in.access);
		if (status)
			return status;
	} else {
		acct_add(TESTHV_ACCT_INTERCEPTS, !!in.access - !!p->intercepts[in.type]);
		p->intercepts[in.type] = in.access;
	}
	/* Running VPs notice at their next entry, which is now. */
	for_each_vp(vp, i, p)
		vp_kick(vp);
	return HVX_STATUS_SUCCESS;
}

struct hvx_segment seg_to_hvx(const struct vmcb_seg *s)
{
	return (struct hvx_segment){
		.base = s->base, .limit = s->limit, .selector = s->selector,
		.attributes = (s->attrib & 0xff) | (s->attrib & 0xf00) << 4,
	};
}

void seg_from_hvx(struct vmcb_seg *s, const struct hvx_segment *h)
{
	s->base = h->base;
	s->limit = h->limit;
	s->selector = h->selector;
	s->attrib = (h->attributes & 0xff) | (h->attributes >> 4 & 0xf00);
}

void msg_header(struct child_vp *vp, struct hvx_msg_header *h, u8 length, u8 access)
{
	const struct vmcb *b = vp->vcpu.vmcb;
	u16 state = vp_cpl(vp);

	if (b->s.cr0 & CR0_PE)
		state |= HVX_EXEC_CR0_PE;
	if (b->s.cr0 & CR0_AM)
		state |= HVX_EXEC_CR0_AM;
	if (b->s.efer & EFER_LMA)
		state |= HVX_EXEC_EFER_LMA;
	if (vp->dr7 & 0xff)
		state |= HVX_EXEC_DEBUG_ACTIVE;
	if (vp->pending_interruption & HVX_PENDING_VALID)
		state |= HVX_EXEC_INTERRUPTION_PENDING;
	if (b->c.int_state & SVM_INT_SHADOW)
		state |= HVX_EXEC_INTERRUPT_SHADOW;

	*h = (struct hvx_msg_header){
		.vp_index = vp->index,
		.length_cr8 = (length & 0xf) | (b->c.int_ctl & 0xf) << 4,
		.access_type = access,
		.execution_state = state,
		.cs = seg_to_hvx(&b->s.cs),
		.rip = b->s.rip,
		.rflags = b->s.rflags,
	};
}

void intercept_send(struct child_vp *vp, u32 type, const void *payload, u8 size)
{
	memset(&vp->msg, 0, sizeof(vp->msg));
	vp->msg.type = type;
	vp->msg.payload_size = size;
	vp->msg.sender = vp->part->id;
	memcpy(vp->msg.payload, payload, size);
	vp->intercept_suspend = true;
	if (vp->msg_page)
		*vp->msg_page = vp->msg;
	acct_add(TESTHV_ACCT_INTERCEPT_EXITS, 1);
	vp_stat_message(&vp->stats, type);
	log_trace("vp %lx.%u: message %x at rip %lx", vp->part->id, vp->index, type,
		  vp->vcpu.vmcb->s.rip);
	vp_report_intercept(vp);
}

void intercept_io(struct child_vp *vp)
{
	const struct vmcb *b = vp->vcpu.vmcb;
	u64 info = b->c.exit_info1;
	struct hvx_msg_io_port m = {
		.port = SVM_IOIO_PORT(info),
		.access_info = SVM_IOIO_SIZE(info),
		.rax = b->s.rax,
		.ds = seg_to_hvx(&b->s.ds),
		.es = seg_to_hvx(&b->s.es),
		.rcx = vp->vcpu.gpr[REG_RCX],
		.rsi = vp->vcpu.gpr[REG_RSI],
		.rdi = vp->vcpu.gpr[REG_RDI],
	};

	if (info & SVM_IOIO_STR)
		m.access_info |= HVX_IO_STRING;
	if (info & SVM_IOIO_REP)
		m.access_info |= HVX_IO_REP;
	m.byte_count = guest_fetch(vp, m.bytes, sizeof(m.bytes));
	msg_header(vp, &m.h, b->c.exit_info2 - b->s.rip,
		   info & SVM_IOIO_IN ? HVX_ACCESS_READ : HVX_ACCESS_WRITE);
	intercept_send(vp, HVX_MSG_X64_IO_PORT, &m, sizeof(m));
}

/*
 * The linear address of a memory access is not in the VMCB. It is one of the
 * instruction's memory operands, which may cross a page: the one that leads to
 * the faulting guest address is it.
 */
static bool find_gva(struct child_vp *vp, const struct insn *insn, u64 gpa, u32 how, u64 *gva)
{
	unsigned int i;

	for (i = 0; i < insn->nr_mem; i++) {
		u64 at = insn->mem[i], found;

		if (!guest_walk(vp, at, how, &found) && found >> PAGE_SHIFT == gpa >> PAGE_SHIFT) {
			*gva = (at & PAGE_MASK) | (gpa & ~PAGE_MASK);
			return true;
		}
		at = (at & PAGE_MASK) + PAGE_SIZE;
		if (!guest_walk(vp, at, how, &found) && found >> PAGE_SHIFT == gpa >> PAGE_SHIFT) {
			*gva = at | (gpa & ~PAGE_MASK);
			return true;
		}
	}
	return false;
}

void intercept_memory(struct child_vp *vp, bool mapped)
{
	const struct vmcb *b = vp->vcpu.vmcb;
	u64 info = b->c.exit_info1, gpa = b->c.exit_info2;
	bool walk = info & SVM_NPF_TABLE_WALK;
	u8 access = info & SVM_NPF_WRITE ? HVX_ACCESS_WRITE :
		    (info & SVM_NPF_FETCH) && !walk ? HVX_ACCESS_EXECUTE : HVX_ACCESS_READ;
	struct hvx_msg_memory m = {
		.cache_type = mapped ? HVX_CACHE_WRITE_BACK : HVX_CACHE_UNCACHED,
		.tpr_priority = b->c.int_ctl & 0xf,
		.gpa = gpa,
	};
	struct insn insn = { 0 };
	bool valid = false;

	if (access == HVX_ACCESS_EXECUTE) {
		u64 code = guest_code_address(vp, b->s.rip), found;

		/* The instruction may begin on the page before. */
		if (guest_walk(vp, code, WALK_EXEC | WALK_EXEMPT, &found) ||
		    found >> PAGE_SHIFT != gpa >> PAGE_SHIFT)
			code = (code & PAGE_MASK) + PAGE_SIZE;
		m.gva = code;
		valid = true;
	} else {
		m.byte_count = guest_fetch(vp, m.bytes, sizeof(m.bytes));
		insn_decode(vp, m.bytes, m.byte_count, &insn);
		if (!(b->s.cr0 & CR0_PG)) {
			m.gva = gpa;
			valid = true;
		} else if (!walk && !(b->c.exit_int_info & SVM_EVENT_VALID)) {
			valid = find_gva(vp, &insn, gpa, WALK_EXEMPT, &m.gva);
		}
	}
	if (valid)
		m.access_info = HVX_MEM_GVA_VALID | (walk ? 0 : HVX_MEM_GVA_GPA_VALID);
	msg_header(vp, &m.h, insn.length, access);
	intercept_send(vp, mapped ? HVX_MSG_GPA_INTERCEPT : HVX_MSG_UNMAPPED_GPA, &m, sizeof(m));
}

void intercept_cpuid(struct child_vp *vp, u8 len, const struct hvx_cpuid_result *deflt)
{
	struct hvx_msg_cpuid m = {
		.rax = vp->vcpu.vmcb->s.rax,
		.rcx = vp->vcpu.gpr[REG_RCX],
		.rdx = vp->vcpu.gpr[REG_RDX],
		.rbx = vp->vcpu.gpr[REG_RBX],
		.default_rax = deflt->eax,
		.default_rcx = deflt->ecx,
		.default_rdx = deflt->edx,
		.default_rbx = deflt->ebx,
	};

	msg_header(vp, &m.h, len, HVX_ACCESS_EXECUTE);
	intercept_send(vp, HVX_MSG_X64_CPUID, &m, sizeof(m));
}

void intercept_msr(struct child_vp *vp, u8 len, bool write)
{
	struct hvx_msg_msr m = {
		.msr = vp->vcpu.gpr[REG_RCX],
		.rdx = vp->vcpu.gpr[REG_RDX],
		.rax = vp->vcpu.vmcb->s.rax,
	};

	msg_header(vp, &m.h, len, write ? HVX_ACCESS_WRITE : HVX_ACCESS_READ);
	intercept_send(vp, HVX_MSG_X64_MSR, &m, sizeof(m));
}

static bool has_error_code(u8 vector)
{
	return vector == EXC_DF || (vector >= EXC_TS && vector <= EXC_PF) || vector == EXC_AC ||
	       vector == 21;
}

void intercept_exception(struct child_vp *vp, u8 vector)
{
	const struct vmcb *b = vp->vcpu.vmcb;
	struct hvx_msg_exception m = {
		.vector = vector,
		.ds = seg_to_hvx(&b->s.ds),
		.ss = seg_to_hvx(&b->s.ss),
	};
	unsigned int i;

	if (has_error_code(vector)) {
		m.info |= HVX_EXC_ERROR_CODE_VALID;
		m.error_code = b->c.exit_info1;
	}
	if (vector == EXC_PF)
		m.parameter = b->c.exit_info2;
	else if (vector == EXC_DB)
		m.parameter = b->s.dr6;
	m.byte_count = guest_fetch(vp, m.bytes, sizeof(m.bytes));
	if ((vector == EXC_BP && m.byte_count && m.bytes[0] == 0xcc) ||
	    (vector == EXC_OF && m.byte_count && m.bytes[0] == 0xce))
		m.info |= HVX_EXC_SOFTWARE;
	for (i = 0; i < NR_GPRS; i++)
		m.gpr[i] = vcpu_gpr(&vp->vcpu, i);
	msg_header(vp, &m.h, m.info & HVX_EXC_SOFTWARE ? 1 : 0, HVX_ACCESS_EXECUTE);
	intercept_send(vp, HVX_MSG_X64_EXCEPTION, &m, sizeof(m));
}

static void send_header_only(struct child_vp *vp, u32 type, u8 len)
{
	struct hvx_msg_header h;

	msg_header(vp, &h, len, HVX_ACCESS_EXECUTE);
	intercept_send(vp, type, &h, sizeof(h));
}

void intercept_halt(struct child_vp *vp, u8 len)
{
	send_header_only(vp, HVX_MSG_X64_HALT, len);
}

void intercept_hypercall(struct child_vp *vp, u8 len)
{
	send_header_only(vp, HVX_MSG_HYPERCALL_INTERCEPT, len);
}

void intercept_unrecoverable(struct child_vp *vp)
{
	send_header_only(vp, HVX_MSG_UNRECOVERABLE_EXCEPTION, 0);
}

void intercept_invalid_state(struct child_vp *vp)
{
	struct hvx_msg_invalid_vp_register m = { .vp_index = vp->index };

	intercept_send(vp, HVX_MSG_INVALID_VP_REGISTER, &m, sizeof(m));
}

void intercept_unsupported(struct child_vp *vp, u32 feature, u64 parameter)
{
	struct hvx_msg_unsupported_feature m = {
		.vp_index = vp->index, .feature_code = feature, .feature_parameter = parameter,
	};

	intercept_send(vp, HVX_MSG_UNSUPPORTED_FEATURE, &m, sizeof(m));
}

void intercept_apic_eoi(struct child_vp *vp, u8 vector)
{
	struct hvx_msg_apic_eoi m = { .vp_index = vp->index, .vector = vector };

	intercept_send(vp, HVX_MSG_X64_APIC_EOI, &m, sizeof(m));
}

static const struct hvc_row intercept_rows[] = {
	{
		.code = HVX_CALL_INSTALL_INTERCEPT, .name = "InstallIntercept",
		.in = sizeof(struct hvx_in_install_intercept),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_install_intercept,
	},
};
HVC_TABLE(intercept_rows);
