/* SPDX-License-Identifier: GPL-2.0 */
/* Properties of partitions that user space may set. */
#ifndef _MSHV_PROPERTY_H
#define _MSHV_PROPERTY_H

#include <linux/types.h>

/* Whether user space may give a property this value, in any state; else -EPERM. */
int mshv_property_check(u32 code, u64 value);

/* Whether it may do so only before the partition is initialized. */
bool mshv_property_is_early(u32 code);

#endif /* _MSHV_PROPERTY_H */
