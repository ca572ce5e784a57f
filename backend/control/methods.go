package control

// Methods is every call, by name. It is the contract that all faces share; the TypeScript side is generated from it.
type Methods struct {
	StatusGet         Method[Empty, Status]                        `name:"status.get"`
	EndpointPause     Method[Empty, Empty]                         `name:"endpoint.pause"`
	EndpointResume    Method[Empty, Empty]                         `name:"endpoint.resume"`
	ModelsList        Method[Empty, ModelList]                     `name:"models.list"`
	ModelsCatalog     Method[Empty, Catalog]                       `name:"models.catalog"`
	ModelsGet         Method[ModelRef, ModelDetail]                `name:"models.get"`
	ModelsFavourite   Method[ModelFavourite, Favourites]           `name:"models.favourite"`
	ModelsRefresh     Method[Empty, ModelList]                     `name:"models.refresh"`
	ActiveModelGet    Method[Empty, ModelChoice]                   `name:"activeModel.get"`
	ActiveModelSet    Method[ModelChoice, ModelChoice]             `name:"activeModel.set"`
	CredentialsList   Method[Empty, CredentialList]                `name:"credentials.list"`
	CredentialsSet    Method[CredentialSecret, Credential]         `name:"credentials.set"`
	CredentialsTest   Method[CredentialRef, CredentialTest]        `name:"credentials.test"`
	CredentialsRemove Method[CredentialRef, Credential]            `name:"credentials.remove"`
	CredentialBalance Method[CredentialRef, Credential]            `name:"credentials.balance"`
	BalancesAsk       Method[Empty, CredentialList]                `name:"credentials.balances"`
	KeysList          Method[Empty, KeyList]                       `name:"keys.list"`
	KeysCreate        Method[NewKey, CreatedKey]                   `name:"keys.create"`
	KeysRevoke        Method[KeyRef, Key]                          `name:"keys.revoke"`
	UsageList         Method[UsageQuery, UsagePage]                `name:"usage.list"`
	UsageTotals       Method[UsageBy, UsageRows]                   `name:"usage.totals"`
	UsageReport       Method[UsageReportQuery, UsageReport]        `name:"usage.report"`
	UsageRequests     Method[UsageSearch, UsageFound]              `name:"usage.requests"`
	UsagePrefixes     Method[UsagePrefixQuery, UsagePrefixes]      `name:"usage.prefixes"`
	UsageDrift        Method[UsageDriftQuery, UsageDrift]          `name:"usage.drift"`
	UsageExport       Method[UsageExport, UsageExported]           `name:"usage.export"`
	UsageDelete       Method[UsageDeletion, UsageChange]           `name:"usage.delete"`
	Backup            Method[BackupFile, BackupDone]               `name:"backup.make"`
	Restore           Method[BackupFile, UsageChange]              `name:"backup.restore"`
	UsageGet          Method[UsageRef, UsageRecord]                `name:"usage.get"`
	ContentsList      Method[Empty, ContentsList]                  `name:"contents.list"`
	ContentsSet       Method[ContentsRule, ContentsList]           `name:"contents.set"`
	ContentsGet       Method[UsageRef, RequestContents]            `name:"contents.get"`
	ChatList          Method[ChatQuery, ConversationList]          `name:"chat.list"`
	ChatGet           Method[ConversationPart, ConversationDetail] `name:"chat.get"`
	ChatSend          Method[ChatSend, ConversationDetail]         `name:"chat.send"`
	ChatFile          Method[ChatFileRef, ChatFileContent]         `name:"chat.file"`
	ChatStop          Method[ConversationRef, Empty]               `name:"chat.stop"`
	ChatRetry         Method[ChatRetry, ConversationDetail]        `name:"chat.retry"`
	ChatRename        Method[ChatRename, Conversation]             `name:"chat.rename"`
	ChatEdit          Method[ChatEdit, ConversationDetail]         `name:"chat.edit"`
	ChatBranch        Method[TurnRef, Conversation]                `name:"chat.branch"`
	ChatPin           Method[ChatPin, Conversation]                `name:"chat.pin"`
	ChatConfigure     Method[ChatConfigure, Conversation]          `name:"chat.configure"`
	ChatDefaults      Method[ModelChoice, ChatDefaults]            `name:"chat.defaults"`
	ChatSetDefaults   Method[ChatDefaults, ChatDefaults]           `name:"chat.setDefaults"`
	ChatDelete        Method[ConversationRef, Empty]               `name:"chat.delete"`
	ChatRestore       Method[ConversationRef, Conversation]        `name:"chat.restore"`
	CompareList       Method[Empty, ComparisonList]                `name:"compare.list"`
	CompareGet        Method[ComparisonRef, ComparisonDetail]      `name:"compare.get"`
	CompareStart      Method[CompareStart, ComparisonDetail]       `name:"compare.start"`
	CompareStop       Method[ComparisonRef, Empty]                 `name:"compare.stop"`
	ComparePick       Method[ComparePick, ComparedPrompts]         `name:"compare.pick"`
	CompareDelete     Method[ComparisonRef, Empty]                 `name:"compare.delete"`
	CompareRestore    Method[ComparisonRef, ComparedPrompts]       `name:"compare.restore"`
	ComparePrompts    Method[PromptList, Empty]                    `name:"compare.savePrompts"`
	RouteExplain      Method[RouteQuery, Route]                    `name:"route.explain"`
	HealthList        Method[Empty, HealthList]                    `name:"health.list"`
	HealthReset       Method[ProviderRef, HealthList]              `name:"health.reset"`
	ConnectList       Method[EditorPlace, EditorList]              `name:"connect.list"`
	ConnectPlan       Method[EditorChange, EditorPlan]             `name:"connect.plan"`
	ConnectApply      Method[EditorChoice, EditorPlan]             `name:"connect.apply"`
	ConnectRevert     Method[EditorRef, EditorPlan]                `name:"connect.revert"`
	StrayList         Method[StrayQuery, StrayList]                `name:"stray.list"`
	StrayPlan         Method[StrayChange, StrayPlan]               `name:"stray.plan"`
	StrayMove         Method[StrayChange, StrayPlan]               `name:"stray.move"`
	StrayRevert       Method[StrayChange, StrayPlan]               `name:"stray.revert"`
	DoctorRun         Method[Empty, Diagnosis]                     `name:"doctor.run"`
	RolloutsList      Method[Empty, RolloutList]                   `name:"rollouts.list"`
	RolloutsSet       Method[RolloutShare, RolloutList]            `name:"rollouts.set"`
	RolloutsStop      Method[RolloutRef, RolloutList]              `name:"rollouts.stop"`
	RolloutsResume    Method[RolloutRef, RolloutList]              `name:"rollouts.resume"`
	BudgetsList       Method[Empty, BudgetList]                    `name:"budgets.list"`
	BudgetsSet        Method[NewBudget, BudgetList]                `name:"budgets.set"`
	BudgetsAllow      Method[BudgetAllowance, BudgetList]          `name:"budgets.allow"`
	BudgetsRemove     Method[BudgetRef, BudgetList]                `name:"budgets.remove"`
	KeysLimit         Method[KeyLimit, Key]                        `name:"keys.limit"`
	SettingsGet       Method[Empty, SettingsView]                  `name:"settings.get"`
	SettingsPreview   Method[SettingChanges, SettingsDraft]        `name:"settings.preview"`
	SettingsApply     Method[SettingsEdit, SettingsDraft]          `name:"settings.apply"`
	PagesLink         Method[Empty, Link]                          `name:"pages.link"`
	PagesFault        Method[PageFault, Empty]                     `name:"pages.fault"`
	ActivityGet       Method[Empty, Activity]                      `name:"activity.get"`
	AutostartSet      Method[Switch, Empty]                        `name:"autostart.set"`
	NotificationsSet  Method[Switch, Empty]                        `name:"notifications.set"`
	WindowShow        Method[Empty, Empty]                         `name:"window.show"`
	WindowOpen        Method[WindowPage, Empty]                    `name:"window.open"`
	WindowHide        Method[Empty, Empty]                         `name:"window.hide"`
	Quit              Method[Empty, Empty]                         `name:"app.quit"`
}

// Events is every event, by type. All but "chat.delta", "compare.delta" and "contents" are delivered for certain.
type Events struct {
	Status Status `name:"status"`
	// Settings, Models, Health, Rollouts, Budgets, Credentials, Balances, Keys and Conversations say that something changed; who shows
	// it asks for it again.
	Settings      Empty       `name:"settings"`
	Models        Empty       `name:"models"`
	Health        Empty       `name:"health"`
	Rollouts      Empty       `name:"rollouts"`
	Budgets       Empty       `name:"budgets"`
	Credentials   Empty       `name:"credentials"`
	Balances      Empty       `name:"balances"`
	Keys          Empty       `name:"keys"`
	Conversations Empty       `name:"chat.conversations"`
	Usage         UsageRecord `name:"usage"`
	// UsageChanged says that requests were deleted from the history, put back, or came into it otherwise.
	UsageChanged Empty `name:"usage.changed"`
	// Contents says that what a request's client sent and got can be read now.
	Contents  UsageRef  `name:"contents"`
	ChatDelta ChatDelta `name:"chat.delta"`
	ChatTurn  ChatTurn  `name:"chat.turn"`
	// Comparisons says that comparisons or saved prompts changed.
	Comparisons   Empty         `name:"compare.changed"`
	CompareDelta  CompareDelta  `name:"compare.delta"`
	CompareAnswer CompareAnswer `name:"compare.answer"`
	// PageAsked is sent to the window when a page of it is opened from elsewhere, such as the tray.
	PageAsked WindowPage `name:"window.pageAsked"`
	// CloseAsked is sent to the window when its user closed it while no tray could bring it back.
	CloseAsked Empty `name:"window.closeAsked"`
}
