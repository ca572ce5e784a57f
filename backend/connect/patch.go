package connect

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gatehouse/backend/llm"
)

// assign sets the value at a path of a settings file.
type assign struct {
	path  []string
	value any // a string, a number, a bool, an object or an item
	role  role
}

// role says what an assignment is for, so that it can be read back.
type role int

const (
	plain role = iota
	// ifMissing is set only where nothing is: what a new file can't do without.
	ifMissing
	baseURL
	apiKey
	modelID
)

// pair is a member of an object or item, which keep their order.
type pair struct {
	name  string
	value any
}

type (
	object []pair
	item   []pair // one of a list, known by its member "name"
	list   []any
)

// Undo is what a file needs to be rid of one assignment.
type Undo struct {
	Path []string `json:"path"`
	// Old is the value that was there, as it was written; nil if none was.
	Old []byte `json:"old,omitempty"`
	// New is the hash of the value that was written.
	New string `json:"new"`
	// Had is how many elements of Path there were.
	Had int `json:"had"`
	// Around is what stood where the value was put: the inside of an empty object, or the line breaks put before it.
	Around *string `json:"around,omitempty"`
}

// format edits one kind of file. Its functions change nothing but the value at a path, and get text without a byte order
// mark.
type format interface {
	// tree reads the whole file.
	tree(text []byte) (any, error)
	// find gives the value at a path as it is written, nil if there is none.
	find(text []byte, path []string) ([]byte, error)
	set(text []byte, path []string, value any) ([]byte, Undo, error)
	// replace puts a value, as it is written, where one is.
	replace(text []byte, path []string, raw []byte) ([]byte, error)
	// remove takes out a value that is there, and what set made around it if that is empty now.
	remove(text []byte, u Undo) ([]byte, error)
}

var bom = []byte("\xef\xbb\xbf")

func cutBOM(text []byte) (mark, rest []byte) {
	if bytes.HasPrefix(text, bom) {
		return bom, text[len(bom):]
	}
	return nil, text
}

// apply carries out assignments. The result is read again: it must say what the file said, and the assignments, and
// nothing else. If not, the file is written in a way that is not safe to edit, and is refused.
func apply(f format, text []byte, assigns []assign) ([]byte, []Undo, error) {
	mark, text := cutBOM(text)
	want, err := f.tree(text)
	if err != nil {
		return nil, nil, err
	}
	var undos []Undo
	for _, a := range slices.Backward(assigns) { // what comes last is put in first: new members go to the top
		if a.role == ifMissing {
			if there, err := f.find(text, a.path); err != nil || there != nil {
				continue
			}
		}
		next, u, err := f.set(text, a.path, a.value)
		if err != nil {
			return nil, nil, err
		}
		if u.Old != nil && reflect.DeepEqual(within(want, a.path), plainTree(a.value)) {
			next = text // it says so already, in its own way
		}
		raw, err := f.find(next, a.path)
		if err != nil || raw == nil {
			return nil, nil, unsafe(a.path)
		}
		u.New, text = hash(raw), next
		undos = append(undos, u)
		if want, err = graft(want, a.path, a.value); err != nil {
			return nil, nil, err
		}
	}
	got, err := f.tree(text)
	if err != nil || !reflect.DeepEqual(got, want) {
		return nil, nil, unsafe(assigns[0].path)
	}
	return slices.Concat(mark, text), undos, nil
}

func unsafe(path []string) error {
	return llm.Errorf(llm.ErrBadRequest, "%s is written in a way that is not safe to edit; nothing was changed", strings.Join(path, "."))
}

// revert takes assignments back, the last one first. What has another value by now is the user's and stays; it is named in
// kept.
func revert(f format, text []byte, undos []Undo) (out []byte, kept []string, err error) {
	mark, text := cutBOM(text)
	if _, err := f.tree(text); err != nil {
		return nil, nil, err
	}
	for _, u := range slices.Backward(undos) {
		raw, err := f.find(text, u.Path)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case raw == nil:
		case hash(raw) != u.New:
			kept = append(kept, strings.Join(u.Path, "."))
		case u.Old != nil:
			text, err = f.replace(text, u.Path, u.Old)
		default:
			text, err = f.remove(text, u)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if _, err := f.tree(text); err != nil {
		return nil, nil, unsafe(undos[0].Path)
	}
	return slices.Concat(mark, text), kept, nil
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// splice replaces text[start:end].
func splice(text []byte, start, end int, with string) []byte {
	return slices.Concat(text[:start], []byte(with), text[end:])
}

// newline is how the file ends its lines.
func newline(text []byte) string {
	if bytes.Contains(text, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// plainTree gives a value as a reader of the file would.
func plainTree(value any) any {
	switch v := value.(type) {
	case object:
		return membersOf(v)
	case item:
		return membersOf(v)
	case list:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plainTree(v[i])
		}
		return out
	case int:
		return fmt.Sprint(v)
	}
	return value
}

func membersOf(pairs []pair) map[string]any {
	m := map[string]any{}
	for _, p := range pairs {
		m[p.name] = plainTree(p.value)
	}
	return m
}

// graft sets the value at a path of a tree.
func graft(tree any, path []string, value any) (any, error) {
	if len(path) == 0 {
		return plainTree(value), nil
	}
	if it, ok := value.(item); ok && len(path) == 1 {
		others, _ := tree.([]any)
		i := slices.IndexFunc(others, func(v any) bool { return nameOf(v) == path[0] })
		if i < 0 {
			return slices.Concat([]any{plainTree(it)}, others), nil
		}
		others[i] = plainTree(it)
		return others, nil
	}
	m, ok := tree.(map[string]any)
	if !ok && tree != nil {
		return nil, unsafe(path)
	}
	if m == nil {
		m = map[string]any{}
	}
	sub, err := graft(m[path[0]], path[1:], value)
	m[path[0]] = sub
	return m, err
}

func nameOf(v any) string {
	m, _ := v.(map[string]any)
	name, _ := m["name"].(string)
	return name
}

// within gives what is at a path of a tree, nil if nothing is.
func within(tree any, path []string) any {
	for _, name := range path {
		switch v := tree.(type) {
		case map[string]any:
			tree = v[name]
		case []any:
			i := slices.IndexFunc(v, func(e any) bool { return nameOf(e) == name })
			if i < 0 {
				return nil
			}
			tree = v[i]
		default:
			return nil
		}
	}
	return tree
}

// leaf gives the text at a path of a tree; empty if there is none.
func leaf(tree any, path ...string) string {
	s, _ := within(tree, path).(string)
	return s
}

// texts gives the texts of an assignment that a tree has, by what they are for.
func texts(tree any, a assign) map[role]string {
	it, ok := a.value.(item)
	if !ok {
		return map[role]string{a.role: leaf(tree, a.path...)}
	}
	out, found := map[role]string{}, within(tree, a.path)
	for _, p := range it {
		if r, ok := memberRoles[p.name]; ok {
			out[r] = leaf(found, p.name)
		}
	}
	return out
}

// memberRoles says what an item's members are for.
var memberRoles = map[string]role{"apiBase": baseURL, "apiKey": apiKey, "model": modelID}
