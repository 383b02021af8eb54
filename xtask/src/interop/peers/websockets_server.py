"""Echo servers made with websockets: one for each session."""

import asyncio

from websockets.asyncio.server import serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

import session


async def echo(ws):
    async for message in ws:
        await ws.send(message)


async def main():
    _, sessions = session.sessions()
    servers = []
    for one in sessions:
        told = session.compression(one["deflate"], ServerPerMessageDeflateFactory)
        server = await serve(echo, "127.0.0.1", 0, max_size=None, **told)
        servers.append(server)
        session.listening(one, server.sockets[0].getsockname()[1])
    await asyncio.Future()


asyncio.run(main())
