//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package sqlstore

import (
	"errors"
	"os"
)

// Without a lock two servers could share a folder and spend a thing twice.
func tryLock(*os.File) (bool, error) {
	return false, errors.New("this operating system has no file locks that end with their process; run the authorization server on Linux, macOS or a BSD")
}
