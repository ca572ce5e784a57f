// Package fit holds what the encoders of several dialects do alike to make a conversation fit a stricter one: tool names
// and call ids brought into form, calls and results paired, reasoning efforts and budgets turned into each other,
// free-form tools played by functions, and the way back of all that in the answer. It also folds an answer's events into
// parts and writes JSON strings.
//
// It must not know any wire format, provider or model by name.
package fit

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"gatehouse/backend/llm"
)

// MaxName is how long a tool's name may be (OpenAI API reference, "Function object"; Anthropic, "Tool").
const MaxName = 64

// hashSize is the length of the hash that a changed name or id ends in, in hex digits.
const hashSize = 8

// Names maps the caller's tool names to ones that every dialect takes, ^[a-zA-Z0-9_-]{1,64}$, and back. The same
// request gives the same names.
type Names struct{ out, back map[string]string }

// NewNames makes the names of a request: those of its tools, its tool choice and the calls and results in it.
func NewNames(req *llm.Request) *Names {
	n := &Names{map[string]string{}, map[string]string{}}
	var all []string
	for _, t := range req.Tools {
		all = append(all, t.Name)
	}
	if req.ToolChoice != nil {
		all = append(all, req.ToolChoice.Name)
	}
	for _, m := range req.Messages {
		for _, p := range m.Parts {
			switch p := p.(type) {
			case llm.ToolCall:
				all = append(all, p.Name)
			case llm.ToolResult:
				all = append(all, p.Name)
			}
		}
	}
	// Names that are fine keep theirs, so they come before the ones that need a new one.
	slices.SortStableFunc(all, func(a, b string) int { return compare(plain(a, MaxName), plain(b, MaxName)) })
	for _, name := range all {
		if _, have := n.out[name]; have || name == "" {
			continue
		}
		sent := Plain(name, MaxName)
		for i := 2; n.back[sent] != ""; i++ { // another name came to the same
			sent = Plain(name+"\x00"+strconv.Itoa(i), MaxName)
		}
		n.out[name], n.back[sent] = sent, name
	}
	return n
}

func compare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// Out gives the name to send for one of the caller's.
func (n *Names) Out(name string) string {
	if sent, ok := n.out[name]; ok {
		return sent
	}
	return Plain(name, MaxName)
}

// Back gives the caller's name for one that the provider sent; one that is not known stays.
func (n *Names) Back(sent string) string {
	if name, ok := n.back[sent]; ok {
		return name
	}
	return sent
}

// Same tells that every name goes out as it is.
func (n *Names) Same() bool {
	for name, sent := range n.out {
		if name != sent {
			return false
		}
	}
	return true
}

// Plain gives s if it is made of at most limit letters, digits, '_' and '-'; else a readable form of it that ends in its
// hash. The same s gives the same form, so history and answer agree without anything being remembered.
func Plain(s string, limit int) string {
	if plain(s, limit) {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	hash := hex.EncodeToString(sum[:])[:min(hashSize, limit)]
	readable := strings.Map(func(r rune) rune {
		if isPlain(r) {
			return r
		}
		return '_'
	}, s)
	readable = readable[:min(len(readable), max(limit-hashSize-1, 0))]
	if readable == "" {
		return hash
	}
	return readable + "_" + hash
}

func plain(s string, limit int) bool {
	for _, r := range s {
		if !isPlain(r) {
			return false
		}
	}
	return s != "" && len(s) <= limit
}

func isPlain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}

// Alphanumeric gives s if it is made of exactly size letters and digits, else as many hex digits of its hash.
func Alphanumeric(s string, size int) string {
	if len(s) == size && plain(s, size) && !strings.ContainsAny(s, "_-") {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:size]
}
