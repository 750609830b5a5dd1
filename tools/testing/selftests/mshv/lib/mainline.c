// SPDX-License-Identifier: GPL-2.0
/*
 * Mainline's mshv_root has the same device. It cannot be asked for capabilities: what
 * it has is known. It has no ioctls with one hypercall behind each either, but the
 * hypercalls.
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

int mainline_get_regs(int fd, struct hvx_register *regs, unsigned int count)
{
	union hvx_value values[REGS_PER_CALL];
	u32 names[REGS_PER_CALL];
	unsigned int i, batch;
	int ret;

	for (; count; regs += batch, count -= batch) {
		batch = count < REGS_PER_CALL ? count : REGS_PER_CALL;
		for (i = 0; i < batch; i++)
			names[i] = regs[i].name;
		ret = hv_get_regs(fd, vp_index(fd), names, values, batch);
		if (ret)
			return ret;
		for (i = 0; i < batch; i++)
			regs[i].value = values[i];
	}
	return 0;
}

int mainline_set_regs(int fd, const struct hvx_register *regs, unsigned int count)
{
	unsigned int batch;
	int ret;

	for (; count; regs += batch, count -= batch) {
		batch = count < REGS_PER_CALL ? count : REGS_PER_CALL;
		ret = hv_set_regs(fd, vp_index(fd), regs, batch);
		if (ret)
			return ret;
	}
	return 0;
}

int mainline_assert_interrupt(int pt, const struct mshv_assert_interrupt *arg)
{
	struct hvx_in_assert_interrupt in = {
		.type = arg->type,
		.flags = arg->flags,
		.dest = arg->dest,
		.vector = arg->vector,
	};

	return hvcall(pt, HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, &in, sizeof(in), NULL, 0);
}

static void cpuid_result(struct hvx_in_register_intercept_result *in,
			 const struct mshv_cpuid_result *cpuid)
{
	const struct mshv_cpuid_bits *bits[] = {
		&cpuid->eax, &cpuid->ebx, &cpuid->ecx, &cpuid->edx,
	};
	unsigned int i;

	in->cpuid.eax = cpuid->function;
	in->cpuid.ecx = cpuid->index;
	in->cpuid.subleaf_specific =
		!!(cpuid->flags & BIT(MSHV_CPUID_RESULT_BIT_SUBLEAF_SPECIFIC));
	in->cpuid.always_override =
		!!(cpuid->flags & BIT(MSHV_CPUID_RESULT_BIT_ALWAYS_OVERRIDE));
	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		in->cpuid.result[i].value = bits[i]->value;
		in->cpuid.result[i].mask = bits[i]->mask;
	}
}

int mainline_intercept_result(int vp, const struct mshv_intercept_result *arg)
{
	struct hvx_in_register_intercept_result in = {
		.vp_index = vp_index(vp),
		.type = arg->type,
	};

	if (arg->type == MSHV_INTERCEPT_RESULT_CPUID) {
		cpuid_result(&in, &arg->cpuid);
	} else {
		in.msr.index = arg->msr.index;
		in.msr.access = arg->msr.access;
		in.msr.action = arg->msr.action;
	}
	return hvcall(vp, HVX_CALL_REGISTER_INTERCEPT_RESULT, &in, sizeof(in), NULL, 0);
}

int mainline_cpuid_values(int vp, u32 flags, struct mshv_cpuid_entry *entries, u32 count)
{
	u64 buf[HVX_PAGE_SIZE / sizeof(u64)] = { 0 };
	struct hvx_cpuid_result results[HVX_GET_CPUID_MAX_REPS];
	struct hvx_in_get_vp_cpuid *in = (void *)buf;
	u32 i, batch;
	int ret;

	in->vp_index = vp_index(vp);
	in->flags = flags;
	for (; count; entries += batch, count -= batch) {
		batch = count < HVX_GET_CPUID_MAX_REPS ? count : HVX_GET_CPUID_MAX_REPS;
		for (i = 0; i < batch; i++)
			in->leaves[i] = (struct hvx_cpuid_query){
				.eax = entries[i].function, .ecx = entries[i].index,
				.xfem = entries[i].xfem, .xss = entries[i].xss,
			};
		ret = hvcall_rep(vp, HVX_CALL_GET_VP_CPUID_VALUES, batch, in,
				 sizeof(*in) + batch * sizeof(in->leaves[0]), results,
				 batch * sizeof(results[0]), NULL, NULL);
		if (ret)
			return ret;
		for (i = 0; i < batch; i++) {
			entries[i].eax = results[i].eax;
			entries[i].ebx = results[i].ebx;
			entries[i].ecx = results[i].ecx;
			entries[i].edx = results[i].edx;
		}
	}
	return 0;
}

int mainline_translate(int vp, u64 gva, u64 flags, struct mshv_translate_gva_result *result,
		       u64 *gpa)
{
	struct hvx_in_translate_va in = {
		.vp_index = vp_index(vp),
		.flags = flags,
		.gva_page = gva >> HVX_PAGE_SHIFT,
	};
	struct hvx_out_translate_va out;
	int ret;

	ret = hvcall(vp, HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in), &out, sizeof(out));
	if (ret)
		return ret;
	*result = (struct mshv_translate_gva_result){
		.code = out.result,
		.cache_type = out.cache_overlay,
		.overlay = !!(out.cache_overlay & HVX_TRANSLATE_OVERLAY_PAGE),
	};
	*gpa = out.gpa_page << HVX_PAGE_SHIFT | (gva & (PAGE - 1));
	return 0;
}
