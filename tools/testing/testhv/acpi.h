/* SPDX-License-Identifier: GPL-2.0 */
/* The little that is needed of the firmware's ACPI tables. */
#ifndef TESTHV_ACPI_H
#define TESTHV_ACPI_H

#include "types.h"

/**
 * acpi_cpus - list the enabled processors of the MADT
 * @apic_ids: their local APIC ids
 * @max: room in @apic_ids; more processors than that stop the machine
 * @keep: when not 0, disable all processors after that many in the table, which
 *	is what the root will see
 *
 * Return: number of processors.
 */
unsigned int acpi_cpus(u32 *apic_ids, unsigned int max, unsigned int keep);

/* I/O port of PM1a_CNT, from the FADT; 0 when there is none. */
u16 acpi_pm1a_control(void);

#endif /* TESTHV_ACPI_H */
