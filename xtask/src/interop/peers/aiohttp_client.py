"""Talks to echo servers with the client of aiohttp: one conversation for each session."""

import asyncio

import aiohttp

import session


async def talk(http, url, deflate, rounds):
    async with http.ws_connect(url, compress=deflate["bits"], max_msg_size=0) as ws:
        for said in rounds:
            for _, payload, _ in said:
                await (ws.send_str if isinstance(payload, str) else ws.send_bytes)(payload)
            for name, payload, _ in said:
                message = await ws.receive()
                wanted = aiohttp.WSMsgType.TEXT if isinstance(payload, str) else aiohttp.WSMsgType.BINARY
                if message.type is not wanted or message.data != payload:
                    raise ValueError(f"the echo of {name} is another message: {message.type}")
        await ws.close(code=1000, message=b"done")
        if ws.close_code != 1000:
            raise ValueError(f"closed with {ws.close_code}")


async def main():
    rounds, sessions = session.sessions()
    async with aiohttp.ClientSession() as http:
        for one in sessions:
            try:
                await asyncio.wait_for(talk(http, one["url"], one["deflate"], rounds), 60)
            except Exception as error:
                session.failed(one, error)
            else:
                session.ok(one)


asyncio.run(main())
