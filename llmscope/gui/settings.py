"""What the window remembers between starts: an INI file in the data folder."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from llmscope import paths


class Settings:
    """Typed access to remembered values; a value of the wrong kind counts as not remembered."""

    def __init__(self, file: Path | None = None) -> None:
        """Open the data folder's file, or another one."""
        self._store = QSettings(str(file or paths.data_folder() / "window.ini"), QSettings.Format.IniFormat)

    def text(self, key: str, default: str, allowed: tuple[str, ...] = ()) -> str:
        """Return a remembered word, or the default where there is none or it is not among `allowed`."""
        value = self._store.value(key)
        fits = isinstance(value, str) and (not allowed or value in allowed)
        return value if fits else default

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """Return a remembered number within its bounds."""
        try:
            value = float(str(self._store.value(key)))
        except ValueError:
            return default
        return value if low <= value <= high else default

    def words(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return a remembered list of words."""
        value = self._store.value(key)
        found = value.split(",") if isinstance(value, str) else value
        return tuple(str(word) for word in found if word) if isinstance(found, list) else default

    def state(self, key: str) -> QByteArray | None:
        """Return the remembered state of a window or splitter."""
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else None

    def keep(self, key: str, value: str | float | tuple[str, ...] | QByteArray) -> None:
        """Remember a value."""
        stored = ",".join(value) if isinstance(value, tuple) else value
        self._store.setValue(key, stored if isinstance(stored, QByteArray) else str(stored))

    def sync(self) -> None:
        """Write to disk now."""
        self._store.sync()
