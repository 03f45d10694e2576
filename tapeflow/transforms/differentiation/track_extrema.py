"""Make loops note in which iteration a running extremum changed last.

%m_next = arith.maximumf %m, %x    ==>    %m_next = arith.maximumf %m, %x
                                          %chose = ... whether it is %m
                                          %last_next = arith.select %chose, %last, %i
"""

from xdsl.dialects import arith, func, scf
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.differentiation.activity import Activity
from tapeflow.analysis.differentiation.recall_ways import Choice
from tapeflow.analysis.differentiation.rule_language import ForwardTerm
from tapeflow.analysis.differentiation.running_values import (
    RunningExtremum,
    running_extrema,
)
from tapeflow.analysis.differentiation.to_be_recorded import forward_terms
from tapeflow.transforms.building.carrying import hand_on, take, with_carried
from tapeflow.transforms.building.index_builder import IndexBuilder
from tapeflow.transforms.differentiation.forward_sweep import (
    ForwardTerms,
    compute_after,
)


def track_extrema(
    function: func.FuncOp, activity: Activity, builder: IndexBuilder
) -> tuple[ForwardTerms, dict[SSAValue, Choice]]:
    """Track each active running extremum.

    Returns the terms of rules that have been computed on the way, and what the reverse
    sweep can know each of them by.
    """
    terms: ForwardTerms = {}
    choices: dict[SSAValue, Choice] = {}
    for loop in tuple(function.walk()):
        if not isinstance(loop, scf.ForOp):
            continue
        for extremum in tuple(running_extrema(loop)):
            chose = extremum.choice
            if chose is None:
                term = _forward_term(extremum.op, activity)
                if term is None:
                    continue
                chose = compute_after(extremum.op, term, builder)
                terms[extremum.op, term] = chose
            elif not activity.active(extremum.op.results[0]):
                continue
            loop = _carry_last(loop, extremum, chose)
            block = loop.body.block
            choices[chose] = Choice(block, len(loop.results) - 1, extremum.is_first)
    return terms, choices


def _forward_term(op: Operation, activity: Activity) -> ForwardTerm | None:
    """The term of an active operation's rule that the forward sweep computes."""
    return next((term for _, term in forward_terms(op, activity)), None)


def _carry_last(
    loop: scf.ForOp, extremum: RunningExtremum, chose: SSAValue
) -> scf.ForOp:
    """Let a loop carry the index of the last change, from its upper bound on."""
    body = loop.body.block
    index = body.args[0]
    (last,) = take(body, [index.type], ["last"])
    choices = (last, index) if extremum.is_first else (index, last)
    select = arith.SelectOp(chose, *choices)
    select.location = extremum.op.location
    assert body.last_op is not None
    body.insert_op_before(select, body.last_op)
    hand_on(body, [select.result])
    return with_carried(loop, [loop.ub], ["last"])
