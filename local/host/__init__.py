"""A stand-in for the Azure Functions host on one machine. It is not Microsoft's: it indexes and runs function_app.py through Microsoft's
worker library for Python (azure-functions-runtime) and serves HTTP, queue and timer triggers by the rules that the real host is known
to follow.

Not built: function keys (Functions Core Tools asks for none either), blob and other triggers, output bindings other than the HTTP
answer, retry policies, the timers' status blob (so a timer is never past due), restarting the worker process when a function times
out.
"""
