// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_GET_VP_STATE and MSHV_SET_VP_STATE: state of a VP that is not in
 * registers.
 *
 * The hypervisor reads and writes a buffer of the driver, never pages of the
 * VMM: nothing has to be pinned, what is set cannot change while it is
 * checked, and the VMM gets exactly as many bytes as the state has.
 */
#include <linux/align.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <uapi/linux/mshv.h>

#include "deposit.h"
#include "hvcall.h"
#include "ioctl.h"
#include "mshv.h"
#include "trace.h"
#include "vp_state.h"

/* Extended states of today's processors take less than 12 KiB, AMX included. */
#define MSHV_MAX_STATE_PAGES	16

/* In the mask of extended states */
#define MSHV_XSTATE_X87		BIT_ULL(0)
#define MSHV_XSTATE_SSE		BIT_ULL(1)

/* Kinds of state; the XSAVE image has the size that its partition needs. */
static const struct {
	u32 type;
	u32 size;
	u32 cap;
} mshv_states[MSHV_VP_STATE_COUNT] = {
	[MSHV_VP_STATE_LAPIC] = {
		HVX_VP_STATE_LAPIC, HVX_PAGE_SIZE, MSHV_CAP_VP_STATE_LAPIC },
	[MSHV_VP_STATE_XSAVE] = {
		HVX_VP_STATE_XSAVE, 0, MSHV_CAP_VP_STATE_XSAVE },
	[MSHV_VP_STATE_SIMP] = {
		HVX_VP_STATE_SIM_PAGE, HVX_PAGE_SIZE, MSHV_CAP_VP_STATE_SIMP },
	[MSHV_VP_STATE_SIEFP] = {
		HVX_VP_STATE_SIEF_PAGE, HVX_PAGE_SIZE, MSHV_CAP_VP_STATE_SIEFP },
	[MSHV_VP_STATE_SYNTHETIC_TIMERS] = {
		HVX_VP_STATE_SYNTHETIC_TIMERS, sizeof(struct hvx_synthetic_timers_state),
		MSHV_CAP_VP_STATE_STIMERS },
};

/**
 * struct mshv_state_call - a hypercall on the state of a VP
 * @in: fixed input
 * @fixed: the same, as bytes in front of @tail
 * @tail: behind it, the variable header: page numbers of @buf, or the state
 *	  itself
 * @buf: pages for the state
 * @size: bytes of the state, at the start of @buf
 * @pages: number of pages of @buf
 */
struct mshv_state_call {
	union {
		struct hvx_in_vp_state in;
		struct {
			u8 fixed[sizeof(struct hvx_in_vp_state)];
			union {
				u64 pfns[MSHV_MAX_STATE_PAGES];
				struct hvx_synthetic_timers_state timers;
			} tail;
		};
	};
	void *buf;
	u32 size;
	u32 pages;
};

static_assert(offsetof(struct mshv_state_call, tail) == offsetof(struct mshv_state_call, in.pfns));

/* Which extended states the partition has, and what they take. */
static int mshv_state_xsave(struct mshv_vp *vp, struct mshv_state_call *sc)
{
	struct mshv_partition *pt = vp->partition;
	u64 states, size;
	int ret;

	ret = mshv_hvcall_get_property(pt->pool, pt->id, HVX_PROP_XSAVE_STATES, &states);
	if (!ret)
		ret = mshv_hvcall_get_property(pt->pool, pt->id, HVX_PROP_MAX_XSAVE_DATA_SIZE,
					       &size);
	if (ret)
		return ret;
	if (!size || size > MSHV_MAX_STATE_PAGES * HVX_PAGE_SIZE)
		return -EOPNOTSUPP;
	/* Every image has these two, whatever the partition may use. */
	sc->in.xsave_states = states | MSHV_XSTATE_X87 | MSHV_XSTATE_SSE;
	sc->size = size;
	return 0;
}

/* Checks the argument, tells the VMM the size, and gets a buffer, of zeroes. */
static int mshv_state_prepare(struct mshv_vp *vp, const struct mshv_get_set_vp_state *args,
			      struct mshv_get_set_vp_state __user *uarg,
			      struct mshv_state_call *sc)
{
	u32 i, type;
	int ret;

	if (args->type >= MSHV_VP_STATE_COUNT)
		return -EINVAL;
	type = array_index_nospec(args->type, MSHV_VP_STATE_COUNT);
	if (!mshv_capability(mshv_states[type].cap) ||
	    memchr_inv(args->rsvd, 0, sizeof(args->rsvd)) || !args->buf_sz ||
	    !IS_ALIGNED(args->buf_sz, HVX_PAGE_SIZE) || !IS_ALIGNED(args->buf_ptr, HVX_PAGE_SIZE))
		return -EINVAL;

	memset(sc, 0, sizeof(*sc));
	sc->in.partition_id = vp->partition->id;
	sc->in.vp_index = vp->index;
	sc->in.type = mshv_states[type].type;
	sc->size = mshv_states[type].size;
	if (!sc->size) {
		ret = mshv_state_xsave(vp, sc);
		if (ret)
			return ret;
	}
	if (put_user(sc->size, &uarg->buf_sz))
		return -EFAULT;
	if (args->buf_sz < sc->size)
		return -EINVAL;

	sc->pages = DIV_ROUND_UP(sc->size, HVX_PAGE_SIZE);
	sc->buf = alloc_pages_exact(sc->pages * HVX_PAGE_SIZE, MSHV_GFP | __GFP_ZERO);
	if (!sc->buf)
		return -ENOMEM;
	if (sc->in.type & HVX_VP_STATE_BY_PFN)
		for (i = 0; i < sc->pages; i++)
			sc->tail.pfns[i] = (virt_to_phys(sc->buf) >> HVX_PAGE_SHIFT) + i;
	return 0;
}

static int mshv_state_hvcall(struct mshv_vp *vp, struct mshv_state_call *sc, bool set)
{
	const bool by_pfn = sc->in.type & HVX_VP_STATE_BY_PFN;
	const size_t tail = by_pfn ? sc->pages * sizeof(u64) : set ? sc->size : 0;
	struct hvx_synthetic_timers_state timers = {};
	struct mshv_hvcall call = {
		.code = set ? HVX_CALL_SET_VP_STATE : HVX_CALL_GET_VP_STATE,
		.varhdr = tail / sizeof(u64),
		.in = &sc->in,
		.in_size = sizeof(sc->in) + tail,
		/* There is an output even where the state goes into pages. */
		.out = set ? NULL : &timers,
		.out_size = set ? 0 : sizeof(timers),
	};
	int ret;

	if (set && !by_pfn)
		memcpy(&sc->tail.timers, sc->buf, sc->size);
	ret = mshv_hvcall_pool(&call, vp->partition->pool);
	if (!ret && !set && !by_pfn)
		memcpy(sc->buf, &timers, sc->size);
	trace_mshv_vp_state(vp->partition->id, vp->index, sc->in.type, set, ret);
	return ret;
}

/*
 * Both ways. A state to be set is read as a whole before the hypervisor sees any
 * of it; on failure to get one the user's buffer is as it was.
 */
static long mshv_vp_state(struct mshv_vp *vp, const struct mshv_get_set_vp_state *args,
			  struct mshv_get_set_vp_state __user *uarg, bool set)
{
	void __user *ubuf = u64_to_user_ptr(args->buf_ptr);
	struct mshv_state_call sc;
	int ret;

	ret = mshv_state_prepare(vp, args, uarg, &sc);
	if (ret)
		return ret;
	if (set && copy_from_user(sc.buf, ubuf, sc.size))
		ret = -EFAULT;
	else
		ret = mshv_state_hvcall(vp, &sc, set);
	if (!ret && !set && copy_to_user(ubuf, sc.buf, sc.size))
		ret = -EFAULT;
	free_pages_exact(sc.buf, sc.pages * HVX_PAGE_SIZE);
	return ret;
}

/**
 * mshv_get_vp_state - MSHV_GET_VP_STATE
 * @vp: VP; stopped
 * @arg: struct mshv_get_set_vp_state
 * @uarg: where it was; its buf_sz becomes the size of the state
 */
long mshv_get_vp_state(struct mshv_vp *vp, void *arg, void __user *uarg)
{
	return mshv_vp_state(vp, arg, uarg, false);
}

/**
 * mshv_set_vp_state - MSHV_SET_VP_STATE
 * @vp: VP; stopped
 * @arg: struct mshv_get_set_vp_state
 * @uarg: where it was; its buf_sz becomes the size of the state
 */
long mshv_set_vp_state(struct mshv_vp *vp, void *arg, void __user *uarg)
{
	return mshv_vp_state(vp, arg, uarg, true);
}
