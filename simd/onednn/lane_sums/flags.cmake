# Channel sums in oneDNN's layouts. Not a backend: cmake/Backends.cmake includes this file.
function(c4_lane_sums name)
  add_library(c4_simd_sums_${name} OBJECT ${PROJECT_SOURCE_DIR}/simd/onednn/lane_sums/lane_sums.c)
  target_link_libraries(c4_simd_sums_${name} PUBLIC c4_flags)
  target_compile_options(c4_simd_sums_${name} PRIVATE ${ARGN})
  target_compile_definitions(c4_simd_sums_${name} PRIVATE C4_SUMS_NAME=c4_lane_sums_${name})
  set_property(GLOBAL APPEND PROPERTY c4_backend_objects c4_simd_sums_${name})
endfunction()

c4_lane_sums(plain)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  c4_lane_sums(avx2 -mavx2 -mfma)
endif()
