# Static checks of the objects: marked inner loops, and which instructions are where. Included by
# tests/CMakeLists.txt.

# *objects = the objects and archives of the existing targets.
function(c4_objects objects)
  set(found "")
  foreach(name IN LISTS ARGN)
    if(TARGET ${name})
      list(APPEND found $<TARGET_OBJECTS:${name}>)
    endif()
  endforeach()
  set(${objects} ${found} PARENT_SCOPE)
endfunction()

set(hot_loops sh ${CMAKE_CURRENT_LIST_DIR}/hot_loops.sh "${CMAKE_OBJDUMP}")
set(instructions sh ${CMAKE_CURRENT_LIST_DIR}/instructions.sh "${CMAKE_OBJDUMP}")
set(folders "")
foreach(name peak_avx2 peak_avx512 peak_neon avx2 avx512 avx512m neon)
  if(TARGET c4_simd_${name})
    list(APPEND folders --folder ${name} $<TARGET_OBJECTS:c4_simd_${name}>)
  endif()
endforeach()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(x86 ON)
  set(fused avx2)
else()
  set(x86 OFF)
  set(fused neon)
endif()

# As shipped: optimised.
if(NOT CMAKE_BUILD_TYPE STREQUAL "Release" OR C4_SANITIZE OR C4_COVERAGE OR NOT folders)
  foreach(name hot_loops instructions)
    add_test(NAME ${name} COMMAND sh -c "echo 'skipped: not optimised, or no ISA folder'; exit 77")
    set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
  endforeach()
  return()
endif()

# --- marked inner loops

add_test(NAME hot_loops COMMAND ${hot_loops} ${folders} COMMAND_EXPAND_LISTS)
# The check itself, on objects with planted faults.
foreach(planted IN ITEMS "SOUND" "UNROLLED" "STACK stack" "CALL call,stack" "COUNT fmas"
    "UNMARKED none" "NO_LOOP none")
  separate_arguments(planted)
  list(POP_FRONT planted name)
  list(TRANSFORM planted PREPEND "--faults=")
  add_library(c4_planted_${name} OBJECT static/planted_hot_loop.c)
  target_compile_definitions(c4_planted_${name} PRIVATE PLANT=${name})
  target_include_directories(c4_planted_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_options(c4_planted_${name} PRIVATE -Wall -Wextra -Werror -fno-tree-vectorize
    -fno-tree-slp-vectorize)
  if(x86)
    target_compile_options(c4_planted_${name} PRIVATE -mavx2 -mfma)
  endif()
  string(TOLOWER hot_loops_${name} test)
  add_test(NAME ${test} COMMAND ${hot_loops} ${planted} --folder ${name}
    $<TARGET_OBJECTS:c4_planted_${name}> COMMAND_EXPAND_LISTS)
  set_tests_properties(${test} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
# The same through the frame pointer.
target_compile_options(c4_planted_STACK PRIVATE -fno-omit-frame-pointer)
set_tests_properties(hot_loops PROPERTIES SKIP_RETURN_CODE 77)

# --- models of cores: the table is gcc 12's, Debian 12's compiler

if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_C_COMPILER_VERSION MATCHES "^12[.]")
  find_program(C4_LLVM_MCA NAMES llvm-mca-19 llvm-mca DOC "llvm-mca of LLVM 19 or newer")
  set(table ${PROJECT_SOURCE_DIR}/results/static/inner-loops.csv)
  set(inner_loops sh ${CMAKE_CURRENT_LIST_DIR}/inner_loops.sh "${C4_LLVM_MCA}" "${CMAKE_OBJDUMP}")
  add_test(NAME inner_loops COMMAND ${inner_loops} --check ${table} ${folders} COMMAND_EXPAND_LISTS)
  set_tests_properties(inner_loops PROPERTIES SKIP_RETURN_CODE 77)
  # The check itself, against a table with a higher value for one model and without the others.
  add_test(NAME inner_loops_worse COMMAND ${inner_loops}
    --check ${CMAKE_CURRENT_LIST_DIR}/planted_inner_loops.csv --folder avx2
    $<TARGET_OBJECTS:c4_planted_SOUND> COMMAND_EXPAND_LISTS)
  set_tests_properties(inner_loops_worse PROPERTIES SKIP_RETURN_CODE 77
    PASS_REGULAR_EXPRESSION "it is not in the table.*the table has 100")
  if(NOT x86)
    set_tests_properties(inner_loops_worse PROPERTIES DISABLED ON)
  endif()
endif()

# --- instructions

c4_objects(core c4_core c4_program c4_simd c4_simd_onednn)
c4_objects(plain c4_simd_ref c4_simd_ref64 c4_simd_portable c4_simd_peak_plain
  c4_simd_sums_plain)
c4_objects(fma c4_simd_neon c4_simd_peak_neon c4_simd_avx2 c4_simd_peak_avx2
  c4_simd_sums_avx2 c4_simd_ref_fma
  c4_simd_ref64_fma c4_simd_portable_fma)
if(x86)
  c4_objects(wide c4_simd_avx512 c4_simd_avx512m c4_simd_peak_avx512)
  add_test(NAME instructions COMMAND ${instructions} --allow core ${core} ${plain} --allow avx2 ${fma}
    --allow avx512 ${wide} COMMAND_EXPAND_LISTS)
  set(plants "SOUND core" "YMM core avx2" "VEX core avx2" "BMI core avx2" "FMA core fma"
    "ZMM core avx512" "ZMM avx2 avx512" "MASK avx2 avx512" "XMM16 avx2 avx512" "YMM avx2"
    "FMA avx2" "ZMM avx512")
else()
  # fmaf is an instruction of every AArch64.
  add_test(NAME instructions COMMAND ${instructions} --allow core ${core} --allow neon ${plain} ${fma}
    COMMAND_EXPAND_LISTS)
  set(plants "SOUND core" "FMA core fma" "FMA neon" "SVE neon sve" "DOT neon dot" "FP16 neon fp16")
endif()
set_tests_properties(instructions PROPERTIES SKIP_RETURN_CODE 77)
foreach(plant IN LISTS plants) # name, allowed set, the fault that must be found
  separate_arguments(plant)
  list(POP_FRONT plant name set)
  list(TRANSFORM plant PREPEND "--faults=")
  if(NOT TARGET c4_foreign_${name})
    add_library(c4_foreign_${name} OBJECT static/planted_instructions.c)
    target_compile_definitions(c4_foreign_${name} PRIVATE PLANT=${name})
  endif()
  string(TOLOWER instructions_${name}_in_${set} test)
  add_test(NAME ${test} COMMAND ${instructions} ${plant} --allow ${set}
    $<TARGET_OBJECTS:c4_foreign_${name}> COMMAND_EXPAND_LISTS)
  set_tests_properties(${test} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
