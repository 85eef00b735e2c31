"""What is asked for in What if: a model, how its weights are held, its context, and how many use it at once."""

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSizePolicy, QWidget

from llmscope.analysis.demand import MOST_SEQUENCES, Format
from llmscope.gui.setup import Models
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, ElidedLabel
from llmscope.gui.widgets.field import NumberBox, Picker
from llmscope.models.catalog import Model
from llmscope.models.facts import DecoderFacts

MODEL, FORMAT, CONTEXT = "arch:qwen2.5-7b", "bfloat16", 4096
FORMATS: dict[str, Format] = {"f32": "float32", "bf16": "bfloat16", "int8": "int8", "int4": "int4"}
CONTEXTS = tuple(2**power for power in range(9, 18))
MOST_TOK_S, MOST_USD = 100_000, 100_000_000
MODEL_PX, FOLDER_PX, FORMAT_PX, CONTEXT_PX, USERS_PX, SPEED_PX, BUDGET_PX = 200, 36, 74, 128, 128, 158, 138


@dataclass(frozen=True)
class Wish:
    """The model with what is asked of it; `speed_tok_s` of each user and `budget_usd` are None where all do."""

    model: Model
    format: Format
    context: int
    users: int
    speed_tok_s: float | None
    budget_usd: float | None


class WishBar(QWidget):
    """`changed` says that something else is asked for; `refused` carries why a folder holds no model to predict.

    While hardware is chosen speed and budget are asked for, and not the format: that is chosen with it.
    """

    changed = Signal()
    refused = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.models = Models()
        self.model, self.format, self.context = Picker(), Picker(), Picker()
        self.folder = Button("", "folder", role="text_2")
        self.users = _Box(1, MOST_SEQUENCES)
        self.speed, self.budget = _Box(0, MOST_TOK_S, first=5), _Box(0, MOST_USD, first=500)
        self.needs = ElidedLabel("", "body", 500)
        self._offered: dict[str, str] = {}
        self._lay_out()
        self.set_choosing(False)

    @property
    def is_filled(self) -> bool:
        """Whether models are offered."""
        return bool(self._offered)

    def fill(self) -> None:
        """Offer the models whose costs are known: shipped ones, those of the Hub cache, and folders chosen so far."""
        is_first = not self._offered
        titles = (self.models.shipped() | self.models.cached()) if is_first else {}
        titles |= self.models.folders()
        self._offered |= {ref: title for ref, title in titles.items() if self._decoder(ref) is not None}
        self.model.offer(self._offered, self.model.taken() or MODEL)
        if is_first:
            self.format.offer({format_: name for name, format_ in FORMATS.items()}, FORMAT)
            self._offer_contexts(CONTEXT)

    def wish(self) -> Wish | None:
        """Return what is asked for, None while no model is offered."""
        model = self._decoder(self.model.taken()) if self.is_filled else None
        if model is None:
            return None
        return Wish(model, FORMATS[self.format.currentText()], int(self.context.taken()), self.users.value(),
                    self.speed.value() or None, self.budget.value() or None)

    def set_choosing(self, choosing: bool) -> None:
        """Ask for a speed and a budget, or for a format."""
        self.speed.setVisible(choosing)
        self.budget.setVisible(choosing)
        self.format.setVisible(not choosing)
        self.needs.setVisible(not choosing)
        self._is_choosing = choosing
        self._name_users()

    def take_folder(self, folder: str) -> None:
        """Take the model of a folder, or tell why it cannot be predicted."""
        if not folder:
            return
        self.models.forget(folder)
        model = self.models.get(folder)
        if isinstance(model, str):
            self.refused.emit(model)
        elif not isinstance(model.facts, DecoderFacts):
            self.refused.emit(self.tr("What {0} computes is not known by closed form: choose another model.").format(
                model.title))
        else:
            self._offered[folder] = model.title
            self.model.offer(self._offered, folder)
            self._on_model()

    def _decoder(self, ref: str) -> Model | None:
        model = self.models.get(ref)
        return model if isinstance(model, Model) and isinstance(model.facts, DecoderFacts) else None

    def _offer_contexts(self, wanted: int) -> None:
        """Offer as many tokens as the model has; the number that was chosen stays where it can."""
        model = self._decoder(self.model.taken())
        most = (model and model.facts.max_positions) or CONTEXTS[-1]
        offered = [tokens for tokens in CONTEXTS if tokens <= most] or [most]
        self.context.offer({str(tokens): self.tr("{0} tokens").format(f"{tokens:,}") for tokens in offered},
                           str(min(wanted, offered[-1])))

    def _on_model(self) -> None:
        self._offer_contexts(int(self.context.taken()))
        self.changed.emit()

    def _on_folder(self) -> None:
        self.take_folder(QFileDialog.getExistingDirectory(self, self.tr("Choose a model folder")))

    def _on_users(self) -> None:
        self._name_users()
        self.changed.emit()

    def _name_users(self) -> None:
        one = self.users.value() == 1
        self.users.setSuffix(
            (self.tr(" user") if one else self.tr(" users")) if self._is_choosing else
            (self.tr(" sequence") if one else self.tr(" sequences")))

    def _lay_out(self) -> None:
        names = {self.model: self.tr("Model to predict"), self.folder: self.tr("Choose a model folder to predict"),
                 self.format: self.tr("Weights format"), self.context: self.tr("Context"),
                 self.users: self.tr("Sequences at once, one for each user"),
                 self.speed: self.tr("Speed wanted for each user, tok/s"), self.budget: self.tr("Budget, US dollars")}
        widths = (MODEL_PX, FOLDER_PX, FORMAT_PX, CONTEXT_PX, USERS_PX, SPEED_PX, BUDGET_PX)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 0)
        row.setSpacing(8)
        for (control, name), width in zip(names.items(), widths, strict=True):
            control.setAccessibleName(name)
            control.setToolTip(name)
            control.setFixedWidth(width)
            control.setFont(theme().font())
            row.addWidget(control)
        row.addWidget(self.needs, 1)
        row.addStretch()
        self._word_boxes()
        self.model.activated.connect(self._on_model)
        self.folder.clicked.connect(self._on_folder)
        for picker in (self.format, self.context):
            picker.activated.connect(self.changed)
        self.users.valueChanged.connect(self._on_users)
        for box in (self.speed, self.budget):
            box.valueChanged.connect(self.changed)

    def _word_boxes(self) -> None:
        self.speed.setPrefix("≥ ")
        self.speed.setSuffix(self.tr(" tok/s each"))
        self.speed.setSpecialValueText(self.tr("any speed"))
        self.budget.setPrefix("≤ $")
        self.budget.setSpecialValueText(self.tr("any price"))


class _Box(NumberBox):
    """A number that counts when it is typed to its end; 0 asks for nothing, and `first` is the step from there."""

    def __init__(self, low: int, high: int, first: int = 1) -> None:
        super().__init__(low, high)
        self._first = first
        self.setKeyboardTracking(False)

    def stepBy(self, steps: int) -> None:
        """Double and halve; from nothing to the first and back."""
        if steps > 0 and self.value() < self._first:
            self.setValue(self._first)
        elif steps < 0 and self.value() <= self._first:
            self.setValue(self.minimum())
        else:
            super().stepBy(steps)
