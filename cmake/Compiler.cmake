# One interface target with the flags that all of the project's objects share.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O3 -g1")
if(C4_SANITIZE) # unrolled loops with a check at every access take minutes at -O3
  set(CMAKE_C_FLAGS_RELEASE "-O1 -g1")
endif()
set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
set(CMAKE_CXX_FLAGS_RELEASE ${CMAKE_C_FLAGS_RELEASE})
set(CMAKE_CXX_FLAGS_DEBUG ${CMAKE_C_FLAGS_DEBUG})

# With ccache, presets share objects, so objects must not depend on their build folder.
find_program(C4_CCACHE ccache)
if(C4_CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${C4_CCACHE})
endif()

add_library(c4_flags INTERFACE)
target_compile_options(c4_flags INTERFACE -ffile-prefix-map=${PROJECT_BINARY_DIR}=.)
target_include_directories(c4_flags INTERFACE ${PROJECT_SOURCE_DIR})
# Part of the arithmetic: the compiler may neither fuse nor reorder; errno and traps are not used.
target_compile_options(c4_flags INTERFACE
  -ffp-contract=off -fno-fast-math -fno-math-errno -fno-trapping-math
  -Wall -Wextra -Wshadow -Wvla -Wpointer-arith
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
  $<$<BOOL:${C4_WERROR}>:-Werror>)
target_compile_definitions(c4_flags INTERFACE _POSIX_C_SOURCE=200809L
  C4_VERSION="${PROJECT_VERSION}")
# Code that runs in a team's threads keeps large arrays off their stacks, which OMP_STACKSIZE may
# make small. Sanitizers and gcov enlarge frames, so they are exempt.
set(c4_team_flags -Wframe-larger-than=16384)
if(C4_SANITIZE OR C4_COVERAGE)
  set(c4_team_flags "")
endif()
if(C4_SANITIZE)
  target_compile_options(c4_flags INTERFACE -fsanitize=${C4_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(c4_flags INTERFACE -fsanitize=${C4_SANITIZE})
endif()
if(C4_COVERAGE)
  target_compile_options(c4_flags INTERFACE --coverage)
  target_link_options(c4_flags INTERFACE --coverage)
endif()
