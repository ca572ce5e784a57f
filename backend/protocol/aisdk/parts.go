package aisdk

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

func (d *decoder) prompt(v jsonread.Value) error {
	if !v.IsArray() {
		return bad("prompt", "must be a list of messages")
	}
	for _, m := range v.ForEach {
		message, err := d.message(m)
		if err != nil {
			return err
		}
		d.call.Request.Messages = append(d.call.Request.Messages, message)
	}
	return nil
}

func (d *decoder) message(v jsonread.Value) (llm.Message, error) {
	var m object
	m.read(v)
	out := llm.Message{Role: llm.Role(m.get("role").String())}
	content := m.get("content")
	switch out.Role {
	case llm.RoleSystem:
		if content.Type() != jsonread.String {
			return out, bad("prompt", "holds a system message whose content is not a string")
		}
		out.Parts = []llm.Part{llm.Text{Text: content.Str()}}
	case llm.RoleUser, llm.RoleAssistant, llm.RoleTool:
		if !content.IsArray() {
			return out, bad("prompt", "holds a message whose content is not a list of parts")
		}
		for _, p := range content.ForEach {
			var o object
			o.read(p)
			part, err := d.part(out.Role, &o)
			if err != nil {
				return out, err
			}
			if part != nil {
				out.Parts = append(out.Parts, part)
			}
		}
	default:
		return out, badf("prompt: a message has the unknown role %q", m.get("role").String())
	}
	if o := d.options("prompt", m.get("providerOptions")); o.cache != nil {
		markLast(out.Parts, o.cache)
	}
	return out, nil
}

// allowed are the roles whose messages may hold a type of part.
var allowed = map[string][]llm.Role{
	"text":                   {llm.RoleUser, llm.RoleAssistant},
	"file":                   {llm.RoleUser, llm.RoleAssistant},
	"reasoning":              {llm.RoleAssistant},
	"reasoning-file":         {llm.RoleAssistant},
	"custom":                 {llm.RoleAssistant},
	"tool-call":              {llm.RoleAssistant},
	"tool-result":            {llm.RoleAssistant, llm.RoleTool},
	"tool-approval-request":  {llm.RoleAssistant},
	"tool-approval-response": {llm.RoleTool},
}

// part reads a part, nil for one that is left out.
func (d *decoder) part(role llm.Role, p *object) (llm.Part, error) {
	kind := p.get("type").String()
	fits := false
	for _, r := range allowed[kind] {
		fits = fits || r == role
	}
	if !fits {
		return nil, badf("prompt: a message of role %s can't hold a part of type %q", role, kind)
	}
	switch kind {
	case "text":
		return llm.Text{Text: p.get("text").String(), Cache: d.options("prompt", p.get("providerOptions")).cache}, nil
	case "file":
		return d.file(p)
	case "reasoning":
		o := d.options("prompt", p.get("providerOptions"))
		r := llm.Reasoning{Text: p.get("text").String(), Signature: o.signature, Opaque: o.opaque, Origin: o.origin}
		return r, nil
	case "tool-call":
		return d.toolCall(p)
	case "tool-result":
		return d.toolResult(p)
	}
	d.notice("prompt", "a part of type "+kind+" was left out")
	return nil, nil
}

func (d *decoder) toolCall(p *object) (llm.Part, error) {
	o := d.options("prompt", p.get("providerOptions"))
	out := llm.ToolCall{
		ID: p.get("toolCallId").String(), Name: p.get("toolName").String(), Input: json.RawMessage(p.get("input").Raw()),
		ByProvider: p.get("providerExecuted").Bool(), Signature: o.signature, Origin: o.origin, Cache: o.cache,
	}
	if out.ID == "" || out.Name == "" {
		return nil, bad("prompt", "holds a tool call without toolCallId or toolName")
	}
	// AI SDK 5 gives an input back as a string where the model had written broken JSON.
	if in := p.get("input"); in.Type() == jsonread.String && jsonread.Of(in.Str()).IsObject() {
		out.Input = json.RawMessage(in.Str())
	}
	if len(out.Input) == 0 {
		out.Input = json.RawMessage("{}")
	}
	return out, nil
}

func (d *decoder) toolResult(p *object) (llm.Part, error) {
	out := llm.ToolResult{
		CallID: p.get("toolCallId").String(), Name: p.get("toolName").String(),
		Cache: d.options("prompt", p.get("providerOptions")).cache,
	}
	if out.CallID == "" {
		return nil, bad("prompt", "holds a tool result without toolCallId")
	}
	var output object
	output.read(p.get("output"))
	value := output.get("value")
	switch kind := output.get("type").String(); kind {
	case "text", "error-text":
		out.Parts = []llm.Part{llm.Text{Text: value.String()}}
		out.IsError = kind == "error-text"
	case "json", "error-json":
		out.Parts = []llm.Part{llm.Text{Text: value.Raw()}}
		out.IsError = kind == "error-json"
	case "execution-denied":
		text := "The user did not allow this tool to run."
		if reason := output.get("reason").String(); reason != "" {
			text += " Reason: " + reason
		}
		out.Parts, out.IsError = []llm.Part{llm.Text{Text: text}}, true
	case "content":
		for _, item := range value.ForEach {
			var o object
			o.read(item)
			part, err := d.resultPart(&o)
			if err != nil {
				return nil, err
			}
			if part != nil {
				out.Parts = append(out.Parts, part)
			}
		}
	default:
		return nil, badf("prompt: a tool result's output has the unknown type %q", kind)
	}
	if o := d.options("prompt", output.get("providerOptions")); out.Cache == nil {
		out.Cache = o.cache
	}
	return out, nil
}

// resultPart reads an item of a tool result's content, as each version spells it; nil for one that is left out.
func (d *decoder) resultPart(item *object) (llm.Part, error) {
	m := llm.Media{MediaType: mediaType(item.get("mediaType").String()), Filename: item.get("filename").String()}
	o := d.options("prompt", item.get("providerOptions"))
	m.Cache, m.Detail = o.cache, o.detail
	var err error
	switch kind := item.get("type").String(); kind {
	case "text":
		return llm.Text{Text: item.get("text").String(), Cache: o.cache}, nil
	case "file": // version 4
		return d.file(item)
	case "media", "file-data", "image-data": // the first version 2, the others version 3
		err = takeData(&m, item.get("data").String())
	case "image-url", "file-url":
		if kind == "image-url" && m.MediaType == "" {
			m.MediaType = "image/*"
		}
		err = takeURL(&m, item.get("url").String())
	case "image-file-id", "file-id":
		if kind == "image-file-id" {
			m.MediaType = "image/*"
		}
		err = d.takeReference(&m, item.get("fileId"))
	default:
		d.notice("prompt", "an item of type "+kind+" in a tool result was left out")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// file reads a file part: data is a string in the versions 2 and 3, an object in version 4.
func (d *decoder) file(p *object) (llm.Part, error) {
	o := d.options("prompt", p.get("providerOptions"))
	m := llm.Media{
		MediaType: mediaType(p.get("mediaType").String()), Filename: p.get("filename").String(),
		Cache: o.cache, Detail: o.detail,
	}
	data := p.get("data")
	var tagged object
	tagged.read(data)
	var err error
	switch kind := tagged.get("type").Str(); {
	case data.Type() == jsonread.String:
		err = takeString(&m, data.Str())
	case kind == "data":
		err = takeData(&m, tagged.get("data").String())
	case kind == "url":
		err = takeString(&m, tagged.get("url").String())
	case kind == "text":
		m.Data = []byte(tagged.get("text").String())
		if m.MediaType == "" || strings.HasSuffix(m.MediaType, "/*") {
			m.MediaType = "text/plain"
		}
	case kind == "reference":
		err = d.takeReference(&m, tagged.get("reference"))
	default:
		err = bad("prompt", "holds a file whose data is neither a string nor data, url, text or reference")
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// mediaType gives "image/*" for version 4's bare "image".
func mediaType(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if s != "" && !strings.Contains(s, "/") {
		return s + "/*"
	}
	return s
}

func takeString(m *llm.Media, s string) error {
	if len(s) >= 5 && strings.EqualFold(s[:5], "data:") {
		return takeDataURL(m, s)
	}
	if u, _, found := strings.Cut(s, "://"); found && len(u) < 10 {
		return takeURL(m, s)
	}
	return takeData(m, s)
}

func takeDataURL(m *llm.Media, s string) error {
	head, data, found := strings.Cut(s[len("data:"):], ",")
	kind, isBase64 := strings.CutSuffix(head, ";base64")
	if !found {
		return bad("prompt", "holds a data URL without data")
	}
	if kind, _, err := mime.ParseMediaType(kind); err == nil && vague(m.MediaType) {
		m.MediaType = kind
	}
	if isBase64 {
		return takeData(m, data)
	}
	text, err := url.PathUnescape(data)
	if err != nil {
		return bad("prompt", "holds a data URL with broken escapes")
	}
	m.Data = []byte(text)
	sniff(m)
	return nil
}

func takeData(m *llm.Media, s string) error {
	enc := base64.StdEncoding
	if strings.ContainsAny(s, "-_") {
		enc = base64.URLEncoding
	}
	if !strings.HasSuffix(s, "=") {
		enc = enc.WithPadding(base64.NoPadding)
	}
	data, err := enc.DecodeString(s)
	if err != nil || len(data) == 0 {
		return bad("prompt", "holds a file whose data is not base64")
	}
	m.Data = data
	sniff(m)
	return nil
}

func takeURL(m *llm.Media, s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return bad("prompt", "holds a file whose URL is not an http or https one")
	}
	m.URL = s
	if !vague(m.MediaType) {
		return nil
	}
	class, _, _ := strings.Cut(m.MediaType, "/")
	kind := byExtension[strings.ToLower(path.Ext(u.Path))]
	if kind != "" && (class == "" || class == "application" || strings.HasPrefix(kind, class+"/")) {
		m.MediaType = kind
	}
	return nil
}

// byExtension are the media types that models take. The operating system's own table differs from machine to machine.
var byExtension = map[string]string{
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".heic": "image/heic", ".avif": "image/avif", ".pdf": "application/pdf", ".txt": "text/plain", ".md": "text/markdown",
	".csv": "text/csv", ".html": "text/html", ".mp3": "audio/mpeg", ".wav": "audio/wav", ".mp4": "video/mp4",
	".webm": "video/webm", ".mov": "video/quicktime",
}

// takeReference reads ids of uploaded files by provider: the one of the model's creator, or the only one.
func (d *decoder) takeReference(m *llm.Media, v jsonread.Value) error {
	if v.Type() == jsonread.String {
		m.FileID = v.Str()
	} else if own := v.Member(d.creator); own.Type() == jsonread.String {
		m.FileID = own.Str()
	} else if v.IsObject() {
		for vendor, id := range v.ForEach {
			if d.meant(vendor.Str()) && m.FileID == "" {
				m.FileID = id.String()
			}
		}
	}
	if m.FileID == "" {
		return bad("prompt", "refers to an uploaded file that the model's provider does not have; send the file itself")
	}
	return nil
}

func vague(mediaType string) bool {
	return mediaType == "" || strings.HasSuffix(mediaType, "/*") || mediaType == "application/octet-stream"
}

// sniff finds the media type of data that came without an exact one.
func sniff(m *llm.Media) {
	if !vague(m.MediaType) {
		return
	}
	found, _, _ := strings.Cut(http.DetectContentType(m.Data), ";")
	if brand := m.Data[min(4, len(m.Data)):min(12, len(m.Data))]; bytes.HasPrefix(brand, []byte("ftyp")) {
		switch string(brand[4:]) { // ISO base media; net/http knows its videos only
		case "avif", "avis":
			found = "image/avif"
		case "heic", "heix", "mif1":
			found = "image/heic"
		}
	}
	class, _, _ := strings.Cut(m.MediaType, "/")
	fits := class == "" || class == "application" || strings.HasPrefix(found, class+"/")
	if fits && found != "application/octet-stream" {
		m.MediaType = found
	}
}
