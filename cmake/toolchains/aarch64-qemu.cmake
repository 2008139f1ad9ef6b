# Cross-compiles for aarch64 Linux; tests run under tests/emulate/run-aarch64.sh. The libraries are
# in a folder made by tests/emulate/make-arm64-sysroot.sh: C4_SYSROOT (a cache or environment
# variable), else build/arm64-sysroot.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

set(root ${CMAKE_CURRENT_LIST_DIR}/../..)
if(NOT C4_SYSROOT AND DEFINED ENV{C4_SYSROOT})
  set(C4_SYSROOT $ENV{C4_SYSROOT})
elseif(NOT C4_SYSROOT)
  get_filename_component(C4_SYSROOT ${root}/build/arm64-sysroot ABSOLUTE)
endif()
set(C4_SYSROOT "${C4_SYSROOT}" CACHE PATH "Folder of arm64 libraries")
if(NOT IS_DIRECTORY ${C4_SYSROOT})
  message(FATAL_ERROR "no arm64 libraries in ${C4_SYSROOT} (see tests/emulate/README.md)")
endif()
# Also for the try_compile() checks, which read this file again.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES C4_SYSROOT)

if(NOT DEFINED CMAKE_C_COMPILER)
  set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
endif()
if(NOT DEFINED CMAKE_CXX_COMPILER)
  set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
endif()
# Only clang reads these; gcc's name implies its target.
set(CMAKE_C_COMPILER_TARGET aarch64-linux-gnu)
set(CMAKE_CXX_COMPILER_TARGET aarch64-linux-gnu)

set(CMAKE_SYSROOT ${C4_SYSROOT})
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# pkg-config: only the folder's .pc files, with the folder prepended to their paths.
set(ENV{PKG_CONFIG_DIR} "")
set(ENV{PKG_CONFIG_LIBDIR}
  "${C4_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${C4_SYSROOT}/usr/share/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${C4_SYSROOT})

set(CMAKE_CROSSCOMPILING_EMULATOR "${root}/tests/emulate/run-aarch64.sh;--sysroot;${C4_SYSROOT}")
