package aisdk

import "gatehouse/backend/protocol/jsonread"

// object is a JSON object's members, found in one pass: parts hold megabytes, and each Get would walk all the members again.
type object struct {
	members [8]member // as many as a part has
	more    []member
	n       int
}

type member struct {
	name  string
	value jsonread.Value
}

// read finds the members; what is no object has none. It fills in an object instead of making one, which then stays on
// the stack.
func (o *object) read(v jsonread.Value) {
	if !v.IsObject() {
		return
	}
	for name, value := range v.ForEach {
		if o.n < len(o.members) {
			o.members[o.n] = member{name.Str(), value}
			o.n++
		} else {
			o.more = append(o.more, member{name.Str(), value})
		}
	}
}

// get gives a member's value, the last one's where the name stands twice, as JavaScript does.
func (o *object) get(name string) jsonread.Value {
	for i := len(o.more) - 1; i >= 0; i-- {
		if o.more[i].name == name {
			return o.more[i].value
		}
	}
	for i := o.n - 1; i >= 0; i-- {
		if o.members[i].name == name {
			return o.members[i].value
		}
	}
	return jsonread.Value{}
}

// all gives the members in their order.
func (o *object) all(yield func(string, jsonread.Value) bool) {
	for _, m := range o.members[:o.n] {
		if !yield(m.name, m.value) {
			return
		}
	}
	for _, m := range o.more {
		if !yield(m.name, m.value) {
			return
		}
	}
}
