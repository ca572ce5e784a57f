package sim

import "unicode"

const (
	wordPiece     = 6
	tokensMessage = 3
	tokensMedia   = 85
)

// tokenize cuts text into its tokens; joined they give the text again.
func tokenize(text string) []string {
	var out []string
	start, word := 0, 0
	for i, r := range text {
		space := unicode.IsSpace(r)
		if i > start && (word == wordPiece || space && word > 0) {
			out = append(out, text[start:i])
			start, word = i, 0
		}
		if !space {
			word++
		}
	}
	if start < len(text) {
		out = append(out, text[start:])
	}
	return out
}

// count gives len(tokenize(text)) without the pieces.
func count(text string) int64 {
	var n int64
	word, begun := 0, false
	for _, r := range text {
		space := unicode.IsSpace(r)
		if begun && (word == wordPiece || space && word > 0) {
			n++
			word = 0
		}
		begun = true
		if !space {
			word++
		}
	}
	if begun {
		n++
	}
	return n
}

// clip gives the longest beginning of text that has at most n tokens.
func clip(text string, n int64) string {
	if n <= 0 {
		return ""
	}
	at := 0
	for _, t := range tokenize(text) {
		if n--; n < 0 {
			break
		}
		at += len(t)
	}
	return text[:at]
}
