package responses

import (
	"unicode/utf16"
	"unicode/utf8"

	"gatehouse/backend/protocol/jsonread"
)

// freeform takes a free-form tool's input out of the JSON that carries it, piece by piece: a JSON string, or, where the
// model was given a function in its place, an object whose member "input" is one. Anything else comes out whole at the
// end, as it is.
type freeform struct {
	raw   []byte // all that came
	at    int    // how much of raw is read
	state freeformState
	high  rune // the first half of a surrogate pair, 0 if none
	sent  int  // bytes given out
}

type freeformState uint8

const (
	beforeText freeformState = iota
	inText
	afterText
	unknownForm
)

// write takes the next piece of JSON and gives the text that it completes.
func (f *freeform) write(piece string) string {
	f.raw = append(f.raw, piece...)
	if f.state == beforeText {
		f.begin()
	}
	if f.state != inText {
		return ""
	}
	text := f.text()
	f.sent += len(text)
	return text
}

// begin looks for the start of the text.
func (f *freeform) begin() {
	raw := f.raw
	i := skipSpace(raw, 0)
	if i == len(raw) {
		return
	}
	if raw[i] == '"' {
		f.at, f.state = i+1, inText
		return
	}
	for _, want := range []string{"{", `"input"`, ":", `"`} {
		i = skipSpace(raw, i)
		for j := range len(want) {
			if i+j == len(raw) {
				return // more may come
			}
			if raw[i+j] != want[j] {
				f.state = unknownForm
				return
			}
		}
		i += len(want)
	}
	f.at, f.state = i, inText
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// text reads on to the string's end or to the last whole character.
func (f *freeform) text() string {
	var out []byte
	for f.at < len(f.raw) {
		c := f.raw[f.at]
		switch {
		case c == '"':
			f.at, f.state = f.at+1, afterText
			return string(f.half(out))
		case c == '\\':
			n, r := escape(f.raw[f.at:])
			if n == 0 {
				return string(out)
			}
			f.at += n
			switch {
			case f.high != 0 && utf16.DecodeRune(f.high, r) != utf8.RuneError:
				out, f.high = utf8.AppendRune(out, utf16.DecodeRune(f.high, r)), 0
			case r >= 0xD800 && r < 0xDC00:
				out = f.half(out)
				f.high = r
			default:
				out = utf8.AppendRune(f.half(out), r)
			}
		case c >= utf8.RuneSelf && !utf8.FullRune(f.raw[f.at:]):
			return string(out)
		default:
			_, n := utf8.DecodeRune(f.raw[f.at:])
			out = append(f.half(out), f.raw[f.at:f.at+n]...)
			f.at += n
		}
	}
	return string(out)
}

// half writes half a surrogate pair, whose other half did not come, as encoding/json reads it.
func (f *freeform) half(out []byte) []byte {
	if f.high != 0 {
		f.high = 0
		return utf8.AppendRune(out, utf8.RuneError)
	}
	return out
}

// escape reads an escape sequence; n is 0 where it is not all there.
func escape(b []byte) (n int, r rune) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case 'n':
		return 2, '\n'
	case 't':
		return 2, '\t'
	case 'r':
		return 2, '\r'
	case 'b':
		return 2, '\b'
	case 'f':
		return 2, '\f'
	case 'u':
		if len(b) < 6 {
			return 0, 0
		}
		for _, c := range b[2:6] {
			digit := rune(c)
			switch {
			case c >= '0' && c <= '9':
				digit -= '0'
			case c|0x20 >= 'a' && c|0x20 <= 'f':
				digit = rune(c|0x20) - 'a' + 10
			default:
				return 2, 'u' // no escape; keep what can be kept
			}
			r = r<<4 | digit
		}
		return 6, r
	}
	return 2, rune(b[1])
}

// rest gives what write has not: nothing, unless the input has another form.
func (f *freeform) rest() string {
	if f.state == inText || f.state == afterText {
		return ""
	}
	if root := jsonread.Of(f.raw); root.IsObject() {
		if input := root.Get("input"); input.Type() == jsonread.String {
			return input.Str()
		}
		only, members := jsonread.Value{}, 0
		for _, v := range root.ForEach {
			only = v
			members++
		}
		if members == 1 && only.Type() == jsonread.String {
			return only.Str()
		}
	}
	return string(f.raw)
}
