package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Store is the folder, open. It implements secret.KeyringStore, keys.Store,
// grant.Store and replay.Store, and is safe for concurrent use.
type Store struct {
	folder  *folder
	durable *database
	short   *database
	close   func() error
}

// Open opens the store in the folder dir, and makes both when they do not
// exist. The folder is closed to other users (mode 0700) and belongs to this
// process until [Store.Close] or the end of the process, however it ends.
//
// An error is one line that says what is wrong and what to do: the folder or
// a file cannot be written, the disk is full, another server is using the
// folder, a file is damaged, or it was written by a newer program.
func Open(ctx context.Context, dir string) (*Store, error) {
	f, err := openFolder(ctx, dir)
	if err != nil {
		return nil, err
	}
	s := &Store{folder: f}
	s.close = sync.OnceValue(s.closeAll)
	if s.durable, err = openDatabase(ctx, f, durableFile); err == nil {
		s.short, err = openDatabase(ctx, f, shortFile)
	}
	if err == nil {
		// A full disk shows on the first write, and is better met now than
		// by the first client.
		err = s.Healthy(ctx)
	}
	if err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("data folder %s: %w", dir, err)
	}
	return s, nil
}

// Close answers the writes that wait, refuses later ones, closes the files
// and gives up the folder. Calling it again does nothing more.
func (s *Store) Close() error { return s.close() }

func (s *Store) closeAll() error {
	return errors.Join(s.durable.close(), s.short.close(), s.folder.close())
}

// Healthy writes to both files and says why it could not. It costs one sync.
func (s *Store) Healthy(ctx context.Context) error {
	if err := s.durable.healthy(ctx); err != nil {
		return err
	}
	return s.short.healthy(ctx)
}
