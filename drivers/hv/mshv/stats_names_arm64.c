// SPDX-License-Identifier: GPL-2.0
/*
 * The hypervisor's counters have other places on arm64 than on x86-64. They are
 * not named here yet: statistics are the driver's own.
 */
#include "stats.h"

const struct mshv_stats_hv mshv_stats_hypervisor = { .object = HVX_STATS_HYPERVISOR };
const struct mshv_stats_hv mshv_stats_lp = { .object = HVX_STATS_LP };
const struct mshv_stats_hv mshv_stats_partition = { .object = HVX_STATS_PARTITION };
const struct mshv_stats_hv mshv_stats_vp = { .object = HVX_STATS_VP };
