"""Why this project exists, measured: one set of probes against the stock router and against ours.

The stock router is `strawberry_django.routers` as strawberry-graphql-django ships it. Both are set
up by the same files, as the guide shows, and each probe is one sentence: of the documentation that
both share, or of what somebody expects who knows Django. `python -m tools.stock` measures and
writes `record.json`, of which the pages are made.
"""
