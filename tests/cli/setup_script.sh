#!/bin/sh
# cmake/up on systems with newer tools: warnings are errors only for `test --all`, so that a newer
# compiler does not stop a user, and another version's formatter or linter is visibly skipped.
# usage: setup_script.sh CMAKE SOURCE
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
cmake=$1 source=$2

# configured NO|YES OPTION...: whether compilers get -Werror in a folder that is configured repeatedly,
# as a user's is.
configured() {
	want=$1
	shift
	(cd "$source" && "$cmake" "$@" -B "$work/build" -DC4_GBENCH=OFF -DBUILD_TESTING=OFF) >"$work/log" 2>&1 || {
		fail "it cannot be configured: $(tail -n 3 "$work/log")"
		return
	}
	got=NO
	! grep -q -e ' -Werror ' "$work/build/compile_commands.json" || got=YES
	[ $got = "$want" ] || fail "-Werror: $got, not $want, after cmake $*"
}
configured NO --preset release
configured YES --preset release -DC4_WERROR=ON
configured NO --preset release
rm -rf "$work/build"
configured NO -G Ninja

# How the script calls CMake: stand-ins record it and stop each stage there.
mkdir -p "$work/tree/cmake" "$work/bin"
cp "$source/cmake/up" "$source"/cmake/*.sh "$work/tree/cmake/"
cat >"$work/bin/cmake" <<EOF
#!/bin/sh
[ "\$1" != --version ] || exec echo "cmake version 3.25.0"
case "\$*" in *--build*) exit 1 ;; esac
echo "\$*" >>"$work/asked"
EOF
for tool in ninja gcc pkg-config clang clang-21 clang-format clang-tidy shellcheck gnuplot sqlite3; do
	printf '#!/bin/sh\nexit 0\n' >"$work/bin/$tool"
done
chmod +x "$work/bin"/*

# asks PATTERN VERB...: every configuration that it requests matches the pattern.
asks() {
	pattern=$1
	shift
	rm -f "$work/asked"
	(cd "$work" && PATH="$work/bin:$PATH" sh tree/cmake/up --no-install "$@") >"$work/log" 2>&1
	[ -s "$work/asked" ] || fail "up $*: nothing was configured: $(tail -n 3 "$work/log")"
	! grep -vxq -e "$pattern" "$work/asked" || fail "up $*: $(cat "$work/asked")"
}
plain='--preset [a-z0-9-]*'
asks "$plain" build
asks "$plain" repro --figures 1
asks "$plain" bench step
asks "$plain" test
newest='\( -DCMAKE_C_COMPILER=clang-21 -DCMAKE_CXX_COMPILER=clang++-21\)\{0,1\}'
asks "$plain$newest" --preset clang test -R nothing
for tier in --all --full; do
	asks "$plain -DC4_WERROR=ON$newest" test $tier
	cp "$work/asked" "$work/asked$tier"
	cp "$work/log" "$work/log$tier"
done
for preset in release asan; do
	grep -q -e "--preset $preset " "$work/asked--all" || fail "up test --all: $preset was not configured"
done
for preset in release asan clang debug; do
	grep -q -e "--preset $preset " "$work/asked--full" || fail "up test --full: $preset was not configured"
done
for preset in asan clang; do
	grep -q -e "--preset $preset .*=clang-21 " "$work/asked--full" || fail "$preset is not by the newest clang"
done
for tool in clang-format clang-tidy; do
	grep -q "^$tool  *0  *0  *1  *0  *[0-9]*  skipped: $tool is not version 14" "$work/log--all" ||
		fail "up test --all: $tool was not skipped: $(grep -e "^$tool" "$work/log--all")"
done
grep -q '^[0-9]* seconds; packages, downloads and emulated machines [0-9]* more$' "$work/log--all" ||
	fail "up test --all does not say what it took: $(tail -n 3 "$work/log--all")"
finish
