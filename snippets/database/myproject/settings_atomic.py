from .settings import *

# --8<-- [start:atomic]
DATABASES["default"]["ATOMIC_REQUESTS"] = True
# --8<-- [end:atomic]
