# Tests that execute one backend, on this machine's CPU or on an emulated one (label emulated).
# Included by tests/CMakeLists.txt.

# Adds a test program as another test that wants NAME and must fail with these words.
function(c4_test_refuses test target name words)
  add_test(NAME ${test} COMMAND ${target})
  set_tests_properties(${test} PROPERTIES ENVIRONMENT C4_TEST_WANT=${name}
    PASS_REGULAR_EXPRESSION "${words}")
endfunction()

# A wanted backend that cannot run, or only with another one's slots, is a failure, not a skip.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(foreign neon)
else()
  set(foreign avx512)
endif()
c4_test_refuses(want_foreign test_ops ${foreign} "backend '${foreign}' cannot run here")
c4_test_refuses(want_partial test_canonical ref64 "backend 'ref64' would take stem_input from 'ref'")
c4_test_refuses(want_unknown test_training avx1024 "there is no backend 'avx1024'")

# aarch64 under QEMU's user mode: only neon, because ref's fused multiply-adds one by one would take
# most of an hour; test --full also does runs in segments, and the canonical hash by ref.
if(CMAKE_CROSSCOMPILING_EMULATOR AND CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  foreach(name canonical dispatch ops rows training)
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT C4_TEST_WANT=neon)
    set_property(TEST ${name} PROPERTY LABELS emulated) # not heavy, whatever the others are
  endforeach()
  set_property(TEST dispatch APPEND PROPERTY ENVIRONMENT C4_TEST_CPU=neon)
  set_property(TEST rows APPEND PROPERTY ENVIRONMENT C4_TEST_EMULATED=1)
  set_tests_properties(run PROPERTIES LABELS "emulated;full" TIMEOUT 2400 COST 190)
  add_test(NAME canonical_ref COMMAND test_canonical)
  set_tests_properties(canonical_ref PROPERTIES LABELS "emulated;full" TIMEOUT 1500 COST 200
    ENVIRONMENT "C4_TEST_WANT=ref;C4_TEST_EMULATED=1")
  return()
endif()

# x86-64 CPUs under Bochs, a whole PC, and QEMU: only the release build, which users run.
if(CMAKE_CROSSCOMPILING OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" OR C4_SANITIZE
    OR C4_COVERAGE OR NOT CMAKE_BUILD_TYPE STREQUAL "Release"
    OR NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
  return()
endif()
if(TARGET conv4)
  add_test(NAME old_cpu COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/old_cpu.sh $<TARGET_FILE:conv4>
    core2duo)
  set_tests_properties(old_cpu PROPERTIES LABELS "emulated;all" TIMEOUT 1500
    SKIP_RETURN_CODE 77 COST 150)
endif()
set(C4_AVX512_MACHINE ${PROJECT_SOURCE_DIR}/build/avx512-machine CACHE PATH
  "What tests/emulate/make-avx512-machine.sh made")
set(pc ${CMAKE_CURRENT_LIST_DIR}/run-avx512.sh --machine ${C4_AVX512_MACHINE})

# bochs_<name>: a test program on a CPU model that wants a backend, in tier all or full.
function(c4_test_bochs name target cpu want tier)
  cmake_parse_arguments(arg "" "COST;FEATURES" "OPTIONS" ${ARGN})
  add_test(NAME bochs_${name} COMMAND ${pc} --cpu ${cpu} ${arg_OPTIONS} $<TARGET_FILE:${target}>)
  set_tests_properties(bochs_${name} PROPERTIES LABELS "emulated;${tier}" TIMEOUT 1800
    SKIP_RETURN_CODE 77 COST ${arg_COST} ENVIRONMENT "C4_TEST_EMULATED=1;C4_TEST_WANT=${want}")
  if(arg_FEATURES)
    set_property(TEST bochs_${name} APPEND PROPERTY ENVIRONMENT C4_TEST_CPU=${arg_FEATURES})
  endif()
endfunction()

# The choice of "auto" if no native backend's instructions are available.
set(plain ref)
if(C4_HAVE_ONEDNN)
  set(plain onednn)
endif()
# A CPU with AVX-512 runs these natively.
set(unless_native OPTIONS --unless-here avx512f)
c4_test_bochs(ops test_ops corei7_skylake_x avx512 all COST 202 ${unless_native})
c4_test_bochs(rows test_rows corei7_skylake_x avx512 all COST 201 ${unless_native})
c4_test_bochs(canonical test_canonical corei7_skylake_x avx512 full COST 203)
c4_test_bochs(dispatch_skylake test_dispatch corei7_skylake_x avx512 all COST 2
  FEATURES "avx2+fma avx512")
# The CPU has AVX-512, but the system does not save its registers.
c4_test_bochs(dispatch_no_zmm test_dispatch corei7_skylake_x avx2 all COST 2 FEATURES avx2+fma
  OPTIONS --hide avx512f)
c4_test_bochs(dispatch_haswell test_dispatch corei7_haswell_4770 avx2 all COST 2 FEATURES avx2+fma)
c4_test_bochs(dispatch_sandybridge test_dispatch corei7_sandy_bridge_2600k ${plain} all COST 2
  FEATURES none)
c4_test_bochs(dispatch_penryn test_dispatch core2_penryn_t9600 ${plain} all COST 2 FEATURES none)

# A PC with two NUMA nodes under QEMU: threads and memory of places are where the plan says.
set(C4_NUMA_MACHINE ${PROJECT_SOURCE_DIR}/build/numa-machine CACHE PATH
  "What tests/emulate/make-numa-machine.sh made")
add_test(NAME numa_memory_bind COMMAND ${CMAKE_CURRENT_LIST_DIR}/run-numa.sh
  --machine ${C4_NUMA_MACHINE} $<TARGET_FILE:test_memory_bind>)
set_tests_properties(numa_memory_bind PROPERTIES LABELS "emulated;full" TIMEOUT 1000
  SKIP_RETURN_CODE 77 ENVIRONMENT C4_TEST_NODES=2)
if(TARGET conv4)
  find_program(C4_SQLITE3 sqlite3)
  if(C4_SQLITE3)
    add_test(NAME numa_study COMMAND ${CMAKE_CURRENT_LIST_DIR}/run-numa.sh
      --machine ${C4_NUMA_MACHINE} --memory 1536 --with $<TARGET_FILE:conv4> --with ${C4_SQLITE3}
      --with ${CMAKE_CURRENT_LIST_DIR}/numa/study.sh
      /bin/sh ${CMAKE_CURRENT_LIST_DIR}/numa/study.sh $<TARGET_FILE:conv4> ${C4_SQLITE3})
    set_tests_properties(numa_study PROPERTIES LABELS "emulated;full;long" TIMEOUT 1000
      SKIP_RETURN_CODE 77 COST 100)
  endif()
endif()
