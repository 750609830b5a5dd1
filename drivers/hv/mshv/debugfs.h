/* SPDX-License-Identifier: GPL-2.0 */
/* /sys/kernel/debug/mshv: for people, not for programs. */
#ifndef _MSHV_DEBUGFS_H
#define _MSHV_DEBUGFS_H

#include <linux/types.h>

struct dentry;
struct mshv_partition;
struct mshv_stats;
struct mshv_vp;

#define MSHV_DEBUGFS_MODE	0400

/*
 * Nothing here fails: without debugfs, or with one that is switched off, there
 * is just nothing to see. Removing waits for readers.
 */
#ifdef CONFIG_MSHV_DEBUGFS
void mshv_debugfs_init(void);
void mshv_debugfs_exit(void);
void mshv_debugfs_add_partition(struct mshv_partition *pt);
void mshv_debugfs_remove_partition(struct mshv_partition *pt);
void mshv_debugfs_add_vp(struct mshv_vp *vp);
void mshv_debugfs_remove_vp(struct mshv_vp *vp);
#else
static inline void mshv_debugfs_init(void) {}
static inline void mshv_debugfs_exit(void) {}
static inline void mshv_debugfs_add_partition(struct mshv_partition *pt) {}
static inline void mshv_debugfs_remove_partition(struct mshv_partition *pt) {}
static inline void mshv_debugfs_add_vp(struct mshv_vp *vp) {}
static inline void mshv_debugfs_remove_vp(struct mshv_vp *vp) {}
#endif

/* A new directory named by a number. */
struct dentry *mshv_debugfs_number(u64 number, struct dentry *parent);

/* debugfs_stats.c: those of one object, and those of the machine */
#ifdef CONFIG_MSHV_STATS
void mshv_debugfs_add_stats(struct mshv_stats *stats, struct dentry *dir);
void mshv_debugfs_add_machine(struct dentry *dir);
#else
static inline void mshv_debugfs_add_stats(struct mshv_stats *stats, struct dentry *dir) {}
static inline void mshv_debugfs_add_machine(struct dentry *dir) {}
#endif

#endif /* _MSHV_DEBUGFS_H */
