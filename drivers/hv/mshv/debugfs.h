/* SPDX-License-Identifier: GPL-2.0 */
/* /sys/kernel/debug/mshv: for people, not for programs. */
#ifndef _MSHV_DEBUGFS_H
#define _MSHV_DEBUGFS_H

struct mshv_partition;
struct mshv_vp;

/*
 * Nothing here fails: without debugfs, or with one that is switched off, there
 * is just nothing to see. Removing waits for readers.
 */
#ifdef CONFIG_DEBUG_FS
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

#endif /* _MSHV_DEBUGFS_H */
