"""Users, groups and memberships from Microsoft Entra ID into a directory of its own."""
