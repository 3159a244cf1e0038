"""What can be changed in place of numpy, pandas, polars, torch and matplotlib (see `kernel_kinds`), inside a kernel.

Loaded when one of their values is met. Frames of pandas 3 and of polars are copied on write, so a shallow copy is a
whole picture for the price of a reference; arrays are copied up to a size, and sampled beyond it. Rules: no library is
imported here; what a library of another age does not have makes its values unknown, and no more.
"""

from __future__ import annotations

import copy
import operator
import sys
from typing import Any

from .kernel_kinds import MOST_BYTES, MOST_ITEMS, CannotCopy, Convert, Kind, Sample, changeable

_MOST_COPIED_BYTES = 1 << 24
_SAMPLED = 1_024


class Made:
    """A state that is itself a copy of the value."""

    __slots__ = ("copy", "details")

    def __init__(self, made: Any, details: Any = None) -> None:
        self.copy, self.details = made, details


class Copied(Kind):
    """What is pictured by copying it whole."""

    def exact(self, state: Any) -> bool:
        return type(state) is Made and state.copy is not None

    def whole(self, value: Any, state: Any, convert: Convert) -> Any:
        if state.copy is None:
            raise CannotCopy
        return self.again(state.copy)

    def again(self, made: Any) -> Any:
        """A copy of a copy: the first stays what the picture shows."""
        return copy.copy(made)


class Array(Copied):
    """A numpy array: its shape and where its data is, and the data or a sample of it."""

    def _place(self, value: Any) -> tuple[Any, ...]:
        return value.shape, value.strides, value.dtype, value.__array_interface__["data"][0]

    def state(self, value: Any, wanted: bool = False) -> Any:
        place = self._place(value)
        if value.dtype.hasobject:
            items = value.ravel().tolist() if value.size <= MOST_ITEMS else value.ravel()[:_SAMPLED].tolist()
            return Sample(value.size, [*items])
        if value.nbytes <= (_MOST_COPIED_BYTES if wanted else MOST_BYTES):
            return Made(value.copy(order="K"), place)
        return _sampled(value), place

    def same(self, value: Any, state: Any) -> bool:
        if type(state) is Sample:
            return state.same(self.state(value))
        if type(state) is Made:
            if self._place(value) != state.details:
                return False
            data = sys.modules["numpy"].ndarray.tobytes  # that of arrays with a mask is another
            return bool(data(value, "A") == data(state.copy, "A"))
        return bool((_sampled(value), self._place(value)) == state)

    def parts(self, value: Any) -> list[Any]:
        mask = None if type(value).__module__ == "numpy" else vars(value).get("_mask")
        found = changeable([part for part in (value.base, mask) if part is not None])
        if value.dtype.hasobject and value.size <= MOST_ITEMS:
            found += changeable(value.ravel().tolist())
        return found

    def whole(self, value: Any, state: Any, convert: Convert) -> Any:
        if value.base is not None or type(value) is not type(state.copy):  # it shares its data with others
            raise CannotCopy
        return super().whole(value, state, convert)

    def again(self, made: Any) -> Any:
        return made.copy(order="K")


def _sampled(value: Any) -> bytes:
    flat = value.reshape(-1) if value.flags.c_contiguous else value.T.reshape(-1)
    step = max(1, flat.size // _SAMPLED)
    sample: bytes = flat[::step].tobytes() + flat[:16].tobytes() + flat[-16:].tobytes()
    return sample


class NumpyGenerator(Copied):
    """A `Generator` or `RandomState`: what it will draw next."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        return Made(None, _plain(value.bit_generator.state if hasattr(value, "bit_generator") else _legacy(value)))

    def same(self, value: Any, state: Any) -> bool:
        return bool(self.state(value).details == state.details)

    def exact(self, state: Any) -> bool:
        return True

    def whole(self, value: Any, state: Any, convert: Convert) -> Any:
        new = copy.deepcopy(value)
        if hasattr(new, "bit_generator"):
            new.bit_generator.state = _restored(state.details)
        else:
            new.set_state(_restored(state.details))
        return new


def _legacy(value: Any) -> Any:
    return value.get_state(legacy=False)


def _plain(state: Any) -> Any:
    """A state that can be compared: arrays as their types and bytes."""
    if isinstance(state, dict):
        return {name: _plain(part) for name, part in state.items()}
    return (_ARRAY, state.dtype.str, state.tobytes()) if hasattr(state, "tobytes") else state


def _restored(state: Any) -> Any:
    if isinstance(state, dict):
        return {name: _restored(part) for name, part in state.items()}
    if isinstance(state, tuple) and state[:1] == (_ARRAY,):
        return sys.modules["numpy"].frombuffer(state[2], dtype=state[1]).copy()
    return state


_ARRAY = "an array"


class PandasFrame(Copied):
    """A frame or series of pandas 3: a shallow copy of it is kept, so whatever changes it makes other blocks."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        return Made(value.copy(deep=False), self._details(value))

    def _details(self, value: Any) -> tuple[list[Any], list[Any]]:
        manager = value._mgr
        blocks = manager.blocks
        places = [block.mgr_locs.as_array.tobytes() for block in blocks]
        names = [tuple(axis.names) for axis in manager.axes]
        axes = [axis._id for axis in manager.axes]
        return [*(block.refs for block in blocks), *axes], [places, names, getattr(value, "_name", None)]

    def same(self, value: Any, state: Any) -> bool:
        objects, details = self._details(value)
        before = state.details
        if len(objects) != len(before[0]) or not all(map(operator.is_, objects, before[0])):
            return False
        return repr(details) == repr(before[1])

    def parts(self, value: Any) -> list[Any]:
        return changeable([value._attrs]) + self._objects(value)

    def _objects(self, value: Any) -> list[Any]:
        """What may be changed in place of what columns of objects hold."""
        found = []
        for block in value._mgr.blocks:
            values = block.values
            if getattr(values.dtype, "kind", None) == "O" and hasattr(values, "ravel") and values.size <= MOST_ITEMS:
                found += changeable(values.ravel().tolist())
        return found

    def whole(self, value: Any, state: Any, convert: Convert) -> Any:
        if any(convert(item) is not item for item in self._objects(state.copy)):  # copies of frames share them
            raise CannotCopy
        return super().whole(value, state, convert)

    def again(self, made: Any) -> Any:
        return made.copy(deep=False)


class OldPandasFrame(PandasFrame):
    """A frame or series of an earlier pandas, whose shallow copies share their data: copied up to a size."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        size = sum(block.values.nbytes for block in value._mgr.blocks)
        if size <= (_MOST_COPIED_BYTES if wanted else MOST_BYTES):
            return Made(value.copy(deep=True))
        return size, [id(block.values) for block in value._mgr.blocks]

    def same(self, value: Any, state: Any) -> bool:
        if type(state) is not Made:
            return bool(self.state(value) == state)
        return bool(value.equals(state.copy)) and all(map(_same_axis, value.axes, state.copy.axes))

    def again(self, made: Any) -> Any:
        return made.copy(deep=True)


def _same_axis(axis: Any, other: Any) -> bool:
    return bool(axis.equals(other)) and tuple(axis.names) == tuple(other.names)


class PolarsFrame(Copied):
    """A frame or series of polars, which copies what it shares before it changes it."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        return Made(value.clone())

    def same(self, value: Any, state: Any) -> bool:
        was = state.copy
        if hasattr(value, "schema"):
            if value.schema != was.schema or value.shape != was.shape:
                return False
        elif value.dtype != was.dtype or len(value) != len(was) or value.name != was.name:
            return False
        if value.estimated_size() > MOST_BYTES:
            step = max(1, len(value) // _SAMPLED)
            value, was = value.gather_every(step), was.gather_every(step)
        return bool(value.equals(was))

    def again(self, made: Any) -> Any:
        return made.clone()


class Tensor(Kind):
    """A tensor of torch, which counts its changes itself."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        return value._version, value.data_ptr(), tuple(value.shape)

    def same(self, value: Any, state: Any) -> bool:
        return bool(self.state(value) == state)

    def exact(self, state: Any) -> bool:
        return False


class TorchGenerator(Kind):
    def state(self, value: Any, wanted: bool = False) -> Any:
        return _bytes_of(value.get_state())

    def same(self, value: Any, state: Any) -> bool:
        return bool(_bytes_of(value.get_state()) == state)

    def exact(self, state: Any) -> bool:
        return False


def _bytes_of(state: Any) -> bytes:
    return bytes(state.numpy().tobytes() if hasattr(state, "numpy") else bytes(state))


class TorchModule(Kind):
    """A module of torch: its parameters, buffers and modules."""

    _HELD = ("_parameters", "_buffers", "_modules")

    def parts(self, value: Any) -> list[Any]:
        held = object.__getattribute__(value, "__dict__")
        return [held[name] for name in self._HELD if name in held]


class Artists(Kind):
    """A figure or axes of matplotlib: what has been drawn, and its titles and labels."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        held = object.__getattribute__(value, "__dict__")
        drawn = [*held.get("_children", ()), *(part for name in self._LISTS for part in held.get(name, ()))]
        axes = held.get("_axstack")
        drawn += axes.as_list() if axes is not None else []
        texts = [held.get(name) for name in ("title", "_left_title", "_right_title", "_suptitle")]
        texts += [getattr(held.get(axis), "label", None) for axis in ("xaxis", "yaxis")]
        return drawn, [text and text.get_text() for text in texts], [held.get(n) for n in ("legend_", "_facecolor")]

    _LISTS = ("artists", "lines", "patches", "texts", "images", "legends", "subfigs")

    def same(self, value: Any, state: Any) -> bool:
        drawn, texts, more = self.state(value)
        return (
            len(drawn) == len(state[0])
            and all(map(operator.is_, drawn, state[0]))
            and texts == state[1]
            and all(map(operator.is_, more, state[2]))
        )

    def parts(self, value: Any) -> list[Any]:
        held = object.__getattribute__(value, "__dict__")
        axes = held.get("_axstack")
        found = [] if axes is None else axes.as_list()
        figure = held.get("_parent_figure", held.get("figure"))
        return found if figure is None or figure is value else [*found, figure]

    def exact(self, state: Any) -> bool:
        return False


def kind_of_type(kind: type, library: str) -> Kind | None:
    """What is known of a type that comes from, or is made from one of, such a library."""
    names = {base.__name__ for base in type.__dict__["__mro__"].__get__(kind)}
    if library == "numpy":
        if "ndarray" in names:
            return Array()
        return NumpyGenerator() if kind.__name__ in ("Generator", "RandomState") else None
    if library == "pandas":
        return _pandas() if {"DataFrame", "Series"} & names else None
    if library == "polars":
        return PolarsFrame() if kind.__name__ in ("DataFrame", "Series") else None
    if library == "torch":
        found: dict[str, type[Kind]] = {"Tensor": Tensor, "Generator": TorchGenerator, "Module": TorchModule}
        return next((found[name]() for name in found if name in names), None)
    return Artists() if {"Figure", "_AxesBase"} & names else None


def _pandas() -> Kind:
    version = getattr(sys.modules.get("pandas"), "__version__", "0")
    major = version.partition(".")[0]
    return PandasFrame() if major.isdigit() and int(major) >= 3 else OldPandasFrame()
