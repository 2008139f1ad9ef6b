#!/bin/sh
# llvm-mca's core models applied to the inner loops that core/base/hot_loop.h marks, taken from the
# objects as shipped. A model has no caches or memory: it shows whether a loop's own instructions keep
# the multiply-add units busy, not its throughput.
# usage: inner_loops.sh LLVM_MCA OBJDUMP [--check TABLE] --folder NAME OBJECT... [--folder ...]...
#
# Prints a line of CSV for each loop and model: folder, loop, model, fused multiply-adds and cycles per
# iteration, the cycles that the model's units alone need (Block RThroughput), and
#     percent = 100 * fmas * r / cycles, r = the same number for one multiply-add of that width alone
# A loop is compiled for several numbers of rows, so its number of multiply-adds is part of its name;
# among equal copies the worst is printed.
#
# With --check every loop must be in TABLE, and fails if its percentage is below the table's. The
# largest loop of each name must also reach 90 % in avx512 on skylake-avx512, in avx512m on znver4 and
# in neon; the smaller ones are for remaining rows.
# LLVM before 19 has one multiply-add pipe in its neoverse models; it is not used (exit status 77).
set -eu
here=$(dirname "$0")
mca=$1 objdump=$2
shift 2
command -v "$mca" >/dev/null 2>&1 || {
	echo "skipped: there is no llvm-mca ($mca); Debian's package is llvm-19"
	exit 77
}
version=$("$mca" --version | sed -n 's/.*LLVM version \([0-9]*\).*/\1/p')
[ "${version:-0}" -ge 19 ] || {
	echo "skipped: the models of llvm-mca ${version:-?} are too old; 19 is needed"
	exit 77
}
table=
case $1 in
--check)
	table=$2
	shift 2
	;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

number() { # label file: the number after the label in llvm-mca's summary
	sed -n "s/^$1: *\([0-9.]*\)\$/\1/p" "$2"
}

ask() { # triple model file answer
	"$mca" -mtriple="$1" -mcpu="$2" -iterations=200 -instruction-info=0 -resource-pressure=0 \
		"$3" >"$4" || {
		echo "llvm-mca does not read $3"
		cat "$3"
		exit 1
	}
}

rows() { # folder: of the loops in $work/loops
	case $1 in
	*avx512 | *avx512m)
		triple=x86_64 models='skylake-avx512 icelake-server znver4'
		fma='vfmadd231ps %zmm0, %zmm1, %zmm2'
		;;
	*avx2)
		triple=x86_64 models='skylake-avx512 icelake-server znver3 znver4'
		fma='vfmadd231ps %ymm0, %ymm1, %ymm2'
		;;
	*neon)
		triple=aarch64 models='neoverse-n1 neoverse-v1'
		fma='fmla v2.4s, v0.4s, v1.4s'
		;;
	*)
		echo "no models for $1" >&2
		exit 1
		;;
	esac
	# Twenty, because llvm-mca prints a quarter of a cycle as 0.3.
	awk -v fma="$fma" 'BEGIN { for (i = 0; i < 20; i++) print fma }' >"$work/fma.s"
	for model in $models; do
		ask $triple "$model" "$work/fma.s" "$work/answer"
		one=$(number 'Block RThroughput' "$work/answer")
		seen=
		for loop in "$work"/loops/*.s; do
			sum=$(cksum <"$loop")
			case $seen in *"($sum)"*) continue ;; esac
			seen="$seen($sum)"
			ask $triple "$model" "$loop" "$work/answer"
			name=${loop##*/}
			awk -v folder="$1" -v loop="${name%%.*}" -v model="$model" -v one="$one" \
				-v fmas="$(sed -n '1s/.*fmas //p' "$loop")" \
				-v cycles="$(number 'Total Cycles' "$work/answer")" \
				-v block="$(number 'Block RThroughput' "$work/answer")" 'BEGIN {
				printf "%s,%s,%s,%d,%.1f,%.1f,%.1f\n", folder, loop, model, fmas, cycles / 200,
					block, 100 * fmas * one / 20 / (cycles / 200)
			}'
		done
	done
}

: >"$work/rows"
finish_folder() {
	[ -n "$folder" ] || return 0
	mkdir "$work/loops"
	eval "sh '$here/hot_loops.sh' '$objdump' '--loops=$work/loops' --folder '$folder' $objects" \
		>"$work/found" || {
		cat "$work/found"
		exit 1
	}
	rows "$folder" >>"$work/rows"
	rm -rf "$work/loops"
}
folder='' objects=''
while [ $# -gt 0 ]; do
	if [ "$1" = --folder ]; then
		finish_folder
		folder=$2 objects=''
		shift 2
	else
		objects="$objects '$1'"
		shift
	fi
done
finish_folder

# The worst copy of each loop on each model.
sort -t , -k 1,3 -k 4,4n -k 7,7g "$work/rows" | awk -F , '!seen[$1, $2, $3, $4]++' >"$work/table"
[ -s "$work/table" ] || {
	echo "no loops"
	exit 1
}
cp "$work/table" "$work/table.again"
echo "folder,loop,model,fmas,cycles,block_rthroughput,percent"
cat "$work/table"
[ -n "$table" ] || exit 0
awk -F , -v gate=90 '
	function fault(text) {
		print "FAULT " $1 " " $2 " of " $4 " multiply-adds on " $3 ": " text
		faults++
	}
	FILENAME == ARGV[1] { recorded[$1, $2, $3, $4] = $7; next }
	FILENAME == ARGV[2] {
		if ($4 + 0 > largest[$1, $2] + 0) largest[$1, $2] = $4
		next
	}
	{
		if (!(($1, $2, $3, $4) in recorded)) fault("it is not in the table")
		else if ($7 + 0.1 < recorded[$1, $2, $3, $4])
			fault($7 " % of the peak; the table has " recorded[$1, $2, $3, $4])
		gated = ($1 ~ /avx512$/ && $3 == "skylake-avx512") ||
			($1 ~ /avx512m$/ && $3 == "znver4") || $1 ~ /neon$/
		if (gated && $4 == largest[$1, $2] && $7 < gate) fault($7 " % of the peak, not " gate)
	}
	END { exit faults > 0 }' "$table" "$work/table" "$work/table.again"
