package jsonedit

// Skip gives the index behind the value that begins at i. Its errors are *SyntaxError.
func Skip(body []byte, i int) (end int, err error) { return skipValue(body, i) }

// Walk goes once through the object or array that begins at i: visit gets the raw key of each member (without quotes; nil in
// an array) and where its value begins, and gives the index behind the value, be it by Skip or by a Walk of its own. So
// nothing is looked at twice, however deep it goes. It gives the index behind the whole. Its errors are *SyntaxError and
// visit's own.
func Walk(body []byte, i int, visit func(key []byte, at int) (end int, err error)) (end int, err error) {
	if i >= len(body) || body[i] != '{' && body[i] != '[' {
		return 0, unexpected(body, i, "an object or an array")
	}
	object := body[i] == '{'
	i = space(body, i+1)
	if i < len(body) && body[i] == closer(object) {
		return i + 1, nil
	}
	return walk(body, i, object, visit)
}

// Continue is Walk from behind a value on that ends at i, in an object or else in an array.
func Continue(body []byte, i int, object bool, visit func(key []byte, at int) (end int, err error)) (end int, err error) {
	i, more, err := behind(body, i, object)
	if err != nil || !more {
		return i, err
	}
	return walk(body, i, object, visit)
}

func walk(body []byte, i int, object bool, visit func(key []byte, at int) (end int, err error)) (end int, err error) {
	for more := true; more; {
		var key []byte
		if object {
			if key, i, err = name(body, i); err != nil {
				return 0, err
			}
		}
		if i, err = visit(key, i); err != nil {
			return 0, err
		}
		if i, more, err = behind(body, i, object); err != nil {
			return 0, err
		}
	}
	return i, nil
}

// behind gives where it goes on behind a value that ends at i: at the next one where there is more, or else behind the whole.
func behind(body []byte, i int, object bool) (next int, more bool, err error) {
	i = space(body, i)
	switch {
	case i < len(body) && body[i] == ',':
		return space(body, i+1), true, nil
	case i < len(body) && body[i] == closer(object):
		return i + 1, false, nil
	}
	return 0, false, unexpected(body, i, "',' or '"+string(closer(object))+"'")
}

func closer(object bool) byte {
	if object {
		return '}'
	}
	return ']'
}

// name reads a member's name and gives where its value begins.
func name(body []byte, i int) (key []byte, value int, err error) {
	if i >= len(body) || body[i] != '"' {
		return nil, 0, unexpected(body, i, "a member's name")
	}
	end, err := skipString(body, i)
	if err != nil {
		return nil, 0, err
	}
	colon := space(body, end)
	if colon >= len(body) || body[colon] != ':' {
		return nil, 0, unexpected(body, colon, "':'")
	}
	return body[i+1 : end-1], space(body, colon+1), nil
}
