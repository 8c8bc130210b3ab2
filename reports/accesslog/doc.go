// Package accesslog reads what a CDN wrote about the requests that it answered:
// CloudFront's standard logs (v1; v2 as w3c, json or plain) and its real-time
// log records, plain or packed with gzip, with what players said about
// themselves in CMCD (CTA-5004).
//
// Start with [NewReader], then call [Reader.Next] until io.EOF. The format and
// the order of the columns follow from the file: a #Fields line, JSON, or the
// order that CloudFront documents; [Options.Fields] gives another one. Unknown
// columns are passed over. Lines that cannot be read are counted and left out:
// logs are delivered as best effort, and they contain text that any client can
// choose.
//
// A file is read as a stream in bounded memory. Client addresses, cookies and
// referrers are never looked at. [Logs] finds out which requests were those of a
// run, and joins them to its summary.
package accesslog
