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

# Google Benchmark is C++: that language is enabled for its bridge alone. check_language() takes a
# compiler that a preset names for granted.
set(C4_HAVE_GBENCH OFF)
if(C4_GBENCH)
  pkg_check_modules(gbench QUIET IMPORTED_TARGET benchmark)
  include(CheckLanguage)
  check_language(CXX)
  unset(found_cxx)
  if(CMAKE_CXX_COMPILER)
    find_program(found_cxx ${CMAKE_CXX_COMPILER} NO_CACHE)
  endif()
  if(found_cxx AND gbench_FOUND)
    enable_language(CXX)
    set(C4_HAVE_GBENCH ON)
  else()
    message(STATUS "conv4: no \"bench ops\" (install libbenchmark-dev and g++)")
  endif()
endif()

# oneDNN runs on gcc's libgomp. clang brings a runtime of its own, and two in one process fight over
# the cores, so a clang build leaves this backend out; so does a library that was built for another
# runtime. Header and library are looked up by hand: the packaged dnnl-config.cmake also demands
# OpenCL's headers, which the CPU engine does not need.
set(C4_HAVE_ONEDNN OFF)
if(C4_ONEDNN AND NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
  message(STATUS "conv4: no oneDNN backend in a build by ${CMAKE_C_COMPILER_ID} (use gcc)")
elseif(C4_ONEDNN)
  find_path(C4_ONEDNN_INCLUDE oneapi/dnnl/dnnl.h HINTS ${dnnl_ROOT} PATH_SUFFIXES include)
  find_library(C4_ONEDNN_LIBRARY dnnl HINTS ${dnnl_ROOT} PATH_SUFFIXES lib lib64)
  mark_as_advanced(C4_ONEDNN_INCLUDE C4_ONEDNN_LIBRARY)
  set(onednn_major "")
  set(onednn_omp "")
  if(C4_ONEDNN_INCLUDE AND C4_ONEDNN_LIBRARY)
    file(STRINGS ${C4_ONEDNN_INCLUDE}/oneapi/dnnl/dnnl_version.h onednn_major
      REGEX "^#define DNNL_VERSION_MAJOR ")
    string(REGEX MATCH "[0-9]+" onednn_major "${onednn_major}")
    file(STRINGS ${C4_ONEDNN_INCLUDE}/oneapi/dnnl/dnnl_config.h onednn_omp
      REGEX "^#define DNNL_CPU_THREADING_RUNTIME +DNNL_RUNTIME_OMP")
  endif()
  if(NOT onednn_major)
    message(STATUS "conv4: no oneDNN backend (install libdnnl-dev)")
  elseif(NOT onednn_omp)
    message(STATUS "conv4: no oneDNN backend (${C4_ONEDNN_LIBRARY} does not run on OpenMP)")
  elseif(NOT onednn_major EQUAL 2)
    message(STATUS "conv4: no oneDNN backend (${C4_ONEDNN_LIBRARY} is version ${onednn_major}, "
      "2.x is supported)")
  else()
    set(C4_HAVE_ONEDNN ON)
    add_library(c4_onednn INTERFACE)
    target_include_directories(c4_onednn SYSTEM INTERFACE ${C4_ONEDNN_INCLUDE})
    target_link_libraries(c4_onednn INTERFACE ${C4_ONEDNN_LIBRARY})
    target_compile_definitions(c4_onednn INTERFACE C4_HAVE_ONEDNN=1)
  endif()
endif()
