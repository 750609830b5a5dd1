/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest of mshv-hello. It starts in real mode as a processor does after
 * reset, brings itself to long mode, asks CPUID where it is, multiplies two
 * numbers that it finds in memory, and says all that on the serial port.
 */
#include "guest.h"

#define CR0_PE		(1 << 0)
#define CR0_PG		(1 << 31)
#define CR4_PAE		(1 << 5)
#define MSR_EFER	0xc0000080
#define EFER_LME	(1 << 8)

#define PTE_PRESENT	(1 << 0)
#define PTE_WRITE	(1 << 1)
#define PTE_LARGE	(1 << 7)

#define CODE64		0x08
#define DATA		0x10

#define PML4		GUEST_PAGE_TABLES
#define PDPT		(GUEST_PAGE_TABLES + 0x1000)
#define PD		(GUEST_PAGE_TABLES + 0x2000)

	.text
	.code16
	.globl start
start:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$start, %sp		/* grows down from here */

	movw	$real_mode, %si
	movw	$GUEST_PORT_SERIAL, %dx
1:	lodsb
	testb	%al, %al
	jz	2f
	outb	%al, %dx
	jmp	1b

	/* One large page, addresses as they are; memory starts zeroed. */
2:	movw	$(GUEST_PAGE_TABLES >> 4), %ax
	movw	%ax, %es
	movl	$(PDPT | PTE_WRITE | PTE_PRESENT), %es:(PML4 - GUEST_PAGE_TABLES)
	movl	$(PD | PTE_WRITE | PTE_PRESENT), %es:(PDPT - GUEST_PAGE_TABLES)
	movl	$(PTE_LARGE | PTE_WRITE | PTE_PRESENT), %es:(PD - GUEST_PAGE_TABLES)

	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$PML4, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	lgdtl	gdt_pointer
	movl	%cr0, %eax
	orl	$(CR0_PG | CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	$CODE64, $long_mode_entry

	.code64
long_mode_entry:
	movl	$DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$GUEST_STACK, %esp

	movl	$long_mode, %esi
	call	print
	call	print_hypervisor
	call	print_product

	xorl	%eax, %eax
	movl	$GUEST_PORT_EXIT, %edx
	outb	%al, %dx
halt:
	hlt
	jmp	halt

/* The hypervisor's name: twelve characters in EBX, ECX, EDX. */
print_hypervisor:
	movl	$0x40000000, %eax
	cpuid
	movl	%ebx, name
	movl	%ecx, name + 4
	movl	%edx, name + 8
	movl	$name, %esi
	call	print
	movl	$newline, %esi
	jmp	print

print_product:
	movq	GUEST_FACTORS, %rax
	call	print_number
	movl	$times, %esi
	call	print
	movq	GUEST_FACTORS + 8, %rax
	call	print_number
	movl	$equals, %esi
	call	print
	movq	GUEST_FACTORS, %rax
	mulq	GUEST_FACTORS + 8
	call	print_number
	movl	$newline, %esi
	/* fall through */

/* print the string at RSI; changes RAX, RDX, RSI */
print:
	movl	$GUEST_PORT_SERIAL, %edx
1:	lodsb
	testb	%al, %al
	jz	2f
	outb	%al, %dx
	jmp	1b
2:	ret

/* print RAX in decimal; changes RAX, RBX, RDX, RSI */
print_number:
	movl	$number_end, %esi
	movl	$10, %ebx
1:	xorl	%edx, %edx
	divq	%rbx
	addb	$'0', %dl
	decq	%rsi
	movb	%dl, (%rsi)
	testq	%rax, %rax
	jnz	1b
	jmp	print

	.balign	8
gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* CODE64 */
	.quad	0x00cf93000000ffff	/* DATA */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

real_mode:	.asciz	"Hello from real mode.\n"
long_mode:	.asciz	"Hello from long mode, on "
name:		.skip	13
times:		.asciz	" * "
equals:		.asciz	" = "
newline:	.asciz	".\n"
		.skip	20		/* digits of a u64 */
number_end:	.byte	0

	.section .note.GNU-stack, "", @progbits
