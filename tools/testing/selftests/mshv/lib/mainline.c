// SPDX-License-Identifier: GPL-2.0
/*
 * Mainline's mshv_root has the same device. It cannot be asked for capabilities: what
 * it has is known. It has no ioctl for registers either, but the hypercalls.
 */
#include "mshv_util.h"

#define REGS_PER_CALL	64

bool on_mainline(void)
{
	static int mainline = -1;

	if (mainline < 0)
		mainline = !access("/sys/module/mshv_root", F_OK) &&
			   access("/sys/module/mshv", F_OK);
	return mainline;
}

int mainline_cap(u32 nr)
{
	switch (nr) {
	case MSHV_CAP_REGISTER_PAGE:
	case MSHV_CAP_CREATE_PARTITION:
	case MSHV_CAP_CREATE_PARTITION_V2:
	case MSHV_CAP_PT_LAPIC:
	case MSHV_CAP_PT_X2APIC:
	case MSHV_CAP_DEVICE_HVCALL:
	case MSHV_CAP_INITIALIZE_PARTITION:
	case MSHV_CAP_CREATE_VP:
	case MSHV_CAP_GUEST_MEMORY:
	case MSHV_CAP_MOVABLE_MEMORY:
	case MSHV_CAP_MMIO_MEMORY:
	case MSHV_CAP_IRQFD:
	case MSHV_CAP_IRQFD_RESAMPLE:
	case MSHV_CAP_IOEVENTFD:
	case MSHV_CAP_MSI_ROUTING:
	case MSHV_CAP_GPAP_ACCESS_BITMAP:
	case MSHV_CAP_PARTITION_HVCALL:
	case MSHV_CAP_RUN_VP:
	case MSHV_CAP_VP_HVCALL:
	case MSHV_CAP_INTERCEPT_PAGE:
	case MSHV_CAP_VP_STATE_LAPIC:
	case MSHV_CAP_VP_STATE_XSAVE:
	case MSHV_CAP_VP_STATE_SIMP:
	case MSHV_CAP_VP_STATE_SIEFP:
	case MSHV_CAP_VP_STATE_STIMERS:
		return 1;
	case MSHV_CAP_MAX_VPS:
		return 256;
	case MSHV_CAP_MAX_GSIS:
		return 4096;
	default:
		return 0;
	}
}

int mainline_get_regs(int fd, u32 vp, struct hvx_register *regs, unsigned int count)
{
	union hvx_value values[REGS_PER_CALL];
	u32 names[REGS_PER_CALL];
	unsigned int i, batch;
	int ret;

	for (; count; regs += batch, count -= batch) {
		batch = count < REGS_PER_CALL ? count : REGS_PER_CALL;
		for (i = 0; i < batch; i++)
			names[i] = regs[i].name;
		ret = hv_get_regs(fd, vp, names, values, batch);
		if (ret)
			return ret;
		for (i = 0; i < batch; i++)
			regs[i].value = values[i];
	}
	return 0;
}

int mainline_set_regs(int fd, u32 vp, const struct hvx_register *regs, unsigned int count)
{
	unsigned int batch;
	int ret;

	for (; count; regs += batch, count -= batch) {
		batch = count < REGS_PER_CALL ? count : REGS_PER_CALL;
		ret = hv_set_regs(fd, vp, regs, batch);
		if (ret)
			return ret;
	}
	return 0;
}
