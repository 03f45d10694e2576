"""Where the tape of each program is best kept, and what that is worth.

    python benchmarks/placement/tape_placement.py [PROGRAM ...] [--size paper]
        [--keep DIRECTORY] [--markdown FILE] [--csv FILE]

For each machine and each total of SRAM it sets the stages of the tape (regions, layers,
everything streamed, as the compiler decides, as measurement decides) beside
`fair-baseline`, the best layout behind a cache that has all SRAM and all ports, and
beside `free-tape`, whose tape costs nothing. A loser is run again with one restriction
lifted at a time, so that its reason is measured. docs/placement.md says how to read the
tables. With --keep an interrupted run goes on where it was.
"""

import argparse
import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from arms import (
    BASELINE,
    FAIR,
    POLICIES,
    UNEQUAL,
    UNEQUAL_MACHINE,
    Experiment,
    Setting,
    lifted_arms,
    main_arms,
    unequal_arms,
)
from figures import Results, losers
from rich.console import Console
from runs import measure_experiments
from sheets import (
    Sheet,
    attribution_sheet,
    details_sheet,
    losers_sheet,
    means_sheet,
    refusals_sheet,
    speed_sheet,
    unequal_sheet,
)

from tapeflow.programs import PROGRAMS
from tapeflow.tools.bench.kept_runs import KeptRuns
from tapeflow.tools.bench.runs import available_cores
from tapeflow.tools.output_files import Writer, check_outputs, write_outputs
from tapeflow.tools.result_row import ROW_KEYS, Row

WIDTH = 220


def measure_placements(
    programs: Sequence[str],
    settings: Sequence[Setting],
    size: str,
    jobs: int,
    kept: KeptRuns,
) -> list[Results]:
    """The results of each setting, and last those of unequal ports, if asked for."""

    def run(experiments: Sequence[Experiment]) -> dict[Experiment, Row]:
        return measure_experiments(experiments, size, jobs, kept)

    # Whether there is a tape at all does not depend on the setting.
    first = run([Experiment(p, settings[0], BASELINE, BASELINE) for p in programs])
    taped = {e.program for e, row in first.items() if row["tape_bytes"] != 0}
    experiments = [
        Experiment(program, setting, label, text)
        for program in programs
        for setting in settings
        for label, text in main_arms(setting).items()
        if program in taped or label == FAIR
    ]
    if any(setting.machine == UNEQUAL_MACHINE for setting in settings):
        experiments += [
            Experiment(program, UNEQUAL, label, text)
            for program in programs
            for policy in POLICIES
            for label, text in unequal_arms(policy).items()
        ]
    rows = run(experiments)
    lifted = [
        Experiment(program, results.setting, label, text)
        for results in _by_setting(rows)
        if results.setting in settings
        for program, arm in losers(results)
        for loser in (results.rows[program, arm],)
        for label, text in lifted_arms(arm, loser, results.setting).items()
    ]
    return _by_setting({**rows, **run(lifted)})


def _by_setting(rows: dict[Experiment, Row]) -> list[Results]:
    tables: dict[Setting, dict[tuple[str, str], Row]] = {}
    for experiment, row in rows.items():
        key = (experiment.program, experiment.label)
        tables.setdefault(experiment.setting, {})[key] = row
    return [Results(setting, table) for setting, table in tables.items()]


def sheets_of(all_results: Sequence[Results]) -> list[Sheet]:
    """All tables in reading order."""
    sheets: list[Sheet] = []
    for results in all_results:
        if results.setting == UNEQUAL:
            sheets.append(unequal_sheet(results))
            continue
        for make in (speed_sheet, means_sheet, losers_sheet, attribution_sheet):
            sheets.append(make(results))
        sheets.append(details_sheet(results))
    refused = refusals_sheet(all_results)
    return sheets if refused is None else [*sheets, refused]


def markdown_of(sheets: Sequence[Sheet], size: str) -> bytes:
    """All tables as one file."""
    heading = f"# Tape placements at size {size}\n"
    return "\n".join([heading, *(sheet.markdown() for sheet in sheets)]).encode()


def csv_of(all_results: Sequence[Results]) -> bytes:
    """Every row, with the total of SRAM of its setting; null is empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("setting_machine", "setting_sram_bytes", *ROW_KEYS))
    for results in all_results:
        setting = (results.setting.machine, results.setting.sram_bytes)
        for row in results.rows.values():
            writer.writerow((*setting, *(row[key] for key in ROW_KEYS)))
    return text.getvalue().encode()


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [program.name for program in PROGRAMS]
    parser.add_argument(
        "programs", nargs="*", default=names, help="all by default", metavar="PROGRAM"
    )
    parser.add_argument("--size", default="paper")
    parser.add_argument(
        "--machine", action="append", help="salam and fair by default; repeatable"
    )
    parser.add_argument(
        "--sram-bytes",
        action="append",
        type=int,
        help="in all; 1024 and 16384 by default; repeatable",
    )
    parser.add_argument("--jobs", type=int, default=available_cores())
    parser.add_argument("--keep", type=Path, help="directory of finished runs")
    parser.add_argument("--markdown", type=Path, help="also write the tables here")
    parser.add_argument("--csv", type=Path, help="also write every row here")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.programs) - set(names)):
        parser.error(f"no program {', '.join(unknown)}; known: {', '.join(names)}")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = read_options(arguments)
    check_outputs({"--markdown": options.markdown, "--csv": options.csv}, ())
    settings = [
        Setting(machine, sram_bytes)
        for machine in options.machine or ("salam", "fair")
        for sram_bytes in options.sram_bytes or (1024, 16384)
    ]
    kept = KeptRuns(options.keep)
    programs = list(dict.fromkeys(options.programs))
    results = measure_placements(programs, settings, options.size, options.jobs, kept)
    sheets = sheets_of(results)
    writers: dict[Path, Writer] = {}
    if options.markdown is not None:
        content = markdown_of(sheets, options.size)
        writers[options.markdown] = lambda file: _write(file, content)
    if options.csv is not None:
        table = csv_of(results)
        writers[options.csv] = lambda file: _write(file, table)
    write_outputs(writers)
    console = Console(width=WIDTH)
    console.print(f"Size {options.size}, policy min-cut where none is named")
    for sheet in sheets:
        sheet.show(console)


def _write(file: BinaryIO, content: bytes) -> None:
    file.write(content)


if __name__ == "__main__":
    main()
