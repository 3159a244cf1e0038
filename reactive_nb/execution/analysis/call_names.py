"""The names by which it is known what a call keeps of its arguments, passes on, or returns a part of."""

from __future__ import annotations

from reactive_nb.execution.analysis.names import words

MODULES: frozenset[str] = words("""
    F alt altair asyncio atexit bisect codecs collections copyreg cp cupy cv cv2 da datetime dd duckdb functools gc
    glob heapq itertools jnp joblib json keras logging math matplotlib mlflow mpl mpmath multiprocessing
    networkx nn np numpy nx operator os pandas pathlib pd pickle pl plotly plt polars psycopg2 px pylab pymysql
    random ray re requests scipy seaborn shutil sklearn sns socket sqlite3 statistics subprocess sympy sys tf
    threading torch tqdm urllib wandb warnings weakref webbrowser xr
    """)
"""Names by which notebooks know modules: what is called on one is a function, and changes no object of that name."""

SUBMODULES: frozenset[str] = words(
    "char fft functional init linalg ma math nn numpy optim pyplot random sparse special stats utils"
)
"""Modules of modules, taken from there."""

NUMPY: frozenset[str] = words("cp cupy jnp ma np numpy")

STORING: frozenset[str] = words("""
    add add_callback add_done_callback add_listener append appendleft connect extend extendleft insert mpl_connect
    observe on_change on_click on_event on_msg on_submit push put put_nowait register setdefault subscribe update
    """)
"""Methods that keep what they are given, and do not call it at once."""

STORING_FUNCTIONS: frozenset[str] = words(
    "heappush heappushpop heapreplace heappush_max insort insort_left insort_right setattr setitem"
)

LAZY: frozenset[str] = words(
    "cached_property classmethod defaultdict field partial partialmethod property staticmethod Process Thread Timer"
)
"""Callables that keep a callable, and do not call it at once."""

CALLING_AT_ONCE: frozenset[str] = words("interact interact_manual interactive interactive_output")
"""Decorators that call what they decorate."""

VIEWS: frozenset[str] = words("""
    T at buffers children diagonal find findall find_all get get_layer iat iloc items iter loc modules named_buffers
    named_children named_modules named_parameters parameters pop popitem popleft ravel reshape select_one
    setdefault squeeze swapaxes transpose values view
    """)
"""Methods whose result is, or holds, a part of the object itself."""

COPYING: frozenset[str] = words("iloc loc")
"""Attributes whose items are made anew when they are read."""

SELECTING: frozenset[str] = words("""
    argsort between contains duplicated endswith eq ge gt isin isna isnull le lt match ne nonzero notna notnull
    startswith where
    """)
"""Methods whose result, as an index, selects items into a new object."""

PASSING: frozenset[str] = words("""
    chain cycle dict enumerate filter frozenset islice iter list map reversed set sorted tuple zip zip_longest
    """)
"""Functions whose result holds what they were given."""

TAKING_OUT: frozenset[str] = words("anext getattr max min next vars")
"""Functions whose result is a part of what they were given first."""

PLAIN: frozenset[str] = words("""
    abs all any ascii bin bool bytes callable chr complex delattr dir display float format hasattr hash help hex
    id input int isinstance issubclass len oct open ord pow print range repr round setattr str sum type
    """)
"""Builtins whose result holds no code of the arguments."""

CONSUMING: frozenset[str] = words("""
    agg aggregate apply applymap assign combine filter groupby map map_elements mask max min reduce rename rolling
    sort sort_values transform where
    """)
"""Methods that call their arguments at once and return data, which does not hold them."""
