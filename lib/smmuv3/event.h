/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event records (7.3): faults as an SMMU tells its driver of them. */
#ifndef SMMUV3_EVENT_H
#define SMMUV3_EVENT_H

#include <ioasid/event.h>

/*
 * The record of a fault, little-endian, in the name of the StreamID virtual_id. False if there is
 * none: the fault is the parent's, or one that the device is told of itself.
 */
bool smmu_event_encode(const struct ioasid_event *event, uint64_t record[4]);
/* Makes it another one of the same layout: of those about a SubstreamID, which have no address. */
void smmu_event_set_code(uint64_t record[4], uint8_t code);

/*
 * What a record says, in @event: a FAULT with all that the record has of it. False: its number is
 * not known, and @event gets but the virtual_id.
 */
bool smmu_event_decode(const uint64_t record[4], struct ioasid_event *event);

#endif
