# shellcheck shell=sh disable=SC2034,SC2154 # it shares variables with cmake/up
# Sourced by cmake/up: the Debian packages that conv4 needs, which are missing, and installing them.
# Uses say and have; reads $install; set_up adds its time to $setup_seconds.

# A Debian package, its group, and how to detect it: by a command, a pkg-config module, a C header
# or a Python module, so that a self-built CMake or another system's packages also count; or only by
# the package itself.
# Groups: every verb (base), the verb test (test), optional features (more), test --all (all),
# test --full (full), bench --peers (peers).
packages='
cmake base command cmake
ninja-build base command ninja
gcc base command gcc
libc6-dev base header stdlib.h
pkg-config base command pkg-config
libhwloc-dev base module hwloc
libsqlite3-dev base module sqlite3
libjansson-dev base module jansson
libinih-dev base module inih
libssl-dev base module libcrypto
libdnnl-dev more header oneapi/dnnl/dnnl.h
libmatio-dev more module matio
zlib1g-dev more module zlib
libcurl4-openssl-dev more module libcurl
libarchive-dev more module libarchive
g++ more command g++
libbenchmark-dev more module benchmark
gnuplot-nox more command gnuplot
libcmocka-dev test module cmocka
sqlite3 test command sqlite3
libopenmpi-dev all command mpicc
openmpi-bin all command mpirun
clang-19 all command clang-19
libomp-19-dev all clang-header omp.h
libclang-rt-19-dev all package -
ccache all command ccache
git all command git
dpkg-dev all command dpkg-shlibdeps
clang-format all command clang-format
clang-tidy all command clang-tidy
shellcheck all command shellcheck
groff-base all command groff
zsh all command zsh
chromium all command chromium
python3 all command python3
python3-venv all python ensurepip
python3-jsonschema all python jsonschema
gcc-aarch64-linux-gnu all command aarch64-linux-gnu-gcc
g++-aarch64-linux-gnu all command aarch64-linux-gnu-g++
qemu-user-static all command qemu-aarch64-static
python3-venv peers python ensurepip
python3-dev peers python-header Python.h
bochs all command bochs-bin
bochsbios all package -
bochs-term all package -
vgabios all package -
cpio all command cpio
lz4 all command lz4
zstd all command zstd
xz-utils all command xz
binutils all command objdump
valgrind all command valgrind
llvm-19 all command llvm-mca-19
debootstrap full command debootstrap
qemu-system-x86 full command qemu-system-x86_64
slurmctld all command slurmctld
slurmd all command slurmd
slurm-client all command sbatch
munge all command munged'

# Sets $clang to the newest clang installed.
newest_clang() {
	for clang in clang-21 clang-20 clang-19 clang-18 clang-17 clang-16 clang; do
		have "$clang" && return
	done
	return 1
}

found() { # package kind name
	case $2 in
	command) have "$3" && return ;;
	module) have pkg-config && pkg-config --exists "$3" && return ;;
	header) have gcc && say "#include <$3>" | gcc -E - >/dev/null 2>&1 && return ;;
	python) have python3 && python3 -c "import $3" 2>/dev/null && return ;;
	python-header)
		have python3 && [ -f "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/$3" ] &&
			return
		;;
	clang-header)
		newest_clang && say "#include <$3>" | "$clang" -E - >/dev/null 2>&1 && return
		;;
	esac
	dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii'
}

# The packages of the groups $*, one per line.
group() {
	say "$packages" | while read -r package who kind name; do
		case " $* " in *" $who "*) say "$package" "$kind" "$name" ;; esac
	done
}

# The missing ones among them, on one line.
missing() {
	# shellcheck disable=SC2048,SC2086 # a list of words
	group $* | while read -r package kind name; do
		found "$package" "$kind" "$name" || printf '%s ' "$package"
	done
}

# Sets $as to the prefix that apt-get needs; fails if this user cannot install.
can_install() {
	[ "$install" = yes ] && have apt-get || return 1
	as=
	[ "$(id -u)" = 0 ] && return
	have sudo && sudo -n true 2>/dev/null && as='sudo -n'
}

apt_get() {
	say "+ ${as:+$as }env DEBIAN_FRONTEND=noninteractive apt-get -q $*"
	# shellcheck disable=SC2086 # $as is no word or two
	$as env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" >build/apt.log 2>&1 && return
	tail -n 5 build/apt.log
	return 1
}

setup_seconds=0

# Runs a command that fetches or builds things outside conv4; its time is counted separately.
setting_up() {
	setup_began=$(date +%s) setup_status=0
	"$@" || setup_status=$?
	setup_seconds=$((setup_seconds + $(date +%s) - setup_began))
	return $setup_status
}

# Installs the missing packages of the groups $1, which are required, and $2, which are optional.
# Fails if a required package is still missing.
set_up() {
	required=$(missing "$1")
	optional=$(missing "$2")
	if [ -n "$required$optional" ] && can_install; then
		mkdir -p build
		apt_get update || say "The package lists could not be updated."
		options='install -y --no-install-recommends'
		# shellcheck disable=SC2086 # lists of words
		apt_get $options $required $optional || {
			# A package that this system does not offer must not prevent the others.
			[ -z "$required" ] || apt_get $options $required || true
			for package in $optional; do
				apt_get $options "$package" || true
			done
		}
		required=$(missing "$1")
		optional=$(missing "$2")
	fi
	if [ -n "$required$optional" ]; then
		[ -z "$required" ] || say "Missing and required: $required"
		[ -z "$optional" ] || say "Missing and optional, features that need it are left out: $optional"
		say "To install, as root: apt-get install --no-install-recommends $required$optional"
	fi
	[ -z "$required" ] || return 1
	version=$(cmake --version | sed -n '1s/.* \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
	[ "${version% *}" -gt 3 ] || [ "${version#* }" -ge 25 ] || {
		say "CMake 3.25 or newer is required; $(command -v cmake) is older."
		return 1
	}
}
