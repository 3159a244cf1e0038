"""Where code flows to: callables in variables, containers and attributes."""

from __future__ import annotations

import pytest

from tests.execution.analysis.notation import Row, spelled, told

FLOWS: list[Row] = [
    ("f = lambda: g\nf()", "g =f f(g)"),
    ("f = lambda x: x + g\ny = f(1)", "g =f =y f(g) y(g)"),
    ("(lambda: g)()", "g"),
    ("(lambda x: x + g)(1)", "g"),
    ("map(lambda x: x + g, xs)", "g xs!"),
    ("y = map(lambda x: x + g, xs)", "g xs! =y y(g,@xs)"),
    ("y = sorted(xs, key=lambda x: g[x])", "g xs! =y y(g,@xs)"),
    ("y = df.apply(lambda r: r * k, axis=1)", "df! k =y y(@df)"),
    ("y = df.assign(z=lambda d: d.x * k)", "df! k =y y(@df)"),
    ("y = df[lambda d: d.x > k]", "df! k =y y(@df)"),
    ("y = df.pipe(f)", "df! f! =y y(@df,@f)"),
    ("h = f", "f! =h h(@f)"),
    ("h = wrap(f)", "f! wrap! =h h(@f,@wrap)"),
    ("h = wrap(lambda: g)", "g wrap! =h h(g,@wrap)"),
    ("h = partial(f, x)", "f! partial! x! =h h(@f,@partial,@x)"),
    ("h = partial(lambda x: x + g, 1)", "partial! =h h(g,@partial)"),
    ("h = f.method", "f! =h h(@f)"),
    ("h = fs[0]", "fs! =h h(@fs)"),
    ("h = f if c else k", "c! f k =h h(@f,@k)"),
    ("h = f or k", "f! k =h h(@f,@k)"),
    ("h = [f, k]", "f! k! =h h(@f,@k)"),
    ('h = {"a": f}', "f! =h h(@f)"),
    ("h = (f,)", "f! =h h(@f)"),
    ("h, k = f, g", "f! g! =h =k h(@f) k(@g)"),
    ("h = f(x)(y)", "f! x! y! =h h(@f,@x,@y)"),
    ("h = f @ g", "f! g! =h h(@f,@g)"),
    ("h = f == g", "f! g! =h"),
    ("h = not f", "f! =h"),
    ("h = len(f)", "f! =h"),
    ("h = str(f)", "f! =h"),
    ("h = list(fs)", "fs! =h h(@fs)"),
    ("h = [*fs]", "fs! =h h(@fs)"),
    ("h = -f", "f! =h h(@f)"),
    ('h = f"{f}"', "f! =h"),
    ("h = f.a.b(c)[d]", "c! d! f! =h h(@c,@f)"),
    ("h = await f()", "f! =h h(@f)"),
    ("h = [f(x) for x in xs]", "f xs! =h h(@f,@xs)"),
    ("h = {x: f for x in xs}", "f xs! =h h(@f)"),
    ("h = np.array(xs)", "np! xs! =h h(@np,@xs)"),
    ("import numpy as np\nh = np.array(xs)", "xs! =h =np h(@xs)"),
    ('d["k"] = f', "d! f! ~d d(@f)"),
    ('d["k"] = lambda: g', "d! ~d d(g)"),
    ("o.cb = lambda: g", "o! ~o o(g)"),
    ("hs.append(f)", "f! hs! ~hs hs(@f)"),
    ("hs.append(lambda: g)", "hs! ~hs hs(g)"),
    ("hs += [f]", "f! hs! =hs ~hs hs(@f,@hs)"),
    ("hs = []\nhs.append(lambda: g)", "=hs hs(g)"),
    ("hs = []\nhs.append(f)\nhs[0]()", "f! =hs hs(@f)"),
    ("hs = [lambda: g]\nhs[0]()", "g =hs hs(g)"),
    ('hs = []\nd = {"k": hs}\nhs.append(lambda: g)', "=d =hs d(g) hs(g)"),
    ('d = {}\nd["f"] = lambda: g\nd["f"]()', "g =d d(g)"),
    ('d = {}\nif c: d["f"] = lambda: g', "c! =d d(g)"),
    ("button.on_click(f)", "button! f! ~button button(@f)"),
    ("button.on_click(lambda b: print(g))", "button! ~button button(g)"),
    ('button.observe(f, "value")', "button! f! ~button button(@f)"),
    ("f = lambda: g\nh = f\nf = None", "g =f =h h(g)"),
    ("f = lambda: g\nh = f\nh()", "g =f =h f(g) h(g)"),
    ("def f(): return g\ndef h(k=f): pass", "g =f =h f(g) h(g)"),
]


@pytest.mark.parametrize(("source", "expected"), FLOWS)
def test_late_values(source: str, expected: str) -> None:
    assert spelled(source, expected) == told(expected)
