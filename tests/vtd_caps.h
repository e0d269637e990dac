/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capabilities of VT-d units for tests (VT-d 4.1, 11.4.2 and 11.4.3). */
#ifndef TESTS_VTD_CAPS_H
#define TESTS_VTD_CAPS_H

#include <ioasid/vtd.h>

#define BIT(n) (UINT64_C(1) << (n))

/*
 * 48-bit MGAW, 39- and 48-bit AGAW, 2M and 1G pages, 16-bit domain-ids, first-stage 1G, 5 levels.
 */
#define CAP	 (BIT(60) | BIT(56) | BIT(39) | BIT(35) | BIT(34) | UINT64_C(47) << 16 | 6 << 8 | 6)
#define DT	 BIT(2)
#define PT	 BIT(6)
#define SC	 BIT(7)
#define NEST	 BIT(26)
#define PRS	 BIT(29)
#define SRS	 BIT(31)
#define EAFS	 BIT(34)
#define PSS(n)	 (((uint64_t)(n) - 1) << 35)
#define PASID	 BIT(40)
#define SMTS	 BIT(43)
#define SSADS	 BIT(45)
#define SSTS	 BIT(46)
#define FSTS	 BIT(47)
#define RPS	 BIT(49)
#define ADMS	 BIT(52)
#define RPRIVS	 BIT(53)
#define SCALABLE (SMTS | SSTS | FSTS)
#define ALL	 (DT | PT | SC | NEST | PRS | SRS | PSS(20) | PASID | SCALABLE | RPS | RPRIVS)

static inline struct ioasid_vtd_caps caps_of(uint64_t cap, uint64_t ecap)
{
	struct ioasid_vtd_caps caps;

	ioasid_vtd_caps_init(&caps, cap, ecap);
	return caps;
}

#endif /* TESTS_VTD_CAPS_H */
