"""Which calls visibly change an object in place, judged by name.

No types are known here, so a method counts only if its name says enough: a name that common types also use for
something harmless (`df.plot`, `str.format`, `img.resize` whose result is kept) does not count by itself. What is missed
here is still seen when the cell runs; what is wrongly listed makes cells run that need not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import Enum, auto

from reactive_nb.execution.analysis.names import words


class Use(Enum):
    """What becomes of a call's result; methods that change in place mostly return nothing."""

    DISCARDED = auto()
    SHOWN = auto()
    """The last expression of a cell."""
    KEPT = auto()
    """Assigned, or something is done to it at once."""
    NESTED = auto()
    """Part of a larger expression."""


STORING: frozenset[str] = words("""
    add add_callback add_done_callback add_listener append appendleft connect extend extendleft insert observe
    on_change on_click on_event on_msg on_submit push put put_nowait register setdefault subscribe update
    """)
"""Methods that keep what they are given, and do not call it at once."""

RETURNING_NOTHING: frozenset[str] = words("""
    add add_callback add_done_callback add_listener append appendleft clear difference_update discard extend
    extendleft fill insert intersection_update itemset move_to_end observe on_change on_click on_event on_msg
    on_submit partition push put put_nowait remove reverse rotate setfield setflags shuffle sort subscribe
    subtract symmetric_difference_update task_done unobserve unobserve_all update
    """)
"""Methods that change their object and return `None`; where a result is kept, it is some other method of that name."""

RETURNING_SOMETHING: frozenset[str] = words("""
    add_annotation add_artist add_axes add_child add_collection add_edge add_edges_from add_gridspec add_hline
    add_hrect add_layer add_layout add_line add_module add_node add_nodes_from add_patch add_scatter add_shape
    add_subplot add_subplots add_table add_tools add_trace add_traces add_vline add_vrect
    add_weighted_edges_from annotate autofmt_xdate axhline axhspan axline axvline axvspan backward bar_label
    clabel colorbar errorbar eventplot fill_between fill_betweenx fit fit_generator fit_predict fit_resample
    fit_transform hlines invert_xaxis invert_yaxis load_state_dict load_weights loglog margins partial_fit
    pcolormesh plot_surface plot_wireframe pop popitem popleft quiver quiverkey register_buffer
    register_callback register_forward_hook register_hook relim remove_edge remove_edges_from remove_node
    remove_nodes_from requires_grad_ seek semilogx semilogy set_aspect set_axis_off set_axis_on set_axisbelow
    set_box_aspect set_clim set_cmap set_color set_dpi set_edgecolor set_extent set_facecolor set_figheight
    set_figwidth set_fontsize set_label set_linestyle set_linewidth set_major_formatter set_major_locator
    set_marker set_markersize set_minor_formatter set_minor_locator set_offsets set_params set_rlabel_position
    set_rmax set_rmin set_rticks set_size_inches set_theta_direction set_theta_offset set_theta_zero_location
    set_tick_params set_ticklabels set_ticks set_ticks_position set_title set_visible set_xbound set_xdata
    set_xlabel set_xlim set_xlim3d set_xscale set_xticklabels set_xticks set_ybound set_ydata set_ylabel
    set_ylim set_ylim3d set_yscale set_yticklabels set_yticks set_zlabel set_zlim set_zlim3d set_zorder
    set_zticklabels set_zticks setdefault stackplot stem step streamplot subplots_adjust suptitle supxlabel
    supylabel tick_params tight_layout tricontour tricontourf triplot truncate twinx twiny update_annotations
    update_layout update_traces update_xaxes update_yaxes vlines writelines writerow writerows zero_ zero_grad
    """)
"""Methods that change their object and may return something."""

STATEMENT_ONLY: frozenset[str] = words("eliminate_zeros resize set_config set_default set_state sum_duplicates")
"""Methods that change their object where the result is not used; of other types, they return a changed copy."""

ON_AXES: frozenset[str] = words("""
    acorr add_child_axes add_feature angle_spectrum arrow axis bar barbs barh boxplot broken_barh bxp cla clear
    coastlines cohere contour contourf csd ecdf fill grid gridlines grouped_bar hexbin hist hist2d imshow
    inset_axes legend locator_params magnitude_spectrum matshow minorticks_off minorticks_on pcolor pcolorfast
    phase_spectrum pie plot plot_date plot_trisurf psd scatter secondary_xaxis secondary_yaxis set specgram spy
    stairs step stock_img table text tricontour tripcolor violin violinplot voxels xcorr
    """)
"""Drawing methods with names that dataframes and others use too: only on what is named like axes or a figure."""

DRAWING: frozenset[str] = words("""
    beta binomial bytes chisquare choice choices dirichlet exponential expovariate gamma gammavariate gauss
    geometric getrandbits gumbel hypergeometric integers laplace logistic lognormal lognormvariate multinomial
    multivariate_hypergeometric multivariate_normal negative_binomial normal normalvariate pareto permutation
    permuted poisson power rand randbytes randint randn random random_sample randrange rayleigh sample seed
    shuffle spawn standard_cauchy standard_exponential standard_gamma standard_normal standard_t triangular
    uniform vonmises vonmisesvariate wald weibull weibullvariate zipf
    """)
"""Methods by which a random generator moves on: only on what is named like one."""

_AXES_NAME = re.compile(r"(?:.*_)?(?:ax|axs|axes|axis|fig|figure|subfig|subfigs)(?:_?\d+|_.*)?")
_GENERATOR_NAME = re.compile(r"(?:.*_)?(?:rng|random_state|random_generator|randomstate|prng)_?\d*")

FUNCTIONS: dict[str, int] = {
    "copyto": 0,
    "delattr": 0,
    "fill_diagonal": 0,
    "heapify": 0,
    "heappop": 0,
    "heappush": 0,
    "heappushpop": 0,
    "heapreplace": 0,
    "heapify_max": 0,
    "heappop_max": 0,
    "heappush_max": 0,
    "insort": 0,
    "insort_left": 0,
    "insort_right": 0,
    "next": 0,
    "anext": 0,
    "put_along_axis": 0,
    "putmask": 0,
    "setattr": 0,
}
"""Functions that change an argument, with its position, whatever module they are taken from."""

QUALIFIED: dict[tuple[str, str], int] = {
    **{(module, name): 0 for module in ("np", "numpy") for name in ("put", "place")},
    **{(module, "shuffle"): 0 for module in ("random", "rng")},
}
"""… with names that say enough only after a module's."""

STORING_FUNCTIONS: frozenset[str] = words(
    "heappush heappushpop heapreplace heappush_max insort insort_left insort_right setattr"
)

MODULES: frozenset[str] = words("""
    F alt altair asyncio atexit bisect codecs collections copyreg cupy cv cv2 da datetime dd duckdb functools gc
    glob heapq itertools jnp joblib json keras logging math matplotlib mlflow mpl mpmath multiprocessing
    networkx np numpy nx operator os pandas pathlib pd pickle pl plotly plt polars psycopg2 px pylab pymysql
    random ray re requests scipy seaborn shutil sklearn sns socket sqlite3 statistics subprocess sympy sys tf
    threading torch tqdm urllib wandb warnings weakref webbrowser xr
    """)
"""Names by which notebooks know modules: what is called on one is a function, and changes no object of that name."""

SUBMODULES: frozenset[str] = words("char fft functional linalg ma math nn numpy optim random sparse special stats")
"""Modules of modules, taken from there."""

LAZY: frozenset[str] = words(
    "cached_property classmethod defaultdict field partial partialmethod property staticmethod Process Thread Timer"
)
"""Callables that keep a callable, and do not call it at once."""

CALLING_AT_ONCE: frozenset[str] = words("interact interact_manual interactive interactive_output")
"""Decorators that call what they decorate."""

VIEWS: frozenset[str] = words("""
    T at diagonal flatten get groupby iat iterrows iloc items itertuples loc pop popitem popleft ravel reshape
    setdefault squeeze swapaxes transpose values view
    """)
"""Methods whose result is, or holds, a part of the object itself."""

PASSING: frozenset[str] = words(
    "anext dict enumerate filter frozenset iter list map max min next reversed set sorted tuple zip"
)
"""Builtins whose result holds what they were given."""

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


def is_axes(name: str) -> bool:
    """Whether a variable of this name is probably a matplotlib axes or figure."""
    return _AXES_NAME.fullmatch(name) is not None


def is_generator(name: str) -> bool:
    """Whether a variable of this name is probably a random generator."""
    return _GENERATOR_NAME.fullmatch(name) is not None


def root_name(node: ast.expr) -> str | None:
    """The name at the start of a chain of attributes and items, `df` of `df.loc[0].a`."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def changed_by(call: ast.Call, use: Use) -> Iterator[ast.expr]:
    """The expressions in `call` whose object it changes: the object of a method, or arguments."""
    func = call.func
    if isinstance(func, ast.Attribute):
        if _changes_its_object(func, call, use):
            yield func.value
        module = func.value.id if isinstance(func.value, ast.Name) else getattr(func.value, "attr", "")
        yield from _changed_arguments(call, func.attr, module, use)
        yield from _shuffled(call, func, use)
    elif isinstance(func, ast.Name):
        yield from _changed_arguments(call, func.id, "", use)
    for keyword in call.keywords:
        if keyword.arg in ("out", "ax", "cax"):
            yield keyword.value


def _changes_its_object(func: ast.Attribute, call: ast.Call, use: Use) -> bool:
    method = func.attr
    if _is_module(func.value):
        return False
    if method in RETURNING_SOMETHING or (method in RETURNING_NOTHING and use is not Use.KEPT):
        return True
    if _in_place(call) or (method in STATEMENT_ONLY and use is Use.DISCARDED):
        return True
    root = root_name(func.value)
    if root is None or root in MODULES:
        return False
    return (method in ON_AXES and is_axes(root)) or (method in DRAWING and is_generator(root))


def _is_module(node: ast.expr) -> bool:
    """`np` or `np.random`; `sys.path` is an object."""
    while isinstance(node, ast.Attribute) and node.attr in SUBMODULES:
        node = node.value
    return isinstance(node, ast.Name) and node.id in MODULES


def _in_place(call: ast.Call) -> bool:
    return any(
        keyword.arg == "inplace" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        for keyword in call.keywords
    )


def _changed_arguments(call: ast.Call, name: str, module: str, use: Use) -> Iterator[ast.expr]:
    position = FUNCTIONS.get(name, QUALIFIED.get((module, name)))
    if position is None and _in_place(call) and (not module or module in MODULES or module == "functional"):
        position = 0
    if name == "shuffle" and not module and use is not Use.KEPT:
        position = 0
    if position is not None and position < len(call.args):
        yield call.args[position]


def _shuffled(call: ast.Call, func: ast.Attribute, use: Use) -> Iterator[ast.expr]:
    root = root_name(func.value)
    if func.attr == "shuffle" and root is not None and is_generator(root) and root != "rng" and call.args:
        yield call.args[0]
