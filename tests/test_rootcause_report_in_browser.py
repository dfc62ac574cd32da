"""In a real browser: nothing overflows, all can be read, nobody is asked, on any screen."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rootcause.report import write_report
from tests.report_world import full_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=3000",
]
LONG = "a_step_with_a_very_long_name_" * 6

# The page forbids scripts, so the measuring happens in a copy that does not. A window is never
# narrower than 500 px, so a phone is a frame.
MEASURE = """<script>
const width = document.documentElement.clientWidth;
const html = [...document.querySelectorAll("body *")].filter(one => !one.closest("svg"));
const wide = html
  .filter(one => getComputedStyle(one).position !== "absolute")
  .filter(one => one.getBoundingClientRect().right > width + 1)
  .map(one => one.tagName + ":" + one.textContent.trim().slice(0, 40));
const drawn = [...document.querySelectorAll("svg *")]
  .filter(one => one.getBoundingClientRect().right > width + 1)
  .map(one => one.tagName + ":" + one.textContent.trim().slice(0, 40));

const channels = text => (text.match(/[\\d.]+/g) || []).map(Number);
const light = text => {
  const [r, g, b] = channels(text).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const under = one => {
  for (let at = one; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    const alpha = channels(colour)[3];
    if (alpha === undefined || alpha > 0) return colour;
  }
  return "rgb(255, 255, 255)";
};
const written = one => [...one.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
const pale = [...document.querySelectorAll("body *")].filter(written)
  .filter(one => one.tagName !== "title" && one.tagName !== "SCRIPT" && one.checkVisibility())
  .map(one => {
    const style = getComputedStyle(one);
    const ink = light(one.closest("svg") ? style.fill : style.color), paper = light(under(one));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    return [Math.round(ratio * 100) / 100, one.textContent.trim().slice(0, 30)];
  }).filter(one => one[0] < 4.5);
const small = [...document.querySelectorAll("svg text")]
  .filter(one => one.getBoundingClientRect().height < 11)
  .map(one => one.textContent);
const found = {
  width, scroll: document.documentElement.scrollWidth, wide: wide.slice(0, 5),
  drawn: drawn.slice(0, 5), pale: pale.slice(0, 5), small: small.slice(0, 5),
  headings: [...document.querySelectorAll("h1, h2, h3, h4")].map(one => Number(one.tagName[1])),
  headline: document.querySelector(".headline").getBoundingClientRect().bottom,
  pictures: document.querySelectorAll("svg").length,
  silent: [...document.querySelectorAll("svg")].filter(one => one.getAttribute("role") !== "img"
    || (one.getAttribute("aria-label") || "").length < 40).length,
  requests: performance.getEntriesByType("resource").map(one => one.name),
};
parent.postMessage(JSON.stringify(found), "*");
</script>"""
FRAME = """<!DOCTYPE html><title>nothing measured</title>
<script>addEventListener("message", event => { document.title = event.data; });</script>
<iframe src="measured.html" style="border:0;width:WIDTHpx;height:900px"></iframe>"""
SCREENS = [(390, "light"), (390, "dark"), (1440, "light"), (1440, "dark")]

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs the browser chromium: apt-get install chromium"
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    data = full_report(1500, upload=LONG)
    html, _ = write_report(folder / "report.html", replace(data, health=[f"{LONG} never occurs."]))
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html.read_text())
    text = text.replace("<details>", "<details open>").replace("</body>", f"{MEASURE}</body>")
    (folder / "measured.html").write_text(text)
    return folder


@cache
def seen(report: Path, width: int, scheme: str) -> dict[str, Any]:
    frame = report / f"frame-{width}-{scheme}.html"
    frame.write_text(FRAME.replace("WIDTH", str(width)))
    profile = report / f"profile-{width}-{scheme}"
    command = [
        str(CHROMIUM),
        *FLAGS,
        f"--user-data-dir={profile}",
        f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
        "--window-size=1600,1000",
        "--dump-dom",
        frame.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    title = re.search(r"<title>(.*?)</title>", done.stdout)
    assert title is not None
    found: dict[str, Any] = json.loads(title[1].replace("&amp;", "&"))
    return found


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_nothing_is_wider_than_the_window(report: Path, width: int, scheme: str) -> None:
    found = seen(report, width, scheme)
    assert (found["width"], found["scroll"]) == (width, width)
    assert found["wide"] == []
    assert found["drawn"] == []


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_every_word_stands_out_from_what_is_under_it(report: Path, width: int, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of at least 4.5 to 1, also inside the pictures."""
    found = seen(report, width, scheme)
    assert found["pale"] == []
    assert found["small"] == []


def test_pictures_speak_headings_descend_and_nobody_is_asked(report: Path) -> None:
    found = seen(report, 390, "light")
    assert found["pictures"] >= 10
    assert found["silent"] == 0
    assert found["requests"] == []
    headings = found["headings"]
    assert headings.count(1) == 1
    assert all(later <= before + 1 for before, later in pairwise(headings))


def test_the_page_prints_light_and_whole(report: Path) -> None:
    page = report / "report.pdf"
    command = [
        *(str(CHROMIUM), *FLAGS, f"--user-data-dir={report / 'profile-print'}"),
        *("--blink-settings=preferredColorScheme=0", f"--print-to-pdf={page}"),
        (report / "report.html").as_uri(),
    ]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert page.read_bytes().startswith(b"%PDF")
    assert 20_000 < page.stat().st_size < 2_000_000
