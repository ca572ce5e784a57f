// Package formedit finds text fields in a multipart/form-data body (RFC 7578) without taking it apart, so that a form that
// is only passed on keeps its bytes: boundary, headers, files, everything.
//
// It is strict where readers differ: a body that two of them could take apart differently is refused, so that no second
// field can hide from whoever decides by the first. It must not know what the fields mean.
package formedit

import (
	"bytes"
	"fmt"
	"mime"
	"slices"
	"strings"

	"gatehouse/backend/protocol/jsonedit"
)

// maxParts bounds how many parts are looked at; clients send a few dozen at most.
const maxParts = 1000

// Is tells whether a Content-Type is that of a form.
func Is(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(kind), "multipart/form-data")
}

// Find gives the span of the value of each named field, in the order of names. A named field that stands twice, or that
// is a file, is an error.
func Find(body []byte, contentType string, names ...string) ([]jsonedit.Span, error) {
	spans := make([]jsonedit.Span, len(names))
	err := fields(body, contentType, func(f field, value jsonedit.Span) error {
		for i, name := range names {
			switch {
			case f.name != name:
				continue
			case spans[i] != jsonedit.Span{}:
				return fmt.Errorf("a second field %q", name)
			case f.file:
				return fmt.Errorf("the field %q is a file", name)
			case f.encoded:
				return fmt.Errorf("the field %q has a transfer encoding", name)
			}
			spans[i] = value
		}
		return nil
	})
	return spans, err
}

// Named gives the name of the first field that a name begins, as "a[b]" begins with "a"; empty if there is none.
func Named(body []byte, contentType, name string) (string, error) {
	found := ""
	err := fields(body, contentType, func(f field, _ jsonedit.Span) error {
		if rest, ok := strings.CutPrefix(f.name, name); ok && found == "" && (rest == "" || rest[0] == '[' || rest[0] == '.') {
			found = f.name
		}
		return nil
	})
	return found, err
}

// fields calls visit for each part that there is.
func fields(body []byte, contentType string, visit func(f field, value jsonedit.Span) error) error {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("the Content-Type can't be read: %w", err)
	}
	boundary := params["boundary"]
	if boundary == "" || len(boundary) > 70 {
		return fmt.Errorf("the Content-Type names no boundary of 1 to 70 characters")
	}
	return parts(body, []byte("--"+boundary), func(head []byte, value jsonedit.Span) error {
		f, err := readField(head)
		if err != nil {
			return err
		}
		return visit(f, value)
	})
}

var (
	crlf  = []byte("\r\n")
	blank = []byte("\r\n\r\n")
)

// parts calls visit for each part with its headers, without the blank line, and its value's span.
func parts(body, dash []byte, visit func(head []byte, value jsonedit.Span) error) error {
	if !bytes.HasPrefix(body, dash) {
		return fmt.Errorf("the body does not begin with the boundary that the Content-Type names")
	}
	at := len(dash)
	delimiter := append(append([]byte{}, crlf...), dash...)
	for range maxParts {
		rest := body[at:]
		if bytes.HasPrefix(rest, []byte("--")) {
			if tail := rest[2:]; len(tail) > 0 && !bytes.Equal(tail, crlf) {
				return fmt.Errorf("something stands behind the form's end")
			}
			return nil
		}
		if !bytes.HasPrefix(rest, crlf) {
			return fmt.Errorf("a boundary at byte %d is not alone on its line", at)
		}
		at += len(crlf)
		head := bytes.Index(body[at:], blank)
		if head < 0 {
			return fmt.Errorf("the part at byte %d has no end of its headers", at)
		}
		value := jsonedit.Span{Start: at + head + len(blank)}
		end := bytes.Index(body[value.Start:], delimiter)
		if end < 0 {
			return fmt.Errorf("the part at byte %d has no end", at)
		}
		value.End = value.Start + end
		if bytes.Contains(body[at:at+head], dash) || bytes.HasPrefix(body[value.Start:], dash) {
			return fmt.Errorf("a boundary at byte %d does not follow a part's value", at)
		}
		if err := visit(body[at:at+head], value); err != nil {
			return err
		}
		at = value.End + len(delimiter)
	}
	return fmt.Errorf("the form has more than %d parts", maxParts)
}

// token tells whether a header's name is one (RFC 9110, section 5.6.2).
func token(name string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c > '~' || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return name != ""
}

type field struct {
	name          string
	file, encoded bool
}

// readField reads a part's headers.
func readField(head []byte) (field, error) {
	f := field{}
	found := false
	for line := range bytes.SplitSeq(head, crlf) {
		control := func(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }
		if len(line) == 0 || line[0] == ' ' || line[0] == '\t' || slices.ContainsFunc(line, control) {
			return f, fmt.Errorf("a part's header is folded or broken")
		}
		key, value, ok := strings.Cut(string(line), ":")
		if !ok {
			return f, fmt.Errorf("a part's header has no colon")
		}
		switch {
		case !token(key):
			return f, fmt.Errorf("a part's header has no proper name")
		case strings.EqualFold(key, "Content-Transfer-Encoding"):
			f.encoded = true
		case strings.EqualFold(key, "Content-Disposition"):
			if found {
				return f, fmt.Errorf("a part has two dispositions")
			}
			found = true
			if err := f.disposition(value); err != nil {
				return f, err
			}
		}
	}
	if !found {
		return f, fmt.Errorf("a part has no disposition")
	}
	return f, nil
}

// disposition reads form-data; name="model"; filename="...". Clients write file names in ways that no grammar covers, but
// the name comes first; only what stands before the file's name is read closely.
func (f *field) disposition(value string) error {
	value = strings.TrimSpace(value)
	kind, rest, _ := strings.Cut(value, ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "form-data") {
		return fmt.Errorf("a part is no form-data")
	}
	rest = strings.TrimLeft(rest, " \t")
	name, ok := cutPrefixFold(rest, `name="`)
	if !ok {
		return fmt.Errorf("a part's disposition does not begin with its name in quotes")
	}
	end := strings.IndexAny(name, `"\`)
	if end < 0 || name[end] == '\\' {
		return fmt.Errorf("a part's name can't be read")
	}
	f.name, rest = name[:end], strings.TrimLeft(name[end+1:], " \t")
	if rest == "" {
		return nil
	}
	more := strings.TrimLeft(strings.TrimPrefix(rest, ";"), " \t")
	_, file := cutPrefixFold(more, "filename")
	if rest[0] != ';' || !file {
		return fmt.Errorf("a part's disposition says more than its name and its file's")
	}
	f.file = true
	if lower := strings.ToLower(more); strings.Contains(lower, `; name=`) || strings.Contains(lower, `;name=`) || strings.Contains(lower, "name*") && !strings.Contains(lower, "filename*") {
		return fmt.Errorf("a part's disposition names it twice")
	}
	return nil
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
