package llm

// Surface names a group of endpoints whose requests are passed on whole: nothing of them is decoded but the model. The
// list is closed; what is not in it is not served.
type Surface string

// The surfaces in REST form. Those without a source are OpenAI's (API reference, under the same heading).
const (
	// Completions is the legacy POST /completions.
	Completions      Surface = "completions"
	ImageGenerations Surface = "image-generations"
	ImageEdits       Surface = "image-edits"
	ImageVariations  Surface = "image-variations"
	Speech           Surface = "speech"
	Transcriptions   Surface = "transcriptions"
	Translations     Surface = "audio-translations"
	// Rerank and RerankV2 are Cohere's (API reference, "Rerank"); the hosted gateway and local servers have them too.
	Rerank      Surface = "rerank"
	RerankV2    Surface = "rerank-v2"
	Moderations Surface = "moderations"
	Decisions   Surface = "decisions"
	// Evaluate is the hosted gateway's earlier form of Decisions.
	Evaluate        Surface = "evaluate"
	Videos          Surface = "videos"
	Files           Surface = "files"
	Uploads         Surface = "uploads"
	Batches         Surface = "batches"
	RealtimeSecrets Surface = "realtime-secrets"
	// GatewaySecrets is the hosted gateway's POST /v1/realtime/client-secrets.
	GatewaySecrets Surface = "gateway-realtime-secrets"
)

// The surfaces of the AI SDK's gateway protocol (package @ai-sdk/gateway).
const (
	AISDKImages         Surface = "ai-sdk-images"
	AISDKVideos         Surface = "ai-sdk-videos"
	AISDKSpeech         Surface = "ai-sdk-speech"
	AISDKTranscriptions Surface = "ai-sdk-transcriptions"
	AISDKReranking      Surface = "ai-sdk-reranking"
	AISDKDecisions      Surface = "ai-sdk-decisions"
	AISDKBatches        Surface = "ai-sdk-batches"
)

// String gives what the surface does, as people write it.
func (s Surface) String() string {
	switch s {
	case Completions:
		return "text completion"
	case ImageGenerations, AISDKImages:
		return "image generation"
	case ImageEdits:
		return "image editing"
	case ImageVariations:
		return "image variation"
	case Speech, AISDKSpeech:
		return "speech"
	case Transcriptions, AISDKTranscriptions:
		return "transcription"
	case Translations:
		return "audio translation"
	case Rerank, RerankV2, AISDKReranking:
		return "reranking"
	case Moderations:
		return "moderation"
	case Decisions, Evaluate, AISDKDecisions:
		return "decisions"
	case Videos, AISDKVideos:
		return "video generation"
	case Files:
		return "file storage"
	case Uploads:
		return "uploads in parts"
	case Batches, AISDKBatches:
		return "batches"
	case RealtimeSecrets, GatewaySecrets:
		return "realtime client secrets"
	}
	return string(s)
}
