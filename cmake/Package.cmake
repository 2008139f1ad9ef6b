# "cpack -G DEB" in the build folder makes a Debian package; the target dist makes a tarball of the
# committed sources, which builds without a network.
set(CPACK_PACKAGE_VENDOR "The conv4 authors")
set(CPACK_PACKAGE_CONTACT "The conv4 authors")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON) # uses dpkg-shlibdeps, from dpkg-dev
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS gnuplot-nox)
include(CPack)

find_program(C4_GIT git)
if(C4_GIT AND EXISTS ${PROJECT_SOURCE_DIR}/.git)
  set(name conv4-${PROJECT_VERSION})
  add_custom_target(dist
    COMMAND ${C4_GIT} archive --format=tar.gz --prefix=${name}/
      -o ${PROJECT_BINARY_DIR}/${name}.tar.gz HEAD
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    COMMENT "${PROJECT_BINARY_DIR}/${name}.tar.gz" VERBATIM)
endif()
