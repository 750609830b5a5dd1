// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics: the files of MSHV_GET_STATS_FD. Those in debugfs: debugfs.c.
 *
 * A kind of fault that cannot occur: a VP that waits for a counter of the hypervisor
 * (the driver reads them for users only).
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A3: blocked
 * A6: vps_need_no_statistics
 * A7: pages_that_are_not_offered
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

const u32 test_needs[] = { MSHV_CAP_PARTITION_STATS, MSHV_CAP_VP_STATS, 0 };

GUEST_CODE(guest_out, 64,
	   "out %al, $0x80\n");

/* A whole statistics file, read at once. */
struct stats {
	u8 *image;
	size_t size;
	const struct mshv_stats_header *h;
};

static int stats_fd(int fd)
{
	return xioctl(fd, MSHV_GET_STATS_FD, NULL);
}

static void stats_read(struct stats *s, int fd)
{
	struct mshv_stats_header h;
	ssize_t n;

	REQUIRE(pread(fd, &h, sizeof(h), 0) == sizeof(h), "header");
	s->size = h.data_offset + h.num_desc * sizeof(u64);
	s->image = malloc(s->size);
	n = pread(fd, s->image, s->size, 0);
	REQUIRE(n == (ssize_t)s->size, "%zd of %zu bytes", n, s->size);
	s->h = (void *)s->image;
}

static void stats_drop(struct stats *s)
{
	free(s->image);
}

static const struct mshv_stats_desc *stats_desc(const struct stats *s, unsigned int i)
{
	return (void *)(s->image + s->h->desc_offset +
			i * (sizeof(struct mshv_stats_desc) + s->h->name_size));
}

static int stats_find(const struct stats *s, const char *name)
{
	unsigned int i;

	for (i = 0; i < s->h->num_desc; i++)
		if (!strcmp(stats_desc(s, i)->name, name))
			return i;
	return -1;
}

static u64 stats_value(const struct stats *s, const char *name)
{
	int i = stats_find(s, name);
	u64 value;

	REQUIRE(i >= 0, "no figure '%s'", name);
	memcpy(&value, s->image + s->h->data_offset + stats_desc(s, i)->offset, sizeof(value));
	return value;
}

/* One figure of a file, now. */
static u64 stats_get(int fd, const char *name)
{
	struct stats s;
	u64 value;

	stats_read(&s, fd);
	value = stats_value(&s, name);
	stats_drop(&s);
	return value;
}

static const char *stats_id(const struct stats *s)
{
	return (void *)(s->image + s->h->id_offset);
}

static bool stats_has_hv(const struct stats *s)
{
	unsigned int i;

	for (i = 0; i < s->h->num_desc; i++)
		if (!strncmp(stats_desc(s, i)->name, "hv_", 3))
			return true;
	return false;
}

/*
 * Files of both kinds
 */
FIXTURE(file) {
	struct vm vm;
	struct vp vp;
	int object, fd;
};

FIXTURE_VARIANT(file) {
	u32 cap;
	bool vp;
};

FIXTURE_VARIANT_ADD(file, partition) {
	.cap = MSHV_CAP_PARTITION_STATS,
};

FIXTURE_VARIANT_ADD(file, vp) {
	.cap = MSHV_CAP_VP_STATS,
	.vp = true,
};

FIXTURE_SETUP(file)
{
	if (ctl_present())
		ctl_reset();
	vm_init(&self->vm);
	vp_init(&self->vp, &self->vm, 0);
	self->object = variant->vp ? self->vp.fd : self->vm.fd;
	self->fd = -1;
	if (!cap(self->vm.fd, variant->cap))
		SKIP(return, "no capability %#x", variant->cap);
	self->fd = stats_fd(self->object);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(file)
{
	close(self->fd);
	vp_free(&self->vp);
	vm_free(&self->vm);
}

TEST_F(file, describes_itself)
{
	unsigned int i, j;
	struct stats s;

	stats_read(&s, self->fd);
	EXPECT_EQ(0, s.h->flags);
	EXPECT_LE(16, s.h->name_size);
	EXPECT_EQ(0, s.h->name_size % 8);
	EXPECT_LT(5, s.h->num_desc);
	EXPECT_LE(sizeof(*s.h), s.h->id_offset);
	EXPECT_LE(s.h->id_offset + s.h->name_size, s.h->desc_offset);
	EXPECT_LE(s.h->desc_offset +
		  s.h->num_desc * (sizeof(struct mshv_stats_desc) + s.h->name_size),
		  s.h->data_offset);
	EXPECT_EQ(0, s.h->data_offset % sizeof(u64));
	EXPECT_EQ(0, strncmp(stats_id(&s), "mshv-", 5));
	EXPECT_NE(NULL, memchr(stats_id(&s), 0, s.h->name_size));
	for (i = 0; i < s.h->num_desc; i++) {
		const struct mshv_stats_desc *d = stats_desc(&s, i);

		ASSERT_NE(NULL, memchr(d->name, 0, s.h->name_size));
		EXPECT_LT(0, strlen(d->name));
		EXPECT_GE(MSHV_STATS_TYPE_PEAK, d->flags & MSHV_STATS_TYPE_MASK);
		EXPECT_GE(MSHV_STATS_UNIT_BOOLEAN, d->flags & MSHV_STATS_UNIT_MASK);
		EXPECT_GE(MSHV_STATS_BASE_POW2, d->flags & MSHV_STATS_BASE_MASK);
		EXPECT_EQ(0, d->flags & ~(MSHV_STATS_TYPE_MASK | MSHV_STATS_UNIT_MASK |
					  MSHV_STATS_BASE_MASK));
		EXPECT_EQ(1, d->size);
		EXPECT_EQ(0, d->bucket_size);
		EXPECT_EQ(0, d->offset % sizeof(u64));
		EXPECT_GT(s.size - s.h->data_offset, d->offset);
		for (j = 0; j < i; j++) {
			EXPECT_NE(0, strcmp(d->name, stats_desc(&s, j)->name))
				TH_LOG("'%s' twice", d->name);
			EXPECT_NE(d->offset, stats_desc(&s, j)->offset);
		}
	}
	TH_LOG("'%s': %u figures, %zu bytes", stats_id(&s), s.h->num_desc, s.size);
	stats_drop(&s);
}

TEST_F(file, can_be_read_in_pieces)
{
	struct stats s;
	u8 *piece;
	size_t at;

	stats_read(&s, self->fd);
	piece = malloc(s.size + 100);
	/* in order, byte by byte at first; by position; from any position */
	for (at = 0; at < 100; at++)
		ASSERT_EQ(1, read(self->fd, piece + at, 1));
	EXPECT_EQ(0, memcmp(piece, s.image, 100));
	EXPECT_EQ(s.h->data_offset - 100, read(self->fd, piece, s.h->data_offset - 100));
	EXPECT_EQ(0, memcmp(piece, s.image + 100, s.h->data_offset - 100));
	EXPECT_EQ(s.h->data_offset, lseek(self->fd, 0, SEEK_CUR));
	for (at = 1; at < s.h->data_offset; at += 1009) {
		ASSERT_EQ(7, pread(self->fd, piece, 7, at));
		ASSERT_EQ(0, memcmp(piece, s.image + at, 7));
	}
	/* the end */
	EXPECT_EQ(s.size, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(0, read(self->fd, piece, 1));
	EXPECT_EQ(3, pread(self->fd, piece, 100, s.size - 3));
	EXPECT_EQ(0, pread(self->fd, piece, 100, s.size));
	EXPECT_EQ(0, pread(self->fd, piece, 100, 0x7fffffffffffff00));
	EXPECT_EQ(s.size, pread(self->fd, piece, s.size + 100, 0));
	EXPECT_EQ(-1, lseek(self->fd, -1, SEEK_SET));
	EXPECT_EQ(EINVAL, errno);
	free(piece);
	stats_drop(&s);
}

TEST_F(file, is_for_reading_only)
{
	u8 *nowhere = (u8 *)guard_page() + PAGE;
	struct stat st;
	u64 word = 0;

	EXPECT_EQ(FD_CLOEXEC, fcntl(self->fd, F_GETFD));
	EXPECT_EQ(O_RDONLY, fcntl(self->fd, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(-1, write(self->fd, &word, sizeof(word)));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-ENOTTY, xioctl(self->fd, MSHV_GET_STATS_FD, NULL));
	EXPECT_EQ(-1, pread(self->fd, nowhere, 8, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, pread(self->fd, &word, 8, -1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, fstat(self->fd, &st));
	/* several are of the same object */
	EXPECT_EQ(stats_get(self->fd, "memory_faults"), stats_get(self->fd, "memory_faults"));
}

struct reader {
	int fd, object;
};

/* What a monitoring process does; it has no privilege and no other file. */
static int read_as_nobody(void *arg)
{
	const struct reader *r = arg;
	struct stats s;

	if (setgid(65534) || setuid(65534))
		return 1;
	stats_read(&s, r->fd);
	if (stats_find(&s, "memory_faults") < 0)
		return 2;
	/* to get the file in the first place is the VMM's */
	return stats_fd(r->object) == -EIO ? 0 : 3;
}

TEST_F(file, needs_no_privilege_to_read)
{
	struct reader r = { .fd = self->fd, .object = self->object };

	EXPECT_EQ(0, child_wait(child_start(read_as_nobody, &r)));
}

TEST_F(file, outlives_its_object)
{
	struct stats before, after;
	int late;

	vp_load(&self->vp, MODE_LONG, guest_out);
	vp_run_out(&self->vp, 0x80);
	stats_read(&before, self->fd);
	close(self->vp.fd);
	if (!variant->vp) {
		/* it still is there: there may be other VPs */
		EXPECT_EQ(0, stats_get(self->fd, "vps"));
		close(self->vm.fd);
	}
	stats_read(&after, self->fd);
	EXPECT_EQ(MSHV_STATS_ENDED, after.h->flags);
	EXPECT_EQ(before.size, after.size);
	EXPECT_EQ(0, memcmp(before.image + 4, after.image + 4, before.h->data_offset - 4));
	EXPECT_EQ(stats_value(&before, "memory_faults"), stats_value(&after, "memory_faults"));
	EXPECT_LT(0, stats_value(&after, "memory_faults"));
	if (variant->vp) {
		EXPECT_EQ(1, stats_value(&after, "exits_io"));
		/* a new VP of this index starts from nothing */
		self->vp.fd = vp_create(self->vm.fd, 0);
		ASSERT_LE(0, self->vp.fd);
		late = stats_fd(self->vp.fd);
		ASSERT_LE(0, late);
		EXPECT_EQ(0, stats_get(late, "exits_io"));
		EXPECT_EQ(1, stats_get(self->fd, "exits_io"));
		close(late);
	}
	stats_drop(&before);
	stats_drop(&after);
}

/* It does not keep alive what it watches. */
TEST_F(file, holds_nothing)
{
	struct accounts before;
	struct vm vm;
	struct vp vp;
	int fd;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	accounts_read(&before);
	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	fd = stats_fd(variant->vp ? vp.fd : vm.fd);
	ASSERT_LE(0, fd);
	EXPECT_EQ(before.v[TESTHV_ACCT_STATS_PAGES] + 2, ctl_account(TESTHV_ACCT_STATS_PAGES));
	vp_free(&vp);
	vm_free(&vm);
	EXPECT_EQ(0, accounts_open(&before));
	stats_get(fd, "memory_faults");
	close(fd);
}

TEST_F(file, no_free_fd)
{
	struct rlimit old, limit;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	limit = old;
	limit.rlim_cur = self->fd + 1;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, stats_fd(self->object));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
}

/* A hypervisor with one of the two pages, or none, is as good. */
TEST_F(file, pages_that_are_not_offered)
{
	static const struct {
		u64 nth, count;
		u16 status;
		bool has_hv;
	} cases[] = {
		{ 2, 1, HVX_STATUS_INVALID_PARAMETER, true },
		{ 1, 1, HVX_STATUS_INVALID_PARAMETER, true },
		{ 1, 2, HVX_STATUS_INVALID_PARAMETER, false },
		{ 1, 2, HVX_STATUS_ACCESS_DENIED, false },
		{ 1, 2, HVX_STATUS_INVALID_HYPERCALL_CODE, false },
		{ 1, 1, HVX_STATUS_INSUFFICIENT_MEMORY, true },
		{ 2, 1, HVX_STATUS_INSUFFICIENT_ROOT_MEMORY, true },
	};
	struct ctl_info info;
	struct accounts before;
	struct stats s;
	unsigned int i;
	struct vm vm;
	struct vp vp;
	int fd;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_info(&info);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* no_memory has this one: an L1VH partition has none of the root's */
		if (info.l1vh && cases[i].status == HVX_STATUS_INSUFFICIENT_ROOT_MEMORY)
			continue;
		accounts_read(&before);
		vm_init(&vm);
		vp_init(&vp, &vm, 0);
		vp_load(&vp, MODE_LONG, guest_out);
		ctl_fault(stats_map_code(), cases[i].nth, cases[i].status, cases[i].count);
		fd = stats_fd(variant->vp ? vp.fd : vm.fd);
		ASSERT_LE(0, fd)
			TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].count, ctl_reset());
		stats_read(&s, fd);
		EXPECT_EQ(cases[i].has_hv, stats_has_hv(&s))
			TH_LOG("case %u", i);
		stats_drop(&s);
		vp_run_out(&vp, 0x80);
		EXPECT_LT(0, stats_get(fd, "memory_faults"));
		close(fd);
		vp_free(&vp);
		vm_free(&vm);
		EXPECT_EQ(0, accounts_open(&before));
	}
}

/* No memory is an error, after which everything is as it was. */
TEST_F(file, no_memory)
{
	struct ctl_info info;
	struct accounts before;
	struct vp vp;
	struct vm vm;
	int fd;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	accounts_read(&before);
	ctl_fault(stats_map_code(), 2, HVX_STATUS_INSUFFICIENT_MEMORY, TESTHV_FAULT_FOREVER);
	EXPECT_EQ(-ENOMEM, stats_fd(variant->vp ? vp.fd : vm.fd));
	ctl_reset();
	ctl_info(&info);
	if (info.l1vh) {
		ctl_fault(stats_map_code(), 2, HVX_STATUS_INSUFFICIENT_ROOT_MEMORY, 1);
		EXPECT_EQ(-ENOMEM, stats_fd(variant->vp ? vp.fd : vm.fd));
		EXPECT_EQ(1, ctl_reset());
	}
	EXPECT_EQ(before.v[TESTHV_ACCT_STATS_PAGES], ctl_account(TESTHV_ACCT_STATS_PAGES));
	fd = stats_fd(variant->vp ? vp.fd : vm.fd);
	EXPECT_LE(0, fd);
	close(fd);
	vp_free(&vp);
	vm_free(&vm);
}

/*
 * Without the files
 */

TEST(states)
{
	int dev = dev_open(), pt;
	struct vm vm;
	struct vp vp;

	if (!cap(dev, MSHV_CAP_PARTITION_STATS))
		SKIP(return, "no MSHV_CAP_PARTITION_STATS");
	EXPECT_EQ(-ENOTTY, stats_fd(dev));
	pt = partition_create(dev, PT_DEFAULT);
	ASSERT_LE(0, pt);
	EXPECT_EQ(-STATE_ERRNO, stats_fd(pt));
	close(pt);
	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	vm_free(&vm);
	EXPECT_EQ(-ESHUTDOWN, stats_fd(vp.fd));
	vp_free(&vp);
}

/* VPs are created and run where the hypervisor has no statistics. */
TEST(vps_need_no_statistics)
{
	struct vm vm;
	struct vp vp;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_reset();
	ctl_fault(stats_map_code(), 1, HVX_STATUS_INVALID_HYPERCALL_CODE, TESTHV_FAULT_FOREVER);
	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	vp_load(&vp, MODE_LONG, guest_out);
	vp_run_out(&vp, 0x80);
	vp_free(&vp);
	vm_free(&vm);
	ctl_reset();
}

/*
 * What is counted
 */

GUEST_CODE(guest_exits, 64,
	   "out %al, $0x80\n"
	   "out %al, $0x80\n"
	   "mov 0x1000000, %eax\n"
	   "xor %eax, %eax\n"
	   "cpuid\n"
	   "out %al, $0x81\n");

TEST(figures_of_a_vp)
{
	struct stats before, after;
	struct vm vm;
	struct vp vp;
	int fd;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	if (!cap(vm.fd, MSHV_CAP_VP_STATS))
		SKIP(return, "no MSHV_CAP_VP_STATS");
	vp_load(&vp, MODE_LONG, guest_exits);
	NEED_CAP(vm.fd, MSHV_CAP_PARTITION_HVCALL);
	ASSERT_EQ(0, hv_install_intercept(vm.fd, HVX_INTERCEPT_X64_CPUID,
					  HVX_ACCESS_MASK_EXECUTE, 0));
	fd = stats_fd(vp.fd);
	ASSERT_LE(0, fd);
	stats_read(&before, fd);
	EXPECT_EQ(0, stats_value(&before, "runs"));
	EXPECT_EQ(0, stats_value(&before, "exits"));
	vp_run_out(&vp, 0x80);
	vp_run_out(&vp, 0x80);
	vp_run_until(&vp, HVX_MSG_UNMAPPED_GPA);
	vp_set(&vp, HVX_REG_RIP, vp_header(&vp)->rip + 7);
	vp_run_until(&vp, HVX_MSG_X64_CPUID);
	vp_skip(&vp);
	vp_run_out(&vp, 0x81);
	stats_read(&after, fd);
	EXPECT_EQ(5, stats_value(&after, "runs"));
	EXPECT_EQ(5, stats_value(&after, "exits"));
	EXPECT_EQ(3, stats_value(&after, "exits_io"));
	EXPECT_EQ(1, stats_value(&after, "exits_unmapped"));
	EXPECT_EQ(1, stats_value(&after, "exits_cpuid"));
	EXPECT_EQ(0, stats_value(&after, "exits_other"));
	EXPECT_LT(0, stats_value(&after, "memory_faults"));
	EXPECT_EQ(0, stats_value(&after, "runs_interrupted"));
	if (stats_has_hv(&after)) {
		EXPECT_LE(3, stats_value(&after, "hv_io_instructions") -
			     stats_value(&before, "hv_io_instructions"));
		EXPECT_LE(1, stats_value(&after, "hv_cpuid_instructions") -
			     stats_value(&before, "hv_cpuid_instructions"));
		EXPECT_LE(1, stats_value(&after, "hv_memory_intercept_messages"));
		EXPECT_LE(3, stats_value(&after, "hv_io_intercept_messages"));
		EXPECT_LT(0, stats_value(&after, "hv_logical_processor_dispatches"));
		EXPECT_LT(stats_value(&before, "hv_total_run_time"),
			  stats_value(&after, "hv_total_run_time"));
		EXPECT_GE(stats_value(&after, "hv_total_run_time"),
			  stats_value(&after, "hv_hypervisor_run_time"));
	}
	close(fd);
	stats_drop(&before);
	stats_drop(&after);
	vp_free(&vp);
	vm_free(&vm);
}

GUEST_CODE(guest_sleep, 64,
	   "sti\n"
	   "1: hlt\n"
	   "jmp 1b\n");

static void *run_until_signal(void *arg)
{
	struct vp *vp = arg;
	u64 start = thread_cpu_us();
	intptr_t ret = vp_run(vp);

	return (void *)(ret == -EINTR ? (intptr_t)(thread_cpu_us() - start) : -1);
}

/*
 * A guest that sleeps costs nothing, and the counter that says so is the one of
 * this name; it can be read while RUN_VP is on.
 */
TEST(blocked)
{
	struct ctl_info info;
	pthread_t thread;
	struct vm vm;
	struct vp vp;
	void *cpu;
	u64 start;
	int fd;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_info(&info);
	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	if (!cap(vm.fd, MSHV_CAP_VP_STATS))
		SKIP(return, "no MSHV_CAP_VP_STATS");
	vp_load(&vp, MODE_LONG, guest_sleep);
	fd = stats_fd(vp.fd);
	ASSERT_LE(0, fd);
	signal_catch(SIGUSR1);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_until_signal, &vp));
	/* it may be told twice: for being new, and for being asleep */
	for (start = now_us(); now_us() - start < limit_us(10000000) &&
	     !(stats_get(fd, "hv_hlt_instructions") && stats_get(fd, "blocks"));)
		usleep(10000);
	sleep(3);
	if (info.scheduler == HVX_SCHEDULER_ROOT)
		EXPECT_EQ(1, stats_get(fd, "hv_root_dispatch_thread_blocked"));
	EXPECT_LE(1, stats_get(fd, "blocks"));
	EXPECT_GE(3, stats_get(fd, "blocks"));
	EXPECT_EQ(0, stats_get(fd, "exits"));
	pthread_kill(thread, SIGUSR1);
	ASSERT_EQ(0, pthread_join(thread, &cpu));
	EXPECT_LE(0, (intptr_t)cpu);
	EXPECT_GT(1500000, (intptr_t)cpu);
	EXPECT_EQ(1, stats_get(fd, "runs_interrupted"));
	close(fd);
	vp_free(&vp);
	vm_free(&vm);
}

TEST(figures_of_a_partition)
{
	u8 *mem = mem_alloc(16 * PAGE, PAGE);
	struct vm vm;
	struct vp vp;
	u64 value, pages;
	int fd;

	vm_init(&vm);
	if (!cap(vm.fd, MSHV_CAP_PARTITION_STATS))
		SKIP(return, "no MSHV_CAP_PARTITION_STATS");
	fd = stats_fd(vm.fd);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, stats_get(fd, "vps"));
	EXPECT_EQ(1, stats_get(fd, "memory_regions"));
	ASSERT_EQ(0, region_map(vm.fd, 256 * MIB, 16 * PAGE, mem, MAP_RWX));
	EXPECT_EQ(2, stats_get(fd, "memory_regions"));
	pages = stats_get(fd, "deposited_pages");
	vp_init(&vp, &vm, 0);
	EXPECT_EQ(1, stats_get(fd, "vps"));
	EXPECT_LE(pages, stats_get(fd, "deposited_pages"));
	EXPECT_EQ(stats_get(fd, "pages_deposited") - stats_get(fd, "pages_withdrawn"),
		  stats_get(fd, "deposited_pages"));
	EXPECT_LT(0, stats_get(fd, "memory_requests"));
	if (cap(vm.fd, MSHV_CAP_PARTITION_HVCALL)) {
		value = stats_get(fd, "hypercalls");
		ASSERT_EQ(0, hv_get_property(vm.fd, HVX_PROP_XSAVE_STATES, &pages));
		EXPECT_EQ(value + 1, stats_get(fd, "hypercalls"));
	}
	vp_load(&vp, MODE_LONG, guest_out);
	vp_run_out(&vp, 0x80);
	EXPECT_LT(0, stats_get(fd, "memory_faults"));
	if (ctl_present()) {
		EXPECT_EQ(1, stats_get(fd, "hv_virtual_processors"));
		EXPECT_EQ(stats_get(fd, "deposited_pages"), stats_get(fd, "hv_deposited_pages"));
		EXPECT_LT(0, stats_get(fd, "hv_gpa_pages"));
		EXPECT_EQ(stats_get(fd, "hv_gpa_pages_4k") +
			  512 * stats_get(fd, "hv_gpa_pages_2m"), stats_get(fd, "hv_gpa_pages"));
	}
	ASSERT_EQ(0, region_unmap(vm.fd, 256 * MIB, 16 * PAGE, mem));
	EXPECT_EQ(1, stats_get(fd, "memory_regions"));
	vp_free(&vp);
	EXPECT_EQ(0, stats_get(fd, "vps"));
	close(fd);
	vm_free(&vm);
}

/* Files come and go, are read, and their objects end, all at once. */
static void *read_loop(void *arg)
{
	int *pt = arg;
	struct stats s;
	int fd;

	while (READ_ONCE(*pt) >= 0) {
		fd = stats_fd(READ_ONCE(*pt));
		if (fd < 0)
			continue;
		stats_read(&s, fd);
		stats_drop(&s);
		close(fd);
	}
	return NULL;
}

TEST(readers_and_ends)
{
	pthread_t threads[2];
	struct accounts before;
	unsigned int i, n;
	struct vm vm;
	struct vp vp;
	int pt, fds[8];

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	accounts_read(&before);
	vm_init(&vm);
	if (!cap(vm.fd, MSHV_CAP_VP_STATS))
		SKIP(return, "no MSHV_CAP_VP_STATS");
	pt = vm.fd;
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, read_loop, &pt));
	for (n = 0; n < some(30); n++) {
		for (i = 0; i < 8; i++) {
			vp_init(&vp, &vm, i);
			fds[i] = stats_fd(vp.fd);
			EXPECT_LE(0, fds[i]);
			vp_free(&vp);
		}
		for (i = 0; i < 8; i++) {
			EXPECT_EQ(0, stats_get(fds[i], "exits"));
			close(fds[i]);
		}
	}
	WRITE_ONCE(pt, -1);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	vm_free(&vm);
	EXPECT_EQ(0, accounts_open(&before));
}

TEST_HARNESS_MAIN
