import strawberry
from django.contrib.auth.models import User
from django.db import transaction

import strawberry_django


# --8<-- [start:fields]
@strawberry.type
class Query:
    @strawberry.field
    def area(self, width: float, height: float) -> float:
        return width * height

    @strawberry_django.field
    def users(self) -> int:
        return User.objects.count()

    @strawberry.field
    async def active_users(self) -> int:
        return await User.objects.filter(is_active=True).acount()


# --8<-- [end:fields]
# --8<-- [start:mutation]
@strawberry.type
class Mutation:
    @strawberry_django.mutation
    @transaction.atomic
    def rename(self, old: str, new: str) -> str:
        User.objects.filter(username=old).update(username=new)
        return User.objects.get(username=new, is_active=True).username


# --8<-- [end:mutation]
schema = strawberry.Schema(query=Query, mutation=Mutation)
