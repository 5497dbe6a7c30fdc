"""asyncpg through pgweir with its defaults: it prepares everything it runs, under names of its own."""
import asyncio
import os
import unittest
from decimal import Decimal

import asyncpg

from server import through_pgweir


async def connect(**settings):
    return await asyncpg.connect(ssl=False, timeout=20, **settings)


class Asyncpg(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.db = await connect()
        await self.db.execute("DROP TABLE IF EXISTS entry; CREATE TABLE entry (id int PRIMARY KEY, name text)")

    async def asyncTearDown(self):
        await self.db.close()

    async def test_prepared_statements_run_many_times_and_among_many_clients(self):
        clients = [await connect() for _ in range(4)]
        statements = []
        for n, client in enumerate(clients):
            # asyncpg prepares with Flush: the server connection is taken until the Sync of the first execution.
            statements.append(await client.prepare(f"SELECT $1::int + {n}000"))
            self.assertEqual(await statements[n].fetchval(0), n * 1000)
        for turn in range(40):
            got = await asyncio.gather(*(statement.fetchval(turn) for statement in statements))
            self.assertEqual(got, [turn + n * 1000 for n in range(4)])
        self.assertEqual(statements[0].get_attributes()[0].type.name, "int4")
        for client in clients:
            await client.close()

    async def test_copy_in_and_out(self):
        records = [(number, f"name {number}") for number in range(20000)]
        self.assertEqual(await self.db.copy_records_to_table("entry", records=records), "COPY 20000")
        pieces = []

        async def collect(piece):
            pieces.append(piece)

        await self.db.copy_from_query("SELECT * FROM entry ORDER BY id LIMIT $1", 3, output=collect, format="csv")
        self.assertEqual(b"".join(pieces), b"0,name 0\n1,name 1\n2,name 2\n")

    async def test_a_bad_row_in_a_copy_is_told_and_the_connection_goes_on(self):
        records = [(number % 9000, None) for number in range(20000)]
        with self.assertRaises(asyncpg.UniqueViolationError):
            await self.db.copy_records_to_table("entry", records=records)
        self.assertEqual(await self.db.fetchval("SELECT count(*) FROM entry"), 0)

    async def test_transactions_nest(self):
        async with self.db.transaction():
            await self.db.execute("INSERT INTO entry VALUES ($1, $2)", 1, "kept")
            with self.assertRaises(ZeroDivisionError):
                async with self.db.transaction():
                    await self.db.execute("INSERT INTO entry VALUES ($1, $2)", 2, "undone")
                    raise ZeroDivisionError
            with self.assertRaises(asyncpg.UniqueViolationError):
                async with self.db.transaction():
                    await self.db.execute("INSERT INTO entry VALUES ($1, $2)", 1, "twice")
        self.assertEqual(await self.db.fetch("SELECT name FROM entry"), [("kept",)])

    async def test_types_are_looked_up_in_the_catalogue(self):
        await self.db.execute("DROP TYPE IF EXISTS pair; DROP TYPE IF EXISTS mood")
        await self.db.execute("CREATE TYPE mood AS ENUM ('sad', 'happy')")
        await self.db.execute("CREATE TYPE pair AS (left_one int, right_one mood)")
        fresh = await connect()
        got = await fresh.fetchval("SELECT ARRAY[ROW(1, 'happy')::pair, ROW(2, $1)::pair]", "sad")
        self.assertEqual([tuple(one) for one in got], [(1, "happy"), (2, "sad")])
        self.assertEqual(await fresh.fetchval("SELECT $1::numeric[]", [Decimal("1.50")]), [Decimal("1.50")])
        await fresh.close()

    async def test_a_cursor_reads_in_pieces(self):
        async with self.db.transaction():
            got = [row[0] async for row in self.db.cursor("SELECT generate_series(1, $1::int)", 1000, prefetch=7)]
            cursor = await self.db.cursor("SELECT generate_series(1, 20)")
            await cursor.forward(5)
            self.assertEqual((await cursor.fetchrow())[0], 6)
        self.assertEqual(got, list(range(1, 1001)))

    async def test_a_timeout_cancels_the_query_and_no_other(self):
        other = await connect()
        with self.assertRaises(asyncio.TimeoutError):
            await self.db.fetch("SELECT pg_sleep(60)", timeout=0.2)
        for number in range(20):
            self.assertEqual(await other.fetchval("SELECT $1::int", number), number)
            self.assertEqual(await self.db.fetchval("SELECT $1::int", number), number)
        running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active'"
        self.assertEqual(await other.fetchval(running + " AND pid <> pg_backend_pid()"), 0)
        await other.close()

    async def test_executemany_writes_all_or_nothing(self):
        await self.db.executemany("INSERT INTO entry VALUES ($1, $2)", [(n, str(n)) for n in range(3000)])
        with self.assertRaises(asyncpg.UniqueViolationError):
            await self.db.executemany("INSERT INTO entry VALUES ($1, $2)", [(5000, ""), (1, ""), (5001, "")])
        self.assertEqual(await self.db.fetchval("SELECT count(*) FROM entry"), 3000)

    @through_pgweir
    async def test_a_pool_of_clients_shares_five_server_connections(self):
        async with asyncpg.create_pool(ssl=False, min_size=10, max_size=10) as pool:

            async def work(number):
                async with pool.acquire() as client, client.transaction():
                    first = await client.fetchval("SELECT pg_backend_pid() + $1 * 0", number)
                    return first, await client.fetchval("SELECT pg_backend_pid() + $1 * 0", number)

            pairs = await asyncio.gather(*(work(number) for number in range(100)))
        self.assertTrue(all(first == second for first, second in pairs))
        self.assertLessEqual(len({first for first, _ in pairs}), 5)

    async def test_the_server_is_behind_it(self):
        self.assertEqual(await self.db.fetchval("SELECT inet_server_port()"), int(os.environ["SERVER_PORT"]))


if __name__ == "__main__":
    unittest.main()
