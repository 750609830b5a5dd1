// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID of child VPs: what the machine has and the partition was left, plus the
 * Hyper-V leaves, plus results that the VMM has registered.
 */
#include "guest_cpuid.h"

#include "cpu.h"
#include "gpa.h"
#include "guest_msr.h"
#include "hypercall.h"
#include "options.h"
#include "root.h"

enum { EAX, EBX, ECX, EDX, NR_REGS };

/* XCR0 of children: x87, SSE, AVX. In this order both XSAVE formats look the same. */
#define XCR0_GUEST		7UL
#define XCR0_AVX		BIT(2)
#define XSAVE_LEGACY_SIZE	576
#define XSAVE_AVX_SIZE		256

/* Leaf 1 */
#define ECX1_CX16		BIT(13)
#define ECX1_X2APIC		BIT(21)
#define ECX1_OSXSAVE		BIT(27)
#define ECX1_HYPERVISOR		BIT(31)
#define EDX1_APIC		BIT(9)

#define LAST_BASIC		0xd
#define LAST_EXTENDED		0x80000008
#define LAST_HYPERVISOR		HVX_CPUID_HW_FEATURES

/* Bits of each feature register that children may see at all. */
#define SHOW_1_ECX	(BIT(0) | BIT(1) | BIT(9) | BIT(12) | BIT(13) | BIT(19) | BIT(20) |	\
			 BIT(22) | BIT(23) | BIT(25) | BIT(26) | BIT(28) | BIT(29) | BIT(30))
#define SHOW_1_EDX	(BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | \
			 BIT(8) | BIT(11) | BIT(12) | BIT(13) | BIT(14) | BIT(15) | BIT(16) |	\
			 BIT(17) | BIT(19) | BIT(23) | BIT(24) | BIT(25) | BIT(26))
#define SHOW_7_EBX	(BIT(0) | BIT(3) | BIT(5) | BIT(7) | BIT(8) | BIT(9) | BIT(18) | BIT(19) | \
			 BIT(20) | BIT(23) | BIT(24) | BIT(29))
#define SHOW_7_ECX	(BIT(2) | BIT(22))
#define SHOW_7_EDX	BIT(4)
#define SHOW_81_ECX	(BIT(0) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8))
#define SHOW_81_EDX	(SHOW_1_EDX & 0x183f3ff) | BIT(11) | BIT(20) | BIT(22) | BIT(25) |	\
			 BIT(26) | BIT(27) | BIT(29) | BIT(30) | BIT(31)

/*
 * struct feature_bit - a processor feature bit and where CPUID shows it
 * @bank: HVX_PROP_PROCESSOR_FEATURES0 or 1; 2: XSAVE features
 * @bit: bit there
 * @leaf: CPUID leaf
 * @sub: subleaf
 * @reg: register
 * @mask: bit of the register
 */
static const struct feature_bit {
	u8 bank;
	u8 bit;
	u32 leaf;
	u32 sub;
	u8 reg;
	u32 mask;
} feature_bits[] = {
	{ 0, 0, 1, 0, ECX, BIT(0) },		/* SSE3 */
	{ 0, 1, 0x80000001, 0, ECX, BIT(0) },	/* LAHF */
	{ 0, 2, 1, 0, ECX, BIT(9) },		/* SSSE3 */
	{ 0, 3, 1, 0, ECX, BIT(19) },		/* SSE4.1 */
	{ 0, 4, 1, 0, ECX, BIT(20) },		/* SSE4.2 */
	{ 0, 5, 0x80000001, 0, ECX, BIT(6) },	/* SSE4A */
	{ 0, 7, 1, 0, ECX, BIT(23) },		/* POPCNT */
	{ 0, 8, 1, 0, ECX, BIT(13) },		/* CMPXCHG16B */
	{ 0, 9, 0x80000001, 0, ECX, BIT(4) },	/* LOCK MOV CR8 */
	{ 0, 10, 0x80000001, 0, ECX, BIT(5) },	/* LZCNT */
	{ 0, 11, 0x80000001, 0, ECX, BIT(7) },	/* misaligned SSE */
	{ 0, 12, 0x80000001, 0, EDX, BIT(22) },	/* MMX extensions */
	{ 0, 13, 0x80000001, 0, EDX, BIT(31) },	/* 3DNow! */
	{ 0, 14, 0x80000001, 0, EDX, BIT(30) },	/* 3DNow! extensions */
	{ 0, 15, 0x80000001, 0, EDX, BIT(26) },	/* 1 GiB pages */
	{ 0, 16, 1, 0, ECX, BIT(25) },		/* AES */
	{ 0, 17, 1, 0, ECX, BIT(1) },		/* PCLMULQDQ */
	{ 0, 20, 1, 0, ECX, BIT(29) },		/* F16C */
	{ 0, 21, 1, 0, ECX, BIT(30) },		/* RDRAND */
	{ 0, 22, 7, 0, EBX, BIT(0) },		/* FSGSBASE */
	{ 0, 23, 7, 0, EBX, BIT(7) },		/* SMEP */
	{ 0, 24, 7, 0, EBX, BIT(9) },		/* ERMS */
	{ 0, 25, 7, 0, EBX, BIT(3) },		/* BMI1 */
	{ 0, 26, 7, 0, EBX, BIT(8) },		/* BMI2 */
	{ 0, 29, 1, 0, ECX, BIT(22) },		/* MOVBE */
	{ 0, 32, 7, 0, EBX, BIT(18) },		/* RDSEED */
	{ 0, 33, 7, 0, EBX, BIT(19) },		/* ADX */
	{ 0, 34, 0x80000001, 0, ECX, BIT(8) },	/* PREFETCHW */
	{ 0, 35, 7, 0, EBX, BIT(20) },		/* SMAP */
	{ 0, 38, 0x80000001, 0, EDX, BIT(27) },	/* RDTSCP */
	{ 0, 39, 7, 0, EBX, BIT(23) },		/* CLFLUSHOPT */
	{ 0, 40, 7, 0, EBX, BIT(24) },		/* CLWB */
	{ 0, 41, 7, 0, EBX, BIT(29) },		/* SHA */
	{ 0, 49, 7, 0, EDX, BIT(4) },		/* fast short REP MOVSB */
	{ 0, 57, 7, 0, ECX, BIT(22) },		/* RDPID */
	{ 0, 58, 7, 0, ECX, BIT(2) },		/* UMIP */
	{ 1, 1, 0x80000007, 0, EDX, BIT(8) },	/* invariant TSC */
	{ 2, 0, 1, 0, ECX, BIT(26) },		/* XSAVE */
	{ 2, 1, 0xd, 1, EAX, BIT(0) },		/* XSAVEOPT */
	{ 2, 2, 1, 0, ECX, BIT(28) },		/* AVX */
	{ 2, 3, 7, 0, EBX, BIT(5) },		/* AVX2 */
	{ 2, 4, 1, 0, ECX, BIT(12) },		/* FMA */
	{ 2, 11, 0xd, 1, EAX, BIT(1) },		/* XSAVEC */
};

/* The machine, less what the hypervisor does not give to children. */
static void machine_cpuid(u32 leaf, u32 sub, u32 *r)
{
	struct cpuid_regs host = cpuid(leaf, sub);
	u32 shown[NR_REGS] = { host.eax, host.ebx, host.ecx, host.edx };

	memcpy(r, shown, sizeof(shown));
	switch (leaf) {
	case 1:
		r[ECX] &= SHOW_1_ECX;
		r[EDX] &= SHOW_1_EDX;
		if (!options.cx16)
			r[ECX] &= ~ECX1_CX16;
		break;
	case 7:
		r[EAX] = 0;
		r[EBX] &= sub ? 0 : SHOW_7_EBX;
		r[ECX] &= sub ? 0 : SHOW_7_ECX;
		r[EDX] &= sub ? 0 : SHOW_7_EDX;
		break;
	case 0xd:
		if (sub == 1)
			r[EAX] &= BIT(0) | BIT(1);
		break;
	case 0x80000001:
		r[ECX] &= SHOW_81_ECX;
		r[EDX] &= SHOW_81_EDX;
		break;
	case 0x80000007:
		/* testhv's clock rests on it, and QEMU's TSC keeps the promise. */
		r[EAX] = 0;
		r[EBX] = 0;
		r[ECX] = 0;
		r[EDX] = BIT(8);
		break;
	}
}

static void host_bits(u64 *banks)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(feature_bits); i++) {
		const struct feature_bit *f = &feature_bits[i];
		u32 r[NR_REGS];

		machine_cpuid(f->leaf, f->sub, r);
		if (r[f->reg] & f->mask)
			banks[f->bank] |= BIT(f->bit);
	}
}

void host_features(u64 *banks)
{
	u64 all[3] = { 0 };

	host_bits(all);
	memcpy(banks, all, HVX_FEATURE_BANKS * sizeof(*banks));
}

u64 host_xsave_features(void)
{
	u64 all[3] = { 0 };

	host_bits(all);
	return all[2];
}

static bool has_feature(const struct partition *p, const struct feature_bit *f)
{
	u64 bank = f->bank < HVX_FEATURE_BANKS ? p->features[f->bank] : p->xsave_features;

	return bank & BIT(f->bit);
}

/* Take away what the partition was created without. */
static void hide_disabled(const struct partition *p, u32 leaf, u32 sub, u32 *r)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(feature_bits); i++) {
		const struct feature_bit *f = &feature_bits[i];

		if (f->leaf == leaf && f->sub == sub && !has_feature(p, f))
			r[f->reg] &= ~f->mask;
	}
}

static u32 xsave_size(u64 xcr0)
{
	return XSAVE_LEGACY_SIZE + (xcr0 & XCR0_AVX ? XSAVE_AVX_SIZE : 0);
}

u32 guest_xsave_size(const struct partition *p)
{
	return xsave_size(p->xcr0_mask);
}

bool guest_xcr0_valid(const struct partition *p, u64 xcr0)
{
	if (!(xcr0 & BIT(0)) || (xcr0 & ~p->xcr0_mask))
		return false;
	return !(xcr0 & XCR0_AVX) || (xcr0 & BIT(1));
}

void partition_set_features(struct partition *p, const u64 *disabled, u64 disabled_xsave)
{
	unsigned int i;

	host_features(p->features);
	for (i = 0; i < HVX_FEATURE_BANKS; i++)
		p->features[i] &= ~disabled[i];
	p->xsave_features = host_xsave_features() & ~disabled_xsave;
	/* Without XSAVE nothing that builds on it is left. */
	if (!(p->xsave_features & BIT(0)))
		p->xsave_features = 0;
	p->xcr0_mask = 3;
	if (p->xsave_features & BIT(2))
		p->xcr0_mask = XCR0_GUEST;
	p->xcr0_mask &= vcpu_xcr0_mask();
}

u64 guest_cr4_mask(const struct partition *p)
{
	u64 mask = 0x7ff;	/* up to OSXMMEXCPT: every x86-64 has them */

	if (p->features[0] & BIT(58))
		mask |= BIT(11);
	if (p->features[0] & BIT(22))
		mask |= BIT(16);
	if (p->xsave_features & BIT(0))
		mask |= CR4_OSXSAVE;
	if (p->features[0] & BIT(23))
		mask |= CR4_SMEP;
	if (p->features[0] & BIT(35))
		mask |= CR4_SMAP;
	return mask;
}

/* Hyper-V leaves */

u64 synth_to_priv(u64 synth)
{
	static const struct {
		u64 synth, priv;
	} map[] = {
		{ HVX_SYNTH_VP_RUNTIME, HVX_PRIV_VP_RUNTIME },
		{ HVX_SYNTH_REF_COUNTER, HVX_PRIV_TIME_REF_COUNT },
		{ HVX_SYNTH_SYNIC, HVX_PRIV_SYNIC },
		{ HVX_SYNTH_STIMER, HVX_PRIV_STIMER },
		{ HVX_SYNTH_INTR_CTRL, HVX_PRIV_APIC_MSRS },
		{ HVX_SYNTH_HYPERCALL, HVX_PRIV_HYPERCALL_MSRS },
		{ HVX_SYNTH_VP_INDEX, HVX_PRIV_VP_INDEX },
		{ HVX_SYNTH_REF_TSC, HVX_PRIV_REFERENCE_TSC },
		{ HVX_SYNTH_GUEST_IDLE, HVX_PRIV_GUEST_IDLE },
		{ HVX_SYNTH_FREQUENCY, HVX_PRIV_FREQUENCY_MSRS },
		{ HVX_SYNTH_SIGNAL_EVENTS, HVX_PRIV_SIGNAL_EVENTS },
	};
	unsigned int i;
	u64 priv = 0;

	for (i = 0; i < ARRAY_SIZE(map); i++)
		if (synth & map[i].synth)
			priv |= map[i].priv;
	return priv;
}

static void hypervisor_leaf(const struct partition *p, u32 leaf, u32 *r)
{
	memset(r, 0, NR_REGS * sizeof(*r));
	if (!(p->synth & HVX_SYNTH_HYPERVISOR_PRESENT))
		return;
	switch (leaf) {
	case HVX_CPUID_VENDOR:
		r[EAX] = LAST_HYPERVISOR;
		r[EBX] = HVX_CPUID_VENDOR_EBX;
		r[ECX] = HVX_CPUID_VENDOR_ECX;
		r[EDX] = HVX_CPUID_VENDOR_EDX;
		break;
	case HVX_CPUID_INTERFACE:
		if (p->synth & HVX_SYNTH_HV1)
			r[EAX] = HVX_CPUID_INTERFACE_EAX;
		break;
	case HVX_CPUID_VERSION:
		r[EAX] = 27744;
		r[EBX] = 10 << 16;
		break;
	case HVX_CPUID_FEATURES:
		r[EAX] = p->priv;
		r[EBX] = p->priv >> 32;
		if (p->synth & HVX_SYNTH_HYPERCALL)
			r[EDX] |= HVX_FEAT_CRASH_MSRS;
		if (p->synth & HVX_SYNTH_FREQUENCY)
			r[EDX] |= HVX_FEAT_FREQUENCY_MSRS;
		if (p->synth & HVX_SYNTH_DIRECT_STIMER)
			r[EDX] |= HVX_FEAT_STIMER_DIRECT;
		break;
	case HVX_CPUID_HINTS:
		r[EAX] = HVX_HINT_RELAXED_TIMING | HVX_HINT_NO_AUTO_EOI;
		if (p->synth & HVX_SYNTH_TB_FLUSH)
			r[EAX] |= HVX_HINT_REMOTE_FLUSH;
		if (p->synth & HVX_SYNTH_CLUSTER_IPI)
			r[EAX] |= HVX_HINT_CLUSTER_IPI;
		if (p->synth & HVX_SYNTH_EX_MASKS)
			r[EAX] |= HVX_HINT_EX_MASKS;
		r[EBX] = 0xffffffff;	/* never report a long spin */
		break;
	case HVX_CPUID_LIMITS:
		r[EAX] = MAX_CHILD_VPS;
		r[EBX] = MAX_CHILD_VPS;
		break;
	}
}

static unsigned int topology_shift(const struct partition *p)
{
	unsigned int shift = 0;

	while ((1U << shift) < p->nr_vps)
		shift++;
	return shift;
}

/* One package of as many cores as there are VPs. */
static void topology_leaf(const struct child_vp *vp, u32 sub, u32 *r)
{
	r[EAX] = 0;
	r[EBX] = 0;
	r[ECX] = sub & 0xff;
	r[EDX] = vp->lapic.id;
	if (sub == 0) {
		r[EBX] = 1;
		r[ECX] |= 1 << 8;
	} else if (sub == 1) {
		r[EAX] = topology_shift(vp->part);
		r[EBX] = vp->part->nr_vps;
		r[ECX] |= 2 << 8;
	}
}

/* Without registered results and what the VP's registers decide. */
static void default_cpuid(struct child_vp *vp, u32 leaf, u32 sub, u32 *r)
{
	const struct partition *p = vp->part;

	if (leaf >= 0x40000000 && leaf < 0x40000100) {
		hypervisor_leaf(p, leaf, r);
		return;
	}
	machine_cpuid(leaf, sub, r);
	hide_disabled(p, leaf, leaf == 7 || leaf == 0xd ? sub : 0, r);
	switch (leaf) {
	case 0:
		r[EAX] = min(r[EAX], (u32)LAST_BASIC);
		break;
	case 1:
		r[EBX] = (r[EBX] & 0xffff) | (p->nr_vps & 0xff) << 16 | vp->lapic.id << 24;
		if (p->flags & HVX_CREATE_X2APIC)
			r[ECX] |= ECX1_X2APIC;
		if (p->synth & HVX_SYNTH_HYPERVISOR_PRESENT)
			r[ECX] |= ECX1_HYPERVISOR;
		if (p->nr_vps > 1)
			r[EDX] |= BIT(28);
		break;
	case 5: case 6: case 0xa: case 9: case 3:
		memset(r, 0, NR_REGS * sizeof(*r));
		break;
	case 0xb:
		topology_leaf(vp, sub, r);
		break;
	case 0xd:
		if (sub == 0) {
			r[EAX] = p->xsave_features & BIT(0) ? p->xcr0_mask : 0;
			r[ECX] = p->xsave_features & BIT(0) ? guest_xsave_size(p) : 0;
			r[EDX] = 0;
		} else if (sub == 1) {
			r[ECX] = 0;
			r[EDX] = 0;
		} else if (sub != 2 || !(p->xcr0_mask & XCR0_AVX)) {
			memset(r, 0, NR_REGS * sizeof(*r));
		}
		break;
	case 0x80000000:
		r[EAX] = min(r[EAX], (u32)LAST_EXTENDED);
		break;
	case 0x80000008:
		r[EAX] = 48 << 8 | __builtin_ctzl(gpa_limit());
		r[EBX] = 0;
		r[EDX] = 0;
		r[ECX] = p->nr_vps > 1 ? topology_shift(p) << 12 | (p->nr_vps - 1) : 0;
		break;
	case 0x80000002 ... 0x80000006:
	case 0x80000001:
	case 0x80000007:
	case 2: case 4: case 7:
		break;
	default:
		memset(r, 0, NR_REGS * sizeof(*r));
	}
}

/* What CR4, XCR0 and APIC_BASE decide, whatever the VMM has registered. */
static void dynamic_cpuid(const struct child_vp *vp, u32 leaf, u32 sub, u64 xcr0, u32 *r)
{
	u64 cr4 = vp->vcpu.vmcb->s.cr4;

	if (leaf == 1) {
		r[ECX] &= ~ECX1_OSXSAVE;
		if (cr4 & CR4_OSXSAVE)
			r[ECX] |= ECX1_OSXSAVE;
		r[EDX] &= ~EDX1_APIC;
		if ((vp->part->flags & HVX_CREATE_LAPIC) && (vp->m.apic_base & APIC_BASE_ENABLE))
			r[EDX] |= EDX1_APIC;
	}
	if (leaf == 0xd && sub <= 1 && (vp->part->xsave_features & BIT(0)))
		r[EBX] = xsave_size(xcr0);
}

/* Registered results */

struct cpuid_row {
	u32 eax, ecx;
	u8 used, subleaf_specific;
	u16 rsvd;
	u32 value[NR_REGS], mask[NR_REGS];
};

#define ROWS_PER_PAGE	((PAGE_SIZE - sizeof(void *)) / sizeof(struct cpuid_row))

struct cpuid_page {
	struct cpuid_page *next;
	struct cpuid_row rows[ROWS_PER_PAGE];
};

/* The row for a leaf; one for exactly this subleaf goes before one for all. */
static struct cpuid_row *find_row(const struct child_vp *vp, u32 leaf, u32 sub)
{
	struct cpuid_row *all = NULL;
	struct cpuid_page *page;
	unsigned int i;

	for (page = vp->cpuid_rows; page; page = page->next) {
		for (i = 0; i < ROWS_PER_PAGE; i++) {
			struct cpuid_row *row = &page->rows[i];

			if (!row->used || row->eax != leaf)
				continue;
			if (!row->subleaf_specific)
				all = row;
			else if (row->ecx == sub)
				return row;
		}
	}
	return all;
}

/* A row to fill for that key: the old one, or a free one. */
static struct cpuid_row *make_row(struct child_vp *vp, u32 leaf, u32 sub, bool specific)
{
	struct cpuid_row *free = NULL;
	struct cpuid_page *page;
	unsigned int i;

	for (page = vp->cpuid_rows; page; page = page->next) {
		for (i = 0; i < ROWS_PER_PAGE; i++) {
			struct cpuid_row *row = &page->rows[i];

			if (!row->used)
				free = free ?: row;
			else if (row->eax == leaf && row->subleaf_specific == specific &&
				 (!specific || row->ecx == sub))
				return row;
		}
	}
	if (free)
		return free;
	page = pool_get(&vp->part->pool);
	if (!page)
		return NULL;
	partition_account(vp->part);
	page->next = vp->cpuid_rows;
	vp->cpuid_rows = page;
	return &page->rows[0];
}

void cpuid_rows_free(struct child_vp *vp)
{
	while (vp->cpuid_rows) {
		struct cpuid_page *page = vp->cpuid_rows;

		vp->cpuid_rows = page->next;
		pool_put(&vp->part->pool, page);
	}
}

static void apply_rows(const struct child_vp *vp, u32 leaf, u32 sub, u32 *r)
{
	const struct cpuid_row *row = find_row(vp, leaf, sub);
	unsigned int i;

	if (!row)
		return;
	for (i = 0; i < NR_REGS; i++)
		r[i] = (r[i] & ~row->mask[i]) | (row->value[i] & row->mask[i]);
}

static void result(const u32 *regs, struct hvx_cpuid_result *r)
{
	*r = (struct hvx_cpuid_result){
		.eax = regs[EAX], .ebx = regs[EBX], .ecx = regs[ECX], .edx = regs[EDX],
	};
}

void guest_cpuid(struct child_vp *vp, u32 leaf, u32 sub, struct hvx_cpuid_result *r)
{
	u32 regs[NR_REGS];

	default_cpuid(vp, leaf, sub, regs);
	apply_rows(vp, leaf, sub, regs);
	dynamic_cpuid(vp, leaf, sub, vcpu_xcr0(&vp->vcpu), regs);
	result(regs, r);
}

static u16 register_cpuid(struct child_vp *vp, const struct hvx_in_register_intercept_result *in)
{
	struct cpuid_row *row;
	unsigned int i;

	if (in->cpuid.subleaf_specific > 1 || in->cpuid.always_override > 1 || in->cpuid.rsvd)
		return HVX_STATUS_INVALID_PARAMETER;
	row = make_row(vp, in->cpuid.eax, in->cpuid.ecx, in->cpuid.subleaf_specific);
	if (!row)
		return HVX_STATUS_INSUFFICIENT_MEMORY;
	row->used = true;
	row->eax = in->cpuid.eax;
	row->ecx = in->cpuid.ecx;
	row->subleaf_specific = in->cpuid.subleaf_specific;
	for (i = 0; i < NR_REGS; i++) {
		row->value[i] = in->cpuid.result[i].value;
		row->mask[i] = in->cpuid.result[i].mask;
	}
	return HVX_STATUS_SUCCESS;
}

static u16 hv_register_intercept_result(struct hvcall *c)
{
	struct hvx_in_register_intercept_result in;
	struct child_vp *vp;
	u16 status;

	memcpy(&in, c->in, sizeof(in));
	status = vp_find(c, in.partition_id, in.vp_index, &vp);
	if (status)
		return status;
	switch (in.type) {
	case HVX_INTERCEPT_X64_CPUID:
		return register_cpuid(vp, &in);
	case HVX_INTERCEPT_X64_MSR:
		return msr_result_register(vp, in.msr.index, in.msr.access, in.msr.action);
	default:
		return HVX_STATUS_INVALID_PARAMETER;
	}
}

static u16 hv_get_vp_cpuid(struct hvcall *c)
{
	const struct hvx_in_get_vp_cpuid in = *(const struct hvx_in_get_vp_cpuid *)c->in;
	struct child_vp *vp;
	u16 status, i;

	status = vp_find(c, in.partition_id, in.vp_index, &vp);
	if (status)
		return status;
	if (in.flags & ~(HVX_CPUID_USE_VP_XFEM_XSS | HVX_CPUID_APPLY_REGISTERED) || in.rsvd)
		return HVX_STATUS_INVALID_PARAMETER;
	for (i = c->start; i < c->reps; i++) {
		const struct hvx_cpuid_query q = *(const struct hvx_cpuid_query *)hvc_rep_in(c, i);
		u64 xcr0 = in.flags & HVX_CPUID_USE_VP_XFEM_XSS ? vp->vcpu.xcr0 : q.xfem;
		u32 regs[NR_REGS];

		default_cpuid(vp, q.eax, q.ecx, regs);
		if (in.flags & HVX_CPUID_APPLY_REGISTERED)
			apply_rows(vp, q.eax, q.ecx, regs);
		dynamic_cpuid(vp, q.eax, q.ecx, xcr0, regs);
		result(regs, hvc_rep_out(c, i));
	}
	c->done = i;
	return HVX_STATUS_SUCCESS;
}

static const struct hvc_row cpuid_rows[] = {
	{
		.code = HVX_CALL_REGISTER_INTERCEPT_RESULT, .name = "RegisterInterceptResult",
		.flags = HVC_HOT, .in = sizeof(struct hvx_in_register_intercept_result),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_register_intercept_result,
	}, {
		.code = HVX_CALL_GET_VP_CPUID_VALUES, .name = "GetVpCpuidValues",
		.flags = HVC_REP | HVC_HOT, .in = sizeof(struct hvx_in_get_vp_cpuid),
		.rep_in = sizeof(struct hvx_cpuid_query),
		.rep_out = sizeof(struct hvx_cpuid_result),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_get_vp_cpuid,
	},
};
HVC_TABLE(cpuid_rows);
