package fit

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Unquote reads one JSON string that comes in pieces cut anywhere, also inside an escape. Its zero value is ready.
type Unquote struct {
	begun, Done bool
	pending     []byte // an escape that is not whole
	high        rune   // the first half of a surrogate pair
}

// Next gives the text that the next piece completes. White space before the string is skipped, and what stands behind
// it; so is a piece of something that is not a string.
func (u *Unquote) Next(piece string) string {
	out := make([]byte, 0, len(piece))
	for i := 0; i < len(piece) && !u.Done; i++ {
		c := piece[i]
		switch {
		case !u.begun:
			switch c {
			case '"':
				u.begun = true
			case ' ', '\t', '\n', '\r':
			default:
				u.Done = true
			}
		case len(u.pending) > 0:
			u.pending = append(u.pending, c)
			out = u.escape(out)
		case c == '\\':
			u.pending = append(u.pending, c)
		default:
			out = u.flush(out)
			if c == '"' {
				u.Done = true
				break
			}
			out = append(out, c)
		}
	}
	return string(out)
}

func (u *Unquote) flush(out []byte) []byte {
	if u.high != 0 {
		u.high = 0
		return utf8.AppendRune(out, utf8.RuneError)
	}
	return out
}

// escape takes a whole escape, if it is whole.
func (u *Unquote) escape(out []byte) []byte {
	kind := u.pending[1]
	if kind == 'u' {
		if len(u.pending) < 6 {
			return out
		}
		r := hexRune(u.pending[2:6])
		u.pending = u.pending[:0]
		if u.high != 0 {
			if pair := utf16.DecodeRune(u.high, r); pair != utf8.RuneError {
				u.high = 0
				return utf8.AppendRune(out, pair)
			}
			out = u.flush(out)
		}
		if r >= 0xD800 && r < 0xDC00 {
			u.high = r
			return out
		}
		return utf8.AppendRune(out, r)
	}
	u.pending = u.pending[:0]
	out = u.flush(out)
	switch kind {
	case 'n':
		kind = '\n'
	case 'r':
		kind = '\r'
	case 't':
		kind = '\t'
	case 'b':
		kind = '\b'
	case 'f':
		kind = '\f'
	}
	return append(out, kind)
}

func hexRune(digits []byte) (r rune) {
	for _, c := range digits {
		r <<= 4
		switch {
		case c >= '0' && c <= '9':
			r |= rune(c - '0')
		case c >= 'a' && c <= 'f':
			r |= rune(c-'a') + 10
		case c >= 'A' && c <= 'F':
			r |= rune(c-'A') + 10
		}
	}
	return r
}
