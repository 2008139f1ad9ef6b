if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  return()
endif()
c4_backend_variant(avx512 avx512 FLAGS -mavx2 -mfma -mavx512f -mavx512dq -mavx512bw -mavx512vl)
