// SPDX-License-Identifier: GPL-2.0
/*
 * Guests that mean harm: random instructions, MSRs, hypercalls, page tables and
 * interrupts. None of it may hurt the hypervisor, the root, or the guest that
 * works beside it; all that the hostile partition held has to come back.
 *
 * Environment: MSHV_HOSTILE_SECONDS for each test (default 4), and
 * MSHV_HOSTILE_SEED to have the same guests again.
 */
#include <pthread.h>
#include <signal.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

#define CODE		GUEST_DATA	/* random code, one page */
#define HANDLER		0x4000UL	/* for all exceptions and interrupts */
#define CODE_SIZE	PAGE
#define ROUND_US	20000
#define ROUNDS_PER_VM	40
#define EXITS_PER_ROUND	200
#define NR_VPS		2

#define LAPIC_ADDR	0xfee00000U

static u64 end_us(void)
{
	return now_us() + environment("MSHV_HOSTILE_SECONDS", 4) * 1000000;
}

/*
 * The witness: a guest that adds up its memory, again and again.
 */
#define WITNESS_PORT	0x77
#define WITNESS_WORDS	4096

GUEST_CODE(witness_code, 64,
	   "1: xor %eax, %eax\n"
	   "mov $0x10000, %esi\n"
	   "mov $4096, %ecx\n"
	   "2: add (%rsi), %eax\n"
	   "add $4, %rsi\n"
	   "dec %ecx\n"
	   "jnz 2b\n"
	   "out %eax, $0x77\n"
	   "jmp 1b");

struct witness {
	struct vm vm;
	struct vp vp;
	pthread_t thread;
	bool stop;
	u32 sum;
	u64 rounds, wrong;
};

static void *witness_thread(void *arg)
{
	struct witness *w = arg;

	while (!READ_ONCE(w->stop)) {
		int ret = vp_run(&w->vp);

		if (ret == -EINTR)
			continue;
		REQUIRE(!ret, "RUN_VP of the witness: %d", ret);
		REQUIRE(vp_io(&w->vp)->port == WITNESS_PORT, "the witness is lost");
		w->wrong += (u32)vp_io(&w->vp)->rax != w->sum;
		w->rounds++;
		vp_skip(&w->vp);
	}
	return NULL;
}

static void witness_start(struct witness *w, u64 *state)
{
	sigset_t set, old;
	u32 *words;
	u32 i;

	memset(w, 0, sizeof(*w));
	vm_init(&w->vm);
	vp_init(&w->vp, &w->vm, 0);
	vp_load(&w->vp, MODE_LONG, witness_code);
	words = (void *)(w->vm.ram + GUEST_DATA);
	for (i = 0; i < WITNESS_WORDS; i++) {
		words[i] = rnd(state);
		w->sum += words[i];
	}
	/* The alarm is for the main thread. */
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	REQUIRE(!pthread_create(&w->thread, NULL, witness_thread, w), "pthread_create");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void witness_stop(struct witness *w)
{
	WRITE_ONCE(w->stop, true);
	pthread_join(w->thread, NULL);
	vp_free(&w->vp);
	vm_free(&w->vm);
}

/*
 * Code for the hostile guest
 */
struct emitter {
	u8 *p, *end;
	u64 *state;
};

static void emit(struct emitter *e, const void *bytes, size_t n)
{
	size_t room = e->end - e->p;

	memcpy(e->p, bytes, n < room ? n : room);
	e->p += n < room ? n : room;
}

static void emit8(struct emitter *e, u8 byte)
{
	emit(e, &byte, 1);
}

/* mov $imm64, %reg */
static void emit_load(struct emitter *e, unsigned int reg, u64 value)
{
	emit8(e, 0x48 | (reg >= 8));
	emit8(e, 0xb8 | (reg & 7));
	emit(e, &value, 8);
}

static u64 any_value(u64 *state)
{
	u64 r = rnd(state);

	switch (r & 7) {
	case 0:
		return 0;
	case 1:
		return ~0ULL;
	case 2:
		return 1ULL << (r >> 8 & 63);
	case 3:
		return r >> 8 & 0xff;
	case 4:
		return r >> 8 & (RAM_SIZE - 1);
	case 5:
		return (r >> 8 & (RAM_SIZE - 1) & ~(PAGE - 1)) | (r >> 40 & 1);
	case 6:
		return LAPIC_ADDR | (r >> 8 & 0xff0);
	}
	return rnd(state);
}

static u32 any_msr(u64 *state)
{
	static const u32 bases[] = {
		0, 0x10, 0x170, 0x200, 0x250, 0x2f0, 0x800, 0x820, 0x830, 0x40000000,
		0x40000020, 0x40000070, 0x40000080, 0x40000090, 0x400000b0, 0x400000f0,
		0x40000100, 0x40000110, 0xc0000080, 0xc0000100, 0xc0010000, 0xc0010110,
	};
	u64 r = rnd(state);

	return r & 7 ? bases[(r >> 3 & 0xffff) % ARRAY_SIZE(bases)] + (r >> 32 & 0x1f) : r >> 32;
}

static void emit_msr(struct emitter *e)
{
	emit_load(e, 1, any_msr(e->state));
	emit_load(e, 0, any_value(e->state));
	emit_load(e, 2, any_value(e->state));
	emit8(e, 0x0f);
	emit8(e, rnd(e->state) & 1 ? 0x30 : 0x32);
}

static void emit_hypercall(struct emitter *e)
{
	u64 r = rnd(e->state);
	u64 control = (r & 0x1ff) | (r & BIT(16)) | (r >> 20 & 0xf) << 32 | (r & BIT(40)) << 8;

	emit_load(e, 1, r >> 60 ? control : rnd(e->state));
	emit_load(e, 2, any_value(e->state));
	emit_load(e, 8, any_value(e->state));
	emit(e, "\x0f\x01\xd9", 3);
}

/* mov $imm32 to an address: page tables, the local APIC, anything */
static void emit_store(struct emitter *e)
{
	u64 r = rnd(e->state);
	u32 value = any_value(e->state);

	emit_load(e, 3, r & 3 ? any_value(e->state) : GUEST_PT + (r >> 8 & 0x5ff8));
	emit(e, "\xc7\x03", 2);
	emit(e, &value, 4);
}

/* An interrupt for somebody, by the x2APIC's or the xAPIC's command register */
static void emit_ipi(struct emitter *e)
{
	u64 r = rnd(e->state);

	emit_load(e, 1, 0x830);
	emit_load(e, 0, (r & 0xcdfff) | BIT(14));
	emit_load(e, 2, r >> 32 & 3);
	emit(e, "\x0f\x30", 2);
}

static void emit_special(struct emitter *e)
{
	static const struct {
		u8 n;
		const char *bytes;
	} list[] = {
		{ 2, "\x0f\xa2" },		/* cpuid */
		{ 1, "\xf4" },			/* hlt */
		{ 1, "\xfa" },			/* cli */
		{ 1, "\xfb" },			/* sti */
		{ 3, "\x0f\x22\xc0" },		/* mov %rax, %cr0 */
		{ 3, "\x0f\x22\xd8" },		/* mov %rax, %cr3 */
		{ 3, "\x0f\x22\xe0" },		/* mov %rax, %cr4 */
		{ 4, "\x44\x0f\x22\xc0" },	/* mov %rax, %cr8 */
		{ 3, "\x0f\x23\xc0" },		/* mov %rax, %dr0 */
		{ 3, "\x0f\x23\xf8" },		/* mov %rax, %dr7 */
		{ 3, "\x0f\x01\xd1" },		/* xsetbv */
		{ 3, "\x0f\x01\xd8" },		/* vmrun */
		{ 3, "\x0f\x01\xda" },		/* vmload */
		{ 3, "\x0f\x01\xdb" },		/* vmsave */
		{ 3, "\x0f\x01\xdc" },		/* stgi */
		{ 3, "\x0f\x01\xdd" },		/* clgi */
		{ 3, "\x0f\x01\xde" },		/* skinit */
		{ 3, "\x0f\x01\xc8" },		/* monitor */
		{ 3, "\x0f\x01\xc9" },		/* mwait */
		{ 3, "\x0f\x01\x38" },		/* invlpg (%rax) */
		{ 3, "\x0f\x01\x10" },		/* lgdt (%rax) */
		{ 3, "\x0f\x01\x18" },		/* lidt (%rax) */
		{ 3, "\x0f\x01\xf0" },		/* lmsw %ax */
		{ 3, "\x0f\x00\xd8" },		/* ltr %ax */
		{ 2, "\x0f\x06" },		/* clts */
		{ 2, "\x0f\x08" },		/* invd */
		{ 2, "\x0f\x09" },		/* wbinvd */
		{ 2, "\x0f\x33" },		/* rdpmc */
		{ 2, "\x0f\x05" },		/* syscall */
		{ 3, "\x48\x0f\x07" },		/* sysretq */
		{ 2, "\x0f\x34" },		/* sysenter */
		{ 2, "\x0f\x35" },		/* sysexit */
		{ 2, "\x0f\xaa" },		/* rsm */
		{ 2, "\x48\xcf" },		/* iretq */
		{ 2, "\xcd\x30" },		/* int $0x30 */
		{ 1, "\xcc" },			/* int3 */
		{ 1, "\xf1" },			/* int1 */
		{ 1, "\x9d" },			/* popf */
		{ 1, "\xec" },			/* in (%dx), %al */
		{ 1, "\xef" },			/* out %eax, (%dx) */
		{ 2, "\xf3\x6c" },		/* rep insb */
		{ 2, "\xf3\x6e" },		/* rep outsb */
		{ 3, "\x0f\xae\x20" },		/* xsave (%rax) */
		{ 3, "\x0f\xae\x28" },		/* xrstor (%rax) */
		{ 4, "\x48\x0f\xc7\x08" },	/* cmpxchg16b (%rax) */
		{ 3, "\x48\xff\x28" },		/* ljmp *(%rax) */
	};
	unsigned int i = rnd(e->state) % ARRAY_SIZE(list);

	emit_load(e, 0, any_value(e->state));
	emit(e, list[i].bytes, list[i].n);
}

static void emit_noise(struct emitter *e)
{
	u64 bytes = rnd(e->state);

	emit(e, &bytes, 1 + (bytes >> 61));
}

static void write_code(struct vm *vm, u64 *state)
{
	static void (*const kinds[])(struct emitter *e) = {
		emit_noise, emit_special, emit_special, emit_msr, emit_msr, emit_hypercall,
		emit_store, emit_ipi,
	};
	struct emitter e = {
		.p = vm->ram + CODE, .end = vm->ram + CODE + CODE_SIZE, .state = state,
	};

	while (e.p < e.end)
		kinds[rnd(state) % ARRAY_SIZE(kinds)](&e);
}

/* Whatever happened: a new stack, and on somewhere in the code. */
GUEST_CODE(handler_code, 64,
	   "mov $0x7ff0, %esp\n"
	   "rdtsc\n"
	   "and $0xff8, %eax\n"
	   "add $0x10000, %eax\n"
	   "sti\n"
	   "jmp *%rax");

/* Hostile partition */
struct hostile {
	struct guest g;
	u64 state;
};

static void hostile_init(struct hostile *h)
{
	struct vm *vm = &h->g.vm;
	u64 features = 0;
	u32 i;

	vm_create(vm, PT_DEFAULT);
	/* As much of Hyper-V as one guest can be given: more to attack. */
	for (i = 0; i < 64; i++)
		if (!hv_set_property(vm->fd, HVX_PROP_SYNTHETIC_PROC_FEATURES,
				     features | BIT(i)))
			features |= BIT(i);
	vm_activate(vm);
	hv_set_property(vm->fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION, rnd(&h->state) & 1);
	guest_add_vps(&h->g, NR_VPS);
}

static void set_random_registers(struct hostile *h, struct vp *vp)
{
	struct hvx_register regs[16];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(regs); i++)
		regs[i] = (struct hvx_register){
			.name = HVX_REG_RAX + i, .value.u64 = any_value(&h->state),
		};
	regs[4].value.u64 = GUEST_STACK;	/* RSP */
	vp_set_regs(vp->fd, regs, ARRAY_SIZE(regs));
}

static bool hostile_setup(struct hostile *h, struct vp *vp, enum vp_mode mode)
{
	unsigned int vector;

	write_code(&h->g.vm, &h->state);
	vm_write_code(&h->g.vm, HANDLER, handler_code);
	for (vector = 0; vector < 256; vector++)
		guest_set_gate(&h->g.vm, vector, HANDLER);
	if (vp_try_setup(vp, mode, CODE))
		return false;
	set_random_registers(h, vp);
	return true;
}

/* An interrupt from outside, or what the root takes for one. */
static void disturb(struct hostile *h)
{
	u64 r = rnd(&h->state);
	struct hvx_in_assert_interrupt in = {
		.type = r & 7, .flags = r >> 3 & 3, .dest = r >> 8 & 3, .vector = r >> 16 & 0xff,
	};

	hvcall(h->g.vm.fd, HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, &in, sizeof(in), NULL, 0);
}

/* Go on behind an access that the VMM would emulate. False: the guest is at its end. */
static bool handle_exit(struct hostile *h, struct vp *vp)
{
	const struct hvx_msg_header *header = (const void *)vp->msg.payload;
	u64 length = header->length_cr8 & 0xf;
	struct hvx_register rip = {
		.name = HVX_REG_RIP, .value.u64 = header->rip + (length ?: 1 + rnd(&h->state) % 8),
	};

	switch (vp->msg.type) {
	case HVX_MSG_X64_IO_PORT:
	case HVX_MSG_UNMAPPED_GPA:
	case HVX_MSG_GPA_INTERCEPT:
		return !vp_set_regs(vp->fd, &rip, 1);
	case HVX_MSG_X64_APIC_EOI:
		return true;
	case HVX_MSG_UNRECOVERABLE_EXCEPTION:
	case HVX_MSG_INVALID_VP_REGISTER:
	case HVX_MSG_UNSUPPORTED_FEATURE:
		return false;
	}
	msg_print(&vp->msg);
	REQUIRE(false, "unexpected message %#x", vp->msg.type);
	return false;
}

/* Returns the number of exits. */
static unsigned int run_round(struct hostile *h, struct vp *vp)
{
	u64 end = now_us() + ROUND_US;
	unsigned int exits = 0;
	int ret;

	while (now_us() < end && exits < EXITS_PER_ROUND) {
		disturb(h);
		ret = vp_run(vp);
		if (ret == -EINTR)
			continue;
		REQUIRE(!ret, "RUN_VP: %d", ret);
		exits++;
		if (!handle_exit(h, vp))
			break;
	}
	return exits;
}

static void attack(struct __test_metadata *_metadata, struct hostile *h, enum vp_mode first,
		   enum vp_mode last)
{
	struct accounts before;
	struct witness w;
	u64 end = end_us(), exits = 0;
	unsigned int rounds = 0;

	TH_LOG("MSHV_HOSTILE_SEED=%llu", (unsigned long long)h->state);
	signal_catch(SIGALRM);
	accounts_read(&before);
	witness_start(&w, &h->state);
	alarm_us(ROUND_US, ROUND_US / 4);
	for (; now_us() < end; rounds++) {
		struct vp *vp = &h->g.vps[rounds % NR_VPS];

		if (rounds % ROUNDS_PER_VM == 0)
			hostile_init(h);
		if (hostile_setup(h, vp, first + rnd(&h->state) % (last - first + 1)))
			exits += run_round(h, vp);
		if (rounds % ROUNDS_PER_VM == ROUNDS_PER_VM - 1)
			guest_free(&h->g);
	}
	if (rounds % ROUNDS_PER_VM)
		guest_free(&h->g);
	alarm_us(0, 0);
	witness_stop(&w);
	TH_LOG("%u guests, %llu exits, %llu sums of the witness", rounds,
	       (unsigned long long)exits, (unsigned long long)w.rounds);
	EXPECT_GT(rounds, 0);
	EXPECT_GT(w.rounds, 0);
	EXPECT_EQ(w.wrong, 0);
	EXPECT_EQ(0, accounts_open(&before));
}

FIXTURE(guests)
{
	struct hostile h;
};

FIXTURE_SETUP(guests)
{
	self->h.state = seed_from("MSHV_HOSTILE_SEED");
}

FIXTURE_TEARDOWN(guests)
{
}

/* The environment sets the time; the harness only ends what hangs. */
TEST_F_TIMEOUT(guests, long_mode, 86400)
{
	attack(_metadata, &self->h, MODE_LONG, MODE_LONG);
}

TEST_F_TIMEOUT(guests, all_modes, 86400)
{
	attack(_metadata, &self->h, MODE_REAL, MODE_LONG);
}

TEST_HARNESS_MAIN
