// SPDX-License-Identifier: GPL-2.0
/* Reference time, calibration, and the local APIC timer of each CPU. */
#include "timer.h"

#include "apic.h"
#include "cpu.h"
#include "hv_abi.h"
#include "log.h"
#include "options.h"
#include "panic.h"
#include "root.h"

#define REF_HZ			10000000UL
#define APIC_DIVIDE_1		0xb
/* QEMU's and KVM's local APIC timers count nanoseconds. */
#define APIC_TIMER_HZ		1000000000ULL
#define CALIBRATION_MS		50
#define CALIBRATION_TRIES	5
/* More than Linux keeps interrupts off, as a rule */
#define LATE			(REF_HZ / 50)
/* More than a busy host takes from a CPU */
#define OVERDUE			(2 * REF_HZ)
#define OVERDUE_EXITS		1000

#define STIMER_CONFIG_VALID	(HVX_STIMER_ENABLE | HVX_STIMER_PERIODIC | HVX_STIMER_LAZY | \
				 HVX_STIMER_AUTO_ENABLE | HVX_STIMER_VECTOR_MASK |	     \
				 HVX_STIMER_DIRECT | HVX_STIMER_SINT_MASK)

u64 tsc_hz;
u64 apic_hz = APIC_TIMER_HZ;

static u64 tsc_start;
static void (*own_hook)(struct pcpu *cpu);
static u64 tsc_scale;		/* reference units per TSC tick, 64 fraction bits */

static u64 mul_shift_64(u64 a, u64 b)
{
	return (u128)a * b >> 64;
}

/* (a << 64) / b for a < b; the compiler would call a library for it. */
static u64 div_frac(u64 a, u64 b)
{
	u64 quot, rem;

	asm("divq %4" : "=a"(quot), "=d"(rem) : "a"(0UL), "d"(a), "r"(b));
	return quot;
}

/* a * b / c for a result that fits. */
static u64 mul_div(u64 a, u64 b, u64 c)
{
	u64 lo, hi, quot;

	asm("mulq %3" : "=a"(lo), "=d"(hi) : "a"(a), "rm"(b));
	if (hi >= c)
		return ~0ULL;
	asm("divq %4" : "=a"(quot), "=d"(hi) : "a"(lo), "d"(hi), "rm"(c));
	return quot;
}

u64 ref_time(void)
{
	return tsc_to_ref(rdtsc());
}

u64 tsc_to_ref(u64 tsc)
{
	return tsc > tsc_start ? mul_shift_64(tsc - tsc_start, tsc_scale) : 0;
}

u64 ref_tsc_scale(void)
{
	return tsc_scale;
}

s64 ref_tsc_offset(void)
{
	return -(s64)mul_shift_64(tsc_start, tsc_scale);
}

/* TSC and APIC counter at nearly one moment: the tightest of several readings. */
static u64 read_both(u32 *count)
{
	u64 best = ~0ULL, at = 0;
	unsigned int i;

	for (i = 0; i < CALIBRATION_TRIES; i++) {
		u64 before = rdtsc();
		u32 c = apic_read(APIC_TIMER_COUNT);
		u64 after = rdtsc();

		if (after - before < best) {
			best = after - before;
			at = before + best / 2;
			*count = c;
		}
	}
	return at;
}

void timer_calibrate(void)
{
	u32 first, last, ticks = apic_hz / 1000 * CALIBRATION_MS;
	u64 t0, t1;

	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_1);
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	apic_write(APIC_TIMER_INIT, 0xffffffff);
	t0 = read_both(&first);
	do {
		t1 = read_both(&last);
	} while (first - last < ticks);
	apic_write(APIC_TIMER_INIT, 0);

	tsc_hz = mul_div(t1 - t0, apic_hz, first - last);
	if (tsc_hz <= REF_HZ)
		config_error("the TSC runs at %lu Hz, which is too slow", tsc_hz);
	tsc_scale = div_frac(REF_HZ, tsc_hz);
	tsc_start = t0;
	log_info("TSC runs at %lu kHz", tsc_hz / 1000);
}

void timer_set_hook(void (*fn)(struct pcpu *cpu))
{
	own_hook = fn;
}

/* Set the hardware for the earliest deadline of this CPU. */
static void program(struct pcpu *cpu, u64 now)
{
	struct timer *t = &cpu->timer;
	u64 next = t->own, ticks;
	u8 vector = 0;
	unsigned int i;

	for (i = 0; i < NR_STIMERS; i++) {
		const struct stimer *st = &cpu->vp->stimer[i];

		if (st->config & HVX_STIMER_VECTOR_MASK)
			vector = vector ?: st->config >> HVX_STIMER_VECTOR_SHIFT;
		if (st->deadline <= next) {
			next = st->deadline;
			vector = st->config >> HVX_STIMER_VECTOR_SHIFT;
		}
	}
	if (next == t->armed && vector == t->vector)
		return;
	t->armed = next;
	t->vector = vector;
	if (next == NO_DEADLINE) {
		apic_write(APIC_TIMER_INIT, 0);
		return;
	}
	ticks = next > now ? mul_div(next - now, apic_hz, REF_HZ) : 0;
	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_1);
	apic_write(APIC_LVT_TIMER, vector ?: CALLBACK_VECTOR);
	apic_write(APIC_TIMER_INIT, max(1UL, min(ticks, 0xffffffffUL)));
}

/* A timer is due: when is it due next? */
static void expire(struct stimer *st, u64 now)
{
	if (st->config & HVX_STIMER_PERIODIC) {
		st->deadline += st->count;
		if (st->deadline <= now)	/* catch up without a storm */
			st->deadline = now + st->count;
		return;
	}
	st->config &= ~HVX_STIMER_ENABLE;
	st->deadline = NO_DEADLINE;
}

/*
 * What is due now. @serving: the root may be in the handler of the interrupt for
 * that, so that no further one is needed.
 */
static void run(struct pcpu *cpu, bool serving)
{
	struct timer *t = &cpu->timer;
	u64 now = ref_time();
	bool fired, own;
	unsigned int i;

	if (!feature(FEAT_STIMER))
		return;
	fired = t->armed != NO_DEADLINE && !apic_read(APIC_TIMER_COUNT);
	for (i = 0; i < NR_STIMERS; i++) {
		struct stimer *st = &cpu->vp->stimer[i];
		u8 vector = st->config >> HVX_STIMER_VECTOR_SHIFT;

		if (st->deadline > now)
			continue;
		/*
		 * A counter at zero does not mean that the interrupt is there yet,
		 * and setting the timer again would cancel it.
		 */
		if (!fired || !(apic_is_pending(vector) ||
				(serving && apic_is_in_service(vector))))
			apic_send_ipi(cpu->apic_id, vector);
		expire(st, now);
	}
	own = t->own <= now;
	if (own)
		t->own = NO_DEADLINE;
	if (fired)
		t->armed = 0;	/* have it programmed again */
	program(cpu, now);
	if (own && own_hook)
		own_hook(cpu);
}

void timer_run(struct pcpu *cpu)
{
	run(cpu, false);
}

/*
 * The root makes exits, and its timer does not reach it. QEMU may have forgotten to look
 * (tcg.h); it looks again for an interrupt that is there already, which changes nothing
 * else. If that is not all, what keeps the interrupt off can be seen now, and not when
 * the root is found to hang.
 */
static void watch(struct pcpu *cpu)
{
	struct timer *t = &cpu->timer;
	u64 now = ref_time(), late = now > t->armed ? now - t->armed : 0;
	u8 vector = t->vector ?: CALLBACK_VECTOR;
	unsigned int i;

	if (late < LATE) {
		t->overdue = 0;
		t->reminded = false;
		return;
	}
	if (!t->reminded && apic_is_pending(vector)) {
		apic_send_ipi(cpu->apic_id, vector);
		t->reminded = true;
	}
	if (late < OVERDUE || ++t->overdue != OVERDUE_EXITS)
		return;
	log_err("timer interrupt %x is %lu ms late: TPR %x, LVT %x, counter %u, root's rflags %lx",
		vector, late / (REF_HZ / 1000), apic_read(APIC_TPR),
		apic_read(APIC_LVT_TIMER), apic_read(APIC_TIMER_COUNT),
		cpu->vp->vcpu.vmcb->s.rflags);
	for (i = 1; i < 8; i++)
		log_err("  vectors from %x on: in service %x, pending %x", i * 32,
			apic_read(APIC_ISR + i * 0x10), apic_read(APIC_IRR + i * 0x10));
}

/*
 * Linux registers the local APIC timer as a spare clock event device and shuts it
 * down, perhaps after it has started to use a synthetic timer.
 */
void timer_repair(struct pcpu *cpu)
{
	struct timer *t = &cpu->timer;

	watch(cpu);
	if (t->armed == NO_DEADLINE || !feature(FEAT_STIMER) ||
	    !(apic_read(APIC_LVT_TIMER) & APIC_LVT_MASKED))
		return;
	t->armed = 0;
	program(cpu, ref_time());
}

void timer_arm(struct pcpu *cpu, u64 deadline)
{
	if (!feature(FEAT_STIMER))
		return;
	cpu->timer.own = deadline;
	program(cpu, ref_time());
}

static void start(struct stimer *st, u64 now)
{
	st->deadline = NO_DEADLINE;
	if (!(st->config & HVX_STIMER_ENABLE) || !st->count)
		return;
	if (st->config & HVX_STIMER_PERIODIC)
		st->deadline = now + st->count;
	else
		st->deadline = st->count;
}

static bool write_config(struct stimer *st, u64 val)
{
	u8 vector = val >> HVX_STIMER_VECTOR_SHIFT;

	if (val & ~STIMER_CONFIG_VALID)
		return false;
	/* Only direct mode is offered; other modes can not be enabled. */
	if (!(val & HVX_STIMER_DIRECT) || vector < HVX_SINT_FIRST_VECTOR)
		val &= ~HVX_STIMER_ENABLE;
	st->config = val;
	return true;
}

static void write_count(struct stimer *st, u64 val)
{
	st->count = val;
	if (!val)
		st->config &= ~HVX_STIMER_ENABLE;
	else if (st->config & HVX_STIMER_AUTO_ENABLE &&
		 st->config & HVX_STIMER_DIRECT &&
		 (u8)(st->config >> HVX_STIMER_VECTOR_SHIFT) >= HVX_SINT_FIRST_VECTOR)
		st->config |= HVX_STIMER_ENABLE;
}

bool stimer_read_msr(struct root_vp *rv, u32 msr, u64 *val)
{
	const struct stimer *st = &rv->stimer[(msr - HVX_MSR_STIMER0_CONFIG) / 2];

	*val = msr & 1 ? st->count : st->config;
	return true;
}

bool stimer_write_msr(struct root_vp *rv, u32 msr, u64 val)
{
	struct stimer *st = &rv->stimer[(msr - HVX_MSR_STIMER0_CONFIG) / 2];

	/*
	 * Linux's handler programs the next interrupt before it sends EOI. Close
	 * the books on the expiry that it is handling, so that a new deadline which
	 * has already passed is seen to need an interrupt of its own.
	 */
	run(rv->cpu, true);
	if (msr & 1)
		write_count(st, val);
	else if (!write_config(st, val))
		return false;
	start(st, ref_time());
	timer_run(rv->cpu);
	return true;
}

void stimer_reset(struct root_vp *rv)
{
	unsigned int i;

	for (i = 0; i < NR_STIMERS; i++)
		rv->stimer[i] = (struct stimer){ .deadline = NO_DEADLINE };
	rv->cpu->timer.own = NO_DEADLINE;
	rv->cpu->timer.armed = NO_DEADLINE;
}
