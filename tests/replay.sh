#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# ioasid-replay: nothing differs in what real guests did; the smallest change to what is expected
# does; a lost invalidation is named; malformed captures are refused.

set -eu
replay=$top_builddir/tools/ioasid-replay
data=$top_srcdir/tests/data
[ -x "$replay" ] || { echo "ioasid-replay is not built"; exit 77; }
command -v xz >/dev/null || { echo "xz is not installed"; exit 77; }

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
mkdir "$dir/tmp"
TMPDIR=$dir/tmp
export TMPDIR
failed=0
limit=

complain() {
	echo "FAILED: $1"
	sed 's/^/    /' "$dir/out" "$dir/err"
	failed=1
}

# expect WHAT STATUS PATTERN ARGUMENT...: the exit status, and the last line of all that it says.
expect() {
	what=$1 status=$2 pattern=$3 got=0
	shift 3
	# shellcheck disable=SC2086
	$limit ${EMULATOR-} "$replay" "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
	[ $got = "$status" ] || { complain "$what: exit status $got instead of $status"; return; }
	cat "$dir/out" "$dir/err" | tail -n 1 | grep -q -e "$pattern" ||
		complain "$what: the last line does not match: $pattern"
}

# fresh NAME: a new copy of a capture, in $dir/copy.
fresh() {
	rm -rf "$dir/copy"
	mkdir "$dir/copy"
	tar -C "$dir/copy" --strip-components=1 -xf "$data/$1.tar.xz"
}

# edit FILE LINE PROGRAM: replaces one line by what an awk program makes of it; its fields are
# numbers in hexadecimal, which add() adds to.
edit() {
	awk -v line="$2" '
		function add(field, bytes) { $field = sprintf("0x%x", number($field) + bytes) }
		function number(text,    i, n) {
			for (i = 3; i <= length(text); i++)
				n = n * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
			return n + 0
		}
		NR != line { print; next }
		{ '"$3"' }' "$dir/copy/$1" >"$dir/edited"
	cmp -s "$dir/edited" "$dir/copy/$1" && { echo "FAILED: edit of $1: $3"; failed=1; }
	cat "$dir/edited" >"$dir/copy/$1"
}

real_guests() {
	expect 'legacy mode' 0 '^replay: 30 steps, 90146 descriptors, 7449 runs expected, 0 differing$' \
		"$data/vtd-legacy-strict.tar.xz"
	expect 'device TLBs' 0 '^replay: 14 steps, 8297 descriptors, 2105 runs expected, 0 differing$' \
		"$data/vtd-legacy-ats.tar.xz"
	expect 'second-stage' 0 '^replay: 30 steps, 79718 descriptors, 6320 runs expected, 0 differing$' \
		"$data/vtd-sm-sl.tar.xz"
	expect 'first-stage' 0 '^replay: 30 steps, 39036 descriptors, 7521 runs expected, 0 differing$' \
		"$data/vtd-sm-fl-strict.tar.xz"
	expect 'AArch64 stage 1' 0 '^replay: 18 steps, 2857 descriptors, 4310 runs expected, 0 differing$' \
		"$data/smmuv3-s1-strict.tar.xz"
	# A space filled on demand serves a guest that invalidates new mappings, too.
	expect 'on demand' 0 ', 2105 runs expected, 0 differing$' \
		--fill=demand "$data/vtd-legacy-ats.tar.xz"
	[ -z "$(ls "$TMPDIR")" ] || complain 'the temporary directory is still there'
}

# changed CAPTURE STEP LINE OTHER: each change to one expected run differs; OTHER is another device.
changed() {
	for change in \
		'add(2, -4096); print' \
		'add(3, 4096); print' \
		'add(4, -1); print' \
		'add(4, 4096); print' \
		'$5 = $5 == "rw" ? "r" : "rw"; print' \
		"sub(/^0x0010/, \"$4\"); print" \
		'' \
		'print; print' \
		'print; $2 = "0x7f0000000"; $4 = "0x1000"; print'
	do
		fresh "$1"
		edit "$2.map" "$3" "$change"
		expect "$1, step $2, line $3: $change" 1 '^replay: .*, [1-9][0-9]* differing$' \
			--step="$2" "$dir/copy"
	done
}

# lost CAPTURE N PATTERN: without descriptor N, a device uses what is no more, and the audit says so.
lost() {
	expect "$1 without descriptor $2" 1 '^replay: .*, [1-9][0-9]* differing$' \
		--drop="$2" "$data/$1.tar.xz"
	grep -q "audit: $3" "$dir/out" || complain "$1 without descriptor $2: not named"
	grep -q '^audit: [1-9]' "$dir/out" || complain "$1 without descriptor $2: not counted"
}

not_lost() {
	expect 'nothing is lost without a wait' 0 ', 0 differing$' \
		--drop=9129 "$data/vtd-legacy-strict.tar.xz"
	grep -q '^audit: 0 ' "$dir/out" || complain 'a wait is missed'
}

# A guest that forgets an invalidation, and a capture that has no more than what the guest did.
forgotten() {
	fresh vtd-legacy-ats
	rm "$dir"/copy/*.map "$dir"/copy/*.gone
	expect 'a guest that forgets nothing' 0 '^replay: .*, 0 runs expected, 0 differing$' \
		--audit "$dir/copy"
	grep -q '^audit: 0 ' "$dir/out" || complain 'something is forgotten'
	# Descriptor 8275, the first of its step, becomes a wait.
	printf '\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' |
		dd of="$dir/copy/011.inv" bs=1 conv=notrunc status=none
	expect 'a guest that forgets one' 1 '^replay: .*, 0 differing$' --audit "$dir/copy"
	grep -q '^audit: [1-9]' "$dir/out" || complain 'nothing is forgotten'
	grep -q 'audit: 0000:02:00.0 .* of 0x800000: .* was 0x2400083, is 0x0;' "$dir/out" ||
		complain 'it is not named'
	fresh smmuv3-s1-strict
	rm "$dir"/copy/*.map "$dir"/copy/*.gone
	expect 'one behind an SMMUv3' 0 '^replay: .*, 0 runs expected, 0 differing$' \
		--audit "$dir/copy"
}

malformed() {
	fresh vtd-legacy-ats
	sed -i 's/"iommu": "vtd"/"iommu": "gart"/' "$dir/copy/meta.json"
	expect 'another IOMMU' 2 'gart.*"vtd" and "smmuv3" only' "$dir/copy"
	fresh vtd-legacy-ats
	sed -i 's/"iommu": "vtd"/"iommu": "smmuv3"/' "$dir/copy/meta.json"
	expect "another IOMMU's registers" 2 '"idr0" is missing' "$dir/copy"
	fresh smmuv3-s1-strict
	printf '\17' | dd of="$dir/copy/001.inv" bs=1 seek=32 conv=notrunc status=none
	expect 'an unknown command' 2 '001.inv: offset 32: command unknown' "$dir/copy"

	for file in meta.json 002.pages 002.inv 002.map 006.gone; do
		for cut in 1 17; do
			fresh vtd-legacy-ats
			truncate -s "-$cut" "$dir/copy/$file"
			expect "$file, $cut bytes short" 2 "/$file:" "$dir/copy"
		done
		rm "$dir/copy/$file"
		expect "no $file" 2 "$file: .*No such file" "$dir/copy"
	done
	for record in 002.pages:4104 002.inv:16; do
		fresh vtd-legacy-ats
		truncate -s "-${record#*:}" "$dir/copy/${record%:*}"
		expect "${record%:*}, a record short" 2 'meta.json says' "$dir/copy"
	done

	fresh vtd-legacy-ats
	edit 003.map 7 '$5 = "x"; print'
	expect 'a permission that does not exist' 2 '003.map:7: ' "$dir/copy"
	fresh vtd-legacy-ats
	printf '\377\377\377\377\377\377\377\377' |
		dd of="$dir/copy/000.pages" bs=1 seek=4104 conv=notrunc status=none
	expect 'a page outside memory' 2 '000.pages: offset 4104: ' "$dir/copy"
	fresh vtd-legacy-ats
	printf '\17' | dd of="$dir/copy/001.inv" bs=1 seek=32 conv=notrunc status=none
	expect 'an unknown descriptor' 2 '001.inv: offset 32: ' "$dir/copy"

	head -c 5000 "$data/vtd-legacy-ats.tar.xz" >"$dir/short.tar.xz"
	expect 'an archive cut short' 2 'short.tar.xz: tar could not unpack it' "$dir/short.tar.xz"
	expect 'no capture' 2 'No such file' "$dir/none"
	[ -z "$(ls "$TMPDIR")" ] || complain 'a temporary directory is still there'
}

# page ADDRESS TEXT: a record of a page that holds its 16 bytes again and again.
page() {
	address=$1 text=$2
	for _ in 1 2 3 4 5 6 7 8; do
		text=$text$text
	done
	# shellcheck disable=SC2059
	printf "$address$text"
}

# A capture of one step, of one device with a table all of whose entries are $1.
small() {
	rm -rf "$dir/copy"
	mkdir "$dir/copy"
	: >"$dir/copy/000.gone"
	: >"$dir/copy/000.map"
	# The root table, for each bus; the context table, for each device: domain 1, four levels.
	{
		page '\0\020\0\0\0\0\0\0' '\001\040\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
		page '\0\040\0\0\0\0\0\0' '\001\060\0\0\0\0\0\0\002\001\0\0\0\0\0\0'
		page '\0\060\0\0\0\0\0\0' "$1$1"
	} >"$dir/copy/000.pages"
	printf '\021\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >"$dir/copy/000.inv"
	cat >"$dir/copy/meta.json" <<-'END'
	{ "iommu": "vtd", "cap": "0xd2008c222f0686", "ecap": "0xf00f4e", "rtaddr": "0x1000",
	  "descriptor_bytes": 16, "guest_memory_regions": [["0x0", "0x100000"]],
	  "new_mappings_are_invalidated": true, "steps": 1, "step_info": [{ "label": "one" }],
	  "devices": [{ "sid": "0x10", "name": "disk" }] }
	END
}

# Nothing of a capture is trusted: not its size, nor what it says about itself.
hostile() {
	limit="timeout $(awk "BEGIN { print 120 * ${CK_TIMEOUT_MULTIPLIER:-1} }")"
	small '\0\0\0\0\0\0\0\0'
	expect 'an empty table' 0 ' 1 steps, 1 descriptors, 0 runs expected, 0 differing' "$dir/copy"
	small '\003\060\0\0\0\0\0\0'
	expect 'a table that is all tables below it' 2 'they have [0-9]* runs' "$dir/copy"
	# Of 2^36 entries, none leads to memory.
	small '\003\100\0\0\0\0\0\0'
	{
		page '\0\100\0\0\0\0\0\0' '\003\120\0\0\0\0\0\0\003\120\0\0\0\0\0\0'
		page '\0\120\0\0\0\0\0\0' '\003\140\0\0\0\0\0\0\003\140\0\0\0\0\0\0'
		page '\0\140\0\0\0\0\0\0' '\003\0\020\0\0\0\0\0\003\0\020\0\0\0\0\0'
	} >>"$dir/copy/000.pages"
	expect 'tables that lead nowhere' 2 'they have 0 runs' "$dir/copy"

	small '\0\0\0\0\0\0\0\0'
	sed -i 's/"one"/"on\\u001b[2Je"/' "$dir/copy/meta.json"
	expect 'a label that clears the screen' 0 ', 0 differing' "$dir/copy"
	grep -q 'on?\[2Je' "$dir/out" || complain 'the label reached the terminal'
	small '\0\0\0\0\0\0\0\0'
	sed -i 's/"vtd"/"v\\u001b[2Jtd"/' "$dir/copy/meta.json"
	expect 'an IOMMU that clears the screen' 2 'type "v?\[2Jtd"' "$dir/copy"

	for file in meta.json 000.inv; do
		small '\0\0\0\0\0\0\0\0'
		rm "$dir/copy/$file"
		mkfifo "$dir/copy/$file"
		expect "$file, a pipe" 2 "$file: not a regular file" "$dir/copy"
		rm "$dir/copy/$file"
		ln -s /dev/zero "$dir/copy/$file"
		expect "$file, without end" 2 "$file: not a regular file" "$dir/copy"
	done

	fresh smmuv3-s1-strict
	sed -i 's/"descriptor_bytes": 16/"descriptor_bytes": 32/' "$dir/copy/meta.json"
	expect 'commands of twice the length' 2 '"descriptor_bytes" is not 16' "$dir/copy"
	limit=
}

# full ARGUMENT...: what is printed gets lost, and the exit status says so.
full() {
	got=0
	# shellcheck disable=SC2086
	${EMULATOR-} "$replay" "$@" >/dev/full 2>"$dir/err" </dev/null || got=$?
	[ $got = 2 ] || complain "$1 to a full device: exit status $got"
}

command_line() {
	expect 'no argument' 2 "Try 'ioasid-replay --help'"
	expect 'an unknown option' 2 "Try 'ioasid-replay --help'" --frobnicate
	expect 'a bad number' 2 "Try 'ioasid-replay --help'" --drop=1x "$data/vtd-legacy-ats.tar.xz"
	expect 'a descriptor that is not there' 2 'there are 8297' \
		--drop=8297 "$data/vtd-legacy-ats.tar.xz"
	expect 'a step that is not there' 2 'the last step is 13' \
		--step=14 "$data/vtd-legacy-ats.tar.xz"
	expect 'quiet' 0 '^replay: 1 steps, ' --quiet --step=0 "$data/vtd-legacy-ats.tar.xz"
	[ "$(wc -l <"$dir/out")" = 1 ] || complain 'more than one line with --quiet'
	expect 'help' 0 'Exit status\|does, 2 if' --help
	expect 'version' 0 '^ioasid-replay .*[0-9]' --version
	[ -w /dev/full ] || return 0
	full --help
	full --version
	full --quiet --step=0 "$data/vtd-legacy-ats.tar.xz"
}

real_guests
# Under an emulator that is enough, and takes long.
[ -z "${EMULATOR-}" ] || exit $failed
changed vtd-legacy-ats 002 9 0x0020
changed vtd-sm-fl-strict 000 4 0x0020
changed smmuv3-s1-strict 000 4 0x0018
lost vtd-legacy-ats 8275 '0000:02:00.0 .* no invalidation of 0x800000: .* was 0x2400083, is 0x0;'
lost vtd-legacy-strict 9128 '0000:00:05.0 .* no invalidation of 0x800000: .* was 0x2800083, is 0x0;'
lost vtd-sm-fl-strict 4538 '0000:00:05.0 .* no invalidation of 0x'
lost smmuv3-s1-strict 2577 '0000:00:05.0 .* no invalidation of 0x400000: .* was 0x45600f45, is 0x0;'
not_lost
forgotten
malformed
hostile
command_line
exit $failed
