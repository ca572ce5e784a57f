// Package jsonwrite writes JSON as encoding/json does without HTML escapes, byte for byte, but into one buffer and with a
// single look at every string: requests are megabytes of text, and the standard library copies them several times.
//
// What it has no short way for (maps, floats, types that marshal themselves) it leaves to encoding/json. It must not know
// what the JSON means.
package jsonwrite

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Text is JSON that was written by this package or checked already; it is copied as it is.
type Text []byte

// Marshal writes a value. size is about how many bytes it will take, 0 where nobody knows. It fails where encoding/json
// does, so for JSON within it that is not valid.
func Marshal(v any, size int) ([]byte, error) {
	return Append(make([]byte, 0, max(size, 64)), v)
}

// Append appends a value. What it gives after an error is of no use.
func Append(dst []byte, v any) ([]byte, error) {
	if v == nil {
		return append(dst, "null"...), nil
	}
	value := reflect.ValueOf(v)
	return writerOf(value.Type())(dst, value)
}

// writer appends a value of one type.
type writer func(dst []byte, v reflect.Value) ([]byte, error)

// writers are the writers of all types that were met, by reflect.Type.
var writers sync.Map

func writerOf(t reflect.Type) writer {
	if w, ok := writers.Load(t); ok {
		return w.(writer)
	}
	// A type that holds itself finds this one while its own is being made.
	var own atomic.Pointer[writer]
	writers.Store(t, writer(func(dst []byte, v reflect.Value) ([]byte, error) {
		if w := own.Load(); w != nil {
			return (*w)(dst, v)
		}
		return library(dst, v)
	}))
	w := newWriter(t)
	own.Store(&w)
	writers.Store(t, w)
	return w
}

var (
	rawType        = reflect.TypeFor[json.RawMessage]()
	numberType     = reflect.TypeFor[json.Number]()
	textType       = reflect.TypeFor[Text]()
	marshaler      = reflect.TypeFor[json.Marshaler]()
	textMarshaler  = reflect.TypeFor[encoding.TextMarshaler]()
	writesItself   = func(t reflect.Type) bool { return t.Implements(marshaler) || t.Implements(textMarshaler) }
	addressWrites  = func(t reflect.Type) bool { return writesItself(reflect.PointerTo(t)) }
	signed, unsign = []reflect.Kind{reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64}, reflect.Uint8
)

func newWriter(t reflect.Type) writer {
	switch {
	case t == rawType:
		return func(dst []byte, v reflect.Value) ([]byte, error) { return appendRaw(dst, v.Bytes()) }
	case t == textType:
		return func(dst []byte, v reflect.Value) ([]byte, error) { return append(dst, v.Bytes()...), nil }
	case t == numberType, writesItself(t), addressWrites(t):
		return library
	case slices.Contains(signed, t.Kind()):
		return func(dst []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(dst, v.Int(), 10), nil }
	}
	switch t.Kind() {
	case reflect.String:
		return func(dst []byte, v reflect.Value) ([]byte, error) { return AppendString(dst, v.String()), nil }
	case reflect.Bool:
		return func(dst []byte, v reflect.Value) ([]byte, error) { return strconv.AppendBool(dst, v.Bool()), nil }
	case reflect.Interface:
		return appendInterface
	case reflect.Pointer:
		return pointerWriter(t)
	case reflect.Slice:
		return sliceWriter(t)
	case reflect.Struct:
		return structWriter(t)
	}
	return library
}

// library leaves a value to encoding/json.
func library(dst []byte, v reflect.Value) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v.Interface()); err != nil {
		return dst, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func appendInterface(dst []byte, v reflect.Value) ([]byte, error) {
	if v.IsNil() {
		return append(dst, "null"...), nil
	}
	v = v.Elem()
	return writerOf(v.Type())(dst, v)
}

func pointerWriter(t reflect.Type) writer {
	elem := writerOf(t.Elem())
	return func(dst []byte, v reflect.Value) ([]byte, error) {
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		return elem(dst, v.Elem())
	}
}

func sliceWriter(t reflect.Type) writer {
	if t.Elem().Kind() == unsign { // base64
		return library
	}
	elem := writerOf(t.Elem())
	return func(dst []byte, v reflect.Value) (_ []byte, err error) {
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		dst = append(dst, '[')
		for i := range v.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = elem(dst, v.Index(i)); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	}
}

type field struct {
	index     int
	name      string // with its quotes and the colon
	omitEmpty bool
	write     writer
}

// structWriter writes the members in the order of the fields. Structs within structs without a name, and options of tags
// that are rare, are the library's.
func structWriter(t reflect.Type) writer {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous, options != "" && options != "omitempty":
			return library
		case !f.IsExported(), tag == "-":
			continue
		}
		name := tag
		if name == "" {
			name = f.Name
		}
		fields = append(fields, field{i, string(AppendString(nil, name)) + ":", options != "", writerOf(f.Type)})
	}
	return func(dst []byte, v reflect.Value) (_ []byte, err error) {
		dst = append(dst, '{')
		first := true
		for i := range fields {
			f := &fields[i]
			value := v.Field(f.index)
			if f.omitEmpty && empty(value) {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			if dst, err = f.write(append(dst, f.name...), value); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	}
}

// empty is what omitempty leaves out.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
