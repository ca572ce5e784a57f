package strict

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// refusal is why a request is refused.
type refusal struct {
	status  int // 0 means 400
	kind    string
	field   string
	message string
}

// check walks a request; the first thing that is wrong counts.
type check struct{ no *refusal }

func (c *check) refuse(field, format string, args ...any) {
	if c.no == nil {
		c.no = &refusal{status: http.StatusBadRequest, field: field, message: fmt.Sprintf(format, args...)}
	}
}

// only refuses members whose name is not in names, separated by spaces, and members that stand there twice.
func (c *check) only(at string, v gjson.Result, names string) {
	if !v.IsObject() {
		c.refuse(at, "must be an object, not %.60s", v.Raw)
		return
	}
	known, seen := strings.Fields(names), map[string]bool{}
	v.ForEach(func(key, _ gjson.Result) bool {
		switch {
		case !slices.Contains(known, key.Str):
			c.refuse(under(at, key.Str), "unknown field")
		case seen[key.Str]:
			c.refuse(under(at, key.Str), "stands there twice")
		}
		seen[key.Str] = true
		return c.no == nil
	})
}

func under(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// text demands a string that is not empty.
func (c *check) text(at string, v gjson.Result) string {
	if v.Type != gjson.String || v.Str == "" {
		c.refuse(at, "must be a non-empty string, not %.60q", v.Raw)
	}
	return v.Str
}

// oneOf demands one of some strings, where there is a value.
func (c *check) oneOf(at string, v gjson.Result, values string) {
	if v.Exists() && (v.Type != gjson.String || !slices.Contains(strings.Fields(values), v.Str)) {
		c.refuse(at, "must be one of %s, not %s", values, v.Raw)
	}
}

// number demands a number within a range, where there is a value.
func (c *check) number(at string, v gjson.Result, least, most float64) {
	if v.Exists() && (v.Type != gjson.Number || v.Num < least || v.Num > most) {
		c.refuse(at, "must be a number from %g to %g, not %s", least, most, v.Raw)
	}
}

func (c *check) whole(at string, v gjson.Result, least float64) {
	c.number(at, v, least, math.MaxInt32)
	if v.Exists() && v.Num != math.Trunc(v.Num) {
		c.refuse(at, "must be a whole number, not %s", v.Raw)
	}
}

func (c *check) flag(at string, v gjson.Result) {
	if v.Exists() && !v.IsBool() {
		c.refuse(at, "must be true or false, not %s", v.Raw)
	}
}

// list demands a list that is not empty, where there is a value.
func (c *check) list(at string, v gjson.Result) []gjson.Result {
	if !v.Exists() {
		return nil
	}
	if !v.IsArray() || len(v.Array()) == 0 {
		c.refuse(at, "must be a list with at least one entry, not %.60s", v.Raw)
	}
	return v.Array()
}

func (c *check) match(at, s string, pattern *regexp.Regexp) {
	if !pattern.MatchString(s) {
		c.refuse(at, "%q does not match %s", s, pattern)
	}
}

// stops checks stop sequences.
func (c *check) stops(at string, v gjson.Result, most int) []string {
	var out []string
	for i, s := range c.list(at, v) {
		if most > 0 && i >= most {
			c.refuse(at, "takes at most %d stop sequences", most)
		}
		out = append(out, c.text(at, s))
	}
	return out
}

// base64 demands standard base64 of something.
func (c *check) base64(at string, v gjson.Result) []byte {
	b, err := base64.StdEncoding.DecodeString(v.String())
	if err != nil || len(b) == 0 {
		c.refuse(at, "is not base64: %.40q", v.String())
	}
	return b
}

// image demands that a media type is a picture's and the bytes are one of that type.
func (c *check) image(at, mediaType string, b []byte) {
	if !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, mediaType) {
		c.refuse(at, "the media type %q is not taken", mediaType)
	}
	if is := http.DetectContentType(b); c.no == nil && is != mediaType {
		c.refuse(at, "the data is %s, not %s", is, mediaType)
	}
}

// dataURL demands a data URL in base64 and gives what it holds.
func (c *check) dataURL(at, url string) (mediaType string, data []byte) {
	rest, ok := strings.CutPrefix(url, "data:")
	mediaType, text, coded := strings.Cut(rest, ";base64,")
	if !ok || !coded {
		c.refuse(at, "is not a data URL in base64: %.40q", url)
		return "", nil
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data) == 0 {
		c.refuse(at, "holds base64 that can't be read")
	}
	return mediaType, data
}

func (c *check) pdf(at string, data []byte) {
	if c.no == nil && !strings.HasPrefix(string(data), "%PDF-") {
		c.refuse(at, "is no PDF")
	}
}

// toolName is what OpenAI and Anthropic take for a name (API references, "Function object", "Tool").
var toolName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)
