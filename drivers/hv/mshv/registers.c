// SPDX-License-Identifier: GPL-2.0
/* MSHV_GET_VP_REGISTERS and MSHV_SET_VP_REGISTERS. */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <uapi/linux/mshv.h>

#include "hvcall.h"
#include "mshv.h"
#include "registers.h"

/*
 * By the suspend registers the driver knows whether a VP runs; the signal count
 * tells it when the last one has arrived.
 */
bool mshv_register_is_reserved(u32 name)
{
	switch (name) {
	case HVX_REG_EXPLICIT_SUSPEND:
	case HVX_REG_INTERCEPT_SUSPEND:
	case HVX_REG_DISPATCH_SUSPEND:
	case HVX_REG_VP_ROOT_SIGNAL_COUNT:
		return true;
	default:
		return false;
	}
}

/* The user's array, checked; to be freed with kvfree(). */
static struct hvx_register *mshv_copy_registers(const struct mshv_vp_registers *args)
{
	struct hvx_register *regs;
	u32 i;

	if (args->reserved || !args->count || args->count > MSHV_MAX_VP_REGISTERS)
		return ERR_PTR(-EINVAL);
	regs = kvmalloc_array(args->count, sizeof(*regs), MSHV_GFP);
	if (!regs)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(regs, u64_to_user_ptr(args->regs_ptr), args->count * sizeof(*regs))) {
		kvfree(regs);
		return ERR_PTR(-EFAULT);
	}
	for (i = 0; i < args->count; i++) {
		if (regs[i].rsvd1 || regs[i].rsvd2) {
			kvfree(regs);
			return ERR_PTR(-EINVAL);
		}
	}
	return regs;
}

/* Fills in the values of @count registers. */
static int mshv_fetch_registers(struct mshv_vp *vp, u32 count, struct hvx_register *regs)
{
	union hvx_value *values;
	int ret = -ENOMEM;
	u32 *names;
	u32 i;

	names = kvmalloc_array(count, sizeof(*names), MSHV_GFP);
	values = kvmalloc_array(count, sizeof(*values), MSHV_GFP);
	if (!names || !values)
		goto out;
	for (i = 0; i < count; i++)
		names[i] = regs[i].name;
	ret = mshv_hvcall_get_registers(vp->partition, vp->index, count, names, values, NULL);
	for (i = 0; i < count && !ret; i++)
		regs[i].value = values[i];
out:
	kvfree(values);
	kvfree(names);
	return ret;
}

/**
 * mshv_get_vp_registers - MSHV_GET_VP_REGISTERS
 * @vp: VP
 * @arg: struct mshv_vp_registers
 * @uarg: where it was
 *
 * All or nothing: on failure the user's array is as it was.
 */
long mshv_get_vp_registers(struct mshv_vp *vp, void *arg, void __user *uarg)
{
	struct mshv_vp_registers *args = arg;
	struct hvx_register *regs;
	long ret;

	regs = mshv_copy_registers(args);
	if (IS_ERR(regs))
		return PTR_ERR(regs);
	ret = mshv_fetch_registers(vp, args->count, regs);
	if (!ret && copy_to_user(u64_to_user_ptr(args->regs_ptr), regs,
				 args->count * sizeof(*regs)))
		ret = -EFAULT;
	kvfree(regs);
	return ret;
}

/**
 * mshv_set_vp_registers - MSHV_SET_VP_REGISTERS
 * @vp: VP
 * @arg: struct mshv_vp_registers
 * @uarg: where it was
 *
 * In the order of the array. If the hypervisor refuses one, those before it are
 * set.
 */
long mshv_set_vp_registers(struct mshv_vp *vp, void *arg, void __user *uarg)
{
	struct mshv_vp_registers *args = arg;
	struct hvx_register *regs;
	long ret = 0;
	u32 i;

	regs = mshv_copy_registers(args);
	if (IS_ERR(regs))
		return PTR_ERR(regs);
	for (i = 0; i < args->count && !ret; i++)
		if (mshv_register_is_reserved(regs[i].name))
			ret = -EINVAL;
	if (!ret)
		ret = mshv_hvcall_set_registers(vp->partition, vp->index, args->count, regs,
						NULL);
	kvfree(regs);
	return ret;
}
