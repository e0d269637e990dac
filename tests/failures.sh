#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The examples on a platform where something fails: each says what it was, and ends with 1.

set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0 fired=0

# run EXAMPLE: with the failure in $dir/platform
run() {
	got=0
	IOASID_PLATFORM=$dir/platform IOASID_BACKEND=emulated \
		${EMULATOR-} "$top_builddir/examples/$1" >"$dir/out" 2>"$dir/err" || got=$?
	if grep -q 'description lets it fail' "$dir/err"; then
		fired=$((fired + 1))
		[ $got = 1 ] || { echo "FAILED: $1, $line: exit status $got"; failed=1; }
	elif [ $got != 0 ]; then
		echo "FAILED: $1, $line: exit status $got without the reason"
		sed 's/^/    /' "$dir/err"
		failed=1
	fi
}

for example in two-devices two-devices-software-nesting guest-sva dirty-tracking; do
	for operation in open bind create register map unmap attach replace detach bind-table \
		invalidate queue channel dirty; do
		line="fail $operation at=1 errno=EIO"
		cat >"$dir/platform" <<-EOF
		iommu iommu0 address-bits=48 pasid-bits=16
		reserved iommu0 0xfee00000 1M
		device 0000:00:01.0 iommu=iommu0 group=1 pasid-bits=16
		device 0000:00:02.0 iommu=iommu0 group=2 pasid-bits=16
		$line
		EOF
		run "$example"
	done
done
echo "$fired failures"
[ $fired -ge 25 ] || failed=1
exit $failed
