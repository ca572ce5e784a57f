package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/backend/llm"
)

const png = "\x89PNG\r\n\x1a\n and so on"

func open(maxBytes int64) *Fetcher {
	return New(func() Limits { return Limits{MaxBytes: maxBytes, AllowPrivate: true} })
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// refusal checks that an error is a client's to see: of the right class, naming the host and not what else the URL holds.
func refusal(t *testing.T, name string, err error, says string) {
	t.Helper()
	e, ok := errors.AsType[*llm.Error](err)
	if !ok || e.Kind != llm.ErrBadRequest || e.HTTPStatus() != 400 || !strings.Contains(e.Message, says) {
		t.Errorf("%s: %v", name, err)
		return
	}
	if strings.Contains(e.Message, "canary") {
		t.Errorf("%s: the error repeats the URL: %s", name, e.Message)
	}
}

func TestGet(t *testing.T) {
	var asked atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		for name := range r.Header {
			switch name {
			case "User-Agent", "Accept", "Connection":
			default:
				t.Errorf("it sends %s: %v", name, r.Header[name])
			}
		}
		switch r.URL.Path {
		case "/moved":
			w.Header().Set("Set-Cookie", "session=1")
			http.Redirect(w, r, "/a.png", http.StatusFound)
		case "/a.png":
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write([]byte(png))
		default:
			w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
			_, _ = w.Write([]byte("# " + r.URL.Path))
		}
	})
	urls := []string{s.URL + "/a.png", s.URL + "/b", s.URL + "/a.png", s.URL + "/moved"}
	for i := range 20 {
		urls = append(urls, fmt.Sprintf("%s/%d", s.URL, i))
	}
	files, err := open(1000).Get(t.Context(), urls)
	if err != nil || len(files) != len(urls) {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, i := range []int{0, 2, 3} {
		if string(files[i].Data) != png || files[i].MediaType != "image/png" {
			t.Errorf("file %d: %+v", i, files[i])
		}
	}
	if string(files[1].Data) != "# /b" || files[1].MediaType != "text/markdown" || string(files[23].Data) != "# /19" {
		t.Errorf("%+v", files)
	}
	if n := asked.Load(); n != int64(len(urls)) { // one twice, and one redirect
		t.Errorf("%d requests", n)
	}
	if files, err := open(1000).Get(t.Context(), nil); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
}

func TestRefusals(t *testing.T) {
	var other string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/user":
			http.Redirect(w, r, strings.Replace(other, "//", "//user:canary@", 1), http.StatusFound)
		case "/large":
			_, _ = w.Write(bytes.Repeat([]byte("x"), 1001))
		case "/endless":
			for range 1000 {
				_, _ = w.Write(bytes.Repeat([]byte("x"), 1000))
			}
		case "/packed":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte("x"))
		case "/torn":
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("x"))
		default:
			http.NotFound(w, r)
		}
	})
	other = s.URL
	for path, says := range map[string]string{
		"/loop?canary": "more than 3 times", "/file": "http and https", "/user": "credentials are not sent", "/large": "fetch.maxBytes",
		"/endless": "fetch.maxBytes", "/packed": "compresses", "/torn?canary": "can't be fetched", "/none?canary": "answered 404",
	} {
		_, err := open(1000).Get(t.Context(), []string{s.URL + path})
		refusal(t, path, err, says)
		if path != "/file" && path != "/user" && err != nil && !strings.Contains(err.Error(), "127.0.0.1") && path != "/loop?canary" {
			t.Errorf("%s: %v does not name the host", path, err)
		}
	}
	for url, says := range map[string]string{
		"ftp://canary.test/x": "http and https", "file:///canary": "http and https", "http:///canary": "no host", "": "http and https",
		"http://u:canary@h.test/": "h.test", "http://h.test/\x00canary": "can't be read", "gopher:canary": "http and https",
	} {
		_, err := open(1000).Get(t.Context(), []string{url})
		refusal(t, url, err, says)
	}
	var many []string
	for i := range Files + 1 {
		many = append(many, fmt.Sprint(s.URL, "/", i))
	}
	_, err := open(1000).Get(t.Context(), many)
	refusal(t, "many", err, "at most")
}

// TestTotal: all files of a request together are bounded too.
func TestTotal(t *testing.T) {
	piece := bytes.Repeat([]byte("x"), 11<<20)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(piece) })
	var urls []string
	for i := range 4 {
		urls = append(urls, fmt.Sprint(s.URL, "/", i))
	}
	if _, err := open(DefaultMax).Get(t.Context(), urls); err != nil {
		t.Errorf("44 MB: %v", err)
	}
	_, err := open(DefaultMax).Get(t.Context(), append(urls, s.URL+"/4"))
	refusal(t, "55 MB", err, "together")
}

// TestPrivateAddressesAreRefused on the wire: what a name resolves to is looked at, redirects included, and the server
// is never reached.
func TestPrivateAddressesAreRefused(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was reached") })
	closed := New(func() Limits { return Limits{MaxBytes: 1000} })
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1", "2130706433", "0x7f.1"} {
		_, err := closed.Get(t.Context(), []string{"http://" + host + port + "/?canary"})
		refusal(t, host, err, "")
	}
	_, err := closed.Get(t.Context(), []string{s.URL})
	refusal(t, "loopback", err, "fetch.allowPrivate")
	_, err = open(1000).Get(t.Context(), []string{"http://169.254.169.254/latest/meta-data"})
	refusal(t, "link-local even where private ones are allowed", err, "169.254.169.254")
}

func TestAllowed(t *testing.T) {
	for address, want := range map[string][2]bool{ // without private ones, with them
		"1.1.1.1": {true, true}, "2606:4700::1111": {true, true}, "::ffff:1.1.1.1": {true, true}, "64:ff9b::101:101": {true, true},
		"127.0.0.1": {false, true}, "10.0.0.1": {false, true}, "172.16.0.1": {false, true}, "192.168.1.1": {false, true},
		"100.64.0.1": {false, true}, "0.1.2.3": {false, true}, "::1": {false, true}, "fd00::1": {false, true}, "fec0::1": {false, true},
		"::ffff:10.0.0.1": {false, true}, "64:ff9b::a00:1": {false, true}, "2002:7f00:1::": {false, true}, "198.18.0.1": {false, true},
		"169.254.169.254": {false, false}, "fe80::1": {false, false}, "fe80::1%eth0": {false, false}, "224.0.0.1": {false, false},
		"ff02::1": {false, false}, "0.0.0.0": {false, false}, "::": {false, false}, "255.255.255.255": {false, false},
		"240.0.0.1": {false, false}, "64:ff9b::a9fe:a9fe": {false, false}, "2002:a9fe:a9fe::": {false, false}, "::7f00:1": {false, false},
		"2001:db8::1": {false, false}, "2001:0:1::": {false, false}, "192.0.2.1": {false, false},
	} {
		for i, private := range []bool{false, true} {
			err := check(netip.AddrPortFrom(netip.MustParseAddr(address), 80).String(), private)
			if (err == nil) != want[i] {
				t.Errorf("%s, private %v: %v", address, private, err)
			}
		}
	}
	if check("nonsense", true) == nil {
		t.Error("what is no address was allowed")
	}
}

func FuzzAddress(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1})
	f.Add(netip.MustParseAddr("64:ff9b::7f00:1").AsSlice())
	f.Fuzz(func(t *testing.T, b []byte) {
		ip, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		ip = ip.Unmap()
		if allowed(ip, false) && (!allowed(ip, true) || ip.IsPrivate() || ip.IsLoopback() || !ip.IsGlobalUnicast()) {
			t.Errorf("%s is taken", ip)
		}
	})
}

func TestMediaType(t *testing.T) {
	for _, c := range []struct{ data, said, want string }{
		{png, "image/jpeg", "image/png"},
		{png, "", "image/png"},
		{"%PDF-1.7", "text/plain", "application/pdf"},
		{"<html>not found", "image/png", "text/html"},
		{"\x00\x01", "image/png", "application/octet-stream"},
		{"\x00\x01", "image/heic", "image/heic"},
		{"\x00\x01", "nonsense;;", "application/octet-stream"},
		{"a,b", "text/csv; charset=utf-8", "text/csv"},
		{`{"a":1}`, "application/json", "application/json"},
		{"plain", "image/jpeg", "text/plain"},
	} {
		if got := mediaType([]byte(c.data), c.said); got != c.want {
			t.Errorf("%q as %q: %s", c.data, c.said, got)
		}
	}
}

// TestCancelled: whoever asked may leave at any time.
func TestCancelled(t *testing.T) {
	reached := make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(reached)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reached; cancel() }()
	if _, err := open(1000).Get(ctx, []string{s.URL}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestPatience: the time limit holds for all files together.
func TestPatience(t *testing.T) {
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	f := open(1000)
	f.patience = 50 * time.Millisecond
	_, err := f.Get(t.Context(), []string{s.URL + "/canary", s.URL + "/2", s.URL + "/3", s.URL + "/4", s.URL + "/5"})
	refusal(t, "late", err, "in time")
}
