"""What we rely on that is not public in Strawberry, Django, asgiref, a channel layer or a server.

`reliances` names each thing, and a test names those that a new version has taken away. What begins
with an underscore is touched by the functions of this package and nowhere else; the other names are
public in form, but documented nowhere.
"""
