// Talks to echo servers with the client of ws: one conversation for each session.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import WebSocket from 'ws';

const plan = JSON.parse(await readFile(process.argv[2], 'utf8'));
const script = JSON.parse(await readFile(join(plan.conversation, 'conversation.json'), 'utf8'));
for (const line of script.rounds.flat()) {
  line.bytes = await readFile(join(plan.conversation, line.payload));
}
for (const session of plan.sessions) {
  try {
    await within(60_000, talk(session));
    console.log(`session ${session.name} ok`);
  } catch (error) {
    console.log(`session ${session.name} failed ${String(error).replace(/\s+/g, ' ')}`);
  }
}

// A session that hangs must not keep the others from being had.
function within(milliseconds, result) {
  const late = new Promise((_, fail) => {
    setTimeout(() => fail(new Error(`no end after ${milliseconds} ms`)), milliseconds).unref();
  });
  return Promise.race([result, late]);
}

async function talk({ url, deflate }) {
  const perMessageDeflate = { ...deflate, threshold: 0 };
  const ws = new WebSocket(url, { perMessageDeflate, maxPayload: 0 });
  const next = messages(ws);
  await once(ws, 'open');
  for (const round of script.rounds) {
    for (const line of round) send(ws, line);
    for (const { name, text, bytes } of round) {
      const [echo, isBinary] = await next();
      if (isBinary === text || !echo.equals(bytes)) {
        throw new Error(`the echo of ${name} is another message`);
      }
    }
  }
  const closed = once(ws, 'close');
  ws.close(1000, 'done');
  const code = await closed;
  if (code !== 1000) throw new Error(`closed with ${code}`);
}

// With a Ping after each fragment but the last. A cut may go through a character.
function send(ws, { text, bytes, fragments }) {
  const end = (i) => Math.floor((bytes.length * i) / fragments);
  for (let i = 0; i < fragments; i += 1) {
    const fin = i === fragments - 1;
    ws.send(bytes.subarray(end(i), end(i + 1)), { binary: !text, fin });
    if (!fin) ws.ping();
  }
}

// Messages in the order of their arrival, for a reader that asks for one at a time.
function messages(ws) {
  const arrived = [];
  const waiting = [];
  const give = (result) => (waiting.length > 0 ? waiting.shift()(result) : arrived.push(result));
  ws.on('message', (data, isBinary) => give({ message: [data, isBinary] }));
  ws.on('error', (error) => give({ error }));
  ws.on('close', (code) => give({ error: new Error(`closed with ${code}`) }));
  return async () => {
    const result =
      arrived.length > 0 ? arrived.shift() : await new Promise((then) => waiting.push(then));
    if (result.error) throw result.error;
    return result.message;
  };
}

function once(ws, event) {
  return new Promise((then, fail) => {
    ws.once(event, then);
    ws.once('error', fail);
  });
}
