"""The reader: somebody who has nothing but the built pages, and does what they say.

``page`` reads the HTML, ``files`` writes what a block shows, ``terminal`` runs its commands,
``wheel`` looks at what they installed, ``serving`` knows the server, ``asking`` gets the answers,
``turns`` listens to the prose, ``settings`` looks things up, and ``walk`` goes down the page.
``census`` counts what the pages offer. Nothing here opens ``docs/`` or ``snippets/``, nor looks
at the names of snippets in the HTML.
"""
