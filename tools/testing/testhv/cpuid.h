/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TESTHV_CPUID_H
#define TESTHV_CPUID_H

#include "cpu.h"
#include "vcpu.h"

/* What a root VP gets for a leaf; also the base for children's. */
struct cpuid_regs root_cpuid(struct vcpu *v, u32 leaf, u32 sub);

/* Privileges that the options give the root. */
u64 root_privileges(void);

#endif /* TESTHV_CPUID_H */
