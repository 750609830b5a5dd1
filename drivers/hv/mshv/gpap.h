/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MSHV_GPAP_H
#define _MSHV_GPAP_H

struct mshv_partition;

long mshv_get_gpap_access_bitmap(struct mshv_partition *pt, void *arg, void __user *uarg);

#endif /* _MSHV_GPAP_H */
