// SPDX-License-Identifier: GPL-2.0
/* MapStatsPage and UnmapStatsPage, and what is in these pages. */
#include "stats.h"

#include "acct.h"
#include "cpu.h"
#include "hypercall.h"
#include "lib.h"
#include "mem.h"
#include "options.h"
#include "partition.h"
#include "pcpu.h"
#include "root.h"
#include "svm.h"
#include "timer.h"
#include "vp.h"

#define IN_SELF		BIT(HVX_STATS_AREA_SELF)
#define IN_PARENT	BIT(HVX_STATS_AREA_PARENT)
#define IN_BOTH		(IN_SELF | IN_PARENT)

/* Where in a VP's pages a count is shown. Some things only one area tells. */
static const struct {
	u16 counter;
	u16 areas;
} vp_counters[NR_VP_STATS] = {
	[VP_STAT_RUN_TIME] = { HVX_VP_COUNTER_TOTAL_RUN_TIME, IN_BOTH },
	[VP_STAT_HV_RUN_TIME] = { HVX_VP_COUNTER_HYPERVISOR_RUN_TIME, IN_SELF },
	[VP_STAT_HYPERCALLS] = { HVX_VP_COUNTER_HYPERCALLS, IN_BOTH },
	[VP_STAT_CR_ACCESSES] = { HVX_VP_COUNTER_CR_ACCESSES, IN_BOTH },
	[VP_STAT_IO] = { HVX_VP_COUNTER_IO, IN_BOTH },
	[VP_STAT_HLT] = { HVX_VP_COUNTER_HLT, IN_BOTH },
	[VP_STAT_CPUID] = { HVX_VP_COUNTER_CPUID, IN_BOTH },
	[VP_STAT_MSR] = { HVX_VP_COUNTER_MSR, IN_BOTH },
	[VP_STAT_OTHER_EXITS] = { HVX_VP_COUNTER_OTHER_INTERCEPTS, IN_BOTH },
	[VP_STAT_EXTERNAL_INTERRUPTS] = { HVX_VP_COUNTER_EXTERNAL_INTERRUPTS, IN_BOTH },
	[VP_STAT_PENDING_INTERRUPTS] = { HVX_VP_COUNTER_PENDING_INTERRUPTS, IN_BOTH },
	[VP_STAT_EXCEPTIONS] = { HVX_VP_COUNTER_REFLECTED_EXCEPTIONS, IN_BOTH },
	[VP_STAT_NESTED_FAULTS] = { HVX_VP_COUNTER_NESTED_PAGE_FAULTS, IN_BOTH },
	[VP_STAT_IO_MESSAGES] = { HVX_VP_COUNTER_IO_MESSAGES, IN_PARENT },
	[VP_STAT_MEMORY_MESSAGES] = { HVX_VP_COUNTER_MEMORY_MESSAGES, IN_PARENT },
	[VP_STAT_OTHER_MESSAGES] = { HVX_VP_COUNTER_OTHER_MESSAGES, IN_PARENT },
	[VP_STAT_APIC_EOIS] = { HVX_VP_COUNTER_APIC_EOIS, IN_BOTH },
	[VP_STAT_MIGRATIONS] = { HVX_VP_COUNTER_MIGRATIONS, IN_PARENT },
	[VP_STAT_INTERRUPTS] = { HVX_VP_COUNTER_VIRTUAL_INTERRUPTS, IN_BOTH },
	[VP_STAT_DISPATCHES] = { HVX_VP_COUNTER_DISPATCHES, IN_PARENT },
	[VP_STAT_BLOCKED] = { HVX_VP_COUNTER_DISPATCH_THREAD_BLOCKED, IN_PARENT },
};

/* Pages of the root's own objects, by area; mapped at most once each. */
static void *hypervisor_stats[STATS_AREAS];
static void *root_stats[STATS_AREAS];
static void *lp_stats[MAX_CPUS][STATS_AREAS];

static struct {
	u64 run_time;
	u64 switches;
} lps[MAX_CPUS];

static void show(void *const *pages, u32 areas, unsigned int counter, u64 val)
{
	unsigned int area;

	for (area = 0; area < STATS_AREAS; area++)
		if (pages[area] && (areas & BIT(area)))
			WRITE_ONCE(((u64 *)pages[area])[counter], val);
}

static void show_vp(const struct vp_stats *s, enum vp_stat stat)
{
	show(s->pages, vp_counters[stat].areas, vp_counters[stat].counter,
	     READ_ONCE(s->counts[stat]));
}

void vp_stats_show(const struct vp_stats *s)
{
	unsigned int i;

	if (!s->pages[HVX_STATS_AREA_SELF] && !s->pages[HVX_STATS_AREA_PARENT])
		return;
	for (i = 0; i < NR_VP_STATS; i++)
		show_vp(s, i);
}

void vp_stat_set(struct vp_stats *s, enum vp_stat stat, u64 val)
{
	s->counts[stat] = val;
	show_vp(s, stat);
}

void vp_stat_add(struct vp_stats *s, enum vp_stat stat, u64 n)
{
	vp_stat_set(s, stat, s->counts[stat] + n);
}

static enum vp_stat stat_of_exit(u64 code)
{
	switch (code) {
	case SVM_EXIT_VMMCALL:
		return VP_STAT_HYPERCALLS;
	case SVM_EXIT_CR_WRITE + 8:
		return VP_STAT_CR_ACCESSES;
	case SVM_EXIT_IOIO:
		return VP_STAT_IO;
	case SVM_EXIT_HLT:
		return VP_STAT_HLT;
	case SVM_EXIT_CPUID:
		return VP_STAT_CPUID;
	case SVM_EXIT_MSR:
		return VP_STAT_MSR;
	case SVM_EXIT_INTR:
	case SVM_EXIT_NMI:
		return VP_STAT_EXTERNAL_INTERRUPTS;
	case SVM_EXIT_VINTR:
		return VP_STAT_PENDING_INTERRUPTS;
	case SVM_EXIT_EXCP ... SVM_EXIT_EXCP + 31:
		return VP_STAT_EXCEPTIONS;
	case SVM_EXIT_NPF:
		return VP_STAT_NESTED_FAULTS;
	default:
		return VP_STAT_OTHER_EXITS;
	}
}

void vp_stat_exit(struct vp_stats *s, u64 code)
{
	vp_stat_inc(s, stat_of_exit(code));
}

void root_stat_exit(struct vp_stats *s, u64 code)
{
	u64 *count = &s->counts[stat_of_exit(code)];

	WRITE_ONCE(*count, *count + 1);
}

void vp_stat_message(struct vp_stats *s, u32 type)
{
	switch (type) {
	case HVX_MSG_X64_IO_PORT:
		vp_stat_inc(s, VP_STAT_IO_MESSAGES);
		break;
	case HVX_MSG_UNMAPPED_GPA:
	case HVX_MSG_GPA_INTERCEPT:
		vp_stat_inc(s, VP_STAT_MEMORY_MESSAGES);
		break;
	default:
		vp_stat_inc(s, VP_STAT_OTHER_MESSAGES);
	}
}

static void show_hypervisor(void)
{
	show(hypervisor_stats, IN_BOTH, HVX_HV_COUNTER_LOGICAL_PROCESSORS, nr_cpus);
	show(hypervisor_stats, IN_BOTH, HVX_HV_COUNTER_PARTITIONS,
	     1 + acct_read(TESTHV_ACCT_PARTITIONS));
	show(hypervisor_stats, IN_BOTH, HVX_HV_COUNTER_PAGES,
	     (hidden_end - hidden_start) >> PAGE_SHIFT);
	show(hypervisor_stats, IN_BOTH, HVX_HV_COUNTER_VIRTUAL_PROCESSORS,
	     nr_cpus + acct_read(TESTHV_ACCT_VPS));
}

void partition_stats_update(const struct partition *p)
{
	void *const *pages = p == &root_part ? root_stats : p->stats;

	show(pages, IN_BOTH, HVX_PARTITION_COUNTER_ID, p->id);
	show(pages, IN_BOTH, HVX_PARTITION_COUNTER_VIRTUAL_PROCESSORS,
	     p == &root_part ? nr_cpus : p->nr_vps);
	show(pages, IN_PARENT, HVX_PARTITION_COUNTER_DEPOSITED_PAGES,
	     p->pool.nr_free + p->pool.nr_used);
	show(pages, IN_BOTH, HVX_PARTITION_COUNTER_GPA_PAGES,
	     p->gpa_4k + p->gpa_2m * (SIZE_2M >> PAGE_SHIFT));
	show(pages, IN_BOTH, HVX_PARTITION_COUNTER_GPA_CHANGES, p->gpa_changes);
	show(pages, IN_BOTH, HVX_PARTITION_COUNTER_GPA_PAGES_4K, p->gpa_4k);
	show(pages, IN_BOTH, HVX_PARTITION_COUNTER_GPA_PAGES_2M, p->gpa_2m);
	show_hypervisor();
}

static void show_lp(unsigned int i)
{
	void *const *pages = lp_stats[i];

	show(pages, IN_BOTH, HVX_LP_COUNTER_GLOBAL_TIME, ref_time());
	show(pages, IN_BOTH, HVX_LP_COUNTER_TOTAL_RUN_TIME, lps[i].run_time);
	show(pages, IN_BOTH, HVX_LP_COUNTER_CONTEXT_SWITCHES, lps[i].switches);
	show(pages, IN_BOTH, HVX_LP_COUNTER_ROOT_VP_INDEX, i);
}

void lp_stats_ran(struct pcpu *cpu, u64 time)
{
	lps[cpu->index].run_time += time;
	lps[cpu->index].switches++;
	show_lp(cpu->index);
}

void stats_page_free(void **page)
{
	if (!*page)
		return;
	shared_put(&root_part, *page);
	*page = NULL;
	partition_account(&root_part);
	acct_add(TESTHV_ACCT_STATS_PAGES, -1);
}

void vp_stats_free(struct vp_stats *s)
{
	unsigned int i;

	for (i = 0; i < STATS_AREAS; i++)
		stats_page_free(&s->pages[i]);
}

/**
 * struct stats_object - what a call is about
 * @slots: the object's pages, by area
 * @vp: set for a VP
 * @part: set for a partition
 * @lp: set for a logical processor, otherwise -1
 */
struct stats_object {
	void **slots;
	struct vp_stats *vp;
	struct partition *part;
	int lp;
};

/* What an L1VH partition's parent sees of it is not its own to see. */
static u16 check_area(const struct partition *p, const struct hvx_stats_identity *id)
{
	return options.l1vh && p == &root_part && id->area == HVX_STATS_AREA_PARENT ?
	       HVX_STATUS_ACCESS_DENIED : HVX_STATUS_SUCCESS;
}

/* A VP of a child or one of the caller's own. */
static u16 find_vp(const struct hvcall *c, const struct hvx_stats_identity *id,
		   struct vp_stats **s)
{
	struct partition *p;
	struct child_vp *vp;
	struct root_vp *rv;
	u16 status;

	status = partition_find_or_self(c, id->partition_id, IN_ACTIVE, &p);
	if (!status)
		status = check_area(p, id);
	if (status)
		return status;
	if (p == &root_part) {
		rv = root_vp_by_index(id->vp_index);
		*s = rv ? &rv->stats : NULL;
	} else {
		vp = partition_vp(p, id->vp_index);
		*s = vp ? &vp->stats : NULL;
	}
	return *s ? HVX_STATUS_SUCCESS : HVX_STATUS_INVALID_VP_INDEX;
}

static u16 find_object(const struct hvcall *c, const struct hvx_in_stats_page *in,
		       struct stats_object *o)
{
	u16 status;

	*o = (struct stats_object){ .lp = -1 };
	if (in->rsvd || in->id.flags || in->id.rsvd || in->id.area >= STATS_AREAS)
		return HVX_STATUS_INVALID_PARAMETER;
	/* The machine is the root's. */
	if (options.l1vh && (in->type == HVX_STATS_HYPERVISOR || in->type == HVX_STATS_LP))
		return HVX_STATUS_ACCESS_DENIED;
	switch (in->type) {
	case HVX_STATS_HYPERVISOR:
		o->slots = hypervisor_stats;
		return HVX_STATUS_SUCCESS;
	case HVX_STATS_LP:
		if (in->id.partition_id >= nr_cpus)
			return HVX_STATUS_INVALID_LP_INDEX;
		o->lp = in->id.partition_id;
		o->slots = lp_stats[o->lp];
		return HVX_STATUS_SUCCESS;
	case HVX_STATS_PARTITION:
		status = partition_find_or_self(c, in->id.partition_id, IN_ACTIVE, &o->part);
		if (!status)
			status = check_area(o->part, &in->id);
		if (!status)
			o->slots = o->part == &root_part ? root_stats : o->part->stats;
		return status;
	case HVX_STATS_VP:
		status = find_vp(c, &in->id, &o->vp);
		if (!status)
			o->slots = o->vp->pages;
		return status;
	}
	return HVX_STATUS_INVALID_PARAMETER;
}

/* A page that was just mapped: everything that was counted before. */
static void fill(const struct stats_object *o)
{
	if (o->vp)
		vp_stats_show(o->vp);
	else if (o->part)
		partition_stats_update(o->part);
	else if (o->lp >= 0)
		show_lp(o->lp);
	else
		show_hypervisor();
}

static u16 map_page(const struct hvcall *c, const struct hvx_in_stats_page *in, bool provided,
		    u64 gfn, u64 *where)
{
	struct stats_object o;
	void **slot;
	u16 status;

	status = find_object(c, in, &o);
	if (status)
		return status;
	slot = &o.slots[in->id.area];
	status = shared_location(provided, gfn, *slot);
	if (status)
		return status;
	if (!*slot) {
		*slot = shared_get(&root_part.pool, provided, gfn);
		partition_account(&root_part);
		if (!*slot)
			return HVX_STATUS_INSUFFICIENT_MEMORY;
		acct_add(TESTHV_ACCT_STATS_PAGES, 1);
		fill(&o);
	}
	*where = shared_gfn(*slot);
	return HVX_STATUS_SUCCESS;
}

static u16 hv_map_stats_page(struct hvcall *c)
{
	const struct hvx_in_stats_page in = *(const struct hvx_in_stats_page *)c->in;
	struct hvx_out_map_stats_page *out = c->out;
	u16 status;
	u64 gfn;

	status = map_page(c, &in, false, 0, &gfn);
	if (status == HVX_STATUS_SUCCESS)
		out->pfn = gfn;
	return status;
}

static u16 hv_map_stats_page2(struct hvcall *c)
{
	const struct hvx_in_map_stats_page2 in = *(const struct hvx_in_map_stats_page2 *)c->in;
	u64 gfn;

	if (!feature(FEAT_OVERLAY))
		return HVX_STATUS_INVALID_HYPERCALL_CODE;
	return map_page(c, &in.page, true, in.location, &gfn);
}

static u16 hv_unmap_stats_page(struct hvcall *c)
{
	const struct hvx_in_stats_page in = *(const struct hvx_in_stats_page *)c->in;
	struct stats_object o;
	u16 status;

	status = find_object(c, &in, &o);
	if (status)
		return status;
	if (!o.slots[in.id.area])
		return HVX_STATUS_NOT_FOUND;
	stats_page_free(&o.slots[in.id.area]);
	return HVX_STATUS_SUCCESS;
}

static const struct hvc_row stats_rows[] = {
	{
		.code = HVX_CALL_MAP_STATS_PAGE, .name = "MapStatsPage",
		.in = sizeof(struct hvx_in_stats_page),
		.out = sizeof(struct hvx_out_map_stats_page),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_map_stats_page,
	}, {
		.code = HVX_CALL_MAP_STATS_PAGE2, .name = "MapStatsPage2",
		.in = sizeof(struct hvx_in_map_stats_page2),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_map_stats_page2,
	}, {
		.code = HVX_CALL_UNMAP_STATS_PAGE, .name = "UnmapStatsPage",
		.in = sizeof(struct hvx_in_stats_page),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_unmap_stats_page,
	},
};
HVC_TABLE(stats_rows);
