# SPDX-License-Identifier: Apache-2.0
"""Opens profile pages as a user does: pages.py PAGE.html...

Prints a line "ok|NAME" or "FAILED|NAME|WHY" for each rule of each page."""
import os
import sys

import browser

RECORD = 'JSON.parse(document.getElementById("profile").textContent)'
NAMES = '[...document.querySelectorAll("tr.row")].map(r => r.querySelector("td.name").innerText)'
# Elements that reach beyond the window, and text that its box cuts off.
WIDE = """[...document.querySelectorAll("body *")].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1) && !e.closest("svg") &&
    getComputedStyle(e).clipPath === "none" && !e.closest("thead");
}).map(e => e.tagName + "." + e.className).slice(0, 3)"""
# Contrast of text with what is behind it, by WCAG; the least of the page.
CONTRAST = """(() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => {
    const v = parse(c).slice(0, 3).map(x => x / 255)
      .map(x => x <= 0.03928 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4));
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
  };
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return getComputedStyle(e).backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  let least = 21;
  const texts = "h1, h2, p, td, th, dt, dd, small, button, li, caption";
  for (const e of document.querySelectorAll(texts)) {
    if (!e.innerText || !e.offsetWidth) continue;
    const a = light(getComputedStyle(e).color), b = light(behind(e));
    least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return least;
})()"""


def rules(window, page):
    """Yields (rule, what is wrong or an empty string)."""
    window.complaints.clear()
    window.size(1440, 900)
    window.open(page)
    record = window.value(RECORD)
    shown = window.value(NAMES)
    wanted = [node["name"] for node in record["nodes"]]
    yield "shows every layer of the record", "" if shown == wanted else f"{shown}"
    slices = window.value('document.querySelectorAll("#timeline rect.slice").length')
    yield "draws the timeline", "" if slices > 0 else "no slice"
    dots = window.value('document.querySelectorAll("#roofline circle").length')
    known = sum(node["intensity"] is not None and node["index"] >= 0 for node in record["nodes"])
    yield "draws a point per layer under the roof", "" if dots == known else f"{dots}, not {known}"
    if record["totals"]["stalls"]:
        shares = window.value('[...document.querySelectorAll("#stalls .stack i")]'
                              ".reduce((sum, e) => sum + parseFloat(e.style.width), 0)")
        yield "stalls sum to 100 %", "" if abs(shares - 100) < 0.01 else f"{shares}"
    placed = window.value('document.querySelectorAll("#placement ul > li").length')
    layers = sum(node["index"] >= 0 for node in record["nodes"])
    yield "lists every layer's placement", "" if placed == layers else f"{placed}, not {layers}"
    yield from use(window)
    for width in (1440, 1250, 768, 375):
        for dark in (False, True):
            window.size(width, 900, dark)
            window.open(page)
            look = f"at {width} px, {'dark' if dark else 'light'}"
            wide = window.value(WIDE)
            scrolls = window.value("document.documentElement.scrollWidth > innerWidth")
            yield f"fits {look}", f"{wide}" if wide or scrolls else ""
            least = window.value(CONTRAST)
            yield f"is readable {look}", "" if least >= 4.5 else f"contrast {least:.2f}"
    yield "complains about nothing", "; ".join(window.complaints)


def use(window):
    """Opens a layer, zooms the timeline, chooses a slice."""
    window.value('document.querySelector("td.name button").click()')
    facts = window.value('document.querySelectorAll("tr.more:not([hidden]) .facts div").length')
    yield "a layer opens", "" if facts > 5 else f"{facts} facts"
    before = window.value('document.getElementById("window").textContent')
    window.value('document.getElementById("zoom-in").click()')
    after = window.value('document.getElementById("window").textContent')
    yield "the timeline zooms", "" if before != after else before
    window.value('document.getElementById("zoom-all").click()')
    window.value('[...document.querySelectorAll("#timeline rect.slice")].map(e =>'
                 ' e.dispatchEvent(new MouseEvent("click")))')
    chosen = window.value('document.querySelectorAll("tr.row").length')
    yield "slices can be chosen", "" if chosen else "no row is left"


def main():
    window = browser.Browser(browser.find())
    try:
        for page in sys.argv[1:]:
            name = os.path.basename(page)
            for rule, why in rules(window, page):
                print(f"FAILED|{name} {rule}|{why}" if why else f"ok|{name} {rule}", flush=True)
    finally:
        window.close()


if __name__ == "__main__":
    main()
