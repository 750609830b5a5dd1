/* SPDX-License-Identifier: GPL-2.0 */
/* VMBus, as seen from the root. */
#ifndef TESTHV_VMBUS_H
#define TESTHV_VMBUS_H

#include "hv_abi.h"
#include "types.h"

/* PostMessage of the root, which has no other connections. Return: HVX_STATUS_*. */
u16 vmbus_post(const struct hvx_in_post_message *in);

#endif /* TESTHV_VMBUS_H */
