import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;

/** Runs the methods of a class that are marked as tests, and has what they need. */
abstract class Suite {
  /** More than there are server connections. */
  static final int TURNS = 7;

  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.METHOD)
  @interface Test {}

  interface Action {
    void run() throws Exception;
  }

  static void main(Class<? extends Suite> suite) throws Exception {
    int failed = 0;
    Method[] methods = suite.getDeclaredMethods();
    Arrays.sort(methods, Comparator.comparing(Method::getName));
    for (Method method : methods) {
      if (!method.isAnnotationPresent(Test.class)) continue;
      try {
        method.invoke(suite.getDeclaredConstructor().newInstance());
        System.out.println("ok     " + method.getName());
      } catch (InvocationTargetException failure) {
        ++failed;
        System.out.println("FAILED " + method.getName());
        failure.getCause().printStackTrace(System.out);
      }
    }
    if (failed > 0) System.exit(1);
  }

  /** {@code parameters}: as in a URL, joined with "&". */
  static Connection connect(String port, String parameters) throws SQLException {
    String url = "jdbc:postgresql://" + env("PGHOST") + ":" + port + "/" + env("PGDATABASE") + "?user=" + env("PGUSER")
        + "&password=" + env("PGPASSWORD") + "&sslmode=disable&connectTimeout=20&" + parameters;
    return DriverManager.getConnection(url);
  }

  static Connection connect(String parameters) throws SQLException {
    return connect(env("PGPORT"), parameters);
  }

  static Connection connect() throws SQLException {
    return connect("");
  }

  static Connection connectDirectly() throws SQLException {
    return connect(env("SERVER_PORT"), "");
  }

  static String env(String name) {
    return Objects.requireNonNull(System.getenv(name), name);
  }

  static void run(Connection on, String sql) throws SQLException {
    try (Statement statement = on.createStatement()) {
      statement.execute(sql);
    }
  }

  /** The first column of the first row, as text. */
  static String value(Connection on, String sql, Object... parameters) throws SQLException {
    try (PreparedStatement statement = on.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; ++i) statement.setObject(i + 1, parameters[i]);
      try (ResultSet rows = statement.executeQuery()) {
        if (!rows.next()) throw new AssertionError("no row: " + sql);
        return rows.getString(1);
      }
    }
  }

  static void equal(Object got, Object expected) {
    if (!Objects.deepEquals(got, expected)) throw new AssertionError("got " + got + ", expected " + expected);
  }

  /** The query gives the same in every turn. */
  static void expect(Connection on, String sql, String expected) throws SQLException {
    for (int turn = 0; turn < TURNS; ++turn) equal(value(on, sql), expected);
  }

  static void fails(String state, Action action) throws Exception {
    try {
      action.run();
    } catch (SQLException told) {
      if (!state.equals(told.getSQLState())) throw told;
      return;
    }
    throw new AssertionError("expected SQLSTATE " + state);
  }
}
