"""Mutation of what the pages show: every shown line is deleted and altered; a test must notice.

``lexing`` knows the languages, ``mutants`` makes the mutants, ``copies`` and ``worker`` run tests
against one in a copy of the checkout, ``defenders`` knows which tests use which snippet, ``run``
does it all, ``results`` keeps what came of it, and ``allowlist`` names what may survive.
"""
