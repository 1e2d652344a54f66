"""The import on the Traces page: several files at once, a table whose columns a person names, and a large file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.server import Server

CHAT = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]}
TABLE = (
    "question,answer,verdict,when\n"
    "What is 1 + 1?,2,fine,2026-08-31T09:00:00Z\n"
    "What is 2 + 2?,5,poor,2026-08-31T09:01:00Z\n"
    "What is 3 + 3?,6,fine,tomorrow\n"
    "odd,row\n"
)


def hand_over(page: Page, url: str, files: list[Path], clicks: int = 1) -> None:
    page.goto(f"{url}/traces")
    page.get_by_role("button", name="Import").click(timeout=30_000)
    page.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_text(files[-1].name)).to_be_visible(timeout=60_000)
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click(click_count=clicks)


def written(folder: Path) -> list[Path]:
    files = {"chat.jsonl": json.dumps(CHAT), "notes.txt": "nothing of the kind", "runs.csv": TABLE}
    for name, text in files.items():
        (folder / name).write_text(text)
    return [folder / name for name in files]


def reach(page: Page, name: str) -> None:
    """Go to the button of this name by the Tab key alone."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText").split("\n")[-1].strip() == name:
            return
    raise AssertionError(f"no button {name} by Tab")


def test_a_table_is_mapped_by_keyboard_and_comes_beside_the_files_that_are_known(
    server: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    hand_over(page, server().url, written(tmp_path))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Of 4 rows come 2 runs; 2 would be rejected.")).to_be_visible(timeout=30_000)
    expect(dialog.get_by_text("line 4: when is 'tomorrow', not a time")).to_be_visible()
    expect(dialog.get_by_text("line 5: it has 2 fields, and the header has 4")).to_be_visible()
    meaning = dialog.get_by_role("combobox", name="Values of verdict that mean success")
    meaning.focus()
    page.keyboard.type("fine")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("fine", exact=True).first).to_be_visible()
    page.keyboard.press("Escape")
    reach(page, "Import")
    page.keyboard.press("Enter")
    said = "runs.csv: arrived: 2 traces, 4 steps, 2 signals; 2 rows were rejected, the first at line 5"
    expect(dialog.get_by_text(said)).to_be_visible(timeout=30_000)
    reach(page, "Show the runs")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    rows = page.locator("table.runs tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="1 + 1")).to_contain_text("solved")
    expect(rows.filter(has_text="2 + 2")).to_contain_text("failed")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Recognised: chat.jsonl as messages.")).to_be_visible()
    expect(page.get_by_text("1 could not be taken; the rest is in.")).to_be_visible()
    expect(page.get_by_text(said)).to_be_visible()


def test_a_double_click_imports_once_and_loses_nothing(
    server: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    files = [tmp_path / f"chat{n}.jsonl" for n in range(3)]
    for n, file in enumerate(files):
        file.write_text(json.dumps({"messages": [{"role": "user", "content": f"Hi {n}"}, CHAT["messages"][1]]}))
    hand_over(page, server().url, files, clicks=2)
    expect(page.get_by_text("Arrived: 3 traces")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Choose one or more files first.")).to_have_count(0)


def test_a_choice_that_was_left_can_be_taken_up_again_and_is_remembered(
    server: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("alpha,beta\none,two\n")
    hand_over(page, server().url, [tmp_path / "t.csv"])
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Not yet: no column was chosen for the input, the output")).to_be_visible(timeout=30_000)
    expect(dialog.get_by_role("button", name="Import")).to_be_disabled()
    dialog.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Import").click()
    page.get_by_role("button", name="Choose the columns").click()
    dialog.get_by_role("combobox", name="Output", exact=True).click()
    page.get_by_role("option", name="beta").click()
    expect(dialog.get_by_text("Of 1 row comes 1 run; 0 would be rejected.")).to_be_visible(timeout=30_000)
    dialog.get_by_role("button", name="Import").click()
    dialog.get_by_role("button", name="Show the runs").click()
    (tmp_path / "u.csv").write_text("alpha,beta\none,three\nfour,five\n")
    page.get_by_role("button", name="Import").click()
    page.locator("input[type=file]").set_input_files([tmp_path / "u.csv"])
    expect(page.get_by_text("u.csv")).to_be_visible()
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(dialog.get_by_text("Of 2 rows come 2 runs; 0 would be rejected.")).to_be_visible(timeout=30_000)


def test_a_file_of_sixty_megabytes_is_imported(server: Callable[..., Server], page: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.jsonl"
    with large.open("w") as file:
        for number in range(60):
            said = [{"role": "user", "content": f"Read {number}"}, {"role": "assistant", "content": "x" * 1_000_000}]
            file.write(json.dumps({"messages": said}) + "\n")
    hand_over(page, server().url, [large])
    expect(page.get_by_text("Arrived: 60 traces, 120 steps.")).to_be_visible(timeout=120_000)
    expect(page.get_by_text("Recognised: large.jsonl as messages.")).to_be_visible()
