#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Binds an object of the host world to the C library.
#
#	bind-libc.sh IN.o OUT.o [LIBRARY.so ...]
#
# The kernel and libc both define memcpy, snprintf, sort and many more, and they
# end up in one executable.  In OUT.o each undefined symbol that libc (or one of
# the libraries named) defines carries that library's version, as in
# memcpy@GLIBC_2.14, and no kernel symbol is called that.  Of what IN.o defines
# itself, only main, host_* and um_*_main stay global.  Whatever is left undefined must be a
# callback, um_*, or weak: that is how one asks for what libc may not have.
#
# CC, NM, OBJCOPY and READELF name the tools.

set -e

CC=${CC:-cc}
NM=${NM:-nm}
OBJCOPY=${OBJCOPY:-objcopy}
READELF=${READELF:-readelf}

in=$1
out=$2
shift 2

tmp=$out.tmp
trap 'rm -f "$tmp.undef" "$tmp.vers" "$tmp.redef"' EXIT

# Only the dynamic linker's own symbols are not in libc.so.6 on new systems, and
# threads are elsewhere on old ones.
libs=
for lib in libc.so.6 ld-linux-x86-64.so.2 libpthread.so.0 "$@"; do
	path=$($CC -print-file-name="$lib")
	case $path in
	/*)	libs="$libs $path" ;;
	*)	# gcc does not look for the dynamic linker where it finds libc.
		dir=$(dirname "$($CC -print-file-name=libc.so.6)")
		if [ -e "$dir/$lib" ]; then
			libs="$libs $dir/$lib"
		fi
		;;
	esac
done
case $libs in
*/libc.so.6*) ;;
*)	echo "$0: $CC finds no libc.so.6" >&2
	exit 1
	;;
esac

LC_ALL=C $NM -u "$in" | awk '$(NF - 1) == "U" { print $NF }' >"$tmp.undef"

# Num: Value Size Type Bind Vis Ndx Name; a default version has two @.
LC_ALL=C $READELF -W --dyn-syms $libs |
	awk '$7 != "UND" && $8 ~ /@@/ { sub(/@@/, " ", $8); print $8 }' \
	>"$tmp.vers"

awk -v redef="$tmp.redef" -v me="$0" '
	NR == FNR {
		if (!($1 in version))
			version[$1] = $2
		next
	}
	$1 in version {
		print $1, $1 "@" version[$1] >redef
		next
	}
	$1 !~ /^um_|^_GLOBAL_OFFSET_TABLE_$|@/ {
		print me ": nothing defines " $1 >"/dev/stderr"
		bad = 1
	}
	END { exit bad }
' "$tmp.vers" "$tmp.undef"

touch "$tmp.redef"
$OBJCOPY --redefine-syms="$tmp.redef" --wildcard \
	--keep-global-symbol=main --keep-global-symbol='host_*' \
	--keep-global-symbol='um_*_main' "$in" "$out"
