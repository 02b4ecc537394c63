# SPDX-License-Identifier: Apache-2.0
# Options, and the one interface target that carries the compiler flags.
option(GANTRY_WERROR "Warnings are errors" OFF)
option(GANTRY_BUILD_SIM "Build the Verilated RTL device" ON)
option(GANTRY_BUILD_TESTS "Build the tests" ON)
option(GANTRY_STATIC_JANSSON "Link jansson into library and command" OFF)
set(GANTRY_ZSH_FOLDER zsh/site-functions CACHE STRING "Completions of zsh, below the data folder")
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME gantry)
set(GANTRY_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined or thread")

add_library(gantry_flags INTERFACE)
target_compile_definitions(gantry_flags INTERFACE _POSIX_C_SOURCE=200809L)
target_link_options(gantry_flags INTERFACE LINKER:--gc-sections)
target_compile_options(gantry_flags INTERFACE -ffunction-sections -fdata-sections
  -fvisibility=hidden -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffp-contract=off
  $<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow;-Wundef;-Wvla>
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes;-Wmissing-prototypes;-Wformat=2>
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra>
  $<$<BOOL:${GANTRY_WERROR}>:-Werror>)
if(GANTRY_SANITIZE)
  target_compile_options(gantry_flags INTERFACE
    -fsanitize=${GANTRY_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(gantry_flags INTERFACE -fsanitize=${GANTRY_SANITIZE})
endif()

# Writes a C file with the bytes of a file, as NAME[] and NAME_bytes; its path goes to OUT.
#   gantry_embed(OUT NAME FILE)
function(gantry_embed out name file)
  set(c ${CMAKE_CURRENT_BINARY_DIR}/${name}.c)
  set(script ${CMAKE_SOURCE_DIR}/cmake/EmbedFile.cmake)
  add_custom_command(OUTPUT ${c}
    COMMAND ${CMAKE_COMMAND} -DFROM=${file} -DTO=${c} -DNAME=${name} -P ${script}
    DEPENDS ${file} ${script})
  set(${out} ${c} PARENT_SCOPE)
endfunction()

# A device module: what it exports, and where it is installed.
#   gantry_device_module(TARGET FILE SOURCES...)
function(gantry_device_module target file)
  set(map ${CMAKE_SOURCE_DIR}/host/device/module.map)
  add_library(${target} MODULE ${ARGN})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME gantry-${file} LINK_DEPENDS ${map})
  target_link_libraries(${target} PRIVATE gantry_flags gantry_device gantry_accel)
  target_link_options(${target} PRIVATE -Wl,--version-script=${map})
  install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/gantry)
endfunction()

# A part of the library: an object library that sees only the parts it names.
#   gantry_part(NAME SOURCES ... PARTS ...)
function(gantry_part name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PARTS;LIBRARIES" ${ARGN})
  add_library(gantry_${name} STATIC ${ARG_SOURCES})
  target_include_directories(gantry_${name}
    PUBLIC ${CMAKE_SOURCE_DIR}/host/include
    INTERFACE ${CMAKE_BINARY_DIR}/include-${name}
    PRIVATE ${CMAKE_BINARY_DIR}/include-${name})
  # Each part is visible as <part/header.h> through a folder with one link, so that an include of
  # a part that is not named in PARTS does not build.
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include-${name})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_BINARY_DIR}/include-${name}/${name} SYMBOLIC)
  target_link_libraries(gantry_${name} PUBLIC gantry_flags ${ARG_LIBRARIES})
  foreach(part IN LISTS ARG_PARTS)
    target_link_libraries(gantry_${name} PUBLIC gantry_${part})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY GANTRY_PARTS gantry_${name})
endfunction()
