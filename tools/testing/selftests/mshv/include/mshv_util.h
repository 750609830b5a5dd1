/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the mshv selftests share.
 *
 * Functions of this library do not return errors of their own set-up: they
 * end the test (see REQUIRE()). Functions that wrap the call under test return
 * what the kernel said: a value, or -errno.
 */
#ifndef MSHV_UTIL_H
#define MSHV_UTIL_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <unistd.h>

#include <linux/mshv.h>

#include "kselftest.h"

#include "hv_abi.h"
#include "testhv_ctl.h"

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif
#ifndef __noreturn
#define __noreturn	__attribute__((noreturn))
#endif
#ifndef __printf
#define __printf(f, a)	__attribute__((format(printf, f, a)))
#endif
/* For memory that guests and other threads write */
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value)	__atomic_store_n(&(x), value, __ATOMIC_RELAXED)

#define BIT(n)		(1ULL << (n))
#define KIB		1024UL
#define MIB		(1024UL * KIB)
#define GIB		(1024UL * MIB)
#define PAGE		HVX_PAGE_SIZE

/*
 * Failing
 */

/* Ends the test as failed. abort() is what the harness counts as a failure. */
void __noreturn __printf(3, 4) test_die(const char *file, int line, const char *fmt, ...);

/*
 * What the program tests; it is skipped without. A program may define its own: the
 * device, and a name of what the driver has and mainline's has not.
 */
extern const char *test_device;
extern const char *test_ours;

/*
 * Capabilities that all tests of a program need, with a 0 at the end; without one
 * of them the program is skipped. A program may define its own.
 */
extern const u32 test_needs[];
/* The same that MSHV_ROOT_HVCALL does as well, as the library does on mainline. */
extern const u32 test_calls[];

/*
 * In a test: for the capabilities that only this one needs. Not in a fixture: with
 * the framework of 6.1 the test goes on after that.
 */
#define NEED_CAP(fd, nr)						\
	do {								\
		if (!cap(fd, nr))					\
			SKIP(return, "no " #nr);			\
	} while (0)

/* The same, see test_calls */
#define NEED_CALL(fd, nr)						\
	do {								\
		if (!on_mainline())					\
			NEED_CAP(fd, nr);				\
	} while (0)

/*
 * In a test that the machine would not survive with mainline's driver: its fault. The
 * table of check-mainline shows it. What only fails there is in mainline.list.
 */
#define NOT_ON_MAINLINE(why)						\
	do {								\
		if (on_mainline())					\
			SKIP(return, "mainline: " why);			\
	} while (0)

/* Whoever uses up all memory in a call that nothing ends */
#define MAINLINE_FEEDS_FOR_EVER						\
	"it deposits as long as the hypervisor asks, and cannot be killed"

#define MAINLINE_FORGETS_PORTS							\
	"a port that the hypervisor keeps is forgotten, its number used again and refused"

#define MAINLINE_GIVES_PAGES_AWAY						\
	"a page that the hypervisor keeps mapped becomes another's, and the guest writes to it"

#define MAINLINE_LEAVES_MESSAGES						\
	"a message that it does not know stays, and the CPU gets no other"

/* For what must hold so that the test makes sense; usable in any thread. */
#define REQUIRE(cond, fmt, ...)						\
	do {								\
		if (!(cond))						\
			test_die(__FILE__, __LINE__, "%s: " fmt, #cond,	\
				 ##__VA_ARGS__);			\
	} while (0)

/* ioctl() that returns -errno, so that a value can be compared at once. */
int xioctl(int fd, unsigned int cmd, void *arg);
/* For an error that came about otherwise: it counts as provoked. */
void errno_note(unsigned int cmd, int error);

/*
 * Device and partitions
 */
#define MSHV_DEV	"/dev/mshv"

/* What needs an initialized partition says when it is not. */
#define STATE_ERRNO	(on_mainline() ? EIO : EBADFD)

/* What VMMs ask for: a local APIC with x2APIC. */
#define PT_DEFAULT	(BIT(MSHV_PT_BIT_LAPIC) | BIT(MSHV_PT_BIT_X2APIC))
#define MAP_RW		BIT(MSHV_SET_MEM_BIT_WRITABLE)
#define MAP_RX		BIT(MSHV_SET_MEM_BIT_EXECUTABLE)
#define MAP_RWX		(MAP_RW | MAP_RX)

/**
 * struct vm - a partition with some memory
 * @dev: /dev/mshv
 * @fd: partition
 * @ram: memory at guest address 0, RAM_SIZE bytes, RWX
 */
struct vm {
	int dev;
	int fd;
	u8 *ram;
};

#define RAM_SIZE	(2 * MIB)

int dev_open(void);
/* Value of a capability; ends the test if the query itself fails. */
int cap(int fd, u32 nr);
int partition_create(int dev, u64 flags);
int partition_initialize(int pt);
int region_map(int pt, u64 gpa, u64 size, const void *hva, u8 flags);
int region_unmap(int pt, u64 gpa, u64 size, const void *hva);

/* A partition that is initialized and has memory. */
void vm_init(struct vm *vm);
void vm_init_flags(struct vm *vm, u64 pt_flags);
/* The same in two steps, for what has to be set in between. */
void vm_create(struct vm *vm, u64 pt_flags);
void vm_activate(struct vm *vm);
void vm_free(struct vm *vm);
/* Copies guest code or data into the memory of vm_init(). */
void vm_write(struct vm *vm, u64 gpa, const void *data, size_t size);

/* Anonymous memory, aligned to @align (a power of two). */
void *mem_alloc(size_t size, size_t align);
/* The same in huge pages, all of it touched; NULL: there are none. */
void *mem_alloc_huge(size_t size);
/* One page that ends where a page without access begins. */
void *guard_page(void);
/* Memory whose faults a userfaultfd gets: its descriptor, or -errno. */
int userfault_open(void *mem, size_t size);

/*
 * Hypercalls through MSHV_ROOT_HVCALL
 */

/* All fields at once. The result of the ioctl; @hc holds status and reps. */
int hvcall_raw(int fd, struct mshv_root_hvcall *hc);
int hvcall(int fd, u16 code, void *in, size_t in_size, void *out, size_t out_size);
int hvcall_rep(int fd, u16 code, u16 reps, void *in, size_t in_size,
	       void *out, size_t out_size, u16 *done, u16 *status);
int hv_get_regs(int fd, u32 vp, const u32 *names, union hvx_value *values,
		unsigned int count);
int hv_set_regs(int fd, u32 vp, const struct hvx_register *regs, unsigned int count);
int hv_get_property(int fd, u32 code, u64 *value);
int hv_set_property(int fd, u32 code, u64 value);
int hv_install_intercept(int fd, u32 type, u32 access, u64 parameter);

/*
 * Mainline's driver, the referee
 */

/* Is it mainline's mshv_root that has the device? */
bool on_mainline(void);
/* What cap() says then. */
int mainline_cap(u32 nr);
/* The ioctls that it has not, by hypercalls. */
int mainline_get_regs(int fd, struct hvx_register *regs, unsigned int count);
int mainline_set_regs(int fd, const struct hvx_register *regs, unsigned int count);
int mainline_assert_interrupt(int pt, const struct mshv_assert_interrupt *arg);
int mainline_intercept_result(int vp, const struct mshv_intercept_result *arg);
int mainline_cpuid_values(int vp, u32 flags, struct mshv_cpuid_entry *entries, u32 count);
int mainline_translate(int vp, u64 gva, u64 flags, struct mshv_translate_gva_result *result,
		       u64 *gpa);

/*
 * Virtual processors
 */

/**
 * struct vp - a VP
 * @vm: its partition
 * @fd: its file descriptor
 * @index: its index
 * @msg: message of the last successful vp_run()
 */
struct vp {
	struct vm *vm;
	int fd;
	u32 index;
	struct hvx_message msg;
};

int vp_create(int pt, u32 index);
/* Which one a file descriptor from there is */
u32 vp_index(int fd);
void vp_init(struct vp *vp, struct vm *vm, u32 index);
void vp_free(struct vp *vp);

int vp_get_regs(int fd, struct hvx_register *regs, unsigned int count);
int vp_set_regs(int fd, const struct hvx_register *regs, unsigned int count);
u64 vp_get(struct vp *vp, u32 name);
void vp_set(struct vp *vp, u32 name, u64 value);

/* Points the VP at @ip in a processor mode; see guest.c for its memory map. */
enum vp_mode { MODE_REAL, MODE_PROTECTED, MODE_LONG };

void vp_setup(struct vp *vp, enum vp_mode mode, u64 ip);
/* The same where an error is not the test's end. */
int vp_try_setup(struct vp *vp, enum vp_mode mode, u64 ip);

/* Where vp_setup() puts things; code and data of tests fit around it. */
#define GUEST_CODE_BASE		0x1000UL
#define GUEST_IDT		0x5000UL
#define GUEST_GDT		0x6000UL
#define GUEST_STACK		0x7ff0UL
#define GUEST_PT		0x8000UL	/* six pages */
#define GUEST_DATA		0x10000UL
#define GUEST_CS		0x08
#define GUEST_DS		0x10
#define GUEST_TSS		0x18
#define GUEST_TSS_BASE		(GUEST_GDT + 0x100)

/* Tables at GUEST_PT that map 4 GiB one to one; for MODE_LONG. */
void guest_page_tables(struct vm *vm);
/* An interrupt gate of MODE_LONG. */
void guest_set_gate(struct vm *vm, unsigned int vector, u64 handler);

/*
 * Guest code written in a test: GUEST_CODE(name, 16, "hlt") defines the bytes
 * from name to name_end. It must be position independent.
 */
#define GUEST_CODE(name, bits, text)					\
	extern const u8 name[], name##_end[];			\
	asm(".pushsection .rodata\n"					\
	    #name ": .code" #bits "\n"					\
	    text "\n"							\
	    ".code64\n"							\
	    #name "_end:\n"						\
	    ".popsection\n")

#define vm_write_code(vm, gpa, name)	vm_write(vm, gpa, name, name##_end - (name))

/* Loads such code at GUEST_CODE_BASE and points the VP at it. */
void vp_load_code(struct vp *vp, enum vp_mode mode, const u8 *code, const u8 *end);

#define vp_load(vp, mode, name)	vp_load_code(vp, mode, name, name##_end)

/* One RUN_VP: 0 with @vp->msg, or -errno. */
int vp_run(struct vp *vp);
/* For a thread of its own; the thread's result is vp_run()'s, as a long. */
void *vp_run_thread(void *vp);
/* One RUN_VP that must end with a message of this type. */
void vp_run_until(struct vp *vp, u32 type);
/* One RUN_VP that must end with a write to this port; returns the value. */
u32 vp_run_out(struct vp *vp, u16 port);

/* Payloads; end the test when the last message is of another type. */
const struct hvx_msg_header *vp_header(struct vp *vp);
const struct hvx_msg_io_port *vp_io(struct vp *vp);
const struct hvx_msg_memory *vp_memory(struct vp *vp);
const struct hvx_msg_msr *vp_msr(struct vp *vp);
const struct hvx_msg_cpuid *vp_cpuid(struct vp *vp);
const struct hvx_msg_exception *vp_exception(struct vp *vp);

/* Moves RIP over the instruction of the last message. */
void vp_skip(struct vp *vp);
/* Completes a port read. */
void vp_complete_in(struct vp *vp, u32 value);

const char *msg_name(u32 type);
void msg_print(const struct hvx_message *msg);

/*
 * Whole VMs
 */
#define GUEST_VPS	8

/**
 * struct guest - a partition with memory and VPs
 * @vm: the partition
 * @vp: its first VP
 * @vps: all of them, by index
 * @nr: how many
 */
struct guest {
	struct vm vm;
	union {
		struct vp vp;
		struct vp vps[GUEST_VPS];
	};
	unsigned int nr;
};

/*
 * The hypervisor's name for a partition: the sender of its VPs' messages. The last VP
 * comes and goes for that.
 */
u64 vm_id(struct vm *vm);

/* One VP, or @nr. */
void guest_init(struct guest *g);
void guest_init_vps(struct guest *g, unsigned int nr);
/* The VPs of a guest whose @vm was made otherwise. */
void guest_add_vps(struct guest *g, unsigned int nr);
/* One VP, in long mode at the beginning of this code. */
void guest_init_code(struct guest *g, const u8 *code, const u8 *end);
#define guest_init_load(g, name)	guest_init_code(g, name, name##_end)
void guest_free(struct guest *g);

/* Code, 64-bit: counts in the u64 at GUEST_DATA. */
extern const u8 guest_spin[], guest_spin_end[];
/* Halts, again and again. */
extern const u8 guest_halt[], guest_halt_end[];
/* Counts from 1 on: AL is written to port 0x80. */
extern const u8 guest_count[], guest_count_end[];

/* What guest_spin has counted. */
u64 guest_counter(const struct guest *g);
/* Until it counts on, and how long that may take on a busy host. */
#define RUNNING_US	20000000ULL
void guest_wait_running(const struct guest *g);

/*
 * Ioctls with one hypercall behind each; on mainline, that hypercall
 */
int pt_install_intercept(int pt, u32 type, u32 access, u64 parameter);
int pt_assert_interrupt(int pt, u32 type, u64 dest, u32 vector, u32 flags);
int pt_get_property(int pt, u32 code, u64 *value);
int pt_set_property(int pt, u32 code, u64 value);
int vp_intercept_result(int vp, struct mshv_intercept_result *arg);
/* Only EAX is overridden. */
int vp_cpuid_result(int vp, u32 function, u32 index, u32 flags, const struct mshv_cpuid_bits *eax);
int vp_msr_result(int vp, u32 msr, u32 access, u32 action);
int vp_cpuid_values(int vp, u32 flags, struct mshv_cpuid_entry *entries, u32 count);
int vp_translate(int vp, u64 gva, u64 flags, struct mshv_translate_gva_result *result, u64 *gpa);

#define ACCESS_READ	BIT(MSHV_INTERCEPT_BIT_READ)
#define ACCESS_WRITE	BIT(MSHV_INTERCEPT_BIT_WRITE)
#define ACCESS_EXECUTE	BIT(MSHV_INTERCEPT_BIT_EXECUTE)

/*
 * Register names
 */

/**
 * struct reg_info - a register that must survive a round trip
 * @name: HVX_REG_*
 * @text: for messages
 * @kind: which member of union hvx_value
 * @value: what to write; low half for 128-bit registers
 * @optional: the hypervisor may not have it
 */
struct reg_info {
	u32 name;
	const char *text;
	enum { REG_U64, REG_U128, REG_SEGMENT, REG_TABLE } kind;
	u64 value;
	bool optional;
};

extern const struct reg_info reg_table[];
extern const unsigned int reg_table_size;

/*
 * The test hypervisor's control port. Absent on a real hypervisor: tests that
 * need it skip.
 */
bool ctl_present(void);
/* Also says what the hypervisor is. */
struct ctl_info {
	unsigned int lps;
	unsigned int scheduler;
	bool large_pages;
	bool l1vh;	/* not the root, but a parent */
	bool overlay;	/* pages lie where the parent wants them */
};

void ctl_info(struct ctl_info *info);
/* VPs run when the hypervisor decides it. False if that is not known. */
bool hypervisor_schedules(void);
/* The hypercall by which statistics pages are mapped there. */
u16 stats_map_code(void);
/* Who has that page: TESTHV_PAGE_*. */
u64 ctl_page(u64 pfn);
/* Removes all faults and repetition limits; how often faults fired. */
u64 ctl_reset(void);
void ctl_fault(u16 code, u64 nth, u16 status, u64 count);
void ctl_fault_reps(u16 code, u64 nth, u16 status, u64 count,
		    u32 reps_first);
void ctl_rep_limit(u16 code, unsigned int reps);
/* Calls so far; @failed may be NULL. */
u64 ctl_calls(u16 code, u64 *failed);
u64 ctl_account(unsigned int account);
/*
 * Forged messages and port numbers, for the CPU's interrupt handler. Whether,
 * or how often, there was room.
 */
bool ctl_post(unsigned int lp, u32 type, u8 size, u64 word0, u64 word1);
bool ctl_post_from(unsigned int lp, u32 type, u8 size, u64 sender, u64 word0);
unsigned int ctl_ring(unsigned int lp, u32 port, unsigned int times);
/* A word of the payload, and the message, which may claim to be longer than it can be. */
void ctl_payload(unsigned int index, u64 word);
bool ctl_post_whole(unsigned int lp, unsigned int sint, u32 type, u8 size, u64 sender);
/* What becomes of messages of a type; how many the last such rule met. */
u64 ctl_disturb(u32 type, u64 flags, u64 count, u64 ms);
/* Writes to an I/O port, at intervals; how many the last such order led to. */
u64 ctl_out(u16 port, u16 value, u64 ms, u64 count);
/* How SET_PARTITION_PROPERTY completes from now on. */
void ctl_async(u64 ms, u64 flags);
/* Page numbers of the root's SynIC pages on a logical processor. */
void ctl_synic(unsigned int lp, u64 *messages, u64 *flags);
/* A TESTHV_CTL_* request as it is, for tests of the port itself. */
int ctl_raw(u64 op, u64 *rbx, u64 *rcx, u64 *rsi, u64 *rdi);

struct accounts {
	u64 v[TESTHV_ACCT_COUNT];
};

/* Of another hypervisor than testhv nothing is known: all are 0. */
void accounts_read(struct accounts *a);
/*
 * How many figures that must have returned to @before have not; prints them.
 * The root's pool may keep pages, but none in use.
 */
unsigned int accounts_open(const struct accounts *before);

/*
 * The driver as a module: its file, or -1; then 0 or -errno
 */
int driver_open(void);
int driver_load(int fd);
int driver_unload(void);

/*
 * The kernel's log, from now on, or -1; then a line of it, if there is one
 */
int klog_open(void);
bool klog_line(int fd, char *line, size_t size);
/* Lines since then: all that name the driver, and those of a failure. */
void klog_count(int fd, unsigned int *lines, unsigned int *splats);

/*
 * Files of the kernel's: writes @text, 0 or -errno; the number after @key in it, @key
 * "": the file's only one
 */
int file_write(const char *path, const char *text);
long file_number(const char *path, const char *key);

/* A cgroup without processes and with a limit; false: this kernel has none. */
bool cgroup_init(long limit);
void cgroup_join(void);
/* What it uses, and whether the kernel has killed somebody in it. */
long cgroup_current(void);
bool cgroup_killed(void);
void cgroup_free(void);

/*
 * Chance, and what the environment says
 */
u64 rnd(u64 *state);
u64 environment(const char *name, u64 value);
/* From the environment, or else from the clock; never 0 */
u64 seed_from(const char *name);

/*
 * Processes, threads, time
 */

/* Runs @fn in a child that dies with its parent; its return is the status. */
pid_t child_start(int (*fn)(void *arg), void *arg);
/* Waits for it: exit status, or -signal. */
int child_wait(pid_t pid);
void fd_send(int sock, int fd);
int fd_receive(int sock);
/*
 * A thread that may sit in RUN_VP: it has to see by itself that it shall end, and
 * is sent SIGUSR1, which has a handler that does nothing, until it has.
 */
pthread_t thread_start(void *(*fn)(void *arg), void *arg);
void thread_stop(pthread_t thread);
/* The same for one that shall end without a signal: it gets none for that long. */
long thread_end(pthread_t thread, u64 grace_us);
unsigned int cpus_online(void);
void pin_to_cpu(unsigned int cpu);
u64 now_us(void);
u64 thread_cpu_us(void);
/* How many times slower than others this machine is. */
unsigned int time_factor(void);
/* A limit in time, on this machine */
u64 limit_us(u64 us);
/* A number of rounds that this machine makes within the usual limits: @most, or fewer */
unsigned int some(unsigned int most);
/* A handler that does nothing, so that the signal interrupts system calls. */
void signal_catch(int sig);
/* SIGALRM for the process after @us microseconds, then every @interval_us. */
void alarm_us(u64 us, u64 interval_us);

#endif /* MSHV_UTIL_H */
