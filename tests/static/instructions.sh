#!/bin/sh
# Checks which instructions the objects contain: each set of vector instructions only in folders built
# for it, so that no CPU executes one that it lacks, and no fused or vectorised operations elsewhere,
# where the arithmetic forbids them.
# usage: instructions.sh OBJDUMP [--faults=KIND,...] --allow SET FILE... [--allow SET FILE...]...
# SET is what these objects and archives may contain:
#   x86-64: core (SSE2 alone); avx2 (and AVX, AVX2, FMA, BMI); avx512 (and AVX-512)
#   aarch64: core (Armv8.0-A without fused multiply-adds, written or contracted); neon (with them)
# With --faults there must be exactly these kinds of faults, in alphabetical order: avx2, avx512,
# dot, fma, fp16, none (nothing to look at), sve.
set -eu
objdump=$1
shift
command -v "$objdump" >/dev/null 2>&1 || {
	echo "skipped: there is no objdump ($objdump)"
	exit 77
}
wanted=
case $1 in
--faults=*)
	wanted=${1#--faults=}
	shift
	;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

inspect() { # set file
	"$objdump" -d -w --no-show-raw-insn "$2" >"$work/code" || exit 1
	awk -v allowed="$1" -v file="${2##*/}" '
	function fault(kind) {
		if (++seen[kind, object, place] > 1) return
		print "FAULT " kind ": " file (object == file ? "" : "(" object ")") ": " place ": " text
	}
	/file format elf64-x86-64/ { x86 = 1 }
	/file format elf64-littleaarch64/ { arm = 1 }
	/file format/ {
		object = $1
		sub(/:$/, "", object)
		sub(/.*\//, "", object)
	}
	/^[0-9a-f]+ <.*>:$/ { place = $2 }
	/^ *[0-9a-f]+:/ {
		text = $0
		sub(/^ *[0-9a-f]+:[ \t]*/, "", text)
		op = text
		sub(/[ \t].*/, "", op)
		n++
		if (x86 && allowed != "avx512" &&
			(text ~ /%zmm|%k[0-7]|%[xy]mm(1[6-9]|2[0-9]|3[01])|\{(sae|r[nduz]-sae|1to[0-9]+)\}/))
			fault("avx512")
		else if (x86 && allowed == "core" && op ~ /^vfn?m(add|sub)/)
			fault("fma")
		else if (x86 && allowed == "core" && (text ~ /%ymm/ ||
			(op ~ /^v/ && op !~ /^(verr|verw|vm[a-z]*)$/) ||
			op ~ /^(andn|bextr|blsi|blsr|blsmsk|bzhi|mulx|pdep|pext|rorx|s[ahr][lr]x)[lq]?$/))
			fault("avx2")
		if (!arm) next
		if (text ~ /[ ,{]z[0-9]+\.[bhsdq]|[ ,]p[0-9]+\/[mz]|[ ,]p[0-9]+\.[bhsd]/)
			fault("sve")
		else if (op ~ /^([su]|us|su|bf)dot$|^[su]?s?u?mmla$|^bf(dot|mmla|mlal|cvt)/)
			fault("dot")
		else if (op ~ /^f/ && op !~ /^fcvt[nl]?2?$/ && text ~ /\.[48]h|[ ,]h[0-9]+/)
			fault("fp16")
		else if (allowed == "core" && op ~ /^(fn?m(add|sub)|fml[as])$/)
			fault("fma")
	}
	END { print "instructions " n + 0 }' "$work/code"
}

: >"$work/report"
allowed='' files=0
while [ $# -gt 0 ]; do
	if [ "$1" = --allow ]; then
		allowed=$2
		shift 2
		continue
	fi
	[ -n "$allowed" ] || {
		echo "instructions.sh: --allow SET is missing"
		exit 2
	}
	inspect "$allowed" "$1" >>"$work/report"
	files=$((files + 1))
	shift
done
# A single object may contain only tables.
awk '$1 == "instructions" { n += $2 } END { exit n > 0 }' "$work/report" &&
	echo "FAULT none: no instruction in $files files" >>"$work/report"
grep -v '^instructions ' "$work/report" || true
awk -v files="$files" '$1 == "instructions" { n += $2 }
	END { print n + 0 " instructions in " files " files" }' "$work/report"
kinds=$(sed -n 's/^FAULT \([a-z0-9]*\):.*/\1/p' "$work/report" | sort -u | paste -s -d , -)
[ "$kinds" = "$wanted" ] || {
	[ -z "$wanted" ] || echo "faults should be '$wanted', are '$kinds'"
	exit 1
}
