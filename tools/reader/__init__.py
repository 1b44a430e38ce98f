"""The reader: somebody who has nothing but the built pages, and does what they say.

``page`` reads the HTML, ``files`` writes what a block shows, ``terminal`` runs its commands,
``asking`` gets the answers, ``turns`` listens to the prose, ``settings`` looks things up, and
``walk`` goes down the page. Nothing here opens ``docs/`` or ``snippets/``, nor looks at the
names of snippets in the HTML.
"""
