# The native bodies in plain C, for any CPU; built again with FMA instructions, since fmaf through
# libm costs sixty times as much.
if(C4_SANITIZE AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  return() # minutes to compile; sanitizers check the same bodies in avx2
endif()
c4_backend_variant(portable portable DEFINES C4_ISA=portable)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  c4_backend_variant(portable portable_fma FLAGS -mavx2 -mfma DEFINES C4_ISA=portable_fma)
endif()
