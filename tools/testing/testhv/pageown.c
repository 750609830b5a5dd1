// SPDX-License-Identifier: GPL-2.0
/* Ownership of page frames, and the root's view of them. */
#include "pageown.h"

#include "acct.h"
#include "cpu.h"
#include "lib.h"
#include "log.h"
#include "mem.h"
#include "multiboot.h"
#include "npt.h"
#include "panic.h"
#include "root.h"

static struct page_info *frames;
static u64 nr_frames;

struct page_info *page_info(u64 spa)
{
	u64 n = spa >> PAGE_SHIFT;

	if (n >= nr_frames || frames[n].state == PG_NONE)
		return NULL;
	return &frames[n];
}

static bool all_in_states(u64 spa, u64 size, u32 states)
{
	u64 pos, end;

	if (!size || __builtin_add_overflow(spa, size, &end))
		return false;
	for (pos = ALIGN_DOWN(spa, PAGE_SIZE); pos < end; pos += PAGE_SIZE) {
		const struct page_info *p = page_info(pos);

		if (!p || !(states & BIT(p->state)))
			return false;
	}
	return true;
}

bool root_owns(u64 spa, u64 size)
{
	return all_in_states(spa, size, BIT(PG_ROOT));
}

bool root_can_access(u64 spa, u64 size)
{
	return all_in_states(spa, size, BIT(PG_ROOT) | BIT(PG_SHARED));
}

int root_hide_page(u64 spa, enum page_state state, u16 owner)
{
	struct page_info *p = page_info(spa);

	BUG_ON(!p || (p->state != PG_ROOT && p->state != PG_SHARED));
	if (npt_map(&root.npt, ALIGN_DOWN(spa, PAGE_SIZE), ALIGN_DOWN(spa, PAGE_SIZE),
		    PAGE_SIZE, 0))
		return -1;
	p->state = state;
	p->owner = owner;
	return 0;
}

static u32 npt_bits(unsigned int perm)
{
	return NPT_READ | NPT_EXEC | (perm & ROOT_WRITE ? NPT_WRITE : 0);
}

int root_show_page(u64 spa, enum page_state state, unsigned int perm)
{
	struct page_info *p = page_info(spa);

	BUG_ON(!p);
	if (npt_map(&root.npt, ALIGN_DOWN(spa, PAGE_SIZE), ALIGN_DOWN(spa, PAGE_SIZE),
		    PAGE_SIZE, npt_bits(perm)))
		return -1;
	p->state = state;
	p->owner = 0;
	return 0;
}

bool root_can_cover(u64 gpa)
{
	return IS_ALIGNED(gpa, PAGE_SIZE) && root_owns(gpa, PAGE_SIZE) && !page_info(gpa)->maps;
}

int root_cover(u64 spa, u64 gpa, unsigned int perm)
{
	struct page_info *p = page_info(spa);

	BUG_ON(!p || (p->state != PG_HIDDEN && p->state != PG_DEPOSITED) || !root_can_cover(gpa));
	if (npt_map(&root.npt, gpa, spa, PAGE_SIZE, npt_bits(perm)))
		return -1;
	p->state = PG_OVERLAY;
	p->owner = 0;
	p->gfn = gpa >> PAGE_SHIFT;
	page_info(gpa)->state = PG_COVERED;
	acct_add(TESTHV_ACCT_COVERED, 1);
	return 0;
}

void root_uncover(u64 spa, enum page_state state, u16 owner)
{
	struct page_info *p = page_info(spa);
	u64 gpa;

	BUG_ON(!p || p->state != PG_OVERLAY);
	gpa = (u64)p->gfn << PAGE_SHIFT;
	/* Its large mapping was split before: nothing to allocate. */
	if (npt_map(&root.npt, gpa, gpa, PAGE_SIZE, NPT_RWX))
		panic("page %lx can not be shown again", gpa);
	page_info(gpa)->state = PG_ROOT;
	p->state = state;
	p->owner = owner;
	p->gfn = 0;
	acct_add(TESTHV_ACCT_COVERED, -1);
}

void root_flush(void)
{
	npt_flush(&root.npt);
}

/* The whole physical address space, with the largest leaves there are. */
static void map_everything(void)
{
	u64 pa, end = BIT(min(phys_bits(), ROOT_PHYS_BITS_MAX));

	for (pa = 0; pa < end; pa += SIZE_1G)
		if (npt_map(&root.npt, pa, pa, SIZE_1G, NPT_RWX))
			config_error("no memory for the root's page tables");
}

void pageown_init(void)
{
	unsigned int i;
	u64 pa;

	nr_frames = ram_top >> PAGE_SHIFT;
	frames = boot_alloc(nr_frames * sizeof(*frames), PAGE_SIZE);
	for (i = 0; i < boot_info.nr_map; i++) {
		const struct mem_range *r = &boot_info.map[i];
		u64 end = ALIGN_DOWN(r->start + r->size, PAGE_SIZE);

		if (r->type != MEM_RAM)
			continue;
		for (pa = ALIGN_UP(r->start, PAGE_SIZE); pa < end; pa += PAGE_SIZE)
			frames[pa >> PAGE_SHIFT].state = PG_ROOT;
	}
	for (pa = hidden_start; pa < hidden_end; pa += PAGE_SIZE)
		frames[pa >> PAGE_SHIFT].state = PG_HIDDEN;
}

/* Leaves of 2 MiB where they fit, so that a hole costs few tables. */
static void hide_range(u64 start, u64 end)
{
	while (start < end) {
		u64 size = IS_ALIGNED(start, SIZE_2M) && end - start >= SIZE_2M ?
			   SIZE_2M : PAGE_SIZE;

		if (npt_map(&root.npt, start, start, size, 0))
			config_error("no memory for the root's page tables");
		start += size;
	}
}

void pageown_init_root(void)
{
	if (npt_init(&root.npt, &hidden_pool))
		config_error("no memory for the root's page tables");
	map_everything();
	hide_range(hidden_start, hidden_end);
	if (root_hide_page(TRAMPOLINE_PA, PG_HIDDEN, 0))
		config_error("no memory for the root's page tables");
}
