/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TESTHV_POWER_H
#define TESTHV_POWER_H

#include "types.h"

/* Boot: find the port in the ACPI tables. */
void power_init(void);

/* SLP_TYP value of the root's \_S5 object. */
void power_set_s5(u8 slp_typ);

/* ACPI S5. */
void power_off(void) __noreturn;

/* Reset the machine, as the platform's reset register does. */
void machine_reset(void) __noreturn;

#endif /* TESTHV_POWER_H */
