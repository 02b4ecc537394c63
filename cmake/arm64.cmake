# SPDX-License-Identifier: Apache-2.0
# Toolchain: 64-bit Arm from another machine. Libraries come from GANTRY_ARM64_ROOT, which
# scripts/cross-arm64.sh fills; programs run under qemu.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES GANTRY_ARM64_ROOT)
set(libraries ${GANTRY_ARM64_ROOT}/usr/lib/aarch64-linux-gnu)
set(CMAKE_PREFIX_PATH ${GANTRY_ARM64_ROOT}/usr)
set(CMAKE_C_FLAGS_INIT "-mcpu=cortex-a53")
set(CMAKE_CXX_FLAGS_INIT "-mcpu=cortex-a53")
foreach(kind EXE SHARED)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT "-L${libraries} -Wl,-rpath-link,${libraries}")
endforeach()
set(ENV{PKG_CONFIG_LIBDIR} ${libraries}/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${GANTRY_ARM64_ROOT})
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static -cpu cortex-a53
  -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=${libraries})
