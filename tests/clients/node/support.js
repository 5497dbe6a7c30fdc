// What the tests of both drivers need.
import assert from 'node:assert/strict';
import pg from 'pg';

// More than there are server connections.
export const turns = 7;

// Runs `use` with a client of its own.
export async function withClient(settings, use) {
  const client = new pg.Client(settings);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

// Returns when a query of exactly this text runs on the server.
export async function untilRunning(text) {
  const running = "SELECT FROM pg_stat_activity WHERE state = 'active' AND query = $1";
  await withClient({port: Number(process.env.SERVER_PORT)}, async (server) => {
    while ((await server.query(running, [text])).rowCount === 0);
  });
}

// `ask` gives the same in every turn.
export async function expectAlways(ask, expected) {
  for (let turn = 0; turn < turns; ++turn) assert.deepEqual(await ask(), expected);
}
