#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds the fuzzers for libFuzzer: build.sh SOURCE-TREE "FUZZERS" LIBRARY-SOURCE...
# Environment: FUZZ_CC, FUZZ_REFEREE, JANSSON_CFLAGS, JANSSON_LIBS. Called by "make fuzz".
set -e

top=$1
fuzzers=$2
shift 2
mkdir -p fuzz/lib fuzz/referee

flags="-std=gnu11 -D_GNU_SOURCE -pthread -I. -I$top/include -I$top/lib -I$top/tests
	-I$top/tools/replay $JANSSON_CFLAGS -DSTRIP_CROWD=2"
sanitize="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"
# Comparisons are not traced: what is compared most are entries of page tables, by the thousand.
cover="-fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp"

if ! echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { (void)d; return n < 0; }' |
	$FUZZ_CC -fsanitize=fuzzer,address,undefined -x c - -o fuzz/try 2>fuzz/try.log; then
	echo "$FUZZ_CC cannot build for libFuzzer, see fuzz/try.log. Install clang, or name another" >&2
	echo "compiler that has libFuzzer: make fuzz FUZZ_CC=clang-19" >&2
	exit 1
fi
rm -f fuzz/try fuzz/try.log

for file; do
	$FUZZ_CC $flags $sanitize $cover -c "$top/$file" -o "fuzz/lib/$(echo "$file" | tr / _).o"
done
for file in $FUZZ_REFEREE; do
	$FUZZ_CC $flags -O2 -g -c "$top/$file" -o "fuzz/referee/$(basename "$file").o"
done

for fuzzer in $fuzzers; do
	name=${fuzzer##*/fuzz-}
	more=
	case $name in
	calls)
		more="$top/tests/fuzz/calls_dma.c $top/tests/fuzz/calls_faults.c
			$top/tests/fuzz/calls_state.c $top/tests/fuzz/calls_tables.c
			$top/tests/fuzz/calls_viommu.c $top/tests/fuzz/calls_queues.c" ;;
	capture)
		more="$top/tools/replay/capture.c $top/tools/replay/file.c $top/tools/replay/meta.c
			$top/tools/replay/smmuv3.c $top/tools/replay/unpack.c
			$top/tools/replay/util.c $top/tools/replay/vtd.c $JANSSON_LIBS" ;;
	guest)	more=$(echo fuzz/referee/*.o) ;;
	pasid)	more=$top/tests/fuzz/pasid_guest.c ;;
	esac
	$FUZZ_CC $flags $sanitize -fsanitize=fuzzer "$top/tests/fuzz/$name.c" $more fuzz/lib/*.o \
		-o "fuzz/fuzz-$name"
	echo "  FUZZ     fuzz/fuzz-$name"
done
