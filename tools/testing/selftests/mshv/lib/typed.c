// SPDX-License-Identifier: GPL-2.0
/* The ioctls with one hypercall behind each; on mainline the hypercall itself. */
#include "mshv_util.h"

int pt_install_intercept(int pt, u32 type, u32 access, u64 parameter)
{
	struct mshv_install_intercept arg = {
		.type = type, .access = access, .parameter = parameter,
	};

	if (on_mainline())
		return hv_install_intercept(pt, type, access, parameter);
	return xioctl(pt, MSHV_INSTALL_INTERCEPT, &arg);
}

int pt_assert_interrupt(int pt, u32 type, u64 dest, u32 vector, u32 flags)
{
	struct mshv_assert_interrupt arg = {
		.type = type, .dest = dest, .vector = vector, .flags = flags,
	};

	if (on_mainline())
		return mainline_assert_interrupt(pt, &arg);
	return xioctl(pt, MSHV_ASSERT_INTERRUPT, &arg);
}

int pt_get_property(int pt, u32 code, u64 *value)
{
	struct mshv_partition_property arg = { .code = code };
	int ret;

	if (on_mainline())
		return hv_get_property(pt, code, value);
	ret = xioctl(pt, MSHV_GET_PARTITION_PROPERTY, &arg);
	if (!ret)
		*value = arg.value;
	return ret;
}

int pt_set_property(int pt, u32 code, u64 value)
{
	struct mshv_partition_property arg = { .code = code, .value = value };

	if (on_mainline())
		return hv_set_property(pt, code, value);
	return xioctl(pt, MSHV_SET_PARTITION_PROPERTY, &arg);
}

int vp_intercept_result(int vp, struct mshv_intercept_result *arg)
{
	if (on_mainline())
		return mainline_intercept_result(vp, arg);
	return xioctl(vp, MSHV_REGISTER_INTERCEPT_RESULT, arg);
}

int vp_cpuid_result(int vp, u32 function, u32 index, u32 flags, const struct mshv_cpuid_bits *eax)
{
	struct mshv_intercept_result arg = {
		.type = MSHV_INTERCEPT_RESULT_CPUID,
		.cpuid = { .function = function, .index = index, .flags = flags, .eax = *eax },
	};

	return vp_intercept_result(vp, &arg);
}

int vp_msr_result(int vp, u32 msr, u32 access, u32 action)
{
	struct mshv_intercept_result arg = {
		.type = MSHV_INTERCEPT_RESULT_MSR,
		.msr = { .index = msr, .access = access, .action = action },
	};

	return vp_intercept_result(vp, &arg);
}

int vp_cpuid_values(int vp, u32 flags, struct mshv_cpuid_entry *entries, u32 count)
{
	struct mshv_vp_cpuid_values arg = {
		.count = count, .flags = flags, .entries_ptr = (uintptr_t)entries,
	};

	if (on_mainline())
		return mainline_cpuid_values(vp, flags, entries, count);
	return xioctl(vp, MSHV_GET_VP_CPUID_VALUES, &arg);
}

int vp_translate(int vp, u64 gva, u64 flags, struct mshv_translate_gva_result *result, u64 *gpa)
{
	struct mshv_translate_gva arg = {
		.gva = gva, .flags = flags,
		.result = (uintptr_t)result, .gpa = (uintptr_t)gpa,
	};

	if (on_mainline())
		return mainline_translate(vp, gva, flags, result, gpa);
	return xioctl(vp, MSHV_VP_TRANSLATE_GVA, &arg);
}
