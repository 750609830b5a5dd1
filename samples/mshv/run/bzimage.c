// SPDX-License-Identifier: GPL-2.0
/*
 * Boots Linux: reads a bzImage and an initrd into guest memory and sets the
 * first VP up for the kernel's 32-bit entry (Documentation/arch/x86/boot.rst).
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <asm/bootparam.h>

#include "vmm.h"

#define SECTOR		512
#define HEADER_AT	offsetof(struct boot_params, hdr)
#define BOOT_MAGIC	0xaa55
#define HEADER_MAGIC	0x53726448	/* "HdrS" */
#define MIN_PROTOCOL	0x020a		/* with init_size */
#define LOADER_UNKNOWN	0xff

#define E820_RAM	1
#define E820_RESERVED	2

/* Selectors that the kernel expects, and what is behind them: flat, 4 GiB */
#define CODE_SELECTOR	0x10
#define DATA_SELECTOR	0x18
#define CODE_TYPE	0xb
#define DATA_TYPE	0x3
#define FLAT_CODE	0x00cf9b000000ffffULL
#define FLAT_DATA	0x00cf93000000ffffULL

#define CR0_PE		(1 << 0)
#define CR0_ET		(1 << 4)
#define RFLAGS_FIXED	0x2
#define MTRR_ENABLE	(1 << 11)
#define MTRR_WRITE_BACK	6

/* Reads the setup header; the rest of boot_params is for the loader. */
static void read_header(int fd, const char *path, u64 size, struct setup_header *hdr)
{
	struct boot_params file;
	u64 len;

	if (size < sizeof(file))
		die("%s: not a bzImage: too short", path);
	read_file(fd, path, &file, 0, sizeof(file));
	if (file.hdr.boot_flag != BOOT_MAGIC || file.hdr.header != HEADER_MAGIC)
		die("%s: not a bzImage", path);
	if (file.hdr.version < MIN_PROTOCOL)
		die("%s: boot protocol %u.%u is too old", path, file.hdr.version >> 8,
		    file.hdr.version & 0xff);
	if (!(file.hdr.loadflags & LOADED_HIGH))
		die("%s: a zImage, not a bzImage", path);
	/* The jump at the start of the header ends where the header does. */
	len = ((u8 *)&file)[0x201] + 0x202 - HEADER_AT;
	memset(hdr, 0, sizeof(*hdr));
	memcpy(hdr, &file.hdr, len < sizeof(*hdr) ? len : sizeof(*hdr));
}

/* Loads the kernel proper, at its preferred address. Returns what it needs. */
static u64 load_kernel(struct vm *vm, const char *path, struct setup_header *hdr)
{
	u64 size, setup, start;
	int fd;

	fd = open_file(path, O_RDONLY, &size);
	read_header(fd, path, size, hdr);
	setup = ((hdr->setup_sects ?: 4) + 1) * SECTOR;
	if (setup >= size)
		die("%s: not a whole bzImage: %llu bytes", path, (unsigned long long)size);
	if (hdr->syssize && setup + 16ULL * hdr->syssize > size)
		die("%s: not a whole bzImage: %llu of %llu bytes", path, (unsigned long long)size,
		    (unsigned long long)(setup + 16ULL * hdr->syssize));
	start = hdr->relocatable_kernel ? hdr->pref_address : hdr->code32_start;
	if (start < MIB(1) || start >= vm_low_ram(vm) || hdr->init_size < size - setup ||
	    hdr->init_size > vm_low_ram(vm) - start)
		die("%s: needs more memory than there is", path);
	read_file(fd, path, vm_memory(vm, start, size - setup), setup, size - setup);
	close(fd);
	hdr->code32_start = start;
	return start + hdr->init_size;
}

/* As high as the kernel can reach, above what the kernel itself needs. */
static void load_initrd(struct vm *vm, const char *path, struct setup_header *hdr,
			u64 kernel_end)
{
	u64 size, start, top = vm_low_ram(vm);
	int fd;

	fd = open_file(path, O_RDONLY, &size);
	if (!size)
		die("%s: is empty", path);
	if (top > hdr->initrd_addr_max + 1ULL)
		top = hdr->initrd_addr_max + 1ULL;
	if (size > top || ((top - size) & ~(MSHV_HV_PAGE_SIZE - 1ULL)) < kernel_end)
		die("%s: does not fit into the guest's memory", path);
	start = (top - size) & ~(MSHV_HV_PAGE_SIZE - 1ULL);
	read_file(fd, path, vm_memory(vm, start, size), 0, size);
	close(fd);
	hdr->ramdisk_image = start;
	hdr->ramdisk_size = size;
}

static void load_cmdline(struct vm *vm, const char *cmdline, struct setup_header *hdr)
{
	size_t len = strlen(cmdline);

	if (len > hdr->cmdline_size || CMDLINE_ADDR + len >= BIOS_START)
		die("the kernel's command line is too long");
	memcpy(vm_memory(vm, CMDLINE_ADDR, len + 1), cmdline, len + 1);
	hdr->cmd_line_ptr = CMDLINE_ADDR;
}

static void add_range(struct boot_params *params, u64 start, u64 end, u32 type)
{
	if (start < end)
		params->e820_table[params->e820_entries++] = (struct boot_e820_entry){
			.addr = start, .size = end - start, .type = type,
		};
}

static void fill_memory_map(struct vm *vm, struct boot_params *params)
{
	add_range(params, 0, BIOS_START, E820_RAM);
	add_range(params, BIOS_START, BIOS_END, E820_RESERVED);
	add_range(params, BIOS_END, vm_low_ram(vm), E820_RAM);
	add_range(params, RAM_HIGH_START, RAM_HIGH_START + vm_high_ram(vm), E820_RAM);
}

static struct hvx_register flat_segment(u32 name, u16 selector, u16 type)
{
	return (struct hvx_register){
		.name = name,
		.value.segment = {
			.limit = 0xffffffff,
			.selector = selector,
			.attributes = type | HVX_SEG_NON_SYSTEM | HVX_SEG_PRESENT |
				      HVX_SEG_DEFAULT | HVX_SEG_GRANULARITY,
		},
	};
}

/* Firmware makes all memory write-back in all processors. */
static void set_mtrrs(struct vm *vm)
{
	const struct hvx_register reg = {
		.name = HVX_REG_MTRR_DEF_TYPE, .value.u64 = MTRR_ENABLE | MTRR_WRITE_BACK,
	};
	unsigned int i;

	for (i = 0; i < vm->nr_vps; i++)
		vp_set_registers(&vm->vps[i], &reg, 1);
}

/* Protected mode, flat segments, no paging; RSI points to the parameters. */
static void set_entry(struct vm *vm, u64 entry)
{
	const u64 gdt[] = { 0, 0, FLAT_CODE, FLAT_DATA };
	const struct hvx_register regs[] = {
		flat_segment(HVX_REG_CS, CODE_SELECTOR, CODE_TYPE),
		flat_segment(HVX_REG_DS, DATA_SELECTOR, DATA_TYPE),
		flat_segment(HVX_REG_ES, DATA_SELECTOR, DATA_TYPE),
		flat_segment(HVX_REG_SS, DATA_SELECTOR, DATA_TYPE),
		{ .name = HVX_REG_GDTR,
		  .value.table = { .base = GDT_ADDR, .limit = sizeof(gdt) - 1 } },
		{ .name = HVX_REG_CR0, .value.u64 = CR0_PE | CR0_ET },
		{ .name = HVX_REG_RFLAGS, .value.u64 = RFLAGS_FIXED },
		{ .name = HVX_REG_RSI, .value.u64 = BOOT_PARAMS },
		{ .name = HVX_REG_RIP, .value.u64 = entry },
	};

	memcpy(vm_memory(vm, GDT_ADDR, sizeof(gdt)), gdt, sizeof(gdt));
	vp_set_registers(&vm->vps[0], regs, ARRAY_SIZE(regs));
}

/**
 * linux_load - load Linux and make the first VP start it
 * @vm: machine
 * @kernel: path of a bzImage
 * @initrd: path of an initramfs, or NULL
 * @cmdline: the kernel's command line
 *
 * The other VPs wait for the kernel to start them, as after reset.
 */
void linux_load(struct vm *vm, const char *kernel, const char *initrd, const char *cmdline)
{
	struct boot_params *params = vm_memory(vm, BOOT_PARAMS, sizeof(*params));
	u64 end;

	memset(params, 0, sizeof(*params));
	end = load_kernel(vm, kernel, &params->hdr);
	if (initrd)
		load_initrd(vm, initrd, &params->hdr, end);
	load_cmdline(vm, cmdline, &params->hdr);
	params->hdr.type_of_loader = LOADER_UNKNOWN;
	params->acpi_rsdp_addr = ACPI_ADDR;
	fill_memory_map(vm, params);
	set_mtrrs(vm);
	set_entry(vm, params->hdr.code32_start);
}
