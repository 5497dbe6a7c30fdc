"""What a session keeps from one statement to the next, with asyncpg: every statement may meet another server connection."""
import asyncio
import datetime
import unittest

import asyncpg

TURNS = 7  # more than there are server connections


async def connect(**settings):
    return await asyncpg.connect(ssl=False, timeout=20, **settings)


class AsyncpgSession(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.db = await connect()
        self.other = await connect()

    async def asyncTearDown(self):
        await self.db.close()
        await self.other.close()

    async def expect(self, db, query, expected):
        for _ in range(TURNS):
            self.assertEqual(await db.fetchval(query), expected)

    async def test_server_settings_of_the_connection_hold_and_reset_returns_to_them(self):
        db = await connect(server_settings={"search_path": "pg_catalog", "work_mem": "99kB", "application_name": "mine"})
        await self.expect(db, "SHOW work_mem", "99kB")
        await db.execute("SET work_mem = '77kB'")
        await self.expect(db, "SHOW work_mem", "77kB")
        await db.execute("RESET ALL")
        await self.expect(db, "SHOW work_mem", "99kB")
        await self.expect(db, "SHOW search_path", "pg_catalog")
        await self.expect(db, "SHOW application_name", "mine")
        await db.close()

    async def test_the_settings_that_the_driver_is_told_of_are_those_of_its_session(self):
        await self.db.execute("SET TimeZone = 'Asia/Tokyo'")
        for _ in range(TURNS):
            self.assertEqual(self.db.get_settings().TimeZone, "Asia/Tokyo")
            moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
            self.assertEqual(await self.db.fetchval("SELECT '2026-01-01 09:00'::timestamptz"), moment)
            self.assertEqual(await self.db.fetchval("SELECT $1::timestamptz::text", moment), "2026-01-01 09:00:00+09")
        self.assertNotEqual(self.other.get_settings().TimeZone, "Asia/Tokyo")

    async def test_transactions_of_each_isolation_level(self):
        for level in ("read_committed", "repeatable_read", "serializable"):
            async with self.db.transaction(isolation=level, readonly=True):
                self.assertEqual(await self.db.fetchval("SHOW transaction_isolation"), level.replace("_", " "))
                with self.assertRaises(asyncpg.ReadOnlySQLTransactionError):
                    async with self.db.transaction():
                        await self.db.execute("CREATE TABLE never (a int)")
        async with self.db.transaction(isolation="serializable", readonly=True, deferrable=True):
            self.assertEqual(await self.db.fetchval("SHOW transaction_deferrable"), "on")
        await self.expect(self.db, "SHOW transaction_isolation", "read committed")

    async def test_a_listener_hears_what_others_notify(self):
        heard = asyncio.Queue()
        await self.db.add_listener("news", lambda _db, pid, channel, payload: heard.put_nowait((channel, payload)))
        for number in range(5):
            await self.other.execute("SELECT pg_notify('news', $1)", str(number))
        got = [await asyncio.wait_for(heard.get(), 20) for _ in range(5)]
        self.assertEqual(got, [("news", str(number)) for number in range(5)])
        await self.db.reset()
        self.assertEqual(await self.db.fetch("SELECT pg_listening_channels()"), [])

    async def test_a_listener_hears_its_own_notifications(self):
        heard = asyncio.Queue()
        await self.db.add_listener("echo", lambda _db, pid, channel, payload: heard.put_nowait((pid, payload)))
        await self.db.execute("NOTIFY echo, 'to myself'")
        _, payload = await asyncio.wait_for(heard.get(), 20)
        self.assertEqual(payload, "to myself")

    # The driver sends no Sync behind what it prepares.
    async def test_sql_names_what_the_driver_has_prepared(self):
        for turn in range(TURNS):
            statement = await self.db.prepare(f"SELECT {turn}")
            self.assertEqual(await self.db.fetchval(f"EXECUTE {statement.get_name()}"), turn)
            self.assertEqual(await statement.fetchval(), turn)

    async def test_a_temporary_table_filled_by_copy(self):
        await self.db.execute("CREATE TEMP TABLE scratch (a int, b text)")
        await self.db.copy_records_to_table("scratch", records=[(n, str(n)) for n in range(100)])
        await self.expect(self.db, "SELECT sum(a) FROM scratch", 4950)
        with self.assertRaises(asyncpg.UndefinedTableError):
            await self.other.fetchval("SELECT count(*) FROM scratch")
        await self.db.execute("DROP TABLE scratch")

    async def test_session_locks_are_kept_and_are_gone_after_a_reset(self):
        await self.db.execute("SELECT pg_advisory_lock(7)")
        await self.expect(self.other, "SELECT pg_try_advisory_lock(7)", False)
        await self.db.reset()
        self.assertTrue(await self.other.fetchval("SELECT pg_try_advisory_lock(7)"))
        self.assertTrue(await self.other.fetchval("SELECT pg_advisory_unlock(7)"))

    async def test_a_released_connection_of_a_pool_keeps_nothing(self):
        async with asyncpg.create_pool(ssl=False, min_size=1, max_size=1, server_settings={"work_mem": "99kB"}) as pool:
            async with pool.acquire() as db:
                await db.execute("SET work_mem = '77kB'; SET myapp.tenant = 'ann'; CREATE TEMP TABLE scratch (a int)")
                self.assertEqual(await db.fetchval("SHOW work_mem"), "77kB")
            async with pool.acquire() as db:
                await self.expect(db, "SHOW work_mem", "99kB")
                self.assertIn(await db.fetchval("SELECT current_setting('myapp.tenant', true)"), (None, ""))

    async def test_many_tasks_in_a_pool_each_with_its_own_user(self):
        async with asyncpg.create_pool(ssl=False, min_size=12, max_size=12) as pool:

            async def work(number):
                async with pool.acquire() as db:
                    async with db.transaction():
                        await db.execute("SELECT set_config('myapp.tenant', $1, true)", str(number))
                        local = await db.fetchval("SELECT current_setting('myapp.tenant')")
                    await db.execute(f"SET myapp.tenant = 'u{number}'")
                    return local, await db.fetchval("SELECT current_setting('myapp.tenant')")

            got = await asyncio.gather(*(work(number) for number in range(60)))
        self.assertEqual(got, [(str(number), f"u{number}") for number in range(60)])

    async def test_a_cursor_outside_a_transaction_is_refused(self):
        with self.assertRaises(asyncpg.NoActiveSQLTransactionError):
            await self.db.cursor("SELECT 1")

    async def test_statements_are_told_apart_although_their_parameters_differ_in_type_alone(self):
        for db, value in ((self.db, 1), (self.other, "1")):
            query = f"SELECT pg_typeof($1::{'int' if value == 1 else 'text'})::text"
            await self.expect_with(db, query, value, "integer" if value == 1 else "text")

    async def expect_with(self, db, query, value, expected):
        for _ in range(TURNS):
            self.assertEqual(await db.fetchval(query, value), expected)

    async def test_a_codec_of_ones_own_and_a_type_that_changes(self):
        await self.db.execute("DROP TYPE IF EXISTS colour CASCADE; CREATE TYPE colour AS ENUM ('red')")
        self.assertEqual(await self.db.fetchval("SELECT 'red'::colour"), "red")
        await self.other.execute("ALTER TYPE colour ADD VALUE 'blue'")
        for _ in range(TURNS):
            self.assertEqual(await self.db.fetchval("SELECT $1::colour", "blue"), "blue")
        await self.db.set_type_codec("json", schema="pg_catalog", encoder=str, decoder=lambda text: ("json", text))
        await self.expect(self.db, "SELECT '[1]'::json", ("json", "[1]"))

    # The driver prepares again when the server says that the result is another one.
    async def test_a_changed_table_is_seen_by_statements_prepared_before(self):
        await self.db.execute("DROP TABLE IF EXISTS growing; CREATE TABLE growing AS SELECT 1 AS a")
        for width in range(1, 5):
            for _ in range(TURNS):
                self.assertEqual(len(await self.db.fetchrow("SELECT * FROM growing")), width)
            await self.other.execute(f"ALTER TABLE growing ADD COLUMN c{width} int")

    async def test_a_statement_that_times_out_in_a_transaction_leaves_it_failed(self):
        with self.assertRaises(asyncpg.QueryCanceledError):
            async with self.db.transaction():
                await self.db.execute("SET LOCAL statement_timeout = 100")
                await self.db.execute("SELECT pg_sleep(60)")
        await self.expect(self.db, "SHOW statement_timeout", "0")

    async def test_a_connection_whose_server_ends_is_told_at_once(self):
        told = asyncio.Event()
        lost = await connect()
        lost.add_termination_listener(lambda _: told.set())
        await lost.transaction().start()
        pid = await lost.fetchval("SELECT pg_backend_pid()")
        await self.db.execute(f"SELECT pg_terminate_backend({pid}, 20000)")
        await asyncio.wait_for(told.wait(), 20)
        with self.assertRaises(asyncpg.InterfaceError):
            await lost.fetchval("SELECT 1")
        await self.expect(self.other, "SELECT 1", 1)


if __name__ == "__main__":
    unittest.main()
