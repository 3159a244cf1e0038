"""Every magic of IPython 9 and its kernel, by what it does with the notebook's names; and some of extensions.

A test holds these tables against the installed IPython: a magic that is in none of them is opaque, and fails that test.
"""

from __future__ import annotations

from reactive_nb.execution.analysis.names import words

HARMLESS: frozenset[str] = words("""
    HTML SVG alias alias_magic autoawait autocall autoindent automagic autoreload autosave bookmark cat cd clear
    cls colors conda connect_info cp debug dhist dirs doctest_mode echo env file grep gui hist history html
    javascript js killbgscripts latex ldir less lf lk ll ln load loadpy logoff logon logstart logstate logstop
    ls lsmagic lx magic mamba man markdown matplotlib micromamba mkdir more mv notebook pastebin pdb pip popd
    pprint precision psearch pushd pwd qtconsole quickref recall rehashx rep rm rmdir save set_env subshell svg
    tb tensorboard unalias unload_ext uv watermark who who_ls whos writefile xmode
    """)
"""Magics that bind no name. `%load` only fills the cell, which is then analysed anew."""

OPAQUE: frozenset[str] = words("""
    code_wrap cython ed edit load_ext pylab reload_ext rerun reset reset_selective run sql
    """)
"""Magics known to do what their text does not say: run files, bind or delete names, change how later cells run."""

SCRIPTS: frozenset[str] = words("bash perl pypy python python2 python3 ruby script sh")
"""Magics that run their cell in another process, and may bind its output with `--out` and the like."""

SHELL: frozenset[str] = words("! sx system")
"""Magics that fill names into a whole cell of shell commands."""

INSPECTING: frozenset[str] = words("page pdef pdoc pfile pinfo pinfo2 psource pycat")
"""Magics that look one name up."""

RUNNING: dict[str, str] = {"time": "", "debug": "b", "prun": "DlsT", "memit": "rti", "lprun": "fmDTu", "mprun": "fT"}
"""Magics that run Python in the notebook's namespace, with their options that take a value."""

RUNNING_CELLS: frozenset[str] = words("""
    capture chime debug heat ipytest lprun manim memit mprun prun pyinstrument scalene snakeviz time wandb
    """)
"""Magics that run the cell below them in the notebook's namespace."""

SPECIAL: frozenset[str] = words("R bigquery config macro sc store timeit xdel")
"""Magics with rules of their own."""

KNOWN: frozenset[str] = HARMLESS | OPAQUE | SCRIPTS | SHELL | INSPECTING | RUNNING.keys() | RUNNING_CELLS | SPECIAL

AUTOMAGIC: frozenset[str] = (
    (HARMLESS | OPAQUE | INSPECTING | SPECIAL | words("prun sx system time"))
    - words("HTML SVG R bigquery cython file html javascript js latex markdown sql svg tensorboard watermark writefile")
    - words("cls echo grep ln")
)
"""Magics that work without their `%` where they are a cell's only line, if no variable has their name."""
