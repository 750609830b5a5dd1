// SPDX-License-Identifier: GPL-2.0
/* Reset and power-off of the machine on the root's behalf. */
#include "power.h"

#include "acpi.h"
#include "cpu.h"
#include "log.h"
#include "panic.h"

#define RESET_CONTROL_PORT	0xcf9
#define RESET_HARD		0x06
#define PM1_SLP_TYP_SHIFT	10
#define PM1_SLP_EN		BIT(13)

static u16 pm1a_control;
static u8 s5_slp_typ;

void power_init(void)
{
	pm1a_control = acpi_pm1a_control();
}

void power_set_s5(u8 slp_typ)
{
	s5_slp_typ = slp_typ & 7;
}

void power_off(void)
{
	log_info("power off by the root");
	if (pm1a_control)
		outw(pm1a_control, s5_slp_typ << PM1_SLP_TYP_SHIFT | PM1_SLP_EN);
	for (;;)
		asm volatile("hlt");
}

void machine_reset(void)
{
	log_info("reset by the root");
	outb(RESET_CONTROL_PORT, RESET_HARD);
	for (;;)
		asm volatile("hlt");
}
