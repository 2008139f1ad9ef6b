#!/bin/sh
# Packages: the contents and dependencies of the .deb; a source tarball that configures and builds in a
# separate folder, without a network if that can be arranged.
# usage: package.sh CMAKE SOURCE BUILD_FOLDER
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
cmake=$1 source=$2 build=$3

deb() {
    needs dpkg-deb
    needs dpkg-shlibdeps
    "$(dirname "$cmake")/cpack" -G DEB --config "$build/CPackConfig.cmake" -B "$work/deb" >log 2>&1 ||
        stop "no package: $(tail -n 3 log)"
    package=$(echo deb/conv4_*.deb)
    [ -s "$package" ] || stop "no package: $(ls deb)"
    dpkg-deb -c "$package" >listed || fail "dpkg-deb cannot read it"
    for file in bin/conv4 share/man/man1/conv4.1 share/bash-completion/completions/conv4 \
        share/zsh/site-functions/_conv4 share/doc/conv4/LICENSE; do
        grep -q " \./usr/$file\$" listed || fail "$file is not in the package: $(cat listed)"
    done
    dpkg-deb -f "$package" Depends >depends
    for library in libc6 libgomp1 libhwloc15 libsqlite3-0; do
        grep -q "\b$library\b" depends || fail "it does not depend on $library: $(cat depends)"
    done
    [ "$(dpkg-deb -f "$package" Version)" = "$(cat "$source/VERSION")" ] || fail "the version is another one"
}

tarball() {
    needs git
    git -C "$source" rev-parse HEAD >/dev/null 2>&1 || skip "the source has no history"
    "$cmake" --build "$build" --target dist >log 2>&1 || stop "no tarball: $(tail -n 3 log)"
    tar -xzf "$build/conv4-$(cat "$source/VERSION").tar.gz" || stop "tar cannot read it"
    offline=
    unshare -n true 2>/dev/null && offline='unshare -n'
    cd "conv4-$(cat "$source/VERSION")" || stop "its folder has another name"
    # shellcheck disable=SC2086 # two words or none
    $offline "$cmake" --preset release -DBUILD_TESTING=OFF >../log 2>&1 ||
        stop "it cannot be configured: $(tail -n 3 ../log)"
    # shellcheck disable=SC2086
    $offline "$cmake" --build --preset release >../log 2>&1 || stop "it does not build: $(tail -n 3 ../log)"
    build/release/conv4 --version | grep -q '^conv4 [0-9]' || fail "no version"
}

deb
tarball
finish
