"""Who may enter, who that is, and who may stay."""
