// SPDX-License-Identifier: GPL-2.0
/* MSHV_ROOT_HVCALL. */
#include "mshv_util.h"

int hvcall_raw(int fd, struct mshv_root_hvcall *hc)
{
	return xioctl(fd, MSHV_ROOT_HVCALL, hc);
}

int hvcall_rep(int fd, u16 code, u16 reps, void *in, size_t in_size,
	       void *out, size_t out_size, u16 *done, u16 *status)
{
	struct mshv_root_hvcall hc = {
		.code = code,
		.reps = reps,
		.in_sz = in_size,
		.out_sz = out_size,
		.in_ptr = (uintptr_t)in,
		.out_ptr = (uintptr_t)out,
	};
	int ret = hvcall_raw(fd, &hc);

	if (done)
		*done = hc.reps;
	if (status)
		*status = hc.status;
	return ret;
}

int hvcall(int fd, u16 code, void *in, size_t in_size, void *out, size_t out_size)
{
	return hvcall_rep(fd, code, 0, in, in_size, out, out_size, NULL, NULL);
}

int hv_get_regs(int fd, u32 vp, const u32 *names, union hvx_value *values,
		unsigned int count)
{
	u64 buf[HVX_PAGE_SIZE / sizeof(u64)] = { 0 };
	struct hvx_in_get_vp_registers *in = (void *)buf;
	u16 done;
	int ret;

	in->h.vp_index = vp;
	memcpy(in->names, names, count * sizeof(*names));
	ret = hvcall_rep(fd, HVX_CALL_GET_VP_REGISTERS, count, in,
			 sizeof(*in) + count * sizeof(*names), values,
			 count * sizeof(*values), &done, NULL);
	REQUIRE(ret || done == count, "%u of %u registers and success", done, count);
	return ret;
}

int hv_set_regs(int fd, u32 vp, const struct hvx_register *regs, unsigned int count)
{
	u64 buf[HVX_PAGE_SIZE / sizeof(u64)] = { 0 };
	struct hvx_in_set_vp_registers *in = (void *)buf;
	u16 done;
	int ret;

	in->h.vp_index = vp;
	memcpy(in->regs, regs, count * sizeof(*regs));
	ret = hvcall_rep(fd, HVX_CALL_SET_VP_REGISTERS, count, in,
			 sizeof(*in) + count * sizeof(*regs), NULL, 0, &done, NULL);
	REQUIRE(ret || done == count, "%u of %u registers and success", done, count);
	return ret;
}

int hv_get_property(int fd, u32 code, u64 *value)
{
	struct hvx_in_get_partition_property in = { .code = code };

	return hvcall(fd, HVX_CALL_GET_PARTITION_PROPERTY, &in, sizeof(in),
		      value, sizeof(*value));
}

int hv_set_property(int fd, u32 code, u64 value)
{
	struct hvx_in_set_partition_property in = { .code = code, .value = value };

	return hvcall(fd, HVX_CALL_SET_PARTITION_PROPERTY, &in, sizeof(in), NULL, 0);
}

int hv_install_intercept(int fd, u32 type, u32 access, u64 parameter)
{
	struct hvx_in_install_intercept in = {
		.type = type,
		.access = access,
		.parameter = parameter,
	};

	return hvcall(fd, HVX_CALL_INSTALL_INTERCEPT, &in, sizeof(in), NULL, 0);
}
