// Package fetch gets images and files that a request names by URL, for models that take them inline only. The URLs come
// from whoever wrote the conversation, so every one is treated as an attempt to reach what only this machine can reach.
//
// It must not know dialects, providers or what the files are for. It sends nothing but the URL's own path: no cookies,
// no credentials, no referrer. It uses no proxy, since a proxy would resolve the names and the check of the address would
// check the proxy's.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"gatehouse/backend/llm"
)

// The limits of the files of one request.
const (
	// Total bounds them together, in bytes.
	Total = 50 << 20
	// DefaultMax bounds each, in bytes.
	DefaultMax = 20 << 20
	// Files bounds their number.
	Files = 64
	// patience bounds the time that they take together.
	patience  = 30 * time.Second
	parallel  = 4
	redirects = 3
)

// Limits is what settings say of it.
type Limits struct {
	// MaxBytes bounds one file, in bytes.
	MaxBytes int64
	// AllowPrivate allows addresses of this machine and of private networks.
	AllowPrivate bool
}

// File is what stood at a URL.
type File struct {
	Data []byte
	// MediaType is what the content is, not only what the server called it; without parameters.
	MediaType string
}

// Fetcher gets files. It is safe for concurrent use and keeps nothing.
type Fetcher struct {
	limits   func() Limits
	patience time.Duration
}

// New makes a Fetcher; limits is asked anew for every request.
func New(limits func() Limits) *Fetcher { return &Fetcher{limits, patience} }

// Get gets the files at URLs, in their order; one that stands there twice is fetched once. Its errors are *llm.Error of
// class bad request that name the host; all of the URL may hold a secret.
func (f *Fetcher) Get(ctx context.Context, urls []string) ([]File, error) {
	limits := f.limits()
	ctx, cancel := context.WithTimeout(ctx, f.patience)
	defer cancel()
	g := &get{limits: limits, client: newClient(limits)}
	g.left.Store(Total)
	found := map[string]*one{}
	var order []*one
	for _, u := range urls {
		if found[u] == nil {
			found[u] = &one{url: u}
			order = append(order, found[u])
		}
	}
	if len(order) > Files {
		return nil, refusef("the request names %d files by URL; at most %d are fetched, so send the others' content", len(order), Files)
	}
	work := make(chan *one)
	var workers sync.WaitGroup
	for range min(parallel, len(order)) {
		workers.Go(func() {
			for w := range work {
				if w.file, w.err = g.one(ctx, w.url); w.err != nil {
					cancel() // the others are of no use any more
				}
			}
		})
	}
	for _, w := range order {
		work <- w
	}
	close(work)
	workers.Wait()
	if err := first(order); err != nil {
		return nil, err
	}
	out := make([]File, len(urls))
	for i, u := range urls {
		out[i] = found[u].file
	}
	return out, nil
}

// first gives the error that the others come from.
func first(all []*one) error {
	var cancelled error
	for _, w := range all {
		switch {
		case w.err == nil:
		case errors.Is(w.err, context.Canceled):
			cancelled = w.err
		default:
			return w.err
		}
	}
	return cancelled
}

type one struct {
	url  string
	file File
	err  error
}

type get struct {
	limits Limits
	client *http.Client
	left   atomic.Int64 // of Total
}

func refusef(format string, args ...any) *llm.Error {
	return llm.Errorf(llm.ErrBadRequest, format, args...).WithCode("media_not_fetched")
}

// one gets one file.
func (g *get) one(ctx context.Context, address string) (File, error) {
	u, err := url.Parse(address)
	if err != nil {
		return File{}, refusef("a file's URL can't be read; send the file's content")
	}
	if err := proper(u); err != nil {
		return File{}, err
	}
	host := u.Hostname()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return File{}, refusef("the URL at %s can't be read; send the file's content", host)
	}
	req.Header.Set("User-Agent", "gatehouse")
	req.Header.Set("Accept", "*/*")
	resp, err := g.client.Do(req)
	if err != nil {
		return File{}, explain(ctx, host, err)
	}
	defer resp.Body.Close() //nolint:errcheck // reading is over
	switch {
	case resp.StatusCode != http.StatusOK:
		return File{}, refusef("%s answered %d when the file there was fetched; send the file's content", host, resp.StatusCode)
	case resp.Header.Get("Content-Encoding") != "":
		return File{}, refusef("%s compresses the file although that was not asked for; send the file's content", host)
	case resp.ContentLength > g.limits.MaxBytes:
		return File{}, g.tooLarge(host)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, g.limits.MaxBytes+1))
	if err != nil {
		return File{}, explain(ctx, host, err)
	}
	if int64(len(data)) > g.limits.MaxBytes {
		return File{}, g.tooLarge(host)
	}
	if g.left.Add(-int64(len(data))) < 0 {
		return File{}, refusef("the files that the request names by URL are larger than %d bytes together; send smaller ones", int64(Total))
	}
	return File{data, mediaType(data, resp.Header.Get("Content-Type"))}, nil
}

func (g *get) tooLarge(host string) error {
	return refusef("the file at %s is larger than %d bytes; the limit is \"fetch.maxBytes\" in settings", host, g.limits.MaxBytes)
}

// proper refuses what is no plain web address.
func proper(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return refusef("files are fetched from http and https URLs only, not from %.20q; send the file's content", u.Scheme)
	case u.Hostname() == "":
		return refusef("a file's URL names no host; send the file's content")
	case u.User != nil:
		return refusef("the URL of the file at %s holds a user name, and credentials are not sent; send the file's content", u.Hostname())
	}
	return nil
}

// explain says why nothing came.
func explain(ctx context.Context, host string, err error) error {
	if e, ok := errors.AsType[*llm.Error](err); ok {
		return e
	}
	if refused, ok := errors.AsType[*addressError](err); ok {
		return refusef("the file at %s is not fetched: %s is an address of this machine or of a private network; send the file's "+
			"content, or allow such addresses with \"fetch.allowPrivate\" in settings", host, refused.ip)
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case ctx.Err() != nil:
		return refusef("the file at %s did not come in time (%d seconds for all files); send its content", host, int(patience/time.Second))
	}
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err // the outer one repeats the URL
	}
	return refusef("the file at %s can't be fetched (%w); send its content", host, err)
}

func newClient(limits Limits) *http.Client {
	dial := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		return check(address, limits.AllowPrivate)
	}}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            dial.DialContext,
			TLSHandshakeTimeout:    10 * time.Second,
			ResponseHeaderTimeout:  15 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true, // so that a small answer can't grow large
			DisableKeepAlives:      true, // every connection is checked, under the settings of its time
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > redirects {
				return fmt.Errorf("it redirects more than %d times", redirects)
			}
			if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
				return errors.New("it redirects from https to http")
			}
			req.Header.Del("Referer")
			return proper(req.URL)
		},
	}
}

// addressError is an address that may not be dialled.
type addressError struct{ ip netip.Addr }

func (e *addressError) Error() string { return e.ip.String() + " is no public address" }

// check is asked for every address right before it is dialled, so that no name can resolve to another one in between.
func check(address string, allowPrivate bool) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if ip := ap.Addr().WithZone("").Unmap(); !allowed(ip, allowPrivate) {
		return &addressError{ip}
	}
	return nil
}

// mediaType tells what content is. What is recognised counts for more than what the server says; a server's word counts
// where the content does not contradict it.
func mediaType(data []byte, said string) string {
	declared, _, err := mime.ParseMediaType(said)
	if err != nil {
		declared = ""
	}
	found, _, _ := strings.Cut(http.DetectContentType(data), ";")
	kind, _, _ := strings.Cut(found, "/")
	switch {
	case found == "application/octet-stream" && declared != "" && !recognisable(declared):
		return declared
	case kind == "text" && found != "text/html" && (strings.HasPrefix(declared, "text/") || textual[declared]):
		return declared
	}
	return found
}

// textual are the types that are text without saying so.
var textual = map[string]bool{"application/json": true, "application/xml": true, "image/svg+xml": true}

// recognisable are the types whose content would have been recognised, so that a server that names one is wrong.
func recognisable(declared string) bool {
	switch declared {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "application/pdf", "text/html":
		return true
	}
	return false
}
