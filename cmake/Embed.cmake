# c4_embed(target FILE...): links each file into the target as the bytes between the symbols
# c4_embed_<name> and c4_embed_<name>_end (characters other than letters and digits become _).
enable_language(ASM)
function(c4_embed target)
  foreach(file IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER ${file} name)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/embed_${name}.S)
    file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
".section .rodata
.global c4_embed_@name@
.global c4_embed_@name@_end
.balign 64
c4_embed_@name@:
.incbin \"@PROJECT_SOURCE_DIR@/@file@\"
c4_embed_@name@_end:
.byte 0
.section .note.GNU-stack,\"\",%progbits
")
    set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${PROJECT_SOURCE_DIR}/${file})
    target_sources(${target} PRIVATE ${source})
  endforeach()
endfunction()
