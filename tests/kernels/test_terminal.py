from __future__ import annotations

import random
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactive_kernels.terminal import TerminalText
from reactive_kernels.terminal_row import WIDTH

R, G, X = "\x1b[31m", "\x1b[32m", "\x1b[0m"

ROWS = [
    ("plain", ["a\nb"], "a\nb"),
    ("joined", ["a", "b\n", "c"], "ab\nc"),
    ("carriage return overwrites", ["abc\rX"], "Xbc"),
    ("carriage return across messages", ["abc", "\r", "X", "Y"], "XYc"),
    ("carriage return and newline", ["abc\r\ndef"], "abc\ndef"),
    ("carriage return and newline across messages", ["abc\r", "\ndef"], "abc\ndef"),
    ("only the last line", ["one\ntwo\rT"], "one\nTwo"),
    ("longer than before", ["ab\rxyz"], "xyz"),
    ("newline keeps the line", ["abc\rX\nnext"], "Xbc\nnext"),
    ("many returns", ["1%\r2%\r100%\n"], "100%\n"),
    ("return on an empty line", ["\r\r\rx"], "x"),
    ("trailing return changes nothing yet", ["abc\r"], "abc"),
    ("backspace overwrites", ["abc\bX"], "abX"),
    ("backspaces", ["abc\b\bX"], "aXc"),
    ("backspace across messages", ["abc", "\b", "\b", "XY"], "aXY"),
    ("backspace stops at the line", ["ab\n\b\bc"], "ab\nc"),
    ("erasing by hand", ["abc\b \b"], "ab "),
    ("erase to the end", ["abcdef\rab\x1b[K"], "ab"),
    ("erase with a number", ["abcdef\r\x1b[0Kz"], "z"),
    ("erase the line", ["abcdef\x1b[2K\rxy"], "xy"),
    ("erase the line keeps the column", ["abc\x1b[2Kx"], "   x"),
    ("erase to the start", ["abcdef\x1b[1K"], "      "),
    ("unicode", ["caf\u00e9 \U0001f600\r\u00dc"], "\u00dcaf\u00e9 \U0001f600"),
    ("colours pass", [f"{R}red{X} plain"], f"{R}red{X} plain"),
    ("overwriting colour", [f"{R}red{X}\rXY"], f"XY{R}d{X}"),
    ("overwriting with colour", [f"plain\r{G}ok{X}"], f"{G}ok{X}ain"),
    ("colour from the line before", [f"{R}one\ntwo\rT"], f"{R}one\nTwo"),
    ("colour ends in the line", [f"{R}one\ntw{X}o\rT"], f"{R}one\n{X}T{R}w{X}o"),
    ("colour goes on after overwriting", [f"abc\r{R}X\nnext"], f"{R}X{X}bc{R}\nnext"),
]


@pytest.mark.parametrize(("pieces", "shown"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_text_is_shown_as_a_terminal_would(pieces: list[str], shown: str) -> None:
    text = TerminalText(1000, 1000)
    for piece in pieces:
        text.write(piece)
    assert text.text == shown


def written(pieces: list[str], head: int = 1000, tail: int = 1000) -> TerminalText:
    text = TerminalText(head, tail)
    for piece in pieces:
        text.write(piece)
    return text


def cut_anywhere(chance: random.Random, whole: str) -> list[str]:
    places = sorted(chance.randrange(len(whole) + 1) for _ in range(chance.randrange(12)))
    return [whole[begin:end] for begin, end in zip([0, *places], [*places, len(whole)], strict=True)]


def test_it_does_not_matter_where_messages_cut_the_text() -> None:
    chance = random.Random(3)
    alphabet = ["a", "b", "cd", "\r", "\b", "\n", "\r\n", "\x1b[K", "\x1b[1K", "x y", R, G, X, "\x1b[1;34m", "\x1b"]
    for _ in range(2000):
        whole = "".join(chance.choice(alphabet) for _ in range(chance.randrange(1, 60)))
        pieces = cut_anywhere(chance, whole)
        assert written(pieces).text == written([whole]).text, (whole, pieces)
        assert written(pieces, 10, 10).text == written([whole], 10, 10).text, (whole, pieces)


def test_nor_does_it_in_lines_without_end() -> None:
    chance = random.Random(4)
    alphabet = ["a" * 7_000, "b" * 3, "\r", "\b", "\n", "\x1b[K", R, X]
    for _ in range(100):
        whole = "".join(chance.choice(alphabet) for _ in range(chance.randrange(1, 25)))
        for limit in (1_000, 30_000, 1_000_000):
            assert written(cut_anywhere(chance, whole), limit, limit).text == written([whole], limit, limit).text


def plain_terminal(text: str) -> str:
    """What `text` shows, by the most obvious means; without colours."""
    lines: list[list[str]] = [[]]
    column = 0
    for character in text:
        match character:
            case "\n":
                lines.append([])
                column = 0
            case "\r":
                column = 0
            case "\b":
                column = max(0, column - 1)
            case _:
                lines[-1][column : column + 1] = character
                column += 1
    return "\n".join(map("".join, lines))


@given(st.lists(st.text(alphabet="ab\r\b\n", max_size=30)))
def test_it_shows_what_a_simple_terminal_would(pieces: list[str]) -> None:
    assert written(pieces).text == plain_terminal("".join(pieces))


def test_what_is_settled_has_not_changed() -> None:
    chance = random.Random(5)
    alphabet = ["a", "bc", "\r", "\b", "\n", f"{R}r{X}", "\x1b[2K", "long enough"]
    for _ in range(300):
        text = TerminalText(40, 40)
        seen = ""
        for _ in range(40):
            text.write("".join(chance.choice(alphabet) for _ in range(chance.randrange(6))))
            if chance.random() < 0.5:
                seen = seen[: text.settled] + text.text[text.settled :]
                assert seen == text.text
                text.settle()


def test_head_and_tail_are_kept_and_the_cut_is_told() -> None:
    text = TerminalText(100, 100)
    lines = [f"line {n}\n" for n in range(1000)]
    for line in lines:
        text.write(line)
    whole = "".join(lines)
    cut = re.search(r"\n\[… ([\d,]+) characters left out …\]\n", text.text)
    assert cut is not None
    assert whole.startswith(text.text[: cut.start()])
    assert whole.endswith(text.text[cut.end() :])
    assert int(cut.group(1).replace(",", "")) == text.omitted == len(whole) - len(text.text) + len(cut.group())
    assert 200 <= len(text.text) <= 100 + 150 + len(cut.group())
    assert text.text[cut.end() :].startswith("line ")


def test_one_endless_line_is_cut_too() -> None:
    text = TerminalText(100, 100)
    for _ in range(1000):
        text.write("." * 10)
    assert len(text.text) < 400
    text.write("\rback")
    assert "back" in text.text
    text.write("\nnext")
    assert text.text.endswith("\nnext")


def test_a_progress_bar_of_a_million_updates_costs_little() -> None:
    text = TerminalText(500_000, 500_000)
    for n in range(20_000):
        text.write(f"\r{n:>8} | {'#' * (n % 50):<50} |")
    assert len(text.text) == 8 + 3 + 50 + 2


def test_a_million_lines_are_taken_at_once() -> None:
    text = TerminalText(500_000, 500_000)
    text.write("".join(f"{n}\n" for n in range(1_000_000)))
    assert text.text.startswith("0\n1\n")
    assert text.text.endswith("\n999999\n")
    assert len(text.text) < 1_260_000


def test_a_long_line_goes_on_in_a_new_row() -> None:
    text = written(["x" * WIDTH, "y" * 10, "\rz"], 100_000, 100_000)
    assert text.text == "x" * WIDTH + "z" + "y" * 9


def test_of_a_message_without_end_only_the_ends_are_looked_at() -> None:
    lines = [f"\rline {n}" for n in range(100_000)]
    text = written(["\n".join(lines)], 1000, 1000)
    assert text.text.startswith("line 0\nline 1\n")
    assert text.text.endswith("\nline 99998\nline 99999")
    assert text.omitted > 800_000
    bar = written(["".join(f"\r{n} %" for n in range(1_000_000)) + "\n"], 1000, 1000)
    assert bar.text == "999999 %\n"


def duration(act: Callable[[], object]) -> float:
    """The least of three durations, in seconds of our own work."""
    durations = []
    for _ in range(3):
        begin = time.process_time()
        act()
        durations.append(time.process_time() - begin)
    return min(durations)


@pytest.mark.parametrize("unit", ["a\r", "a\b", "ab\r\n", "a\by\n", f"{R}a\r{X}b\n", f"{R}a", "abc\n"])
def test_a_message_far_beyond_the_limits_costs_no_more_than_one_that_reaches_them(unit: str) -> None:
    def take(size: int) -> Callable[[], object]:
        whole = unit * (size // len(unit))
        return lambda: written([whole], 100_000, 100_000).text

    assert duration(take(24_000_000)) < 10 * duration(take(800_000))


@pytest.mark.parametrize("before", ["x" * 900_000, "a line of text\n" * 60_000])
@pytest.mark.parametrize("piece", ["\rab", "\bc", "z", f"{R}z{X}\r", "new\n"])
def test_a_small_piece_costs_the_same_after_much_text(before: str, piece: str) -> None:
    pieces = [piece] * 2_000
    long, short = TerminalText(500_000, 500_000), TerminalText(500_000, 500_000)
    long.write(before)

    def write_all(text: TerminalText) -> None:
        for piece in pieces:
            text.write(piece)

    assert duration(lambda: write_all(long)) < 20 * duration(lambda: write_all(short))
