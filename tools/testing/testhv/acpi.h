/* SPDX-License-Identifier: GPL-2.0 */
/* The little that is needed of the firmware's ACPI tables. */
#ifndef TESTHV_ACPI_H
#define TESTHV_ACPI_H

#include "types.h"

/**
 * acpi_cpus - list the enabled processors of the MADT
 * @apic_ids: their local APIC ids
 * @max: room in @apic_ids; more processors than that stop the machine
 *
 * Return: number of processors.
 */
unsigned int acpi_cpus(u32 *apic_ids, unsigned int max);

/* Take @nr of the enabled processors, from number @first on, from the root's sight. */
void acpi_hide_cpus(unsigned int first, unsigned int nr);

/* I/O port of PM1a_CNT, from the FADT; 0 when there is none. */
u16 acpi_pm1a_control(void);

#endif /* TESTHV_ACPI_H */
