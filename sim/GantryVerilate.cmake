# SPDX-License-Identifier: Apache-2.0
# gantry_verilate(NAME TOP <module> FILES <sv>... | LIST <file.f>
#                 [CONFIG <row of params.def>] [PARAMS G=2 ...] [ARGS ...]
#                 [TRACE] [ASSERT] [OPT -O2])
#
# A library target NAME with the class V<NAME> of a Verilated module. Verilator runs when the target
# is built, not when CMake is: an error in one module then stops that target and no other.
# One thread and one make job: the models are large and the compilers of several tests meet.
find_program(GANTRY_MAKE make)
find_program(GANTRY_CCACHE ccache)
if(NOT GANTRY_CCACHE)
  set(GANTRY_CCACHE "")
endif()
set(GANTRY_VERILATOR_INCLUDE ${VERILATOR_ROOT}/include)
set(GANTRY_RTL_DIR ${CMAKE_SOURCE_DIR}/hw/rtl)
find_package(ZLIB QUIET)

# Verilator's runtime, once for all models; the waveform writer needs zlib.
if(NOT TARGET gantry_verilated)
  add_library(gantry_verilated STATIC ${GANTRY_VERILATOR_INCLUDE}/verilated.cpp
    ${GANTRY_VERILATOR_INCLUDE}/verilated_threads.cpp)
  if(ZLIB_FOUND)
    target_sources(gantry_verilated PRIVATE ${GANTRY_VERILATOR_INCLUDE}/verilated_fst_c.cpp)
    target_link_libraries(gantry_verilated PUBLIC ZLIB::ZLIB)
  endif()
  target_include_directories(gantry_verilated SYSTEM PUBLIC ${GANTRY_VERILATOR_INCLUDE}
    ${GANTRY_VERILATOR_INCLUDE}/vltstd)
  target_compile_options(gantry_verilated PRIVATE -O2 -w -fvisibility=hidden)
  target_link_libraries(gantry_verilated PUBLIC Threads::Threads)
endif()

# The parameters of a configuration come from the specification's generator.
function(gantry_verilate_config_file config out)
  set(file ${CMAKE_BINARY_DIR}/verilated/${config}.args)
  if(NOT TARGET gantry_args_${config})
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/verilated)
    add_custom_command(OUTPUT ${file} COMMAND gen_spec args ${config} > ${file} DEPENDS gen_spec
                       VERBATIM)
    add_custom_target(gantry_args_${config} DEPENDS ${file})
  endif()
  set(${out} ${file} PARENT_SCOPE)
endfunction()

function(gantry_verilate name)
  cmake_parse_arguments(ARG "TRACE;ASSERT" "TOP;LIST;CONFIG;OPT" "FILES;PARAMS;ARGS" ${ARGN})
  set(dir ${CMAKE_BINARY_DIR}/verilated/${name})
  set(prefix V${name})
  set(arguments --cc -Mdir ${dir} --prefix ${prefix} --top-module ${ARG_TOP}
    -O3 --x-assign fast --x-initial fast -I${GANTRY_RTL_DIR} ${ARG_ARGS})
  set(needs ${GANTRY_RTL_DIR}/gantry_spec.vh ${ARG_FILES})
  if(ARG_LIST)
    list(APPEND arguments -F ${ARG_LIST})
    file(GLOB modules CONFIGURE_DEPENDS ${GANTRY_RTL_DIR}/*.sv)
    list(APPEND needs ${ARG_LIST} ${modules})
  endif()
  if(ARG_CONFIG)
    gantry_verilate_config_file(${ARG_CONFIG} config_file)
    list(APPEND arguments -f ${config_file})
    list(APPEND needs ${config_file} gantry_args_${ARG_CONFIG})
  endif()
  foreach(parameter IN LISTS ARG_PARAMS)
    list(APPEND arguments -G${parameter})
  endforeach()
  if(ARG_TRACE)
    list(APPEND arguments --trace-fst)
  endif()
  if(ARG_ASSERT)
    list(APPEND arguments --assert)
  endif()
  if(EXISTS ${CMAKE_SOURCE_DIR}/hw/lint/waivers.vlt)
    list(APPEND arguments ${CMAKE_SOURCE_DIR}/hw/lint/waivers.vlt)
  endif()
  if(NOT ARG_OPT)
    set(ARG_OPT -O2)
  endif()

  set(archive ${dir}/${prefix}__ALL.a)
  add_custom_command(OUTPUT ${archive}
    COMMAND ${GANTRY_VERILATOR} ${arguments} ${ARG_FILES}
    COMMAND ${CMAKE_COMMAND} -E env --unset=MAKEFLAGS ${GANTRY_MAKE} -s -j1 -C ${dir}
            -f ${prefix}.mk "OBJCACHE=${GANTRY_CCACHE}" OPT_FAST=${ARG_OPT} OPT_SLOW=-O1
            "USER_CPPFLAGS=-fPIC -fvisibility=hidden" ${prefix}__ALL.a
    DEPENDS ${needs} COMMENT "Verilating ${name}" VERBATIM)
  add_custom_target(${name}_build DEPENDS ${archive})
  add_library(${name} INTERFACE)
  add_dependencies(${name} ${name}_build)
  target_include_directories(${name} SYSTEM INTERFACE ${dir})
  target_link_libraries(${name} INTERFACE ${archive} gantry_verilated)
  if(ARG_TRACE)
    target_compile_definitions(${name} INTERFACE VM_TRACE=1 VM_TRACE_FST=1)
  endif()
endfunction()
