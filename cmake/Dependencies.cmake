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
  # Not by the library's own CMake package: Debian's asks for OpenCL's headers, which only oneDNN's
  # GPU interface needs.
  find_path(C4_DNNL_INCLUDE oneapi/dnnl/dnnl.h)
  find_library(C4_DNNL_LIBRARY dnnl)
  mark_as_advanced(C4_DNNL_INCLUDE C4_DNNL_LIBRARY)
  if(C4_DNNL_INCLUDE AND C4_DNNL_LIBRARY)
    file(STRINGS ${C4_DNNL_INCLUDE}/oneapi/dnnl/dnnl_config.h openmp
      REGEX "^#define DNNL_CPU_THREADING_RUNTIME DNNL_RUNTIME_OMP")
    if(openmp)
      set(C4_HAVE_ONEDNN ON)
      add_library(dnnl::dnnl UNKNOWN IMPORTED)
      set_target_properties(dnnl::dnnl PROPERTIES IMPORTED_LOCATION ${C4_DNNL_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${C4_DNNL_INCLUDE})
    else()
      message(STATUS "conv4: no oneDNN backend (${C4_DNNL_LIBRARY} was not built for OpenMP)")
    endif()
  else()
    message(STATUS "conv4: no oneDNN backend (install libdnnl-dev)")
  endif()
endif()
