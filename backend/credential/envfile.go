package credential

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/joho/godotenv"

	"gatehouse/backend/filewatch"
)

// maxEnvFile bounds how much of an .env file is read, in bytes.
const maxEnvFile = 1 << 20

// envFile is an .env file that is watched. A nil one is none.
type envFile struct {
	path  string
	watch *filewatch.Watcher

	mu     sync.Mutex
	values map[string]string // as of the last reading
}

// openEnvFile reads a provider's file and watches it from then on.
func (s *Store) openEnvFile(spec Spec) *envFile {
	f := &envFile{path: spec.EnvFile}
	var err error
	if f.watch, err = filewatch.New(spec.EnvFile); err != nil {
		s.Logger.Warn("an .env file can't be watched; it is looked at every few minutes", "path", spec.EnvFile, "error", err)
	}
	s.reread(spec.Provider, f, true)
	if f.watch != nil {
		f.watch.Start(func(report bool) (pending bool) { return s.reread(spec.Provider, f, report) })
	}
	return f
}

// read gives the variables of the last reading.
func (f *envFile) read() map[string]string {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.values
}

func (f *envFile) close() {
	if f != nil && f.watch != nil {
		_ = f.watch.Close() // only the watch's own handle
	}
}

// reread reads a file again. A mistake or a missing file counts only with report: it may be an editor's half-way state.
func (s *Store) reread(provider string, f *envFile, report bool) (pending bool) {
	values, err := readEnvFile(f.path)
	if err != nil && !report {
		return true
	}
	f.mu.Lock()
	first := f.values == nil
	if values == nil {
		values = map[string]string{}
	}
	same := maps.Equal(values, f.values)
	f.values = values
	f.mu.Unlock()
	if same && !first {
		return false
	}
	if err != nil {
		s.Logger.Warn("an .env file can't be read", "path", f.path, "error", err)
	}
	s.mu.Lock()
	e := s.providers[provider]
	if e == nil || e.file != f {
		s.mu.Unlock()
		return false // SetSpecs is about to look at it
	}
	before := e.found
	e.found = s.find(e.spec, values)
	changed := !slices.Equal(before, e.found)
	s.mu.Unlock()
	if changed {
		s.Replaced(provider)
		s.changed()
		s.RefreshNow() // which looks at when a token ends
	}
	return false
}

// rereadAll reads the files again whose watch may have missed something.
func (s *Store) rereadAll() {
	s.mu.RLock()
	files := map[string]*envFile{}
	for id, e := range s.providers {
		if e.file != nil {
			files[id] = e.file
		}
	}
	s.mu.RUnlock()
	for id, f := range files {
		s.reread(id, f, f.watch == nil)
	}
}

// errMistake stands for a parser's own error, which quotes the line.
var errMistake = errors.New("it is no .env file: each line is NAME=value or a # comment")

// readEnvFile reads the variables of a file. Its errors quote nothing of it.
func readEnvFile(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	return parseEnv(io.LimitReader(file, maxEnvFile))
}

func parseEnv(r io.Reader) (map[string]string, error) {
	values, err := godotenv.Parse(r)
	if err != nil {
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			return nil, err
		}
		return nil, errMistake
	}
	return values, nil
}
