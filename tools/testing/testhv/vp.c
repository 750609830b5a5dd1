// SPDX-License-Identifier: GPL-2.0
/* CreateVp, DeleteVp, state pages and statistics pages (TLFS 7). */
#include "tcg.h"
#include "vp.h"

#include "acct.h"
#include "cpu.h"
#include "guest_msr.h"
#include "guest_tsc.h"
#include "hypercall.h"
#include "init.h"
#include "intercept.h"
#include "lock.h"
#include "log.h"
#include "options.h"
#include "pageown.h"
#include "panic.h"
#include "root.h"
#include "run.h"

#define PAGE_POINTERS	(PAGE_SIZE / sizeof(void *))

static u16 find_vp(const struct hvcall *c, u64 id, u32 index, struct child_vp **vp)
{
	struct partition *p;
	u16 status;

	status = partition_find(c, id, IN_ACTIVE, &p);
	if (status)
		return status;
	*vp = partition_vp(p, index);
	return *vp ? HVX_STATUS_SUCCESS : HVX_STATUS_INVALID_VP_INDEX;
}

u16 vp_find(const struct hvcall *c, u64 id, u32 index, struct child_vp **vp)
{
	u16 status;

	do {
		status = find_vp(c, id, index, vp);
	} while (status == HVX_STATUS_SUCCESS && vp_stop(*vp));
	return status;
}

u16 vp_find_running(const struct hvcall *c, u64 id, u32 index, struct child_vp **vp)
{
	return find_vp(c, id, index, vp);
}

bool vp_stop(struct child_vp *vp)
{
	struct pcpu *cpu = vp->cpu;

	if (!cpu) {
		vp->stop = false;
		return false;
	}
	vp->stop = true;
	vp_kick(vp);
	spin_unlock(&hv_lock);
	while (READ_ONCE(cpu->child) == vp)
		cpu_relax();
	spin_lock(&hv_lock);
	return true;
}

/*
 * State pages and statistics pages: the hypervisor's (paid from a pool), but the
 * root sees them: where they are, or where it wants to.
 */
u16 shared_location(bool provided, u64 gfn, void *page)
{
	const struct page_info *info = page ? page_info(virt_to_phys(page)) : NULL;

	if (!provided) {
		/* Memory that is not the partition's own is not in its address space. */
		if (gfn || (options.l1vh && feature(FEAT_OVERLAY)) ||
		    (info && info->state == PG_OVERLAY))
			return HVX_STATUS_INVALID_PARAMETER;
		return HVX_STATUS_SUCCESS;
	}
	if (!feature(FEAT_OVERLAY) || gfn > UINT32_MAX)
		return HVX_STATUS_INVALID_PARAMETER;
	if (info)
		return info->state == PG_OVERLAY && info->gfn == gfn ?
		       HVX_STATUS_SUCCESS : HVX_STATUS_INVALID_PARAMETER;
	return root_can_cover(gfn << PAGE_SHIFT) ? HVX_STATUS_SUCCESS :
						   HVX_STATUS_INVALID_PARAMETER;
}

u64 shared_gfn(const void *page)
{
	const struct page_info *info = page_info(virt_to_phys(page));

	return info->state == PG_OVERLAY ? info->gfn : virt_to_phys(page) >> PAGE_SHIFT;
}

void *shared_get(struct pagepool *pool, bool provided, u64 gfn)
{
	void *page = pool_get(pool);
	u64 spa = virt_to_phys(page);

	if (!page)
		return NULL;
	if (provided ? root_cover(spa, gfn << PAGE_SHIFT, ROOT_RW) :
		       root_show_page(spa, PG_SHARED, ROOT_RW)) {
		pool_put(pool, page);
		return NULL;
	}
	if (provided)
		root_flush();
	return page;
}

void shared_put(struct partition *p, void *page)
{
	u64 spa = virt_to_phys(page);

	/* The root's tables were split for this page before: nothing to allocate. */
	if (page_info(spa)->state == PG_OVERLAY)
		root_uncover(spa, PG_DEPOSITED, p->index);
	else if (root_hide_page(spa, PG_DEPOSITED, p->index))
		panic("page %lx can not be hidden again", spa);
	root_flush();
	memset(page, 0, PAGE_SIZE);
	pool_put(&p->pool, page);
}

/*
 * Reset state: APM volume 2, table 14-1, and for the synthetic registers the
 * TLFS. APs of a partition with local APICs wait for a start-up IPI.
 */
/*
 * QEMU forgets the breakpoints that it has set up when VMRUN and #VMEXIT change
 * DR7, and takes one for another later, or crashes. There, guests do without.
 */
void vp_set_dr7(struct child_vp *vp, u64 val)
{
	vp->dr7 = val | DR7_FIXED;
	vp->vcpu.vmcb->s.dr7 = tcg_is_host() ? DR7_FIXED : vp->dr7;
}

void vp_reset(struct child_vp *vp)
{
	unsigned int i;

	vcpu_reset(&vp->vcpu);
	vp_set_dr7(vp, DR7_FIXED);
	memset(&vp->m, 0, sizeof(vp->m));
	for (i = 0; i < HVX_SINT_COUNT; i++)
		vp->m.sint[i] = HVX_SINT_MASKED;
	vp->m.mtrr_def_type = 0;
	vp->pending_interruption = 0;
	memset(vp->event, 0, sizeof(vp->event));
	vp->nmi_pending = false;
	vp->activity = 0;
	if (vp->part->flags & HVX_CREATE_LAPIC) {
		vp->m.apic_base = 0xfee00000 | APIC_BASE_ENABLE;
		if (vp->index == 0)
			vp->m.apic_base |= APIC_BASE_BSP;
		else
			vp->activity = HVX_ACTIVITY_STARTUP_SUSPEND;
	}
	lapic_reset(&vp->lapic, vp->index);
}

static struct child_vp **vp_slot(struct partition *p, u32 index)
{
	struct child_vp ***table = &p->vp_table[index / PAGE_POINTERS];

	if (!*table)
		*table = pool_get(&p->pool);
	return *table ? *table + index % PAGE_POINTERS : NULL;
}

/* Pages of a VP: its own, the VMCB, the extended state, overlays. */
enum { VP_SELF, VP_VMCB, VP_XSAVE, VP_SIMP, VP_SIEFP, VP_ASSIST, NR_VP_PAGES };

/* All memory of a VP: its pages and the appetite. */
static struct child_vp *vp_alloc(struct partition *p)
{
	void *page[NR_VP_PAGES], *extra;
	struct child_vp *vp;
	unsigned int n;

	for (n = 0; n < NR_VP_PAGES; n++) {
		page[n] = pool_get(&p->pool);
		if (!page[n])
			goto put;
	}
	if (obj_charge(&p->pool, &extra))
		goto put;
	vp = page[VP_SELF];
	vp->extra = extra;
	vcpu_init(&vp->vcpu, page[VP_VMCB], page[VP_XSAVE], &p->npt, CHILD_ASID);
	overlay_init(&vp->simp, page[VP_SIMP], NPT_RWX);
	overlay_init(&vp->siefp, page[VP_SIEFP], NPT_RWX);
	overlay_init(&vp->assist, page[VP_ASSIST], NPT_RWX);
	return vp;

put:
	while (n--)
		pool_put(&p->pool, page[n]);
	return NULL;
}

static void overlay_free(struct partition *p, struct overlay *ov)
{
	overlay_remove(p, ov);
	pool_put(&p->pool, ov->page);
}

static u16 create_child_vp(struct partition *p, u32 index)
{
	struct child_vp **slot, *vp;

	if (index >= MAX_CHILD_VPS)
		return HVX_STATUS_INVALID_VP_INDEX;
	/* The TLFS has no status of its own for an index in use. */
	if (partition_vp(p, index))
		return HVX_STATUS_INVALID_VP_INDEX;
	slot = vp_slot(p, index);
	vp = slot ? vp_alloc(p) : NULL;
	if (!vp) {
		partition_account(p);
		return HVX_STATUS_INSUFFICIENT_MEMORY;
	}
	vp->part = p;
	vp->index = index;
	vp->explicit_suspend = true;
	list_init(&vp->signal_link);
	list_init(&vp->run_link);
	vp_vcpu_setup(vp);
	vp_reset(vp);
	guest_tsc_start(vp);
	*slot = vp;
	p->nr_vps++;
	partition_account(p);
	acct_add(TESTHV_ACCT_VPS, 1);
	log_info("partition %lx: VP %u created", p->id, index);
	return HVX_STATUS_SUCCESS;
}

static void state_page_free(struct child_vp *vp, void **page)
{
	if (!*page)
		return;
	shared_put(vp->part, *page);
	*page = NULL;
	acct_add(TESTHV_ACCT_STATE_PAGES, -1);
}

void vp_destroy(struct child_vp *vp)
{
	struct partition *p = vp->part;

	vp_sched_forget(vp);
	vp_stats_free(&vp->stats);
	state_page_free(vp, (void **)&vp->regs_page);
	state_page_free(vp, (void **)&vp->msg_page);
	cpuid_rows_free(vp);
	msr_rows_free(vp);
	obj_uncharge(&p->pool, &vp->extra);
	overlay_free(p, &vp->simp);
	overlay_free(p, &vp->siefp);
	overlay_free(p, &vp->assist);
	p->vp_table[vp->index / PAGE_POINTERS][vp->index % PAGE_POINTERS] = NULL;
	p->nr_vps--;
	pool_put(&p->pool, vp->vcpu.vmcb);
	pool_put(&p->pool, vp->vcpu.xsave);
	pool_put(&p->pool, vp);
	partition_account(p);
	acct_add(TESTHV_ACCT_VPS, -1);
}

u16 child_create_vp(struct hvcall *c, const struct hvx_in_create_vp *in)
{
	struct partition *p;
	u16 status;

	status = partition_find(c, in->partition_id, IN_ACTIVE, &p);
	if (status)
		return status;
	if (in->subnode_type || in->flags)
		return HVX_STATUS_INVALID_PARAMETER;
	return create_child_vp(p, in->vp_index);
}

static u16 hv_delete_vp(struct hvcall *c)
{
	const struct hvx_in_delete_vp in = *(const struct hvx_in_delete_vp *)c->in;
	struct child_vp *vp;
	u16 status;

	status = vp_find(c, in.partition_id, in.vp_index, &vp);
	if (status)
		return status;
	log_info("partition %lx: VP %u deleted", vp->part->id, vp->index);
	vp_destroy(vp);
	return HVX_STATUS_SUCCESS;
}

/* The VP's pointer for a type of page, NULL for a type that it does not have. */
static void **state_page(struct child_vp *vp, u16 type)
{
	switch (type) {
	case HVX_STATE_PAGE_REGISTERS:
		return (void **)&vp->regs_page;
	case HVX_STATE_PAGE_INTERCEPT_MESSAGE:
		if (vp->part->flags & HVX_CREATE_INTERCEPT_MESSAGE_PAGE)
			return (void **)&vp->msg_page;
	}
	return NULL;
}

static u16 hv_map_vp_state_page(struct hvcall *c)
{
	const struct hvx_in_map_vp_state_page in =
		*(const struct hvx_in_map_vp_state_page *)c->in;
	bool provided = in.flags & HVX_STATE_PAGE_LOCATION_PROVIDED;
	struct hvx_out_map_vp_state_page *out = c->out;
	struct child_vp *vp;
	void **page;
	u16 status;

	status = vp_find(c, in.partition_id, in.vp_index, &vp);
	if (status)
		return status;
	page = state_page(vp, in.type);
	if (!page || in.vtl || in.flags & ~HVX_STATE_PAGE_LOCATION_PROVIDED)
		return HVX_STATUS_INVALID_PARAMETER;
	status = shared_location(provided, in.location, *page);
	if (status)
		return status;
	if (!*page) {
		*page = shared_get(&vp->part->pool, provided, in.location);
		partition_account(vp->part);
		if (!*page)
			return HVX_STATUS_INSUFFICIENT_MEMORY;
		acct_add(TESTHV_ACCT_STATE_PAGES, 1);
		if (in.type == HVX_STATE_PAGE_REGISTERS)
			regs_page_update(vp);
		else
			*vp->msg_page = vp->msg;
	}
	out->pfn = shared_gfn(*page);
	return HVX_STATUS_SUCCESS;
}

static u16 hv_unmap_vp_state_page(struct hvcall *c)
{
	const struct hvx_in_unmap_vp_state_page in =
		*(const struct hvx_in_unmap_vp_state_page *)c->in;
	struct child_vp *vp;
	void **page;
	u16 status;

	status = vp_find(c, in.partition_id, in.vp_index, &vp);
	if (status)
		return status;
	page = state_page(vp, in.type);
	if (!page || in.vtl || in.rsvd)
		return HVX_STATUS_INVALID_PARAMETER;
	if (!*page)
		return HVX_STATUS_NOT_FOUND;
	state_page_free(vp, page);
	partition_account(vp->part);
	return HVX_STATUS_SUCCESS;
}

static void vp_init(void)
{
	if (vcpu_xsave_size() > PAGE_SIZE)
		config_error("the CPU's XSAVE state is larger than a page; drop features in -cpu");
}
HV_INIT(vp_init);

static const struct hvc_row vp_rows[] = {
	{
		.code = HVX_CALL_DELETE_VP, .name = "DeleteVp",
		.flags = HVC_FAST, .in = sizeof(struct hvx_in_delete_vp),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_delete_vp,
	}, {
		.code = HVX_CALL_MAP_VP_STATE_PAGE, .name = "MapVpStatePage",
		.in = sizeof(struct hvx_in_map_vp_state_page),
		.out = sizeof(struct hvx_out_map_vp_state_page),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_map_vp_state_page,
	}, {
		.code = HVX_CALL_UNMAP_VP_STATE_PAGE, .name = "UnmapVpStatePage",
		.in = sizeof(struct hvx_in_unmap_vp_state_page),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_unmap_vp_state_page,
	},
};
HVC_TABLE(vp_rows);
