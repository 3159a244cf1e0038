"""What to say to each kernel in its own language, and what it should answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Speech:
    """Sentences of a language, as its kernel understands them."""

    say_hello: str
    """Prints `hello`."""
    remember: str
    """Keeps 42 under a name."""
    recall: str
    """Shows what was kept."""
    fail: str
    failure: str
    """What the failure's message or the text printed with it has in it."""
    endless: str
    """Runs for ever; what it does first is print `on`."""
    typed: str
    """Half a word,"""
    completed: str
    """… and one of the words that it is completed to."""
    interrupt_kills: bool = False
    """The kernel ends when it is interrupted, whoever interrupts it."""
    ask: str | None = None
    """Asks for a line and shows it, where the kernel can ask."""
    unset: str | None = None
    """What `recall` gives while nothing was kept, where that is no error."""


_PYTHON = Speech(
    say_hello="print('hello')",
    remember="kept = 42",
    recall="kept",
    fail="1 / 0",
    failure="division by zero",
    endless="print('on', flush=True)\nwhile True: pass",
    typed="enumer",
    completed="enumerate",
    ask="print('<' + input('name? ') + '>')",
)

SPEECHES: Mapping[str, Speech] = {
    "ipykernel-6.31": _PYTHON,
    "ipykernel-7.2": _PYTHON,
    "xpython": replace(_PYTHON, interrupt_kills=True),
    "bash": Speech(
        say_hello="echo hello",
        remember="kept=42",
        recall='echo "kept: $kept"',
        fail="ls /not/there",
        failure="/not/there",
        endless="echo on; sleep 600",
        typed="unse",
        completed="unset",
        unset="kept: ",
    ),
    "scheme": Speech(
        say_hello='(display "hello")',
        remember="(define kept 42)",
        recall="kept",
        fail="(car 1)",
        failure="car called on non-pair",
        endless='(display "on") (letrec ((loop (lambda (n) (loop (+ n 1))))) (loop 0))',
        typed="(defi",
        completed="define",
        ask='(display (string-append "<" (input "name? ") ">"))',
    ),
    "jslab": Speech(
        say_hello="console.log('hello')",
        remember="let kept = 42",
        recall="kept",
        fail="throw new Error('this is bad')",
        failure="this is bad",
        endless="console.log('on'); await new Promise((end) => setTimeout(end, 600000))",
        typed="Mat",
        completed="Math",
    ),
}
