package jsonread

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Eight bytes are looked at at once (Mycroft's test for a zero byte): each of these has its byte eight times.
const (
	ones    = 0x0101010101010101
	highs   = 0x8080808080808080
	spaces  = ones * ' '
	quotes  = ones * '"'
	strokes = ones * '\\'
)

// plain gives the index of the first byte from i on that does not stand for itself in a string: a quote, a backslash or a
// control character; len(s) if there is none.
func plain(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		w := load(s, i)
		quote, stroke := w^quotes, w^strokes
		if found := ((w-spaces)&^w | (quote-ones)&^quote | (stroke-ones)&^stroke) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(s) && s[i] >= ' ' && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}

// escapeSize is the length of the escape at i, 0 if it is none.
func escapeSize(s string, i int) int {
	if i+1 >= len(s) {
		return 0
	}
	switch s[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex(s, i+2); ok {
			return 6
		}
	}
	return 0
}

// hex reads four digits.
func hex(s string, i int) (r rune, ok bool) {
	if i+4 > len(s) {
		return 0, false
	}
	for _, c := range []byte(s[i : i+4]) {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// simple are the characters that a backslash makes of a byte.
var simple = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape decodes what stands between a string's quotes, which was checked. A lone surrogate becomes U+FFFD.
func unescape(s string) string {
	out := make([]byte, len(s)) // no escape is shorter than what it stands for
	n := 0
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			k := toEscape(out[n:], s[i:])
			i, n = i+k, n+k
			continue
		}
		if c := simple[s[i+1]]; c != 0 {
			out[n] = c
			i, n = i+2, n+1
			continue
		}
		r, _ := hex(s, i+2)
		i += 6
		if utf16.IsSurrogate(r) {
			second := rune(utf8.RuneError)
			if i+6 <= len(s) && s[i] == '\\' && s[i+1] == 'u' {
				second, _ = hex(s, i+2)
			}
			if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
				i += 6
			}
		}
		n += utf8.EncodeRune(out[n:], r)
	}
	return unsafe.String(unsafe.SliceData(out), n) // nobody else has it, as in strings.Builder
}

// toEscape copies s up to its first backslash and gives how much that is. dst is as long as s at least.
func toEscape(dst []byte, s string) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := load(s, i)
		binary.LittleEndian.PutUint64(dst[i:], w) // what is behind the backslash is written over
		stroke := w ^ strokes
		if found := (stroke - ones) &^ stroke & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(s) && s[i] != '\\'; i++ {
		dst[i] = s[i]
	}
	return i
}

// load reads eight bytes.
func load(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
