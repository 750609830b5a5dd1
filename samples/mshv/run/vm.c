// SPDX-License-Identifier: GPL-2.0
/* The partition: properties, memory, virtual processors. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm.h"

/* What of Hyper-V the guest is offered; the hypervisor may have less. */
#define SYNTHETIC_FEATURES							\
	(HVX_SYNTH_HYPERVISOR_PRESENT | HVX_SYNTH_HV1 | HVX_SYNTH_VP_RUNTIME |	\
	 HVX_SYNTH_REF_COUNTER | HVX_SYNTH_SYNIC | HVX_SYNTH_STIMER |		\
	 HVX_SYNTH_INTR_CTRL | HVX_SYNTH_HYPERCALL | HVX_SYNTH_VP_INDEX |	\
	 HVX_SYNTH_REF_TSC | HVX_SYNTH_GUEST_IDLE | HVX_SYNTH_FREQUENCY |	\
	 HVX_SYNTH_DIRECT_STIMER | HVX_SYNTH_EX_MASKS | HVX_SYNTH_TB_FLUSH |	\
	 HVX_SYNTH_CLUSTER_IPI)

/* Every ioctl is optional; a driver that lacks one says so beforehand. */
static void need(int fd, u32 capability, const char *what)
{
	if (check(ioctl(fd, MSHV_CHECK_EXTENSION, &capability), "MSHV_CHECK_EXTENSION") == 0)
		die("this driver does not have %s", what);
}

/* The kernel fills in the partition's id. */
static int hypercall(int fd, u16 code, void *in, u16 in_size, void *out, u16 out_size)
{
	struct mshv_root_hvcall call = {
		.code = code,
		.in_sz = in_size,
		.in_ptr = (uintptr_t)in,
		.out_sz = out_size,
		.out_ptr = (uintptr_t)out,
	};

	return ioctl(fd, MSHV_ROOT_HVCALL, &call);
}

static void set_property(struct vm *vm, u32 code, u64 value, const char *what)
{
	struct hvx_in_set_partition_property in = { .code = code, .value = value };

	check(hypercall(vm->partition, HVX_CALL_SET_PARTITION_PROPERTY, &in, sizeof(in), NULL, 0),
	      what);
}

static u64 assignable_features(struct vm *vm)
{
	struct hvx_in_get_partition_property_ex in = { .code = HVX_PROP_EX_ASSIGNABLE_SYNTHETIC };
	struct hvx_property_banks banks = { .bank_count = 0 };

	check(hypercall(vm->partition, HVX_CALL_GET_PARTITION_PROPERTY_EX, &in, sizeof(in),
			&banks, sizeof(banks)), "assignable synthetic features");
	return banks.bank_count ? banks.banks[0] : 0;
}

static void create_partition(struct vm *vm, bool x2apic)
{
	struct mshv_create_partition args = {
		.pt_flags = 1 << MSHV_PT_BIT_LAPIC | 1 << MSHV_PT_BIT_GPA_SUPER_PAGES |
			    (x2apic ? 1 << MSHV_PT_BIT_X2APIC : 0),
		.pt_isolation = MSHV_PT_ISOLATION_NONE,
	};

	vm->partition = check(ioctl(vm->device, MSHV_CREATE_PARTITION, &args),
			      "MSHV_CREATE_PARTITION");
	need(vm->partition, MSHV_CAP_GUEST_MEMORY, "MSHV_SET_GUEST_MEMORY");
	need(vm->partition, MSHV_CAP_CREATE_VP, "MSHV_CREATE_VP");
	need(vm->partition, MSHV_CAP_PARTITION_HVCALL, "MSHV_ROOT_HVCALL");
	need(vm->partition, MSHV_CAP_IRQFD, "MSHV_IRQFD");
	need(vm->partition, MSHV_CAP_IOEVENTFD, "MSHV_IOEVENTFD");
	need(vm->partition, MSHV_CAP_MSI_ROUTING, "MSHV_SET_MSI_ROUTING");

	/* What the processor is has to be said before the partition is initialized. */
	set_property(vm, HVX_PROP_SYNTHETIC_PROC_FEATURES,
		     SYNTHETIC_FEATURES & assignable_features(vm), "synthetic features");
	check(ioctl(vm->partition, MSHV_INITIALIZE_PARTITION), "MSHV_INITIALIZE_PARTITION");
	/* Linux reads MSRs of the processor's that a guest has no use for. */
	set_property(vm, HVX_PROP_UNIMPLEMENTED_MSR_ACTION, HVX_MSR_ACTION_IGNORE,
		     "unimplemented MSR action");
}

u64 vm_low_ram(const struct vm *vm)
{
	return vm->ram_size < RAM_LOW_END ? vm->ram_size : RAM_LOW_END;
}

u64 vm_high_ram(const struct vm *vm)
{
	return vm->ram_size - vm_low_ram(vm);
}

static void add_memory(struct vm *vm, u64 gpa, void *memory, u64 size)
{
	struct mshv_user_mem_region region = {
		.size = size,
		.guest_pfn = gpa / MSHV_HV_PAGE_SIZE,
		.userspace_addr = (uintptr_t)memory,
		.flags = 1 << MSHV_SET_MEM_BIT_WRITABLE | 1 << MSHV_SET_MEM_BIT_EXECUTABLE,
	};

	if (size)
		check(ioctl(vm->partition, MSHV_SET_GUEST_MEMORY, &region),
		      "MSHV_SET_GUEST_MEMORY");
}

/* Nothing is allocated before the guest touches it. */
static void create_memory(struct vm *vm)
{
	vm->ram = mmap(NULL, vm->ram_size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (vm->ram == MAP_FAILED)
		die("no room for %llu MiB of guest memory: %s",
		    (unsigned long long)(vm->ram_size >> 20), strerror(errno));
	madvise(vm->ram, vm->ram_size, MADV_HUGEPAGE);
	add_memory(vm, 0, vm->ram, vm_low_ram(vm));
	add_memory(vm, RAM_HIGH_START, vm->ram + vm_low_ram(vm), vm_high_ram(vm));
}

/**
 * vm_memory - where guest memory is
 * @vm: machine
 * @gpa: guest physical address
 * @size: bytes
 *
 * Return: its address, or NULL if not all of it is RAM.
 */
void *vm_memory(struct vm *vm, u64 gpa, u64 size)
{
	u64 low = vm_low_ram(vm), high = vm_high_ram(vm);

	if (gpa < low && size <= low - gpa)
		return vm->ram + gpa;
	if (gpa >= RAM_HIGH_START && gpa - RAM_HIGH_START < high &&
	    size <= high - (gpa - RAM_HIGH_START))
		return vm->ram + low + (gpa - RAM_HIGH_START);
	return NULL;
}

static void create_vp(struct vm *vm, u32 index)
{
	struct mshv_create_vp args = { .vp_index = index };
	struct vp *vp = &vm->vps[index];

	vp->vm = vm;
	vp->index = index;
	vp->fd = check(ioctl(vm->partition, MSHV_CREATE_VP, &args), "MSHV_CREATE_VP");
	need(vp->fd, MSHV_CAP_RUN_VP, "MSHV_RUN_VP");
	need(vp->fd, MSHV_CAP_VP_REGISTERS, "MSHV_SET_VP_REGISTERS");
	need(vp->fd, MSHV_CAP_REGISTER_PAGE, "the register page");
	vp->regs = mmap(NULL, MSHV_HV_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vp->fd,
			MSHV_VP_MMAP_OFFSET_REGISTERS * sysconf(_SC_PAGESIZE));
	if (vp->regs == MAP_FAILED)
		die("register page: %s", strerror(errno));
}

void vp_set_registers(struct vp *vp, const struct hvx_register *regs, u32 count)
{
	struct mshv_vp_registers args = { .count = count, .regs_ptr = (uintptr_t)regs };

	check(ioctl(vp->fd, MSHV_SET_VP_REGISTERS, &args), "MSHV_SET_VP_REGISTERS");
}

void vp_get_registers(struct vp *vp, struct hvx_register *regs, u32 count)
{
	struct mshv_vp_registers args = { .count = count, .regs_ptr = (uintptr_t)regs };

	check(ioctl(vp->fd, MSHV_GET_VP_REGISTERS, &args), "MSHV_GET_VP_REGISTERS");
}

/**
 * vm_create - make the partition
 * @vm: has its size and number of VPs
 * @x2apic: the local APICs are to have their x2APIC mode, if the hypervisor can
 *
 * In the order of the interface: device, partition, properties, initialize,
 * memory, VPs.
 */
void vm_create(struct vm *vm, bool x2apic)
{
	u32 capability = MSHV_CAP_PT_X2APIC, i;

	pthread_mutex_init(&vm->lock, NULL);
	vm->wake = check(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
	vm->device = check(open("/dev/mshv", O_RDWR | O_CLOEXEC), "/dev/mshv");
	need(vm->device, MSHV_CAP_CREATE_PARTITION, "MSHV_CREATE_PARTITION");
	need(vm->device, MSHV_CAP_PT_LAPIC, "partitions with local APICs");
	x2apic = x2apic && check(ioctl(vm->device, MSHV_CHECK_EXTENSION, &capability),
				 "MSHV_CHECK_EXTENSION");
	create_partition(vm, x2apic);
	create_memory(vm);
	for (i = 0; i < vm->nr_vps; i++)
		create_vp(vm, i);
}

/* VPs do not run any more. */
void vm_destroy(struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->nr_vps; i++) {
		munmap(vm->vps[i].regs, MSHV_HV_PAGE_SIZE);
		close(vm->vps[i].fd);
	}
	close(vm->partition);
	close(vm->device);
	munmap(vm->ram, vm->ram_size);
}

struct poller *vm_poll(struct vm *vm, int fd, void (*ready)(void *dev), void *dev)
{
	struct poller *p = &vm->pollers[vm->nr_pollers++];

	if (vm->nr_pollers > MAX_POLLERS)
		die("too many devices");
	*p = (struct poller){ .fd = fd, .ready = ready, .dev = dev };
	return p;
}
