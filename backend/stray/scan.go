package stray

import (
	"bytes"
	"regexp"
	"strings"
)

// assignment is a name with a value in any of the formats: NAME=value, name: value, "name": "value", name = "value".
var assignment = regexp.MustCompile(`["']?([A-Za-z_][A-Za-z0-9_.-]*)["']?[ \t]*[:=][ \t]*["']?([^\s"'#,;{}\[\]]+)`)

// shapes tell providers' keys by how they begin. Others are told by the variable that holds them.
var shapes = []struct{ prefix, provider string }{
	{"sk-ant-api", "anthropic"},
	{"sk-or-", "openrouter"},
	{"sk-proj-", "openai"},
	{"sk-svcacct-", "openai"},
	{"vck_", "gateway"},
	{"AIza", "google"},
	{"gsk_", "groq"},
	{"xai-", "xai"},
}

// leftAlone are tokens that look like keys and are none: our own, and those of somebody's login.
var leftAlone = []string{"gh_", "sk-ant-oat", "sk-ant-ort"}

// minKey is the shortest text that is taken for a key.
const minKey = 20

// spot is a key where it lies: text[start:end].
type spot struct {
	start, end int
	// nameStart is where the name begins.
	nameStart              int
	name, secret, provider string
	// remark tells that it is in a comment.
	remark bool
}

// scan finds the keys in a text, in their order.
func (s *Strays) scan(text []byte) []spot {
	variables := s.Variables()
	var out []spot
	for _, p := range assigned(text) {
		if p.provider = providerOf(variables, p.name, p.secret); p.provider != "" {
			s.Hide(p.secret)
			out = append(out, p)
		}
	}
	return out
}

// remark is the start of a line in which a comment has begun.
var remark = regexp.MustCompile(`^\s*#|(^|[\s{,])//`)

// assigned finds all names with values.
func assigned(text []byte) []spot {
	var out []spot
	for at := 0; ; {
		m := assignment.FindSubmatchIndex(text[at:])
		if m == nil {
			return out
		}
		for i := range m {
			m[i] += at
		}
		out = append(out, spot{
			start: m[4], end: m[5], nameStart: m[2], name: string(text[m[2]:m[3]]), secret: string(text[m[4]:m[5]]),
			remark: remark.Match(text[lineStart(text, m[2]):m[2]]),
		})
		at = m[4] // what looks like a value may be a name with its own, as in a comment
	}
}

// word is what keys are made of. Placeholders and references to variables have something else in them, or one letter only.
var word = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

func providerOf(variables map[string]string, name, value string) string {
	if len(value) < minKey || !word.MatchString(value) || varied(value) < 8 {
		return ""
	}
	for _, prefix := range leftAlone {
		if strings.HasPrefix(value, prefix) {
			return ""
		}
	}
	for _, shape := range shapes {
		if strings.HasPrefix(value, shape.prefix) {
			return shape.provider
		}
	}
	return variables[strings.ToUpper(strings.ReplaceAll(name, "-", "_"))]
}

// varied counts the different characters of a text.
func varied(text string) int {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[r] = true
	}
	return len(seen)
}

func (p spot) key(text []byte) Key {
	return Key{Line: 1 + bytes.Count(text[:p.start], []byte("\n")), Name: p.name, Provider: p.provider, Hint: hint(p.secret)}
}

func hint(secret string) string { return secret[:4] + "…" + secret[len(secret)-4:] }

func lineStart(text []byte, at int) int { return bytes.LastIndexByte(text[:at], '\n') + 1 }

func lineEnd(text []byte, at int) int {
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		at += i
		if at > 0 && text[at-1] == '\r' {
			at--
		}
		return at
	}
	return len(text)
}
