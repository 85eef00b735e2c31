"""A question with two answers; the safe one is the default."""

from PySide6.QtWidgets import QMessageBox, QWidget


class Question:
    """Tests replace `ask`."""

    @classmethod
    def ask(cls, parent: QWidget, title: str, text: str, yes: str, no: str) -> bool:
        """Return whether the person chose `yes`; closing the dialog is `no`."""
        box = QMessageBox(QMessageBox.Icon.NoIcon, title, title, QMessageBox.StandardButton.NoButton, parent)
        box.setInformativeText(text)
        accept = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
        refuse = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(refuse)
        box.setEscapeButton(refuse)
        box.exec()
        accepted = box.clickedButton() is accept
        box.deleteLater()
        return accepted
