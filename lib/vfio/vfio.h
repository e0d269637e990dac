/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel back ends have in common: VFIO's PCI devices, as the system shows them. */
#ifndef VFIO_VFIO_H
#define VFIO_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ioasid_space;
struct ioasid_run;

/* Of a name in sysfs, and of a path with two of them. */
#define VFIO_NAME_SIZE 64
#define VFIO_PATH_SIZE (2 * VFIO_NAME_SIZE)

/*
 * pci.c
 * DDDD:BB:SS.F, in lower case as sysfs has it: nothing else becomes a part of a path. 0, or
 * err_set() with -ENODEV.
 */
int vfio_parse_address(const char *name, uint32_t *requester);
/* Are there nodes of groups? 1, 0, or err_set() where nobody can tell. */
int vfio_has_groups(const char *backend);
/* 0, or -ENOENT without a message. */
int vfio_find_group(const char *name, uint32_t *group);
/* The driver that a PCI device is bound to, or NULL. */
const char *vfio_driver(const char *name, char *buffer, size_t size);
/* Does that driver of the device's make it one of VFIO's? 1, 0, or err_set(). */
int vfio_is_driver(const char *name, const char *driver);
/* Is it behind one of AMD's IOMMUs, as their driver shows it? */
bool vfio_has_amd_iommu(const char *name);
/* The physical function of a virtual one, or NULL. */
const char *vfio_physical_function(const char *name, char *buffer, size_t size);

/* diagnose.c: each is err_set(), and gives what that gives. */
/* A back end's node @node cannot be opened; @config, @module: what makes it. */
int vfio_why_no_kernel(const char *node, const char *config, const char *module, int error);
/* 0 if the device is bound to a driver of VFIO's, else -ENODEV. */
int vfio_check_driver(const char *name);
/* The kernel cannot reset the device now: somebody else is at it. err_set(-EBUSY) */
int vfio_not_reset(const char *name);
/* Something that the system shows at @path cannot be looked at: -ENOMEM or -ENODEV. */
int vfio_no_answer(const char *name, const char *path, int error);
/*
 * In a mode of VFIO's, devices do DMA as if there were no IOMMU. 0 if the group is not in it, else
 * -ENODEV; or, unless @none is NULL, 0 and *@none is set.
 */
int vfio_check_isolated(const char *name, uint32_t group, bool *none);
/*
 * The kernel has refused by -EINVAL to take a device away from its own domain. -ENODEV if that is
 * for the firmware, which needs memory mapped one to one for the group; else 0.
 */
int vfio_check_firmware(const char *name, uint32_t group);
/* @node cannot be opened; @config: ", which takes ..." if the kernel need not have such nodes. */
int vfio_why_not_open(const char *name, const char *node, const char *config, int error);
/*
 * The kernel has not said why: finds somebody in the group who is in the way. @otherwise: what else
 * it can be, if there is nobody.
 */
int vfio_why_not_viable(const char *name, uint32_t group, const char *otherwise);
/* Memory could not be locked: for want of it, or because of the limit. @what: for whom. */
int vfio_no_memory(const char *what);
/* The kernel does not map it; @run: with its host address. */
int vfio_why_not_mapped(const struct ioasid_space *space, const struct ioasid_run *run, int error);

/*
 * vtd.c: the last address that the IOMMU of a device translates, where the kernel says @last: by
 * its capability register, if it is a unit of VT-d's; and of a PCI device, whatever its IOMMU is.
 */
uint64_t vfio_vtd_last(uint64_t cap, uint64_t last);
uint64_t vfio_last_address(const char *name, uint64_t last);

/*
 * token.c: VF tokens, UUIDs of 16 bytes. A function of a device with SR-IOV is for those who share
 * one with who has the others.
 */
#define VFIO_UUID_SIZE 37
void vfio_token_text(const uint8_t *token, char text[VFIO_UUID_SIZE]);
/* err_set(-EACCES), as the kernel says: it wants one, or another than was @given. */
int vfio_wants_token(const char *name, bool given);
/*
 * The kernel has refused by -EINVAL to give the device for a token. The same if that is because it
 * wants none, else 0.
 */
int vfio_check_token(const char *name);

/*
 * locked.c: how much memory the process has locked, by the line of /proc/self/status that begins
 * with @key, in bytes, and how much it may. UINT64_MAX: not known; no limit.
 */
void vfio_locked(const char *key, uint64_t *bytes, uint64_t *limit);

#endif
