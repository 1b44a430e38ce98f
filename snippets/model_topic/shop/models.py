# --8<-- [start:model]
from __future__ import annotations

from django.conf import settings
from django.db import models, transaction

from strawberry_django.realtime import ModelTopic


class Order(models.Model):
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    status = models.CharField(max_length=20, default="new")
    total = models.DecimalField(max_digits=10, decimal_places=2)


order_changes = ModelTopic(Order, keys=["customer", "status"])
# --8<-- [end:model]

# --8<-- [start:only]
large_orders = ModelTopic(Order, only=lambda order: order.total >= 1000, name="shop.large_orders")
# --8<-- [end:only]


# --8<-- [start:bulk]
@transaction.atomic
def import_orders(orders: list[Order]) -> None:
    made = Order.objects.bulk_create(orders)
    order_changes.publish_created(made)


@transaction.atomic
def ship_paid_orders() -> None:
    paid = list(Order.objects.select_for_update().filter(status="paid"))
    shipped = Order.objects.filter(pk__in=[order.pk for order in paid])
    shipped.update(status="shipped")
    order_changes.publish_updated(shipped, before=paid, fields=["status"])


# --8<-- [end:bulk]
