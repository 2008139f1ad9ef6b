#!/bin/sh
# "conv4 bench cka --peers" with a stand-in for Python and its packages, which answers correctly,
# incorrectly or not at all.
# usage: cli_bench_cka_peers.sh PROGRAM
# shellcheck disable=SC2086 # lists of words
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
TMPDIR="$work/temporary folder"
mkdir "$TMPDIR" || stop "no folder"
export TMPDIR CONV4="$program"

# usage: stub similarity.py MODULE FOLDER THREADS, or from_files.py MODULE THREADS FILE FILE; $STUB selects its behaviour. Its
# values come from the program itself.
cat >"$work/stub" <<'EOS'
#!/bin/sh
behaviour=$STUB
# usage: value FILE FILE: prints BIASED DEBIASED
value() {
	"$CONV4" cka --backend ref --json "$1" "$2" | sed -n 's/.*"\(biased\|debiased\)": *\([-0-9.e]*\).*/\2/p' | tr '\n' ' '
}
case $STUB-$2 in mixed-numpy*) behaviour=right ;; mixed-*) behaviour=missing ;; esac
if [ "${1##*/}" = from_files.py ]; then
	case $behaviour in
	missing) echo '{"error": "Python has no module numpy"}' && exit ;;
	talks) echo "Error: 100%d, and ends" >&2 && exit 4 ;;
	nothing) exit ;;
	wrong) echo '{"biased": 0.5, "debiased": 0.1}' && exit ;;
	silent) exec sleep 600 ;;
	esac
	[ "$2/$3" = numpy_cka/2 ] || exit 8
	set -- $(value "$4" "$5")
	echo "{\"biased\": $1, \"debiased\": $2}"
	exit
fi
folder=$3 threads=$4
[ -z "${STUB_PID-}" ] || echo $$ >"$STUB_PID"
[ "$OMP_NUM_THREADS/$OPENBLAS_NUM_THREADS/$MKL_NUM_THREADS" = "$threads/$threads/$threads" ] || exit 9
[ -s "$folder/$2.py" ] && [ -s "$folder/protocol.py" ] || exit 10
case $behaviour in
missing) echo '{"error": "Python has no module numpy"}' && exit ;;
unready) echo "ImportError: libwhatever.so" >&2 && exit 3 ;;
silent) exec sleep 600 ;;
threads) threads=77 ;;
esac
echo "{\"name\": \"Stub\", \"versions\": {\"stub\": \"1.0\"}, \"threads\": $threads, \"algorithm\": \"by the book\"}"
while read -r word first second; do
	case $word in
	load)
		[ "$behaviour" != unloaded ] || { echo '{"error": "MemoryError: 2 GB"}' && exit; }
		[ -s "$folder/x.npy" ] || exit 11
		echo '{"shape": [1, 1]}'
		;;
	check)
		case $behaviour-$first in
		wrong-*) echo '{"values": [0.5, 0.25]}' ;;
		nan-*) echo '{"values": [null, null]}' ;;
		few-*) echo '{"values": []}' ;;
		dies-*) kill -9 $$ ;;
		*-product) echo '{"values": [1, 2, 3]}' ;;
		*)
			set -- $(value "$folder/x.npy" "$folder/y.npy")
			echo "{\"values\": [$1, $2]}"
			;;
		esac
		;;
	sample)
		[ -n "$second" ] || exit 12
		case $behaviour in
		hangs) sleep 600 & wait ;;
		late) exit 5 ;;
		none) echo '{"count": 0, "ns": 1}' && continue ;;
		clock) echo '{"count": 9, "ns": 99000000000}' && continue ;;
		esac
		sleep 0.01
		echo '{"count": 4, "ns": 5000000}'
		;;
	quit) exit ;;
	esac
done
EOS
chmod +x "$work/stub"

# peer STUB STATUS STATE TEXT ARGS...: checks the exit status; TEXT on standard error (unless 0) and, with the state, in the table and
# the JSON; the program's own row is always there.
peer() {
	stub=$1 want=$2 state=$3 text=$4
	shift 4
	for form in ${FORMS-} --json; do
		STUB=$stub OPENBLAS_NUM_THREADS=55 "$program" bench cka --quick --samples 2 --backend ref --peers-python "$work/stub" \
			"$@" ${form#table} >"$work/out" 2>"$work/err"
		status=$?
		good=yes
		[ "$status" = "$want" ] || good=no
		[ "$want" = 0 ] || grep -qF -- "$text" "$work/err" || good=no
		grep -qF -- "$text" "$work/out" || good=no
		if [ "$form" = --json ]; then
			grep -q "\"state\": \"$state\"" "$work/out" || good=no
			grep -qE ': -?(nan|inf|NaN|Infinity)' "$work/out" && good=no
		elif [ "$state" != measured ]; then
			grep -qE "/(numpy|pytorch) +$state: " "$work/out" || good=no
		fi
		grep -qE 'n500/ref +(gram|feature) +[0-9]|"backend": "ref"' "$work/out" || good=no
		if [ "$good" = yes ]; then
			echo "ok ($status): $stub $form: $(tail -n 1 "$work/err")"
		else
			fail "$stub $form: status $status, wanted $want, $state, $text
$(sed 's/^/    /' "$work/err")
$(sed -n '/"rows"/,$p; /n500/p' "$work/out" | head -n 40)"
		fi
	done
	[ -z "$(ls "$TMPDIR")" ] || fail "$stub: the temporary folder is left behind"
}

one="--peers=numpy --layers logits --threads 1"
FORMS=table
peer right 0 measured "stub 1.0; by the book" $one
peer missing 6 absent "Python has no module numpy" $one
peer mixed 0 absent "Python has no module numpy" --peers --layers logits --threads 1
peer wrong 7 void "biased CKA is 0.5, conv4's is" $one
FORMS=
# 5 ms for 4 runs by its own clock.
peer right 0 measured '"whole_seconds": 0.00125' $one
peer right 7 void "the trace is 1, conv4's is" --peers=numpy --layers logits,product --threads 1
peer missing 6 absent "Python has no module numpy" --peers --layers logits --threads 1
peer unready 1 failed "it exited with status 3: ImportError: libwhatever.so" $one
peer silent 1 failed "it did not answer within 1 s" $one --peers-patience 1
peer threads 1 failed "it runs on 77 threads instead of 1" $one
peer unloaded 6 absent "MemoryError: 2 GB" $one
peer nan 7 void "biased CKA is nan" $one
peer few 7 void "it reported 0 values instead of 2" $one
peer dies 1 failed "it was killed by signal 9" $one
peer hangs 1 failed "it did not answer within" $one --peers-patience 1
peer late 1 failed "it exited with status 5" $one
peer none 1 failed "it reported 0 runs" $one
peer clock 1 failed "it reported 9 runs in 99.0" $one

files="--from-files --peers=numpy --layers logits --threads 2"
FORMS=table
peer right 0 measured "numpy_cka, the whole process" $files
peer missing 6 absent "Python has no module numpy" $files
peer wrong 7 void "biased CKA is 0.5, conv4's is" $files
FORMS=
peer talks 1 failed "its process failed: Error: 100%d, and ends" $files
peer nothing 1 failed "its process failed" $files
peer silent 1 failed "did not end within 1 seconds" $files --peers-patience 1

# While others are timed, a peer is stopped.
# shellcheck disable=SC2317 # await calls it
stopped() {
	[ "$(sed 's/.*) //; s/ .*//' "/proc/$(cat "$work/pid" 2>/dev/null)/stat" 2>/dev/null)" = T ]
}
STUB=right STUB_PID=$work/pid "$program" bench cka --quick --samples 100 --backend ref $one --peers-python "$work/stub" \
	>"$work/out" 2>"$work/err" &
bench=$!
await 60 stopped || fail "the peer runs while others are timed: $(cat "$work/err")"
wait $bench || fail "beside a peer that is stopped: status $?: $(cat "$work/err")"
[ ! -e "/proc/$(cat "$work/pid")" ] || fail "the peer is left"

# A program that does not exist is a missing peer.
for way in "" --from-files; do
	"$program" bench cka --quick --samples 1 --backend ref $one $way --peers-python "$work/none" >"$work/out" 2>"$work/err"
	status=$?
	if [ $status != 6 ] || ! grep -q "absent" "$work/err"; then
		fail "an interpreter that is missing $way: $status $(cat "$work/err" "$work/out")"
	fi
done
finish
