# cmake --install: the program, and the manual page and completions that it generates.
include(GNUInstallDirs)
install(TARGETS conv4 RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET conv4_mpi) # the program looks for it there, from its own folder
  install(TARGETS conv4_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/conv4)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
file(GLOB recipes CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/repro/recipes/*.sh)
install(PROGRAMS ${recipes} DESTINATION ${CMAKE_INSTALL_DOCDIR}/recipes)

# A cross build without an emulator cannot run the program, and omits these.
if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  message(STATUS "conv4: no manual page and completions in a cross build without an emulator")
  return()
endif()
set(man ${PROJECT_BINARY_DIR}/conv4.1)
set(bash ${PROJECT_BINARY_DIR}/completions/bash/conv4)
set(zsh ${PROJECT_BINARY_DIR}/completions/zsh/_conv4)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/completions/bash ${PROJECT_BINARY_DIR}/completions/zsh)
add_custom_command(OUTPUT ${man} ${bash} ${zsh}
  COMMAND conv4 --man > ${man}
  COMMAND conv4 --completion bash > ${bash}
  COMMAND conv4 --completion zsh > ${zsh}
  DEPENDS conv4 COMMENT "Manual page and completions" VERBATIM)
add_custom_target(c4_documents ALL DEPENDS ${man} ${bash} ${zsh})
install(FILES ${man} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${bash} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${zsh} DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
