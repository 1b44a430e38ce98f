"""The probes, a module for each subject; importing this package fills `tools.stock.claims.CLAIMS`.

A probe sees one thing and says what it saw in a few words, the same on each run: numbers that
differ from run to run are rounded.
"""

from tools.stock.probes import (
    documented,
    guards,
    layers,
    layers_delivery,
    sessions,
    sharing,
    sockets,
    stopping,
)

__all__ = [
    "documented",
    "guards",
    "layers",
    "layers_delivery",
    "sessions",
    "sharing",
    "sockets",
    "stopping",
]
