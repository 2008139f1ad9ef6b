if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  return()
endif()
c4_backend_variant(avx2 avx2 FLAGS -mavx2 -mfma)
