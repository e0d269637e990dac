/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file ioasid.h
 * All of libioasid, except the helpers for particular IOMMUs (ioasid/vtd.h,
 * ioasid/smmuv3.h, ioasid/amd.h, ioasid/riscv.h, ioasid/virtio.h).
 */
#ifndef IOASID_IOASID_H
#define IOASID_IOASID_H

#include <ioasid/adopt.h>
#include <ioasid/common.h>
#include <ioasid/ctx.h>
#include <ioasid/device.h>
#include <ioasid/dirty.h>
#include <ioasid/dma.h>
#include <ioasid/event.h>
#include <ioasid/fault.h>
#include <ioasid/inv.h>
#include <ioasid/mapping.h>
#include <ioasid/pasid.h>
#include <ioasid/pgtable.h>
#include <ioasid/platform.h>
#include <ioasid/raw.h>
#include <ioasid/space.h>
#include <ioasid/version.h>
#include <ioasid/vfio.h>
#include <ioasid/viommu.h>

#endif
