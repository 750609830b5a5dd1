// SPDX-License-Identifier: GPL-2.0
/*
 * No byte of the kernel's memory reaches user space by an output that was not wholly
 * written: by an ioctl, a page that can be mapped, a statistics file, debugfs.
 *
 * Every call is made twice, into buffers with different contents, while the kernel's
 * stack and the memory that it has just freed are full of other different bytes. What
 * is not written then shows the buffer's bytes both times; everything else has to be
 * the same both times, so it comes from none of those. The suite's kernel does not
 * clear memory that it allocates (init_on_alloc=0); one that is built to clear the
 * stack's variables (INIT_STACK_ALL_ZERO, as Debian's are) has no leftovers there, and
 * on others they may be the same both times. A driver that is built to fill them
 * (-ftrivial-auto-var-init=pattern, as by "make check-debug") shows them by their value.
 * Trace events: trace.c.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A34: is_whole, refused_calls_write_nothing, has_nothing_else
 * D107: debugfs_has_no_addresses
 */
#include <dirent.h>
#include <poll.h>
#include <regex.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

#define DEBUGFS		"/sys/kernel/debug/mshv"

/*
 * Leftovers
 */

/* System calls that copy their arguments to the stack. All of them fail. */
static void fill_stack(u8 byte)
{
	struct sembuf sops[64];
	struct pollfd fds[30];
	struct iovec iov[8];
	struct sockaddr_storage address;
	fd_set sets[3];

	memset(sops, byte, sizeof(sops));
	memset(fds, byte, sizeof(fds));
	memset(iov, byte, sizeof(iov));
	memset(&address, byte, sizeof(address));
	memset(sets, byte, sizeof(sets));
	semop(-1, sops, ARRAY_SIZE(sops));
	readv(0, iov, ARRAY_SIZE(iov));
	bind(-1, (void *)&address, sizeof(address));
	poll(fds, ARRAY_SIZE(fds), 0);
	select(320, &sets[0], &sets[1], &sets[2], &(struct timeval){ 0 });
}

/*
 * Messages of all sizes: allocated, filled and freed. Sanitizers keep what is freed from
 * being used again soon, so that fewer do no less.
 */
static void fill_slabs(u8 byte)
{
	static const size_t sizes[] = { 8, 16, 48, 80, 144, 208, 464, 976, 2000, 4000 };
	struct {
		long type;
		u8 text[4096];
	} msg = { .type = 1 };
	unsigned int i, n;
	int queue;

	queue = msgget(IPC_PRIVATE, 0600);
	REQUIRE(queue >= 0, "msgget");
	memset(msg.text, byte, sizeof(msg.text));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (n = 0; n < some(32) && !msgsnd(queue, &msg, sizes[i], IPC_NOWAIT); n++)
			;
		REQUIRE(n, "msgsnd");
		while (msgrcv(queue, &msg, sizeof(msg.text), 0, IPC_NOWAIT) >= 0)
			;
		msg.type = 1;
	}
	msgctl(queue, IPC_RMID, NULL);
}

static void fill_pages(u8 byte)
{
	const size_t size = some(512) * PAGE;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED, "mmap");
	memset(p, byte, size);
	munmap(p, size);
}

static void leave_behind(u8 byte)
{
	fill_pages(byte);
	fill_slabs(byte);
	fill_stack(byte);
}

/*
 * Two rounds
 */
#define TRIES	3
#define ROUNDS	2
#define ROOM	(16 * PAGE)

static const u8 buffer_bytes[ROUNDS] = { 0xa5, 0x5a };
static const u8 kernel_bytes[ROUNDS] = { 0x3c, 0xc3 };

/* An address of the kernel's, in its data or its text, as far as a number can tell */
static bool kernel_address(u64 word)
{
	return (word >= 0xffff800000000000UL && word < 0xffffff0000000000UL) ||
	       (word >= 0xffffffff80000000UL && word != ~0UL);
}

/* The first byte that is neither untouched nor the same in both rounds, or -1. */
static long differs(u8 *const out[ROUNDS], size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (out[0][i] != out[1][i] &&
		    (out[0][i] != buffer_bytes[0] || out[1][i] != buffer_bytes[1]))
			return i;
	return -1;
}

/* What gcc fills variables with. No output has two such bytes of its own. */
#define STACK_PATTERN	0xfe

static long unset(const u8 *out, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size; i++)
		if (out[i] == STACK_PATTERN && out[i + 1] == STACK_PATTERN)
			return i;
	return -1;
}

static long addresses(const u8 *out, size_t size)
{
	u64 word;
	size_t i;

	for (i = 0; i + sizeof(word) <= size; i += sizeof(word)) {
		memcpy(&word, out + i, sizeof(word));
		if (kernel_address(word))
			return i;
	}
	return -1;
}

/*
 * Calls. Each has ROOM bytes at @out, which it uses for all that is written, and sets
 * what is input.
 */

static int call_run(struct guest *g, u8 *out)
{
	int ret = xioctl(g->vp.fd, MSHV_RUN_VP, out);

	/* each partition has its number */
	((struct hvx_message *)out)->sender = 0;
	return ret;
}

static int call_get_registers(struct guest *g, u8 *out)
{
	static const u32 names[] = {
		HVX_REG_RAX, HVX_REG_CS, HVX_REG_GDTR, HVX_REG_CR0, HVX_REG_EFER,
		HVX_REG_XMM0, HVX_REG_FP_MMX0, HVX_REG_FP_CONTROL_STATUS,
		HVX_REG_PENDING_EVENT0, HVX_REG_INTERNAL_ACTIVITY_STATE,
	};
	struct hvx_register *regs = (void *)out;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		regs[i].name = names[i];
		regs[i].rsvd1 = 0;
		regs[i].rsvd2 = 0;
	}
	return vp_get_regs(g->vp.fd, regs, ARRAY_SIZE(names));
}

static int call_state(struct guest *g, u8 *out, u8 type)
{
	struct mshv_get_set_vp_state *arg = (void *)(out + 3 * PAGE);

	*arg = (struct mshv_get_set_vp_state){
		.type = type, .buf_sz = 3 * PAGE, .buf_ptr = (uintptr_t)out,
	};
	return xioctl(g->vp.fd, MSHV_GET_VP_STATE, arg);
}

static int call_lapic(struct guest *g, u8 *out)
{
	return call_state(g, out, MSHV_VP_STATE_LAPIC);
}

static int call_xsave(struct guest *g, u8 *out)
{
	return call_state(g, out, MSHV_VP_STATE_XSAVE);
}

static int call_simp(struct guest *g, u8 *out)
{
	return call_state(g, out, MSHV_VP_STATE_SIMP);
}

static int call_siefp(struct guest *g, u8 *out)
{
	return call_state(g, out, MSHV_VP_STATE_SIEFP);
}

static int call_timers(struct guest *g, u8 *out)
{
	return call_state(g, out, MSHV_VP_STATE_SYNTHETIC_TIMERS);
}

static int call_bitmap(struct guest *g, u8 *out)
{
	struct mshv_gpap_access_bitmap *arg = (void *)out;

	/* the last byte has four bits that stand for nothing */
	*arg = (struct mshv_gpap_access_bitmap){
		.access_type = MSHV_GPAP_ACCESS_TYPE_DIRTY, .page_count = 300,
		.bitmap_ptr = (uintptr_t)(out + PAGE),
	};
	return xioctl(g->vm.fd, MSHV_GET_GPAP_ACCESS_BITMAP, arg);
}

static int call_hvcall(int fd, u8 *out, u16 code, u16 reps, u16 in_size, u16 out_size)
{
	struct mshv_root_hvcall *arg = (void *)out;

	*arg = (struct mshv_root_hvcall){
		.code = code, .reps = reps, .in_sz = in_size, .out_sz = out_size,
		.in_ptr = (uintptr_t)(out + PAGE),
		.out_ptr = out_size ? (uintptr_t)(out + 2 * PAGE) : 0,
	};
	return hvcall_raw(fd, arg);
}

static int call_hvcall_registers(struct guest *g, u8 *out)
{
	struct hvx_in_get_vp_registers *in = (void *)(out + PAGE);

	memset(in, 0, PAGE);
	in->names[0] = HVX_REG_RAX;
	in->names[1] = HVX_REG_CS;
	in->names[2] = HVX_REG_XMM0;
	/* more room than is needed: it is not the kernel's page that fills it */
	return call_hvcall(g->vm.fd, out, HVX_CALL_GET_VP_REGISTERS, 3,
			   sizeof(*in) + 3 * sizeof(u32), 16 * sizeof(union hvx_value));
}

static int call_hvcall_capabilities(struct guest *g, u8 *out)
{
	struct hvx_in_get_partition_property_ex *in = (void *)(out + PAGE);

	memset(in, 0, PAGE);
	in->code = HVX_PROP_EX_VMM_CAPABILITIES;
	return call_hvcall(g->vm.dev, out, HVX_CALL_GET_PARTITION_PROPERTY_EX, 0, sizeof(*in),
			   PAGE);
}

/* A hypercall that fails: there is an output nevertheless. */
static int call_hvcall_refused(struct guest *g, u8 *out)
{
	struct hvx_in_get_partition_property *in = (void *)(out + PAGE);

	memset(in, 0, PAGE);
	in->code = ~0U;
	return !call_hvcall(g->vm.fd, out, HVX_CALL_GET_PARTITION_PROPERTY, 0, sizeof(*in),
			    sizeof(u64));
}

static int call_install_intercept(struct guest *g, u8 *out)
{
	struct mshv_install_intercept *arg = (void *)out;

	*arg = (struct mshv_install_intercept){
		.type = MSHV_INTERCEPT_CPUID, .access = ACCESS_EXECUTE, .parameter = 0x4000ffff,
	};
	return xioctl(g->vm.fd, MSHV_INSTALL_INTERCEPT, arg);
}

static int call_assert_interrupt(struct guest *g, u8 *out)
{
	struct mshv_assert_interrupt *arg = (void *)out;

	*arg = (struct mshv_assert_interrupt){ .vector = 0x40 };
	return xioctl(g->vm.fd, MSHV_ASSERT_INTERRUPT, arg);
}

static int call_get_property(struct guest *g, u8 *out)
{
	struct mshv_partition_property *arg = (void *)out;

	*arg = (struct mshv_partition_property){ .code = HVX_PROP_UNIMPLEMENTED_MSR_ACTION };
	return xioctl(g->vm.fd, MSHV_GET_PARTITION_PROPERTY, arg);
}

static int call_set_property(struct guest *g, u8 *out)
{
	struct mshv_partition_property *arg = (void *)out;

	*arg = (struct mshv_partition_property){ .code = HVX_PROP_UNIMPLEMENTED_MSR_ACTION };
	return xioctl(g->vm.fd, MSHV_SET_PARTITION_PROPERTY, arg);
}

static int call_msr_result(struct guest *g, u8 *out)
{
	struct mshv_intercept_result *arg = (void *)out;

	*arg = (struct mshv_intercept_result){
		.type = MSHV_INTERCEPT_RESULT_MSR,
		.msr = { .index = 0x4badf00d, .access = ACCESS_READ },
	};
	return xioctl(g->vp.fd, MSHV_REGISTER_INTERCEPT_RESULT, arg);
}

static int call_cpuid_values(struct guest *g, u8 *out)
{
	struct mshv_vp_cpuid_values *arg = (void *)out;
	struct mshv_cpuid_entry *e = (void *)(out + PAGE);
	unsigned int i;

	*arg = (struct mshv_vp_cpuid_values){ .count = 3, .entries_ptr = (uintptr_t)e };
	for (i = 0; i < 3; i++)
		e[i] = (struct mshv_cpuid_entry){ .function = 0x40000000 + i };
	return xioctl(g->vp.fd, MSHV_GET_VP_CPUID_VALUES, arg);
}

static int call_translate(struct guest *g, u8 *out)
{
	struct mshv_translate_gva *arg = (void *)out;

	*arg = (struct mshv_translate_gva){
		.gva = GUEST_CODE_BASE,
		.result = (uintptr_t)(out + PAGE),
		.gpa = (uintptr_t)(out + 2 * PAGE),
	};
	return xioctl(g->vp.fd, MSHV_VP_TRANSLATE_GVA, arg);
}

/* Statistics, but for the figures, which go on */
static int call_stats(int object, u8 *out)
{
	int fd = xioctl(object, MSHV_GET_STATS_FD, NULL);
	const struct mshv_stats_header *h = (void *)out;
	ssize_t n;

	if (fd < 0)
		return fd;
	n = pread(fd, out, ROOM, 0);
	close(fd);
	REQUIRE(n >= (ssize_t)sizeof(*h) && h->data_offset <= n && n < ROOM, "%zd bytes", n);
	if (addresses(out, n) >= 0)
		return -ERANGE;
	memset(out + h->data_offset, 0, n - h->data_offset);
	/* the name has the partition's number; what is behind its end counts */
	memset(out + h->id_offset, 0, strlen((char *)out + h->id_offset));
	return 0;
}

static int call_partition_stats(struct guest *g, u8 *out)
{
	return call_stats(g->vm.fd, out);
}

static int call_vp_stats(struct guest *g, u8 *out)
{
	return call_stats(g->vp.fd, out);
}

FIXTURE(output) {
	u8 *buffer;		/* one, as its address is part of arguments */
	u8 *out[ROUNDS];	/* what was in it */
};

FIXTURE_VARIANT(output) {
	u32 cap;
	int (*call)(struct guest *g, u8 *out);
};

#define OUTPUT(name, need)							\
	FIXTURE_VARIANT_ADD(output, name) {					\
		.cap = MSHV_CAP_##need,						\
		.call = call_##name,						\
	}

OUTPUT(run, RUN_VP);
OUTPUT(get_registers, VP_REGISTERS);
OUTPUT(lapic, VP_STATE_LAPIC);
OUTPUT(xsave, VP_STATE_XSAVE);
OUTPUT(simp, VP_STATE_SIMP);
OUTPUT(siefp, VP_STATE_SIEFP);
OUTPUT(timers, VP_STATE_STIMERS);
OUTPUT(bitmap, GPAP_ACCESS_BITMAP);
OUTPUT(hvcall_registers, PARTITION_HVCALL);
OUTPUT(hvcall_capabilities, DEVICE_HVCALL);
OUTPUT(hvcall_refused, PARTITION_HVCALL);
OUTPUT(install_intercept, INSTALL_INTERCEPT);
OUTPUT(assert_interrupt, ASSERT_INTERRUPT);
OUTPUT(get_property, GET_PROPERTY);
OUTPUT(set_property, SET_PROPERTY);
OUTPUT(msr_result, MSR_RESULT);
OUTPUT(cpuid_values, VP_CPUID_VALUES);
OUTPUT(translate, TRANSLATE_GVA);
OUTPUT(partition_stats, PARTITION_STATS);
OUTPUT(vp_stats, VP_STATS);

FIXTURE_SETUP(output)
{
	unsigned int i;

	/* what one CPU frees it takes first */
	pin_to_cpu(0);
	self->buffer = mem_alloc(ROOM, PAGE);
	for (i = 0; i < ROUNDS; i++)
		self->out[i] = mem_alloc(ROOM, PAGE);
}

FIXTURE_TEARDOWN(output)
{
}

TEST_F(output, is_whole)
{
	unsigned int i, n;
	struct guest g;
	long at;

	for (n = 0; n < TRIES; n++) {
		for (i = 0; i < ROUNDS; i++) {
			leave_behind(kernel_bytes[i]);
			guest_init_load(&g, guest_count);
			if (!cap(g.vm.dev, variant->cap))
				SKIP(return, "no capability %#x", variant->cap);
			memset(self->buffer, buffer_bytes[i], ROOM);
			/* what the partition has kept from its making, and what is now taken */
			leave_behind(kernel_bytes[i]);
			ASSERT_EQ(0, variant->call(&g, self->buffer));
			memcpy(self->out[i], self->buffer, ROOM);
			guest_free(&g);
		}
		at = differs(self->out, ROOM);
		ASSERT_EQ(-1, at)
			TH_LOG("byte %ld: %#x, then %#x", at, self->out[0][at], self->out[1][at]);
		at = unset(self->out[0], ROOM);
		ASSERT_EQ(-1, at)
			TH_LOG("a variable without a value at byte %ld", at);
		at = addresses(self->out[0], ROOM);
		ASSERT_EQ(-1, at)
			TH_LOG("an address of the kernel's at byte %ld", at);
	}
}

/*
 * Calls that fail say nothing but their errno.
 */
FIXTURE(every_call) {
	int unused;
};

FIXTURE_SETUP(every_call)
{
}

FIXTURE_TEARDOWN(every_call)
{
}

/* Long for a slow machine: what is left behind is more than what is called. */
TEST_F_TIMEOUT(every_call, refused_calls_write_nothing, 120)
{
	static const unsigned int commands[] = {
		MSHV_CHECK_EXTENSION, MSHV_CREATE_PARTITION, MSHV_CREATE_VP,
		MSHV_SET_GUEST_MEMORY, MSHV_IRQFD, MSHV_IOEVENTFD, MSHV_SET_MSI_ROUTING,
		MSHV_GET_GPAP_ACCESS_BITMAP, MSHV_ROOT_HVCALL, MSHV_INSTALL_INTERCEPT,
		MSHV_ASSERT_INTERRUPT, MSHV_GET_PARTITION_PROPERTY,
		MSHV_SET_PARTITION_PROPERTY, MSHV_GET_VP_STATE, MSHV_SET_VP_STATE,
		MSHV_GET_VP_REGISTERS, MSHV_SET_VP_REGISTERS, MSHV_REGISTER_INTERCEPT_RESULT,
		MSHV_GET_VP_CPUID_VALUES, MSHV_VP_TRANSLATE_GVA,
	};
	u8 *out = mem_alloc(PAGE, PAGE), *same = mem_alloc(PAGE, PAGE);
	unsigned int i, k, n, refused = 0;
	struct guest g;
	int ret;

	pin_to_cpu(0);
	guest_init_load(&g, guest_count);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		for (k = 0; k < 3; k++) {
			const int fds[] = { g.vm.dev, g.vm.fd, g.vp.fd };

			for (n = 0; n < ROUNDS; n++) {
				memset(out, buffer_bytes[n], PAGE);
				memset(same, buffer_bytes[n], PAGE);
				leave_behind(kernel_bytes[n]);
				ret = xioctl(fds[k], commands[i], out);
				if (ret >= 0)
					continue;
				refused++;
				EXPECT_EQ(0, memcmp(out, same, PAGE))
					TH_LOG("ioctl %#x, file %u: %d", commands[i], k, ret);
			}
		}
	}
	TH_LOG("%u calls were refused", refused);
	EXPECT_LT(2 * ARRAY_SIZE(commands), refused);
	guest_free(&g);
}

/*
 * Pages of VPs that can be mapped
 */
FIXTURE(page) {
	u8 *copy[ROUNDS];
};

FIXTURE_VARIANT(page) {
	unsigned int offset;
	u32 cap;
};

FIXTURE_VARIANT_ADD(page, registers) {
	.offset = MSHV_VP_MMAP_OFFSET_REGISTERS,
	.cap = MSHV_CAP_REGISTER_PAGE,
};

FIXTURE_VARIANT_ADD(page, intercept_message) {
	.offset = MSHV_VP_MMAP_OFFSET_INTERCEPT_MESSAGE,
	.cap = MSHV_CAP_INTERCEPT_PAGE,
};

FIXTURE_VARIANT_ADD(page, ghcb) {
	.offset = MSHV_VP_MMAP_OFFSET_GHCB,
	.cap = MSHV_CAP_GHCB_PAGE,
};

FIXTURE_SETUP(page)
{
	unsigned int i;

	pin_to_cpu(0);
	for (i = 0; i < ROUNDS; i++)
		self->copy[i] = mem_alloc(PAGE, PAGE);
}

FIXTURE_TEARDOWN(page)
{
}

/* A new VP each time, which has run or not. */
TEST_F(page, has_nothing_else)
{
	unsigned int i, n;
	struct guest g;
	long at;
	u8 *map;

	for (n = 0; n < TRIES; n++) {
		for (i = 0; i < ROUNDS; i++) {
			leave_behind(kernel_bytes[i]);
			guest_init_load(&g, guest_count);
			if (!cap(g.vm.dev, variant->cap))
				SKIP(return, "no capability %#x", variant->cap);
			map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, g.vp.fd,
				   variant->offset * PAGE);
			ASSERT_NE(MAP_FAILED, map);
			if (n & 1)
				vp_run_out(&g.vp, 0x80);
			memcpy(self->copy[i], map, PAGE);
			/* each partition has its number */
			if (variant->offset == MSHV_VP_MMAP_OFFSET_INTERCEPT_MESSAGE)
				((struct hvx_message *)self->copy[i])->sender = 0;
			munmap(map, PAGE);
			guest_free(&g);
		}
		at = differs(self->copy, PAGE);
		ASSERT_EQ(-1, at)
			TH_LOG("byte %ld: %#x, then %#x", at, self->copy[0][at],
			       self->copy[1][at]);
		at = unset(self->copy[0], PAGE);
		ASSERT_EQ(-1, at)
			TH_LOG("a variable without a value at byte %ld", at);
		at = addresses(self->copy[0], PAGE);
		ASSERT_EQ(-1, at)
			TH_LOG("an address of the kernel's at byte %ld", at);
	}
}

/*
 * debugfs
 */
static unsigned int files_read;

/* Files with something that looks like an address, below @path. */
static unsigned int files_with_addresses(const char *path, const regex_t *address)
{
	unsigned int found = 0;
	struct dirent *entry;
	char name[512];
	DIR *dir = opendir(path);

	REQUIRE(dir, "%s", path);
	while ((entry = readdir(dir))) {
		static char text[1 << 18];
		FILE *file;
		size_t n;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR) {
			found += files_with_addresses(name, address);
			continue;
		}
		file = fopen(name, "r");
		REQUIRE(file, "%s", name);
		n = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
		text[n] = 0;
		files_read += n > 0;
		if (strlen(text) != n || !regexec(address, text, 0, NULL, 0)) {
			fprintf(stderr, "# %s\n", name);
			found++;
		}
	}
	closedir(dir);
	return found;
}

TEST(debugfs_has_no_addresses)
{
	regex_t address;
	struct guest g;

	if (access(DEBUGFS, R_OK))
		SKIP(return, "no " DEBUGFS);
	ASSERT_EQ(0, regcomp(&address, "ffff[89a-f][0-9a-f]{11}", REG_EXTENDED | REG_ICASE));
	guest_init_load(&g, guest_count);
	vp_run_out(&g.vp, 0x80);
	EXPECT_EQ(0, files_with_addresses(DEBUGFS, &address));
	EXPECT_LE(3, files_read);
	guest_free(&g);
	regfree(&address);
}

TEST_HARNESS_MAIN
