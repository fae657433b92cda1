"""A simulated Entra tenant: sign-in, admin consent and Microsoft Graph v1.0, as much of them as a directory sync uses."""
