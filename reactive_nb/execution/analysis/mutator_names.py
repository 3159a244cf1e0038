"""The names by which calls are known to change an object in place; how they are judged is told in `mutators`."""

from __future__ import annotations

from reactive_nb.execution.analysis.names import words

RETURNING_NOTHING: frozenset[str] = words("""
    add add_callback add_done_callback add_listener append appendleft appendrow byteswap clear clear_output
    difference_update discard extendleft fill frombytes fromfile fromlist insert intersection_update isetitem
    itemset move_to_end observe on_change on_click on_event on_msg on_submit partition push put put_nowait remove
    reverse rotate setfield setflags sort subscribe subtract symmetric_difference_update task_done
    unobserve unobserve_all update
    """)
"""Methods that change their object and return `None`; where a result is kept, it is some other method of that name."""

RETURNING_SOMETHING: frozenset[str] = words("""
    add_annotation add_artist add_axes add_child add_collection add_edge add_edges_from add_gridspec add_hline
    add_hrect add_layer add_layout add_legend add_line add_module add_node add_nodes_from add_patch add_scatter
    add_shape add_subplot add_subplots add_table add_tools add_trace add_traces add_vline add_vrect
    add_weighted_edges_from autofmt_xdate axhline axhspan axline axvline axvspan backward bar_label clabel
    clear_edges colorbar drop_in_place enqueue_trial errorbar eventplot executemany executescript extend fetchall
    fetchmany fetchone fill_between fill_betweenx fine_tune fit fit_generator fit_one_cycle fit_predict
    fit_resample fit_transform hlines insert_column invert_xaxis invert_yaxis load_state_dict load_weights loglog
    map_dataframe map_diag map_lower map_offdiag map_upper margins mpl_connect mpl_disconnect opts partial_fit
    pcolormesh plot_joint plot_marginals plot_surface plot_wireframe pop popitem popleft quiverkey read readline
    readlines register_buffer register_callback register_forward_hook register_hook relim remove_edge
    remove_edges_from remove_node remove_nodes_from replace_column seek semilogx semilogy set_aspect set_axis_labels
    set_axis_off set_axis_on set_axisbelow set_box_aspect set_clim set_cmap set_color set_dpi set_edgecolor
    set_extent set_facecolor set_figheight set_figwidth set_fontsize set_label set_linestyle set_linewidth
    set_major_formatter set_major_locator set_marker set_markersize set_minor_formatter set_minor_locator
    set_offsets set_params set_position set_rlabel_position set_rmax set_rmin set_rotation set_rticks
    set_size_inches set_theta_direction set_theta_offset set_theta_zero_location set_tick_params set_ticklabels
    set_ticks set_ticks_position set_title set_titles set_visible set_weights set_xbound set_xdata set_xlabel
    set_xlim set_xlim3d set_xscale set_xticklabels set_xticks set_ybound set_ydata set_ylabel set_ylim set_ylim3d
    set_yscale set_yticklabels set_yticks set_zlabel set_zlim set_zlim3d set_zorder set_zticklabels set_zticks
    setdefault stackplot step streamplot subplots_adjust suptitle supxlabel supylabel tick_params tight_layout
    tricontour tricontourf triplot twinx twiny update_annotations update_layout update_traces update_xaxes
    update_yaxes vlines write writelines writerow writerows zero_grad
    """)
"""Methods that change their object and may return something."""

STATEMENT_ONLY: frozenset[str] = words("""
    build compile eliminate_zeros execute freeze load_model optimize reset resize set_config set_default set_state
    solve sum_duplicates train truncate unfreeze
    """)
"""Methods that change their object where the result is not used; of other types, they return a changed copy."""

ON_AXES: frozenset[str] = words("""
    acorr add_child_axes add_feature align_labels align_titles align_xlabels align_ylabels angle_spectrum annotate
    apply_aspect arrow autoscale autoscale_view axis axis_date bar bar3d barbs barh boxplot broken_barh bxp cla
    clear clf coastlines cohere contour contour3D contourf contourf3D csd delaxes ecdf figimage fill
    for_each_annotation for_each_trace for_each_xaxis for_each_yaxis gca grid gridlines grouped_bar hexbin hist
    hist2d imshow indicate_inset indicate_inset_zoom inset_axes invert_zaxis label_outer legend locator_params
    magnitude_spectrum matshow minorticks_off minorticks_on mouse_init pcolor pcolorfast phase_spectrum pie
    pie_label plot plot3D plot_date plot_trisurf psd quiver quiver3D reset_position reset_ticks sca scatter
    scatter3D secondary_xaxis secondary_yaxis semilogz set sharex sharey sharez shareview specgram spy stairs stem
    stem3D stock_img subfigures subplot_mosaic subplots table text text2D text3D ticklabel_format tricontour
    tripcolor update_datalim update_units view_init violin violinplot voxels xaxis_date xcorr yaxis_date zaxis_date
    """)
"""Drawing methods with names that dataframes and others use too: only on what is named like axes or a figure."""

ON_AXES_PREFIXES = ("set_", "add_", "update_")
"""… and so are all methods that begin with these."""

DRAWING: frozenset[str] = words("""
    beta binomial bytes chisquare choice choices dirichlet exponential expovariate gamma gammavariate gauss
    geometric getrandbits gumbel hypergeometric integers laplace logistic lognormal lognormvariate multinomial
    multivariate_hypergeometric multivariate_normal negative_binomial normal normalvariate pareto permutation
    permuted poisson power rand randbytes randint randn random random_sample randrange rayleigh sample seed
    shuffle spawn standard_cauchy standard_exponential standard_gamma standard_normal standard_t triangular
    uniform vonmises vonmisesvariate wald weibull weibullvariate zipf
    """)
"""Methods by which a random generator moves on: only on what is named like one."""

DUNDER: frozenset[str] = words("""
    __delattr__ __delitem__ __iadd__ __iand__ __ifloordiv__ __ilshift__ __imatmul__ __imod__ __imul__ __ior__
    __ipow__ __irshift__ __isub__ __itruediv__ __ixor__ __setattr__ __setitem__ __setstate__
    """)

ESCAPED_WORDS: frozenset[str] = words("""
    and_ as_ assert_ class_ def_ del_ elif_ else_ except_ filter_ for_ from_ global_ id_ if_ import_ in_ input_ is_
    lambda_ len_ list_ map_ not_ or_ pass_ print_ raise_ return_ set_ sum_ try_ type_ while_ with_ yield_
    """)
"""Words written with an underscore because Python has the word itself; `x.add_(1)` of torch changes `x`."""

FIRST_ARGUMENT: frozenset[str] = words("""
    add_cycle add_path add_star add_to anext copyto delattr delitem fill_diagonal heapify heapify_max heappop
    heappop_max heappush heappush_max heappushpop heapreplace iadd iand iconcat ifloordiv ilshift imatmul imod
    imul insort insort_left insort_right ior ipow irshift isub itruediv ixor next put_along_axis putmask
    set_edge_attributes set_node_attributes setattr setitem setp
    """)
"""Functions that change their first argument, whatever module they are taken from."""

FIRST_OF_NUMPY: frozenset[str] = words("put place")
"""… with names that say enough only after numpy's."""

BINARY: frozenset[str] = words("""
    add arctan2 bitwise_and bitwise_or bitwise_xor copysign divide equal float_power floor_divide fmax fmin fmod
    gcd greater greater_equal hypot lcm less less_equal logaddexp logical_and logical_or logical_xor matmul maximum
    minimum mod multiply not_equal power remainder subtract true_divide
    """)
UNARY: frozenset[str] = words("""
    abs absolute ceil conjugate cos cosh exp exp2 expm1 fabs floor invert isfinite isinf isnan log log10 log1p log2
    logical_not negative positive reciprocal rint sign sin sinh sqrt square tan tanh trunc
    """)
"""numpy's functions that write into an argument after their operands, if one is given."""

AMBIENT: frozenset[str] = words("""
    sys.path sys.path_hooks sys.meta_path sys.modules sys.stdout sys.stderr sys.stdin warnings.filters
    """)
"""Attributes of modules that act on everybody, named or not: hidden state, and no change of the module's variable."""
