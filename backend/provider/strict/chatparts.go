package strict

import (
	"strings"

	"github.com/tidwall/gjson"
)

func (w *chatWalk) content(at string, v gjson.Result, kinds string) string {
	c := w.c
	if v.Type == gjson.String {
		w.mentionsJSON = w.mentionsJSON || strings.Contains(strings.ToLower(v.Str), "json")
		return v.Str
	}
	if !v.IsArray() {
		c.refuse(at, "must be a string or a list of parts, not %.60s", v.Raw)
	}
	text := ""
	for i, part := range c.list(at, v) {
		at := at + "[" + itoa(i) + "]"
		kind := part.Get("type").String()
		c.oneOf(at+".type", part.Get("type"), kinds)
		switch kind {
		case "text":
			c.only(at, part, "type text")
			text = c.text(at+".text", part.Get("text"))
			w.mentionsJSON = w.mentionsJSON || strings.Contains(strings.ToLower(text), "json")
		case "image_url":
			w.a.images++
			w.image(at, part)
		case "document_url": // (Mistral API, "Document QnA")
			c.only(at, part, "type document_url document_name")
			if url := part.Get("document_url").String(); !strings.HasPrefix(url, "https://") {
				_, data := c.dataURL(at+".document_url", url)
				c.pdf(at+".document_url", data)
			}
		case "file":
			w.file(at, part)
		case "input_audio":
			c.only(at, part, "type input_audio")
			c.oneOf(at+".input_audio.format", part.Get("input_audio.format"), "wav mp3")
			c.base64(at+".input_audio.data", part.Get("input_audio.data"))
			if w.vendor != "openai" {
				c.refuse(at, "audio is not supported")
			}
		}
	}
	return text
}

func (w *chatWalk) image(at string, part gjson.Result) {
	c := w.c
	c.only(at, part, "type image_url")
	url := part.Get("image_url.url").String()
	if part.Get("image_url").Type == gjson.String && w.order {
		url = part.Get("image_url").Str
	} else {
		c.only(at+".image_url", part.Get("image_url"), "url detail")
	}
	c.oneOf(at+".image_url.detail", part.Get("image_url.detail"), "auto low high original")
	switch {
	case !w.images:
		c.refuse(at, "unknown variant `image_url`, expected `text`")
	case strings.HasPrefix(url, "data:"):
		mediaType, data := c.dataURL(at, url)
		c.image(at, mediaType, data)
	case !w.imageURLs || !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://"):
		c.refuse(at, "the image's URL is not taken: %.40q", url)
	}
}

func (w *chatWalk) file(at string, part gjson.Result) {
	c := w.c
	c.only(at, part, "type file")
	f := part.Get("file")
	c.only(at+".file", f, "file_data file_id filename")
	if !w.files {
		c.refuse(at, "files are not supported")
	}
	if f.Get("file_id").Exists() {
		return
	}
	c.text(at+".file.filename", f.Get("filename"))
	mediaType, data := c.dataURL(at+".file.file_data", f.Get("file_data").String())
	if mediaType != "application/pdf" {
		c.refuse(at+".file.file_data", "the media type %q is not taken", mediaType)
	}
	c.pdf(at+".file.file_data", data)
}
