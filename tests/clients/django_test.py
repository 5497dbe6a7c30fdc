"""Django through pgweir, as a site uses it: autocommit, atomic blocks, server-side cursors, migrations."""
import datetime
import os
import sys
import threading
import types
import unittest

import django
from django.conf import settings

TURNS = 7  # more than there are server connections
# "bookshop" is the application that this file is.
sys.modules["bookshop"] = types.ModuleType("bookshop")
sys.modules["bookshop"].__path__ = [os.path.dirname(os.path.abspath(__file__))]


def database(**more):
    return {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
            "PASSWORD": os.environ["PGPASSWORD"], "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"],
            "CONN_MAX_AGE": None} | more


settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "bookshop"],
    DATABASES={
        "default": database(),
        "abroad": database(TIME_ZONE="Asia/Tokyo", OPTIONS={"options": "-c search_path=public,pg_catalog -c work_mem=99kB"}),
        "careful": database(OPTIONS={"isolation_level": 3}),
        "forgetful": database(CONN_MAX_AGE=0),
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    TIME_ZONE="UTC",
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402  (models need the settings)
from django.contrib.postgres.fields import ArrayField  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import (DataError, IntegrityError, OperationalError, ProgrammingError, close_old_connections, connection,  # noqa: E402
                       connections, models, transaction)
from django.db.models import Count, F, Sum  # noqa: E402
from django.utils import timezone  # noqa: E402


class Shelf(models.Model):
    name = models.CharField(max_length=20, unique=True)

    class Meta:
        app_label = "bookshop"


class Book(models.Model):
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE)
    title = models.TextField()
    price = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    bought = models.DateTimeField(default=timezone.now)
    tags = ArrayField(models.TextField(), default=list)
    doc = models.JSONField(default=dict)

    class Meta:
        app_label = "bookshop"


def value(sql, *parameters, using="default"):
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]


def run(sql, using="default"):
    with connections[using].cursor() as cursor:
        cursor.execute(sql)


def in_thread(work):
    """Runs with connections of its own; returns what it returned or raised."""
    got = []

    def body():
        try:
            got.append(work())
        except Exception as failure:
            got.append(failure)
        finally:
            connections.close_all()

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    return got[0]


class Django(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        call_command("migrate", verbosity=0)
        with connection.schema_editor() as editor:
            for model in (Shelf, Book):
                editor.create_model(model)
        cls.addClassCleanup(connections.close_all)

    def setUp(self):
        Shelf.objects.all().delete()
        self.shelf = Shelf.objects.create(name="first")

    def test_objects_are_written_read_changed_and_removed(self):
        for number in range(20):
            Book.objects.create(shelf=self.shelf, title=f"book {number}", price=number, tags=["a", "b"], doc={"n": number})
        Book.objects.filter(price__lt=10).update(price=F("price") + 100)
        self.assertEqual(Book.objects.aggregate(Sum("price"))["price__sum"], 190 + 1000)
        self.assertEqual(Book.objects.get(doc__n=7).tags, ["a", "b"])
        self.assertEqual(Shelf.objects.annotate(Count("book")).get().book__count, 20)
        self.assertEqual(Book.objects.filter(tags__contains=["a"])[3:6].count(), 3)
        self.shelf.delete()
        self.assertEqual(Book.objects.count(), 0)

    def test_many_objects_are_created_at_once_with_their_keys(self):
        books = Book.objects.bulk_create([Book(shelf=self.shelf, title=str(number)) for number in range(2000)], batch_size=300)
        self.assertEqual(len({book.pk for book in books}), 2000)
        for book in books:
            book.title += "!"
        Book.objects.bulk_update(books, ["title"], batch_size=500)
        self.assertEqual(Book.objects.filter(title__endswith="!").count(), 2000)

    def test_an_iterator_reads_through_a_server_side_cursor_outside_a_transaction(self):
        Book.objects.bulk_create(Book(shelf=self.shelf, title=str(number)) for number in range(1000))
        got = []
        for book in Book.objects.order_by("pk").iterator(chunk_size=50):
            got.append(book.title)
            self.assertEqual(Shelf.objects.count(), 1)  # other queries go on between the pieces
        self.assertEqual(got, [str(number) for number in range(1000)])
        left = Book.objects.iterator(chunk_size=50)
        next(left)
        left.close()
        self.assertEqual(value("SELECT count(*) FROM pg_cursors WHERE is_holdable"), 0)

    def test_atomic_blocks_nest(self):
        with transaction.atomic():
            Shelf.objects.create(name="kept")
            with self.assertRaises(IntegrityError), transaction.atomic():
                Shelf.objects.create(name="undone")
                Shelf.objects.create(name="kept")
            with transaction.atomic():
                Shelf.objects.create(name="kept, too")
                mark = transaction.savepoint()
                Shelf.objects.create(name="taken back")
                transaction.savepoint_rollback(mark)
        self.assertEqual(set(Shelf.objects.values_list("name", flat=True)), {"first", "kept", "kept, too"})

    def test_an_error_breaks_its_atomic_block_and_nothing_else(self):
        with self.assertRaises(DataError), transaction.atomic():
            Shelf.objects.create(name="undone")
            Shelf.objects.create(name="far too long to be the name of a shelf")
        self.assertEqual(Shelf.objects.count(), 1)
        with self.assertRaises(transaction.TransactionManagementError), transaction.atomic():
            with self.assertRaises(IntegrityError):
                Shelf.objects.create(name="first")
            Shelf.objects.count()
        self.assertEqual(Shelf.objects.count(), 1)

    def test_what_is_to_happen_on_commit_happens_then(self):
        happened = []
        with transaction.atomic():
            transaction.on_commit(lambda: happened.append(Shelf.objects.count()))
            Shelf.objects.create(name="second")
            self.assertEqual(happened, [])
        self.assertEqual(happened, [2])

    def test_a_row_that_is_selected_for_update_is_not_had_by_another(self):
        def try_to_lock():
            with transaction.atomic():
                return Shelf.objects.select_for_update(nowait=True).get(name="first")

        with transaction.atomic():
            Shelf.objects.select_for_update().get(name="first")
            self.assertIsInstance(in_thread(try_to_lock), OperationalError)
        self.assertEqual(in_thread(try_to_lock), self.shelf)

    def test_constraints_that_are_deferred_are_checked_at_the_end(self):
        with self.assertRaises(IntegrityError), transaction.atomic():
            Book.objects.create(shelf_id=0, title="nowhere")
        with transaction.atomic():
            book = Book.objects.create(shelf_id=0, title="somewhere")
            book.shelf = self.shelf
            book.save()
        self.assertEqual(Book.objects.count(), 1)

    def test_times_are_those_of_the_connections_zone(self):
        moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
        Book.objects.create(shelf=self.shelf, title="timed", bought=moment)
        for _ in range(TURNS):
            self.assertEqual(value("SHOW TimeZone"), "UTC")
            self.assertEqual(value("SHOW TimeZone", using="abroad"), "Asia/Tokyo")
            self.assertEqual(value("SELECT bought::text FROM bookshop_book", using="abroad"), "2026-01-01 09:00:00+09")
            self.assertEqual(Book.objects.get().bought, moment)
            self.assertEqual(Book.objects.filter(bought__hour=0).count(), 1)

    def test_options_and_isolation_levels_are_those_of_each_database(self):
        for _ in range(TURNS):
            self.assertEqual(value("SHOW work_mem", using="abroad"), "99kB")
            self.assertEqual(value("SHOW work_mem"), "4MB")
            with transaction.atomic(using="careful"):
                self.assertEqual(value("SHOW transaction_isolation", using="careful"), "serializable")
            self.assertEqual(value("SHOW transaction_isolation"), "read committed")

    def test_raw_sql_keeps_what_it_sets(self):
        run("SET myapp.tenant = 'mine'; SET statement_timeout = '77s'")
        run("CREATE TEMP TABLE scratch AS SELECT 1 AS a")
        try:
            for _ in range(TURNS):
                self.assertEqual(value("SELECT current_setting('myapp.tenant')"), "mine")
                self.assertEqual(value("SHOW statement_timeout"), "77s")
                self.assertEqual(value("SELECT count(*) FROM scratch"), 1)
                self.assertEqual(in_thread(lambda: value("SHOW statement_timeout")), "0")
            self.assertIsInstance(in_thread(lambda: run("SELECT FROM scratch")), ProgrammingError)
        finally:
            run("DROP TABLE scratch; RESET statement_timeout; RESET myapp.tenant")

    def test_a_lock_serialises_the_work_of_threads(self):
        def add_one():
            run("SELECT pg_advisory_lock(10)")
            try:
                Shelf.objects.create(name=f"shelf {Shelf.objects.count()}")
            finally:
                run("SELECT pg_advisory_unlock(10)")

        got = []
        threads = [threading.Thread(target=lambda: got.append(in_thread(add_one))) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((got, Shelf.objects.count()), ([None] * 12, 13))

    def test_get_or_create_of_many_threads_makes_one(self):
        made = []
        threads = [threading.Thread(target=lambda: made.append(in_thread(lambda: Shelf.objects.get_or_create(name="one")[1])))
                   for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(made), [False] * 11 + [True])

    def test_connections_that_end_with_each_request(self):
        for number in range(2 * TURNS):
            Shelf.objects.using("forgetful").create(name=str(number))
            close_old_connections()
        self.assertEqual(Shelf.objects.count(), 2 * TURNS + 1)

    def test_a_terminated_connection_is_found_and_replaced(self):
        with transaction.atomic(using="careful"):
            pid = value("SELECT pg_backend_pid()", using="careful")
            self.assertTrue(value("SELECT pg_terminate_backend(%s, 20000)", pid))
            with self.assertRaises(OperationalError):
                value("SELECT 1", using="careful")
            connections["careful"].close_if_unusable_or_obsolete()
        self.assertEqual(value("SELECT 1", using="careful"), 1)

    def test_the_schema_is_changed_and_looked_at(self):
        class Added(models.Model):
            class Meta:
                app_label = "bookshop"

        with connection.schema_editor() as editor:
            editor.create_model(Added)
            field = models.IntegerField(default=7)
            field.set_attributes_from_name("more")
            editor.add_field(Added, field)
        with connection.cursor() as cursor:
            columns = [column.name for column in connection.introspection.get_table_description(cursor, "bookshop_added")]
        self.assertEqual(columns, ["id", "more"])
        call_command("migrate", "auth", "0011", verbosity=0)
        call_command("migrate", verbosity=0)

    def test_users_log_in(self):
        User.objects.create_user("ann", password="secret")
        for _ in range(TURNS):
            self.assertTrue(User.objects.get(username="ann").check_password("secret"))
        User.objects.all().delete()


if __name__ == "__main__":
    unittest.main()
