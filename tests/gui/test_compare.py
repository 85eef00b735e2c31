"""The Compare page: from History's selection to bars, rooflines and settings, by mouse and keyboard."""

import shutil
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QAbstractButton, QComboBox
from pytestqt.qtbot import QtBot

from llmscope import cli, paths
from llmscope.analysis.compare_floors import Floor
from llmscope.analysis.compare_names import called
from llmscope.core.units import NBSP
from llmscope.gui import compare_look as look
from llmscope.gui.compare_picker import RunPicker
from llmscope.gui.compare_roofline import Drawing, roofs
from llmscope.gui.dialogs.help_dialog import HelpDialog
from llmscope.gui.main_window import MainWindow
from llmscope.gui.pages.compare_page import ComparePage
from llmscope.gui.theme import theme
from llmscope.runs.compare import compare_stored
from llmscope.runs.exchange.pictures import carried
from llmscope.runs.marks import Marks, write_marks
from tests.gui.compare_runs import write_compared

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


def cells(page: ComparePage) -> list[tuple[str, ...]]:
    return [tuple(text.replace(NBSP, " ") for text in line) for line in page.body.speed.rows.lines]


def settings(page: ComparePage) -> dict[str, tuple[str, ...]]:
    return {line[0]: tuple(text.replace(NBSP, " ") for text in line[1:]) for line in page.body.settings.rows.lines}


def test_without_runs_it_says_what_to_do_and_leads_to_history(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    page = window.compare.page
    assert window.pages.name == "compare" and page is not None and page.empty.isVisible()
    assert "Pick two runs in History" in page.empty._title.text() and page.empty.history.hasFocus()
    assert not window.top.save.isEnabled() and page.status()[0] == "Compare"
    page.empty.history.click()
    assert window.pages.name == "history"


def test_the_tabs_are_in_the_order_of_their_keys(window: MainWindow) -> None:
    assert list(window.top.tabs) == ["run", "compare", "hardware", "history"]


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


def test_the_bars_have_their_numbers_in_cells(page: ComparePage) -> None:
    lines = cells(page)
    assert lines[0][0] == "pp512, reading a prompt of 512 tokens" and lines[1] == (
        "A · Intel Core i7-13700H", "931.8", "±13 tok/s", "1×", "")
    assert lines[2][0].startswith("B · ") and lines[2][3:] == ("37.0×", "±0.7")
    failed = next(line for line in lines if "out of memory" in line[2])
    assert failed[0].startswith("D · ") and failed[1] == "—" and failed[3] == "—"
    assert any(line[3] == "no difference" and line[4].startswith("±") for line in lines)
    assert any("lower is better" in line[0] for line in lines)


def test_settings_that_differ_are_told_from_what_is_compared(page: ComparePage) -> None:
    found = settings(page)
    assert found["Device"][-1] == found["Precision"][-1] == "compared"
    assert found["torch"] == ("2.11.0", "2.11.0", "2.10.0", "2.11.0", "may affect C")
    assert found["Power source"][-1] == "may affect D" and found["Driver"][:2] == ("—", "576.52")
    assert found["Assumed repeat"][0].endswith(" %") and "Backend" not in found
    assert found["Assumed repeat"][-1] == "speed varied"
    page.body.every.click()
    assert settings(page)["Backend"] == ("eager",) * 4 + ("",) and page.body.every.text() == "Show less"


def test_how_well_machines_repeat_and_whose_speed_varied_is_told(page: ComparePage) -> None:
    assert page.compared is not None
    found = page.compared.comparison
    floors = Floor(0.03, 4, 3), Floor(), Floor(0.2, 0, 7), Floor()
    told = look.settings_lines(msgspec.structs.replace(found, floors=floors), False)[-1][1]
    assert [text.replace(NBSP, " ") for text in told] == [
        "Repeats within", "±3.0 % of 4 repeats", "±5.0 % assumed", "±20.0 % assumed", "±5.0 % assumed", "varied in C"]
    told = look.settings_lines(msgspec.structs.replace(found, floors=(Floor(),) * 4), False)[-1][1]
    assert [text.replace(NBSP, " ") for text in told] == ["Assumed repeat", *("±5.0 %",) * 4, ""]


def test_runs_on_one_device_are_told_apart_by_what_differs(page: ComparePage) -> None:
    assert page.compared is not None
    assert [called(page.compared.comparison, place) for place in range(4)] == [
        "Intel Core i7-13700H", "mains power, RTX 4070 Laptop", "RTX 4090", "on battery, RTX 4070 Laptop"]


def test_a_name_given_in_history_stands_on_the_cards_at_the_bars_and_in_the_picture(
        window: MainWindow, page: ComparePage, ids: list[str], qtbot: QtBot) -> None:
    write_marks(paths.runs_folder() / ids[1], Marks("Anna's laptop"))
    window.history.marked.emit(ids[1])
    settle(window, qtbot)
    assert look.card(page.compared, 1).tests.startswith("RTX 4070 Laptop · ")  # type: ignore[arg-type]
    assert "B · Anna's laptop" in page.baseline.itemText(1) and cells(page)[2][0] == "B · Anna's laptop"
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


def test_a_reference_is_called_one(page: ComparePage, ids: list[str]) -> None:
    found = compare_stored(paths.runs_folder(), ids[:2]).comparison
    reference = msgspec.structs.replace(found.sides[0], is_reference=True)
    both = msgspec.structs.replace(found, sides=(reference, found.sides[1]))
    assert [called(both, place) for place in (0, 1)] == ["Reference, Intel Core i7-13700H", "RTX 4070 Laptop"]


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


def test_the_table_is_copied_as_markdown_and_its_rows_for_a_spreadsheet(page: ComparePage, qtbot: QtBot) -> None:
    page.copy.click()
    lines = QGuiApplication.clipboard().text().replace(NBSP, " ").splitlines()
    assert lines[0] == "| Test | Run | Result | ± | times as fast as A | ± | Verdict |"
    assert "| pp512 | B | 34,480 | ±400 tok/s | 37.0× | ±0.7 | steady |" in lines and len(lines) == 2 + 5 * 4 + 2
    assert lines[-1].startswith("A: Intel Core i7-13700H; B: mains power, RTX 4070 Laptop; C: RTX 4090; D: ")
    page.body.speed.selectRow(2)
    qtbot.keyClick(page.body.speed, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().splitlines()[1].startswith("pp512\tB\t34,480")
    page.body.settings.selectRow(0)
    qtbot.keyClick(page.body.settings, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().splitlines()[1].startswith("Device\tIntel Core")


def test_each_run_has_its_roof_and_equal_ones_are_one(page: ComparePage) -> None:
    found = roofs(page.body.roofline.points, 4)
    assert [places for *_, places in found] == [(0,), (1, 3), (2,)]
    assert found[1][:2] == pytest.approx((34.1, 231.0))
    assert {name for name, *_ in page.body.roofline.points} == {"pp512", "tg128"}  # others would stand on their line
    assert "pp512 of B: 256 FLOP per byte" in page.body.roofline.accessibleName().replace(NBSP, " ")


def test_a_test_is_named_once_below_the_places_that_its_runs_have(page: ComparePage) -> None:
    points = [(name, place, msgspec.structs.replace(point, bytes_moved=point.bytes_moved / 2) if place == 1 else point)
              for name, place, point in page.body.roofline.points]
    ticks = Drawing(points, roofs(points, 4), 600, 400)._ticks()
    assert [name for name, _ in ticks] == ["tg128", "pp512"]
    assert all(len(places) == 4 and places[0] == places[2] < places[3] for _, places in ticks)


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


def test_a_small_window_puts_all_in_one_column_and_cuts_nothing(window: MainWindow, page: ComparePage,
                                                                qtbot: QtBot) -> None:
    speed, roofline, settings_ = page.body._panels
    qtbot.waitUntil(lambda: roofline.x() > speed.x() and settings_.geometry().bottom() <= page.height())
    window.resize(QSize(1024, 640))
    page.grab()
    qtbot.waitUntil(lambda: speed.y() < roofline.y() < settings_.y())
    assert roofline.x() == speed.x() == settings_.x()
    table = page.body.speed
    assert table.height() >= table.height_of(table.rows.rowCount()) and page.body.width() <= page.width()
    for shown in (table, page.body.settings):
        assert sum(shown.columnWidth(n) for n in range(shown.rows.columnCount())) <= shown.viewport().width() + 1


def test_both_themes_draw_it_while_it_is_shown(page: ComparePage) -> None:
    dark = page.body.roofline.grab().toImage()
    theme().set_mode("light")
    light = page.body.roofline.grab().toImage()
    page.grab()
    theme().set_mode("dark")
    assert dark.pixelColor(5, 5).lightness() < 60 < 200 < light.pixelColor(5, 5).lightness()


def test_every_control_has_a_name_and_a_place_in_the_order_of_focus(page: ComparePage) -> None:
    for widget in (*page.findChildren(QAbstractButton), *page.findChildren(QComboBox), page.body.speed,
                   page.body.settings, page.body.roofline):
        if widget.isVisible():
            assert widget.accessibleName(), widget
    order, widget = [], page.baseline.nextInFocusChain()
    while widget is not page.baseline:
        order.append(widget)
        widget = widget.nextInFocusChain()
    wanted = (page.copy, page.body.cards.shown[0].remove, page.body.cards.shown[3].remove, page.body.speed,
              page.body.roofline, page.body.every, page.body.settings)
    places = [order.index(widget) for widget in wanted]
    assert places == sorted(places)


def test_the_models_keep_to_qts_rules(page: ComparePage, qtmodeltester: object) -> None:
    for table in (page.body.speed, page.body.settings):
        qtmodeltester.check(table.rows)  # type: ignore[attr-defined]


def test_the_picture_is_that_of_the_page_that_is_shown(window: MainWindow, page: ComparePage) -> None:
    assert window.top.save.isEnabled()
    picture = window.picture()
    assert picture.width() == 2720 and picture.text("Title") == page.title.text()
    assert "D\t—\tfailed: out of memory" in picture.text("Results")
    assert page.compared is not None and "Accuracy standard" in look.same(page.compared.comparison)


def test_f1_tells_about_the_page(window: MainWindow, page: ComparePage) -> None:
    dialog = HelpDialog(window, "compare")
    assert dialog.windowTitle() == "Compare"
    dialog.close()


def test_the_terminal_saves_the_picture_with_its_numbers(ids: list[str], tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "compared.png"
    assert cli.run(["compare", *ids[:3], "--picture", str(file)]) == 0
    assert "Picture: " in capsys.readouterr().err
    image = QImage(str(file))
    assert image.width() == 2720 and image.text("Title").startswith("B reads prompts 37.0× as fast as A")
    assert "pp512\tB\t34,480" in image.text("Results")


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
