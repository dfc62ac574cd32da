"""The page on which the API can be read and tried: ``/docs``.

Its JavaScript and CSS come from a package, because it must work without the internet; it has no
script of its own inside, so that the guard can forbid all those that anybody else might put there.
"""

from importlib.resources import as_file, files

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import HTMLResponse

_ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_START = "start.js"
_SCRIPT = """\
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  docExpansion: "list",
  validatorUrl: null,
});
"""
_PAGE = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Offramp</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/{_START}"></script>
</body>
</html>
"""
_KEPT = {"cache-control": "private, max-age=3600"}


def add_docs_page(app: FastAPI) -> None:
    """Serve ``/docs`` and its assets."""
    app.add_api_route("/docs", _page, include_in_schema=False)
    app.add_api_route("/docs/{name}", _asset, include_in_schema=False)


async def _page() -> HTMLResponse:
    return HTMLResponse(_PAGE)


async def _asset(name: str) -> Response:
    if name == _START:
        return Response(_SCRIPT, media_type="text/javascript")
    if name not in _ASSETS:
        raise HTTPException(404)
    with as_file(files("fastapi_offline") / "static" / name) as path:
        return Response(path.read_bytes(), headers=_KEPT, media_type=_ASSETS[name])
