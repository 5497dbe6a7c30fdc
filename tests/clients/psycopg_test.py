"""psycopg 3 through pgweir, as an application uses it."""
import threading
import unittest

import psycopg
from psycopg import errors
from psycopg.rows import dict_row

from server import through_pgweir, wait_until_running


def connect(**settings):
    return psycopg.connect(connect_timeout=20, **settings)


class Psycopg(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with connect(autocommit=True) as db:
            db.execute("CREATE TABLE item (id int PRIMARY KEY, name text, price numeric, tags text[], doc jsonb)")

    def setUp(self):
        self.db = connect(autocommit=True)
        self.addCleanup(self.db.close)
        self.db.execute("TRUNCATE item")

    def test_a_server_cursor_reads_a_large_result_in_pieces(self):
        with self.db.transaction(), self.db.cursor(name="many") as cursor:
            cursor.itersize = 97
            cursor.execute("SELECT g, repeat('x', 100) FROM generate_series(1, %s) g", [5000])
            rows = list(cursor)
        self.assertEqual([row[0] for row in rows], list(range(1, 5001)))

    def test_a_scrollable_cursor_moves_both_ways(self):
        with self.db.transaction(), self.db.cursor(name="scrolled", scrollable=True) as cursor:
            cursor.execute("SELECT generate_series(1, 100)")
            cursor.scroll(50)
            self.assertEqual(cursor.fetchone()[0], 51)
            cursor.scroll(-51)
            self.assertEqual(cursor.fetchmany(2), [(1,), (2,)])

    def test_copy_in_and_out_in_text_and_binary(self):
        with self.db.cursor() as cursor:
            with cursor.copy("COPY item (id, name) FROM STDIN") as copy:
                for number in range(20000):
                    copy.write_row((number, f"name {number}\t\\ ü"))
            with cursor.copy("COPY (SELECT id, name FROM item ORDER BY id) TO STDOUT (FORMAT binary)") as copy:
                copy.set_types(["int4", "text"])
                rows = list(copy.rows())
        self.assertEqual(rows, [(number, f"name {number}\t\\ ü") for number in range(20000)])

    def test_a_copy_that_the_application_gives_up_leaves_nothing(self):
        with self.assertRaisesRegex(errors.QueryCanceled, "error from Python: KeyError"):
            with self.db.cursor().copy("COPY item (id) FROM STDIN") as copy:
                copy.write_row((1,))
                raise KeyError("changed my mind")
        self.assertEqual(self.db.execute("SELECT count(*) FROM item").fetchone(), (0,))

    def test_a_bad_row_in_a_copy_is_told_and_the_connection_goes_on(self):
        with self.assertRaises(errors.InvalidTextRepresentation):
            with self.db.cursor().copy("COPY item (id) FROM STDIN") as copy:
                copy.write("1\nnone\n")
                for number in range(2, 50000):
                    copy.write_row((number,))
        self.assertEqual(self.db.execute("SELECT count(*) FROM item").fetchone(), (0,))

    def test_a_copy_out_that_is_left_early_leaves_a_usable_connection(self):
        with self.assertRaises(KeyError):
            with self.db.cursor().copy("COPY (SELECT generate_series(1, 300000)) TO STDOUT") as copy:
                copy.read()
                raise KeyError("seen enough")
        self.assertEqual(self.db.execute("SELECT 42").fetchone(), (42,))

    def test_prepared_statements_of_equal_names_stay_apart(self):
        clients = [connect(autocommit=True, prepare_threshold=0) for _ in range(4)]
        try:
            for turn in range(30):
                for number, client in enumerate(clients):
                    got = client.execute(f"SELECT %s::int + {number}000", [turn]).fetchone()
                    self.assertEqual(got, (turn + number * 1000,))
        finally:
            for client in clients:
                client.close()

    def test_more_prepared_statements_than_are_kept(self):
        db = connect(autocommit=True, prepare_threshold=0)
        self.addCleanup(db.close)
        db.prepared_max = 5
        for turn in range(60):
            number = turn * 7 % 17
            self.assertEqual(db.execute(f"SELECT {number}, %s::text", ["a"]).fetchone(), (number, "a"))

    @through_pgweir
    def test_ddl_between_executions_is_unseen(self):
        db = connect(autocommit=True, prepare_threshold=0)
        self.addCleanup(db.close)
        db.execute("CREATE TABLE growing (a int)")
        db.execute("INSERT INTO growing VALUES (1)")
        for width in range(1, 6):
            self.assertEqual(len(db.execute("SELECT * FROM growing WHERE a = %s", [1]).fetchone()), width)
            self.db.execute(f"ALTER TABLE growing ADD COLUMN c{width} int")

    def test_a_pipeline_of_many_queries(self):
        with self.db.pipeline():
            cursors = [self.db.execute("SELECT %s::int", [number]) for number in range(500)]
            self.db.execute("INSERT INTO item (id, name) VALUES (1, 'piped')")
        self.assertEqual([cursor.fetchone()[0] for cursor in cursors], list(range(500)))
        self.assertEqual(self.db.execute("SELECT name FROM item").fetchall(), [("piped",)])

    def test_a_pipeline_with_an_error_skips_up_to_the_sync_and_goes_on(self):
        with self.db.pipeline() as pipeline:
            self.db.execute("INSERT INTO item (id) VALUES (1)")
            pipeline.sync()
            self.db.execute("SELECT 1 / %s", [0])
            skipped = self.db.execute("INSERT INTO item (id) VALUES (2)")
            with self.assertRaises(errors.DivisionByZero):
                pipeline.sync()
            with self.assertRaises(psycopg.ProgrammingError):
                skipped.fetchall()
            self.db.execute("INSERT INTO item (id) VALUES (3)")
        self.assertEqual(self.db.execute("SELECT id FROM item ORDER BY id").fetchall(), [(1,), (3,)])

    def test_executemany_returns_a_result_for_each(self):
        with self.db.cursor() as cursor:
            cursor.executemany("INSERT INTO item (id) VALUES (%s) RETURNING id", [(n,) for n in range(200)], returning=True)
            got = []
            while True:
                got.append(cursor.fetchone()[0])
                if not cursor.nextset():
                    break
        self.assertEqual(got, list(range(200)))

    def test_transactions_with_savepoints(self):
        with connect() as db:
            with db.transaction():
                db.execute("INSERT INTO item (id) VALUES (1)")
                with self.assertRaises(errors.UniqueViolation):
                    with db.transaction():
                        db.execute("INSERT INTO item (id) VALUES (2)")
                        db.execute("INSERT INTO item (id) VALUES (1)")
                with db.transaction():
                    db.execute("INSERT INTO item (id) VALUES (3)")
                with db.transaction() as inner:
                    db.execute("INSERT INTO item (id) VALUES (4)")
                    raise psycopg.Rollback(inner)
        self.assertEqual(self.db.execute("SELECT id FROM item ORDER BY id").fetchall(), [(1,), (3,)])

    def test_isolation_and_read_only_are_kept_to_their_transaction(self):
        with connect() as db:
            db.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
            db.read_only = True
            self.assertEqual(db.execute("SHOW transaction_isolation").fetchone(), ("serializable",))
            with self.assertRaises(errors.ReadOnlySqlTransaction):
                db.execute("INSERT INTO item (id) VALUES (1)")
        for _ in range(4):
            self.assertEqual(self.db.execute("SHOW transaction_isolation").fetchone(), ("read committed",))

    def test_cancel_ends_the_running_query_and_nothing_else(self):
        other = connect(autocommit=True)
        self.addCleanup(other.close)
        failed = []

        def run():
            try:
                self.db.execute("SELECT pg_sleep(60) /* to be cancelled */")
            except errors.QueryCanceled as error:
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        wait_until_running("pg_sleep(60) /* to be cancelled */")
        self.db.cancel()
        for number in range(50):
            self.assertEqual(other.execute("SELECT %s::int", [number]).fetchone(), (number,))
        thread.join()
        self.assertEqual(len(failed), 1)
        self.assertEqual(self.db.execute("SELECT 1").fetchone(), (1,))

    def test_notices_reach_their_handler(self):
        heard = []
        self.db.add_notice_handler(lambda notice: heard.append((notice.severity, notice.message_primary)))
        self.db.execute("DO $$ BEGIN FOR i IN 1..3 LOOP RAISE WARNING 'number %', i; END LOOP; END $$")
        self.assertEqual(heard, [("WARNING", f"number {i}") for i in (1, 2, 3)])

    def test_clients_of_two_encodings_take_turns(self):
        with connect(autocommit=True, client_encoding="latin1") as latin:
            self.assertEqual(latin.info.encoding, "iso8859-1")
            for _ in range(6):
                self.assertEqual(latin.execute("SELECT %s || chr(233)", ["ü"]).fetchone(), ("üé",))
                self.assertEqual(self.db.execute("SELECT %s || chr(8364)", ["ü"]).fetchone(), ("ü€",))

    def test_options_of_the_connection_hold_on_every_server_connection(self):
        with connect(autocommit=True, options="-c statement_timeout=4321 -c search_path=pg_catalog") as db:
            for _ in range(6):
                self.assertEqual(db.execute("SHOW statement_timeout").fetchone(), ("4321ms",))
                self.assertEqual(self.db.execute("SHOW statement_timeout").fetchone(), ("0",))

    def test_many_types_come_back_as_they_went(self):
        self.db.row_factory = dict_row
        row = {"id": 7, "name": "ü\n", "tags": ["a", None, "b,c"]}
        for binary in (False, True):
            self.db.execute("TRUNCATE item")
            self.db.execute("INSERT INTO item (id, name, tags) VALUES (%(id)s, %(name)s, %(tags)s)", row)
            self.assertEqual(self.db.execute("SELECT id, name, tags FROM item", binary=binary).fetchone(), row)

    def test_errors_carry_the_servers_details(self):
        with self.assertRaises(errors.NotNullViolation) as caught:
            self.db.execute("INSERT INTO item (id) VALUES (NULL)")
        self.assertEqual(caught.exception.diag.column_name, "id")
        self.assertEqual(caught.exception.diag.table_name, "item")


if __name__ == "__main__":
    unittest.main()
