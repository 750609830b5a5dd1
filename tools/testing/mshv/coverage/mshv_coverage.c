// SPDX-License-Identifier: GPL-2.0
/*
 * Which blocks of instructions were executed, of modules that the compiler has put
 * calls to __sanitizer_cov_trace_pc() into. KCOV does that for system calls, task by
 * task, in kernels that have it; this counts everything, interrupt handlers included,
 * in any kernel without KCOV.
 *
 * The places are read from debugfs, mshv_coverage, a line each. They stay when the
 * module in question is unloaded.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/debugfs.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#define PLACES_SHIFT	16
#define PLACES		BIT(PLACES_SHIFT)

/* By hash, the next free place if that one is taken; 0: free */
static unsigned long places[PLACES];

static struct dentry *file;

void __sanitizer_cov_trace_pc(void);

/* In any context. */
notrace void __sanitizer_cov_trace_pc(void)
{
	unsigned long pc = _RET_IP_;
	unsigned int i, at = hash_long(pc, PLACES_SHIFT);

	for (i = 0; i < PLACES; i++, at = (at + 1) % PLACES) {
		unsigned long place = READ_ONCE(places[at]);

		if (!place)
			place = cmpxchg(&places[at], 0, pc) ?: pc;
		if (place == pc)
			return;
	}
}
EXPORT_SYMBOL(__sanitizer_cov_trace_pc);

static int coverage_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; i < PLACES; i++)
		if (places[i])
			seq_printf(m, "%lx\n", places[i]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(coverage);

static int __init coverage_init(void)
{
	file = debugfs_create_file("mshv_coverage", 0400, NULL, NULL, &coverage_fops);
	return PTR_ERR_OR_ZERO(file);
}

static void __exit coverage_exit(void)
{
	debugfs_remove(file);
}

module_init(coverage_init);
module_exit(coverage_exit);

MODULE_DESCRIPTION("Which instructions of other modules were executed");
MODULE_LICENSE("GPL");
