# SPDX-License-Identifier: Apache-2.0
# Writes a file as a C array with a zero behind it: cmake -DFROM=... -DTO=... -DNAME=... -P
file(READ ${FROM} hex HEX)
string(LENGTH "${hex}" length)
math(EXPR bytes "${length} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" hex "${hex}")
file(WRITE ${TO} "/* Made from a file by EmbedFile.cmake. */
#include <stddef.h>
extern const unsigned char ${NAME}[];
extern const size_t ${NAME}_bytes;
const unsigned char ${NAME}[] = {${hex}0};
const size_t ${NAME}_bytes = ${bytes};
")
