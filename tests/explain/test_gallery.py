"""The gallery: outcomes, what the page holds, names that are no markup, and the page itself in a browser."""

import base64
import html
import json
import pathlib
import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest

from chex_tf.data.view import View
from chex_tf.explain import gallery

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
EVIL = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">&\u2028"


def test_outcomes() -> None:
    assert [gallery.outcome(*case) for case in ((1, 0.5, 0.5), (0, 0.6, 0.5), (1, 0.4, 0.5), (0, 0.1, 0.5))] == [
        "TP",
        "FP",
        "FN",
        "TN",
    ]
    assert gallery.outcome(float("nan"), 0.9, 0.5) == ""
    assert gallery.outcome(1, 0.9, float("nan")) == ""


HEAD = gallery.Head(
    title="Maps <b>of</b> a split",
    notes="From a test.",
    tasks=("Edema", "Fracture"),
    runs=("first", "second"),
    grids=((2, 3), (100, 100)),
    views=(View(32, 32), View(24, 32)),
    thresholds=(np.array([0.5, 0.2]), np.array([0.3, np.nan])),
)


@pytest.fixture
def page(tmp_path: pathlib.Path) -> pathlib.Path:
    file = tmp_path / "gallery.html"
    generator = np.random.default_rng(0)
    with gallery.page(file, HEAD) as add:
        for number in range(60):
            probable = np.array([[number / 60, 0.1], [0.9, 0.5]])
            bright = [generator.random((2, *grid)) for grid in HEAD.grids]
            bright[0][0] = [[0, 0.2, 0.4], [0.6, 0.8, 1]]
            film = generator.integers(0, 255, (300, 240)).astype(np.uint8)
            truth = np.array([number % 2, np.nan if number == 7 else 1.0])
            region = np.zeros((600, 480), bool)
            region[200:400, 120:360] = True
            name = EVIL if number == 59 else f"film{number:02d}.jpg"
            add(name, film, truth, probable, bright, {0: region} if number == 40 else {})
    return file


def test_a_probability_that_looks_like_its_threshold_has_more_decimals(tmp_path: pathlib.Path) -> None:
    with gallery.page(tmp_path / "gallery.html", HEAD) as add:
        probable = np.array([[0.4999, 0.1], [0.301, 0.5]])  # two decimals would be 0.50 as the threshold is, and 0.30
        add(
            "one.jpg",
            np.zeros((8, 8), np.uint8),
            np.ones(2),
            probable,
            [np.zeros((2, *grid)) for grid in HEAD.grids],
            {},
        )
    (film,) = films_in(tmp_path / "gallery.html")
    assert film["d"] == [[4, 3], [2, 2]]


def films_in(page: pathlib.Path) -> list[dict]:
    text = page.read_text(encoding="utf-8")
    body = text.partition("const FILMS = [\n")[2].partition("];\n")[0]
    return [json.loads(line.removesuffix(",")) for line in body.splitlines()]


def test_what_the_page_holds(page: pathlib.Path) -> None:
    films = films_in(page)
    assert len(films) == 60
    film = films[40]
    assert film["n"] == "film40.jpg"
    assert film["s"] == [154, 192]
    assert film["t"] == [0, 1]
    assert film["p"] == [[pytest.approx(2 / 3, abs=1e-6), 0.9], [0.1, 0.5]]
    assert film["d"] == [[2, 2], [2, 2]]
    assert film["o"] == [["FP", "FP"], ["FN", ""]]
    assert films[7]["t"] == [1, None]
    # Of the stored picture of 154 by 192 pixels: rows 64 to 127, columns 38 or 39 to 115; a contour goes through their
    # middles.
    ((*corners,),) = film["r"]["0"]
    assert films[7]["r"] == {}
    across, down = corners[::2], corners[1::2]
    assert (min(across), max(across)) == (pytest.approx(0.25, abs=0.005), pytest.approx(0.75, abs=0.005))
    assert (min(down), max(down)) == (pytest.approx(64.5 / 192, abs=1e-4), pytest.approx(127.5 / 192, abs=1e-4))
    assert film["v"] == [[0, 0, 1, 1], [0.125, 0.125, 0.75, 0.75]]
    assert list(base64.b64decode(film["m"][0][0])) == [0, 51, 102, 153, 204, 255]
    assert len(base64.b64decode(film["m"][1][1])) == 64 * 64
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(film["g"]), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown.shape == (192, 154)


def test_nothing_is_asked_of_a_network(page: pathlib.Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r"https?://|src=\"(?!data:)|href=", text.replace(json.dumps(EVIL), ""))


def test_a_name_ends_no_script(page: pathlib.Path) -> None:
    assert films_in(page)[59]["n"] == EVIL
    assert page.read_text(encoding="utf-8").count("</script>") == 1


def test_a_page_that_fails_half_way_is_not_there(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ZeroDivisionError), gallery.page(tmp_path / "gallery.html", HEAD):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_an_outline_follows_holes_and_every_part() -> None:
    region = np.zeros((192, 192), bool)
    region[10:60, 10:60] = True
    region[20:40, 20:40] = False
    region[100:120, 150:190] = True
    assert len(gallery.outlines(region)) == 3
    assert gallery.outlines(np.zeros((8, 8), bool)) == []


def in_browser(page: pathlib.Path, script: str) -> str:
    """The document after `script`; what it leaves in the title is read."""
    changed = page.with_name("changed.html")
    text = page.read_text(encoding="utf-8")
    changed.write_text(text.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000", "--dump-dom"]
    return subprocess.run([*command, changed.as_uri()], capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which is not installed")
def test_small_and_large_probabilities_do_not_become_0_and_1(page: pathlib.Path) -> None:
    values = "[[0, 2], [0.0004, 2], [0.004, 2], [0.125, 3], [0.9996, 2], [1, 2]]"
    script = f"document.title = JSON.stringify({values}.map(([value, decimals]) => shown(value, decimals)))"
    dom = in_browser(page, script)
    found = json.loads(html.unescape(re.search(r"<title>(.*?)</title>", dom).group(1)))
    assert found == ["0.00", "0.0004", "0.004", "0.125", "0.999600", "1.00"]


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which is not installed")
def test_filtering_in_a_browser(page: pathlib.Path) -> None:
    script = """
      const seen = {};
      const cards = () => document.querySelectorAll("figure").length;
      const set = (id, value) => { const one = document.getElementById(id); one.value = value;
                                   one.dispatchEvent(new Event("change")); };
      seen.first = cards();
      document.getElementById("more").click();
      seen.all = cards();
      set("outcome", "TP"); seen.truePositives = cards();
      set("outcome", "TN"); set("order", "low"); seen.trueNegatives = cards();
      seen.lowest = document.querySelector("figcaption").textContent;
      set("run", "1"); seen.none = cards(); seen.said = !document.getElementById("none").hidden;
      set("task", "1"); set("run", "0"); set("outcome", ""); seen.unlabelled = cards();
      set("outcome", "*"); set("order", "split"); document.getElementById("more").click();
      seen.evil = document.querySelectorAll("figcaption")[59].textContent.slice(0, 9);
      setTimeout(() => {
        const pixels = document.querySelectorAll("figure")[0].querySelectorAll("canvas");
        const colour = at => { const p = pixels[1].getContext("2d").getImageData(at, 100, 1, 1).data;
                               return p[0] - p[2]; };
        seen.coloured = Math.abs(colour(140)) > 5;
        document.title = JSON.stringify(seen);
      }, 1500);
    """
    dom = in_browser(page, script)
    found = json.loads(html.unescape(re.search(r"<title>(.*?)</title>", dom).group(1)))
    assert found == {
        "first": 48,
        "all": 60,
        # Odd films are positive; the threshold of the first run and task is 0.5.
        "truePositives": 15,
        "trueNegatives": 15,
        "lowest": "film00.jpg",
        "none": 0,
        "said": True,
        "unlabelled": 1,
        "evil": "</script>",
        "coloured": True,
    }


LAYOUT = """
  const right = Math.max(...[...document.querySelectorAll("figure")].map(one => one.getBoundingClientRect().right));
  const canvas = document.querySelector(".cell canvas").getBoundingClientRect();
  parent.document.title = JSON.stringify({
    window: document.documentElement.clientWidth, page: document.documentElement.scrollWidth, right,
    widest: Math.max(...[...document.querySelectorAll("*")].map(one => one.getBoundingClientRect().right)),
    canvas: canvas.width, high: canvas.height
  });
"""


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which is not installed")
@pytest.mark.parametrize("width", [390, 1400])
def test_the_page_fills_its_window_and_never_scrolls_sideways(page: pathlib.Path, width: int) -> None:
    """In a frame of that width, since Chromium's windows are 500 pixels wide or more."""
    text = page.read_text(encoding="utf-8").replace("</body>", f"<script>{LAYOUT}</script></body>")
    frame = f'<iframe width="{width}" height="800" style="border: 0" srcdoc="{html.escape(text)}"></iframe>'
    around = page.with_name("around.html")
    around.write_text(f"<!DOCTYPE html><title></title><body>{frame}</body>", encoding="utf-8")
    dom = in_browser(around, "")
    found = json.loads(html.unescape(re.search(r"<title>(.*?)</title>", dom).group(1)))
    assert found["page"] <= found["window"]
    assert found["widest"] <= found["window"]
    assert found["window"] - found["right"] <= 20  # the page's own margin, and no empty column
    assert found["canvas"] >= 140
    assert found["high"] / found["canvas"] == pytest.approx(192 / 154, abs=0.02)
