package strict

import (
	"strings"

	"github.com/tidwall/gjson"
)

func (p *gemini) inline(c *check, at string, v gjson.Result, a *ask) {
	c.only(at, v, "mimeType data displayName")
	data := c.base64(at+".data", v.Get("data"))
	switch kind := v.Get("mimeType").String(); {
	case strings.HasPrefix(kind, "image/"):
		a.images++
		if kind == "image/gif" || kind == "image/*" {
			c.refuse(at+".mimeType", "Unsupported MIME type: %s", kind)
		}
		c.image(at, kind, data)
	case kind == "application/pdf":
		c.pdf(at, data)
	case strings.HasPrefix(kind, "text/"), strings.HasPrefix(kind, "audio/"), strings.HasPrefix(kind, "video/"):
	default:
		c.refuse(at+".mimeType", "Unsupported MIME type: %s", kind)
	}
}

func (p *gemini) response(c *check, at string, f gjson.Result, a *ask) {
	c.only(at, f, "id name response parts")
	c.match(at+".name", f.Get("name").String(), functionName)
	if f.Get("id").Exists() && !p.third() {
		c.refuse(at+".id", "unknown name \"id\"")
	}
	answer := f.Get("response")
	if !answer.IsObject() {
		c.refuse(at+".response", "must be an object")
	}
	if answer.Get(`\$ref`).Exists() {
		c.refuse(at+".response", "$ref is reserved")
	}
	for i, part := range c.list(at+".parts", f.Get("parts")) {
		if !p.third() {
			c.refuse(at+".parts", "Multimodal function response is not supported for this model")
		}
		c.only(at+".parts["+itoa(i)+"]", part, "inlineData fileData")
		p.inline(c, at+".parts["+itoa(i)+"].inlineData", part.Get("inlineData"), a)
	}
}
