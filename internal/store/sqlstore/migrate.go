package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the tables to this program's version, each step in a
// transaction, and refuses a file that is ahead of the program.
func migrate(ctx context.Context, db *sql.DB, k kind) error {
	steps, err := fs.Sub(migrations, k.migrations)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, steps,
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	has, err := version(ctx, db)
	if err != nil {
		return err
	}
	sources := p.ListSources() // the oldest first
	if knows := sources[len(sources)-1].Version; has > knows {
		return fmt.Errorf("%s was written by a newer program (version %d, this one knows %d); run that program, or restore a backup made by this one", k.name, has, knows)
	}
	_, err = p.Up(ctx)
	return err
}

const (
	isMigrated statement = `SELECT COUNT(*) FROM sqlite_schema WHERE name = 'goose_db_version'`
	lastStep   statement = `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`
)

// version is the number of the last step that the file has, 0 for a new file.
// Goose would take a damaged table of versions for a missing one.
func version(ctx context.Context, db *sql.DB) (v int64, err error) {
	var n int
	if err := db.QueryRowContext(ctx, string(isMigrated)).Scan(&n); err != nil || n == 0 {
		return 0, err
	}
	err = db.QueryRowContext(ctx, string(lastStep)).Scan(&v)
	return v, err
}
