// Echo servers made with ws: one for each session.

import { readFile } from 'node:fs/promises';
import { WebSocketServer } from 'ws';

const plan = JSON.parse(await readFile(process.argv[2], 'utf8'));
for (const { name, deflate } of plan.sessions) {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    maxPayload: 0,
    perMessageDeflate: { ...deflate, threshold: 0 },
  });
  server.on('listening', () => console.log(`listening ${name} ${server.address().port}`));
  server.on('connection', (ws) => {
    ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
    ws.on('error', (error) => console.error(`${name}: ${error}`));
  });
}
