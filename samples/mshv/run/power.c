// SPDX-License-Identifier: GPL-2.0
/*
 * Power-off and reset, as the FADT describes them (ACPI 6, section 4.8.3.7), and as
 * the BIOS of a PC does the latter: Linux jumps to where a PC starts when it
 * finds no EFI on a machine that is hardware-reduced.
 */
#include <string.h>

#include "vmm.h"

#define SLEEP_ENABLE	0x20
#define SLEEP_TYPE(v)	((v) >> 2 & 7)
#define SLEEP_TYPE_S5	5		/* what \_S5 in the DSDT says */

/* 16-bit code at the reset vector */
static const u8 reset_code[] = {
	0xba, RESET_PORT & 0xff, RESET_PORT >> 8,	/* mov $RESET_PORT, %dx */
	0xb0, RESET_VALUE,				/* mov $RESET_VALUE, %al */
	0xee,						/* out %al, (%dx) */
	0xf4,						/* hlt */
};

static u64 power_read(void *dev, u64 offset, unsigned int len)
{
	return 0;
}

static void power_write(void *dev, u64 offset, unsigned int len, u64 val)
{
	struct vm *vm = dev;

	if (offset == 0 && (val & SLEEP_ENABLE) && SLEEP_TYPE(val) == SLEEP_TYPE_S5)
		vm_stop(vm, STATUS_POWER_OFF);
	else if (offset == RESET_PORT - SLEEP_PORT && (u8)val == RESET_VALUE)
		vm_stop(vm, STATUS_RESET);
}

void power_init(struct vm *vm)
{
	memcpy(vm_memory(vm, RESET_VECTOR, sizeof(reset_code)), reset_code, sizeof(reset_code));
	bus_add(&vm->ports, &(struct range){
		.start = SLEEP_PORT, .size = POWER_PORTS,
		.read = power_read, .write = power_write, .dev = vm,
	});
}
