import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.TimeZone;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.ds.PGConnectionPoolDataSource;

/** What a session keeps from one statement to the next, with pgjdbc. */
final class SessionTest extends Suite {
  public static void main(String[] arguments) throws Exception {
    main(SessionTest.class);
  }

  private static String setting(String name) {
    return "SELECT coalesce(current_setting('" + name + "', true), '')";
  }

  @Test
  void parametersOfTheConnectionHoldAndResetReturnsToThem() throws Exception {
    try (Connection one = connect("ApplicationName=mine&currentSchema=pg_catalog&options=-c%20work_mem=99kB%20-c%20myapp.tenant=ann")) {
      run(one, "SET work_mem = '77kB'; SET myapp.tenant = 'bob'");
      expect(one, "SHOW work_mem", "77kB");
      expect(one, "SHOW myapp.tenant", "bob");
      run(one, "RESET ALL");
      expect(one, "SHOW work_mem", "99kB");
      expect(one, "SHOW myapp.tenant", "ann");
      expect(one, "SHOW search_path", "pg_catalog");
    }
  }

  @Test
  void theNameOfTheApplicationIsKeptAndTold() throws Exception {
    try (Connection one = connect("ApplicationName=mine"); Connection other = connect("ApplicationName=yours")) {
      expect(one, "SHOW application_name", "mine");
      one.setClientInfo("ApplicationName", "changed");
      expect(one, "SHOW application_name", "changed");
      expect(other, "SHOW application_name", "yours");
      equal(one.getClientInfo("ApplicationName"), "changed");
    }
  }

  @Test
  void aSchemaIsThatOfItsConnection() throws Exception {
    try (Connection one = connect(); Connection other = connect()) {
      for (String tenant : new String[] {"one", "two"})
        run(one, "CREATE SCHEMA " + tenant + "; CREATE TABLE " + tenant + ".who AS SELECT '" + tenant + "'::text AS name");
      one.setSchema("one");
      other.setSchema("two");
      for (int turn = 0; turn < 2 * TURNS; ++turn) {
        equal(value(one, "SELECT name FROM who"), "one");
        equal(value(other, "SELECT name FROM who"), "two");
      }
      equal(one.getSchema(), "one");
    }
  }

  @Test
  void theSchemaOfATransactionThatIsRolledBackIsUndone() throws Exception {
    try (Connection one = connect()) {
      String before = value(one, "SHOW search_path");
      one.setAutoCommit(false);
      run(one, "SET search_path = pg_catalog");
      run(one, "SET LOCAL work_mem = '77kB'");
      one.rollback();
      one.setAutoCommit(true);
      expect(one, "SHOW search_path", before);
      expect(one, "SHOW work_mem", "4MB");
    }
  }

  /** The driver tells the server the zone of its virtual machine when it connects. */
  @Test
  void timeZonesOfTheVirtualMachineAndOfTheSession() throws Exception {
    TimeZone before = TimeZone.getDefault();
    TimeZone.setDefault(TimeZone.getTimeZone("Asia/Kolkata"));
    try (Connection one = connect(); Connection other = connect()) {
      run(other, "SET TimeZone = 'America/New_York'");
      Timestamp moment = Timestamp.from(Instant.parse("2026-01-01T00:00:00Z"));
      for (int turn = 0; turn < TURNS; ++turn) {
        equal(value(one, "SELECT ?::timestamptz::text", moment), "2026-01-01 05:30:00+05:30");
        equal(value(other, "SELECT ?::timestamptz::text", moment), "2025-12-31 19:00:00-05");
        try (PreparedStatement ask = other.prepareStatement("SELECT ?::timestamptz")) {
          ask.setTimestamp(1, moment);
          try (ResultSet rows = ask.executeQuery()) {
            rows.next();
            equal(rows.getObject(1, OffsetDateTime.class).withOffsetSameInstant(ZoneOffset.UTC), OffsetDateTime.parse("2026-01-01T00:00Z"));
          }
        }
      }
    } finally {
      TimeZone.setDefault(before);
    }
  }

  @Test
  void aSettingOfOneIsNotSeenByAnother() throws Exception {
    try (Connection one = connect(); Connection other = connect()) {
      run(one, "SET myapp.tenant = 'ann'; SET lock_timeout = '77s'; SET ROLE guest");
      expect(one, setting("myapp.tenant"), "ann");
      expect(one, "SELECT current_user", "guest");
      expect(other, setting("myapp.tenant"), "");
      expect(other, "SHOW lock_timeout", "0");
      expect(other, "SELECT current_user", "app");
    }
  }

  @Test
  void aTemporaryTableBelongsToItsSession() throws Exception {
    try (Connection one = connect(); Connection other = connect()) {
      run(one, "CREATE TEMP TABLE scratch (a int)");
      try (PreparedStatement insert = one.prepareStatement("INSERT INTO scratch VALUES (?)")) {
        for (int turn = 0; turn < TURNS; ++turn) {
          insert.setInt(1, turn);
          equal(insert.executeUpdate(), 1);
        }
      }
      expect(one, "SELECT count(*) FROM scratch", "" + TURNS);
      fails("42P01", () -> run(other, "SELECT FROM scratch"));
    }
  }

  @Test
  void aSessionLockIsHeldUntilItIsUnlocked() throws Exception {
    try (Connection one = connect(); Connection other = connect()) {
      value(one, "SELECT pg_advisory_lock(?)", 8L);
      expect(other, "SELECT pg_try_advisory_lock(8)", "f");
      equal(value(one, "SELECT pg_advisory_unlock(?)", 8L), "t");
      equal(value(other, "SELECT pg_try_advisory_lock(8)"), "t");
    }
  }

  @Test
  void aResultThatIsHeldOverTheCommit() throws Exception {
    try (Connection one = connect()) {
      one.setAutoCommit(false);
      try (Statement statement = one.createStatement(ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY, ResultSet.HOLD_CURSORS_OVER_COMMIT)) {
        statement.execute("DECLARE held CURSOR WITH HOLD FOR SELECT generate_series(1, 20)");
        one.commit();
        for (int number = 1; number <= 20; ++number) {
          equal(value(one, "FETCH held"), "" + number);
          one.commit();
        }
        statement.execute("CLOSE held");
        one.commit();
      }
    }
  }

  @Test
  void notificationsArriveInOrder() throws Exception {
    try (Connection one = connect(); Connection other = connect()) {
      run(one, "LISTEN news");
      for (int number = 0; number < TURNS; ++number) value(other, "SELECT pg_notify('news', ?)", "" + number);
      run(one, "NOTIFY news, 'mine'");
      List<String> heard = new ArrayList<>();
      while (heard.size() <= TURNS) {
        PGNotification[] some = one.unwrap(PGConnection.class).getNotifications(20000);
        if (some == null || some.length == 0) throw new AssertionError("heard only " + heard);
        for (PGNotification notification : some) heard.add(notification.getParameter());
      }
      equal(heard, List.of("0", "1", "2", "3", "4", "5", "6", "mine"));
      run(one, "UNLISTEN *");
    }
  }

  @Test
  void aRefCursorOfAFunctionIsReadInItsTransaction() throws Exception {
    try (Connection one = connect()) {
      run(one, "CREATE FUNCTION numbers() RETURNS refcursor LANGUAGE plpgsql AS "
          + "$$ DECLARE c refcursor; BEGIN OPEN c FOR SELECT generate_series(1, 5); RETURN c; END $$");
      one.setAutoCommit(false);
      for (int turn = 0; turn < TURNS; ++turn) {
        try (Statement statement = one.createStatement(); ResultSet outer = statement.executeQuery("SELECT numbers()")) {
          outer.next();
          int sum = 0;
          try (ResultSet rows = (ResultSet) outer.getObject(1)) {
            while (rows.next()) sum += rows.getInt(1);
          }
          equal(sum, 15);
        }
        one.commit();
      }
    }
  }

  @Test
  void discardAllPreparesStatementsAgain() throws Exception {
    try (Connection one = connect("prepareThreshold=1")) {
      for (int turn = 0; turn < TURNS; ++turn) {
        equal(value(one, "SELECT ?::int", turn), "" + turn);
        run(one, "DISCARD ALL");
      }
    }
  }

  @Test
  void thePoolOfTheDriverGivesOutItsConnectionAgain() throws Exception {
    PGConnectionPoolDataSource pool = new PGConnectionPoolDataSource();
    pool.setServerNames(new String[] {env("PGHOST")});
    pool.setPortNumbers(new int[] {Integer.parseInt(env("PGPORT"))});
    pool.setDatabaseName(env("PGDATABASE"));
    pool.setUser(env("PGUSER"));
    pool.setPassword(env("PGPASSWORD"));
    var pooled = pool.getPooledConnection();
    for (int turn = 0; turn < TURNS; ++turn) {
      try (Connection one = pooled.getConnection()) {
        one.setAutoCommit(false);
        run(one, "SET LOCAL work_mem = '77kB'");
      }
      try (Connection one = pooled.getConnection()) {
        equal(value(one, "SHOW work_mem"), "4MB");
      }
    }
    pooled.close();
  }

  @Test
  void aServerThatEndsTheConnectionIsToldInItsOwnWords() throws Exception {
    try (Connection one = connect(); Connection server = connectDirectly()) {
      one.setAutoCommit(false);
      String pid = value(one, "SELECT pg_backend_pid()");
      equal(value(server, "SELECT pg_terminate_backend(?, 20000)", Integer.parseInt(pid)), "t");
      fails("57P01", () -> value(one, "SELECT 1"));
      equal(one.isValid(5), false);
    }
    try (Connection one = connect()) {
      equal(value(one, "SELECT 1"), "1");
    }
  }

  @Test
  void aWrongPasswordIsRefusedAsTheServerRefusesIt() throws Exception {
    fails("28P01", () -> connect("password=wrong").close());
  }
}
