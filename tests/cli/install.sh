#!/bin/sh
# Installs into a new folder and uses the installed files from another one.
# usage: install.sh CMAKE BUILD_FOLDER [EMULATOR...]
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
cmake=$1 build=$2
shift 2

DESTDIR=$work "$cmake" --install "$build" --prefix /usr >log 2>&1 || stop "it cannot be installed: $(cat log)"
cd /
"$@" "$work/usr/bin/conv4" --version | grep -q '^conv4 [0-9]' || fail "no version"
"$@" "$work/usr/bin/conv4" help | grep -q '^Usage: conv4' || fail "no help"
if [ -e "$build/conv4_mpi.so" ] && [ $# -eq 0 ]; then
    "$work/usr/bin/conv4" doctor | grep -q "^studies over several MPI ranks: .*$work/usr/" ||
        fail "the installed program does not find its plug-in: $("$work/usr/bin/conv4" doctor | grep MPI)"
fi
share=$work/usr/share
# holds FILE PATTERN: the file is installed and has a matching line.
holds() {
    grep -q "$2" "$share/$1" || fail "$1 does not have '$2'"
}
holds man/man1/conv4.1 '^\.TH CONV4 1'
holds bash-completion/completions/conv4 '^complete -F _conv4 conv4'
holds zsh/site-functions/_conv4 '^#compdef conv4'
holds doc/conv4/LICENSE .
! grep -rF "$build" "$share" || fail "something points to where it was built"
finish
