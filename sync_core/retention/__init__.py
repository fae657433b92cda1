"""How long what happened is kept, and what is forgotten earlier (D-35): the log 400 days, changes 90; of a deleted user, ids only."""
