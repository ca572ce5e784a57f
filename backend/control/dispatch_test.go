package control

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"gatehouse/backend/llm"
)

// fill makes every call answer with its zero result.
func fill(m *Methods) {
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		f.Set(reflect.MakeFunc(f.Type(), func([]reflect.Value) []reflect.Value {
			return []reflect.Value{reflect.Zero(f.Type().Out(0)), reflect.Zero(f.Type().Out(1))}
		}))
	}
}

func TestDispatch(t *testing.T) {
	m := &Methods{}
	fill(m)
	m.ActiveModelSet = func(_ context.Context, p ModelChoice) (ModelChoice, error) {
		if p.Model == "" {
			return p, errors.New("detail that nobody shall see")
		}
		return p, nil
	}
	d := NewDispatcher(m)
	for _, c := range []struct {
		name, params string
		kind         llm.ErrorKind
	}{
		{"status.get", ``, ""},
		{"status.get", `{}`, ""},
		{"activeModel.set", `{"model":"a/b"}`, ""},
		{"no.such", `{}`, llm.ErrNotFound},
		{"activeModel.set", `{"modle":"a/b"}`, llm.ErrBadRequest},
		{"activeModel.set", `{"model":7}`, llm.ErrBadRequest},
		{"activeModel.set", `{"model":"a"} {}`, llm.ErrBadRequest},
		{"activeModel.set", `{`, llm.ErrBadRequest},
		{"activeModel.set", `{}`, llm.ErrInternal},
	} {
		_, err := d.Call(context.Background(), c.name, []byte(c.params))
		switch e := llm.AsError(err); {
		case c.kind == "" && err != nil, c.kind != "" && (e == nil || e.Kind != c.kind):
			t.Errorf("%s %s: %v", c.name, c.params, err)
		case e != nil && strings.Contains(FailureOf(err).Message, "nobody shall see"):
			t.Errorf("an inner error is shown: %+v", FailureOf(err))
		}
	}
	for name := range d.byName {
		if _, err := d.Call(context.Background(), name, nil); err != nil && name != "activeModel.set" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMissingMethodIsFoundAtTheStart(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a method without an implementation went unnoticed")
		}
	}()
	NewDispatcher(&Methods{})
}
