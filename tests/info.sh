#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# ioasid-info: of the emulated back end it says what the README says, and of a device what the
# platform's description says.

set -eu
info=$top_builddir/tools/ioasid-info
[ -x "$info" ] || { echo "ioasid-info is not built"; exit 77; }

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset IOASID_PLATFORM IOASID_BACKEND
failed=0

complain() {
	echo "FAILED: $*"
	sed 's/^/    /' "$dir/out" "$dir/err"
	failed=1
}

# run STATUS ARGUMENT...
run() {
	status=$1 got=0
	shift
	# shellcheck disable=SC2086
	${EMULATOR-} "$info" "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
	[ $got = "$status" ] || complain "$*: exit status $got instead of $status"
}

# says FILE LINE...: each line is there, however many spaces are between its words.
says() {
	tr -s ' ' <"$dir/$1" | sed 's/^ //' >"$dir/squeezed"
	shift
	for line; do
		grep -qxF -e "$line" "$dir/squeezed" || complain "it does not say: $line"
	done
}

cat >"$dir/platform" <<'END'
iommu narrow address-bits=39 formats=vtd-ss,riscv nesting=none page-requests=none
iommu wide address-bits=57 pasid-bits=20 nesting=software,hardware formats=vtd-fs
device 0000:00:02.0 iommu=narrow group=7
device 0000:01:1f.5 iommu=wide pasid-bits=20
reserved narrow 0xfee00000 1M
reserved 0000:00:02.0 0x10000 64K
END

# The table has each of the README's capabilities. What depends on the platform: not by default.
run 0 --backend=emulated
says out 'emulated works' "device 0000:00:02.0 iommu=iommu0 group=2 pasid-bits=16"
awk '/^    [a-z-]+ +(yes|-|platform) / { print $1, $2 == "yes" ? "yes" : "no" }' \
	"$top_srcdir/README" >"$dir/capabilities"
[ "$(wc -l <"$dir/capabilities")" -ge 20 ] || complain "the README has no table"
while read -r capability; do
	says out "$capability"
done <"$dir/capabilities"

run 0 --backend=emulated --verbose
grep -A1 '^no-iommu ' "$dir/out" | grep -q '^    emulated: ' || complain "--verbose says no reason"

# One that is empty names no file, as for ioasid_ctx_open(3).
IOASID_PLATFORM='' run 0 -b emulated
says out "device 0000:00:02.0 iommu=iommu0 group=2 pasid-bits=16"

export IOASID_PLATFORM="$dir/platform"
run 0 -b emulated
says out "$(sed -n 3p "$dir/platform")" 'nesting-hardware yes'
run 0 -b emulated 0000:00:02.0
says out '0000:00:02.0 on emulated' 'requester ID 0x0010 (00:02.0)' 'isolation group 7' \
	'address bits 39' 'PASID bits 0' 'page requests no' 'nesting in software no' \
	'nesting in hardware no' 'reserved 0xfee00000-0xfeefffff' 'reserved 0x10000-0x1ffff'
run 0 -b emulated 0000:01:1f.5
says out 'requester ID 0x01fd (01:1f.5)' 'address bits 57' 'PASID bits 20' 'page requests yes' \
	'nesting in software yes' 'nesting in hardware yes' 'page tables vtd-fs' 'reserved none'

run 1 -b emulated 0000:00:02.0 0000:00:09.0 0000:01:1f.5
says out '0000:00:02.0 on emulated' '0000:01:1f.5 on emulated'
grep -q '0000:00:09.0' "$dir/err" || complain 'it does not name the device that is not there'
run 1 -b nonsense
run 1 -b nonsense 0000:00:02.0
grep -q nonsense "$dir/err" || complain 'it does not name the back end'
echo 'device' >"$dir/platform"
run 1 -b emulated 0000:00:02.0
grep -q 'platform' "$dir/err" || complain 'it does not say what is wrong with the platform'
run 1 -b emulated
[ "$(grep -c 'platform: line 1' "$dir/err")" = 1 ] ||
	complain 'it does not say once what is wrong with the platform'

# In a sysfs of our own: what is VFIO's, whatever its driver is called.
unset IOASID_PLATFORM
device() {
	mkdir -p "$dir/pci/$1"
	ln -s "../groups/$2" "$dir/pci/$1/iommu_group"
	[ -z "$3" ] || ln -s "../drivers/$3" "$dir/pci/$1/driver"
}
device 0000:01:00.0 1 vfio-pci
device 0000:01:00.1 2 mlx5_vfio_pci
device 0000:01:00.2 3 nvidia
device 0000:01:00.3 4 nvidia
device 0000:01:00.4 5 ''
mkdir -p "$dir/pci/0000:01:00.3/vfio-dev/vfio0"
# shellcheck disable=SC2016
bound='mount --bind "$1" /sys/bus/pci/devices && shift && exec "$@"'
if unshare -rm sh -c "$bound" - "$dir/pci" true 2>/dev/null; then
	# shellcheck disable=SC2086
	unshare -rm sh -c "$bound" - "$dir/pci" ${EMULATOR-} "$info" >"$dir/out" 2>"$dir/err" ||
		complain "exit status $? in a sysfs of our own"
	says out '0000:01:00.0 group 1 vfio-pci, can be bound' \
		'0000:01:00.1 group 2 mlx5_vfio_pci, can be bound' '0000:01:00.2 group 3 nvidia' \
		'0000:01:00.3 group 4 nvidia, can be bound' '0000:01:00.4 group 5 no driver'
fi

run 2 --nonsense
run 0 --help
run 0 --version
says out "ioasid-info (libioasid) $(sed -n 's/^AC_INIT(\[libioasid\], \[\([^]]*\).*/\1/p' \
	"$top_srcdir/configure.ac")"
if [ -w /dev/full ]; then
	got=0
	# shellcheck disable=SC2086
	${EMULATOR-} "$info" --help >/dev/full 2>/dev/null || got=$?
	[ $got = 1 ] || complain "--help to a full device: exit status $got"
fi

exit $failed
