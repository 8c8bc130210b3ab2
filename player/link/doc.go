// Package link is the access link of one viewer: its rate, round trip,
// connections, and how transfers in flight share it.
//
// Start with [Preset] or a [Config] of your own, then [New]. A [Link] is a
// fluid model: the transfers whose bodies are arriving share the downlink
// equally, a request takes half a round trip each way, a new connection costs
// its handshake first, and requests wait when all connections to a host are
// taken. The same model is used twice. A simulation tells it when the server
// answers and with how many bytes ([Link.Answer]), and learns from [Link.Step]
// when they have arrived. A driver with real sockets asks [Link.Start] when a
// request may leave, and hands the bytes it has read to [Link.Offer]; they have
// arrived once [Link.Progress] says so.
//
// The package is pure: time is a duration since the start of the run, and every
// random number is a function of the viewer's seed and the request's id.
//
// It is not a model of TCP: there is no slow start and no queueing delay, loss
// delays single requests and bounds the rate of a transfer, and the uplink only
// carries requests.
package link
