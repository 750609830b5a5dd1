// SPDX-License-Identifier: GPL-2.0
/* Power-off and reset, as the FADT describes them (ACPI 6, section 4.8.3.7). */
#include "vmm.h"

#define SLEEP_ENABLE	0x20
#define SLEEP_TYPE(v)	((v) >> 2 & 7)
#define SLEEP_TYPE_S5	5		/* what \_S5 in the DSDT says */

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
	bus_add(&vm->ports, &(struct range){
		.start = SLEEP_PORT, .size = POWER_PORTS,
		.read = power_read, .write = power_write, .dev = vm,
	});
}
