"""The reader: somebody who has nothing but the built pages, and does what their blocks say."""
