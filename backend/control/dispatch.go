package control

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"reflect"

	"gatehouse/backend/llm"
)

// Method is one call.
type Method[P, R any] func(ctx context.Context, params P) (R, error)

// caller is what every Method is, whatever its types.
type caller interface {
	call(ctx context.Context, params []byte) (any, error)
	types() (params, result reflect.Type)
	missing() bool
}

func (m Method[P, R]) call(ctx context.Context, params []byte) (any, error) {
	var p P
	if len(bytes.TrimSpace(params)) > 0 {
		dec := json.NewDecoder(bytes.NewReader(params))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&p); err != nil {
			return nil, llm.Errorf(llm.ErrBadRequest, "the call's parameters can't be read: %w", err)
		}
		if _, err := dec.Token(); err != io.EOF {
			return nil, llm.Errorf(llm.ErrBadRequest, "the call's parameters are followed by something else")
		}
	}
	return m(ctx, p)
}

func (m Method[P, R]) types() (reflect.Type, reflect.Type) {
	return reflect.TypeFor[P](), reflect.TypeFor[R]()
}

func (m Method[P, R]) missing() bool { return m == nil }

// Dispatcher finds a call by name. It is safe for concurrent use.
type Dispatcher struct{ byName map[string]caller }

// NewDispatcher makes a dispatcher of a filled-in Methods. It panics on one that is missing, which is a wiring mistake
// that every start would show.
func NewDispatcher(methods *Methods) *Dispatcher {
	d := &Dispatcher{byName: map[string]caller{}}
	eachMethod(reflect.ValueOf(methods).Elem(), func(name string, c caller) {
		if c.missing() {
			panic("control: no implementation of " + name)
		}
		d.byName[name] = c
	})
	return d
}

// Call runs a call with JSON parameters. Its errors are *llm.Error.
func (d *Dispatcher) Call(ctx context.Context, name string, params []byte) (any, error) {
	c, ok := d.byName[name]
	if !ok {
		return nil, llm.Errorf(llm.ErrNotFound, "there is no call %q", name)
	}
	result, err := c.call(ctx, params)
	if err != nil {
		return nil, llm.AsError(err)
	}
	return result, nil
}

func eachMethod(methods reflect.Value, fn func(name string, c caller)) {
	for i := range methods.NumField() {
		fn(methods.Type().Field(i).Tag.Get("name"), methods.Field(i).Interface().(caller))
	}
}
