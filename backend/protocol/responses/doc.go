// Package responses speaks OpenAI's Responses dialect (API reference, "Responses") on both sides: requests that clients
// send and the answers they get, requests to providers and their answers.
//
// What the dialect keeps at the server (previous_response_id, conversation, store, item references) is reported in Head
// for the service that emulates it; this package remembers nothing. It must not know HTTP servers, providers or routing.
package responses
