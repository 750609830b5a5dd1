/* SPDX-License-Identifier: GPL-2.0 */
/* What the multiboot loader (QEMU's -kernel option) hands over. */
#ifndef TESTHV_MULTIBOOT_H
#define TESTHV_MULTIBOOT_H

#include "types.h"

#define MB_CMDLINE_MAX	4096
#define MB_MEMMAP_MAX	64

/* Types of memory as in the firmware's E820 map. */
#define MEM_RAM		1
#define MEM_RESERVED	2

struct mem_range {
	u64 start;
	u64 size;
	u32 type;
};

struct mb_module {
	u64 start;
	u64 size;
	const char *cmdline;	/* without the file name */
};

/**
 * struct boot_info - copy of the loader's information
 * @cmdline: our own command line, without the file name
 * @kernel: first module
 * @initrd: second module; size 0 when there is none
 * @map: the firmware's memory map
 * @nr_map: its entries
 */
struct boot_info {
	const char *cmdline;
	struct mb_module kernel;
	struct mb_module initrd;
	struct mem_range map[MB_MEMMAP_MAX];
	unsigned int nr_map;
};

extern struct boot_info boot_info;

/* Check and copy what lies at @info; stops the machine when it makes no sense. */
void multiboot_parse(u32 magic, u64 info);

#endif /* TESTHV_MULTIBOOT_H */
