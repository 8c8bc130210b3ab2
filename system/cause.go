package system

import "errors"

// IsRefused reports whether nothing listens at an address.
func IsRefused(err error) bool { return is(err, refused) }

// IsReset reports whether the other side broke a connection off.
func IsReset(err error) bool { return is(err, reset) }

// IsNoNetwork reports whether this machine has no way to a network, such as that of IPv6.
func IsNoNetwork(err error) bool { return is(err, noNetwork) }

// IsNoHost reports whether a host did not answer where the network should reach it.
func IsNoHost(err error) bool { return is(err, noHost) }

// IsClosedPipe reports whether the reader of an output is gone.
func IsClosedPipe(err error) bool { return is(err, closedPipe) }

// IsExhausted reports whether this machine has no more files, ports, buffers or memory.
func IsExhausted(err error) bool { return is(err, exhausted) }

func is(err error, causes []error) bool {
	for _, c := range causes {
		if errors.Is(err, c) {
			return true
		}
	}
	return false
}
