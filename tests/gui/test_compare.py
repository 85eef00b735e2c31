"""The Compare page: from History's selection to bars, rooflines and settings, by mouse and keyboard."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from llmscope import cli, paths
from llmscope.analysis.compare_names import called
from llmscope.gui import compare_look as look
from llmscope.gui.compare_picker import RunPicker
from llmscope.gui.compare_picture import ComparePicture
from llmscope.gui.main_window import MainWindow
from llmscope.gui.pages.compare_page import ComparePage
from llmscope.runs.compare import compare_stored
from llmscope.runs.exchange.pictures import carried
from llmscope.runs.index import Index
from llmscope.runs.marks import Marks, write_marks
from tests.gui.compare_runs import shown_bars, write_apart, write_compared, write_varied

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("compared") / "runs"
    return folder, write_compared(folder, 4)


@pytest.fixture
def ids(written: tuple[Path, list[str]]) -> list[str]:
    shutil.copytree(written[0].parent, paths.data_folder(), dirs_exist_ok=True)
    return written[1]


def show(window: MainWindow, qtbot: QtBot, ids: list[str]) -> ComparePage:
    window.compare.show_runs(ids)
    window.show_page("compare")
    settle(window, qtbot)
    assert window.compare.page is not None
    return window.compare.page


def settle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.compare._thread is None)


@pytest.fixture
def page(window: MainWindow, ids: list[str], qtbot: QtBot) -> ComparePage:
    return show(window, qtbot, ids)


def test_without_runs_it_says_what_to_do_and_leads_to_history(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    page = window.compare.page
    assert window.pages.name == "compare" and page is not None and page.empty.isVisible()
    assert "Pick two runs in History" in page.empty._title.text() and page.empty.history.hasFocus()
    assert not window.top.save.isEnabled() and page.status()[0] == "Compare"
    page.empty.history.click()
    assert window.pages.name == "history"


def test_runs_selected_in_history_are_compared_with_ctrl_d(window: MainWindow, ids: list[str], qtbot: QtBot) -> None:
    window.show_page("history")
    history = window.history.page
    assert history is not None
    qtbot.waitUntil(lambda: history._is_loaded and history.reading.is_idle)
    assert history.compare.text() == "Compare" and history.compare.isEnabled()
    history.table.selectAll()
    assert history.compare.text() == "Compare 4"
    qtbot.keyClick(window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.pages.name == "compare")
    settle(window, qtbot)
    assert window.compare.ids == ids  # the oldest is the baseline
    page = window.compare.page
    assert page is not None and page.title.text() == "B reads prompts 37.0× as fast as A but writes only 4.45× as fast"


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_one_run_waits_for_another_and_the_picker_offers_those_that_share_a_test(
        window: MainWindow, ids: list[str], qtbot: QtBot) -> None:
    page = show(window, qtbot, ids[:1])
    assert page.empty.isVisible() and "Pick another run" in page.empty._title.text()
    page.empty.add.click()
    picker = page.findChild(RunPicker)
    assert picker is not None
    qtbot.waitUntil(lambda: picker.list.count() == 3)
    picker.search.setText("battery nothing")
    assert picker.list.count() == 0 and not picker.add.isEnabled() and "No run has" in picker._note.text()
    picker.search.setText("4090")
    assert picker.list.count() == 1 and "RTX 4090" in picker.list.item(0).text()
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    settle(window, qtbot)
    assert window.compare.ids == [ids[0], ids[2]] and page.compared is not None and not page.empty.isVisible()


def test_a_name_given_in_history_stands_on_the_cards_at_the_bars_and_in_the_picture(
        window: MainWindow, page: ComparePage, ids: list[str], qtbot: QtBot) -> None:
    write_marks(paths.runs_folder() / ids[1], Marks("Anna's laptop"))
    window.history.marked.emit(ids[1])
    settle(window, qtbot)
    assert look.card(page.compared, 1).tests.startswith("RTX 4070 Laptop · ")  # type: ignore[arg-type]
    assert "B · Anna's laptop" in page.baseline.itemText(1) and shown_bars(page)[2][0] == "B · Anna's laptop"
    assert "Anna's laptop" in page.body.speed.speeds.tip(2)
    picture = page.picture()
    assert picture is not None and picture.labels()[1] == "Anna's laptop"
    card = picture.card(["a", "Tower", "c", "d"])
    assert card is not None and "Anna" not in str(card.machines)  # another name takes its place altogether
    assert card.machines[1].lines[0].startswith("RTX 4070 Laptop · ")


def test_two_runs_of_one_name_are_told_apart_by_what_differs_and_else_by_their_ids(
        window: MainWindow, page: ComparePage, ids: list[str], qtbot: QtBot) -> None:
    for run in ids[:2]:
        write_marks(paths.runs_folder() / run, Marks("Mine"))
    found = compare_stored(paths.runs_folder(), ids[:2]).comparison
    assert [called(found, place) for place in (0, 1)] == ["Intel Core i7-13700H, Mine", "RTX 4070 Laptop, Mine"]
    same = msgspec.structs.replace(found, sides=(found.sides[0],) * 2, settings=())
    assert called(same, 0) == f"run {ids[0]}, Mine"


def test_a_run_is_taken_out_and_another_made_the_baseline(window: MainWindow, page: ComparePage, ids: list[str],
                                                         qtbot: QtBot) -> None:
    page.body.cards.shown[3].remove.click()
    settle(window, qtbot)
    assert window.compare.ids == ids[:3] and page.body.cards.add.isVisible()
    page.baseline.setCurrentIndex(1)
    page.baseline.activated.emit(1)
    settle(window, qtbot)
    assert page.title.text() == "B reads prompts 37.0× as fast as A but writes only 4.45× as fast"
    page.body.cards.shown[1].remove.click()  # the baseline itself: the first one takes its place
    settle(window, qtbot)
    assert page.compared is not None and page.compared.comparison.baseline == 0
    page.body.cards.shown[1].remove.click()
    assert page.empty.isVisible() and page.compared is None and not window.top.save.isEnabled()


def test_a_run_that_is_gone_is_said_and_left_out(window: MainWindow, page: ComparePage, ids: list[str],
                                                 qtbot: QtBot) -> None:
    shutil.rmtree(paths.runs_folder() / ids[1])
    with qtbot.waitSignal(window.compare.said, check_params_cb=lambda text: f"There is no run '{ids[1]}'" in text):
        show(window, qtbot, ids)
    qtbot.waitUntil(lambda: page.compared is not None)
    assert window.compare.ids == [ids[0], *ids[2:]] and len(page.body.cards.shown) == 3
    shutil.rmtree(paths.runs_folder() / ids[0])
    show(window, qtbot, [ids[0], ids[2]])
    assert page.empty.isVisible() and f"There is no run '{ids[0]}'" in page.empty._text.text()


def test_runs_wanted_while_others_cannot_be_read_are_shown(window: MainWindow, page: ComparePage, ids: list[str],
                                                           qtbot: QtBot) -> None:
    said: list[str] = []
    window.compare.said.connect(said.append)
    window.compare.show_runs([ids[0], "gone"])
    window.compare.show_runs(ids[2:])  # before the refusal of those is heard of
    qtbot.waitUntil(lambda: page.shown_ids == ids[2:])
    assert window.compare.ids == ids[2:] and not page.empty.isVisible() and said == []


def test_what_is_pressed_while_other_runs_are_read_is_meant_for_those_that_are_shown(
        window: MainWindow, page: ComparePage, ids: list[str], qtbot: QtBot) -> None:
    cards = page.body.cards.shown
    for place in (1, 1, 3):  # pressed twice it takes out no other run
        cards[place].remove.click()
    assert window.compare.ids == [ids[0], ids[2]]
    page.baseline.activated.emit(2)
    settle(window, qtbot)
    assert page.shown_ids == [ids[0], ids[2]] and page.compared is not None and page.compared.comparison.baseline == 1
    page.added.emit(ids[1])
    with qtbot.waitSignal(page.race_asked) as asked:
        page.race.click()
    assert [folder.name for folder in asked.args] == [ids[0], ids[2]]
    settle(window, qtbot)
    qtbot.waitUntil(lambda: window.race._thread is None)


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_the_picker_closes_without_waiting_until_all_runs_are_read(
        window: MainWindow, ids: list[str], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    page, ends = show(window, qtbot, ids[:2]), list[str]()

    def reads_for_long(index: Index, on_progress: Callable[[int, int], bool] = lambda done, of: True) -> bool:
        until = time.monotonic() + 5
        while on_progress(1, 10_000) and time.monotonic() < until:
            time.sleep(0.01)
        ends.append("waited for" if time.monotonic() >= until else "given up")
        return True

    monkeypatch.setattr(Index, "refresh", reads_for_long)
    page.pick_run()
    picker = page.findChild(RunPicker)
    assert picker is not None
    picker.reject()
    assert ends == ["given up"]


def test_runs_that_share_no_test_say_what_each_has_and_what_to_do(window: MainWindow, ids: list[str],
                                                                  qtbot: QtBot) -> None:
    apart = write_apart(paths.runs_folder())
    page = show(window, qtbot, apart)
    assert page.title.text() == "Nothing can be compared: A and B have no test in common"
    said, nothing = page.body.apart._text.text(), page.body.apart
    assert "A has pp512, tg128, gen128, train512, load-warm of Bundled model\nB has tg128, train512 of" in said
    assert "pick a run that shares a test" in said and nothing.history.hasFocus() and not nothing.add.isVisible()
    assert not any(part.isVisible() for part in (page.body.speed, page.body.settings, page.baseline, page.copy))
    assert page.picture() is None and not window.top.save.isEnabled() and page.status()[1] == "no test in common"
    assert "no test in common" in window.top.save.toolTip()
    page.added.emit(ids[0])
    settle(window, qtbot)
    assert not nothing.isVisible() and page.body.speed.isVisible() and page.copy.isVisible()
    assert window.top.save.isEnabled()


def test_without_ceilings_the_roofline_says_so(window: MainWindow, ids: list[str], qtbot: QtBot) -> None:
    (paths.data_folder() / "ceilings.json").unlink()
    page = show(window, qtbot, ids[:2])
    assert page.body.roofline.points and not page.body.roofline.roofs
    assert look.card(page.compared, 0).ceilings == "ceilings not measured"  # type: ignore[arg-type]
    page.grab()


def test_without_flops_the_roofline_folds_to_a_line(window: MainWindow, ids: list[str], qtbot: QtBot,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "point_of", lambda row, ceilings: None)
    page = show(window, qtbot, ids[:2])
    assert not page.body.roofline.isVisible() and "no test" in page.body._panels[1].remark.full_text
    qtbot.waitUntil(lambda: page.body._panels[1].height() < 60)
    assert page.body.speed.hasFocus()


def test_the_terminal_saves_the_picture_with_its_numbers(ids: list[str], tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "compared.png"
    assert cli.run(["compare", *ids[:3], "--picture", str(file)]) == 0
    assert "Picture: " in capsys.readouterr().err
    image = QImage(str(file))
    assert image.width() == 2720 and image.text("Title").startswith("B reads prompts 37.0× as fast as A")
    assert "pp512\tB\t34,480" in image.text("Results")


def test_a_picture_is_as_high_as_its_parts_need_once_they_are_shown(ids: list[str], qtbot: QtBot) -> None:
    sheet = ComparePicture(compare_stored(paths.runs_folder(), ids[:3])).sheet()
    qtbot.addWidget(sheet)
    sheet.show()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    layout = sheet.layout()
    assert layout is not None and sheet.height() >= layout.totalMinimumSize().height()


def test_a_shot_of_the_page_is_one_of_the_window(ids: list[str], tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "window.png"
    assert cli.run(["shot", str(file), "--page", "compare", "--runs", f"{ids[0]},{ids[0]}"]) == cli.WRONG_USE
    assert "named twice" in capsys.readouterr().err and not file.exists()
    assert cli.run(["shot", str(file), "--page", "compare", "--runs", ",".join(ids[:2])]) == 0
    assert capsys.readouterr().out.startswith("Picture: ") and QImage(str(file)).width() >= 1024
    assert [run.name for run in carried(file.read_bytes()).runs] == ids[:2]


@pytest.mark.parametrize(("arguments", "width"), [
    (["--kind", "card"], 1200), (["--kind", "square", "--theme", "light"], 1080), ([], 2 * 1136),
    (["--page", "hardware"], 1024), (["--page", "history"], 1024)])
def test_a_stored_run_is_pictured_without_a_run(ids: list[str], tmp_path: Path, arguments: list[str], width: int,
                                                capsys: Capture) -> None:
    file, runs = tmp_path / "stored.png", [] if "history" in arguments else ["--runs", ids[1]]
    assert cli.run(["shot", str(file), *runs, *arguments]) == 0
    assert capsys.readouterr().out.startswith("Picture: ") and QImage(str(file)).width() >= width


def test_cards_of_a_comparison_are_made_in_the_terminal_and_bring_its_runs(ids: list[str], tmp_path: Path) -> None:
    file, other = tmp_path / "card.png", tmp_path / "other.png"
    assert cli.run(["compare", *ids[:3], "--picture", str(file), "--kind", "square"]) == 0
    assert cli.run(["shot", str(other), "--page", "compare", "--runs", ",".join(ids[:3]), "--kind", "card"]) == 0
    assert QImage(str(file)).width() == 1080 and QImage(str(other)).height() == 630
    assert '"format":"llmscope-runs"' in QImage(str(file)).text("llmscope-runs")


@pytest.mark.parametrize("arguments", [
    ["compare", "A", "B", "--picture", "FILE", "--no-data"],
    ["shot", "FILE", "--runs", "A", "--kind", "card", "--no-data"],
    ["shot", "FILE", "--page", "compare", "--runs", "A,B", "--no-data"],
    ["shot", "FILE", "--page", "compare", "--runs", "A,B", "--kind", "square", "--no-data"]])
def test_no_data_leaves_the_runs_out(ids: list[str], tmp_path: Path, arguments: list[str]) -> None:
    file, named = tmp_path / "alone.png", {"A": ids[0], "B": ids[1], "A,B": f"{ids[0]},{ids[1]}"}
    assert cli.run([str(file) if word == "FILE" else named.get(word, word) for word in arguments]) == 0
    assert b"llmscope-runs" not in file.read_bytes() and not QImage(str(file)).isNull()


def test_a_run_whose_speed_varied_too_much_is_named_with_what_helps(window: MainWindow, qtbot: QtBot,
                                                                    capsys: Capture) -> None:
    ids = write_varied(paths.runs_folder())
    page = show(window, qtbot, ids)
    assert page.title.text() == ("B and A cannot be told apart: "
                                 "the speed of A varied too much in reading prompts and writing")
    helps = "Close other programs and run A three more times: repeats tell how far it varies."
    assert page._about.full_text.startswith(helps)
    assert any("cannot tell" in line and "under 100×" in line for line in shown_bars(page))
    assert cli.run(["compare", *ids]) == 0 and f"{page.title.text()}. {helps}\n" in capsys.readouterr().out
