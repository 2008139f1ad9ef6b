if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  return()
endif()
set(level "")
if(C4_SANITIZE) # unrolled loops with a check at every access take minutes at -O3
  set(level -O1)
endif()
c4_backend_variant(avx2 avx2 FLAGS -mavx2 -mfma ${level})
