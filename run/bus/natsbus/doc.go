// Package natsbus is the bus over NATS: between a conductor and agents on other machines.
//
// [Dial] connects with a join string to the server that a conductor has inside
// itself ([hlsload/run/bus/natsserver], full build). [Attach] connects to a NATS
// cluster that exists. Core NATS is enough: nothing here needs JetStream.
//
// # Who is who
//
// A server of ours has three keys, one for each [Role]. All agents hold the same
// key, because one join string is printed for all of them. This key alone would let
// an agent act as another. So it is never used on the connection itself:
//
//   - Each [Dial] makes a fresh key pair of its own. The agent's ID is the hash of
//     its public half.
//   - The key of the role signs that public half. Only a client with this signature holds the
//     key of the role.
//   - The connection signs the server's nonce with the own key, which never leaves
//     the process. The server then lets it use the subjects of its ID and of no other.
//
// There is no exchange and no state: a server that starts again with the same keys
// knows every agent. To act as another, an agent would need a key pair with the other's
// ID, which is 128 bits of SHA-256. NATS has the same idea as scoped signing keys, but
// with JWT and an operator; an auth callout would need a second account. An issuer of
// keys at join would be a service with state of its own.
//
// # Replies
//
// The server checks where a message goes, not where it asks for the answer. An agent could
// ask for an answer on a subject of others, and the conductor would publish there for it.
// NATS's "allow responses" has the same hole: an agent that sends itself a message may
// then publish wherever that message asks. So answers have subjects of their own, hlr.RUN.ID.>,
// which a participant has for its ID only, and a bus answers nowhere else.
//
// The ID in the subject of a message is proven; what its payload says about its sender is
// not. A message on "join" names the ID in its payload: answer it on a.ID only, where
// no other agent hears it, and let a second one with the same ID change nothing.
//
// # Permissions on a cluster that exists
//
// RUN is the run, or "*" for all; P is the prefix with its dot, or nothing.
//
//	            publish                                        subscribe
//	conductor   Phl.RUN.>, Phlr.RUN.>                          Phl.RUN.>, Phlr.RUN.>
//	agent       Phl.RUN.join, Phl.RUN.a.*.>, Phlr.RUN.*.>      Phl.RUN.beat, .course, .start, .halt, .a.*.>, Phlr.RUN.*.>
//	halt        Phl.RUN.halt                                   Phlr.RUN.*.>
//
// There, agents with the same credentials could act as one another. Where that
// matters, let the conductor listen itself.
package natsbus
