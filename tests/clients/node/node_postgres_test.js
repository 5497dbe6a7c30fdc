// node-postgres through pgweir, as an application uses it.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import pg from 'pg';

import {untilRunning, withClient} from './support.js';

const pool = new pg.Pool({max: 10});

before(() => pool.query('CREATE TABLE account (id int PRIMARY KEY, name text UNIQUE, balance numeric)'));
after(() => pool.end());

test('parameters and results of many types', async () => {
  const {rows, fields} = await pool.query(
      'SELECT $1::int AS i, $2::text AS t, $3::jsonb AS j, $4::int[] AS a, $5::bytea AS b, null AS n',
      [7, 'ü', {deep: [1]}, [1, 2], Buffer.from([0, 255])]);
  assert.deepEqual(rows, [{i: 7, t: 'ü', j: {deep: [1]}, a: [1, 2], b: Buffer.from([0, 255]), n: null}]);
  assert.deepEqual(fields.map((field) => field.name), ['i', 't', 'j', 'a', 'b', 'n']);
});

test('a named statement runs on every server connection', async () => {
  const query = (n) => pool.query({name: 'add', text: 'SELECT $1::int + 1 AS sum', values: [n]});
  const results = await Promise.all(Array.from({length: 200}, (_, n) => query(n)));
  assert.deepEqual(results.map(({rows}) => rows[0].sum), Array.from({length: 200}, (_, n) => n + 1));
});

test('equal names of two clients mean different statements', async () => {
  await withClient({}, (one) => withClient({}, async (other) => {
    for (let turn = 0; turn < 20; ++turn) {
      const [mine, theirs] = await Promise.all([
        one.query({name: 'same', text: "SELECT 'one' AS who, $1::int AS turn", values: [turn]}),
        other.query({name: 'same', text: "SELECT $1::int AS turn, 'other' AS who", values: [turn]}),
      ]);
      assert.deepEqual(mine.rows, [{who: 'one', turn}]);
      assert.deepEqual(theirs.rows, [{turn, who: 'other'}]);
    }
  }));
});

test('a pool of clients works in transactions', async () => {
  await pool.query('TRUNCATE account');
  await pool.query("INSERT INTO account VALUES (1, 'a', 0), (2, 'b', 0)");
  await Promise.all(Array.from({length: 60}, async (_, n) => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('UPDATE account SET balance = balance + $1 WHERE id = 1', [n]);
      await client.query('UPDATE account SET balance = balance - $1 WHERE id = 2', [n]);
      await client.query(n % 3 === 0 ? 'ROLLBACK' : 'COMMIT');
    } finally {
      client.release();
    }
  }));
  const {rows} = await pool.query('SELECT balance::int AS balance FROM account ORDER BY id');
  const expected = Array.from({length: 60}, (_, n) => n).filter((n) => n % 3 !== 0).reduce((a, b) => a + b);
  assert.deepEqual(rows, [{balance: expected}, {balance: -expected}]);
});

test('errors carry their code and leave the client usable', async () => {
  await withClient({}, async (client) => {
    await client.query("INSERT INTO account VALUES (10, 'ten', 0) ON CONFLICT DO NOTHING");
    await assert.rejects(client.query("INSERT INTO account VALUES (10, 'again', 0)"),
                         {code: '23505', constraint: 'account_pkey'});
    await assert.rejects(client.query('SELECT $1::int', ['no number']), {code: '22P02'});
    await assert.rejects(client.query({name: 'broken', text: 'SELECT * FROM missing'}), {code: '42P01'});
    const {rows} = await client.query({name: 'broken', text: 'SELECT 1 AS one'});
    assert.deepEqual(rows, [{one: 1}]);
  });
});

test('several statements in one query give several results', async () => {
  const results = await pool.query("SELECT 1 AS a; SELECT 2 AS b; SELECT 'x' AS c");
  assert.deepEqual(results.map(({rows}) => rows[0]), [{a: 1}, {b: 2}, {c: 'x'}]);
});

test('cancel ends the query of its client', async () => {
  await withClient({}, async (client) => {
    const query = new pg.Query('SELECT pg_sleep(60) /* node */');
    const failed = new Promise((resolve) => query.on('error', resolve));
    client.query(query);
    await untilRunning('SELECT pg_sleep(60) /* node */');
    new pg.Client().cancel(client, query);
    assert.equal((await failed).code, '57014');
    assert.deepEqual((await client.query('SELECT 5 AS five')).rows, [{five: 5}]);
  });
});

test('a large result and a large parameter', async () => {
  const text = 'ü'.repeat(3_000_000);
  const {rows} = await pool.query('SELECT $1::text AS back, length($1) AS length', [text]);
  assert.equal(rows[0].length, 3_000_000);
  assert.ok(rows[0].back === text);
  const many = await pool.query('SELECT g FROM generate_series(1, 100000) g');
  assert.equal(many.rows.length, 100000);
});

test('a wrong password is refused as PostgreSQL refuses it', async () => {
  const client = new pg.Client({password: 'wrong'});
  await assert.rejects(client.connect(), {code: '28P01'});
});
