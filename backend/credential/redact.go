package credential

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Redacted stands where a secret stood.
const Redacted = "[redacted]"

// piece is how many consecutive bytes of a secret give it away. Anything that shares this much with a secret is masked,
// so that a secret cut off at any place, or shown in part, is masked too.
const piece = 8

// minSecret is the shortest secret that is masked; a shorter one would blank out ordinary words and is none.
const minSecret = 4

// maxRemembered bounds the secrets that are known; the oldest are forgotten first.
const maxRemembered = 512

// Redactor masks the secrets it knows in texts. It is the product's one redaction point. A secret that was removed or
// replaced stays known until the program ends, since what quotes it may still be under way.
type Redactor struct {
	mu      sync.Mutex
	secrets []known
	index   atomic.Pointer[index]
}

// known is a secret and the ways in which it may be spelled.
type known struct {
	secret    string
	spellings []string
}

// index finds pieces of secrets: every run of eight bytes of every secret in every encoding, and short secrets whole.
type index struct {
	pieces map[uint64]struct{}
	// filter has a bit for each piece's hash; it rules out nearly every place of an innocent text without a look into
	// the map.
	filter [1 << filterBits / 64]uint64
	short  []string
}

const filterBits = 18

func filterBit(window uint64) (word, bit uint64) {
	h := window * 0x9e3779b97f4a7c15 >> (64 - filterBits)
	return h >> 6, 1 << (h & 63)
}

// NewRedactor gives a redactor that knows no secret yet.
func NewRedactor() *Redactor {
	r := &Redactor{}
	r.index.Store(&index{})
	return r
}

// Add makes a secret known.
func (r *Redactor) Add(secret string) {
	if len(secret) < minSecret {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.ContainsFunc(r.secrets, func(k known) bool { return k.secret == secret }) {
		return
	}
	r.secrets = append(r.secrets, known{secret, spellings(secret)})
	if len(r.secrets) > maxRemembered {
		r.secrets = slices.Delete(r.secrets, 0, 1)
	}
	r.index.Store(newIndex(r.secrets))
}

// Conceal masks secrets that nobody shall remember, in all ways in which a Redactor masks those it knows.
func Conceal(text []byte, secrets []string) []byte {
	var all []known
	for _, s := range secrets {
		if len(s) >= minSecret {
			all = append(all, known{s, spellings(s)})
		}
	}
	if redacted := newIndex(all).redact(string(text)); redacted != string(text) {
		return []byte(redacted)
	}
	return text
}

func newIndex(secrets []known) *index {
	ix := &index{pieces: map[uint64]struct{}{}}
	for _, k := range secrets {
		for _, v := range k.spellings {
			if len(v) < piece {
				ix.short = append(ix.short, v)
				continue
			}
			for i := 0; i+piece <= len(v); i++ {
				window := binary.LittleEndian.Uint64([]byte(v[i : i+piece]))
				ix.pieces[window] = struct{}{}
				word, bit := filterBit(window)
				ix.filter[word] |= bit
			}
		}
	}
	return ix
}

// Redact gives text with every known secret masked: as it is, JSON-escaped up to three times, percent-encoded, and in
// base64 or hexadecimal, whole or in pieces of eight bytes and more.
func (r *Redactor) Redact(text string) string { return r.index.Load().redact(text) }

func (ix *index) redact(text string) string {
	spans := ix.find(text)
	if len(spans) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, s := range spans {
		b.WriteString(text[at:s[0]])
		b.WriteString(Redacted)
		at = s[1]
	}
	b.WriteString(text[at:])
	return b.String()
}

// RedactBytes is Redact for bytes. It gives text itself where there is nothing to mask.
func (r *Redactor) RedactBytes(text []byte) []byte {
	s := string(text)
	if redacted := r.Redact(s); redacted != s {
		return []byte(redacted)
	}
	return text
}

// find gives the spans to mask, in order, apart from each other.
func (ix *index) find(text string) [][2]int {
	var spans [][2]int
	if len(ix.pieces) > 0 && len(text) >= piece {
		var window uint64
		for i := range len(text) {
			window = window>>8 | uint64(text[i])<<56
			if word, bit := filterBit(window); i < piece-1 || ix.filter[word]&bit == 0 {
				continue
			}
			if _, ok := ix.pieces[window]; !ok {
				continue
			}
			start := i - piece + 1
			if n := len(spans); n > 0 && spans[n-1][1] >= start {
				spans[n-1][1] = i + 1
			} else {
				spans = append(spans, [2]int{start, i + 1})
			}
		}
	}
	for _, s := range ix.short {
		for at := 0; ; {
			i := strings.Index(text[at:], s)
			if i < 0 {
				break
			}
			spans = append(spans, [2]int{at + i, at + i + len(s)})
			at += i + len(s)
		}
	}
	if len(ix.short) > 0 {
		spans = merge(spans)
	}
	return spans
}

func merge(spans [][2]int) [][2]int {
	slices.SortFunc(spans, func(a, b [2]int) int { return a[0] - b[0] })
	var out [][2]int
	for _, s := range spans {
		if n := len(out); n > 0 && s[0] <= out[n-1][1] {
			out[n-1][1] = max(out[n-1][1], s[1])
		} else {
			out = append(out, s)
		}
	}
	return out
}

// spellings is a secret in the encodings in which it may turn up.
func spellings(secret string) []string {
	out := []string{secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))}
	for _, escape := range []func(string) string{jsonEscape, jsonEscapeHTML} {
		s := secret
		for range 3 {
			s = escape(s)
			out = append(out, s)
		}
	}
	for _, s := range []string{url.QueryEscape(secret), url.PathEscape(secret)} {
		out = append(out, s, lowerEscapes.ReplaceAllStringFunc(s, strings.ToLower))
	}
	// In base64 a secret looks in three ways, depending on how many bytes stand before it ("Bearer ", "user:"). The
	// first letters, which depend on those too, are left out.
	for before := range 3 {
		plain := make([]byte, before, before+len(secret))
		plain = append(plain, secret...)
		first := (before*8 + 5) / 6
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if s := e.EncodeToString(plain)[first:]; len(s) >= piece {
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var lowerEscapes = regexp.MustCompile(`%[0-9A-F]{2}`)

func jsonEscape(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return s
	}
	return strings.TrimSuffix(b.String(), "\n")[1 : b.Len()-2]
}

func jsonEscapeHTML(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return string(b[1 : len(b)-1])
}

// lookalike is what has the shape of a key, whoever's it is: the usual prefixes, and what follows an authorization
// scheme.
var lookalike = regexp.MustCompile(
	`\b(sk-|vck_|gh_|gsk_|xai-|AIza|hf_|r8_|ghp_|gho_|ghu_|ghs_|github_pat_|eyJ)[A-Za-z0-9_.\-]{8,}|` +
		`(?i:\b(bearer)(\s+|%20|\+))[A-Za-z0-9._~+/=\-]{8,}|` +
		`(?i:\b(basic)(\s+|%20|\+))[A-Za-z0-9._~+/=\-]{16,}`) // longer than "basic authentication"

// Mask masks what has the shape of an API key, known or not, and keeps its first letters, which tell whose it is.
func Mask(text string) string {
	if !lookalike.MatchString(text) {
		return text
	}
	return lookalike.ReplaceAllStringFunc(text, func(found string) string {
		m := lookalike.FindStringSubmatch(found)
		return strings.Join(m[1:], "") + Redacted // only one alternative has groups that took part
	})
}
