/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry from the multiboot loader (32 bit, paging off) and of the other
 * processors (from trampoline.S), and the move of the image.
 */
#define IMAGE_VIRT	0xffffffff80000000
#define PHYS(x)		((x) - IMAGE_VIRT)
#define MB_MAGIC	0x1badb002
#define MB_FLAGS	0x3		/* page-aligned modules, memory map */
#define STACK_SIZE	0x8000

	.section .multiboot, "ax"
	.balign 4
	.long	MB_MAGIC
	.long	MB_FLAGS
	.long	-(MB_MAGIC + MB_FLAGS)

	.text
	.code32
	.globl	_start
_start:
	cli
	cld
	movl	%eax, %esi			/* magic; %ebx: information */
	movl	$PHYS(boot_stack_end), %esp

	/* A CPU without long mode cannot even print a message from C. */
	movl	$0x80000000, %eax
	pushl	%ebx
	cpuid
	popl	%ebx
	cmpl	$0x80000001, %eax
	jb	no_long_mode
	movl	$0x80000001, %eax
	pushl	%ebx
	cpuid
	popl	%ebx
	btl	$29, %edx
	jnc	no_long_mode

	/* The first 4 GiB at 0, and the first GiB at -2 GiB. */
	movl	$PHYS(boot_pd), %edi
	movl	$0x83, %eax			/* present, writable, large */
	movl	$2048, %ecx
1:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	1b
	movl	$PHYS(boot_pd) + 3, PHYS(boot_pdpt_low)
	movl	$PHYS(boot_pd) + 0x1003, PHYS(boot_pdpt_low) + 8
	movl	$PHYS(boot_pd) + 0x2003, PHYS(boot_pdpt_low) + 16
	movl	$PHYS(boot_pd) + 0x3003, PHYS(boot_pdpt_low) + 24
	movl	$PHYS(boot_pd) + 3, PHYS(boot_pdpt_high) + 510 * 8
	movl	$PHYS(boot_pdpt_low) + 3, PHYS(boot_pml4)
	movl	$PHYS(boot_pdpt_high) + 3, PHYS(boot_pml4) + 511 * 8

	movl	$PHYS(boot_pml4), %eax
	movl	%eax, %cr3
	movl	%cr4, %eax
	orl	$0x20, %eax			/* PAE */
	movl	%eax, %cr4
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x900, %eax			/* LME, NXE */
	wrmsr
	movl	$0x80010001, %eax		/* PG, WP, PE; caches on */
	movl	%eax, %cr0
	lgdt	PHYS(boot_gdt_ptr)
	ljmp	$0x08, $PHYS(1f)
	.code64
1:	movq	$2f, %rax
	jmp	*%rax
2:	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	lgdt	boot_gdt_ptr_high(%rip)
	movq	$boot_stack_end, %rsp
	xorl	%ebp, %ebp
	movl	%esi, %edi
	movl	%ebx, %esi
	call	main
	ud2

	.code32
no_long_mode:
	movl	$PHYS(no_long_mode_text), %esi
1:	lodsb
	testb	%al, %al
	jz	2f
	outb	%al, $0xe9
	jmp	1b
2:	movb	$0x10, %al			/* STOP_CONFIG */
	outb	%al, $0xf4
3:	hlt
	jmp	3b

/*
 * void relocate(u64 dst, u64 src, u64 size, u64 cr3)
 *
 * Copies the image, stack included, and continues in the copy. Nothing may be
 * written between the copy and the switch, so it all happens in registers.
 */
	.code64
	.globl	relocate
relocate:
	movq	%rcx, %rax
	movq	%rdx, %rcx
	rep movsb
	movq	%rax, %cr3
	ret

	.section .rodata
	.balign 8
	.globl	boot_gdt
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff		/* 0x08: 64-bit code */
	.quad	0x00cf93000000ffff		/* 0x10: data */
boot_gdt_end:
boot_gdt_ptr:
	.word	boot_gdt_end - boot_gdt - 1
	.long	PHYS(boot_gdt)
	.globl	boot_gdt_ptr_high
boot_gdt_ptr_high:
	.word	boot_gdt_end - boot_gdt - 1
	.quad	boot_gdt
no_long_mode_text:
	.asciz	"testhv: error: this CPU has no 64-bit mode\n"

	.section .bss.stack, "aw", @nobits
	.balign	STACK_SIZE
	.globl	boot_stack
boot_stack:
	.skip	STACK_SIZE
boot_stack_end:
	.balign 4096
boot_pml4:
	.skip	4096
boot_pdpt_low:
	.skip	4096
boot_pdpt_high:
	.skip	4096
boot_pd:
	.skip	4 * 4096
