package contents

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/backend/llm"
)

// Body is what is told of a request's or an answer's body beside its text.
type Body struct {
	// Bytes is how long it was, Kept how long what is kept of it is: secrets are taken out, and what is too long is Truncated.
	Bytes     int64 `json:"bytes"`
	Kept      int64 `json:"kept"`
	Truncated bool  `json:"truncated,omitempty"`
	// Missing says why nothing of it is kept; empty otherwise.
	Missing string `json:"missing,omitempty"`
}

// head is the first line of a file, as JSON; the request's text and the answer's follow it.
type head struct {
	ID        string      `json:"id"`
	Project   string      `json:"project"`
	Dialect   llm.Dialect `json:"dialect"`
	Surface   llm.Surface `json:"surface,omitempty"`
	Model     string      `json:"model"`
	Stream    bool        `json:"stream,omitempty"`
	StartedAt time.Time   `json:"startedAt"`
	Until     time.Time   `json:"until"`
	Request   Body        `json:"request"`
	Answer    Body        `json:"answer"`

	size int64 // of the whole file
}

// maxHead bounds the first line of a file, in bytes.
const maxHead = 64 << 10

func encode(h *head, request, answer []byte) ([]byte, error) {
	line, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(line)+1+len(request)+len(answer))
	return append(append(append(append(out, line...), '\n'), request...), answer...), nil
}

// Kept is what is kept of a request: what the client sent, and what it got.
type Kept struct {
	ID, Project string
	Dialect     llm.Dialect
	// Surface is what was asked for where the request was passed on whole, empty for conversations.
	Surface llm.Surface
	// Model is the one that was asked for.
	Model  string
	Stream bool
	// Until is when it expires.
	Until           time.Time
	Request, Answer Body
	// RequestText and AnswerText are as they were sent, without secrets.
	RequestText, AnswerText []byte
}

var errTorn = errors.New("the file is not whole")

// decode reads a file. It takes nothing for granted: the folder is the user's.
func decode(text []byte) (Kept, error) {
	line, rest, ok := bytes.Cut(text, []byte("\n"))
	if !ok || len(line) > maxHead {
		return Kept{}, errTorn
	}
	var h head
	if err := json.Unmarshal(line, &h); err != nil {
		return Kept{}, errTorn
	}
	if h.Request.Kept < 0 || h.Answer.Kept < 0 || h.Request.Kept > int64(len(rest)) || h.Answer.Kept != int64(len(rest))-h.Request.Kept {
		return Kept{}, errTorn
	}
	return Kept{
		ID: h.ID, Project: h.Project, Dialect: h.Dialect, Surface: h.Surface, Model: h.Model, Stream: h.Stream, Until: h.Until,
		Request: h.Request, Answer: h.Answer, RequestText: rest[:h.Request.Kept], AnswerText: rest[h.Request.Kept:],
	}, nil
}

func readFile(path string) (Kept, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Kept{}, err
	}
	return decode(text)
}

// part is the end of the name of a file that is being written.
const part = ".part"

// writeFile makes a file, whole or not at all, as long as the machine does not end meanwhile; then the next Open removes it.
func (c *Contents) writeFile(id string, text []byte) error {
	if err := os.MkdirAll(c.opts.Dir, 0o700); err != nil {
		return err
	}
	path := c.path(id)
	err := os.WriteFile(path+part, text, 0o600)
	if err == nil {
		err = os.Rename(path+part, path)
	}
	if err != nil {
		_ = os.Remove(path + part) // it is no whole file
	}
	return err
}

// load finds what is kept. c.mu is held.
func (c *Contents) load() error {
	entries, err := os.ReadDir(c.opts.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !validID(strings.TrimSuffix(e.Name(), part)) {
			continue // it is none of ours
		}
		h, err := readHead(filepath.Join(c.opts.Dir, e.Name()))
		if err != nil || h.ID != e.Name() {
			c.opts.Logger.Warn("contents that were not written to their end are removed", "request", e.Name())
			if err := os.Remove(filepath.Join(c.opts.Dir, e.Name())); err != nil {
				return err
			}
			continue
		}
		c.kept[h.ID] = h
		c.bytes += h.size
	}
	return nil
}

func readHead(path string) (h head, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	info, err := f.Stat()
	if err != nil {
		return h, err
	}
	line, err := bufio.NewReaderSize(f, maxHead).ReadSlice('\n')
	if err != nil || json.Unmarshal(line, &h) != nil {
		return h, errTorn
	}
	h.size = info.Size()
	if h.Request.Kept < 0 || h.Answer.Kept < 0 || int64(len(line))+h.Request.Kept+h.Answer.Kept != h.size {
		return h, errTorn
	}
	return h, nil
}
