# Reads simd/backends.def and builds each backend's folder as object libraries with its own flags.
# A folder's flags.cmake may call the functions below. If the backend cannot be built here, it
# returns before its first call, and the program's table of backends omits it.

# Compiles simd/<folder>/*.c once, with these flags.
function(c4_backend_variant folder variant)
  cmake_parse_arguments(arg "" "" "FLAGS;DEFINES;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/simd/${folder}/*.c)
  add_library(c4_simd_${variant} OBJECT ${sources})
  target_compile_options(c4_simd_${variant} PRIVATE ${arg_FLAGS} ${c4_team_flags})
  target_compile_definitions(c4_simd_${variant} PRIVATE ${arg_DEFINES})
  target_link_libraries(c4_simd_${variant} PUBLIC c4_flags OpenMP::OpenMP_C ${arg_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY c4_backend_objects c4_simd_${variant})
  set_property(GLOBAL APPEND PROPERTY c4_backend_tables ${variant})
endfunction()

function(c4_add_backends target)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/simd/backends.def)
  file(STRINGS ${PROJECT_SOURCE_DIR}/simd/backends.def lines REGEX "^C4_BACKEND")
  list(TRANSFORM lines REPLACE "^C4_BACKEND\\(([a-z0-9_]+),.*" "\\1" OUTPUT_VARIABLE names)
  list(REMOVE_DUPLICATES names)
  foreach(name IN LISTS names)
    include(${PROJECT_SOURCE_DIR}/simd/${name}/flags.cmake OPTIONAL)
  endforeach()
  foreach(name peak onednn/lane_sums)
    include(${PROJECT_SOURCE_DIR}/simd/${name}/flags.cmake)
  endforeach()
  get_property(objects GLOBAL PROPERTY c4_backend_objects)
  get_property(tables GLOBAL PROPERTY c4_backend_tables)
  set(built "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^C4_BACKEND\\([a-z0-9_]+, *([a-z0-9_]+),.*" "\\1" table ${line})
    if(table IN_LIST tables)
      string(APPEND built "${line}\n")
    endif()
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/backends/backends_built.def CONTENT "${built}")
  list(JOIN tables " " text)
  message(STATUS "conv4: backend tables: ${text}")

  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/simd/*.c
    ${PROJECT_SOURCE_DIR}/simd/native/*.c)
  list(APPEND sources ${PROJECT_SOURCE_DIR}/simd/onednn/lane_sums/dispatch.c)
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/backends)
  target_compile_options(${target} PRIVATE ${c4_team_flags})
  target_link_libraries(${target} PUBLIC c4_flags OpenMP::OpenMP_C ${objects})
endfunction()
