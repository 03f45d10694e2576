"""`tapeflow list`: what there is to choose from, and what it means."""

from collections.abc import Callable, Iterable

import click

from hwmodel import PRESET_MEANINGS
from tapeflow.analysis.differentiation.policy import POLICY_MEANINGS
from tapeflow.analysis.placement.places import PLACE_MEANINGS
from tapeflow.programs import EVERY_PROGRAM
from tapeflow.tools.bench.arms import ARM_MEANINGS
from tapeflow.tools.command_line import Command
from tapeflow.tools.opt.help_text import first_sentence
from tapeflow.tools.result_row import COLUMNS
from tapeflow.transforms import get_all_passes
from tapeflow.transforms.building.option_help import describe_options
from tapeflow.transforms.pipelines import PIPELINES

Meanings = Iterable[tuple[str, str]]


def _programs() -> Meanings:
    for program in EVERY_PROGRAM:
        yield program.name, f"{program.definition}. Sizes: {', '.join(program.sizes)}."


def _pipelines() -> Meanings:
    for name, pipeline in PIPELINES.items():
        yield name, first_sentence(pipeline)


def _passes() -> Meanings:
    for name, factory in get_all_passes().items():
        yield name, first_sentence(factory())


def _options() -> Meanings:
    passes = (factory() for factory in get_all_passes().values())
    for kind in (*passes, *PIPELINES.values()):
        for option, meaning in describe_options(kind).items():
            yield f"{kind.name}{{{option}}}", meaning


KINDS: dict[str, tuple[str, Callable[[], Meanings]]] = {
    "programs": ("benchmark programs, for bench and inputs", _programs),
    "machines": ("presets, for --machine", PRESET_MEANINGS.items),
    "pipelines": ("for --pipeline and tapeflow-opt", _pipelines),
    "arms": ("what else bench takes for a pipeline", ARM_MEANINGS.items),
    "policies": ("what goes on the tape: policy=, --policy", POLICY_MEANINGS.items),
    "places": ("where a region lives: streams{places=...}", PLACE_MEANINGS.items),
    "passes": ("for tapeflow-opt and --pipeline", _passes),
    "options": ("of passes and pipelines: -p 'NAME{OPTION=VALUE}'", _options),
    "columns": ("keys of a row in --json and --csv of bench", COLUMNS.items),
}
"""Each kind of thing: what it is for, and its names with their meanings."""

_LONG = {"options", "columns"}
"""What is listed only if it is asked for."""


@click.command("list", cls=Command)
@click.argument(
    "kinds", nargs=-1, type=click.Choice(tuple(KINDS)), metavar="[KIND ...]"
)
def command(kinds: tuple[str, ...]) -> None:
    """List what there is to choose from, with its meaning.

    KIND is programs, machines, pipelines, arms, policies, places, passes, options or
    columns; without it, all but the options and the columns are listed.
    """
    formatter = click.HelpFormatter(width=80)
    for kind in kinds or [kind for kind in KINDS if kind not in _LONG]:
        use, meanings = KINDS[kind]
        with formatter.section(f"{kind} ({use})"):
            formatter.write_dl(list(meanings()), col_max=24)
    click.echo(formatter.getvalue(), nl=False)
