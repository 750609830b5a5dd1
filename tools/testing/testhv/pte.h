/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bits of page table entries, those of guests and nested ones alike (APM
 * volume 2, 5.3; nested tables have the same format, 15.25).
 */
#ifndef TESTHV_PTE_H
#define TESTHV_PTE_H

#include "types.h"

#define PTE_P		BIT(0)
#define PTE_W		BIT(1)
#define PTE_U		BIT(2)
#define PTE_A		BIT(5)
#define PTE_D		BIT(6)
#define PTE_PS		BIT(7)
#define PTE_NX		BIT(63)
#define PTE_ADDR	GENMASK(51, 12)

#endif /* TESTHV_PTE_H */
