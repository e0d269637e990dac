#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# make check-growth: structures that begin with their size can grow. With one member more in each, the
# library runs the manual's programs as they are compiled today; and today's library runs those that
# are compiled with that member, which is 0 in them.

set -eu
dir=$top_builddir/growth
rm -rf "$dir"
mkdir -p "$dir/include/ioasid" "$dir/later/lib/.libs" "$dir/now/lib" "$dir/objects"
[ -e "$top_builddir/lib/.libs/libioasid.so" ] || { echo 'this takes a shared library'; exit 77; }
status=0

for header in "$top_srcdir"/include/ioasid/*.h; do
	awk '/^struct ioasid_[a-z0-9_]+ \{$/ { name = $2 }
	     /^\tsize_t size;$/ { grows = 1; print name >>names }
	     /^};$/ && grows { print "\tuint8_t later;"; grows = 0 }
	     { print }' names="$dir/names" "$header" >"$dir/include/ioasid/${header##*/}"
done
[ "$(wc -l <"$dir/names")" -ge 30 ] || { echo 'no structure begins with its size'; exit 1; }

# sizes FOLDER: of all that may grow, with that folder's headers.
sizes() {
	{
		sed 's|.*/|#include <ioasid/|; s|$|>|'
		echo '#include <stdio.h>'
		echo 'int main(void) {'
		sed 's/.*/printf("%s %zu\\n", "&", sizeof(struct &));/' "$dir/names"
		echo 'return 0; }'
	} >"$dir/sizes.c" <<-END
	$(ls "$1"/ioasid/*.h)
	END
	${CC:-cc} -I"$1" -o "$dir/sizes" "$dir/sizes.c" && "$dir/sizes"
}

# A member that goes where nothing was is not noticed, and no initialiser need have set what it finds.
sizes "$top_srcdir/include" >"$dir/sizes-now"
sizes "$dir/include" >"$dir/sizes-later"
for name in $(sort "$dir/sizes-now" "$dir/sizes-later" | uniq -d | sed 's/ .*//'); do
	echo "struct $name ends in padding"
	status=1
done

(cd "$top_srcdir" && find lib -name '*.c') >"$dir/files"
while read -r file; do
	${CC:-cc} -O0 -fPIC -fvisibility=hidden -std=gnu11 -pthread -I"$dir/include" -I"$top_srcdir/lib" \
		-D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DHAVE_IOMMUFD=1 -DHAVE_TYPE1=1 -c \
		-o "$dir/objects/$(echo "$file" | tr / _).o" "$top_srcdir/$file"
done <"$dir/files"
soname=$(cd "$top_builddir/lib/.libs" && ls libioasid.so.[0-9] libioasid.so.[0-9][0-9] 2>/dev/null || :)
later=$dir/later/lib/.libs
${CC:-cc} -shared -pthread -Wl,-soname,"$soname" -Wl,--version-script="$top_srcdir/lib/libioasid.map" \
	-o "$later/$soname" "$dir"/objects/*.o
ln -s "$soname" "$later/libioasid.so"
ln -s "$(cd "$top_builddir/lib/.libs" && pwd)" "$dir/now/lib/.libs"

echo "today's programs, later's library"
top_builddir=$dir/later sh "$top_srcdir/tests/check-examples.sh" || status=1
echo "later's programs, today's library"
EXAMPLE_CFLAGS="${EXAMPLE_CFLAGS-} -I$dir/include" top_builddir=$dir/now \
	sh "$top_srcdir/tests/check-examples.sh" || status=1
exit $status
