// What a session keeps from one query to the next, with node-postgres: every query may meet another server connection.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import pg from 'pg';
import Cursor from 'pg-cursor';

import {expectAlways, turns, withClient} from './support.js';

const value = (client, text, values) =>
  client.query({text, values, rowMode: 'array'}).then(({rows}) => rows[0][0]);

// Two clients: what one of them does the other must not see.
const withTwo = (use) => withClient({}, (one) => withClient({}, (other) => use(one, other)));

test('settings of the connection hold, and RESET returns to them', async () => {
  const settings = {statement_timeout: 77000, application_name: 'mine', options: '-c work_mem=99kB'};
  await withClient(settings, async (client) => {
    await expectAlways(() => value(client, 'SHOW statement_timeout'), '77s');
    await client.query("SET statement_timeout = '5s'");
    await expectAlways(() => value(client, 'SHOW statement_timeout'), '5s');
    await client.query('RESET ALL');
    await expectAlways(() => value(client, 'SHOW statement_timeout'), '77s');
    await expectAlways(() => value(client, 'SHOW work_mem'), '99kB');
    await expectAlways(() => value(client, 'SHOW application_name'), 'mine');
  });
});

test('a setting is seen by its session alone', () => withTwo(async (one, other) => {
  await one.query("SET TimeZone = 'Asia/Tokyo'; SET IntervalStyle = 'iso_8601'");
  await other.query("SELECT set_config('myapp.tenant', 'ann', false)");
  await expectAlways(() => value(one, "SELECT '2026-01-01 00:00Z'::timestamptz::text"), '2026-01-01 09:00:00+09');
  await expectAlways(() => value(one, "SELECT '1 day'::interval::text"), 'P1D');
  await expectAlways(() => value(other, "SELECT '1 day'::interval::text"), '1 day');
  await expectAlways(() => value(other, "SELECT current_setting('myapp.tenant')"), 'ann');
  await expectAlways(() => value(one, "SELECT coalesce(current_setting('myapp.tenant', true), '')"), '');
}));

test('a setting is gone with the transaction that failed', () => withTwo(async (one) => {
  const before = await value(one, 'SHOW work_mem');
  await one.query('BEGIN');
  await one.query("SET work_mem = '77kB'");
  await assert.rejects(one.query('SELECT 1 / 0'), {code: '22012'});
  await assert.rejects(one.query('SELECT 1'), {code: '25P02'});
  await one.query('COMMIT');
  await expectAlways(() => value(one, 'SHOW work_mem'), before);
}));

test('savepoints undo what came behind them', () => withTwo(async (one) => {
  await one.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await one.query('CREATE TABLE saved (a int)');
  await one.query('SAVEPOINT s');
  await one.query('INSERT INTO saved VALUES (1)');
  await one.query("SET myapp.step = 'undone'");
  await one.query('ROLLBACK TO s');
  await one.query('INSERT INTO saved VALUES ($1)', [2]);
  await one.query('RELEASE s');
  await one.query('COMMIT');
  await expectAlways(() => value(one, 'SELECT a FROM saved'), 2);
  await expectAlways(() => value(one, "SELECT coalesce(current_setting('myapp.step', true), '')"), '');
}));

test('a temporary table belongs to its session', () => withTwo(async (one, other) => {
  await one.query('CREATE TEMP TABLE scratch AS SELECT 1 AS a');
  for (let turn = 0; turn < turns; ++turn) await one.query('INSERT INTO scratch VALUES ($1)', [turn]);
  await expectAlways(() => value(one, 'SELECT count(*)::int FROM scratch'), turns + 1);
  await assert.rejects(other.query('SELECT FROM scratch'), {code: '42P01'});
}));

test('a session lock is held until it is unlocked', () => withTwo(async (one, other) => {
  const tryLock = () => value(other, 'SELECT pg_try_advisory_lock(1, 2)');
  await one.query('SELECT pg_advisory_lock(1, 2)');
  await expectAlways(tryLock, false);
  assert.equal(await value(one, 'SELECT pg_advisory_unlock(1, 2)'), true);
  assert.equal(await tryLock(), true);
}));

test('notifications come in order, also from oneself', () => withTwo(async (one, other) => {
  const heard = [];
  const all = new Promise((resolve) => {
    one.on('notification', ({channel, payload}) => {
      heard.push(`${channel} ${payload}`);
      if (heard.length === 12) resolve();
    });
  });
  await one.query('LISTEN "Some News"');
  for (let n = 0; n < 10; ++n) await other.query(`NOTIFY "Some News", '${n}'`);
  await one.query("SELECT pg_notify('Some News', 'mine')");
  await other.query("BEGIN; NOTIFY \"Some News\", 'undone'; ROLLBACK");
  await other.query("NOTIFY \"Some News\", 'last'");
  await all;
  assert.deepEqual(heard, [...Array(10).keys(), 'mine', 'last'].map((payload) => `Some News ${payload}`));
  await one.query('UNLISTEN *');
  await expectAlways(() => one.query('SELECT pg_listening_channels()').then(({rows}) => rows), []);
}));

test('a cursor reads in pieces, and may be left early', () => withTwo(async (one) => {
  const cursor = one.query(new Cursor('SELECT generate_series(1, $1) AS n', [1000]));
  const got = [];
  for (let rows = await cursor.read(300); rows.length > 0; rows = await cursor.read(300)) got.push(...rows);
  assert.deepEqual(got.map(({n}) => n), Array.from({length: 1000}, (_, n) => n + 1));
  await cursor.close();
  const left = one.query(new Cursor('SELECT generate_series(1, 100000)'));
  assert.equal((await left.read(10)).length, 10);
  await left.close();
  await expectAlways(() => value(one, 'SELECT 1'), 1);
}));

test('a cursor declared WITH HOLD is read after its transaction', () => withTwo(async (one) => {
  await one.query('BEGIN; DECLARE held CURSOR WITH HOLD FOR SELECT generate_series(1, 20) AS n; COMMIT');
  for (let n = 1; n <= 20; ++n) assert.equal(await value(one, 'FETCH held'), n);
  await one.query('CLOSE held');
  await assert.rejects(one.query('FETCH held'), {code: '34000'});
}));

test('a client that is reset by DISCARD ALL prepares its statements again', () => withTwo(async (one) => {
  await one.query('PREPARE mine AS SELECT 7 AS seven');
  await expectAlways(() => value(one, 'EXECUTE mine'), 7);
  await one.query('DISCARD ALL');
  await assert.rejects(one.query('EXECUTE mine'), {code: '26000'});
}));

test('the pool of the driver keeps what it sets for each of its clients', async () => {
  const pool = new pg.Pool({max: 12});
  pool.on('connect', (client) => client.query("SET search_path = pg_catalog, pg_temp; SET DateStyle = 'ISO, DMY'"));
  const ask = "SELECT current_setting('search_path') AS path, '01/02/2026'::date::text AS day";
  const results = await Promise.all(Array.from({length: 100}, () => pool.query(ask)));
  for (const {rows} of results) assert.deepEqual(rows, [{path: 'pg_catalog, pg_temp', day: '2026-02-01'}]);
  await pool.end();
});

test('a query that times out by the server is cancelled, and the client goes on', () => withTwo(async (one) => {
  await one.query('SET statement_timeout = 100');
  await assert.rejects(one.query('SELECT pg_sleep(60)'), {code: '57014'});
  await expectAlways(() => value(one, 'SELECT 1'), 1);
}));
