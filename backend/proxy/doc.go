// Package proxy is the loopback door: the HTTP endpoint that editors and SDKs talk to. It checks who may come in, reads
// the request, hands it to the gateway and writes the answer in the client's own dialect.
//
// Loopback is treated as hostile: any web page and any program on the machine can reach it. See guard.go for what each
// check stops. It must not know routing, providers or what a request costs.
package proxy
