"""What a run is asked to do: an ordered list of cells and how well to measure them."""

from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct, structs

from llmscope.core.definitions import DEFINITIONS, test_id
from llmscope.core.scenarios import SCENARIOS, Scenario

Accuracy = Literal["quick", "standard", "rigorous"]
Workload = Literal["load-cold", "load-warm", "tok", "prep", "pp", "tg", "ttft", "gen", "fwd", "bwd", "opt", "train",
                   "val", "gemm", "dense", "membw-read", "membw-copy", "h2d", "d2h", "disk-read"]
#: `amp` keeps float32 weights and computes in bfloat16 where that is safe (torch.autocast).
Dtype = Literal["auto", "float32", "float16", "bfloat16", "amp"]
Preset = Literal["quick", "inference", "training", "hardware", "everything"]
Optimizer = Literal["adamw", "sgd"]
#: `eager` is plain transformers; `compile` the same network through torch.compile; `int8` its layers' weights as 8-bit
#: whole numbers with a scale for each row, computed in the dtype (torchao).
Backend = Literal["eager", "compile", "int8"]
#: `auto` is transformers' own choice for the model.
Attention = Literal["auto", "sdpa", "eager"]
Cache = Literal["dynamic", "static"]

WORKLOADS: tuple[Workload, ...] = get_args(Workload)
DTYPE_SHORT = {"float32": "f32", "float16": "f16", "bfloat16": "bf16", "amp": "amp"}
#: Bytes of a weight.
DTYPE_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "amp": 4}

#: Values of settings that go without saying.
_USUAL = ("adamw", False, "auto", "dynamic")

#: The model of tests that measure the machine itself.
MACHINE = "machine"
_MIB = 1024**2
_BLOCKS = tuple(mib * _MIB for mib in (1, 4, 8, 16, 32, 64, 128, 256, 512, 1024))
#: Sizes that the tests of the machine take: from what a cache holds to several times the largest one.
MACHINE_SIZES: dict[Workload, tuple[int, ...]] = {
    "gemm": (256, 512, 1024, 2048, 4096, 8192), "dense": (1024,),
    "membw-read": _BLOCKS, "membw-copy": _BLOCKS,
    "h2d": (256 * _MIB,), "d2h": (256 * _MIB,), "disk-read": (256 * _MIB,),
}
#: The tests of the machine, and those of a model.
OF_MACHINE: tuple[Workload, ...] = tuple(MACHINE_SIZES)
OF_MODEL: tuple[Workload, ...] = tuple(w for w in WORKLOADS if w not in MACHINE_SIZES)
_PRODUCT_DTYPES: tuple[Dtype, ...] = ("float32", "bfloat16", "float16")

#: The model of the quick preset at which the machine, not Python, is the limit.
YARDSTICK = "arch:smollm2-135m"

#: Tests that leave the network as it was, so that two settings of one can be measured in turns.
IN_TURNS: tuple[Workload, ...] = ("pp", "tg", "ttft", "gen", "val")

#: Longest measuring of one test in the quick preset at quick accuracy: three tests with their warm-ups end within a
#: minute. Who asks for more accuracy has more time.
QUICK_LIMIT_S = 11.0

Count = Annotated[int, Meta(ge=1, le=1_048_576)]
MOST_BATCH = 65_536


class Sampling(Struct, frozen=True, forbid_unknown_fields=True):
    """How `gen` picks the next id; temperature 0 takes the most likely one."""

    temperature: Annotated[float, Meta(ge=0, le=10)] = 0.8
    top_k: Annotated[int, Meta(ge=0, le=1_000_000)] = 50
    top_p: Annotated[float, Meta(gt=0, le=1)] = 0.9
    sequences: Annotated[int, Meta(ge=1, le=64)] = 1

    def __post_init__(self) -> None:
        if self.sequences > 1 and self.temperature == 0:
            raise ValueError("Several sequences need a temperature above 0: at 0 they would all be the same.")


class Cell(Struct, frozen=True, forbid_unknown_fields=True):
    """One test to run: model × device × dtype × batch × sequence × workload.

    `device` and `dtype` may be `auto`; the supervisor resolves them to what the worker reports before
    the run starts, so that a stored cell always names what ran. `size` is the order of a product's square
    matrices, or the bytes that a test of memory or disk works on. A scenario fixes `seq` and `new` of `gen`.
    `threads` of the CPU hold for this cell alone; None takes the run's.
    """

    model: str
    workload: Workload
    device: str = "auto"
    dtype: Dtype = "auto"
    backend: Backend = "eager"
    batch: Annotated[int, Meta(ge=1, le=MOST_BATCH)] = 1
    seq: Count = 512
    new: Count = 128
    depth: Annotated[int, Meta(ge=0, le=1_048_576)] = 0
    size: Annotated[int, Meta(ge=0, le=2**40)] = 0
    optimizer: Optimizer = "adamw"
    checkpointing: bool = False
    scenario: Scenario | None = None
    attention: Attention = "auto"
    cache: Cache = "dynamic"
    threads: Annotated[int, Meta(ge=1, le=1024)] | None = None

    def __post_init__(self) -> None:
        if self.scenario is not None and self.workload == "gen":
            structs.force_setattr(self, "seq", SCENARIOS[self.scenario].seq)
            structs.force_setattr(self, "new", SCENARIOS[self.scenario].new)

    @property
    def weights_dtype(self) -> Dtype:
        """What the weights are held in: float32 where only the computing is mixed."""
        return "float32" if self.dtype == "amp" else self.dtype

    @property
    def test(self) -> str:
        """The id of the test, such as `pp512 b4`."""
        return test_id(self.workload, seq=self.seq, new=self.new, depth=self.depth, batch=self.batch, size=self.size,
                       dtype=DTYPE_SHORT.get(self.dtype, ""), options=self.options)

    @property
    def options(self) -> dict[str, str | bool | int]:
        """Settings of the test that are not the usual ones, by name."""
        uses = DEFINITIONS[self.workload].uses
        named: dict[str, str | bool | int | None] = {
            "optimizer": self.optimizer, "checkpointing": self.checkpointing, "scenario": self.scenario,
                 "attention": self.attention, "cache": self.cache}
        kept = {name: value for name, value in named.items() if name in uses and value is not None
                and value not in _USUAL}
        return kept | ({} if self.threads is None else {"threads": self.threads})

    def sampling(self, asked: Sampling) -> Sampling:
        """Return how this cell picks the next id: as asked, or as its scenario fixes it.

        As many answers as asked, but one where the most likely id is taken: the others would be the same.
        """
        if self.scenario is None:
            return asked
        shape = SCENARIOS[self.scenario]
        return Sampling(shape.temperature, shape.top_k, shape.top_p, asked.sequences if shape.temperature else 1)

    def sequences(self, asked: Sampling) -> int:
        """Return how many sequences a sample works on: each answer to a prompt of `gen` is one, from the prefill on."""
        return self.batch * (self.sampling(asked).sequences if self.workload == "gen" else 1)

    def within(self, asked: Sampling, threads: int | None = None) -> "Cell":
        """Return the cell with what its run adds: all sequences as its batch, and threads where none are its own."""
        return structs.replace(self, batch=self.sequences(asked), threads=self.threads or threads)

    def work(self, sampling: Sampling) -> int | None:
        """Tokens, FLOPs or bytes of a sample; None where the cell alone does not say, or the value is a time."""
        unit, tokens = DEFINITIONS[self.workload].unit, DEFINITIONS[self.workload].tokens
        if unit == "TFLOPS":
            return 2 * self.size**3
        if unit == "GB/s":
            return self.size
        return self.sequences(sampling) * getattr(self, tokens) if tokens else None


class RunSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole run. `time_limit_s` caps the seconds spent on measuring one test; `threads` None is torch's own.

    With `in_turns` the two cells are measured round by round: the question is how many times as fast the second is.
    """

    cells: Annotated[tuple[Cell, ...], Meta(min_length=1, max_length=10_000)]
    accuracy: Accuracy = "standard"
    sampling: Sampling = Sampling()
    prompt: Annotated[str, Meta(max_length=100_000)] = ""
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 1234
    threads: Annotated[int, Meta(ge=1, le=1024)] | None = None
    time_limit_s: Annotated[float, Meta(gt=0)] | None = None
    preset: Preset | None = None
    in_turns: bool = False

    def __post_init__(self) -> None:
        if self.in_turns:
            tests = {cell.workload for cell in self.cells}
            if len(self.cells) != 2 or len(tests) != 1 or not tests <= set(IN_TURNS):
                raise ValueError(f"Two settings of one test can be compared in turns ({', '.join(IN_TURNS)}), "
                                 f"not {len(self.cells)} of {', '.join(sorted(tests))}.")


def time_limit_s(preset: Preset | None, accuracy: Accuracy) -> float | None:
    """Return the longest measuring of one test beyond what its accuracy allows, None where there is none."""
    return QUICK_LIMIT_S if preset == accuracy == "quick" else None


def preset_cells(preset: Preset, model: str, *, device: str = "auto", dtype: Dtype = "auto",
                 batch: int = 1, seq: int = 512, new: int = 128) -> tuple[Cell, ...]:
    """Return the cells of a preset for a model; settings that a preset fixes itself are not taken from the caller."""
    def cell(workload: Workload, of: str = model, batch: int = batch, seq: int = seq, new: int = new,
             dtype: Dtype = dtype, **options: Any) -> Cell:
        return Cell(of, workload, device=device, dtype=dtype, batch=batch, seq=seq, new=new, **options)

    if preset == "quick":
        yardstick = (cell("pp", YARDSTICK, 1, 512), cell("tg", YARDSTICK, 1, 512, 32)) if model == "bundled" else ()
        return (cell("gen"), *yardstick)
    loads = () if model.startswith("arch:") else (cell("load-warm"),)
    inference = (*loads, cell("tok"), *(cell(w, batch=b) for b in (1, 4) for w in ("ttft", "pp", "tg", "gen")))
    training = tuple(cell(w) for w in ("fwd", "bwd", "opt", "train", "val"))
    hardware = machine_cells(device)
    scenarios = tuple(cell("gen", scenario=scenario) for scenario in SCENARIOS)
    other_training = (cell("train", optimizer="sgd"), cell("train", checkpointing=True), cell("train", dtype="amp"))
    everything = (*(cell("load-cold") for _ in loads), *inference, *scenarios, cell("prep"), *training,
                  *other_training, *hardware)
    return {"inference": inference, "training": training, "hardware": hardware, "everything": everything}[preset]


def machine_cells(device: str = "auto", workloads: tuple[Workload, ...] = OF_MACHINE) -> tuple[Cell, ...]:
    """Return the tests of the machine at all their sizes and dtypes; those that a device is not fit for among them."""
    return tuple(Cell(MACHINE, workload, device=device, dtype=dtype, size=size) for workload in workloads
                 for dtype in (_PRODUCT_DTYPES if DEFINITIONS[workload].unit == "TFLOPS" else ("float32",))
                 for size in MACHINE_SIZES[workload])
