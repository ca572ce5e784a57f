package desktop

import (
	_ "embed"
	"net/http"
)

// Links is the script to run in the page once it is loaded: it sends links to somewhere else to Bridge.Open.
//
//go:embed links.js
var Links string

// policy lets the page load its own files only. Components put their styles into the page; a model's answer can't make
// it fetch a picture from somewhere, and so can't send anything away.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Headers adds the security headers to the page's files.
func Headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}
