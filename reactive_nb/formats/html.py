"""Notebooks as HTML pages, written through nbconvert with JupyterLab's look.

A page is one file and asks nothing of any other host: what nbconvert would fetch (MathJax, RequireJS, Mermaid, the
widget manager) is left out, and a Content Security Policy in the page keeps its contents from fetching anything. So
formulas are MathML, widgets show as text, and what loads its code or pictures from elsewhere does without.

Scripts in outputs run, since plots need them. Scripts and event handlers in Markdown do not: text is text.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from reactive_nb.formats import exporting
from reactive_nb.formats.errors import FormatError
from reactive_nb.formats.formulas import Formulas, text_with_formulas
from reactive_nb.formats.libraries import library
from reactive_nb.models import Notebook

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data:; "
    "img-src data: blob:; media-src data: blob:; font-src data:; worker-src blob:; frame-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)

TEMPLATE = (
    """
{%- extends 'index.html.j2' -%}
{%- block html_head_js -%}
<meta http-equiv="Content-Security-Policy" content="POLICY">
<meta name="referrer" content="no-referrer">
{%- endblock html_head_js -%}
{%- block jupyter_widgets -%}{%- endblock jupyter_widgets -%}
{%- block html_head_js_mathjax -%}{%- endblock html_head_js_mathjax -%}
{%- block html_head_js_mermaidjs -%}{%- endblock html_head_js_mermaidjs -%}
{%- block data_latex -%}
<div class="jp-RenderedLatex jp-OutputArea-output" data-mime-type="text/latex">
{{ output.data['text/latex'] | formulas }}
</div>
{%- endblock data_latex -%}
"""
).replace("POLICY", POLICY)

SHOWN = [
    "application/javascript",
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/latex",
    "text/plain",
]
"""MIME types, best first. Widgets and Mermaid diagrams are not among them: both need code from elsewhere."""

TAGS = """
a abbr acronym article aside b blockquote br caption center cite code col colgroup dd del details dfn div dl dt em
figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img input ins kbd li mark nav ol p pre q s samp section
small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var
"""
"""The elements that Markdown and the text in it are made of."""
ATTRIBUTES = """
align alt bgcolor border cellpadding cellspacing checked class color colspan datetime dir disabled height hidden id lang
name open rowspan scope size span start style tabindex title type valign width
"""
LINKS = ("http://", "https://", "mailto:", "#", "/", "./", "../")
PICTURES = ("data:image/", "http://", "https://")
STYLES = """
background background-color border border-bottom border-color border-collapse border-left border-radius border-right
border-style border-top border-width clear color display float font font-family font-size font-style font-variant
font-weight height letter-spacing line-height list-style list-style-type margin margin-bottom margin-left margin-right
margin-top max-height max-width min-height min-width opacity overflow padding padding-bottom padding-left padding-right
padding-top text-align text-decoration text-indent text-transform vertical-align white-space width word-break
word-spacing word-wrap
"""


def write_html(notebook: Notebook) -> bytes:
    """`notebook` as an HTML page. Takes about a second the first time. Raises `FormatError`."""
    clean = _cleaner()
    config = library("traitlets.config").Config({"NbConvertBase": {"display_data_priority": SHOWN}})
    exporter = library("nbconvert.exporters").HTMLExporter(config=config, raw_template=TEMPLATE)
    exporter.register_filter("markdown2html", partial(_markdown, clean))
    exporter.register_filter("formulas", text_with_formulas)
    try:
        text, _ = exporter.from_notebook_node(exporting.node(notebook))
    except Exception as error:  # templates and filters raise whatever an odd output makes them
        raise FormatError(f"The notebook cannot be written as HTML: {type(error).__name__}: {error}.") from None
    return str(text).encode("utf-8", "replace")


def _markdown(clean: Any, source: str) -> str:
    """Markdown as clean HTML, its formulas as MathML."""
    formulas = Formulas()
    mistune = library("nbconvert.filters.markdown_mistune")
    renderer = mistune.IPythonRenderer(escape=False)
    renderer.inline_math = formulas.in_line
    renderer.block_math = formulas.block
    renderer.latex_environment = formulas.environment
    return formulas.filled(str(clean.clean(mistune.MarkdownWithMath(renderer=renderer).render(source))))


def _cleaner() -> Any:
    """What lets through the elements that text is made of, and shows anything else as text."""
    attributes = frozenset(ATTRIBUTES.split())

    def allowed(tag: str, name: str, value: str) -> bool:
        address = value.strip().lower()
        if name == "href":
            return tag == "a" and (address.startswith(LINKS) or ":" not in address)
        if name == "src":
            return tag == "img" and (address.startswith(PICTURES) or ":" not in address)
        return name in attributes

    return library("bleach.sanitizer").Cleaner(
        tags=frozenset(TAGS.split()),
        attributes=allowed,
        protocols={"http", "https", "mailto", "data"},
        css_sanitizer=library("bleach.css_sanitizer").CSSSanitizer(allowed_css_properties=STYLES.split()),
    )
