"""What a person can read in one go: how many files a folder has, and how long they are."""

from collections import Counter
from pathlib import Path

MOST_FILES, MOST_LINES = 14, 350
FULL = {
    Path("migrations/versions"): "a file a revision, each named by its number",
    Path("deploy/schemas"): "a file a command, written by the tests and looked up by its name",
    Path("tests/slack/goldens"): "a file a message, written by the tests and looked up by its name",
    Path("tests/slack/plan/forms/goldens"): "a file a form, as above",
}
CODE = {".py", ".js", ".css", ".html"}
ROOT = Path(__file__).parent.parent


def files() -> list[Path]:
    found = (path for top in ("bot", "migrations", "tests", "deploy") for path in (ROOT / top).rglob("*"))
    return [path.relative_to(ROOT) for path in found if path.is_file() and path.suffix != ".pyc"]


def test_no_folder_has_more_files_than_can_be_seen_at_once() -> None:
    folders = Counter(path.parent for path in files() if path.name != "__init__.py")
    crowded = {
        str(folder): count for folder, count in folders.items() if count > MOST_FILES and folder not in FULL
    }
    assert not crowded
    assert all(folders[folder] > MOST_FILES for folder in FULL), "an exemption that is not needed any more"


def test_no_file_is_longer_than_is_read_in_one_go() -> None:
    lengths = {
        str(path): len((ROOT / path).read_text().splitlines()) for path in files() if path.suffix in CODE
    }
    assert not {path: lines for path, lines in lengths.items() if lines > MOST_LINES}
