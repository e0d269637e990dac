/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Marks the definition of a public function: everything else in lib/ is hidden. */
#ifndef LIB_EXPORT_H
#define LIB_EXPORT_H

#define IOASID_EXPORT __attribute__((visibility("default")))

#endif /* LIB_EXPORT_H */
