"""xDSL's terminal application, told of our pipelines and of what options mean."""

from pathlib import Path

import xdsl.interactive
from textual.app import ComposeResult
from textual.widgets import Static, TextArea
from xdsl.interactive.add_arguments_screen import AddArguments
from xdsl.interactive.app import InputApp
from xdsl.passes import ModulePass

from tapeflow.tools.gui.choices import options_to_begin_with
from tapeflow.transforms.building.option_help import describe_options

_STYLES = Path(xdsl.interactive.__file__).parent


class OptionsScreen(AddArguments):
    """Asks for the options of a pass, with what each means below."""

    CSS_PATH = _STYLES / "add_arguments_screen.tcss"

    def __init__(self, selected_pass_type: type[ModulePass]):
        super().__init__(selected_pass_type)
        self.argument_text_area = TextArea(
            options_to_begin_with(selected_pass_type), id="argument_text_area"
        )

    def compose(self) -> ComposeResult:
        yield from super().compose()
        options = describe_options(self.selected_pass_type)
        lines = (f"{name}: {meaning}" for name, meaning in options.items())
        yield Static("\n".join(lines), id="meanings", markup=False)


class TapeflowApp(InputApp):
    """The application on our passes; it tells how to do the same by `tapeflow-opt`."""

    CSS_PATH = _STYLES / "app.tcss"

    def get_pass_arguments(
        self,
        selected_pass_value: type[ModulePass],
        root_to_child_pass_list: tuple[ModulePass, ...],
    ) -> None:
        """Ask for the options of a pass and add it behind those before it."""

        def add(chosen: ModulePass | None) -> None:
            if chosen is not None:
                before = (*self.pass_pipeline, *root_to_child_pass_list)
                self.pass_pipeline = (*before, chosen)

        self.push_screen(OptionsScreen(selected_pass_value), add)

    def get_query_string(self) -> str:
        """The command that does the same."""
        return super().get_query_string().replace("xdsl-opt", "tapeflow-opt", 1)
