"""The terminal: the same runs as the window, progress on stderr, results on stdout."""

import errno
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import msgspec
import typer

from llmscope import (
    __version__,
    cli_compare,
    cli_demo,
    cli_exchange,
    cli_options,
    cli_race,
    cli_runs,
    cli_whatif,
    paths,
    terminal,
)
from llmscope.core import units
from llmscope.core.errors import BadInput
from llmscope.core.spec import DTYPE_SHORT, WORKLOADS, Accuracy, Dtype, RunSpec, time_limit_s
from llmscope.ending import Ending
from llmscope.runs.export import Format
from llmscope.runs.sweep import counts, sweep, with_threads

if TYPE_CHECKING:
    from llmscope.models.catalog import Model

app = typer.Typer(add_completion=False, no_args_is_help=False, pretty_exceptions_enable=False,
                  help="Shows where this computer's bottleneck lies when it runs a large language model.")
app.add_typer(cli_runs.app, name="runs")
app.command()(cli_whatif.whatif)
app.command()(cli_compare.compare)
app.command()(cli_demo.demo)
cli_runs.app.command("export")(cli_exchange.export_runs)
cli_runs.app.command("import")(cli_exchange.import_runs)
app.command("schema")(cli_exchange.print_schema)

WRONG_USE = 2


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code: 0, 1 (a test failed), 2 (wrong use), 130 (cancelled).

    Whoever reads the output may go before its end (`| head`): then it ends as if by SIGPIPE, without a word.
    """
    try:
        return _run(arguments)
    except BrokenPipeError:
        terminal.let_go(sys.stdout, sys.stderr)
        return terminal.UNREAD


def _run(arguments: list[str]) -> int:
    try:
        code = _invoke(arguments)
        sys.stdout.flush()  # a disk that is full is told here, not by the interpreter as it ends
        return code
    except BadInput as error:
        return _say(str(error))
    except KeyboardInterrupt:
        print("llmscope: Stopped.", file=sys.stderr)
        return terminal.CANCELLED
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _say("the output could not be written whole: no space is left. Free some, or write elsewhere.")
            return terminal.FAILED
        # Wrong use, as the library that parses the command line reports it: one line, not a box.
        if not hasattr(error, "format_message"):
            raise
        return _say(terminal.wrong_use(error))


def _invoke(arguments: list[str]) -> int:
    try:
        command = typer.main.get_command(app)
        with command.make_context("llmscope", arguments) as context:
            command.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    return terminal.OK


def _say(text: str) -> int:
    print(f"llmscope: {text}", file=sys.stderr)
    return WRONG_USE


@app.callback(invoke_without_command=True)
def window(context: typer.Context,
           version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    """Open the window when no command is given."""
    if version:
        print(f"llmscope {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise typer.Exit(_window())


def _window() -> int:
    with Ending() as ending:
        try:
            from llmscope.gui.app import main
        except ImportError as error:
            raise BadInput(f"The window needs PySide6 and pyqtgraph ({error}): install them, or use 'llmscope bench'."
                           ) from error
        ending.check()
        return main(ending)


@app.command()
def bench(
    context: typer.Context,
    model: Annotated[str, typer.Option(
        help="bundled, arch:<id>, a folder, or org/name in the Hub cache; several with commas.")] = "bundled",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda:0, …; several with commas.")] = "auto",
    dtype: Annotated[str, typer.Option(
        help="auto, float32, bfloat16, float16, amp (training only); several with commas.")] = "auto",
    batch: Annotated[str, typer.Option(help="Sequences at once; several with commas.")] = "1",
    seq: Annotated[str, typer.Option(help="Prompt or training length in tokens; several with commas.")] = "512",
    new: Annotated[str, typer.Option(help="New tokens; several with commas.")] = "128",
    depth: Annotated[str, typer.Option(help="Tokens in the cache before tg begins; several with commas.")] = "0",
    workload: Annotated[str | None, typer.Option(help=f"{', '.join(WORKLOADS)}; several with commas.")] = None,
    preset: Annotated[str | None, typer.Option(help="quick, inference, training, hardware or everything.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="Of train and opt: adamw or sgd; several with commas.")] = None,
    checkpointing: Annotated[str | None, typer.Option(
        help="Compute activations again in the backward pass instead of keeping them: off or on; both with a comma."
    )] = None,
    scenario: Annotated[str | None, typer.Option(
        help="Shapes of gen with words and sampling of their own: assistant (256+128), translation (64+64), question "
             "(1024+32); several with commas.")] = None,
    backend: Annotated[str, typer.Option(
        help="eager (plain transformers), compile (torch.compile), int8 (weights as 8-bit numbers); several with "
             "commas.")] = "eager",
    attention: Annotated[str | None, typer.Option(
        help="How attention is computed: auto (transformers' choice), sdpa, eager; several with commas.")] = None,
    cache: Annotated[str | None, typer.Option(
        help="KV cache of tg and gen: dynamic (grows) or static (allocated once); both with a comma.")] = None,
    threads: Annotated[str | None, typer.Option(
        help="CPU threads; torch's own choice if not given; several with commas.")] = None,
    in_turns: Annotated[bool, typer.Option(
        "--in-turns", help="Measure two settings of one test round by round, and say how many times as fast the second "
                           "is.")] = False,
    predict: Annotated[bool, typer.Option(
        "--predict", help="Run nothing: say what each test would give here, from the stored runs of this machine.")
    ] = False,
    accuracy: Annotated[str | None, typer.Option(
        help="quick ±3 %, standard ±1 %, rigorous ±0.5 %; quick for the quick preset, else standard.")] = None,
    temperature: Annotated[float, typer.Option(help="0 takes the most likely id.")] = 0.8,
    top_k: Annotated[int, typer.Option("--top-k", help="0 for no limit.")] = 50,
    top_p: Annotated[float, typer.Option("--top-p")] = 0.9,
    sequences: Annotated[int, typer.Option(help="Answers to each prompt of gen.")] = 1,
    prompt: Annotated[str, typer.Option(help="Your words at the end of gen's prompt.")] = "",
    seed: Annotated[int, typer.Option(help="Seed of all inputs.")] = 1234,
    output: Annotated[str, typer.Option("--output", "-o", help="md, json, jsonl or csv.")] = "md",
    out: Annotated[Path | None, typer.Option(help="Write the results to a file instead.")] = None,
    save: Annotated[bool, typer.Option("--save/--no-save", help="Keep the run in the data folder.")] = True,
) -> None:
    """Measure, and print a row for each test; comma lists sweep the product."""
    given = {name: value for name, value in context.params.items() if _is_given(context, name)}
    cli_options.refuse_empty(given)
    accuracy = accuracy or ("quick" if preset == "quick" else "standard")
    for name, text, choices in (("format", output, get_args(Format)), ("accuracy", accuracy, get_args(Accuracy)),
                                *(("dtype", word.strip(), get_args(Dtype)) for word in dtype.split(","))):
        if text not in choices:
            raise BadInput(f"There is no {name} '{text}': use {', '.join(choices)}.")
    thread_counts = counts("threads", threads) if threads is not None else []
    spec = _spec(
        with_threads(sweep(model=model, device=device, dtype=dtype, batch=batch, seq=seq, new=new, depth=depth,
              workload=workload, preset=preset, optimizer=optimizer, checkpointing=checkpointing, scenario=scenario,
              backend=backend, attention=attention, cache=cache), thread_counts),
        accuracy=accuracy, preset=preset, in_turns=in_turns,
        threads=thread_counts[0] if len(thread_counts) == 1 else None, prompt=prompt, seed=seed,
        sampling={"temperature": temperature, "top_k": top_k, "top_p": top_p, "sequences": sequences})
    cli_options.refuse_unread(given, spec)
    if predict:
        cli_options.refuse_beside_predict(given)
        from llmscope.cli_predict import print_predictions

        print_predictions(spec, output)
        return
    if out is not None:
        terminal.check_writable(out)
    finished = terminal.measure(spec, paths.runs_folder() if save else None)
    terminal.print_rows(finished, output, out)
    raise typer.Exit(terminal.exit_code(finished.rows, finished.ended.status))


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _spec(cells: Sequence[dict[str, Any]], **settings: Any) -> RunSpec:
    settings |= {"cells": cells, "time_limit_s": time_limit_s(settings["preset"], settings["accuracy"])}
    try:
        return msgspec.convert(settings, RunSpec)
    except msgspec.ValidationError as error:
        raise BadInput(terminal.plain(error)) from error


@app.command()
def devices(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the devices that torch can use here, with the dtypes that a tiny product proved."""
    from llmscope.runs.probe import probe_devices

    _, found = probe_devices()
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    terminal.print_table(
        ("device", "name", "memory", "dtypes", "default"),
        [(d.id, d.name + ("" if d.tested else " (untested kind)"), units.gib(d.memory_bytes),
          ", ".join(DTYPE_SHORT[p.dtype] + ("" if p.fast else " (slow)") for p in d.dtypes),
          DTYPE_SHORT[d.default_dtype]) for d in found])


@app.command()
def models(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the models that can be used without a download, and those of the Hub cache that cannot, with the reason."""
    from llmscope.models.catalog import Model, available, in_hub_cache

    cached = in_hub_cache()
    usable = [*available(), *(model for _, model in cached if isinstance(model, Model))]
    unusable = {name: reason for name, reason in cached if isinstance(reason, str)}
    if as_json:
        listed: list[dict[str, Any]] = [
            {"model": m.ref, "title": m.title, "source": m.source, "revision": m.revision, "writes_text": m.writes_text,
             "facts": msgspec.to_builtins(m.facts)} for m in usable]
        listed += [{"model": name, "source": "hub", "reason": reason} for name, reason in unusable.items()]
        print(msgspec.json.format(msgspec.json.encode(listed), indent=2).decode())
        return
    terminal.print_table(("model", "name", "parameters", "active", "layers", "positions", "cache a token, bf16",
                          "f32", "bf16"), [_model_row(m) for m in usable])
    for name, reason in unusable.items():
        print(f"{name}: {reason}")


def _model_row(model: "Model") -> tuple[str, ...]:
    """Return a line of the table of models; an empty field is one that is not known, or not different."""
    from llmscope.models.facts import DecoderFacts

    facts, active, cache = model.facts, "", ""
    if isinstance(facts, DecoderFacts):
        active = units.parameters(facts.active_parameters) if facts.active_parameters != facts.parameters else ""
        first, then = facts.cache_bytes_per_token(2)
        cache = f"{first:,} B" if first == then else f"{first:,} B, then {then:,} B"
    parameters = "" if facts.parameters is None else units.parameters(facts.parameters)
    weights = [units.gib(facts.weights_bytes(dtype)) if facts.parameters else "" for dtype in ("float32", "bfloat16")]
    layers, positions = (f"{number:,}" if number else "" for number in (facts.layers, facts.max_positions))
    return model.ref, model.title, parameters, active, layers, positions, cache, *weights


@app.command()
def shot(file: Annotated[Path, typer.Argument(help="The picture to write, a .png.")],
         theme: Annotated[str, typer.Option(help="dark or light.")] = "dark",
         page: Annotated[str, typer.Option(help="run (without --runs the quick preset is run), compare or race with "
                                                "--runs, hardware or history.")] = "run",
         runs: Annotated[str, typer.Option(help="Stored runs to show, with commas: with --page compare two to four "
                                                "ids, with --page race two; else one.")] = "",
         kind: Annotated[str, typer.Option(help="page, or of run, compare and race a card to share: card (1200×630), "
                                                "square (1080×1080).")] = "page",
         data: Annotated[bool, typer.Option("--data/--no-data", help=cli_compare.DATA_HELP)] = True,
         at: Annotated[float | None, typer.Option(help="With --page race: at this second, not its end.")] = None,
         ) -> None:
    """Open the real window, run the quick preset or show stored runs, and save its picture; needs no display."""
    if file.suffix.lower() != ".png":
        raise BadInput(f"The picture is a PNG: write '{file.with_suffix('.png')}'.")
    terminal.check_writable(file)
    if theme not in ("dark", "light"):
        raise BadInput(f"There is no theme '{theme}': use dark or light.")
    _check_shot(page, runs, kind, at)
    if page == "race":
        raise typer.Exit(cli_race.shoot(file, runs.split(","), at, theme, kind, data))
    if page == "compare":
        raise typer.Exit(cli_compare.shoot(file, runs.split(","), theme, kind, data))
    with Ending() as ending:
        raise typer.Exit(_shoot(file, ending, theme, page, runs, cast(Any, kind), data))


def _shoot(file: Path, ending: Ending, theme: str, page: str, runs: str, kind: Any, data: bool) -> int:
    try:
        from llmscope.gui.cards.choice import Choice
        from llmscope.gui.page_shot import shoot_stored
        from llmscope.gui.shot import shoot
    except ImportError as error:
        raise BadInput(f"A picture of the window needs PySide6 and pyqtgraph ({error}): install them, or use "
                       "'llmscope bench'.") from error
    ending.check()
    choice = Choice(kind, with_runs=data)
    if page == "run" and not runs:
        return terminal.print_shot(partial(shoot, ending=ending, choice=choice), file, theme)
    if not shoot_stored(file, cast(Any, page), runs, theme, choice):
        raise BadInput(f"{file} could not be written: choose another folder.")
    print(f"Picture: {file.resolve()}")
    return terminal.OK


def _check_shot(page: str, runs: str, kind: str, at: float | None) -> None:
    for name, text, choices in (("page", page, ("run", "compare", "race", "hardware", "history")),
                                ("kind", kind, cli_compare.KINDS)):
        if text not in choices:
            raise BadInput(f"There is no {name} '{text}': use {', '.join(choices)}.")
    if page in ("compare", "race") and not runs:
        raise BadInput(f"Give --page {page} together with --runs A,B.")
    if page not in ("compare", "race") and "," in runs:
        raise BadInput("Several runs are shown by --page compare: give one, or that page.")
    if at is not None and (page != "race" or not at >= 0):
        raise BadInput("--at is a second of a race, 0 or more: give it with --page race.")
    if at is not None and kind != "page":
        raise BadInput(f"A {kind} shows the end of a race: leave out --at, or use --kind page.")
    if page in ("hardware", "history") and kind != "page":
        raise BadInput(f"The page {page} has no {kind}: use --kind page, or --page run with --runs.")
    if page == "history" and runs:
        raise BadInput("History lists all runs: leave out --runs.")


