import java.io.StringReader;
import java.io.StringWriter;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** pgjdbc through pgweir: from the fifth execution on a statement has a name on the server. */
final class QueryTest extends Suite {
  public static void main(String[] arguments) throws Exception {
    main(QueryTest.class);
  }

  @Test
  void aStatementThatBecomesNamedRunsOnEveryServerConnection() throws Exception {
    try (Connection one = connect(); Connection other = connect();
         PreparedStatement mine = one.prepareStatement("SELECT ?::int + 1000");
         PreparedStatement theirs = other.prepareStatement("SELECT ?::int + 2000")) {
      for (int turn = 0; turn < 4 * TURNS; ++turn) {
        mine.setInt(1, turn);
        theirs.setInt(1, turn);
        try (ResultSet a = mine.executeQuery(); ResultSet b = theirs.executeQuery()) {
          a.next();
          b.next();
          equal(List.of(a.getInt(1), b.getInt(1)), List.of(turn + 1000, turn + 2000));
        }
      }
    }
  }

  @Test
  void statementsThatAreNamedAtOnceAreForgottenWhenThereAreTooMany() throws Exception {
    try (Connection one = connect("prepareThreshold=-1&preparedStatementCacheQueries=4")) {
      for (int turn = 0; turn < 60; ++turn) equal(value(one, "SELECT " + turn * 7 % 17 + " + ?", 1), "" + (turn * 7 % 17 + 1));
    }
  }

  @Test
  void queriesOfTheSimpleProtocolOnly() throws Exception {
    try (Connection one = connect("preferQueryMode=simple")) {
      for (int turn = 0; turn < TURNS; ++turn) equal(value(one, "SELECT ?::text || ?", "it's ", turn), "it's " + turn);
    }
  }

  @Test
  void aTableThatChangesIsPreparedAgain() throws Exception {
    try (Connection one = connect("autosave=conservative"); Connection other = connect()) {
      run(other, "CREATE TABLE growing AS SELECT 1 AS a");
      try (PreparedStatement all = one.prepareStatement("SELECT * FROM growing")) {
        for (int width = 1; width < 5; ++width) {
          for (int turn = 0; turn < TURNS; ++turn) {
            try (ResultSet rows = all.executeQuery()) {
              equal(rows.getMetaData().getColumnCount(), width);
            }
          }
          run(other, "ALTER TABLE growing ADD COLUMN c" + width + " int");
        }
      }
    }
  }

  @Test
  void aLargeResultIsFetchedInPieces() throws Exception {
    try (Connection one = connect()) {
      one.setAutoCommit(false);
      try (Statement statement = one.createStatement()) {
        statement.setFetchSize(97);
        long sum = 0;
        try (ResultSet rows = statement.executeQuery("SELECT generate_series(1, 5000)")) {
          while (rows.next()) sum += rows.getInt(1);
        }
        equal(sum, 5000L * 5001 / 2);
        try (ResultSet rows = statement.executeQuery("SELECT generate_series(1, 5000)")) {
          rows.next();
        }
      }
      one.commit();
      equal(value(one, "SELECT 1"), "1");
    }
  }

  @Test
  void aResultThatIsUpdated() throws Exception {
    try (Connection one = connect()) {
      run(one, "CREATE TABLE updated (id int PRIMARY KEY, name text); INSERT INTO updated VALUES (1, 'a'), (2, 'b')");
      try (Statement statement = one.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE);
           ResultSet rows = statement.executeQuery("SELECT id, name FROM updated ORDER BY id")) {
        rows.last();
        rows.updateString("name", "changed");
        rows.updateRow();
      }
      expect(one, "SELECT name FROM updated WHERE id = 2", "changed");
    }
  }

  @Test
  void batchesAreWrittenWholeOrNotAtAll() throws Exception {
    for (String rewritten : new String[] {"false", "true"}) {
      try (Connection one = connect("reWriteBatchedInserts=" + rewritten)) {
        run(one, "DROP TABLE IF EXISTS batch; CREATE TABLE batch (id int PRIMARY KEY)");
        one.setAutoCommit(false);
        try (PreparedStatement insert = one.prepareStatement("INSERT INTO batch VALUES (?)")) {
          for (int id = 0; id < 1000; ++id) {
            insert.setInt(1, id);
            insert.addBatch();
          }
          equal(insert.executeBatch().length, 1000);
          one.commit();
          for (int id : new int[] {2000, 5, 2001}) {
            insert.setInt(1, id);
            insert.addBatch();
          }
          fails("23505", () -> {
            try {
              insert.executeBatch();
            } catch (BatchUpdateException told) {
              throw told.getNextException() == null ? told : told.getNextException();
            }
          });
          one.rollback();
        }
        equal(value(one, "SELECT count(*) FROM batch"), "1000");
        one.commit();
      }
    }
  }

  @Test
  void generatedKeysAreReturned() throws Exception {
    try (Connection one = connect()) {
      run(one, "CREATE TABLE keyed (id serial PRIMARY KEY, name text)");
      for (int turn = 1; turn <= TURNS; ++turn) {
        try (PreparedStatement insert = one.prepareStatement("INSERT INTO keyed (name) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
          insert.setString(1, "name");
          insert.executeUpdate();
          try (ResultSet keys = insert.getGeneratedKeys()) {
            keys.next();
            equal(keys.getInt(1), turn);
          }
        }
      }
    }
  }

  @Test
  void savepointsUndoWhatCameBehindThem() throws Exception {
    try (Connection one = connect()) {
      run(one, "CREATE TABLE saved (id int PRIMARY KEY)");
      one.setAutoCommit(false);
      run(one, "INSERT INTO saved VALUES (1)");
      Savepoint savepoint = one.setSavepoint("before");
      fails("23505", () -> run(one, "INSERT INTO saved VALUES (1)"));
      fails("25P02", () -> run(one, "SELECT 1"));
      one.rollback(savepoint);
      run(one, "INSERT INTO saved VALUES (2)");
      one.commit();
      equal(value(one, "SELECT string_agg(id::text, ',' ORDER BY id) FROM saved"), "1,2");
      one.commit();
    }
  }

  @Test
  void autosaveHidesAFailedStatementOfATransaction() throws Exception {
    try (Connection one = connect("autosave=always")) {
      one.setAutoCommit(false);
      for (int turn = 0; turn < TURNS; ++turn) {
        fails("22012", () -> value(one, "SELECT 1 / ?", 0));
        equal(value(one, "SELECT ?::int", turn), "" + turn);
      }
      one.commit();
    }
  }

  @Test
  void isolationAndReadOnlyAreKeptByTheConnection() throws Exception {
    try (Connection one = connect(); Connection other = connect()) {
      one.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
      one.setReadOnly(true);
      one.setAutoCommit(false);
      for (int turn = 0; turn < TURNS; ++turn) {
        equal(value(one, "SHOW transaction_isolation"), "serializable");
        fails("25006", () -> run(one, "CREATE TABLE never (a int)"));
        one.rollback();
        equal(one.getTransactionIsolation(), Connection.TRANSACTION_SERIALIZABLE);
        one.rollback();
        equal(value(other, "SHOW transaction_isolation"), "read committed");
      }
    }
  }

  @Test
  void copyInAndOut() throws Exception {
    try (Connection one = connect()) {
      run(one, "CREATE TABLE copied (id int, name text)");
      CopyManager copy = one.unwrap(PGConnection.class).getCopyAPI();
      StringBuilder lines = new StringBuilder();
      for (int id = 0; id < 20000; ++id) lines.append(id).append(",name ").append(id).append('\n');
      equal(copy.copyIn("COPY copied FROM STDIN (FORMAT csv)", new StringReader(lines.toString())), 20000L);
      fails("22P02", () -> copy.copyIn("COPY copied FROM STDIN", new StringReader("none\tnone\n")));
      StringWriter back = new StringWriter();
      copy.copyOut("COPY (SELECT * FROM copied ORDER BY id) TO STDOUT (FORMAT csv)", back);
      equal(back.toString(), lines.toString());
    }
  }

  @Test
  void cancelEndsTheRunningQueryAndNoOther() throws Exception {
    try (Connection one = connect(); Connection other = connect(); Connection server = connectDirectly(); Statement sleeps = one.createStatement()) {
      CompletableFuture<Void> ended = CompletableFuture.runAsync(() -> {
        try {
          fails("57014", () -> sleeps.execute("SELECT pg_sleep(60) /* pgjdbc */"));
        } catch (Exception failure) {
          throw new IllegalStateException(failure);
        }
      });
      String running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(60) /* pgjdbc */'";
      while (value(server, running).equals("0")) Thread.onSpinWait();
      sleeps.cancel();
      for (int turn = 0; turn < 50; ++turn) equal(value(other, "SELECT ?::int", turn), "" + turn);
      ended.join();
      equal(value(one, "SELECT 1"), "1");
    }
  }

  @Test
  void aQueryTimeoutCancelsTheQuery() throws Exception {
    try (Connection one = connect(); Statement sleeps = one.createStatement()) {
      sleeps.setQueryTimeout(1);
      fails("57014", () -> sleeps.execute("SELECT pg_sleep(60)"));
      equal(value(one, "SELECT 1"), "1");
    }
  }

  @Test
  void severalResultsOfOneStatement() throws Exception {
    try (Connection one = connect(); Statement several = one.createStatement()) {
      List<String> got = new ArrayList<>();
      boolean isRows = several.execute("SELECT 'a'; CREATE TABLE IF NOT EXISTS several (a int); SELECT 'b'");
      while (isRows || several.getUpdateCount() != -1) {
        if (isRows) {
          several.getResultSet().next();
          got.add(several.getResultSet().getString(1));
        }
        isRows = several.getMoreResults();
      }
      equal(got, List.of("a", "b"));
    }
  }

  @Test
  void theDriverReadsTheCatalogue() throws Exception {
    try (Connection one = connect()) {
      run(one, "CREATE TABLE described (id int PRIMARY KEY, name varchar(7))");
      try (ResultSet columns = one.getMetaData().getColumns(null, "public", "described", null)) {
        List<String> got = new ArrayList<>();
        while (columns.next()) got.add(columns.getString("COLUMN_NAME") + " " + columns.getInt("COLUMN_SIZE"));
        equal(got, List.of("id 10", "name 7"));
      }
      equal(one.getMetaData().getDatabaseProductName(), "PostgreSQL");
    }
  }
}
