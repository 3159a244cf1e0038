"""State without a name (see `kernel_ambient`) that numpy, pandas and matplotlib keep, inside a kernel."""

from __future__ import annotations

import importlib
import operator
import re
import sys
from typing import Any

from .kernel_ambient import Ambient

_NUMPY_PRINTS = {
    "edgeitems": 3,
    "threshold": 1000,
    "floatmode": "maxprec",
    "precision": 8,
    "suppress": False,
    "linewidth": 75,
    "nanstr": "nan",
    "infstr": "inf",
    "sign": "-",
    "formatter": None,
    "legacy": False,
    "override_repr": None,
}


class NumpyPrints(Ambient):
    name, module = "numpy print options", "numpy"

    def state(self) -> Any:
        return dict(sys.modules["numpy"].get_printoptions())

    def restore(self, state: Any) -> None:
        sys.modules["numpy"].set_printoptions(**state)

    def first(self) -> Any:
        return {name: _NUMPY_PRINTS.get(name, option) for name, option in self.state().items()}


class NumpyRandom(Ambient):
    """The generator behind `numpy.random.rand` and the like."""

    name, module = "numpy random generator", "numpy.random"
    _ROUNDS = 512

    def state(self) -> Any:
        return sys.modules["numpy.random"].get_state(legacy=False)

    def equal(self, one: Any, other: Any) -> bool:
        return bool(_plain(one) == _plain(other))

    def restore(self, state: Any) -> None:
        sys.modules["numpy.random"].set_state(state)

    def restore_first(self, state: Any) -> None:
        """Nobody had seeded it."""
        sys.modules["numpy.random"].seed()

    def counts(self, before: Any) -> bool:
        """Whether it was seeded: drawing alone leads from the state before to that of now, within some rounds."""
        now = self.state()
        if now["bit_generator"] != "MT19937" or before["bit_generator"] != "MT19937":
            return True
        other, key = sys.modules["numpy.random"].RandomState(0), now["state"]["key"].tobytes()
        other.set_state(before)
        for _ in range(self._ROUNDS):
            if other.get_state(legacy=False)["state"]["key"].tobytes() == key:
                return False
            other.bytes(4 * 624)
        return True


def _plain(state: Any) -> Any:
    if isinstance(state, dict):
        return {name: _plain(part) for name, part in state.items()}
    return state.tobytes() if hasattr(state, "tobytes") else state


class PandasOptions(Ambient):
    name, module = "pandas options", "pandas"

    def __init__(self) -> None:
        self._config: Any = importlib.import_module("pandas._config.config")

    def state(self) -> Any:
        return {key: self._now(key) for key in self._config._registered_options}

    def _now(self, key: str) -> Any:
        place: Any = self._config._global_config
        for part in key.split("."):
            place = place[part]
        return place

    def same(self, state: Any) -> bool:
        return all(self._now(key) is option or self._now(key) == option for key, option in state.items())

    def restore(self, state: Any) -> None:
        for key, option in state.items():
            if self._now(key) is not option:
                self._config.set_option(key, option)

    def first(self) -> Any:
        return {key: option.defval for key, option in self._config._registered_options.items()}


class Style(Ambient):
    """matplotlib's `rcParams`, but for what its backends keep there."""

    name, module = "matplotlib style", "matplotlib"
    mentioned = re.compile(r"rc|style|sns|seaborn|theme|set_")
    _NO_STYLE = frozenset(["backend", "backend_fallback", "interactive", "toolbar", "webagg.port"])

    def __init__(self) -> None:
        self._params: Any = sys.modules["matplotlib"].rcParams
        self.was_read = False
        self._watch(type(self._params))

    def begin(self) -> None:
        self.was_read = False

    def _watch(self, kind: Any) -> None:
        """Note when a parameter is looked up."""
        get = kind.__getitem__
        ignored = self._NO_STYLE

        def __getitem__(params: Any, key: str) -> Any:
            if key not in ignored:
                self.was_read = True
            return get(params, key)

        kind.__getitem__ = __getitem__

    def state(self) -> Any:
        return {key: value for key, value in dict.items(self._params) if key not in self._NO_STYLE}

    def same(self, state: Any) -> bool:
        now = self.state()
        return now.keys() == state.keys() and (
            all(map(operator.is_, now.values(), state.values())) or bool(now == state)
        )

    def restore(self, state: Any) -> None:
        dict.update(self._params, state)

    def first(self) -> Any:
        original = dict(dict.items(sys.modules["matplotlib"].rcParamsOrig))
        return {key: original.get(key, value) for key, value in self.state().items()}


_ADAPTERS: dict[str, type[Ambient]] = {
    "numpy": NumpyPrints,
    "numpy.random": NumpyRandom,
    "pandas": PandasOptions,
    "matplotlib": Style,
}


def adapter_for(module: str) -> Ambient | None:
    """The adapter for a module that is loaded; None if it is of another make."""
    try:
        adapter = _ADAPTERS[module]()
        adapter.first()
        return adapter
    except Exception:  # what it needs is not there in this version
        return None
