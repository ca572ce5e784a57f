package provider

import "gatehouse/backend/llm"

// none is the path of what a compatible server does not have.
const none = ""

// compatible fills in what OpenAI-compatible servers share (API reference, "Chat", "Models"): the base URL ends in the
// version, as OpenAI's SDKs take it.
func compatible(p Provider) *Provider {
	if p.paths == nil {
		p.paths = map[llm.Dialect]string{}
	}
	if p.paths[llm.ChatCompletions] == "" {
		p.paths[llm.ChatCompletions] = "/chat/completions"
	}
	if _, said := p.paths[llm.Embeddings]; !said {
		p.paths[llm.Embeddings] = "/embeddings"
	}
	if p.models == "" {
		p.models = "/models"
	}
	if p.native == "" {
		p.native = llm.ChatCompletions
	}
	return &p
}

// builtIn is the table of known providers. Base URLs, paths and header names are the providers' own API references'.
func builtIn() []*Provider {
	xAPIKey := map[llm.Dialect]string{llm.Messages: "X-Api-Key"}
	return []*Provider{
		{
			ID: Gateway, Name: "Vercel AI Gateway", BaseURL: "https://ai-gateway.vercel.sh", Nested: true,
			Credential: Required, Variables: []string{"AI_GATEWAY_API_KEY"},
			Tokens: []string{"VERCEL_OIDC_TOKEN"}, Renew: "run `vercel env pull` in the linked project",
			KeysURL: "https://vercel.com/d?to=%2F%5Bteam%5D%2F%7E%2Fai%2Fapi-keys",
			paths: map[llm.Dialect]string{
				llm.ChatCompletions: "/v1/chat/completions",
				llm.Responses:       "/v1/responses",
				llm.Messages:        "/v1/messages",
				llm.Embeddings:      "/v1/embeddings",
				llm.AISDK:           "/" + versionHere + "/ai/language-model",
			},
			counts:     map[llm.Dialect]string{llm.Messages: "/v1/messages/count_tokens"},
			countsOnly: "anthropic/", // 404 for everybody else's
			models:     "/v1/models",
			probe:      "/v1/credits",
			generation: "/v1/generation", generationIDs: "gen_",
			native: llm.Messages, // it carries the most: cache marks, signed reasoning
		},
		compatible(Provider{
			ID: "openai", Name: "OpenAI", BaseURL: "https://api.openai.com/v1",
			NoTraining: true, Credential: Required, Variables: []string{"OPENAI_API_KEY"}, KeysURL: "https://platform.openai.com/api-keys",
			paths:  map[llm.Dialect]string{llm.Responses: "/responses"},
			native: llm.Responses, // it carries reasoning
			counts: map[llm.Dialect]string{llm.Responses: "/responses/input_tokens"},
		}),
		{
			ID: "anthropic", Name: "Anthropic", BaseURL: "https://api.anthropic.com",
			NoTraining: true, Credential: Required, Variables: []string{"ANTHROPIC_API_KEY"}, KeysURL: "https://console.anthropic.com/settings/keys",
			paths:     map[llm.Dialect]string{llm.Messages: "/v1/messages"},
			counts:    map[llm.Dialect]string{llm.Messages: "/v1/messages/count_tokens"},
			native:    llm.Messages,
			models:    "/v1/models?limit=1000",
			keyHeader: xAPIKey,
		},
		{
			ID: "google", Name: "Google Gemini", BaseURL: "https://generativelanguage.googleapis.com",
			Credential: Required, Variables: []string{"GEMINI_API_KEY", "GOOGLE_API_KEY"},
			KeysURL: "https://aistudio.google.com/apikey",
			paths: map[llm.Dialect]string{
				llm.Gemini:           "/v1beta/models/" + modelHere,
				llm.GeminiEmbeddings: "/v1beta/models/" + modelHere,
			},
			counts:    map[llm.Dialect]string{llm.Gemini: "/v1beta/models/" + modelHere},
			native:    llm.Gemini,
			models:    "/v1beta/models?pageSize=1000",
			keyHeader: map[llm.Dialect]string{llm.Gemini: "X-Goog-Api-Key", llm.GeminiEmbeddings: "X-Goog-Api-Key"},
		},
		compatible(Provider{
			ID: "deepseek", Name: "DeepSeek", BaseURL: "https://api.deepseek.com",
			Credential: Required, Variables: []string{"DEEPSEEK_API_KEY"}, KeysURL: "https://platform.deepseek.com/api_keys",
			paths:     map[llm.Dialect]string{llm.Messages: "/anthropic/v1/messages", llm.Embeddings: none},
			keyHeader: xAPIKey,
		}),
		compatible(Provider{
			ID: "groq", Name: "Groq", BaseURL: "https://api.groq.com/openai/v1",
			NoTraining: true, Credential: Required, Variables: []string{"GROQ_API_KEY"}, KeysURL: "https://console.groq.com/keys",
			paths: map[llm.Dialect]string{llm.Embeddings: none},
		}),
		compatible(Provider{
			ID: "xai", Name: "xAI", BaseURL: "https://api.x.ai/v1",
			Credential: Required, Variables: []string{"XAI_API_KEY"}, KeysURL: "https://console.x.ai",
		}),
		compatible(Provider{
			ID: "mistral", Name: "Mistral", BaseURL: "https://api.mistral.ai/v1",
			Credential: Required, Variables: []string{"MISTRAL_API_KEY"}, KeysURL: "https://console.mistral.ai/api-keys",
		}),
		compatible(Provider{
			ID: "moonshotai", Name: "Moonshot AI", BaseURL: "https://api.moonshot.ai/v1",
			Credential: Required, Variables: []string{"MOONSHOT_API_KEY"}, KeysURL: "https://platform.moonshot.ai/console/api-keys",
			paths: map[llm.Dialect]string{llm.Embeddings: none},
		}),
		compatible(Provider{
			ID: "openrouter", Name: "OpenRouter", BaseURL: "https://openrouter.ai/api/v1", Nested: true,
			Credential: Required, Variables: []string{"OPENROUTER_API_KEY"}, KeysURL: "https://openrouter.ai/settings/keys",
			probe: "/key", generation: "/generation", generationIDs: "gen-",
		}),
		compatible(Provider{
			ID: "ollama", Name: "Ollama", BaseURL: "http://127.0.0.1:11434/v1", Local: true,
			Credential: Optional, Variables: []string{"OLLAMA_API_KEY"},
			paths: map[llm.Dialect]string{llm.Messages: "/messages"},
		}),
		compatible(Provider{
			ID: "lmstudio", Name: "LM Studio", BaseURL: "http://127.0.0.1:1234/v1", Local: true,
			Credential: Optional, Variables: []string{"LMSTUDIO_API_KEY"},
			paths: map[llm.Dialect]string{llm.Messages: "/messages"},
		}),
		compatible(Provider{
			ID: "llamacpp", Name: "llama.cpp", BaseURL: "http://127.0.0.1:8080/v1", Local: true,
			Credential: Optional, Variables: []string{"LLAMA_API_KEY"},
			paths:  map[llm.Dialect]string{llm.Messages: "/messages"},
			counts: map[llm.Dialect]string{llm.Messages: "/messages/count_tokens"},
		}),
		compatible(Provider{
			ID: Sim, Name: "Simulator", BaseURL: "http://" + simHost + "/v1", Local: true,
			paths:  map[llm.Dialect]string{llm.Messages: "/messages"},
			counts: map[llm.Dialect]string{llm.Messages: "/messages/count_tokens"},
			native: llm.Messages,
		}),
	}
}

// simHost is the name under which the simulator's handler is reached; no such host exists (RFC 2606).
const simHost = "sim.invalid"
