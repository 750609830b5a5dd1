// SPDX-License-Identifier: GPL-2.0
/* Pages that an MSR shows to the root. */
#include "msrpage.h"

#include "mem.h"
#include "options.h"
#include "pageown.h"
#include "panic.h"

static void out_of_memory(void)
{
	config_error("hidden region too small; raise hidden=");
}

void msr_page_init(struct msr_page *o, unsigned int perm)
{
	o->perm = perm;
	o->page = page_alloc();
	if (!o->page ||
	    (!options.l1vh && root_show_page(virt_to_phys(o->page), PG_SHARED, perm)))
		out_of_memory();
	msr_page_reset(o);
}

/* Have the page at the place that @val says. */
static bool move(struct msr_page *o, u64 val)
{
	u64 gpa = val & HVX_MSR_PAGE_MASK;
	bool on = val & HVX_MSR_PAGE_ENABLE;

	if (on && msr_page_on(o) && gpa == (o->msr & HVX_MSR_PAGE_MASK))
		return true;
	if (on && !root_can_cover(gpa))
		return false;
	if (msr_page_on(o))
		root_uncover(virt_to_phys(o->page), PG_HIDDEN, 0);
	if (on && root_cover(virt_to_phys(o->page), gpa, o->perm))
		out_of_memory();
	root_flush();
	return true;
}

bool msr_page_write(struct msr_page *o, u64 val)
{
	if ((val & ~HVX_MSR_PAGE_MASK) > HVX_MSR_PAGE_ENABLE)
		return false;
	if (options.l1vh ? !move(o, val) : (val & HVX_MSR_PAGE_MASK) != virt_to_phys(o->page))
		return false;
	o->msr = val;
	return true;
}

void msr_page_reset(struct msr_page *o)
{
	msr_page_write(o, options.l1vh ? 0 : virt_to_phys(o->page));
}
