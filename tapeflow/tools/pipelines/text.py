"""Reads pipeline text, in MLIR's nested or xDSL's flat spelling, into a tree.

    pipeline ::= [element (`,` element)*]
    element  ::= anchor `(` pipeline `)` | name [`{` option* `}`] | `mlir-opt[...]`
    option   ::= key [`=` value (`,` value)*]
    value    ::= word | quoted text | `[` value,* `]` | `{` value,* `}`

Blanks and newlines may stand between any two tokens. Values of options that end in
`bytes` are numbers of bytes as the command line has them: `cache.capacity_bytes=16k`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NoReturn, TypeAlias

from xdsl.utils.arg_spec import ArgSpec, ParameterListType, ParameterType, parse_spec

from tapeflow.tools.byte_count import bytes_of

Options: TypeAlias = Mapping[str, ParameterListType]

_BLANKS = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_WORD = re.compile(r"""[^\s,={}()\[\]"']+""")
_QUOTED = re.compile(r""""((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'""", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_CONTROL = {"n": "\n", "t": "\t"}
_WORDS_FOR_BOOL = {"true": True, "false": False}
_CLOSING = {"(": ")", "{": "}", "[": "]"}


class PipelineError(Exception):
    """Pipeline text that is malformed or names what does not exist.

    `position` is the index in `text` of the character to blame.
    """

    def __init__(self, message: str, text: str, position: int):
        super().__init__(message)
        self.message = message
        self.text = text
        self.position = position

    def __str__(self) -> str:
        start = self.text.rfind("\n", 0, self.position) + 1
        line = self.text[start:].split("\n", 1)[0].replace("\t", " ")
        return f"{self.message}\n  {line}\n  {' ' * (self.position - start)}^"


@dataclass(frozen=True)
class PassNode:
    """A pass or a named pipeline, with its options."""

    spec: ArgSpec
    """Name and options; option names as they were written."""
    text: str
    """The whole text it was read from."""
    position: int
    """Index of the name in the text."""
    option_positions: Mapping[str, int]
    """Index of each option's name in the text."""

    def saying(self, name: str, options: Options) -> "PassNode":
        """Another pass in the same place, at which its errors are shown."""
        return replace(self, spec=ArgSpec(name, dict(options)))

    def error(self, message: str, option: str | None = None) -> PipelineError:
        """What is wrong with it, or with one of its options as it was written."""
        place = self.option_positions.get(option or "", self.position)
        return PipelineError(message, self.text, place)

    def __str__(self) -> str:
        return str(self.spec)


@dataclass(frozen=True)
class AnchorNode:
    """An operation's name around the pipeline that is to run on such operations."""

    name: str
    text: str
    """The whole text it was read from."""
    position: int
    """Index of the name in the text."""
    elements: "tuple[PipelineNode, ...]"

    def error(self, message: str) -> PipelineError:
        """What is wrong with it."""
        return PipelineError(message, self.text, self.position)

    def __str__(self) -> str:
        return f"{self.name}({','.join(map(str, self.elements))})"


PipelineNode = PassNode | AnchorNode


@dataclass(frozen=True)
class Pipeline:
    """A pipeline that has been read; its text in one spelling is `str(pipeline)`."""

    name: str
    """The text as it was written; `str` of a pipeline that was not."""
    elements: tuple[PipelineNode, ...]

    @classmethod
    def of(cls, node: PassNode) -> "Pipeline":
        """A pipeline of one element that nobody wrote."""
        return cls(str(node), (node,))

    @property
    def only_pass(self) -> PassNode | None:
        """Its single pass or named pipeline without an anchor, if that is all."""
        node = self.elements[0] if len(self.elements) == 1 else None
        return node if isinstance(node, PassNode) else None

    def __str__(self) -> str:
        return ",".join(map(str, self.elements))


def parse_pipeline(text: str) -> Pipeline:
    """The pipeline that a text says; raises `PipelineError`."""
    return Pipeline(text, _Reader(text).read_all())


def pipeline_of(spec: ArgSpec) -> Pipeline:
    """The pipeline of one element that a specification says."""
    return Pipeline.of(PassNode(spec, str(spec), 0, {}))


class _Reader:
    """Recursive descent over one pipeline text; every method leaves blanks behind."""

    def __init__(self, text: str):
        self.text = text
        self.position = 0
        self._skip_blanks()

    def read_all(self) -> tuple[PipelineNode, ...]:
        elements = self._read_elements() if self.position < len(self.text) else ()
        rest = self._peek()
        if rest in _CLOSING.values():
            self._fail(f"unbalanced '{rest}': nothing before it is open")
        if rest:
            self._fail("expected a comma or the end of the pipeline here")
        return elements

    def _read_elements(self) -> tuple[PipelineNode, ...]:
        elements = [self._read_element()]
        while self._take(","):
            elements.append(self._read_element())
        return tuple(elements)

    def _read_element(self) -> PipelineNode:
        start = self.position
        name = self._match(_NAME, "expected the name of a pass here")[0]
        if self._peek() == "(":
            return AnchorNode(name, self.text, start, self._read_group())
        if name == "mlir-opt" and self._peek() == "[":
            return self._read_mlir_opt(start)
        options, positions = self._read_options() if self._peek() == "{" else ({}, {})
        return PassNode(ArgSpec(name, options), self.text, start, positions)

    def _read_group(self) -> tuple[PipelineNode, ...]:
        opening = self._open("(")
        elements = () if self._peek() == ")" else self._read_elements()
        self._close(opening)
        return elements

    def _read_mlir_opt(self, start: int) -> PassNode:
        """`mlir-opt[...]` hands the text in brackets to MLIR, which xDSL spells out."""
        end = self.text.find("]", self.position)
        if end < 0:
            self._fail("unbalanced '[': no ']' closes it")
        spec = parse_spec("mlir-opt" + self.text[self.position : end + 1])
        self.position = end + 1
        self._skip_blanks()
        return PassNode(spec, self.text, start, {})

    def _read_options(self) -> tuple[dict[str, ParameterListType], dict[str, int]]:
        opening = self._open("{")
        options: dict[str, ParameterListType] = {}
        positions: dict[str, int] = {}
        while self._peek() not in ("}", "", ")", "]"):
            start = self.position
            key = self._match(_NAME, "expected the name of an option here")[0]
            if key in options:
                self._fail(f"option '{key}' is given twice", start)
            positions[key] = start
            options[key] = self._read_values() if self._take("=") else ()
            if key.endswith("bytes"):
                options[key] = tuple(map(_in_bytes, options[key]))
        self._close(opening)
        return options, positions

    def _read_values(self) -> ParameterListType:
        values = [*self._read_value()]
        while (comma := self.position) and self._take(","):
            values.extend(self._read_value())
            if self._peek() == "=":
                self._fail("options are separated by blanks, not by commas", comma)
        return tuple(values)

    def _read_value(self) -> ParameterListType:
        if (bracket := self._peek()) in ("{", "["):
            opening = self._open(bracket)
            empty = self._peek() == _CLOSING[bracket]
            values = () if empty else self._read_values()
            self._close(opening)
            return values
        if self._peek() in ('"', "'"):
            quoted = self._match(_QUOTED, "this quotation mark is never closed")
            text = quoted[0][1:-1]
            return (_ESCAPED.sub(lambda m: _CONTROL.get(m[1], m[1]), text),)
        return (_typed(self._match(_WORD, "expected a value here")[0]),)

    def _open(self, bracket: str) -> int:
        opening = self.position
        assert self.text[opening] == bracket
        self.position += 1
        self._skip_blanks()
        return opening

    def _close(self, opening: int) -> None:
        bracket = self.text[opening]
        closing = _CLOSING[bracket]
        if self._take(closing):
            return
        if self._peek() == "" or self._peek() in _CLOSING.values():
            self._fail(f"unbalanced '{bracket}': no '{closing}' closes it", opening)
        self._fail(f"expected '{closing}' here")

    def _match(self, pattern: re.Pattern[str], message: str) -> re.Match[str]:
        match = pattern.match(self.text, self.position)
        if match is None:
            self._fail(message)
        self.position = match.end()
        self._skip_blanks()
        return match

    def _take(self, character: str) -> bool:
        if self._peek() != character:
            return False
        self.position += 1
        self._skip_blanks()
        return True

    def _peek(self) -> str:
        """The next character; "" at the end."""
        return self.text[self.position : self.position + 1]

    def _skip_blanks(self) -> None:
        blanks = _BLANKS.match(self.text, self.position)
        self.position = blanks.end() if blanks else self.position

    def _fail(self, message: str, position: int | None = None) -> NoReturn:
        where = self.position if position is None else position
        raise PipelineError(message, self.text, where)


def _typed(word: str) -> ParameterType:
    """The value an unquoted word stands for; floats may lack the point (`1e-3`)."""
    if word in _WORDS_FOR_BOOL:
        return _WORDS_FOR_BOOL[word]
    if _INTEGER.fullmatch(word):
        return int(word)
    return float(word) if _FLOAT.fullmatch(word) else word


def _in_bytes(value: ParameterType) -> ParameterType:
    """A text as the number of bytes that it says, if it says one."""
    number = bytes_of(value) if isinstance(value, str) else None
    return value if number is None else number
