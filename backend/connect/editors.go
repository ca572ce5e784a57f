package connect

import (
	"os"
	"path/filepath"
	"strings"
)

// target is a settings file and what is set in it.
type target struct {
	path   string
	format format
	set    func(v Values) []assign
}

// editor is how one editor is told where to send its requests. The settings' names are each editor's own (its
// documentation on custom providers). Claude Code, Codex, opencode, Kilo Code and Cline are tried themselves, in the versions
// that build/editors pins.
type editor struct {
	id, name string
	// signs are patterns of files under the home folder that show that it is installed; none is needed if it is empty.
	signs []string
	files func(e *Editors) []target
	// steps is what has to be done by hand, nil if nothing.
	steps func(v Values) []Step
	// protocol is what it speaks, and prefix what it puts before a model's id.
	protocol Protocol
	prefix   string
}

// Protocol is what an editor speaks.
type Protocol string

// Protocols.
const (
	ChatCompletions Protocol = "chat-completions"
	Messages        Protocol = "messages"
	Responses       Protocol = "responses"
	Gemini          Protocol = "gemini"
)

// provider is the name under which editors list us.
const (
	providerID   = "gatehouse"
	providerName = "Gatehouse"
)

var editors = []editor{
	{
		id: "cline", name: "Cline", protocol: ChatCompletions,
		signs: []string{".cline", ".vscode*/extensions/saoudrizwan.claude-dev-*"},
		files: clineFiles, steps: extensionSteps("Cline"),
	},
	{
		id: "kilo-code", name: "Kilo Code", protocol: ChatCompletions, prefix: providerID + "/",
		signs: []string{".config/kilo", ".vscode*/extensions/kilocode.kilo-code-*"},
		files: openCodeFiles("kilo", "kilo"), steps: extensionSteps("Kilo Code"),
	},
	{
		id: "caret", name: "Caret", protocol: ChatCompletions, signs: []string{".vscode*/extensions/caretive.caret-*"},
		files: none, steps: extensionSteps("Caret"),
	},
	{
		id: "roo-code", name: "Roo Code", protocol: ChatCompletions,
		signs: []string{".vscode*/extensions/rooveterinaryinc.roo-cline-*"}, files: none, steps: extensionSteps("Roo Code"),
	},
	{
		id: "claude-code", name: "Claude Code", protocol: Messages, signs: []string{".claude", ".claude.json", ".local/bin/claude"},
		files: claudeFiles,
	},
	{id: "codex", name: "Codex", protocol: Responses, signs: []string{".codex"}, files: codexFiles},
	{
		id: "opencode", name: "opencode", protocol: ChatCompletions, prefix: providerID + "/",
		signs: []string{".config/opencode", ".local/share/opencode", ".opencode"}, files: openCodeFiles("opencode", "opencode"),
	},
	{id: "continue", name: "Continue", protocol: ChatCompletions, signs: []string{".continue"}, files: continueFiles},
	{
		id: "zed", name: "Zed", protocol: ChatCompletions, signs: []string{".config/zed", ".local/zed.app", ".local/bin/zed"},
		files: zedFiles, steps: zedSteps,
	},
	{
		id: "aider", name: "Aider", protocol: ChatCompletions, prefix: "openai/",
		signs: []string{".aider*", ".local/bin/aider"}, files: aiderFiles,
	},
	{id: "gemini-cli", name: "Gemini CLI", protocol: Gemini, signs: []string{".gemini"}, files: geminiFiles},
	{
		id: "copilot", name: "GitHub Copilot", protocol: ChatCompletions, signs: []string{".vscode*/extensions/github.copilot-*"},
		files: none, steps: copilotSteps,
	},
	{id: "env", name: "Environment variables", protocol: ChatCompletions, files: envFiles},
}

func none(*Editors) []target { return nil }

// targetOf gives the target of a file that is in a record.
func (ed editor) targetOf(e *Editors, path string) target {
	all := ed.files(e)
	for _, t := range all {
		if t.path == path {
			return t
		}
	}
	for _, t := range all { // a variable moved the settings since
		if filepath.Ext(t.path) == filepath.Ext(path) {
			return t
		}
	}
	return all[0]
}

// under gives the folder that a variable names, else one under the home folder.
func (e *Editors) under(variable string, folder ...string) string {
	if dir := e.Getenv(variable); variable != "" && filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(append([]string{e.Home}, folder...)...)
}

func claudeFiles(e *Editors) []target {
	return []target{{
		filepath.Join(e.under("CLAUDE_CONFIG_DIR", ".claude"), "settings.json"), jsoncFile{}, func(v Values) []assign {
			return []assign{
				{[]string{"env", "ANTHROPIC_BASE_URL"}, v.URL + "/claude-code", baseURL},
				{[]string{"env", "ANTHROPIC_AUTH_TOKEN"}, v.Key, apiKey},
				{[]string{"env", "ANTHROPIC_API_KEY"}, "", plain}, // it would win
				{[]string{"env", "ANTHROPIC_MODEL"}, v.Model, modelID},
				{[]string{"env", "ANTHROPIC_DEFAULT_HAIKU_MODEL"}, v.Model, plain},
				{[]string{"env", "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY"}, "1", plain},
			}
		},
	}}
}

func codexFiles(e *Editors) []target {
	table := func(name string) []string { return []string{"model_providers", providerID, name} }
	return []target{{
		filepath.Join(e.under("CODEX_HOME", ".codex"), "config.toml"), tomlFile{}, func(v Values) []assign {
			return []assign{
				{[]string{"model"}, v.Model, modelID},
				{[]string{"model_provider"}, providerID, plain},
				{table("name"), providerName, plain},
				{table("base_url"), v.URL + "/codex/v1", baseURL},
				{table("wire_api"), "responses", plain},
				// A variable (env_key) would not reach Codex's desktop app and IDE extension.
				{table("experimental_bearer_token"), v.Key, apiKey},
			}
		},
	}}
}

// openCodeFiles is opencode's, and those of what is made from it.
func openCodeFiles(folder, name string) func(e *Editors) []target {
	return func(e *Editors) []target {
		dir := filepath.Join(e.under("XDG_CONFIG_HOME", ".config"), folder)
		path := filepath.Join(dir, name+".json")
		if other := filepath.Join(dir, name+".jsonc"); exists(other) && !exists(path) {
			path = other
		}
		at := func(rest ...string) []string { return append([]string{"provider", providerID}, rest...) }
		return []target{{path, jsoncFile{}, func(v Values) []assign {
			return []assign{
				{[]string{"model"}, providerID + "/" + v.Model, modelID},
				{at("npm"), "@ai-sdk/openai-compatible", plain},
				{at("name"), providerName, plain},
				{at("options", "baseURL"), v.URL + "/v1", baseURL},
				{at("options", "apiKey"), v.Key, apiKey},
				{at("models", v.Model), object{{"name", v.Model}}, plain},
			}
		}}}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// clineFiles is the file of Cline's command line, which its extension for VS Code does not read.
func clineFiles(e *Editors) []target {
	at := func(name string) []string { return []string{"providers", "openai-compatible", "settings", name} }
	return []target{{
		filepath.Join(e.Home, ".cline", "data", "settings", "providers.json"), jsoncFile{}, func(v Values) []assign {
			return []assign{
				{[]string{"version"}, 1, ifMissing},
				{[]string{"lastUsedProvider"}, "openai-compatible", plain},
				{[]string{"modes"}, object{}, ifMissing},
				{at("provider"), "openai-compatible", plain},
				{at("apiKey"), v.Key, apiKey},
				{at("model"), v.Model, modelID},
				{at("baseUrl"), v.URL + "/v1", baseURL},
				{[]string{"providers", "openai-compatible", "updatedAt"}, v.at.Format("2006-01-02T15:04:05.000Z"), ifMissing},
				{[]string{"providers", "openai-compatible", "tokenSource"}, "manual", plain},
			}
		},
	}}
}

// continueFiles lists what is appended last first.
func continueFiles(e *Editors) []target {
	return []target{{
		filepath.Join(e.under("CONTINUE_GLOBAL_DIR", ".continue"), "config.yaml"), yamlFile{}, func(v Values) []assign {
			return []assign{
				{[]string{"models", providerName}, item{
					{"name", providerName},
					{"provider", "openai"},
					{"model", v.Model},
					{"apiBase", v.URL + "/v1"},
					{"apiKey", v.Key},
				}, plain},
				{[]string{"schema"}, "v1", ifMissing},
				{[]string{"version"}, "1.0.0", ifMissing},
				{[]string{"name"}, "Local Config", ifMissing},
			}
		},
	}}
}

// aiderFiles lists what is appended last first.
func aiderFiles(e *Editors) []target {
	return []target{{filepath.Join(e.Home, ".aider.conf.yml"), yamlFile{}, func(v Values) []assign {
		return []assign{
			{[]string{"model"}, "openai/" + v.Model, modelID},
			{[]string{"openai-api-key"}, v.Key, apiKey},
			{[]string{"openai-api-base"}, v.URL + "/v1", baseURL},
		}
	}}}
}

func zedFiles(e *Editors) []target {
	at := func(name string) []string {
		return []string{"language_models", "openai_compatible", providerName, name}
	}
	return []target{{
		filepath.Join(e.under("XDG_CONFIG_HOME", ".config"), "zed", "settings.json"), jsoncFile{}, func(v Values) []assign {
			return []assign{
				{at("api_url"), v.URL + "/v1", baseURL},
				{at("available_models"), list{object{{"name", v.Model}, {"max_tokens", contextTokens}}}, plain},
				{[]string{"agent", "default_model", "provider"}, providerName, plain},
				{[]string{"agent", "default_model", "model"}, v.Model, modelID},
			}
		},
	}}
}

// contextTokens is the context window that Zed, which insists on one, is told: one that nearly all models for code have.
const contextTokens = 128_000

func geminiFiles(e *Editors) []target {
	dir := filepath.Join(e.under("GEMINI_CLI_HOME"), ".gemini")
	return []target{
		{filepath.Join(dir, ".env"), block{dotenv}, func(v Values) []assign {
			return []assign{
				{[]string{"GOOGLE_GEMINI_BASE_URL"}, v.URL, baseURL},
				{[]string{"GEMINI_API_KEY"}, v.Key, apiKey},
				{[]string{"GEMINI_MODEL"}, v.Model, modelID},
			}
		}},
		{filepath.Join(dir, "settings.json"), jsoncFile{}, func(Values) []assign {
			return []assign{{[]string{"security", "auth", "selectedType"}, "gemini-api-key", plain}}
		}},
	}
}

// envFiles is the file that the user's shell reads when it starts.
func envFiles(e *Editors) []target {
	path, line := filepath.Join(e.Home, ".profile"), posix
	switch filepath.Base(e.Getenv("SHELL")) {
	case "bash":
		path = filepath.Join(e.Home, ".bashrc")
	case "zsh":
		path = filepath.Join(e.under("ZDOTDIR"), ".zshrc")
	case "fish":
		path, line = filepath.Join(e.under("XDG_CONFIG_HOME", ".config"), "fish", "config.fish"), fish
	}
	return []target{{path, block{line}, func(v Values) []assign {
		return []assign{
			{[]string{"OPENAI_BASE_URL"}, v.URL + "/v1", baseURL},
			{[]string{"OPENAI_API_KEY"}, v.Key, apiKey},
			{[]string{"ANTHROPIC_BASE_URL"}, v.URL, plain},
			{[]string{"ANTHROPIC_API_KEY"}, v.Key, apiKey},
			{[]string{"GOOGLE_GEMINI_BASE_URL"}, v.URL, plain},
			{[]string{"GEMINI_API_KEY"}, v.Key, apiKey},
			{[]string{"AI_GATEWAY_API_KEY"}, v.Key, apiKey},
		}
	}}}
}

// extensionSteps is for extensions of VS Code that keep their keys in its secret storage.
func extensionSteps(name string) func(v Values) []Step {
	return func(v Values) []Step {
		return []Step{
			{"In VS Code open " + name + " and its settings; no other program can write them.", ""},
			{"API provider", "OpenAI Compatible"},
			{"Base URL", v.URL + "/v1"},
			{"API key", v.Key},
			{"Model ID", v.Model},
		}
	}
}

// copilotSteps are for its two providers that take an address. Ollama's lists all models, but sends no key.
func copilotSteps(v Values) []Step {
	return []Step{
		{`In VS Code run the command "Chat: Manage Language Models" and add models of the provider Custom Endpoint (OpenAI Compatible in older releases), API type Chat Completions.`, ""},
		{"Base URL", v.URL + "/v1"},
		{"API key", v.Key},
		{"Model ID", v.Model},
		{"Or have all models listed: choose the provider Ollama there. It sends no key, so Gatehouse's settings have to allow that on this machine.", `"ollama": {"allowWithoutKey": true}`},
		{"Ollama's address", v.URL},
	}
}

func zedSteps(v Values) []Step {
	return []Step{
		{"Zed keeps keys in the system's keychain: in its agent settings, under LLM providers, open " + providerName + " and paste the key.", ""},
		{"API key", v.Key},
		{"Or start Zed with the key in the variable", strings.ToUpper(providerName) + "_API_KEY"},
	}
}
