package m3u8

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	header        = "#EXTM3U"
	byteOrderMark = "\uFEFF"
)

// decode returns a body as UTF-8 without a byte order mark. Browsers decode by
// that mark, whatever a server says.
func (p *parser) decode(data []byte) string {
	p.line = 1
	if len(data) >= 2 && (data[0] == 0xFF && data[1] == 0xFE || data[0] == 0xFE && data[1] == 0xFF) {
		p.find(UTF16, "got UTF-16; want UTF-8 (rfc8216bis 4.1): read as UTF-16")
		return fromUTF16(data[2:], data[0] == 0xFE)
	}
	text := string(data)
	if rest, ok := strings.CutPrefix(text, byteOrderMark); ok {
		p.find(ByteOrderMark, "got a byte order mark; want none (rfc8216bis 4.1): left out")
		return rest
	}
	return text
}

func fromUTF16(data []byte, big bool) string {
	units := make([]uint16, 0, len(data)/2)
	for ; len(data) >= 2; data = data[2:] {
		a, b := uint16(data[0]), uint16(data[1])
		if big {
			a, b = b, a
		}
		units = append(units, b<<8|a)
	}
	text := make([]byte, 0, len(units))
	for _, r := range utf16.Decode(units) {
		text = utf8.AppendRune(text, r)
	}
	return string(text)
}

// readHeader reads the first line that is not blank, trimmed to line. It
// reports whether that line is to be read again, as any other.
func (p *parser) readHeader(raw, line string) (again bool, err error) {
	rest, ok := strings.CutPrefix(line, header)
	if !ok {
		if line[0] != '#' {
			got := shown(line)
			if line[0] == '<' {
				got = "HTML or XML (" + got + ")"
			}
			return false, &Error{p.line, "got " + got + "; want " + header}
		}
		p.headless = line
		p.find(NoHeader, "got "+shown(line)+"; want "+header+" first: read on")
		return true, nil
	}
	if p.line > 1 || raw[0] != '#' {
		p.find(LateHeader, header+": got it after blank space; want it first: read on")
	}
	switch {
	case rest == "":
		if strings.TrimRight(raw, "\r") != line {
			p.find(HeaderSpace, header+": got spaces around it; want none: left out")
		}
	case rest[0] == ' ' || rest[0] == '\t':
		p.find(HeaderText, header+": got "+shown(trim(rest))+" after it; want nothing: left out")
	default:
		p.find(LongerHeader, "got "+shown(line)+"; want "+header+": read on")
	}
	return false, nil
}

// lineEnds looks for carriage returns that end a line alone.
func (p *parser) lineEnds() {
	all := strings.Count(p.text, "\r")
	if all == 0 || all == strings.Count(p.text, "\r\n") {
		return
	}
	p.returns = true
	p.find(LoneReturns, "got a carriage return without a line feed; want line feeds: read as the end of a line")
}

// cutLine cuts the first line off, without its end.
func (p *parser) cutLine(s string) (line, rest string) {
	end := -1
	if !p.returns {
		end = strings.IndexByte(s, '\n')
	} else {
		for end = 0; end < len(s) && s[end] != '\n' && s[end] != '\r'; end++ {
		}
		if end == len(s) {
			end = -1
		} else if strings.HasPrefix(s[end:], "\r\n") {
			return s[:end], s[end+2:]
		}
	}
	if end < 0 {
		return s, ""
	}
	return s[:end], s[end+1:]
}

// hasLine reports whether a line begins with the prefix.
func (p *parser) hasLine(prefix string) bool {
	return strings.Contains(p.text, "\n"+prefix) || p.returns && strings.Contains(p.text, "\r"+prefix) || strings.HasPrefix(p.text, prefix)
}

// tooLong notes a line beyond the limit; a URI of that length is refused.
func (p *parser) tooLong(line string) error {
	got, want := strconv.Itoa(len(line))+" bytes", "at most "+strconv.Itoa(p.limits.Line)
	if line[0] != '#' {
		return p.refusal("line", got, want)
	}
	if strings.HasPrefix(line, "#EXT") {
		p.find(LongLine, "line: got "+got+"; want "+want+": left out")
	}
	return nil
}
