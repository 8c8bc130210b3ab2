package crew

import (
	"fmt"
	"os"
	"path/filepath"
)

// keep writes a part to a file that is either whole or not there.
func keep(dir, name string, part []byte) (file string, err error) {
	defer func() {
		if err != nil {
			file, err = "", fmt.Errorf("keep the part in %s: %w", dir, err)
		}
	}()
	f, err := os.CreateTemp(dir, name+".*.tmp") // only its owner may read it
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) // fails once it was renamed
	_, err = f.Write(part)
	if serr := f.Sync(); err == nil {
		err = serr
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, name)
	return file, os.Rename(f.Name(), file)
}
