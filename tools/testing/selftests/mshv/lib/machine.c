// SPDX-License-Identifier: GPL-2.0
/* Whole VMs: a partition with memory and VPs, and code that several tests run. */
#include "mshv_util.h"

/* In code that other files see */
#define SHARED(name)	".globl " #name ", " #name "_end\n"

GUEST_CODE(guest_spin, 64, SHARED(guest_spin)
	   "1: incq 0x10000\n"
	   "jmp 1b\n");
GUEST_CODE(guest_halt, 64, SHARED(guest_halt)
	   "1: hlt\n"
	   "jmp 1b\n");
GUEST_CODE(guest_count, 64, SHARED(guest_count)
	   "xor %eax, %eax\n"
	   "1: inc %eax\n"
	   "out %al, $0x80\n"
	   "jmp 1b\n");

GUEST_CODE(guest_out, 64, "out %eax, $0x80\n");

u64 vm_id(struct vm *vm)
{
	u8 code[16];
	struct vp vp;

	memcpy(code, vm->ram + GUEST_CODE_BASE, sizeof(code));
	vp_init(&vp, vm, GUEST_VPS - 1);
	vp_load(&vp, MODE_LONG, guest_out);
	vp_run_out(&vp, 0x80);
	vp_free(&vp);
	memcpy(vm->ram + GUEST_CODE_BASE, code, sizeof(code));
	return vp.msg.sender;
}

void guest_add_vps(struct guest *g, unsigned int nr)
{
	REQUIRE(nr <= GUEST_VPS, "too many VPs");
	for (g->nr = 0; g->nr < nr; g->nr++)
		vp_init(&g->vps[g->nr], &g->vm, g->nr);
}

void guest_init_vps(struct guest *g, unsigned int nr)
{
	vm_init(&g->vm);
	guest_add_vps(g, nr);
}

void guest_init(struct guest *g)
{
	guest_init_vps(g, 1);
}

void guest_init_code(struct guest *g, const u8 *code, const u8 *end)
{
	guest_init(g);
	vp_load_code(&g->vp, MODE_LONG, code, end);
}

void guest_free(struct guest *g)
{
	while (g->nr)
		vp_free(&g->vps[--g->nr]);
	vm_free(&g->vm);
}

u64 guest_counter(const struct guest *g)
{
	return READ_ONCE(*(const u64 *)(g->vm.ram + GUEST_DATA));
}

void guest_wait_running(const struct guest *g)
{
	u64 last = guest_counter(g), start = now_us();

	while (guest_counter(g) == last) {
		REQUIRE(now_us() - start < RUNNING_US, "the guest does not run");
		usleep(1000);
	}
}
