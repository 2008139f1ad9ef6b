if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  return()
endif()
c4_backend_variant(neon neon)
