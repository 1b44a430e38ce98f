"""What the security page promises: each promise is a mark on the tests that show it.

`python -m tools.threats` runs these tests against both routers and writes the page's table out of
the marks and their outcomes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., Any])

MARK = "promise"


def promise(threat: str, *, does: str, setting: str = "") -> Callable[[Test], Test]:
    """Mark a test as one that shows a promise.

    Args:
        threat: what somebody tries, or what happens; tests of the same threat share a row.
        does: what we do; the same for all tests of a threat.
        setting: what decides it, a Django setting or an option of the router.
    """
    mark: Callable[[Test], Test] = getattr(pytest.mark, MARK)(
        threat=threat, does=does, setting=setting
    )
    return mark
