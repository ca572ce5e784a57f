// Package desktop is the door that the window's page comes through: one bound object for its calls, one event for what
// it is told, and the rules for closing the window.
//
// It must not know Wails, which is handed to it as a few functions, nor what the calls mean.
package desktop

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"gatehouse/backend/llm"
)

// Caller runs the admin calls.
type Caller interface {
	Call(ctx context.Context, name string, params []byte) (any, error)
}

// Bridge is the object that the page sees as window.go.desktop.Bridge. Every exported method is one that the page may
// call.
type Bridge struct {
	ctx     context.Context
	caller  Caller
	open    func(address string)
	dialogs Dialogs
}

// Dialogs ask the user for a file, by the system's own dialogs. They give an absolute path, empty where the user chose none.
type Dialogs struct {
	// Save asks where to write a file, for which a name is proposed, and Pick which one to read.
	Save func(title, name string) (string, error)
	Pick func(title string) (string, error)
}

// NewBridge makes a bridge whose calls end with ctx. open opens an address in the system's browser.
func NewBridge(ctx context.Context, caller Caller, open func(address string), dialogs Dialogs) *Bridge {
	return &Bridge{ctx: ctx, caller: caller, open: open, dialogs: dialogs}
}

// Call runs one call of the admin contract with JSON parameters and gives its result as JSON. A failure's text is JSON
// too: {"kind", "message"}.
func (b *Bridge) Call(method, params string) (string, error) {
	result, err := b.caller.Call(b.ctx, method, []byte(params))
	if err != nil {
		return "", failure{llm.AsError(err)}
	}
	text, err := json.Marshal(result)
	if err != nil {
		return "", failure{llm.Errorf(llm.ErrInternal, "the result of %s can't be written: %w", method, err)}
	}
	return string(text), nil
}

// Save asks the user where to write a file.
func (b *Bridge) Save(title, name string) (string, error) {
	path, err := b.dialogs.Save(title, name)
	return path, dialogFailure(err)
}

// Pick asks the user for a file to read.
func (b *Bridge) Pick(title string) (string, error) {
	path, err := b.dialogs.Pick(title)
	return path, dialogFailure(err)
}

func dialogFailure(err error) error {
	if err == nil {
		return nil
	}
	return failure{llm.Errorf(llm.ErrInternal, "the system's dialog for files can't be shown: %w", err)}
}

// Open opens a link in the system's browser. It is the only way out of the window, and takes web and mail links only.
func (b *Bridge) Open(address string) error {
	clean, err := cleanLink(address)
	if err != nil {
		return failure{err}
	}
	b.open(clean)
	return nil
}

func cleanLink(address string) (string, *llm.Error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", llm.Errorf(llm.ErrBadRequest, "this link can't be read")
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		if u.Host == "" {
			return "", llm.Errorf(llm.ErrBadRequest, "this link names no host")
		}
	case "mailto":
	default:
		return "", llm.Errorf(llm.ErrBadRequest, "only web and mail links can be opened, not %q", u.Scheme)
	}
	return escaper.Replace(u.String()), nil
}

// escaper spells out the characters that are legal in a link but that Wails refuses to open, since a shell might take
// them for its own.
var escaper = strings.NewReplacer(
	"(", "%28", ")", "%29", "~", "%7E", "!", "%21", "*", "%2A", "$", "%24", ";", "%3B", "|", "%7C", "`", "%60",
	"\\", "%5C", "<", "%3C", ">", "%3E", "{", "%7B", "}", "%7D",
)

// failure spells an error for the page.
type failure struct{ cause *llm.Error }

func (f failure) Error() string {
	text, err := json.Marshal(struct {
		Kind    llm.ErrorKind `json:"kind"`
		Message string        `json:"message"`
	}{f.cause.Kind, f.cause.Message})
	if err != nil {
		return f.cause.Message
	}
	return string(text)
}

func (f failure) Unwrap() error { return f.cause }
