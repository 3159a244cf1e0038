"""Random small programs, and a namespace to run them in that sees what they do with names."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

NAMES = ("a", "b", "c", "d", "e", "f")
"""All the names that programs use; each is bound to a `Thing` before."""


class EndlessProgram(Exception):
    """A program took too many steps."""


class World:
    """Answers the questions that programs ask of their values, each run the same, and ends endless runs."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._steps = 0

    def chance(self) -> bool:
        self._steps += 1
        if self._steps > 500:
            raise EndlessProgram
        return self._random.random() < 0.5


class Thing:
    """A value that can be anything; it and its parts know whether they were changed in place."""

    def __init__(self, world: World, root: Thing | None = None) -> None:
        self.__dict__.update(world=world, root=root or self, changed=False)

    def _part(self) -> Thing:
        return Thing(self.__dict__["world"], self.__dict__["root"])

    def _fresh(self, *_: object, **__: object) -> Thing:
        return Thing(self.__dict__["world"])

    def _change(self, *_: object) -> None:
        self.__dict__["root"].__dict__["changed"] = True

    def __call__(self, *args: Any, **kwargs: Any) -> Thing:
        for value in (*args, *kwargs.values()):
            if callable(value) and not isinstance(value, Thing) and self.__dict__["world"].chance():
                value()
        return self._fresh()

    def __bool__(self) -> bool:
        return bool(self.__dict__["world"].chance())

    def __iter__(self) -> Iterator[Thing]:
        while self.__dict__["world"].chance():
            yield self._part()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._change if name == "append" else self._part()

    def __getitem__(self, key: object) -> Thing:
        return self._part()

    def __iadd__(self, *_: object, **__: object) -> Thing:
        self._change()
        return self

    def __enter__(self) -> Thing:
        return self._fresh()

    def __exit__(self, *error: object) -> None:
        return None

    def __mro_entries__(self, bases: object) -> tuple[type, ...]:
        return ()

    __setattr__ = __setitem__ = __delattr__ = __delitem__ = _change
    __add__ = __radd__ = _fresh


class Foreign(Thing):
    """A function of another cell: called, it looks a global up, and calls it if that is a function."""

    def __init__(self, world: World, namespace: dict[str, Any], reads: str) -> None:
        super().__init__(world)
        self.__dict__.update(namespace=namespace, reads=reads)

    def __call__(self, *args: Any, **kwargs: Any) -> Thing:
        name, namespace = self.__dict__["reads"], self.__dict__["namespace"]
        if name not in namespace:
            raise NameError(f"name '{name}' is not defined", name=name)
        if callable(namespace[name]) and self.__dict__["world"].chance():
            namespace[name]()
        return super().__call__(*args, **kwargs)


class ProgramWriter:
    """Writes one program."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._loops = 0

    def program(self) -> str:
        lines = [line for _ in range(self._random.randint(1, 5)) for line in self.statement(3)]
        return "\n".join(lines) + "\n"

    def name(self) -> str:
        return self._random.choice(NAMES)

    def block(self, depth: int, extra: tuple[str, ...] = ()) -> list[str]:
        body = [line for _ in range(self._random.randint(1, 3)) for line in self.statement(depth - 1)]
        return ["    " + line for line in (*extra, *body)]

    def statement(self, depth: int) -> list[str]:
        simple = (self.assign, self.assign, self.augment, self.delete, self.use, self.use, self.part, self.unpack)
        nested = (self.branch, self.loop, self.repeat, self.attempt, self.context, self.function, self.klass)
        kind = self._random.choice(simple if depth <= 0 else (*simple, *nested, self.match))
        return kind(depth)

    # -- simple statements

    def assign(self, depth: int) -> list[str]:
        return [f"{self.name()} = {self.expression(2)}"]

    def augment(self, depth: int) -> list[str]:
        return [f"{self.name()} += ({self.expression(1)},)"]

    def delete(self, depth: int) -> list[str]:
        return [self._random.choice([f"del {self.name()}", f"del {self.name()}.x", f"del {self.name()}[0]"])]

    def use(self, depth: int) -> list[str]:
        if self._loops and self._random.random() < 0.3:
            return [self._random.choice(["break", "continue"])]
        if self._random.random() < 0.1:
            return ["raise ValueError"]
        return [self.expression(2)]

    def part(self, depth: int) -> list[str]:
        n = self.name()
        forms = (f"{n}.x = {self.expression(1)}", f"{n}[{self.name()}] = {self.expression(1)}", f"{n}[0].y += 1")
        return [self._random.choice((*forms, f"{n}.append({self.expression(1)})"))]

    def unpack(self, depth: int) -> list[str]:
        return [f"{self.name()}, {self.name()} = {self.expression(1)}, {self.expression(1)}"]

    # -- statements with branches

    def branch(self, depth: int) -> list[str]:
        lines = [f"if {self.expression(1)}:", *self.block(depth)]
        if self._random.random() < 0.3:
            lines += [f"elif {self.expression(1)}:", *self.block(depth)]
        return [*lines, "else:", *self.block(depth)] if self._random.random() < 0.5 else lines

    def _looping(self, head: str, depth: int) -> list[str]:
        self._loops += 1
        lines = [head, *self.block(depth)]
        self._loops -= 1
        return [*lines, "else:", *self.block(depth)] if self._random.random() < 0.3 else lines

    def loop(self, depth: int) -> list[str]:
        items = self._random.choice([self.name(), "(1, 2)", "range(2)", "()", f"[{self.name()}]"])
        return self._looping(f"for {self.name()} in {items}:", depth)

    def repeat(self, depth: int) -> list[str]:
        head, *body = self._looping(f"while {self._random.choice(['True', self.expression(1)])}:", depth)
        return [head, "    step()", *body]

    def attempt(self, depth: int) -> list[str]:
        lines = ["try:", *self.block(depth)]
        caught = self._random.random() < 0.8
        if caught:
            lines += [self._random.choice(["except ValueError:", f"except ValueError as {self.name()}:"])]
            lines += self.block(depth)
            if self._random.random() < 0.3:
                lines += ["else:", *self.block(depth)]
        if not caught or self._random.random() < 0.3:
            loops, self._loops = self._loops, 0
            lines += ["finally:", *self.block(depth)]
            self._loops = loops
        return lines

    def context(self, depth: int) -> list[str]:
        return [f"with {self.name()}() as {self.name()}:", *self.block(depth)]

    def match(self, depth: int) -> list[str]:
        first = self._random.choice(["1", f"[{self.name()}]", f"{self.name()} if {self.name()}", "{'k': e}", "str()"])
        last = self._random.choice(["_", self.name(), "2"])
        lines = [f"match {self.expression(1)}:", f"    case {first}:"]
        lines += ["    " + line for line in self.block(depth)]
        return [*lines, f"    case {last}:", *("    " + line for line in self.block(depth))]

    # -- definitions

    def function(self, depth: int) -> list[str]:
        loops, self._loops = self._loops, 0
        name, parameter = self.name(), self.name()
        head = f"def {name}({self._random.choice(['', f'{parameter}=1', f'{parameter}=[{self.name()}]'])}):"
        declared = self.name()
        extra = (f"global {declared}",) if self._random.random() < 0.4 and declared not in head[4:] else ()
        lines = [head, *self.block(depth, extra)]
        self._loops = loops
        return lines

    def klass(self, depth: int) -> list[str]:
        loops, self._loops = self._loops, 0
        lines = [f"class {self.name()}{self._random.choice(['', f'({self.name()})'])}:", *self.block(depth)]
        self._loops = loops
        return lines

    # -- expressions

    def expression(self, depth: int) -> str:
        if depth <= 0 or self._random.random() < 0.3:
            return self._random.choice([self.name(), self.name(), self.name(), "1", "[]"])
        x, y, n = self.expression(depth - 1), self.expression(depth - 1), self.name()
        forms = (
            f"{n}({x})",
            f"{n}.x",
            f"{n}[0]",
            f"[{x}, {y}]",
            f"({x} if {n} else {y})",
            f"({n} and {x})",
            f"({n} or {x})",
            f"({n} is {self.name()} is {self.name()})",
            f"(lambda: {x})",
            f"(lambda {n}: {x})",
            f"(lambda: {x} != 0)()",
            f"[{x} for {n} in {y}]",
            f"[{x} for {n} in (1, 2) if {y}]",
            f"list({x} for {n} in (1, 2))",
            f"({n} := {x})",
            f"f'{{{n} != 0}}'",
            f"{{'k': {x}}}",
            f"not {n}",
        )
        return self._random.choice(forms)


def random_program(random: Random) -> str:
    """A program that compiles."""
    while True:
        source = ProgramWriter(random).program()
        try:
            compile(source, "<program>", "exec")
        except SyntaxError:
            continue
        return source


def fresh_namespace(seed: int, without: str | None = None) -> dict[str, Any]:
    """All names bound, but one; `step` ends endless loops."""
    world = World(seed)
    return {"step": world.chance} | {name: Thing(world) for name in NAMES if name != without}


FOREIGN = {"f": "a", "e": "b", "d": "f"}
"""Names that are bound to functions of another cell, and the global that each looks up."""


def namespace_with_functions(seed: int, without: str | None = None) -> dict[str, Any]:
    """The same, with `FOREIGN` functions; they look names up in the namespace itself."""
    namespace = fresh_namespace(seed, without)
    world = World(seed)
    namespace |= {name: Foreign(world, namespace, reads) for name, reads in FOREIGN.items() if name != without}
    return namespace


def run(source: str, namespace: dict[str, Any]) -> BaseException | None:
    """Run `source`; what it raised."""
    try:
        exec(compile(source, "<program>", "exec"), namespace)
    except Exception as error:
        return error
    return None


def missing_name(error: BaseException | None) -> str | None:
    """The global for which a run failed."""
    if type(error) is NameError and "free variable" not in str(error):
        return error.name
    return None
