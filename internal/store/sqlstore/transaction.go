package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
)

// transaction is what an event writes through. It ignores the caller's
// context: a statement cut off would take the whole batch with it.
type transaction struct{ w *writer }

// exec runs the statement and returns how many rows it changed.
func (tx *transaction) exec(s statement, args ...any) (changed int64, err error) {
	p, err := tx.w.prepare(s)
	if err != nil {
		return 0, err
	}
	r, err := p.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// mustChange runs a statement that is to change exactly one row.
func (tx *transaction) mustChange(s statement, args ...any) error {
	changed, err := tx.exec(s, args...)
	if err == nil && changed != 1 {
		err = fmt.Errorf("%s: a write changed %d rows where it must change one", tx.w.name, changed)
	}
	return err
}

// prepare gives the statement prepared on the writer's connection.
func (w *writer) prepare(s statement) (*sql.Stmt, error) {
	if p, ok := w.prepared[s]; ok {
		return p, nil
	}
	if w.conn == nil {
		c, err := w.db.Conn(context.Background())
		if err != nil {
			return nil, err
		}
		w.conn, w.prepared = c, map[statement]*sql.Stmt{}
	}
	p, err := w.conn.PrepareContext(context.Background(), string(s))
	if err != nil {
		return nil, err
	}
	w.prepared[s] = p
	return p, nil
}

// contend runs a statement that has one winner among all who run it, and tells
// whether this is the one: whether it changed a row.
func (d *database) contend(ctx context.Context, s statement, args ...any) (won bool, err error) {
	var changed int64
	err = d.write(ctx, func(tx *transaction) error {
		var err error
		changed, err = tx.exec(s, args...)
		return err
	})
	if err != nil {
		return false, err
	}
	return changed > 0, nil
}
