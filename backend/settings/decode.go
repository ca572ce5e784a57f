package settings

import (
	"bytes"
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"
)

// Problem is what is wrong with the file. Line and Column count from 1, the column in characters; 0 is unknown.
type Problem struct {
	Message string
	Line    int
	Column  int
}

func (p *Problem) String() string {
	if p.Line == 0 {
		return p.Message
	}
	return fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.Message)
}

// maxFileBytes bounds the file.
const maxFileBytes = 1 << 20

// maxDepth bounds nesting: the parser recurses without a bound of its own, and a stack that overflows can't be caught.
const maxDepth = 32

var byteOrderMark = []byte("\xef\xbb\xbf")

// fault is a mistake at a byte offset of the text; a negative offset is unknown.
type fault struct {
	offset  int
	message string
}

func (f *fault) Error() string { return f.message }

func faultf(v *hujson.Value, format string, args ...any) *fault {
	return &fault{v.StartOffset, fmt.Sprintf(format, args...)}
}

// parse reads a file: the syntax tree, and the settings with defaults for what is absent. The tree has a line break at
// its end, also where the text has none.
func parse(text []byte, known []string) (*hujson.Value, *Settings, *Problem) {
	text = bytes.TrimPrefix(text, byteOrderMark)
	if len(text) > maxFileBytes {
		return nil, nil, &Problem{Message: fmt.Sprintf("the file is larger than %d bytes", maxFileBytes)}
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil, &Problem{"the file is empty: delete it to use the defaults, or write {}", 1, 1}
	}
	if !utf8.Valid(text) {
		return nil, nil, &Problem{Message: "the file is not UTF-8: save it as UTF-8"}
	}
	if at := tooDeep(text); at >= 0 {
		return nil, nil, faultProblem(text, &fault{at, "brackets are nested too deeply: look for a missing closing one"})
	}
	ended := text
	if !bytes.HasSuffix(text, []byte("\n")) {
		ended = append(bytes.Clone(text), '\n') // the parser wants every line comment to end
	}
	tree, err := hujson.Parse(ended)
	if err != nil {
		p := syntaxProblem(ended, err)
		if end := faultProblem(text, &fault{offset: len(text)}); p.Line > end.Line {
			p.Line, p.Column = end.Line, end.Column // behind the line break that was added
		}
		return nil, nil, p
	}
	s := Default()
	if err := decode(&tree, reflect.ValueOf(s).Elem()); err != nil {
		return nil, nil, faultProblem(text, err)
	}
	if err := check(s, known); err != nil {
		return nil, nil, valueProblem(text, &tree, err)
	}
	return &tree, s, nil
}

// valueProblem says where in the file a value is wrong.
func valueProblem(text []byte, tree *hujson.Value, err *valueError) *Problem {
	offset := -1
	if at := tree.Find(err.pointer); at != nil {
		offset = at.StartOffset
	}
	return faultProblem(text, &fault{offset, err.Error()})
}

// parse is parse with all rules.
func (d *Document) parse(text []byte) (*hujson.Value, *Settings, *Problem) {
	tree, s, problem := parse(text, d.ids)
	if problem != nil || d.also == nil {
		return tree, s, problem
	}
	if at, err := d.also(s); err != nil {
		return nil, nil, valueProblem(bytes.TrimPrefix(text, byteOrderMark), tree, valueErrorf(at, "%v", err))
	}
	return tree, s, nil
}

// tooDeep gives the place where nesting exceeds maxDepth, or -1.
func tooDeep(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return i
			}
		case c == ']' || c == '}':
			depth--
		case c == '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case bytes.HasPrefix(text[i:], []byte("//")):
			i += skipTo(text[i:], "\n")
		case bytes.HasPrefix(text[i:], []byte("/*")):
			i += 2 + skipTo(text[i+2:], "*/")
		}
	}
	return -1
}

// skipTo gives the offset of the last byte of the first end in text, or text's length if there is none.
func skipTo(text []byte, end string) int {
	i := bytes.Index(text, []byte(end))
	if i < 0 {
		return len(text)
	}
	return i + len(end) - 1
}

var syntaxError = regexp.MustCompile(`^hujson: line (\d+), column (\d+): (.*)$`)

func syntaxProblem(text []byte, err error) *Problem {
	m := syntaxError.FindStringSubmatch(err.Error())
	if m == nil {
		return &Problem{Message: "the file is no JSON: " + err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	offset := column - 1
	for range line - 1 {
		offset += bytes.IndexByte(text[offset-(column-1):], '\n') + 1
	}
	return faultProblem(text, &fault{offset, m[3] + ": look for a missing comma, quote or bracket here or just before"})
}

func faultProblem(text []byte, f *fault) *Problem {
	if f.offset < 0 || f.offset > len(text) {
		return &Problem{Message: f.message}
	}
	before := text[:f.offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return &Problem{
		Message: f.message,
		Line:    bytes.Count(before, []byte("\n")) + 1,
		Column:  utf8.RuneCount(before[start:]) + 1,
	}
}

// decode fills dst from v, strictly: an unknown or repeated field and a wrong type are faults at their place, which
// encoding/json can't give.
func decode(v *hujson.Value, dst reflect.Value) *fault {
	if dst.Kind() == reflect.Pointer {
		p := reflect.New(dst.Type().Elem())
		if err := decode(v, p.Elem()); err != nil {
			return err
		}
		dst.Set(p)
		return nil
	}
	if u, ok := dst.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if v.Value.Kind() != '"' {
			return faultf(v, "this must be a string in quotes, not %s", kindName(v))
		}
		if err := u.UnmarshalText([]byte(v.Value.(hujson.Literal).String())); err != nil {
			return faultf(v, "%s", err)
		}
		return nil
	}
	switch dst.Kind() {
	case reflect.String:
		if v.Value.Kind() != '"' {
			return faultf(v, "this must be a string in quotes, not %s", kindName(v))
		}
		dst.SetString(v.Value.(hujson.Literal).String())
	case reflect.Bool:
		if k := v.Value.Kind(); k != 't' && k != 'f' {
			return faultf(v, "this must be true or false, not %s", kindName(v))
		}
		dst.SetBool(v.Value.(hujson.Literal).Bool())
	case reflect.Int, reflect.Int64:
		if v.Value.Kind() != '0' {
			return faultf(v, "this must be a number, not %s", kindName(v))
		}
		n, err := strconv.ParseInt(string(v.Value.(hujson.Literal)), 10, 64)
		if err != nil {
			return faultf(v, "%s must be a whole number, written out", v.Value.(hujson.Literal))
		}
		dst.SetInt(n)
	case reflect.Float64:
		if v.Value.Kind() != '0' {
			return faultf(v, "this must be a number, not %s", kindName(v))
		}
		dst.SetFloat(v.Value.(hujson.Literal).Float())
	case reflect.Slice:
		return decodeList(v, dst)
	case reflect.Map, reflect.Struct:
		return decodeObject(v, dst)
	default:
		return faultf(v, "settings can't hold a %s", dst.Kind())
	}
	return nil
}

func decodeList(v *hujson.Value, dst reflect.Value) *fault {
	list, ok := v.Value.(*hujson.Array)
	if !ok {
		return faultf(v, "this must be a list in [ ], not %s", kindName(v))
	}
	out := reflect.MakeSlice(dst.Type(), len(list.Elements), len(list.Elements))
	for i := range list.Elements {
		if err := decode(&list.Elements[i], out.Index(i)); err != nil {
			return err
		}
	}
	if len(list.Elements) > 0 {
		dst.Set(out)
	}
	return nil
}

func decodeObject(v *hujson.Value, dst reflect.Value) *fault {
	object, ok := v.Value.(*hujson.Object)
	if !ok {
		return faultf(v, "this must be an object in { }, not %s", kindName(v))
	}
	if dst.Kind() == reflect.Map && dst.IsNil() && len(object.Members) > 0 {
		dst.Set(reflect.MakeMap(dst.Type()))
	}
	seen := map[string]bool{}
	for i := range object.Members {
		m := &object.Members[i]
		name := m.Name.Value.(hujson.Literal).String()
		if seen[name] {
			return faultf(&m.Name, "%q stands here twice: keep one", name)
		}
		seen[name] = true
		if dst.Kind() == reflect.Map {
			element := reflect.New(dst.Type().Elem()).Elem()
			if err := decode(&m.Value, element); err != nil {
				return err
			}
			dst.SetMapIndex(reflect.ValueOf(name), element)
			continue
		}
		names := fieldNames(dst.Type())
		at := slices.Index(names, name)
		if at < 0 {
			return faultf(&m.Name, "unknown field %q%s", name, suggest(name, names))
		}
		if err := decode(&m.Value, dst.FieldByIndex(fields(dst.Type())[at].Index)); err != nil {
			return err
		}
	}
	return nil
}

// fields are a struct's fields, those of embedded ones in their place.
func fields(t reflect.Type) []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return f.Anonymous })
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for _, f := range fields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

func kindName(v *hujson.Value) string {
	switch v.Value.Kind() {
	case 'n':
		return "null (leave the field out for its default)"
	case 't', 'f':
		return "true or false"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	}
	return "a list"
}

// suggest names the nearest known spelling, or all of them if none is near.
func suggest(name string, known []string) string {
	best, distance := "", max(2, len(name)/3)+1
	for _, k := range known {
		if d := editDistance(fold(name), fold(k)); d < distance {
			best, distance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; known here: " + strings.Join(known, ", ")
}

// fold drops what people mix up between naming styles: maxBodyBytes, max_body_bytes, MaxBodyBytes.
func fold(s string) []rune {
	return []rune(strings.NewReplacer("_", "", "-", "", "$", "").Replace(strings.ToLower(s)))
}

// editDistance is Levenshtein's: how many letters must be added, dropped or changed.
func editDistance(a, b []rune) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		corner := row[0]
		row[0] = i + 1
		for j, y := range b {
			change := corner
			if x != y {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, corner+1)
		}
	}
	return row[len(b)]
}
