"""SQLAlchemy through pgweir, with psycopg2 and its own pool; and once with asyncpg."""
import asyncio
import contextlib
import threading
import unittest
import uuid

from sqlalchemy import (ARRAY, JSON, Column, ForeignKey, Integer, MetaData, String, Table, create_engine, event, exc, func,
                        insert, inspect, select, text)
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session, declarative_base, relationship, sessionmaker
from sqlalchemy.pool import NullPool

from server import wait_until_running

TURNS = 7  # more than there are server connections
Base = declarative_base()


class Author(Base):
    __tablename__ = "author"
    id = Column(Integer, primary_key=True)
    name = Column(String, unique=True, nullable=False)
    tags = Column(ARRAY(String))
    doc = Column(JSON)
    books = relationship("Book", back_populates="author", cascade="all, delete-orphan")


class Book(Base):
    __tablename__ = "book"
    id = Column(Integer, primary_key=True)
    title = Column(String)
    author_id = Column(ForeignKey("author.id"))
    author = relationship("Author", back_populates="books")


def engine_of(**settings):
    # Everything else comes from libpq's environment variables.
    return create_engine("postgresql+psycopg2://", future=True, **settings)


class SqlAlchemy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = engine_of(pool_size=8)
        cls.addClassCleanup(cls.engine.dispose)
        Base.metadata.create_all(cls.engine)

    def setUp(self):
        with self.engine.begin() as db:
            db.execute(text("TRUNCATE author, book"))

    def engine_for_test(self, **settings):
        engine = engine_of(**settings)
        self.addCleanup(engine.dispose)
        return engine

    def test_objects_are_written_read_changed_and_removed(self):
        with Session(self.engine) as session:
            session.add(Author(name="ann", tags=["a", "b"], doc={"deep": [1]}, books=[Book(title="one"), Book(title="two")]))
            session.commit()
            author = session.execute(select(Author).filter_by(name="ann")).scalar_one()
            self.assertEqual((author.tags, author.doc), (["a", "b"], {"deep": [1]}))
            author.books.pop()
            author.name = "bob"
            session.commit()
            self.assertEqual([book.title for book in author.books], ["one"])
            session.delete(author)
            session.commit()
            self.assertEqual(session.execute(select(func.count()).select_from(Book)).scalar(), 0)

    def test_a_session_rolls_back_what_failed_in_a_savepoint_and_keeps_the_rest(self):
        with Session(self.engine) as session:
            session.add(Author(name="ann"))
            session.flush()
            with self.assertRaises(exc.IntegrityError):
                with session.begin_nested():
                    session.add(Author(name="ann"))
            with session.begin_nested():
                session.add(Author(name="bob"))
            session.commit()
        with Session(self.engine) as session:
            self.assertEqual(session.execute(select(Author.name).order_by(Author.name)).scalars().all(), ["ann", "bob"])

    def test_many_rows_are_inserted_at_once_with_their_keys(self):
        with Session(self.engine) as session:
            authors = [Author(name=str(number)) for number in range(2000)]
            session.add_all(authors)
            session.commit()
            self.assertEqual(len({author.id for author in authors}), 2000)

    def test_a_large_result_streams_through_a_server_cursor(self):
        with self.engine.connect() as db:
            rows = db.execution_options(stream_results=True, max_row_buffer=97).execute(text("SELECT generate_series(1, 5000)"))
            self.assertEqual([row[0] for row in rows], list(range(1, 5001)))
            rows = db.execute(text("SELECT generate_series(1, 5000)"))
            self.assertEqual([len(part) for part in rows.partitions(2000)], [2000, 2000, 1000])

    def test_isolation_levels_are_kept_for_an_engine_and_for_a_connection(self):
        engine = self.engine_for_test(isolation_level="REPEATABLE READ", pool_size=2)
        for _ in range(TURNS):
            with engine.connect() as db:
                self.assertEqual(db.scalar(text("SHOW transaction_isolation")), "repeatable read")
            with engine.connect().execution_options(isolation_level="SERIALIZABLE", postgresql_readonly=True) as db:
                self.assertEqual(db.scalar(text("SHOW transaction_isolation")), "serializable")
                with self.assertRaises(exc.InternalError):
                    db.execute(text("CREATE TABLE never (a int)"))
            with self.engine.connect() as db:
                self.assertEqual(db.scalar(text("SHOW transaction_isolation")), "read committed")
                self.assertEqual(db.scalar(text("SHOW transaction_read_only")), "off")

    def test_autocommit_keeps_settings_temporary_tables_and_locks(self):
        engine = self.engine_for_test(isolation_level="AUTOCOMMIT")
        with engine.connect() as db, engine.connect() as other:
            db.execute(text("SET work_mem = '77kB'"))
            db.execute(text("CREATE TEMP TABLE scratch AS SELECT 1 AS a"))
            db.execute(text("SELECT pg_advisory_lock(9)"))
            for _ in range(TURNS):
                self.assertEqual(db.scalar(text("SHOW work_mem")), "77kB")
                self.assertEqual(db.scalar(text("SELECT count(*) FROM scratch")), 1)
                self.assertEqual(other.scalar(text("SHOW work_mem")), "4MB")
                self.assertFalse(other.scalar(text("SELECT pg_try_advisory_lock(9)")))
            with self.assertRaises(exc.ProgrammingError):
                other.execute(text("SELECT FROM scratch"))
            self.assertTrue(db.scalar(text("SELECT pg_advisory_unlock(9)")))

    def test_what_a_connect_event_sets_holds_for_the_life_of_the_connection(self):
        engine = self.engine_for_test(pool_size=6)

        @event.listens_for(engine, "connect")
        def set_up(connection, _record):
            with connection.cursor() as cursor:
                cursor.execute("SET search_path = pg_catalog; SET TimeZone = 'Asia/Tokyo'")
            connection.commit()

        with contextlib.ExitStack() as stack:
            for db in [stack.enter_context(engine.connect()) for _ in range(6)]:
                for _ in range(TURNS):
                    shown = db.execute(text("SELECT current_setting('search_path'), current_setting('TimeZone')")).one()
                    self.assertEqual(tuple(shown), ("pg_catalog", "Asia/Tokyo"))
                    db.commit()

    def test_each_tenant_finds_its_own_schema(self):
        tenant_table = Table("owned", MetaData(), Column("name", String))
        engines = {}
        for tenant in ("one", "two"):
            with self.engine.begin() as db:
                db.execute(text(f"CREATE SCHEMA {tenant}"))
            engines[tenant] = self.engine_for_test(connect_args={"options": f"-c search_path={tenant}"})
            tenant_table.create(engines[tenant])
            with engines[tenant].begin() as db:
                db.execute(insert(tenant_table), [{"name": tenant}])
        for _ in range(TURNS):
            for tenant, engine in engines.items():
                with engine.connect() as db:
                    self.assertEqual(db.scalar(select(tenant_table.c.name)), tenant)
        with self.engine.connect().execution_options(schema_translate_map={None: "two"}) as db:
            self.assertEqual(db.scalar(select(tenant_table.c.name)), "two")

    def test_the_catalogue_is_reflected(self):
        self.assertEqual(inspect(self.engine).get_pk_constraint("author")["constrained_columns"], ["id"])
        reflected = Table("book", MetaData(), autoload_with=self.engine)
        self.assertEqual([column.name for column in reflected.columns], ["id", "title", "author_id"])

    def test_threads_with_sessions_of_a_pool(self):
        make_session = sessionmaker(self.engine)
        failures = []

        def work(number):
            try:
                with make_session.begin() as session:
                    session.execute(text("SELECT set_config('myapp.tenant', :user, true)"), {"user": str(number)})
                    session.add(Author(name=f"author {number}"))
                    session.flush()
                    assert session.scalar(text("SELECT current_setting('myapp.tenant')")) == str(number)
                    if number % 3 == 0:
                        session.rollback()
            except Exception as failure:
                failures.append(failure)

        threads = [threading.Thread(target=work, args=[number]) for number in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        with self.engine.connect() as db:
            self.assertEqual(db.scalar(select(func.count()).select_from(Author)), 20)

    def test_a_row_that_is_locked_is_not_taken_by_another(self):
        with Session(self.engine) as session:
            session.add_all([Author(name="ann"), Author(name="bob")])
            session.commit()
        query = select(Author).order_by(Author.name).limit(1).with_for_update(skip_locked=True)
        with Session(self.engine) as one, Session(self.engine) as other:
            self.assertEqual(one.execute(query).scalar_one().name, "ann")
            self.assertEqual(other.execute(query).scalar_one().name, "bob")

    def test_a_connection_that_was_terminated_is_replaced_by_the_pool(self):
        engine = self.engine_for_test(pool_pre_ping=True, pool_size=1, isolation_level="AUTOCOMMIT")
        with engine.connect() as db:
            db.execute(text("BEGIN"))
            pid = db.scalar(text("SELECT pg_backend_pid()"))
            with self.engine.connect() as other:
                self.assertTrue(other.scalar(text("SELECT pg_terminate_backend(:pid, 20000)"), {"pid": pid}))
            with self.assertRaises(exc.OperationalError) as told:
                db.execute(text("SELECT 1"))
            self.assertTrue(told.exception.connection_invalidated)
        with engine.connect() as db:
            self.assertEqual(db.scalar(text("SELECT 1")), 1)

    def test_a_cancelled_query_leaves_a_usable_connection(self):
        with self.engine.connect() as db:
            failed = []

            def run():
                with self.assertRaises(exc.OperationalError) as told:
                    db.execute(text("SELECT pg_sleep(60) /* sqlalchemy */"))
                failed.append(told.exception.orig.pgcode)

            thread = threading.Thread(target=run)
            thread.start()
            wait_until_running("pg_sleep(60) /* sqlalchemy */")
            db.connection.cancel()
            thread.join()
            self.assertEqual(failed, ["57014"])
            db.rollback()
            self.assertEqual(db.scalar(text("SELECT 1")), 1)

    def test_without_a_pool_of_its_own(self):
        engine = self.engine_for_test(poolclass=NullPool)
        for number in range(2 * TURNS):
            with engine.connect() as db:
                self.assertEqual(db.scalar(text("SELECT :n"), {"n": number}), number)

    def test_with_asyncpg_and_its_prepared_statements(self):
        async def work():
            name = uuid.uuid4().hex
            engine = create_async_engine("postgresql+asyncpg://", pool_size=5, connect_args={"ssl": False})
            async with engine.begin() as db:
                await db.execute(insert(Author), [{"name": f"{name} {number}"} for number in range(20)])
            for _ in range(TURNS):
                async with engine.connect() as db:
                    rows = await db.execute(select(Author.name).where(Author.name.like(f"{name}%")))
                    self.assertEqual(len(rows.all()), 20)
                    stream = await db.stream(text("SELECT generate_series(1, 300)"))
                    self.assertEqual([row[0] async for row in stream], list(range(1, 301)))
            await engine.dispose()

        asyncio.run(work())


if __name__ == "__main__":
    unittest.main()
