"""Render: pages, snippets, records and the library become plain Markdown."""
