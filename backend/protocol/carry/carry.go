// Package carry wraps what a model must get back (a reasoning signature, encrypted reasoning) into one printable string
// that says who issued it. Clients keep such strings without reading them and send them back with the conversation;
// the wrapping is how a switch of the model in mid-conversation is noticed.
//
// It must not know any wire format, nor what the payload means. The check is against damage, not against forgery: a
// client that makes up a carrier only spoils its own request.
package carry

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"gatehouse/backend/llm"
)

const (
	family = "ghr"
	prefix = family + "1."
	// sumSize is the length of the check, in bytes.
	sumSize = 8
	// MaxPayload bounds a payload, in bytes; encrypted reasoning of the largest models stays far below.
	MaxPayload = 8 << 20
	// maxName bounds a provider's, a model's and a kind's name, in bytes.
	maxName = 1 << 10
)

// The kinds of payload that more than one dialect carries.
const (
	// Signature is an llm.Reasoning's Signature.
	Signature = "signature"
	// Opaque is an llm.Reasoning's Opaque.
	Opaque = "opaque"
	// Call is an llm.ToolCall's Signature.
	Call = "call"
	// Plain is an llm.Reasoning that has its text only; the payload says nothing (PlainPayload). It is how a model that
	// wants its own unsigned reasoning back (DeepSeek's and Moonshot's do) is told from one that wrote another's.
	Plain = "plain"
)

// PlainPayload is the payload of a Plain carrier.
const PlainPayload = "-"

var encoding = base64.RawURLEncoding.Strict()

// Pack gives the carrier of a payload: "ghr1." and base64url without padding, so it passes through JSON, URLs and
// headers as it is. The same input gives the same string. It is empty where there is nothing to carry or more than
// MaxPayload; the client then has nothing to send back.
func Pack(origin llm.Origin, kind string, payload []byte) string {
	names := [...]string{origin.Provider, origin.Model, kind}
	size := len(payload) + sumSize
	for _, name := range names {
		if len(name) > maxName {
			return ""
		}
		size += len(name) + binary.MaxVarintLen16
	}
	if len(payload) == 0 || len(payload) > MaxPayload {
		return ""
	}
	b := make([]byte, 0, size)
	for _, name := range names {
		b = append(binary.AppendUvarint(b, uint64(len(name))), name...)
	}
	b = append(b, payload...)
	sum := sha256.Sum256(b)
	b = append(b, sum[:sumSize]...)
	return prefix + encoding.EncodeToString(b)
}

// Unpack reads what Pack wrote. It is not ok for anything else, also for a carrier that was cut or altered.
func Unpack(s string) (origin llm.Origin, kind string, payload []byte, ok bool) {
	text, ours := strings.CutPrefix(s, prefix)
	if !ours || len(text) > encoding.EncodedLen(MaxPayload+3*(maxName+binary.MaxVarintLen16)+sumSize) ||
		strings.IndexByte(text, '\n') >= 0 || strings.IndexByte(text, '\r') >= 0 { // which base64 would skip
		return llm.Origin{}, "", nil, false
	}
	b, err := encoding.DecodeString(text)
	if err != nil || len(b) < sumSize {
		return llm.Origin{}, "", nil, false
	}
	b, have := b[:len(b)-sumSize], b[len(b)-sumSize:]
	if sum := sha256.Sum256(b); string(sum[:sumSize]) != string(have) {
		return llm.Origin{}, "", nil, false
	}
	var names [3]string
	for i := range names {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > maxName || n > uint64(len(b)-used) {
			return llm.Origin{}, "", nil, false
		}
		names[i], b = string(b[used:used+int(n)]), b[used+int(n):]
	}
	if len(b) == 0 || len(b) > MaxPayload {
		return llm.Origin{}, "", nil, false
	}
	return llm.Origin{Provider: names[0], Model: names[1]}, names[2], b, true
}

// Tagged tells that a string claims to be a carrier of ours, of this version or another. One that is tagged and can't
// be unpacked is damaged or from another version, and must be left out: no provider knows it.
func Tagged(s string) bool {
	rest, ok := strings.CutPrefix(s, family)
	version, _, dot := strings.Cut(rest[:min(len(rest), 8)], ".")
	return ok && dot && version != "" && strings.Trim(version, "0123456789") == ""
}

// Base64 gives a carrier in the form that bytes have in JSON, for dialects whose clients read it as such: its family and
// version, which are four characters of base64 by luck, then its own text in the padded standard alphabet.
func Base64(carrier string) string {
	text, ours := strings.CutPrefix(carrier, prefix)
	b, err := encoding.DecodeString(text)
	if !ours || err != nil {
		return ""
	}
	return prefix[:4] + base64.StdEncoding.EncodeToString(b)
}

// alphabet turns base64 into base64url.
var alphabet = strings.NewReplacer("+", "-", "/", "_")

// FromBase64 undoes Base64, also where a client wrote the bytes in the other alphabet or without padding. What claims to
// be a carrier comes back as one that is Tagged, even if it was damaged.
func FromBase64(s string) (carrier string, ok bool) {
	text, ours := strings.CutPrefix(s, prefix[:4])
	if !ours || strings.HasPrefix(text, ".") {
		return "", false
	}
	return prefix + alphabet.Replace(strings.TrimRight(text, "=")), true
}

// begin is how a JSON string begins that holds a carrier in either form. It is searched with its quote, which images in
// base64 have none of: several times as fast as without.
var begin = []byte(`"` + prefix[:4])

// next gives where a JSON string starts that may be a carrier, behind its quote; negative if there is none.
func next(text []byte, from int) int {
	for {
		i := bytes.Index(text[from:], begin)
		if i < 0 {
			return -1
		}
		from += i
		if from == 0 || text[from-1] != '\\' { // not a word within a string
			return from + 1
		}
		from += len(begin)
	}
}

// In tells that a JSON text may hold a carrier, in either form. It reads the text once.
func In(text []byte) bool { return next(text, 0) >= 0 }

// Holds tells that a JSON text holds a carrier that is whole, in either form. A text without any costs as much as In.
func Holds(text []byte) bool {
	for at := next(text, 0); at >= 0; at = next(text, at+1) {
		end := bytes.IndexByte(text[at:], '"')
		if end < 0 {
			return false
		}
		s := string(text[at : at+end])
		if carrier, ok := FromBase64(s); ok {
			s = carrier
		}
		if _, _, _, ok := Unpack(s); ok {
			return true
		}
	}
	return false
}
