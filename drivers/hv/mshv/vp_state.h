/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MSHV_VP_STATE_H
#define _MSHV_VP_STATE_H

#include <linux/types.h>

struct mshv_vp;

long mshv_get_vp_state(struct mshv_vp *vp, void *arg, void __user *uarg);
long mshv_set_vp_state(struct mshv_vp *vp, void *arg, void __user *uarg);

#endif /* _MSHV_VP_STATE_H */
