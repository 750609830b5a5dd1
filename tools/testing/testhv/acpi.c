// SPDX-License-Identifier: GPL-2.0
/* ACPI: processors and the power management port (ACPI 6.4, chapter 5). */
#include "acpi.h"

#include "lib.h"
#include "mem.h"
#include "panic.h"

#define RSDP_START		0xe0000
#define RSDP_END		0x100000
#define RSDP_ALIGN		16
#define RSDP_V1_SIZE		20

#define MADT_LOCAL_APIC		0
#define MADT_ENABLED		BIT(0)

struct rsdp {
	char signature[8];
	u8 checksum;
	char oem[6];
	u8 revision;
	u32 rsdt;
} __packed;

struct acpi_table {
	char signature[4];
	u32 length;
	u8 revision;
	u8 checksum;
	char oem[6], oem_table[8];
	u32 oem_revision, creator, creator_revision;
} __packed;

struct madt {
	struct acpi_table h;
	u32 local_apic;
	u32 flags;
} __packed;

struct madt_entry {
	u8 type;
	u8 length;
} __packed;

struct madt_local_apic {
	struct madt_entry h;
	u8 processor;
	u8 apic_id;
	u32 flags;
} __packed;

struct fadt {
	struct acpi_table h;
	u32 facs, dsdt;
	u8 model, profile;
	u16 sci_int;
	u32 smi_cmd;
	u8 acpi_enable, acpi_disable, s4bios_req, pstate_cnt;
	u32 pm1a_evt, pm1b_evt, pm1a_cnt;
} __packed;

static u8 sum(const void *p, size_t n)
{
	const u8 *b = p;
	u8 s = 0;

	while (n--)
		s += *b++;
	return s;
}

static const struct rsdp *find_rsdp(void)
{
	u64 pa;

	for (pa = RSDP_START; pa < RSDP_END; pa += RSDP_ALIGN) {
		const struct rsdp *r = phys_to_virt(pa);

		if (!memcmp(r->signature, "RSD PTR ", 8) && !sum(r, RSDP_V1_SIZE))
			return r;
	}
	return NULL;
}

static struct acpi_table *find_table(const char *signature)
{
	const struct rsdp *rsdp = find_rsdp();
	const struct acpi_table *rsdt;
	const u32 *entry;
	unsigned int i, nr;

	if (!rsdp)
		config_error("the firmware has no ACPI tables");
	rsdt = phys_to_virt(rsdp->rsdt);
	entry = (const u32 *)(rsdt + 1);
	nr = (rsdt->length - sizeof(*rsdt)) / sizeof(*entry);
	for (i = 0; i < nr; i++) {
		struct acpi_table *t = phys_to_virt(entry[i]);

		if (!memcmp(t->signature, signature, 4))
			return t;
	}
	return NULL;
}

static struct madt *find_madt(void)
{
	struct madt *madt = (struct madt *)find_table("APIC");

	if (!madt)
		config_error("the firmware has no ACPI processor table");
	return madt;
}

/* The next processor that is enabled, from @pos on, which then is behind it */
static struct madt_local_apic *next_cpu(struct madt *madt, u64 *pos)
{
	u64 end = (u64)madt + madt->h.length;

	while (*pos + sizeof(struct madt_entry) <= end) {
		struct madt_local_apic *e = (struct madt_local_apic *)*pos;

		if (!e->h.length)
			break;
		*pos += e->h.length;
		if (e->h.type == MADT_LOCAL_APIC && e->flags & MADT_ENABLED)
			return e;
	}
	return NULL;
}

unsigned int acpi_cpus(u32 *apic_ids, unsigned int max)
{
	struct madt *madt = find_madt();
	struct madt_local_apic *e;
	u64 pos = (u64)(madt + 1);
	unsigned int nr = 0;

	while ((e = next_cpu(madt, &pos))) {
		if (nr == max)
			config_error("more than %u processors", max);
		apic_ids[nr++] = e->apic_id;
	}
	return nr;
}

static const struct fadt *find_fadt(void)
{
	const struct fadt *fadt = (struct fadt *)find_table("FACP");

	return fadt && fadt->h.length >= sizeof(*fadt) ? fadt : NULL;
}

/*
 * The devices in the DSDT carry their entries of the MADT (_MAT), and the root
 * would take a processor that is in its device only for one that was plugged in.
 */
static void disable_device(struct madt_local_apic cpu)
{
	const struct fadt *fadt = find_fadt();
	struct acpi_table *dsdt;
	u64 pos, end;

	if (!fadt)
		return;
	dsdt = phys_to_virt(fadt->dsdt);
	end = (u64)dsdt + dsdt->length;
	for (pos = (u64)(dsdt + 1); pos + sizeof(cpu) <= end; pos++)
		if (!memcmp((void *)pos, &cpu, sizeof(cpu)))
			((struct madt_local_apic *)pos)->flags = 0;
	dsdt->checksum -= sum(dsdt, dsdt->length);
}

void acpi_hide_cpus(unsigned int first, unsigned int nr)
{
	struct madt *madt = find_madt();
	struct madt_local_apic *e;
	u64 pos = (u64)(madt + 1);
	unsigned int i;

	for (i = 0; (e = next_cpu(madt, &pos)); i++) {
		if (i < first || i - first >= nr)
			continue;
		disable_device(*e);
		memmove(e, (void *)pos, (u64)madt + madt->h.length - pos);
		madt->h.length -= pos - (u64)e;
		pos = (u64)e;
	}
	madt->h.checksum -= sum(madt, madt->h.length);
}

u16 acpi_pm1a_control(void)
{
	const struct fadt *fadt = find_fadt();

	return fadt ? fadt->pm1a_cnt : 0;
}
