#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages: made, looked through, installed below a folder of their own by dpkg, and run
# from there; those for arm64 under qemu. gantry-firmware is made of stand-ins.
#
# Usage: package.sh amd64|arm64
set -u
. tests/e2e/cases.sh
arch=$1
for tool in dpkg dpkg-deb dpkg-buildflags readelf objdump; do
    command -v $tool >/dev/null || { echo "skipped: $tool is missing"; exit 77; }
done
if [ "$arch" = amd64 ] && [ "$(dpkg --print-architecture)" != amd64 ]; then
    echo "skipped: this is no amd64"
    exit 77
fi
firmware=$scratch/firmware
mkdir "$firmware"
files="gantry.bit.bin gantry.dtbo gantry.xclbin shell.json"
for file in $files; do echo "$file" >"$firmware/$file"; done
build=$(realpath "$GANTRY_BUILD_DIR")/package-$arch
make_packages() {
    scripts/package.sh --arch "$arch" --no-sim --firmware "$firmware" --build "$build"
}
status=0
make_packages >"$scratch/made" 2>&1 || status=$?
if [ $status -ne 0 ]; then
    cat "$scratch/made"
    exit $status
fi
package=$build/packages/gantry_$(sed -n 's/^project(gantry VERSION \([0-9.]*\).*/\1/p' \
    CMakeLists.txt)-1_$arch.deb
image=$(echo "$build"/packages/gantry-firmware_*_all.deb)
root=$(realpath "$scratch")/root

# ---- Installed by dpkg
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
check "dpkg installs both" dpkg --root="$root" --force-depends --force-architecture \
    --force-not-root --force-script-chrootless --log="$scratch/dpkg.log" -i "$package" "$image"
equal "no maintainer script runs" \
    "$(find "$root/var/lib/dpkg/info" -name '*inst' -o -name '*rm')" ""
case $arch in
    amd64)
        tuple=x86_64-linux-gnu machine=X86-64 cc=cc libraries=''
        run=()
        ;;
    arm64)
        tuple=aarch64-linux-gnu machine=AArch64 cc=aarch64-linux-gnu-gcc
        libraries=$PWD/build/arm64-root/usr/lib/$tuple:$PWD/build/arm64-root/lib/$tuple
        run=(qemu-aarch64-static -cpu cortex-a53 -L "/usr/$tuple"
            -E LD_LIBRARY_PATH="$root/usr/lib/$tuple:$libraries")
        ;;
esac
library=$root/usr/lib/$tuple
binaries=$(find "$root/usr" -type f \( -path '*/bin/*' -o -name '*.so*' \))
for binary in $binaries; do
    contains "$(basename "$binary") is for $arch" "$(readelf -h "$binary")" "$machine"
done
for path in bin/gantry include/gantry/engine.h lib/$tuple/libgantry.so lib/$tuple/libgantry.so.0 \
    lib/$tuple/libgantry.a lib/$tuple/pkgconfig/gantry.pc share/doc/gantry/copyright \
    lib/$tuple/cmake/gantry/gantry-config.cmake share/man/man1/gantry-run.1.gz \
    share/bash-completion/completions/gantry share/zsh/vendor-completions/_gantry; do
    check "it holds $path" test -e "$root/usr/$path"
done
bytes=$(cat "$root/usr/bin/gantry" "$library/libgantry.so" | wc -c)
check "command and library take 2 MB at most ($bytes bytes)" test "$bytes" -le 2000000
equal "the firmware is where xmutil looks" "$(cd "$root/lib/firmware/xilinx/gantry" && echo *)" \
    "$files"

# ---- Run from there
installed=("${run[@]}" "$root/usr/bin/gantry")
equal "gantry --version" "$("${installed[@]}" --version | head -n 2)" \
    "$("$gantry" --version | head -n 2)"
equal "its modules are found below its own folder" \
    "$("${installed[@]}" devices | grep -c 'libgantry-\(xrt\|opencl\).so is not installed')" 0
models=$root/usr/share/gantry/models/digits
for device in cpu model; do
    "${installed[@]}" run "$models/digits.tflite" --input "$models/samples/7_0.png" \
        --device $device --output "$scratch/$device" --quiet >"$scratch/text"
    "$gantry" run $model --input models/digits/samples/7_0.png --device cpu \
        --output "$scratch/wanted" --quiet >/dev/null
    contains "a 7 is read on $device" "$(sed -n '/7/{p;q}' "$scratch/text")" 7
    check "the bytes of $device are those of this build" \
        cmp "$scratch/$device/output0.npy" "$scratch/wanted/output0.npy"
done
python3 tests/kit/board.py "$scratch/board" \
    "$("$gantry" --version | sed -n 's/^spec //p')" k26 300
contains "gantry doctor" "$("${installed[@]}" doctor --root "$scratch/board" \
    --model "$models/digits.tflite")" "13 ok, 0 warnings, 0 failed"
# What qemu finds below -L stands for the machine's own: /proc/device-tree makes it a board.
if [ "$arch" = arm64 ]; then
    cp -a "$scratch/board" "$scratch/machine"
    cp -a "/usr/$tuple/lib" "$scratch/machine"
    board() { qemu-aarch64-static -L "$scratch/machine" -E LD_LIBRARY_PATH="$libraries" \
        "$root/usr/bin/gantry" "$@" 2>&1; }
    contains "a board is seen to be one" "$(board doctor)" "SMK-K26"
    contains "the device of its application is opened" \
        "$(board run "$models/digits.tflite" --random 1 --device xrt)" "no XRT driver"
    rm "$scratch/machine/proc/device-tree/gantry/gantry,spec-hash"
    contains "a fabric that holds something else is left alone" \
        "$(board run "$models/digits.tflite" --random 1 --device xrt)" \
        "the application that is loaded is not Gantry's"
fi
if command -v pkg-config >/dev/null; then
    # shellcheck disable=SC2046 # flags
    check "a program builds by the package's pkg-config file" "$cc" -std=c11 host/examples/embed.c \
        -o "$scratch/embed" \
        $(PKG_CONFIG_LIBDIR=$library/pkgconfig pkg-config --cflags --libs gantry) \
        ${libraries:+"-Wl,-rpath-link,$libraries"}
    equal "and runs" "$(LD_LIBRARY_PATH=$library "${run[@]}" "$scratch/embed" \
        "$models/digits.tflite" model | wc -l)" 10
else
    skip "a program builds by the package's pkg-config file" "pkg-config is missing"
fi

# ---- What it depends on
field() { dpkg-deb -f "$package" "$1"; }
names() { sed 's/([^)]*)//g; s/[,|]/ /g' <<<"$1" | xargs -n 1 | sort; }
equal "it is for $arch" "$(field Architecture)" "$arch"
glibc=$(field Depends | sed -n 's/.*libc6 (>= \([0-9.]*\)).*/\1/p')
# shellcheck disable=SC2086 # a list of files
newest=$(objdump -T $binaries | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
equal "no newer glibc is needed than the one it names" "$newest" "GLIBC_$glibc"
check "Ubuntu 22.04's glibc 2.35 is new enough" dpkg --compare-versions "$glibc" le 2.35
# brings SONAME: the package of a library.
brings() {
    case $1 in
        libc.so* | libm.so* | ld-linux*) echo libc6 ;;
        libstdc++.so*) echo libstdc++6 ;;
        libgcc_s.so*) echo libgcc-s1 ;;
        *)
            if [ "$arch" = arm64 ]; then
                grep -lr "/$1\$" "$scratch/lists" | xargs -n 1 basename | cut -d_ -f 1
            else
                dpkg -S "*/$1" | cut -d: -f 1 | sort -u
            fi
            ;;
    esac
}
mkdir "$scratch/lists"
[ "$arch" = amd64 ] || for deb in build/arm64-root/apt/*.deb; do
    dpkg-deb -c "$deb" | sed 's/ -> .*//' >"$scratch/lists/$(basename "$deb")"
done
needs() { readelf -d "$@" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | sort -u; }
wanted=$(for so in $(needs "$root/usr/bin/gantry" "$library/libgantry.so"); do
    brings "$so"
done | sort -u)
equal "it depends on what command and library link" "$(names "$(field Depends)")" "$wanted"
for so in $(needs "$library"/gantry/*.so); do
    contains "what modules link is there or recommended: $so" \
        "$(names "$(field Depends),$(field Recommends)")" "$(brings "$so")"
done
[ "$arch" = amd64 ] || equal "jansson of Ubuntu 22.04 is too old: it is within" \
    "$(names "$(field Depends)" | grep -c jansson)" 0

# ---- What it says of itself
# Works that are compiled in, as the copyright file names them.
works=$(sed -n 's/^Comment: \([A-Za-z0-9_]*\), .*/\1/p' cmake/debian/copyright)
equal "works that are compiled in" "$(echo "$works" | xargs)" \
    "FlatBuffers stb_image ONNX Jansson Verilator GTKWave FastLZ LZ4"
for work in $works; do contains "NOTICE names $work" "$(cat NOTICE)" "$work"; done
# shellcheck disable=SC2086 # a list of files
equal "no path of this machine is in it" "$(grep -lF "$PWD" $binaries)" ""
if command -v lintian >/dev/null; then
    equal "lintian finds no error" \
        "$(lintian --allow-root --tag-display-limit 0 "$package" "$image" | grep '^E:')" ""
else
    skip "lintian finds no error" "lintian is missing"
fi
sums() { cat "$package" "$image" | cksum; }
before=$(sums)
check "they are made again" make_packages
equal "with the same bytes" "$(sums)" "$before"
finish
