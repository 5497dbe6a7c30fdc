// postgres.js through pgweir with its defaults: it pipelines, and prepares everything that has parameters.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import postgres from 'postgres';

import {expectAlways, untilRunning} from './support.js';

const connect = (settings) =>
  postgres({onnotice: () => {}, connect_timeout: 20, ...settings});
const sql = connect({max: 10});

before(() => sql`CREATE TABLE book (id int PRIMARY KEY, title text, tags text[], doc jsonb)`);
after(() => sql.end());

// Runs `use` with one connection of its own.
async function withOne(settings, use) {
  const one = connect({max: 1, ...settings});
  try {
    return await use(one);
  } finally {
    await one.end();
  }
}

test('values of many types come back as they went', async () => {
  const day = new Date('2026-01-02T03:04:05.678Z');
  const doc = {deep: [1, null]};
  const [got] = await sql`
    SELECT ${7}::int AS i, ${'ü'}::text AS t, ${sql.json(doc)}::jsonb AS j, ${sql.array([1, 2])}::int[] AS a,
           ${Buffer.from([0, 255])}::bytea AS b, ${day}::timestamptz AS d, ${null}::text AS n, ${true}::bool AS f`;
  assert.deepEqual({...got}, {i: 7, t: 'ü', j: doc, a: [1, 2], b: Buffer.from([0, 255]), d: day, n: null, f: true});
});

test('many queries at once, pipelined on few connections', async () => {
  const got = await Promise.all(Array.from({length: 500}, (_, n) => sql`SELECT ${n}::int AS n`));
  assert.deepEqual(got.map(([row]) => row.n), Array.from({length: 500}, (_, n) => n));
});

test('rows are inserted, updated and removed by helpers', async () => {
  await sql`TRUNCATE book`;
  const books = [{id: 1, title: 'one'}, {id: 2, title: 'two'}, {id: 3, title: null}];
  assert.equal((await sql`INSERT INTO book ${sql(books, 'id', 'title')}`).count, 3);
  await sql`UPDATE book SET ${sql({title: 'three', tags: ['x', 'y,z']})} WHERE id = ${3}`;
  assert.equal((await sql`DELETE FROM book WHERE id IN ${sql([1, 2])} RETURNING id`).length, 2);
  assert.deepEqual((await sql`SELECT id, title, tags FROM ${sql('book')}`).map((row) => ({...row})),
                   [{id: 3, title: 'three', tags: ['x', 'y,z']}]);
});

test('a transaction with a savepoint that is rolled back', async () => {
  await sql`TRUNCATE book`;
  await sql.begin(async (tx) => {
    await tx`INSERT INTO book (id) VALUES (1)`;
    await assert.rejects(tx.savepoint(async (inner) => {
      await inner`INSERT INTO book (id) VALUES (2)`;
      await inner`INSERT INTO book (id) VALUES (1)`;
    }), {code: '23505'});
    await tx.savepoint('named', (inner) => inner`INSERT INTO book (id) VALUES (3)`);
  });
  assert.deepEqual((await sql`SELECT id FROM book ORDER BY id`).map(({id}) => id), [1, 3]);
});

test('a transaction that fails leaves nothing, and its isolation level is its own', async () => {
  await sql`TRUNCATE book`;
  await assert.rejects(sql.begin('isolation level serializable read write', async (tx) => {
    assert.equal((await tx`SHOW transaction_isolation`)[0].transaction_isolation, 'serializable');
    await tx`INSERT INTO book (id) VALUES (1)`;
    throw new Error('changed my mind');
  }), /changed my mind/);
  await expectAlways(async () => (await sql`SELECT count(*)::int AS n FROM book`)[0].n, 0);
  await expectAlways(async () => (await sql`SHOW transaction_isolation`)[0].transaction_isolation, 'read committed');
});

test('a pipeline in a transaction', async () => {
  const got = await sql.begin((tx) => [tx`SELECT 1 AS n`, tx`SELECT ${2}::int AS n`, tx`SELECT 3 AS n`]);
  assert.deepEqual(got.map(([row]) => row.n), [1, 2, 3]);
});

test('a cursor reads in pieces, and may be left early', async () => {
  const got = [];
  await sql`SELECT generate_series(1, 1000) AS n`.cursor(97, (rows) => { got.push(...rows.map(({n}) => n)); });
  assert.deepEqual(got, Array.from({length: 1000}, (_, n) => n + 1));
  for await (const [row] of sql`SELECT generate_series(1, ${1000}::int) AS n`.cursor()) if (row.n === 5) break;
  await expectAlways(async () => (await sql`SELECT 1 AS one`)[0].one, 1);
});

test('rows are handled one by one as they come', async () => {
  let sum = 0;
  await sql`SELECT generate_series(1, 20000) AS n`.forEach(({n}) => { sum += n; });
  assert.equal(sum, 20000 * 20001 / 2);
});

test('COPY as streams, both ways', async () => {
  await sql`TRUNCATE book`;
  const into = await sql`COPY book (id, title) FROM STDIN`.writable();
  await new Promise((resolve, reject) => {
    into.on('finish', resolve).on('error', reject);
    for (let n = 0; n < 5000; ++n) into.write(`${n}\ttitle ${n}\n`);
    into.end();
  });
  // No more than its stream buffers: the driver would not read on after the end of a longer one.
  const out = await sql`COPY (SELECT id, title FROM book ORDER BY id LIMIT 500) TO STDOUT`.readable();
  const pieces = [];
  for await (const piece of out) pieces.push(piece);
  assert.equal(Buffer.concat(pieces).toString(), Array.from({length: 500}, (_, n) => `${n}\ttitle ${n}\n`).join(''));
  await expectAlways(async () => (await sql`SELECT count(*)::int AS n FROM book`)[0].n, 5000);
});

test('listen and notify', async () => {
  const heard = [];
  let done;
  const all = new Promise((resolve) => { done = resolve; });
  const {unlisten} = await sql.listen('news', (payload) => {
    heard.push(payload);
    if (heard.length === 5) done();
  });
  for (let n = 0; n < 5; ++n) await sql.notify('news', String(n));
  await all;
  assert.deepEqual(heard, ['0', '1', '2', '3', '4']);
  await unlisten();
});

test('cancel ends the query that it is for', async () => {
  let key;
  // The driver cannot send a key whose first bit is set: half of them are such, wherever they come from.
  do {
    await withOne({}, async (one) => {
      const first = one`SELECT 1`;
      await first;
      key = first.state.secret;
      if (key >= 2 ** 31) return;
      const query = one.unsafe('SELECT pg_sleep(60) /* postgres.js */');
      const failed = assert.rejects(query, {code: '57014'});
      await untilRunning('SELECT pg_sleep(60) /* postgres.js */');
      query.cancel();
      await failed;
      assert.equal((await one`SELECT 5 AS five`)[0].five, 5);
    });
  } while (key >= 2 ** 31);
});

test('parameters of the connection hold, and what is set follows it', async () => {
  const connection = {application_name: 'mine', search_path: 'pg_catalog', statement_timeout: 77000, 'myapp.tenant': 'ann'};
  await withOne({connection}, async (one) => {
    const show = async (name) => (await one`SELECT current_setting(${name}) AS value`)[0].value;
    await expectAlways(() => show('application_name'), 'mine');
    await expectAlways(() => show('search_path'), 'pg_catalog');
    await expectAlways(() => show('statement_timeout'), '77s');
    await expectAlways(() => show('myapp.tenant'), 'ann');
    await one`SET TimeZone = 'Asia/Tokyo'`;
    await expectAlways(() => show('TimeZone'), 'Asia/Tokyo');
    assert.equal(one.parameters.TimeZone, 'Asia/Tokyo');
    await one`SELECT set_config('myapp.tenant', ${'bob'}, false)`;
    await expectAlways(() => show('myapp.tenant'), 'bob');
  });
  await expectAlways(async () => (await sql`SELECT coalesce(current_setting('myapp.tenant', true), '') AS u`)[0].u, '');
});

test('a reserved connection keeps its temporary table and its lock', async () => {
  await withOne({}, async (one) => {
    await one`CREATE TEMP TABLE scratch AS SELECT 1 AS a`;
    await one`SELECT pg_advisory_lock(3)`;
    await expectAlways(async () => (await one`SELECT count(*)::int AS n FROM scratch`)[0].n, 1);
    await expectAlways(async () => (await sql`SELECT pg_try_advisory_lock(3) AS got`)[0].got, false);
    await assert.rejects(sql`SELECT FROM scratch`, {code: '42P01'});
  });
});

test('errors carry what the server says of them', async () => {
  await sql`TRUNCATE book`;
  await sql`INSERT INTO book (id) VALUES (1)`;
  await assert.rejects(sql`INSERT INTO book (id) VALUES (${1})`,
                       {code: '23505', constraint_name: 'book_pkey', table_name: 'book', severity: 'ERROR'});
  await assert.rejects(sql`SELECT * FROM missing WHERE a = ${1}`, {code: '42P01', position: '15'});
});

test('a table that changes between executions is prepared again', async () => {
  await withOne({}, async (one) => {
    await one`CREATE TABLE growing AS SELECT 1 AS a`;
    const ask = async () => Object.keys((await one`SELECT * FROM growing WHERE a = ${1}`)[0]).length;
    await expectAlways(ask, 1);
    await sql`ALTER TABLE growing ADD COLUMN b int`;
    await expectAlways(ask, 2);
  });
});

test('a simple query of several statements gives several results', async () => {
  const got = await sql`SELECT 1 AS a; SELECT 'x' AS b`.simple();
  assert.deepEqual(got.map(([row]) => ({...row})), [{a: 1}, {b: 'x'}]);
});
