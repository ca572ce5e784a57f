package sim

import (
	"fmt"
	"strings"
)

// markdown writes a document of exactly n tokens.
func markdown(n int) string {
	var b strings.Builder
	for i, have := 1, 0; have <= n; i++ {
		text := fmt.Sprintf(chapter, i)
		b.WriteString(text)
		have += int(count(text)) // the white space at a chapter's end is a token or part of the next
	}
	return strings.TrimRight(clip(b.String(), int64(n)), " \n")
}

const chapter = "## Part %d: what a gateway does\n\n" +
	"This text comes from **Gatehouse's simulator**, a stand-in that needs no account. It is long on purpose, so that " +
	"you can watch an answer *stream in*. A gateway stands between a program and the models it uses:\n\n" +
	"1. It takes a request in one of several protocols.\n" +
	"2. It chooses a provider and adds the credential.\n" +
	"3. It passes the answer back and writes down what it cost.\n\n" +
	"### What it measures\n\n" +
	"| Measure | Unit | Why |\n" +
	"|---|---|---|\n" +
	"| Time to first token | ms | how long you wait |\n" +
	"| Output | tokens | how much you get |\n" +
	"| Cost | USD | what it takes |\n\n" +
	"### How it looks in Go\n\n" +
	"```go\n" +
	"func answer(w http.ResponseWriter, r *http.Request) {\n" +
	"\tw.Header().Set(\"Content-Type\", \"text/event-stream\")\n" +
	"\tfor token := range tokens(r.Context()) {\n" +
	"\t\tfmt.Fprintf(w, \"data: %%s\\n\\n\", token)\n" +
	"\t}\n" +
	"}\n" +
	"```\n\n" +
	"> A stream that stops early is an error, never an answer.\n\n" +
	"Inline `code`, a [link](https://example.com) and a list:\n\n" +
	"- loopback only\n" +
	"- secrets in the keychain\n" +
	"- one line in the history for each request\n\n"
