"""The page: what stands in it, that nothing in it is markup by accident, accessibility, and a real browser."""

import html
import html.parser
import itertools
import json
import re
import shutil
import subprocess

import pytest
from PIL import Image

from chex_tf.study.report import page
from chex_tf.study.report.page import Page, Section
from chex_tf.study.table import Table

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which is not installed")
EVIL = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">&"
VOID = {"meta", "img", "br", "use", "path"}


class Elements(html.parser.HTMLParser):
    """Every element with its attributes, and its text where it has no elements in it."""

    def __init__(self, text):
        super().__init__()
        self.found, self._open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes), []))
        self._open.append(self.found[-1])

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, text):
        for one in self._open:
            one[2].append(text)

    def of(self, *tags):
        return [(attributes, "".join(text).strip()) for tag, attributes, text in self.found if tag in tags]


def test_the_about_line_comes_first_and_then_verdicts(report):
    text = report.read_text()
    body = text[text.index("<body>") :]
    places = [
        body.index(part)
        for part in (
            *('class="about"', "<h1>", 'id="verdicts"', 'id="tables"', 'id="figures"', 'id="relations"'),
            *('id="training"', 'id="explained"', 'id="missing"', 'id="runs"', 'id="data"', 'id="environment"'),
        )
    ]
    assert places == sorted(places)
    assert "Fabricated &lt;b&gt;numbers&lt;/b&gt; &amp; no evidence." in body


def test_nothing_is_asked_of_a_network(report):
    text = report.read_text()
    assert "default-src 'none'" in text
    # Names of XML's own forms are no requests.
    outside = re.findall(r"https?://[^\s\"<]+", text)
    assert {one for one in outside if not one.startswith("http://www.w3.org/")} == set()
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)


def test_text_from_files_is_never_markup(tmp_path):
    table = Table("evil", EVIL, (EVIL, "b"), ((EVIL, EVIL),), EVIL)
    made = Page(EVIL, EVIL, EVIL, None, (Section("one", EVIL, (EVIL,), (EVIL,), (table,)),))
    text = page.render(made)
    assert text.count("<script>") == 1
    assert "<img" not in text
    assert Elements(text).of("h1") == [({}, EVIL)]


def test_what_a_reader_with_a_screen_reader_needs(report):
    elements = Elements(report.read_text())
    ((attributes, _),) = elements.of("html")
    assert attributes["lang"] == "en"
    levels = [int(tag[1]) for tag, _, _ in elements.found if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes, _ in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes, _ in elements.found:
        assert attributes.get("aria-labelledby", ids[0]) in ids
        assert attributes.get("href", "#" + ids[0])[1:] in ids
        if attributes.get("role") in ("img", "region"):
            assert attributes["aria-label"].strip()
    assert all(attributes["alt"] for attributes, _ in elements.of("img"))
    assert elements.of("img")
    assert all(attributes.get("scope") in ("col", "row") for attributes, _ in elements.of("th"))
    assert len(elements.of("caption")) == len(elements.of("table"))
    assert all(words for _, words in elements.of("button", "summary", "a"))
    sortable = [attributes for attributes, _ in elements.of("th") if attributes["scope"] == "col"]
    assert {attributes["aria-sort"] for attributes in sortable} == {"none"}


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_in_both_schemes(report):
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    schemes = re.findall(r":root \{[^}]*?(--ground[^}]*)\}", report.read_text())[:2]
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#\w{6})", scheme))
        for text in ("ink", "soft", "link", "supported", "contradicted", "undecided", "missing"):
            for ground in ("ground", "raised"):
                assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        assert contrast(colours["ink"], colours["caution"]) >= 4.5


def test_what_is_missing_is_said(report):
    elements = Elements(report.read_text())
    said = [words for _, words in elements.of("p")]
    assert "MobileNetV2-scratch: waiting" in said
    assert any(words.startswith("1 of 11 cells are not in the numbers above") for words in said)


def test_every_run_has_a_command_that_is_understood(report, kinds):
    """The same flags make the same identity, whatever the flagfile was."""
    import shlex

    from launch.command import parse

    commands = [shlex.split(words) for _, words in Elements(report.read_text()).of("code")]
    trained = [command for command in commands if command[2] == "launch.train"]
    assert len(trained) == 11
    begun = [command for command in trained if "--steps=8" in command]
    assert len(begun) == 10
    flags = [flag for flag in begun[0][3:] if not flag.startswith(("--data=", "--run_dir="))]
    made = parse([*flags, "--data=/", "--run_dir=/nowhere/run"], *kinds)
    assert (made[0].steps, made[0].learning_rate, made[0].keep) == (8, 0.001, 2)
    assert made[1].score_tasks == ("competition",)


def in_browser(file, script, *options, width=1400):
    """What `script` leaves in the title, and what the console said."""
    changed = file.with_name("changed.html")
    changed.write_text(file.read_text().replace("</body>", f"<script>{script}</script></body>"))
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", *options]
    command += [f"--window-size={width},1000", "--virtual-time-budget=4000", "--dump-dom", changed.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL).group(1))), console


@needs_browser
def test_sorting_in_a_browser(report):
    script = """
      const table = document.getElementById("table-models_scratch"), seen = {};
      const column = place => [...table.tBodies[0].rows].map(row => row.cells[place].textContent);
      const head = place => table.tHead.rows[0].cells[place];
      const press = place => head(place).querySelector("button").click();
      seen.given = column(0);
      press(3); seen.rising = column(3); seen.said = head(3).getAttribute("aria-sort");
      press(3); seen.falling = column(3); seen.then = head(3).getAttribute("aria-sort");
      press(3); seen.again = column(0);
      press(0); seen.names = column(0);
      seen.only = table.querySelectorAll("th:not([aria-sort=none])[scope=col]").length;
      const cuts = document.getElementById("table-boosts");
      cuts.tHead.rows[0].cells[4].querySelector("button").click();
      seen.boosts = [...cuts.tBodies[0].rows].map(row => row.cells[4].textContent);
      document.title = JSON.stringify(seen);
    """
    seen, console = in_browser(report, script)
    assert console == []
    sizes = ["6.968", "11.184", "18.120", "21.292"]
    assert seen["rising"] == sizes
    assert seen["falling"] == sizes[::-1]
    assert (seen["said"], seen["then"]) == ("ascending", "descending")
    assert seen["again"] == seen["given"]
    assert seen["names"] == ["DenseNet121", "DenseNet201", "ResNet18", "ResNet34"]
    assert seen["only"] == 1
    numbers = [float(text.replace("−", "-")) for text in seen["boosts"]]
    assert numbers == sorted(numbers)
    assert min(numbers) < 0 < max(numbers)  # signs count


@needs_browser
@pytest.mark.parametrize("width", [390, 1400])
def test_every_picture_loads_and_the_page_is_no_wider_than_the_screen(report, width):
    script = """
      document.title = JSON.stringify({
        images: [...document.images].map(image => image.complete && image.naturalWidth > 0),
        figures: [...document.querySelectorAll("figure svg")].map(svg => svg.getBoundingClientRect().height > 50),
        beyond: document.documentElement.scrollWidth - window.innerWidth,
        wide: window.innerWidth });
    """
    seen, console = in_browser(report, script, width=width)
    assert console == []
    assert seen["images"] == [True]
    assert len(seen["figures"]) == 7
    assert all(seen["figures"])
    assert seen["beyond"] <= 0


@needs_browser
@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screenshots(report, tmp_path, width, scheme):
    shot = tmp_path / "shot.png"
    options = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *options]
    subprocess.run(
        [*command, f"--window-size={width},900", f"--screenshot={shot}", report.as_uri()],
        capture_output=True,
        timeout=120,
        check=True,
    )
    with Image.open(shot) as picture:
        assert picture.size == (width, 900)
        ground = picture.convert("L").getpixel((width - 3, 880))
    assert ground > 240 if scheme == "light" else ground < 40
