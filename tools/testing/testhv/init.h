/* SPDX-License-Identifier: GPL-2.0 */
/* Functions that run once at boot, found through a linker section. */
#ifndef TESTHV_INIT_H
#define TESTHV_INIT_H

#include "types.h"

typedef void (*initcall_fn)(void);

/*
 * Have @fn called on the boot CPU after memory, nested paging and the root
 * partition exist, before the root kernel starts. The order among the calls is
 * not defined.
 */
#define HV_INIT(fn) \
	static const initcall_fn initcall_##fn __used __section(".initcalls") = (fn)

#endif /* TESTHV_INIT_H */
