// SPDX-License-Identifier: GPL-2.0
/* The device, partitions and their memory. */
#include <linux/userfaultfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "mshv_util.h"

int dev_open(void)
{
	int fd = open(MSHV_DEV, O_RDWR | O_CLOEXEC);

	REQUIRE(fd >= 0, "cannot open " MSHV_DEV);
	return fd;
}

int cap(int fd, u32 nr)
{
	int ret;

	if (on_mainline())
		return mainline_cap(nr);
	ret = xioctl(fd, MSHV_CHECK_EXTENSION, &nr);
	REQUIRE(ret >= 0, "CHECK_EXTENSION %#x: %d", nr, ret);
	return ret;
}

int partition_create(int dev, u64 flags)
{
	struct mshv_create_partition arg = { .pt_flags = flags };

	return xioctl(dev, MSHV_CREATE_PARTITION, &arg);
}

int partition_initialize(int pt)
{
	return xioctl(pt, MSHV_INITIALIZE_PARTITION, NULL);
}

int region_map(int pt, u64 gpa, u64 size, const void *hva, u8 flags)
{
	struct mshv_user_mem_region arg = {
		.size = size,
		.guest_pfn = gpa >> HVX_PAGE_SHIFT,
		.userspace_addr = (uintptr_t)hva,
		.flags = flags,
	};

	return xioctl(pt, MSHV_SET_GUEST_MEMORY, &arg);
}

int region_unmap(int pt, u64 gpa, u64 size, const void *hva)
{
	return region_map(pt, gpa, size, hva, BIT(MSHV_SET_MEM_BIT_UNMAP));
}

void *mem_alloc(size_t size, size_t align)
{
	uintptr_t start, aligned;
	void *p;

	p = mmap(NULL, size + align, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	REQUIRE(p != MAP_FAILED, "mmap of %zu bytes", size + align);
	start = (uintptr_t)p;
	aligned = (start + align - 1) & ~(align - 1);
	if (aligned > start)
		munmap(p, aligned - start);
	if (aligned < start + align)
		munmap((void *)(aligned + size), start + align - aligned);
	return (void *)aligned;
}

void *mem_alloc_huge(size_t size)
{
	void *mem = mem_alloc(size, 2 * MIB);

	if (madvise(mem, size, MADV_HUGEPAGE)) {
		munmap(mem, size);
		return NULL;
	}
	memset(mem, 0, size);
	return mem;
}

void *guard_page(void)
{
	u8 *p = mem_alloc(2 * PAGE, PAGE);

	REQUIRE(!mprotect(p + PAGE, PAGE, PROT_NONE), "mprotect");
	return p;
}

int userfault_open(void *mem, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)mem, size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		return -errno;
	REQUIRE(!ioctl(fd, UFFDIO_API, &api), "UFFDIO_API");
	REQUIRE(!ioctl(fd, UFFDIO_REGISTER, &reg), "UFFDIO_REGISTER");
	return fd;
}

void vm_create(struct vm *vm, u64 pt_flags)
{
	vm->dev = dev_open();
	vm->fd = partition_create(vm->dev, pt_flags);
	REQUIRE(vm->fd >= 0, "CREATE_PARTITION: %d", vm->fd);
}

void vm_activate(struct vm *vm)
{
	int ret;

	ret = partition_initialize(vm->fd);
	REQUIRE(!ret, "INITIALIZE_PARTITION: %d", ret);
	vm->ram = mem_alloc(RAM_SIZE, PAGE);
	ret = region_map(vm->fd, 0, RAM_SIZE, vm->ram, MAP_RWX);
	REQUIRE(!ret, "SET_GUEST_MEMORY: %d", ret);
}

void vm_init_flags(struct vm *vm, u64 pt_flags)
{
	vm_create(vm, pt_flags);
	vm_activate(vm);
}

void vm_init(struct vm *vm)
{
	vm_init_flags(vm, PT_DEFAULT);
}

void vm_free(struct vm *vm)
{
	close(vm->fd);
	close(vm->dev);
	munmap(vm->ram, RAM_SIZE);
}

void vm_write(struct vm *vm, u64 gpa, const void *data, size_t size)
{
	REQUIRE(gpa + size <= RAM_SIZE, "outside the guest's memory");
	memcpy(vm->ram + gpa, data, size);
}
