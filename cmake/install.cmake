# cmake --install, find_package(hotline), pkg-config, and the Debian packages that CPack makes.
include(CMakePackageConfigHelpers)

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/hotline)
set(generated ${PROJECT_BINARY_DIR}/package)

install(TARGETS hotline EXPORT hotline
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime
          NAMELINK_COMPONENT development
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/hotline COMPONENT development
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples COMPONENT development
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(EXPORT hotline NAMESPACE hotline:: FILE hotline-targets.cmake
        DESTINATION ${config_folder} COMPONENT development)

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/hotline-config.cmake.in
  ${generated}/hotline-config.cmake INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${generated}/hotline-config-version.cmake
  COMPATIBILITY SameMinorVersion)

# A static library brings what it needs along.
if(BUILD_SHARED_LIBS)
  set(pc_requires_private "liburing libseccomp libssl libcrypto libxxhash")
  set(pc_libraries_private "-lboost_context -pthread")
else()
  set(pc_requires "liburing libseccomp libssl libcrypto libxxhash")
  set(pc_libraries "-lboost_context -pthread")
endif()
file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
set(summary "client/server programming in C++")
configure_file(${CMAKE_CURRENT_LIST_DIR}/hotline.pc.in ${generated}/hotline.pc @ONLY)

install(FILES ${generated}/hotline-config.cmake ${generated}/hotline-config-version.cmake
        DESTINATION ${config_folder} COMPONENT development)
install(FILES ${generated}/hotline.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT development)

if(HOTLINE_BUILD_CLI)
  set(share ${PROJECT_BINARY_DIR}/share)
  install(TARGETS hotline_cli DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
  install(DIRECTORY ${share}/man/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT program)
  install(FILES ${share}/completions/hotline.bash RENAME hotline COMPONENT program
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${share}/completions/_hotline COMPONENT program
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
  install(FILES ${share}/completions/hotline.fish COMPONENT program
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

set(CPACK_GENERATOR DEB)
# It finds out what the packages depend on.
find_program(SHLIBDEPS dpkg-shlibdeps)
if(NOT SHLIBDEPS)
  message(STATUS "cpack will not work: install dpkg-dev")
  return()
endif()
set(CPACK_PACKAGE_CONTACT "the hotline project")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${summary})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Debug information goes into a package of its own.
set(CPACK_DEBIAN_DEBUGINFO_PACKAGE ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME hotline)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION net)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libhotline-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libboost-context-dev, libseccomp-dev, liburing-dev, libssl-dev, libxxhash-dev, pkg-config")
set(CPACK_DEBIAN_DEVELOPMENT_DEBUGINFO_PACKAGE OFF)
set(CPACK_COMPONENTS_ALL development)
if(HOTLINE_BUILD_CLI)
  list(APPEND CPACK_COMPONENTS_ALL program)
endif()
if(BUILD_SHARED_LIBS)
  list(APPEND CPACK_COMPONENTS_ALL runtime)
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libhotline${abi})
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
  set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS runtime)
endif()
include(CPack)
