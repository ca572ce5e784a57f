package jsonwrite

import (
	"errors"
	"math/bits"
	"unicode/utf8"

	"gatehouse/backend/protocol/jsonread"
)

const digits = "0123456789abcdef"

// AppendString appends s as a JSON string. What is not UTF-8 becomes U+FFFD, as in encoding/json.
func AppendString(dst []byte, s string) []byte {
	return append(AppendEscaped(append(dst, '"'), s), '"')
}

// AppendEscaped appends the inside of AppendString's string.
func AppendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := special(s, 0); i < len(s); i = special(s, i) {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && size == 1:
				dst = append(append(dst, s[start:i]...), `\ufffd`...)
				start = i + 1
			case r == '\u2028' || r == '\u2029': // line ends in old JavaScript
				dst = append(append(dst, s[start:i]...), `\u202`...)
				dst = append(dst, digits[r&15])
				start = i + size
			}
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		if short := shorts[c]; short != 0 {
			dst = append(dst, '\\', short)
		} else {
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
		i++
		start = i
	}
	return append(dst, s[start:]...)
}

// shorts are the letters of escapes that have one.
var shorts = [utf8.RuneSelf]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// Eight bytes are looked at at once (Mycroft's test for a zero byte): each of these has its byte eight times.
const (
	ones    = 0x0101010101010101
	highs   = 0x8080808080808080
	spaces  = ones * ' '
	quotes  = ones * '"'
	strokes = ones * '\\'
)

// special gives the index of the first byte from i on that needs a look: a quote, a backslash, a control character or one
// that is not ASCII; len(s) if there is none.
func special(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		b := s[i : i+8]
		w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		quote, stroke := w^quotes, w^strokes
		if found := ((w - spaces) | (quote - ones) | (stroke - ones) | w) & highs; found != 0 {
			// A borrow may have marked bytes behind the first, never before it.
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(s) && s[i] >= ' ' && s[i] != '"' && s[i] != '\\' && s[i] < utf8.RuneSelf {
		i++
	}
	return i
}

var errInvalid = errors.New("a raw value is not valid JSON")

// appendRaw appends JSON of somebody else's without the white space between its values.
func appendRaw(dst, raw []byte) ([]byte, error) {
	if raw == nil {
		return append(dst, "null"...), nil
	}
	if !jsonread.Valid(raw) {
		return dst, errInvalid
	}
	return AppendCompact(dst, raw), nil
}

// AppendCompact appends valid JSON without the white space between its values.
func AppendCompact(dst, raw []byte) []byte {
	start := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case ' ', '\t', '\n', '\r':
			dst = append(dst, raw[start:i]...)
			start = i + 1
		case '"':
			for i++; i < len(raw) && raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
		}
	}
	return append(dst, raw[min(start, len(raw)):]...)
}
