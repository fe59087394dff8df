#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The real work that bench measures, in the folder /bench of a Debian tree: on
# the host in a chroot, in a guest under bench-init.
#
# usage: work.sh RUNS ROW,ROW...
runs=$1
rows=$2
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/root
LC_ALL=C
TMPDIR=/bench/tmp
export PATH HOME LC_ALL TMPDIR DEBIAN_FRONTEND=noninteractive
cd /bench || exit 1
rm -rf tmp tree
mkdir tmp

# Whether a row is wanted, and what it needs is there.
row()
{
	case ,$rows, in
	*,$1,*)	;;
	*)	return 1 ;;
	esac
	for need in $2; do
		if [ ! -e "$need" ] && ! command -v "$need" >/dev/null; then
			echo "@@SKIP $1 no $need in the image"
			return 1
		fi
	done
}

if row compile 'gcc make program'; then
	./worktime compile "$runs" 'make -s -C program clean' 'make -s -C program -j2'
fi

if row tree 'tar find tree.tar'; then
	i=0
	while [ $i -lt "$runs" ]; do
		./worktime untar 1 'rm -rf tree; mkdir tree; cat tree.tar >/dev/null' \
			'tar -xf tree.tar -C tree' || break
		./worktime find 1 : 'find tree -type f -size +1k | wc -l'
		./worktime remove 1 : 'rm -rf tree'
		i=$((i + 1))
	done
fi

if row python 'python3'; then
	# Once before, so that the files are in memory and compiled.
	./worktime python "$runs" 'python3 -c pass; python3 -c pass' \
		'i=0; while [ $i -lt 40 ]; do python3 -c pass; i=$((i + 1)); done'
fi

if row dpkg 'dpkg package.deb'; then
	name=$(dpkg-deb -f package.deb Package)
	i=0
	while [ $i -lt "$runs" ]; do
		./worktime dpkg_install 1 \
			"dpkg --force-all --purge $name; cat package.deb >/dev/null" \
			'dpkg --force-all -i package.deb' || break
		./worktime dpkg_purge 1 : "dpkg --force-all --purge $name"
		i=$((i + 1))
	done
fi

if row sqlite 'python3 transactions.py'; then
	./worktime sqlite "$runs" 'rm -f tmp/test.db*' 'python3 transactions.py tmp/test.db 200'
fi
