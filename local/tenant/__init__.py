"""A simulated Entra tenant: sign-in, admin consent and Microsoft Graph v1.0, as much of them as a directory sync uses.

async with serve(generate(2000, seed=1), [Throttle(page=2, times=1)]) as running:
    running.graph_url, running.token, running.requests.counts, running.control.hire("Ann Lee", groups=["Sales"])
"""
