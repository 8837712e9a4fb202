package signer_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse.example/internal/signer"
)

func TestWriteThenLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "server.key")
	key := must(signer.GenerateES256())(t)
	if err := signer.WritePEM(path, key); err != nil {
		t.Fatal(err)
	}
	if mode := must(os.Stat(path))(t).Mode(); mode != 0o600 {
		t.Errorf("mode is %v", mode)
	}
	loaded, err := signer.LoadPEM(path)
	if err != nil {
		t.Fatal(err)
	}
	if !key.Equal(loaded) {
		t.Error("another key came back")
	}
	t.Run("never overwrites", func(t *testing.T) {
		if err := signer.WritePEM(path, must(signer.GenerateES256())(t)); err == nil || !strings.Contains(err.Error(), "exists already") {
			t.Errorf("got %v", err)
		}
		if again := must(signer.LoadPEM(path))(t); !key.Equal(again) {
			t.Error("the key was overwritten")
		}
	})
	t.Run("leaves nothing else behind", func(t *testing.T) {
		if names := must(os.ReadDir(dir))(t); len(names) != 1 {
			t.Errorf("%d files are in the folder", len(names))
		}
	})
	t.Run("through a symbolic link", func(t *testing.T) {
		link := filepath.Join(dir, "link.key")
		if err := os.Symlink(path, link); err != nil {
			t.Fatal(err)
		}
		if _, err := signer.LoadPEM(link); err != nil {
			t.Error(err)
		}
	})
}

func TestPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server.key")
	if err := signer.WritePEM(path, must(signer.GenerateES256())(t)); err != nil {
		t.Fatal(err)
	}
	for mode, fine := range map[fs.FileMode]bool{
		0o400: true, 0o600: true, 0o640: true, 0o440: true,
		0o644: false, 0o604: false, 0o660: false, 0o650: false, 0o601: false, 0o777: false,
	} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, loadErr := signer.LoadPEM(path)
		checkErr := signer.CheckPrivateFile(path)
		for _, err := range []error{loadErr, checkErr} {
			if fine && err != nil {
				t.Errorf("mode %04o is refused: %v", mode, err)
			}
			if !fine && (err == nil || !strings.Contains(err.Error(), "chmod 600 "+path)) {
				t.Errorf("mode %04o: %v", mode, err)
			}
		}
	}
}

func TestUnusableFiles(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte("no key here"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, want string }{
		{"missing", filepath.Join(dir, "absent.key"), "does not exist; create it"},
		{"folder", dir, "not a regular file"},
		{"no key in it", text, "cannot be used"},
		{"name that cannot be", filepath.Join(text, "x"), "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := signer.LoadPEM(c.path)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v does not say %q in one line", err, c.want)
			}
		})
	}
	t.Run("write into a missing folder", func(t *testing.T) {
		err := signer.WritePEM(filepath.Join(dir, "absent", "a.key"), must(signer.GenerateES256())(t))
		if err == nil || !strings.Contains(err.Error(), "cannot be written") {
			t.Errorf("got %v", err)
		}
	})
}
