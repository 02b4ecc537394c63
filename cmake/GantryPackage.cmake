# SPDX-License-Identifier: Apache-2.0
# Debian packages, made by scripts/package.sh: gantry, and gantry-firmware where GANTRY_FIRMWARE is
# set. What is linked is stated here: a cross build has no data base of packages to ask. The test
# of the packages compares.
set(GANTRY_FIRMWARE "" CACHE PATH "Application folder made by hw/kria, for gantry-firmware")
set(GANTRY_MAINTAINER "The Gantry authors <gantry@example.org>" CACHE STRING "Of the packages")

# ---- Files that only a package needs
set(documents ${CMAKE_INSTALL_DATADIR}/doc/gantry)
set(work ${CMAKE_BINARY_DIR}/debian)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${CMAKE_SOURCE_DIR}/cmake/debian/changelog.in ${work}/changelog.Debian @ONLY)
configure_file(${CMAKE_SOURCE_DIR}/cmake/debian/shlibs.in ${work}/shlibs @ONLY)
configure_file(${CMAKE_SOURCE_DIR}/CHANGELOG.md ${work}/changelog COPYONLY)
add_custom_command(OUTPUT ${work}/changelog.gz ${work}/changelog.Debian.gz
  COMMAND gzip -9nkf ${work}/changelog ${work}/changelog.Debian
  DEPENDS ${work}/changelog ${work}/changelog.Debian VERBATIM)
add_custom_target(gantry_documents ALL DEPENDS ${work}/changelog.gz)
install(FILES ${work}/changelog.gz ${work}/changelog.Debian.gz
  ${CMAKE_SOURCE_DIR}/cmake/debian/copyright ${CMAKE_SOURCE_DIR}/NOTICE DESTINATION ${documents})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/models/digits
  DESTINATION ${CMAKE_INSTALL_DATADIR}/gantry/models
  FILES_MATCHING PATTERN "*.tflite" PATTERN "*.png" PATTERN "manifest.json")

# ---- What is linked
set(depends "libc6 (>= 2.34)" libstdc++6)
set(recommends)
if(NOT GANTRY_STATIC_JANSSON)
  list(APPEND depends "libjansson4 (>= 2.14)")
endif()
if(GANTRY_HAVE_ONNX)
  list(APPEND depends libprotobuf-c1)
endif()
if(GANTRY_HAVE_AUDIO)
  list(APPEND depends libsndfile1 libkissfft-float131)
endif()
if(GANTRY_HAVE_ALSA)
  list(APPEND depends libasound2)
endif()
if(TARGET gantry_sim)
  list(APPEND depends libgcc-s1)
endif()
if(TARGET gantry_sim_waves)
  list(APPEND depends zlib1g)
endif()
# A module whose library is missing is a device that is missing.
if(GANTRY_HAVE_XRT)
  list(APPEND recommends "libxrt1 | xrt")
endif()
if(GANTRY_HAVE_OPENCL)
  list(APPEND recommends "ocl-icd-libopencl1 | libopencl1")
endif()
list(JOIN depends ", " CPACK_DEBIAN_GANTRY_PACKAGE_DEPENDS)
list(JOIN recommends ", " CPACK_DEBIAN_GANTRY_PACKAGE_RECOMMENDS)

# ---- The packages
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME gantry)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT ${GANTRY_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL gantry)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
if(CMAKE_LIBRARY_ARCHITECTURE MATCHES "^aarch64-")
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)
elseif(CMAKE_LIBRARY_ARCHITECTURE MATCHES "^x86_64-")
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE amd64)
endif()
set(CPACK_DEBIAN_GANTRY_PACKAGE_NAME gantry)
set(CPACK_DEBIAN_GANTRY_PACKAGE_SUGGESTS "gantry-firmware, libjansson-dev")
set(CPACK_DEBIAN_GANTRY_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/cmake/debian/triggers ${work}/shlibs)
set(CPACK_COMPONENT_GANTRY_DESCRIPTION
"quantised neural networks on the CPU and on an open FPGA accelerator
Gantry reads int8 networks, decides layer by layer what runs on the CPU and
what on an accelerator written in SystemVerilog, runs it, and explains what
every layer costs. This package holds the command, the library with its
headers, device modules, manual pages and a small network to try it with.")
if(GANTRY_FIRMWARE)
  foreach(file gantry.bit.bin gantry.dtbo gantry.xclbin shell.json)
    if(NOT EXISTS ${GANTRY_FIRMWARE}/${file})
      message(FATAL_ERROR "GANTRY_FIRMWARE: ${GANTRY_FIRMWARE}/${file} is not there")
    endif()
  endforeach()
  install(DIRECTORY ${GANTRY_FIRMWARE}/ DESTINATION /lib/firmware/xilinx/gantry COMPONENT firmware)
  install(FILES ${work}/changelog.gz ${work}/changelog.Debian.gz
    ${CMAKE_SOURCE_DIR}/cmake/debian/copyright
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/gantry-firmware COMPONENT firmware)
  list(APPEND CPACK_COMPONENTS_ALL firmware)
  set(CPACK_DEBIAN_FIRMWARE_PACKAGE_NAME gantry-firmware)
  set(CPACK_DEBIAN_FIRMWARE_PACKAGE_ARCHITECTURE all)
  set(CPACK_DEBIAN_FIRMWARE_PACKAGE_ENHANCES gantry)
  set(CPACK_COMPONENT_FIRMWARE_DESCRIPTION
"Gantry's accelerator for the FPGA of a Kria KV260
Bitstream, device tree overlay and description of the accelerator, where
xmutil and XRT look for them.")
endif()
include(CPack)
