"""Sphinx configuration: `sphinx-build docs docs/_build`."""

import sys
import warnings
from pathlib import Path

from sklearn_asdf import __version__

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

# The gallery's page on reports shows one in an iframe of its own, which has no address.
warnings.filterwarnings("ignore", message="Consider using IPython.display.IFrame")

project = "sklearn_asdf"
author = "The sklearn_asdf developers"
release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "links",
    "speed",
]
html_math_renderer = "mathml"
autosummary_generate = True
numpydoc_show_class_members = False
# Types are in the docstrings; signatures show names and defaults.
autodoc_typehints = "none"
templates_path = ["_templates"]
exclude_patterns = ["_build", "README.md", "auto_examples/*.ipynb"]
# Sounds of the study, for its page.
html_static_path = ["static", "results"]
html_css_files = ["site.css"]
html_theme = "pydata_sphinx_theme"
html_title = "sklearn_asdf"
html_show_sourcelink = False
# Set explicitly: the theme complains in the browser where it is left to its default.
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copyright = author
# Pages without a section beside them have more room for code and tables.
html_sidebars = {
    "index": [],
    "guide/installation": [],
    "guide/quickstart": [],
    "guide/results": [],
    "examples": [],
    "auto_examples/**": [],
}
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    # The studies take minutes to hours and are run by hand: they are no pages.
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"_study\.py$",
    "within_subsection_order": "gallery.order",
    "image_scrapers": ("matplotlib",),
    "reset_modules": ("matplotlib", "gallery.set_style"),
    # What has an HTML form is shown; a bare address in memory tells nothing.
    "capture_repr": ("_repr_html_",),
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sklearn_asdf",),
    # Links from code to the reference; newer versions find them without it.
    "reference_url": {"sklearn_asdf": None},
    "show_memory": False,
    # That page would fetch scripts from elsewhere.
    "write_computation_times": False,
    "thumbnail_size": (480, 320),
    "min_reported_time": 5,
    "remove_config_comments": True,
}
