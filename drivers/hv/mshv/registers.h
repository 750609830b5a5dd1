/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MSHV_REGISTERS_H
#define _MSHV_REGISTERS_H

#include <linux/types.h>

struct mshv_vp;

/* Registers per call: MSHV_CAP_VP_REGISTERS */
#define MSHV_MAX_VP_REGISTERS	512

/* Whether a register is the kernel's, and user space must not set it. */
bool mshv_register_is_reserved(u32 name);

long mshv_get_vp_registers(struct mshv_vp *vp, void *arg, void __user *uarg);
long mshv_set_vp_registers(struct mshv_vp *vp, void *arg, void __user *uarg);

#endif /* _MSHV_REGISTERS_H */
