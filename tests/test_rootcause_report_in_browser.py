"""In a real browser nothing overflows, on a phone or a desk, in light or dark."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rootcause.report import ReportData, write_report
from rootcause.symptoms import with_symptoms
from tests.rootcause_world import DEFINITION, small_world

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
const wide = [...document.querySelectorAll("body *")]
  .filter(one => !one.closest("svg") && getComputedStyle(one).position !== "absolute")
  .filter(one => one.getBoundingClientRect().right > width + 1)
  .map(one => one.tagName + ":" + one.textContent.trim().slice(0, 40));
const found = [width, document.documentElement.scrollWidth, wide.slice(0, 5)];
parent.postMessage(JSON.stringify(found), "*");
</script>"""
FRAME = """<!DOCTYPE html><title>nothing measured</title>
<script>addEventListener("message", event => { document.title = event.data; });</script>
<iframe src="measured.html" style="border:0;width:WIDTHpx;height:900px"></iframe>"""

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs the browser chromium: apt-get install chromium"
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    world = small_world(1500, upload=LONG)
    findings = with_symptoms(world.findings, world.log, world.journeys, DEFINITION)
    html, _ = write_report(
        folder / "report.html", ReportData(world.log, world.journeys, DEFINITION, [findings])
    )
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html.read_text())
    text = text.replace("<details>", "<details open>").replace("</body>", f"{MEASURE}</body>")
    (folder / "measured.html").write_text(text)
    return folder


def seen(report: Path, width: int, scheme: str) -> str:
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
    return done.stdout


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(report: Path, width: int, scheme: str) -> None:
    title = re.search(r"<title>(.*?)</title>", seen(report, width, scheme))
    assert title is not None
    assert title[1] == f"[{width},{width},[]]"
