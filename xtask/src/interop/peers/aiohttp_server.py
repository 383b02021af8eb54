"""Echo servers made with aiohttp: one for each session."""

import asyncio

from aiohttp import WSMsgType, web

import session


async def echo(request):
    ws = web.WebSocketResponse(max_msg_size=0)
    await ws.prepare(request)
    async for message in ws:
        if message.type is WSMsgType.TEXT:
            await ws.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await ws.send_bytes(message.data)
    return ws


def application():
    app = web.Application()
    app.router.add_get("/", echo)
    return app


async def main():
    _, sessions = session.sessions()
    runners = []
    for one in sessions:
        runner = web.AppRunner(application())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        runners.append(runner)
        session.listening(one, runner.addresses[0][1])
    await asyncio.Future()


asyncio.run(main())
