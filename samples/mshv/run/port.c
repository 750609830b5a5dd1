// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses to ports: IN and OUT, of which the message has everything, and the string
 * instructions INS and OUTS, which move data between a port and memory. For these the
 * VMM does what the processor would: it finds the memory through the guest's page
 * tables, and raises a page fault where there is none.
 */
#include <string.h>
#include <sys/ioctl.h>

#include "vmm.h"

#define BATCH		1024	/* repetitions before the guest may take interrupts */
#define RFLAGS_DF	(1 << 10)

#define PF_PRESENT	(1 << 0)
#define PF_WRITE	(1 << 1)
#define PF_USER		(1 << 2)
#define PF_RESERVED	(1 << 3)
#define VECTOR_PF	14

enum { RCX = 1, RSI = 6, RDI = 7 };	/* in the register page */

/* IN and OUT */
static void access_register(struct vp *vp, const struct hvx_msg_io_port *msg)
{
	unsigned int size = msg->access_info & HVX_IO_SIZE_MASK;
	u64 mask = (1ULL << 8 * size) - 1, val;
	struct bus *bus = &vp->vm->ports;

	pthread_mutex_lock(&vp->vm->lock);
	if (msg->h.access_type == HVX_ACCESS_WRITE) {
		bus_write(bus, msg->port, size, msg->rax & mask);
	} else {
		val = bus_read(bus, msg->port, size) & mask;
		/* 32-bit results clear the upper half. */
		vp->regs->gpr[0] = size == 4 ? val : (msg->rax & ~mask) | val;
		vp->regs->dirty |= HVX_REGPAGE_GENERAL;
	}
	pthread_mutex_unlock(&vp->vm->lock);
	vp->regs->rip = msg->h.rip + (msg->h.length_cr8 & 0xf);
	vp->regs->dirty |= HVX_REGPAGE_IP;
}

/**
 * struct string - a string instruction
 * @write: OUTS, which reads memory
 * @size: bytes of an element
 * @base: of the segment
 * @index: register that addresses memory, RSI or RDI
 * @mask: bits that addresses, and the count in RCX, have
 * @is64: in 64-bit mode
 */
struct string {
	bool write;
	unsigned int size;
	u64 base;
	int index;
	u64 mask;
	bool is64;
};

/* The base of a segment that the message does not have. */
static u64 segment_base(struct vp *vp, u32 name)
{
	struct hvx_register reg = { .name = name };

	vp_get_registers(vp, &reg, 1);
	return reg.value.segment.base;
}

/* The prefixes say which segment OUTS reads, and how wide addresses are. */
static void decode(struct vp *vp, const struct hvx_msg_io_port *msg, struct string *s)
{
	bool is64 = msg->h.cs.attributes & HVX_SEG_LONG;
	bool is32 = msg->h.cs.attributes & HVX_SEG_DEFAULT;
	bool other_size = false;
	u32 segment = HVX_REG_DS;
	unsigned int i;

	for (i = 0; i < msg->byte_count && i < sizeof(msg->bytes); i++) {
		switch (msg->bytes[i]) {
		case 0x26: case 0x2e: case 0x36: case 0x3e:
			segment = HVX_REG_ES + (msg->bytes[i] >> 3 & 3);
			break;
		case 0x64: case 0x65:
			segment = HVX_REG_FS + (msg->bytes[i] & 1);
			break;
		case 0x67:
			other_size = true;
			break;
		case 0x6c ... 0x6f:		/* the instruction */
			i = sizeof(msg->bytes);
			break;
		}
	}
	s->write = msg->h.access_type == HVX_ACCESS_WRITE;
	s->size = msg->access_info & HVX_IO_SIZE_MASK;
	s->index = s->write ? RSI : RDI;
	s->is64 = is64;
	s->mask = is64 && !other_size ? ~0ULL : is64 || is32 != other_size ? 0xffffffff : 0xffff;
	if (!s->write)
		segment = HVX_REG_ES;
	s->base = is64 && segment < HVX_REG_FS ? 0 : segment_base(vp, segment);
}

/* Some bits of a register change; 32-bit results clear the upper half. */
static void set_index(struct vp *vp, const struct string *s, int reg, u64 val)
{
	u64 *gpr = &vp->regs->gpr[reg];

	*gpr = (s->mask == 0xffff ? *gpr & ~s->mask : 0) | (val & s->mask);
}

static void page_fault(struct vp *vp, const struct hvx_msg_io_port *msg, u64 gva, u32 code,
		       bool write)
{
	bool user = (msg->h.execution_state & HVX_EXEC_CPL_MASK) == 3;
	u64 error = (code != MSHV_TRANSLATE_GVA_PAGE_NOT_PRESENT ? PF_PRESENT : 0) |
		    (code == MSHV_TRANSLATE_GVA_INVALID_PTE_FLAGS ? PF_RESERVED : 0) |
		    (write ? PF_WRITE : 0) | (user ? PF_USER : 0);
	struct hvx_register reg = { .name = HVX_REG_PENDING_EVENT0 };

	reg.value.u128[0] = HVX_EVENT_PENDING | HVX_EVENT_DELIVER_ERROR_CODE |
			    VECTOR_PF << HVX_EVENT_VECTOR_SHIFT | error << HVX_EVENT_ERROR_SHIFT;
	reg.value.u128[1] = gva;
	vp_set_registers(vp, &reg, 1);
}

/**
 * struct memory - where an element is, which may be in two pages
 * @part: first and second part
 * @size: bytes of each
 */
struct memory {
	u8 *part[2];
	unsigned int size[2];
};

enum access { ACCESS_DONE, ACCESS_FAULT, ACCESS_IMPOSSIBLE };

/* Finds @size bytes for the guest to read or write; raises its page fault. */
static enum access find_part(struct vp *vp, const struct hvx_msg_io_port *msg, u64 gva,
			     unsigned int size, bool write, u8 **memory)
{
	struct mshv_translate_gva_result result;
	u64 gpa;
	struct mshv_translate_gva args = {
		.gva = gva,
		.flags = 1 << MSHV_TRANSLATE_GVA_BIT_SET_PAGE_TABLE_BITS |
			 1 << (write ? MSHV_TRANSLATE_GVA_BIT_WRITE :
				       MSHV_TRANSLATE_GVA_BIT_READ),
		.result = (uintptr_t)&result,
		.gpa = (uintptr_t)&gpa,
	};

	if (ioctl(vp->fd, MSHV_VP_TRANSLATE_GVA, &args))
		return ACCESS_IMPOSSIBLE;
	switch (result.code) {
	case MSHV_TRANSLATE_GVA_SUCCESS:
		*memory = vm_memory(vp->vm, gpa, size);
		return *memory && !result.overlay ? ACCESS_DONE : ACCESS_IMPOSSIBLE;
	case MSHV_TRANSLATE_GVA_PAGE_NOT_PRESENT:
	case MSHV_TRANSLATE_GVA_PRIVILEGE_VIOLATION:
	case MSHV_TRANSLATE_GVA_INVALID_PTE_FLAGS:
		page_fault(vp, msg, gva, result.code, write);
		return ACCESS_FAULT;
	}
	return ACCESS_IMPOSSIBLE;
}

static enum access find_memory(struct vp *vp, const struct hvx_msg_io_port *msg, u64 gva,
			       unsigned int size, bool write, struct memory *m)
{
	unsigned int room = MSHV_HV_PAGE_SIZE - gva % MSHV_HV_PAGE_SIZE;
	enum access ret;

	m->size[0] = size < room ? size : room;
	m->size[1] = size - m->size[0];
	ret = find_part(vp, msg, gva, m->size[0], write, &m->part[0]);
	if (ret == ACCESS_DONE && m->size[1])
		ret = find_part(vp, msg, gva + m->size[0], m->size[1], write, &m->part[1]);
	return ret;
}

/* The memory is found first: what a device gives must not be lost. */
static enum access move_element(struct vp *vp, const struct hvx_msg_io_port *msg,
				const struct string *s)
{
	u64 gva = s->base + (vp->regs->gpr[s->index] & s->mask), val = 0;
	u8 *data = (u8 *)&val;
	struct memory m;
	enum access ret;

	if (!s->is64)
		gva = (u32)gva;
	ret = find_memory(vp, msg, gva, s->size, !s->write, &m);
	if (ret != ACCESS_DONE)
		return ret;
	pthread_mutex_lock(&vp->vm->lock);
	if (s->write) {
		memcpy(data, m.part[0], m.size[0]);
		if (m.size[1])
			memcpy(data + m.size[0], m.part[1], m.size[1]);
		bus_write(&vp->vm->ports, msg->port, s->size, val);
	} else {
		val = bus_read(&vp->vm->ports, msg->port, s->size);
		memcpy(m.part[0], data, m.size[0]);
		if (m.size[1])
			memcpy(m.part[1], data + m.size[0], m.size[1]);
	}
	pthread_mutex_unlock(&vp->vm->lock);
	return ACCESS_DONE;
}

/*
 * INS and OUTS. RIP stays while there are repetitions left, as it does when a
 * processor is interrupted: the guest comes back with the same instruction.
 */
static bool access_string(struct vp *vp, const struct hvx_msg_io_port *msg)
{
	bool repeat = msg->access_info & HVX_IO_REP;
	enum access ret = ACCESS_DONE;
	struct string s;
	u64 count, i, step;

	decode(vp, msg, &s);
	count = repeat ? msg->rcx & s.mask : 1;
	step = msg->h.rflags & RFLAGS_DF ? -(u64)s.size : s.size;
	for (i = 0; i < count && i < BATCH; i++) {
		ret = move_element(vp, msg, &s);
		if (ret != ACCESS_DONE)
			break;
		set_index(vp, &s, s.index, vp->regs->gpr[s.index] + step);
	}
	if (repeat)
		set_index(vp, &s, RCX, count - i);
	vp->regs->dirty |= HVX_REGPAGE_GENERAL;
	if (i == count) {
		vp->regs->rip = msg->h.rip + (msg->h.length_cr8 & 0xf);
		vp->regs->dirty |= HVX_REGPAGE_IP;
	}
	return ret != ACCESS_IMPOSSIBLE;
}

/**
 * port_access - carry out the guest's access
 * @vp: VP that stands in front of it
 * @msg: its intercept
 *
 * Return: whether that was possible.
 */
bool port_access(struct vp *vp, const struct hvx_msg_io_port *msg)
{
	stats_count(vp, msg->h.access_type == HVX_ACCESS_WRITE ? EXIT_PORT_WRITE :
								 EXIT_PORT_READ);
	if (msg->access_info & HVX_IO_STRING)
		return access_string(vp, msg);
	access_register(vp, msg);
	return true;
}
