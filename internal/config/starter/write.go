package starter

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gatehouse.example/internal/signer"
)

// Write makes everything new under dir, which need not exist. When a file is
// there already nothing is written, and the error names each such file.
func Write(dir string, o Options) (Result, error) {
	r := Layout(dir, o)
	m := &maker{r: r, o: o}
	if err := m.make(); err != nil {
		return Result{}, err
	}
	if err := refuseExisting(m.files); err != nil {
		return Result{}, err
	}
	var written []string
	for _, f := range m.files {
		if err := f.write(); err != nil {
			return Result{}, errors.Join(err, remove(written))
		}
		written = append(written, f.path)
		r.Written = append(r.Written, r.relative(f.path))
	}
	return r, nil
}

// file is one file to be written.
type file struct {
	path    string
	data    []byte
	private bool
}

func (f file) write() error {
	if err := os.MkdirAll(filepath.Dir(f.path), f.folderMode()); err != nil {
		return fmt.Errorf("folder %s cannot be made: %w", filepath.Dir(f.path), err)
	}
	if f.private {
		return signer.WritePrivateFile(f.path, f.data)
	}
	out, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("file %s cannot be written: %w", f.path, err)
	}
	_, err = out.Write(f.data)
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(fmt.Errorf("file %s cannot be written: %w", f.path, err), os.Remove(f.path))
	}
	return nil
}

// folderMode keeps others out of a folder that is made for private files.
func (f file) folderMode() fs.FileMode {
	if f.private {
		return 0o700
	}
	return 0o755
}

func refuseExisting(files []file) error {
	var there []string
	for _, f := range files {
		if _, err := os.Lstat(f.path); err == nil {
			there = append(there, f.path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("file %s cannot be written: %w", f.path, err)
		}
	}
	if there != nil {
		return fmt.Errorf("nothing was written, for there is already: %s; choose another folder with --dir", strings.Join(there, ", "))
	}
	return nil
}

// remove takes back what this run wrote.
func remove(written []string) error {
	var errs []error
	for _, path := range written {
		errs = append(errs, os.Remove(path))
	}
	return errors.Join(errs...)
}
