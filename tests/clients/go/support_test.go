// Package clients: Go's lib/pq through pgweir, as an application uses it. It prepares whatever has parameters without a
// name, and asks for its description before it binds them.
package clients

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/lib/pq"
)

// More than there are server connections.
const turns = 7

// For what would wait for ever if it did not work.
const limit = 20 * time.Second

func open(t *testing.T, conninfo string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", "sslmode=disable connect_timeout=20 "+conninfo)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// A session of its own.
func session(t *testing.T, conninfo string) *sql.Conn {
	t.Helper()
	conn, err := open(t, conninfo).Conn(context.Background())
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Of *sql.DB, *sql.Conn and *sql.Tx.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func run(t *testing.T, on querier, query string, args ...any) {
	t.Helper()
	_, err := on.ExecContext(context.Background(), query, args...)
	must(t, err)
}

func value[T any](t *testing.T, on querier, query string, args ...any) T {
	t.Helper()
	var got T
	must(t, on.QueryRowContext(context.Background(), query, args...).Scan(&got))
	return got
}

func equal(t *testing.T, got, expected any) {
	t.Helper()
	if !reflect.DeepEqual(got, expected) {
		t.Fatalf("got %#v, expected %#v", got, expected)
	}
}

// The query gives the same in every turn.
func expect[T any](t *testing.T, on querier, query string, expected T) {
	t.Helper()
	for turn := 0; turn < turns; turn++ {
		equal(t, value[T](t, on, query), expected)
	}
}

func fails(t *testing.T, err error, code string) {
	t.Helper()
	var told *pq.Error
	if !errors.As(err, &told) || string(told.Code) != code {
		t.Fatalf("expected SQLSTATE %s, got %v", code, err)
	}
}
