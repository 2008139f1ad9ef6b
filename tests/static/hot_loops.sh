#!/bin/sh
# Checks the inner loops that core/base/hot_loop.h marks: no call, no stack access, and as many fused
# multiply-adds as the mark says.
# usage: hot_loops.sh OBJDUMP [--faults=KIND,... | --loops=DIR] --folder NAME OBJECT...
#                     [--folder NAME OBJECT...]...
# A folder without a marked loop is a fault. With --faults, every folder must have exactly these
# kinds of faults, in alphabetical order: call, fmas, none (no marked loop), stack. With --loops, the
# instructions of each loop are written to DIR/LOOP.OBJECT.NUMBER.s, for tests/static/inner_loops.sh.
set -eu
objdump=$1
shift
command -v "$objdump" >/dev/null 2>&1 || {
	echo "skipped: there is no objdump ($objdump)"
	exit 77
}
wanted='' loops=
case $1 in
--faults=*)
	wanted=${1#--faults=}
	shift
	;;
--loops=*)
	loops=${1#--loops=}
	shift
	;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints a line for each loop, "FAULT kind ..." for each fault, and "loops N" at the end.
inspect() { # object
	"$objdump" -t "$1" >"$work/symbols"
	"$objdump" -d -w --no-show-raw-insn "$1" >"$work/code"
	awk -v object="${1##*/}" -v folder="$loops" '
	# In a form for an assembler: jumps without their target, no comments, no padding.
	function write_loop(first, last, label, fmas, i, file, text) {
		file = folder "/" label "." object "." loops ".s"
		print (line[first] ~ /%/ ? "#" : "//") " fmas " fmas >file
		for (i = first; i <= last; i++) {
			text = line[i]
			sub(/[ \t]*(#[ \t]|\/\/).*/, "", text)
			if (i in target) sub(/[0-9a-f]+ <.*/, "0", text)
			sub(/ <[^>]*>/, "", text)
			if (op[i] !~ /^(cs|data16|nop[wl]?|xchg)$/) print text >file
		}
		close(file)
	}
	function bare(address) {
		sub(/^0+/, "", address)
		return address == "" ? "0" : address
	}
	function fault(kind, text) {
		print "FAULT " kind ": " object ": " text
	}
	# --- symbols: LINE = address flags... section size name
	FNR == NR {
		if ($NF ~ /^c4_hot_(begin|end)_/) mark[++marks] = $NF
		if ($NF ~ /^c4_hot_(begin|end)_/) mark_at[marks] = $(NF - 2) ":" bare($1)
		next
	}
	# --- code
	/^Disassembly of section / {
		section = $4
		sub(/:$/, "", section)
		next
	}
	/^[0-9a-f]+ <.*>:$/ {
		if ($2 !~ /^<c4_hot_(begin|end)_/) functions++
		next
	}
	/^ *[0-9a-f]+:/ {
		address = $1
		sub(/:$/, "", address)
		n++
		at[section ":" address] = n
		in_function[n] = functions
		in_section[n] = section
		text = $0
		sub(/^ *[0-9a-f]+:[ \t]*/, "", text)
		line[n] = text
		name = text
		sub(/[ \t].*/, "", name)
		op[n] = name
		# Registers that point to the frame in this function.
		if (text ~ /movq?[ \t]+%rsp, ?%rbp/ || text ~ /leaq?[ \t].*\(%rsp\), ?%rbp/ ||
			text ~ /(mov|add)[ \t]+x29, ?sp/)
			framed[functions] = 1
		if (name ~ /^(j|loop|b$|b\.|cbn?z|tbn?z)/ && match(text, /[0-9a-f]+ </))
			target[n] = section ":" substr(text, RSTART, RLENGTH - 2)
	}
	function is_stack(i) {
		if (op[i] ~ /^(push|pop)/ || line[i] ~ /\(%rsp/ || line[i] ~ /\[sp/) return 1
		return framed[in_function[i]] && (line[i] ~ /\(%rbp/ || line[i] ~ /\[x29/)
	}
	function is_fma(i) {
		return op[i] ~ /^vfn?m(add|sub)(add|sub)?[0-9]*[ps][sd]$/ ||
			op[i] ~ /^fn?m(add|sub)$/ || op[i] ~ /^fml[as]$/
	}
	function check(first, last, label, i) {
		for (i = first; i <= last; i++) {
			if (is_stack(i)) fault("stack", label " uses the stack: " line[i])
			if (op[i] ~ /^(callq?|blr?)$/) fault("call", label " calls: " line[i])
		}
	}
	END {
		for (m = 1; m <= marks; m++) {
			name = mark[m]
			is_begin = sub(/^c4_hot_begin_/, "", name)
			sub(/^c4_hot_end_/, "", name)
			split(name, part, ".")
			mark_name[m] = part[1]
			if (is_begin) fmas[m] = part[2]
			begins[m] = is_begin
			where[m] = at[mark_at[m]] + 0
			if (where[m] == 0 && is_begin) fault("fmas", part[1] ": its mark is at no instruction")
		}
		# The innermost loop around each mark: a backward jump after it to a target before it.
		for (j = 1; j <= n; j++) {
			if (!(j in target)) continue
			t = at[target[j]] + 0
			if (t == 0 || t > j || in_function[t] != in_function[j]) continue
			for (m = 1; m <= marks; m++) {
				if (!begins[m] || where[m] < t || where[m] > j) continue
				if (head[m] && tail[m] - head[m] <= j - t) continue
				head[m] = t
				tail[m] = j
			}
		}
		for (m = 1; m <= marks; m++) {
			if (!begins[m]) continue
			label = mark_name[m]
			seen[label] = 1
			# A copy that the compiler peeled off is in no loop, or only in one around the marked
			# loop itself.
			inner = copies = 0
			for (k = 1; head[m] && k <= marks; k++) {
				if (!begins[k] || mark_name[k] != label || where[k] < head[m] || where[k] > tail[m])
					continue
				copies++
				if (head[k] != head[m] || tail[k] != tail[m]) inner = 1
			}
			if (!head[m] || inner) {
				end = n + 1
				for (k = 1; k <= marks; k++)
					if (!begins[k] && mark_name[k] == label && where[k] >= where[m] && where[k] < end)
						end = where[k]
				if (end <= n) check(where[m], end - 1, label " (a copy outside of its loop)")
				continue
			}
			looped[label] = 1
			if ((head[m], tail[m]) in done) continue
			done[head[m], tail[m]] = 1
			loops++
			check(head[m], tail[m], label)
			count = 0
			for (i = head[m]; i <= tail[m]; i++) count += is_fma(i)
			if (fmas[m] > 0 && count != fmas[m] * copies)
				fault("fmas", label " has " count " fused multiply-adds for " copies " x " fmas[m])
			if (fmas[m] == 0 && count == 0) fault("fmas", label " has no fused multiply-add")
			printf "%s: %s: %d instructions, %d fused multiply-adds\n", object, label,
				tail[m] - head[m] + 1, count
			if (folder != "") write_loop(head[m], tail[m], label, count)
		}
		for (label in seen)
			if (!looped[label]) fault("none", label " is marked, but is no loop")
		print "loops " loops + 0
	}' "$work/symbols" "$work/code"
}

status=0 folder='' objects=0
begin_folder() { # name
	folder=$1 objects=0
	: >"$work/report"
}
end_folder() {
	[ -n "$folder" ] || return 0
	[ "$objects" -gt 0 ] || echo "FAULT none: $folder: no objects" >>"$work/report"
	awk '$1 == "loops" { n += $2 } END { exit n > 0 }' "$work/report" &&
		echo "FAULT none: $folder: no marked loop (core/base/hot_loop.h)" >>"$work/report"
	echo "--- $folder"
	grep -v '^loops ' "$work/report" || true
	kinds=$(sed -n 's/^FAULT \([a-z]*\):.*/\1/p' "$work/report" | sort -u | paste -s -d , -)
	[ "$kinds" = "$wanted" ] && return 0
	[ -z "$wanted" ] || echo "$folder: faults should be '$wanted', are '$kinds'"
	status=1
}
while [ $# -gt 0 ]; do
	if [ "$1" = --folder ]; then
		end_folder
		begin_folder "$2"
		shift 2
	else
		inspect "$1" >>"$work/report"
		objects=$((objects + 1))
		shift
	fi
done
end_folder
[ -n "$folder" ] || {
	echo "no folder to look at"
	exit 1
}
exit $status
