package usage

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
)

// maxLine bounds a line of a journal that is read back, in bytes; a record's JSON stays well below.
const maxLine = 256 << 10

// journal is one file of records, a JSON line each, that are not in the database yet. A plain write puts them into the
// kernel's hands, from where they survive the end of the program, though not the end of the machine.
type journal struct {
	path string
	file *os.File
	// used tells that the file may hold lines; torn that the last line may lack its end.
	used, torn bool
}

// append writes whole lines.
func (j *journal) append(lines []byte) error {
	if j.file == nil {
		f, err := os.OpenFile(j.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		j.file = f
	}
	if j.torn {
		// End what a failed write left, so that only its own line is lost.
		if _, err := j.file.Write([]byte("\n")); err != nil {
			return err
		}
		j.torn = false
	}
	j.used = true
	_, err := j.file.Write(lines)
	j.torn = err != nil
	return err
}

// empty forgets all lines, which are in the database now.
func (j *journal) empty() error {
	if !j.used {
		return nil
	}
	if err := os.Truncate(j.path, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	j.used, j.torn = false, false
	return nil
}

// close closes the file, and removes it if it holds nothing.
func (j *journal) close() error {
	var err error
	if j.file != nil {
		err = j.file.Close()
		j.file = nil
	}
	if !j.used {
		if e := os.Remove(j.path); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// readJournal gives each record of a journal to fn, in order. It counts the lines that are none: the end of the program
// or of the disk's space can cut one off.
func readJournal(path string, fn func(*Record)) (broken int, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return parseJournal(f, fn)
}

func parseJournal(from io.Reader, fn func(*Record)) (broken int, err error) {
	in := bufio.NewReaderSize(from, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			broken++
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = in.ReadSlice('\n')
			}
			line = nil
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			r := &Record{}
			if json.Unmarshal(line, r) == nil && validID(r.ID) {
				fn(r)
			} else {
				broken++
			}
		}
		if errors.Is(err, io.EOF) {
			return broken, nil
		}
		if err != nil {
			return broken, err
		}
	}
}

// validID tells whether a request's id can be a key of the database.
func validID(id string) bool { return id != "" && len(id) <= 64 }
