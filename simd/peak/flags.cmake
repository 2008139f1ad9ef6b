# The loops that measure a core's FMA peak. Not a backend: cmake/Backends.cmake includes this file.
function(c4_peak_loop name chains)
  add_library(c4_simd_peak_${name} OBJECT ${PROJECT_SOURCE_DIR}/simd/peak/fma_peak.c
    ${PROJECT_SOURCE_DIR}/simd/peak/stream_read.c)
  target_link_libraries(c4_simd_peak_${name} PUBLIC c4_flags)
  target_compile_options(c4_simd_peak_${name} PRIVATE ${ARGN})
  target_compile_definitions(c4_simd_peak_${name} PRIVATE C4_PEAK_NAME=c4_peak_${name}
    C4_STREAM_NAME=c4_stream_${name}
    C4_PEAK_CHAINS=${chains})
  set_property(GLOBAL APPEND PROPERTY c4_backend_objects c4_simd_peak_${name})
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  c4_peak_loop(plain 10)
  c4_peak_loop(avx2 12 -mavx2 -mfma)
  c4_peak_loop(avx512 24 -mavx512f -mfma)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  c4_peak_loop(neon 24)
else()
  c4_peak_loop(plain 10)
endif()
