"""Pages out of Jinja's templates, in the reader's language.

Every template knows: ``_`` and ``ngettext`` (translate), ``user`` (the ``Visitor`` or None),
``csrf_token`` (for a form's hidden field ``csrf_token``), ``address(path)`` (a link inside the
site, behind a proxy's base path too), ``language`` (for ``<html lang>``), ``here`` (the path asked
for). A page for a visitor who is logged in has a ``frame`` besides (``pages.frame``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template import TemplateConfig

from fluxcc import i18n
from fluxcc.web.guards import WebRequest, backend_of

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
LANGUAGE_COOKIE = "fluxcc_language"


def template_config() -> TemplateConfig[JinjaTemplateEngine]:
    """Templates in which every value is escaped, and a name that is not given is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))


def language_of(request: WebRequest) -> str:
    """What the reader chose on a page, else the user's own, the browser's, the configured one."""
    otherwise = backend_of(request).settings.lang
    visitor = request.scope.get("user")
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    wanted = chosen or (visitor.language if visitor else "")
    return i18n.pick(wanted or request.headers.get("Accept-Language", ""), otherwise)


def address(request: WebRequest, path: str) -> str:
    """The path as a browser has to ask for it."""
    return backend_of(request).settings.web.base_path + path


def render(request: WebRequest, template: str, *, http_status: int = 200, **facts: Any) -> Template:
    """A page; ``facts`` are what the template shows."""
    language = language_of(request)
    session = request.scope.get("auth")
    context = {
        "_": i18n.catalogue(language).gettext,
        "ngettext": i18n.catalogue(language).ngettext,
        "user": request.scope.get("user"),
        "csrf_token": session.csrf if session else "",
        "language": language.replace("_", "-"),
        "here": request.scope["path"],
        "address": lambda path: address(request, path),
        **facts,
    }
    return Template(template, context=context, status_code=http_status)
