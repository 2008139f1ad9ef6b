if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  return()
endif()
if(C4_SANITIZE) # minutes to compile; sanitizers check the same bodies in avx2
  return()
endif()
set(flags -mavx2 -mfma -mavx512f -mavx512dq -mavx512bw -mavx512vl)
c4_backend_variant(avx512 avx512 FLAGS ${flags})
# The same with the other form of the micro-kernels: which is faster depends on the CPU.
c4_backend_variant(avx512 avx512m FLAGS ${flags} DEFINES C4_MEMORY_BROADCAST=1)
