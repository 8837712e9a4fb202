package sqlstore

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

func TestOpen_RefusesAFolderThatCannotBeWritten(t *testing.T) {
	asNobody(t)
	dir := filepath.Join("/sys", "gatehouse")
	wantRefused(t, dir, "gatehouse cannot be written", "give the user that runs the server its own folder")
	dir = t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, dir, "lock cannot be written", "give the user that runs the server its own folder")
}

// A folder of another user that everybody may write is not made safe by us.
func TestOpen_RefusesAnothersOpenFolder(t *testing.T) {
	if os.Geteuid() != 0 {
		wantRefused(t, "/", "open to other users and not ours to close")
		return
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	// A folder above that nobody may pass would hide what is tested.
	for up := filepath.Dir(dir); up != os.TempDir() && up != "/"; up = filepath.Dir(up) {
		if err := os.Chmod(up, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	asNobody(t)
	wantRefused(t, dir, "open to other users and not ours to close", "name a folder inside it")
}

// asNobody takes root's rights over files from the test's thread until the
// test ends. Whoever is not root already lacks them.
func asNobody(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	runtime.LockOSThread()
	setFSUID(nobody)
	t.Cleanup(func() {
		setFSUID(0)
		runtime.UnlockOSThread()
	})
}

// setFSUID sets the user id by which the kernel judges this thread's files.
func setFSUID(uid uintptr) { _, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, uid, 0, 0) }
