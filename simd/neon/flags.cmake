if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  return()
endif()
include(CheckCCompilerFlag)
# Scheduling before register allocation makes the inner loops copy accumulators: with gcc 12, 12
# copies per 64 multiply-adds.
check_c_compiler_flag(-fno-schedule-insns C4_HAVE_NO_SCHEDULE_INSNS)
c4_backend_variant(neon neon FLAGS $<$<BOOL:${C4_HAVE_NO_SCHEDULE_INSNS}>:-fno-schedule-insns>)
