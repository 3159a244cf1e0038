"""Widgets for who comes late: everything is there, and works both ways, for the libraries that people use."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.api.service import Service, new_notebook
from tests.websocket.page import Page

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def late(service: Service, *sources: str) -> AsyncIterator[Page]:
    """A page that opens a notebook when its cells have run, and nobody else looks at it. The last cell is `probe`."""
    async with service.client() as client:
        notebook = await new_notebook(client, *sources)
        where = f"notebooks/{notebook['id']}"
        await client.post(f"{where}/cells", json={"id": "probe", "type": "python", "source": ""})
        ran = (await client.post(f"{where}/run", json={"wait": 60})).raise_for_status().json()
        assert {cell["status"] for cell in ran["cells"]} <= {"success"}, ran
    async with service.live(notebook["id"]) as live:
        page = Page(live)
        assert (await page.hear())["type"] == "notebook.state"
        yield page


async def test_a_slider_and_all_that_it_refers_to(service: Service) -> None:
    made = (
        "import ipywidgets as w\ns = w.IntSlider(value=3, description='n')\nt = w.Label('x')\nb = w.HBox([s, t])\n"
        "s.observe(lambda change: setattr(t, 'value', str(change.new * 2)), 'value')\nb"
    )
    async with late(service, made, "s.value = 9") as page:
        slider, state = page.only("IntSliderModel")
        assert (state["value"], state["description"]) == (9, "n")
        _, box = page.only("HBoxModel")
        (label,) = page.of("LabelModel")
        assert box["children"] == [f"IPY_MODEL_{slider}", f"IPY_MODEL_{label}"]
        referred = [state["layout"], state["style"], box["layout"]]
        assert {name.removeprefix("IPY_MODEL_") for name in referred} <= page.widgets.keys()
        await page.move(slider, value=7)
        assert await page.value("s.value") == "7"
        await page.until(lambda: page.widgets[label]["value"] == "14")


async def test_interact_runs_its_function_and_shows_what_it_prints(service: Service) -> None:
    code = "from ipywidgets import interact\n@interact(x=(0, 10))\ndef f(x=2):\n    print('x is', x)\n    return x * 2"
    async with late(service, code) as page:
        slider, state = page.only("IntSliderModel")
        output, held = page.only("OutputModel")
        assert state["value"] == 2
        assert [one.get("text") or one["data"]["text/plain"] for one in held["outputs"]] == ["x is 2\n", "4"]

        def shown() -> list[str]:
            outputs = page.widgets[output]["outputs"]
            return [one.get("text") or one["data"]["text/plain"] for one in outputs]

        await page.move(slider, value=5)
        await page.until(lambda: shown() == ["x is 5\n", "10"])


async def test_an_output_widget_s_contents(service: Service) -> None:
    code = "import ipywidgets as w\nout = w.Output()\nwith out: print('in')\nwith out: display({'a': 1})\nout"
    async with late(service, code, "with out: 1 / 0") as page:
        _, held = page.only("OutputModel")
        kinds = [one["output_type"] for one in held["outputs"]]
        assert kinds == ["stream", "display_data", "error"]
        assert await page.value("len(out.outputs)") == "3"


async def test_pictures_come_as_raw_bytes(service: Service) -> None:
    code = "import ipywidgets as w\npicture = w.Image(value=bytes(range(256)) * 100, format='png')\npicture"
    async with late(service, code, "picture.value = b'new'") as page:
        image, state = page.only("ImageModel")
        assert state["value"] == b"new"
        await page.move(image, paths=[["value"]], buffers=(b"\x00\xff" * 5,))
        assert await page.value("bytes(picture.value)") == str(b"\x00\xff" * 5)


async def test_what_is_closed_is_not_there(service: Service) -> None:
    async with late(service, "import ipywidgets as w\na, b = w.Text('a'), w.Text('b')", "a.close()") as page:
        assert [page.widgets[one]["value"] for one in page.of("TextModel")] == ["b"]


ANYWIDGET = """
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = "export default { render({ model, el }) { el.textContent = model.get('count'); } }"
    count = traitlets.Int(1).tag(sync=True)
    blob = traitlets.Bytes(b'abc').tag(sync=True)
    def __init__(self, **options):
        super().__init__(**options)
        self.on_msg(lambda _, content, buffers: self.send({'got': content}, [bytes(b)[::-1] for b in buffers]))
c = Counter()
c
"""


async def test_anywidget(service: Service) -> None:
    async with late(service, ANYWIDGET, "c.count = 41") as page:
        counter, state = page.only("AnyModel")
        assert (state["count"], state["blob"]) == (41, b"abc")
        assert "render" in state["_esm"]
        await page.move(counter, count=42)
        assert await page.value("c.count") == "42"
        await page.say(counter, {"n": [1]}, (b"raw", b"\x00\x01"))
        assert await page.until(lambda: page.custom) == [(counter, {"got": {"n": [1]}}, [b"war", b"\x01\x00"])]


IPYMPL = """
%matplotlib ipympl
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
ax.plot([1, 4, 2])
plt.show()
"""


async def test_ipympl_draws_for_who_comes_late(service: Service) -> None:
    async with late(service, IPYMPL) as page:
        canvas, state = page.only("MPLCanvasModel")
        assert state["_data_url"].startswith("data:image/png;base64,")
        for kind in ("initialized", "send_image_mode", "refresh", "draw"):
            await page.say(canvas, {"type": kind})
        pictures = await page.until(lambda: [buffers for _, _, buffers in page.custom if buffers])
        assert bytes(pictures[0][0]).startswith(b"\x89PNG")
        for kind in ("ack", "resize", "draw"):
            await page.say(canvas, {"type": kind, "width": 300, "height": 200})
        await page.until(lambda: len([buffers for _, _, buffers in page.custom if buffers]) > len(pictures))
        assert await page.value("fig.canvas.get_width_height()") == "(300, 200)"


BQPLOT = """
import bqplot, numpy as np
scale = bqplot.LinearScale()
marks = bqplot.Scatter(x=np.arange(3.0), y=np.array([1.5, 2.5, 3.5]), scales={'x': scale, 'y': scale})
figure = bqplot.Figure(marks=[marks])
figure
"""


async def test_bqplot_s_arrays_are_raw_bytes_both_ways(service: Service) -> None:
    async with late(service, BQPLOT, "marks.y = np.array([9.0, 8.0])") as page:
        scatter, state = page.only("ScatterModel")
        assert struct.unpack("3d", state["x"]["value"]) == (0.0, 1.0, 2.0)
        assert struct.unpack("2d", state["y"]["value"]) == (9.0, 8.0)
        _, figure = page.only("FigureModel")
        assert figure["marks"] == [f"IPY_MODEL_{scatter}"]
        moved = {"dtype": "float64", "shape": [2], "type": None}
        await page.move(scatter, paths=[["x", "value"]], buffers=(struct.pack("2d", 4.0, 5.0),), x=moved)
        assert await page.value("list(map(float, marks.x))") == "[4.0, 5.0]"


async def test_who_reconnects_is_told_what_was_missed_with_its_buffers(service: Service) -> None:
    code = "import ipywidgets as w\npicture = w.Image(value=b'old')\nslider = w.IntSlider()"
    async with service.client() as client:
        notebook = await new_notebook(client, code, "picture.value = b'new' * 1000\nslider.value = 4")
        await client.post(f"notebooks/{notebook['id']}/run", json={"cells": ["c0"], "wait": 60})
        async with service.live(notebook["id"]) as live:
            page = Page(live)
            seq = (await page.hear())["seq"]
        await client.post(f"notebooks/{notebook['id']}/run", json={"cells": ["c1"], "wait": 60})
        async with service.live(notebook["id"], query=f"?since={seq}") as again:
            page._live = again
            image, _ = page.only("ImageModel")
            await page.until(lambda: page.widgets[image]["value"] == b"new" * 1000)
            assert "notebook.state" not in [event["type"] for event in again.events]


async def test_two_pages_see_the_same(service: Service) -> None:
    async with service.client() as client:
        notebook = await new_notebook(client, "import ipywidgets as w\ns = w.IntSlider()\ns")
        await client.post(f"notebooks/{notebook['id']}/run", json={"wait": 60})
    async with service.live(notebook["id"]) as one, service.live(notebook["id"]) as other:
        pages = Page(one), Page(other)
        for page in pages:
            await page.hear()
        slider, _ = pages[0].only("IntSliderModel")
        await pages[0].move(slider, value=8)
        await pages[1].until(lambda: pages[1].widgets[slider]["value"] == 8)
