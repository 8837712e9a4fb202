package signer

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxKeyFile bounds what is read of a key file; a real one is far smaller.
const maxKeyFile = 1 << 20

// forbidden are the permission bits that a private file may not have: any of
// the world's, and the group's but for reading, by which a service's group is
// commonly let in.
const forbidden = 0o077 &^ 0o040

// LoadPEM reads the private key in a file that only its owner, and at most
// its group, may read.
func LoadPEM(path string) (crypto.Signer, error) {
	f, err := openPrivate(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, unreadable(path, err)
	}
	key, err := ParsePEM(data)
	if err != nil {
		return nil, fmt.Errorf("private key file %s cannot be used: %w", path, err)
	}
	return key, nil
}

// CheckPrivateFile tells whether a file may hold a secret: it can be read by
// us and not by everyone.
func CheckPrivateFile(path string) error {
	f, err := openPrivate(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// openPrivate checks the file that it opened and not merely the one of that
// name, which may be another by the time it is read.
func openPrivate(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	info, err := f.Stat()
	if err == nil {
		err = checkMode(path, info)
	} else {
		err = unreadable(path, err)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func checkMode(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("private file %s is not a regular file; name the file itself", path)
	}
	if mode := info.Mode().Perm(); mode&forbidden != 0 {
		return fmt.Errorf("private file %s is open to others (mode %04o); run: chmod 600 %s", path, mode, path)
	}
	return nil
}

func unreadable(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("private file %s does not exist; create it or correct the path", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("private file %s cannot be read by this user; make it the file's owner, or a member of its group with mode 0640", path)
	}
	return fmt.Errorf("private file %s cannot be read: %w", path, err)
}

// WritePEM writes the key to a new file of mode 0600, whole or not at all. A
// file that is there already is never overwritten.
func WritePEM(path string, key crypto.Signer) error {
	data, err := EncodePEM(key)
	if err != nil {
		return err
	}
	return WritePrivateFile(path, data)
}

// WritePrivateFile writes any secret the way of [WritePEM].
func WritePrivateFile(path string, data []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("private file %s cannot be written: %w", path, err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	if err := fill(f, data); err != nil {
		return fmt.Errorf("private file %s cannot be written: %w", path, err)
	}
	// A link, unlike a rename, fails when the name is taken.
	if err := os.Link(f.Name(), path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("private file %s exists already and is not overwritten; move it away first", path)
		}
		return fmt.Errorf("private file %s cannot be written: %w", path, err)
	}
	return syncDir(dir)
}

func fill(f *os.File, data []byte) error {
	_, err := f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir makes the new name itself survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
