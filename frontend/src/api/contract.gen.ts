// Generated from backend/control by `go generate ./backend/control`; do not edit.

export interface Activity {
  running: number;
  requests: number;
  costPicoUSD: number;
  unknownCost: number;
  text: string;
  favourites: string[];
  recent: string[];
  lastError: ActivityError | null;
}

export interface ActivityError {
  request: string;
  at: string;
  model: string;
  message: string;
}

export interface Arm {
  model: string;
  requests: number;
  errors: number;
  cancelled: number;
  errorShare: Estimate;
  firstTokenMs: Estimate;
  durationMs: Estimate;
  outputTokens: Estimate;
  costPicoUSD: Estimate;
  unknownCost: number;
}

export interface BackupDone {
  path: string;
  bytes: number;
}

export interface BackupFile {
  path: string;
}

export interface BalanceAmount {
  currency: string;
  amount: string;
}

export interface Budget {
  name: string;
  key: string;
  project: string;
  model: string;
  tag: string;
  unit: "usd" | "tokens" | "requests";
  per: "day" | "week" | "month" | "total";
  limit: number;
  allowed: number;
  spent: number;
  reserved: number;
  percent: number;
  state: "ok" | "warned" | "falling" | "blocked" | "loading";
  step: number;
  warn: number[];
  fallback: string;
  fallbackAt: number;
  startedAt: string | null;
  resetsAt: string | null;
  unpriced: number;
  estimated: number;
  text: string;
  problem: string;
}

export interface BudgetAllowance {
  budget: string;
  amount: string;
}

export interface BudgetLine {
  name: string;
  text: string;
  percent: number;
  step: number;
  state: "ok" | "warned" | "falling" | "blocked" | "loading";
}

export interface BudgetList {
  budgets: Budget[];
}

export interface BudgetRef {
  budget: string;
}

export interface BudgetStatus {
  news: BudgetLine[];
  tightest: BudgetLine | null;
}

export interface Catalog {
  models: CatalogEntry[];
  lists: ListAge[];
  shipped: ModelOrigin[];
  refreshing: boolean;
}

export interface CatalogEntry {
  id: string;
  name: string;
  provider: string;
  providerName: string;
  type: string;
  usable: boolean;
  local: boolean;
  free: boolean;
  virtual: boolean;
  favourite: boolean;
  tags: string[];
  contextWindow: number | null;
  maxOutput: number | null;
  inputPicoUSD: number | null;
  outputPicoUSD: number | null;
  released: string | null;
  requests: number;
  firstTokenP75Ms: number | null;
}

export interface ChatConfigure {
  conversation: string;
  system: string;
  temperature: number | null;
  defaults: boolean;
}

export interface ChatDefaults {
  model: string;
  system: string;
  temperature: number | null;
}

export interface ChatDelta {
  conversation: string;
  turn: string;
  seq: number;
  text: string;
  reasoning: string;
  reasoningMs: number | null;
}

export interface ChatEdit {
  conversation: string;
  turn: string;
  model: string;
  text: string;
}

export interface ChatFile {
  id: string;
  name: string;
  mediaType: string;
  size: number;
}

export interface ChatFileContent {
  mediaType: string;
  data: string;
}

export interface ChatFileRef {
  conversation: string;
  file: string;
}

export interface ChatPin {
  conversation: string;
  pinned: boolean;
}

export interface ChatQuery {
  query: string;
}

export interface ChatRename {
  conversation: string;
  title: string;
}

export interface ChatRetry {
  conversation: string;
  model: string;
}

export interface ChatSend {
  conversation: string;
  model: string;
  text: string;
  files: NewChatFile[];
}

export interface ChatTurn {
  conversation: string;
  turn: Turn;
}

export interface CompareAnswer {
  comparison: string;
  ended: number;
  answer: ComparedAnswer;
}

export interface CompareDelta {
  comparison: string;
  prompt: number;
  model: string;
  seq: number;
  text: string;
  reasoning: string;
}

export interface ComparePick {
  comparison: string;
  prompt: number;
  model: string;
}

export interface CompareStart {
  prompts: string[];
  models: string[];
  system: string;
  temperature: number | null;
}

export interface ComparedAnswer {
  prompt: number;
  model: string;
  answeredBy: string;
  provider: string;
  state: "waiting" | "streaming" | "done" | "stopped" | "failed";
  text: string;
  reasoning: string;
  error: string;
  seq: number;
  inputTokens: number | null;
  outputTokens: number | null;
  costPicoUSD: number | null;
  timeToFirstTokenMs: number | null;
  durationMs: number | null;
  tokensPerSecond: number | null;
}

export interface ComparedPrompts {
  id: string;
  prompts: string[];
  models: string[];
  system: string;
  temperature: number | null;
  createdAt: string;
  state: "running" | "done" | "stopped";
  ended: number;
  winners: string[];
}

export interface ComparedTotal {
  model: string;
  wins: number;
  answered: number;
  failed: number;
  outputTokens: number | null;
  costPicoUSD: number | null;
  timeToFirstTokenMs: number | null;
  tokensPerSecond: number | null;
}

export interface Comparison {
  old: Arm;
  new: Arm;
}

export interface ComparisonDetail {
  comparison: ComparedPrompts;
  answers: ComparedAnswer[];
  totals: ComparedTotal[];
}

export interface ComparisonList {
  comparisons: ComparisonSummary[];
  promptLists: PromptList[];
}

export interface ComparisonRef {
  comparison: string;
}

export interface ComparisonSummary {
  id: string;
  title: string;
  prompts: number;
  models: string[];
  createdAt: string;
  state: "running" | "done" | "stopped";
  ended: number;
}

export interface ContentMessage {
  role: string;
  parts: ContentPart[];
}

export interface ContentPart {
  kind: "text" | "reasoning" | "refusal" | "call" | "result" | "media" | "other";
  name: string;
  text: string;
}

export interface ContentText {
  text: string;
  bytes: number;
  truncated: boolean;
  missing: string;
}

export interface ContentsList {
  projects: ProjectContents[];
  bytes: number;
  maxBytes: number;
  lost: number;
  problem: string;
}

export interface ContentsRule {
  project: string;
  keep: string;
}

export interface Conversation {
  id: string;
  title: string;
  model: string;
  createdAt: string;
  updatedAt: string;
  turns: number;
  pinned: boolean;
  configured: boolean;
  system: string;
  temperature: number | null;
  snippet: string;
}

export interface ConversationDetail {
  conversation: Conversation;
  first: number;
  turns: Turn[];
}

export interface ConversationList {
  conversations: Conversation[];
}

export interface ConversationPart {
  conversation: string;
  first: number;
}

export interface ConversationRef {
  conversation: string;
}

export interface CreatedKey {
  key: Key;
  secret: string;
}

export interface Credential {
  provider: string;
  providerName: string;
  name: string;
  source: "keychain" | "environment" | "file" | "none" | "not needed";
  variable: string;
  file: string;
  expiresAt: string | null;
  baseUrl: string;
  keysUrl: string;
  test: CredentialTest | null;
  balance: CredentialBalance | null;
}

export interface CredentialBalance {
  text: string;
  amounts: BalanceAmount[];
  at: string | null;
  ofKey: boolean;
  askedAt: string | null;
  problem: string;
}

export interface CredentialList {
  credentials: Credential[];
  gatewayFallback: boolean;
  collector: Credential;
}

export interface CredentialRef {
  provider: string;
  name: string;
}

export interface CredentialSecret {
  provider: string;
  name: string;
  secret: string;
  gatewayFallback: boolean | null;
}

export interface CredentialTest {
  ok: boolean;
  at: string;
  status: number;
  message: string;
  durationMs: number;
}

export interface Diagnosis {
  findings: Finding[];
}

export interface Editor {
  id: string;
  name: string;
  detected: boolean;
  connected: boolean;
  files: string[];
  model: string;
}

export interface EditorChange {
  editor: string;
  model: string;
  revert: boolean;
  place?: EditorPlace;
}

export interface EditorChoice {
  editor: string;
  model: string;
  place?: EditorPlace;
}

export interface EditorList {
  editors: Editor[];
}

export interface EditorPlace {
  home?: string;
  variables?: Record<string, string>;
}

export interface EditorPlan {
  editor: string;
  diff: string;
  files: string[];
  steps: EditorStep[];
  notices: string[];
}

export interface EditorRef {
  editor: string;
}

export interface EditorStep {
  text: string;
  value: string;
}

export type Empty = Record<string, never>;

export interface EndpointStatus {
  url: string;
  addresses: string[];
  state: "on" | "paused" | "failed";
  problem: string;
}

export interface Estimate {
  samples: number;
  value: number | null;
  low: number | null;
  high: number | null;
}

export interface Failure {
  kind: string;
  message: string;
}

export interface Favourites {
  models: string[];
}

export interface Finding {
  subject: string;
  state: "ok" | "warning" | "failed" | "skipped";
  message: string;
  advice: string;
}

export interface HealthEntry {
  provider: string;
  credential: string;
  model: string;
  state: "open" | "probing" | "limited" | "parked";
  why: string;
  until: string | null;
}

export interface HealthList {
  entries: HealthEntry[];
}

export interface HistoryStatus {
  path: string;
  setAside: string;
  problem: string;
  dropped: number;
}

export interface Key {
  id: string;
  name: string;
  project: string;
  hint: string;
  models: string[];
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  revokedAt: string | null;
  requestsPerMinute: number;
  tokensPerMinute: number;
  concurrency: number;
}

export interface KeyLimit {
  key: string;
  requestsPerMinute: number;
  tokensPerMinute: number;
  concurrency: number;
}

export interface KeyList {
  keys: Key[];
}

export interface KeyRef {
  key: string;
}

export interface KeychainStatus {
  state: "checking" | "ok" | "absent" | "locked";
  reason: string;
  advice: string;
}

export interface Link {
  url: string;
}

export interface ListAge {
  provider: string;
  providerName: string;
  at: string | null;
  models: number;
  public: boolean;
  problem: string;
  next: string | null;
}

export interface ListProblem {
  provider: string;
  message: string;
}

export interface Model {
  id: string;
  name: string;
  provider: string;
  providerName: string;
  description: string;
  local: boolean;
  free: boolean;
  contextWindow: number | null;
  maxOutput: number | null;
  inputPrice: string | null;
  outputPrice: string | null;
  favourite: boolean;
  takesImages: boolean;
  takesPDFs: boolean;
}

export interface ModelChoice {
  model: string;
}

export interface ModelDetail {
  entry: CatalogEntry;
  description: string;
  upstream: string;
  inputModalities: string[];
  outputModalities: string[];
  parameters: string[];
  regions: string[];
  facts: ModelFact[];
  price: ModelPrice | null;
  offers: ModelOffer[];
  offersProblem: string;
  history: ModelHistory;
  raw: unknown;
}

export interface ModelFact {
  field: string;
  origin: ModelOrigin;
}

export interface ModelFavourite {
  model: string;
  favourite: boolean;
}

export interface ModelHistory {
  since: string;
  requests: number;
  errors: number;
  costPicoUSD: number | null;
  unknownCost: number;
  inputTokens: number | null;
  outputTokens: number | null;
  firstTokenP50Ms: number | null;
  firstTokenP75Ms: number | null;
  durationP75Ms: number | null;
  tokensPerSecondP50: number | null;
}

export interface ModelList {
  models: Model[];
  problems: ListProblem[];
  refreshing: boolean;
}

export interface ModelOffer {
  id: string;
  provider: string;
  providerName: string;
  usable: boolean;
  hosted: boolean;
  free: boolean;
  contextWindow: number | null;
  maxOutput: number | null;
  inputPicoUSD: number | null;
  outputPicoUSD: number | null;
  cacheReadPicoUSD: number | null;
  cacheWritePicoUSD: number | null;
  priceOrigin: ModelOrigin | null;
}

export interface ModelOrigin {
  source: "user" | "provider" | "gateway" | "snapshot";
  by: string;
  at: string | null;
}

export interface ModelPrice {
  lines: ModelPriceLine[];
  services: ModelPriceVariant[];
  regions: ModelPriceVariant[];
  hours: ModelPriceVariant[];
  discount: number;
  version: string;
}

export interface ModelPriceLine {
  kind: string;
  picoUSD: number;
  steps: ModelPriceStep[];
}

export interface ModelPriceStep {
  from: number;
  picoUSD: number | null;
}

export interface ModelPriceVariant {
  name: string;
  multiplier: number;
  lines: ModelPriceLine[];
}

export interface ModelRef {
  id: string;
  provider: string;
}

export interface NewBudget {
  name: string;
  limit: string;
  key?: string;
  project?: string;
  model?: string;
  tag?: string;
  warn?: number[];
  fallback?: string;
  fallbackAt?: number;
}

export interface NewChatFile {
  name: string;
  data: string;
}

export interface NewKey {
  name: string;
  project: string;
  models: string[];
  expires: string;
  budget?: string;
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  concurrency?: number;
}

export interface PageFault {
  page: string;
  kind: string;
  message: string;
  place: string;
}

export interface Problem {
  message: string;
  line: number;
  column: number;
}

export interface Progress {
  id: string;
  from: string;
  to: string;
  state: "running" | "stopped" | "rolled back";
  why: string;
  since: string | null;
  share: number;
  startedAt: string;
  nextStep: string | null;
  nextShare: number | null;
  windowMs: number;
  window: Comparison;
  total: Comparison;
}

export interface ProjectContents {
  project: string;
  keep: string;
  requests: number;
  bytes: number;
}

export interface PromptList {
  name: string;
  prompts: string[];
}

export interface ProviderRef {
  provider: string;
}

export interface RequestContents {
  kept: boolean;
  keep: string;
  until: string | null;
  request: ContentText | null;
  answer: ContentText | null;
  messages: ContentMessage[];
  answered: ContentPart[];
}

export interface RolloutList {
  rollouts: Progress[];
}

export interface RolloutRef {
  rollout: string;
}

export interface RolloutShare {
  rollout: string;
  share: number;
}

export interface Route {
  requested: string;
  model: string;
  virtual: string;
  rule: string;
  rollout: string;
  arm: string;
  attempts: RouteAttempt[];
  left: RouteLeft[];
  steps: string[];
  problem: string;
}

export interface RouteAttempt {
  provider: string;
  providerName: string;
  credential: string;
  model: string;
  upstream: string;
  protocol: string;
  translated: boolean;
  probe: boolean;
  firstTokenTimeoutMs: number;
  idleTimeoutMs: number;
  totalTimeoutMs: number;
  reason: string;
}

export interface RouteLeft {
  provider: string;
  credential: string;
  model: string;
  reason: string;
}

export interface RouteQuery {
  model: string;
  protocol: "" | "chat-completions" | "responses" | "messages" | "gemini" | "ai-sdk" | "ollama";
  options: string;
  key: string;
  project: string;
  conversation: string;
  hour: number | null;
  changes: SettingChange[];
}

export interface SettingChange {
  path: string[];
  value: unknown;
}

export interface SettingChanges {
  changes: SettingChange[];
}

export interface Settings {
  "$schema"?: string;
  version: number;
  activeModel: string;
  favourites?: string[];
  addr: string;
  maxBodyBytes: number;
  allowedOrigins: string[];
  ollama: SettingsOllama;
  metrics: SettingsMetrics;
  traces: SettingsTraces;
  collector: SettingsCollector;
  fetch: SettingsFetch;
  notifications: boolean;
  discoverLocal: boolean;
  hostedList: boolean;
  compareBills: boolean;
  providers: Record<string, SettingsProvider>;
  credentials?: Record<string, SettingsCredentials>;
  catalog: Record<string, SettingsModelOverride>;
  virtualModels?: Record<string, SettingsVirtualModel>;
  rules?: SettingsRule[];
  rollouts?: Record<string, SettingsRollout>;
  modelDefaults?: SettingsModelDefault[];
  chatDefaults?: Record<string, SettingsChatDefault>;
  budgets?: Record<string, SettingsBudget>;
  rateLimits?: Record<string, SettingsRateLimit>;
  history: SettingsHistory;
  projects?: Record<string, SettingsProject>;
  timeouts?: Record<string, SettingsTimeouts>;
  gatewayFallback?: boolean;
}

export interface SettingsBudget {
  usd?: string;
  tokens?: number;
  requests?: number;
  per: "day" | "week" | "month" | "total";
  key?: string;
  project?: string;
  model?: string;
  tag?: string;
  warn?: number[];
  fallback?: string;
  fallbackAt?: number;
}

export interface SettingsChatDefault {
  system?: string;
  temperature?: number;
  ownTemperature?: boolean;
}

export interface SettingsCollector {
  header?: string;
}

export interface SettingsCredential {
  weight?: number;
  zeroDataRetention?: boolean;
  gatewayFallback?: boolean;
}

export interface SettingsCredentials {
  balance?: "in-order" | "weighted" | "least-busy" | "latency";
  order?: string[];
  named?: Record<string, SettingsCredential>;
  envFile?: string;
}

export interface SettingsDraft {
  revision: string;
  diff: string;
  text: string;
  problem: Problem | null;
}

export interface SettingsEdit {
  revision: string;
  changes: SettingChange[];
}

export interface SettingsFetch {
  maxBytes: number;
  allowPrivate: boolean;
}

export interface SettingsGuards {
  errorPercent?: number;
  firstTokenMs?: number;
  costPerRequest?: string;
  leastRequests?: number;
  window?: string;
}

export interface SettingsHistory {
  keepDays?: number;
  maxMegabytes?: number;
}

export interface SettingsHours extends SettingsVariant {
  from: string;
  to: string;
}

export interface SettingsInferenceRegion {
  scope: "zone" | "global";
  geoRegion?: "us" | "eu";
}

export interface SettingsMetrics {
  allowWithoutKey: boolean;
  endpoint?: string;
}

export interface SettingsModelDefault {
  model: string;
  parameters: SettingsParameters;
}

export interface SettingsModelOverride {
  name?: string;
  description?: string;
  type?: string;
  context_window?: number;
  max_tokens?: number;
  tags?: string[];
  pricing?: SettingsPricing;
}

export interface SettingsOllama {
  allowWithoutKey: boolean;
  addr?: string;
}

export interface SettingsParameters {
  temperature?: number;
  topP?: number;
  maxOutputTokens?: number;
  reasoningEffort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";
}

export interface SettingsPricing extends SettingsRates {
  service_tiers?: Record<string, SettingsVariant>;
  regional?: Record<string, SettingsVariant>;
  hours?: SettingsHours[];
  request?: string;
  web_search?: string;
  image?: string;
  video_second?: string;
  audio_second?: string;
  speech_input_character_cost?: string;
  multiplier?: string;
}

export interface SettingsProject {
  keepContents?: string;
}

export interface SettingsProvider {
  type?: "openai-compatible";
  name?: string;
  baseURL?: string;
  local?: boolean;
}

export interface SettingsRateLimit {
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  concurrency?: number;
}

export interface SettingsRates {
  input?: string;
  output?: string;
  input_cache_read?: string;
  input_cache_write?: string;
  input_cache_write_1h?: string;
  internal_reasoning?: string;
  input_audio?: string;
  input_audio_cache_read?: string;
  input_image_token?: string;
  output_audio?: string;
  output_image_token?: string;
  input_tiers?: SettingsTier[];
  output_tiers?: SettingsTier[];
  input_cache_read_tiers?: SettingsTier[];
  input_cache_write_tiers?: SettingsTier[];
  input_cache_write_1h_tiers?: SettingsTier[];
  internal_reasoning_tiers?: SettingsTier[];
  input_audio_tiers?: SettingsTier[];
  input_audio_cache_read_tiers?: SettingsTier[];
  input_image_token_tiers?: SettingsTier[];
  output_audio_tiers?: SettingsTier[];
  output_image_token_tiers?: SettingsTier[];
}

export interface SettingsRollout {
  from: string;
  to: string;
  percent: number;
  guards?: SettingsGuards;
  steps?: SettingsStep[];
  stopped?: boolean;
}

export interface SettingsRoutingOptions {
  order?: string[];
  only?: string[];
  models?: string[];
  sort?: "cost" | "ttft" | "tps" | "@default";
  has?: string[];
  providerTimeouts?: Record<string, Record<string, number>>;
  speed?: "fast";
  allowFallbackFromFast?: boolean;
  allowGatewayFallback?: boolean;
  serviceTier?: "flex" | "priority" | "@default";
  caching?: "auto" | "@default";
  cacheAnchorItems?: number;
  cacheTtl?: "5m" | "1h";
  zeroDataRetention?: boolean;
  disallowPromptTraining?: boolean;
  inferenceRegion?: SettingsInferenceRegion;
  hedge?: boolean;
  user?: string;
  tags?: string[];
}

export interface SettingsRule {
  id: string;
  models?: string[];
  keys?: string[];
  projects?: string[];
  tags?: string[];
  protocols?: string[];
  hours?: number[];
  rewrite?: string;
  deny?: boolean;
  reason?: string;
  disabled?: boolean;
}

export interface SettingsStatus {
  path: string;
  problem: Problem | null;
}

export interface SettingsStep {
  after: string;
  percent: number;
}

export interface SettingsTarget {
  model: string;
  weight?: number;
}

export interface SettingsTier {
  cost: string;
  min: number;
  max?: number;
}

export interface SettingsTimeouts {
  firstToken?: string;
  idle?: string;
  total?: string;
}

export interface SettingsTraces {
  endpoint?: string;
  propagate?: boolean;
}

export interface SettingsVariant extends SettingsRates {
  multiplier?: string;
}

export interface SettingsView {
  path: string;
  text: string;
  effective: Settings;
  problem: Problem | null;
}

export interface SettingsVirtualModel {
  model?: string;
  targets?: SettingsTarget[];
  options?: SettingsRoutingOptions;
  parameters?: SettingsParameters;
  systemPrefix?: string;
  archived?: boolean;
}

export interface Status {
  version: string;
  build: "desktop" | "headless";
  startedAt: string;
  home: string;
  endpoint: EndpointStatus;
  activeModel: string;
  keychain: KeychainStatus;
  settings: SettingsStatus;
  history: HistoryStatus;
  warnings: string[];
  budgets: BudgetStatus;
  contents: ContentsRule[];
  tray: boolean;
  autostart: boolean | null;
  notifications: boolean;
}

export interface StrayChange {
  path: string;
  revert: boolean;
}

export interface StrayFile {
  path: string;
  keys: StrayKey[];
  moved: boolean;
  problem: string;
}

export interface StrayKey {
  line: number;
  name: string;
  provider: string;
  providerName: string;
  hint: string;
}

export interface StrayList {
  files: StrayFile[];
}

export interface StrayPlan {
  path: string;
  diff: string;
  notices: string[];
}

export interface StrayQuery {
  files: string[];
  place?: EditorPlace;
}

export interface Switch {
  on: boolean;
}

export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
  result: string;
  failed: boolean;
}

export interface Turn {
  id: string;
  role: "user" | "assistant";
  text: string;
  reasoning: string;
  at: string;
  files: ChatFile[];
  state: "done" | "streaming" | "stopped" | "failed";
  error: string;
  model: string;
  provider: string;
  tools: ToolCall[];
  seq: number;
  reasoningMs: number | null;
  inputTokens: number | null;
  outputTokens: number | null;
  costPicoUSD: number | null;
  timeToFirstTokenMs: number | null;
  durationMs: number | null;
  request: string;
  attempts: TurnAttempt[];
}

export interface TurnAttempt {
  provider: string;
  model: string;
  outcome: string;
  status: number;
  error: string;
  durationMs: number;
}

export interface TurnRef {
  conversation: string;
  turn: string;
}

export interface UsageAttempt {
  provider: string;
  model: string;
  credential: string;
  credentialType: string;
  reason: string;
  at: string;
  durationMs: number;
  outcome: string;
  status: number;
  errorKind: string;
  error: string;
  inputTokens: number | null;
  cacheReadTokens: number | null;
  cacheWriteTokens: number | null;
  outputTokens: number | null;
  costPicoUSD: number | null;
}

export interface UsageBill {
  lines: UsageBillLine[];
  over: number;
  service: string;
  region: string;
  hours: string;
  multipliers: number[];
  discount: number;
  source: string;
  version: string;
}

export interface UsageBillLine {
  kind: string;
  units: number;
  price: number | null;
  amount: number | null;
}

export interface UsageBucket {
  start: string;
  end: string;
  figures: UsageFigures;
  model: string;
  provider: string;
  changed: boolean;
  others: UsageCell | null;
}

export interface UsageBy {
  by: "model" | "provider" | "project" | "key" | "client" | "user" | "tag" | "credential" | "outcome" | "error" | "day";
  since: string | null;
  until: string | null;
  filter?: UsageFilter;
}

export interface UsageCell {
  requests: number;
  errors: number;
  tokens: number;
  costPicoUSD: number;
}

export interface UsageChange {
  requests: number;
}

export interface UsageDeletion {
  project: string | null;
  from: string | null;
  to: string | null;
}

export interface UsageDrift {
  on: boolean;
  days: UsageDriftDay[];
}

export interface UsageDriftDay {
  day: string;
  provider: string;
  requests: number;
  compared: number;
  differing: number;
  missing: number;
  unanswered: number;
  skipped: number;
  promptTokens: UsageDriftMeasure;
  completionTokens: UsageDriftMeasure;
  costPicoUSD: UsageDriftMeasure;
}

export interface UsageDriftMeasure {
  requests: number;
  ours: number;
  theirs: number;
  differing: number;
  difference: number;
}

export interface UsageDriftQuery {
  from: string | null;
  to: string | null;
}

export interface UsageExport {
  format: "csv" | "json" | "parquet";
  by: "" | "model" | "provider" | "project" | "key" | "client" | "user" | "tag" | "credential" | "outcome" | "error" | "day";
  from: string | null;
  to: string | null;
  filter?: UsageFilter;
  model: string;
  text: string;
  path: string;
}

export interface UsageExported {
  path: string;
  rows: number;
  bytes: number;
}

export interface UsageFigures {
  requests: number;
  errors: number;
  attempts: number;
  inputTokens: number | null;
  cacheReadTokens: number | null;
  cacheWriteTokens: number | null;
  cacheWrite5mTokens: number | null;
  cacheWrite1hTokens: number | null;
  outputTokens: number | null;
  reasoningTokens: number | null;
  costPicoUSD: number | null;
  reportedCostPicoUSD: number | null;
  marketCostPicoUSD: number | null;
  cacheSavedPicoUSD: number | null;
  cacheHitShare: number | null;
  outputPerRequest: number | null;
  unknownTokens: number;
  unknownCost: number;
  estimated: number;
  errorShare: number | null;
  timeToFirstTokenMs: UsageQuantiles;
  durationMs: UsageQuantiles;
  tokensPerSecond: UsageQuantiles;
}

export interface UsageFilter {
  models: string[];
  providers: string[];
  projects: string[];
  keys: string[];
  clients: string[];
  users: string[];
  tags: string[];
  allTags: boolean;
  credentials: string[];
  outcomes: string[];
  errorKinds: string[];
}

export interface UsageFound {
  records: UsageRecord[];
  next: string;
  partial: boolean;
}

export interface UsageGroup {
  name: string;
  figures: UsageFigures;
  previous: UsageFigures | null;
  change: UsageTrend | null;
  cells: UsageCell[];
}

export interface UsagePage {
  records: UsageRecord[];
  next: string;
}

export interface UsagePrefix {
  cause: "content" | "model" | "provider";
  was: string;
  part: "tools" | "system" | "user" | "assistant" | "tool" | "other";
  number: number;
  kept: number;
  blocks: number;
  after: string;
  tokens: number;
  estimated: boolean;
  costPicoUSD: number | null;
}

export interface UsagePrefixGroup {
  name: string;
  client: string;
  last: string;
  sums: UsagePrefixSums;
}

export interface UsagePrefixQuery {
  from: string | null;
  to: string | null;
  filter: UsageFilter;
  limit: number;
}

export interface UsagePrefixSums {
  requests: number;
  tokens: number;
  estimated: number;
  costPicoUSD: number | null;
  unknownCost: number;
}

export interface UsagePrefixes {
  sums: UsagePrefixSums;
  places: UsagePrefixGroup[];
  clients: UsagePrefixGroup[];
  conversations: UsagePrefixGroup[];
  partial: boolean;
}

export interface UsageProvenance {
  inputTokens: "reported" | "counted" | "estimated" | "unknown";
  cacheReadTokens: "reported" | "counted" | "estimated" | "unknown";
  cacheWriteTokens: "reported" | "counted" | "estimated" | "unknown";
  outputTokens: "reported" | "counted" | "estimated" | "unknown";
  reasoningTokens: "reported" | "counted" | "estimated" | "unknown";
  costPicoUSD: "counted" | "estimated" | "unknown";
}

export interface UsageQuantiles {
  p50: number | null;
  p75: number | null;
  p95: number | null;
}

export interface UsageQuery {
  limit: number;
  before: string;
  project: string;
  model: string;
}

export interface UsageRecord {
  id: string;
  startedAt: string;
  key: string;
  project: string;
  client: string;
  dialect: string;
  surface: string;
  stream: boolean;
  requestedModel: string;
  model: string;
  provider: string;
  inputTokens: number | null;
  cacheReadTokens: number | null;
  cacheWriteTokens: number | null;
  outputTokens: number | null;
  reasoningTokens: number | null;
  costPicoUSD: number | null;
  reportedCostPicoUSD: number | null;
  marketCostPicoUSD: number | null;
  otherCostPicoUSD: number | null;
  costDifferencePicoUSD: number | null;
  provenance: UsageProvenance;
  cacheSavedPicoUSD: number | null;
  bill: UsageBill | null;
  timeToFirstTokenMs: number | null;
  durationMs: number | null;
  outcome: "ok" | "error" | "cancelled" | "interrupted" | "open";
  status: number;
  errorKind: string;
  error: string;
  finishReason: string;
  tokensPerSecond: number | null;
  retries: number;
  credentialType: string;
  notices: string[];
  user: string;
  tags: string[];
  conversation: string;
  prefix: UsagePrefix | null;
  rollout: string;
  arm: string;
  attempts: UsageAttempt[];
}

export interface UsageRef {
  id: string;
}

export interface UsageReport {
  from: string | null;
  to: string | null;
  totals: UsageFigures;
  previous: UsageFigures | null;
  change: UsageTrend | null;
  buckets: UsageBucket[];
  groups: UsageGroup[];
  rest: UsageGroup | null;
  otherGroups: number;
}

export interface UsageReportQuery {
  from: string | null;
  to: string | null;
  groupBy: "" | "model" | "provider" | "project" | "key" | "client" | "user" | "tag" | "credential" | "outcome" | "error";
  limit: number;
  bucket: "" | "hour" | "day" | "month";
  zone: string;
  filter: UsageFilter;
  compare: boolean;
  drawn: number;
}

export interface UsageRows {
  rows: UsageTotals[];
}

export interface UsageSearch {
  limit: number;
  before: string;
  from: string | null;
  to: string | null;
  filter: UsageFilter;
  model: string;
  text: string;
  broken?: boolean;
}

export interface UsageTotals {
  name: string;
  requests: number;
  errors: number;
  inputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  costPicoUSD: number;
  unknownTokens: number;
  unknownCost: number;
  cacheSavedPicoUSD: number | null;
  timeToFirstTokenMs: UsageQuantiles;
  durationMs: UsageQuantiles;
  tokensPerSecond: UsageQuantiles;
}

export interface UsageTrend {
  requests: number | null;
  errors: number | null;
  inputTokens: number | null;
  cacheReadTokens: number | null;
  cacheWriteTokens: number | null;
  outputTokens: number | null;
  costPicoUSD: number | null;
  cacheSavedPicoUSD: number | null;
}

export interface WindowPage {
  page: string;
  item: string;
}

export interface Calls {
  "status.get": { params: Empty; result: Status };
  "endpoint.pause": { params: Empty; result: Empty };
  "endpoint.resume": { params: Empty; result: Empty };
  "models.list": { params: Empty; result: ModelList };
  "models.catalog": { params: Empty; result: Catalog };
  "models.get": { params: ModelRef; result: ModelDetail };
  "models.favourite": { params: ModelFavourite; result: Favourites };
  "models.refresh": { params: Empty; result: ModelList };
  "activeModel.get": { params: Empty; result: ModelChoice };
  "activeModel.set": { params: ModelChoice; result: ModelChoice };
  "credentials.list": { params: Empty; result: CredentialList };
  "credentials.set": { params: CredentialSecret; result: Credential };
  "credentials.test": { params: CredentialRef; result: CredentialTest };
  "credentials.remove": { params: CredentialRef; result: Credential };
  "credentials.balance": { params: CredentialRef; result: Credential };
  "credentials.balances": { params: Empty; result: CredentialList };
  "keys.list": { params: Empty; result: KeyList };
  "keys.create": { params: NewKey; result: CreatedKey };
  "keys.revoke": { params: KeyRef; result: Key };
  "usage.list": { params: UsageQuery; result: UsagePage };
  "usage.totals": { params: UsageBy; result: UsageRows };
  "usage.report": { params: UsageReportQuery; result: UsageReport };
  "usage.requests": { params: UsageSearch; result: UsageFound };
  "usage.prefixes": { params: UsagePrefixQuery; result: UsagePrefixes };
  "usage.drift": { params: UsageDriftQuery; result: UsageDrift };
  "usage.export": { params: UsageExport; result: UsageExported };
  "usage.delete": { params: UsageDeletion; result: UsageChange };
  "backup.make": { params: BackupFile; result: BackupDone };
  "backup.restore": { params: BackupFile; result: UsageChange };
  "usage.get": { params: UsageRef; result: UsageRecord };
  "contents.list": { params: Empty; result: ContentsList };
  "contents.set": { params: ContentsRule; result: ContentsList };
  "contents.get": { params: UsageRef; result: RequestContents };
  "chat.list": { params: ChatQuery; result: ConversationList };
  "chat.get": { params: ConversationPart; result: ConversationDetail };
  "chat.send": { params: ChatSend; result: ConversationDetail };
  "chat.file": { params: ChatFileRef; result: ChatFileContent };
  "chat.stop": { params: ConversationRef; result: Empty };
  "chat.retry": { params: ChatRetry; result: ConversationDetail };
  "chat.rename": { params: ChatRename; result: Conversation };
  "chat.edit": { params: ChatEdit; result: ConversationDetail };
  "chat.branch": { params: TurnRef; result: Conversation };
  "chat.pin": { params: ChatPin; result: Conversation };
  "chat.configure": { params: ChatConfigure; result: Conversation };
  "chat.defaults": { params: ModelChoice; result: ChatDefaults };
  "chat.setDefaults": { params: ChatDefaults; result: ChatDefaults };
  "chat.delete": { params: ConversationRef; result: Empty };
  "chat.restore": { params: ConversationRef; result: Conversation };
  "compare.list": { params: Empty; result: ComparisonList };
  "compare.get": { params: ComparisonRef; result: ComparisonDetail };
  "compare.start": { params: CompareStart; result: ComparisonDetail };
  "compare.stop": { params: ComparisonRef; result: Empty };
  "compare.pick": { params: ComparePick; result: ComparedPrompts };
  "compare.delete": { params: ComparisonRef; result: Empty };
  "compare.restore": { params: ComparisonRef; result: ComparedPrompts };
  "compare.savePrompts": { params: PromptList; result: Empty };
  "route.explain": { params: RouteQuery; result: Route };
  "health.list": { params: Empty; result: HealthList };
  "health.reset": { params: ProviderRef; result: HealthList };
  "connect.list": { params: EditorPlace; result: EditorList };
  "connect.plan": { params: EditorChange; result: EditorPlan };
  "connect.apply": { params: EditorChoice; result: EditorPlan };
  "connect.revert": { params: EditorRef; result: EditorPlan };
  "stray.list": { params: StrayQuery; result: StrayList };
  "stray.plan": { params: StrayChange; result: StrayPlan };
  "stray.move": { params: StrayChange; result: StrayPlan };
  "stray.revert": { params: StrayChange; result: StrayPlan };
  "doctor.run": { params: Empty; result: Diagnosis };
  "rollouts.list": { params: Empty; result: RolloutList };
  "rollouts.set": { params: RolloutShare; result: RolloutList };
  "rollouts.stop": { params: RolloutRef; result: RolloutList };
  "rollouts.resume": { params: RolloutRef; result: RolloutList };
  "budgets.list": { params: Empty; result: BudgetList };
  "budgets.set": { params: NewBudget; result: BudgetList };
  "budgets.allow": { params: BudgetAllowance; result: BudgetList };
  "budgets.remove": { params: BudgetRef; result: BudgetList };
  "keys.limit": { params: KeyLimit; result: Key };
  "settings.get": { params: Empty; result: SettingsView };
  "settings.preview": { params: SettingChanges; result: SettingsDraft };
  "settings.apply": { params: SettingsEdit; result: SettingsDraft };
  "pages.link": { params: Empty; result: Link };
  "pages.fault": { params: PageFault; result: Empty };
  "activity.get": { params: Empty; result: Activity };
  "autostart.set": { params: Switch; result: Empty };
  "notifications.set": { params: Switch; result: Empty };
  "window.show": { params: Empty; result: Empty };
  "window.open": { params: WindowPage; result: Empty };
  "window.hide": { params: Empty; result: Empty };
  "app.quit": { params: Empty; result: Empty };
}

export interface Events {
  "status": Status;
  "settings": Empty;
  "models": Empty;
  "health": Empty;
  "rollouts": Empty;
  "budgets": Empty;
  "credentials": Empty;
  "balances": Empty;
  "keys": Empty;
  "chat.conversations": Empty;
  "usage": UsageRecord;
  "usage.changed": Empty;
  "contents": UsageRef;
  "chat.delta": ChatDelta;
  "chat.turn": ChatTurn;
  "compare.changed": Empty;
  "compare.delta": CompareDelta;
  "compare.answer": CompareAnswer;
  "window.pageAsked": WindowPage;
  "window.closeAsked": Empty;
}
