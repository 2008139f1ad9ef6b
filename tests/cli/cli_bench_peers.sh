#!/bin/sh
# "conv4 bench step --peers" with a stand-in for Python and its packages, which answers correctly,
# incorrectly or not at all.
# usage: cli_bench_peers.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
# Longer than any name of a folder that is usual.
long=$(printf '%0200d' 0)
TMPDIR="$work/$long/$long"
mkdir -p "$TMPDIR" || stop "no folder"
export TMPDIR CONV4="$program" LONG="$long$long$long"

# usage: stub SCRIPT MODE --init FILE --batches FILE --threads N --order ORDER [--evaluate STATISTICS]; $STUB selects its
# behaviour. Its losses come from the program itself, which trains on the same files.
cat >"$work/stub" <<'EOF'
#!/bin/sh
init=$4 batches=$6 threads=$8 behaviour=$STUB
case $STUB-$1 in mixed-*pytorch*) behaviour=right ;; mixed-*) behaviour=missing ;; esac
[ "$OMP_NUM_THREADS" = "$threads" ] || exit 9
case $behaviour in
missing) echo '{"error": "Python has no module torch"}' && exit ;;
wordy) echo "{\"error\": \"torch says $LONG%s, and ends\"}" && exit ;;
talks) echo "Error: $LONG%d, and ends" >&2 && exit 4 ;;
unready) echo "Traceback" >&2 && echo "ImportError: libwhatever.so" >&2 && exit 3 ;;
silent) exec sleep 600 ;;
threads) threads=77 ;;
esac
echo "{\"name\": \"Stub\", \"versions\": {\"stub\": \"1.0\"}, \"threads\": $threads, \"algorithm\": \"by the book\"}"
while read -r word seconds; do
	case $word in
	check)
		case $behaviour in
		wrong) echo '{"losses": [2.3, 2.2, 2.1]}' ;;
		nan) echo '{"losses": [null, 1, 1]}' ;;
		literal) echo '{"losses": [NaN, 1, 1]}' ;;
		few) echo '{"losses": []}' ;;
		unasked) [ "${11-}" = --evaluate ] && exit 7 || echo '{"losses": []}' ;;
		normless) [ "${11-} ${12-}" = "--evaluate batch" ] || exit 6
			"$CONV4" train --quiet --backend ref64 --lr 0 --init "$init" --batches "$batches" --log-json "$init.json" >&2
			sed -n 's/.*"loss": *\([-0-9.e]*\).*/\1/p' "$init.json" | tr '\n' ',' | sed 's/^/{"losses": [/; s/,$/], "norms": [[1]]}\n/'
			;;
		dies) kill -9 $$ ;;
		*)
			"$CONV4" train --quiet --backend ref64 --init "$init" --batches "$batches" --log-json "$init.json" >&2
			sed -n 's/.*"loss": *\([-0-9.e]*\).*/\1/p' "$init.json" | tr '\n' ',' | sed 's/^/{"losses": [/; s/,$/]}\n/'
			;;
		esac
		;;
	sample)
		case $behaviour in
		hangs) sleep 600 & wait ;;
		late) [ "$seconds" = 0.000000 ] || exit 5 ;;
		none) echo '{"steps": 0, "ns": 1}' && continue ;;
		clock) echo '{"steps": 9, "ns": 99000000000}' && continue ;;
		esac
		sleep 0.01
		echo '{"steps": 4, "ns": 5000000}'
		;;
	quit) exit ;;
	esac
done
EOF
chmod +x "$work/stub"

# run STUB ARGS...: leaves status, out and err.
run() {
	STUB=$1
	export STUB
	shift
	set -- "$@" --quick --samples 3 --batch 2 --backend ref --peers-python "$work/stub"
	[ -n "$1" ] || shift
	"$program" bench step "$@" \
		>"$work/out" 2>"$work/err"
	status=$?
}

# peer STUB STATUS STATE TEXT ARGS...: checks the exit status; TEXT on standard error (unless 0) and,
# with the state, in the peer's row of the JSON or, with FORMS, also of the table; the program's own
# row is always there.
peer() {
	stub=$1 want=$2 state=$3 text=$4
	shift 4
	for form in ${FORMS-} --json; do
		run "$stub" "${form%table}" "$@"
		good=yes
		[ "$status" = "$want" ] || good=no
		[ "$want" = 0 ] || grep -qF -- "$text" "$work/err" || good=no
		grep -qF -- "$text" "$work/out" || good=no
		if [ "$form" = --json ]; then
			grep -q "\"state\": \"$state\"" "$work/out" || good=no
			grep -qE ': -?(nan|inf|NaN|Infinity)' "$work/out" && good=no
		else
			grep -qE "^(pytorch-nchw|jax) +$state: " "$work/out" || good=no
		fi
		grep -qE '^ref |"backend": "ref"' "$work/out" || good=no
		if [ "$good" = yes ]; then
			echo "ok ($status): $stub $form: $(tail -n 1 "$work/err")"
		else
			fail "$stub $form: status $status, wanted $want, $state, $text
$(sed 's/^/    /' "$work/err")
$(sed -n '/"steps"/,$p; /^ref/,$p' "$work/out" | head -n 40)"
		fi
	done
	[ -z "$(find "$TMPDIR" -name 'conv4-peers-*')" ] ||
		fail "$stub: the temporary folder is left behind"
}

one=--peers=pytorch-nchw
peer right 0 measured '"algorithm": "by the book"' $one
FORMS=table
peer missing 6 absent "Python has no module torch" $one
peer mixed 0 absent "Python has no module torch" --peers
peer wrong 7 void "the loss of step 1 is 2.3, the double reference's is" $one
FORMS=
peer unready 1 failed "it exited with status 3: ImportError: libwhatever.so" $one
peer silent 1 failed "it did not answer within 1 s" $one --peers-patience 1
peer threads 1 failed "it runs on 77 threads instead of 1" $one
peer missing 6 absent "Python has no module torch" --peers
peer wordy 6 absent "$LONG%s, and ends" $one
peer talks 1 failed "it exited with status 4: Error: $LONG%d, and ends" $one
peer nan 7 void "the loss of step 1 is nan" $one
peer literal 1 failed "its answer is not a JSON object" $one
peer few 7 void "it reported 0 losses for 3 steps" $one
peer dies 1 failed "it was killed by signal 9" $one
peer hangs 1 failed "it did not answer within" $one --peers-patience 1
peer late 1 failed "it exited with status 5" $one
peer none 1 failed "it reported 0 steps" $one
# Losses of evaluations are those of steps that change nothing.
peer normless 7 void "the norm of layer 1's features of batch 1 is 1, the double reference's is" $one --evaluate
peer unasked 7 void "it reported 0 losses for 3 steps" $one
peer clock 1 failed "it reported 9 steps in 99.0" $one

# A program that does not exist is a missing peer.
"$program" bench step --quick --samples 3 --batch 2 --backend ref $one --peers-python "$work/none" \
	>"$work/out" 2>"$work/err"
status=$?
if [ $status != 6 ] || ! grep -q "none: No such file" "$work/err"; then
	fail "an interpreter that is missing: $(cat "$work/err" "$work/out")"
fi
"$program" bench step --peers=pytorch-nchw,nonsense >"$work/out" 2>"$work/err"
status=$?
if [ $status != 2 ] || ! grep -q nonsense "$work/err"; then
	fail "a peer that there is not: $(cat "$work/err")"
fi
finish
