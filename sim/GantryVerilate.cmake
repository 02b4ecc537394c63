# SPDX-License-Identifier: Apache-2.0
# gantry_verilate(NAME TOP <module> FILES <sv>... | LIST <file.f>
#                 [CONFIG <row of params.def>] [PARAMS G=2 ...] [ARGS ...]
#                 [TRACE] [ASSERT] [OPT -O2])
#
# A library target NAME with the class V<NAME> of a Verilated module. Verilator runs when the target
# is built, not when CMake is: an error in one module then stops that target and no other.
# One thread and one make job: the models are large and the compilers of several tests meet.
include_guard(GLOBAL)
find_program(GANTRY_MAKE make)
find_program(GANTRY_CCACHE ccache)
find_package(ZLIB QUIET)

# Verilator's runtime, once for all models; the waveform writer needs zlib.
add_library(gantry_verilated STATIC ${VERILATOR_ROOT}/include/verilated.cpp
  ${VERILATOR_ROOT}/include/verilated_threads.cpp)
if(ZLIB_FOUND)
  target_sources(gantry_verilated PRIVATE ${VERILATOR_ROOT}/include/verilated_fst_c.cpp)
  target_link_libraries(gantry_verilated PUBLIC ZLIB::ZLIB)
endif()
target_include_directories(gantry_verilated SYSTEM PUBLIC ${VERILATOR_ROOT}/include
  ${VERILATOR_ROOT}/include/vltstd)
target_compile_options(gantry_verilated PRIVATE -O2 -w -fvisibility=hidden)
target_link_libraries(gantry_verilated PUBLIC Threads::Threads)

# The parameters of a configuration come from the specification's generator. Once per row, before
# gantry_verilate(... CONFIG row).
function(gantry_verilate_config config)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/verilated)
  set(file ${CMAKE_BINARY_DIR}/verilated/${config}.args)
  add_custom_command(OUTPUT ${file} COMMAND gen_spec args ${config} > ${file} DEPENDS gen_spec
                     VERBATIM)
  add_custom_target(gantry_args_${config} DEPENDS ${file})
endfunction()

function(gantry_verilate name)
  cmake_parse_arguments(ARG "TRACE;ASSERT" "TOP;LIST;CONFIG;OPT" "FILES;PARAMS;ARGS" ${ARGN})
  set(dir ${CMAKE_BINARY_DIR}/verilated/${name})
  set(rtl ${CMAKE_SOURCE_DIR}/hw/rtl)
  set(prefix V${name})
  set(arguments --cc -Mdir ${dir} --prefix ${prefix} --top-module ${ARG_TOP}
    -O3 --x-assign fast --x-initial fast -I${rtl} ${ARG_ARGS})
  set(needs ${rtl}/gantry_spec.vh ${ARG_FILES})
  if(ARG_LIST)
    list(APPEND arguments -F ${ARG_LIST})
    file(GLOB modules CONFIGURE_DEPENDS ${rtl}/*.sv)
    list(APPEND needs ${ARG_LIST} ${modules})
  endif()
  if(ARG_CONFIG)
    list(APPEND arguments -f ${CMAKE_BINARY_DIR}/verilated/${ARG_CONFIG}.args)
    list(APPEND needs ${CMAKE_BINARY_DIR}/verilated/${ARG_CONFIG}.args gantry_args_${ARG_CONFIG})
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
  list(APPEND arguments ${CMAKE_SOURCE_DIR}/hw/lint/waivers.vlt)
  if(NOT ARG_OPT)
    set(ARG_OPT -O2)
  endif()

  set(ccache ${GANTRY_CCACHE})
  if(NOT ccache)
    set(ccache "")
  endif()
  set(archive ${dir}/${prefix}__ALL.a)
  add_custom_command(OUTPUT ${archive}
    COMMAND ${GANTRY_VERILATOR} ${arguments} ${ARG_FILES}
    COMMAND ${CMAKE_COMMAND} -E env --unset=MAKEFLAGS ${GANTRY_MAKE} -s -j1 -C ${dir}
            -f ${prefix}.mk "OBJCACHE=${ccache}" OPT_FAST=${ARG_OPT} OPT_SLOW=-O1
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
