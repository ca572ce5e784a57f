package proxy

import (
	"net/http"
	"strings"
	"unicode"
)

// The clients by the surface that is theirs alone.
var clientsBySurface = map[surface]string{claudeCode: "Claude Code", codex: "Codex", cursor: "Cursor"}

// agents are programs by how they name themselves in User-Agent, originator or an attribution header, in lower case with
// nothing but letters and digits.
var agents = map[string]string{
	"claudecli": "Claude Code", "claudecode": "Claude Code",
	"codex": "Codex", "codexclirs": "Codex", "codexexec": "Codex", "codextui": "Codex", "codexvscode": "Codex", "codexdesktop": "Codex",
	"cursor": "Cursor",
	"cline":  "Cline",
	"kilo":   "Kilo Code", "kilocode": "Kilo Code",
	"roo": "Roo Code", "roocode": "Roo Code", "roocline": "Roo Code",
	"caret":    "Caret",
	"opencode": "opencode",
	"continue": "Continue", "continuedev": "Continue",
	"zed":       "Zed",
	"aider":     "Aider",
	"geminicli": "Gemini CLI",
	"copilot":   "Copilot", "githubcopilot": "Copilot", "githubcopilotchat": "Copilot", "copilotcli": "Copilot",
	"crush": "Crush",
	"goose": "Goose",
}

// libraries are what programs that don't name themselves ask with.
var libraries = map[string]string{
	"openai": "OpenAI SDK", "asyncopenai": "OpenAI SDK",
	"anthropic": "Anthropic SDK", "asyncanthropic": "Anthropic SDK",
	"ai": "AI SDK", "aisdk": "AI SDK", "aisdkgateway": "AI SDK",
	"googlegenaisdk": "Google Gen AI SDK",
	"ollamajs":       "Ollama SDK", "ollamapython": "Ollama SDK",
	"curl": "curl",
}

// sites are programs by the host of the attribution header http-referer.
var sites = map[string]string{
	"cline.bot": "Cline", "kilocode.ai": "Kilo Code", "kilo.ai": "Kilo Code", "roocode.com": "Roo Code", "caret.team": "Caret",
	"opencode.ai": "opencode", "continue.dev": "Continue", "zed.dev": "Zed", "aider.chat": "Aider",
}

// clientOf names the program that asks, for the history: by the surface, else by what it says of itself, where a program
// counts more than the library it is built with. One that nobody knows keeps the name that it gives itself; empty if it
// gives none.
func clientOf(r *http.Request) string {
	if name := clientsBySurface[surfaceOf(r)]; name != "" {
		return name
	}
	const enough = 256
	agent := r.UserAgent()
	products := productsOf(agent[:min(len(agent), enough)])
	if name := known(agents, products...); name != "" {
		return name
	}
	titles := []string{r.Header.Get("Originator"), r.Header.Get("X-Title"), r.Header.Get("X-Openrouter-Title")}
	if name := known(agents, titles...); name != "" {
		return name
	}
	for host := siteOf(r.Header.Get("Http-Referer")); host != ""; _, host, _ = strings.Cut(host, ".") {
		if name := sites[host]; name != "" {
			return name
		}
	}
	for _, title := range titles {
		if name := clip(title); name != "" {
			return name
		}
	}
	if name := known(libraries, products...); name != "" {
		return name
	}
	first, _, _ := strings.Cut(strings.TrimSpace(agent), " ")
	return clip(first)
}

func known(table map[string]string, names ...string) string {
	for _, name := range names {
		if found := table[plainName(name)]; found != "" {
			return found
		}
	}
	return ""
}

// productsOf gives the names of a User-Agent's products (RFC 9110, section 10.1.5): "cline" and "node" of
// "Cline/3 node/22 (linux)".
func productsOf(userAgent string) []string {
	var out []string
	for word := range strings.FieldsSeq(userAgent) {
		name, _, _ := strings.Cut(word, "/")
		out = append(out, name)
	}
	return out
}

// plainName leaves a name's letters and digits, in lower case.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
}

func siteOf(referer string) string {
	_, rest, _ := strings.Cut(referer, "://")
	host, _, _ := strings.Cut(rest, "/")
	return strings.ToLower(host)
}

// clip cuts a name that a client gives itself down to what a list can show.
func clip(name string) string {
	const longest = 64
	name = strings.TrimSpace(name)
	name = strings.ToValidUTF8(name[:min(len(name), longest)], "")
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, name)
}
