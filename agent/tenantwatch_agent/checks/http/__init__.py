"""The probe client: one request on a new connection, every phase timed, everything bounded.

In the way of the data: address, dial, (proxy,) tls, exchange with http1 or http2, visit for redirects, probe
for what is expected of the answer.
"""
