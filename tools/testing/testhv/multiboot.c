// SPDX-License-Identifier: GPL-2.0
/* Information of the multiboot loader (multiboot specification 0.6.96). */
#include "multiboot.h"

#include "lib.h"
#include "mem.h"
#include "panic.h"

#define MB_LOADER_MAGIC		0x2badb002
#define MB_INFO_CMDLINE		BIT(2)
#define MB_INFO_MODS		BIT(3)
#define MB_INFO_MMAP		BIT(6)

struct mb_info {
	u32 flags;
	u32 mem_lower, mem_upper;
	u32 boot_device;
	u32 cmdline;
	u32 mods_count, mods_addr;
	u32 syms[4];
	u32 mmap_length, mmap_addr;
} __packed;

struct mb_mod {
	u32 start, end;
	u32 cmdline;
	u32 rsvd;
} __packed;

struct mb_mmap {
	u32 size;		/* of what follows */
	u64 start, length;
	u32 type;
} __packed;

struct boot_info boot_info;

static char own_cmdline[MB_CMDLINE_MAX];
static char kernel_cmdline[MB_CMDLINE_MAX];

/* QEMU puts the name of the file in front. */
static void copy_cmdline(char *dst, u32 pa, const char *what)
{
	const char *src = phys_to_virt(pa);
	size_t len;

	while (*src && *src != ' ')
		src++;
	while (*src == ' ')
		src++;
	len = strlen(src);
	if (len >= MB_CMDLINE_MAX)
		config_error("the command line of %s is too long (%zu characters)", what, len);
	memcpy(dst, src, len + 1);
}

static void copy_map(const struct mb_info *mb)
{
	u64 pos = mb->mmap_addr, end = pos + mb->mmap_length;

	while (pos + sizeof(struct mb_mmap) <= end) {
		const struct mb_mmap *e = phys_to_virt(pos);

		if (boot_info.nr_map == MB_MEMMAP_MAX)
			config_error("the memory map has more than %d entries", MB_MEMMAP_MAX);
		boot_info.map[boot_info.nr_map++] = (struct mem_range){
			e->start, e->length, e->type
		};
		pos += e->size + sizeof(e->size);
	}
}

static struct mb_module module(const struct mb_mod *m)
{
	if (m->end < m->start)
		config_error("a module ends before it starts (%x, %x)", m->start, m->end);
	return (struct mb_module){ m->start, m->end - m->start, "" };
}

void multiboot_parse(u32 magic, u64 info)
{
	const struct mb_info *mb = phys_to_virt(info);
	const struct mb_mod *mods;

	if (magic != MB_LOADER_MAGIC)
		config_error("not started by a multiboot loader; use QEMU's -kernel");
	if (!(mb->flags & MB_INFO_MMAP))
		config_error("the loader passed no memory map");
	if (!(mb->flags & MB_INFO_MODS) || !mb->mods_count)
		config_error("no kernel: use -initrd \"vmlinuz <command line>,initramfs\"");
	if (mb->mods_count > 2)
		config_error("%u modules, where a kernel and an initramfs are expected; "
			     "commas in the command line must be doubled", mb->mods_count);

	copy_map(mb);
	if (mb->flags & MB_INFO_CMDLINE)
		copy_cmdline(own_cmdline, mb->cmdline, "testhv");
	boot_info.cmdline = own_cmdline;

	mods = phys_to_virt(mb->mods_addr);
	boot_info.kernel = module(&mods[0]);
	copy_cmdline(kernel_cmdline, mods[0].cmdline, "the kernel");
	boot_info.kernel.cmdline = kernel_cmdline;
	if (mb->mods_count > 1)
		boot_info.initrd = module(&mods[1]);
}
