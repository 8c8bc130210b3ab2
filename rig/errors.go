package rig

import "fmt"

// s3Errors are S3's words for a status.
var s3Errors = map[int][2]string{
	400: {"InvalidRequest", "Bad Request"},
	403: {"AccessDenied", "Access Denied"},
	404: {"NoSuchKey", "The specified key does not exist."},
	405: {"MethodNotAllowed", "The specified method is not allowed against this resource."},
	412: {"PreconditionFailed", "At least one of the pre-conditions you specified did not hold"},
	413: {"EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size."},
	416: {"InvalidRange", "The requested range is not satisfiable"},
	500: {"InternalError", "We encountered an internal error. Please try again."},
	503: {"SlowDown", "Please reduce your request rate."},
}

// AppendErrorBody appends the XML body of an error, as S3 writes it. It depends
// on the status alone, so its length is known.
func AppendErrorBody(dst []byte, status int) []byte {
	e, ok := s3Errors[status]
	if !ok {
		e = [2]string{fmt.Sprintf("Status%d", status), fmt.Sprintf("The server answered with status %d.", status)}
	}
	return fmt.Appendf(dst, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>", e[0], e[1])
}

var errorSizes = func() (sizes [600]int16) {
	for status := 400; status < len(sizes); status++ {
		sizes[status] = int16(len(AppendErrorBody(nil, status)))
	}
	return
}()

// bodySize is the length of the body of an answer.
func bodySize(status int, o *Object) int64 {
	switch {
	case o != nil && status == 200:
		return o.Size
	case status >= 400 && status < len(errorSizes):
		return int64(errorSizes[status])
	}
	return 0
}
