"""The Qt style sheet: the controls that Fusion draws differently from the design.

Widgets say what they are by the properties `kind` (button, panel), `role` (colour of a label's text),
`locked` (a field during a run) and `invalid` (a field whose value cannot be used).
"""

import re
from typing import TYPE_CHECKING

from llmscope import paths

if TYPE_CHECKING:
    from llmscope.gui.theme import Theme

_TEXT_ROLES = ("text", "text_2", "text_3", "ok", "warn", "bad", "primary_text")

_SHEET = """
QLabel { background: transparent; }
QFrame[kind="panel"] { background: @panel; border: 1px solid @divider; border-radius: 6px; }
QFrame[kind="example"] { background: @panel; border: 1px dashed @strong_line; border-radius: 4px; }
QFrame#rail { background: @panel; border: none; border-right: 1px solid @divider; }
QLabel[kind="keycap"] { border: 1px solid @control_line; border-radius: 4px; padding: 1px 5px; background: @raised; }
QFrame[kind="bar"] { background: @window; border: none; }
QFrame#top_bar { border-bottom: 1px solid @divider; }
QFrame#status_bar { border-top: 1px solid @divider; }
QFrame[kind="line"] { background: @divider; border: none; }
QToolTip { background: @raised; color: @text; border: 1px solid @control_line; padding: 3px 6px; }

QPushButton { background: @raised; color: @text; border: 1px solid @control_line; border-radius: 4px;
    min-height: 26px; padding: 0 12px; font-weight: 500; }
QPushButton:hover, QPushButton:pressed { background: @hover; }
QPushButton:focus { border: 2px solid @focus; min-height: 24px; padding: 0 11px; }
QPushButton:disabled { background: @panel; color: @text_3; border-color: @divider; }

QPushButton[kind="quiet"] { background: transparent; border-color: transparent; color: @text_2;
    min-height: 22px; padding: 0 8px; }
QPushButton[kind="quiet"]:hover { background: @hover; color: @text; }
QPushButton[kind="quiet"]:focus { border: 2px solid @focus; min-height: 20px; padding: 0 7px; }
QPushButton[kind="quiet"]:disabled { color: @text_3; }

QPushButton[kind="more"] { background: transparent; border-color: transparent; color: @text_2; text-align: left;
    min-height: 22px; padding: 0 0 0 21px; }
QPushButton[kind="more"]:hover { background: @hover; color: @text; }
QPushButton[kind="more"]:focus { border: 2px solid @focus; min-height: 20px; padding: 0 0 0 20px; }

QPushButton[kind="icon"] { background: transparent; border-color: transparent; padding: 0; min-width: 26px; }
QPushButton[kind="icon"]:hover { background: @hover; }
QPushButton[kind="icon"]:focus { border: 2px solid @focus; min-width: 24px; }

QPushButton[kind="tab"] { background: transparent; border: none; border-bottom: 3px solid transparent;
    border-top: 3px solid transparent; border-radius: 0; padding: 0 8px; color: @text_2; min-height: 37px; }
QPushButton[kind="tab"]:hover { color: @text; }
QPushButton[kind="tab"]:checked { color: @text; border-bottom-color: @primary; font-weight: 600; }
QPushButton[kind="tab"]:focus { border: 2px solid @focus; border-bottom: 3px solid @primary; padding: 1px 6px 0 6px;
    min-height: 37px; }
QPushButton[kind="tab"][small="true"] { min-height: 27px; }
QPushButton[kind="tab"][small="true"]:focus { min-height: 27px; }

QPushButton[kind="preset"] { background: transparent; color: @text_2; min-height: 22px; padding: 0 4px;
    font-size: 12px; font-weight: 400; }
QPushButton[kind="preset"]:hover { background: @hover; }
QPushButton[kind="preset"]:checked { background: @selection; color: @selection_text; border-color: @strong_line;
    font-weight: 600; }
QPushButton[kind="preset"]:focus { border: 2px solid @focus; min-height: 20px; padding: 0 3px; }
QPushButton[kind="preset"]:disabled { color: @text_3; border-color: @divider; }
QPushButton[kind="preset"]:checked:disabled { color: @selection_text; border-color: @strong_line; }

QComboBox, QAbstractSpinBox, QLineEdit { background: @raised; color: @text; border: 1px solid @control_line;
    border-radius: 4px; min-height: 26px; padding: 0 2px 0 7px; selection-background-color: @strong_line;
    selection-color: @window; }
QLineEdit { background: @well; }
QComboBox:hover, QAbstractSpinBox:hover { background: @hover; }
QComboBox:focus, QAbstractSpinBox:focus, QLineEdit:focus { border: 2px solid @focus; min-height: 24px;
    padding: 0 1px 0 6px; }
QComboBox[invalid="true"], QAbstractSpinBox[invalid="true"] { border: 1px solid @bad; background: @well; }
QComboBox:disabled, QAbstractSpinBox:disabled, QLineEdit:disabled { background: @panel; border-color: @divider;
    color: @text_3; }
QComboBox[locked="true"], QAbstractSpinBox[locked="true"], QLineEdit[locked="true"] { color: @text; }
QComboBox::drop-down { border: none; width: 26px; subcontrol-position: center right; }
QComboBox::down-arrow { image: url(@icons/control-down-@mode.svg); width: 12px; height: 12px; }
QComboBox::down-arrow:disabled { image: none; }
QComboBox QAbstractItemView { background: @raised; color: @text; border: 1px solid @control_line; padding: 3px;
    outline: none; selection-background-color: @selection; selection-color: @selection_text; }
QComboBox QAbstractItemView::item { min-height: 26px; padding: 0 6px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; background: transparent; width: 24px;
    height: 13px; }
QAbstractSpinBox[locked="true"]::up-button, QAbstractSpinBox[locked="true"]::down-button { width: 0; }
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-arrow { image: url(@icons/control-spin-up-@mode.svg); width: 12px; height: 8px; top: 2px; }
QAbstractSpinBox::down-arrow { image: url(@icons/control-spin-down-@mode.svg); width: 12px; height: 8px; top: -2px; }
QAbstractSpinBox::up-arrow:disabled, QAbstractSpinBox::down-arrow:disabled { image: none; }

QCheckBox { spacing: 8px; color: @text; min-height: 24px; font-weight: 500; }
QCheckBox::indicator, QListView::indicator { width: 12px; height: 12px; border: 1px solid @strong_line;
    border-radius: 3px; background: transparent; }
QCheckBox::indicator:hover, QListView::indicator:hover { background: @hover; }
QCheckBox::indicator:checked, QListView::indicator:checked { background: @primary; border-color: @primary;
    image: url(@icons/control-check-@mode.svg); }
QCheckBox::indicator:focus { border: 2px solid @focus; width: 10px; height: 10px; }
QCheckBox::indicator:checked:disabled { background: @text_3; border-color: @text_3; }
QCheckBox::indicator:disabled { border-color: @control_line; }
QCheckBox:disabled { color: @text_3; }
QCheckBox[locked="true"] { color: @text; }

QTextEdit, QPlainTextEdit { background: @well; color: @text; border: none; selection-background-color: @strong_line;
    selection-color: @window; }
QPlainTextEdit[kind="field"] { border: 1px solid @control_line; border-radius: 4px; padding: 2px 4px; }
QPlainTextEdit[kind="field"]:focus { border: 2px solid @focus; padding: 1px 3px; }
QPlainTextEdit[kind="field"]:disabled { background: @panel; border-color: @divider; color: @text_3; }
QPlainTextEdit#message, QScrollArea#details { border: 2px solid transparent; border-radius: 4px; }
QPlainTextEdit#message:focus, QScrollArea#details:focus { border-color: @focus; }
QTableView, QTreeView, QListView { background: @panel; border: none; outline: none; }
QListView#models { background: @well; border: 1px solid @control_line; border-radius: 4px; }
QListView#models:focus { border: 2px solid @focus; }
QListView#models::item { min-height: 24px; padding: 0 4px; color: @text; }
QListView#models::item:selected { background: @selection; color: @selection_text; }
QTableCornerButton::section { background: @panel; border: none; border-bottom: 1px solid @divider; }
QHeaderView { background: @panel; }
QHeaderView::section { background: @panel; color: @text_2; border: none; border-bottom: 1px solid @divider;
    padding: 0; font-size: 12px; }
QScrollArea, QScrollArea > QWidget > QWidget[kind="scrolled"] { background: transparent; border: none; }
QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: @control_line; border-radius: 3px; margin: 2px; }
QScrollBar::handle:hover { background: @strong_line; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: @control_line; }
QMenu { background: @raised; color: @text; border: 1px solid @control_line; padding: 4px; }
QMenu::item { padding: 4px 20px 4px 10px; border-radius: 3px; }
QMenu::item:selected { background: @selection; }
"""


def stylesheet(theme: "Theme") -> str:
    """Return the style sheet in the theme's present colours."""
    words = {"icons": (paths.resources() / "icons").as_posix(), "mode": "dark" if theme.is_dark else "light"}
    roles = "".join(f'QLabel[role="{role}"] {{ color: @{role}; }}\n' for role in _TEXT_ROLES)
    return re.sub(r"@(\w+)", lambda m: words.get(m[1]) or theme.colour(m[1]).name(), _SHEET + roles)
