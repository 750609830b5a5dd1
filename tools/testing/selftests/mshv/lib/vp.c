// SPDX-License-Identifier: GPL-2.0
/* Virtual processors: creation, registers, running. */
#include "mshv_util.h"

/* By file descriptor, for hypercalls about the VP */
static u32 vp_indexes[4096];

int vp_create(int pt, u32 index)
{
	struct mshv_create_vp arg = { .vp_index = index };
	int fd = xioctl(pt, MSHV_CREATE_VP, &arg);

	if (fd >= 0 && fd < ARRAY_SIZE(vp_indexes))
		WRITE_ONCE(vp_indexes[fd], index);
	return fd;
}

u32 vp_index(int fd)
{
	REQUIRE(fd >= 0 && fd < ARRAY_SIZE(vp_indexes), "VP's descriptor %d", fd);
	return READ_ONCE(vp_indexes[fd]);
}

void vp_init(struct vp *vp, struct vm *vm, u32 index)
{
	memset(vp, 0, sizeof(*vp));
	vp->vm = vm;
	vp->index = index;
	vp->fd = vp_create(vm->fd, index);
	REQUIRE(vp->fd >= 0, "CREATE_VP %u: %d", index, vp->fd);
}

void vp_free(struct vp *vp)
{
	close(vp->fd);
}

static int vp_regs(int fd, unsigned int cmd, const struct hvx_register *regs, unsigned int count)
{
	struct mshv_vp_registers arg = {
		.count = count,
		.regs_ptr = (uintptr_t)regs,
	};

	return xioctl(fd, cmd, &arg);
}

int vp_get_regs(int fd, struct hvx_register *regs, unsigned int count)
{
	if (on_mainline())
		return mainline_get_regs(fd, regs, count);
	return vp_regs(fd, MSHV_GET_VP_REGISTERS, regs, count);
}

int vp_set_regs(int fd, const struct hvx_register *regs, unsigned int count)
{
	if (on_mainline())
		return mainline_set_regs(fd, regs, count);
	return vp_regs(fd, MSHV_SET_VP_REGISTERS, regs, count);
}

u64 vp_get(struct vp *vp, u32 name)
{
	struct hvx_register reg = { .name = name };
	int ret = vp_get_regs(vp->fd, &reg, 1);

	REQUIRE(!ret, "GET_VP_REGISTERS %#x: %d", name, ret);
	return reg.value.u64;
}

void vp_set(struct vp *vp, u32 name, u64 value)
{
	struct hvx_register reg = { .name = name, .value.u64 = value };
	int ret = vp_set_regs(vp->fd, &reg, 1);

	REQUIRE(!ret, "SET_VP_REGISTERS %#x: %d", name, ret);
}

int vp_run(struct vp *vp)
{
	struct mshv_run_vp arg;
	int ret;

	ret = xioctl(vp->fd, MSHV_RUN_VP, &arg);
	if (!ret)
		memcpy(&vp->msg, arg.msg_buf, sizeof(vp->msg));
	return ret;
}

void *vp_run_thread(void *vp)
{
	return (void *)(long)vp_run(vp);
}

void vp_run_until(struct vp *vp, u32 type)
{
	int ret = vp_run(vp);

	REQUIRE(!ret, "RUN_VP: %d", ret);
	if (vp->msg.type != type)
		msg_print(&vp->msg);
	REQUIRE(vp->msg.type == type, "expected message %s", msg_name(type));
}

u32 vp_run_out(struct vp *vp, u16 port)
{
	const struct hvx_msg_io_port *io;
	u32 value;

	vp_run_until(vp, HVX_MSG_X64_IO_PORT);
	io = vp_io(vp);
	if (io->port != port || io->h.access_type != HVX_ACCESS_WRITE)
		msg_print(&vp->msg);
	REQUIRE(io->port == port, "port %#x, expected %#x", io->port, port);
	REQUIRE(io->h.access_type == HVX_ACCESS_WRITE, "not a write");
	value = io->rax;
	switch (io->access_info & HVX_IO_SIZE_MASK) {
	case 1:
		value &= 0xff;
		break;
	case 2:
		value &= 0xffff;
		break;
	}
	vp_skip(vp);
	return value;
}
