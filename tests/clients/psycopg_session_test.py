"""What a session keeps from one statement to the next, with psycopg 3: every statement may meet another server connection."""
import contextlib
import datetime
import unittest
from zoneinfo import ZoneInfo

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool

from server import connect_directly

TURNS = 7  # more than there are server connections


def connect(**settings):
    return psycopg.connect(connect_timeout=20, autocommit=True, **settings)


class PsycopgSession(unittest.TestCase):
    def setUp(self):
        self.db = self.open()
        self.other = self.open()

    def open(self, **settings):
        db = connect(**settings)
        self.addCleanup(db.close)
        return db

    def expect(self, db, query, expected):
        for _ in range(TURNS):
            self.assertEqual(db.execute(query).fetchone()[0], expected)

    def test_a_setting_is_kept_by_its_session_alone(self):
        self.db.execute("SET statement_timeout = '77s'")
        self.expect(self.db, "SHOW statement_timeout", "77s")
        self.expect(self.other, "SHOW statement_timeout", "0")
        self.db.execute("RESET statement_timeout")
        self.expect(self.db, "SHOW statement_timeout", "0")

    def test_a_setting_of_a_transaction_that_fails_is_undone(self):
        with contextlib.suppress(errors.DivisionByZero), self.db.transaction():
            self.db.execute("SET work_mem = '77kB'")
            self.db.execute("SET LOCAL lock_timeout = '77s'")
            self.db.execute("SELECT 1 / 0")
        self.expect(self.db, "SHOW work_mem", "4MB")
        self.expect(self.db, "SHOW lock_timeout", "0")

    def test_a_setting_is_kept_although_the_savepoint_behind_it_is_rolled_back(self):
        with self.db.transaction():
            self.db.execute("SELECT set_config('myapp.tenant', %s, false)", ["ann"])
            with contextlib.suppress(errors.DivisionByZero), self.db.transaction():
                self.db.execute("SELECT set_config('myapp.tenant', %s, false)", ["bob"])
                self.db.execute("SELECT 1 / 0")
        self.expect(self.db, "SELECT current_setting('myapp.tenant')", "ann")
        self.expect(self.other, "SELECT coalesce(current_setting('myapp.tenant', true), '')", "")

    def test_local_settings_end_with_their_transaction(self):
        with self.db.transaction():
            self.db.execute("SET LOCAL TimeZone = 'Asia/Tokyo'")
            self.assertEqual(self.db.execute("SHOW TimeZone").fetchone()[0], "Asia/Tokyo")
        with connect_directly() as server:
            self.expect(self.db, "SHOW TimeZone", server.execute("SHOW TimeZone").fetchone()[0])

    def test_the_driver_is_told_the_time_zone_and_the_encoding(self):
        self.db.execute("SET TimeZone = 'Asia/Kolkata'")
        self.db.execute("SET client_encoding = 'latin1'")
        moment = datetime.datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))
        for _ in range(TURNS):
            self.assertEqual(self.db.info.timezone, ZoneInfo("Asia/Kolkata"))
            self.assertEqual(self.db.info.encoding, "iso8859-1")
            got = self.db.execute("SELECT %s::timestamptz, 'é'", [moment]).fetchone()
            self.assertEqual((got, got[0].utcoffset()), ((moment, "é"), datetime.timedelta(hours=5.5)))
            self.assertEqual(self.other.info.encoding, "utf-8")

    def test_a_date_style_is_that_of_its_session(self):
        self.db.execute("SET DateStyle = 'German'")
        self.expect(self.db, "SELECT '2026-02-01'::date::text", "01.02.2026")
        self.expect(self.other, "SELECT '2026-02-01'::date::text", "2026-02-01")

    def test_a_search_path_finds_the_tables_of_its_session(self):
        for tenant in ("one", "two"):
            self.db.execute(f"DROP SCHEMA IF EXISTS {tenant} CASCADE; CREATE SCHEMA {tenant}")
            self.db.execute(f"CREATE TABLE {tenant}.who AS SELECT '{tenant}' AS name")
        self.db.execute("SET search_path = one")
        self.other.execute("SET search_path = two")
        for prepare in (False, True):
            for _ in range(TURNS):
                for db, name in ((self.db, "one"), (self.other, "two")):
                    self.assertEqual(db.execute("SELECT name FROM who", prepare=prepare).fetchone(), (name,))

    def test_a_role_is_that_of_its_session(self):
        self.db.execute("SET ROLE guest")
        self.expect(self.db, "SELECT current_user", "guest")
        self.expect(self.other, "SELECT current_user", "app")
        self.db.execute("RESET ROLE")
        self.expect(self.db, "SELECT current_user", "app")

    def test_discard_all_returns_to_what_the_connection_was_opened_with(self):
        db = self.open(options="-c work_mem=99kB", application_name="mine")
        db.execute("SET work_mem = '77kB'; SET application_name = 'yours'")
        db.execute("CREATE TEMP TABLE scratch (a int)")
        db.execute("DISCARD ALL")
        self.expect(db, "SHOW work_mem", "99kB")
        self.expect(db, "SHOW application_name", "mine")
        with self.assertRaises(errors.UndefinedTable):
            db.execute("SELECT FROM scratch")

    def test_a_temporary_table_is_there_until_it_is_dropped_and_for_nobody_else(self):
        for db, rows in ((self.db, 3), (self.other, 5)):
            db.execute("CREATE TEMP TABLE scratch AS SELECT generate_series(1, %s) AS n" % rows)
        self.expect(self.db, "SELECT count(*) FROM scratch", 3)
        self.expect(self.other, "SELECT count(*) FROM scratch", 5)
        with self.db.cursor().copy("COPY scratch FROM STDIN") as copy:
            copy.write_row((4,))
        self.expect(self.db, "SELECT sum(n) FROM scratch", 10)
        self.db.execute("DROP TABLE scratch")
        with self.assertRaises(errors.UndefinedTable):
            self.db.execute("SELECT FROM scratch")
        self.expect(self.other, "SELECT count(*) FROM scratch", 5)

    def test_a_temporary_table_that_goes_with_its_transaction(self):
        with self.db.transaction():
            self.db.execute("CREATE TEMP TABLE brief (a int) ON COMMIT DROP")
            self.db.execute("INSERT INTO brief VALUES (1)")
        with self.assertRaises(errors.UndefinedTable):
            self.db.execute("SELECT FROM brief")

    def test_a_session_lock_is_held_until_its_session_unlocks_it(self):
        self.db.execute("SELECT pg_advisory_lock(42)")
        self.expect(self.other, "SELECT pg_try_advisory_lock(42)", False)
        self.expect(self.db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()", 1)
        self.expect(self.db, "SELECT pg_try_advisory_lock(43)", True)
        for _ in range(TURNS):
            self.assertEqual(self.db.execute("SELECT pg_advisory_unlock(43)").fetchone(), (True,))
        self.assertEqual(self.db.execute("SELECT pg_advisory_unlock(42)").fetchone(), (True,))
        self.assertEqual(self.other.execute("SELECT pg_try_advisory_lock(42)").fetchone(), (True,))
        self.other.execute("SELECT pg_advisory_unlock_all()")

    def test_a_lock_of_a_client_that_has_gone_is_free(self):
        gone = connect()
        gone.execute("SELECT pg_advisory_lock(44)")
        gone.close()
        self.db.execute("SET lock_timeout = '20s'")
        self.db.execute("SELECT pg_advisory_lock(44)")
        self.db.execute("SELECT pg_advisory_unlock(44)")

    def test_a_prepared_statement_in_sql_is_there_until_it_is_deallocated(self):
        for db, number in ((self.db, 1), (self.other, 2)):
            db.execute("PREPARE plus (int) AS SELECT $1 + %s" % number)
        self.expect(self.db, "EXECUTE plus (10)", 11)
        self.expect(self.other, "EXECUTE plus (10)", 12)
        self.db.execute("DEALLOCATE plus")
        with self.assertRaises(errors.InvalidSqlStatementName):
            self.db.execute("EXECUTE plus (10)")
        self.expect(self.other, "EXECUTE plus (10)", 12)

    def test_a_held_cursor_is_read_in_several_transactions(self):
        with self.db.cursor(name="held", withhold=True) as cursor:
            cursor.execute("SELECT generate_series(1, 30)")
            got = [cursor.fetchmany(4) for _ in range(8)]
            self.other.execute("SELECT 1")
        self.assertEqual([row[0] for rows in got for row in rows], list(range(1, 31)))
        self.expect(self.db, "SELECT count(*) FROM pg_cursors WHERE is_holdable", 0)

    def test_notifications_arrive_in_order_and_only_where_they_are_listened_to(self):
        self.db.execute("LISTEN news")
        for number in range(5):
            self.other.execute("SELECT pg_notify('news', %s)", [str(number)])
        self.other.execute("NOTIFY other, 'unheard'")
        heard = self.db.notifies()
        self.assertEqual([next(heard).payload for _ in range(5)], [str(number) for number in range(5)])
        heard.close()

    def test_a_notification_waits_for_the_end_of_its_transaction(self):
        self.db.execute("LISTEN news")
        with contextlib.suppress(errors.DivisionByZero), self.other.transaction():
            self.other.execute("NOTIFY news, 'undone'")
            self.other.execute("SELECT 1 / 0")
        with self.other.transaction():
            self.other.execute("NOTIFY news, 'done'")
        heard = self.db.notifies()
        self.assertEqual(next(heard).payload, "done")
        heard.close()

    def test_an_error_in_a_transaction_is_told_until_it_is_rolled_back(self):
        db = psycopg.connect(connect_timeout=20)
        self.addCleanup(db.close)
        with self.assertRaises(errors.UndefinedTable):
            db.execute("SELECT FROM missing")
        with self.assertRaises(errors.InFailedSqlTransaction):
            db.execute("SELECT 1")
        self.assertEqual(db.info.transaction_status, psycopg.pq.TransactionStatus.INERROR)
        db.rollback()
        self.assertEqual(db.execute("SELECT 1").fetchone(), (1,))

    def test_a_transaction_of_two_phases_is_ended_by_whoever_knows_it(self):
        self.db.execute("CREATE TABLE two_phases (a int)")
        for number, finish in ((1, "tpc_commit"), (2, "tpc_rollback")):
            with contextlib.closing(psycopg.connect(connect_timeout=20)) as db:
                xid = db.xid(1, f"transaction {number}", "branch")
                db.tpc_begin(xid)
                db.execute("INSERT INTO two_phases VALUES (%s)", [number])
                db.tpc_prepare()
            with contextlib.closing(psycopg.connect(connect_timeout=20)) as db:
                self.assertEqual([known.gtrid for known in db.tpc_recover()], [f"transaction {number}"])
                getattr(db, finish)(xid)
        self.expect(self.db, "SELECT sum(a) FROM two_phases", 1)

    def test_the_pool_of_the_driver_gives_out_clean_connections(self):
        with ConnectionPool(min_size=8, max_size=8, timeout=20) as pool:
            pool.wait(20)
            for number in range(40):
                with pool.connection() as db:
                    self.assertEqual(db.execute("SHOW TimeZone").fetchone(), self.db.execute("SHOW TimeZone").fetchone())
                    db.execute("SET LOCAL TimeZone = 'Asia/Tokyo'")
                    self.assertEqual(db.execute("SELECT %s", [number]).fetchone(), (number,))


if __name__ == "__main__":
    unittest.main()
