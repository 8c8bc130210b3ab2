package document

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
)

var (
	//go:embed uPlot.iife.min.js
	uPlotJS string
	//go:embed uPlot.min.css
	uPlotCSS string
	//go:embed chart.js
	chartJS string
	//go:embed document.css
	documentCSS string
)

// Document is an HTML file with everything in it: tables that work without JavaScript,
// and charts that need it. Its content security policy allows the scripts and styles in
// it, by hash, and nothing else.
type Document struct {
	Title string
	Body  *Markup
	Data  any // what the script draws, as JSON
	// Style and Script come after those of every document. The script draws with charts,
	// of chart.js.
	Style, Script string
	Connect       string // what the script may reach, as "connect-src 'self'; "; "" = nothing
}

// Write writes the file.
func (d *Document) Write(w io.Writer) error {
	style, script := uPlotCSS+documentCSS+d.Style, uPlotJS+"\n"+chartJS+d.Script
	m := &Markup{}
	m.Raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
	m.Raw(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '` + hash(script) + `'; style-src '` + hash(style) + `'; ` + d.Connect + `base-uri 'none'; form-action 'none'">` + "\n")
	m.Raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
	m.Raw("<style>" + style + "</style>\n")
	if err := d.content(m); err != nil {
		return err
	}
	m.Raw("<script>" + script + "</script>\n</body>\n</html>\n")
	_, err := io.WriteString(w, m.String())
	return err
}

// WriteNext writes what the script of an earlier document takes over: title, body and
// data.
func (d *Document) WriteNext(w io.Writer) error {
	m := &Markup{}
	m.Raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n")
	if err := d.content(m); err != nil {
		return err
	}
	_, err := io.WriteString(w, m.String())
	return err
}

// content writes what changes when a document is made again.
func (d *Document) content(m *Markup) error {
	data, err := json.Marshal(d.Data) // escapes <, > and &
	if err != nil {
		return fmt.Errorf("write %q: %w", d.Title, err)
	}
	m.Tag("title", "", d.Title)
	m.Raw("</head>\n<body>\n<main>\n" + d.Body.String() + "</main>\n<script type=\"application/json\" id=\"data\">" + string(data) + "</script>\n")
	return nil
}

// hash is how a policy allows a part of the page.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
