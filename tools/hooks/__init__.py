"""MkDocs hooks: what happens to a page between its Markdown and its HTML."""
