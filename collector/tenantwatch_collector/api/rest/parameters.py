"""Query parameters that many paths have."""

# No postponed annotations here: FastAPI must see the types.
from typing import Annotated

from fastapi import Depends, Query

from tenantwatch_collector.api.pages import MAX_CURSOR, MAX_LIMIT, Page

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Cursor = Annotated[str, Query(max_length=MAX_CURSOR)]
Text = Annotated[str, Query(max_length=128)]


def page(limit: Limit = MAX_LIMIT, cursor: Cursor = "") -> Page:
    return Page(limit, cursor)


Paged = Annotated[Page, Depends(page)]
