package stray

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/tailscale/hujson"
	"go.yaml.in/yaml/v3"

	"gatehouse/backend/llm"
)

// change is what becomes of a file.
type change struct {
	spots   []spot
	edits   []edit
	after   []byte
	notices []string
}

// edit replaces text[start:end]. For a key, at is its spot; else it sets the address, which name has.
type edit struct {
	start, end int
	with       string
	at         *spot
	name       string
}

// addresses are the names that hold the endpoint's address beside a name that holds a key, with the path that its readers
// expect behind the root.
var addresses = map[string]struct{ name, path string }{
	"OPENAI_API_KEY":    {"OPENAI_BASE_URL", "/v1"},
	"ANTHROPIC_API_KEY": {"ANTHROPIC_BASE_URL", ""},
	"GEMINI_API_KEY":    {"GOOGLE_GEMINI_BASE_URL", ""},
	"GOOGLE_API_KEY":    {"GOOGLE_GEMINI_BASE_URL", ""},
	"openai-api-key":    {"openai-api-base", "/v1"},
}

// editorAddresses are those beside "apiKey", by the name of an editor's settings file (each editor's documentation).
var editorAddresses = map[string]string{
	"opencode.json": "baseURL", "opencode.jsonc": "baseURL", "kilo.json": "baseURL", "kilo.jsonc": "baseURL",
	"config.yaml": "apiBase", "providers.json": "baseUrl",
}

// addressOf gives the name and value that tell the reader of a key where to go; ok is false where the file has no place for
// them.
func addressOf(path string, p spot, url string) (name, value string, ok bool) {
	if a, ok := addresses[p.name]; ok {
		return a.name, url + a.path, true
	}
	name = editorAddresses[filepath.Base(path)]
	if p.name != "apiKey" || name == "" || p.provider != "openai" && p.provider != "anthropic" {
		return "", "", false
	}
	return name, url + "/v1", !(name == "baseUrl" && p.provider == "anthropic") // Cline's has another path there
}

// rewrite puts the local key where keys are, and the address beside them.
func (s *Strays) rewrite(f file, v Values) (change, error) {
	c := change{spots: s.scan(f.text)}
	if len(c.spots) == 0 {
		return c, llm.Errorf(llm.ErrNotFound, "no provider's key was found in it")
	}
	set := map[int]bool{} // where an address was set already
	for i := range c.spots {
		p := &c.spots[i]
		c.edits = append(c.edits, edit{start: p.start, end: p.end, with: v.Key, at: p})
		name, value, ok := addressOf(f.path, *p, v.URL)
		e, placed := place(f, *p, name, value)
		switch {
		case p.remark:
		case !ok || !placed:
			c.notices = append(c.notices, fmt.Sprintf("whoever reads %s has to be told the address too: %s", p.name, v.URL+"/v1"))
		case !set[e.start]:
			set[e.start] = true
			c.edits = append(c.edits, e)
		}
	}
	slices.SortStableFunc(c.edits, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	at := 0
	for _, e := range c.edits {
		c.after = append(append(c.after, f.text[at:e.start]...), e.with...)
		at = e.end
	}
	c.after = append(c.after, f.text[at:]...)
	return c, sameShape(f.path, f.text, c.after)
}

// place gives the edit that sets an address beside a key: where its name has a value already, or behind the key.
func place(f file, p spot, name, value string) (edit, bool) {
	ext := filepath.Ext(f.path)
	from, to := 0, len(f.text)
	switch ext {
	case ".json", ".jsonc":
		root, err := hujson.Parse(f.text)
		if err != nil {
			return edit{}, false
		}
		root.UpdateOffsets()
		if from, to = objectAround(&root, p.start); from < 0 {
			return edit{}, false
		}
	case ".yaml", ".yml":
		from, to = itemAround(f.text, p.nameStart)
	case ".toml":
		return edit{}, false
	}
	for _, other := range assigned(f.text) {
		if other.name == name && !other.remark && other.start >= from && other.end <= to {
			return edit{start: other.start, end: other.end, with: value, name: name}, true
		}
	}
	behind, quote := p.end, ""
	if behind < len(f.text) && strings.IndexByte(`"'`, f.text[behind]) >= 0 {
		quote = f.text2(behind)
		behind++
	}
	start := lineStart(f.text, p.nameStart)
	nl := "\n"
	if bytes.Contains(f.text, []byte("\r\n")) {
		nl = "\r\n"
	}
	switch ext {
	case ".json", ".jsonc":
		return edit{start: behind, end: behind, with: `, "` + name + `": "` + value + `"`, name: name}, true
	case ".yaml", ".yml":
		indent := strings.ReplaceAll(string(f.text[start:p.nameStart]), "-", " ")
		at := lineEnd(f.text, behind)
		return edit{start: at, end: at, with: nl + indent + name + ": " + value, name: name}, true
	}
	lead := string(f.text[start:p.nameStart]) // such as "export "
	between := strings.TrimRight(string(f.text[p.nameStart+len(p.name):p.start]), `"'`)
	at := lineEnd(f.text, behind)
	return edit{start: at, end: at, with: nl + lead + name + between + quote + value + quote, name: name}, true
}

func (f file) text2(at int) string { return string(f.text[at : at+1]) }

// objectAround gives the bounds of the innermost object around an offset, -1 if there is none.
func objectAround(v *hujson.Value, at int) (from, to int) {
	from = -1
	for inner := range v.All() {
		if _, ok := inner.Value.(*hujson.Object); ok && inner.StartOffset < at && at < inner.EndOffset {
			from, to = inner.StartOffset, inner.EndOffset // what comes later lies deeper
		}
	}
	return from, to
}

// itemAround gives the bounds of the lines that belong to the same mapping: those around with at least its indentation, up
// to where a list's next item begins.
func itemAround(text []byte, at int) (from, to int) {
	indent := func(line int) (width int, item, blank bool) {
		rest := text[line:lineEnd(text, line)]
		trimmed := bytes.TrimLeft(rest, " -")
		return len(rest) - len(trimmed), bytes.HasPrefix(bytes.TrimLeft(rest, " "), []byte("- ")), len(trimmed) == 0
	}
	from = lineStart(text, at)
	width, item, _ := indent(from)
	for from > 0 && !item {
		before := lineStart(text, from-1)
		w, i, blank := indent(before)
		if !blank && w < width {
			break
		}
		from, item = before, i && w == width
	}
	to = lineStart(text, at)
	for to < len(text) {
		next := to + bytes.IndexByte(text[to:], '\n') + 1
		if next <= to || next >= len(text) {
			return from, len(text)
		}
		if w, i, blank := indent(next); !blank && (w < width || i && w == width) {
			return from, next
		}
		to = next
	}
	return from, to
}

// sameShape refuses an edit after which a file can't be read although it could before, or has other names than were set.
func sameShape(path string, before, after []byte) error {
	read := func([]byte) (any, error) { return nil, nil }
	switch filepath.Ext(path) {
	case ".json", ".jsonc":
		read = func(text []byte) (any, error) { return hujson.Parse(text) }
	case ".yaml", ".yml":
		read = func(text []byte) (any, error) { var v map[string]any; return nil, yaml.Unmarshal(text, &v) }
	case ".toml":
		read = func(text []byte) (any, error) { var v map[string]any; return nil, toml.Unmarshal(text, &v) }
	}
	_, was := read(before)
	_, is := read(after)
	if !reflect.DeepEqual(was == nil, is == nil) {
		return llm.Errorf(llm.ErrBadRequest, "it is written in a way that is not safe to edit; nothing was changed")
	}
	return nil
}
