#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a picture of a page: screenshot.py PAGE.html PICTURE.png [WIDTH HEIGHT [dark]]"""
import sys

import browser


def main():
    page, picture = sys.argv[1:3]
    width, height = (int(word) for word in sys.argv[3:5]) if len(sys.argv) > 4 else (1440, 900)
    program = browser.find()
    if not program:
        sys.exit("screenshot.py: no Chromium here (Debian package chromium)")
    window = browser.Browser(program)
    try:
        window.size(width, height, "dark" in sys.argv[5:])
        window.open(page)
        window.picture(picture)
    finally:
        window.close()


if __name__ == "__main__":
    main()
