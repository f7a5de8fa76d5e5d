"""Sphinx configuration: `sphinx-build docs docs/_build`."""

from sklearn_asdf import __version__

project = "sklearn_asdf"
author = "The sklearn_asdf developers"
release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
autosummary_generate = True
numpydoc_show_class_members = False
exclude_patterns = ["_build", "auto_examples/*.ipynb"]
# Sounds of the study, for its page.
html_static_path = ["static", "results"]
html_css_files = ["tables.css"]
html_theme = "pydata_sphinx_theme"
html_title = "sklearn_asdf"
# Said aloud: the theme complains in the browser where it is left to its default.
html_context = {"default_mode": "auto"}
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    # Studies of minutes to hours are run by hand; the pages show what plot_* scripts give.
    "filename_pattern": r"/plot_",
    "image_scrapers": ("matplotlib",),
}
