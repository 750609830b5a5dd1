// SPDX-License-Identifier: GPL-2.0
/* Linux/x86 boot protocol (kernel: Documentation/arch/x86/boot.rst). */
#include "linux.h"

#include "cpu.h"
#include "lib.h"
#include "log.h"
#include "mem.h"
#include "multiboot.h"
#include "panic.h"
#include "root.h"

#define BOOT_PARAMS_PA		0x10000UL
#define CMDLINE_PA		0x20000UL
#define GDT_PA			0x2f000UL

#define BOOT_FLAG		0xaa55
#define HDRS_MAGIC		0x53726448	/* "HdrS" */
#define PROTOCOL_MIN		0x20a		/* init_size */
#define LOADED_HIGH		BIT(0)
#define LOADER_UNDEFINED	0xff
#define E820_MAX		128
#define SECTOR			512
#define DEFAULT_SETUP_SECTS	4

#define BOOT_CS			0x10
#define BOOT_DS			0x18

struct setup_header {
	u8 setup_sects;			/* 0x1f1 */
	u16 root_flags;
	u32 syssize;
	u16 ram_size, vid_mode, root_dev, boot_flag;
	u8 jump, header_length;		/* 0x200 */
	u32 magic;
	u16 version;
	u32 realmode_swtch;
	u16 start_sys_seg, kernel_version;
	u8 type_of_loader, loadflags;
	u16 setup_move_size;
	u32 code32_start, ramdisk_image, ramdisk_size;
	u32 bootsect_kludge;
	u16 heap_end_ptr;
	u8 ext_loader_ver, ext_loader_type;
	u32 cmd_line_ptr, initrd_addr_max, kernel_alignment;
	u8 relocatable_kernel, min_alignment;
	u16 xloadflags;
	u32 cmdline_size, hardware_subarch;
	u64 hardware_subarch_data;
	u32 payload_offset, payload_length;
	u64 setup_data, pref_address;
	u32 init_size, handover_offset;
} __packed;

struct e820_entry {
	u64 start, size;
	u32 type;
} __packed;

struct boot_params {
	u8 rsvd1[0x1e8];
	u8 e820_entries;
	u8 rsvd2[0x1f1 - 0x1e9];
	struct setup_header hdr;
	u8 rsvd3[0x2d0 - 0x1f1 - sizeof(struct setup_header)];
	struct e820_entry e820[E820_MAX];
	u8 rsvd4[0x1000 - 0x2d0 - E820_MAX * sizeof(struct e820_entry)];
} __packed;

_Static_assert(offsetof(struct setup_header, init_size) == 0x260 - 0x1f1, "setup header");
_Static_assert(sizeof(struct boot_params) == PAGE_SIZE, "boot_params");

static const struct setup_header *check_kernel(const struct mb_module *k)
{
	const struct setup_header *h = phys_to_virt(k->start + 0x1f1);

	if (k->size < 0x1f1 + sizeof(*h) || h->boot_flag != BOOT_FLAG || h->magic != HDRS_MAGIC)
		config_error("the first module is no Linux bzImage");
	if (h->version < PROTOCOL_MIN || !(h->loadflags & LOADED_HIGH))
		config_error("the kernel is too old (boot protocol %x)", h->version);
	if (strlen(k->cmdline) > h->cmdline_size)
		config_error("the kernel takes no more than %u characters of command line",
			     h->cmdline_size);
	return h;
}

static void add_range(struct boot_params *bp, u64 start, u64 end, u32 type)
{
	if (start >= end)
		return;
	if (bp->e820_entries == E820_MAX)
		config_error("memory map too long");
	bp->e820[bp->e820_entries++] = (struct e820_entry){ start, end - start, type };
}

/* RAM range [@start, @end) without the pieces that are the hypervisor's. */
static void add_ram(struct boot_params *bp, u64 start, u64 end)
{
	const struct {
		u64 start, end;
	} holes[] = {
		{ TRAMPOLINE_PA, TRAMPOLINE_PA + PAGE_SIZE },
		{ hidden_start, hidden_end },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(holes); i++) {
		if (holes[i].start < start || holes[i].end > end)
			continue;
		add_range(bp, start, holes[i].start, MEM_RAM);
		add_range(bp, holes[i].start, holes[i].end, MEM_RESERVED);
		start = holes[i].end;
	}
	add_range(bp, start, end, MEM_RAM);
}

static void fill_e820(struct boot_params *bp)
{
	unsigned int i;

	for (i = 0; i < boot_info.nr_map; i++) {
		const struct mem_range *r = &boot_info.map[i];

		if (r->type == MEM_RAM)
			add_ram(bp, r->start, r->start + r->size);
		else
			add_range(bp, r->start, r->start + r->size, r->type);
	}
}

/* At the top of what both the kernel and the hidden region allow. */
static void load_initrd(struct setup_header *h, u64 kernel_end)
{
	const struct mb_module *m = &boot_info.initrd;
	u64 top = min(hidden_start, (u64)h->initrd_addr_max + 1);
	u64 pa;

	if (!m->size)
		return;
	if (m->size > top)
		config_error("the initramfs is too large");
	pa = ALIGN_DOWN(top - m->size, PAGE_SIZE);
	if (pa < max(kernel_end, m->start) || !ram_contains(pa, m->size))
		config_error("not enough memory for an initramfs of %lu MiB", m->size >> 20);
	memmove(phys_to_virt(pa), phys_to_virt(m->start), m->size);
	h->ramdisk_image = pa;
	h->ramdisk_size = m->size;
}

static void set_entry(struct vcpu *v, u64 entry)
{
	struct vmcb_save *s = &v->vmcb->s;
	u64 *gdt = phys_to_virt(GDT_PA);

	gdt[BOOT_CS / 8] = 0x00cf9b000000ffff;
	gdt[BOOT_DS / 8] = 0x00cf93000000ffff;
	s->gdtr.base = GDT_PA;
	s->gdtr.limit = BOOT_DS + 7;
	s->cs = (struct vmcb_seg){
		.selector = BOOT_CS, .limit = 0xffffffff,
		.attrib = SVM_SEG_G | SVM_SEG_DB | SVM_SEG_P | SVM_SEG_S | 0xb,
	};
	s->ds = (struct vmcb_seg){
		.selector = BOOT_DS, .limit = 0xffffffff,
		.attrib = SVM_SEG_G | SVM_SEG_DB | SVM_SEG_P | SVM_SEG_S | 0x3,
	};
	s->es = s->ds;
	s->ss = s->ds;
	s->fs = s->ds;
	s->gs = s->ds;
	s->cr0 = CR0_PE | CR0_ET;
	s->rip = entry;
	v->gpr[REG_RSI] = BOOT_PARAMS_PA;
}

void linux_load(struct root_vp *rv)
{
	const struct mb_module *k = &boot_info.kernel;
	const struct setup_header *h = check_kernel(k);
	struct boot_params *bp = phys_to_virt(BOOT_PARAMS_PA);
	u64 skip = ((h->setup_sects ?: DEFAULT_SETUP_SECTS) + 1) * SECTOR;
	size_t header = 0x202 + (h->header_length) - 0x1f1;
	u64 entry;

	memset(bp, 0, sizeof(*bp));
	memcpy(&bp->hdr, h, min(header, sizeof(bp->hdr)));
	bp->hdr.type_of_loader = LOADER_UNDEFINED;
	bp->hdr.cmd_line_ptr = CMDLINE_PA;
	memcpy(phys_to_virt(CMDLINE_PA), k->cmdline, strlen(k->cmdline) + 1);
	fill_e820(bp);

	entry = bp->hdr.pref_address;
	if (skip >= k->size || !ram_contains(entry, bp->hdr.init_size) ||
	    entry + bp->hdr.init_size > hidden_start)
		config_error("not enough memory for the kernel (%u MiB at %lx)",
			     bp->hdr.init_size >> 20, entry);
	/* The initramfs lies where the kernel goes: it moves first. */
	load_initrd(&bp->hdr, entry + bp->hdr.init_size);
	memmove(phys_to_virt(entry), phys_to_virt(k->start + skip), k->size - skip);
	bp->hdr.code32_start = entry;
	set_entry(&rv->vcpu, entry);
	log_info("kernel at %lx, %lu KiB; initramfs at %x, %u KiB", entry, (k->size - skip) >> 10,
		 bp->hdr.ramdisk_image, bp->hdr.ramdisk_size >> 10);
}
