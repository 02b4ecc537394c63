# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where: the library, its headers, pkg-config file and CMake package,
# the command. Device modules install themselves (sim/CMakeLists.txt).
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/gantry)
set(package_work ${CMAKE_BINARY_DIR}/package)

install(TARGETS gantry_shared gantry_static EXPORT gantry-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/host/include/gantry DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(TARGETS gantry RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

install(EXPORT gantry-targets NAMESPACE gantry:: DESTINATION ${package_folder})
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/gantry-config.cmake.in
  ${package_work}/gantry-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${package_work}/gantry-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${package_work}/gantry-config.cmake ${package_work}/gantry-config-version.cmake
  DESTINATION ${package_folder})

file(RELATIVE_PATH package_up ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${CMAKE_SOURCE_DIR}/cmake/gantry.pc.in ${package_work}/gantry.pc @ONLY)
install(FILES ${package_work}/gantry.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
