/* SPDX-License-Identifier: GPL-2.0 */
/* What the hypervisor's own command line says. */
#ifndef TESTHV_OPTIONS_H
#define TESTHV_OPTIONS_H

#include "hv_abi.h"
#include "types.h"

#define MAX_LACKS	16

/**
 * struct options - the personality of this run
 * @sched: sched=root|core|smt|lp: HVX_SCHEDULER_*
 * @lps: lps=N: logical processors the root is told of; 0: all there are
 * @appetite: appetite=N: pages that each object costs beyond what it needs
 * @feat_on: feat=+name: feature bits to add
 * @feat_off: feat=-name: feature bits to remove
 * @large: large=0|1: 2 MiB guest mappings are supported
 * @hidden: hidden=SIZE: bytes kept from the root; 0: default
 * @l1vh: l1vh=0|1: the partition that Linux runs in is not the root
 * @vmbus: vmbus=0|1: there is a VMBus, if one without devices
 * @cx16: cx16=0|1: show CMPXCHG16B to guests (broken in QEMU 7.2)
 * @async_ms: async=MS: SetPartitionProperty completes that much later; 0: at once
 * @lacks: lacks=LIST: hypercall codes that this hypervisor does not know
 * @nr_lacks: their number
 * @park: park=0|1: the boot processor does nothing, another takes its place
 * @panic_stop: panic=stop|continue: whether a root crash stops the machine
 */
struct options {
	unsigned int sched;
	unsigned int lps;
	unsigned int appetite;
	u64 feat_on;
	u64 feat_off;
	bool large;
	u64 hidden;
	bool l1vh;
	bool vmbus;
	bool cx16;
	unsigned int async_ms;
	u16 lacks[MAX_LACKS];
	unsigned int nr_lacks;
	bool park;
	bool panic_stop;
};

extern struct options options;

/* Parse @cmdline; a word that is not understood stops the machine. */
void options_parse(const char *cmdline);

/*
 * Features that feat= can switch, and which other files ask for. The order is
 * that of the names in cmdline.c.
 */
enum feature {
	FEAT_REFTSC,		/* reftsc: reference TSC page */
	FEAT_REFCOUNT,		/* refcount: reference counter in CPUID */
	FEAT_STIMER,		/* stimer: direct mode synthetic timers */
	FEAT_INVTSC,		/* invtsc: invariant TSC */
	FEAT_FREQ,		/* freq: frequency MSRs */
	FEAT_CRASH,		/* crash: crash MSRs */
	FEAT_FLUSH,		/* flush: TLB flush hypercalls for the root */
	FEAT_IPI,		/* ipi: IPI hypercalls for the root */
	FEAT_EX,		/* ex: sparse processor sets */
	FEAT_OVERLAY,		/* overlay: the parent provides places for pages */
	NR_FEATURES
};

bool feature(enum feature f);

#endif /* TESTHV_OPTIONS_H */
