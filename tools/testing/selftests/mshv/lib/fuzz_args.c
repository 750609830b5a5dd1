// SPDX-License-Identifier: GPL-2.0
/* Arguments of ioctls by chance: right, nearly right, or nonsense. */
#include "mshv_fuzz.h"
#include "mshv_irq.h"

/*
 * Values
 */

u64 fuzz_any(struct fuzzer *f)
{
	static const u64 special[] = {
		0, 1, 2, 3, 4, 8, 16, 63, 64, 0xff, 0x100, 0xfff, 0x1000, 0x1001, 0xffff,
		0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 1ULL << 32, 1ULL << 40,
		1ULL << 47, 1ULL << 52, 1ULL << 63, ~0ULL, ~0ULL - 0xfff,
	};

	return one_in(f, 4) ? rnd(&f->state) : special[below(f, ARRAY_SIZE(special))];
}

u64 fuzz_number(struct fuzzer *f, u64 n)
{
	return one_in(f, 12) ? fuzz_any(f) : below(f, n);
}

u64 fuzz_bits(struct fuzzer *f, u64 mask)
{
	return one_in(f, 12) ? fuzz_any(f) : rnd(&f->state) & mask;
}

/* Mostly 0, as it must be */
static u64 zero(struct fuzzer *f)
{
	return one_in(f, 24) ? fuzz_any(f) : 0;
}

static u64 gpa(struct fuzzer *f)
{
	return one_in(f, 12) ? fuzz_any(f) : below(f, 2 * AREA_SIZE / PAGE) * PAGE;
}

static void *hva(struct fuzzer *f)
{
	return one_in(f, 12) ? (void *)fuzz_any(f) : f->area + below(f, AREA_SIZE / PAGE) * PAGE;
}

void *fuzz_buffer(struct fuzzer *f, size_t size)
{
	switch (below(f, 24)) {
	case 0:
		return (void *)fuzz_any(f);
	case 1:
		return f->readonly;
	case 2:
		/* it ends too early */
		return f->scratch + SCRATCH - size / 2;
	case 3:
		return hva(f);
	default:
		return f->scratch + SCRATCH - ((size + PAGE - 1) & ~(PAGE - 1));
	}
}

/* Whether it is this program's to write there. */
static bool in_scratch(const struct fuzzer *f, const void *p, size_t size)
{
	return (const u8 *)p >= f->scratch && (const u8 *)p <= f->scratch + SCRATCH - size;
}

static int event(struct fuzzer *f)
{
	switch (below(f, 16)) {
	case 0:
		return fuzz_any(f);
	case 1:
		return f->dev;
	case 2:
		return f->pt[below(f, NR_PT)];
	default:
		return f->events[below(f, NR_EVENTS)];
	}
}

/*
 * Arguments of ioctls
 */

static void arg_check_extension(struct fuzzer *f, void *arg)
{
	*(u32 *)arg = fuzz_number(f, 0x100);
}

static void arg_create_partition(struct fuzzer *f, void *arg)
{
	struct mshv_create_partition_v2 *v2 = arg;

	v2->pt_flags = one_in(f, 2) ? PT_DEFAULT : fuzz_bits(f, MSHV_PT_FLAGS_MASK);
	v2->pt_isolation = zero(f);
	v2->pt_num_cpu_fbanks = fuzz_number(f, MSHV_NUM_CPU_FEATURES_BANKS + 1);
	v2->pt_cpu_fbanks[0] = fuzz_bits(f, 0xff);
	v2->pt_cpu_fbanks[1] = zero(f);
	v2->pt_rsvd1[0] = zero(f);
	v2->pt_disabled_xsave = fuzz_bits(f, 4);
}

static void arg_create_vp(struct fuzzer *f, void *arg)
{
	((struct mshv_create_vp *)arg)->vp_index = fuzz_number(f, NR_VP);
}

static void arg_guest_memory(struct fuzzer *f, void *arg)
{
	struct mshv_user_mem_region *r = arg;
	u64 page = below(f, AREA_SIZE / PAGE);

	r->flags = fuzz_bits(f, MSHV_SET_MEM_FLAGS_MASK);
	/* a few places, so that some are there to be unmapped */
	if (one_in(f, 2)) {
		page &= ~511ULL;
		r->size = 512 * PAGE;
	} else {
		r->size = fuzz_number(f, 16) * PAGE;
	}
	r->userspace_addr = one_in(f, 8) ? (u64)hva(f) : (u64)f->area + page * PAGE;
	r->guest_pfn = one_in(f, 8) ? gpa(f) / PAGE : page;
	r->rsvd[below(f, 7)] = zero(f);
}

static void arg_irqfd(struct fuzzer *f, void *arg)
{
	struct mshv_user_irqfd *i = arg;

	i->fd = event(f);
	i->resamplefd = event(f);
	i->gsi = fuzz_number(f, 8);
	i->flags = fuzz_bits(f, MSHV_IRQFD_FLAGS_MASK);
}

static void arg_ioeventfd(struct fuzzer *f, void *arg)
{
	struct mshv_user_ioeventfd *i = arg;

	i->datamatch = below(f, 4);
	i->addr = one_in(f, 4) ? gpa(f) : 2 * AREA_SIZE + below(f, 4) * 8;
	i->len = one_in(f, 8) ? fuzz_any(f) : 1U << below(f, 4);
	i->fd = event(f);
	i->flags = fuzz_bits(f, MSHV_IOEVENTFD_FLAGS_MASK & ~BIT(MSHV_IOEVENTFD_BIT_PIO));
	i->rsvd[0] = zero(f);
}

static void arg_routing(struct fuzzer *f, void *arg)
{
	struct mshv_user_irq_table *t = arg;
	unsigned int i;

	t->nr = fuzz_number(f, 8);
	t->rsvd = zero(f);
	for (i = 0; i < 8; i++) {
		struct mshv_user_irq_entry *e = &t->entries[i];

		e->gsi = fuzz_number(f, 8);
		e->address_lo = ROUTE_ADDRESS | ROUTE_DEST(below(f, NR_VP));
		e->address_hi = zero(f);
		e->data = 0x40 + below(f, 8) + (one_in(f, 4) ? ROUTE_LEVEL : 0);
		if (one_in(f, 16))
			e->address_lo = fuzz_any(f);
		if (one_in(f, 16))
			e->data = fuzz_any(f);
	}
}

static void arg_bitmap(struct fuzzer *f, void *arg)
{
	struct mshv_gpap_access_bitmap *b = arg;

	b->access_type = fuzz_number(f, MSHV_GPAP_ACCESS_TYPE_COUNT);
	b->access_op = fuzz_number(f, MSHV_GPAP_ACCESS_OP_COUNT);
	b->rsvd[below(f, 6)] = zero(f);
	b->page_count = fuzz_number(f, 600);
	b->gpap_base = gpa(f) / PAGE;
	b->bitmap_ptr = (uintptr_t)fuzz_buffer(f, 128);
}

static void arg_hvcall(struct fuzzer *f, void *arg)
{
	static const u16 codes[] = {
		HVX_CALL_GET_PARTITION_PROPERTY, HVX_CALL_SET_PARTITION_PROPERTY,
		HVX_CALL_GET_VP_REGISTERS, HVX_CALL_SET_VP_REGISTERS, HVX_CALL_INSTALL_INTERCEPT,
		HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, HVX_CALL_GET_VP_STATE, HVX_CALL_SET_VP_STATE,
		HVX_CALL_REGISTER_INTERCEPT_RESULT, HVX_CALL_GET_VP_CPUID_VALUES,
		HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS, HVX_CALL_GET_GPA_PAGES_ACCESS_STATES,
	};
	struct mshv_root_hvcall *h = arg;
	u64 *in = fuzz_buffer(f, 512);
	unsigned int i;

	h->code = one_in(f, 4) ? fuzz_number(f, 0x120) : codes[below(f, ARRAY_SIZE(codes))];
	h->reps = fuzz_number(f, 4);
	h->in_sz = one_in(f, 8) ? fuzz_any(f) : 8 * (1 + below(f, 12));
	h->out_sz = one_in(f, 8) ? fuzz_any(f) : 8 * below(f, 12);
	h->status = zero(f);
	h->rsvd[below(f, 6)] = zero(f);
	h->in_ptr = (uintptr_t)in;
	if (one_in(f, 2)) {
		/* what is allowed everywhere */
		h->code = HVX_CALL_GET_PARTITION_PROPERTY;
		h->reps = zero(f);
		h->in_sz = sizeof(struct hvx_in_get_partition_property);
		h->out_sz = sizeof(struct hvx_out_get_partition_property);
	}
	h->out_ptr = h->out_sz ? (uintptr_t)fuzz_buffer(f, 512) : zero(f);
	if (!in_scratch(f, in, 512))
		return;
	for (i = 0; i < 64; i++)
		in[i] = fuzz_any(f);
	in[0] = one_in(f, 2) ? HVX_PARTITION_ID_SELF : zero(f);
	if (!one_in(f, 4))
		in[1] = HVX_PROP_PROCESSOR_FEATURES0 + below(f, 2);
}

static void arg_install_intercept(struct fuzzer *f, void *arg)
{
	struct mshv_install_intercept *i = arg;

	i->type = fuzz_number(f, 13);
	i->access = fuzz_bits(f, MSHV_INTERCEPT_ACCESS_MASK);
	i->parameter = fuzz_number(f, 64);
	i->status = zero(f);
	i->rsvd[below(f, 6)] = zero(f);
}

static void arg_assert_interrupt(struct fuzzer *f, void *arg)
{
	struct mshv_assert_interrupt *i = arg;

	i->dest = fuzz_number(f, NR_VP);
	i->type = fuzz_number(f, 10);
	i->vector = fuzz_number(f, 256);
	i->flags = fuzz_bits(f, MSHV_INTERRUPT_FLAGS_MASK);
	i->status = zero(f);
	i->rsvd = zero(f);
}

static void arg_property(struct fuzzer *f, void *arg)
{
	static const u32 codes[] = {
		HVX_PROP_SYNTHETIC_PROC_FEATURES, HVX_PROP_PRIVILEGE_FLAGS, HVX_PROP_TIME_FREEZE,
		HVX_PROP_REFERENCE_TIME, HVX_PROP_PROCESSORS_PER_SOCKET,
		HVX_PROP_GPA_PAGE_ACCESS_TRACKING, HVX_PROP_UNIMPLEMENTED_MSR_ACTION,
	};
	struct mshv_partition_property *p = arg;

	p->code = one_in(f, 8) ? fuzz_any(f) : codes[below(f, ARRAY_SIZE(codes))];
	p->status = zero(f);
	p->rsvd = zero(f);
	p->value = fuzz_number(f, 3);
}

static void arg_state(struct fuzzer *f, void *arg)
{
	struct mshv_get_set_vp_state *s = arg;

	s->type = fuzz_number(f, MSHV_VP_STATE_COUNT);
	s->rsvd[below(f, 3)] = zero(f);
	s->buf_sz = one_in(f, 8) ? fuzz_any(f) : PAGE * (1 + below(f, 2));
	s->buf_ptr = (uintptr_t)fuzz_buffer(f, s->buf_sz <= SCRATCH ? s->buf_sz : PAGE);
}

static void arg_registers(struct fuzzer *f, void *arg)
{
	struct mshv_vp_registers *v = arg;
	struct hvx_register *regs = fuzz_buffer(f, 32 * sizeof(*regs));
	unsigned int i;

	v->count = fuzz_number(f, 24);
	v->reserved = zero(f);
	v->regs_ptr = (uintptr_t)regs;
	if (!in_scratch(f, regs, 32 * sizeof(*regs)))
		return;
	for (i = 0; i < 32; i++) {
		regs[i] = (struct hvx_register){
			.name = one_in(f, 4) ? reg_table[below(f, reg_table_size)].name :
					       HVX_REG_RAX + below(f, 18),
		};
		regs[i].value.u64 = one_in(f, 2) ? fuzz_any(f) : GUEST_CODE_BASE;
		if (one_in(f, 64))
			regs[i].name = fuzz_any(f);
	}
}

static void arg_result(struct fuzzer *f, void *arg)
{
	struct mshv_intercept_result *r = arg;

	r->type = fuzz_number(f, 4);
	r->status = zero(f);
	r->rsvd = zero(f);
	if (r->type == MSHV_INTERCEPT_RESULT_CPUID) {
		r->cpuid.function = fuzz_number(f, 0x20);
		r->cpuid.flags = fuzz_bits(f, MSHV_CPUID_RESULT_FLAGS_MASK);
		r->cpuid.eax = (struct mshv_cpuid_bits){ fuzz_any(f), fuzz_any(f) };
		r->cpuid.rsvd = zero(f);
		return;
	}
	r->msr.index = one_in(f, 2) ? 0x4badf00d : fuzz_any(f);
	r->msr.access = fuzz_bits(f, MSHV_INTERCEPT_ACCESS_MASK);
	r->msr.action = fuzz_number(f, MSHV_MSR_ACTION_COUNT);
	r->msr.rsvd[below(f, 9)] = zero(f);
}

static void arg_cpuid(struct fuzzer *f, void *arg)
{
	struct mshv_vp_cpuid_values *c = arg;

	c->count = fuzz_number(f, 8);
	c->flags = fuzz_bits(f, MSHV_CPUID_VALUES_FLAGS_MASK);
	c->entries_ptr = (uintptr_t)fuzz_buffer(f, 8 * sizeof(struct mshv_cpuid_entry));
	c->status = zero(f);
	c->rsvd[below(f, 6)] = zero(f);
}

static void arg_translate(struct fuzzer *f, void *arg)
{
	struct mshv_translate_gva *t = arg;

	t->gva = one_in(f, 2) ? gpa(f) : fuzz_any(f);
	t->flags = fuzz_bits(f, MSHV_TRANSLATE_GVA_FLAGS_MASK);
	t->result = (uintptr_t)fuzz_buffer(f, sizeof(struct mshv_translate_gva_result));
	t->gpa = (uintptr_t)fuzz_buffer(f, 8);
}

static void arg_none(struct fuzzer *f, void *arg)
{
}

#define ROW(on, name, size, arg, cap, weight)	\
	{ #name, MSHV_##name, on, size, arg, MSHV_CAP_##cap, weight }
#define SIZE(type)	sizeof(struct mshv_##type)

const struct fuzz_row fuzz_rows[] = {
	ROW(ON_DEV, CHECK_EXTENSION, 4, arg_check_extension, CREATE_PARTITION, 1),
	ROW(ON_DEV, CREATE_PARTITION, SIZE(create_partition_v2), arg_create_partition,
	    CREATE_PARTITION, 2),
	ROW(ON_DEV, ROOT_HVCALL, SIZE(root_hvcall), arg_hvcall, DEVICE_HVCALL, 3),
	ROW(ON_PT, INITIALIZE_PARTITION, 0, arg_none, INITIALIZE_PARTITION, 2),
	ROW(ON_PT, CREATE_VP, SIZE(create_vp), arg_create_vp, CREATE_VP, 3),
	ROW(ON_PT, SET_GUEST_MEMORY, SIZE(user_mem_region), arg_guest_memory, GUEST_MEMORY, 6),
	ROW(ON_PT, GET_GPAP_ACCESS_BITMAP, SIZE(gpap_access_bitmap), arg_bitmap,
	    GPAP_ACCESS_BITMAP, 3),
	ROW(ON_PT, SET_MSI_ROUTING, 8 + 8 * sizeof(struct mshv_user_irq_entry), arg_routing,
	    MSI_ROUTING, 3),
	ROW(ON_PT, IRQFD, SIZE(user_irqfd), arg_irqfd, IRQFD, 5),
	ROW(ON_PT, IOEVENTFD, SIZE(user_ioeventfd), arg_ioeventfd, IOEVENTFD, 5),
	ROW(ON_PT, ROOT_HVCALL, SIZE(root_hvcall), arg_hvcall, PARTITION_HVCALL, 5),
	ROW(ON_PT, GET_STATS_FD, 0, arg_none, PARTITION_STATS, 1),
	ROW(ON_PT, INSTALL_INTERCEPT, SIZE(install_intercept), arg_install_intercept,
	    INSTALL_INTERCEPT, 3),
	ROW(ON_PT, ASSERT_INTERRUPT, SIZE(assert_interrupt), arg_assert_interrupt,
	    ASSERT_INTERRUPT, 3),
	ROW(ON_PT, GET_PARTITION_PROPERTY, SIZE(partition_property), arg_property,
	    GET_PROPERTY, 2),
	ROW(ON_PT, SET_PARTITION_PROPERTY, SIZE(partition_property), arg_property,
	    SET_PROPERTY, 3),
	ROW(ON_VP, RUN_VP, SIZE(run_vp), arg_none, RUN_VP, 6),
	ROW(ON_VP, CANCEL_RUN_VP, 0, arg_none, CANCEL_RUN_VP, 3),
	ROW(ON_VP, GET_VP_REGISTERS, SIZE(vp_registers), arg_registers, VP_REGISTERS, 4),
	ROW(ON_VP, SET_VP_REGISTERS, SIZE(vp_registers), arg_registers, VP_REGISTERS, 6),
	ROW(ON_VP, GET_VP_STATE, SIZE(get_set_vp_state), arg_state, VP_STATE_LAPIC, 4),
	ROW(ON_VP, SET_VP_STATE, SIZE(get_set_vp_state), arg_state, VP_STATE_LAPIC, 4),
	ROW(ON_VP, GET_STATS_FD, 0, arg_none, VP_STATS, 1),
	ROW(ON_VP, ROOT_HVCALL, SIZE(root_hvcall), arg_hvcall, VP_HVCALL, 5),
	ROW(ON_VP, REGISTER_INTERCEPT_RESULT, SIZE(intercept_result), arg_result,
	    INTERCEPT_RESULT, 3),
	ROW(ON_VP, GET_VP_CPUID_VALUES, SIZE(vp_cpuid_values), arg_cpuid, VP_CPUID_VALUES, 3),
	ROW(ON_VP, VP_TRANSLATE_GVA, SIZE(translate_gva), arg_translate, TRANSLATE_GVA, 4),
};

const unsigned int fuzz_nr_rows = ARRAY_SIZE(fuzz_rows);
