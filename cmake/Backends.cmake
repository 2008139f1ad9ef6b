# Reads simd/backends.def and builds each backend's folder as object libraries with its own flags.
# A folder's flags.cmake is included with these at hand:
#   c4_backend_variant(<backend> <variant> [FLAGS ...] [DEFINES ...] [LIBRARIES ...])
# compiles simd/<folder of the backend>/*.c once more; a folder that cannot be built here returns
# before its first variant, and the backend is absent from the program's table.

function(c4_backend_variant folder variant)
  cmake_parse_arguments(arg "" "" "FLAGS;DEFINES;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/simd/${folder}/*.c)
  add_library(c4_simd_${variant} OBJECT ${sources})
  target_compile_options(c4_simd_${variant} PRIVATE ${arg_FLAGS})
  target_compile_definitions(c4_simd_${variant} PRIVATE ${arg_DEFINES})
  target_link_libraries(c4_simd_${variant} PUBLIC c4_flags OpenMP::OpenMP_C ${arg_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY c4_backend_objects c4_simd_${variant})
endfunction()

# Puts a backend of backends.def into the program's table.
function(c4_backend_built name)
  string(TOUPPER ${name} upper)
  set_property(GLOBAL APPEND PROPERTY c4_backend_definitions C4_BUILT_${upper}=1)
  message(STATUS "conv4: backend ${name}")
endfunction()

function(c4_add_backends target)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/simd/backends.def)
  file(STRINGS ${PROJECT_SOURCE_DIR}/simd/backends.def lines REGEX "^C4_BACKEND")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^C4_BACKEND\\(([a-z0-9_]+),.*" "\\1" name ${line})
    include(${PROJECT_SOURCE_DIR}/simd/${name}/flags.cmake OPTIONAL)
  endforeach()
  get_property(objects GLOBAL PROPERTY c4_backend_objects)
  get_property(definitions GLOBAL PROPERTY c4_backend_definitions)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/simd/*.c)
  add_library(${target} STATIC ${sources})
  target_compile_definitions(${target} PRIVATE ${definitions})
  target_link_libraries(${target} PUBLIC c4_flags OpenMP::OpenMP_C ${objects})
endfunction()
