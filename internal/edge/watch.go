package edge

import (
	"context"
	"crypto/sha256"
	"os"
	"time"
)

// Files are files and their content as it was last seen.
type Files struct {
	paths []string
	seen  [][sha256.Size]byte
}

// Observe looks at files now. Whoever loads them afterwards misses no change
// that [Files.Watch] would tell of.
func Observe(paths ...string) *Files {
	f := &Files{paths: paths, seen: make([][sha256.Size]byte, len(paths))}
	f.look()
	return f
}

// Watch looks at the content of the files every interval until ctx ends, and
// calls changed after a look that found any of them different. It compares
// content and not times or names, because a Kubernetes secret changes by a
// symbolic link far above the file. A file that cannot be read counts as
// having another content than any that can.
func (f *Files) Watch(ctx context.Context, every time.Duration, changed func()) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if f.look() {
			changed()
		}
	}
}

// look tells whether any file differs from when it was last looked at.
func (f *Files) look() (different bool) {
	for i, path := range f.paths {
		var sum [sha256.Size]byte // of a file that cannot be read
		if data, err := os.ReadFile(path); err == nil {
			sum = sha256.Sum256(data)
		}
		if sum != f.seen[i] {
			f.seen[i], different = sum, true
		}
	}
	return different
}
