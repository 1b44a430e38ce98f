"""Check the prose: what the pages say outside of code blocks, held against the code."""
