/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MSHV_ROOT_HVCALL_H
#define _MSHV_ROOT_HVCALL_H

#include <linux/types.h>

struct mshv_partition;
struct mshv_vp;

long mshv_device_hvcall(void *arg, void __user *uarg);
long mshv_partition_hvcall(struct mshv_partition *pt, void *arg, void __user *uarg);
long mshv_vp_hvcall(struct mshv_vp *vp, void *arg, void __user *uarg);

#endif /* _MSHV_ROOT_HVCALL_H */
