# Required libraries stop the configuration; optional ones switch their feature off and say so.
find_package(PkgConfig REQUIRED)
pkg_check_modules(hwloc REQUIRED IMPORTED_TARGET hwloc>=2.4)
pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(inih REQUIRED IMPORTED_TARGET inih)
pkg_check_modules(crypto REQUIRED IMPORTED_TARGET libcrypto)

find_package(OpenMP REQUIRED COMPONENTS C)

set(C4_HAVE_MATIO OFF)
if(C4_MATIO)
  pkg_check_modules(matio QUIET IMPORTED_TARGET matio)
  set(C4_HAVE_MATIO ${matio_FOUND})
  if(NOT matio_FOUND)
    message(STATUS "conv4: SVHN's official .mat files cannot be read (install libmatio-dev)")
  endif()
endif()

# oneDNN runs on gcc's libgomp. clang brings a runtime of its own, and two in one process fight over
# the cores, so a clang build leaves this backend out.
set(C4_HAVE_ONEDNN OFF)
if(C4_ONEDNN AND NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
  message(STATUS "conv4: no oneDNN backend in a build by ${CMAKE_C_COMPILER_ID} (use gcc)")
elseif(C4_ONEDNN)
  find_package(dnnl CONFIG QUIET)
  set(C4_HAVE_ONEDNN ${dnnl_FOUND})
  if(NOT dnnl_FOUND)
    message(STATUS "conv4: no oneDNN backend (install libdnnl-dev)")
  endif()
endif()
