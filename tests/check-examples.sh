#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The example of each manual page is a whole program: it compiles as printed and runs, also where
# IOMMUs could nest in hardware, and the library would choose that.

set -eu
out=$top_builddir/man/examples
mkdir -p "$out"
status=0

library=$top_builddir/lib/.libs/libioasid.so
[ -e "$library" ] || library=$top_builddir/lib/.libs/libioasid.a
LD_LIBRARY_PATH=$top_builddir/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

cat >"$out/hardware" <<EOF
iommu iommu0 address-bits=48 pasid-bits=16 nesting=software,hardware
reserved iommu0 0xfee00000 1M
device 0000:00:01.0 iommu=iommu0 pasid-bits=16
device 0000:00:02.0 iommu=iommu0 pasid-bits=16
device 0000:00:03.0 iommu=iommu0 group=3
device 0000:00:03.1 iommu=iommu0 group=3
EOF

# run PAGE PROGRAM [VARIABLE=VALUE...]
run() {
	name=$1 program=$2
	shift 2
	timeout 60 env "$@" "$program" </dev/null >"$program.out" 2>&1 && return
	cat "$program.out"
	echo "the example of $name fails $*"
	status=1
}

for page in "$top_srcdir"/man/man3/*.3 "$top_srcdir"/man/man7/*.7; do
	[ -e "$page" ] || continue
	program=$out/$(basename "$page" | tr . -)
	awk -f "$top_srcdir/man/example.awk" "$page" >"$program.c"
	[ -s "$program.c" ] || { rm "$program.c"; continue; }
	if ! ${CC:-cc} -Wall -Wextra -Werror ${EXAMPLE_CFLAGS-} -I"$top_srcdir/include" \
			-o "$program" "$program.c" "$library" -pthread; then
		echo "the example of ${page##*/} does not compile"
		status=1
		continue
	fi
	run "${page##*/}" "$program"
	run "${page##*/}" "$program" IOASID_BACKEND=emulated IOASID_PLATFORM="$out/hardware"
done

exit $status
