// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI tables: processors, the I/O APIC, devices, power-off (ACPI 6).
 *
 * The machine is "hardware-reduced", so that it needs none of the fixed
 * hardware of a PC: no PM timer, no 8259, no PCI. Of the RTC there is the clock
 * only, without its interrupt: the tables say that there is none.
 */
#include <string.h>

#include "vmm.h"

#define FADT_SIZE		276
#define FADT_BOOT_NO_VGA	(1 << 2)
#define FADT_BOOT_NO_RTC	(1 << 5)
#define FADT_WBINVD		(1 << 0)
#define FADT_NO_POWER_BUTTON	(1 << 4)
#define FADT_NO_SLEEP_BUTTON	(1 << 5)
#define FADT_RESET		(1 << 10)
#define FADT_HW_REDUCED		(1 << 20)

#define GAS_IO			1	/* a port, in a Generic Address Structure */
#define GAS_BYTE		1	/* access size */

#define MADT_LAPIC		0
#define MADT_IOAPIC		1
#define MADT_ENABLED		1

/* AML opcodes (ACPI 6, section 20) */
#define AML_NAME		0x08
#define AML_BYTE		0x0a
#define AML_DWORD		0x0c
#define AML_STRING		0x0d
#define AML_SCOPE		0x10
#define AML_BUFFER		0x11
#define AML_PACKAGE		0x12
#define AML_EXT			0x5b
#define AML_DEVICE		0x82	/* after AML_EXT */

/* Resource descriptors (section 6.4) */
#define RES_PORT		0x47
#define RES_END			0x79
#define RES_MEMORY32		0x86
#define RES_INTERRUPT		0x89
#define RES_CONSUMER		(1 << 0)
#define RES_EDGE		(1 << 1)

#define MAX_TABLES		4

/**
 * struct builder - tables under construction
 * @vm: machine
 * @mem: where they go in guest memory
 * @pos: next free byte
 * @tables: addresses for the XSDT
 * @nr_tables: their number
 */
struct builder {
	struct vm *vm;
	u8 *mem;
	u32 pos;
	u64 tables[MAX_TABLES];
	unsigned int nr_tables;
};

static void put(struct builder *b, const void *data, u32 size)
{
	if (b->pos + size > ACPI_END - ACPI_ADDR)
		die("no room for the ACPI tables");
	memcpy(b->mem + b->pos, data, size);
	b->pos += size;
}

static void put_int(struct builder *b, u64 val, u32 size)
{
	put(b, &val, size);		/* little-endian, as the tables */
}

static void put_name(struct builder *b, const char *name)
{
	put(b, name, strlen(name));
}

static void checksum(struct builder *b, u32 start, u32 size, u32 at)
{
	u8 sum = 0;
	u32 i;

	for (i = 0; i < size; i++)
		sum += b->mem[start + i];
	b->mem[at] -= sum;
}

/* Every table but the RSDP starts with a header of 36 bytes. */
static u32 table_begin(struct builder *b, const char *signature, u8 revision)
{
	u32 start = b->pos = (b->pos + 15) & ~15U;

	put_name(b, signature);
	put_int(b, 0, 4);		/* length, see table_end() */
	put_int(b, revision, 1);
	put_int(b, 0, 1);		/* checksum */
	put_name(b, "MSHV  SAMPLE  ");	/* OEM, OEM's table */
	put_int(b, 1, 4);
	put_name(b, "MSHV");		/* creator */
	put_int(b, 1, 4);
	return start;
}

static u64 table_end(struct builder *b, u32 start)
{
	u32 size = b->pos - start;

	memcpy(b->mem + start + 4, &size, sizeof(size));
	checksum(b, start, size, start + 9);
	return ACPI_ADDR + start;
}

static void table_add(struct builder *b, u32 start)
{
	b->tables[b->nr_tables++] = table_end(b, start);
}

/* AML: a package has its length in front, here always in two bytes. */
static u32 package_begin(struct builder *b)
{
	put_int(b, 0, 2);
	return b->pos - 2;
}

static void package_end(struct builder *b, u32 start)
{
	u32 size = b->pos - start;

	b->mem[start] = 0x40 | (size & 0xf);
	b->mem[start + 1] = size >> 4;
}

static u32 device_begin(struct builder *b, const char *name)
{
	u32 package;

	put_int(b, AML_EXT, 1);
	put_int(b, AML_DEVICE, 1);
	package = package_begin(b);
	put_name(b, name);
	return package;
}

static void put_uid(struct builder *b, u8 uid)
{
	put_int(b, AML_NAME, 1);
	put_name(b, "_UID");
	put_int(b, AML_BYTE, 1);
	put_int(b, uid, 1);
}

/* Name (_CRS, Buffer () {...}); returns where the size of the buffer is. */
static u32 resources_begin(struct builder *b, u32 *package)
{
	put_int(b, AML_NAME, 1);
	put_name(b, "_CRS");
	put_int(b, AML_BUFFER, 1);
	*package = package_begin(b);
	put_int(b, AML_BYTE, 1);
	put_int(b, 0, 1);
	return b->pos;
}

static void resources_end(struct builder *b, u32 start, u32 package)
{
	put_int(b, RES_END, 1);
	put_int(b, 0, 1);		/* checksum: none */
	b->mem[start - 1] = b->pos - start;
	package_end(b, package);
}

static void put_interrupt(struct builder *b, u32 gsi)
{
	put_int(b, RES_INTERRUPT, 1);
	put_int(b, 6, 2);
	put_int(b, RES_CONSUMER | RES_EDGE, 1);
	put_int(b, 1, 1);
	put_int(b, gsi, 4);
}

static void put_uart(struct builder *b)
{
	u32 device = device_begin(b, "COM1"), package, resources;

	put_int(b, AML_NAME, 1);
	put_name(b, "_HID");
	put_int(b, AML_DWORD, 1);
	put_int(b, 0x0105d041, 4);	/* EISAID ("PNP0501") */
	put_uid(b, 0);
	resources = resources_begin(b, &package);
	put_int(b, RES_PORT, 1);
	put_int(b, 1, 1);		/* 16 address lines */
	put_int(b, UART_PORT, 2);
	put_int(b, UART_PORT, 2);
	put_int(b, 1, 1);
	put_int(b, UART_PORTS, 1);
	put_interrupt(b, UART_GSI);
	resources_end(b, resources, package);
	package_end(b, device);
}

static void put_virtio(struct builder *b, u8 n)
{
	char name[] = { 'V', 'I', 'O', '0' + n, 0 };
	u32 device = device_begin(b, name), package, resources;

	put_int(b, AML_NAME, 1);
	put_name(b, "_HID");
	put_int(b, AML_STRING, 1);
	put(b, "LNRO0005", 9);
	put_uid(b, n);
	resources = resources_begin(b, &package);
	put_int(b, RES_MEMORY32, 1);
	put_int(b, 9, 2);
	put_int(b, 1, 1);		/* writable */
	put_int(b, VIRTIO_ADDR + n * VIRTIO_STRIDE, 4);
	put_int(b, VIRTIO_SIZE, 4);
	put_interrupt(b, VIRTIO_GSI + n);
	resources_end(b, resources, package);
	package_end(b, device);
}

static u64 build_dsdt(struct builder *b)
{
	u32 start = table_begin(b, "DSDT", 2), package, i;

	/* Name (\_S5, Package () { 5 }): what goes to the sleep control port */
	put_int(b, AML_NAME, 1);
	put_name(b, "_S5_");
	put_int(b, AML_PACKAGE, 1);
	package = package_begin(b);
	put_int(b, 1, 1);
	put_int(b, AML_BYTE, 1);
	put_int(b, 5, 1);
	package_end(b, package);

	put_int(b, AML_SCOPE, 1);
	package = package_begin(b);
	put_name(b, "\\_SB_");
	put_uart(b);
	for (i = 0; i < b->vm->nr_virtio; i++)
		put_virtio(b, i);
	package_end(b, package);
	return table_end(b, start);
}

/* Generic Address Structure of an 8-bit port */
static void set_port(u8 *gas, u64 port)
{
	gas[0] = GAS_IO;
	gas[1] = 8;
	gas[2] = 0;
	gas[3] = GAS_BYTE;
	memcpy(gas + 4, &port, sizeof(port));
}

static void build_fadt(struct builder *b, u64 dsdt)
{
	u32 start = table_begin(b, "FACP", 6);
	u32 flags = FADT_WBINVD | FADT_NO_POWER_BUTTON | FADT_NO_SLEEP_BUTTON | FADT_RESET |
		    FADT_HW_REDUCED;
	u16 boot = FADT_BOOT_NO_VGA | FADT_BOOT_NO_RTC;
	u8 body[FADT_SIZE] = { 0 };	/* offsets are those of the table */

	memcpy(body + 109, &boot, sizeof(boot));
	memcpy(body + 112, &flags, sizeof(flags));
	set_port(body + 116, RESET_PORT);
	body[128] = RESET_VALUE;
	memcpy(body + 140, &dsdt, sizeof(dsdt));
	set_port(body + 244, SLEEP_PORT);
	set_port(body + 256, SLEEP_PORT + 1);
	put(b, body + (b->pos - start), FADT_SIZE - (b->pos - start));
	table_add(b, start);
}

static void build_madt(struct builder *b)
{
	u32 start = table_begin(b, "APIC", 4), i;

	put_int(b, 0xfee00000, 4);	/* local APICs */
	put_int(b, 0, 4);		/* no 8259 */
	for (i = 0; i < b->vm->nr_vps; i++) {
		put_int(b, MADT_LAPIC, 1);
		put_int(b, 8, 1);
		put_int(b, i, 1);	/* processor's UID */
		put_int(b, i, 1);	/* APIC id */
		put_int(b, MADT_ENABLED, 4);
	}
	put_int(b, MADT_IOAPIC, 1);
	put_int(b, 12, 1);
	put_int(b, 0, 2);		/* id */
	put_int(b, IOAPIC_ADDR, 4);
	put_int(b, 0, 4);		/* its first GSI */
	table_add(b, start);
}

/* At the start, which was left free. Checksums: of the old part, and of all. */
static void build_rsdp(struct builder *b, u64 xsdt)
{
	b->pos = 0;
	put_name(b, "RSD PTR ");
	put_int(b, 0, 1);
	put_name(b, "MSHV  ");
	put_int(b, 2, 1);
	put_int(b, 0, 4);		/* no RSDT */
	put_int(b, 36, 4);
	put_int(b, xsdt, 8);
	put_int(b, 0, 4);
	checksum(b, 0, 20, 8);
	checksum(b, 0, 36, 32);
}

/**
 * acpi_build - write the tables to guest memory
 * @vm: machine, with all its devices
 */
void acpi_build(struct vm *vm)
{
	struct builder b = {
		.vm = vm, .mem = vm_memory(vm, ACPI_ADDR, ACPI_END - ACPI_ADDR), .pos = 64,
	};
	u32 start;

	build_fadt(&b, build_dsdt(&b));
	build_madt(&b);
	start = table_begin(&b, "XSDT", 1);
	put(&b, b.tables, b.nr_tables * sizeof(b.tables[0]));
	build_rsdp(&b, table_end(&b, start));
}
