"""The promise for objects whose state is hidden: used up by use, in caches and closures, reached through others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy  # noqa: F401 - cells import them with less room on the stack than that takes
import pandas  # noqa: F401
import pytest

from reactive_nb.services.operations import MoveCell, UpdateCell
from tests.services.in_process import InProcessNotebook
from tests.services.promise import assert_fresh

CACHED = "from functools import cache\nk = 1\n@cache\ndef f(x):\n    return x + k"
PRINTING = "from functools import lru_cache\n@lru_cache\ndef f(x):\n    print('computed', x)\n    return x"
SHOW = "from functools import singledispatch\n@singledispatch\ndef show(x): return 'any'"
ABSTRACT = "from abc import ABC\nclass A(ABC):\n    xs = []\nclass B: pass"
FACTORY = "import itertools\nfrom collections import defaultdict\nd = defaultdict(itertools.count().__next__)"
LOCAL = "import threading\nt = threading.local()\nt.n = 0"
ENUM = "import enum\nclass E(enum.Enum):\n    A = 1"
QUEUE = "import queue\nq = queue.Queue()\nq.put(1); q.put(2)"
ARRAY = "from array import array\na = array('i', [1, 2])\ndef inc(v): v[0] += 1"
STACK = "import contextlib\ns = contextlib.ExitStack()\nlog = []"
ELEMENT = "import xml.etree.ElementTree as E\nr = E.Element('r')\ndef add(e): return E.SubElement(e, 'k').tag"
COUNTING = "class C:\n    n = 0\n    def __len__(self):\n        C.n += 1\n        return 1"
NAMESPACE = "from types import SimpleNamespace as N\nn = N(x=[1], y=N(z=2))"
OF_ATTRIBUTES = "import types\nclass N(types.SimpleNamespace): pass\nn = N(x=[1])"
OF_A_TUPLE = "class T(tuple): pass\nt = T([[1], 2])\nt.q = [3]"
ORDERED = "from collections import OrderedDict\no = OrderedDict(a=1, b=2)"
MASKED = "import numpy\nm = numpy.ma.array([1, 2], mask=[0, 0])"
FRAME = "import pandas\nd = pandas.DataFrame({'a': [[1], 1]})"
REMEMBERING = """\
class K:
    @staticmethod
    def make(n, known=[]):
        known.append(n)
        return known
"""

SHAPES: dict[str, Sequence[str]] = {
    "an iterator over a list": ("it = iter([1, 2, 3])", "print(next(it))", "print(list(it))"),
    "an iterator backwards": ("r = reversed([1, 2, 3])", "print(next(r))", "print(list(r))"),
    "an iterator that calls": ("q = [3, 2, 1]\nit = iter(q.pop, 3)", "print(next(it))", "print(list(it), q)"),
    "an iterator that several others share": ("it = iter(range(6))", "z = list(zip(it, it))", "print(z, list(it))"),
    "an iterator of regular expressions": (
        "import re\nit = re.finditer('a', 'aaa')",
        "print(next(it).start())",
        "print([m.start() for m in it])",
    ),
    "a generator": ("g = (x for x in range(4))", "print(next(g))", "print(list(g))"),
    "a generator that is used up at once": ("g = (x for x in range(4))", "a = sum(g)", "print(a, list(g))"),
    "a function that remembers its results": (CACHED, "print(f(1))", "print(f(1), f(2))", "print(f.cache_info())"),
    "a function that remembers what others rely on": (CACHED, "print(f(1))", "k = 5", "print(f(1), f(2))"),
    "a function that remembers its last results": (PRINTING, "f(1)", "f(1); f(2)"),
    "functions by the type of their argument": (SHOW, "@show.register\ndef of_int(x: int): return 1", "print(show(1))"),
    "what an abstract class takes for its own": (ABSTRACT, "A.register(B)", "print(isinstance(B(), A))"),
    "what an abstract class holds": (ABSTRACT, "a = A.xs\na += [1]", "print(A.xs)"),
    "a view of a dictionary": ("d = {'a': [1]}", "v = d.values()", "for x in v: x.append(2)", "print(d)"),
    "a view of memory": ("b = bytearray(b'abc')", "m = memoryview(b)", "m[0] = 65", "print(b)"),
    "a read-only view": (
        "from types import MappingProxyType\nd = {'a': [1]}",
        "m = MappingProxyType(d)",
        "m['a'].append(2)",
        "print(d)",
    ),
    "a weak reference": ("import weakref\nclass A: pass\na = A()", "r = weakref.ref(a)", "r().x = 1", "print(vars(a))"),
    "an object that becomes one of another class": (
        "class A: name = 'a'\nclass B: name = 'b'\na = A()\na.xs = [1]",
        "print(a.name)",
        "def turn(v): v.__class__ = B",
        "turn(a)",
        "print(a.name, a.xs)",
    ),
    "a static method's default": (REMEMBERING, "print(K.make(1))", "print(K.make(2))"),
    "a dictionary that makes what it has not": (FACTORY, "print(d['a'])", "print(d['b'], d['a'])", "print(dict(d))"),
    "a thread's own names": (LOCAL, "t.n += 1", "print(t.n)", "def up(v): v.n += 5", "up(t)", "print(t.n)"),
    "a member of an enumeration": (
        ENUM,
        "e = E.A\ndef mark(m): m.note = getattr(m, 'note', 0) + 1",
        "mark(e)",
        "e.note",
    ),
    "a queue": (QUEUE, "print(q.get_nowait())", "print(q.qsize())"),
    "an array of the standard library": (ARRAY, "inc(a)", "print(a)", "inc(a)", "print(a)"),
    "a stack of what is to be closed": (STACK, "_ = s.callback(log.append, 1)", "s.close()", "print(log)"),
    "an element of XML": (ELEMENT, "print(add(r))", "print(E.tostring(r))"),
    "a name written into the namespace": ("x = 1", "globals()['x'] = 2", "print(x)"),
    "names written into the namespace together": ("a = 0", "globals().update(a=1, b=2)", "print(a, b)"),
    "a name removed from the namespace": ("x = 1", "del globals()['x']", "print('x' in globals())"),
    "a list that holds itself": ("a = []", "a.append(a)", "print(len(a))", "a.append(1)", "print(len(a))"),
    "a registry that a decorator fills": (
        "found = []\ndef register(f):\n    found.append(f.__name__)\n    return f",
        "@register\ndef one(): pass",
        "print(found)",
    ),
    "attributes without a class": (NAMESPACE, "n.x.append(2); n.y.z = 5; n.w = 1", "print(n)"),
    "a class made from attributes without one": (OF_ATTRIBUTES, "n.x.append(2); n.w = 1", "print(n)"),
    "a tuple with names": (
        "from collections import namedtuple\np = namedtuple('P', 'a')([1])",
        "p.a.append(3)",
        "print(p)",
    ),
    "a class made from a tuple": (OF_A_TUPLE, "t[0].append(2); t.q.append(1)", "print(t, t.q)"),
    "what a frozenset holds": (
        "class A: x = 0\nf = frozenset([A()])",
        "for a in f: a.x += 1",
        "print([a.x for a in f])",
    ),
    "the order of an OrderedDict": (ORDERED, "o.move_to_end('a')", "print(o)"),
    "the mask of an array": (MASKED, "m[0] = numpy.ma.masked", "print(m)"),
    "a list in a frame": (FRAME, "d.a[0].append(2)", "print(d.a.tolist())"),
    "a class that counts": (COUNTING, "c = C()", "len(c)", "print(C.n)"),
    "a default that grows": (
        "def f(x, known=[]):\n    known.append(x)\n    return known",
        "print(f(1))",
        "print(f(2))",
    ),
}


def _settled(*sources: str) -> InProcessNotebook:
    notebook = InProcessNotebook(*sources)
    notebook.run()
    assert_fresh(notebook)
    return notebook


def _settle(notebook: InProcessNotebook) -> None:
    notebook.run()
    assert_fresh(notebook)


@pytest.mark.parametrize("sources", SHAPES.values(), ids=SHAPES.keys())
def test_each_cell_may_run_again_and_be_edited(sources: Sequence[str]) -> None:
    notebook = _settled(*sources)
    for place, source in enumerate(sources):
        notebook.run(f"c{place}")
        assert_fresh(notebook)
        for edited in ("pass", source):
            notebook.do(UpdateCell(f"c{place}", source=edited))
            _settle(notebook)


@pytest.mark.parametrize("sources", SHAPES.values(), ids=SHAPES.keys())
def test_the_first_cell_may_come_last_and_the_last_first(sources: Sequence[str]) -> None:
    last = len(sources) - 1
    for cell, away, back in (("c0", last, 0), (f"c{last}", 0, last)):
        notebook = _settled(*sources)
        for place in (away, back):
            notebook.do(MoveCell(cell, place))
            _settle(notebook)
