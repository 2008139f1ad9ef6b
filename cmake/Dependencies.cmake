# A missing required library stops the configuration; a missing optional one disables its feature
# with a message.
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
  pkg_check_modules(zlib QUIET IMPORTED_TARGET zlib) # checks what matio reads
  if(matio_FOUND AND zlib_FOUND)
    set(C4_HAVE_MATIO ON)
  else()
    message(STATUS
      "conv4: SVHN's official .mat files cannot be read (install libmatio-dev and zlib1g-dev)")
  endif()
endif()

set(C4_HAVE_CURL OFF)
if(C4_CURL)
  pkg_check_modules(curl QUIET IMPORTED_TARGET libcurl)
  set(C4_HAVE_CURL ${curl_FOUND})
  if(NOT curl_FOUND)
    message(STATUS "conv4: data sets cannot be downloaded (install libcurl4-openssl-dev)")
  endif()
endif()

set(C4_HAVE_ARCHIVE OFF)
if(C4_ARCHIVE)
  pkg_check_modules(archive QUIET IMPORTED_TARGET libarchive)
  set(C4_HAVE_ARCHIVE ${archive_FOUND})
  if(NOT archive_FOUND)
    message(STATUS "conv4: no archives of data, no NPZ files (install libarchive-dev)")
  endif()
endif()

# Of a cross build the compiler's wrapper would describe this machine's MPI.
set(C4_HAVE_MPI OFF)
if(C4_MPI AND NOT CMAKE_CROSSCOMPILING)
  find_package(MPI QUIET COMPONENTS C)
  set(C4_HAVE_MPI ${MPI_C_FOUND})
endif()
if(C4_MPI AND NOT C4_HAVE_MPI)
  message(STATUS "conv4: no studies over several MPI ranks (install libopenmpi-dev)")
endif()

# Google Benchmark is C++: that language is enabled only for its bridge. check_language() does not
# check a compiler that a preset names.
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

# oneDNN, 2.x or 3.x: the system's, or the one in C4_ONEDNN_ROOT. It runs on gcc's libgomp. clang has
# its own OpenMP runtime, and two in one process compete for the cores, so this backend is left out
# of clang builds, and if the library was built for another runtime. Header and library are searched
# directly, because the packaged dnnl-config.cmake also requires OpenCL's headers, which the CPU
# engine does not need.
set(C4_HAVE_ONEDNN OFF)
if(C4_ONEDNN AND NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
  message(STATUS "conv4: no oneDNN backend in a build by ${CMAKE_C_COMPILER_ID} (use gcc)")
elseif(C4_ONEDNN)
  if(NOT "${C4_ONEDNN_ROOT}" STREQUAL "${C4_ONEDNN_ROOT_USED}")
    unset(C4_ONEDNN_INCLUDE CACHE)
    unset(C4_ONEDNN_LIBRARY CACHE)
  endif()
  set(C4_ONEDNN_ROOT_USED "${C4_ONEDNN_ROOT}" CACHE INTERNAL "")
  set(places HINTS ${dnnl_ROOT})
  if(C4_ONEDNN_ROOT)
    set(places PATHS ${C4_ONEDNN_ROOT} NO_DEFAULT_PATH)
    set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON) # an installed program also finds that library
  endif()
  find_path(C4_ONEDNN_INCLUDE oneapi/dnnl/dnnl.h ${places} PATH_SUFFIXES include)
  find_library(C4_ONEDNN_LIBRARY dnnl ${places} PATH_SUFFIXES lib lib64)
  if(C4_ONEDNN_ROOT AND NOT (C4_ONEDNN_INCLUDE AND C4_ONEDNN_LIBRARY))
    message(FATAL_ERROR "conv4: no include/oneapi/dnnl/dnnl.h or lib/libdnnl.so in "
      "C4_ONEDNN_ROOT=${C4_ONEDNN_ROOT}")
  endif()
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
  elseif(NOT onednn_major MATCHES "^[23]$")
    message(STATUS "conv4: no oneDNN backend (${C4_ONEDNN_LIBRARY} is version ${onednn_major}, "
      "2.x and 3.x are supported)")
  else()
    set(C4_HAVE_ONEDNN ON)
    add_library(c4_onednn INTERFACE)
    target_include_directories(c4_onednn SYSTEM INTERFACE ${C4_ONEDNN_INCLUDE})
    target_link_libraries(c4_onednn INTERFACE ${C4_ONEDNN_LIBRARY})
    target_compile_definitions(c4_onednn INTERFACE C4_HAVE_ONEDNN=1)
  endif()
endif()
