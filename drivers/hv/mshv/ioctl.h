/* SPDX-License-Identifier: GPL-2.0 */
/* Dispatch of ioctls and answers to MSHV_CHECK_EXTENSION, out of one table. */
#ifndef _MSHV_IOCTL_H
#define _MSHV_IOCTL_H

#include <linux/types.h>

struct file;

/*
 * Value of a capability on this kernel and hypervisor: 0 if it is absent. Code
 * that accepts a flag asks here, so that it cannot accept what is not
 * advertised.
 */
u32 mshv_capability(u32 cap);

/* unlocked_ioctl of the three kinds of file */
long mshv_device_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
long mshv_partition_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
long mshv_vp_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* _MSHV_IOCTL_H */
