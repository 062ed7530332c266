"""Draws docs/demo.svg and docs/demo.pt-BR.svg: a terminal in which ``fluxcc demo`` really ran.

Run by ``make picture``. The terminal has a background of its own, so that it is legible on light
and dark pages; nothing in the picture is fetched from elsewhere.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

DOCS = Path(__file__).parents[1] / "docs"
PICTURES = {"demo.svg": "C.UTF-8", "demo.pt-BR.svg": "pt_BR.UTF-8"}
"""File → the reader's locale."""
COLUMNS = 80
"""Characters in a line, at least; the longest line of the demo makes it wider."""
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: FONT; font-size: {char_height}px; line-height: {line_height}px;
}}
.{unique_id}-title {{ font-size: 18px; font-family: FONT; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
""".replace("FONT", FONT)


def draw(locale: str) -> str:
    """A picture of one run."""
    environment = os.environ | {"LC_ALL": locale, "LANG": locale}
    demo = [sys.executable, "-m", "fluxcc", "demo"]
    ran = subprocess.run(  # noqa: S603  # our own program
        demo, env=environment, capture_output=True, text=True, check=True
    )
    lines = ran.stdout.splitlines()
    columns = max(COLUMNS, *map(len, lines))
    console = Console(record=True, width=columns, file=io.StringIO(), legacy_windows=False)
    console.print(Text("$ fluxcc demo", style="bold green"))
    for line in lines:
        console.print(Text(line, style="bold" if not line.startswith(" ") else ""))
    return console.export_svg(
        title="fluxcc demo", theme=MONOKAI, code_format=FORMAT, unique_id="demo"
    )


if __name__ == "__main__":
    for name, locale in PICTURES.items():
        (DOCS / name).write_text(draw(locale), encoding="utf-8")
