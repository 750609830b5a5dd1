/* SPDX-License-Identifier: GPL-2.0 */
/* VP registers by name. The VP must stand still; under hv_lock. */
#ifndef TESTHV_REGISTERS_H
#define TESTHV_REGISTERS_H

#include "vp.h"

/* Return: HVX_STATUS_SUCCESS, INVALID_PARAMETER (no such register). */
u16 vp_get_register(struct child_vp *vp, u32 name, union hvx_value *v);

/* Return: as above, also INVALID_REGISTER_VALUE, ACCESS_DENIED (read-only). */
u16 vp_set_register(struct child_vp *vp, u32 name, const union hvx_value *v);

#endif /* TESTHV_REGISTERS_H */
