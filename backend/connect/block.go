package connect

import (
	"bytes"
	"slices"
	"strings"

	"gatehouse/backend/llm"
)

// block edits files of variables, of which the last setting counts: it adds one marked block at the end. line writes one
// of its lines.
type block struct {
	line func(name, value string) string
}

const (
	blockStart = "# >>> gatehouse >>> (gatehouse connect --revert takes this out)"
	blockEnd   = "# <<< gatehouse <<<"
)

func dotenv(name, value string) string { return name + "=" + value }
func posix(name, value string) string  { return "export " + name + "='" + value + "'" }
func fish(name, value string) string   { return "set -gx " + name + " '" + value + "'" }

// bounds finds the marked block; start is -1 if there is none.
func bounds(text []byte) (start, end int, err error) {
	start = bytes.Index(text, []byte("# >>> gatehouse >>>"))
	if start < 0 {
		return -1, -1, nil
	}
	i := bytes.Index(text[start:], []byte(blockEnd))
	if i < 0 {
		return -1, -1, llm.Errorf(llm.ErrBadRequest, "the line %q is missing behind the block that begins with %q; put it back, or take the block out", blockEnd, "# >>> gatehouse >>>")
	}
	return start, lineEnd(text, start+i), nil
}

// tree gives the variables of the block; nobody else's lines are read.
func (b block) tree(text []byte) (any, error) {
	start, end, err := bounds(text)
	tree := map[string]any{}
	if err != nil || start < 0 {
		return tree, err
	}
	for line := range strings.Lines(string(text[start:end])) {
		if name, value, ok := b.split(line); ok {
			tree[name] = value
		}
	}
	return tree, nil
}

func (block) split(line string) (name, value string, ok bool) {
	line = strings.TrimSpace(line)
	line = strings.TrimPrefix(strings.TrimPrefix(line, "export "), "set -gx ")
	i := strings.IndexAny(line, "= ")
	if i <= 0 || line[0] == '#' {
		return "", "", false
	}
	return line[:i], strings.Trim(line[i+1:], "'"), true
}

// lineOf finds the line of the block that sets a variable.
func (b block) lineOf(text []byte, name string) (start, end int, err error) {
	from, to, err := bounds(text)
	if err != nil || from < 0 {
		return -1, -1, err
	}
	for at := from; at < to; at = lineEnd(text, at) {
		if n, _, ok := b.split(string(text[at:lineEnd(text, at)])); ok && n == name {
			return at, lineEnd(text, at), nil
		}
	}
	return -1, -1, nil
}

func (b block) find(text []byte, path []string) ([]byte, error) {
	start, end, err := b.lineOf(text, path[0])
	if err != nil || start < 0 {
		return nil, err
	}
	return bytes.TrimRight(text[start:end], "\r\n"), nil
}

func (b block) replace(text []byte, path []string, raw []byte) ([]byte, error) {
	start, end, err := b.lineOf(text, path[0])
	if err != nil {
		return nil, err
	}
	return splice(text, start, end, string(raw)+newline(text)), nil
}

func (b block) set(text []byte, path []string, value any) ([]byte, Undo, error) {
	u := Undo{Path: path}
	s, ok := value.(string)
	if !ok || strings.ContainsAny(s, "'\n\\") {
		return nil, u, unsafe(path)
	}
	nl := newline(text)
	line := b.line(path[0], s)
	start, end, err := b.lineOf(text, path[0])
	if err != nil {
		return nil, u, err
	}
	if start >= 0 {
		u.Old = bytes.TrimRight(bytes.Clone(text[start:end]), "\r\n")
		return splice(text, start, end, line+nl), u, nil
	}
	if from, _, err := bounds(text); err != nil || from >= 0 {
		at := lineEnd(text, max(from, 0))
		return splice(text, at, at, line+nl), u, err
	}
	before := ""
	if len(text) > 0 && text[len(text)-1] != '\n' {
		before = nl
	}
	u.Around = &before
	return slices.Concat(text, []byte(before+blockStart+nl+line+nl+blockEnd+nl)), u, nil
}

// remove takes a line out of the block, and the marks once nobody's line stands between them. Lines that the user wrote
// there stay.
func (b block) remove(text []byte, u Undo) ([]byte, error) {
	start, end, err := b.lineOf(text, u.Path[0])
	if err != nil || start < 0 {
		return text, err
	}
	text = splice(text, start, end, "")
	if u.Around == nil {
		return text, nil
	}
	from, to, err := bounds(text)
	if err != nil || from < 0 {
		return text, err
	}
	inside := text[lineEnd(text, from):]
	inside = inside[:bytes.Index(inside, []byte(blockEnd))]
	if to == len(text) && len(inside) == 0 && bytes.HasSuffix(text[:from], []byte(*u.Around)) {
		from -= len(*u.Around)
	}
	return splice(text, from, to, string(inside)), nil
}
