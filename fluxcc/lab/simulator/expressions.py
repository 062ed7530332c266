"""``cond`` and ``expr``: the expressions that a dialplan evaluates.

Their counterparts are the gate's conditions. ``cond`` errs where FreeSWITCH's errs: an empty left
side, which is what a missing hash entry leaves behind, answers ``-ERR`` and so matches nothing.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable

_COND = re.compile(
    r"""
    (?: '(?P<quoted_left>(?:[^'\\]|\\.)*)'(?=\s) | (?P<left>[^'\s][^\ ]*)(?=\ ) )
    \s* (?P<operator>==|!=|>=|<=|>|<) \s*
    (?: '(?P<quoted_right>(?:[^'\\]|\\.)*)'(?=\s) | (?P<right>[^'\s][^\ ]*)(?=\ ) )
    \s* \? \s* (?P<yes>.*?) \s* (?: : \s* (?P<no>.*) )? $
    """,
    re.VERBOSE | re.DOTALL,
)

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}

_ARITHMETIC: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
}


def cond(text: str) -> str:
    """``A OP B ? yes : no``; ``-ERR`` where the text is not that."""
    parts = _COND.match(text)
    if parts is None:
        return "-ERR"
    left, left_is_text = _operand(parts["left"], parts["quoted_left"])
    right, right_is_text = _operand(parts["right"], parts["quoted_right"])
    compare = _COMPARE[parts["operator"]]
    if left_is_text and right_is_text and parts["operator"] in ("==", "!="):
        outcome = (left == right) is (parts["operator"] == "==")
    else:
        # FreeSWITCH compares doubles, and puts a word's length where a number is missing.
        outcome = compare(
            len(left) if left_is_text else float(left),
            len(right) if right_is_text else float(right),
        )
    return str(parts["yes"] if outcome else parts["no"] or "")


def expr(text: str) -> str:
    """Arithmetic on numbers; ``ERR`` where the text is something else."""
    try:
        return f"{_value(ast.parse(text.strip(), mode='eval').body):g}"
    except (SyntaxError, TypeError, ValueError, KeyError, ZeroDivisionError, OverflowError):
        return "ERR"


def _operand(plain: str | None, quoted: str | None) -> tuple[str, bool]:
    if quoted is not None:
        return re.sub(r"\\(['\\])", r"\1", quoted), True
    return plain or "", _NUMBER.fullmatch(plain or "") is None


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.UnaryOp):
        return _ARITHMETIC[type(node.op)](_value(node.operand))
    if isinstance(node, ast.BinOp):
        return _ARITHMETIC[type(node.op)](_value(node.left), _value(node.right))
    raise TypeError(node)
