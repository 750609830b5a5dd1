/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ioctls with one hypercall behind each: what MSHV_ROOT_HVCALL does too, with
 * arguments that are checked, and without the traps of the raw call.
 */
#ifndef _MSHV_TYPED_H
#define _MSHV_TYPED_H

#include <linux/types.h>

struct mshv_partition;
struct mshv_vp;

/* Entries of MSHV_GET_VP_CPUID_VALUES per call: MSHV_CAP_VP_CPUID_VALUES */
#define MSHV_MAX_CPUID_ENTRIES	512

/* intercept.c */
long mshv_install_intercept(struct mshv_partition *pt, void *arg, void __user *uarg);
long mshv_register_intercept_result(struct mshv_vp *vp, void *arg, void __user *uarg);

/* interrupt.c */
long mshv_assert_interrupt(struct mshv_partition *pt, void *arg, void __user *uarg);

/* property.c */
long mshv_get_partition_property(struct mshv_partition *pt, void *arg, void __user *uarg);
long mshv_set_partition_property(struct mshv_partition *pt, void *arg, void __user *uarg);

/* translate.c */
long mshv_translate_gva(struct mshv_vp *vp, void *arg, void __user *uarg);

/* cpuid.c */
long mshv_get_vp_cpuid_values(struct mshv_vp *vp, void *arg, void __user *uarg);

#endif /* _MSHV_TYPED_H */
