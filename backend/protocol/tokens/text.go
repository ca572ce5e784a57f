package tokens

import (
	"unicode"
	"unicode/utf8"
)

// The weights of what a text is made of, in thousandths of a token, fitted to OpenAI's o200k_base on prose, code, JSON and
// nine languages. Other vendors' tokenizers differ from it by a factor, which is learned from real usage.
const (
	whole = 1000

	wordLetters  = 8   // a word of ASCII letters is one token up to this
	moreLetters  = 280 // and grows by this with each further letter
	digitsToken  = 3   // digits go three to a token
	punctuation  = 700 // a mark that stands alone or begins a run
	sameMark     = 130 // another of the same, as in a rule of dashes
	nextMark     = 440 // another one beside it
	lineBreak    = 720 // a run of white space with a line break
	spaces       = 700 // a run of several spaces
	latinLetter  = 330 // a letter of a word that is not all ASCII, beyond what the word costs
	wideLetter   = 330 // Cyrillic, Greek, Arabic, Hebrew, Indic scripts and the like
	hangul       = 620
	kana         = 640
	han          = 760
	otherByte    = 520 // a byte of anything else: emoji, symbols, what is not UTF-8
	opaqueLetter = 670 // a letter or digit of what is no language: base64, hashes
	opaqueRun    = 32  // from this length on, letters mixed with digits are that
)

// The classes of bytes.
const (
	letter = 1 << iota
	upper
	digit
	blank
	wide
)

var classes = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= utf8.RuneSelf:
			t[c] = wide
		case c >= 'a' && c <= 'z':
			t[c] = letter
		case c >= 'A' && c <= 'Z':
			t[c] = letter | upper
		case c >= '0' && c <= '9':
			t[c] = digit
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			t[c] = blank
		}
	}
	return t
}()

// Text estimates a text's tokens, in thousandths. It reads each byte about once and allocates nothing.
func Text(s string) int64 {
	var n, cost int64
	for i, size := 0, 0; i < len(s); i += size {
		switch class := classes[s[i]]; {
		case class&(letter|wide) != 0:
			size, cost = word(s[i:])
		case class&blank != 0:
			if size, cost = 1, 0; s[i] != ' ' || i+1 < len(s) && classes[s[i+1]]&blank != 0 {
				size, cost = space(s[i:])
			}
		case class&digit != 0:
			size, cost = number(s[i:])
		default:
			size, cost = marks(s[i:])
		}
		n += cost
	}
	return n
}

// word reads a word up to where its script or, as in camelCase, its case begins anew.
func word(s string) (size int, cost int64) {
	if s[0] >= utf8.RuneSelf {
		return foreign(s)
	}
	i := 1
	for i < len(s) && classes[s[i]]&letter != 0 && !(classes[s[i]]&upper != 0 && classes[s[i-1]]&upper == 0) {
		i++
	}
	if i < len(s) && classes[s[i]]&(letter|digit) != 0 { // rare, but for what is worth a second look
		if n := opaque(s); n > 0 {
			return n, int64(n) * opaqueLetter
		}
	}
	cost = whole + int64(max(i-wordLetters, 0))*moreLetters
	// Accents within a Latin word make it dearer, and do not end it.
	for i < len(s) && s[i] >= utf8.RuneSelf {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !unicode.Is(unicode.Latin, r) {
			break
		}
		cost += latinLetter
		for i += n; i < len(s) && classes[s[i]]&letter != 0; i++ {
			cost += latinLetter / 4
		}
	}
	return i, cost
}

// foreign reads a character of another script.
func foreign(s string) (size int, cost int64) {
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case r >= 0x4e00 && r <= 0x9fff:
		return n, han
	case r >= 0x3040 && r <= 0x30ff:
		return n, kana
	case r >= 0xac00 && r <= 0xd7a3:
		return n, hangul
	case r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef: // CJK marks
		return n, whole
	case unicode.Is(unicode.Latin, r):
		return n, whole/2 + latinLetter
	case r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsMark(r)):
		return n, wideLetter
	case r >= 0x2010 && r <= 0x2027: // dashes, quotes, dots
		return n, whole
	}
	return n, int64(n) * otherByte
}

// opaque tells how long a run of letters and digits is that no language has: base64, hashes. 0 where it is none.
func opaque(s string) int {
	i, changes := 0, 0
	for i < len(s) && (classes[s[i]]&(letter|digit) != 0 || s[i] == '+' || s[i] == '/') {
		if i > 0 && kindOf(s[i]) != kindOf(s[i-1]) {
			changes++
		}
		if i++; i == opaqueRun && changes < opaqueRun/4 {
			return 0
		}
	}
	if i < opaqueRun {
		return 0
	}
	return i
}

func kindOf(c byte) int {
	switch {
	case c >= 'a':
		return 0
	case c >= 'A':
		return 1
	case classes[c]&digit != 0:
		return 2
	}
	return 3
}

func number(s string) (size int, cost int64) {
	if n := opaque(s); n > 0 {
		return n, int64(n) * opaqueLetter
	}
	i := 1
	for i < len(s) && classes[s[i]]&digit != 0 {
		i++
	}
	return i, int64((i+digitsToken-1)/digitsToken) * whole
}

// space reads a run of white space. A single space belongs to what comes behind it.
func space(s string) (size int, cost int64) {
	i, breaks := 0, false
	for i < len(s) && classes[s[i]]&blank != 0 {
		breaks = breaks || s[i] == '\n'
		i++
	}
	switch {
	case breaks:
		return i, lineBreak
	case i > 1 || s[0] == '\t':
		return i, spaces
	}
	return i, 0
}

// marks reads a run of punctuation.
func marks(s string) (size int, cost int64) {
	cost = punctuation
	i := 1
	for ; i < len(s) && classes[s[i]] == 0; i++ {
		if s[i] == s[i-1] {
			cost += sameMark
		} else {
			cost += nextMark
		}
	}
	return i, cost
}
