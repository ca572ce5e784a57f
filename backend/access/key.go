package access

import (
	"crypto/rand"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/backend/llm"
)

// A token is "gh_", an id of 10 characters, "_" and a secret of 43 characters, which hold 256 random bits.
const (
	tokenPrefix = "gh_"
	idLen       = 10
	secretLen   = 43
	maxToken    = len(tokenPrefix) + idLen + 1 + secretLen

	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

const (
	maxName     = 64 // characters
	maxModels   = 64
	maxPattern  = 200
	maxDuration = 100 * 365 * day
	day         = 24 * time.Hour
)

func newToken() (id, token string) {
	id = random(idLen)
	return id, tokenPrefix + id + "_" + random(secretLen)
}

// random gives n characters of base62, each as likely as the other.
func random(n int) string {
	out := make([]byte, 0, n)
	var buf [64]byte
	for {
		_, _ = rand.Read(buf[:]) // never fails (crypto/rand)
		for _, b := range buf {
			// 248 is the largest multiple of 62 in a byte.
			if b < 248 {
				out = append(out, base62[b%62])
			}
			if len(out) == n {
				return string(out)
			}
		}
	}
}

// tokenID gives the id within a token, empty if it has not the form of one.
func tokenID(token string) string {
	const end = len(tokenPrefix) + idLen
	if len(token) != maxToken || !strings.HasPrefix(token, tokenPrefix) || token[end] != '_' {
		return ""
	}
	return token[len(tokenPrefix):end]
}

// Ours tells that a token has the beginning of all local keys, valid or not. Such a token is of no use to anybody else.
func Ours(token string) bool { return strings.HasPrefix(token, tokenPrefix) }

// Allows tells whether the key may use a model, given as the id of what would serve the request. In a pattern * stands
// for any text, also across slashes, and ? for one character; all else stands for itself.
func (k *Key) Allows(model string) bool {
	return len(k.Models) == 0 || slices.ContainsFunc(k.Models, func(p string) bool { return glob(p, model) })
}

// glob matches in time that grows with len(pattern) times len(text) at worst.
func glob(pattern, text string) bool {
	p, t := 0, 0
	star, from := -1, 0 // the last * and where the text after it was tried to start
	for t < len(text) {
		if p < len(pattern) {
			switch c := pattern[p]; c {
			case '*':
				star, from = p, t
				p++
				continue
			case '?':
				_, size := utf8.DecodeRuneInString(text[t:])
				p, t = p+1, t+size
				continue
			case text[t]:
				p, t = p+1, t+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		_, size := utf8.DecodeRuneInString(text[from:])
		from += size
		p, t = star+1, from
	}
	return strings.Trim(pattern[p:], "*") == ""
}

func (k *Key) expired(now time.Time) bool { return k.ExpiresAt != nil && !now.Before(*k.ExpiresAt) }

func (k *Key) active(now time.Time) bool { return k.RevokedAt == nil && !k.expired(now) }

// valid gives the request with its texts trimmed.
func (n NewKey) valid() (NewKey, error) {
	n.Name, n.Project = strings.TrimSpace(n.Name), strings.TrimSpace(n.Project)
	if n.Name == "" {
		return n, llm.Errorf(llm.ErrBadRequest, "an API key needs a name; use the program's or machine's it is for")
	}
	if err := text("name", n.Name); err != nil {
		return n, err
	}
	if err := text("project", n.Project); err != nil {
		return n, err
	}
	if len(n.Models) > maxModels {
		return n, llm.Errorf(llm.ErrBadRequest, "an API key can have %d model patterns; use * to say more with one", maxModels)
	}
	models := []string{}
	for _, m := range n.Models {
		m = strings.TrimSpace(m)
		if m == "" || len(m) > maxPattern || !utf8.ValidString(m) || strings.ContainsFunc(m, unprintable) || strings.Contains(m, " ") {
			return n, llm.Errorf(llm.ErrBadRequest, "%q is not a model pattern; write one like anthropic/* or openai/gpt-5", shown(m))
		}
		models = append(models, m)
	}
	n.Models = models
	if n.ExpiresIn < 0 || n.ExpiresIn > maxDuration {
		return n, llm.Errorf(llm.ErrBadRequest, "an API key can expire after up to 100 years; leave it out for never")
	}
	return n, nil
}

func text(what, s string) error {
	switch {
	case !utf8.ValidString(s), strings.ContainsFunc(s, unprintable):
		return llm.Errorf(llm.ErrBadRequest, "the %s has characters that can't be shown; use letters, digits and spaces", what)
	case utf8.RuneCountInString(s) > maxName:
		return llm.Errorf(llm.ErrBadRequest, "the %s is too long; use up to %d characters", what, maxName)
	case hasToken(s):
		return llm.Errorf(llm.ErrBadRequest, "the %s holds an API key; it would be stored in the open, so choose another", what)
	}
	return nil
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// hasToken tells whether a text holds something like a token, which must not be stored or shown.
func hasToken(s string) bool {
	for {
		i := strings.Index(s, tokenPrefix)
		if i < 0 {
			return false
		}
		if s = s[i:]; len(s) >= maxToken && tokenID(s[:maxToken]) != "" {
			return true
		}
		s = s[1:]
	}
}

// shown is a text from outside as it may stand in a message: short, and no token.
func shown(s string) string {
	if hasToken(s) {
		return tokenPrefix + "…"
	}
	if utf8.RuneCountInString(s) > maxName {
		return string([]rune(s)[:maxName]) + "…"
	}
	return s
}

// ParseExpiry reads a length of time: a whole number and h, d, w or y (365 days). Empty is 0, which means never.
func ParseExpiry(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, nil
	}
	number, unit := s[:len(s)-1], time.Duration(0)
	switch s[len(s)-1] {
	case 'h':
		unit = time.Hour
	case 'd':
		unit = day
	case 'w':
		unit = 7 * day
	case 'y':
		unit = 365 * day
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if unit == 0 || err != nil || n == 0 || n > math.MaxInt32 || time.Duration(n) > maxDuration/unit {
		return 0, llm.Errorf(llm.ErrBadRequest,
			"%q is not a length of time for a key; write a number and h, d, w or y, such as 12h, 30d or 1y (100y at most)", shown(s))
	}
	return time.Duration(n) * unit, nil
}
