"""What if: whether a model fits on other hardware, and how fast it would be there, predicted."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from llmscope import paths
from llmscope.analysis.demand import Demand, Format, demands
from llmscope.core.errors import BadInput
from llmscope.core.units import NBSP, gib, significant
from llmscope.gui.theme import theme
from llmscope.gui.whatif_table import WhatIfTable
from llmscope.gui.widgets.basic import Button, ElidedLabel, Label, Panel
from llmscope.gui.widgets.field import Picker
from llmscope.hardware.catalogue import PRICES, own_prices
from llmscope.models import catalog
from llmscope.models.catalog import Model
from llmscope.models.facts import DecoderFacts
from llmscope.runs.here import Here
from llmscope.runs.whatif import projections

MODEL, FORMAT, CONTEXT = "arch:qwen2.5-7b", "bfloat16", 4096
FORMATS: dict[str, Format] = {"f32": "float32", "bf16": "bfloat16", "int8": "int8", "int4": "int4"}
CONTEXTS = tuple(2**power for power in range(9, 18))
MODEL_PX, FORMAT_PX, CONTEXT_PX, KIND_PX, SEARCH_PX = 200, 74, 132, 148, 220


class WhatIfPanel(Panel):
    """One sequence of a model, in a weights format, with so many tokens in its cache, on all hardware known here."""

    def __init__(self) -> None:
        super().__init__("")
        self.title.setText(self.tr("What if"))
        self.remark.set_text(self.tr("predicted for other hardware"))
        self.model, self.format, self.context, self.kind = Picker(), Picker(), Picker(), Picker()
        self.search, self.table = QLineEdit(), WhatIfTable()
        self.needs, self.count = ElidedLabel("", "body", 500), Label("", "small", role="text_2")
        self.about = ElidedLabel("", "small", role="text_2")
        self._models: dict[str, Model] = {}
        self._here: Sequence[Here] = ()
        self._lay_out()

    def show_here(self, here: Sequence[Here]) -> None:
        """Show this machine's devices, as far as they are measured, among the others."""
        if here != self._here:
            self._here = here
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self.fill)  # the page above is drawn first

    def fill(self) -> None:
        """Offer the models whose costs are known, once, and show what the chosen one comes to."""
        if not self._models:
            self._models = {model.ref: model for model in catalog.available() if isinstance(model.facts, DecoderFacts)}
            self.model.offer({ref: model.title for ref, model in self._models.items()}, MODEL)
            self.format.offer({format_: name for name, format_ in FORMATS.items()}, FORMAT)
            self._offer_contexts(CONTEXT)
        self.refresh()

    def refresh(self) -> None:
        """Predict again with what is chosen and with the prices as they are now."""
        model = self._models.get(self.model.taken())
        if model is None:
            return
        wanted = demands(model, int(self.context.taken()), 1)
        format_ = FORMATS[self.format.currentText()]
        self.needs.set_text(self._needs(wanted[format_]))
        found = projections(wanted, format_, self._prices(), self._here)
        if found != self.table.rows.found:  # else the place in the table would be lost for nothing
            self.table.rows.show_found(found)
            self._show_count()

    def _prices(self) -> dict[str, float]:
        """Return a person's own prices; where they cannot be used the line below says why."""
        self.about.set_text(self.tr("prices at launch, US$; your own: {0} in the data folder").format(PRICES))
        self.about.set_role("text_2")
        try:
            return own_prices(paths.data_folder() / PRICES)
        except BadInput as error:
            self.about.set_text(str(error))
            self.about.set_role("bad")
            return {}

    def _needs(self, demand: Demand) -> str:
        least = "" if demand.is_whole else self.tr("at least ")
        return self.tr("needs {0}{1} and reads {2} GB per token").format(
            least, gib(demand.memory_bytes), significant(demand.step_bytes / 1e9)).replace(" GB", f"{NBSP}GB")

    def _offer_contexts(self, wanted: int) -> None:
        """Offer as many tokens as the model has; the number that was chosen stays where it can."""
        facts = self._models[self.model.taken()].facts
        most = facts.max_positions or CONTEXTS[-1]
        offered = [tokens for tokens in CONTEXTS if tokens <= most] or [most]
        self.context.offer({str(tokens): self.tr("{0} tokens").format(f"{tokens:,}") for tokens in offered},
                           str(min(wanted, offered[-1])))

    def _on_model(self) -> None:
        self._offer_contexts(int(self.context.taken()))
        self.refresh()

    def _on_filter(self) -> None:
        self.table.rows.filter(self.kind.taken(), self.search.text())
        self._show_count()

    def _show_count(self) -> None:
        shown, found = len(self.table.rows.shown), len(self.table.rows.found)
        self.count.setText(self.tr("{0} of {1}").format(shown, found) if shown else
                           self.tr("Nothing here matches: choose all hardware or clear the search."))
        self.table.horizontalHeader().viewport().update()

    def _lay_out(self) -> None:
        self._name_controls()
        for choice in (self.model, self.format, self.context):
            self.head.addWidget(choice)
        self.head.addWidget(self.needs, 1)
        self.head.setStretchFactor(self.remark, 0)
        filters = QHBoxLayout()
        filters.setContentsMargins(12, 6, 12, 6)
        filters.setSpacing(10)
        copy = Button(self.tr("Copy"), "copy", "quiet", "text_2")
        copy.setAccessibleName(self.tr("Copy the table of other hardware"))
        copy.clicked.connect(self.table.copy_all)
        for part in (self.kind, self.search, self.count):
            filters.addWidget(part)
        filters.addWidget(self.about, 1)
        filters.addWidget(copy)
        self.body.addLayout(filters)
        self.body.addWidget(self.table)

    def _name_controls(self) -> None:
        names = {self.model: self.tr("Model to predict"), self.format: self.tr("Weights format"),
                 self.context: self.tr("Context"), self.kind: self.tr("Kind of hardware"),
                 self.search: self.tr("Search the hardware")}
        widths = (MODEL_PX, FORMAT_PX, CONTEXT_PX, KIND_PX, SEARCH_PX)
        for (control, name), width in zip(names.items(), widths, strict=True):
            control.setAccessibleName(name)
            control.setFixedWidth(width)
            control.setFont(theme().font())
        self.kind.offer({"": self.tr("All hardware"), "gpu": self.tr("GPU"), "cpu": self.tr("CPU"),
                         "apu": self.tr("Unified memory"), "tpu": self.tr("TPU"), "npu": self.tr("NPU")}, "")
        self.search.setPlaceholderText(self.tr("Search hardware…"))
        self.search.setMaxLength(200)
        self.search.setClearButtonEnabled(True)
        self.model.activated.connect(self._on_model)
        self.format.activated.connect(self.refresh)
        self.context.activated.connect(self.refresh)
        self.kind.activated.connect(self._on_filter)
        self.search.textChanged.connect(self._on_filter)
