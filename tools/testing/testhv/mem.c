// SPDX-License-Identifier: GPL-2.0
/*
 * The hypervisor's memory.
 *
 * A region at the top of the RAM below 4 GiB is taken away from the root: the
 * image moves there, and everything else that is not paid for by deposits comes
 * from the rest of it.
 */
#include "mem.h"

#include "cpu.h"
#include "lib.h"
#include "log.h"
#include "multiboot.h"
#include "options.h"
#include "panic.h"

#define HIDDEN_BASE_SIZE	(16UL << 20)
#define HIDDEN_RAM_RATIO	256
#define HIDDEN_MIN		(8UL << 20)
#define MIN_ROOT_RAM		(96UL << 20)

u64 image_phys;
u64 ram_top, ram_bytes;
u64 hidden_start, hidden_end;
struct pagepool hidden_pool;

static u64 boot_next;		/* next free byte of the region */

extern char _image_start[], _image_end[];
void relocate(u64 dst, u64 src, u64 size, u64 cr3);

void pool_add(struct pagepool *pool, void *page)
{
	*(void **)page = pool->head;
	pool->head = page;
	pool->nr_free++;
}

void *pool_remove(struct pagepool *pool)
{
	void *page = pool->head;

	if (!page)
		return NULL;
	pool->head = *(void **)page;
	pool->nr_free--;
	return page;
}

void *pool_get(struct pagepool *pool)
{
	void *page = pool_remove(pool);

	if (!page)
		return NULL;
	pool->nr_used++;
	return memset(page, 0, PAGE_SIZE);
}

void pool_put(struct pagepool *pool, void *page)
{
	BUG_ON(!pool->nr_used);
	pool->nr_used--;
	pool_add(pool, page);
}

bool ram_contains(u64 pa, u64 size)
{
	unsigned int i;

	for (i = 0; i < boot_info.nr_map; i++) {
		const struct mem_range *r = &boot_info.map[i];

		if (r->type == MEM_RAM && pa >= r->start && size <= r->size &&
		    pa - r->start <= r->size - size)
			return true;
	}
	return false;
}

void *boot_alloc(u64 size, u64 align)
{
	u64 pa = ALIGN_UP(boot_next, align);

	if (pa + size > hidden_end)
		config_error("hidden region too small; raise hidden= above %lu MiB",
			     (hidden_end - hidden_start) >> 20);
	boot_next = pa + size;
	return memset(phys_to_virt(pa), 0, size);
}

static void choose_region(void)
{
	const struct mem_range *best = NULL;
	u64 size, end;
	unsigned int i;

	for (i = 0; i < boot_info.nr_map; i++) {
		const struct mem_range *r = &boot_info.map[i];

		if (r->type != MEM_RAM)
			continue;
		ram_bytes += r->size;
		ram_top = max(ram_top, r->start + r->size);
		if (r->start + r->size <= BIT(32) && (!best || r->start > best->start))
			best = r;
	}
	size = options.hidden ?: HIDDEN_BASE_SIZE + ram_bytes / HIDDEN_RAM_RATIO;
	size = ALIGN_UP(size, SIZE_2M);
	if (size < HIDDEN_MIN)
		config_error("hidden=%lu is less than %lu MiB", size, HIDDEN_MIN >> 20);
	if (!best || best->size < size + MIN_ROOT_RAM)
		config_error("too little memory below 4 GiB (%lu MiB); use -m 1G or more",
			     best ? best->size >> 20 : 0);
	end = ALIGN_DOWN(best->start + best->size, SIZE_2M);
	hidden_start = end - size;
	hidden_end = end;
	if (boot_info.kernel.start + boot_info.kernel.size > hidden_start ||
	    boot_info.initrd.start + boot_info.initrd.size > hidden_start)
		config_error("kernel and initramfs do not fit below %lx", hidden_start);
}

/* One-to-one map of the first 512 GiB, and the image's window. */
static u64 build_page_tables(void)
{
	u64 *pml4 = boot_alloc(PAGE_SIZE, PAGE_SIZE);
	u64 *low = boot_alloc(PAGE_SIZE, PAGE_SIZE);
	u64 *high = boot_alloc(PAGE_SIZE, PAGE_SIZE);
	u64 *pd = boot_alloc(PAGE_SIZE, PAGE_SIZE);
	unsigned int i;

	for (i = 0; i < 512; i++) {
		low[i] = i * SIZE_1G | 0x83;
		pd[i] = (hidden_start + i * SIZE_2M) | 0x83;
	}
	high[510] = (u64)pd | 3;
	pml4[0] = (u64)low | 3;
	pml4[511] = (u64)high | 3;
	return (u64)pml4;
}

void mem_init(void)
{
	u64 offset = (u64)_image_start - IMAGE_VIRT;
	u64 size = _image_end - _image_start;
	u64 cr3;

	if (!(cpuid(0x80000001, 0).edx & BIT(26)))
		config_error("this CPU has no 1 GiB pages; use -cpu max");
	choose_region();
	if (ALIGN_UP(offset + size, PAGE_SIZE) > hidden_end - hidden_start)
		config_error("hidden region too small for the image");
	boot_next = hidden_start + ALIGN_UP(offset + size, PAGE_SIZE);
	cr3 = build_page_tables();
	image_phys = hidden_start;
	relocate(hidden_start + offset, offset, size, cr3);
}

void mem_init_pool(void)
{
	u64 pa;

	for (pa = ALIGN_UP(boot_next, PAGE_SIZE); pa < hidden_end; pa += PAGE_SIZE)
		pool_add(&hidden_pool, phys_to_virt(pa));
	boot_next = hidden_end;
	log_info("memory: %lu MiB, hypervisor at %lx-%lx, %lu pages free",
		 ram_bytes >> 20, hidden_start, hidden_end, hidden_pool.nr_free);
}
