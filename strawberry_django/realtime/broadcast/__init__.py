"""One execution for many subscribers: shared subscriptions."""
