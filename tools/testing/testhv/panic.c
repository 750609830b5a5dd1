// SPDX-License-Identifier: GPL-2.0
/* Ends of the machine: errors of the user, of the hypervisor, of a guest. */
#include "panic.h"

#include "cpu.h"
#include "lib.h"
#include "log.h"
#include "root.h"
#include "stray.h"

#define DEBUGCON_PORT	0xe9
#define DEBUG_EXIT_PORT	0xf4
#define NR_VECTORS	256

struct idt_gate {
	u16 offset_low;
	u16 selector;
	u16 flags;
	u16 offset_mid;
	u32 offset_high;
	u32 rsvd;
} __packed;

static struct idt_gate idt[NR_VECTORS];

extern char exc_stubs[];
void exception(const struct exc_frame *f);

void idt_load(void)
{
	struct {
		u16 limit;
		u64 base;
	} __packed ptr = { sizeof(idt) - 1, (u64)idt };

	asm volatile("lidt %0" : : "m"(ptr));
}

void idt_init(void)
{
	unsigned int i;

	for (i = 0; i < NR_VECTORS; i++) {
		u64 addr = (u64)exc_stubs + i * 16;

		idt[i] = (struct idt_gate){
			.offset_low = addr,
			.selector = 0x08,
			.flags = 0x8e00,
			.offset_mid = addr >> 16,
			.offset_high = addr >> 32,
		};
	}
	idt_load();
}

void stop(enum stop_code code)
{
	static const struct {
		u16 limit;
		u64 base;
	} __packed no_idt;

	outb(DEBUG_EXIT_PORT, code);
	asm volatile("lidt %0; int3" : : "m"(no_idt));
	for (;;)
		asm volatile("hlt");
}

static void vlog_raw(const char *prefix, const char *fmt, va_list ap)
{
	char text[256];

	vsnprintf(text, sizeof(text), fmt, ap);
	log_raw("%s%s", prefix, text);
}

static void verror_line(const char *fmt, va_list ap)
{
	char text[256] = "testhv: error: ";
	size_t len = strlen(text);
	char *p;

	vsnprintf(text + len, sizeof(text) - len, fmt, ap);
	for (p = text; *p; p++)
		outb(DEBUGCON_PORT, *p);
	outb(DEBUGCON_PORT, '\n');
}

void error_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	verror_line(fmt, ap);
	va_end(ap);
}

void config_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	verror_line(fmt, ap);
	va_end(ap);
	stop(STOP_CONFIG);
}

void panic(const char *fmt, ...)
{
	struct pcpu *cpu = this_cpu();
	va_list ap;

	va_start(ap, fmt);
	vlog_raw("hypervisor panic: ", fmt, ap);
	va_end(ap);
	log_raw("  called from %p", __builtin_return_address(0));
	if (cpu->cur)
		vcpu_dump(cpu->cur);
	stop(STOP_FAULT);
}

void panic_vcpu(struct vcpu *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog_raw("cannot continue: ", fmt, ap);
	va_end(ap);
	vcpu_dump(v);
	stop(STOP_EXIT);
}

static void dump_seg(const char *name, const struct vmcb_seg *s)
{
	log_raw("  %s %04x base %016lx limit %08x attr %03x", name, s->selector, s->base,
		s->limit, s->attrib);
}

void vcpu_dump(const struct vcpu *v)
{
	const struct vmcb_control *c = &v->vmcb->c;
	const struct vmcb_save *s = &v->vmcb->s;

	log_raw("%s VP, exit %lx info %lx %lx event %lx inject %lx",
		vcpu_is_root(v) ? "root" : "child", c->exit_code, c->exit_info1,
		c->exit_info2, c->exit_int_info, c->event_inj);
	log_raw("  rax %016lx rbx %016lx rcx %016lx rdx %016lx", s->rax, v->gpr[REG_RBX],
		v->gpr[REG_RCX], v->gpr[REG_RDX]);
	log_raw("  rsi %016lx rdi %016lx rbp %016lx rsp %016lx", v->gpr[REG_RSI],
		v->gpr[REG_RDI], v->gpr[REG_RBP], s->rsp);
	log_raw("  r8  %016lx r9  %016lx r10 %016lx r11 %016lx", v->gpr[8], v->gpr[9],
		v->gpr[10], v->gpr[11]);
	log_raw("  r12 %016lx r13 %016lx r14 %016lx r15 %016lx", v->gpr[12], v->gpr[13],
		v->gpr[14], v->gpr[15]);
	log_raw("  rip %016lx rflags %08lx cpl %u", s->rip, s->rflags, s->cpl);
	log_raw("  cr0 %08lx cr2 %016lx cr3 %016lx cr4 %08lx", s->cr0, s->cr2, s->cr3, s->cr4);
	log_raw("  efer %04lx dr6 %08lx dr7 %08lx pat %016lx", s->efer, s->dr6, s->dr7, s->g_pat);
	dump_seg("cs", &s->cs);
	dump_seg("ss", &s->ss);
	dump_seg("ds", &s->ds);
	dump_seg("es", &s->es);
	dump_seg("gdt", &s->gdtr);
	dump_seg("idt", &s->idtr);
	log_raw("  intercepts cr %04x/%04x dr %04x/%04x exc %08x %08x %08x asid %u", c->cr_read,
		c->cr_write, c->dr_read, c->dr_write, c->excp, c->intercept1, c->intercept2,
		c->asid);
	log_raw("  int_ctl %lx int_state %lx ncr3 %lx", c->int_ctl, c->int_state, c->ncr3);
}

void exception(const struct exc_frame *f)
{
	if (stray_interrupt(f))
		return;
	log_raw("hypervisor fault: vector %lu error %lx rip %016lx cr2 %016lx", f->vector,
		f->error, f->rip, read_cr2());
	log_raw("  rax %016lx rbx %016lx rcx %016lx rdx %016lx", f->rax, f->rbx, f->rcx, f->rdx);
	log_raw("  rsi %016lx rdi %016lx rbp %016lx rsp %016lx", f->rsi, f->rdi, f->rbp, f->rsp);
	log_raw("  r8  %016lx r9  %016lx r10 %016lx r11 %016lx", f->r8, f->r9, f->r10, f->r11);
	log_raw("  r12 %016lx r13 %016lx r14 %016lx r15 %016lx", f->r12, f->r13, f->r14, f->r15);
	if (this_cpu()->cur)
		vcpu_dump(this_cpu()->cur);
	stop(STOP_FAULT);
}
