"""Talks to echo servers with the client of websockets: one conversation for each session."""

import asyncio

from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

import session


async def talk(url, deflate, rounds):
    told = session.compression(deflate, ClientPerMessageDeflateFactory)
    async with connect(url, max_size=None, proxy=None, **told) as ws:
        for said in rounds:
            for _, payload, fragments in said:
                await ws.send(payload if fragments <= 1 else pieces(ws, payload, fragments))
            for name, payload, _ in said:
                echo = await ws.recv()
                if echo != payload:
                    raise ValueError(f"the echo of {name} is another message")
        await ws.close(1000, "done")
        if ws.close_code != 1000:
            raise ValueError(f"closed with {ws.close_code}")


async def pieces(ws, payload, count):
    """The fragments of a message, with a Ping after each."""
    for piece in session.cut(payload, count):
        yield piece
        await ws.ping()


async def main():
    rounds, sessions = session.sessions()
    for one in sessions:
        try:
            await asyncio.wait_for(talk(one["url"], one["deflate"], rounds), 60)
        except Exception as error:
            session.failed(one, error)
        else:
            session.ok(one)


asyncio.run(main())
