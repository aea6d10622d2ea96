"""The router's own HTTP/1.1 server: an asyncio.Protocol over httptools.

A GraphQL POST goes from bytes to the pipeline and back without ASGI in between; everything else is served by the
application as under any ASGI server. What is bounded: connections, the head, the body, pipelined requests, unread
answers, and the time each of them may take.
"""

from router.door.server import Door, serve_until_stopped

__all__ = ["Door", "serve_until_stopped"]
