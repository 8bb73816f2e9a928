"""A notice as a whole HTML page, which needs nothing from anywhere else."""

from html import escape

from workflows.notices.document import Bullets, Document, Heading, Node

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0 auto; max-width: 36rem; padding: 2rem 1rem; line-height: 1.65;
font-family: system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }}
h1 {{ font-size: 1.4rem; line-height: 1.3; }}
h2 {{ font-size: 1.15rem; margin-top: 2rem; }}
h3 {{ font-size: 1rem; }}
p, li {{ overflow-wrap: anywhere; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def to_html(document: Document) -> str:
    """Return the notice as a page. All that a person wrote is escaped."""
    return _PAGE.format(
        language=escape(html_language(document.language)),
        title=escape(document.title),
        body=to_fragment(document),
    )


def fragment_of(page: str) -> str:
    """Return what stands below the title of a page that `to_html` made: as `to_fragment`."""
    return page.partition("</h1>\n")[2].rpartition("\n</main>")[0]


def to_fragment(document: Document) -> str:
    """Return what stands below the title, as HTML that is safe to show in a page of ours."""
    return "\n".join(_node(node) for node in document.nodes)


def html_language(language: str) -> str:
    """Return the code of a language as HTML writes it: `zh-Hans`."""
    return "zh-Hans" if language == "zh-hans" else language


def _node(node: Node) -> str:
    match node:
        case Bullets(items):
            return "<ul>{}</ul>".format("".join(f"<li>{_lines(item)}</li>" for item in items))
        case Heading(text, level):
            tag = f"h{min(level + 1, 6)}"
            return f"<{tag}>{_lines(text)}</{tag}>"
        case _:
            return f"<p>{_lines(node.text)}</p>"


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
